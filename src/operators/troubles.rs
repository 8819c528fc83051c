//! Lasting troubles: reported to operators once, and once more when they are over.
//!
//! A trouble that begins again within an hour after its end was reported is reported again only once it has
//! lasted for 15 minutes, or when that hour is over. The log shows every beginning and end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::channel::Operators;
use crate::destination::Destination;
use crate::notice::{About, InstanceSign, Notice};
use crate::render::notice::{Words, words};
use crate::store::{Store, StoreError, Trouble};
use crate::wake::Wakes;

const ANOTHER: &str = "another-instance";
pub(super) const GATEWAY: &str = "gateway";
pub(super) const COMMANDS: &str = "commands";
/// Troubles of the bot as a whole.
const OF_BOT: [&str; 3] = [ANOTHER, GATEWAY, COMMANDS];
/// How often signs of another instance are recorded, and how long without a sign until it counts as gone.
const SEEN_AGAIN: TimeDelta = TimeDelta::hours(1);
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::days(1);
/// A trouble that begins again within the first duration after its end is held back until it has lasted for
/// the second, which is longer than a channel that refuses files is left alone.
const AGAIN_WITHIN: TimeDelta = TimeDelta::hours(1);
const LASTS_AFTER: TimeDelta = TimeDelta::minutes(15);

/// Lasting troubles, and those that began again but have not been reported yet.
pub struct Troubles {
    store: Store,
    operators: Arc<Operators>,
    wakes: Wakes,
    held_back: Mutex<BTreeMap<String, Held>>,
}

/// A trouble that began again soon after it was over.
#[derive(Debug, Clone)]
struct Held {
    since: DateTime<Utc>,
    notice: Notice,
    destination: Option<Destination>,
}

/// True if `moment` is less than `span` ago. A time in the future comes from a wrong clock and counts by its
/// distance.
fn within(moment: DateTime<Utc>, span: TimeDelta, now: DateTime<Utc>) -> bool {
    (now - moment).abs() < span
}

/// True if a trouble is over. Its record is kept for a while, with the time of its end.
pub fn is_over(trouble: &Trouble) -> bool {
    trouble.text.is_empty()
}

impl Troubles {
    /// The troubles of a store; none is held back yet.
    pub fn new(store: Store, operators: Arc<Operators>, wakes: Wakes) -> Self {
        Self { store, operators, wakes, held_back: Mutex::default() }
    }

    fn held_back(&self) -> MutexGuard<'_, BTreeMap<String, Held>> {
        self.held_back.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if operators know about a trouble that is not over.
    pub async fn is_known(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.store.trouble(name).await?.is_some_and(|trouble| !is_over(&trouble)))
    }

    /// Reports a trouble, unless operators already know about it by the same title, or were notified of its
    /// end recently. Returns true if it must be logged.
    pub async fn begin(
        &self,
        name: &str,
        destination: Option<&Destination>,
        notice: &Notice,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let title = words(notice).title;
        let notices = self.operators.deliveries(notice, now).await?;
        loop {
            let known = self.store.trouble(name).await?;
            if known.as_ref().is_some_and(|known| known.text == title) {
                return Ok(false);
            }
            let over_at = known.as_ref().filter(|known| is_over(known)).map(|over| over.seen_at);
            let over_at = over_at.filter(|over_at| within(*over_at, AGAIN_WITHIN, now));
            let earlier = self.held_back().get(name).cloned();
            let is_new = earlier.as_ref().is_none_or(|held| words(&held.notice).title != title);
            // A clock that was ahead must not hold it back.
            let since = earlier.map_or(now, |held| held.since.min(now));
            let destination = destination.cloned();
            if over_at.is_some() && !lasts(since, now) {
                let held = Held { since, notice: notice.clone(), destination };
                self.held_back().insert(name.to_owned(), held);
                self.wakes.housekeeping.notify_one();
                return Ok(is_new);
            }
            let trouble = Trouble { since, seen_at: now, text: title.clone(), destination };
            if self.store.replace_trouble(name, known.as_ref(), Some(&trouble), &notices).await? {
                self.held_back().remove(name);
                self.wakes.queued.notify_one();
                return Ok(true);
            }
        }
    }

    /// Reports held-back troubles that last. Returns when to check again.
    pub async fn report_lasting(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.forget_old(now).await?;
        let all = self.held_back().clone();
        for (name, Held { notice, destination, .. }) in all {
            self.begin(&name, destination.as_ref(), &notice, now).await?;
            if self.is_known(&name).await? {
                let Words { title, text } = words(&notice);
                tracing::error!("{title} (again, and it lasts). {text}");
            }
        }
        let mut next = None;
        let held: Vec<_> = self.held_back().iter().map(|(name, held)| (name.clone(), held.since)).collect();
        for (name, since) in held {
            let over_at = self.store.trouble(&name).await?.map(|over| over.seen_at + AGAIN_WITHIN);
            let due = over_at.map_or(now, |over| over.min(since + LASTS_AFTER));
            next = Some(next.map_or(due, |next: DateTime<Utc>| next.min(due)));
        }
        Ok(next.map(|next| next.clamp(now + TimeDelta::seconds(1), now + LASTS_AFTER)))
    }

    /// Reports that a trouble is over, if operators know about it.
    pub async fn end(
        &self,
        name: &str,
        about: impl Fn(&Trouble) -> About,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let held = self.held_back().remove(name);
        let known = loop {
            let known = self.store.trouble(name).await?;
            let Some(trouble) = known.as_ref().filter(|known| !is_over(known)) else { break known };
            let notice = Notice::new(now, about(trouble));
            let over = Trouble { seen_at: now, text: String::new(), ..trouble.clone() };
            let notices = self.operators.deliveries(&notice, now).await?;
            if self.store.replace_trouble(name, Some(trouble), Some(&over), &notices).await? {
                let Words { title, text } = words(&notice);
                tracing::info!("{title}: {text}");
                self.wakes.queued.notify_one();
                return Ok(());
            }
        };
        if let Some(Held { since, notice, destination }) = held {
            let trouble = Trouble { since, seen_at: now, text: words(&notice).title, destination };
            let Words { title, text } = words(&Notice::new(now, about(&trouble)));
            tracing::info!("{title}: {text}");
        }
        match known.filter(|over| !within(over.seen_at, AGAIN_WITHIN, now)) {
            Some(over) => self.forget_one(name, &over).await,
            None => Ok(()),
        }
    }

    /// Forgets a trouble, unless it changed since it was read.
    async fn forget_one(&self, name: &str, read: &Trouble) -> Result<(), StoreError> {
        self.store.replace_trouble(name, Some(read), None, &[]).await.map(drop)
    }

    /// Forgets troubles that nothing would end (of destinations that are not served, and of the bot if there
    /// is none), and those that ended long ago.
    pub async fn forget_idle(
        &self,
        serves: impl Fn(&Destination) -> bool,
        has_bot: bool,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.forget(|trouble| match &trouble.destination {
            Some(destination) => !serves(destination),
            None => !has_bot,
        })
        .await?;
        self.forget_old(now).await
    }

    async fn forget_old(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.forget(|trouble| is_over(trouble) && !within(trouble.seen_at, AGAIN_WITHIN, now)).await
    }

    async fn forget(&self, forgets: impl Fn(&Trouble) -> bool) -> Result<(), StoreError> {
        for trouble in self.store.troubles().await?.into_iter().filter(|trouble| forgets(trouble)) {
            if let Some(of) = &trouble.destination {
                self.forget_one(&files_of(of), &trouble).await?;
            }
        }
        for name in OF_BOT {
            if let Some(trouble) = self.store.trouble(name).await?.filter(&forgets) {
                self.forget_one(name, &trouble).await?;
            }
        }
        Ok(())
    }

    /// Forgets the troubles of a destination that is gone.
    pub async fn forget_of(&self, destination: &Destination) -> Result<(), StoreError> {
        self.held_back().retain(|_, held| held.destination.as_ref() != Some(destination));
        match self.store.trouble(&files_of(destination)).await? {
            Some(trouble) => self.forget_one(&files_of(destination), &trouble).await,
            None => Ok(()),
        }
    }

    /// Forgets another instance after a day without a sign of it.
    pub async fn forget_another_instance(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let over = |trouble: &Trouble| !within(trouble.seen_at, FORGOTTEN_AFTER, now);
        match self.store.trouble(ANOTHER).await?.filter(over) {
            Some(trouble) => self.forget_one(ANOTHER, &trouble).await,
            None => Ok(()),
        }
    }

    /// Reports that another program acts as the same bot: once, and again only after a day without a sign of
    /// it.
    pub async fn another_instance(&self, sign: InstanceSign, now: DateTime<Utc>) -> Result<(), StoreError> {
        let notice = Notice::new(now, About::AnotherInstance(sign));
        let Words { title, text } = words(&notice);
        loop {
            let read = self.store.trouble(ANOTHER).await?;
            let known = read.as_ref().filter(|known| within(known.seen_at, FORGOTTEN_AFTER, now));
            let (trouble, notices) = match known {
                Some(known) if within(known.seen_at, SEEN_AGAIN, now) => return Ok(()),
                Some(known) => {
                    let since = known.since.min(now);
                    (Trouble { since, seen_at: now, ..known.clone() }, Vec::new())
                }
                None => {
                    let trouble =
                        Trouble { since: now, seen_at: now, text: title.clone(), destination: None };
                    (trouble, self.operators.deliveries(&notice, now).await?)
                }
            };
            let is_new = known.is_none();
            if !self.store.replace_trouble(ANOTHER, read.as_ref(), Some(&trouble), &notices).await? {
                continue;
            }
            if is_new {
                tracing::error!("{title}. {text}");
                self.wakes.queued.notify_one();
            }
            return Ok(());
        }
    }
}

/// True if a trouble that began at `since` counts as lasting by now.
fn lasts(since: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - since >= LASTS_AFTER
}

/// The name of the trouble that a destination accepts no files.
pub fn files_of(destination: &Destination) -> String {
    format!("files/{destination}")
}
