//! Slash commands and autocompletions: dispatched over the gateway, answered over REST.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::answers::{self, Place};
use super::discord::{FakeDiscord, Fault, World};
use super::gateway::Sent;
use super::rest::{Call, Refusal, failure, ok};
use super::shards::OpenSession;
use super::{PATIENCE, so_far, take};

/// Discord's limit for the first answer: after it, people read that the application did not respond.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// Types of interactions.
const COMMAND: u64 = 2;
const COMPONENT: u64 = 3;
const AUTOCOMPLETE: u64 = 4;

/// Types of answers.
const MESSAGE: u64 = 4;
/// Discord's code for an interaction that was already answered.
const ANSWERED: u64 = 40_060;
const DEFERRED: u64 = 5;
const UPDATE: u64 = 7;
const CHOICES: u64 = 8;

/// All permissions that fit in 31 bits.
const ANY: &str = "2147483647";

/// An interaction that was dispatched.
pub(super) struct Open {
    id: u64,
    kind: u64,
    channel: u64,
    /// The message of the button.
    message: Option<u64>,
    answered: bool,
    /// The test that waits for the answers.
    test: mpsc::Sender<Value>,
}

impl FakeDiscord {
    /// Has a member with these permissions ("32") call `/name` in a channel. Returns the callback that the bot
    /// sends within 3 seconds of real time; if it defers, `{"type": 5, "data": …}` with its later edit.
    pub async fn slash(&self, channel: u64, permissions: &str, name: &str, options: Value) -> Value {
        self.interact(COMMAND, channel, permissions, name, &options).await
    }

    /// Has a member type into an option of `/name` (the one with `"focused": true`). Returns the callback.
    pub async fn autocomplete(&self, channel: u64, name: &str, options: Value) -> Value {
        self.autocomplete_as(channel, ANY, name, options).await
    }

    /// The same by a member with these permissions.
    pub async fn autocomplete_as(
        &self,
        channel: u64,
        permissions: &str,
        name: &str,
        options: Value,
    ) -> Value {
        self.interact(AUTOCOMPLETE, channel, permissions, name, &options).await
    }

    /// Has a member with these permissions press a button of a message, as Discord has it, or choose values in
    /// its select. Returns the callback. An update of the message is kept.
    pub async fn press(
        &self,
        channel: u64,
        permissions: &str,
        message: &Value,
        custom_id: &str,
        values: &[&str],
    ) -> Value {
        let data = json!({ "custom_id": custom_id, "component_type": if values.is_empty() { 2 } else { 3 },
            "values": values, "id": 5 });
        let component = Some((data, message));
        self.dispatch_interaction(COMPONENT, channel, permissions, custom_id, &json!([]), component).await
    }

    /// Has a member call `/name` without waiting for an answer.
    pub async fn slash_and_leave(&self, channel: u64, permissions: &str, name: &str) {
        drop(self.dispatched(COMMAND, channel, permissions, name, &Value::Null, None).await);
    }

    /// The same without waiting for an answer, once the bot has a session.
    pub async fn press_and_leave(&self, channel: u64, permissions: &str, message: &Value, custom_id: &str) {
        let data = json!({ "custom_id": custom_id, "component_type": 2, "values": [], "id": 5 });
        let component = Some((data, message));
        drop(self.dispatched(COMPONENT, channel, permissions, custom_id, &json!([]), component).await);
    }

    async fn interact(
        &self,
        kind: u64,
        channel: u64,
        permissions: &str,
        name: &str,
        options: &Value,
    ) -> Value {
        self.dispatch_interaction(kind, channel, permissions, name, options, None).await
    }

    async fn dispatch_interaction(
        &self,
        kind: u64,
        channel: u64,
        permissions: &str,
        name: &str,
        options: &Value,
        component: Option<(Value, &Value)>,
    ) -> Value {
        let answers = self.dispatched(kind, channel, permissions, name, options, component).await;
        // On a thread: the limit is one of real time, whatever tokio's clock says.
        match spawn_blocking(move || answer(&answers)).await.unwrap() {
            Ok(answer) => answer,
            Err(_) => panic!("/{name} was not answered in time{}", so_far(&self.world.state)),
        }
    }

    /// Dispatches an interaction. Returns where its answers come.
    async fn dispatched(
        &self,
        kind: u64,
        channel: u64,
        permissions: &str,
        name: &str,
        options: &Value,
        component: Option<(Value, &Value)>,
    ) -> mpsc::Receiver<Value> {
        let id = self.world.next_id();
        let token = format!("interaction-{id}");
        let (test, answers) = mpsc::channel();
        let (denied, granted, locale, is_direct, is_personal) = self.world.edit(|state| {
            let message = component.as_ref().and_then(|(_, message)| message["id"].as_str()?.parse().ok());
            let open = Open { id, kind, channel, message, answered: false, test };
            state.interactions.insert(token.clone(), open);
            let denied = state.denied.get(&channel.to_string()).copied().unwrap_or_default();
            let granted = state.granted.get(&channel.to_string()).copied().unwrap_or_default();
            let locale = if state.locale.is_empty() { "en-US" } else { &state.locale };
            let (is_direct, is_personal) =
                (state.direct.contains(&channel), state.personal.contains(&channel));
            (denied, granted, locale.to_owned(), is_direct, is_personal)
        });
        let locale = &locale;
        let place = Place {
            id,
            token: &token,
            kind,
            channel,
            guild: self.world.home(channel),
            channel_kind: self.world.kind(&channel.to_string()),
            permissions,
            denied,
            granted,
            locale,
            is_direct,
            is_personal,
        };
        let mut interaction = answers::interaction(&place, name, options);
        if let Some((data, message)) = component {
            (interaction["data"], interaction["message"]) = (data, message.clone());
        }
        if let Some(thread) = self.world.thread(&channel.to_string()) {
            interaction["channel"] = thread;
        }
        let event = json!({"t": "INTERACTION_CREATE", "d": interaction});
        let server = (!is_direct).then_some(place.guild);
        // Discord sends it to each connection of the shard's.
        let sent = move |session: &&OpenSession| {
            session.hears_of(server) && session.events.send(Sent::Event(event.clone())).is_ok()
        };
        for _ in 0..self.world.times() {
            take(&self.world.state, "the bot's gateway session", |state| {
                (state.sessions.iter().filter(&sent).count() > 0).then_some(())
            })
            .await;
        }
        answers
    }
}

fn answer(answers: &mpsc::Receiver<Value>) -> Result<Value, RecvTimeoutError> {
    let callback = answers.recv_timeout(ANSWER_LIMIT)?;
    if callback["type"] != json!(DEFERRED) {
        return Ok(callback);
    }
    Ok(json!({"type": DEFERRED, "data": answers.recv_timeout(PATIENCE)?}))
}

/// The bot's first answer.
pub(super) async fn respond(world: &World, call: &Call, id: &str, token: &str) -> Result<Response, Refusal> {
    let channel = world.edit(|state| state.interactions.get(token).map(|open| open.channel));
    if !world.is_released(&format!("callback:{}", channel.unwrap_or_default())).await {
        return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
    }
    let (kind, channel, pressed, answered) = world.edit(|state| {
        let open = state.interactions.get_mut(token).filter(|open| open.id.to_string() == id);
        open.map(|open| (open.kind, open.channel, open.message, std::mem::replace(&mut open.answered, true)))
            .ok_or_else(|| Refusal::new(404, 10062, "Unknown interaction"))
    })?;
    if let Some(Fault::Refused(status, body)) = world.take_fault("callback") {
        // What was not taken may be answered again.
        if body["code"] != json!(ANSWERED) {
            world.edit(|state| state.interactions.get_mut(token).map(|open| open.answered = false));
            return Ok(failure(status, &body));
        }
        tell(world, token, &call.body);
        return Ok(failure(status, &body));
    }
    // Of several programs with one bot all but the first are late, and it is no fault of theirs.
    if answered && world.edit(|state| state.is_shared()) {
        let late = json!({ "message": "Interaction has already been acknowledged.", "code": 40060 });
        return Ok(failure(400, &late));
    }
    if answered {
        return Err(Refusal::new(400, 40060, "Interaction has already been acknowledged."));
    }
    let answer = call.body["type"].as_u64().unwrap_or_default();
    if (kind == AUTOCOMPLETE) != (answer == CHOICES) || (answer == UPDATE && kind != COMPONENT) {
        return Err(Refusal::new(400, 50035, "Invalid interaction response type"));
    }
    if matches!(answer, MESSAGE | UPDATE) {
        call.check_message(world, &call.body["data"])?;
    }
    if let (UPDATE, Some(message)) = (answer, pressed) {
        world.change(message, &call.body["data"]);
    }
    call.check_schema(world, "/interactions/{interaction_id}/{interaction_token}/callback");
    tell(world, token, &call.body);
    if !call.asks("with_response=true") {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let mut body = json!({"interaction": {"id": id, "type": kind, "channel_id": channel.to_string()}});
    if matches!(answer, MESSAGE | DEFERRED) {
        body["resource"] =
            json!({"type": answer, "message": message(world, call, &call.body["data"], channel)});
    }
    Ok(ok(body))
}

/// A further message of the bot's after its first answer.
pub(super) fn add(world: &World, call: &Call, token: &str) -> Result<Response, Refusal> {
    follow_up(world, call, token, "/webhooks/{webhook_id}/{webhook_token}")
}

/// The bot's edit of its answer: what it owes after it deferred.
pub(super) fn edit(world: &World, call: &Call, token: &str) -> Result<Response, Refusal> {
    follow_up(world, call, token, "/webhooks/{webhook_id}/{webhook_token}/messages/@original")
}

fn follow_up(world: &World, call: &Call, token: &str, path: &str) -> Result<Response, Refusal> {
    let channel = world.edit(|state| {
        let open = state.interactions.get(token).filter(|open| open.answered);
        open.map(|open| open.channel).ok_or_else(|| Refusal::new(404, 10015, "Unknown Webhook"))
    })?;
    call.check_message(world, &call.body)?;
    call.check_schema(world, path);
    tell(world, token, &call.body);
    Ok(ok(message(world, call, &call.body, channel)))
}

fn message(world: &World, call: &Call, sent: &Value, channel: u64) -> Value {
    answers::message(world.next_id(), &channel.to_string(), &answers::bot_user(), sent, &call.files)
}

fn tell(world: &World, token: &str, answer: &Value) {
    let test = world.edit(|state| state.interactions.get(token).map(|open| open.test.clone()));
    // A test that has its answer listens no more.
    let _ = test.map(|test| test.send(answer.clone()));
}
