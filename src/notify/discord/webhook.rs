//! Discord through a webhook: delivers at least once, because webhooks do not support nonces.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use url::Url;

use super::address::WebhookAddress;
use super::codes::{By, Purpose, unchangeable};
use super::edit::{edit, edited};
use super::files::{Files, Made, Outgoing};
use super::rate_limit::RateLimit;
use super::request::{DiscordClient, RequestKind, filled};
use crate::delivery::Batch;
use crate::notify::error::{SendError, Sent, no_digest};
use crate::render::discord::{Message, NoFile};

/// A webhook. Its address is a secret.
pub(in crate::notify) struct DiscordWebhook {
    client: DiscordClient,
    address: WebhookAddress,
    route: String,
    files: Files,
}

impl fmt::Debug for DiscordWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DiscordWebhook")
    }
}

impl DiscordWebhook {
    /// The webhook with this address.
    ///
    /// # Errors
    /// The HTTP library could not be set up.
    pub(super) fn new(address: WebhookAddress, rate_limit: Arc<RateLimit>) -> Result<Self, reqwest::Error> {
        let route = format!("webhook:{}", address.id);
        Ok(Self {
            client: DiscordClient::new("the webhook", rate_limit)?,
            address,
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

    pub(in crate::notify) async fn send(
        &self,
        batch: &Batch,
        made: Made,
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
        let request = |message: &Message| {
            let request = match edits {
                None => http.post(self.address.posting()),
                Some(id) => http.patch(self.message(id)),
            };
            // A webhook's message cannot have buttons.
            let message = Message { components: Vec::new(), ..message.clone() };
            filled(request, &message, &message.files)
        };
        let channel = self.address.id.clone();
        let outgoing = Outgoing { deliveries: batch.deliveries(), made, channel };
        let kind = kind(if edits.is_some() { Purpose::Edit } else { Purpose::Create });
        let answer = outgoing.send(&self.client, &self.files, &kind, request, now).await;
        self.client.sent(&answer.ok_or_else(|| no_digest(batch.destination()))??, by)
    }

    /// The address of a message that it created.
    fn message(&self, id: &str) -> Url {
        self.address.message(id)
    }
}
