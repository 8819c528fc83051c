//! Looks through a whole store: whether each record can be read, and whether they agree; and gives all of it as JSON Lines.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;
use sled::Tree;

use super::engine::SledEngine;
use super::error::StoreError;
use super::filings::Done;
use super::handle::Store;
use super::{
    DeliveryStanding, GivenUp, Muted, Paused, Pending, Quarantined, Receipt, Summed, record, subscriptions,
};
use crate::alert::{Alert, Key};
use crate::delivery::{Body, Delivery};
use crate::filing::{PastFiling, StatedRatio};
use crate::mute::Mute;
use crate::summary::Line;
use crate::text::visible;

/// So many problems are named; the rest is counted.
const MOST_NAMED: usize = 50;

/// What looking through a store found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Records by kind.
    pub records: BTreeMap<String, usize>,
    /// Records that cannot be read, or do not agree with others; the first of them named.
    pub problems: Vec<String>,
    /// How many problems there are.
    pub problem_count: usize,
    /// Records that could not be read before, and were set aside.
    pub aside: usize,
    /// Whether the disk lost what was written last.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
}

impl Store {
    /// Reads every record, and holds those that refer to each other against each other. Changes nothing.
    ///
    /// # Errors
    /// Failures of the store, [`StoreError::Damaged`] where a part of its file is not what it should be.
    pub fn check(&self) -> Result<Checked, StoreError> {
        self.whole(|| {
            let (inner, mut checked) = (&self.inner, Checked::default());
            self.check_tree::<Done>(&mut checked, "filings", &inner.filings)?;
            self.check_tree::<Pending>(&mut checked, "pending", &inner.pending)?;
            self.check_tree::<Quarantined>(&mut checked, "quarantine", &inner.quarantine)?;
            self.check_tree::<Receipt>(&mut checked, "receipts", &inner.receipts)?;
            self.check_tree::<Summed>(&mut checked, "summary", &inner.summary)?;
            self.check_tree::<IgnoredAny>(&mut checked, "backfill", &inner.backfill)?;
            self.check_tree::<IgnoredAny>(&mut checked, "backfill_queue", &inner.backfill_queue)?;
            self.check_tree::<IgnoredAny>(&mut checked, "latency", &inner.latency)?;
            self.check_tree::<PastFiling>(&mut checked, "history", &inner.history)?;
            self.check_tree::<StatedRatio>(&mut checked, "ratios", &inner.ratios)?;
            self.check_tree::<Delivery>(&mut checked, "queue", &inner.queue)?;
            self.check_tree::<DeliveryStanding>(&mut checked, "deliveries", &inner.deliveries)?;
            self.check_tree::<Paused>(&mut checked, "paused", &inner.paused)?;
            self.check_tree::<Line>(&mut checked, "lists", &inner.lists)?;
            self.check_tree::<Mute>(&mut checked, "mutes", &inner.mutes)?;
            self.check_tree::<Muted>(&mut checked, "muted", &inner.muted)?;
            self.check_tree::<Delivery>(&mut checked, "dead", &inner.dead)?;
            self.check_tree::<GivenUp>(&mut checked, "given_up", &inner.given_up)?;
            self.check_tree::<Alert>(&mut checked, "gathered", &inner.gathered)?;
            self.check_tree::<IgnoredAny>(&mut checked, "digests", &inner.digests)?;
            self.check_tree::<IgnoredAny>(
                &mut checked,
                "subscriptions",
                &inner.sled.tree(subscriptions::SPACE.0).map_err(|error| self.failed(error))?,
            )?;
            self.check_tree::<IgnoredAny>(&mut checked, "digested", &inner.digested)?;
            for (name, tree) in
                [("days", &inner.days), ("unreadable", &inner.unreadable), ("aside", &inner.aside)]
            {
                // Bytes of others, or none: all of them are read.
                checked.records.insert(name.to_owned(), tree.iter().filter(Result::is_ok).count());
            }
            for item in inner.meta.iter() {
                let (key, bytes) = item.map_err(|error| self.failed(error))?;
                let key = String::from_utf8_lossy(&key).into_owned();
                if !SledEngine::is_own(&key)
                    && let Err(error) = record::decode::<IgnoredAny>(&format!("meta/{key}"), &bytes)
                {
                    checked.problem(error.to_string());
                }
            }
            checked.aside = inner.aside.len();
            checked.lost = self.has_lost();
            self.check_deliveries(&mut checked)?;
            Ok(checked)
        })
    }

    /// Every record as one JSON object a line: `tree`, `key`, `version`, `value`; what is no text or no JSON as Base64.
    ///
    /// # Errors
    /// Failures of the store, or of what it is written to.
    pub fn export(&self, out: &mut dyn Write) -> Result<io::Result<usize>, StoreError> {
        self.whole(|| {
            let mut count = 0;
            for name in self.inner.sled.names() {
                let tree = self.inner.sled.tree(&name).map_err(|error| self.failed(error))?;
                for item in tree.iter() {
                    let (key, bytes) = item.map_err(|error| self.failed(error))?;
                    let text = std::str::from_utf8(&key).ok();
                    let json = bytes.split_first().and_then(|(version, json)| {
                        Some((*version, serde_json::from_slice::<&RawValue>(json).ok()?))
                    });
                    let exported = Exported {
                        tree: &name,
                        key: text,
                        key_base64: text.is_none().then(|| STANDARD.encode(&key)),
                        version: json.map(|(version, _)| version),
                        value: json.map(|(_, value)| value),
                        value_base64: json.is_none().then(|| STANDARD.encode(&bytes)),
                    };
                    let written = serde_json::to_string(&exported).map_err(io::Error::from);
                    let written = written.and_then(|line| out.write_all(visible(&line).as_bytes()));
                    if let Err(error) = written.and_then(|()| out.write_all(b"\n")) {
                        return Ok(Err(error));
                    }
                    count += 1;
                }
            }
            Ok(out.flush().map(|()| count))
        })
    }

    /// sled panics where a page is not what it should be.
    fn whole<T>(&self, read: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        panic::catch_unwind(AssertUnwindSafe(read))
            .unwrap_or_else(|_| Err(StoreError::Damaged(self.dir().to_owned())))
    }

    fn check_tree<T: DeserializeOwned>(
        &self,
        checked: &mut Checked,
        name: &str,
        tree: &Tree,
    ) -> Result<(), StoreError> {
        let mut count = 0;
        for item in tree.iter() {
            let (key, bytes) = item.map_err(|error| self.failed(error))?;
            count += 1;
            let key = String::from_utf8_lossy(&key).replace('\0', " ");
            if let Err(error) = record::decode::<T>(&format!("{name}/{key}"), &bytes) {
                checked.problem(error.to_string());
            }
        }
        checked.records.insert(name.to_owned(), count);
        Ok(())
    }

    /// Each delivery stands where it says that it does.
    fn check_deliveries(&self, checked: &mut Checked) -> Result<(), StoreError> {
        let mut waiting: BTreeMap<String, Delivery> = BTreeMap::new();
        for item in self.inner.queue.iter() {
            let (_, bytes) = item.map_err(|error| self.failed(error))?;
            let Ok(delivery) = record::decode::<Delivery>("queue", &bytes) else { continue };
            if let Body::Summary(summary) = &delivery.body {
                let lines = self.inner.lists.scan_prefix(format!("{}/", summary.list)).keys().count();
                if lines < summary.count {
                    checked.problem(format!(
                        "the summary {} for {} has {lines} of {} alerts",
                        delivery.key, delivery.destination, summary.count
                    ));
                }
            }
            waiting.insert(delivery.key.to_string(), delivery);
        }
        let known =
            |key: &Key| self.inner.deliveries.contains_key(key.as_str()).map_err(|error| self.failed(error));
        for item in self.inner.deliveries.iter() {
            let (key, bytes) = item.map_err(|error| self.failed(error))?;
            let key = String::from_utf8_lossy(&key).into_owned();
            let Ok(standing) = record::decode::<DeliveryStanding>(&key, &bytes) else { continue };
            let waits = waiting.remove(&key);
            match (&standing, waits) {
                (DeliveryStanding::Queued | DeliveryStanding::InFlight(_), None) => {
                    checked.problem(format!("the delivery {key} is said to wait, and is not queued"));
                }
                (DeliveryStanding::Joined(into), _) if !known(into)? => {
                    checked.problem(format!(
                        "the delivery {key} is said to stand in {into}, which is not there"
                    ));
                }
                (DeliveryStanding::Left(_), Some(delivery)) => {
                    let destination = delivery.destination;
                    checked.problem(format!(
                        "the delivery {key} for {destination} is queued though it was sent"
                    ));
                }
                _ => {}
            }
        }
        for (key, delivery) in waiting {
            checked.problem(format!(
                "the delivery {key} for {} is queued, and nothing says so",
                delivery.destination
            ));
        }
        Ok(())
    }
}
