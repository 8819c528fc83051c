//! Which rows form one line: a security, held directly or through somebody, however its title and nature are
//! spelled.

use std::collections::HashMap;

use rust_decimal::Decimal;

use super::{Direction, Line, Lot, Ownership, Shares, Table};

/// The rows of one line, and the holding that they state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) key: LineKey,
    /// Positions of its lots, ascending.
    pub(super) lots: Vec<usize>,
    /// Owned before its first lot and after its last; `None` if the rows do not say, or contradict each
    /// other.
    pub(super) ends: Option<Ends>,
}

/// The holding of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    /// Before its first lot.
    pub(super) before: Shares,
    /// After its last.
    pub(super) after: Shares,
}

/// The fields that are equal in all rows of a line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct LineKey {
    pub(super) security: Security,
    indirect: bool,
    nature: String,
    /// Options with different terms are different lines.
    terms: Option<(Option<Decimal>, Option<chrono::NaiveDate>)>,
}

/// A security in one of the tables, identified by the words of its title.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Security {
    derivative: bool,
    title: String,
}

/// Distinguishes rows with the same key that contradict each other, by the note behind the nature: `(1)` in
/// its text, or the ids of its footnotes.
#[derive(PartialEq, Eq)]
struct Mark<'a> {
    number: Option<String>,
    footnotes: &'a [String],
}

impl LineKey {
    pub(super) fn of(line: &Line) -> Self {
        let terms = line.terms.as_ref().map(|terms| {
            (terms.exercise_price.value.map(|price| price.decimal().normalize()), terms.expiration_date.value)
        });
        let indirect = line.ownership.value == Some(Ownership::Indirect);
        let nature = fold_nature(line.nature.value.as_deref().unwrap_or_default()).0;
        Self {
            security: Security::of(line),
            indirect,
            nature: if !indirect && says_direct(&nature) { String::new() } else { nature },
            terms,
        }
    }
}

/// True if the nature of a direct holding says no more than that it is direct.
fn says_direct(nature: &str) -> bool {
    matches!(
        nature,
        "direct" | "directly" | "direct ownership" | "held directly" | "self" | "n a" | "na" | "none"
    )
}

impl Security {
    pub(super) fn of(line: &Line) -> Self {
        Self {
            derivative: line.table == Table::Derivative,
            title: fold_title(line.security.value.as_deref().unwrap_or_default()),
        }
    }
}

/// The lines of some lots, in the order of their first rows.
pub(super) fn lines(lots: &[Lot]) -> Vec<Held> {
    let mut groups: HashMap<LineKey, Vec<usize>> = HashMap::new();
    for (i, lot) in lots.iter().enumerate() {
        groups.entry(LineKey::of(&lot.line)).or_default().push(i);
    }
    let mut lines: Vec<Held> = groups.into_iter().flat_map(|(key, rows)| split(lots, &key, rows)).collect();
    lines.sort_by_key(|line| line.lots.first().copied());
    lines
}

/// Rows with the same key are one line if they tell one story. If they do not, the notes behind their natures
/// separate them: two funds may both be held "By Fund (1)" and "By Fund (2)", or twice "See footnote".
fn split(lots: &[Lot], key: &LineKey, rows: Vec<usize>) -> Vec<Held> {
    let mut marks: Vec<(Mark<'_>, Vec<usize>)> = Vec::new();
    for &i in &rows {
        let mark = mark(&lots[i]);
        match marks.iter_mut().find(|(own, _)| *own == mark) {
            Some((_, those)) => those.push(i),
            None => marks.push((mark, vec![i])),
        }
    }
    let mut numbers: Vec<&str> = marks.iter().filter_map(|(mark, _)| mark.number.as_deref()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    // Lots of two lines may leave the same number by chance, but not a series in which each leaves what the
    // one before it left.
    let story = story(lots, &rows).filter(|story| numbers.len() < 2 || story.follows);
    if marks.len() < 2 || story.is_some() {
        let ends = story.and_then(|story| ends(lots, &rows, story.after));
        return vec![Held { key: key.clone(), lots: rows, ends }];
    }
    let held = |(_, rows): (Mark<'_>, Vec<usize>)| {
        let ends = self::story(lots, &rows).and_then(|story| ends(lots, &rows, story.after));
        Held { key: key.clone(), lots: rows, ends }
    };
    marks.into_iter().map(held).collect()
}

fn mark(lot: &Lot) -> Mark<'_> {
    let nature = &lot.line.nature;
    Mark {
        number: fold_nature(nature.value.as_deref().unwrap_or_default()).1,
        footnotes: nature.footnotes.as_slice(),
    }
}

struct Story {
    after: Decimal,
    /// True if each row leaves what the one before it left, plus or minus its own shares.
    follows: bool,
}

/// The holding after the last of a line's rows, if the rows tell one story: each leaves what the one before
/// it left, plus or minus its own shares; or all state the final holding; or they run from last to first.
/// `None` otherwise. A row that does not state what it leaves is skipped if a later one does.
fn story(lots: &[Lot], rows: &[usize]) -> Option<Story> {
    let after = |row: usize| lots[row].line.shares_after.value.map(Shares::decimal);
    let last = after(*rows.last()?)?;
    let stated: Vec<usize> = (0..rows.len()).filter(|&i| after(rows[i]).is_some()).collect();
    let first = after(rows[*stated.first()?])?;
    // For two rows by position: true if the later one leaves what the earlier one left, plus or minus the
    // rows between.
    let follows = |earlier: usize, later: usize, between: &[usize]| {
        let (mut held, left) = (after(rows[earlier])?, after(rows[later])?);
        for &row in between {
            held = held.checked_add(change(&lots[row])?)?;
        }
        // Fractions of a share are sometimes rounded away.
        Some(held.checked_sub(left)?.abs() <= Decimal::ONE)
    };
    let all = |fits: &dyn Fn(usize, usize) -> Option<bool>| {
        stated.windows(2).all(|pair| fits(pair[0], pair[1]).unwrap_or(false))
    };
    if all(&|one, other| follows(one, other, &rows[one + 1..=other])) {
        return Some(Story { after: last, follows: true });
    }
    if all(&|one, other| Some(after(rows[one])? == after(rows[other])?)) {
        return Some(Story { after: last, follows: false });
    }
    let backwards = stated.len() == rows.len() && all(&|one, other| follows(other, one, &rows[one..=one]));
    backwards.then_some(Story { after: first, follows: true })
}

fn ends(lots: &[Lot], rows: &[usize], after: Decimal) -> Option<Ends> {
    let mut before = after;
    for &row in rows {
        before = before.checked_sub(change(&lots[row])?)?;
    }
    (before >= Decimal::ZERO).then(|| Ends { before: before.into(), after: after.into() })
}

/// How a lot changes its line.
pub(super) fn change(lot: &Lot) -> Option<Decimal> {
    let shares = lot.shares.value?.decimal();
    Some(if lot.direction.value? == Direction::Acquired { shares } else { -shares })
}

/// A security's title for comparison: its words in lower case, without its par value and note marks.
pub(crate) fn fold_title(title: &str) -> String {
    let lower = without_mark(title).0.to_lowercase();
    let par = lower.split(|c: char| !c.is_alphanumeric()).any(|word| word == "par");
    let is_par = |word: &str| {
        par && (matches!(word, "par" | "value" | "no" | "per" | "share" | "stated" | "without")
            || word.starts_with('$') && word.len() > 1
            || word.starts_with(|c: char| c.is_ascii_digit() || c == '.') && word.contains('.'))
    };
    let words = lower.split(|c: char| !c.is_alphanumeric() && c != '.' && c != '$');
    let words = words.map(|word| if is_par(word) { "" } else { word.trim_matches(['.', '$']) });
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A nature of ownership for comparison: its words in lower case, and the mark of the note behind it.
/// `By Trust (1)` becomes `by trust` and `1`.
fn fold_nature(nature: &str) -> (String, Option<String>) {
    let (text, number) = without_mark(nature);
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric() && c != '&');
    (words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "), number)
}

/// A text without its trailing note marks (`(1)`, `[2]`, `(1)(2)`, `*`, `(see footnote 1)`, `, see note`),
/// and their numbers.
fn without_mark(text: &str) -> (&str, Option<String>) {
    let mut rest = text.trim();
    let mut marks: Vec<String> = Vec::new();
    loop {
        let bare = rest.trim_end_matches(['*', '†', '‡', ',', ';', ' ', '\u{a0}']);
        let open = bare
            .strip_suffix(')')
            .map(|inner| (inner, '('))
            .or_else(|| bare.strip_suffix(']').map(|inner| (inner, '[')));
        let bracketed = open.and_then(|(inner, bracket)| {
            let (before, mark) = inner.rsplit_once(bracket)?;
            Some((before, note_number(mark)?))
        });
        match bracketed.or_else(|| reference(bare)) {
            Some((before, mark)) if before.contains(char::is_alphanumeric) => {
                marks.extend((!mark.is_empty()).then_some(mark));
                rest = before.trim_end();
            }
            _ => {
                marks.reverse();
                return (bare, (!marks.is_empty()).then(|| marks.join(" ")));
            }
        }
    }
}

/// The number in a mark: that of `1`, `F3`, `see footnote 2`; empty for `see footnotes`. `None` if the text
/// is not a mark.
pub(super) fn note_number(mark: &str) -> Option<String> {
    let is_number = |text: &str| {
        text.len() <= 5 && text.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | ' ' | '-'))
    };
    let lower = mark.trim().to_ascii_lowercase();
    let bare = lower.strip_prefix("see ").unwrap_or(&lower).trim_start();
    let word = ["footnotes", "footnote", "notes", "note", "fn", "remarks"]
        .iter()
        .find_map(|word| bare.strip_prefix(word));
    let number =
        word.or_else(|| bare.strip_prefix('f')).unwrap_or(bare).trim_start_matches([' ', '#', '.']).trim();
    let is_mark = is_number(number) && (word.is_some() || !number.is_empty());
    // As written: `F3`.
    is_mark.then(|| if word.is_some() { number.to_owned() } else { mark.trim().to_owned() })
}

/// `, see footnote 1` or `- See Note` at the end of a text: the text before it, and the number.
fn reference(text: &str) -> Option<(&str, String)> {
    const SEE: &[u8] = b"see ";
    let at = text.as_bytes().windows(SEE.len()).rposition(|word| word.eq_ignore_ascii_case(SEE))?;
    let before = text[..at].trim_end();
    let parted = before.ends_with([',', ';', '-', '–', '—', '(', '.', ':']);
    let number = note_number(&text[at..]).filter(|_| parted)?;
    Some((before.trim_end_matches([',', ';', '-', '–', '—', '(', '.', ':', ' ']), number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_and_natures_are_compared_by_their_words() {
        for (one, other) in [
            ("Common Stock", "COMMON  STOCK"),
            ("Common Stock", "Common Stock, par value $0.01 per share"),
            ("Common Stock", "Common Stock, $.001 par value"),
            ("Common Stock", "Common Stock (no par value)"),
            ("Common Stock", "Common Stock (1)"),
            ("Class A Common Stock", "Class A common stock, par value $.0001"),
        ] {
            assert_eq!(fold_title(one), fold_title(other));
        }
        for (one, other) in [
            ("Class A Common Stock", "Class B Common Stock"),
            ("Series 1 Preferred", "Series 2 Preferred"),
            ("Common Stock", "Common Stock Units"),
        ] {
            assert_ne!(fold_title(one), fold_title(other));
        }
        let by_trust = |number: Option<&str>| ("by trust".to_owned(), number.map(str::to_owned));
        for (nature, number) in [
            ("By Trust", None),
            ("by trust", None),
            ("BY  TRUST.", None),
            ("By Trust (1)", Some("1")),
            ("By Trust(12)", Some("12")),
            ("by trust [F3]", Some("F3")),
            ("By Trust (1)(2)", Some("1 2")),
            ("By Trust *", None),
            ("By Trust (see footnote 1)", Some("1")),
            ("By trust (footnote 12)", Some("12")),
            ("By Trust, see footnote", None),
            ("By Trust - See Footnotes (2)", Some("2")),
            ("By Trust; see note 3", Some("3")),
        ] {
            assert_eq!(fold_nature(nature), by_trust(number), "{nature}");
        }
        assert_eq!(fold_nature("(1)").0, "1", "a mark alone is all that the nature says");
        assert_eq!(
            fold_nature("By Trust (2012)").0,
            "by trust",
            "a year may be a mark, too: the story decides"
        );
    }
}
