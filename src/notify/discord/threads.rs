//! Threads that alerts of a channel share, and posts that alerts of a forum share: found by their name among
//! those the bot opened, and opened where there is none.
//!
//! <https://discord.com/developers/docs/resources/channel#start-thread-without-message>

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde::Serialize;
use serenity::all::{ChannelId, UserId};
use serenity::http::Route;

use super::bot::DiscordBot;
use super::codes::{By, Purpose};
use super::kinds::{ChannelKind, Known};
use super::listing::{Listing, Thread};
use super::request::RequestKind;
use super::tags::CreatePost;
use crate::destination::Destination;
use crate::notify::error::{Retry, SendError};
use crate::render::discord::AllowedMentions;

/// How long ago a thread may have been archived to be used again.
const OLDEST: TimeDelta = TimeDelta::days(400);
/// Discord's numbers of a thread in an announcement channel, and in another one.
const KINDS: (u8, u8) = (10, 11);
/// The message that a shared post begins with.
const OPENING: &str = "New alerts appear here.";

/// A thread of a channel that has messages.
#[derive(Serialize)]
struct CreateThread<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: u8,
}

#[derive(Serialize)]
struct Opening {
    content: &'static str,
    allowed_mentions: AllowedMentions,
}

impl DiscordBot {
    /// The thread of this name in a channel, or the post of this name in a forum; opens it if there is none.
    /// `None` if the channel has no threads, or Discord refuses one: then alerts go to the channel itself.
    ///
    /// # Errors
    /// Discord cannot be asked now, or the channel accepts nothing.
    pub(in crate::notify) async fn thread(
        &self,
        channel: u64,
        name: &str,
        destination: &Destination,
        now: DateTime<Utc>,
    ) -> Result<Option<u64>, SendError> {
        if let Some(thread) = self.threads.known(channel, name) {
            return Ok(Some(thread));
        }
        if self.threads.is_refused(channel, now) {
            return Ok(None);
        }
        let by = By::bot(destination);
        let listing = Listing { bot: self, channel: ChannelId::new(channel.max(1)), by, now };
        let error = match self.find_or_open(&listing, name).await {
            Ok(Some(thread)) => {
                self.threads.keep(channel, name, thread);
                return Ok(Some(thread));
            }
            Ok(None) => {
                self.threads.refuse(channel, now);
                return Ok(None);
            }
            Err(error) => error,
        };
        match error.retry {
            Retry::Never | Retry::Gone | Retry::Closed => {
                tracing::warn!(channel, %error, "a thread is refused: alerts go to the channel itself");
                self.threads.refuse(channel, now);
                Ok(None)
            }
            // Nothing was sent yet.
            Retry::Later | Retry::After(_) => Err(SendError { may_have_arrived: false, ..error }),
        }
    }

    async fn find_or_open(&self, listing: &Listing<'_>, name: &str) -> Result<Option<u64>, SendError> {
        let Known { kind, server } = self.learn(listing.channel.get()).await?;
        // Direct messages have no threads.
        if server.is_none() {
            return Ok(None);
        }
        if let Some(found) = self.named(listing, name).await? {
            return Ok(Some(found));
        }
        match kind {
            ChannelKind::Posts => self.open_post(listing, name).await.map(Some),
            ChannelKind::Messages => self.open_thread(listing, name, KINDS.1).await.map(Some),
            ChannelKind::Announcements => self.open_thread(listing, name, KINDS.0).await.map(Some),
            _ => Ok(None),
        }
    }

    /// The thread of this name that the bot opened in a channel, if there is one that accepts messages.
    pub(super) async fn named(&self, listing: &Listing<'_>, name: &str) -> Result<Option<u64>, SendError> {
        let own_id = self.own_id().await?;
        let newest = |threads: &[Thread]| {
            let fits = |thread: &&Thread| self.is_named(thread, listing.channel, own_id, name);
            threads.iter().filter(fits).map(|thread| thread.id.get()).max()
        };
        if let Some(found) = newest(&listing.active().await?) {
            return Ok(Some(found));
        }
        Ok(newest(&listing.archived(listing.now - OLDEST).await?))
    }

    fn is_named(&self, thread: &Thread, channel: ChannelId, own_id: UserId, name: &str) -> bool {
        thread.parent_id == Some(channel)
            && thread.owner_id == Some(own_id)
            && thread.name == name
            && !thread.thread_metadata.locked
            && !self.threads.is_closed(thread.id.get())
    }

    async fn open_thread(&self, listing: &Listing<'_>, name: &str, kind: u8) -> Result<u64, SendError> {
        self.open(listing, &CreateThread { name, kind }).await
    }

    async fn open_post(&self, listing: &Listing<'_>, name: &str) -> Result<u64, SendError> {
        let message = &Opening { content: OPENING, allowed_mentions: AllowedMentions::default() };
        let applied_tags = self.tags(listing.channel.get());
        self.open(listing, &CreatePost { name, applied_tags, message }).await
    }

    async fn open(&self, listing: &Listing<'_>, body: &impl Serialize) -> Result<u64, SendError> {
        let Listing { channel, by, now, .. } = *listing;
        let kind = RequestKind { route: format!("threads:{channel}"), purpose: Purpose::Create, by };
        let now = self.turn_to_read(&kind, now).await?;
        let request = self.request(Method::POST, &Route::ChannelThreads { channel_id: channel }).json(body);
        let answer = self.client.execute(&kind, request, now).await?;
        let sent = self.client.sent(&answer, by)?;
        let id = sent.message_id.and_then(|id| id.parse().ok());
        id.ok_or_else(|| SendError::later("Discord's answer has no id of the thread"))
    }
}
