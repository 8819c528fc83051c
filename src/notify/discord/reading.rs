//! Messages as they are read from a channel, and turns to read.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serenity::all::{MessageId, UserId};
use tokio::time::{Instant, sleep};

use super::bot::DiscordBot;
use super::request::RequestKind;
use crate::bounds::AtMost;
use crate::notify::error::SendError;
use crate::render::discord;

/// The longest wait for a turn to read a page.
const LONGEST_READING: Duration = Duration::from_secs(60);
const SHORTEST_WAIT: Duration = Duration::from_millis(10);

/// The parts of a message that we read.
#[derive(Deserialize)]
pub(super) struct Posted {
    pub(super) id: MessageId,
    pub(super) author: Author,
    #[serde(default)]
    embeds: AtMost<Embed, { discord::MOST_EMBEDS }>,
}

#[derive(Deserialize)]
pub(super) struct Author {
    pub(super) id: UserId,
}

#[derive(Deserialize)]
struct Embed {
    url: Option<String>,
    footer: Option<Footer>,
}

#[derive(Deserialize)]
struct Footer {
    text: String,
}

impl Posted {
    /// The deliveries that it refers to.
    pub(super) fn references(&self) -> impl Iterator<Item = &str> {
        self.embeds.0.iter().filter_map(|embed| {
            let footer = embed.footer.as_ref().map(|footer| footer.text.as_str());
            discord::referred(embed.url.as_deref(), footer)
        })
    }
}

impl DiscordBot {
    /// Waits for a turn to read, and returns the time by then. If one of several pages fails, all must be read
    /// again, so waiting here is better.
    pub(super) async fn turn_to_read(
        &self,
        kind: &RequestKind,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, SendError> {
        let by = kind.by;
        let (began, mut waited) = (Instant::now(), Duration::ZERO);
        while let Err(until) =
            self.client.turn(&kind.route, by, now + TimeDelta::from_std(waited).unwrap_or_default())
        {
            let wait = (until - now).to_std().unwrap_or_default().saturating_sub(waited);
            if waited + wait > LONGEST_READING {
                return Err(SendError::refused("Discord asks to wait before the channel is read"));
            }
            sleep(wait.max(SHORTEST_WAIT)).await;
            waited = began.elapsed().max(waited + wait);
        }
        Ok(now + TimeDelta::from_std(waited).unwrap_or_default())
    }
}
