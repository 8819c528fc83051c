//! How many deliveries wait, were delivered, or were given up.

use std::collections::BTreeMap;

use super::DeliveryStanding;
use super::error::StoreError;
use super::handle::Store;
use crate::alert::Key;
use crate::delivery::Outcome;

/// How many deliveries there are. One that joined others counts as the message does that tells of them; that message itself
/// does not count. What is or was muted does not either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Waiting.
    pub queued: usize,
    /// Taken by their destinations.
    pub delivered: usize,
    /// Given up.
    pub dead: usize,
}

impl Counts {
    fn of(&mut self, standing: Option<&DeliveryStanding>) -> Option<&mut usize> {
        match standing? {
            DeliveryStanding::Queued | DeliveryStanding::InFlight(_) => Some(&mut self.queued),
            DeliveryStanding::Left(Outcome::Delivered { .. }) => Some(&mut self.delivered),
            DeliveryStanding::Left(Outcome::Dead { .. }) => Some(&mut self.dead),
            DeliveryStanding::Joined(_) | DeliveryStanding::Muted | DeliveryStanding::Untold { .. } => None,
        }
    }
}

impl Store {
    /// How many deliveries stand where. Each that there ever was is looked at.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        let mut counts = Counts::default();
        let mut joined: BTreeMap<Key, usize> = BTreeMap::new();
        self.each(&self.inner.deliveries, &[], |standing| {
            match &standing {
                DeliveryStanding::Joined(into) => *joined.entry(into.clone()).or_default() += 1,
                own => counts.of(Some(own)).into_iter().for_each(|count| *count += 1),
            }
            true
        })?;
        for (into, deliveries) in joined {
            let standing = self.delivery_standing(&into).await?;
            if let Some(count) = counts.of(standing.as_ref()) {
                *count = (*count + deliveries).saturating_sub(1);
            }
        }
        Ok(counts)
    }
}
