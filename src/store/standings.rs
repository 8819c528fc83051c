//! The states of deliveries.

use super::error::StoreError;
use super::handle::Store;
use super::placing::{self, DeliveryStanding, QUEUE, Stood};
use crate::alert::Key;
use crate::delivery::InFlight;

impl Store {
    /// The state of the delivery with this key; `None` if there is none.
    pub async fn delivery_standing(&self, key: &Key) -> Result<Option<DeliveryStanding>, StoreError> {
        self.transaction(|transaction| async move {
            let Some(stood) = placing::stood(&transaction, key).await? else { return Ok(None) };
            Ok(Some(match stood {
                Stood::Unknown => return Ok(None),
                Stood::Waits(place) => {
                    let sends = QUEUE.get(&transaction, &place).await?.and_then(|waits| waits.in_flight);
                    sends.map_or(DeliveryStanding::Queued, DeliveryStanding::InFlight)
                }
                Stood::Queued => DeliveryStanding::Queued,
                Stood::InFlight(sends) => DeliveryStanding::InFlight(sends),
                Stood::Joined(into) | Stood::In { message: into, .. } => DeliveryStanding::Joined(into),
                Stood::Muted => DeliveryStanding::Muted,
                Stood::Unreported { at } => DeliveryStanding::Unreported { at },
                Stood::Left(outcome) => DeliveryStanding::Left(outcome),
            }))
        })
        .await
    }

    /// The sends of a waiting delivery that may have reached its destination.
    pub async fn in_flight(&self, key: &Key) -> Result<Option<InFlight>, StoreError> {
        Ok(match self.delivery_standing(key).await? {
            Some(DeliveryStanding::InFlight(sends)) => Some(sends),
            _ => None,
        })
    }

    /// The state of the message that carries this delivery: its own, or the one it joined.
    pub async fn message_standing(&self, key: &Key) -> Result<Option<DeliveryStanding>, StoreError> {
        match self.delivery_standing(key).await? {
            Some(DeliveryStanding::Joined(into)) => self.delivery_standing(&into).await,
            own => Ok(own),
        }
    }
}
