//! Prepares words from outside to be logged, kept and shown: one line of bounded length, without control
//! characters, secrets, or whole mail addresses.

mod mask;
mod views;

use std::collections::BTreeSet;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use secrecy::{ExposeSecret, SecretString};

use super::{clip, plain};
pub use mask::HIDDEN;
use views::{MOST_DECODED, View};

/// How many characters are read for each one that is shown.
const READ_FOR_ONE: usize = 10;
/// A secret with fewer characters occurs in many words, so it is hidden only if it is a word of its own.
const SHORT: usize = 4;
/// A part of a secret with this many bytes is hidden, too: whoever repeats the secret may cut it.
const PART: usize = 12;
/// How many bytes of a secret are searched for in parts.
const LONGEST: usize = 1024;
/// A secret with this many letters and digits is found by them alone, whatever is between them.
const LETTERS: usize = 8;
/// The same for an address; the letters of a shorter one may be words that follow each other.
const LETTERS_OF_ADDRESS: usize = 16;
/// Shorter encoded text is ignored.
const SHORTEST_ENCODED: usize = 4;
/// Fewer hexadecimal digits are ignored if other characters are between them.
const SHORTEST_HEXADECIMAL: usize = 8;
/// How often Base64 or hexadecimal that is nested in either is decoded.
const MOST_NESTED: usize = 2;
/// How many bytes are searched for each byte of a text, and how many more for a short one.
const SEARCHED_FOR_ONE: usize = 64;
const SEARCHED_ANYWAY: usize = 100_000;
/// How many characters after the shown ones are searched for a secret that begins before them.
const BEHIND: usize = 4_096;
/// How many ellipses, from the last one backwards, are checked for the beginning of a secret before them: the
/// text was cut there.
const MOST_CUTS: usize = 8;

/// A text that must not be shown.
#[derive(Debug, Clone)]
pub struct Secret {
    text: SecretString,
    is_address: bool,
}

impl Secret {
    /// An address of the web or of a person, or a path of one. It is hidden only if it is whole, because its
    /// parts occur in many others.
    pub fn address(text: impl Into<SecretString>) -> Self {
        Self { text: text.into(), is_address: true }
    }
}

/// A token, password or key. Parts of it are hidden, too.
impl From<SecretString> for Secret {
    fn from(text: SecretString) -> Self {
        Self { text, is_address: false }
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        SecretString::from(text).into()
    }
}

/// Knows what must not be shown, whether it is whole, in part, encoded, or in another case.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Whole secrets that are long enough to be hidden anywhere, and parts of them.
    long: Option<AhoCorasick>,
    /// Secrets that are hidden only as words of their own.
    short: Option<AhoCorasick>,
    /// The letters and digits of the long ones.
    letters: Option<AhoCorasick>,
    /// Long ones that may be cut.
    beginnings: Vec<SecretString>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor")
    }
}

impl Redactor {
    /// A redactor for these secrets; empty ones are ignored.
    pub fn new(secrets: impl IntoIterator<Item = impl Into<Secret>>) -> Self {
        let (mut long, mut short, mut letters) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut beginnings = Vec::new();
        for secret in secrets {
            let Secret { text, is_address } = secret.into();
            for spelling in spellings(text.expose_secret()) {
                let own = spelling.letters();
                let text = spelling.text().trim();
                match text.chars().count() {
                    0 => continue,
                    1..SHORT => short.insert(text.as_bytes().to_vec()),
                    _ => long.insert(text.as_bytes().to_vec()),
                };
                let enough = if is_address { LETTERS_OF_ADDRESS } else { LETTERS };
                if own.text().chars().count() >= enough {
                    letters.insert(own.text().as_bytes().to_vec());
                }
                if !is_address {
                    long.extend(parts(text));
                    letters.extend(parts(own.text()));
                    beginnings.push(text.into());
                }
            }
        }
        let [long, short, letters] = [long, short, letters].map(|patterns| automaton(&patterns));
        Self { long, short, letters, beginnings }
    }

    /// Somebody else's words: at most `most` characters, on one line, without secrets and whole mail
    /// addresses.
    pub fn clean(&self, words: &str, most: usize) -> String {
        let words = plain(words);
        let read = most.saturating_mul(READ_FOR_ONE);
        let place = |count: usize| words.char_indices().nth(count).map_or(words.len(), |(at, _)| at);
        let searched = &words[..place(read.saturating_add(BEHIND))];
        let mut found = self.found(searched);
        found.extend(mask::addresses(searched));
        clip(&without(&words[..place(read)], found), most).into_owned()
    }

    /// A text without secrets; its lines and blanks are kept.
    pub fn hide(&self, text: &str) -> String {
        without(text, self.found(text))
    }

    /// The places of secrets in a text, in no particular order.
    fn found(&self, text: &str) -> Vec<Range<usize>> {
        if self.long.is_none() && self.short.is_none() {
            return Vec::new();
        }
        let left = text.len().saturating_mul(SEARCHED_FOR_ONE).saturating_add(SEARCHED_ANYWAY);
        let mut search = Search { redactor: self, found: Vec::new(), left };
        let view = View::of(text);
        if search.view(view, MOST_NESTED).is_none() {
            // Nobody nests this much with good intentions.
            return std::iter::once(0..text.len()).collect();
        }
        let mut found = search.found;
        found.extend(
            text.rmatch_indices('…').take(MOST_CUTS).filter_map(|(cut, _)| self.beginning(text, cut)),
        );
        found
    }

    /// The beginning of a secret that was cut at `cut`.
    fn beginning(&self, text: &str, cut: usize) -> Option<Range<usize>> {
        let start = text[..cut].char_indices().rev().take(LONGEST).last().map(|(at, _)| at)?;
        let before = View::of(&text[start..cut]).folded();
        let longest = |secret: &SecretString| {
            let secret = secret.expose_secret();
            let ends = secret.char_indices().map(|(at, _)| at).skip(SHORT);
            ends.filter(|&end| before.text().ends_with(&secret[..end])).max()
        };
        let length = self.beginnings.iter().filter_map(longest).max()?;
        let place = before.place(before.text().len() - length..before.text().len());
        Some(start + place.start..cut)
    }
}

/// The forms in which the secret is compared: as it is, decoded if it is itself escaped, and as shown by a
/// server that knows only ASCII.
fn spellings(secret: &str) -> Vec<View> {
    let view = View::of(secret);
    let mut spellings = vec![view.folded()];
    let mut decoded = view.decoded();
    for _ in 0..MOST_DECODED {
        let Some(meant) = decoded else { break };
        spellings.push(meant.folded());
        decoded = meant.decoded();
    }
    if !secret.is_ascii() && secret.chars().filter(char::is_ascii_alphanumeric).count() >= SHORT {
        let of_ascii: String =
            secret.chars().map(|c| if c.is_ascii() { c } else { char::REPLACEMENT_CHARACTER }).collect();
        spellings.push(View::of(&of_ascii).folded());
    }
    spellings
}

fn parts(secret: &str) -> impl Iterator<Item = Vec<u8>> {
    secret.as_bytes()[..secret.len().min(LONGEST)].windows(PART).map(<[u8]>::to_vec)
}

fn automaton(patterns: &BTreeSet<Vec<u8>>) -> Option<AhoCorasick> {
    let mut building = AhoCorasick::builder();
    let building = building.ascii_case_insensitive(true).kind(Some(AhoCorasickKind::ContiguousNFA));
    // There are a few thousand short patterns: if the automaton cannot be built, they are too many to be
    // secrets.
    (!patterns.is_empty()).then(|| building.build(patterns).ok()).flatten()
}

/// A text without these ranges.
fn without(text: &str, mut found: Vec<Range<usize>>) -> String {
    found.sort_by_key(|range| range.start);
    let (mut shown, mut at) = (String::new(), 0);
    for Range { start, end } in found {
        let (start, end) = (start.max(at), end.min(text.len()));
        if end <= start {
            continue;
        }
        shown.push_str(&text[at..start]);
        if !shown.ends_with(HIDDEN) {
            shown.push_str(HIDDEN);
        }
        at = end;
    }
    shown.push_str(&text[at..]);
    shown
}

/// A search of one text in every way of reading it. Its steps return `None` once they have read too much.
struct Search<'a> {
    redactor: &'a Redactor,
    found: Vec<Range<usize>>,
    left: usize,
}

impl Search<'_> {
    /// Searches a text, and the text with its escapes decoded.
    fn view(&mut self, view: View, nested: usize) -> Option<()> {
        self.level(&view, nested)?;
        let mut decoded = view.decoded();
        for _ in 0..MOST_DECODED {
            let Some(view) = decoded else { break };
            self.level(&view, nested)?;
            decoded = view.decoded();
        }
        Some(())
    }

    /// Searches a text with its escapes as they are, and what is encoded in it.
    fn level(&mut self, view: &View, nested: usize) -> Option<()> {
        self.left = self.left.checked_sub(view.text().len())?;
        let folded = view.folded();
        self.words(&folded);
        if let Some(of_form) = view.of_form() {
            self.words(&of_form);
        }
        let letters = folded.letters();
        if let Some(automaton) = &self.redactor.letters {
            let matches = automaton.find_overlapping_iter(letters.text());
            self.found.extend(matches.map(|found| letters.place(found.range())));
        }
        if nested == 0 {
            return Some(());
        }
        self.runs(view);
        for bytes in view.base64().chain(letters.hexadecimal(SHORTEST_HEXADECIMAL)) {
            self.left = self.left.checked_sub(bytes.bytes().len() / 4)?;
            if let Some(automaton) = &self.redactor.long {
                let matches = automaton.find_overlapping_iter(bytes.bytes());
                self.found.extend(matches.map(|found| bytes.place(found.range())));
            }
            for text in bytes.texts() {
                self.view(text, nested - 1)?;
            }
        }
        Some(())
    }

    fn words(&mut self, view: &View) {
        let text = view.text();
        if let Some(automaton) = &self.redactor.long {
            let matches = automaton.find_overlapping_iter(text);
            self.found.extend(matches.map(|found| view.place(found.range())));
        }
        if let Some(automaton) = &self.redactor.short {
            let is_own = |range: &Range<usize>| {
                let before = text[..range.start].chars().next_back();
                let after = text[range.end..].chars().next();
                !before.into_iter().chain(after).any(char::is_alphanumeric)
            };
            let matches = automaton.find_overlapping_iter(text).map(|found| found.range());
            self.found.extend(matches.filter(is_own).map(|range| view.place(range)));
        }
    }

    /// Finds short secrets as a whole run of Base64 or hexadecimal, or between zeros in it.
    fn runs(&mut self, view: &View) {
        let Some(short) = &self.redactor.short else { return };
        let is_encoded = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
        let is_short = |bytes: &[u8]| {
            let is_all =
                |part: &[u8]| short.find_overlapping_iter(part).any(|found| found.range() == (0..part.len()));
            bytes.split(|byte| *byte == 0).any(is_all)
        };
        let mut at = 0;
        for run in view.text().split_inclusive(|c| !is_encoded(c)) {
            let own = run.trim_end_matches(|c| !is_encoded(c));
            let alone = View::of(own);
            let mut meanings = alone
                .base64()
                .chain(alone.hexadecimal(SHORTEST_ENCODED))
                .filter(|_| own.len() >= SHORTEST_ENCODED);
            if meanings.any(|bytes| is_short(bytes.bytes())) {
                self.found.push(view.place(at..at + own.len()));
            }
            at += run.len();
        }
    }
}

#[cfg(test)]
mod tests;
