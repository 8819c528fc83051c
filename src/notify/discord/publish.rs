//! Publishes messages of announcement channels, so that other servers that follow them see them. Discord
//! publishes ten messages of a channel an hour.
//!
//! <https://discord.com/developers/docs/resources/message#crosspost-message>

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::Method;
use serenity::all::{ChannelId, MessageId};
use serenity::http::Route;
use tokio::time::timeout;

use super::bot::DiscordBot;
use super::codes::{By, Purpose, is_published};
use super::kinds::ChannelKind;
use super::request::RequestKind;

/// How long a delivery may wait for its message to be published.
const LONGEST: Duration = Duration::from_secs(5);

impl DiscordBot {
    /// Publishes a message that was sent, if the settings ask for that and its channel is one for
    /// announcements. The message stays as it is if that fails.
    pub(super) async fn publish(&self, channel: u64, message_id: &str, by: By, now: DateTime<Utc>) {
        let Ok(message_id) = message_id.parse().map(MessageId::new) else { return };
        if !self.publishing.is_due(channel, now) {
            return;
        }
        let published = timeout(LONGEST, self.publish_now(channel, message_id, by, now)).await;
        let why = match published {
            Ok(Ok(())) => {
                self.publishing.note_done(channel);
                return;
            }
            Ok(Err(why)) => why,
            Err(_) => "Discord did not answer in time".to_owned(),
        };
        match self.publishing.note_failed(channel, now) {
            true => tracing::warn!(
                channel,
                "a message is not published: {why}; further failures in this channel are not reported"
            ),
            false => tracing::debug!(channel, "a message is not published: {why}"),
        }
    }

    /// Publishes a message, if its channel is one for announcements.
    async fn publish_now(
        &self,
        channel: u64,
        message_id: MessageId,
        by: By,
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        let known = self.learned(channel).await.ok_or("Discord does not say what kind of channel it is")?;
        if known.kind != ChannelKind::Announcements {
            return Ok(());
        }
        // Discord's limit holds until it is over, so that nothing is asked in vain.
        let kind = RequestKind { route: format!("publishing:{channel}"), purpose: Purpose::Edit, by };
        self.client
            .turn(&kind.route, by, now)
            .map_err(|until| format!("Discord asks to wait until {until}"))?;
        let route = Route::ChannelMessageCrosspost { channel_id: ChannelId::new(channel), message_id };
        match self.client.execute(&kind, self.request(Method::POST, &route), now).await {
            Ok(_) => Ok(()),
            Err(failure) if is_published(&failure.error) => Ok(()),
            Err(failure) => Err(failure.error.to_string()),
        }
    }
}
