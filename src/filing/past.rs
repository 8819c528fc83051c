//! What history keeps of a filing, and how a new one relates to it: as an amendment, or as another telling of one trade.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::amendment::{Changes, changes};
use super::record::LotRecord;
use super::{Accession, Cik, Filing, Form, Ownership, edgar_day};

/// A filing as history keeps it.
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
    /// Of an amendment: the day on which what it amends was submitted.
    pub original_day: Option<NaiveDate>,
    /// Of an amendment: what it amends, where that is clear.
    #[serde(default)]
    pub amends: Option<Accession>,
    /// The reporting persons.
    pub owners: Vec<PastOwner>,
    /// Its lots.
    pub lots: Vec<LotRecord>,
    /// Positions of lots that another filing tells as well, or an amendment took the place of: they count there.
    #[serde(default)]
    pub not_counted: BTreeSet<usize>,
}

/// A reporting person as history keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastOwner {
    /// The key.
    pub cik: Option<Cik>,
    /// As filed.
    pub name: String,
    /// Whether the boxes say that this is a person with an office, and no more: not an owner of ten percent.
    pub insider: bool,
}

/// What an amendment amends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Link {
    /// One filing.
    To(Accession),
    /// One of several that fit alike.
    Unclear(Vec<Accession>),
    /// None that history has.
    #[default]
    Unknown,
}

/// How a new filing relates to history.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Relation {
    /// Of an amendment: what it amends.
    pub link: Link,
    /// Of a linked amendment: the version that it follows, the original or its last amendment.
    pub follows: Option<Accession>,
    /// Of a linked amendment: what changed since that version, row by row.
    pub changes: Option<Changes>,
    /// Filings that tell lots of this one as well.
    pub told: Vec<Told>,
}

/// Lots that another filing tells as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The other filing.
    pub accession: Accession,
    /// Positions in the new filing.
    pub lots: BTreeSet<usize>,
}

impl PastFiling {
    /// What history keeps of a filing that EDGAR accepted at `accepted_at`; `None` without an accession, which only bare XML
    /// lacks.
    pub fn of(filing: &Filing, accepted_at: DateTime<Utc>) -> Option<Self> {
        Some(Self {
            accession: filing.accession?,
            form: filing.form,
            accepted_at,
            period: filing.period,
            original_day: filing.date_of_original_submission,
            amends: None,
            owners: filing
                .owners
                .iter()
                .map(|owner| PastOwner {
                    cik: owner.cik,
                    name: owner.name.clone(),
                    insider: (owner.director || owner.officer) && !owner.ten_percent_owner,
                })
                .collect(),
            lots: filing.lots.iter().map(LotRecord::from).collect(),
            not_counted: BTreeSet::new(),
        })
    }

    /// How this filing relates to what history has of its issuer.
    pub fn relate(&self, history: &[PastFiling]) -> Relation {
        let others: Vec<&PastFiling> =
            history.iter().filter(|past| past.accession != self.accession).collect();
        let link = if self.form.is_amendment() { self.link(&others) } else { Link::Unknown };
        let before = match &link {
            Link::To(original) => latest(&others, *original),
            Link::Unclear(_) | Link::Unknown => None,
        };
        let changes = before.map(|before| changes(&before.lots, &self.lots));
        // An amendment tells its original's lots again by right: that is its link.
        let amended = |past: &PastFiling| match &link {
            Link::To(original) => past.accession == *original || past.amends == Some(*original),
            Link::Unclear(candidates) => candidates.contains(&past.accession),
            Link::Unknown => false,
        };
        let told = others.iter().filter(|past| !amended(past)).filter_map(|past| {
            let lots: BTreeSet<usize> =
                (0..self.lots.len()).filter(|&i| past.tells(self, &self.lots[i]).is_some()).collect();
            (!lots.is_empty()).then_some(Told { accession: past.accession, lots })
        });
        let told = told.collect();
        Relation { link, follows: before.map(|before| before.accession), changes, told }
    }

    /// The position of the same lot in this filing: equal in security, date, code, number, price *and* what is held
    /// afterwards, as owners of one chain report a block each for themselves. Two insiders who both hold directly are two
    /// people, whatever their figures.
    pub fn tells(&self, other: &PastFiling, lot: &LotRecord) -> Option<usize> {
        // Without what is left, equal lots may be anybody's.
        let (shares_after, date) = (lot.shares_after?, lot.date?);
        self.lots.iter().position(|own| {
            let both_direct =
                own.ownership == Some(Ownership::Direct) && lot.ownership == Some(Ownership::Direct);
            own.shares_after == Some(shares_after)
                && own.date == Some(date)
                && own.shares.is_some()
                && (own.shares, own.price, own.code) == (lot.shares, lot.price, lot.code)
                && (own.acquired_disposed, own.table) == (lot.acquired_disposed, lot.table)
                && own.security == lot.security
                && !(both_direct && self.are_insiders() && other.are_insiders() && !self.shares_owner(other))
        })
    }

    fn are_insiders(&self) -> bool {
        self.owners.iter().all(|owner| owner.insider)
    }

    fn shares_owner(&self, other: &PastFiling) -> bool {
        self.owners.iter().any(|owner| other.owners.iter().any(|theirs| owner.is(theirs)))
    }

    /// Of the filings of one issuer, the one that this amendment amends: of the same owners, for the same period, submitted
    /// on the day that it names. Of several the one with the most equal lots, if there is one.
    fn link(&self, others: &[&PastFiling]) -> Link {
        let score = |past: &PastFiling| {
            let same_day = Some(edgar_day(past.accepted_at)) == self.original_day;
            let same_period = self.period.is_some() && past.period == self.period;
            let same_owners = self.owners.len() == past.owners.len()
                && self.owners.iter().all(|owner| past.owners.iter().any(|theirs| owner.is(theirs)));
            let fits = past.form.number() == self.form.number()
                && !past.form.is_amendment()
                && past.accepted_at <= self.accepted_at
                && self.shares_owner(past)
                && (same_day || same_period);
            fits.then_some(usize::from(same_day) + usize::from(same_period) + usize::from(same_owners))
        };
        let scored: Vec<(usize, &PastFiling)> =
            others.iter().filter_map(|past| Some((score(past)?, *past))).collect();
        let best = scored.iter().map(|(score, _)| *score).max();
        let fitting: Vec<&PastFiling> =
            scored.into_iter().filter(|(score, _)| Some(*score) == best).map(|(_, past)| past).collect();
        let named =
            |past: &PastFiling| self.original_day.is_none_or(|day| edgar_day(past.accepted_at) == day);
        match fitting[..] {
            [] => return Link::Unknown,
            [only] if named(only) => return Link::To(only.accession),
            // For the period, but not submitted on the day that the amendment names.
            [only] => return Link::Unclear(vec![only.accession]),
            _ => {}
        }
        // Sales of more rows than a form has are split over filings of one day.
        let alike = |past: &&PastFiling| changes(&past.lots, &self.lots).unchanged;
        let most = fitting.iter().map(alike).max().unwrap_or_default();
        let nearest: Vec<Accession> =
            fitting.iter().filter(|past| alike(past) == most).map(|past| past.accession).collect();
        match nearest[..] {
            [only] if most > 0 => Link::To(only),
            _ => Link::Unclear(fitting.iter().map(|past| past.accession).collect()),
        }
    }
}

impl PastOwner {
    fn is(&self, other: &PastOwner) -> bool {
        if self.cik.is_some() { self.cik == other.cik } else { self.name == other.name }
    }
}

/// The filing as it stands after its last amendment so far that told its lots.
fn latest<'a>(others: &[&'a PastFiling], original: Accession) -> Option<&'a PastFiling> {
    let versions = others
        .iter()
        .filter(|past| past.accession == original || past.amends == Some(original) && !past.lots.is_empty());
    versions.copied().max_by_key(|past| (past.accepted_at, past.accession))
}
