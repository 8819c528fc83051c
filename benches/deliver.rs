//! The cost of delivering, on loopback: `cargo bench --bench deliver -- WHAT`.
//!
//! - `throughput 2000`: this many alerts to one endpoint one by one, to one Discord channel together, and to
//!   ten endpoints at once. Each attempt and its outcome are flushed to disk. Reports deliveries per second,
//!   and bytes of store for each.
//! - `burst`: 2,000 alerts for one channel and 50 for each of nine others. Each channel accepts five messages
//!   in five seconds.
//! - `restart 10000`: this many waiting alerts, and how long a start takes until the first of them is sent.
//! - `idle 10`: the real program with nothing to do for this many minutes of EDGAR's hours.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods
)]

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use chrono::{DateTime, Utc};
use sellbell::alert::{Alert, Key};
use sellbell::clock::Clock;
use sellbell::config::Settings;
use sellbell::decide::{self, Case};
use sellbell::delivery::{Body, Delivery};
use sellbell::destination::Destination;
use sellbell::notify::Secrets;
use sellbell::problem::Source;
use sellbell::reader;
use sellbell::render::terminal::Colour;
use sellbell::replay::{Archive, Faults, ReplayedEdgar, Stage};
use sellbell::rules::{self, RuleSet};
use sellbell::runtime::{self, App, Setup};
use sellbell::store::Store;
use sellbell::trust::Roots;

const QUALYS: &[u8] = include_bytes!("../src/replay/bundled/0009900001-21-000001.txt");
const RULES: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"jsonl\"]\n";

/// A fake Discord with endpoints. Records what arrived, when, and how much exceeded a limit.
#[derive(Default)]
struct Server {
    limited: bool,
    ids: u64,
    /// Channel → when its window began, and how many requests arrived in it.
    windows: HashMap<String, (Option<Instant>, u32)>,
    over: usize,
    /// The path, time and number of cards of each request.
    came: Vec<(String, Instant, usize)>,
}

const BUCKET: (u32, Duration) = (5, Duration::from_secs(5));

async fn answer(State(server): State<Arc<Mutex<Server>>>, uri: Uri, body: String) -> Response {
    let mut server = server.lock().unwrap();
    let path = uri.path().to_owned();
    let mut headers = HeaderMap::new();
    if server.limited {
        let window = server.windows.entry(path.clone()).or_default();
        let began = *window.0.get_or_insert_with(Instant::now);
        if began.elapsed() >= BUCKET.1 {
            *window = (Some(Instant::now()), 0);
        }
        let rest = BUCKET.1.saturating_sub(window.0.unwrap().elapsed()).as_secs_f64();
        if window.1 == BUCKET.0 {
            server.over += 1;
            return (
                StatusCode::TOO_MANY_REQUESTS,
                format!("{{\"message\":\"slow\",\"retry_after\":{rest}}}"),
            )
                .into_response();
        }
        window.1 += 1;
        headers.insert("x-ratelimit-remaining", (BUCKET.0 - window.1).into());
        headers.insert("x-ratelimit-reset-after", rest.to_string().parse().unwrap());
    }
    server.ids += 1;
    let cards = match body.matches("ref ").count() {
        0 => 1,
        cards => cards,
    };
    let id = server.ids;
    server.came.push((path, Instant::now(), cards));
    (headers, format!("{{\"id\":\"{id}\"}}")).into_response()
}

async fn serve(limited: bool) -> (String, Arc<Mutex<Server>>) {
    let server = Arc::new(Mutex::new(Server { limited, ..Server::default() }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(any(answer)).with_state(Arc::clone(&server));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, server)
}

fn sample(now: DateTime<Utc>) -> Alert {
    let filing = reader::read(QUALYS).unwrap();
    let source = Source { file: "rules", text: RULES };
    let rules = RuleSet::new(rules::load_slice([source], &|_| true, &[]).unwrap());
    let case = Case {
        filing: &filing,
        accepted_at: now,
        seen_at: now,
        known: &[],
        whole_since: Some(DateTime::UNIX_EPOCH),
    };
    decide::decide(&rules, case).alerts.remove(0).1
}

async fn queue(store: &Store, alert: &Alert, destination: &str, count: usize, now: DateTime<Utc>) {
    let destination: Destination = destination.parse().unwrap();
    for number in 0..count {
        let key = Key::of(&["bench", &number.to_string()]);
        let alert = Alert { key, accepted_at: Some(now), seen_at: now, ..alert.clone() };
        store.enqueue(&Delivery::new(destination.clone(), Body::Alert(Box::new(alert)), now)).await.unwrap();
    }
}

fn assemble(dir: &Path, address: &str, budget: usize) -> App {
    let endpoints: String =
        (0..10).map(|number| format!("[[webhook.endpoint]]\nname = \"e{number}\"\n")).collect();
    let text = format!(
        "[edgar]\nbase_url = \"{address}\"\ncontact = \"Bench bench@example.org\"\n[schedule]\npoll = \"0 0 3 1 1 *\"\n\
         [store]\ndir = \"{}\"\n[http]\nlisten = \"\"\n[discord]\napi_base = \"{address}\"\nchannel_budget = {budget}\n{endpoints}",
        dir.join("store").display()
    );
    let settings = Settings::read("settings", &text, &[]).unwrap();
    let mut secrets = Secrets { discord_token: Some("token".into()), ..Secrets::default() };
    for number in 0..10 {
        secrets.webhook_urls.insert(format!("e{number}"), format!("{address}/e{number}").into());
    }
    let source = Source { file: "rules", text: RULES };
    let rules = rules::load_slice([source], &|_| true, &[]).unwrap();
    let output = Arc::new(Mutex::new(io::sink()));
    let dir = settings.store_dir.clone();
    let assembly = runtime::assemble(Setup {
        settings,
        rules,
        secrets: &secrets,
        used: &|_| true,
        roots: &Roots::default(),
        clock: Clock::wall(),
        output,
        colour: Colour::Plain,
    })
    .unwrap();
    assembly.on(Store::open(&dir).unwrap(), None)
}

/// Runs the program's loop until nothing is queued, and returns how long that took.
async fn until_empty(app: &Arc<App>) -> Duration {
    let began = Instant::now();
    let running = tokio::spawn(runtime::run(Arc::clone(app), None, std::future::pending()));
    // Counting would read all records.
    while !app.store.waiting_destinations().await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = began.elapsed();
    running.abort();
    let _ = running.await;
    took
}

async fn throughput(count: usize) {
    for (name, destinations) in [
        ("one endpoint", vec!["webhook:e0".to_owned()]),
        ("one channel", vec!["channel:1".to_owned()]),
        ("ten endpoints", (0..10).map(|number| format!("webhook:e{number}")).collect()),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (address, server) = serve(false).await;
        let app = Arc::new(assemble(dir.path(), &address, 10_000));
        let now = Utc::now();
        let alert = sample(now);
        let empty = app.store.size_on_disk().unwrap();
        for destination in &destinations {
            queue(&app.store, &alert, destination, count / destinations.len(), now).await;
        }
        app.store.flush().await.unwrap();
        let took = until_empty(&app).await;
        app.store.flush().await.unwrap();
        let size = app.store.size_on_disk().unwrap();
        let messages =
            server.lock().unwrap().came.iter().filter(|(path, ..)| !path.contains("cgi-bin")).count();
        drop(app);
        tokio::time::sleep(Duration::from_millis(500)).await;
        let (_, compact) = Store::compact(&dir.path().join("store")).unwrap();
        println!(
            "{name}: {count} deliveries in {messages} messages, {:.2} s, {:.0} a second; the store grew by {} bytes a delivery, and keeps {}",
            took.as_secs_f64(),
            count as f64 / took.as_secs_f64(),
            size.saturating_sub(empty) / count as u64,
            compact / count as u64,
        );
    }
}

async fn burst() {
    let dir = tempfile::tempdir().unwrap();
    let (address, server) = serve(true).await;
    let app = Arc::new(assemble(dir.path(), &address, 200));
    let now = Utc::now();
    let alert = sample(now);
    queue(&app.store, &alert, "channel:1", 2_000, now).await;
    for channel in 2..=10 {
        queue(&app.store, &alert, &format!("channel:{channel}"), 50, now).await;
    }
    app.store.flush().await.unwrap();
    let began = Instant::now();
    let took = until_empty(&app).await;
    let server = server.lock().unwrap();
    let of = |first: bool| -> Vec<(Duration, usize)> {
        let own = |path: &str| path.contains("/channels/") && path.contains("/channels/1/") == first;
        server
            .came
            .iter()
            .filter(|(path, ..)| own(path))
            .map(|(_, at, cards)| (*at - began, *cards))
            .collect()
    };
    let mut delays: Vec<Duration> =
        of(false).into_iter().flat_map(|(at, cards)| std::iter::repeat_n(at, cards)).collect();
    delays.sort_unstable();
    println!(
        "the nine: {} alerts, p50 {:.2} s, p95 {:.2} s, last {:.2} s; the one: 2000 alerts in {} messages, {:.1} s; {} requests over a limit",
        delays.len(),
        delays[delays.len() / 2].as_secs_f64(),
        delays[delays.len() * 95 / 100].as_secs_f64(),
        delays[delays.len() - 1].as_secs_f64(),
        of(true).len(),
        took.as_secs_f64(),
        server.over,
    );
}

async fn restart(count: usize) {
    let dir = tempfile::tempdir().unwrap();
    let (address, server) = serve(false).await;
    let now = Utc::now();
    {
        let app = assemble(dir.path(), &address, 10_000);
        let alert = sample(now);
        for number in 0..10 {
            queue(&app.store, &alert, &format!("webhook:e{number}"), count / 10, now).await;
        }
        app.store.flush().await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let began = Instant::now();
    let app = Arc::new(assemble(dir.path(), &address, 10_000));
    let opened = began.elapsed();
    let waiting = app.store.counts().await.unwrap().queued;
    let took = until_empty(&app).await;
    let server = server.lock().unwrap();
    let messages: Vec<_> = server.came.iter().filter(|(path, ..)| path.starts_with("/e")).collect();
    println!(
        "{waiting} wait after a restart: opened in {:.2} s, the first is sent after {:.2} s, all {} after {:.1} s; {:.1} MB",
        opened.as_secs_f64(),
        (messages[0].1 - began).as_secs_f64(),
        messages.len(),
        took.as_secs_f64(),
        app.store.size_on_disk().unwrap() as f64 / 1e6,
    );
}

/// A process's processor time so far, in seconds, and its memory in MB.
fn costs(pid: u32) -> (f64, u64) {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = [11, 12].into_iter().map(|place| fields[place].parse::<u64>().unwrap()).sum();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    (ticks as f64 / 100.0, line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1_024)
}

async fn idle(minutes: u64) {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage { archive: Archive::default(), clock: Clock::wall(), faults: Faults::none() };
    let edgar = ReplayedEdgar::play(stage).await.unwrap();
    let settings = format!(
        "[edgar]\nbase_url = \"{}\"\ncontact = \"Bench bench@example.org\"\n[schedule]\npoll = \"*/2 * * * * *\"\n",
        edgar.base_url()
    );
    fs::write(dir.path().join("settings.toml"), settings).unwrap();
    fs::create_dir(dir.path().join("rules")).unwrap();
    fs::write(dir.path().join("rules/any.toml"), RULES).unwrap();
    let mut bot = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_sellbell")))
        .args(["run", "--config", "settings.toml"])
        .current_dir(dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (before, _) = costs(bot.id());
    tokio::time::sleep(Duration::from_secs(60 * minutes)).await;
    let (after, memory) = costs(bot.id());
    bot.kill().unwrap();
    bot.wait().unwrap();
    println!(
        "idle for {minutes} min, polling each 2 s: {:.2} s of processor time ({:.3} %), {memory} MB",
        after - before,
        (after - before) / (60 * minutes) as f64 * 100.0
    );
}

fn main() {
    let args: Vec<String> = std::env::args().filter(|arg| !arg.starts_with("--")).skip(1).collect();
    let number = |default: usize| args.get(1).map_or(default, |n| n.parse().expect("a number"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        match args.first().map(String::as_str) {
            None => {
                throughput(2_000).await;
                burst().await;
                restart(10_000).await;
            }
            Some("throughput") => throughput(number(2_000)).await,
            Some("burst") => burst().await,
            Some("restart") => restart(number(10_000)).await,
            Some("idle") => idle(number(10) as u64).await,
            Some(other) => panic!("`{other}` is none of throughput, burst, restart, idle"),
        }
    });
}
