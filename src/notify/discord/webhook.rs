//! Discord through a webhook: at least once, since webhooks know no nonce.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::call::{Caller, filled, unchangeable};
use super::pace::Pace;
use super::{edit, edited, sent};
use crate::delivery::Batch;
use crate::notify::{SendError, Sent, no_digest};
use crate::render::discord;

/// A webhook. Its address is a secret.
pub(in crate::notify) struct DiscordWebhook {
    caller: Caller,
    address: Url,
    /// Its id in its address, which is none.
    route: String,
}

impl fmt::Debug for DiscordWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DiscordWebhook")
    }
}

impl DiscordWebhook {
    /// The webhook of an address; `None` where it is none.
    pub(in crate::notify) fn new(
        address: &SecretString,
        pace: Arc<Pace>,
    ) -> Result<Option<Self>, reqwest::Error> {
        let Ok(mut address) = Url::parse(address.expose_secret().trim()) else { return Ok(None) };
        let loopback = address.host_str().is_some_and(|host| host == "localhost" || host.starts_with("127."));
        let safe = address.scheme() == "https" || address.scheme() == "http" && loopback;
        let mut segments = address.path_segments().into_iter().flatten();
        let Some(id) = segments.by_ref().find(|segment| *segment == "webhooks").and_then(|_| segments.next())
        else {
            return Ok(None);
        };
        if !safe {
            return Ok(None);
        }
        let route = format!("webhook:{id}");
        // Without `wait`, a message that Discord does not save reports no error.
        address.query_pairs_mut().append_pair("wait", "true");
        Ok(Some(Self { caller: Caller::new("the webhook", pace)?, address, route }))
    }

    /// A turn to send, or when to come back.
    pub(in crate::notify) fn turn(&self, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        self.caller.turn(&self.route, now)
    }

    pub(in crate::notify) async fn send(&self, batch: &Batch, now: DateTime<Utc>) -> Result<Sent, SendError> {
        let http = &self.caller.http;
        if let (Some((id, concerned)), [delivery]) = (batch.concerned(), batch.deliveries()) {
            let posted = self.caller.call(&self.route, http.get(self.message(id)), now).await;
            let cards = edit(&posted.map_err(unchangeable)?, concerned, delivery)?;
            let request = http.patch(self.message(id)).json(&cards);
            let answer = self.caller.call(&self.route, request, now).await.map_err(unchangeable)?;
            return Ok(sent(&answer));
        }
        let message = discord::message(batch.deliveries()).ok_or_else(|| no_digest(batch.destination()))?;
        let request = match edited(batch) {
            None => http.post(self.address.clone()),
            Some(id) => http.patch(self.message(id)),
        };
        let request = filled(request, &message, message.file.as_ref())?;
        let answer = self.caller.call(&self.route, request, now).await?;
        Ok(sent(&answer))
    }

    /// The address of a message that it made.
    fn message(&self, id: &str) -> Url {
        let mut address = self.address.clone();
        if let Ok(mut segments) = address.path_segments_mut() {
            segments.pop_if_empty().extend(["messages", id]);
        }
        address
    }
}
