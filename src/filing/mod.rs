//! What a Form 3, 4 or 5 says, as plain values. Knows nothing of files, XML or the network.
//!
//! A missing element is `None`, never zero and never false: see [`Noted`].

mod amendment;
mod amount;
mod calendar;
mod chain;
mod code;
mod conclusion;
mod debt;
mod ids;
mod line;
mod past;
mod position;
pub mod record;
mod relate;
mod role;
mod row;
mod split;
mod stake;
mod symbol;
mod trade;

pub use amendment::{Changes, FieldChange, RowChange, changes};
pub(crate) use amount::grouped;
pub use amount::{AmountError, Shares, Usd};
pub use calendar::{due, edgar_day, edgar_time, is_business_day, is_mistyped};
pub use code::{Code, CodeError, Form};
pub use conclusion::{Concluded, Evidence, Intent, Plan, PlanDate, Source};
pub(crate) use debt::is_debt;
pub use ids::{Accession, Cik, IdError};
pub(crate) use line::fold_title;
pub use past::{Alerted, Link, PastFiling, PastOwner, Rang, Relation, Told};
pub use position::{LineShare, ShareOfHoldings, lines, share_of_holdings};
pub(crate) use relate::say_the_same;
pub use role::Role;
pub(crate) use row::lot_path;
pub use row::{ActualPrices, Adopted, Direction, Holding, Line, Lot, Noted, Ownership, Table, Terms};
pub(crate) use split::{Splits, splits};
pub use stake::{Deed, Source as StakeSource, Stake, stakes};
pub use symbol::{classes_alone, is_ticker, ticker_key, usual_spelling, wanted_ticker};
pub use trade::{LotFigures, Sums, Trade};

use std::collections::BTreeSet;

use symbol::Symbol;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// One accession: an ownership document and, where it came in a submission, what its header adds.
#[derive(Debug, Clone, PartialEq)]
pub struct Filing {
    /// From the submission's header; a bare XML document names none.
    pub accession: Option<Accession>,
    /// When EDGAR accepted it, from the submission's header.
    pub accepted_at: Option<DateTime<Utc>>,
    /// `documentType`.
    pub form: Form,
    /// `schemaVersion`, such as `X0508`.
    pub schema_version: Option<String>,
    /// `periodOfReport`: the earliest transaction's date.
    pub period: Option<NaiveDate>,
    /// `dateOfOriginalSubmission`: what an amendment amends.
    pub date_of_original_submission: Option<NaiveDate>,
    /// `noSecuritiesOwned` (Form 3).
    pub no_securities_owned: Option<bool>,
    /// `notSubjectToSection16`: the exit box.
    pub not_subject_to_section_16: Option<bool>,
    /// `form3HoldingsReported` (Form 5).
    pub form_3_holdings_reported: Option<bool>,
    /// `form4TransactionsReported` (Form 5).
    pub form_4_transactions_reported: Option<bool>,
    /// `aff10b5One`, the 10b5-1 box; exists since 2023-04-01.
    pub plan_10b5_1: Option<bool>,
    /// The company.
    pub issuer: Issuer,
    /// The reporting persons, one to ten.
    pub owners: Vec<Owner>,
    /// Transaction rows: non-derivative first, then derivative, each in document order.
    pub lots: Vec<Lot>,
    /// Holding rows, in the same order.
    pub holdings: Vec<Holding>,
    /// The footnotes, in document order.
    pub footnotes: Vec<Footnote>,
    /// `remarks`.
    pub remarks: Option<String>,
    /// Who signed, and when.
    pub signatures: Vec<Signature>,
    /// What was odd; nothing was repaired.
    pub warnings: Vec<Warning>,
}

impl Filing {
    /// An owner's title; where it only says "See Remarks", what stands there.
    pub fn title<'a>(&'a self, owner: &'a Owner) -> Option<&'a str> {
        let title = owner.title.as_deref()?;
        Some(role::follow(title, self.remarks.as_deref(), &self.footnotes))
    }

    /// What an owner is to the issuer, by boxes and title.
    pub fn roles(&self, owner: &Owner) -> Vec<Role> {
        role::roles(owner, self.title(owner))
    }

    /// The lots that were reported after the second business day that follows the trade, by position; `None` where the
    /// acceptance time is unknown. An amendment is not late: its original may have been in time.
    ///
    /// The date that counts is the deemed execution date where there is one, and none that is a typing error. Rows that need not be on a Form 4 so soon do not
    /// count: those of Form 5, small acquisitions (L), inheritances (W), and gifts (G) of before 2023-02-27 (SEC release
    /// 33-11138).
    pub fn late_lots(&self) -> Option<Vec<usize>> {
        let accepted = edgar_day(self.accepted_at?);
        let counts = self.can_be_late();
        let mistyped = |date: &NaiveDate| is_mistyped(*date, self.reported(), self.period);
        let gifts_since = NaiveDate::from_ymd_opt(2023, 2, 27);
        let is_late = |lot: &&Lot| {
            let Some(traded) = lot.date.value.filter(|date| !mistyped(date)) else { return false };
            let deferred = match lot.code.value.map(Code::letter) {
                Some('L' | 'W') => true,
                Some('G') => gifts_since.is_some_and(|since| traded < since),
                Some('S' | 'P') => false,
                // Reported early of one's own accord, before it is due.
                _ => {
                    lot.form.is_some_and(|form| form.number() == 5)
                        || lot.timeliness.value.as_deref() == Some("E")
                }
            };
            let deemed = lot.deemed_execution_date.value.filter(|date| !mistyped(date));
            let from = deemed.map_or(traded, |deemed| deemed.max(traded));
            !deferred && due(from).is_some_and(|due| accepted > due)
        };
        let late = self.lots.iter().enumerate().filter(|(_, lot)| counts && is_late(lot));
        Some(late.map(|(i, _)| i).collect())
    }

    /// Whether one of these lots was reported late, as [`Self::late_lots`] says; `None` where that is not known: without an
    /// acceptance time, or where none is late and the date of one is missing or a typing error.
    pub fn filed_late(&self, lots: impl IntoIterator<Item = usize>) -> Option<bool> {
        let late = self.late_lots()?;
        let lots: Vec<usize> = lots.into_iter().collect();
        if lots.iter().any(|lot| late.contains(lot)) {
            return Some(true);
        }
        let dated = |&lot: &usize| {
            let date = self.lots.get(lot).and_then(|lot| lot.date.value);
            date.is_some_and(|date| !is_mistyped(date, self.reported(), self.period))
        };
        (!self.can_be_late() || lots.iter().all(dated)).then_some(false)
    }

    fn can_be_late(&self) -> bool {
        self.form.is_form_4() && !self.form.is_amendment()
    }

    /// The lots whose dates are typing errors, by position: dates that cannot be right ([`is_mistyped`]), and texts that are
    /// no date. Conditions about history pass over them.
    pub fn mistyped_lots(&self) -> BTreeSet<usize> {
        let unread: BTreeSet<&str> = self
            .warnings
            .iter()
            .filter(|warning| warning.code == "bad-date")
            .filter_map(|warning| warning.at.strip_suffix("/transactionDate"))
            .collect();
        let is_unread = |i: usize| !unread.is_empty() && unread.contains(self.lot_path(i).as_str());
        (0..self.lots.len())
            .filter(|&i| match self.lots[i].date.value {
                Some(date) => is_mistyped(date, self.reported(), self.period),
                None => is_unread(i),
            })
            .collect()
    }

    /// The path of a lot: `nonDerivativeTransaction[2]`.
    pub fn lot_path(&self, lot: usize) -> String {
        row::lot_path(&self.lots, lot)
    }

    /// The day on which it was reported: that of its acceptance, or of the last signature.
    pub(crate) fn reported(&self) -> Option<NaiveDate> {
        let signed = self.signatures.iter().filter_map(|signature| signature.date).max();
        self.accepted_at.map(edgar_day).or(signed)
    }

    /// EDGAR's index page of this filing, for people to open; `None` without an accession.
    pub fn url(&self) -> Option<String> {
        self.accession.map(|accession| index_url(self.issuer.cik, accession))
    }
}

/// The address of a filing's index page on sec.gov.
pub fn index_url(filer: Cik, accession: Accession) -> String {
    format!("https://www.sec.gov/Archives/edgar/data/{filer}/{}/{accession}-index.htm", accession.undashed())
}

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
    /// The tickers that EDGAR lists for its CIK, the main one first; empty where that is not known.
    pub listed: Vec<String>,
    /// Tickers that EDGAR lists for another company, though the filer typed them, or though they are spelt like this one's:
    /// they are not this one's.
    pub taken: Vec<String>,
}

impl Issuer {
    fn read_symbol(&self) -> Symbol {
        Symbol::read(self.symbol.as_deref().unwrap_or_default(), &self.name)
    }

    /// Whether the symbol says in words or signs that there is none.
    pub fn states_no_ticker(&self) -> bool {
        self.read_symbol().says_none
    }

    /// Its tickers, upper case, at most ten. What EDGAR lists decides, since filers mistype theirs; of several, those that the
    /// filer typed. Where EDGAR lists none, what the typed symbol can be read as.
    pub fn tickers(&self) -> Vec<String> {
        let mut typed = self.typed_tickers();
        if self.listed.is_empty() {
            typed.retain(|ticker| !self.taken.contains(ticker));
            return typed;
        }
        let mut known = self.own_of(&typed);
        if known.is_empty() {
            // A word that is none beside other symbols is one where EDGAR lists it.
            known = self.own_of(&Symbol::raw(self.symbol.as_deref().unwrap_or_default()));
        }
        if known.is_empty() {
            self.listed.iter().take(symbol::MOST_TICKERS).cloned().collect()
        } else {
            known
        }
    }

    /// The listed tickers among some, each as EDGAR writes it.
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

    /// All tickers by which rules look for it: the listed ones; where EDGAR lists none, those that the filer typed, but for
    /// another company's, also with a class that is typed in words: `XYZ Cl B` is XYZ and XYZ-B.
    pub fn all_tickers(&self) -> Vec<String> {
        if !self.listed.is_empty() {
            return self.listed.clone();
        }
        let Symbol { mut tickers, also, .. } = self.read_symbol();
        tickers.extend(also);
        tickers.retain(|ticker| !self.taken.contains(ticker));
        tickers
    }

    /// Whether it has a ticker, in any spelling of the class: `BRK.B`, `BRK-B`, `BRK/B`, `BRK B` or `BRKB`.
    pub fn has_ticker(&self, ticker: &str) -> bool {
        is_spelt_among(ticker, &self.all_tickers(), &self.taken)
    }

    /// The tickers that the typed symbol can be read as: `NASDAQ:DHC` is DHC, `WLY/WLYB` is two, `NONE` is none.
    pub fn typed_tickers(&self) -> Vec<String> {
        self.read_symbol().tickers
    }
}

/// Whether one of an issuer's tickers is this one in another spelling, which is not how another company's is spelt.
pub fn is_spelt_among(ticker: &str, own: &[String], taken: &[String]) -> bool {
    // The first letter parts most, since rules may name thousands.
    let alike = |own: &&String| own.as_bytes().first() == ticker.as_bytes().first();
    if !own.iter().any(|own| alike(&own)) {
        return false;
    }
    let key = ticker_key(ticker);
    own.iter().any(|own| own == ticker)
        || own.iter().any(|own| ticker_key(own) == key)
            && !taken.iter().any(|other| is_as_spelt(ticker, other))
}

/// Whether two spellings part the same class, whatever sign they use.
fn is_as_spelt(one: &str, other: &str) -> bool {
    let parted = |ticker: &str| ticker.trim().to_ascii_uppercase().replace(['/', ' ', '-'], ".");
    parted(one) == parted(other)
}

/// A reporting person: who they are to the issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// `rptOwnerCik`.
    pub cik: Option<Cik>,
    /// `rptOwnerName`, `LAST FIRST MIDDLE` for people, as filed.
    pub name: String,
    /// `reportingOwnerAddress`.
    pub address: Address,
    /// `isDirector`.
    pub director: bool,
    /// `isOfficer`.
    pub officer: bool,
    /// `isTenPercentOwner`.
    pub ten_percent_owner: bool,
    /// `isOther`.
    pub other: bool,
    /// `officerTitle`.
    pub title: Option<String>,
    /// `otherText`: what `other` means.
    pub other_text: Option<String>,
}

/// An owner's address as filed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// `rptOwnerNonUSAddressFlag`, newer schemas only.
    pub outside_us: Option<bool>,
    /// `rptOwnerStreet1`.
    pub street_1: Option<String>,
    /// `rptOwnerStreet2`.
    pub street_2: Option<String>,
    /// `rptOwnerCity`.
    pub city: Option<String>,
    /// `rptOwnerState`, EDGAR's two-character code of a state or country.
    pub state: Option<String>,
    /// `rptOwnerZipCode`.
    pub zip: Option<String>,
    /// `rptOwnerStateDescription`.
    pub state_description: Option<String>,
    /// `rptOwnerNonUSStateTerritory`, newer schemas only.
    pub state_territory: Option<String>,
    /// `rptOwnerCountry`, newer schemas only.
    pub country: Option<String>,
}

/// A footnote and the id that rows refer to, such as `F1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footnote {
    /// `F1` to `F99`.
    pub id: String,
    /// Its text, white space folded.
    pub text: String,
}

/// One `ownerSignature`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// `signatureName`.
    pub name: Option<String>,
    /// `signatureDate`.
    pub date: Option<NaiveDate>,
}

/// Something odd in a filing. It is told, and nothing is repaired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// A stable code, such as `bad-number`; listed in `docs/WARNINGS.md`.
    pub code: String,
    /// What is odd, for people.
    pub message: String,
    /// Where: an element's path, such as `nonDerivativeTransaction[2]/transactionShares`.
    #[serde(rename = "where")]
    pub at: String,
}

impl Warning {
    /// Whether it is about a number, price, value or date of a row, rather than about names or the form.
    pub fn is_about_figures(&self) -> bool {
        let of =
            ["price-", "value-", "zero-", "total-", "direction-", "split-", "debt-", "bad-number", "date-"];
        of.iter().any(|start| self.code.starts_with(start))
    }
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
            listed: listed.iter().map(|&ticker| ticker.to_owned()).collect(),
            taken: Vec::new(),
        };
        assert_eq!(issuer("GOOG", &["GOOGL", "GOOG"]).tickers(), ["GOOG"]);
        assert_eq!(issuer("NONE", &["GOOGL", "GOOG"]).tickers(), ["GOOGL", "GOOG"]);
        assert_eq!(issuer("hunter2!pass", &["QLYS"]).tickers(), ["QLYS"]);
        assert_eq!(issuer("FB", &["META"]).tickers(), ["META"]);
        assert_eq!(issuer("FB", &["META"]).all_tickers(), ["META"]);
        assert_eq!(issuer("GOOG", &["GOOGL", "GOOG"]).all_tickers(), ["GOOGL", "GOOG"]);
        // A word that is none beside a symbol is one where EDGAR lists it, and of a class its spelling is shown.
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
