//! The cost of a filing with many subscriptions: `cargo bench --bench subscriptions -- [SUBSCRIPTIONS WATCHES CHANNELS]…`.
//!
//! Each size runs in a process of its own, on a fake EDGAR and a fake Discord without limits. One filing matches one
//! rule that every fifth subscription is to, and half of the watches. It reports how long it takes until the filing is
//! settled with its deliveries, and until the last request to Discord; how many requests there are; and the most
//! memory. sellbell itself makes 40 requests to Discord in a second at most, which is most of the time for many channels.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods
)]

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::routing::any;
use chrono::{DateTime, TimeDelta, Utc};
use sellbell::clock::Clock;
use sellbell::config::{Settings, SubscriptionLimits};
use sellbell::notify::Secrets;
use sellbell::problem::Source;
use sellbell::reader;
use sellbell::render::terminal::Colour;
use sellbell::replay::{Archive, Faults, ReplayedEdgar, Stage};
use sellbell::rules;
use sellbell::runtime::{self, App, Setup};
use sellbell::store::{Store, Subscription};
use sellbell::trust::Roots;

const QUALYS: &[u8] = include_bytes!("../src/replay/bundled/0009900001-21-000001.txt");
/// Five rules; one matches.
const RULES: usize = 5;
const USUAL: [[usize; 3]; 3] = [[10, 4, 10], [5_000, 2_000, 1_000], [50_000, 20_000, 10_000]];

async fn answer(State(count): State<Arc<AtomicUsize>>, uri: Uri) -> String {
    let sent = usize::from(uri.path().ends_with("/messages"));
    format!("{{\"id\":\"{}\"}}", count.fetch_add(sent, Ordering::Relaxed) + 1)
}

fn assemble(dir: &Path, edgar: &str, discord: &str, clock: Clock) -> App {
    let text = format!(
        "[edgar]\nbase_url = \"{edgar}\"\ncontact = \"Bench bench@example.org\"\n[schedule]\npoll = \"0 0 3 1 1 *\"\n\
         [store]\ndir = \"{}\"\n[http]\nlisten = \"\"\n[discord]\napi_base = \"{discord}\"\n",
        dir.join("store").display()
    );
    let settings = Settings::read("settings", &text, &[]).unwrap();
    let names = ["QLYS", "AAAA", "BBBB", "CCCC", "DDDD"];
    let rule = |(number, ticker): (usize, &&str)| {
        format!("[[rule]]\nname = \"r{number}\"\ntickers = [\"{ticker}\"]\n")
    };
    let text: String = names.iter().enumerate().map(rule).collect();
    let rules = rules::load_slice([Source { file: "rules", text: &text }], &|_| true, &[]).unwrap();
    let dir = settings.store_dir.clone();
    let assembly = runtime::assemble(Setup {
        settings,
        rules,
        secrets: &Secrets { discord_token: Some("token".into()), ..Secrets::default() },
        used: &|_| true,
        roots: &Roots::default(),
        clock,
        output: Arc::new(Mutex::new(io::sink())),
        colour: Colour::Plain,
    });
    assembly.unwrap().on(Store::open(&dir).unwrap(), None)
}

/// Subscribes channels in turn: each subscription to the next rule, each watch to the filing's ticker or another.
async fn subscribe(app: &App, [subscriptions, watches, channels]: [usize; 3], now: DateTime<Utc>) {
    let most = usize::MAX;
    let limits = SubscriptionLimits { per_channel: most, per_person: most, per_server: most, in_all: most };
    let enter = async |number: usize, rule: &str| {
        let channel = u64::try_from(1 + number % channels).unwrap();
        let asked = Subscription::new(Some(channel / 10 + 1), channel, rule, 1);
        app.store.subscribe_within(asked, &[], limits, now).await.unwrap();
    };
    for number in 0..subscriptions {
        enter(number, &format!("r{}", number / channels % RULES)).await;
    }
    for number in 0..watches {
        let ticker = if number / channels % 2 == 0 { "QLYS" } else { "ZZZZ" };
        enter(number, &format!("watch:{ticker}:sales")).await;
    }
    runtime::take_watches(app).await.unwrap();
    app.store.flush().await.unwrap();
}

async fn measure(size: [usize; 3]) {
    let dir = tempfile::tempdir().unwrap();
    let mut archive = Archive::default();
    archive.add(QUALYS.to_vec()).unwrap();
    let accepted_at = reader::read(QUALYS).unwrap().accepted_at.unwrap();
    let clock = Clock::played(accepted_at - TimeDelta::seconds(1), 1.0);
    let edgar = ReplayedEdgar::play(Stage { archive, clock, faults: Faults::none() }).await.unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let discord = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(any(answer)).with_state(Arc::clone(&count));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let app = Arc::new(assemble(dir.path(), &edgar.base_url(), &discord, clock));
    // The first poll only learns what is there.
    app.intake.poll_once(clock.now()).await.unwrap();
    subscribe(&app, size, clock.now()).await;
    let before = memory("VmRSS:");
    while clock.now() <= accepted_at + TimeDelta::seconds(1) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let began = Instant::now();
    let report = app.intake.poll_once(clock.now()).await.unwrap();
    assert_eq!((report.settled, report.trouble), (1, None));
    let (settled, planned) = (began.elapsed(), memory("VmHWM:"));
    let running = tokio::spawn(runtime::run(Arc::clone(&app), None, std::future::pending()));
    while !app.store.waiting_destinations().await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let sent = began.elapsed();
    running.abort();
    let [subscriptions, watches, channels] = size;
    println!(
        "{subscriptions} subscriptions and {watches} watches over {channels} channels: settled in {:.3} s, {} messages sent after {:.2} s ({:.0} a second); {before} MB before, {planned} MB at most until it is settled, {} MB in all",
        settled.as_secs_f64(),
        count.load(Ordering::Relaxed),
        sent.as_secs_f64(),
        count.load(Ordering::Relaxed) as f64 / (sent - settled).as_secs_f64(),
        memory("VmHWM:"),
    );
}

/// A figure of this process's memory, in MB.
fn memory(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1_024
}

fn main() {
    let args: Vec<String> = std::env::args().filter(|arg| !arg.starts_with("--")).skip(1).collect();
    let numbers: Vec<usize> = args.iter().filter_map(|arg| arg.parse().ok()).collect();
    let sizes: Vec<[usize; 3]> = match numbers.as_slice() {
        [] => USUAL.to_vec(),
        given => given.chunks_exact(3).map(|size| [size[0], size[1], size[2]]).collect(),
    };
    if args.first().is_some_and(|arg| arg == "one") {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(measure(sizes[0]));
        return;
    }
    for size in sizes {
        let numbers = size.map(|number| number.to_string());
        let done = Command::new(std::env::current_exe().unwrap()).arg("one").args(numbers).status().unwrap();
        assert!(done.success());
    }
}
