//! What filers type as a trading symbol: which of its words are tickers, and which spellings mean one ticker.

mod part;
mod table;
mod words;

use part::Part;
use table::{KINDS, Kind, is, is_alone};
use words::{Before, Word, straight, words};

/// More tickers of one symbol are not read.
pub(super) const MOST_TICKERS: usize = 10;

/// Share classes that EDGAR lists behind a dash, for proposals where its list is not at hand.
const CLASSED: &str = "AGM-A AKO-A AKO-B BF-A BF-B BH-A BIO-B BRK-A BRK-B CRD-A CRD-B CWEN-A GEF-B GTN-A HEI-A HVT-A LEN-B \
    LGF-A LGF-B MKC-V MOG-A MOG-B TAP-A UHAL-B WSO-B";

/// Whether a text has the shape of a ticker: upper-case letters and digits, a letter among them, up to six, or with a
/// class or market behind a point or dash up to eight.
pub fn is_ticker(text: &str) -> bool {
    let suffixed = text.contains(['.', '-']);
    (1..=if suffixed { 8 } else { 6 }).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'.' || b == b'-')
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().any(|b| b.is_ascii_uppercase())
}

/// A ticker for comparison, the same for all spellings of a class: `BRK.B`, `BRK-B`, `BRK/B`, `BRK B` and `BRKB` are `BRKB`.
/// Of a class of several letters, such as a preferred series or a warrant, the dash stays: `T-PC` is not `TPC`.
pub fn ticker_key(ticker: &str) -> String {
    let (base, class) = split(ticker);
    if class.len() > 1 { format!("{base}-{class}") } else { base + &class }
}

/// A ticker as EDGAR's list writes it: the class behind a dash.
pub fn usual_spelling(ticker: &str) -> String {
    let (base, class) = split(ticker);
    match class.as_str() {
        "" => CLASSED
            .split_ascii_whitespace()
            .find(|known| ticker_key(known) == base)
            .map_or(base, str::to_owned),
        class => format!("{base}-{class}"),
    }
}

fn split(ticker: &str) -> (String, String) {
    let upper = ticker.trim().to_ascii_uppercase();
    let mut parts = upper.split(['.', '-', '/', ' ', '_']).filter(|part| !part.is_empty());
    let base = parts.next().unwrap_or_default().to_owned();
    let class: String = parts.collect();
    let class = match class.as_str() {
        "UN" => "U".to_owned(),
        "WT" | "WTS" => "WS".to_owned(),
        "RT" | "RTS" => "R".to_owned(),
        long => match long.strip_prefix("PR") {
            Some(series) if series.len() == 1 => format!("P{series}"),
            _ => class,
        },
    };
    (base, class)
}

/// A ticker of a rule, upper case, as it is written: `BRK/B` and `BRK B` are taken as well as `BRK.B`.
///
/// # Errors
/// What is no ticker, with what may be meant: `NYSE:QLYS` means QLYS.
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

fn is_class(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes {
        [letter] | [b'P', letter] | [b'P', b'R', letter] => letter.is_ascii_uppercase(),
        _ => ["WS", "WT", "WTS", "UN", "RT", "RTS"].contains(&text),
    }
}

/// What a trading symbol says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Symbol {
    /// Its tickers, upper case, at most ten.
    pub(super) tickers: Vec<String>,
    /// The same with the class or without the market that was typed beside them: `XYZ Cl B` is also `XYZ.B`.
    pub(super) also: Vec<String>,
    /// Whether it says in words or signs that there is none.
    pub(super) says_none: bool,
}

impl Symbol {
    /// Reads what a filer typed for an issuer of this name.
    pub(super) fn read(typed: &str, issuer: &str) -> Self {
        let text = straight(typed);
        if is_alone(&text) && !text.contains(['.', '-']) {
            let mut alone = Self::default();
            alone.push(text);
            return alone;
        }
        let words = words(&text);
        let Some(first) = words.first() else { return Self { says_none: true, ..Self::default() } };
        let dotted = text.contains('.') && KINDS.contains_key(text.replace('.', "").as_str());
        if is(&first.text, Kind::None) || dotted {
            return Self { says_none: true, ..Self::default() };
        }
        if is_name(&words, issuer) {
            return Self::default();
        }
        let mut symbol = Self::default();
        for segment in words.chunk_by(|_, next| next.before != Before::List) {
            symbol.segment(segment, issuer);
        }
        let says = |word: &&str| {
            ["PENDING", "TBD", "TBA", "PRIVATE", "APPLIED", "DETERMINED", "ANNOUNCED", "ASSIGNED"]
                .contains(word)
        };
        symbol.says_none = symbol.tickers.is_empty() && words.iter().any(|word| says(&word.text.as_str()));
        symbol
    }

    /// The ticker-shaped words, whatever they are.
    pub(super) fn raw(typed: &str) -> Vec<String> {
        words(&straight(typed)).into_iter().map(|word| word.text).filter(|word| is_ticker(word)).collect()
    }

    fn push(&mut self, ticker: String) {
        if self.tickers.len() >= MOST_TICKERS || self.tickers.contains(&ticker) {
            return;
        }
        // `.O`, `.N`, `.PK` and the like name a market, and may as well be a class.
        if let Some((base, market)) = ticker.rsplit_once('.')
            && ["O", "N", "OQ", "PK", "OB", "TO", "AX", "L", "V"].contains(&market)
            && is_ticker(base)
        {
            self.also.push(base.to_owned());
        }
        self.tickers.push(ticker);
    }

    /// Reads what is between two commas, with the names of markets before colons.
    fn segment(&mut self, words: &[Word], issuer: &str) {
        let parts: Vec<&[Word]> = words.chunk_by(|_, next| next.before != Before::Colon).collect();
        let read: Vec<Part> = parts.iter().map(|part| Part::read(part)).collect();
        // `XYZ:US`, `XYZ:LN`.
        let of_country = |i: usize| i > 0 && parts[i].len() == 1 && is(&parts[i][0].text, Kind::Country);
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
                // `NYSE: XYZ TSX: XYZ`; a name that is not known is a market's, too.
                (true, Some(count)) if i > 0 => count,
                // `XYZ TSX: ABC`, and not a company's name.
                (true, Some(1))
                    if !part.starts_with_market && !begins_name(&part.found[0].ticker, issuer) =>
                {
                    1
                }
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

/// Whether a company's name begins with a word.
fn begins_name(word: &str, issuer: &str) -> bool {
    straight(issuer).split(|c: char| !c.is_ascii_alphanumeric()).next() == Some(word)
}

/// Whether it is the company's name that was typed, or begins so.
fn is_name(words: &[Word], issuer: &str) -> bool {
    let folded = straight(issuer);
    let of_name: Vec<&str> = folded
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '&')
        .filter(|word| !word.is_empty())
        .collect();
    words.len() > 1
        && words.len() <= of_name.len()
        && words
            .iter()
            .zip(of_name)
            .all(|(word, of_name)| word.before != Before::Colon && word.text == of_name)
}

#[cfg(test)]
mod tests;
