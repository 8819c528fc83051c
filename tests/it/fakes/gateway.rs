//! The fake's gateway: one websocket session a connection.
//!
//! <https://docs.discord.com/developers/events/gateway>

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::discord::{FakeDiscord, World};
use super::{answers, closing};

const DISPATCH: u64 = 0;
const HEARTBEAT: u64 = 1;
const IDENTIFY: u64 = 2;
const PRESENCE_UPDATE: u64 = 3;
const RESUME: u64 = 6;
const INVALID_SESSION: u64 = 9;
const HELLO: u64 = 10;
const HEARTBEAT_ACK: u64 = 11;

const AUTHENTICATION_FAILED: u16 = 4004;

/// How the gateway treats a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mood {
    /// Opens a session.
    #[default]
    Open,
    /// Answers the connection with this status.
    Answers(u16),
    /// Closes with this code where a session is to be opened.
    Closes(u16),
    /// Ends each session that is to be opened.
    Invalidates,
    /// Opens a session, and ends it at once.
    EndsAtOnce,
    /// Opens a session, and answers no heartbeat.
    Deaf,
}

pub(super) async fn connect(State(world): State<Arc<World>>, upgrade: WebSocketUpgrade) -> Response {
    if let Mood::Answers(status) = world.knock() {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    upgrade.on_upgrade(async move |socket| {
        let session = Session { world: &world, socket, sequence: 0, events: None };
        tokio::select! {
            _ = session.run() => {}
            () = world.hung_up() => {}
            () = closing(&world.state) => {}
        }
    })
}

struct Session<'a> {
    world: &'a World,
    socket: WebSocket,
    sequence: u64,
    /// What to dispatch, once the bot has identified itself.
    events: Option<mpsc::UnboundedReceiver<Value>>,
}

impl Session<'_> {
    /// Serves the connection until it breaks: then there is nobody to tell.
    async fn run(mut self) -> Result<(), axum::Error> {
        let interval = if self.world.mood() == Mood::Deaf { 1000 } else { 41250 };
        self.send(json!({"op": HELLO, "d": {"heartbeat_interval": interval}})).await?;
        loop {
            tokio::select! {
                Some(event) = next(&mut self.events) => self.dispatch(event).await?,
                message = self.socket.recv() => match message {
                    Some(Ok(Message::Text(text))) => self.receive(&text).await?,
                    Some(Ok(Message::Close(_))) | None => return Ok(()),
                    Some(other) => drop(other?),
                },
            }
        }
    }

    async fn receive(&mut self, text: &str) -> Result<(), axum::Error> {
        let payload: Value = serde_json::from_str(text).unwrap_or_default();
        match payload["op"].as_u64() {
            Some(HEARTBEAT) if self.world.mood() == Mood::Deaf => Ok(()),
            Some(HEARTBEAT) => self.send(json!({"op": HEARTBEAT_ACK})).await,
            Some(IDENTIFY | RESUME) if !is_authentic(&payload["d"]) => {
                self.world.note("gateway: a wrong token".to_owned());
                let reason = "Authentication failed.".into();
                self.socket
                    .send(Message::Close(Some(CloseFrame { code: AUTHENTICATION_FAILED, reason })))
                    .await
            }
            Some(IDENTIFY | RESUME) if matches!(self.world.mood(), Mood::Closes(_)) => {
                let Mood::Closes(code) = self.world.mood() else { return Ok(()) };
                self.socket.send(Message::Close(Some(CloseFrame { code, reason: "".into() }))).await
            }
            Some(IDENTIFY | RESUME) if self.world.mood() == Mood::Invalidates => {
                self.send(json!({"op": INVALID_SESSION, "d": false})).await
            }
            Some(IDENTIFY) => {
                self.dispatch(json!({"t": "READY", "d": answers::ready(self.world.address)})).await?;
                self.open(Some(payload["d"].clone()));
                match self.world.mood() {
                    Mood::EndsAtOnce => self.send(json!({"op": INVALID_SESSION, "d": false})).await,
                    _ => Ok(()),
                }
            }
            Some(RESUME) => {
                self.sequence = payload["d"]["seq"].as_u64().unwrap_or_default();
                self.dispatch(json!({"t": "RESUMED", "d": {}})).await?;
                self.open(None);
                Ok(())
            }
            Some(PRESENCE_UPDATE) => Ok(()),
            _ => {
                self.world.note(format!("gateway: {text}"));
                Ok(())
            }
        }
    }

    /// From now on events come here.
    fn open(&mut self, identify: Option<Value>) {
        let (session, events) = mpsc::unbounded_channel();
        self.events = Some(events);
        self.world.edit(|state| {
            state.session = Some(session);
            state.identify = identify.or(state.identify.take());
        });
    }

    async fn dispatch(&mut self, mut event: Value) -> Result<(), axum::Error> {
        self.sequence += 1;
        event["op"] = json!(DISPATCH);
        event["s"] = json!(self.sequence);
        self.send(event).await
    }

    async fn send(&mut self, payload: Value) -> Result<(), axum::Error> {
        self.socket.send(Message::text(payload.to_string())).await
    }
}

/// The next event; none before the session is open and after a later one took its place.
async fn next(events: &mut Option<mpsc::UnboundedReceiver<Value>>) -> Option<Value> {
    events.as_mut()?.recv().await
}

/// Libraries send the token with or without its scheme.
fn is_authentic(identify: &Value) -> bool {
    let token = identify["token"].as_str().unwrap_or_default();
    token.strip_prefix("Bot ").unwrap_or(token) == FakeDiscord::TOKEN
}
