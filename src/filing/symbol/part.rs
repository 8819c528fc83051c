//! The tickers between two colons of a symbol.

use super::candidate::Candidate;
use super::name::Name;
use super::spelling::{is_class, is_ticker};
use super::table::{Kind, is, is_alone, is_tier};
use super::words::{Before, Word};

/// Securities with classes of their own: warrants, units, rights.
const NO_SHARES: [&str; 11] =
    ["WS", "WT", "WTS", "WARRANT", "WARRANTS", "UNIT", "UNITS", "UT", "RT", "RTS", "RIGHTS"];

/// The text between two colons.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) found: Vec<Candidate>,
    /// How many of them come before the first market.
    pub(super) before_market: Option<usize>,
    pub(super) starts_with_market: bool,
    /// True if it consists of market names only.
    pub(super) all_market: bool,
    /// True if a ticker is its last word.
    pub(super) ends_with_ticker: bool,
}

impl Part {
    pub(super) fn read(words: &[Word], name: &Name) -> Self {
        let (mut part, odd) = Self::read_plainly(words);
        let chunks = || words.chunk_by(|_, next| !matches!(next.before, Before::Bracket | Before::Slash));
        if chunks().nth(1).is_none() {
            name.sift(words, &mut part.found);
            return part;
        }
        // `Qualys, Inc. (QLYS)`, `QLYS (Blue Sky)`, `XYZ - Acme Corp`
        let all: Vec<Candidate> = part.found.clone();
        let bracketed = words.iter().all(|word| word.before != Before::Slash);
        let read = chunks().enumerate().map(|(i, chunk)| {
            let (mut part, odd_itself) = Self::read_plainly(chunk);
            let named = name.sift(chunk, &mut part.found)
                || name.has_all(&part.found, &all, i == 0 && (odd || bracketed));
            // `Acme Corp /DE/`
            let state = odd && chunk[0].before == Before::Slash && chunk[0].text.len() < 3;
            (part.found, odd_itself || named || state)
        });
        let read: Vec<(Vec<Candidate>, bool)> = read.collect();
        let symbols = || read.iter().filter(|(found, odd)| !odd && !found.is_empty());
        if read.iter().any(|(_, odd)| *odd) && (odd || symbols().next().is_some()) {
            part.found = symbols().flat_map(|(found, _)| found.clone()).collect();
        }
        part
    }

    /// Reads a part; returns true as well if it has words that belong to no symbol.
    fn read_plainly(words: &[Word]) -> (Self, bool) {
        let mut part = Self::default();
        if let Some(ticker) = of_terminal(words) {
            part.found.push(Candidate { ticker, class: None, base: None });
            return (part, false);
        }
        let (mut of_market, mut of_class) = (None, None);
        let (mut left, mut odd, mut of_company) = (Vec::new(), false, false);
        for (i, word) in words.iter().enumerate() {
            let text = word.text.as_str();
            let (had_market, had_class) = (of_market.take(), of_class.take());
            if i > 0 && is_class(text) && text.len() == 1 && NO_SHARES.contains(&words[i - 1].text.as_str()) {
                // `XYZ WT A`: a class of warrants.
                left.push(text);
            } else if let Some(mark) = had_class
                && is_class(text)
            {
                part.says_class(mark, text);
                left.push(text);
            } else if is(text, Kind::Former) && !part.found.is_empty() {
                break;
            } else if had_market.is_some_and(|market| is_tier(market, text)) {
                of_market = had_market;
                if !left.is_empty() {
                    left.push(text);
                }
            } else if is(text, Kind::Market) && (words.len() > 1 || !is_alone(text)) {
                of_market = Some(text);
                part.starts_with_market |= i == 0;
                part.before_market = part.before_market.or(Some(part.found.len()));
                if is_alone(text) {
                    left.push(text);
                }
            } else if is(text, Kind::Class) || is(text, Kind::Preferred) || part.is_series(&words[i..]) {
                of_class = Some(if is(text, Kind::Class) { "" } else { "P" });
                left.push(text);
            } else if is(text, Kind::Company) {
                of_company = true;
                left.push(text);
            } else if (is(text, Kind::Plain) || is(text, Kind::None)) && (words.len() > 1 || !is_alone(text))
            {
                left.push(text);
            } else if !part.takes_beside(word) {
                match is_ticker(text) && (is_alone(text) || words.len() > 1) {
                    true => part.found.push(Candidate { ticker: text.to_owned(), class: None, base: None }),
                    false => odd |= text.bytes().any(|byte| byte.is_ascii_alphabetic()) || !text.is_ascii(),
                }
            }
        }
        let of_words = |word: &Word| word.before == Before::Blank;
        if part.found.len() > 3 && words.iter().filter(|word| of_words(word)).count() > 3 {
            let first = part.found[0].ticker.as_bytes()[0];
            odd |= !part.found.iter().all(|found| found.ticker.as_bytes()[0] == first);
        }
        let numbered = words.iter().any(|word| word.text.bytes().all(|byte| byte.is_ascii_digit()));
        odd |= of_company && (left.len() > 1 || numbered || !part.found.is_empty());
        part.all_market = words.iter().all(|word| is(&word.text, Kind::Market) || is(&word.text, Kind::Tier));
        part.ends_with_ticker =
            words.last().is_some_and(|last| part.found.last().is_some_and(|found| found.ticker == last.text));
        if odd {
            part.found.clear();
        } else if let (Some(only), true) = (only_symbol(&left), part.found.is_empty()) {
            part.found.push(Candidate { ticker: only.to_owned(), class: None, base: None });
        }
        part.before_market = part.before_market.map(|count| count.min(part.found.len()));
        (part, odd)
    }

    /// True if a company's name begins with the first ticker.
    pub(super) fn begins_name(&self, name: &Name) -> bool {
        let first = self.found.first().map(|found| &found.ticker);
        name.words.first().is_some_and(|word| Some(word) == first)
    }

    /// True if it is a preferred series after a ticker: `XYZ P A`.
    fn is_series(&self, words: &[Word]) -> bool {
        let [mark, letter, ..] = words else { return false };
        let beside = |word: &Word| {
            matches!(word.before, Before::Blank | Before::Slash)
                && word.text.len() == 1
                && is_class(&word.text)
        };
        mark.text == "P"
            && beside(mark)
            && beside(letter)
            && self.found.last().is_some_and(|last| last.ticker.len() > 1)
    }

    /// Records a class that is given in words for the ticker before it.
    fn says_class(&mut self, mark: &str, class: &str) {
        if let Some(last) = self.found.last_mut()
            && last.class.is_none()
            && !last.ticker.contains(['.', '-'])
        {
            last.class = Some(format!("{}-{mark}{class}", last.ticker)).filter(|class| is_ticker(class));
        }
    }

    /// True if a word belongs to the ticker before it: a class, a preferred series, a country.
    fn takes_beside(&mut self, word: &Word) -> bool {
        let text = word.text.as_str();
        let Some(last) = self.found.last_mut() else { return false };
        let joined = matches!(word.before, Before::Blank | Before::Bracket | Before::Slash);
        let of_class = last.ticker.split_once(['.', '-']).filter(|(_, class)| class.len() == 1);
        let base =
            last.base.clone().or(of_class.map(|(base, _)| base.to_owned())).unwrap_or(last.ticker.clone());
        if !joined {
            return false;
        }
        if word.before != Before::Slash && is(text, Kind::Country) {
            return true;
        }
        if base.len() < 2 && word.before != Before::Slash {
            return false;
        }
        let text = text.replace(['.', '-'], "");
        // `CLA` is read like `Class A`.
        if let Some(class) = text.strip_prefix("CL").filter(|class| class.len() == 1) {
            self.says_class("", class);
            return true;
        }
        if !is_class(&text) {
            return false;
        }
        // `BRKA/B`
        if let (Before::Slash, [letter], [.., class]) = (word.before, text.as_bytes(), base.as_bytes())
            && base.len() > 3
            && last.base.is_none()
            && *class + 1 == *letter
        {
            let other = format!("{}{text}", &base[..base.len() - 1]);
            self.found.push(Candidate { ticker: other, class: None, base: None });
            return true;
        }
        let of_class = format!("{base}.{text}");
        if !is_ticker(&of_class) {
            return false;
        }
        let classed = last.base.is_some() || last.ticker != base;
        match (text.len(), classed) {
            // `BRK A/B` is two.
            (1, true) => self.found.push(Candidate { ticker: of_class, class: None, base: Some(base) }),
            (1, false) => *last = Candidate { ticker: of_class, class: None, base: Some(base) },
            _ => last.class = Some(format!("{base}-{text}")),
        }
        true
    }
}

/// The one word that may be a symbol, alone or with "common stock" after it: `ICE common stock`.
fn only_symbol<'w>(left: &[&'w str]) -> Option<&'w str> {
    let (only, rest) = left.split_first().filter(|(only, _)| is_alone(only))?;
    let stock = |word: &&str| ["COMMON", "STOCK", "SHARES", "SHARE"].contains(word);
    (rest.is_empty() || rest[0] == "COMMON" && rest.iter().all(stock)).then_some(*only)
}

/// `PR US`, `A LN Equity`: a symbol as a terminal shows it, whatever word it is.
fn of_terminal(words: &[Word]) -> Option<String> {
    let (symbol, rest) = words.split_first()?;
    let (country, rest) = rest.split_first()?;
    let symbol = symbol.text.as_str();
    let plain = country.before == Before::Blank && matches!(symbol.len(), 1..=5) && is_alone(symbol);
    let equity = rest.iter().all(|word| word.text == "EQUITY");
    (plain && equity && !is(symbol, Kind::Country) && is(&country.text, Kind::Terminal))
        .then(|| symbol.to_owned())
}
