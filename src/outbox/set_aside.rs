//! Channels that are gone: their subscriptions are set aside, and what waits for them is given up.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::Outbox;
use crate::destination::Destination;
use crate::store::{Gone, SET_ASIDE_FOR, SetAsideNow, StoreError};

impl Outbox {
    /// Sets the subscriptions of channels of a server aside, and gives up what waits for these channels.
    /// Operators get no notice, because nothing is wrong. Returns false if the channels have no
    /// subscriptions; nothing is then written.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn set_aside(
        &self,
        server: u64,
        channels: &BTreeSet<u64>,
        why: Gone,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let SetAsideNow { subscriptions, deliveries } =
            self.store.set_aside(server, channels, why, now).await?;
        if subscriptions == 0 {
            return Ok(false);
        }
        for channel in channels {
            let destination = Destination::Channel(*channel);
            self.overflow.forget_growing(&destination);
            self.troubles.forget_of(&destination).await?;
        }
        let days = SET_ASIDE_FOR.num_days();
        tracing::info!(
            server,
            subscriptions,
            deliveries,
            "subscriptions are set aside for {days} days: {why}"
        );
        self.store.flush().await?;
        Ok(true)
    }
}
