//! Discord through a webhook: delivers at least once, because webhooks do not support nonces.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use url::Url;

use super::address::WebhookAddress;
use super::codes::{By, Purpose, is_gone, unchangeable};
use super::edit::{edit, edited};
use super::files::{Files, Made, Outgoing};
use super::rate_limit::RateLimit;
use super::request::{DiscordClient, RequestKind, filled};
use super::shared::answered;
use super::tags::Tags;
use crate::config::Channel;
use crate::delivery::Batch;
use crate::notify::error::{SendError, Sent, no_digest};
use crate::render::discord::{self, Message, NoFile};

#[derive(Serialize)]
struct ExecuteWebhook<'a> {
    #[serde(flatten)]
    message: &'a Message,
    /// The name of the post that the message begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    applied_tags: Option<&'a Tags>,
}

/// A webhook. Its address is a secret.
pub(in crate::notify) struct DiscordWebhook {
    client: DiscordClient,
    address: WebhookAddress,
    /// True if its channel is a forum, where each alert has its own post.
    creates_posts: bool,
    /// The tags of its posts.
    tags: Tags,
    route: String,
    files: Files,
}

impl fmt::Debug for DiscordWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DiscordWebhook")
    }
}

impl DiscordWebhook {
    /// The webhook with this address, for a channel of the settings.
    ///
    /// # Errors
    /// The HTTP library could not be set up.
    pub(super) fn new(
        address: WebhookAddress,
        channel: &Channel,
        rate_limit: Arc<RateLimit>,
    ) -> Result<Self, reqwest::Error> {
        let route = format!("webhook:{}", address.id);
        Ok(Self {
            client: DiscordClient::new("the webhook", rate_limit)?,
            address,
            creates_posts: channel.thread_name,
            tags: Tags::of(channel),
            route,
            files: Files::default(),
        })
    }

    /// Takes a turn to send, or returns when to try again.
    pub(in crate::notify) fn turn(&self, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        self.client.turn(&self.route, By::Webhook, now)
    }

    /// Whether its channel accepts files, as far as known.
    pub(in crate::notify) fn takes_files(&self) -> Option<Result<(), NoFile>> {
        self.files.taken_by(&self.address.id)
    }

    /// True if each alert has its own post.
    pub(in crate::notify) fn creates_posts(&self) -> bool {
        self.creates_posts
    }

    pub(in crate::notify) async fn send(
        &self,
        batch: &Batch,
        made: Made,
        now: DateTime<Utc>,
    ) -> Result<Sent, SendError> {
        let post = answered(batch).filter(|_| self.creates_posts);
        match self.attempt(post, batch, &made, now).await {
            // The post to reply to was deleted.
            Err(error) if post.is_some() && is_gone(&error) && self.turn(now).is_ok() => {
                self.attempt(None, batch, &made, now).await
            }
            sent => sent,
        }
    }

    /// Sends a batch: in a forum, to this post or, without one, as a new post.
    async fn attempt(
        &self,
        post: Option<&str>,
        batch: &Batch,
        made: &Made,
        now: DateTime<Utc>,
    ) -> Result<Sent, SendError> {
        let (http, by) = (&self.client.http, By::Webhook);
        let kind = |purpose: Purpose| RequestKind { route: self.route.clone(), purpose, by };
        if let (Some((id, concerned)), [delivery]) = (batch.concerned(), batch.deliveries()) {
            let posted = self.client.execute(&kind(Purpose::Read), http.get(self.message(id)), now).await;
            let posted = posted.map_err(|failure| unchangeable(failure.error))?;
            let cards = edit(&posted, concerned, delivery)?;
            let request = http.patch(self.message(id)).json(&cards);
            let answer = self.client.execute(&kind(Purpose::Edit), request, now).await;
            return self.client.sent(&answer.map_err(|failure| unchangeable(failure.error))?, by);
        }
        let edits = edited(batch);
        let name = batch.deliveries().first().filter(|_| self.creates_posts).map(discord::post_name);
        let request = |message: &Message| {
            let request = match edits {
                None => http.post(self.address.posting(post)),
                Some(id) => http.patch(self.message(id)),
            };
            // A webhook's message cannot have buttons.
            let message = &Message { components: Vec::new(), ..message.clone() };
            let thread_name = name.as_deref().filter(|_| edits.is_none() && post.is_none());
            let applied_tags = thread_name.and(Some(&self.tags)).filter(|tags| !tags.is_empty());
            filled(request, &ExecuteWebhook { message, thread_name, applied_tags }, &message.files)
        };
        let channel = self.address.id.clone();
        let outgoing = Outgoing { deliveries: batch.deliveries(), made, channel };
        let kind = kind(if edits.is_some() { Purpose::Edit } else { Purpose::Create });
        let answer = outgoing.send(&self.client, &self.files, &kind, request, now).await;
        self.client.sent(&answer.ok_or_else(|| no_digest(batch.destination()))??, by)
    }

    /// The address of a message that it created.
    fn message(&self, id: &str) -> Url {
        // A post has the id of its first message.
        self.address.message(id, Some(id).filter(|_| self.creates_posts))
    }
}
