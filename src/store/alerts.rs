//! The alerts of the last month, each once, wherever they went. Those of watches are not kept.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::engine::{Range, Transaction};
use super::error::StoreError;
use super::handle::{Ended, Store};
use super::table::Table;
use crate::alert::{Alert, Key};

/// Time, alert key, accession → an alert.
pub(super) const ALERTS: Table<Alert> = Table::new("alerts");

/// How long alerts are kept.
pub const ALERTS_KEPT: TimeDelta = TimeDelta::days(31);

/// Keeps alerts that are decided at this time.
pub(super) fn keep(transaction: &Transaction, alerts: &[Alert], at: DateTime<Utc>) -> Result<(), StoreError> {
    alerts.iter().try_for_each(|alert| {
        let place = format!("{}/{}/{}", time(at), alert.key, alert.accession);
        ALERTS.put(transaction, &place, alert)
    })
}

/// Removes up to `most` alerts that are older than [`ALERTS_KEPT`] at this time. Returns how many.
pub(super) async fn prune(
    transaction: &Transaction,
    now: DateTime<Utc>,
    most: usize,
) -> Result<usize, Ended> {
    let old = Range::between("", &time(now - ALERTS_KEPT), most);
    let page = transaction.range(ALERTS.space, &old).await?;
    page.iter().for_each(|(place, _)| ALERTS.delete(transaction, place));
    Ok(page.len())
}

impl Store {
    /// Up to `most` alerts since a time, oldest first, that `is_wanted` accepts. An alert that several filings
    /// report comes once, with all of their owners.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn alerts_since(
        &self,
        since: DateTime<Utc>,
        most: usize,
        mut is_wanted: impl FnMut(&Alert) -> bool,
    ) -> Result<Vec<Alert>, StoreError> {
        let mut found: Vec<Alert> = Vec::new();
        let mut places: HashMap<Key, usize> = HashMap::new();
        self.each(&ALERTS, Range::first(usize::MAX).after(&time(since)), |_, alert| {
            if !is_wanted(&alert) {
                return true;
            }
            match places.get(&alert.key).and_then(|place| found.get_mut(*place)) {
                Some(known) => known.join(&alert),
                None => {
                    places.insert(alert.key.clone(), found.len());
                    found.push(alert);
                }
            }
            found.len() < most
        })
        .await?;
        Ok(found)
    }
}

/// A time as it sorts in keys.
fn time(at: DateTime<Utc>) -> String {
    format!("{:016}", at.timestamp_micros().max(0))
}
