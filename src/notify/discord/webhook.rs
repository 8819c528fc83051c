//! Discord through a webhook: at least once, since webhooks know no nonce.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use url::Url;

use super::address::WebhookAddress;
use super::call::{Ask, Caller, filled};
use super::codes::{Asked, By, unchangeable};
use super::files::{Files, NoFile, Outgoing};
use super::pace::Pace;
use super::{edit, edited};
use crate::delivery::Batch;
use crate::notify::{SendError, Sent, no_digest};
use crate::render::discord::Message;

/// A webhook. Its address is a secret.
pub(in crate::notify) struct DiscordWebhook {
    caller: Caller,
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
    /// The webhook of an address.
    ///
    /// # Errors
    /// The HTTP library could not be set up.
    pub(super) fn new(address: WebhookAddress, pace: Arc<Pace>) -> Result<Self, reqwest::Error> {
        let route = format!("webhook:{}", address.id);
        Ok(Self { caller: Caller::new("the webhook", pace)?, address, route, files: Files::default() })
    }

    /// A turn to send, or when to come back.
    pub(in crate::notify) fn turn(&self, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        self.caller.turn(&self.route, By::Webhook, now)
    }

    /// Whether its channel takes files, as far as that is known.
    pub(in crate::notify) fn takes_files(&self) -> Option<Result<(), NoFile>> {
        self.files.taken_by(&self.address.id)
    }

    pub(in crate::notify) async fn send(
        &self,
        batch: &Batch,
        with_sample: bool,
        now: DateTime<Utc>,
    ) -> Result<Sent, SendError> {
        let (http, by) = (&self.caller.http, By::Webhook);
        let ask = |asked: Asked| Ask { route: self.route.clone(), asked, by };
        if let (Some((id, concerned)), [delivery]) = (batch.concerned(), batch.deliveries()) {
            let posted = self.caller.call(&ask(Asked::Read), http.get(self.message(id)), now).await;
            let posted = posted.map_err(|failure| unchangeable(failure.error))?;
            let cards = edit(&posted, concerned, delivery)?;
            let request = http.patch(self.message(id)).json(&cards);
            let answer = self.caller.call(&ask(Asked::Edit), request, now).await;
            return self.caller.sent(&answer.map_err(|failure| unchangeable(failure.error))?, by);
        }
        let edits = edited(batch);
        let request = |message: &Message| {
            let request = match edits {
                None => http.post(self.address.posting()),
                Some(id) => http.patch(self.message(id)),
            };
            filled(request, message, message.file.as_ref())
        };
        let channel = self.address.id.clone();
        let outgoing = Outgoing { deliveries: batch.deliveries(), with_sample, channel };
        let ask = ask(if edits.is_some() { Asked::Edit } else { Asked::Create });
        let answer = outgoing.send(&self.caller, &self.files, &ask, request, now).await;
        self.caller.sent(&answer.ok_or_else(|| no_digest(batch.destination()))??, by)
    }

    /// The address of a message that it made.
    fn message(&self, id: &str) -> Url {
        self.address.message(id)
    }
}
