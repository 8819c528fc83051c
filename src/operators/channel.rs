//! Notices to the operators.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::folders::Folders;
use crate::config::Settings;
use crate::delivery::{Body, Delivery};
use crate::destination::Destination;
use crate::notice::{About, Notice, StoreNews};
use crate::notify::Notifier;
use crate::store::{Doubt, Store, StoreError};
use crate::wake::Wakes;

/// Sends notices to whoever runs the bot.
pub struct Operators {
    destinations: Vec<Destination>,
    settings: Arc<Settings>,
    folders: Folders,
    store: Store,
    notifier: Arc<Notifier>,
    wakes: Wakes,
}

impl Operators {
    /// The operators defined in the settings.
    pub fn new(settings: &Arc<Settings>, store: Store, notifier: Arc<Notifier>, wakes: Wakes) -> Self {
        let folders = Folders::of(settings);
        let destinations = settings.operators.iter().flat_map(|name| settings.each_of(name)).collect();
        Self { destinations, settings: Arc::clone(settings), folders, store, notifier, wakes }
    }

    /// True if operators are notified at this destination.
    pub fn are_at(&self, destination: &Destination) -> bool {
        self.destinations.contains(destination)
    }

    /// Queues a notice for each of the operators' destinations.
    pub async fn notify(&self, notice: &Notice, now: DateTime<Utc>) -> Result<(), StoreError> {
        for delivery in self.deliveries(notice, now).await? {
            self.store.enqueue(&delivery).await?;
        }
        self.wakes.queued.notify_one();
        Ok(())
    }

    /// A delivery of the notice for each of the operators' destinations, to queue together with what it
    /// reports. It names channels and addresses, and shows neither secrets nor where files are on this machine.
    pub async fn deliveries(&self, notice: &Notice, now: DateTime<Utc>) -> Result<Vec<Delivery>, StoreError> {
        if self.destinations.is_empty() {
            return Ok(Vec::new());
        }
        let mut notice = notice.clone();
        if let Some(destination) = notice.about.destination().cloned()
            && let Some(name) = self.name(&destination).await?
        {
            notice = notice.with_name(&destination, name);
        }
        let redactor = self.notifier.redactor();
        let notice = &notice.with_texts(|text| self.folders.hide(&redactor.hide(text)));
        let to = |destination: &Destination| {
            Delivery::new(destination.clone(), Body::Notice(Box::new(notice.clone())), now)
        };
        Ok(self.destinations.iter().map(to).collect())
    }

    /// The name of a destination for people, if it has one.
    async fn name(&self, destination: &Destination) -> Result<Option<String>, StoreError> {
        Ok(match destination {
            Destination::Channel(id) => self.store.place_name(*id).await?.map(|name| name.to_string()),
            other => self.settings.masked_address(other).map(|address| format!("{other} ({address})")),
        })
    }

    /// Reports unreadable records of the store, once.
    pub async fn report_unreadable_records(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let (corrupt, reported) = (self.store.corrupt_len().await?, self.store.corrupt_reported().await?);
        if corrupt <= reported {
            return Ok(());
        }
        let news = StoreNews::UnreadableRecords { count: corrupt - reported };
        self.notify(&Notice::new(now, About::Store(news)), now).await?;
        self.store.set_corrupt_reported(corrupt).await
    }

    /// Reports, once, that the disk lost part of the store.
    pub async fn report_loss(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let Some(doubt) = self.store.doubt().await?.filter(|doubt| !doubt.reported) else { return Ok(()) };
        let news = StoreNews::Loss {};
        self.notify(&Notice::new(now, About::Store(news)), now).await?;
        self.store.set_doubt(Doubt { reported: true, ..doubt }).await
    }
}
