//! Words from outside, as they may be logged, kept and shown: one line of bounded length, without control characters, secrets, or whole mail
//! addresses.

mod mask;
mod views;

use std::collections::BTreeSet;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use secrecy::{ExposeSecret, SecretString};

use super::{clip, plain};
pub use mask::HIDDEN;
use views::{MOST_DECODED, View};

/// Characters that are read for each one that is shown.
const READ_FOR_ONE: usize = 10;
/// A secret of fewer characters is in many words, so it is hidden only where it stands by itself.
const SHORT: usize = 4;
/// A part of a secret with so many bytes is hidden, too: what repeats it may be cut.
const PART: usize = 12;
/// Secrets have no more bytes that are looked for in parts.
const LONGEST: usize = 1024;
/// A secret with so many letters and digits is found by them alone, whatever is between them.
const LETTERS: usize = 8;
/// An address with so many is; the letters of a shorter one may be words that follow each other.
const LETTERS_OF_ADDRESS: usize = 16;
/// Encoded text that is shorter says nothing.
const SHORTEST_ENCODED: usize = 4;
/// Fewer hexadecimal digits say nothing where other characters are between them.
const SHORTEST_HEXADECIMAL: usize = 8;
/// Base64 or hexadecimal in either is decoded so often.
const MOST_NESTED: usize = 2;
/// For each byte of a text so many are searched, and some more of a short one.
const SEARCHED_FOR_ONE: usize = 64;
const SEARCHED_ANYWAY: usize = 100_000;
/// How many characters behind the shown ones are searched for a secret that begins before.
const BEHIND: usize = 4_096;
/// Before so many ellipses, the last first, the beginning of a secret is looked for: somebody cut the text there.
const MOST_CUTS: usize = 8;

/// A text that must not be shown.
#[derive(Debug, Clone)]
pub struct Secret {
    text: SecretString,
    is_address: bool,
}

impl Secret {
    /// An address, of the web or of a person, or the path of one. It is hidden where it is whole: its parts are in many others.
    pub fn address(text: impl Into<SecretString>) -> Self {
        Self { text: text.into(), is_address: true }
    }
}

/// A token, password or key, which is hidden in part, too.
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

/// Knows what must not be shown: whole, in part, encoded, in whatever case.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Whole secrets that are long enough to be hidden anywhere, and parts of them.
    long: Option<AhoCorasick>,
    /// Those that are hidden only as words of their own.
    short: Option<AhoCorasick>,
    /// Letters and digits of the long ones.
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
    /// One that knows these secrets; empty ones are none.
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

    /// Words of somebody else: at most so many characters, on one line, without secrets and whole mail addresses.
    pub fn clean(&self, words: &str, most: usize) -> String {
        let words = plain(words);
        let read = most.saturating_mul(READ_FOR_ONE);
        let place = |count: usize| words.char_indices().nth(count).map_or(words.len(), |(at, _)| at);
        let searched = &words[..place(read.saturating_add(BEHIND))];
        let mut found = self.found(searched);
        found.extend(mask::addresses(searched));
        clip(&without(&words[..place(read)], found), most).into_owned()
    }

    /// A text without secrets, its lines and blanks as they were.
    pub fn hide(&self, text: &str) -> String {
        without(text, self.found(text))
    }

    /// Where secrets are in a text, in no order.
    fn found(&self, text: &str) -> Vec<Range<usize>> {
        if self.long.is_none() && self.short.is_none() {
            return Vec::new();
        }
        let left = text.len().saturating_mul(SEARCHED_FOR_ONE).saturating_add(SEARCHED_ANYWAY);
        let mut search = Search { redactor: self, found: Vec::new(), left };
        let view = View::of(text);
        if search.view(view, MOST_NESTED).is_none() {
            // Nobody means well who nests so much.
            return std::iter::once(0..text.len()).collect();
        }
        let mut found = search.found;
        found.extend(
            text.rmatch_indices('…').take(MOST_CUTS).filter_map(|(cut, _)| self.beginning(text, cut)),
        );
        found
    }

    /// The beginning of a secret that was cut here.
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

/// The secret as it is compared: as it is, as it is meant where it is escaped itself, and as a server shows it that knows only ASCII.
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
    // Some thousand short patterns: it is built, or they are too many to be secrets.
    (!patterns.is_empty()).then(|| building.build(patterns).ok()).flatten()
}

/// A text without these stretches.
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

/// A search of one text in all ways of reading it. Its steps return `None` when they have read too much.
struct Search<'a> {
    redactor: &'a Redactor,
    found: Vec<Range<usize>>,
    left: usize,
}

impl Search<'_> {
    /// A text, and what it is when its escapes are decoded.
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

    /// A text with its escapes as they are, and what is encoded in it.
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

    /// Short secrets as a whole run of Base64 or hexadecimal, or between zeros in it.
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
