//! Names and titles, folded for the search of words in them.

/// The words of a name, lower case, points and commas left out.
pub(super) fn name_words(name: &str) -> Vec<String> {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '-' && c != '&');
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A title for the search of a phrase in it: its words in lower case. Whether two titles are of one security,
/// [`crate::filing::fold_title`] says.
pub(super) fn phrase(title: &str) -> String {
    let lower = title.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
