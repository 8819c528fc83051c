//! The alerts of a window, gathered for one mail: one entry a filing, sorted by value, with totals.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::alert::{Alert, Key};
use crate::filing::Usd;

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
    /// Whether it is in the total: not where an amendment here restates it, nor where it restates what was told before.
    #[serde(default = "yes")]
    pub counts: bool,
}

fn yes() -> bool {
    true
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
                None => entries.push(Entry { rules: vec![alert.rule.clone()], alert, counts: true }),
            }
        }
        let told: Vec<_> = entries.iter().map(|entry| entry.alert.accession).collect();
        // The amended version takes its original's place where both are here.
        let replaced: Vec<_> = entries
            .iter()
            .filter(|entry| entry.alert.restates)
            .filter_map(|entry| Some((entry.alert.amends?, entry.alert.accepted_at)))
            .collect();
        for entry in &mut entries {
            let alert = &entry.alert;
            let original = alert.amends.unwrap_or(alert.accession);
            let later = replaced.iter().any(|(amended, at)| *amended == original && *at > alert.accepted_at);
            let earlier = alert.restates && alert.amends.is_some_and(|amended| !told.contains(&amended));
            entry.counts = !later && !earlier;
        }
        entries.sort_by(|a, b| {
            (b.alert.value_usd, a.alert.accepted_at, a.alert.accession).cmp(&(
                a.alert.value_usd,
                b.alert.accepted_at,
                b.alert.accession,
            ))
        });
        let mut total_usd: Option<Usd> = None;
        let mut total_is_at_least = false;
        for entry in entries.iter().filter(|entry| entry.counts) {
            let sum = entry.alert.value_usd.and_then(|value| total_usd.unwrap_or_default().plus(value));
            total_is_at_least |= sum.is_none() || entry.alert.value_is_at_least;
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
            None if self.entries.iter().all(|entry| !entry.counts) => {
                "nothing that was not told before".into()
            }
            None => "an unknown sum".into(),
            Some(total) if self.total_is_at_least => format!("at least {total}"),
            Some(total) => total.to_string(),
        }
    }
}

impl Entry {
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
        if self.alert.lots.len() > before {
            self.alert.refigure();
        }
    }
}
