//! Troubles that last: reported to the operators once, and once when they are over.

use chrono::{DateTime, TimeDelta, Utc};

use super::App;
use super::gateway::{COMMANDS, GATEWAY};
use crate::delivery::{Batch, Notice, Outcome};
use crate::destination::Destination;
use crate::notify::{Foreign, NoFile};
use crate::store::{DeliveryStanding, StoreError, Trouble};

const ANOTHER: &str = "another-instance";
/// Troubles of the bot as a whole.
const OF_BOT: [&str; 3] = [ANOTHER, GATEWAY, COMMANDS];
/// Signs of another instance are written down so often, and one that gave none for so long is gone.
const SEEN_AGAIN: TimeDelta = TimeDelta::hours(1);
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::days(1);

impl App {
    /// Reports a trouble, unless the operators know of it by the same title; whether they did not.
    pub(super) fn begin_trouble(
        &self,
        name: &str,
        destination: Option<&Destination>,
        notice: &Notice,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        if self.store.trouble(name)?.is_some_and(|known| known.text == notice.title) {
            return Ok(false);
        }
        let (text, destination) = (notice.title.clone(), destination.cloned());
        let trouble = Trouble { since: now, seen_at: now, text, destination };
        self.store.set_trouble(name, Some(&trouble), &self.to_operators(notice, now))?;
        self.wake.notify_one();
        Ok(true)
    }

    /// Reports that a trouble is over, where the operators know of it.
    pub(super) fn end_trouble(
        &self,
        name: &str,
        title: &str,
        text: impl FnOnce(&Trouble) -> String,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some(trouble) = self.store.trouble(name)? else { return Ok(()) };
        let text = text(&trouble);
        tracing::info!("{title}: {text}");
        self.store.set_trouble(name, None, &self.to_operators(&Notice::new(now, title, text), now))?;
        self.wake.notify_one();
        Ok(())
    }

    /// Forgets troubles that nothing would end: of destinations that are no longer served, and of a bot that is no longer set.
    pub(super) fn forget_idle_troubles(&self) -> Result<(), StoreError> {
        for Trouble { destination, .. } in self.store.troubles()? {
            if let Some(gone) = destination.filter(|destination| !self.notifier.serves(destination)) {
                self.store.set_trouble(&files_of(&gone), None, &[])?;
            }
        }
        if self.notifier.bot().is_none() {
            for name in OF_BOT {
                if self.store.trouble(name)?.is_some() {
                    self.store.set_trouble(name, None, &[])?;
                }
            }
        }
        Ok(())
    }

    /// Notes what a destination took, and whether it takes files.
    pub(super) fn note_sent(
        &self,
        batch: &Batch,
        message_id: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.count_sent(batch, message_id, now);
        let destination = batch.destination();
        match self.notifier.takes_files(destination) {
            None => Ok(()),
            Some(Err(why)) => self.report_no_files(destination, why, now),
            Some(Ok(())) => {
                let title = format!("{destination} takes files again");
                let since = |trouble: &Trouble| trouble.since.format("%Y-%m-%d %H:%M UTC").to_string();
                let text = |trouble: &Trouble| {
                    format!(
                        "Overflow messages have their tables again; they had none since {}.",
                        since(trouble)
                    )
                };
                self.end_trouble(&files_of(destination), &title, text, now)
            }
        }
    }

    /// Reports that another program acts with the same bot: once, and again only where no sign of it came for a day.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn another_instance(&self, sign: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let known = self.store.trouble(ANOTHER)?;
        let title = "Another sellbell uses the same bot";
        let text = format!(
            "The sign: {sign}.\nAlerts can come twice: each of the two sends its own. What to do: stop one of them, or give each a bot, \
             or channels and rules, of its own. A second process with a copy of the settings is often one on another machine, or one \
             that a service manager still runs."
        );
        let trouble = Trouble { since: now, seen_at: now, text: title.to_owned(), destination: None };
        match known {
            Some(known) if now - known.seen_at < FORGOTTEN_AFTER => {
                if now - known.seen_at >= SEEN_AGAIN {
                    self.store.set_trouble(ANOTHER, Some(&Trouble { seen_at: now, ..known }), &[])?;
                }
                Ok(())
            }
            _ => {
                tracing::error!("{title}. {text}");
                let notices = self.to_operators(&Notice::new(now, title, text), now);
                self.store.set_trouble(ANOTHER, Some(&trouble), &notices)?;
                self.wake.notify_one();
                Ok(())
            }
        }
    }

    /// Checks now and then whether another program sends this store's alerts as the same bot. A message by the bot that refers
    /// to a delivery of this store, and that this process did not send, is the proof.
    pub(super) async fn look_for_others(
        &self,
        destination: &Destination,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        for Foreign { key, message_id, was_there } in self.notifier.foreign(destination, now).await {
            let is_proof = was_there
                || match self.store.delivery_standing(&key)? {
                    // Neither was tried by itself.
                    Some(DeliveryStanding::Queued | DeliveryStanding::Joined(_)) => true,
                    Some(DeliveryStanding::Left(Outcome::Delivered { message_id: own, .. })) => {
                        own.is_some_and(|own| own != message_id)
                    }
                    // Others may send other things as the same bot.
                    _ => false,
                };
            if is_proof {
                let sign = format!("the bot sent an alert to {destination} that this instance did not send");
                self.another_instance(&sign, now)?;
            }
        }
        let over = |trouble: &Trouble| now - trouble.seen_at >= FORGOTTEN_AFTER;
        match self.store.trouble(ANOTHER)?.is_some_and(|trouble| over(&trouble)) {
            true => self.store.set_trouble(ANOTHER, None, &[]),
            false => Ok(()),
        }
    }

    fn report_no_files(
        &self,
        destination: &Destination,
        why: NoFile,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
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
        if self.begin_trouble(
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

fn files_of(destination: &Destination) -> String {
    format!("files/{destination}")
}
