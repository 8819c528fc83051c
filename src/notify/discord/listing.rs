//! The threads of a channel, and the posts of a forum, as Discord lists them.
//!
//! <https://discord.com/developers/docs/resources/guild#list-active-guild-threads>

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::Method;
use serde::Deserialize;
use serenity::all::{ChannelId, GuildId, UserId};
use serenity::http::Route;

use super::bot::DiscordBot;
use super::codes::{By, Purpose};
use super::request::{RequestKind, words};
use crate::bounds::AtMost;
use crate::notify::error::SendError;

/// The most threads in one answer. A server has at most 1,000 that are not archived.
const MOST_THREADS: usize = 2_000;
/// The most archived threads that Discord returns at once, and the most pages to request.
const PAGE: usize = 100;
const MOST_PAGES: usize = 20;

#[derive(Deserialize)]
struct Page {
    threads: AtMost<Thread, MOST_THREADS>,
    #[serde(default)]
    has_more: bool,
}

/// The parts of a thread that we read.
#[derive(Deserialize)]
pub(super) struct Thread {
    pub(super) id: ChannelId,
    #[serde(default)]
    pub(super) parent_id: Option<ChannelId>,
    #[serde(default)]
    pub(super) owner_id: Option<UserId>,
    #[serde(default)]
    pub(super) name: String,
    pub(super) thread_metadata: Metadata,
}

#[derive(Deserialize)]
pub(super) struct Metadata {
    archive_timestamp: DateTime<Utc>,
    #[serde(default)]
    pub(super) locked: bool,
}

/// A look at the threads of a channel or forum.
pub(super) struct Listing<'a> {
    pub(super) bot: &'a DiscordBot,
    pub(super) channel: ChannelId,
    pub(super) by: By,
    pub(super) now: DateTime<Utc>,
}

impl Listing<'_> {
    /// How its requests are counted.
    pub(super) fn kind(&self) -> RequestKind {
        RequestKind { route: format!("reading:{}", self.channel), purpose: Purpose::Read, by: self.by }
    }

    /// The threads that are not archived, of all channels of the server.
    pub(super) async fn active(&self) -> Result<Vec<Thread>, SendError> {
        let Some(server) = self.bot.learn(self.channel.get()).await?.server else {
            return Err(SendError::refused("Discord does not say which server the channel is on"));
        };
        let route = Route::GuildThreadsActive { guild_id: GuildId::new(server) };
        Ok(self.page(&route, &[]).await?.threads.0)
    }

    /// The threads of the channel that were archived since a time, or a little before: Discord lists those that
    /// were archived last first, and none was archived before it was created.
    pub(super) async fn archived(&self, since: DateTime<Utc>) -> Result<Vec<Thread>, SendError> {
        let route = Route::ChannelArchivedPublicThreads { channel_id: self.channel };
        let mut found: Vec<Thread> = Vec::new();
        let mut before: Option<DateTime<Utc>> = None;
        for _ in 0..MOST_PAGES {
            let mut params = vec![("limit", PAGE.to_string())];
            params.extend(before.map(|at| ("before", at.to_rfc3339_opts(SecondsFormat::Micros, true))));
            let Page { threads, has_more } = self.page(&route, &params).await?;
            let oldest = threads.0.iter().map(|thread| thread.thread_metadata.archive_timestamp).min();
            found.extend(threads.0);
            match oldest {
                Some(oldest) if has_more && oldest >= since && Some(oldest) != before => {
                    before = Some(oldest)
                }
                _ => break,
            }
        }
        Ok(found)
    }

    async fn page(&self, route: &Route<'_>, params: &[(&str, String)]) -> Result<Page, SendError> {
        let kind = self.kind();
        let now = self.bot.turn_to_read(&kind, self.now).await?;
        let request = self.bot.request(Method::GET, route).query(params);
        let answer = self.bot.client.execute(&kind, request, now).await?;
        serde_json::from_slice(&answer)
            .map_err(|error| SendError::later(words(&format!("Discord's answer cannot be read: {error}"))))
    }
}
