//! Detects that another program sends this store's alerts as the same bot.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::delivery::Outcome;
use crate::delivery::parts_of_id;
use crate::destination::Destination;
use crate::notice::InstanceSign;
use crate::notify::{Foreign, Notifier};
use crate::operators::Troubles;
use crate::parts::Parts;
use crate::store::{DeliveryStanding, Store, StoreError};

/// Looks for other instances.
pub(super) struct Instances {
    store: Store,
    notifier: Arc<Notifier>,
    troubles: Arc<Troubles>,
}

impl Instances {
    pub(super) fn new(parts: &Parts, troubles: Arc<Troubles>) -> Self {
        Self { store: parts.store.clone(), notifier: Arc::clone(&parts.notifier), troubles }
    }

    /// Checks now and then whether another program sends this store's alerts as the same bot. The proof is a
    /// message by the bot that refers to a delivery of this store but was not sent by this process.
    pub(super) async fn look_for_others(
        &self,
        destination: &Destination,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        for Foreign { key, message_id, was_there } in self.notifier.foreign(destination, now).await {
            let is_proof = was_there
                || match self.store.delivery_standing(&key).await? {
                    // Neither of these was tried on its own.
                    Some(DeliveryStanding::Queued | DeliveryStanding::Joined(_)) => true,
                    Some(DeliveryStanding::Left(Outcome::Delivered { message_id: own, .. })) => {
                        own.is_some_and(|own| parts_of_id(&own).1 != message_id)
                    }
                    // Others may send other things as the same bot.
                    _ => false,
                };
            if is_proof {
                self.troubles.another_instance(InstanceSign::Sent(destination.clone()), now).await?;
            }
        }
        self.troubles.forget_another_instance(now).await
    }
}
