//! Holds one connection to Discord's gateway until it ends, and returns the reason.
//!
//! serenity's own client retries silently, so a program cannot see that a connection never opens. That is why
//! the connection is held here, and serenity's types are used to read what arrives.
//!
//! <https://discord.com/developers/docs/events/gateway>

use std::fmt;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use serenity::all::ApplicationId;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use url::Url;

use super::connect::{PATIENCE, Socket, connect, words};
use super::guild_events::{self, GuildEvent};
use super::interaction::Interaction;
use super::shard::Shard;

const DISPATCH: u8 = 0;
const HEARTBEAT: u8 = 1;
const IDENTIFY: u8 = 2;
const RESUME: u8 = 6;
const RECONNECT: u8 = 7;
const INVALID_SESSION: u8 = 9;
const HELLO: u8 = 10;
const HEARTBEAT_ACK: u8 = 11;

/// The intent for servers, channels and roles. It is not privileged.
const GUILDS: u64 = 1;
/// How long it may take from connecting until the session is open.
const OPENING: Duration = Duration::from_secs(30);
/// Bounds of the heartbeat interval in milliseconds.
const HEARTBEATS: (u64, u64) = (1_000, 300_000);
/// The longest id of a session, in bytes. Discord's have 32.
const LONGEST_ID: usize = 256;

pub(super) const TOKEN: &str =
    "the token in DISCORD_TOKEN is wrong or was reset: copy the bot's token again, and restart";

/// A session, which a later connection can resume.
#[derive(Clone)]
pub(super) struct Session {
    id: String,
    address: Url,
    sequence: u64,
}

impl Session {
    /// Where it is resumed.
    pub(super) fn address(&self) -> &Url {
        &self.address
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}

/// An event of a connection.
#[derive(Debug)]
pub(super) enum Event {
    /// A new session is about to be requested, and Discord counts it.
    Begins,
    /// A session is open: a new one of this application, or an earlier one.
    Open(Option<ApplicationId>),
    /// Somebody used a command.
    Interaction(Box<Interaction>),
}

/// The end of a connection, with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// It is time to stop.
    Stopped,
    /// Discord asked the bot to reconnect, which is routine.
    Asked,
    /// It failed, but may succeed the next time.
    Failed(String),
    /// Discord said that the session is over.
    SessionOver(String),
    /// Discord does not accept this shard.
    WrongShards(WrongShards),
    /// It fails until somebody fixes the cause.
    Refused(String, &'static str),
}

/// Why Discord does not accept a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WrongShards {
    /// There is no such shard.
    Invalid,
    /// There must be more shards.
    TooFew,
}

/// The fields of a message that are read before we know if it matters.
#[derive(Deserialize)]
struct Payload<'a> {
    op: u8,
    #[serde(borrow)]
    d: Option<&'a RawValue>,
    s: Option<u64>,
    t: Option<String>,
}

impl Payload<'_> {
    fn data<'d, T: Deserialize<'d>>(&'d self) -> Option<T> {
        serde_json::from_str(self.d?.get()).ok()
    }
}

#[derive(Deserialize)]
struct Hello {
    heartbeat_interval: u64,
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

/// How to reach a gateway.
pub(super) struct Way<'a> {
    /// The address: that of the session, or the one that Discord gave.
    pub(super) address: &'a Url,
    pub(super) token: &'a str,
    /// The shard that connects.
    pub(super) shard: Shard,
    /// Returns the address for resuming a session, given the one that the gateway names; `None` if that
    /// cannot be the gateway's own.
    pub(super) resuming: &'a (dyn Fn(&str) -> Option<Url> + Sync),
    /// Takes the events about servers. While it is full, nothing more is read.
    pub(super) guilds: &'a mpsc::Sender<(Shard, GuildEvent)>,
}

struct Connection<'a> {
    socket: Socket,
    way: Way<'a>,
    session: &'a mut Option<Session>,
    /// True if it has asked for a session, which it does only once.
    greeted: bool,
    /// True if the last heartbeat was answered.
    alive: bool,
    /// The time between two heartbeats, and when the next is due.
    beats: Option<(Duration, Instant)>,
    /// An event about servers that waits for its place. Nothing more is read until it has it.
    waiting: Option<GuildEvent>,
}

/// Connects, and holds the connection until it ends. Resumes `session` if there is one. Afterwards `session`
/// is the one that the next connection may resume, or `None` if Discord said that it is over.
pub(super) async fn hold(
    way: Way<'_>,
    session: &mut Option<Session>,
    stop: &mut watch::Receiver<bool>,
    mut on: impl FnMut(Event),
) -> Ended {
    let socket = tokio::select! {
        socket = connect(way.address) => socket,
        _ = stop.changed() => return Ended::Stopped,
    };
    match socket {
        Ok(socket) => {
            let (greeted, alive, beats, waiting) = (false, true, None, None);
            Connection { socket, way, session, greeted, alive, beats, waiting }.run(stop, &mut on).await
        }
        Err(reason) => Ended::Failed(reason),
    }
}

impl Connection<'_> {
    async fn run(mut self, stop: &mut watch::Receiver<bool>, on: &mut impl FnMut(Event)) -> Ended {
        let mut deadline = Some(Instant::now() + OPENING);
        let guilds = self.way.guilds;
        loop {
            let wakes = [self.beats.map(|(_, next)| next), deadline].into_iter().flatten().min();
            let wake = wakes.unwrap_or_else(|| Instant::now() + OPENING);
            tokio::select! {
                message = self.socket.next(), if self.waiting.is_none() => {
                    let text = match message {
                        Some(Ok(Message::Text(text))) => text,
                        Some(Ok(Message::Close(frame))) => return self.closed(frame.as_ref()),
                        Some(Ok(_)) => continue,
                        Some(Err(error)) => return self.broken(&error),
                        None => return Ended::Failed("it hung up".to_owned()),
                    };
                    let Ok(payload) = serde_json::from_str::<Payload<'_>>(&text) else { continue };
                    match self.take(&payload, on).await {
                        Ok(true) => deadline = None,
                        Ok(false) => {}
                        Err(ended) => return ended,
                    }
                }
                place = guilds.reserve(), if self.waiting.is_some() => {
                    // Nobody takes it if the bot is gone.
                    if let (Ok(place), Some(event)) = (place, self.waiting.take()) {
                        place.send((self.way.shard, event));
                    }
                    self.waiting = None;
                    // Answers to heartbeats were not read meanwhile.
                    self.alive = true;
                }
                () = sleep_until(wake) => {
                    let now = Instant::now();
                    if deadline.is_some_and(|deadline| deadline <= now) {
                        return Ended::Failed("it opened no session in time".to_owned());
                    }
                    if let Err(ended) = self.beat_if_due(now).await {
                        return ended;
                    }
                }
                _ = stop.changed() => {
                    let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
                    // If the gateway misses this, it finds out by itself.
                    let _ = timeout(Duration::from_secs(1), self.socket.close(Some(frame))).await;
                    return Ended::Stopped;
                }
            }
        }
    }

    /// Sends the heartbeat that is due. Fails if the one before should have been answered and was not.
    async fn beat_if_due(&mut self, now: Instant) -> Result<(), Ended> {
        let Some((every, _)) = self.beats.filter(|(_, next)| *next <= now) else { return Ok(()) };
        if !self.alive && self.waiting.is_none() {
            return Err(Ended::Failed("it no longer answers".to_owned()));
        }
        self.alive = false;
        self.beat().await?;
        self.beats = Some((every, now + every));
        Ok(())
    }

    /// Handles a message. Returns true if it opened a session.
    async fn take(&mut self, payload: &Payload<'_>, on: &mut impl FnMut(Event)) -> Result<bool, Ended> {
        if let (Some(session), Some(sequence)) = (self.session.as_mut(), payload.s) {
            session.sequence = sequence;
        }
        match payload.op {
            HELLO => {
                let beat = payload.data::<Hello>().map_or(HEARTBEATS.1, |hello| hello.heartbeat_interval);
                let beat = Duration::from_millis(beat.clamp(HEARTBEATS.0, HEARTBEATS.1));
                // Not at once, so that bots do not all send heartbeats together after an outage.
                self.beats = Some((beat, Instant::now() + beat / 2));
                self.greet(on).await?;
            }
            HEARTBEAT => self.beat().await?,
            HEARTBEAT_ACK => self.alive = true,
            RECONNECT => return Err(Ended::Asked),
            INVALID_SESSION => {
                let reason = "it ended the session".to_owned();
                if payload.data() == Some(true) {
                    return Err(Ended::Failed(reason));
                }
                *self.session = None;
                return Err(Ended::SessionOver(reason));
            }
            DISPATCH => {
                let is_open = self.dispatch(payload, on);
                self.waiting = payload.t.as_deref().and_then(|kind| guild_events::read(kind, payload.d));
                return Ok(is_open);
            }
            _ => {}
        }
        Ok(false)
    }

    /// Resumes the session, or begins one.
    async fn greet(&mut self, on: &mut impl FnMut(Event)) -> Result<(), Ended> {
        if std::mem::replace(&mut self.greeted, true) {
            return Ok(());
        }
        let greeting = match &self.session {
            Some(Session { id, sequence, .. }) => {
                json!({ "op": RESUME, "d": { "token": self.way.token, "session_id": id, "seq": sequence } })
            }
            None => {
                on(Event::Begins);
                let properties =
                    json!({ "os": std::env::consts::OS, "browser": "sellbell", "device": "sellbell" });
                let Shard { id, count } = self.way.shard;
                // Slash commands arrive without any intent.
                json!({ "op": IDENTIFY, "d": {
                    "token": self.way.token, "intents": GUILDS, "properties": properties, "shard": [id, count],
                }})
            }
        };
        self.send(&greeting).await
    }

    fn dispatch(&mut self, payload: &Payload<'_>, on: &mut impl FnMut(Event)) -> bool {
        match payload.t.as_deref() {
            Some("READY") => {
                let ready: Option<Ready> = payload.data();
                on(Event::Open(ready.as_ref().map(|ready| ready.application.id)));
                *self.session = ready.and_then(|ready| self.resumable(ready, payload.s));
                true
            }
            Some("RESUMED") => {
                on(Event::Open(None));
                true
            }
            Some("INTERACTION_CREATE") => {
                match payload.data() {
                    Some(interaction) => on(Event::Interaction(Box::new(interaction))),
                    None => tracing::warn!("an interaction of Discord's cannot be read"),
                }
                false
            }
            _ => false,
        }
    }

    /// The session that can be resumed.
    fn resumable(&self, ready: Ready, sequence: Option<u64>) -> Option<Session> {
        let address = (self.way.resuming)(&ready.resume_gateway_url)?;
        let session = Session { id: ready.session_id, address, sequence: sequence.unwrap_or_default() };
        (session.id.len() <= LONGEST_ID).then_some(session)
    }

    /// The end of a connection that broke off.
    fn broken(&mut self, error: &Error) -> Ended {
        if matches!(error, Error::Capacity(_)) {
            // The message would be sent again in the same session.
            *self.session = None;
        }
        Ended::Failed(words(error))
    }

    async fn beat(&mut self) -> Result<(), Ended> {
        let sequence = self.session.as_ref().map(|session| session.sequence);
        self.send(&json!({ "op": HEARTBEAT, "d": sequence })).await
    }

    async fn send(&mut self, payload: &Value) -> Result<(), Ended> {
        let sending = self.socket.send(Message::text(payload.to_string()));
        match timeout(PATIENCE, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Ended::Failed(words(&error))),
            Err(_) => Err(Ended::Failed("it accepts nothing".to_owned())),
        }
    }

    /// <https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes>
    fn closed(&mut self, frame: Option<&CloseFrame>) -> Ended {
        let code = frame.map_or(1_006, |frame| u16::from(frame.code));
        let said = |what: &str| format!("{what} (code {code})");
        match code {
            4_004 => Ended::Refused(said("it refuses the token"), TOKEN),
            4_010 => Ended::WrongShards(WrongShards::Invalid),
            4_011 => Ended::WrongShards(WrongShards::TooFew),
            4_012 => Ended::Refused(said("it no longer supports this version"), "use a newer sellbell"),
            4_013 | 4_014 => Ended::Refused(
                said("it does not allow the intents"),
                "sellbell asks for none that needs an approval: check that [discord] api_base leads to Discord, and that the application is in order at discord.com/developers",
            ),
            // A new session can be begun. After any other code, the same one can be resumed.
            4_003 | 4_007 | 4_009 => {
                *self.session = None;
                Ended::SessionOver(said("it ended the session"))
            }
            _ => Ended::Failed(said("it closed the connection")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tokio::net::TcpListener;
    use tokio_tungstenite::accept_async;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn heartbeats_go_on_while_an_event_waits_for_its_place() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Url::parse(&format!("ws://{}", listener.local_addr().unwrap())).unwrap();
        let (guilds, mut events) = mpsc::channel(1);
        let (stop, mut stopped) = watch::channel(false);
        let (mut session, shard) = (None, Shard { id: 0, count: 1 });
        let way = Way { address: &address, token: "token", shard, resuming: &|_| None, guilds: &guilds };
        let held = hold(way, &mut session, &mut stopped, |_| {});
        let discord = async {
            let (stream, _) = listener.accept().await.unwrap();
            let mut socket = accept_async(stream).await.unwrap();
            let text = |payload: Value| Message::text(payload.to_string());
            let hello = json!({ "op": HELLO, "d": { "heartbeat_interval": HEARTBEATS.0 } });
            socket.send(text(hello)).await.unwrap();
            socket.next().await.unwrap().unwrap();
            let ready = json!({ "op": DISPATCH, "s": 1, "t": "READY", "d": { "guilds": [] } });
            socket.send(text(ready)).await.unwrap();
            for id in ["1", "2", "3"] {
                let left = json!({ "op": DISPATCH, "s": 2, "t": "GUILD_DELETE", "d": { "id": id } });
                socket.send(text(left)).await.unwrap();
            }
            // First nobody takes the events, then somebody does.
            for taken in [0, 4] {
                for expected in [GuildEvent::Ready(BTreeSet::new())]
                    .into_iter()
                    .chain([1, 2, 3].map(GuildEvent::Left))
                    .take(taken)
                {
                    assert_eq!(events.recv().await.unwrap(), (shard, expected));
                }
                for _ in 0..3 {
                    let beat = socket.next().await.unwrap().unwrap();
                    let beat: Value = serde_json::from_str(beat.to_text().unwrap()).unwrap();
                    assert_eq!(beat["op"], HEARTBEAT);
                    socket.send(text(json!({ "op": HEARTBEAT_ACK }))).await.unwrap();
                }
            }
            stop.send(true).unwrap();
        };
        let both = async { tokio::join!(held, discord).0 };
        assert_eq!(timeout(Duration::from_secs(60), both).await, Ok(Ended::Stopped));
    }
}
