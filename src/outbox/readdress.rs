//! What waits for an address goes with it when the order of its recipient's addresses changes.

use super::Outbox;
use crate::config::Recipient;
use crate::delivery::Delivery;
use crate::destination::{Destination, Inbox};
use crate::store::StoreError;

/// How many waiting deliveries are read at a time.
const AT_ONCE: usize = 100;

impl Outbox {
    /// Lets what waits for each address follow it, if another one has the recipient's name since the last start.
    ///
    /// # Errors
    /// Failures of the store.
    pub(crate) async fn follow_addresses(&self) -> Result<(), StoreError> {
        for recipient in &self.settings.email.recipients {
            let Some(first) = recipient.addresses.first() else { continue };
            let known = self.store.first_address(&recipient.name).await?;
            if known.as_ref() == Some(&first.id().to_string()) {
                continue;
            }
            if let Some(known) = known {
                self.follow(recipient, &known).await?;
            }
            self.store.set_first_address(&recipient.name, &first.id()).await?;
        }
        Ok(())
    }

    /// The same for a recipient whose name another address had before.
    async fn follow(&self, recipient: &Recipient, before: &str) -> Result<(), StoreError> {
        let [first, others @ ..] = recipient.addresses.as_slice() else { return Ok(()) };
        if let Some(moved) = others.iter().find(|other| other.id().to_string() == before) {
            // All addresses get the same alerts, so what waits for digests waits for both.
            self.store.share_gathered(&first.inbox, &moved.inbox, false).await?;
            self.send_to(&first.inbox, &moved.inbox).await?;
        }
        let own = Inbox::further(recipient.name.as_str(), first.id());
        self.store.share_gathered(&own, &first.inbox, true).await
    }

    /// Sends what waits for one inbox to another one instead, but for what may have been sent.
    async fn send_to(&self, from: &Inbox, to: &Inbox) -> Result<(), StoreError> {
        let (from, to) = (Destination::Email(from.clone()), Destination::Email(to.clone()));
        let mut seen = 0;
        loop {
            let mut waiting = self.store.queued(&from, seen + AT_ONCE).await?;
            let waiting = waiting.split_off(seen.min(waiting.len()));
            if waiting.is_empty() {
                return Ok(());
            }
            for delivery in waiting {
                let other = Delivery::new(to.clone(), delivery.body.clone(), delivery.queued_at);
                if !self.store.readdress(&delivery, &other).await? {
                    seen += 1;
                }
            }
        }
    }
}
