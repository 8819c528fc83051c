//! Gives deliveries up and reports that.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::overflow::Overflow;
use crate::delivery::{Body, Delivery};
use crate::destination::Destination;
use crate::notice::{About, DestinationNews, Notice};
use crate::notify::SendError;
use crate::operators::Operators;
use crate::parts::Parts;
use crate::store::{GivenUp, Store, StoreError};
use crate::wake::Wakes;

/// Operators get at most one notice about dead deliveries per destination within this time.
const BETWEEN_REPORTS: TimeDelta = TimeDelta::hours(1);

/// Gives deliveries up.
pub(crate) struct GivenUpDeliveries {
    store: Store,
    operators: Arc<Operators>,
    overflow: Arc<Overflow>,
    wakes: Wakes,
}

impl GivenUpDeliveries {
    pub(super) fn new(parts: &Parts, overflow: Arc<Overflow>) -> Self {
        Self {
            store: parts.store.clone(),
            operators: Arc::clone(&parts.operators),
            overflow,
            wakes: parts.wakes.clone(),
        }
    }

    /// Gives a delivery up, and reports it.
    pub(super) async fn give_up(
        &self,
        delivery: &Delivery,
        error: &SendError,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Delivery { destination, key, .. } = delivery;
        self.overflow.forget_growing(destination);
        let is_direct = match destination {
            Destination::Channel(channel) => self.store.is_direct(*channel).await?,
            _ => false,
        };
        let is_reported = self.is_reported(delivery) && !is_direct;
        if self.store.give_up(delivery, (now, &error.message), is_reported).await? {
            tracing::error!(%destination, %key, %error, "a delivery is given up");
        }
        self.report(now).await
    }

    /// Gives deliveries up without a notice, because nobody waits for them any more.
    pub(super) async fn give_up_quietly(
        &self,
        deliveries: &[Delivery],
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        for delivery in deliveries {
            let Delivery { destination, key, .. } = delivery;
            self.overflow.forget_growing(destination);
            self.store.give_up(delivery, (now, why), false).await?;
            tracing::debug!(%destination, %key, "a delivery is given up: {why}");
        }
        Ok(())
    }

    /// True if operators get a notice when this delivery is given up. Notices to operators are excluded, to
    /// avoid an endless loop.
    pub(super) fn is_reported(&self, delivery: &Delivery) -> bool {
        !(matches!(delivery.body, Body::Notice(_)) && self.operators.are_at(&delivery.destination))
    }

    /// Reports dead deliveries: at once for each destination, then once an hour.
    pub(crate) async fn report(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        for given_up in self.store.given_up().await? {
            // A time in the future comes from a wrong clock.
            let lately = |at: DateTime<Utc>| at <= now && now - at < BETWEEN_REPORTS;
            match given_up.reported_at {
                Some(at) if lately(at) => {}
                _ if given_up.count == 0 => self.store.forget_given_up(&given_up).await?,
                _ => {
                    let notices = self.operators.deliveries(&notice(&given_up, now), now).await?;
                    self.store.report_given_up(&given_up, &notices, now).await?;
                    self.wakes.queued.notify_one();
                }
            }
        }
        Ok(())
    }
}

fn notice(given_up: &GivenUp, now: DateTime<Utc>) -> Notice {
    let GivenUp { destination, count, since, reason, .. } = given_up.clone();
    let news = DestinationNews::GivenUp { count, since, reason };
    Notice::new(now, About::Destination { destination, news })
}
