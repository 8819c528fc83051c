//! The cost of whole days: the whole bot against a replayed EDGAR.
//!
//! `cargo bench --bench play -- days 30`: this many days of 1,600 filings each, on a clock that is stopped
//! while the bot and EDGAR work. Reports latency, requests, bytes, memory and disk, day by day.
//!
//! `cargo bench --bench play -- hour 60 17`: the real program for this many minutes of real time, with 31
//! filings a minute. It is killed this many times, and each time started again after up to a minute. Reports
//! missed and repeated alerts, processor time and memory.
//!
//! `hour 60 17 20` plays the same 20 times as fast, with the program's own loop in a process of this bench.
//! That leaves out the machine's cost of waking threads that only wait. With `hour 60 17 20 5`, one filing in
//! five causes an alert, instead of each.
#![allow(
    clippy::expect_used,
    clippy::too_many_lines,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods
)]

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, Days, NaiveDate, SubsecRound, TimeDelta, Utc};
use chrono_tz::America::New_York;
use sellbell::clock::Clock;
use sellbell::config::Settings;
use sellbell::destination::Destination;
use sellbell::filing::{Accession, Cik, is_business_day};
use sellbell::notify::Secrets;
use sellbell::problem::Source;
use sellbell::render::terminal::Colour;
use sellbell::replay::{Archive, Faults, Made, ReplayedEdgar, Stage};
use sellbell::rules::{self, Rule};
use sellbell::runtime::{self, App, Setup};
use sellbell::service;
use sellbell::store::Store;
use sellbell::trust::Roots;

const RULES: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"jsonl:alerts.jsonl\"]\n";
const A_DAY: u64 = 1_600;
const REST: Duration = Duration::from_secs(120);

fn main() {
    let args: Vec<String> = std::env::args().filter(|arg| !arg.starts_with("--")).skip(1).collect();
    let number =
        |place: usize, default: u64| args.get(place).map_or(default, |n| n.parse().expect("a number"));
    match args.first().map(String::as_str) {
        None | Some("days") => days(number(1, 1)),
        Some("hour") => hour(number(1, 60), number(2, 1), number(3, 1), number(4, 1)),
        Some("bare") => bare(args[1].parse().expect("a time"), number(2, 1), &args[3]),
        Some("bot") => bot(args[1].parse().expect("a time"), number(2, 1), args.get(3).is_some()),
        Some(other) => panic!("`{other}` is neither days nor hour"),
    }
}

fn accession(number: u64) -> Accession {
    format!("{:010}-23-{:06}", 9_900_000 + number / 1_000_000, number % 1_000_000).parse().unwrap()
}

fn submission(accession: Accession, issuer: u64, code: &str, accepted_at: DateTime<Utc>) -> Vec<u8> {
    let digits = accepted_at.with_timezone(&New_York).format("%Y%m%d%H%M%S");
    format!(
        "<SEC-DOCUMENT>{accession}.txt\n<SEC-HEADER>{accession}.hdr.sgml\n<ACCEPTANCE-DATETIME>{digits}\n\
         ACCESSION NUMBER:\t\t{accession}\n</SEC-HEADER>\n<DOCUMENT>\n<TYPE>4\n<TEXT>\n<XML>\n<?xml version=\"1.0\"?>\n\
         <ownershipDocument><schemaVersion>X0508</schemaVersion><documentType>4</documentType>\
         <periodOfReport>2023-03-06</periodOfReport><issuer><issuerCik>{issuer:010}</issuerCik>\
         <issuerName>Issuer {issuer}</issuerName><issuerTradingSymbol>NONE</issuerTradingSymbol></issuer>\
         <reportingOwner><reportingOwnerId><rptOwnerCik>0000000007</rptOwnerCik><rptOwnerName>DOE JANE</rptOwnerName>\
         </reportingOwnerId><reportingOwnerRelationship><isDirector>1</isDirector></reportingOwnerRelationship>\
         </reportingOwner><nonDerivativeTable><nonDerivativeTransaction>\
         <securityTitle><value>Common Stock</value></securityTitle>\
         <transactionDate><value>2023-03-06</value></transactionDate>\
         <transactionCoding><transactionFormType>4</transactionFormType><transactionCode>{code}</transactionCode>\
         <equitySwapInvolved>0</equitySwapInvolved></transactionCoding>\
         <transactionAmounts><transactionShares><value>{shares}</value></transactionShares>\
         <transactionPricePerShare><value>10</value></transactionPricePerShare>\
         <transactionAcquiredDisposedCode><value>D</value></transactionAcquiredDisposedCode></transactionAmounts>\
         </nonDerivativeTransaction></nonDerivativeTable></ownershipDocument>\n</XML>\n</TEXT>\n</DOCUMENT>\n\
         </SEC-DOCUMENT>\n",
        shares = 100 + issuer % 1_000,
    )
    .into_bytes()
}

fn made(number: u64, code: &'static str, accepted_at: DateTime<Utc>) -> Made {
    let (accession, issuer) = (accession(number), 1_000 + number % 5_000);
    Made {
        accession,
        form: "4".parse().unwrap(),
        accepted_at,
        issuer: (Cik::new(issuer).unwrap(), format!("Issuer {issuer}")),
        owners: vec![(Cik::new(7).unwrap(), "DOE JANE".into())],
        submission: Arc::new(move || submission(accession, issuer, code, accepted_at)),
    }
}

/// Seconds after midnight in New York at which filings are accepted: those of the corpus or, without it,
/// those of a usual day.
fn times() -> Vec<i64> {
    let mut times = Vec::new();
    for entry in fs::read_dir("../shared/corpus").into_iter().flatten().flatten() {
        let head = fs::read(entry.path()).unwrap_or_default();
        let head = String::from_utf8_lossy(&head[..head.len().min(2_000)]).into_owned();
        let Some((_, digits)) = head.split_once("<ACCEPTANCE-DATETIME>") else { continue };
        let part = |from: usize| digits.get(from..from + 2).and_then(|text| text.parse::<i64>().ok());
        if let (Some(hour), Some(minute), Some(second)) = (part(8), part(10), part(12)) {
            times.push(hour * 3_600 + minute * 60 + second);
        }
    }
    times.retain(|second| (6 * 3_600..22 * 3_600).contains(second));
    if times.is_empty() {
        times = (0..1_000).map(|n| 58_000 + n * 20).collect();
    }
    times.sort_unstable();
    times
}

fn days(count: u64) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let first: NaiveDate = "2023-02-27".parse().unwrap();
        let played: Vec<NaiveDate> =
            first.iter_days().filter(|day| is_business_day(*day)).take(usize::try_from(count).unwrap()).collect();
        let (times, mut archive) = (times(), Archive::default());
        for (n, day) in (0_u64..).zip(&played) {
            let midnight = day.and_hms_opt(0, 0, 0).unwrap().and_local_timezone(New_York).unwrap().to_utc();
            for filing in 0..A_DAY {
                // Spread over the recorded times, a little differently each day.
                let place = (filing * times.len() as u64 / A_DAY + n * 7) % times.len() as u64;
                let second = times[usize::try_from(place).unwrap()] + i64::try_from((filing * 13 + n) % 7).unwrap();
                archive.add_made(made(n * A_DAY + filing, "S", midnight + TimeDelta::seconds(second)));
            }
        }
        archive.mix_other_forms(1);
        let folder = tempfile::tempdir().unwrap();
        let start = first.and_hms_opt(5, 59, 0).unwrap().and_local_timezone(New_York).unwrap().to_utc();
        let clock = Clock::played(start, 1.0);
        let edgar = ReplayedEdgar::play(Stage { archive, clock, faults: Faults::none() }).await.unwrap();
        let without_bot = resident("VmRSS", std::process::id());
        let settings = settings(edgar.base_url(), folder.path(), "* * 6-21 * * Mon-Fri");
        let settings = Settings::read("settings", &settings, &[]).unwrap();
        let rules_text = RULES.replace("jsonl:alerts.jsonl", "jsonl");
        let source = Source { file: "rules", text: &rules_text };
        let rules = rules::load_slice([source], &|_| true, &[]).unwrap();
        let app = Arc::new(app(settings, rules, clock, Some(start)));
        let running = Arc::clone(&app);
        let bot = tokio::spawn(async move { runtime::run(running, None, std::future::pending()).await });
        println!("without the bot: {} MB, which is in what follows", without_bot / 1_024);
        let (mut before, began) = (edgar.log(), Instant::now());
        for (n, day) in (1_u64..).zip(&played) {
            let night = day.checked_add_days(Days::new(1)).unwrap();
            let night = night.and_hms_opt(1, 0, 0).unwrap().and_local_timezone(New_York).unwrap().to_utc();
            tokio::time::sleep((night - clock.now()).to_std().unwrap()).await;
            app.store.flush().await.unwrap();
            let (log, status) = (edgar.log(), service::status(&app, clock.now()).await.unwrap());
            let receipt = app.store.receipt(*day).await.unwrap();
            let total = status.latency.total.unwrap();
            println!(
                "{}: {} polls, {} submissions ({:.4} a filing), {:.1} MB asked for; accepted to sent p50 {:.3} s, p95 {:.3} s, \
                 p99 {:.3} s; memory {} MB, store {:.2} MB ({:.0} bytes a filing); {:.0} s",
                receipt.map_or_else(|| "no receipt".to_owned(), |receipt| receipt.to_string()),
                log.feed - before.feed,
                log.submissions - before.submissions,
                (log.submissions - before.submissions) as f64 / A_DAY as f64,
                (log.bytes - before.bytes) as f64 / 1e6,
                total.p50,
                total.p95,
                total.p99,
                resident("VmRSS", std::process::id()) / 1_024,
                status.store_bytes as f64 / 1e6,
                status.store_bytes as f64 / (n * A_DAY) as f64,
                began.elapsed().as_secs_f64(),
            );
            before = log;
        }
        println!("at most {} requests in a second", edgar.log().most_in_a_second);
        // sled cleans up as real seconds pass, and a replayed day has few of those.
        std::thread::sleep(REST);
        app.store.flush().await.unwrap();
        let bytes = app.store.size_on_disk().unwrap();
        println!(
            "after {} s of rest: memory {} MB, store {:.2} MB ({:.0} bytes a filing)",
            REST.as_secs(),
            resident("VmRSS", std::process::id()) / 1_024,
            bytes as f64 / 1e6,
            bytes as f64 / (count * A_DAY) as f64,
        );
        bot.abort();
    });
}

fn settings(edgar: String, folder: &Path, poll: &str) -> String {
    format!(
        "[edgar]\nbase_url = \"{edgar}\"\ncontact = \"Bench bench@example.org\"\n[schedule]\npoll = \"{poll}\"\n\
         [http]\nlisten = \"\"\n[store]\ndir = \"{}\"\n",
        folder.join("store").display()
    )
}

/// The value of a line in `/proc/PID/status`, in KiB.
fn resident(name: &str, pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// Processor time of a process so far, in hundredths of a second.
fn ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    [11, 12].into_iter().filter_map(|place| fields.get(place)?.parse::<u64>().ok()).sum()
}

/// The program with the store of its settings; its output is discarded.
fn app(settings: Settings, rules: Vec<Rule>, clock: Clock, since: Option<DateTime<Utc>>) -> App {
    let store = Store::open(&settings.store_dir).unwrap();
    let assembly = runtime::assemble(Setup {
        settings,
        rules,
        secrets: &Secrets::default(),
        used: &|_| true,
        roots: &Roots::default(),
        clock,
        output: Arc::new(Mutex::new(io::sink())),
        colour: Colour::Plain,
    });
    assembly.unwrap().on(store, since)
}

/// Runs the program's loop as a separate process in this folder, with a clock that shows `now` and runs
/// `speed` times as fast.
fn bot(now: DateTime<Utc>, speed: u64, from_here: bool) {
    let clock = Clock::played(now, speed as f64);
    let text = fs::read_to_string("settings.toml").unwrap();
    let settings = Settings::read("settings.toml", &text, &[]).unwrap();
    let known = |destination: &Destination| settings.knows(destination);
    let rules = rules::load_path(Path::new("rules"), &known, &settings.destinations()).unwrap();
    let app = app(settings, rules, clock, from_here.then_some(now));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(runtime::run(Arc::new(app), None, std::future::pending())).unwrap();
}

/// Makes only the requests, as often as the program does: a page of the feed and a submission every two
/// seconds.
fn bare(now: DateTime<Utc>, speed: u64, edgar: &str) {
    let clock = Clock::played(now, speed as f64);
    let http = reqwest::Client::builder().gzip(true).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for number in 0_u32.. {
            let due = now + TimeDelta::seconds(i64::from(number) * 2);
            tokio::time::sleep(clock.real(due - clock.now())).await;
            let page = format!("{edgar}/cgi-bin/browse-edgar?action=getcurrent&type=4&owner=include&count=40&start=0&output=atom");
            let submission = format!("{edgar}/Archives/edgar/data/1000/{}.txt", accession(0));
            for url in [page, submission] {
                http.get(url).send().await.unwrap().bytes().await.unwrap();
            }
        }
    });
}

fn hour(minutes: u64, kills: u64, speed: u64, one_in: u64) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let start = Utc::now().trunc_subsecs(0);
    let mut archive = Archive::default();
    for number in 0..31 * minutes {
        let second = i64::try_from(10 + number * 60 / 31).unwrap();
        let code = if number % one_in == 0 { "S" } else { "F" };
        archive.add_made(made(number, code, start + TimeDelta::seconds(second)));
    }
    let count = usize::try_from((31 * minutes).div_ceil(one_in)).unwrap();
    archive.mix_other_forms(1);
    let clock = Clock::played(start, speed as f64);
    let stage = Stage { archive, clock, faults: Faults::none() };
    let edgar = runtime.block_on(ReplayedEdgar::play(stage)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("rules")).unwrap();
    fs::write(folder.path().join("rules/any.toml"), RULES).unwrap();
    let text = settings(edgar.base_url(), folder.path(), "*/2 * * * * *");
    let text = text.replace("[schedule]", &format!("requests_per_second = {}\n[schedule]", 8 * speed));
    fs::write(folder.path().join("settings.toml"), text).unwrap();
    let spawn = |first: bool| -> Child {
        let (program, mut args) = match speed {
            1 => (
                PathBuf::from(env!("CARGO_BIN_EXE_sellbell")),
                vec!["run".to_owned(), "--config".to_owned(), "settings.toml".to_owned()],
            ),
            _ => {
                let now = clock.now().to_rfc3339();
                (std::env::current_exe().unwrap(), vec!["bot".to_owned(), now, speed.to_string()])
            }
        };
        match (speed, first) {
            (1, true) => args.extend(["--since".to_owned(), start.to_rfc3339()]),
            (_, true) => args.push("from here".to_owned()),
            _ => {}
        }
        let mut command = Command::new(program);
        command.args(args).current_dir(folder.path());
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program")
    };
    let now = clock.now().to_rfc3339();
    let mut bare = Command::new(std::env::current_exe().unwrap())
        .args(["bare", &now, &speed.to_string(), &edgar.base_url()])
        .spawn()
        .expect("this bench");
    // How long to wait until this moment of the replay.
    let until =
        |seconds: f64| clock.real(start + TimeDelta::milliseconds((seconds * 1e3) as i64) - clock.now());
    let mut bot = spawn(true);
    let (mut spent, mut most) = (0, 0);
    let length = (60 * minutes) as f64;
    for kill in 0..kills {
        std::thread::sleep(until(length * (kill as f64 + 0.5) / kills as f64));
        (spent, most) = (spent + ticks(bot.id()), most.max(resident("VmHWM", bot.id())));
        bot.kill().unwrap();
        bot.wait().unwrap();
        std::thread::sleep(Duration::from_secs_f64((length / 4.0 / kills as f64).min(60.0) / speed as f64));
        bot = spawn(false);
    }
    std::thread::sleep(until(length + 20.0));
    (spent, most) = (spent + ticks(bot.id()), most.max(resident("VmHWM", bot.id())));
    let asking = ticks(bare.id());
    for process in [&mut bot, &mut bare] {
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for line in fs::read_to_string(folder.path().join("alerts.jsonl")).unwrap().lines() {
        let alert: serde_json::Value = serde_json::from_str(line).unwrap();
        *told.entry(alert["accession"].to_string()).or_default() += 1;
    }
    let twice = told.values().filter(|times| **times > 1).count();
    println!(
        "{minutes} min at {speed} times the speed, {kills} kills: {count} to tell, {} missed, {twice} told twice; {:.2} s of \
         processor time ({:.2} s for asking alone), {} MB at most; {} pages of the feed, {} submissions, {:.1} MB",
        count - told.len(),
        spent as f64 / 100.0,
        asking as f64 / 100.0,
        most / 1_024,
        edgar.log().feed,
        edgar.log().submissions,
        edgar.log().bytes as f64 / 1e6,
    );
}
