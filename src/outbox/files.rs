//! Destinations that take no files: reported once, and once when they take them again.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::delivery::Notice;
use crate::destination::Destination;
use crate::notify::{NoFile, Notifier};
use crate::operators::{Troubles, files_of};
use crate::parts::Parts;
use crate::store::{StoreError, Trouble};

/// Notes whether destinations take files.
pub(super) struct FileTroubles {
    notifier: Arc<Notifier>,
    troubles: Arc<Troubles>,
}

impl FileTroubles {
    pub(super) fn new(parts: &Parts, troubles: Arc<Troubles>) -> Self {
        Self { notifier: Arc::clone(&parts.notifier), troubles }
    }

    /// Notes whether a destination takes files, after something was sent there.
    pub(super) fn note(&self, destination: &Destination, now: DateTime<Utc>) -> Result<(), StoreError> {
        match self.notifier.takes_files(destination) {
            None => Ok(()),
            Some(Err(why)) => self.report(destination, why, now),
            Some(Ok(())) => {
                let title = format!("{destination} takes files again");
                let since = |trouble: &Trouble| trouble.since.format("%Y-%m-%d %H:%M UTC").to_string();
                let text = |trouble: &Trouble| {
                    format!(
                        "Overflow messages have their tables again; they had none since {}.",
                        since(trouble)
                    )
                };
                self.troubles.end(&files_of(destination), &title, text, now)
            }
        }
    }

    fn report(&self, destination: &Destination, why: NoFile, now: DateTime<Utc>) -> Result<(), StoreError> {
        let reason = match why {
            NoFile::NoPermission => {
                "the permission Attach Files is lacking there. What to do: give it to the bot in that channel"
            }
            NoFile::NotTaken => {
                "Discord does not take them: they are too large, or the server limits uploads"
            }
        };
        let text = format!(
            "Overflow messages come there without their tables, and say so: {reason}.\nMessages without a file are sent as before. A \
             file is tried again every 10 minutes."
        );
        let title = format!("{destination} takes no files");
        if self.troubles.begin(
            &files_of(destination),
            Some(destination),
            &Notice::new(now, title, text.as_str()),
            now,
        )? {
            tracing::warn!(%destination, "{text}");
        }
        Ok(())
    }
}
