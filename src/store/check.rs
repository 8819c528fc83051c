//! Checks that every record of a store is readable and consistent with the others, and exports the store as
//! JSON Lines.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::io::{self, Write};
use std::panic::AssertUnwindSafe;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use super::alerts::ALERTS;
use super::backfill::{BACKFILL, BACKFILL_QUEUE};
use super::counts::{COUNTERS, Counts};
use super::dead::{DEAD, GIVEN_UP};
use super::digests::{DIGESTED, DIGESTS, GATHERED};
use super::engine::{Range, Space, Value};
use super::error::StoreError;
use super::handle::Store;
use super::history::HISTORY;
use super::known::{FILINGS, Known};
use super::known_addresses::KNOWN_ADDRESSES;
use super::late_alerts::LATE;
use super::latency::LATENCY;
use super::ledger::{DAYS, RECEIPTS};
use super::mutes::{MUTED, MUTES};
use super::overflow_lines::{self, LIST_HOLDERS, LISTS};
use super::paused::PAUSED;
use super::pending::PENDING;
use super::place_names::NAMES;
use super::placing::{DELIVERIES, QUEUE, Stood};
use super::quarantine::{QUARANTINE, UNREADABLE};
use super::ratios::RATIOS;
use super::record::decode;
use super::set_aside::SET_ASIDE;
use super::subscriptions::{self, SUBSCRIBERS, SUBSCRIPTION_COUNTS, SUBSCRIPTIONS};
use super::table::{CORRUPT, META, PAGE, Table};
use super::tables;
use super::trades::{BY_OWNER, BY_VALUE, INSIDERS};
use super::unsubscribed::UNSUBSCRIBED;
use crate::delivery::{Body, Delivery};
use crate::text::visible;

/// The most problems to list; the rest are only counted.
const MOST_NAMED: usize = 50;

/// The findings of a check.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Records by kind.
    pub records: BTreeMap<String, usize>,
    /// The first records that are unreadable or inconsistent with others.
    pub problems: Vec<String>,
    /// The total number of problems.
    pub problem_count: usize,
    /// Unreadable records that were found earlier and moved to the corrupt records.
    pub corrupt_records: usize,
    /// True if the disk lost the last writes.
    pub lost: bool,
}

impl Checked {
    fn problem(&mut self, text: String) {
        self.problem_count += 1;
        if self.problems.len() < MOST_NAMED {
            self.problems.push(text);
        }
    }
}

/// A record as it is exported.
#[derive(Serialize)]
struct Exported<'a> {
    tree: &'a str,
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
}

impl Store {
    /// Reads every record and checks that records agree with those they refer to. Changes nothing.
    ///
    /// # Errors
    /// Failures of the store; [`StoreError::Damaged`] if part of its file is damaged.
    pub async fn check(&self) -> Result<Checked, StoreError> {
        self.whole(async {
            let mut checked = Checked { lost: self.has_lost(), ..Checked::default() };
            self.check_intake(&mut checked).await?;
            self.check_outbox(&mut checked).await?;
            self.check_values::<IgnoredAny>(&mut checked, META).await?;
            self.check_table(&mut checked, &CORRUPT).await?;
            checked.corrupt_records = self.corrupt_len().await?;
            self.check_filings(&mut checked).await?;
            self.check_deliveries(&mut checked).await?;
            self.check_subscriptions(&mut checked).await?;
            Ok(checked)
        })
        .await
    }

    /// Writes each record as one JSON object per line: `tree`, `key`, `version`, `value`; a value that is not
    /// JSON is written as Base64.
    ///
    /// # Errors
    /// Failures of the store or of the writer.
    pub async fn export(&self, out: &mut dyn Write) -> Result<io::Result<usize>, StoreError> {
        self.whole(async {
            let mut count = 0;
            for space in tables::ALL {
                let mut pages = Pages::of(space);
                while let Some(page) = pages.next(self).await? {
                    for (key, value) in &page {
                        if let Err(error) = write_line(out, space, key, value) {
                            return Ok(Err(error));
                        }
                        count += 1;
                    }
                }
            }
            Ok(out.flush().map(|()| count))
        })
        .await
    }

    /// Turns a panic into an error: the embedded engine panics on a damaged page.
    async fn whole<T>(&self, read: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let read = AssertUnwindSafe(read).catch_unwind().await;
        read.unwrap_or_else(|_| Err(StoreError::Damaged(self.dir().to_owned())))
    }

    async fn check_intake(&self, checked: &mut Checked) -> Result<(), StoreError> {
        self.check_table(checked, &FILINGS).await?;
        self.check_table(checked, &PENDING).await?;
        self.check_table(checked, &QUARANTINE).await?;
        self.check_table(checked, &UNREADABLE).await?;
        self.check_table(checked, &DAYS).await?;
        self.check_table(checked, &RECEIPTS).await?;
        self.check_table(checked, &BACKFILL).await?;
        self.check_table(checked, &BACKFILL_QUEUE).await?;
        self.check_table(checked, &HISTORY).await?;
        self.check_table(checked, &RATIOS).await?;
        self.check_table(checked, &BY_OWNER).await?;
        self.check_table(checked, &INSIDERS).await?;
        self.check_table(checked, &BY_VALUE).await
    }

    async fn check_outbox(&self, checked: &mut Checked) -> Result<(), StoreError> {
        self.check_table(checked, &QUEUE).await?;
        self.check_table(checked, &DELIVERIES).await?;
        self.check_table(checked, &COUNTERS).await?;
        self.check_table(checked, &LATENCY).await?;
        self.check_table(checked, &PAUSED).await?;
        self.check_table(checked, &DEAD).await?;
        self.check_table(checked, &GIVEN_UP).await?;
        self.check_table(checked, &LISTS).await?;
        self.check_table(checked, &LIST_HOLDERS).await?;
        self.check_table(checked, &LATE).await?;
        self.check_table(checked, &MUTES).await?;
        self.check_table(checked, &MUTED).await?;
        self.check_table(checked, &ALERTS).await?;
        self.check_table(checked, &GATHERED).await?;
        self.check_table(checked, &DIGESTED).await?;
        self.check_table(checked, &DIGESTS).await?;
        self.check_table(checked, &UNSUBSCRIBED).await?;
        self.check_table(checked, &KNOWN_ADDRESSES).await?;
        self.check_table(checked, &SUBSCRIPTIONS).await?;
        self.check_table(checked, &SUBSCRIBERS).await?;
        self.check_table(checked, &SUBSCRIPTION_COUNTS).await?;
        self.check_table(checked, &SET_ASIDE).await?;
        self.check_table(checked, &NAMES).await
    }

    async fn check_table<T: DeserializeOwned>(
        &self,
        checked: &mut Checked,
        table: &Table<T>,
    ) -> Result<(), StoreError> {
        self.check_values::<T>(checked, table.space).await
    }

    async fn check_values<T: DeserializeOwned>(
        &self,
        checked: &mut Checked,
        space: Space,
    ) -> Result<(), StoreError> {
        let (mut count, mut pages) = (0, Pages::of(space));
        while let Some(page) = pages.next(self).await? {
            count += page.len();
            for (key, value) in &page {
                let name = format!("{}/{}", space.0, key.replace('\t', " "));
                if let Err(error) = decode::<T>(&name, value) {
                    checked.problem(error.to_string());
                }
            }
        }
        checked.records.insert(space.0.to_owned(), count);
        Ok(())
    }

    /// Checks that each filing marked as pending has a pending record, and the reverse.
    async fn check_filings(&self, checked: &mut Checked) -> Result<(), StoreError> {
        let mut pages = Pages::of(FILINGS.space);
        while let Some(page) = pages.next(self).await? {
            for (key, value) in &page {
                if let Ok(Known::Pending { pending: place }) = decode(key, value)
                    && !self.has(&PENDING, &place).await?
                {
                    checked
                        .problem(format!("the filing {key} is marked as pending, but is not in the queue"));
                }
            }
        }
        let mut pages = Pages::of(PENDING.space);
        while let Some(page) = pages.next(self).await? {
            for (place, _) in &page {
                let key = place.rsplit('/').next().unwrap_or_default();
                let known = self.stored_value(FILINGS.space, key).await?;
                let known = known.and_then(|known| decode(key, &known).ok());
                if known != Some(Known::Pending { pending: place.clone() }) {
                    checked.problem(format!("the filing {key} is pending, but not marked as such"));
                }
            }
        }
        Ok(())
    }

    /// Checks that each delivery is in the state it records, and that all waiting deliveries are counted.
    async fn check_deliveries(&self, checked: &mut Checked) -> Result<(), StoreError> {
        let (mut queued, mut pages) = (BTreeMap::<String, usize>::new(), Pages::of(QUEUE.space));
        while let Some(page) = pages.next(self).await? {
            for (place, value) in &page {
                let Ok(delivery) = decode::<Delivery>(place, value) else { continue };
                self.check_waiting(checked, place, &delivery).await?;
                *queued.entry(delivery.destination.to_string()).or_default() += delivery.count();
            }
        }
        let mut pages = Pages::of(DELIVERIES.space);
        while let Some(page) = pages.next(self).await? {
            for (key, value) in &page {
                match decode(key, value) {
                    Ok(Stood::Waits(place)) if self.has(&QUEUE, &place).await? => {}
                    Ok(stood) if stood.waits() => {
                        checked
                            .problem(format!("the delivery {key} is marked as waiting, but is not queued"));
                    }
                    _ => {}
                }
            }
        }
        self.check_counts(checked, queued).await
    }

    async fn check_counts(
        &self,
        checked: &mut Checked,
        mut queued: BTreeMap<String, usize>,
    ) -> Result<(), StoreError> {
        let mut pages = Pages::of(COUNTERS.space);
        while let Some(page) = pages.next(self).await? {
            for (destination, value) in &page {
                let Ok(counts) = decode::<Counts>(destination, value) else { continue };
                let waiting = queued.remove(destination).unwrap_or(0);
                if counts.queued != waiting {
                    checked.problem(format!(
                        "{} deliveries are counted as waiting for {destination}, but {waiting} are",
                        counts.queued
                    ));
                }
            }
        }
        for (destination, waiting) in queued {
            checked.problem(format!("{waiting} deliveries wait for {destination}, but are not counted"));
        }
        Ok(())
    }

    /// Checks that each subscription can be found by its rule.
    async fn check_subscriptions(&self, checked: &mut Checked) -> Result<(), StoreError> {
        let (mut found, mut pages) = (BTreeSet::new(), Pages::of(SUBSCRIPTIONS.space));
        while let Some(page) = pages.next(self).await? {
            let places = page.iter().map(|(place, _)| (place.as_str(), None));
            found.extend(subscriptions::Index::of(places).subscribers.into_iter().map(|(place, _)| place));
        }
        let mut pages = Pages::of(SUBSCRIBERS.space);
        while let Some(page) = pages.next(self).await? {
            for (place, _) in &page {
                if !found.remove(place) {
                    let place = place.replace('\t', " ");
                    checked.problem(format!("the subscriber {place} has no subscription"));
                }
            }
        }
        for place in found {
            let place = place.replace('\t', " ");
            checked.problem(format!("the subscription {place} is missing from its rule's list"));
        }
        Ok(())
    }

    /// Checks that a waiting delivery is recorded as waiting and has its lines.
    async fn check_waiting(
        &self,
        checked: &mut Checked,
        place: &str,
        delivery: &Delivery,
    ) -> Result<(), StoreError> {
        let Delivery { key, destination, .. } = delivery;
        if let Body::Summary(summary) = &delivery.body {
            let lines = self.count(&LISTS, &overflow_lines::of(summary.list.as_str(), usize::MAX)).await?;
            if lines < summary.count {
                let count = summary.count;
                checked.problem(format!(
                    "the overflow message {key} for {destination} has {lines} of {count} alerts"
                ));
            }
        }
        let stored = self.stored_value(DELIVERIES.space, key.as_str()).await?;
        match stored.map(|stored| decode(key.as_str(), &stored)) {
            Some(Ok(Stood::Waits(known))) if known == *place => {}
            Some(Ok(Stood::Left(_))) => {
                checked.problem(format!("the delivery {key} for {destination} is queued, but was sent"));
            }
            _ => checked
                .problem(format!("the delivery {key} for {destination} is queued, but not marked as such")),
        }
        Ok(())
    }
}

/// Reads the raw records of a keyspace page by page.
struct Pages {
    space: Space,
    next: Option<Range>,
}

impl Pages {
    fn of(space: Space) -> Self {
        Self { space, next: Some(Range::first(PAGE)) }
    }

    async fn next(&mut self, store: &Store) -> Result<Option<Vec<(String, Value)>>, StoreError> {
        let Some(range) = self.next.take() else { return Ok(None) };
        let page = store.stored(self.space, &range).await?;
        self.next = page.last().filter(|_| page.len() == PAGE).map(|(last, _)| range.after(last));
        Ok(Some(page))
    }
}

fn write_line(out: &mut dyn Write, space: Space, key: &str, value: &Value) -> io::Result<()> {
    let json = value
        .split_first()
        .and_then(|(version, json)| Some((*version, serde_json::from_slice::<&RawValue>(json).ok()?)));
    let exported = Exported {
        tree: space.0,
        key,
        version: json.map(|(version, _)| version),
        value: json.map(|(_, value)| value),
        value_base64: json.is_none().then(|| STANDARD.encode(value)),
    };
    let line = serde_json::to_string(&exported)?;
    out.write_all(visible(&line).as_bytes())?;
    out.write_all(b"\n")
}
