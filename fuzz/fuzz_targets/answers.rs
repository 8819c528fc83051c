//! Answers of Discord, a mail server and an endpoint, as notifiers read them. The first byte chooses the request; the answers follow, each
//! ended by a NUL.
//!
//! An answer over HTTP begins with its status and its headers, a line each, up to an empty line; one that begins with `HTTP` is sent as it
//! is. `{T}` in it becomes the bot's token, `{W}` the token of a webhook, `{P}` the password of the mail server: none may be in an error.

#![no_main]

use std::fmt::Display;
use std::io::{Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use libfuzzer_sys::fuzz_target;
use sellbell::alert::Key;
use sellbell::config::Settings;
use sellbell::delivery::{Batch, Body, Delivery, InFlight, Notice};
use sellbell::destination::Destination;
use sellbell::notify::{Gateway, Notifier, Retry, Secrets, SendError, Sent};
use sellbell::render::terminal::Colour;
use sellbell_fuzz::steers;
use tokio::runtime::Runtime;
use tokio::time::timeout;

const TOKEN: &str = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GfuzzQ.s3cretOfTheBotWhichNobodyMaySee00";
const WEBHOOK: &str = "s3cretOfAWebhookWhichNobodyMaySeeEither-00000000000000000000000000000";
const PASSWORD: &str = "s3cretOfTheMailServer";
/// Characters of an error.
const MOST_ERROR: usize = 1_000;
/// It may be asked to wait; the bot then waits, which is of no interest here.
const PATIENCE: Duration = Duration::from_millis(300);
/// A client that has something to say has said it by then.
const SILENCE: Duration = Duration::from_millis(30);

fuzz_target!(|bytes: &[u8]| {
    static HOUSE: LazyLock<House> = LazyLock::new(House::new);
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let Some((way, answers)) = bytes.split_first() else { return };
    // Limits that Discord set in an earlier run are over by then.
    let now =
        DateTime::UNIX_EPOCH + TimeDelta::days(i64::from(RUNS.fetch_add(1, Ordering::Relaxed)) % 90_000);
    HOUSE.world.script(answers);
    HOUSE.runtime.block_on(async {
        let _ = timeout(PATIENCE, ask(&HOUSE.notifier, *way, now)).await;
    });
});

/// Asks for one thing, and holds every error to its promises.
async fn ask(notifier: &Notifier, way: u8, now: DateTime<Utc>) {
    let to = |destination: &str| destination.parse::<Destination>().expect("a destination");
    let notice = || Body::Notice(Box::new(Notice::new(now, "A title", "A text")));
    let batch = |destination: &str| Batch::one(Delivery::new(to(destination), notice(), now));
    let changed = || batch("discord:alerts").concerning("1".to_owned(), Key::of(&["concerned"]));
    match way % 10 {
        0 => sent(notifier.send(&batch("discord:alerts"), now).await),
        1 => sent(notifier.send(&batch("discord:hook"), now).await),
        2 => sent(notifier.send(&batch("webhook:endpoint"), now).await),
        3 => sent(notifier.send(&batch("email:desk"), now).await),
        4 => sent(notifier.send(&changed(), now).await),
        5 => sent(notifier.try_out(&batch("discord:alerts"), now).await),
        6 => {
            let sends = InFlight { first: now, last: now, batch: None, guess: false };
            if let Err(error) = notifier.find(&batch("discord:alerts"), &sends, now).await {
                promised(&error);
            }
        }
        7 => {
            if let Err(error) = notifier.lacks(&to("discord:alerts")).await {
                promised(&error);
            }
        }
        8 => {
            // A channel is looked at where something was sent.
            let first = batch("discord:alerts");
            let _ = notifier.turn(&first, now);
            sent(notifier.send(&first, now).await);
            for foreign in notifier.foreign(&to("discord:alerts"), now + TimeDelta::minutes(20)).await {
                assert!(is_id(&foreign.message_id), "{foreign:?}");
            }
        }
        _ => {
            let bot = notifier.bot().expect("a token is set");
            match bot.gateway().await {
                Ok(gateway) => {
                    assert!(is_here(&gateway), "no other host than the proxy's: {}", gateway.address)
                }
                Err(error) => promised(&error),
            }
        }
    }
}

/// Where the proxy is on this machine, the gateway may be, too, or it is Discord's own.
fn is_here(gateway: &Gateway) -> bool {
    let host = gateway.address.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    let of_discord =
        ["discord.gg", "discord.com", "discordapp.com"].iter().any(|domain| host.ends_with(domain));
    let is_discord = of_discord && gateway.address.scheme() == "wss";
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) || is_discord
}

fn sent(sent: Result<Sent, SendError>) {
    let error = match sent {
        Ok(Sent { message_id }) => return assert!(message_id.as_deref().is_none_or(is_id), "{message_id:?}"),
        Err(error) => error,
    };
    promised(&error);
    if let Retry::After(wait) = error.retry {
        assert!(wait <= Duration::from_secs(60 * 60), "an hour at most, not {wait:?}");
    }
}

/// Whether a message's id is short and plain, since the store keeps it.
fn is_id(id: &str) -> bool {
    id.len() <= 100 && !id.contains(char::is_control)
}

/// An error is short, on one line, and without secrets.
fn promised(error: &impl Display) {
    let said = error.to_string();
    assert!(!said.is_empty() && said.chars().count() <= MOST_ERROR && !steers(&said), "{said:?}");
    let small = said.to_lowercase();
    for secret in [TOKEN, WEBHOOK, PASSWORD] {
        assert!(!small.contains(&secret.to_lowercase()), "{said}");
    }
    assert!(!said.contains("desk@example.org"), "{said}");
}

struct House {
    runtime: Runtime,
    notifier: Notifier,
    world: World,
}

impl House {
    fn new() -> Self {
        let world = World::start();
        let (http, smtp) = (world.http, world.smtp);
        let settings = format!(
            "[edgar]\ncontact = \"Test test@example.org\"\n[discord]\napi_base = \"http://{http}\"\n\
             [[discord.channel]]\nname = \"alerts\"\nchannel_id = \"555\"\n\
             [[discord.channel]]\nname = \"hook\"\nwebhook = true\n\
             [[webhook.endpoint]]\nname = \"endpoint\"\n\
             [email]\nfrom = \"bell@example.org\"\n[[email.recipient]]\nname = \"desk\"\naddress = \"desk@example.org\"\n"
        );
        let settings = Settings::read("settings", &settings, &[]).expect("settings");
        let mut secrets = Secrets {
            discord_token: Some(TOKEN.into()),
            smtp_url: Some(format!("smtp://user:{PASSWORD}@{smtp}").into()),
            ..Secrets::default()
        };
        secrets
            .discord_webhooks
            .insert("hook".into(), format!("http://{http}/api/webhooks/5/{WEBHOOK}").into());
        secrets.webhook_urls.insert("endpoint".into(), format!("http://{http}/hook/{WEBHOOK}").into());
        let output = Arc::new(Mutex::new(Vec::new()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let entered = runtime.enter();
        let notifier =
            Notifier::new(&settings, &secrets, &|_| true, output, Colour::Plain).expect("a notifier");
        drop(entered);
        Self { runtime, notifier, world }
    }
}

/// The servers. Each answer is given once, the last one again and again.
struct World {
    http: SocketAddr,
    smtp: SocketAddr,
    answers: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl World {
    fn start() -> Self {
        let answers = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let (http, smtp) = (Self::serve(&answers, give_http), Self::serve(&answers, give_smtp));
        Self { http, smtp, answers }
    }

    fn serve(answers: &Arc<Mutex<Vec<Vec<u8>>>>, give: fn(&mut TcpStream, &[u8])) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let (address, answers) = (listener.local_addr().expect("an address"), Arc::clone(answers));
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = stream.set_read_timeout(Some(SILENCE));
                let _ = stream.set_nodelay(true);
                let answer = next(&mut answers.lock().unwrap_or_else(PoisonError::into_inner));
                give(&mut stream, &answer);
            }
        });
        address
    }

    fn script(&self, bytes: &[u8]) {
        let filled = |answer: &[u8]| {
            let mut filled = answer.to_vec();
            for (mark, secret) in [("{T}", TOKEN), ("{W}", WEBHOOK), ("{P}", PASSWORD)] {
                filled = replaced(&filled, mark.as_bytes(), secret.as_bytes());
            }
            filled
        };
        let mut all: Vec<Vec<u8>> = bytes.split(|byte| *byte == 0).map(filled).collect();
        all.reverse();
        *self.answers.lock().unwrap_or_else(PoisonError::into_inner) = all;
    }
}

fn next(answers: &mut Vec<Vec<u8>>) -> Vec<u8> {
    match answers.len() {
        0 | 1 => answers.first().cloned().unwrap_or_default(),
        _ => answers.pop().unwrap_or_default(),
    }
}

fn replaced(text: &[u8], mark: &[u8], by: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.windows(mark.len()).position(|window| window == mark) {
        out.extend_from_slice(&rest[..place]);
        out.extend_from_slice(by);
        rest = &rest[place + mark.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// Answers one request, and hangs up.
fn give_http(stream: &mut TcpStream, answer: &[u8]) {
    let (mut seen, mut buffer) = (Vec::new(), [0; 16 * 1024]);
    let end = loop {
        if let Some(end) = seen.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(count) => seen.extend_from_slice(&buffer[..count]),
        }
    };
    let head = String::from_utf8_lossy(&seen[..end]).to_lowercase();
    let length = head
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.lines().next()?.trim().parse::<usize>().ok());
    let mut missing = length.unwrap_or_default().saturating_sub(seen.len() - end);
    while missing > 0 {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(count) => missing = missing.saturating_sub(count),
        }
    }
    if answer.starts_with(b"HTTP") {
        let _ = stream.write_all(answer);
        return;
    }
    let (head, body) = match answer.windows(2).position(|window| window == b"\n\n") {
        Some(place) => (&answer[..place], &answer[place + 2..]),
        None => (answer, &[][..]),
    };
    let mut whole = b"HTTP/1.1 ".to_vec();
    whole.extend(head.iter().flat_map(|byte| if *byte == b'\n' { b"\r\n".to_vec() } else { vec![*byte] }));
    whole.extend(format!("\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes());
    whole.extend_from_slice(body);
    let _ = stream.write_all(&whole);
}

/// Says what a mail server says in a conversation, line by line.
fn give_smtp(stream: &mut TcpStream, answer: &[u8]) {
    let lines = answer.split_inclusive(|byte| *byte == b'\n');
    let mut reader = [0; 4096];
    // An answer ends with a line whose code no hyphen follows. Each waits a little for what it answers.
    for line in lines {
        if stream.write_all(line).is_err() {
            return;
        }
        if line.get(3) != Some(&b'-') && matches!(stream.read(&mut reader), Ok(0)) {
            return;
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    while matches!(stream.read(&mut reader), Ok(1..)) {}
}
