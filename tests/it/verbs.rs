//! The verbs that tell the state, fetch a past and play an archive, as the real program.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use sellbell::clock::Clock;
use sellbell::replay::{Archive, Faults, Kind, ReplayedEdgar, Stage};
use sellbell::store::{Silence, Standing, Store};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::completeness::answering;
use crate::plays::{accession, cik, made};
use crate::search::Searched as _;
use crate::world::{QUALYS, World, at, qualys, released, submission};

fn sellbell(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sellbell"));
    command.args(args).current_dir(dir).env_clear().output().unwrap().searched()
}

pub fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap() + &String::from_utf8(output.stderr.clone()).unwrap()
}

const RULES: &str =
    "[[rule]]\nname = \"any\"\ntickers = [\"QLYS\"]\ncodes = [\"S\"]\nnotify = [\"terminal\"]\n";

#[test]
fn status_says_what_there_is_and_a_stale_address_misleads_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let none = sellbell(dir.path(), &["status"]);
    assert!(none.status.success() && said(&none).contains("sellbell has not run"));
    let none = sellbell(dir.path(), &["status", "--json"]);
    assert!(none.status.success() && none.stdout == b"null\n", "{}", said(&none));
    // A folder that somebody made for the store is no store, and does not become one.
    fs::create_dir(dir.path().join("sellbell-data")).unwrap();
    assert!(said(&sellbell(dir.path(), &["status"])).contains("sellbell has not run"));
    assert_eq!(fs::read_dir(dir.path().join("sellbell-data")).unwrap().count(), 0);
    drop(Store::open(&dir.path().join("sellbell-data")).unwrap());
    released(&dir.path().join("sellbell-data"));
    fs::write(dir.path().join("sellbell-data/address"), "127.0.0.1:9\n").unwrap();
    let stopped = sellbell(dir.path(), &["status"]);
    assert!(
        said(&stopped).contains("not running") && said(&stopped).contains("not read yet"),
        "{}",
        said(&stopped)
    );
    let json: Value = serde_json::from_slice(&sellbell(dir.path(), &["status", "--json"]).stdout).unwrap();
    assert_eq!((&json["pending"], &json["running"]), (&Value::from(0), &Value::Null));
}

/// Kubernetes sets such variables for a service named sellbell.
#[test]
fn a_variable_that_names_no_setting_is_told_of_and_stops_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let with = |name| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sellbell"));
        command
            .arg("status")
            .current_dir(dir.path())
            .env_clear()
            .env(name, "tcp://10.0.0.1:80")
            .output()
            .unwrap()
            .searched()
    };
    let stray = with("SELLBELL_PORT");
    assert!(
        stray.status.success() && said(&stray).contains("SELLBELL_PORT sets nothing"),
        "{}",
        said(&stray)
    );
    let nearly = with("SELLBELL_STORE_DIR");
    let meant = "did you mean SELLBELL_STORE__DIR?";
    assert!(!nearly.status.success() && said(&nearly).contains(meant), "{}", said(&nearly));
    let wrong = with("SELLBELL_EDGAR__PORT");
    assert!(!wrong.status.success() && said(&wrong).contains("has no key `port`"), "{}", said(&wrong));
}

#[test]
fn a_backtest_that_ends_before_it_begins_is_a_mistake() {
    let dir = tempfile::tempdir().unwrap();
    let of = |to| sellbell(dir.path(), &["backtest", "--from", "2026-05-02", "--to", to, "."]);
    let mistake = "--to 2026-05-01 is before --from 2026-05-02";
    let (before, same) = (of("2026-05-01"), of("2026-05-02"));
    assert!(!before.status.success() && said(&before).contains(mistake), "{}", said(&before));
    assert!(!said(&same).contains("before"), "{}", said(&same));
}

/// Ends with the test, however that ends.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A bot that has sent its first message, with these settings of `[http]`.
pub async fn running(world: &World, http: &str) -> Running {
    prepare(world, http);
    let running = started(world);
    world.discord.next_message().await;
    running
}

/// Settings, rules and a filing for a bot that sends a message.
pub fn prepare(world: &World, http: &str) {
    let settings = world.settings().replace("listen = \"\"", http);
    let poll = "[schedule]\npoll = \"* * * * * *\"\ntime_zone = \"UTC\"\n";
    fs::write(world.path("settings.toml"), settings + poll).unwrap();
    fs::create_dir(world.path("rules")).unwrap();
    fs::write(world.path("rules/any.toml"), RULES.replace("terminal", "discord:hook")).unwrap();
    world.edgar.publish(&qualys());
}

/// A bot with the settings and rules that are there, and this world's secrets.
pub fn started(world: &World) -> Running {
    let child = Command::new(env!("CARGO_BIN_EXE_sellbell"))
        .args(["run", "--config", "settings.toml", "--since", "2021-08-24"])
        .current_dir(world.dir.path())
        .env_clear()
        .env("DISCORD_WEBHOOK_HOOK", world.discord.webhook_url(5))
        .env("SMTP_URL", world.smtp.url())
        .stdout(Stdio::null())
        .stderr(fs::File::create(world.path("log")).unwrap())
        .spawn()
        .unwrap();
    Running(child)
}

pub async fn stop(running: Running) {
    assert!(ended(running, "TERM").await.success());
}

/// Sends a signal, and waits for the end.
pub async fn ended(mut running: Running, signal: &str) -> ExitStatus {
    send(&running, signal);
    tokio::task::spawn_blocking(move || running.0.wait().unwrap()).await.unwrap()
}

pub fn send(running: &Running, signal: &str) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &running.0.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

pub async fn at_once(dir: &Path, args: &'static [&'static str]) -> Output {
    let dir = dir.to_owned();
    tokio::task::spawn_blocking(move || sellbell(&dir, args)).await.unwrap()
}

/// What is answered to a request that names this host.
pub async fn asked(address: &str, path: &str, host: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_bot_tells_its_status_to_those_who_ask_by_address() {
    let world = World::new().await;
    let running = running(&world, "listen = \"127.0.0.1:0\"").await;
    let shown = at_once(world.dir.path(), &["status", "--json", "--config", "settings.toml"]).await;
    assert!(shown.status.success(), "{}", said(&shown));
    let json: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(json["running"]["rules"], 1, "{json}");
    assert_eq!(json["running"]["fetched"], 1, "{json}");
    let people = at_once(world.dir.path(), &["status", "--config", "settings.toml"]).await;
    assert!(said(&people).contains(", running, "), "{}", said(&people));
    for output in [&shown, &people] {
        assert!(!said(output).contains("token-5") && !said(output).contains('@'), "{}", said(output));
    }

    let address = fs::read_to_string(world.path("store/address")).unwrap();
    // After a crash of another bot this one may have its address.
    drop(Store::open(&world.path("other/sellbell-data")).unwrap());
    released(&world.path("other/sellbell-data"));
    fs::write(world.path("other/sellbell-data/address"), &address).unwrap();
    let other = said(&at_once(&world.path("other"), &["status"]).await);
    assert!(other.contains(", not running, "), "{other}");
    let address = address.trim();
    let port = address.rsplit_once(':').unwrap().1;
    for host in [address, "localhost", &format!("LocalHost:{port}"), &format!("[::1]:{port}")] {
        let answer = asked(address, "/healthz", host).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{host}: {answer}");
        assert!(answer.ends_with("{\"status\":\"ok\"}"), "{host}: {answer}");
    }
    for host in ["rebound.example.org", &format!("rebound.example.org:{port}"), "127.0.0.1.example.org", ""] {
        for path in ["/status", "/healthz", "/nothing"] {
            let answer = asked(address, path, host).await;
            assert!(answer.starts_with("HTTP/1.1 403 ") && !answer.contains("running"), "{host}: {answer}");
        }
    }
    // Whichever of two names a proxy goes by.
    let twice = format!("{address}\r\nHost: rebound.example.org");
    for (path, host) in [("/status", twice.as_str()), ("http://rebound.example.org/status", address)] {
        let answer = asked(address, path, host).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{path} {host}: {answer}");
    }
    assert!(asked(address, "/", address).await.starts_with("HTTP/1.1 404 "));

    stop(running).await;
    assert!(!world.path("store/address").exists(), "it goes with the bot");
    let stopped = at_once(world.dir.path(), &["status", "--config", "settings.toml"]).await;
    assert!(said(&stopped).contains("not running"), "{}", said(&stopped));
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_tells_nothing_is_said_to_be_running() {
    let world = World::new().await;
    let running = running(&world, "listen = \"\"").await;
    let args = &["backfill", "--cik", "70", "--since", "2y", "--config", "settings.toml"];
    let (status, refused) = tokio::join!(
        at_once(world.dir.path(), &["status", "--config", "settings.toml"]),
        at_once(world.dir.path(), args)
    );
    assert_eq!(status.status.code(), Some(1));
    assert!(said(&status).contains("its `listen` under [http] is off"), "{}", said(&status));
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("stop it, run this, and start it again"), "{}", said(&refused));
    stop(running).await;
    world.edgar.take_fetched();
    world.finish().await;
}

/// An EDGAR with 130 filings of one company over a year, and five of another in which it is no issuer.
async fn company(faults: Faults) -> ReplayedEdgar {
    let mut archive = Archive::default();
    let start = at("2022-03-01T10:00:00-05:00");
    for number in 0..130 {
        archive.add_made(made(
            accession(number),
            "4",
            70,
            start + TimeDelta::days(2 * i64::try_from(number).unwrap()),
        ));
    }
    archive.small_company_files = true;
    let clock = Clock::played(at("2023-03-08T23:40:00-05:00"), 1.0);
    ReplayedEdgar::play(Stage { archive, clock, faults }).await.unwrap()
}

fn settle(dir: &Path, edgar: &ReplayedEdgar) {
    let settings = format!(
        "[edgar]\nbase_url = \"{}\"\nrequests_per_second = 5000\n[http]\nlisten = \"\"\n",
        edgar.base_url()
    );
    fs::create_dir_all(dir.join("config")).unwrap();
    fs::write(dir.join("config/sellbell.toml"), settings).unwrap();
    fs::create_dir_all(dir.join("rules")).unwrap();
    fs::write(dir.join("rules/any.toml"), RULES).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_past_is_fetched_once_and_goes_on_where_it_was_broken_off() {
    let dir = tempfile::tempdir().unwrap();
    // The feed, then the lists; a block in the midst of the filings.
    let edgar = company(Faults::only(vec![(40, Kind::TooManyWait)])).await;
    settle(dir.path(), &edgar);
    let run = |args: &'static [&'static str]| {
        let dir = dir.path().to_owned();
        tokio::task::spawn_blocking(move || sellbell(&dir, args))
    };
    // It signs no links, so it needs no token for them.
    let config = dir.path().join("config/sellbell.toml");
    let public = "listen = \"127.0.0.1:0\"\npublic_url = \"https://bell.example.org/\"";
    fs::write(&config, fs::read_to_string(&config).unwrap().replace("listen = \"\"", public)).unwrap();
    let args = &["backfill", "--cik", "70", "--since", "2022-01-01"];
    let broken_off = run(args).await.unwrap();
    assert_eq!(broken_off.status.code(), Some(1), "{}", said(&broken_off));
    assert!(said(&broken_off).contains("no requests to EDGAR until"), "{}", said(&broken_off));
    let shown = run(&["status"]).await.unwrap();
    assert!(said(&shown).contains("filings left"), "{}", said(&shown));
    // Whoever asks again meanwhile is told, and EDGAR is asked nothing.
    let before = edgar.log();
    let ticker = run(&["backfill", "--ticker", "QLYS", "--since", "2y"]).await.unwrap();
    assert_eq!(ticker.status.code(), Some(1));
    assert!(said(&ticker).contains("no requests to EDGAR until"), "{}", said(&ticker));
    assert_eq!(edgar.log(), before);
    // The wait is over, as if the clock had gone on.
    let store = Store::open(&dir.path().join("sellbell-data")).unwrap();
    let silence = store.silence().await.unwrap();
    assert!(store.replace_silence(silence.as_ref(), None).await.unwrap());
    for backfill in store.backfills().await.unwrap() {
        let ready = sellbell::store::Backfill { not_before: at("2022-01-01T00:00:00Z"), ..backfill };
        store.set_backfill(&ready, &[]).await.unwrap();
    }
    drop(store);
    released(&dir.path().join("sellbell-data"));
    let done = run(args).await.unwrap();
    assert!(done.status.success(), "{}", said(&done));
    assert!(said(&done).contains("history is complete since 2022-01-01"), "{}", said(&done));
    let store = Store::open(&dir.path().join("sellbell-data")).unwrap();
    for number in 0..130 {
        let standing = store.standing(accession(number)).await.unwrap();
        assert_eq!(standing, Standing::Past, "{number}");
    }
    let (past, whole) = store.history(cik(70), at("2022-01-01T00:00:00-05:00")).await.unwrap();
    assert_eq!((past.len(), whole), (130, Some(at("2022-01-01T00:00:00-05:00"))));
    assert_eq!(store.counts().await.unwrap().queued, 0, "nobody is told of a past");
    drop(store);
    released(&dir.path().join("sellbell-data"));
    assert!(edgar.fetched().values().all(|times| *times == 1), "and each filing was asked for once");
    let again = run(args).await.unwrap();
    assert!(said(&again).contains("0 filings read"), "{}", said(&again));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_ticker_names_the_nearest() {
    let dir = tempfile::tempdir().unwrap();
    let mut archive = Archive::default();
    archive.add(QUALYS.to_vec()).unwrap();
    let edgar = ReplayedEdgar::start(archive).await.unwrap();
    settle(dir.path(), &edgar);
    let path = dir.path().to_owned();
    let refused = tokio::task::spawn_blocking(move || {
        sellbell(&path, &["backfill", "--ticker", "QLYZ", "--since", "2y"])
    });
    let refused = refused.await.unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("no ticker QLYZ; did you mean QLYS?"), "{}", said(&refused));
}

#[test]
fn days_that_cannot_be_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("rules")).unwrap();
    fs::write(dir.path().join("rules/any.toml"), RULES).unwrap();
    let settings = "[edgar]\nbase_url = \"http://127.0.0.1:9\"\n";
    fs::write(dir.path().join("settings.toml"), settings).unwrap();
    let args = ["backfill", "--cik", "70", "--since", "yesterday", "--config", "settings.toml"];
    let refused = sellbell(dir.path(), &args);
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("expected a span like 2y or 90d, or a day"), "{}", said(&refused));
    let to = sellbell(dir.path(), &["replay", "--from", "2021-08-25", "--to", "2021-08-24", "archive"]);
    assert_eq!(to.status.code(), Some(1));
    assert!(said(&to).contains("--to is before --from"), "{}", said(&to));
}

#[tokio::test]
async fn days_are_played_one_after_the_other_into_a_store_that_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("archive")).unwrap();
    fs::write(dir.path().join("archive/one.txt"), QUALYS).unwrap();
    let args = ["replay", "--speed", "36000", "--from", "2021-08-24", "--to", "2021-08-25", "--dir", "kept"];
    let args = [&args[..], &["archive"]].concat();
    let played = sellbell(dir.path(), &args);
    let text = said(&played);
    assert!(played.status.success(), "{text}");
    let first = text.find("2021-08-24: 1 in the index, 1 seen, 0 recovered").unwrap();
    let second = text.find("2021-08-25: ").unwrap();
    assert!(first < second && text[first..second].contains("requests so far"), "{text}");
    assert!(text[first..second].contains("Latency is not shown"), "{text}");
    assert!(Store::open(&dir.path().join("kept/store")).unwrap().ledger().await.unwrap().is_some());
    let again = sellbell(dir.path(), &args);
    assert_eq!(again.status.code(), Some(1));
    assert!(said(&again).contains("kept/store already exists"), "{}", said(&again));
}

#[test]
fn a_day_with_faults_is_played_to_its_receipt_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("archive")).unwrap();
    fs::write(dir.path().join("archive/one.txt"), QUALYS).unwrap();
    // Answers that never come are among them.
    let played = sellbell(dir.path(), &["replay", "--speed", "20000", "--faults", "7", "archive"]);
    let text = said(&played);
    assert!(played.status.success(), "{text}");
    assert!(text.contains("2021-08-24: 1 in the index, "), "{text}");
    assert!(text.contains(" 0 unreadable"), "{text}");
    assert_eq!(text.matches("Philippe Courtot Family Trust").count(), 1, "{text}");
    assert!(!text.contains("faults: 0"), "{text}");
}

#[test]
fn a_day_of_an_archive_is_played_to_its_receipt() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("archive")).unwrap();
    fs::write(dir.path().join("archive/0009900001-21-000001.txt"), QUALYS).unwrap();
    let played = sellbell(dir.path(), &["replay", "--speed", "36000", "archive"]);
    let said = said(&played);
    assert!(played.status.success(), "{said}");
    assert!(said.contains("Philippe Courtot Family Trust"), "{said}");
    assert!(said.contains("2021-08-24: 1 in the index, 1 seen, 0 recovered, 0 unreadable"), "{said}");
    assert!(said.contains("2021-08-24, the day with the most"), "{said}");
    let nothing = sellbell(dir.path(), &["replay", "--from", "2021-08-25", "archive"]);
    assert_eq!(nothing.status.code(), Some(1));
}

const RATE_PAGE: &str =
    "<!DOCTYPE html><html><title>SEC.gov | Request Rate Threshold Exceeded</title></html>";

/// What `show` says of many accessions that are not at hand, and what EDGAR, which answers with a block, was asked for.
async fn shown_while_blocked(world: &World) -> (String, Vec<String>) {
    let (base, asked) =
        answering(|_| axum::response::Response::builder().status(403).body(RATE_PAGE.into()).unwrap()).await;
    let settings = world.settings().replace(world.edgar.base_url(), &base);
    fs::write(world.path("settings.toml"), settings).unwrap();
    let dir = world.dir.path().to_owned();
    let output = tokio::task::spawn_blocking(move || {
        let names: Vec<String> = (0..12).map(|n| format!("0000000007-21-{n:06}")).collect();
        let names = names.iter().map(String::as_str);
        sellbell(&dir, &["show", "--config", "settings.toml"].into_iter().chain(names).collect::<Vec<_>>())
    })
    .await
    .unwrap();
    let asked = asked.lock().unwrap().clone();
    (said(&output), asked)
}

#[tokio::test]
async fn show_asks_no_more_once_it_is_blocked() {
    let world = World::new().await;
    let (said, asked) = shown_while_blocked(&world).await;
    assert_eq!(asked.len(), 1, "{said}");
    assert!(said.contains("blocks this address") && !said.contains("whose folder"), "{said}");
    world.finish().await;
}

#[tokio::test]
async fn show_asks_nothing_while_the_bot_is_silent() {
    let world = World::new().await;
    let store = Store::open(&world.path("store")).unwrap();
    let until = Clock::wall().now() + TimeDelta::minutes(20);
    let silence = Silence { until, in_a_row: 1, blocks: 1, refused: None, reason: "blocked".into() };
    let read = store.silence().await.unwrap();
    assert!(store.replace_silence(read.as_ref(), Some(&silence)).await.unwrap());
    store.flush().await.unwrap();
    drop(store);
    released(&world.path("store"));
    let (said, asked) = shown_while_blocked(&world).await;
    assert!(asked.is_empty() && said.contains("no requests"), "{asked:?} {said}");
    world.finish().await;
}

/// `show` and `explain` of an address while EDGAR fails so often: what each says, and how often it asked.
async fn shown_through_failures(verb: &'static str, failures: usize) -> (Output, usize) {
    let world = World::new().await;
    let left = Arc::new(Mutex::new(failures));
    let (base, asked) = answering(move |path| {
        let mut left = left.lock().unwrap();
        let fails = *left > 0 && path.starts_with("/Archives/edgar/data/");
        *left = left.saturating_sub(usize::from(fails));
        let body = submission("0000000007-21-000001", "4", 70, 7, at("2021-08-24T17:12:09-04:00"));
        match fails {
            true => axum::response::Response::builder().status(502).body("down".into()).unwrap(),
            false => axum::response::Response::new(body.into()),
        }
    })
    .await;
    let settings = world.settings().replace(world.edgar.base_url(), &base);
    fs::write(world.path("settings.toml"), settings).unwrap();
    fs::create_dir_all(world.path("rules")).unwrap();
    fs::write(world.path("rules/own.toml"), RULES).unwrap();
    let dir = world.dir.path().to_owned();
    let shown = tokio::task::spawn_blocking(move || {
        let address =
            "https://www.sec.gov/Archives/edgar/data/70/000000000721000001/0000000007-21-000001-index.htm";
        sellbell(&dir, &[verb, "--config", "settings.toml", address])
    });
    let output = shown.await.unwrap();
    let count = asked.lock().unwrap().len();
    world.finish().await;
    (output, count)
}

#[tokio::test]
async fn what_is_named_by_its_address_is_asked_for_again_a_few_times() {
    for verb in ["show", "explain"] {
        let (output, asked) = shown_through_failures(verb, 2).await;
        assert!(output.status.success() && asked == 3, "{asked} {}", said(&output));
        assert!(said(&output).contains("Issuer 70"), "{}", said(&output));
        let (output, asked) = shown_through_failures(verb, 99).await;
        assert_eq!((output.status.code(), asked), (Some(1), 4), "{}", said(&output));
        assert!(said(&output).contains("EDGAR is not available"), "{}", said(&output));
    }
}
