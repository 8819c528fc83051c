//! Sends a batch to a channel as the bot: as a new message or post, or as an edit.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Serialize;
use serenity::all::{ChannelId, MessageId};
use serenity::http::Route;

use super::bot::{DiscordBot, route};
use super::codes::{By, Purpose, unchangeable};
use super::edit::{edit, edited};
use super::files::{Made, Outgoing};
use super::request::{RequestKind, filled};
use super::shared::shared_thread;
use super::snowflake;
use super::spot::Spot;
use super::tags::CreatePost;
use crate::delivery::{Batch, Body, parts_of_id};
use crate::notify::error::{Retry, SendError, Sent, no_digest};
use crate::render::discord::{self, Message};

/// The message to reply to.
#[derive(Serialize)]
struct Reference<'a> {
    message_id: &'a str,
    fail_if_not_exists: bool,
}

#[derive(Serialize)]
struct CreateMessage<'a> {
    #[serde(flatten)]
    message: &'a Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_reference: Option<Reference<'a>>,
    nonce: &'a str,
    enforce_nonce: bool,
}

impl DiscordBot {
    /// Sends to a channel. If a permission is missing, the advice names it.
    pub(in crate::notify) async fn send(
        &self,
        channel: u64,
        batch: &Batch,
        made: Made,
        now: DateTime<Utc>,
    ) -> Result<Sent, SendError> {
        let by = By::bot(batch.destination());
        let place = shared_thread(batch).unwrap_or(channel);
        match self.attempt(channel, batch, &made, now).await.map_err(|error| self.lost(batch, error)) {
            Ok(sent) => {
                self.refusing.note_taken(place);
                let is_notice = batch.deliveries().iter().any(|one| matches!(one.body, Body::Notice(_)));
                let is_new = edited(batch).is_none() && batch.concerned().is_none();
                let is_in_channel = place == channel;
                if let (Some(id), true) =
                    (&sent.message_id, made.is_real && is_new && is_in_channel && !is_notice)
                {
                    self.publish(channel, id, by, now).await;
                }
                Ok(sent.in_thread(shared_thread(batch)))
            }
            // A test of a channel checks permissions itself.
            Err(error) if made.with_sample => Err(error),
            Err(error) => Err(self.explained(place, by, error).await),
        }
    }

    /// Sends to a channel, and once more to another spot if the first one turns out to be wrong.
    async fn attempt(
        &self,
        channel: u64,
        batch: &Batch,
        made: &Made,
        now: DateTime<Utc>,
    ) -> Result<Sent, SendError> {
        if channel == 0 {
            return Err(SendError::never("0 is not a channel"));
        }
        let spot = Spot::of(channel, self.kinds.takes_posts(channel), batch)?;
        let error = match self.attempt_at(spot, channel, batch, made, now).await {
            Ok(sent) => return Ok(sent),
            Err(error) => error,
        };
        let Some(next) = self.next_spot(spot, channel, batch, &error).await else { return Err(error) };
        // The channel was not known as a forum before. There, each alert has its own post, and earlier tries are
        // looked for in another way.
        if next != spot && batch.deliveries().len() > 1 {
            return Err(SendError::never("the channel is a forum, where each alert has its own post"));
        }
        if next != spot && batch.deliveries().iter().any(|delivery| delivery.in_flight.is_some()) {
            return Err(SendError::refused(
                "the channel is a forum, and an earlier post is looked for first",
            ));
        }
        if let Err(until) = self.client.turn(&route(channel, batch), By::bot(batch.destination()), now) {
            let wait = Retry::After((until - now).to_std().unwrap_or_default());
            return Err(SendError { retry: wait, ..SendError::refused(error.message) });
        }
        self.attempt_at(next, channel, batch, made, now).await
    }

    async fn attempt_at(
        &self,
        spot: Spot,
        channel: u64,
        batch: &Batch,
        made: &Made,
        now: DateTime<Utc>,
    ) -> Result<Sent, SendError> {
        match spot {
            Spot::In(place) => self.send_in(place, channel, batch, made, now).await,
            Spot::Post(forum) => self.send_post(forum, batch, made, now).await,
        }
    }

    /// Sends to a channel or thread that has messages. The nonce makes Discord drop a repeated batch for a few
    /// minutes; an edit can be repeated.
    async fn send_in(
        &self,
        channel_id: ChannelId,
        channel: u64,
        batch: &Batch,
        made: &Made,
        now: DateTime<Utc>,
    ) -> Result<Sent, SendError> {
        let by = By::bot(batch.destination());
        let message_route = |id: &str| {
            let message_id = parts_of_id(id)
                .1
                .parse()
                .map(MessageId::new)
                .map_err(|_| SendError::gone("the message's id is invalid"))?;
            Ok::<_, SendError>(Route::ChannelMessage { channel_id, message_id })
        };
        let route = route(channel, batch);
        if let (Some((id, concerned)), [delivery]) = (batch.concerned(), batch.deliveries()) {
            let address = message_route(id)?;
            let reading = RequestKind { route: format!("reading:{channel_id}"), purpose: Purpose::Read, by };
            let posted = self.client.execute(&reading, self.request(Method::GET, &address), now).await;
            let posted = posted.map_err(|failure| unchangeable(failure.error))?;
            let cards = edit(&posted, concerned, delivery)?;
            let request = self.request(Method::PATCH, &address).json(&cards);
            let answer =
                self.client.execute(&RequestKind { route, purpose: Purpose::Edit, by }, request, now).await;
            return self.client.sent(&answer.map_err(|failure| unchangeable(failure.error))?, by);
        }
        let (edits, deliveries) = (edited(batch), batch.deliveries());
        let request = |message: &Message| match edits {
            Some(id) => filled(self.request(Method::PATCH, &message_route(id)?), message, &message.files),
            None => {
                let answered = deliveries.first().and_then(|delivery| delivery.answers.as_deref());
                let message_reference =
                    answered.map(|id| Reference { message_id: parts_of_id(id).1, fail_if_not_exists: false });
                let nonce = batch.key().as_str();
                let body = CreateMessage { message, message_reference, nonce, enforce_nonce: true };
                let request = self.request(Method::POST, &Route::ChannelMessages { channel_id });
                filled(request, &body, &message.files)
            }
        };
        let kind =
            RequestKind { route, purpose: if edits.is_some() { Purpose::Edit } else { Purpose::Create }, by };
        let outgoing = Outgoing { deliveries, made, channel: channel.to_string() };
        let answer = outgoing.send(&self.client, &self.files, &kind, request, now).await;
        let answer = answer.ok_or_else(|| no_digest(batch.destination()))?;
        let sent = answer.and_then(|answer| self.client.sent(&answer, by));
        match (&sent, &deliveries.first()) {
            (Ok(Sent { message_id: Some(id) }), Some(first)) if edits.is_none() => {
                if let Ok(id) = id.parse() {
                    self.twins.took(channel_id.get(), &first.key, id, snowflake::made(id), now);
                }
            }
            (Err(error), _) if error.may_have_arrived => {
                self.twins.may_have_arrived(deliveries.iter().map(|delivery| delivery.key.clone()));
            }
            _ => {}
        }
        sent
    }

    /// Creates a post in a forum. Its id is the id of its first message.
    async fn send_post(
        &self,
        channel_id: ChannelId,
        batch: &Batch,
        made: &Made,
        now: DateTime<Utc>,
    ) -> Result<Sent, SendError> {
        let deliveries = batch.deliveries();
        let name = deliveries.first().map(discord::post_name).unwrap_or_default();
        let request = |message: &Message| {
            let request = self.request(Method::POST, &Route::ChannelThreads { channel_id });
            let applied_tags = self.tags(channel_id.get());
            filled(request, &CreatePost { name: &name, applied_tags, message }, &message.files)
        };
        let by = By::bot(batch.destination());
        let kind = RequestKind { route: format!("channel:{channel_id}"), purpose: Purpose::Create, by };
        let outgoing = Outgoing { deliveries, made, channel: channel_id.to_string() };
        let answer = outgoing.send(&self.client, &self.files, &kind, request, now).await;
        let answer = answer.ok_or_else(|| no_digest(batch.destination()))??;
        self.client.sent(&answer, by)
    }
}
