//! Reads a channel back to find out whether a message arrived. Discord forgets a nonce after some minutes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serenity::all::ChannelId;
use serenity::http::Route;
use tokio::time::timeout;

use super::bot::DiscordBot;
use super::codes::{By, Purpose, is_gone, is_no_channel, is_wrong_kind};
use super::edit::edited;
use super::kinds::ChannelKind;
use super::listing::Listing;
use super::posts::settled;
use super::reading::Posted;
use super::request::{RequestKind, TIMEOUT, words};
use super::shared::{answered, shared_thread};
use super::snowflake::{first_id, made};
use super::twins::Foreign;
use crate::alert::Key;
use crate::bounds::AtMost;
use crate::delivery::{Batch, InFlight};
use crate::notify::error::{ReadBack, Retry, SendError, Sent};

/// How long a nonce certainly prevents a second message; Discord says "a few minutes".
const NONCE_HOLDS: TimeDelta = TimeDelta::minutes(1);
/// Our clock and Discord's may differ by this much.
const SKEW: TimeDelta = TimeDelta::minutes(30);
/// The most messages that Discord returns at once, and the most pages to request.
const PAGE: usize = 100;
const MOST_PAGES: usize = 50;
/// The longest time to spend on a routine check of a channel.
const LONGEST_LOOK: Duration = Duration::from_secs(10);

impl DiscordBot {
    /// Messages that another program seems to have sent as this bot, found since the last call. Now and then,
    /// this checks a channel where something was sent.
    pub(in crate::notify) async fn foreign(&self, channel: u64, now: DateTime<Utc>) -> Vec<Foreign> {
        if self.twins.is_due(channel, now) {
            // If it cannot be read now, the next check reads it.
            let _ = timeout(LONGEST_LOOK, self.look_around(ChannelId::new(channel), now)).await;
        }
        self.twins.take()
    }

    async fn look_around(&self, channel: ChannelId, now: DateTime<Utc>) -> Result<(), SendError> {
        let own_id = self.own_id().await?;
        // Nobody waits for this, so it has the lower rank.
        let page = self.messages(channel, By::Subscription, &[("limit", PAGE as u64)], now).await?;
        for posted in page.iter().filter(|posted| posted.author.id == own_id) {
            self.twins.saw(posted.id, made(posted.id), posted.references());
        }
        Ok(())
    }

    /// Looks for deliveries among the bot's own messages or posts since they were sent. After some minutes,
    /// Discord no longer knows the nonce, and only the channel shows whether they arrived. A post has no nonce.
    pub(in crate::notify) async fn find(
        &self,
        channel: u64,
        batch: &Batch,
        sends: &InFlight,
        now: DateTime<Utc>,
    ) -> Result<ReadBack, SendError> {
        // Earlier tries may come from another process with this store.
        self.twins.may_have_arrived(batch.deliveries().iter().map(|delivery| delivery.key.clone()));
        let thread = shared_thread(batch);
        let takes_posts = thread.is_none() && self.kinds.takes_posts(channel);
        let is_lost = thread.is_some_and(|thread| self.threads.is_closed(thread));
        let guarded = !takes_posts
            && !is_lost
            && !sends.guess
            && (TimeDelta::zero()..NONCE_HOLDS).contains(&(now - sends.first));
        if edited(batch).is_some() || batch.concerned().is_some() || guarded {
            return Ok(ReadBack::Guarded);
        }
        if channel == 0 {
            return Ok(ReadBack::Arrived(BTreeMap::new()));
        }
        // The clock may have been ahead then.
        let first = sends.first.min(now);
        let by = By::bot(batch.destination());
        let thread = match thread {
            None if sends.guess => self.guessed(channel, batch, by, now).await?,
            known => known,
        };
        if let Some(thread) = thread {
            let place = ChannelId::new(thread);
            match self.find_in(place, batch, (first, sends.last), now).await {
                // It may be in the channel itself.
                Ok(ReadBack::Arrived(found)) if found.is_empty() && sends.guess => {}
                Err(error) if is_no_channel(&error) => return Ok(ReadBack::Arrived(BTreeMap::new())),
                Ok(ReadBack::Arrived(found)) => {
                    let there =
                        found.into_iter().map(|(key, (sent, at))| (key, (sent.in_thread(Some(thread)), at)));
                    return Ok(ReadBack::Arrived(there.collect()));
                }
                found => return found,
            }
        }
        let found = match takes_posts {
            true => self.find_in_forum(channel, batch, sends, now).await,
            false => self.find_in(ChannelId::new(channel), batch, (first, sends.last), now).await,
        };
        let seems_empty = match &found {
            Ok(found) => matches!(found, ReadBack::Unknown(_)),
            Err(error) => is_wrong_kind(error),
        };
        // A forum has no messages of its own.
        let found = match !takes_posts && seems_empty {
            true if self.learned(channel).await.is_some_and(|known| known.kind == ChannelKind::Posts) => {
                self.find_in_forum(channel, batch, sends, now).await
            }
            _ => found,
        };
        match found {
            Ok(found) => Ok(found),
            Err(error) => Err(self.explained(channel, by, error).await),
        }
    }

    /// The thread that a batch may have been sent to, if the record of that is lost.
    async fn guessed(
        &self,
        channel: u64,
        batch: &Batch,
        by: By,
        now: DateTime<Utc>,
    ) -> Result<Option<u64>, SendError> {
        let Some(name) = batch.thread_name() else { return Ok(None) };
        let listing = Listing { bot: self, channel: ChannelId::new(channel), by, now };
        match self.named(&listing, name).await {
            // The channel's own answer says what is wrong with it.
            Err(error) if error.retry == Retry::Closed => Ok(None),
            named => named,
        }
    }

    /// Looks for deliveries in a forum: in the post that they reply to, and among its posts.
    async fn find_in_forum(
        &self,
        forum: u64,
        batch: &Batch,
        sends: &InFlight,
        now: DateTime<Utc>,
    ) -> Result<ReadBack, SendError> {
        if !sends.guess {
            settled(sends.last, now)?;
        }
        let span = (sends.first.min(now), sends.last);
        let post = answered(batch).and_then(|id| id.parse().ok()).filter(|id| *id > 0).map(ChannelId::new);
        if let Some(post) = post {
            match self.find_in(post, batch, span, now).await {
                Ok(ReadBack::Arrived(found)) if found.is_empty() => {}
                Err(error) if is_gone(&error) => {}
                found => return found,
            }
        }
        self.find_posts(forum, By::bot(batch.destination()), batch.deliveries(), span, now).await
    }

    async fn find_in(
        &self,
        channel: ChannelId,
        batch: &Batch,
        span: (DateTime<Utc>, DateTime<Utc>),
        now: DateTime<Utc>,
    ) -> Result<ReadBack, SendError> {
        let keys = batch.deliveries().iter().map(|delivery| &delivery.key).collect();
        self.read_back(channel, By::bot(batch.destination()), keys, span, now).await
    }

    async fn read_back(
        &self,
        channel: ChannelId,
        by: By,
        keys: BTreeSet<&Key>,
        (first, last): (DateTime<Utc>, DateTime<Utc>),
        now: DateTime<Utc>,
    ) -> Result<ReadBack, SendError> {
        let own_id = self.own_id().await?;
        let until = first_id(last + TimeDelta::from_std(TIMEOUT).unwrap_or_default() + SKEW);
        let mut after = first_id(first - SKEW);
        let mut seen = false;
        let mut found = BTreeMap::new();
        for _ in 0..MOST_PAGES {
            let page = self.messages(channel, by, &[("after", after), ("limit", PAGE as u64)], now).await?;
            for posted in page.iter().filter(|posted| posted.author.id == own_id) {
                self.twins.saw(posted.id, made(posted.id), posted.references());
                for reference in posted.references() {
                    if let Some(key) = keys.iter().find(|key| key.as_str() == reference) {
                        let sent = Sent { message_id: Some(posted.id.to_string()) };
                        found.insert((*key).clone(), (sent, made(posted.id).unwrap_or(last)));
                    }
                }
            }
            seen |= !page.is_empty();
            let newest = page.iter().map(|posted| posted.id.get()).max().unwrap_or(after);
            if found.len() == keys.len() {
                return Ok(ReadBack::Arrived(found));
            }
            if page.len() < PAGE || newest >= until || newest <= after {
                // To a bot without permission to read message history, every channel is empty.
                let readable = seen || !self.messages(channel, by, &[("limit", 1)], now).await?.is_empty();
                return Ok(match readable {
                    true => ReadBack::Arrived(found),
                    false => ReadBack::Unknown(
                        "the channel is empty, or the bot lacks the permission Read Message History there",
                    ),
                });
            }
            after = newest;
        }
        Ok(match found.is_empty() {
            true => ReadBack::Unknown("too many messages came since"),
            false => ReadBack::Arrived(found),
        })
    }

    /// Messages of a channel.
    async fn messages(
        &self,
        channel_id: ChannelId,
        by: By,
        params: &[(&str, u64)],
        now: DateTime<Utc>,
    ) -> Result<Vec<Posted>, SendError> {
        let kind = RequestKind { route: format!("reading:{channel_id}"), purpose: Purpose::Read, by };
        let now = self.turn_to_read(&kind, now).await?;
        let request = self.request(Method::GET, &Route::ChannelMessages { channel_id }).query(params);
        let answer = self.client.execute(&kind, request, now).await?;
        let page: Result<AtMost<Posted, PAGE>, _> = serde_json::from_slice(&answer);
        page.map(|page| page.0)
            .map_err(|error| SendError::later(words(&format!("Discord's answer cannot be read: {error}"))))
    }
}
