//! Destinations that accept no files: reported once, and once more when they accept them again.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::destination::Destination;
use crate::notice::{About, DestinationNews, Notice};
use crate::notify::Notifier;
use crate::operators::{Troubles, files_of};
use crate::parts::Parts;
use crate::render::notice::words;
use crate::store::{StoreError, Trouble};

/// Tracks whether destinations accept files.
pub(super) struct FileTroubles {
    notifier: Arc<Notifier>,
    troubles: Arc<Troubles>,
}

impl FileTroubles {
    pub(super) fn new(parts: &Parts, troubles: Arc<Troubles>) -> Self {
        Self { notifier: Arc::clone(&parts.notifier), troubles }
    }

    /// Records whether a destination accepts files, after something was sent there.
    pub(super) async fn note(&self, destination: &Destination, now: DateTime<Utc>) -> Result<(), StoreError> {
        let about = |news| About::Destination { destination: destination.clone(), news };
        match self.notifier.takes_files(destination) {
            None => Ok(()),
            Some(Ok(())) => {
                let again = |trouble: &Trouble| about(DestinationNews::FilesAgain { since: trouble.since });
                self.troubles.end(&files_of(destination), again, now).await
            }
            Some(Err(why)) => {
                let notice = Notice::new(now, about(DestinationNews::NoFiles(why)));
                if self.troubles.begin(&files_of(destination), Some(destination), &notice, now).await? {
                    tracing::warn!(%destination, "{}", words(&notice).text);
                }
                Ok(())
            }
        }
    }
}
