//! The alerts of a window, gathered for one mail: one entry a filing, sorted by value, with totals.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::alert::{Alert, Key};
use crate::filing::record::LotRecord;
use crate::filing::{Accession, Trade, Usd};

/// A digest as it is queued: what it says is derived from its alerts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    /// Of recipient, slot and alerts: made twice, it is the same; a slot that a wrong clock used up hides no alert.
    pub key: Key,
    /// The slot on the schedule's own clock, `2026-11-23T17:30`.
    pub slot: String,
    /// Name of the schedule's time zone.
    pub time_zone: String,
    /// Where the window starts: when the last slot was closed.
    pub since: DateTime<Utc>,
    /// Where it ends.
    pub until: DateTime<Utc>,
    /// One entry a filing, the most valuable first.
    pub entries: Vec<Entry>,
    /// The sum over the entries' known values; `None` where none is known.
    pub total_usd: Option<Usd>,
    /// Whether an entry's value is unknown or only a lower bound.
    pub total_is_at_least: bool,
    /// How many different companies.
    pub issuers: usize,
}

/// One filing in a digest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The rules that rang.
    pub rules: Vec<String>,
    /// The alert; with several rules, over the lots that any of them counted.
    pub alert: Alert,
    /// Numbers of lots that are not in the total: an amendment here takes their place, or they restate what was told before.
    #[serde(default)]
    pub not_counted: BTreeSet<usize>,
    /// How many of its lots are.
    #[serde(default)]
    pub counted: usize,
}

impl Digest {
    /// The digest of a recipient's slot. Alerts of one filing become one entry, so that no lot is counted twice.
    pub fn new(
        recipient: &str,
        slot: String,
        time_zone: String,
        (since, until): (DateTime<Utc>, DateTime<Utc>),
        alerts: Vec<Alert>,
    ) -> Self {
        let mut keys: Vec<String> = alerts.iter().map(|alert| alert.key.to_string()).collect();
        keys.sort_unstable();
        let keys = keys.concat();
        let mut entries: Vec<Entry> = Vec::new();
        for alert in alerts {
            match entries.iter_mut().find(|entry| entry.alert.accession == alert.accession) {
                Some(entry) => entry.add(alert),
                None => entries.push(Entry {
                    rules: vec![alert.rule.clone()],
                    alert,
                    not_counted: BTreeSet::new(),
                    counted: 0,
                }),
            }
        }
        count(&mut entries);
        entries.sort_by(|a, b| {
            (b.alert.value_usd, a.alert.accepted_at, a.alert.accession).cmp(&(
                a.alert.value_usd,
                b.alert.accepted_at,
                b.alert.accession,
            ))
        });
        let mut total_usd: Option<Usd> = None;
        let mut total_is_at_least = false;
        for entry in entries.iter().filter(|entry| entry.counted > 0) {
            let trade = Trade::of(entry.counted_lots().map(LotRecord::figures));
            let sum = trade.value.and_then(|value| total_usd.unwrap_or_default().plus(value));
            total_is_at_least |= sum.is_none() || trade.value_is_at_least;
            total_usd = sum.or(total_usd);
        }
        let mut ciks: Vec<_> = entries.iter().map(|entry| entry.alert.issuer.cik).collect();
        ciks.sort_unstable();
        ciks.dedup();
        Self {
            key: Key::of(&["digest", recipient, &slot, &time_zone, &keys]),
            slot,
            time_zone,
            since,
            until,
            entries,
            total_usd,
            total_is_at_least,
            issuers: ciks.len(),
        }
    }

    /// The total as people read it.
    pub fn total_text(&self) -> String {
        match self.total_usd {
            None if self.entries.iter().all(|entry| entry.counted == 0) => {
                "nothing that was not told before".into()
            }
            None => "an unknown sum".into(),
            Some(total) if self.total_is_at_least => format!("at least {total}"),
            Some(total) => total.to_string(),
        }
    }
}

/// Sets which lots of each entry are in the total, so that each trade is in it once.
fn count(entries: &mut [Entry]) {
    let here: BTreeSet<Accession> = entries.iter().map(|entry| entry.alert.accession).collect();
    let replaced: BTreeSet<(Accession, usize)> = entries
        .iter()
        .filter_map(|entry| Some((entry.alert.follows?, &entry.alert.replaces)))
        .flat_map(|(version, lots)| lots.iter().map(move |lot| (version, *lot)))
        .collect();
    for entry in entries {
        let alert = &entry.alert;
        let told_before = alert.follows.is_some_and(|version| !here.contains(&version));
        let not_counted = alert.lot_numbers.iter().copied().filter(|lot| {
            alert.withdrawn
                || alert.told_before.contains(lot)
                || told_before && alert.restated.contains(lot)
                || replaced.contains(&(alert.accession, *lot))
        });
        entry.not_counted = not_counted.collect();
        entry.counted = alert.lot_numbers.len() - entry.not_counted.len();
    }
}

impl Entry {
    /// The lots that are in the total.
    fn counted_lots(&self) -> impl Iterator<Item = &LotRecord> {
        let lots = self.alert.lot_numbers.iter().zip(&self.alert.lots);
        lots.filter(|(number, _)| !self.not_counted.contains(number)).map(|(_, lot)| lot)
    }

    /// What a digest says of an entry that is not, or not all, in its total.
    pub fn count_text(&self) -> Option<&'static str> {
        match self.counted {
            0 => Some("not in the total"),
            counted if counted < self.alert.lots.len() => Some("in part in the total"),
            _ => None,
        }
    }

    fn add(&mut self, other: Alert) {
        if let Err(place) = self.rules.binary_search(&other.rule) {
            self.rules.insert(place, other.rule);
        }
        let before = self.alert.lots.len();
        for (number, lot) in other.lot_numbers.into_iter().zip(other.lots) {
            if let Err(place) = self.alert.lot_numbers.binary_search(&number) {
                self.alert.lot_numbers.insert(place, number);
                self.alert.lots.insert(place, lot);
            }
        }
        let own = &mut self.alert;
        own.filed_late = own.filed_late.max(other.filed_late);
        for (lots, more) in [(&mut own.restated, other.restated), (&mut own.told_before, other.told_before)] {
            lots.extend(more);
            lots.sort_unstable();
            lots.dedup();
        }
        let more: Vec<Accession> =
            other.also_in.into_iter().filter(|accession| !own.also_in.contains(accession)).collect();
        own.also_in.extend(more);
        if self.alert.lots.len() > before {
            self.alert.refigure();
        }
    }
}
