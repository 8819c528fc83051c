//! Kinds of channels, and threads: posts of forums, archived and locked ones; and published messages.

use std::collections::HashMap;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::answers;
use super::discord::{FakeDiscord, Fault, World};
use super::rest::{Call, Refusal, answer_all_the_same, failure, ok, turn_away};

pub const ANNOUNCEMENTS: u64 = 5;
pub const FORUM: u64 = 15;
pub const MEDIA: u64 = 16;

const THREAD: u64 = 11;

/// What is known of channels besides their messages.
#[derive(Default)]
pub(super) struct Channels {
    /// The kinds of channels that are no text channels.
    kinds: HashMap<String, u64>,
    threads: HashMap<u64, Thread>,
    /// Webhooks of forums.
    webhooks: Vec<String>,
    /// Posts that were deleted.
    deleted: Vec<String>,
    published: Vec<u64>,
    /// How many more messages may be published; as many as one likes without.
    may_publish: Option<usize>,
}

#[derive(Clone)]
struct Thread {
    parent: String,
    name: String,
    owner: String,
    archived: bool,
    locked: bool,
    at: DateTime<Utc>,
}

impl FakeDiscord {
    /// A channel is of this kind, by Discord's number, and can be asked for.
    pub fn set_kind(&self, channel: u64, kind: u64) {
        self.deny(channel, 0);
        self.world.edit(|state| state.channels.kinds.insert(channel.to_string(), kind));
    }

    /// A thread of a channel.
    pub fn add_thread(&self, id: u64, parent: u64) {
        self.set_kind(id, THREAD);
        self.deny(parent, 0);
        self.world.edit(|state| {
            let (parent, owner, at) = (parent.to_string(), "1".to_owned(), state.now());
            let thread =
                Thread { parent, name: "thread".to_owned(), owner, archived: false, locked: false, at };
            state.channels.threads.insert(id, thread);
        });
    }

    /// Somebody archives a thread or a post, and may lock it.
    pub fn archive(&self, id: u64, locked: bool) {
        self.world.edit(|state| {
            let now = state.now();
            let thread = state.channels.threads.get_mut(&id).expect("there is no such thread");
            (thread.archived, thread.locked, thread.at) = (true, locked, now);
        });
    }

    /// Whether a thread or a post is archived.
    pub fn is_archived(&self, id: u64) -> bool {
        self.world.state.borrow().channels.threads[&id].archived
    }

    /// Somebody deletes a post.
    pub fn delete_post(&self, id: u64) {
        self.delete(id);
        self.world.edit(|state| {
            state.channels.threads.remove(&id);
            let channel = id.to_string();
            state.nonces.retain(|_, (_, message)| message["channel_id"] != channel);
            state.channels.deleted.push(id.to_string());
        });
    }

    /// The threads of a channel and the posts of a forum: ids and names, oldest first.
    pub fn threads_of(&self, channel: u64) -> Vec<(u64, String)> {
        let state = self.world.state.borrow();
        let all = state.channels.threads.iter().filter(|(_, thread)| thread.parent == channel.to_string());
        let mut all: Vec<(u64, String)> = all.map(|(id, thread)| (*id, thread.name.clone())).collect();
        all.sort_unstable();
        all
    }

    /// The name of a post.
    pub fn post_name(&self, id: u64) -> String {
        self.world.state.borrow().channels.threads[&id].name.clone()
    }

    /// A webhook is one of a forum.
    pub fn set_forum_webhook(&self, id: u64) {
        self.world.edit(|state| state.channels.webhooks.push(id.to_string()));
    }

    /// The messages that were published.
    pub fn published(&self) -> Vec<u64> {
        self.world.state.borrow().channels.published.clone()
    }

    /// How many more messages Discord publishes this hour.
    pub fn set_may_publish(&self, more: usize) {
        self.world.edit(|state| state.channels.may_publish = Some(more));
    }
}

impl World {
    pub(super) fn kind(&self, channel: &str) -> u64 {
        self.state.borrow().channels.kinds.get(channel).copied().unwrap_or_default()
    }

    fn takes_posts(&self, channel: &str) -> bool {
        matches!(self.kind(channel), FORUM | MEDIA)
    }

    /// Whether a channel has posts, and no messages of its own.
    pub(super) fn has_no_messages(&self, channel: &str) -> bool {
        self.takes_posts(channel)
    }

    /// What Discord answers to a message in a channel that takes none.
    pub(super) fn takes_no_message(&self, channel: &str) -> Option<Response> {
        if self.is_deleted(channel) {
            return Some(unknown_channel());
        }
        if matches!(self.kind(channel), 4 | 14 | FORUM | MEDIA) {
            let body = json!({ "message": "Cannot send messages in a non-text channel", "code": 50008 });
            return Some(failure(400, &body));
        }
        let id: u64 = channel.parse().unwrap_or_default();
        self.edit(|state| {
            let thread = state.channels.threads.get_mut(&id)?;
            // A message opens a thread again, but for a locked one.
            thread.archived &= thread.locked;
            thread.locked.then(is_archived)
        })
    }

    /// What Discord answers to an edit in a thread that is archived.
    pub(super) fn takes_no_edit(&self, channel: &str) -> Option<Response> {
        if self.is_deleted(channel) {
            return Some(unknown_channel());
        }
        let id: u64 = channel.parse().unwrap_or_default();
        let state = self.state.borrow();
        state.channels.threads.get(&id).filter(|thread| thread.archived).map(|_| is_archived())
    }

    pub(super) fn is_deleted(&self, channel: &str) -> bool {
        self.state.borrow().channels.deleted.iter().any(|id| id == channel)
    }

    /// A channel as Discord describes it, with its kind.
    pub(super) fn with_kind(&self, id: &str, mut channel: Value) -> Value {
        if let Some(thread) = self.thread(id) {
            return thread;
        }
        channel["type"] = json!(self.kind(id));
        channel
    }

    pub(super) fn thread(&self, id: &str) -> Option<Value> {
        let state = self.state.borrow();
        let Thread { parent, name, owner, archived, locked, at } =
            state.channels.threads.get(&id.parse().ok()?)?.clone();
        let metadata = json!({
            "archived": archived, "locked": locked, "archive_timestamp": at.to_rfc3339(),
            "auto_archive_duration": 4320,
        });
        Some(json!({
            "id": id, "type": THREAD, "guild_id": FakeDiscord::GUILD.to_string(), "parent_id": parent, "name": name,
            "owner_id": owner, "flags": 0, "thread_metadata": metadata, "message_count": 0, "member_count": 1,
            "total_message_sent": 1, "position": 0, "nsfw": false,
        }))
    }

    /// The threads that are archived or not, the latest first.
    fn threads(&self, is_meant: impl Fn(&str, bool, DateTime<Utc>) -> bool) -> Vec<Value> {
        let state = self.state.borrow();
        let all = state.channels.threads.iter();
        let mut ids: Vec<(DateTime<Utc>, u64)> = all
            .filter(|(_, thread)| is_meant(&thread.parent, thread.archived, thread.at))
            .map(|(id, thread)| (thread.at, *id))
            .collect();
        drop(state);
        ids.sort_unstable_by(|a, b| b.cmp(a));
        ids.iter().filter_map(|(_, id)| self.thread(&id.to_string())).collect()
    }
}

fn unknown_channel() -> Response {
    failure(404, &json!({ "message": "Unknown Channel", "code": 10003 }))
}

fn is_archived() -> Response {
    failure(400, &json!({ "message": "Thread is archived", "code": 50083 }))
}

/// A new thread of a channel, without a message. A fault of `threads:CHANNEL` meets it.
async fn create_thread(world: &World, call: &Call, channel: &str) -> Result<Response, Refusal> {
    let fault = match turn_away(world, &format!("threads:{channel}")).await {
        Ok(fault) => fault,
        Err(response) => return Ok(response),
    };
    call.check_schema(world, "/channels/{channel_id}/threads");
    check_name(world, &call.body["name"])?;
    let kind = if world.kind(channel) == ANNOUNCEMENTS { 10 } else { THREAD };
    let has_threads = matches!(world.kind(channel), 0 | ANNOUNCEMENTS);
    if !has_threads || call.body["type"] != json!(kind) || !call.body["message"].is_null() {
        return Err(Refusal::new(400, 50024, "Cannot execute action on this channel type"));
    }
    let id = world.edit(|state| state.next_id()).to_string();
    add_post(world, &id, channel, &call.body["name"]);
    let created = world.thread(&id).unwrap();
    if fault.is_some() {
        return Ok(answer_all_the_same(fault, created).await);
    }
    Ok((StatusCode::CREATED, Json(created)).into_response())
}

/// A new post of a forum, or a new thread of a channel.
pub(super) async fn create_post(world: &World, call: &Call, forum: &str) -> Result<Response, Refusal> {
    if !world.takes_posts(forum) {
        return create_thread(world, call, forum).await;
    }
    let target = format!("forum:{forum}");
    let fault = match turn_away(world, &target).await {
        Ok(fault) => fault,
        Err(response) => return Ok(response),
    };
    if !call.files.is_empty() && world.denies_files(forum) {
        return Ok(failure(403, &json!({ "message": "Missing Permissions", "code": 50013 })));
    }
    let message = &call.body["message"];
    call.check_message(world, message)?;
    call.check_schema(world, "/channels/{channel_id}/threads");
    check_name(world, &call.body["name"])?;
    if !message["nonce"].is_null() || !call.body["nonce"].is_null() {
        world.note("a post has no nonce".to_owned());
    }
    let (author, answered) = (answers::bot_user(), fault.is_none());
    let created = world.create(None, |id| {
        let (sent, _) = call.message(id, target, &id.to_string(), &author, answered);
        (sent, answers::message(id, &id.to_string(), &author, message, &call.files))
    });
    let id = created["id"].as_str().unwrap().to_owned();
    add_post(world, &id, forum, &call.body["name"]);
    if fault.is_some() {
        return Ok(answer_all_the_same(fault, created).await);
    }
    Ok((StatusCode::CREATED, Json(world.thread(&id).unwrap())).into_response())
}

fn check_name(world: &World, name: &Value) -> Result<(), Refusal> {
    let name = name.as_str().unwrap_or_default();
    if name.trim().is_empty() || name.encode_utf16().count() > 100 {
        return Err(Refusal::new(400, 50035, "Invalid Form Body: name"));
    }
    if name.chars().any(char::is_control) {
        world.note(format!("a post is named {name:?}"));
    }
    Ok(())
}

fn add_post(world: &World, id: &str, parent: &str, name: &Value) {
    world.edit(|state| {
        let name = name.as_str().unwrap_or_default().to_owned();
        let (owner, at) = (FakeDiscord::APPLICATION.to_string(), state.now());
        let thread = Thread { parent: parent.to_owned(), name, owner, archived: false, locked: false, at };
        state.channels.threads.insert(id.parse().unwrap(), thread);
    });
}

/// The threads of the server that are not archived.
pub(super) async fn active(world: &World) -> Response {
    match turn_away(world, "threads").await {
        Ok(_) => {
            let threads = world.threads(|_, archived, _| !archived);
            ok(json!({ "threads": threads, "members": [], "has_more": false }))
        }
        Err(response) => response,
    }
}

pub(super) async fn archived(world: &World, call: &Call, parent: &str) -> Result<Response, Refusal> {
    call.check_query(world, "/channels/{channel_id}/threads/archived/public");
    let before: DateTime<Utc> = match call.text("before") {
        Some(text) => text.parse().map_err(|_| Refusal::new(400, 50035, "Invalid Form Body: before"))?,
        None => DateTime::<Utc>::MAX_UTC,
    };
    let limit = usize::try_from(call.value("limit").unwrap_or(50)).unwrap();
    if !(2..=100).contains(&limit) {
        return Err(Refusal::new(400, 50035, "Invalid Form Body: limit"));
    }
    let mut threads = world.threads(|own, archived, at| own == parent && archived && at < before);
    let has_more = threads.len() > limit;
    threads.truncate(limit);
    Ok(ok(json!({ "threads": threads, "members": [], "has_more": has_more })))
}

/// Opens an archived thread, but for a locked one, which only moderators may.
pub(super) fn change(world: &World, call: &Call, id: &str) -> Result<Response, Refusal> {
    call.check_schema(world, "/channels/{channel_id}");
    if call.body != json!({ "archived": false }) {
        return Err(Refusal::new(400, 50035, "the fake knows no other change"));
    }
    let opened = world.edit(|state| {
        let thread = state.channels.threads.get_mut(&id.parse().ok()?)?;
        thread.archived &= thread.locked;
        Some(!thread.locked)
    });
    match opened {
        Some(true) => Ok(ok(world.thread(id).unwrap())),
        Some(false) => Ok(failure(403, &json!({ "message": "Missing Permissions", "code": 50013 }))),
        None => Ok(unknown_channel()),
    }
}

/// Publishes a message of an announcement channel.
pub(super) async fn crosspost(
    world: &World,
    call: &Call,
    channel: &str,
    message: &str,
) -> Result<Response, Refusal> {
    match turn_away(world, &format!("publishing:{channel}")).await {
        Ok(_) => {}
        Err(response) => return Ok(response),
    }
    if world.kind(channel) != ANNOUNCEMENTS {
        return Err(Refusal::new(400, 50024, "Cannot execute action on this channel type"));
    }
    if !call.body.is_null() {
        world.note("publishing has no body".to_owned());
    }
    let id: u64 = message.parse().unwrap();
    let Some(object) = world.posted(id) else {
        return Err(Refusal::new(404, 10008, "Unknown Message"));
    };
    let is_known = world.edit(|state| {
        let is_known = state.channels.published.contains(&id);
        match &mut state.channels.may_publish {
            Some(0) => return Err(()),
            Some(more) => *more -= 1,
            None => {}
        }
        state.channels.published.push(id);
        Ok(is_known)
    });
    match is_known {
        Ok(false) => Ok(ok(object)),
        Ok(true) => Err(Refusal::new(400, 40033, "This message has already been crossposted.")),
        Err(()) => {
            let body =
                json!({ "message": "You are being rate limited.", "retry_after": 3_000.5, "global": false });
            Ok(failure(429, &body))
        }
    }
}

/// The channel of a webhook's new message, with the name of its post; `None` for a post of its own.
pub(super) fn of_webhook(world: &World, call: &Call, id: &str) -> Result<Option<String>, Box<Response>> {
    let is_forum = world.state.borrow().channels.webhooks.iter().any(|own| own == id);
    let refused = |code: u64| failure(400, &json!({ "message": "a thread of a forum", "code": code }));
    match (call.text("thread_id"), &call.body["thread_name"], is_forum) {
        (None, Value::Null, false) => Ok(Some("777".to_owned())),
        (Some(thread), Value::Null, true) => match world.thread(&thread) {
            Some(_) => Ok(Some(thread)),
            None => Err(Box::new(unknown_channel())),
        },
        (None, Value::String(_), true) => Ok(None),
        (Some(_), Value::Null, false) => Ok(Some("777".to_owned())),
        (_, Value::Null, true) => Err(Box::new(refused(220_001))),
        (None, _, false) => Err(Box::new(refused(220_003))),
        _ => Err(Box::new(refused(220_002))),
    }
}

/// Notes the post that a webhook created.
pub(super) fn note_post(world: &World, call: &Call, webhook: &str, id: &str) -> Result<(), Refusal> {
    check_name(world, &call.body["thread_name"])?;
    add_post(world, id, &format!("webhook {webhook}"), &call.body["thread_name"]);
    Ok(())
}

/// Whether a webhook's message is named with its thread, as Discord wants it.
pub(super) fn names_thread(world: &World, call: &Call, webhook: &str, message: &str) -> bool {
    let is_forum = world.state.borrow().channels.webhooks.iter().any(|own| own == webhook);
    let channel = message.parse().ok().and_then(|id| world.posted(id));
    let channel = channel.and_then(|object| object["channel_id"].as_str().map(str::to_owned));
    !is_forum || call.text("thread_id") == channel
}

/// A refusal that is planned for a request that creates nothing.
pub(super) fn planned(world: &World, target: &str) -> Option<Response> {
    match world.take_fault(target) {
        Some(Fault::Refused(status, body)) => Some(failure(status, &body)),
        _ => None,
    }
}
