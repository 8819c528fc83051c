//! The words of a company's name, which are not symbols although they are as short.

use super::candidate::Candidate;
use super::table::{Kind, is};
use super::words::{Before, Word, straight};

/// The company's name, and the words that are typed like a name.
pub(super) struct Name {
    /// Its words, upper case.
    pub(super) words: Vec<String>,
    /// The typed words that have one capital: `Owl`, `Rock`.
    titled: Vec<String>,
}

impl Name {
    /// From the issuer's name and the typed text.
    pub(super) fn of(issuer: &str, typed: &str) -> Self {
        let folded = straight(issuer);
        let words = folded.split(|c: char| !c.is_ascii_alphanumeric() && c != '&');
        let titled = |word: &&str| {
            let mut letters = word.bytes();
            word.len() > 1
                && letters.next().is_some_and(|first| first.is_ascii_uppercase())
                && letters.all(|letter| letter.is_ascii_lowercase())
        };
        let typed = typed.split(|c: char| !c.is_ascii_alphanumeric()).filter(titled);
        Self {
            words: words.filter(|word| !word.is_empty()).map(str::to_owned).collect(),
            titled: typed.map(str::to_ascii_uppercase).collect(),
        }
    }

    /// True if the company's name was typed, or its beginning, or either with a number after it:
    /// `Acme Fund II`.
    pub(super) fn is_typed(&self, words: &[Word]) -> bool {
        let behind = |word: &Word| is(&word.text, Kind::Plain) || is(&word.text, Kind::Company);
        let mut typed = words;
        while let Some((last, rest)) = typed.split_last()
            && rest.len() > 1
            && !self.words.contains(&last.text)
            && behind(last)
        {
            typed = rest;
        }
        typed.len() > 1
            && typed.len() <= self.words.len()
            && typed
                .iter()
                .zip(&self.words)
                .all(|(word, of_name)| word.before != Before::Colon && word.text == *of_name)
    }

    /// Removes what is a name rather than a symbol from adjacent words; returns true if that is all of them.
    pub(super) fn sift(&self, words: &[Word], found: &mut Vec<Candidate>) -> bool {
        if found.len() < 2 || words.iter().skip(1).any(|word| word.before != Before::Blank) {
            return false;
        }
        // `QLYS Qualys`
        let titled = |one: &Candidate| self.titled.contains(&one.ticker);
        let symbols: Vec<String> =
            found.iter().filter(|one| !titled(one)).map(|one| one.ticker.clone()).collect();
        if !symbols.is_empty() {
            found.retain(|one| !titled(one) || symbols.iter().any(|other| akin(other, &one.ticker)));
        }
        let named = found.len() > 1 && self.is_name(found);
        if named {
            found.clear();
        }
        named
    }

    /// True if all of some words belong to the name or, before a bracket, are typed like a name or as long as
    /// one. A word that begins like another of `all` never does.
    pub(super) fn has_all(&self, found: &[Candidate], all: &[Candidate], before_bracket: bool) -> bool {
        let of_name = |found: &Candidate| {
            let (ticker, titled) = (&found.ticker, self.titled.contains(&found.ticker));
            let named = self.words.contains(ticker);
            let like = |other: &Candidate| other.ticker != *ticker && akin(&other.ticker, ticker);
            let is = if before_bracket {
                titled || named && ticker.len() > 4 || ticker.len() > 5
            } else {
                titled && named
            };
            is && !all.iter().any(like)
        };
        !found.is_empty() && found.iter().all(of_name)
    }

    /// The words after the whole name: `Acme Gold Corp XYZ`, but not `Acme Gold Corp /DE/`.
    pub(super) fn behind(&self, mut words: Vec<Word>) -> Vec<Word> {
        let count = self.words.len();
        let begins = count > 1 && words.iter().zip(&self.words).all(|(word, own)| word.text == *own);
        let apart = |word: &Word| matches!(word.before, Before::Blank | Before::Bracket);
        if begins
            && words
                .get(count)
                .is_some_and(|word| apart(word) && word.text.len() > 1 && !self.titled.contains(&word.text))
        {
            words.drain(..count);
        }
        words
    }

    /// True if words are a name: `Black Rock` for BlackRock, `Owl Rock`, `OWL ROCK`. Symbols of one company
    /// begin alike.
    fn is_name(&self, found: &[Candidate]) -> bool {
        let tickers = || found.iter().map(|found| found.ticker.as_str());
        let joined: String = tickers().collect();
        let of_name = |ticker: &str| self.words.iter().any(|word| word == ticker);
        if self.words.concat().starts_with(&joined) || tickers().all(of_name) {
            return true;
        }
        if tickers().skip(1).all(|ticker| akin(&found[0].ticker, ticker)) {
            return false;
        }
        tickers().all(|ticker| self.titled.iter().any(|titled| titled == ticker))
            || tickers().any(|ticker| ticker.len() > 2 && of_name(ticker))
            || joined.len() > 6 && tickers().all(is_spoken)
    }
}

/// True if two symbols begin alike.
fn akin(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let most = 2.min(one.len()).min(other.len());
    one[..most] == other[..most]
}

/// True if a word can be pronounced: three letters or more, a vowel, and no four consonants in a row.
fn is_spoken(word: &str) -> bool {
    let vowel = |letter: &u8| b"AEIOUY".contains(letter);
    let mut consonants = word.as_bytes().split(|letter| vowel(letter));
    word.len() > 2
        && word.bytes().all(|letter| letter.is_ascii_uppercase())
        && word.bytes().any(|letter| b"AEIOU".contains(&letter))
        && consonants.all(|together| together.len() < 4)
}
