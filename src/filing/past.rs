//! A filing's record in history, and how a new filing relates to it: as an amendment, or as another report of
//! the same trade.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::amendment::Changes;
use super::record::LotRecord;
use super::{Accession, Cik, Filing, Form, Ownership, StatedRatio, edgar_day, is_mistyped};

/// How many filings that a new one may be related to are examined, at most.
pub(super) const MOST_RELATED: usize = 50;
/// The longest name of an issuer that is stored.
const ISSUER_NAME: usize = 100;

/// A filing as stored in history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastFiling {
    /// Which filing.
    pub accession: Accession,
    /// Which form.
    pub form: Form,
    /// When EDGAR accepted it.
    pub accepted_at: DateTime<Utc>,
    /// The earliest transaction's date.
    pub period: Option<NaiveDate>,
    /// For an amendment: the day on which the filing it amends was submitted.
    pub original_day: Option<NaiveDate>,
    /// For an amendment: the filing it amends, if that is clear.
    #[serde(default)]
    pub amends: Option<Accession>,
    /// The issuer's name. Records of older versions do not have this.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub issuer_name: String,
    /// The reporting persons.
    pub owners: Vec<PastOwner>,
    /// Its lots.
    pub lots: Vec<LotRecord>,
    /// Positions of lots whose dates are typing errors. Records of older versions do not have this.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub mistyped: BTreeSet<usize>,
    /// Positions of lots that another filing also reports, or that an amendment replaced: they count there.
    #[serde(default)]
    pub not_counted: BTreeSet<usize>,
    /// Where they count: the filing that reported the trade first, or the amendment. Records of older
    /// versions do not have this.
    #[serde(default)]
    pub counted_in: BTreeMap<usize, Accession>,
    /// Its statement about the issuer's ADS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ads_ratio: Option<StatedRatio>,
    /// The alerts that it caused, by rule.
    #[serde(default, alias = "rang")]
    pub alerts: BTreeMap<String, PastAlert>,
}

/// The alert that a filing caused for one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastAlert {
    /// The alert's key.
    pub key: String,
    /// A hash of the rule's conditions: an amendment is compared only with an alert for the same conditions.
    #[serde(default)]
    pub asked: Option<String>,
    /// The positions of its lots.
    pub lots: Vec<usize>,
    /// True if the alert withdrew an earlier one: it says nothing about lots.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
}

/// A reporting person as stored in history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastOwner {
    /// The key.
    pub cik: Option<Cik>,
    /// As filed.
    pub name: String,
    /// True if the boxes say that this is a person: an officer, or a director who is not a ten percent owner.
    pub insider: bool,
}

/// The filing that an amendment amends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Link {
    /// One filing: the original or, if that is not known, the first of its amendments that is.
    To(Accession),
    /// One of several that fit equally well.
    Unclear(Vec<Accession>),
    /// No filing in history.
    #[default]
    Unknown,
}

/// How a new filing relates to history.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Relation {
    /// For an amendment: the filing it amends.
    pub link: Link,
    /// The filing's chain: the filing it amends, the other amendments of that, and itself.
    pub versions: BTreeSet<Accession>,
    /// For a linked amendment: the version that it follows, the original or its last amendment.
    pub follows: Option<Accession>,
    /// For a linked amendment: the changes, row by row, to what the versions before it say together.
    pub changes: Option<Changes>,
    /// The rows of those versions that it replaces.
    pub replaces: BTreeMap<Accession, BTreeSet<usize>>,
    /// The last alert of those versions that the filing may replace, by rule.
    pub alerted: BTreeMap<String, Alerted>,
    /// The newest version that was accepted after the filing, but arrived before it.
    pub amended_by: Option<Accession>,
    /// The last alert of such versions, by rule.
    pub alerted_later: BTreeMap<String, Alerted>,
    /// Own rows that such versions replaced.
    pub replaced: BTreeMap<usize, Accession>,
    /// The other versions that have changed: which of their rows count, and what they amend.
    pub revised: Vec<PastFiling>,
    /// Filings of other chains that also report lots of this one.
    pub also_reported: Vec<AlsoReported>,
}

/// The alert of a version of a chain, for one rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Alerted {
    /// The version.
    pub version: Accession,
    /// The alert.
    pub alert: PastAlert,
    /// Its lots.
    pub lots: Vec<LotRecord>,
    /// True if none of them is in force any longer.
    pub is_replaced: bool,
    /// The versions up to this one whose alerts for the rule end with it.
    pub over: BTreeSet<Accession>,
}

/// Lots that another filing also reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlsoReported {
    /// The other filing.
    pub accession: Accession,
    /// Positions in the new filing.
    pub lots: BTreeSet<usize>,
    /// The alerts that it caused, by rule.
    pub alerts: BTreeMap<String, PastAlert>,
}

impl PastFiling {
    /// Records that lots count in another filing.
    pub fn count_in(&mut self, other: Accession, lots: impl IntoIterator<Item = usize>) {
        for lot in lots {
            self.not_counted.insert(lot);
            self.counted_in.entry(lot).or_insert(other);
        }
    }

    /// Records that an amendment replaced lots, including those that another filing also reports.
    pub fn replace_in(&mut self, amendment: Accession, lots: impl IntoIterator<Item = usize>) {
        for lot in lots {
            self.not_counted.insert(lot);
            self.counted_in.insert(lot, amendment);
        }
    }

    /// The day on which a lot was traded, for conditions about history: the filing's day if the lot has no
    /// date or one after the filing; `None` if its date is a typing error.
    pub fn day_of(&self, lot: usize) -> Option<NaiveDate> {
        let accepted = edgar_day(self.accepted_at);
        let date = self.lots.get(lot)?.date;
        let mistyped = date.is_some_and(|date| is_mistyped(date, Some(accepted), self.period));
        (!mistyped && !self.mistyped.contains(&lot)).then(|| date.map_or(accepted, |date| date.min(accepted)))
    }

    /// This filing as it was before filings other than `known` came: what those report or replace counts
    /// here.
    #[must_use]
    pub fn as_known(mut self, known: impl Fn(Accession) -> bool) -> Self {
        let later: Vec<usize> =
            self.counted_in.iter().filter(|(_, other)| !known(**other)).map(|(lot, _)| *lot).collect();
        for lot in later {
            self.not_counted.remove(&lot);
            self.counted_in.remove(&lot);
        }
        self
    }

    /// The record of a filing that EDGAR accepted at `accepted_at`; `None` without an accession, which only
    /// bare XML lacks.
    pub fn of(filing: &Filing, accepted_at: DateTime<Utc>) -> Option<Self> {
        Some(Self {
            accession: filing.accession?,
            form: filing.form,
            accepted_at,
            period: filing.period,
            original_day: filing.date_of_original_submission,
            amends: None,
            issuer_name: filing.issuer.name.chars().take(ISSUER_NAME).collect(),
            owners: filing
                .owners
                .iter()
                .map(|owner| PastOwner {
                    cik: owner.cik,
                    name: owner.name.clone(),
                    insider: owner.officer || owner.director && !owner.ten_percent_owner,
                })
                .collect(),
            lots: filing.lots.iter().map(LotRecord::from).collect(),
            mistyped: filing.mistyped_lots(),
            ads_ratio: StatedRatio::of(filing),
            not_counted: BTreeSet::new(),
            counted_in: BTreeMap::new(),
            alerts: BTreeMap::new(),
        })
    }

    /// The positions of another filing's lots that this one reports. They are equal in security, date, code,
    /// number, price *and* holding afterwards, because owners of one chain each report a block for
    /// themselves; each lot matches only one of the other filing's. An amendment's lots must also be equal in
    /// what their notes say.
    ///
    /// If nothing is left, equal figures may be anybody's. Two insiders who both hold directly are two
    /// people.
    pub(super) fn lots_of(&self, other: &PastFiling) -> BTreeSet<usize> {
        let people = self.are_insiders() && other.are_insiders() && !self.shares_owner(other);
        let mut free: BTreeSet<usize> = (0..self.lots.len()).collect();
        let mut found = BTreeSet::new();
        for (i, lot) in other.lots.iter().enumerate() {
            let (Some(after), Some(_), Some(_)) = (lot.shares_after, lot.date, lot.shares) else { continue };
            let anybodys = after.is_zero() && !self.shares_owner(other);
            if anybodys || lot.security.is_none() || lot.code.is_none() || lot.acquired_disposed.is_none() {
                continue;
            }
            let same = |&own: &usize| {
                let own = &self.lots[own];
                let both_direct = [own, lot].iter().all(|lot| lot.ownership == Some(Ownership::Direct));
                let as_noted = (own.plan, own.intent, own.price_low, own.price_high)
                    == (lot.plan, lot.intent, lot.price_low, lot.price_high);
                own.shares_after == lot.shares_after
                    && (own.date, own.shares, own.price, own.code)
                        == (lot.date, lot.shares, lot.price, lot.code)
                    && (own.acquired_disposed, own.table) == (lot.acquired_disposed, lot.table)
                    && own.security == lot.security
                    && !(both_direct && people)
                    && (as_noted || !other.form.is_amendment())
            };
            if let Some(own) = free.iter().copied().find(same) {
                free.remove(&own);
                found.insert(i);
            }
        }
        found
    }

    fn are_insiders(&self) -> bool {
        self.owners.iter().all(|owner| owner.insider)
    }

    /// True if they share a reporting person.
    pub(super) fn shares_owner(&self, other: &PastFiling) -> bool {
        self.owners.iter().any(|owner| other.owners.iter().any(|theirs| owner.is(theirs)))
    }

    /// True if they have the same reporting persons.
    pub(super) fn has_owners_of(&self, other: &PastFiling) -> bool {
        self.owners.len() == other.owners.len()
            && self.owners.iter().all(|owner| other.owners.iter().any(|theirs| owner.is(theirs)))
    }

    /// For an amendment: the stated day on which the filing it amends was submitted, unless that is a typing
    /// error.
    pub(super) fn named_day(&self) -> Option<NaiveDate> {
        let own = edgar_day(self.accepted_at);
        self.original_day.filter(|day| *day <= own && !is_mistyped(*day, Some(own), None))
    }
}

impl PastOwner {
    fn is(&self, other: &PastOwner) -> bool {
        if self.cik.is_some() { self.cik == other.cik } else { self.name == other.name }
    }
}
