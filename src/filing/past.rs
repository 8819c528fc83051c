//! What history keeps of a filing, and how a new one relates to it: as an amendment, or as another telling of one trade.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::amendment::{Changes, changes};
use super::record::LotRecord;
use super::{Accession, Cik, Filing, Form, Ownership, edgar_day, is_mistyped};

/// So many filings that a new one may be related to are looked at.
const MOST_RELATED: usize = 50;

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
    /// Positions of lots whose dates are typing errors. Records of older versions do not say.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub mistyped: BTreeSet<usize>,
    /// Positions of lots that another filing tells as well, or an amendment took the place of: they count there.
    #[serde(default)]
    pub not_counted: BTreeSet<usize>,
    /// Where they count: the filing that told the trade first, or the amendment. Records of older versions do not say.
    #[serde(default)]
    pub counted_in: BTreeMap<usize, Accession>,
    /// What was told of it, by rule.
    #[serde(default)]
    pub rang: BTreeMap<String, Rang>,
}

/// What was told of a filing for one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rang {
    /// The alert's key.
    pub key: String,
    /// What the rule asked for, in short: an amendment is held against no other.
    #[serde(default)]
    pub asked: Option<String>,
    /// The positions of its lots.
    pub lots: Vec<usize>,
}

/// A reporting person as history keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastOwner {
    /// The key.
    pub cik: Option<Cik>,
    /// As filed.
    pub name: String,
    /// Whether the boxes say that this is a person: an officer, or a director who is no owner of ten percent.
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
    /// What was told of that version, by rule.
    pub follows_rang: BTreeMap<String, Rang>,
    /// The lots of that version.
    pub follows_lots: Vec<LotRecord>,
    /// Of a linked amendment: what changed since that version, row by row.
    pub changes: Option<Changes>,
    /// Of an original that comes after its amendment: that amendment, and the lots that it takes the place of.
    pub amended_by: Option<(Accession, BTreeSet<usize>)>,
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
    /// What was told of it, by rule.
    pub rang: BTreeMap<String, Rang>,
}

impl PastFiling {
    /// Notes that lots count in another filing.
    pub fn count_in(&mut self, other: Accession, lots: impl IntoIterator<Item = usize>) {
        for lot in lots {
            self.not_counted.insert(lot);
            self.counted_in.entry(lot).or_insert(other);
        }
    }

    /// Notes that an amendment took the place of lots, also of those that another filing tells as well.
    pub fn replace_in(&mut self, amendment: Accession, lots: impl IntoIterator<Item = usize>) {
        for lot in lots {
            self.not_counted.insert(lot);
            self.counted_in.insert(lot, amendment);
        }
    }

    /// The day on which a lot was traded, as conditions about history count: the filing's where it has no date or one after
    /// the filing; `None` where its date is a typing error.
    pub fn day_of(&self, lot: usize) -> Option<NaiveDate> {
        let accepted = edgar_day(self.accepted_at);
        let date = self.lots.get(lot)?.date;
        let mistyped = date.is_some_and(|date| is_mistyped(date, Some(accepted), self.period));
        (!mistyped && !self.mistyped.contains(&lot)).then(|| date.map_or(accepted, |date| date.min(accepted)))
    }

    /// This filing as it was before others than `known` came: what those tell or replace counts here.
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
                    insider: owner.officer || owner.director && !owner.ten_percent_owner,
                })
                .collect(),
            lots: filing.lots.iter().map(LotRecord::from).collect(),
            mistyped: filing.mistyped_lots(),
            not_counted: BTreeSet::new(),
            counted_in: BTreeMap::new(),
            rang: BTreeMap::new(),
        })
    }

    /// How this filing relates to what history has of its issuer.
    pub fn relate(&self, history: &[PastFiling]) -> Relation {
        let others: Vec<&PastFiling> =
            history.iter().filter(|past| past.accession != self.accession).collect();
        let link = if self.form.is_amendment() { self.link(&others) } else { Link::Unknown };
        let before = match &link {
            Link::To(original) => self.version_before(&others, *original),
            Link::Unclear(_) | Link::Unknown => None,
        };
        let changes = before.map(|before| changes(&before.lots, &self.lots));
        // An amendment tells its original's lots again by right: that is its link.
        let amended = |past: &PastFiling| match &link {
            Link::To(original) => past.accession == *original || past.amends == Some(*original),
            Link::Unclear(_) | Link::Unknown => false,
        };
        let told = others.iter().filter(|past| !amended(past)).filter_map(|past| {
            let lots = past.tells(self);
            (!lots.is_empty()).then(|| Told { accession: past.accession, lots, rang: past.rang.clone() })
        });
        let told = told.take(MOST_RELATED).collect();
        Relation {
            link,
            follows: before.map(|before| before.accession),
            follows_rang: before.map(|before| before.rang.clone()).unwrap_or_default(),
            follows_lots: before.map(|before| before.lots.clone()).unwrap_or_default(),
            changes,
            amended_by: self.amended_by(&others),
            told,
        }
    }

    /// The positions of another filing's lots that this one tells: equal in security, date, code, number, price *and* what is
    /// held afterwards, as owners of one chain report a block each for themselves; each of ours is one of theirs only. An
    /// amendment's must also be equal in what its notes say.
    ///
    /// Where nothing is left, equal figures may be anybody's. Two insiders who both hold directly are two people.
    fn tells(&self, other: &PastFiling) -> BTreeSet<usize> {
        let people = self.are_insiders() && other.are_insiders() && !self.shares_owner(other);
        let mut free: BTreeSet<usize> = (0..self.lots.len()).collect();
        let mut told = BTreeSet::new();
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
                told.insert(i);
            }
        }
        told
    }

    /// An amendment of this filing that came before it.
    fn amended_by(&self, others: &[&PastFiling]) -> Option<(Accession, BTreeSet<usize>)> {
        if self.form.is_amendment() {
            return None;
        }
        let with_self: Vec<&PastFiling> = others.iter().copied().chain([self]).collect();
        let mine = others.iter().filter(|past| {
            past.form.is_amendment()
                && past.amends.is_none()
                && past.link(&with_self) == Link::To(self.accession)
        });
        let latest = mine.max_by_key(|past| (past.accepted_at, past.accession))?;
        Some((latest.accession, changes(&self.lots, &latest.lots).replaced))
    }

    /// Of a filing and its amendments that told lots, the last that was accepted before this one.
    fn version_before<'a>(&self, others: &[&'a PastFiling], original: Accession) -> Option<&'a PastFiling> {
        let versions = others.iter().filter(|past| {
            past.accession == original
                || past.amends == Some(original)
                    && !past.lots.is_empty()
                    && past.accepted_at <= self.accepted_at
        });
        versions.copied().max_by_key(|past| (past.accepted_at, past.accession))
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
        let alike: Vec<(usize, &PastFiling)> = fitting
            .iter()
            .take(MOST_RELATED)
            .map(|past| (changes(&past.lots, &self.lots).unchanged, *past))
            .collect();
        let most = alike.iter().map(|(unchanged, _)| *unchanged).max().unwrap_or_default();
        let nearest: Vec<&PastFiling> =
            alike.into_iter().filter(|(unchanged, _)| *unchanged == most).map(|(_, past)| past).collect();
        match nearest[..] {
            [only] if most > 0 && named(only) => Link::To(only.accession),
            _ => Link::Unclear(fitting.iter().take(MOST_RELATED).map(|past| past.accession).collect()),
        }
    }
}

impl PastOwner {
    fn is(&self, other: &PastOwner) -> bool {
        if self.cik.is_some() { self.cik == other.cik } else { self.name == other.name }
    }
}
