//! The fake's REST routes: which request does what, and what is refused.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{Method, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::{Json, http};
use futures_util::stream;
use serde_json::{Value, json};

use super::discord::{FakeDiscord, Fault, SentMessage, Whereabouts, World};
use super::limits::{self, Violation};
use super::{answers, interactions, schema, threads};
use crate::search::found;

/// Discord's own limit of a request.
const BODY_LIMIT: usize = 25 << 20;

/// An attached file's name and content.
pub(super) type File = (String, Vec<u8>);

/// One request.
pub(super) struct Call {
    method: Method,
    /// Without `/api/v10/`.
    path: String,
    query: String,
    authorization: String,
    pub(super) body: Value,
    pub(super) files: Vec<File>,
}

/// An error answer of Discord's. The fake gives one only to what it holds against the program.
pub(super) struct Refusal {
    status: StatusCode,
    code: u64,
    message: String,
    errors: Value,
}

pub(super) async fn answer(State(world): State<Arc<World>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let name = format!("{} {}", head.method, head.uri);
    let answer = match to_bytes(body, BODY_LIMIT).await {
        Ok(bytes) => {
            if let Some(around) = found(&bytes) {
                world.note(format!("{}: a secret is in what is sent: {around}", head.method));
            }
            match Call::read(&head, &bytes) {
                Ok(call) => route(&world, &call).await,
                Err(refusal) => Err(refusal),
            }
        }
        Err(error) => Err(Refusal::new(413, 40005, &error.to_string())),
    };
    answer.unwrap_or_else(|refusal| {
        let body = refusal.body();
        world.note(format!("{name}: answered {} {body}", refusal.status));
        (refusal.status, Json(body)).into_response()
    })
}

async fn route(world: &World, call: &Call) -> Result<Response, Refusal> {
    let path: Vec<&str> = call.path.split('/').collect();
    let is_open = matches!(path[..], ["gateway"] | ["webhooks" | "interactions", ..]);
    if !is_open && call.authorization != format!("Bot {}", FakeDiscord::TOKEN) {
        return Err(Refusal::new(401, 0, "401: Unauthorized"));
    }
    let limited = matches!(path[..], ["channels", _, "messages" | "threads", ..] | ["webhooks", _, _, ..]);
    let drawn = limited.then(|| world.draw(&format!("{} {}/{}", call.method, path[0], path[1]))).flatten();
    if let Some(Err(wait)) = drawn {
        let slow = json!({ "message": "You are being rate limited.", "retry_after": wait.as_seconds_f64(), "global": false });
        return Ok(failure(429, &slow));
    }
    let mut response = answer_in_turn(world, call, &path).await?;
    if let Some(Ok((left, rest))) = drawn {
        let headers = response.headers_mut();
        headers.insert("x-ratelimit-remaining", left.into());
        headers.insert("x-ratelimit-reset-after", rest.as_seconds_f64().to_string().parse().unwrap());
    }
    Ok(response)
}

fn gateway_bot(world: &World, url: &str) -> Value {
    let (shards, concurrency) = world.recommended();
    answers::gateway_bot(url, world.sessions_left(), shards, concurrency)
}

async fn answer_in_turn(world: &World, call: &Call, path: &[&str]) -> Result<Response, Refusal> {
    let is_ours = |application: &str| application == FakeDiscord::APPLICATION.to_string();
    match (call.method.as_str(), path) {
        ("GET", ["gateway"]) => Ok(ok(answers::gateway(world.address))),
        ("GET", ["gateway", "bot"]) => Ok(match world.whereabouts() {
            Whereabouts::Here => ok(gateway_bot(world, &format!("ws://{}", world.address))),
            Whereabouts::At(url) => ok(gateway_bot(world, &url)),
            Whereabouts::Moved(url) => (StatusCode::FOUND, [(LOCATION, url)]).into_response(),
            Whereabouts::Endless => {
                let blanks = stream::repeat_with(|| Ok::<_, Infallible>(vec![b' '; 64 * 1024]));
                Body::from_stream(blanks).into_response()
            }
        }),
        ("POST", ["users", "@me", "channels"]) => {
            call.check_schema(world, "/users/@me/channels");
            Ok(match world.take_fault("direct") {
                Some(Fault::Refused(status, body)) => failure(status, &body),
                _ => ok(answers::direct_channel()),
            })
        }
        ("GET", ["users", "@me"]) => Ok(ok(answers::bot_user())),
        ("GET", ["applications", "@me"] | ["oauth2", "applications", "@me"]) => {
            Ok(match world.take_fault("application") {
                Some(Fault::Refused(status, body)) => failure(status, &body),
                _ => ok(answers::application()),
            })
        }
        ("GET", ["channels", id]) => Ok(match (world.looked_at(id), world.take_fault("look")) {
            (_, Some(Fault::Refused(status, body))) => failure(status, &body),
            (Some(denied), _) => {
                ok(world.with_kind(id, answers::channel_denying(id, denied, world.granted(id))))
            }
            (None, _) => failure(404, &json!({ "message": "Unknown Channel", "code": 10003 })),
        }),
        ("GET", ["guilds", id]) if *id == FakeDiscord::GUILD.to_string() => Ok(ok(world.guild())),
        ("GET", ["guilds", id, "members", member])
            if *id == FakeDiscord::GUILD.to_string() && is_ours(member) =>
        {
            Ok(ok(answers::bot_member()))
        }
        ("PATCH", ["channels", id]) => threads::change(world, call, id),
        ("POST", ["channels", id, "threads"]) => threads::create_post(world, call, id).await,
        ("GET", ["channels", id, "threads", "archived", "public"]) => {
            match threads::planned(world, "archived") {
                Some(response) => Ok(response),
                None => threads::archived(world, call, id).await,
            }
        }
        ("GET", ["guilds", id, "threads", "active"]) if *id == FakeDiscord::GUILD.to_string() => {
            Ok(threads::active(world).await)
        }
        ("POST", ["channels", id, "messages", message, "crosspost"]) => {
            threads::crosspost(world, call, id, message).await
        }
        ("GET", ["channels", id, "messages"]) => read_messages(world, call, id).await,
        ("POST", ["channels", id, "messages"]) => create_message(world, call, id).await,
        ("GET", ["channels", id, "messages", message]) => {
            match turn_away(world, &format!("reading:{id}")).await {
                Ok(_) => Ok(read_message(world, message)),
                Err(response) => Ok(response),
            }
        }
        ("GET", ["webhooks", id, token, "messages", message]) if *token == format!("token-{id}") => {
            if !threads::names_thread(world, call, id, message) {
                return Ok(failure(404, &json!({ "message": "Unknown Message", "code": 10008 })));
            }
            Ok(read_message(world, message))
        }
        ("PATCH", ["channels", id, "messages", message]) => {
            edit_message(world, call, "channel", id, message).await
        }
        ("PATCH", ["webhooks", id, token, "messages", message]) if *token == format!("token-{id}") => {
            edit_message(world, call, "webhook", id, message).await
        }
        ("POST", ["webhooks", id, token]) if is_ours(id) => interactions::add(world, call, token),
        ("PATCH", ["webhooks", id, token, "messages", "@original"]) if is_ours(id) => {
            interactions::edit(world, call, token)
        }
        ("POST", ["webhooks", id, token]) => execute_webhook(world, call, id, token).await,
        ("POST", ["interactions", id, token, "callback"]) => {
            interactions::respond(world, call, id, token).await
        }
        ("PUT" | "POST", ["applications", id, "commands"]) if is_ours(id) => {
            match turn_away(world, "commands").await {
                Ok(_) => Ok(register(world, call, None)),
                Err(response) => Ok(response),
            }
        }
        ("PUT" | "POST", ["applications", id, "guilds", guild, "commands"]) if is_ours(id) => {
            Ok(register(world, call, Some(guild)))
        }
        _ => Err(Refusal::new(404, 0, "404: Not Found")),
    }
}

async fn create_message(world: &World, call: &Call, channel: &str) -> Result<Response, Refusal> {
    let target = format!("channel:{channel}");
    let fault = match turn_away(world, &target).await {
        Ok(fault) => fault,
        Err(response) => return Ok(response),
    };
    if !call.files.is_empty() && world.denies_files(channel) {
        return Ok(failure(403, &json!({ "message": "Missing Permissions", "code": 50013 })));
    }
    if let Some(refusal) = world.takes_no_message(channel) {
        return Ok(refusal);
    }
    call.check_message(world, &call.body)?;
    call.check_schema(world, "/channels/{channel_id}/messages");
    let (author, answered) = (answers::bot_user(), fault.is_none());
    let message =
        world.create(call.enforced_nonce(), |id| call.message(id, target, channel, &author, answered));
    Ok(answer_all_the_same(fault, message).await)
}

fn read_message(world: &World, message: &str) -> Response {
    match message.parse().ok().and_then(|id| world.posted(id)) {
        Some(object) => ok(object),
        None => failure(404, &json!({ "message": "Unknown Message", "code": 10008 })),
    }
}

async fn edit_message(
    world: &World,
    call: &Call,
    kind: &str,
    id: &str,
    message: &str,
) -> Result<Response, Refusal> {
    let target = format!("{kind}:{id}");
    let fault = match turn_away(world, &format!("editing:{id}")).await {
        Ok(fault) => fault,
        Err(response) => return Ok(response),
    };
    if !call.files.is_empty() && world.denies_files(id) {
        return Ok(failure(403, &json!({ "message": "Missing Permissions", "code": 50013 })));
    }
    if let Some(refusal) = world.takes_no_edit(id).filter(|_| kind == "channel") {
        return Ok(refusal);
    }
    if kind == "webhook" && !threads::names_thread(world, call, id, message) {
        return Ok(failure(404, &json!({ "message": "Unknown Message", "code": 10008 })));
    }
    call.check_message(world, &call.body)?;
    call.check_schema(
        world,
        match kind {
            "channel" => "/channels/{channel_id}/messages/{message_id}",
            _ => "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}",
        },
    );
    let message_id: u64 = message.parse().unwrap();
    let (author, channel) = match kind {
        "channel" => (answers::bot_user(), id),
        _ => (answers::webhook_user(id), "777"),
    };
    let own = call.text("thread_id");
    let channel = own.as_deref().unwrap_or(channel);
    let (edit, object) = call.message(message_id, target, channel, &author, fault.is_none());
    match world.replace(message_id, edit, object) {
        Some(object) => Ok(answer_all_the_same(fault, object).await),
        None => Ok(failure(404, &json!({ "message": "Unknown Message", "code": 10008 }))),
    }
}

async fn read_messages(world: &World, call: &Call, channel: &str) -> Result<Response, Refusal> {
    match turn_away(world, &format!("reading:{channel}")).await {
        Ok(_) => {}
        Err(response) => return Ok(response),
    }
    call.check_query(world, "/channels/{channel_id}/messages");
    if world.is_deleted(channel) {
        return Ok(failure(404, &json!({ "message": "Unknown Channel", "code": 10003 })));
    }
    if world.has_no_messages(channel) {
        return Ok(failure(400, &json!({ "message": "a forum has no messages of its own", "code": 50024 })));
    }
    let limit = call.value("limit").unwrap_or(50);
    if !(1..=100).contains(&limit) {
        return Err(Refusal::new(400, 50035, "Invalid Form Body"));
    }
    let limit = usize::try_from(limit).unwrap();
    Ok(ok(Value::Array(world.messages(channel, call.value("after"), limit))))
}

async fn execute_webhook(world: &World, call: &Call, id: &str, token: &str) -> Result<Response, Refusal> {
    if token != format!("token-{id}") {
        return Err(Refusal::new(404, 10015, "Unknown Webhook"));
    }
    if !call.asks("wait=true") {
        return Err(Refusal::new(
            400,
            0,
            "the fake wants wait=true: without it a lost message reports no error",
        ));
    }
    let target = format!("webhook:{id}");
    let fault = match turn_away(world, &target).await {
        Ok(fault) => fault,
        Err(response) => return Ok(response),
    };
    call.check_message(world, &call.body)?;
    if !call.body["components"].is_null() {
        return Err(Refusal::new(400, 50035, "a webhook without an application sends no buttons"));
    }
    call.check_schema(world, "/webhooks/{webhook_id}/{webhook_token}");
    let channel = match threads::of_webhook(world, call, id) {
        Ok(channel) => channel,
        Err(refusal) => return Ok(*refusal),
    };
    let (author, answered) = (answers::webhook_user(id), fault.is_none());
    let message = world.create(None, |message_id| {
        let channel = channel.clone().unwrap_or(message_id.to_string());
        let (sent, mut message) = call.message(message_id, target, &channel, &author, answered);
        message["webhook_id"] = json!(id);
        (sent, message)
    });
    if channel.is_none() {
        threads::note_post(world, call, id, message["id"].as_str().unwrap())?;
    }
    Ok(answer_all_the_same(fault, message).await)
}

/// Waits while the target hangs, then says what becomes of its next message: `Err` where nothing is created.
pub(super) async fn turn_away(world: &World, target: &str) -> Result<Option<Fault>, Response> {
    if !world.is_released(target).await {
        return Err(StatusCode::SERVICE_UNAVAILABLE.into_response());
    }
    match world.take_fault(target) {
        Some(Fault::Refused(status, body)) => Err(failure(status, &body)),
        Some(Fault::Reset) => hang_up(),
        fault => Ok(fault),
    }
}

/// The answer to a message that stands.
pub(super) async fn answer_all_the_same(fault: Option<Fault>, message: Value) -> Response {
    match fault {
        Some(Fault::CreatedThen(status, body)) => failure(status, &body),
        Some(Fault::CreatedThenReset) => hang_up(),
        Some(Fault::CreatedThenSilent) => std::future::pending().await,
        _ => ok(message),
    }
}

/// Ends the connection: its task unwinds, without a report.
fn hang_up() -> ! {
    std::panic::resume_unwind(Box::new("the fake hangs up"))
}

fn register(world: &World, call: &Call, guild: Option<&&str>) -> Response {
    call.check_schema(
        world,
        match guild {
            None => "/applications/{application_id}/commands",
            Some(_) => "/applications/{application_id}/guilds/{guild_id}/commands",
        },
    );
    let definitions = match &call.body {
        Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    };
    let registered: Vec<Value> = definitions
        .iter()
        .map(|definition| answers::command(world.next_id(), guild.copied(), definition))
        .collect();
    world.register(guild.map(|guild| (*guild).to_owned()), definitions);
    match call.method {
        Method::PUT => ok(json!(registered)),
        _ => (StatusCode::CREATED, Json(registered[0].clone())).into_response(),
    }
}

pub(super) fn ok(body: Value) -> Response {
    Json(body).into_response()
}

impl Call {
    fn read(head: &http::request::Parts, bytes: &Bytes) -> Result<Call, Refusal> {
        let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let path = head.uri.path();
        let path = path.strip_prefix("/api/v10/").or_else(|| path.strip_prefix("/api/"));
        let path = path.ok_or_else(|| Refusal::new(404, 0, "404: Not Found"))?;
        let (json, files) = match header(CONTENT_TYPE).split_once("boundary=") {
            Some((_, boundary)) => read_form(bytes, boundary),
            None => (bytes.to_vec(), Vec::new()),
        };
        let body = match &json[..] {
            [] => Ok(Value::Null),
            json => serde_json::from_slice(json),
        };
        Ok(Call {
            method: head.method.clone(),
            path: path.to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            authorization: header(AUTHORIZATION).to_owned(),
            body: body.map_err(|error| Refusal::new(400, 50109, &format!("invalid JSON: {error}")))?,
            files,
        })
    }

    /// Whether the query holds this pair.
    pub(super) fn asks(&self, pair: &str) -> bool {
        self.query.split('&').any(|held| held == pair)
    }

    /// A number of the query.
    pub(super) fn value(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    /// A text of the query.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs.find(|(held, _)| held == name).map(|(_, value)| value.into_owned())
    }

    /// Notes where the body departs from Discord's own description of this operation.
    pub(super) fn check_schema(&self, world: &World, template: &str) {
        for violation in schema::violations(&self.method.as_str().to_lowercase(), template, &self.body) {
            world.note(format!("{} {}: {violation}", self.method, self.path));
        }
        self.check_query(world, template);
    }

    /// Notes parameters that Discord's own description of this operation does not have.
    pub(super) fn check_query(&self, world: &World, template: &str) {
        let method = self.method.as_str().to_lowercase();
        for violation in schema::unknown_parameters(&method, template, &self.query) {
            world.note(format!("{} {}: {violation}", self.method, self.path));
        }
    }

    /// Refuses a message that Discord would refuse, and notes one that might ping.
    pub(super) fn check_message(&self, world: &World, message: &Value) -> Result<(), Refusal> {
        if message["allowed_mentions"]["parse"] != json!([]) {
            world.note(format!("{} {}: allowed_mentions has no empty parse", self.method, self.path));
        }
        let violations = limits::violations(message, self.files.len());
        if violations.is_empty() { Ok(()) } else { Err(Refusal::invalid_body(&violations)) }
    }

    fn enforced_nonce(&self) -> Option<String> {
        let nonce = &self.body["nonce"];
        (self.body["enforce_nonce"] == json!(true) && !nonce.is_null()).then(|| nonce.to_string())
    }

    /// The message that this request creates: for the test, and as Discord's object.
    pub(super) fn message(
        &self,
        id: u64,
        target: String,
        channel: &str,
        author: &Value,
        answered: bool,
    ) -> (SentMessage, Value) {
        let object = answers::message(id, channel, author, &self.body, &self.files);
        let (body, files, query) = (self.body.clone(), self.files.clone(), self.query.clone());
        (SentMessage { target, body, files, id, query, answered }, object)
    }
}

impl Refusal {
    pub(super) fn new(status: u16, code: u64, message: &str) -> Refusal {
        let status = StatusCode::from_u16(status).unwrap();
        Refusal { status, code, message: message.to_owned(), errors: Value::Null }
    }

    fn invalid_body(violations: &[Violation]) -> Refusal {
        Refusal { errors: limits::errors(violations), ..Refusal::new(400, 50035, "Invalid Form Body") }
    }

    fn body(&self) -> Value {
        let mut body = json!({"message": self.message, "code": self.code});
        if !self.errors.is_null() {
            body["errors"] = self.errors.clone();
        }
        body
    }
}

pub(super) fn failure(status: u16, body: &Value) -> Response {
    let mut response = match body {
        // What stands before Discord answers in HTML.
        Value::String(text) => Html(text.clone()).into_response(),
        json => Json(json).into_response(),
    };
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    if let Some(seconds) = body["retry_after"].as_f64() {
        // Discord's header counts whole seconds, its body fractions.
        response.headers_mut().insert(RETRY_AFTER, (seconds.ceil() as u64).into());
    }
    response
}

/// A multipart form's `payload_json`, and the name and content of its files.
fn read_form(mut bytes: &[u8], boundary: &str) -> (Vec<u8>, Vec<File>) {
    let delimiter = format!("--{}", boundary.trim_matches('"'));
    let mut payload = Vec::new();
    let mut files = Vec::new();
    while let Some((part, rest)) = split_once(bytes, delimiter.as_bytes()) {
        bytes = rest;
        let Some((head, content)) = split_once(part, b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(head);
        let content = content.strip_suffix(b"\r\n").unwrap_or(content).to_vec();
        let value = |key: &str| Some(head.split_once(&format!(" {key}=\""))?.1.split_once('"')?.0.to_owned());
        match value("filename") {
            Some(name) => files.push((name, content)),
            None if value("name").as_deref() == Some("payload_json") => payload = content,
            None => {}
        }
    }
    (payload, files)
}

fn split_once<'a>(bytes: &'a [u8], delimiter: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(delimiter.len()).position(|window| window == delimiter)?;
    Some((&bytes[..at], &bytes[at + delimiter.len()..]))
}
