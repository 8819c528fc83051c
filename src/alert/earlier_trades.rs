//! Adds the earlier trades of their owners to alerts.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use super::deeds::Verb;
use super::history::{MONTH, TradeCount, TradeHistory, TradeKind, YEAR};
use super::record::Alert;
use crate::filing::record::LotRecord;
use crate::filing::{Accession, PastFiling, Usd, edgar_day};

/// How far back history is read.
const REACH: TimeDelta = TimeDelta::days(2 * 366);

impl Alert {
    /// The time from which [`Self::take_history`] needs the history of the issuer; `None` if it says nothing
    /// about this alert.
    pub fn history_since(&self) -> Option<DateTime<Utc>> {
        self.counted_kind()?;
        let until = self.last_day()?.and_hms_opt(0, 0, 0)?.and_utc();
        until.checked_sub_signed(REACH)
    }

    /// Adds the earlier trades of the same owners. `past` is the history of the issuer from
    /// [`Self::history_since`] on, which is complete from `whole_since` on.
    pub fn take_history(&mut self, past: &[PastFiling], whole_since: Option<DateTime<Utc>>) {
        let (Some(kind), Some(until)) = (self.counted_kind(), self.last_day()) else { return };
        let same_trade = self.other_reports();
        let mut days_30 = Count::default();
        let mut months_12 = Count::default();
        let mut previous = None;
        let own = Trades::of(self.lots.iter().map(|lot| (lot.date, lot)), kind);
        for count in [&mut days_30, &mut months_12] {
            count.add(&own.values);
        }
        for filing in
            past.iter().filter(|past| self.is_of_owners(past) && !same_trade.contains(&past.accession))
        {
            let counted =
                filing.lots.iter().enumerate().filter(|(number, _)| !filing.not_counted.contains(number));
            let trades = Trades::of(counted.map(|(number, lot)| (filing.day_of(number), lot)), kind);
            let Some(last) = trades.days.range(..=until).next_back().copied() else { continue };
            previous = previous.max(Some(last));
            for (count, days) in [(&mut days_30, MONTH), (&mut months_12, YEAR)] {
                if until.checked_sub_days(Days::new(days)).is_some_and(|first| last > first) {
                    count.add(&trades.values);
                }
            }
        }
        self.history = Some(TradeHistory {
            kind,
            complete_since: whole_since.and_then(|since| edgar_day(since).succ_opt()),
            until,
            days_30: days_30.into(),
            months_12: months_12.into(),
            previous,
        });
    }

    /// The history in words: `4th sale in 12 months, $31.00M together`, `first sale since Mar 2024`. `None`
    /// if history is too short to say anything.
    pub fn history_text(&self) -> Option<String> {
        self.history.as_ref()?.text()
    }

    /// The kind of trades to count, for an alert about open-market sales or purchases only.
    fn counted_kind(&self) -> Option<TradeKind> {
        match self.verb() {
            Verb::Sold => Some(TradeKind::Sale),
            Verb::Bought => Some(TradeKind::Purchase),
            Verb::Moved | Verb::Traded | Verb::Other(_) => None,
        }
        .filter(|_| !self.withdrawn)
    }

    /// The last day of its trades, or of its acceptance if they have no date or a later one.
    fn last_day(&self) -> Option<NaiveDate> {
        let accepted = edgar_day(self.accepted_at?);
        let traded = self.lots.iter().filter_map(|lot| lot.date).filter(|date| *date <= accepted).max();
        Some(traded.unwrap_or(accepted))
    }

    /// Filings that report this alert's own trade: versions that it amends, and reports by others.
    fn other_reports(&self) -> BTreeSet<Accession> {
        let earlier = self.replaces_earlier.iter().map(|replaced| replaced.accession);
        let versions = [self.amends, self.follows, self.amended_by].into_iter().flatten();
        [self.accession]
            .into_iter()
            .chain(versions)
            .chain(earlier)
            .chain(self.also_in.iter().copied())
            .collect()
    }

    /// True if one of its owners is among those of a filing of history.
    pub(crate) fn is_of_owners(&self, past: &PastFiling) -> bool {
        self.owners.iter().any(|own| {
            past.owners.iter().any(|theirs| match own.cik {
                Some(cik) => theirs.cik == Some(cik),
                None => theirs.name == own.name,
            })
        })
    }
}

/// The lots of a filing that count.
struct Trades {
    days: BTreeSet<NaiveDate>,
    values: Vec<Option<Usd>>,
}

impl Trades {
    fn of<'l>(lots: impl Iterator<Item = (Option<NaiveDate>, &'l LotRecord)>, kind: TradeKind) -> Self {
        let counted = lots.filter(|(_, lot)| lot.code == Some(kind.code()) && !lot.moved);
        let (mut days, mut values) = (BTreeSet::new(), Vec::new());
        for (day, lot) in counted {
            days.extend(day);
            values.push(lot.counted_value());
        }
        Self { days, values }
    }
}

/// A count under way.
#[derive(Default)]
struct Count {
    filings: usize,
    value: Option<Usd>,
    is_at_least: bool,
}

impl Count {
    fn add(&mut self, values: &[Option<Usd>]) {
        self.filings += 1;
        for value in values {
            let sum = value.map(|value| self.value.map_or(Some(value), |sum| sum.plus(value)));
            match sum {
                Some(Some(sum)) => self.value = Some(sum),
                Some(None) | None => self.is_at_least = true,
            }
        }
    }
}

impl From<Count> for TradeCount {
    fn from(Count { filings, value, is_at_least }: Count) -> Self {
        Self { filings, value_usd: value, value_is_at_least: is_at_least }
    }
}
