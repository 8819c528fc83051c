//! Reads trading symbols as filers type them: which words are tickers, and which spellings mean the same
//! ticker.

mod candidate;
mod name;
mod part;
mod spelling;
mod table;
mod words;

use std::collections::BTreeSet;

use name::Name;
use part::Part;
use spelling::is_class;
pub use spelling::{classes_alone, is_ticker, ticker_key, usual_spelling};
use table::{KINDS, Kind, is, is_alone, is_market_behind};
use words::{Before, Word, bounded, series, straight, words};

/// How many tickers of one symbol are read, at most.
pub(super) const MOST_TICKERS: usize = 10;

/// A rule's ticker, upper case, as written: `BRK/B` and `BRK B` are accepted as well as `BRK.B`.
///
/// # Errors
/// The text is not a ticker. The error holds the ticker that may be meant: `NYSE:QLYS` means QLYS.
pub fn wanted_ticker(text: &str) -> Result<String, Option<String>> {
    let upper = text.trim().to_ascii_uppercase();
    let mut parts = upper.split(['/', ' ']).filter(|part| !part.is_empty());
    let base = parts.next().unwrap_or_default();
    let class: String = parts.collect();
    let whole = if class.is_empty() { is_ticker(&upper) } else { is_ticker(base) && is_class(&class) };
    if whole { Ok(upper) } else { Err(meant(text)) }
}

/// The one ticker that a text can be read as.
fn meant(text: &str) -> Option<String> {
    match Symbol::read(text, "").tickers.as_slice() {
        [one] => Some(usual_spelling(one)),
        _ => None,
    }
}

/// True if the text after a ticker denotes a preferred share, unit, warrant or right.
fn names_no_class(behind: &str) -> bool {
    let letters = behind.replace(['.', '-'], "");
    is_class(&letters) && (letters.len() > 1 || ["U", "W", "R"].contains(&letters.as_str()))
}

/// The tickers of a trading symbol.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Symbol {
    /// Its tickers, upper case, at most ten.
    pub(super) tickers: Vec<String>,
    /// The same with the class, or without the market, that was typed beside them: `XYZ Cl B` is also
    /// `XYZ.B`.
    pub(super) also: Vec<String>,
    /// True if it says in words or signs that there is none.
    pub(super) says_none: bool,
}

impl Symbol {
    /// Reads what a filer typed for an issuer of this name.
    pub(super) fn read(typed: &str, issuer: &str) -> Self {
        let typed = bounded(typed);
        if says_none_in_words(typed) {
            return Self { says_none: true, ..Self::default() };
        }
        let text = straight(&series(typed));
        if is_alone(&text) && !text.contains(['.', '-']) {
            let mut alone = Self::default();
            // `Pink` is the market, `PINK` may be a symbol.
            let lower = typed.bytes().any(|letter| letter.is_ascii_lowercase());
            if !(lower && typed.bytes().any(|letter| letter.is_ascii_uppercase()) && is(&text, Kind::Market))
            {
                alone.push(text);
            }
            return alone;
        }
        let words = words(&text);
        let Some(first) = words.first() else { return Self { says_none: true, ..Self::default() } };
        let dotted = text.contains('.') && KINDS.contains_key(text.replace('.', "").as_str());
        if is(&first.text, Kind::None) || dotted {
            return Self { says_none: true, ..Self::default() };
        }
        let name = &Name::of(issuer, typed);
        if name.is_typed(&words) {
            return Self::default();
        }
        let mut words = still_so(name.behind(words));
        if is(&words[0].text, Kind::Class) {
            // `Class S, D and I`
            words.retain(|word| word.before != Before::List || word.text.len() > 1);
        }
        let segments: Vec<&[Word]> = words.chunk_by(|_, next| next.before != Before::List).collect();
        let is_market = |segment: &[Word]| {
            let mut words = segment.iter().map(|word| word.text.as_str());
            words.next().is_some_and(|first| is(first, Kind::Market))
                && words.all(|word| is(word, Kind::Market) || is(word, Kind::Tier))
        };
        let mut symbol = Self::default();
        segments.iter().filter(|one| !is_market(one)).for_each(|one| symbol.segment(one, name));
        // `XYZ, CSE` is one; `ASX, ASXW` is two.
        let others = symbol.tickers.clone();
        let of_symbol = |one: &[Word]| {
            others.is_empty() || one.len() == 1 && others.iter().any(|other| other.starts_with(&one[0].text))
        };
        if segments.iter().any(|one| is_market(one) && of_symbol(one)) {
            symbol = Self::default();
            let kept = segments.iter().filter(|one| !is_market(one) || of_symbol(one));
            kept.for_each(|one| symbol.segment(one, name));
        }
        const SAY_NONE: [&str; 8] =
            ["PENDING", "TBD", "TBA", "PRIVATE", "APPLIED", "DETERMINED", "ANNOUNCED", "ASSIGNED"];
        let says = |word: &Word| SAY_NONE.contains(&word.text.as_str()) || is(&word.text, Kind::None);
        symbol.says_none = symbol.tickers.is_empty() && words.iter().any(says);
        let (tickers, mut also) = (&symbol.tickers, BTreeSet::new());
        symbol.also.retain(|ticker| !tickers.contains(ticker) && also.insert(ticker.clone()));
        symbol
    }

    /// The ticker-shaped words, whatever they are.
    pub(super) fn raw(typed: &str) -> Vec<String> {
        words(&straight(&series(bounded(typed))))
            .into_iter()
            .map(|word| word.text)
            .filter(|word| is_ticker(word))
            .collect()
    }

    fn push(&mut self, ticker: String) {
        if self.tickers.len() >= MOST_TICKERS || self.tickers.contains(&ticker) {
            return;
        }
        // `.O`, `.N`, `.PK` and the like name a market, but may also be a class. The company of a preferred
        // share, unit or warrant has the ticker before it, too.
        if let Some((base, behind)) = ticker.split_once(['.', '-'])
            && (is_market_behind(behind) && ticker.contains('.') || names_no_class(behind))
            && is_ticker(base)
        {
            self.also.push(base.to_owned());
        }
        self.tickers.push(ticker);
    }

    /// True if a lone letter is the class of the ticker before it: `BRK.A and B`. Beside others it is not a
    /// ticker.
    fn takes_letter(&mut self, letter: &str) -> bool {
        let is_letter = letter.len() == 1 && letter.bytes().all(|byte| byte.is_ascii_uppercase());
        let of_series =
            is_class(letter) && (letter.starts_with("PR") || letter.starts_with('W') && letter.len() > 1);
        let last = self
            .tickers
            .last()
            .filter(|last| (is_letter || of_series && !letter.starts_with(last.as_str())) && last.len() > 1);
        let Some(last) = last.cloned() else { return false };
        if of_series {
            // `XYZ, PRA, PRB`
            let base = last.split(['.', '-']).next().unwrap_or_default();
            self.also.push(usual_spelling(&format!("{base}-{letter}")));
            return true;
        }
        match last.split_once(['.', '-']).filter(|(_, class)| class.len() == 1) {
            Some((base, _)) => self.push(format!("{base}.{letter}")),
            None if !last.contains(['.', '-']) => self.also.push(format!("{last}-{letter}")),
            None => {}
        }
        true
    }

    /// Reads the text between two commas, with market names before colons.
    fn segment(&mut self, words: &[Word], name: &Name) {
        if let [word] = words
            && self.takes_letter(&word.text)
        {
            return;
        }
        let parts: Vec<&[Word]> = words.chunk_by(|_, next| next.before != Before::Colon).collect();
        if let [[symbol], [letter]] = parts.as_slice()
            && letter.text.len() == 1
            && !is(&symbol.text, Kind::Market)
        {
            // `BRK:B`, and `NYSE:A` is a symbol.
            self.segment(parts[0], name);
            if self.takes_letter(&letter.text) {
                return;
            }
        }
        let read: Vec<Part> = parts.iter().map(|part| Part::read(part, name)).collect();
        // `CBOE: none`
        let none = |part: &&[Word]| is(&part[0].text, Kind::None);
        if parts.iter().skip(1).any(none) && read.iter().all(|part| part.all_market || part.found.is_empty())
        {
            return;
        }
        // `XYZ:US`, `XYZ:LN`, `XYZ:CSE`.
        let of_country = |i: usize| {
            i > 0
                && (read[i].all_market || parts[i].len() == 1 && is(&parts[i][0].text, Kind::Country))
                && !read[i - 1].all_market
        };
        let countries: Vec<bool> = (0..read.len())
            .map(|i| of_country(i) && read[i - 1].before_market.is_none() && !read[i - 1].found.is_empty())
            .collect();
        let speaks: Vec<bool> =
            read.iter().zip(&countries).map(|(p, country)| !country && !p.found.is_empty()).collect();
        // `Hong Kong: 0700`.
        let number = |word: &Word| word.text.bytes().all(|byte| byte.is_ascii_digit());
        let numbered = |from: usize| parts[from..].iter().any(|part| part.iter().all(number));
        for (i, part) in read.into_iter().enumerate().filter(|(i, _)| speaks[*i]) {
            let behind = speaks[i + 1..].contains(&true) || numbered(i + 1);
            let kept = match (behind, part.before_market) {
                (false, _) => part.found.len(),
                // `NYSE: XYZ TSX: XYZ`; an unknown name is a market's, too.
                (true, Some(count)) if i > 0 => count,
                // `XYZ TSX: ABC`, and not a company's name.
                (true, Some(1)) if !part.starts_with_market && !part.begins_name(name) => 1,
                // `XYZ Common Stock: QRS`
                (true, None) if !part.ends_with_ticker && !part.begins_name(name) => part.found.len(),
                (true, None) if i > 0 => part.found.len().saturating_sub(1),
                (true, _) => 0,
            };
            for found in part.found.into_iter().take(kept) {
                if let Some(class) = found.class {
                    self.also.push(class);
                }
                self.push(found.ticker);
            }
        }
        self.also.truncate(MOST_TICKERS);
    }
}

/// `Shares are not listed`, `The issuer has no ticker`: a sentence without a word in capitals.
fn says_none_in_words(typed: &str) -> bool {
    const SAYS: [&str; 5] = ["not listed", "no ticker", "not traded", "not publicly", "no trading symbol"];
    let capitals = |word: &str| word.len() > 1 && !word.bytes().any(|byte| byte.is_ascii_lowercase());
    let lower = typed.to_ascii_lowercase();
    SAYS.iter().any(|says| lower.contains(says)) && !typed.split_ascii_whitespace().any(capitals)
}

/// The words without those that no longer apply: `XYZ (formerly ABC)`, `formerly ABC, now XYZ`.
fn still_so(words: Vec<Word>) -> Vec<Word> {
    let now = |word: &Word| ["NOW", "CURRENTLY", "PRESENTLY"].contains(&word.text.as_str());
    let (mut former, last) = (false, words.len() - 1);
    let changed = words[..last].iter().skip(1).any(now);
    let mut kept: Vec<Word> = Vec::new();
    for (i, word) in words.into_iter().enumerate() {
        former = former && word.before != Before::List && !now(&word)
            || (i > 0 || changed) && i < last && is(&word.text, Kind::Former);
        if !former {
            kept.push(word);
        }
    }
    kept
}

#[cfg(test)]
mod tests;
