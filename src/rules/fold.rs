//! Names and titles, folded for searching words in them.

/// The words of a name in lower case, without full stops and commas.
pub(super) fn name_words(name: &str) -> Vec<String> {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '-' && c != '&');
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A title folded for searching a phrase in it: its words in lower case. To find out if two titles are of one
/// security, use [`crate::filing::fold_title`].
pub(super) fn phrase(title: &str) -> String {
    let lower = title.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
