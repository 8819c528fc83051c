//! Upgrades a store of an older version to the layout of this one, in one transaction when it is opened.
//!
//! Versions before the engine had keys and values that are not text, two records for each waiting delivery,
//! and no counts.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::counts::{COUNTERS, Counts};
use super::dead::{DEAD, DeadRecord};
use super::engine::{EngineError, MARK_KEY, OWN, Range, SledEngine, Space, Value, Writes};
use super::error::StoreError;
use super::known::{FILINGS, Known};
use super::late_alerts::{LATE, Summed};
use super::ledger::DAYS;
use super::mutes::{MUTED, Muted};
use super::overflow_lines::LIST_HOLDERS;
use super::pending::{PENDING, Pending};
use super::placing::{self, DELIVERIES, QUEUE, Stood};
use super::quarantine::UNREADABLE;
use super::record::{decode, encode};
use super::subscription::Subscribed;
use super::subscriptions::{self, SUBSCRIBERS, SUBSCRIPTION_COUNTS, SUBSCRIPTIONS};
use super::table::{Base64, CORRUPT, META, Table};
use crate::alert::Key;
use crate::delivery::{Body, Delivery, Outcome};

/// The layout that this version writes. A store without a layout record has the first one.
const FORMAT: u32 = 2;
const FORMAT_KEY: &str = "format";
/// Records read at once.
const PAGE: usize = 10_000;

/// Why a store cannot be upgraded to this layout.
pub(super) enum MigrateError {
    /// The engine failed.
    Engine(EngineError),
    /// A newer version wrote the store.
    Newer(u32),
    /// A record cannot be written.
    Record(StoreError),
}

impl From<EngineError> for MigrateError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<StoreError> for MigrateError {
    fn from(error: StoreError) -> Self {
        Self::Record(error)
    }
}

/// Upgrades a store to this layout, if it has an older one.
pub(super) fn migrate(engine: &SledEngine) -> Result<(), MigrateError> {
    if let Some(value) = engine.get(META, FORMAT_KEY)? {
        return match decode(FORMAT_KEY, &value) {
            Ok(newer) if newer > FORMAT => Err(MigrateError::Newer(newer)),
            Ok(_) => Ok(()),
            // Only a layout with this record can have a damaged one.
            Err(error) => {
                tracing::error!("{error}; it is rewritten");
                Ok(engine.rewrite(&[], &Writes::from([format()?]))?)
            }
        };
    }
    let mut migration = Migration { engine, removed: Vec::new(), writes: Writes::new() };
    migration.keys_and_values()?;
    migration.pending()?;
    migration.deliveries()?;
    migration.subscriptions()?;
    migration.writes.extend([format()?]);
    // An older version that does not find this mark does not treat the store as its own.
    if let Some(number) = engine.mark_of_before()? {
        migration.removed.push((META, MARK_KEY.as_bytes().to_vec()));
        migration.writes.insert((OWN, MARK_KEY.to_owned()), Some(number));
    }
    let Migration { removed, writes, .. } = migration;
    if !removed.is_empty() {
        tracing::info!("the store is upgraded to the layout of this version: {} records", removed.len());
    }
    Ok(engine.rewrite(&removed, &writes)?)
}

/// The record that states this layout.
fn format() -> Result<((Space, String), Option<Value>), StoreError> {
    Ok(((META, FORMAT_KEY.to_owned()), Some(encode(FORMAT_KEY, &FORMAT)?)))
}

struct Migration<'a> {
    engine: &'a SledEngine,
    removed: Vec<(Space, Vec<u8>)>,
    writes: Writes,
}

impl Migration<'_> {
    fn put<T: Serialize + DeserializeOwned>(
        &mut self,
        table: &Table<T>,
        key: &str,
        record: &T,
    ) -> Result<(), StoreError> {
        self.writes.insert((table.space, key.to_owned()), Some(encode(key, record)?));
        Ok(())
    }

    /// Removes an old record and returns its value; `None` if it is unreadable and moved to the corrupt
    /// records.
    fn take<T: DeserializeOwned>(
        &mut self,
        space: Space,
        key: Vec<u8>,
        value: &Value,
    ) -> Result<Option<T>, StoreError> {
        let text = text(&key);
        let read = decode(&text, value);
        if let Err(error) = &read {
            tracing::error!("{error}; it is kept in the store's tree `{}`", CORRUPT.space.0);
            self.put(&CORRUPT, &format!("{}/{text}", space.0), &Base64::of(value))?;
        }
        self.removed.push((space, key));
        Ok(read.ok())
    }

    /// The records of a keyspace in an old layout, whose keys contain a NUL byte.
    fn with_nul(&self, space: Space) -> Result<Vec<(Vec<u8>, Value)>, EngineError> {
        let mut all = self.engine.raw(space)?;
        all.retain(|(key, _)| key.contains(&0));
        Ok(all)
    }

    /// Converts keys to text and values to JSON.
    fn keys_and_values(&mut self) -> Result<(), MigrateError> {
        for (key, value) in self.engine.raw(CORRUPT.space)? {
            self.put(&CORRUPT, &text(&key), &Base64::of(&value))?;
            self.removed.push((CORRUPT.space, key));
        }
        for (key, value) in self.engine.raw(UNREADABLE.space)? {
            self.put(&UNREADABLE, &text(&key), &Base64::of(&value))?;
        }
        for (key, _) in self.engine.raw(DAYS.space)? {
            self.put(&DAYS, &text(&key), &())?;
        }
        for (key, value) in self.with_nul(LATE.space)? {
            if let Some(line) = self.take::<Summed>(LATE.space, key, &value)? {
                self.put(&LATE, &line.place(), &line)?;
            }
        }
        for (key, value) in self.with_nul(MUTED.space)? {
            if let Some(muted) = self.take::<Muted>(MUTED.space, key, &value)? {
                self.put(&MUTED, &muted.place(), &muted)?;
            }
        }
        Ok(())
    }

    /// Puts pending filings in the order in which they are fetched.
    fn pending(&mut self) -> Result<(), MigrateError> {
        for (key, value) in self.engine.raw(PENDING.space)? {
            let Some(pending) = self.take::<Pending>(PENDING.space, key, &value)? else { continue };
            let key = pending.filing.accession.to_string();
            // A crash may have left a pending record of a filing that is done.
            let known = self.engine.get(FILINGS.space, &key)?.map(|known| decode::<Known>(&key, &known));
            if matches!(known, Some(Ok(Known::Done { .. }))) {
                continue;
            }
            self.put(&PENDING, &pending.place(), &pending)?;
            self.put(&FILINGS, &key, &Known::Pending { pending: pending.place() })?;
        }
        Ok(())
    }

    /// Merges the two records of each waiting delivery into one, and counts all deliveries.
    fn deliveries(&mut self) -> Result<(), MigrateError> {
        let (mut all, joined) = self.left()?;
        let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
        for (key, value) in self.with_nul(QUEUE.space)? {
            let Some(delivery) = self.take::<Delivery>(QUEUE.space, key, &value)? else { continue };
            let stood = self.stood_or_corrupt(&delivery.key)?;
            let in_flight = match stood {
                Some(Stood::InFlight(sends)) => Some(sends),
                None | Some(Stood::Queued | Stood::Waits(_) | Stood::Muted) => None,
                // It was sent or given up all the same.
                Some(
                    Stood::Joined(_)
                    | Stood::In { .. }
                    | Stood::Unreported { .. }
                    | Stood::Left(_)
                    | Stood::Unknown,
                ) => continue,
            };
            let joined = joined.get(&delivery.key).copied().unwrap_or(0);
            let delivery = Delivery { in_flight, joined, ..delivery };
            let place = placing::place(&delivery);
            self.put(&QUEUE, &place, &delivery)?;
            self.put(&DELIVERIES, delivery.key.as_str(), &Stood::Waits(place))?;
            self.hold_list(&delivery)?;
            counts.entry(delivery.destination.to_string()).or_default().queued += delivery.count();
        }
        for (key, value) in self.engine.raw(DEAD.space)? {
            let Ok(mut dead) = decode::<DeadRecord>("dead", &value) else { continue };
            self.hold_list(&dead.delivery)?;
            dead.delivery.joined = joined.get(&dead.delivery.key).copied().unwrap_or(0);
            let count = dead.delivery.count();
            if matches!(self.stood(&dead.delivery.key)?, Some(Stood::Left(Outcome::Dead { .. }))) {
                counts.entry(dead.delivery.destination.to_string()).or_default().dead += count;
                all.dead = all.dead.saturating_sub(count);
            }
            self.put(&DEAD, &text(&key), &dead)?;
        }
        counts.insert(String::new(), all);
        for (destination, counts) in &counts {
            self.put(&COUNTERS, destination, counts)?;
        }
        Ok(())
    }

    /// How many deliveries were sent or given up, and how many joined each combined message.
    fn left(&self) -> Result<(Counts, HashMap<Key, usize>), MigrateError> {
        let (mut counts, mut joined) = (Counts::default(), HashMap::<Key, usize>::new());
        let mut count = |stood: &Stood, more: usize| match stood {
            Stood::Left(Outcome::Delivered { .. }) => counts.delivered += more,
            Stood::Left(Outcome::Dead { .. }) => counts.dead += more,
            _ => {}
        };
        let mut range = Range::first(PAGE);
        loop {
            let page = self.engine.range(DELIVERIES.space, &range)?;
            for (key, value) in &page {
                match decode(key, value) {
                    Ok(Stood::Joined(into)) => *joined.entry(into).or_default() += 1,
                    Ok(stood) => count(&stood, 1),
                    Err(_) => {}
                }
            }
            match page.last() {
                Some((last, _)) if page.len() == PAGE => range = range.after(last),
                _ => break,
            }
        }
        for (into, number) in &joined {
            // The combined message itself is not counted.
            if let Some(stood) = self.stood(into)? {
                count(&stood, number - 1);
            }
        }
        Ok((counts, joined))
    }

    fn stood(&self, key: &Key) -> Result<Option<Stood>, EngineError> {
        let value = self.engine.get(DELIVERIES.space, key.as_str())?;
        Ok(value.and_then(|value| decode(key.as_str(), &value).ok()))
    }

    /// The same, but moves an unreadable record to the corrupt records.
    fn stood_or_corrupt(&mut self, key: &Key) -> Result<Option<Stood>, MigrateError> {
        let Some(value) = self.engine.get(DELIVERIES.space, key.as_str())? else { return Ok(None) };
        let stood = decode(key.as_str(), &value).ok();
        if stood.is_none() {
            self.put(&CORRUPT, &format!("{}/{key}", DELIVERIES.space.0), &Base64::of(&value))?;
        }
        Ok(stood)
    }

    fn hold_list(&mut self, delivery: &Delivery) -> Result<(), StoreError> {
        match &delivery.body {
            Body::Summary(summary) => self.put(&LIST_HOLDERS, summary.list.as_str(), &delivery.key),
            _ => Ok(()),
        }
    }

    /// Indexes subscriptions by rule, and counts them.
    fn subscriptions(&mut self) -> Result<(), MigrateError> {
        let all = self.engine.range(SUBSCRIPTIONS.space, &Range::first(usize::MAX))?;
        let servers = all.iter().map(|(place, value)| {
            let server = decode::<Subscribed>(place, value).ok().and_then(|known| known.server);
            (place.as_str(), server)
        });
        let index = subscriptions::Index::of(servers);
        for (place, server) in &index.subscribers {
            self.put(&SUBSCRIBERS, place, server)?;
        }
        for (of, count) in &index.counts {
            self.put(&SUBSCRIPTION_COUNTS, of, count)?;
        }
        Ok(())
    }
}

/// A key as text, with invalid bytes replaced.
fn text(key: &[u8]) -> String {
    String::from_utf8_lossy(key).replace('\0', " ")
}
