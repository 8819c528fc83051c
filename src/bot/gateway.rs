//! One connection to Discord's gateway, held until it ends, with the reason.
//!
//! serenity's own client retries silently: a program cannot see that a connection never opens. So the connection is held here,
//! and serenity's types read what arrives.
//!
//! <https://discord.com/developers/docs/events/gateway>

use std::fmt;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use serenity::all::{ApplicationId, Interaction};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

const DISPATCH: u8 = 0;
const HEARTBEAT: u8 = 1;
const IDENTIFY: u8 = 2;
const RESUME: u8 = 6;
const RECONNECT: u8 = 7;
const INVALID_SESSION: u8 = 9;
const HELLO: u8 = 10;
const HEARTBEAT_ACK: u8 = 11;

/// How long it may take to connect, and then until the session is open.
const CONNECTING: Duration = Duration::from_secs(20);
const OPENING: Duration = Duration::from_secs(30);
/// Bounds of the heartbeat interval in milliseconds, and of one message.
const HEARTBEATS: (u64, u64) = (1_000, 300_000);
const MOST_BYTES: usize = 4 * 1024 * 1024;

pub(super) const TOKEN: &str =
    "the token in DISCORD_TOKEN is wrong, or was reset: copy the bot's token again, whole, and start again";

/// A session, which a later connection can go on with.
#[derive(Clone)]
pub(super) struct Session {
    id: String,
    address: String,
    sequence: u64,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}

/// An event of a connection.
#[derive(Debug)]
pub(super) enum Event {
    /// A new session is about to be asked for, and Discord counts it.
    Begins,
    /// A session is open: a new one of this application, or an earlier one.
    Open(Option<ApplicationId>),
    /// Somebody uses a command.
    Interaction(Box<Interaction>),
}

/// The end of a connection, with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// It is time to stop.
    Stopped,
    /// Discord asked the bot to reconnect, which is routine.
    Asked,
    /// It failed, and may not the next time.
    Failed(String),
    /// Discord said that the session is over.
    SessionOver(String),
    /// It fails until somebody mends it.
    Refused(String, &'static str),
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

#[derive(Deserialize)]
struct Payload {
    op: u8,
    #[serde(default)]
    d: Value,
    s: Option<u64>,
    t: Option<String>,
}

#[derive(Deserialize)]
struct Ready {
    session_id: String,
    resume_gateway_url: String,
    application: Application,
}

#[derive(Deserialize)]
struct Application {
    id: ApplicationId,
}

struct Connection<'a> {
    socket: Socket,
    token: &'a str,
    session: &'a mut Option<Session>,
    /// Whether it asked for a session: once is enough.
    greeted: bool,
    /// Whether the last heartbeat was answered.
    alive: bool,
}

/// Connects, and holds the connection until it ends. A session that is given is gone on with; afterwards it is the one that
/// the next connection may go on with, `None` where Discord said that it is over.
pub(super) async fn hold(
    address: &str,
    token: &str,
    session: &mut Option<Session>,
    stop: &mut watch::Receiver<bool>,
    mut on: impl FnMut(Event),
) -> Ended {
    let address = session.as_ref().map_or(address, |session| &session.address);
    let socket = tokio::select! {
        socket = connect(address) => socket,
        _ = stop.changed() => return Ended::Stopped,
    };
    match socket {
        Ok(socket) => {
            let connection = Connection { socket, token, session, greeted: false, alive: true };
            connection.run(stop, &mut on).await
        }
        Err(reason) => Ended::Failed(reason),
    }
}

async fn connect(address: &str) -> Result<Socket, String> {
    let address = format!("{}/?v=10&encoding=json", address.trim_end_matches('/'));
    let config = WebSocketConfig {
        max_message_size: Some(MOST_BYTES),
        max_frame_size: Some(MOST_BYTES),
        ..WebSocketConfig::default()
    };
    match timeout(CONNECTING, connect_async_with_config(address, Some(config), false)).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(error)) => Err(words(&error)),
        Err(_) => Err("it did not answer in time".to_owned()),
    }
}

/// An error in words, without an address.
fn words(error: &Error) -> String {
    match error {
        Error::Http(answer) => format!("it answers {}", answer.status().as_u16()),
        Error::Io(_) | Error::ConnectionClosed | Error::AlreadyClosed => {
            "it cannot be reached, or hung up".to_owned()
        }
        Error::Tls(_) => "no secure connection came about".to_owned(),
        _ => "the connection failed".to_owned(),
    }
}

impl Connection<'_> {
    async fn run(mut self, stop: &mut watch::Receiver<bool>, on: &mut impl FnMut(Event)) -> Ended {
        let (mut interval, mut next_beat): (Option<Duration>, Option<Instant>) = (None, None);
        let mut deadline = Some(Instant::now() + OPENING);
        loop {
            let wakes = [next_beat, deadline].into_iter().flatten().min();
            let wake = wakes.unwrap_or_else(|| Instant::now() + OPENING);
            tokio::select! {
                message = self.socket.next() => {
                    let payload = match message {
                        Some(Ok(Message::Text(text))) => serde_json::from_str::<Payload>(&text),
                        Some(Ok(Message::Close(frame))) => return self.closed(frame.as_ref()),
                        Some(Ok(_)) => continue,
                        Some(Err(error)) => return Ended::Failed(words(&error)),
                        None => return Ended::Failed("it hung up".to_owned()),
                    };
                    let Ok(payload) = payload else { continue };
                    if payload.op == HELLO {
                        let beat = payload.d["heartbeat_interval"].as_u64().unwrap_or(HEARTBEATS.1);
                        let beat = Duration::from_millis(beat.clamp(HEARTBEATS.0, HEARTBEATS.1));
                        // Not at once, so that not all bots beat together after an outage.
                        next_beat = Some(Instant::now() + beat / 2);
                        interval = Some(beat);
                    }
                    match self.take(payload, on).await {
                        Ok(true) => deadline = None,
                        Ok(false) => {}
                        Err(ended) => return ended,
                    }
                }
                () = sleep_until(wake) => {
                    let now = Instant::now();
                    if deadline.is_some_and(|deadline| deadline <= now) {
                        return Ended::Failed("it opened no session in time".to_owned());
                    }
                    if let (Some(beat), Some(every)) = (next_beat, interval) && beat <= now {
                        if !self.alive {
                            return Ended::Failed("it no longer answers".to_owned());
                        }
                        self.alive = false;
                        if let Err(ended) = self.beat().await {
                            return ended;
                        }
                        next_beat = Some(now + every);
                    }
                }
                _ = stop.changed() => {
                    let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
                    // Where it does not hear, it finds out.
                    let _ = timeout(Duration::from_secs(1), self.socket.close(Some(frame))).await;
                    return Ended::Stopped;
                }
            }
        }
    }

    /// Takes what came; whether a session is open now.
    async fn take(&mut self, payload: Payload, on: &mut impl FnMut(Event)) -> Result<bool, Ended> {
        if let (Some(session), Some(sequence)) = (self.session.as_mut(), payload.s) {
            session.sequence = sequence;
        }
        match payload.op {
            HELLO => self.greet(on).await?,
            HEARTBEAT => self.beat().await?,
            HEARTBEAT_ACK => self.alive = true,
            RECONNECT => return Err(Ended::Asked),
            INVALID_SESSION => {
                let reason = "it ended the session".to_owned();
                if payload.d == json!(true) {
                    return Err(Ended::Failed(reason));
                }
                *self.session = None;
                return Err(Ended::SessionOver(reason));
            }
            DISPATCH => return Ok(self.dispatch(payload.t.as_deref(), payload.d, payload.s, on)),
            _ => {}
        }
        Ok(false)
    }

    /// Goes on with the session, or begins one.
    async fn greet(&mut self, on: &mut impl FnMut(Event)) -> Result<(), Ended> {
        if std::mem::replace(&mut self.greeted, true) {
            return Ok(());
        }
        let greeting = match &self.session {
            Some(Session { id, sequence, .. }) => {
                json!({ "op": RESUME, "d": { "token": self.token, "session_id": id, "seq": sequence } })
            }
            None => {
                on(Event::Begins);
                let properties =
                    json!({ "os": std::env::consts::OS, "browser": "sellbell", "device": "sellbell" });
                // Slash commands arrive without any intent, privileged or not.
                json!({ "op": IDENTIFY, "d": {
                    "token": self.token, "intents": 0, "properties": properties, "shard": [0, 1],
                }})
            }
        };
        self.send(&greeting).await
    }

    fn dispatch(
        &mut self,
        name: Option<&str>,
        data: Value,
        sequence: Option<u64>,
        on: &mut impl FnMut(Event),
    ) -> bool {
        match name {
            Some("READY") => {
                let ready: Option<Ready> = serde_json::from_value(data).ok();
                let application = ready.as_ref().map(|ready| ready.application.id);
                *self.session = ready.map(|ready| Session {
                    id: ready.session_id,
                    address: ready.resume_gateway_url,
                    sequence: sequence.unwrap_or_default(),
                });
                on(Event::Open(application));
                true
            }
            Some("RESUMED") => {
                on(Event::Open(None));
                true
            }
            Some("INTERACTION_CREATE") => {
                match serde_json::from_value(data) {
                    Ok(interaction) => on(Event::Interaction(Box::new(interaction))),
                    Err(_) => tracing::warn!("an interaction of Discord's cannot be read"),
                }
                false
            }
            _ => false,
        }
    }

    async fn beat(&mut self) -> Result<(), Ended> {
        let sequence = self.session.as_ref().map(|session| session.sequence);
        self.send(&json!({ "op": HEARTBEAT, "d": sequence })).await
    }

    async fn send(&mut self, payload: &Value) -> Result<(), Ended> {
        let sending = self.socket.send(Message::Text(payload.to_string()));
        match timeout(CONNECTING, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Ended::Failed(words(&error))),
            Err(_) => Err(Ended::Failed("it takes nothing".to_owned())),
        }
    }

    /// <https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes>
    fn closed(&mut self, frame: Option<&CloseFrame<'_>>) -> Ended {
        let code = frame.map_or(1_006, |frame| u16::from(frame.code));
        let said = |what: &str| format!("{what} (code {code})");
        match code {
            4_004 => Ended::Refused(said("it refuses the token"), TOKEN),
            4_010 | 4_011 => Ended::Refused(
                said("the bot is on too many servers for one connection"),
                "Discord wants several connections for it, which sellbell does not make: remove it from servers that do not use it",
            ),
            4_012 => Ended::Refused(said("it no longer speaks this version"), "use a newer sellbell"),
            4_013 | 4_014 => Ended::Refused(
                said("it does not allow the intents"),
                "sellbell asks for none: see whether [discord] api_base leads to Discord itself, and whether the application is in order \
                 at discord.com/developers",
            ),
            // A new session can be begun. After any other code the same one can be gone on with.
            4_003 | 4_007 | 4_009 => {
                *self.session = None;
                Ended::SessionOver(said("it ended the session"))
            }
            _ => Ended::Failed(said("it closed the connection")),
        }
    }
}
