//! A Discord of one bot on loopback: REST and gateway on one port, with Discord's limits enforced.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::get;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::gateway::{Farewell, Mood, Sent};
use super::interactions::Open;
use super::shards::{OpenSession, Sharding};
use super::threads::Channels;
use super::{Ledger, PATIENCE, answers, check_finished, closing, edit, gateway, rest, settle, take};

pub struct FakeDiscord {
    pub(super) world: Arc<World>,
    server: Option<JoinHandle<()>>,
    finished: bool,
}

/// A message that the program had Discord create.
#[derive(Clone, Debug)]
pub struct SentMessage {
    /// `channel:123` or `webhook:123`.
    pub target: String,
    /// The request's JSON, as it was sent.
    pub body: Value,
    /// The name and the content of each attached file.
    pub files: Vec<(String, Vec<u8>)>,
    pub id: u64,
    /// What stood behind the `?` of the request's address.
    pub query: String,
    /// Whether the program was told that it stands.
    pub answered: bool,
}

/// What becomes of a request for a message.
#[derive(Clone)]
pub enum Fault {
    /// No message, and this answer.
    Refused(u16, Value),
    /// No message, and the connection ends without a word.
    Reset,
    /// A message, and this answer all the same.
    CreatedThen(u16, Value),
    /// A message, and the connection ends without a word.
    CreatedThenReset,
    /// A message, and never an answer.
    CreatedThenSilent,
}

/// What Discord says of where its gateway is.
#[derive(Clone, Debug, Default)]
pub enum Whereabouts {
    /// At this fake.
    #[default]
    Here,
    /// There.
    At(String),
    /// It answers with a redirect to there.
    Moved(String),
    /// An answer without end.
    Endless,
}

/// The bit of the permission.
const ATTACH_FILES: u64 = 1 << 15;

/// Decides of each request for a message, by its target.
type Chance = Box<dyn FnMut(&str) -> Option<Fault> + Send>;

impl FakeDiscord {
    /// The bot's token: the application's id, a time and a signature, like a real one's.
    pub const TOKEN: &str = "NDI0Mg.GfAkEd.sellbell-tests-only-sellbell-tests-onl";

    /// The id of the application, and of its bot user.
    pub const APPLICATION: u64 = 4242;

    /// The id of the server in which the interactions happen.
    pub const GUILD: u64 = 8484;

    /// The channel of direct messages with the member who uses commands.
    pub const DIRECT: u64 = 9_055;

    /// The member who uses commands.
    pub const MEMBER: u64 = 55;

    pub async fn start() -> FakeDiscord {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { nonce_life: TimeDelta::MAX, ..State::default() };
        let world = Arc::new(World { address, state: watch::Sender::new(state) });
        let router = Router::new()
            .route("/", get(gateway::connect))
            .fallback(rest::answer)
            .with_state(Arc::clone(&world));
        let watched = Arc::clone(&world);
        let server = tokio::spawn(async move {
            let stop = async move { closing(&watched.state).await };
            axum::serve(listener, router).with_graceful_shutdown(stop).await.unwrap();
        });
        FakeDiscord { world, server: Some(server), finished: false }
    }

    /// `http://127.0.0.1:PORT`, for the bot's `api_base`.
    pub fn base(&self) -> String {
        format!("http://{}", self.world.address)
    }

    pub fn webhook_url(&self, id: u64) -> String {
        format!("{}/api/webhooks/{id}/token-{id}", self.base())
    }

    /// Takes the oldest message that was not read yet; waits for it if need be.
    pub async fn next_message(&self) -> SentMessage {
        take(&self.world.state, "a Discord message", |state| state.unread.pop_front()).await
    }

    pub fn unread(&self) -> usize {
        self.world.state.borrow().unread.len()
    }

    /// Takes all messages that were not read yet, oldest first.
    pub fn take_messages(&self) -> Vec<SentMessage> {
        self.world.edit(|state| state.unread.drain(..).collect())
    }

    /// Waits until there is a message that was not read yet.
    pub async fn has_message(&self) {
        let mut changes = self.world.state.subscribe();
        changes.wait_for(|state| !state.unread.is_empty()).await.unwrap();
    }

    /// Waits until there is a message at such a target that was not read yet.
    pub async fn has_message_where(&self, fits: impl Fn(&str) -> bool) {
        let mut changes = self.world.state.subscribe();
        let is_there = |state: &State| state.unread.iter().any(|message| fits(&message.target));
        changes.wait_for(is_there).await.unwrap();
    }

    /// From now on this decides of each message that no planned failure meets.
    pub fn set_faults(&self, chance: impl FnMut(&str) -> Option<Fault> + Send + 'static) {
        self.world.edit(|state| state.chance = Mutex::new(Some(Box::new(chance))));
    }

    /// From now on each route of each channel and webhook takes so many requests in so long, by Discord's clock, and says so.
    pub fn set_bucket(&self, limit: u32, per: TimeDelta) {
        self.world.edit(|state| state.bucket = Some((limit, per)));
    }

    /// How many requests came that a bucket did not take.
    pub fn over_the_limit(&self) -> usize {
        self.world.state.borrow().over_the_limit
    }

    /// How many messages were refused for their files.
    pub fn refused_files(&self) -> usize {
        self.world.state.borrow().refused_files
    }

    /// How often a channel and its permissions were asked for.
    pub fn looks(&self) -> usize {
        self.world.state.borrow().looks
    }

    /// Takes what messages became that were edited, oldest edit first.
    pub fn take_edits(&self) -> Vec<SentMessage> {
        self.world.edit(|state| std::mem::take(&mut state.edits))
    }

    /// Somebody deletes a message.
    pub fn delete(&self, id: u64) {
        self.world
            .edit(|state| state.posted.values_mut().for_each(|posted| posted.retain(|(own, _)| *own != id)));
    }

    /// How many messages were not created because an earlier one had the same nonce.
    pub fn deduplicated(&self) -> usize {
        self.world.state.borrow().deduplicated
    }

    /// Refuses the next `times` messages to `target` ("channel:123") with this answer, and creates nothing.
    pub fn fail_next(&self, target: &str, status: u16, body: Value, times: usize) {
        self.plan(target, times, Fault::Refused(status, body));
    }

    /// Creates the next `times` messages to `target`, but answers like this: the failure came after the deed.
    pub fn create_and_fail_next(&self, target: &str, status: u16, body: Value, times: usize) {
        self.plan(target, times, Fault::CreatedThen(status, body));
    }

    /// Discord's clock shows this from now on: messages get ids of this time.
    pub fn set_time(&self, now: DateTime<Utc>) {
        self.set_clock(TimeDelta::MAX, move || now);
    }

    /// Discord's clock, and for how long by it a nonce is remembered.
    pub fn set_clock(&self, nonces: TimeDelta, clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) {
        self.world.edit(|state| {
            state.clock = Some(Box::new(clock));
            state.nonce_life = nonces;
        });
    }

    /// The few minutes for which nonces are remembered are over.
    pub fn forget_nonces(&self) {
        self.world.edit(|state| state.nonces.clear());
    }

    /// From now on the bot may not read this channel's history, which to it is empty.
    pub fn hide_history(&self, channel: u64) {
        self.world.edit(|state| state.hidden.insert(channel.to_string()));
    }

    /// What everybody, the bot too, may not do in this channel: bits of permissions, none of them for a channel that is there
    /// and denies nothing.
    pub fn deny(&self, channel: u64, permissions: u64) {
        self.world.edit(|state| state.denied.insert(channel.to_string(), permissions));
    }

    /// Members read this language, such as `de`.
    pub fn set_locale(&self, locale: &str) {
        self.world.edit(|state| locale.clone_into(&mut state.locale));
    }

    /// The bot is not in the channel's server: whoever uses it there installed it for themselves.
    pub fn set_personal(&self, channel: u64) {
        self.world.edit(|state| state.personal.insert(channel));
    }

    /// A message as Discord has it.
    pub fn posted(&self, id: u64) -> Value {
        self.world.posted(id).unwrap()
    }

    /// A channel is a direct message with the bot.
    pub fn set_direct(&self, channel: u64) {
        self.world.edit(|state| state.direct.insert(channel));
    }

    /// Somebody else, also a bot, posts what looks like this.
    pub fn post_by_other(&self, channel: u64, body: &Value) {
        self.post(channel, &answers::webhook_user("99"), body);
    }

    /// The bot's user posts this, by another program.
    pub fn post_by_bot(&self, channel: u64, body: &Value) {
        self.post(channel, &answers::bot_user(), body);
    }

    fn post(&self, channel: u64, author: &Value, body: &Value) {
        self.world.edit(|state| {
            let id = state.next_id();
            let channel = channel.to_string();
            let object = answers::message(id, &channel, author, body, &[]);
            state.posted.entry(channel).or_default().push((id, object));
        });
    }

    /// Holds every message to `target` until `release`; one whose sender gives up before that is never created.
    pub fn hang(&self, target: &str) {
        self.world.edit(|state| state.hung.insert(target.to_owned()));
    }

    pub fn release(&self, target: &str) {
        self.world.edit(|state| state.hung.remove(target));
    }

    /// Sets how the gateway treats connections from now on; `hang_up` ends the connections that there are.
    pub fn set_gateway(&self, mood: Mood) {
        self.world.edit(|state| state.mood = mood);
    }

    /// From now on this is said of where the gateway is.
    pub fn set_whereabouts(&self, whereabouts: Whereabouts) {
        self.world.edit(|state| state.whereabouts = whereabouts);
    }

    /// From now on this is said of where to go on with a session.
    pub fn set_resume_url(&self, url: &str) {
        self.world.edit(|state| state.resume_url = Some(url.to_owned()));
    }

    /// The gateway ends its connections without a word.
    pub fn hang_up(&self) {
        self.world.edit(|state| state.hang_ups += 1);
    }

    /// The gateway ends the session of the latest connection like this.
    pub fn end_session(&self, farewell: Farewell) {
        let session = self.world.state.borrow().sessions.last().map(|session| session.events.clone());
        let sent = session.expect("no session was opened").send(Sent::Farewell(farewell));
        assert!(sent.is_ok(), "the session is over");
    }

    /// Waits until so many connections have an open session at once: those of several programs.
    pub async fn open_sessions(&self, count: usize) {
        let mut changes = self.world.state.subscribe();
        let open = changes.wait_for(|state| state.open_sessions() >= count);
        timeout(PATIENCE, open).await.expect("not so many sessions are open").unwrap();
    }

    /// How many sessions were asked for, and how often one was to be gone on with.
    pub fn asked_for(&self) -> (usize, usize) {
        let state = self.world.state.borrow();
        (state.identifies, state.resumes)
    }

    /// How often somebody connected to the gateway, or tried to.
    pub fn knocks(&self) -> usize {
        self.world.state.borrow().knocks
    }

    /// Waits until somebody tried to connect to the gateway so often.
    pub async fn knocked(&self, times: usize) {
        let mut changes = self.world.state.subscribe();
        let knocked = changes.wait_for(|state| state.knocks >= times);
        timeout(PATIENCE, knocked).await.expect("nobody connects to the gateway").unwrap();
    }

    /// How many more sessions Discord lets the bot begin.
    pub fn set_sessions_left(&self, left: u64) {
        self.world.edit(|state| state.sessions_left = Some(left));
    }

    /// Sessions of a program that is gone are sent nothing more.
    pub fn forget_sessions(&self) {
        self.world.edit(|state| state.sessions.clear());
    }

    /// Takes the `d` of the latest Identify; waits for one if need be. Each connection of a bot is told once.
    pub async fn identified(&self) -> Value {
        take(&self.world.state, "an Identify", |state| state.identify.take()).await
    }

    /// Takes the definitions of the oldest command registration not taken yet; waits for one if need be.
    pub async fn commands(&self) -> Vec<Value> {
        take(&self.world.state, "a registration of commands", |state| {
            let mut newest = state.registrations.iter().rev().map(|(_, commands)| commands);
            newest.find(|commands| !commands.is_empty()).cloned()
        })
        .await
    }

    /// All registrations so far: the server, or none for all, and how many commands.
    pub fn registrations(&self) -> Vec<(Option<String>, usize)> {
        let state = self.world.state.borrow();
        state.registrations.iter().map(|(server, commands)| (server.clone(), commands.len())).collect()
    }

    /// Shuts the server down and fails for every unexpected request and every unread message.
    pub async fn finish(mut self) {
        self.finished = true;
        self.world.edit(|state| state.closing = true);
        if let Some(server) = self.server.take() {
            // A connection that outlives this is the program's affair; the end of the test closes it.
            let _ = timeout(PATIENCE, server).await;
        }
        settle("FakeDiscord:", &self.world.state);
    }

    /// Forgets the failures that are planned.
    pub fn mend(&self) {
        self.world.edit(|state| state.failures.clear());
    }

    fn plan(&self, target: &str, times: usize, fault: Fault) {
        let planned = (times, fault);
        self.world.edit(|state| state.failures.entry(target.to_owned()).or_default().push_back(planned));
    }
}

impl Drop for FakeDiscord {
    fn drop(&mut self) {
        check_finished("FakeDiscord", self.finished, &self.world.state);
    }
}

/// What all connections share.
pub(super) struct World {
    pub(super) address: SocketAddr,
    pub(super) state: watch::Sender<State>,
}

#[derive(Default)]
pub(super) struct State {
    closing: bool,
    unexpected: Vec<String>,
    unread: VecDeque<SentMessage>,
    /// What has a nonce, and since when.
    pub(super) nonces: HashMap<String, (DateTime<Utc>, Value)>,
    nonce_life: TimeDelta,
    /// What stands in each channel, oldest first.
    posted: HashMap<String, Vec<(u64, Value)>>,
    hidden: HashSet<String>,
    /// The channels that can be asked for, and what they deny.
    pub(super) denied: HashMap<String, u64>,
    /// The language of members; English where it is empty.
    pub(super) locale: String,
    /// Channels that are direct messages.
    pub(super) direct: HashSet<u64>,
    /// Channels of servers without the bot.
    pub(super) personal: HashSet<u64>,
    clock: Option<Box<dyn Fn() -> DateTime<Utc> + Send + Sync>>,
    chance: Mutex<Option<Chance>>,
    deduplicated: usize,
    /// By target: what becomes of so many of the next messages.
    failures: HashMap<String, VecDeque<(usize, Fault)>>,
    hung: HashSet<String>,
    bucket: Option<(u32, TimeDelta)>,
    /// Route → since when its bucket is drawn from, and how often.
    drawn: HashMap<String, (DateTime<Utc>, u32)>,
    over_the_limit: usize,
    refused_files: usize,
    looks: usize,
    edits: Vec<SentMessage>,
    registrations: VecDeque<(Option<String>, Vec<Value>)>,
    mood: Mood,
    knocks: usize,
    hang_ups: usize,
    sessions_left: Option<u64>,
    whereabouts: Whereabouts,
    resume_url: Option<String>,
    ids: u64,
    /// The `d` of the latest Identify, until the test takes it.
    pub(super) identify: Option<Value>,
    /// Where events for the bot go: to each of its connections, the latest last.
    pub(super) sessions: Vec<OpenSession>,
    /// How many shards there are to be, and what was seen of them.
    pub(super) sharding: Sharding,
    pub(super) identifies: usize,
    pub(super) resumes: usize,
    /// The servers that the bot is on; `None` for the one in which the interactions happen.
    pub(super) servers: Option<Vec<Value>>,
    /// The roles of that one, besides everyone's.
    pub(super) roles: Vec<Value>,
    /// What the bot may do in a channel besides what it needs.
    pub(super) granted: HashMap<String, u64>,
    /// The intents of the latest Identify.
    pub(super) intents: u64,
    /// The kinds of channels, and threads.
    pub(super) channels: Channels,
    /// The interactions by their tokens.
    pub(super) interactions: HashMap<String, Open>,
}

impl World {
    pub(super) fn edit<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        edit(&self.state, change)
    }

    pub(super) fn next_id(&self) -> u64 {
        self.edit(State::next_id)
    }

    pub(super) fn note(&self, unexpected: String) {
        self.edit(|state| state.unexpected.push(unexpected));
    }

    /// Somebody connects to the gateway.
    pub(super) fn knock(&self) -> Mood {
        self.edit(|state| {
            state.knocks += 1;
            state.mood
        })
    }

    pub(super) fn sessions_left(&self) -> u64 {
        self.state.borrow().sessions_left.unwrap_or(999)
    }

    pub(super) fn whereabouts(&self) -> Whereabouts {
        self.state.borrow().whereabouts.clone()
    }

    pub(super) fn resume_url(&self) -> String {
        let set = self.state.borrow().resume_url.clone();
        set.unwrap_or_else(|| format!("ws://{}", self.address))
    }

    /// Waits until the gateway hangs up.
    pub(super) fn hung_up(&self) -> impl Future<Output = ()> {
        // From the call on, and not from when it is first waited for.
        let before = self.state.borrow().hang_ups;
        let mut changes = self.state.subscribe();
        async move {
            // The state is gone with the fake itself: that is an end, too.
            let _ = changes.wait_for(|state| state.hang_ups > before).await;
        }
    }

    /// Whether nobody may attach files in a channel: then a message with one is refused.
    pub(super) fn denies_files(&self, channel: &str) -> bool {
        let denies = self.denied(channel).is_some_and(|denied| denied & ATTACH_FILES != 0);
        self.edit(|state| state.refused_files += usize::from(denies));
        denies
    }

    /// Waits while messages to `target` hang. False if the fake is closing instead.
    pub(super) async fn is_released(&self, target: &str) -> bool {
        let mut changes = self.state.subscribe();
        let settled = changes.wait_for(|state| state.closing || !state.hung.contains(target)).await;
        settled.is_ok_and(|state| !state.closing)
    }

    pub(super) fn take_fault(&self, target: &str) -> Option<Fault> {
        self.edit(|state| {
            if let Some(planned) = state.failures.get_mut(target) {
                planned.retain(|(times, _)| *times > 0);
                if let Some((times, fault)) = planned.front_mut() {
                    *times -= 1;
                    return Some(fault.clone());
                }
            }
            state.chance.get_mut().unwrap().as_mut()?(target)
        })
    }

    /// Creates what `build` makes of a new id, unless a message with this nonce is there. Returns its object.
    pub(super) fn create(
        &self,
        nonce: Option<String>,
        build: impl FnOnce(u64) -> (SentMessage, Value),
    ) -> Value {
        self.edit(|state| {
            let now = state.now();
            let known = nonce.as_ref().and_then(|nonce| state.nonces.get(nonce));
            if let Some((_, earlier)) = known.filter(|(since, _)| now - since < state.nonce_life) {
                state.deduplicated += 1;
                return earlier.clone();
            }
            let (message, object) = build(state.next_id());
            let channel = object["channel_id"].as_str().unwrap_or_default().to_owned();
            state.posted.entry(channel).or_default().push((message.id, object.clone()));
            state.unread.push_back(message);
            state.nonces.extend(nonce.map(|nonce| (nonce, (now, object.clone()))));
            object
        })
    }

    /// A request on a route: what is left in its bucket and for how long that holds, or how long to wait; `None` without buckets.
    pub(super) fn draw(&self, route: &str) -> Option<Result<(u32, TimeDelta), TimeDelta>> {
        self.edit(|state| {
            let (limit, per) = state.bucket?;
            let now = state.now();
            let (since, drawn) = state.drawn.entry(route.to_owned()).or_insert((now, 0));
            if now - *since >= per {
                (*since, *drawn) = (now, 0);
            }
            let rest = per - (now - *since);
            if *drawn == limit {
                state.over_the_limit += 1;
                return Some(Err(rest));
            }
            *drawn += 1;
            Some(Ok((limit - *drawn, rest)))
        })
    }

    /// A message that stands.
    pub(super) fn posted(&self, id: u64) -> Option<Value> {
        let state = self.state.borrow();
        state.posted.values().flatten().find(|(own, _)| *own == id).map(|(_, object)| object.clone())
    }

    /// Replaces a message of the bot's or the webhook's; `None` where there is none.
    pub(super) fn replace(&self, id: u64, edit: SentMessage, object: Value) -> Option<Value> {
        self.edit(|state| {
            let posted = state.posted.values_mut().flatten().find(|(own, _)| *own == id)?;
            let mut object = object;
            // What an edit does not mention stays.
            for key in ["content", "embeds", "components"] {
                if edit.body[key].is_null() {
                    object[key] = posted.1[key].clone();
                }
            }
            keep_files(&posted.1, &edit.body, &mut object);
            posted.1 = object.clone();
            state.edits.push(edit);
            Some(object)
        })
    }

    /// Changes a message by the answer to a press on its button.
    pub(super) fn change(&self, id: u64, data: &Value) {
        self.edit(|state| {
            let posted = state.posted.values_mut().flatten().find(|(own, _)| *own == id);
            if let Some((_, object)) = posted {
                for key in ["content", "embeds", "components"].into_iter().filter(|key| !data[*key].is_null())
                {
                    object[key] = data[key].clone();
                }
            }
        });
    }

    /// The oldest messages of a channel that came after one, newest first; without one, the newest.
    pub(super) fn messages(&self, channel: &str, after: Option<u64>, limit: usize) -> Vec<Value> {
        let state = self.state.borrow();
        if state.hidden.contains(channel) {
            return Vec::new();
        }
        let all = state.posted.get(channel).map(Vec::as_slice).unwrap_or_default();
        let from = after
            .map_or(all.len().saturating_sub(limit), |after| all.partition_point(|(id, _)| *id <= after));
        all[from..].iter().take(limit).rev().map(|(_, message)| message.clone()).collect()
    }

    /// What everybody may not do in a channel that is asked for.
    pub(super) fn looked_at(&self, channel: &str) -> Option<u64> {
        self.edit(|state| state.looks += 1);
        self.denied(channel)
    }

    fn denied(&self, channel: &str) -> Option<u64> {
        self.state.borrow().denied.get(channel).copied()
    }

    pub(super) fn register(&self, server: Option<String>, definitions: Vec<Value>) {
        self.edit(|state| state.registrations.push_back((server, definitions)));
    }
}

impl State {
    pub(super) fn open_sessions(&self) -> usize {
        self.sessions.iter().filter(|session| !session.is_closed()).count()
    }

    /// Whether a shard has several open sessions: those of several programs.
    pub(super) fn is_shared(&self) -> bool {
        let open = self.sessions.iter().filter(|session| !session.is_closed());
        let mut shards = HashSet::new();
        open.into_iter().any(|session| !shards.insert(session.shard))
    }

    /// A new snowflake, of Discord's time: each is greater than the one before.
    pub(super) fn next_id(&mut self) -> u64 {
        self.ids += 1;
        let since = self.now().timestamp_millis() - 1_420_070_400_000;
        (u64::try_from(since).unwrap() << 22) + self.ids
    }

    /// Some time of 2026, where no test sets it.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.as_ref().map_or(DateTime::from_timestamp(1_767_207_851, 0).unwrap(), |clock| clock())
    }
}

impl Ledger for State {
    fn is_closing(&self) -> bool {
        self.closing
    }

    fn unexpected(&self) -> &[String] {
        &self.unexpected
    }

    fn unread(&self) -> Vec<String> {
        self.unread.iter().map(|message| format!("{} {}", message.target, message.body)).collect()
    }
}

/// An edit keeps the files that it names by id. One that sends embeds alone removes them all.
fn keep_files(before: &Value, edit: &Value, after: &mut Value) {
    let known = before["attachments"].as_array().cloned().unwrap_or_default();
    let kept: Vec<Value> = match (edit["attachments"].as_array(), edit["embeds"].is_null()) {
        (Some(named), _) => {
            known.into_iter().filter(|file| named.iter().any(|own| own["id"] == file["id"])).collect()
        }
        (None, true) => known,
        (None, false) => Vec::new(),
    };
    let files = after["attachments"].as_array_mut().unwrap();
    files.splice(0..0, kept);
    answers::show_files(after);
}
