//! Where deliveries stand.

use super::error::StoreError;
use super::handle::Store;
use super::placing::DeliveryStanding;
use crate::alert::Key;
use crate::delivery::InFlight;

impl Store {
    /// Where the delivery of a key stands; `None` where there was none.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn delivery_standing(&self, key: &Key) -> Result<Option<DeliveryStanding>, StoreError> {
        self.single(&self.inner.deliveries, key.as_str())
    }

    /// The sends of a waiting delivery that may have reached its destination.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn in_flight(&self, key: &Key) -> Result<Option<InFlight>, StoreError> {
        Ok(match self.delivery_standing(key).await? {
            Some(DeliveryStanding::InFlight(sends)) => Some(sends),
            _ => None,
        })
    }

    /// Where the delivery stands whose message tells this one: itself, or the one that it joined.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn message_standing(&self, key: &Key) -> Result<Option<DeliveryStanding>, StoreError> {
        match self.delivery_standing(key).await? {
            Some(DeliveryStanding::Joined(into)) => self.delivery_standing(&into).await,
            own => Ok(own),
        }
    }
}
