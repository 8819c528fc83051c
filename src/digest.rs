//! The alerts of a window, gathered into one mail: one entry per filing, sorted by value, with totals.

mod entry;
mod kinds;

pub use entry::Entry;
pub use kinds::{Kind, KindTotal};

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::alert::{Alert, Key};
use crate::filing::{Accession, Cik};

/// The most entries that have their whole alerts, and the most bytes that these may take as JSON.
const MOST_WHOLE: usize = 400;
const MOST_WHOLE_BYTES: usize = 4 * 1024 * 1024;

/// A digest as it is queued. Its text is derived from its alerts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    /// Derived from recipient, slot and alerts, so that a digest made twice has the same key, and a slot that
    /// a wrong clock used up hides no alert.
    pub key: Key,
    /// The slot on the schedule's own clock, `2026-11-23T17:30`.
    pub slot: String,
    /// Name of the schedule's time zone.
    pub time_zone: String,
    /// Where the window starts: when the last slot was closed.
    pub since: DateTime<Utc>,
    /// Where it ends.
    pub until: DateTime<Utc>,
    /// One entry per filing, the most valuable first.
    pub entries: Vec<Entry>,
    /// The totals by kind: sales, purchases, then others. Digests of older versions have none.
    #[serde(default)]
    pub kinds: Vec<KindTotal>,
    /// How many entries have an odd value, which is in no total.
    #[serde(default)]
    pub left_out: usize,
    /// How many different companies there are.
    pub issuers: usize,
    /// The companies that were not in the recipient's last digest; `None` if that is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_issuers: Option<BTreeSet<Cik>>,
    /// How many alerts mutes hold back from the recipient.
    #[serde(default)]
    pub muted: usize,
    /// When it was due, if its slot passed while nothing could close it, so that it is late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<DateTime<Utc>>,
}

impl Digest {
    /// The digest for a recipient's slot. Alerts of one filing become one entry, so that no lot is counted
    /// twice.
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
                    sent_at: None,
                }),
            }
        }
        count(&mut entries);
        entries.sort_by(|a, b| {
            (b.alert.sound_value(), a.alert.accepted_at, a.alert.accession).cmp(&(
                a.alert.sound_value(),
                b.alert.accepted_at,
                b.alert.accession,
            ))
        });
        let kinds = KindTotal::of(&entries);
        let left_out = entries.iter().filter(|entry| entry.has_odd_value()).count();
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
            kinds,
            left_out,
            issuers: ciks.len(),
            new_issuers: None,
            muted: 0,
            due: None,
        }
    }

    /// The totals by kind, also those of a digest that an older version queued.
    pub fn totals(&self) -> Vec<KindTotal> {
        if self.kinds.is_empty() { KindTotal::of(&self.entries) } else { self.kinds.clone() }
    }

    /// The same digest, small enough for one record: entries that no e-mail lists keep only an outline of their
    /// alerts. All counts and totals stay.
    pub fn bounded(mut self) -> Self {
        let mut bytes = 0;
        for (place, entry) in self.entries.iter_mut().enumerate() {
            if place < MOST_WHOLE {
                // JSON can represent every part of an alert.
                let own = serde_json::to_string(&entry.alert).map_or(usize::MAX, |json| json.len());
                if own <= MOST_WHOLE_BYTES - bytes {
                    bytes += own;
                    continue;
                }
            }
            entry.alert.outline();
            entry.not_counted.clear();
        }
        self
    }
}

/// Decides which lots of each entry are in the total, so that each trade counts once.
fn count(entries: &mut [Entry]) {
    let here: BTreeSet<Accession> = entries.iter().map(|entry| entry.alert.accession).collect();
    let earlier = entries.iter().flat_map(|entry| &entry.alert.replaces_earlier);
    let replaced: BTreeSet<(Accession, usize)> = entries
        .iter()
        .filter_map(|entry| Some((entry.alert.follows?, &entry.alert.replaces)))
        .chain(earlier.map(|replaced| (replaced.accession, &replaced.lots)))
        .flat_map(|(version, lots)| lots.iter().map(move |lot| (version, *lot)))
        .collect();
    for entry in entries {
        let alert = &entry.alert;
        let reported_before = alert.follows.is_some_and(|version| !here.contains(&version));
        let not_counted = alert.lot_numbers.iter().copied().filter(|lot| {
            alert.withdrawn
                || alert.reported_before.contains(lot)
                || reported_before && alert.restated.contains(lot)
                || replaced.contains(&(alert.accession, *lot))
        });
        entry.not_counted = not_counted.collect();
        entry.counted = alert.lot_numbers.len() - entry.not_counted.len();
    }
}
