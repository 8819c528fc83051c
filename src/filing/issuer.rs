//! The company of a filing, and the tickers by which rules find it.

use super::symbol::{MOST_TICKERS, Symbol};
use super::{Cik, CompanyFacts, ticker_key};

/// The company whose securities these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// `issuerCik`, the one key of the issuer.
    pub cik: Cik,
    /// `issuerName`.
    pub name: String,
    /// `issuerTradingSymbol` as the filer typed it.
    pub symbol: Option<String>,
    /// `issuerForeignTradingSymbol`, newer schemas only.
    pub foreign_symbol: Option<String>,
    /// The facts about it in the submission's header.
    pub facts: CompanyFacts,
    /// The tickers that EDGAR lists for its CIK, the main one first; empty if unknown.
    pub listed: Vec<String>,
    /// Tickers that EDGAR lists for another company, although the filer typed them or they are spelled like
    /// one of this company's. They do not belong to this company.
    pub taken: Vec<String>,
}

impl Issuer {
    fn read_symbol(&self) -> Symbol {
        Symbol::read(self.symbol.as_deref().unwrap_or_default(), &self.name)
    }

    /// True if the symbol says in words or signs that there is none.
    pub fn states_no_ticker(&self) -> bool {
        self.read_symbol().says_none
    }

    /// Its tickers, upper case, at most ten. EDGAR's list decides, since filers mistype theirs; if it has
    /// several, those that the filer typed. If EDGAR lists none, whatever the typed symbol can be read as.
    pub fn tickers(&self) -> Vec<String> {
        let mut typed = self.typed_tickers();
        if self.listed.is_empty() {
            typed.retain(|ticker| !self.taken.contains(ticker));
            return typed;
        }
        let mut known = self.own_of(&typed);
        if known.is_empty() {
            // A word that is not a ticker beside other symbols is one if EDGAR lists it.
            known = self.own_of(&Symbol::raw(self.symbol.as_deref().unwrap_or_default()));
        }
        if known.is_empty() { self.listed.iter().take(MOST_TICKERS).cloned().collect() } else { known }
    }

    /// The listed tickers among these, as EDGAR writes them.
    fn own_of(&self, tickers: &[String]) -> Vec<String> {
        let mut own: Vec<String> = Vec::new();
        for ticker in tickers {
            let key = ticker_key(ticker);
            let listed = self.listed.iter().find(|listed| *listed == ticker);
            let listed = listed.or_else(|| self.listed.iter().find(|listed| ticker_key(listed) == key));
            own.extend(listed.filter(|listed| !own.contains(listed)).cloned());
        }
        own
    }

    /// All tickers by which rules look for it: the listed ones or, if EDGAR lists none, those that the filer
    /// typed, except another company's. A class that is typed in words counts, too: `XYZ Cl B` is XYZ and
    /// XYZ-B.
    pub fn all_tickers(&self) -> Vec<String> {
        if !self.listed.is_empty() {
            return self.listed.clone();
        }
        let Symbol { mut tickers, also, .. } = self.read_symbol();
        tickers.extend(also);
        tickers.retain(|ticker| !self.taken.contains(ticker));
        tickers
    }

    /// True if it has a ticker, in any spelling of the class: `BRK.B`, `BRK-B`, `BRK/B`, `BRK B` or `BRKB`.
    pub fn has_ticker(&self, ticker: &str) -> bool {
        is_spelt_among(ticker, &self.all_tickers(), &self.taken)
    }

    /// True if it is a foreign company: its address is outside the United States, or it has a symbol in
    /// another market. Where it is incorporated does not count, because many American companies are
    /// incorporated on islands. `None` if neither is stated.
    pub fn is_foreign(&self) -> Option<bool> {
        if self.home_symbol().is_some() {
            return Some(true);
        }
        self.facts.located_in?.is_abroad()
    }

    /// Its symbol in another market, if the form names one that is not its American one.
    pub fn home_symbol(&self) -> Option<&str> {
        const NONE: [&str; 7] = ["none", "n/a", "na", "n.a.", "-", "not applicable", "no"];
        let symbol = self.foreign_symbol.as_deref()?.trim();
        let is_none = NONE.iter().any(|none| symbol.eq_ignore_ascii_case(none));
        let own = self.symbol.as_deref().is_some_and(|own| own.trim().eq_ignore_ascii_case(symbol));
        (!symbol.is_empty() && !is_none && !own).then_some(symbol)
    }

    /// The tickers that the typed symbol can be read as: `NASDAQ:DHC` is DHC, `WLY/WLYB` is two, `NONE` is
    /// none.
    pub fn typed_tickers(&self) -> Vec<String> {
        self.read_symbol().tickers
    }
}

/// True if one of an issuer's tickers is this one in another spelling, and another company's ticker is not
/// spelled like that.
pub fn is_spelt_among(ticker: &str, own: &[String], taken: &[String]) -> bool {
    // The first letter rules out most, since rules may name thousands.
    let alike = |own: &&String| own.as_bytes().first() == ticker.as_bytes().first();
    if !own.iter().any(|own| alike(&own)) {
        return false;
    }
    let key = ticker_key(ticker);
    own.iter().any(|own| own == ticker)
        || own.iter().any(|own| ticker_key(own) == key)
            && !taken.iter().any(|other| is_as_spelt(ticker, other))
}

/// True if two spellings separate the same class, whatever sign they use.
fn is_as_spelt(one: &str, other: &str) -> bool {
    let parted = |ticker: &str| ticker.trim().to_ascii_uppercase().replace(['/', ' ', '-'], ".");
    parted(one) == parted(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &str, expected: &[&str]) {
        let issuer = Issuer {
            cik: Cik::new(1).unwrap(),
            name: "X".into(),
            symbol: Some(typed.into()),
            foreign_symbol: None,
            facts: CompanyFacts::default(),
            listed: Vec::new(),
            taken: Vec::new(),
        };
        assert_eq!(issuer.tickers(), expected, "{typed}");
    }

    #[test]
    fn what_edgar_lists_decides_and_what_was_typed_chooses() {
        let issuer = |typed: &str, listed: &[&str]| Issuer {
            cik: Cik::new(1).unwrap(),
            name: "X".into(),
            symbol: Some(typed.into()),
            foreign_symbol: None,
            facts: CompanyFacts::default(),
            listed: listed.iter().map(|&ticker| ticker.to_owned()).collect(),
            taken: Vec::new(),
        };
        assert_eq!(issuer("GOOG", &["GOOGL", "GOOG"]).tickers(), ["GOOG"]);
        assert_eq!(issuer("NONE", &["GOOGL", "GOOG"]).tickers(), ["GOOGL", "GOOG"]);
        assert_eq!(issuer("hunter2!pass", &["QLYS"]).tickers(), ["QLYS"]);
        assert_eq!(issuer("FB", &["META"]).tickers(), ["META"]);
        assert_eq!(issuer("FB", &["META"]).all_tickers(), ["META"]);
        assert_eq!(issuer("GOOG", &["GOOGL", "GOOG"]).all_tickers(), ["GOOGL", "GOOG"]);
        // A word that is not a ticker beside a symbol is one if EDGAR lists it, and a class is shown in
        // EDGAR's spelling.
        assert_eq!(issuer("XYZ and PR", &["PR", "QRS"]).tickers(), ["PR"]);
        for typed in ["BRK.B", "BRK-B", "BRK/B", "BRKB", "BRK B"] {
            assert_eq!(issuer(typed, &["BRK-A", "BRK-B"]).tickers(), ["BRK-B"], "{typed}");
        }
    }

    #[test]
    fn tickers_are_read_off_what_filers_type() {
        check("QLYS", &["QLYS"]);
        check("lunr", &["LUNR"]);
        check("(SIRI)", &["SIRI"]);
        check("SHFS)", &["SHFS"]);
        check("PARAA,PARA", &["PARAA", "PARA"]);
        check("WLY/WLYB", &["WLY", "WLYB"]);
        check("FRG FRGAP", &["FRG", "FRGAP"]);
        check("BCDA;BCDAW", &["BCDA", "BCDAW"]);
        check("NYSE:NYCB", &["NYCB"]);
        check("NYSE: GLS", &["GLS"]);
        check("KLR.BC", &["KLR.BC"]);
        check("NASDAQ:DHC", &["DHC"]);
        check("NYSE :GLS", &["GLS"]);
        check("NYSE - GLS", &["GLS"]);
        check("[QLYS]", &["QLYS"]);
        check("'QLYS'", &["QLYS"]);
        check("ACME.PK", &["ACME.PK"]);
        check(&"A,B,C,D,E,F,G,H,I,J,K,L".repeat(1000), &["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"]);
        for nothing in [
            "NONE",
            "none",
            "N/A",
            "",
            "N.A.",
            "N/A (LP)",
            "NOT LISTED",
            "Not applicable",
            "-",
            "password",
            "hunter2!pass",
            "Tr0ub4dor&3",
        ] {
            check(nothing, &[]);
        }
    }
}
