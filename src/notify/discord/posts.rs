//! Posts of forum and media channels: which ones the bot created, to find out whether a delivery arrived. Such
//! a channel has no messages of its own, and a post has no nonce.
//!
//! <https://discord.com/developers/docs/resources/channel#start-thread-in-forum-or-media-channel>

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serenity::all::{ChannelId, MessageId, UserId};
use serenity::http::Route;

use super::bot::DiscordBot;
use super::codes::{By, is_gone, lacks_history};
use super::listing::{Listing, Thread};
use super::reading::Posted;
use super::request::TIMEOUT;
use super::snowflake::{first_id, made};
use crate::alert::Key;
use crate::delivery::Delivery;
use crate::notify::error::{ReadBack, Retry, SendError, Sent};
use crate::render::discord;

/// The most posts to read.
const MOST_POSTS: usize = 200;
/// How long after a try without an answer its post may still be created.
const ON_ITS_WAY: TimeDelta = TimeDelta::seconds(10);
/// Our clock and Discord's may differ by this much.
const SKEW: TimeDelta = TimeDelta::minutes(30);

/// A look into a forum.
struct Look<'a> {
    listing: Listing<'a>,
    /// When the deliveries were first and last sent.
    sent: (DateTime<Utc>, DateTime<Utc>),
}

impl Look<'_> {
    /// True if a thread may have been created by one of the sends.
    fn may_be_ours(&self, thread: &Thread, own_id: UserId) -> bool {
        let (first, last) = self.sent;
        let until = first_id(last + TimeDelta::from_std(TIMEOUT).unwrap_or_default() + SKEW);
        let is_here = thread.parent_id == Some(self.listing.channel) && thread.owner_id == Some(own_id);
        is_here && (first_id(first - SKEW)..=until).contains(&thread.id.get())
    }
}

/// Succeeds once a post that was last tried then is certainly there or not: nothing drops a second one.
pub(super) fn settled(last: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), SendError> {
    let until = last + ON_ITS_WAY;
    if until <= now || until - now > ON_ITS_WAY {
        return Ok(());
    }
    let wait = Retry::After((until - now).to_std().unwrap_or_default());
    Err(SendError { retry: wait, ..SendError::refused("a post may still be on its way") })
}

impl DiscordBot {
    /// Looks for deliveries among the bot's own posts of a forum since they were sent, also among archived
    /// ones.
    pub(super) async fn find_posts(
        &self,
        forum: u64,
        by: By,
        deliveries: &[Delivery],
        sent: (DateTime<Utc>, DateTime<Utc>),
        now: DateTime<Utc>,
    ) -> Result<ReadBack, SendError> {
        let listing = Listing { bot: self, channel: ChannelId::new(forum), by, now };
        let look = Look { listing, sent };
        match self.look_for(&look, deliveries).await {
            Err(error) if lacks_history(&error) => {
                Ok(ReadBack::Unknown("the bot lacks the permission Read Message History there"))
            }
            found => found,
        }
    }

    async fn look_for(&self, look: &Look<'_>, deliveries: &[Delivery]) -> Result<ReadBack, SendError> {
        let own_id = self.own_id().await?;
        let mut posts = look.listing.active().await?;
        posts.extend(look.listing.archived(look.sent.0 - SKEW).await?);
        posts.retain(|thread| look.may_be_ours(thread, own_id));
        // Those of the same name come first: usually one of them is it.
        let names: BTreeSet<String> = deliveries.iter().map(discord::post_name).collect();
        posts.sort_by_key(|thread| (!names.contains(&thread.name), thread.id));
        let mut found = BTreeMap::new();
        for thread in posts.iter().take(MOST_POSTS) {
            let Some(posted) = self.first_message(look, thread.id).await? else { continue };
            for reference in posted.references() {
                if let Some(own) = deliveries.iter().find(|own| own.key.as_str() == reference) {
                    let sent = Sent { message_id: Some(thread.id.to_string()) };
                    let at = made(MessageId::new(thread.id.get())).unwrap_or(look.sent.1);
                    found.insert(Key::clone(&own.key), (sent, at));
                }
            }
            if found.len() == deliveries.len() {
                break;
            }
        }
        Ok(match found.is_empty() && posts.len() > MOST_POSTS {
            true => ReadBack::Unknown("too many posts came since"),
            false => ReadBack::Arrived(found),
        })
    }

    /// The message that a post began with, whose id is the post's own; `None` if it was deleted.
    async fn first_message(&self, look: &Look<'_>, post: ChannelId) -> Result<Option<Posted>, SendError> {
        let kind = look.listing.kind();
        let now = self.turn_to_read(&kind, look.listing.now).await?;
        let route = Route::ChannelMessage { channel_id: post, message_id: MessageId::new(post.get()) };
        match self.client.execute(&kind, self.request(Method::GET, &route), now).await {
            Ok(answer) => Ok(serde_json::from_slice(&answer).ok()),
            Err(failure) if is_gone(&failure.error) => Ok(None),
            Err(failure) => Err(failure.error),
        }
    }
}
