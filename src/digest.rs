//! The alerts of a window, gathered into one mail: one entry per filing, sorted by value, with totals.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::alert::{Alert, Key};
use crate::filing::record::LotRecord;
use crate::filing::{Accession, Cik, Direction, Sums, Trade, Usd};

/// The most sums that an entry has.
const MOST_SUMS: usize = 4;

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
    /// The total if all lots go one way; `None` if they do not, or if it is unknown. Older versions added
    /// both ways.
    pub total_usd: Option<Usd>,
    /// True if a lot's value is unknown, so that the true total is higher.
    pub total_is_at_least: bool,
    /// The totals for each way that lots go, without odd values.
    #[serde(default)]
    pub totals: Vec<Total>,
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

/// One filing in a digest.
///
/// Far down in a long digest, it has no lots and only an outline of its alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The rules that matched.
    pub rules: Vec<String>,
    /// The alert. If several rules matched, it covers the lots that any of them counted.
    pub alert: Alert,
    /// The numbers of the lots that are not in the total: an amendment in this digest replaces them, or they
    /// restate earlier reports.
    #[serde(default)]
    pub not_counted: BTreeSet<usize>,
    /// How many of its lots are in the total.
    #[serde(default)]
    pub counted: usize,
    /// When it was sent to the recipient at once, in an e-mail of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<DateTime<Utc>>,
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
        let mut totals: Vec<Total> = Vec::new();
        let mut left_out = 0;
        for entry in entries.iter().filter(|entry| entry.counted > 0) {
            // Lots that only move are neither acquired nor disposed of.
            let mut lots = entry.counted_lots().filter(|lot| !lot.moved).map(LotRecord::figures).peekable();
            if lots.peek().is_none() {
                continue;
            }
            let trade = Trade::of(lots);
            left_out += usize::from(trade.ways().any(|sums| sums.value_is_odd));
            for sums in trade.ways() {
                Total::add(&mut totals, sums);
            }
        }
        let only = if let [one] = totals.as_slice() { Some(one) } else { None };
        let total_is_at_least = only.is_some_and(|one| one.is_at_least);
        // With nothing but gifts and grants, the total is zero.
        let total_usd = if totals.is_empty() { Some(Usd::ZERO) } else { only.and_then(|one| one.usd) };
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
            totals,
            left_out,
            issuers: ciks.len(),
            new_issuers: None,
            muted: 0,
            due: None,
        }
    }

    /// The same digest, small enough for one record: entries that no e-mail lists keep only an outline of their
    /// alerts. All counts and totals stay.
    pub fn bounded(mut self) -> Self {
        let mut bytes = 0;
        for (place, entry) in self.entries.iter_mut().enumerate() {
            if place < MOST_WHOLE {
                // Alerts are texts, numbers and times, all of which JSON can represent.
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

    /// The total in words: `$2,661,359.10`, `$100.00 disposed of, $50.00 acquired`.
    pub fn total_text(&self) -> String {
        if self.entries.iter().all(|entry| entry.counted == 0) {
            return "nothing new".into();
        }
        let text = match self.totals.as_slice() {
            // Queued by an older version.
            [] => sum_text(self.total_usd, self.total_is_at_least),
            [one] => sum_text(one.usd, one.is_at_least),
            several => several.iter().map(Total::text).collect::<Vec<_>>().join(", "),
        };
        match self.left_out {
            0 => text,
            1 => format!("{text}, leaving out an odd value"),
            n => format!("{text}, leaving out {n} odd values"),
        }
    }
}

/// The total value of a digest's lots that go one way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Total {
    /// Which way; `None` if the lots do not say.
    pub direction: Option<Direction>,
    /// The sum of the values that are not odd.
    pub usd: Option<Usd>,
    /// True if a value is missing.
    pub is_at_least: bool,
}

impl Total {
    fn add(totals: &mut Vec<Self>, sums: &Sums) {
        // Lots given or granted for nothing have no part in a total of dollars.
        if sums.value.is_some_and(Usd::is_zero) && !sums.value_is_at_least && !sums.value_is_odd {
            return;
        }
        let place = totals.iter().position(|total| total.direction == sums.direction).unwrap_or_else(|| {
            totals.push(Self { direction: sums.direction, usd: None, is_at_least: false });
            totals.len() - 1
        });
        let total = &mut totals[place];
        let sum = sums.sound_value.and_then(|value| total.usd.unwrap_or_default().plus(value));
        total.is_at_least |= sums.value_is_at_least || sum.is_none() && !sums.value_is_odd;
        total.usd = sum.or(total.usd);
    }

    fn text(&self) -> String {
        let sum = sum_text(self.usd, self.is_at_least);
        match self.direction {
            Some(Direction::Acquired) => format!("{sum} acquired"),
            Some(Direction::Disposed) => format!("{sum} disposed of"),
            None => sum,
        }
    }
}

fn sum_text(usd: Option<Usd>, is_at_least: bool) -> String {
    match usd {
        None => "an unknown sum".into(),
        Some(total) if is_at_least => format!("at least {total}"),
        Some(total) => total.to_string(),
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

impl Entry {
    /// The lots that are in the total.
    fn counted_lots(&self) -> impl Iterator<Item = &LotRecord> {
        let lots = self.alert.lot_numbers.iter().zip(&self.alert.lots);
        lots.filter(|(number, _)| !self.not_counted.contains(number)).map(|(_, lot)| lot)
    }

    /// A remark about an entry that is missing from the digest's total, or only partly in it.
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
        own.take_stakes(other.stakes);
        own.filed_late = own.filed_late.max(other.filed_late);
        own.sums = own.sums.iter().chain(&other.sums).fold(Vec::new(), |mut all, sum| {
            if all.len() < MOST_SUMS && !all.contains(sum) {
                all.push(sum.clone());
            }
            all
        });
        for (lots, more) in
            [(&mut own.restated, other.restated), (&mut own.reported_before, other.reported_before)]
        {
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
