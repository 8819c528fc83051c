//! The fake's gateway: one websocket session a connection.
//!
//! <https://docs.discord.com/developers/events/gateway>

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::discord::{FakeDiscord, World};
use super::guilds::{GUILDS, PRIVILEGED};
use super::shards::{OpenSession, Shard, session_id, shard_of};
use super::{answers, closing};

const DISPATCH: u64 = 0;
const HEARTBEAT: u64 = 1;
const IDENTIFY: u64 = 2;
const PRESENCE_UPDATE: u64 = 3;
const RESUME: u64 = 6;
const RECONNECT: u64 = 7;
const INVALID_SESSION: u64 = 9;
const HELLO: u64 = 10;
const HEARTBEAT_ACK: u64 = 11;

const AUTHENTICATION_FAILED: u16 = 4004;
const DISALLOWED_INTENTS: u16 = 4014;

/// How the gateway treats a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mood {
    /// Opens a session.
    #[default]
    Open,
    /// Answers the connection with this status.
    Answers(u16),
    /// Answers the connection with a redirect to there.
    Redirects(SocketAddr),
    /// Closes with this code where a session is to be opened.
    Closes(u16),
    /// Ends each session that is to be opened.
    Invalidates,
    /// Opens a session, and ends it at once.
    EndsAtOnce,
    /// Opens a session, and answers no heartbeat.
    Deaf,
    /// Asks the bot to reconnect where a session is to be opened.
    Asks,
    /// Opens a session, and asks the bot to reconnect at once.
    OpensAndAsks,
}

/// What the gateway does with a session that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Farewell {
    /// Closes the connection with this code.
    Closes(u16),
    /// Says that the session is over, and whether it can be gone on with.
    Invalidates(bool),
    /// Asks the bot to reconnect.
    Asks,
}

pub(super) async fn connect(State(world): State<Arc<World>>, upgrade: WebSocketUpgrade) -> Response {
    let mood = world.knock();
    if let Mood::Answers(status) = mood {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    if let Mood::Redirects(elsewhere) = mood {
        return (StatusCode::FOUND, [(LOCATION, format!("ws://{elsewhere}/"))]).into_response();
    }
    upgrade.on_upgrade(async move |socket| {
        let session = Session { world: &world, mood, shard: (0, 1), socket, sequence: 0, events: None };
        let hung_up = world.hung_up();
        tokio::select! {
            _ = session.run() => {}
            () = hung_up => {}
            () = closing(&world.state) => {}
        }
    })
}

/// What a session is sent.
pub(super) enum Sent {
    Event(Value),
    Farewell(Farewell),
}

struct Session<'a> {
    world: &'a World,
    /// The gateway's when the connection was made.
    mood: Mood,
    /// What the bot says that it is.
    shard: Shard,
    socket: WebSocket,
    sequence: u64,
    /// What to dispatch, once the bot has identified itself.
    events: Option<mpsc::UnboundedReceiver<Sent>>,
}

impl Session<'_> {
    /// Serves the connection until it breaks: then there is nobody to tell.
    async fn run(mut self) -> Result<(), axum::Error> {
        let interval = if self.mood == Mood::Deaf { 1000 } else { 41250 };
        self.send(json!({"op": HELLO, "d": {"heartbeat_interval": interval}})).await?;
        loop {
            tokio::select! {
                Some(event) = next(&mut self.events) => match event {
                    Sent::Event(event) => self.dispatch(event).await?,
                    Sent::Farewell(Farewell::Closes(code)) => self.close(code).await?,
                    Sent::Farewell(Farewell::Invalidates(resumable)) => {
                        self.send(json!({"op": INVALID_SESSION, "d": resumable})).await?;
                    }
                    Sent::Farewell(Farewell::Asks) => self.send(json!({"op": RECONNECT, "d": null})).await?,
                },
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
        self.world.edit(|state| match payload["op"].as_u64() {
            Some(IDENTIFY) => state.identifies += 1,
            Some(RESUME) => state.resumes += 1,
            _ => {}
        });
        if let Some(IDENTIFY | RESUME) = payload["op"].as_u64()
            && let Some(wrong) = self.meet(&payload)
        {
            return match wrong {
                Some(code) => self.close(code).await,
                None => self.send(json!({"op": INVALID_SESSION, "d": false})).await,
            };
        }
        match payload["op"].as_u64() {
            Some(HEARTBEAT) if self.mood == Mood::Deaf => Ok(()),
            Some(HEARTBEAT) => self.send(json!({"op": HEARTBEAT_ACK})).await,
            Some(IDENTIFY | RESUME) if !is_authentic(&payload["d"]) => {
                self.world.note("gateway: a wrong token".to_owned());
                let reason = "Authentication failed.".into();
                self.socket
                    .send(Message::Close(Some(CloseFrame { code: AUTHENTICATION_FAILED, reason })))
                    .await
            }
            Some(IDENTIFY | RESUME) if matches!(self.mood, Mood::Closes(_)) => {
                let Mood::Closes(code) = self.mood else { return Ok(()) };
                self.close(code).await
            }
            Some(IDENTIFY | RESUME) if self.mood == Mood::Asks => {
                self.send(json!({"op": RECONNECT, "d": null})).await
            }
            Some(IDENTIFY | RESUME) if self.mood == Mood::Invalidates => {
                self.send(json!({"op": INVALID_SESSION, "d": false})).await
            }
            Some(IDENTIFY) if intents(&payload) & PRIVILEGED != 0 => {
                self.world.note("gateway: privileged intents".to_owned());
                self.close(DISALLOWED_INTENTS).await
            }
            Some(IDENTIFY) => {
                let servers = self.world.servers_of(self.shard);
                self.world.edit(|state| state.intents = intents(&payload));
                // Whoever knows that it is open may use it.
                self.open(Some(payload["d"].clone()));
                let session = session_id(self.shard);
                let ready = answers::ready(&self.world.resume_url(), &servers, (&session, self.shard));
                self.dispatch(json!({"t": "READY", "d": ready})).await?;
                for server in servers.into_iter().filter(|_| intents(&payload) & GUILDS != 0) {
                    self.dispatch(json!({"t": "GUILD_CREATE", "d": server})).await?;
                }
                match self.mood {
                    Mood::EndsAtOnce => self.send(json!({"op": INVALID_SESSION, "d": false})).await,
                    Mood::OpensAndAsks => self.send(json!({"op": RECONNECT, "d": null})).await,
                    _ => Ok(()),
                }
            }
            Some(RESUME) => {
                self.sequence = payload["d"]["seq"].as_u64().unwrap_or_default();
                self.open(None);
                self.dispatch(json!({"t": "RESUMED", "d": {}})).await?;
                match self.mood {
                    Mood::OpensAndAsks => self.send(json!({"op": RECONNECT, "d": null})).await,
                    _ => Ok(()),
                }
            }
            Some(PRESENCE_UPDATE) => Ok(()),
            _ => {
                self.world.note(format!("gateway: {text}"));
                Ok(())
            }
        }
    }

    /// Notes which shard it is. Returns how to end a session that is not to be: with a code, or as invalid.
    fn meet(&mut self, payload: &Value) -> Option<Option<u16>> {
        self.shard = match payload["op"].as_u64() {
            Some(IDENTIFY) => match self.world.begins(&payload["d"]) {
                Ok(shard) => shard,
                Err(wrong) => return Some(wrong),
            },
            _ => match shard_of(&payload["d"]["session_id"]) {
                Some(shard) => shard,
                None => return Some(None),
            },
        };
        self.mood = self.world.mood_of(self.shard).unwrap_or(self.mood);
        None
    }

    /// From now on events come here.
    fn open(&mut self, identify: Option<Value>) {
        let (sender, events) = mpsc::unbounded_channel();
        self.events = Some(events);
        let session = OpenSession { shard: self.shard, events: sender };
        self.world.edit(|state| {
            state.sessions.retain(|session| !session.is_closed());
            state.sessions.push(session);
            state.identify = identify.or(state.identify.take());
        });
    }

    async fn close(&mut self, code: u16) -> Result<(), axum::Error> {
        self.socket.send(Message::Close(Some(CloseFrame { code, reason: "".into() }))).await
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
async fn next(events: &mut Option<mpsc::UnboundedReceiver<Sent>>) -> Option<Sent> {
    events.as_mut()?.recv().await
}

fn intents(identify: &Value) -> u64 {
    identify["d"]["intents"].as_u64().unwrap_or_default()
}

/// Libraries send the token with or without its scheme.
fn is_authentic(identify: &Value) -> bool {
    let token = identify["token"].as_str().unwrap_or_default();
    token.strip_prefix("Bot ").unwrap_or(token) == FakeDiscord::TOKEN
}
