//! `company_tickers.json`: the tickers of each issuer, by CIK.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

use crate::filing::{Cik, Filing, Warning, is_ticker, ticker_key, usual_spelling};
use crate::text::clip;

/// The path of the file, below the base address.
pub const PATH: &str = "/files/company_tickers.json";
/// The file has about 10,000 entries. No more than this are read.
const MOST_ENTRIES: usize = 100_000;
/// Share classes and preferred shares of one issuer; the largest real number is about forty.
const MOST_OF_ONE: usize = 100;
/// The most tickers that a warning names.
const MOST_SHOWN: usize = 10;

/// The tickers of listed issuers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tickers {
    by_cik: BTreeMap<Cik, Vec<String>>,
    /// The same, sorted by the tickers' letters. Built on first use: two thirds of a megabyte for 10,000
    /// tickers.
    #[serde(skip)]
    by_letters: OnceLock<Vec<(Cik, String)>>,
}

impl PartialEq for Tickers {
    fn eq(&self, other: &Self) -> bool {
        self.by_cik == other.by_cik
    }
}

impl Eq for Tickers {}

/// Why the file could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TickersError {
    /// It is not the JSON that EDGAR publishes.
    #[error("company_tickers.json cannot be read: {0}")]
    Malformed(String),
    /// It contains no ticker at all.
    #[error("company_tickers.json has no tickers in it")]
    Empty,
}

impl Tickers {
    /// Reads the file: an object of `{"cik_str", "ticker", "title"}` under consecutive numbers. `cik_str` is
    /// a number, or in some years a padded string. Entries without a CIK, or whose ticker is something else,
    /// are skipped.
    ///
    /// # Errors
    /// Another document, or one without any ticker.
    pub fn read(bytes: &[u8]) -> Result<Self, TickersError> {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let tickers = json.deserialize_map(Entries).map_err(malformed)?;
        json.end().map_err(malformed)?;
        if tickers.by_cik.is_empty() { Err(TickersError::Empty) } else { Ok(tickers) }
    }

    /// The tickers of an issuer in EDGAR's order, the main one first; empty if it is not listed.
    pub fn of(&self, issuer: Cik) -> &[String] {
        self.by_cik.get(&issuer).map_or(&[], Vec::as_slice)
    }

    /// Each issuer and its tickers.
    pub fn iter(&self) -> impl Iterator<Item = (Cik, &[String])> {
        self.by_cik.iter().map(|(cik, tickers)| (*cik, tickers.as_slice()))
    }

    /// True if a company has this ticker, however its class is written.
    pub fn has(&self, ticker: &str) -> bool {
        self.company(ticker).is_some()
    }

    /// The company that has this ticker: preferably exactly as written, or else with its class written
    /// differently.
    pub fn company(&self, ticker: &str) -> Option<Cik> {
        self.entry(ticker).map(|(cik, _)| *cik)
    }

    /// A ticker as EDGAR writes it.
    pub fn spelling(&self, ticker: &str) -> Option<&str> {
        self.entry(ticker).map(|(_, own)| own.as_str())
    }

    fn entry(&self, ticker: &str) -> Option<&(Cik, String)> {
        let (key, usual) = (ticker_key(ticker), usual_spelling(ticker));
        let alike = self.alike(ticker).iter();
        let of_key = || alike.clone().filter(|(_, own)| ticker_key(own) == key);
        let first =
            of_key().find(|(_, own)| own == ticker).or_else(|| of_key().find(|(_, own)| *own == usual));
        first.or_else(|| of_key().next())
    }

    /// The classes that EDGAR lists for a ticker without a class: for `BRK`, BRK-A and BRK-B.
    pub fn classes(&self, base: &str) -> Vec<&str> {
        let all = self.by_cik.values().flatten();
        all.filter(|own| own.split_once('-').is_some_and(|(own, class)| own == base && class.len() == 1))
            .map(String::as_str)
            .collect()
    }

    /// The tickers that have the same letters.
    fn alike(&self, ticker: &str) -> &[(Cik, String)] {
        let sorted = self.by_letters.get_or_init(|| {
            let own = |(cik, tickers): (&Cik, &Vec<String>)| {
                let cik = *cik;
                tickers.iter().map(move |own| (cik, own.clone())).collect::<Vec<_>>()
            };
            let mut sorted: Vec<(Cik, String)> = self.by_cik.iter().flat_map(own).collect();
            sorted.sort_by_cached_key(|(_, own)| letters(own));
            sorted
        });
        let wanted = letters(ticker);
        let start = sorted.partition_point(|(_, own)| letters(own) < wanted);
        let behind = &sorted[start..];
        &behind[..behind.partition_point(|(_, own)| letters(own) == wanted)]
    }

    /// Records the tickers of a filing's issuer, and warns about a ticker that only the filer uses, or that
    /// belongs to another company.
    pub fn place(&self, filing: &mut Filing) {
        let issuer = &mut filing.issuer;
        (issuer.listed, issuer.taken) = (Vec::new(), Vec::new());
        let typed = issuer.all_tickers();
        let own = |ticker: &String| self.is_of(ticker, issuer.cik);
        let strange: Vec<&String> = typed.iter().filter(|ticker| !own(ticker)).collect();
        let other = |ticker: &&String| Some(((*ticker).clone(), self.other(ticker, issuer.cik)?));
        let of_another: Vec<(String, Cik)> = strange.iter().filter_map(other).collect();
        let listed = self.of(issuer.cik);
        let said =
            |tickers: &[&String]| tickers.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(", ");
        // A class that is given in words was not typed.
        let named = issuer.typed_tickers();
        let warning = match of_another.iter().find(|(ticker, _)| named.contains(ticker)) {
            Some((ticker, other)) => Some((
                "ticker-of-another",
                format!(
                    "the filer typed {ticker} as its trading symbol, which EDGAR lists for another company, CIK {other}: rules by ticker ignore it"
                ),
            )),
            None if !strange.iter().any(|ticker| named.contains(ticker)) => None,
            None if self.is_empty() => Some((
                "unconfirmed-ticker",
                format!(
                    "the trading symbol {} is not confirmed: EDGAR's list of tickers is not available",
                    issuer.typed_tickers().join(", ")
                ),
            )),
            None if listed.is_empty() => None,
            None => Some((
                "unlisted-ticker",
                format!(
                    "the filer typed {} as a trading symbol; EDGAR lists this company as {}, which rules by ticker use",
                    said(
                        &strange.iter().copied().filter(|ticker| named.contains(ticker)).collect::<Vec<_>>()
                    ),
                    listed[..listed.len().min(MOST_SHOWN)].join(", ")
                ),
            )),
        };
        issuer.listed = listed.to_vec();
        issuer.taken = of_another.into_iter().map(|(ticker, _)| ticker).collect();
        issuer.taken.extend(self.spelt_like(issuer.cik));
        if let Some((code, message)) = warning {
            // A warning about the issuer's identity comes first.
            let at = "issuer/issuerTradingSymbol".to_owned();
            filing.warnings.insert(0, Warning { code: code.to_owned(), message, at });
        }
    }

    /// Other companies' tickers that are spellings of this one's: `XYZB` where it has `XYZ-B`.
    fn spelt_like(&self, issuer: Cik) -> Vec<String> {
        let mut others = Vec::new();
        for own in self.of(issuer) {
            let like = |(cik, other): &&(Cik, String)| *cik != issuer && ticker_key(other) == ticker_key(own);
            others.extend(self.alike(own).iter().filter(like).map(|(_, other)| other.clone()));
        }
        others
    }

    /// True if a ticker is the issuer's, however its class or market is written: `BRK.B` is `BRK-B`, `AAPL.O`
    /// is `AAPL`.
    fn is_of(&self, typed: &str, issuer: Cik) -> bool {
        self.of(issuer).iter().any(|own| letters(own) == letters(typed) || own == root(typed))
    }

    /// Another company that has a ticker that is not the issuer's.
    fn other(&self, typed: &str, issuer: Cik) -> Option<Cik> {
        if self.is_of(typed, issuer) {
            return None;
        }
        let root = root(typed);
        let of_root = || self.alike(root).iter().find(|(_, own)| own == root).map(|(cik, _)| *cik);
        let alike = self.alike(typed);
        let key = ticker_key(typed);
        let exact = alike.iter().find(|(_, own)| own == typed);
        let spelt = || alike.iter().find(|(_, own)| ticker_key(own) == key).or_else(|| alike.first());
        exact.or_else(spelt).map(|(cik, _)| *cik).or_else(of_root)
    }

    /// The number of issuers that have a ticker.
    pub fn len(&self) -> usize {
        self.by_cik.len()
    }

    /// True if there is none at all.
    pub fn is_empty(&self) -> bool {
        self.by_cik.is_empty()
    }
}

/// A ticker without the separator of its class, the same for all spellings of a class: `TPC` for `T-PC` and
/// `T.PRC`.
fn letters(ticker: &str) -> String {
    ticker_key(ticker).replace('-', "")
}

/// A ticker of the list with its class after a dash, as EDGAR writes it, even if the list uses another
/// separator.
fn listed_ticker(text: &str) -> String {
    text.trim().to_ascii_uppercase().replace(['/', ' '], "-")
}

/// The symbol before the class or market.
fn root(ticker: &str) -> &str {
    ticker.split(['.', '-']).next().unwrap_or_default()
}

/// The library's message may quote a value of any length.
fn malformed(error: serde_json::Error) -> TickersError {
    const LONGEST: usize = 200;
    TickersError::Malformed(clip(&error.to_string(), LONGEST).into_owned())
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default, deserialize_with = "cik")]
    cik_str: Option<Cik>,
    #[serde(default)]
    ticker: String,
}

/// A number or a string of digits.
fn cik<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cik>, D::Error> {
    deserializer.deserialize_any(NumberOrText)
}

/// Anything else at this position is discarded.
struct NumberOrText;

impl Visitor<'_> for NumberOrText {
    type Value = Option<Cik>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a CIK, as a number or as text")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Option<Cik>, E> {
        Ok(Cik::new(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Option<Cik>, E> {
        Ok(text.parse().ok())
    }
}

/// Reads the entries one by one, so that nothing else is kept in memory.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Tickers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of companies")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tickers, A::Error> {
        let mut tickers = Tickers::default();
        let mut count = 0;
        while let Some((_, entry)) = map.next_entry::<serde::de::IgnoredAny, Entry>()? {
            count += 1;
            if count > MOST_ENTRIES {
                return Err(serde::de::Error::custom(format!("it has more than {MOST_ENTRIES} entries")));
            }
            let ticker = listed_ticker(&entry.ticker);
            let Some(cik) = entry.cik_str.filter(|_| is_ticker(&ticker)) else { continue };
            let own = tickers.by_cik.entry(cik).or_default();
            if own.len() < MOST_OF_ONE && !own.contains(&ticker) {
                own.push(ticker);
            }
        }
        Ok(tickers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tickers: &Tickers, cik: u64) -> Vec<&str> {
        tickers.of(Cik::new(cik).unwrap()).iter().map(String::as_str).collect()
    }

    #[test]
    fn an_issuer_has_all_its_tickers_in_their_order() {
        let json = br#"{"0":{"cik_str":1652044,"ticker":"GOOGL","title":"Alphabet Inc."},
            "1":{"cik_str":"0001107843","ticker":"qlys","title":"Qualys"},"2":{"cik_str":1652044,"ticker":"GOOG","title":"x"},
            "3":{"cik_str":1652044,"ticker":"GOOGL","title":"again"},"4":{"cik_str":0,"ticker":"X","title":"no CIK"},
            "5":{"cik_str":5,"ticker":"not a ticker","title":"x"},"6":{"ticker":"Y"}}"#;
        let tickers = Tickers::read(json).unwrap();
        assert_eq!(of(&tickers, 1_652_044), ["GOOGL", "GOOG"]);
        assert_eq!(of(&tickers, 1_107_843), ["QLYS"]);
        assert_eq!((tickers.len(), of(&tickers, 5)), (2, vec![]));
    }

    #[test]
    fn a_ticker_is_found_in_each_spelling_of_its_class_and_no_other() {
        let json = br#"{"0":{"cik_str":9,"ticker":"BRK-A"},"1":{"cik_str":9,"ticker":"BRK/B"},"2":{"cik_str":8,"ticker":"T-PC"},
            "3":{"cik_str":7,"ticker":"TPC"},"4":{"cik_str":6,"ticker":"AB"},"5":{"cik_str":5,"ticker":"XYZA"},"6":{"cik_str":4,"ticker":"XYZ-A"}}"#;
        let tickers = Tickers::read(json).unwrap();
        for (ticker, cik, own) in [
            ("BRK.B", 9, "BRK-B"),
            ("BRK/B", 9, "BRK-B"),
            ("BRK B", 9, "BRK-B"),
            ("BRKA", 9, "BRK-A"),
            ("T.PRC", 8, "T-PC"),
            ("TPC", 7, "TPC"),
            ("AB", 6, "AB"),
            ("A-B", 6, "AB"),
            ("XYZA", 5, "XYZA"),
            ("XYZ.A", 4, "XYZ-A"),
        ] {
            assert_eq!(tickers.company(ticker), Cik::new(cik), "{ticker}");
            assert_eq!(tickers.spelling(ticker), Some(own), "{ticker}");
        }
        for ticker in ["BRK", "B", "T-P", "ABC", "ZZZ", "A", ""] {
            assert!(!tickers.has(ticker), "{ticker}");
        }
        assert_eq!(tickers.classes("BRK"), ["BRK-A", "BRK-B"]);
    }

    #[test]
    fn what_is_no_such_file_says_so() {
        assert_eq!(Tickers::read(b"{}"), Err(TickersError::Empty));
        for bad in
            [&b"<html>blocked"[..], b"[]", b"{\"0\":{\"cik_str\":1,\"ticker\":\"A\"}", b"{\"0\":7}", b"{} {}"]
        {
            assert!(matches!(Tickers::read(bad), Err(TickersError::Malformed(_))), "{bad:?}");
        }
    }
}
