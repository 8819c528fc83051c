//! Notices to the operators.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::config::Settings;
use crate::delivery::{Body, Delivery, Notice};
use crate::destination::Destination;
use crate::notify::Notifier;
use crate::store::{Doubt, Store, StoreError};
use crate::text::{clip, path_text};
use crate::wake::Wakes;

/// A notice has so many characters at most.
const MOST_NOTICE: usize = 4_000;

/// The way to whoever runs the bot.
pub struct Operators {
    destinations: Vec<Destination>,
    store: Store,
    notifier: Arc<Notifier>,
    wakes: Wakes,
}

impl Operators {
    /// Those of the settings.
    pub fn new(settings: &Settings, store: Store, notifier: Arc<Notifier>, wakes: Wakes) -> Self {
        Self { destinations: settings.operators.clone(), store, notifier, wakes }
    }

    /// True if operators are notified there.
    pub fn are_at(&self, destination: &Destination) -> bool {
        self.destinations.contains(destination)
    }

    /// Queues a notice to each of their destinations.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn notify(&self, notice: &Notice, now: DateTime<Utc>) -> Result<(), StoreError> {
        for delivery in self.deliveries(notice, now) {
            self.store.enqueue(&delivery)?;
        }
        self.wakes.queued.notify_one();
        Ok(())
    }

    /// A notice to each of their destinations, to be queued together with what it reports.
    pub fn deliveries(&self, notice: &Notice, now: DateTime<Utc>) -> Vec<Delivery> {
        let redactor = self.notifier.redactor();
        let text = clip(&redactor.hide(&notice.text), MOST_NOTICE).into_owned();
        let notice = &Notice { title: redactor.hide(&notice.title), text, ..notice.clone() };
        let to = |destination: &Destination| {
            Delivery::new(destination.clone(), Body::Notice(Box::new(notice.clone())), now)
        };
        self.destinations.iter().map(to).collect()
    }

    /// Reports records of the store that could not be read, once.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn report_unreadable_records(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let (aside, told) = (self.store.aside_len(), self.store.aside_told()?);
        if aside <= told {
            return Ok(());
        }
        let records =
            if aside - told == 1 { "1 record".to_owned() } else { format!("{} records", aside - told) };
        let text = "What they said is no longer known to the bot, which goes on without them. They are kept aside: `sellbell store export` \
                    has them, and the log says which they are.";
        self.notify(&Notice::new(now, format!("{records} of the store could not be read"), text), now)?;
        self.store.set_aside_told(aside)
    }

    /// Reports, once, that the disk lost something of the store.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn report_loss(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let Some(doubt) = self.store.doubt()?.filter(|doubt| !doubt.told) else { return Ok(()) };
        let text = format!(
            "The store in {} lacks what was written to it last: the disk lost or changed it. What was filed meanwhile is found again. \
             The bot's channels are read back, so that nothing is told there twice; webhooks and mail may tell it again. Subscriptions \
             and mutes that were made or ended meanwhile are as they were before.",
            path_text(self.store.dir())
        );
        self.notify(&Notice::new(now, "The disk lost something of the store", text), now)?;
        self.store.set_doubt(Doubt { told: true, ..doubt })
    }
}
