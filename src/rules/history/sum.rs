//! The sum that a condition about history found, and the filings or insiders that contribute to it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::events::{Event, earlier};
use crate::filing::{Accession, Filing, PastFiling, Shares, Unit, Usd, fold_title, index_url};
use crate::rules::span::Span;
use crate::rules::subject::Subject;
use crate::rules::wanted::Per;
use crate::text::clip;

/// The most filings or insiders of a sum that are named.
const MOST_PARTS: usize = 10;
const MOST_OWNERS: usize = 3;
const NAME: usize = 150;

/// The sum that made a `cumulative` or `cluster` condition hold: the lots that it counted within its span.
/// Its JSON form is part of an alert: `docs/ALERT.md`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// Which condition.
    pub condition: Counting,
    /// For `cumulative`: whose lots are added up.
    pub per: Option<Per>,
    /// The span, in words: `30 days`.
    pub within: String,
    /// The first day with a lot that counted.
    pub first_date: NaiveDate,
    /// The last day with a lot that counted.
    pub last_date: NaiveDate,
    /// How many insiders there are. Owners who report together, or report the same trade, are one.
    pub insiders: usize,
    /// How many filings there are, including the alert's own.
    pub filings: usize,
    /// The sum of shares; `None` if the lots are of several securities, or none states a number.
    pub shares: Option<Shares>,
    /// The unit of `shares`.
    #[serde(default)]
    pub unit: Unit,
    /// True if a lot states no number of shares.
    pub shares_is_at_least: bool,
    /// The sum of the priced lots whose value is not flagged as odd; `None` if there are none.
    pub value_usd: Option<Usd>,
    /// True if a lot is unpriced, or its value is odd.
    pub value_is_at_least: bool,
    /// The filings of a `cumulative`, or the insiders of a `cluster`: the alert's own first, then the newest;
    /// at most ten.
    pub parts: Vec<Part>,
    /// How many more there are.
    pub more: usize,
}

/// The condition that a sum belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// `cumulative`.
    Cumulative,
    /// `cluster`.
    Cluster,
}

/// A filing, or an insider, in a sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The owners' names as filed, at most three.
    pub owners: Vec<String>,
    /// The filing; for an insider with several, the newest.
    pub accession: Option<Accession>,
    /// Its index page on sec.gov.
    pub url: Option<String>,
    /// True if it is the alert's own filing, or insider.
    pub own: bool,
    /// How many filings.
    pub filings: usize,
    /// The first day with a lot that counted.
    pub first_date: NaiveDate,
    /// The last day with a lot that counted.
    pub last_date: NaiveDate,
    /// As in [`Sum`].
    pub shares: Option<Shares>,
    /// As in [`Sum`].
    #[serde(default)]
    pub unit: Unit,
    /// As in [`Sum`].
    pub shares_is_at_least: bool,
    /// As in [`Sum`].
    pub value_usd: Option<Usd>,
    /// As in [`Sum`].
    pub value_is_at_least: bool,
}

impl Sum {
    /// The sum of the lots that counted, in order of their dates; `None` if there are none.
    pub(super) fn of(
        subject: &Subject<'_>,
        (condition, per, within): (Counting, Option<Per>, Span),
        events: &[&Event<'_>],
    ) -> Option<Self> {
        let past: BTreeMap<Accession, &PastFiling> =
            earlier(subject).map(|past| (past.accession, past)).collect();
        let own_insider = events.iter().find(|event| event.filing.is_none()).map(|event| event.insider);
        let mut groups: BTreeMap<(Option<usize>, Option<Accession>), Vec<&Event<'_>>> = BTreeMap::new();
        for event in events {
            let group = match condition {
                Counting::Cumulative => (None, event.filing),
                Counting::Cluster => (Some(event.insider), None),
            };
            groups.entry(group).or_default().push(event);
        }
        let mut parts: Vec<Part> = groups
            .into_values()
            .filter_map(|events| {
                let own = match condition {
                    Counting::Cumulative => events[0].filing.is_none(),
                    Counting::Cluster => Some(events[0].insider) == own_insider,
                };
                Part::of(subject.filing, &past, own, &events)
            })
            .collect();
        parts.sort_by_key(|part| std::cmp::Reverse((part.own, part.last_date, part.accession)));
        let more = parts.len().saturating_sub(MOST_PARTS);
        parts.truncate(MOST_PARTS);
        let (first, last) = events.first().zip(events.last())?;
        let figures = Figures::of(events);
        Some(Self {
            condition,
            per,
            within: within.to_string(),
            first_date: first.date,
            last_date: last.date,
            insiders: events.iter().map(|event| event.insider).collect::<BTreeSet<_>>().len(),
            filings: events.iter().map(|event| event.filing).collect::<BTreeSet<_>>().len(),
            shares: figures.shares,
            unit: figures.unit,
            shares_is_at_least: figures.shares_is_at_least,
            value_usd: figures.value,
            value_is_at_least: figures.value_is_at_least,
            parts,
            more,
        })
    }
}

impl Part {
    fn of(
        filing: &Filing,
        past: &BTreeMap<Accession, &PastFiling>,
        own: bool,
        events: &[&Event<'_>],
    ) -> Option<Self> {
        let (first, last) = events.first().zip(events.last())?;
        let filings: BTreeSet<Option<Accession>> = events.iter().map(|event| event.filing).collect();
        let mut owners: Vec<String> = Vec::new();
        for accession in &filings {
            let names: Vec<&str> = match accession {
                None => filing.owners.iter().map(|owner| owner.name.as_str()).collect(),
                Some(accession) => past
                    .get(accession)
                    .map(|past| past.owners.iter().map(|owner| owner.name.as_str()).collect())
                    .unwrap_or_default(),
            };
            for name in names {
                let name = clip(name, NAME).into_owned();
                if owners.len() < MOST_OWNERS && !owners.contains(&name) {
                    owners.push(name);
                }
            }
        }
        let newest = if filings.contains(&None) { None } else { last.filing };
        let accession = newest.or(filing.accession);
        let figures = Figures::of(events);
        Some(Self {
            owners,
            accession,
            url: accession.map(|accession| index_url(filing.issuer.cik, accession)),
            own,
            filings: filings.len(),
            first_date: first.date,
            last_date: last.date,
            shares: figures.shares,
            unit: figures.unit,
            shares_is_at_least: figures.shares_is_at_least,
            value_usd: figures.value,
            value_is_at_least: figures.value_is_at_least,
        })
    }
}

/// Sums of lots, as far as known.
struct Figures {
    shares: Option<Shares>,
    unit: Unit,
    shares_is_at_least: bool,
    value: Option<Usd>,
    value_is_at_least: bool,
}

impl Figures {
    fn of(events: &[&Event<'_>]) -> Self {
        let mut sums = Self {
            shares: None,
            unit: events.first().map(|event| event.unit).unwrap_or_default(),
            shares_is_at_least: false,
            value: None,
            value_is_at_least: false,
        };
        for event in events {
            match event
                .value
                .filter(|_| !event.odd_value)
                .and_then(|value| sums.value.unwrap_or_default().plus(value))
            {
                Some(sum) => sums.value = Some(sum),
                None => sums.value_is_at_least = true,
            }
            match event.shares.and_then(|shares| sums.shares.unwrap_or_default().plus(shares)) {
                Some(sum) => sums.shares = Some(sum),
                None => sums.shares_is_at_least = true,
            }
        }
        let securities: BTreeSet<(Option<String>, Unit)> =
            events.iter().map(|event| (event.security.map(fold_title), event.unit)).collect();
        if securities.len() > 1 {
            (sums.shares, sums.shares_is_at_least) = (None, false);
        }
        sums
    }
}
