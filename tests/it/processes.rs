//! The real process: killed, stopped, and started again.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use mail_parser::MessageParser;
use tokio::net::TcpListener;

use crate::fakes::discord::FakeDiscord;
use crate::search::Searched as _;
use crate::world::{World, qualys};

/// Polls every second of every day, so that a test does not wait for office hours.
const SETTINGS: &str = "[schedule]\npoll = \"* * * * * *\"\ntime_zone = \"UTC\"\n";
const RULES: &str = "[[rule]]\nname = \"qualys\"\ntickers = [\"QLYS\"]\nmin_value = 2_600_000\n\
    notify = [\"discord:hook\", \"jsonl:alerts.jsonl\"]\n";

fn prepare(world: &World) {
    fs::write(world.path("settings.toml"), world.settings() + SETTINGS).unwrap();
    fs::create_dir(world.path("rules")).unwrap();
    fs::write(world.path("rules/qualys.toml"), RULES).unwrap();
}

/// Ends with the test, however that ends.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(dir: &Path, webhook: &str, since: &[&str]) -> Process {
    start_with(dir, webhook, since, &[])
}

fn start_with(dir: &Path, webhook: &str, since: &[&str], environment: &[(&str, &str)]) -> Process {
    let child = Command::new(env!("CARGO_BIN_EXE_sellbell"))
        .args(["run", "--config", "settings.toml"])
        .args(since)
        .current_dir(dir)
        .env_clear()
        .env("DISCORD_WEBHOOK_HOOK", webhook)
        .envs(environment.iter().copied())
        .stdout(Stdio::null())
        .stderr(fs::OpenOptions::new().create(true).append(true).open(dir.join("log")).unwrap())
        .spawn()
        .unwrap();
    Process(child)
}

fn signal(process: &Process, name: &str) {
    let sent =
        Command::new("kill").args([&format!("-{name}"), &process.0.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_commit_and_send_it_sends_after_the_restart() {
    let world = World::new().await;
    prepare(&world);
    world.edgar.publish(&qualys());
    // A webhook that takes the connection and never answers: the alert is committed by then, and not sent.
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("http://{}/api/webhooks/5/token-5", silent.local_addr().unwrap());
    let mut killed = start(world.dir.path(), &address, &["--since", "2021-08-24"]);
    let connection = silent.accept().await.unwrap();
    killed.0.kill().unwrap();
    killed.0.wait().unwrap();
    drop((connection, silent));
    assert_eq!(world.discord.unread(), 0);

    let mut restarted = start(world.dir.path(), &world.discord.webhook_url(5), &[]);
    let message = world.discord.next_message().await;
    assert_eq!(message.body["embeds"][0]["title"], "Philippe Courtot Family Trust sold");
    signal(&restarted, "TERM");
    let status = tokio::task::spawn_blocking(move || restarted.0.wait().unwrap()).await.unwrap();
    let log = fs::read_to_string(world.path("log")).unwrap();
    assert!(status.success(), "{log}");
    assert!(log.contains("stopped"), "{log}");
    assert!(!log.contains("token-5"), "{log}");
    assert_eq!(
        fs::read_to_string(world.path("alerts.jsonl")).unwrap().lines().count(),
        1,
        "the other was not held up"
    );
    assert_eq!(world.edgar.take_fetched().into_values().collect::<Vec<_>>(), [1]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_cleanly_on_sigint_and_a_second_process_is_told_of_the_first() {
    let world = World::new().await;
    prepare(&world);
    // A bot that answers is known to have the store for long, so that nobody waits for it.
    let listening = (world.settings() + SETTINGS).replace("listen = \"\"", "listen = \"127.0.0.1:0\"");
    fs::write(world.path("settings.toml"), listening).unwrap();
    world.edgar.publish(&qualys());
    let mut running = start(world.dir.path(), &world.discord.webhook_url(5), &["--since", "2021-08-24"]);
    world.discord.next_message().await;
    let second = Command::new(env!("CARGO_BIN_EXE_sellbell"))
        .args(["run", "--once", "--config", "settings.toml"])
        .current_dir(world.dir.path())
        .env_clear()
        .env("DISCORD_WEBHOOK_HOOK", world.discord.webhook_url(5))
        .output()
        .unwrap()
        .searched();
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("in use by another sellbell"), "{said}");
    signal(&running, "INT");
    let status = tokio::task::spawn_blocking(move || running.0.wait().unwrap()).await.unwrap();
    assert!(status.success(), "{}", fs::read_to_string(world.path("log")).unwrap());
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_hangs_holds_up_no_other_and_the_stop_is_clean() {
    let world = World::new().await;
    prepare(&world);
    fs::write(world.path("rules/qualys.toml"), RULES.replace("jsonl:alerts.jsonl", "email:desk")).unwrap();
    world.edgar.publish(&qualys());
    world.discord.hang("webhook:5");
    let smtp = world.smtp.url();
    let mut running = start_with(
        world.dir.path(),
        &world.discord.webhook_url(5),
        &["--since", "2021-08-24"],
        &[("SMTP_URL", &smtp)],
    );
    // The mail arrives while the webhook hangs.
    assert_eq!(world.smtp.next_mail().await.to, ["desk@example.org"]);
    world.discord.release("webhook:5");
    world.discord.next_message().await;
    signal(&running, "TERM");
    let status = tokio::task::spawn_blocking(move || running.0.wait().unwrap()).await.unwrap();
    let log = fs::read_to_string(world.path("log")).unwrap();
    assert!(status.success() && !log.contains("token-5") && !log.contains("desk@"), "{log}");
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_with_the_same_bot_is_noticed() {
    let world = World::new().await;
    let mut running = Vec::new();
    let smtp = world.smtp.url();
    for name in ["one", "other"] {
        let dir = world.path(name);
        fs::create_dir_all(dir.join("rules")).unwrap();
        fs::write(dir.join("rules/qualys.toml"), RULES).unwrap();
        let own = world
            .settings()
            .replace(&world.path("store").display().to_string(), &dir.join("store").display().to_string());
        let operators = "[operators]\nnotify = [\"email:desk\"]\n";
        fs::write(dir.join("settings.toml"), own + SETTINGS + operators).unwrap();
        let secrets = [("DISCORD_TOKEN", FakeDiscord::TOKEN), ("SMTP_URL", &smtp)];
        running.push(start_with(&dir, &world.discord.webhook_url(5), &[], &secrets));
    }
    // Discord sends a command to both of them, and one answers later than the other.
    world.discord.open_sessions(2).await;
    for _ in 0..2 {
        world.discord.commands().await;
    }
    let answer = world.discord.slash(777, "32", "subscriptions", serde_json::json!([])).await;
    assert!(answer["data"]["content"].as_str().unwrap().contains("has no subscriptions"), "{answer}");
    let mail = world.smtp.next_mail().await;
    let mail = MessageParser::default().parse(&mail.raw).unwrap();
    assert!(mail.subject().unwrap().contains("Another sellbell uses the same bot"), "{:?}", mail.subject());
    assert!(mail.body_text(0).unwrap().contains("another program answered a slash command first"));
    for process in &running {
        signal(process, "TERM");
    }
    let ended = move || running.iter_mut().map(|process| process.0.wait().unwrap()).collect::<Vec<_>>();
    let ended = tokio::task::spawn_blocking(ended).await.unwrap();
    let log = ["one/log", "other/log"].map(|name| fs::read_to_string(world.path(name)).unwrap());
    assert!(ended.iter().all(|status| status.success()), "{log:?}");
    let noticed = log.iter().filter(|log| log.contains("Another sellbell uses the same bot")).count();
    assert!(noticed == 1 && !log.concat().contains(FakeDiscord::TOKEN), "{log:?}");
    assert!(log.iter().all(|log| log.contains("[discord] servers is not set")), "who may subscribe: {log:?}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn once_tries_what_was_put_off_and_says_when_something_is_left() {
    let world = World::new().await;
    prepare(&world);
    world.edgar.publish(&qualys());
    let once = |since: &'static [&'static str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sellbell"));
        command
            .args(["run", "--once", "--config", "settings.toml"])
            .args(since)
            .current_dir(world.dir.path())
            .env_clear()
            .env("DISCORD_WEBHOOK_HOOK", world.discord.webhook_url(5));
        tokio::task::spawn_blocking(move || command.output().unwrap().searched())
    };
    world.discord.fail_next("webhook:5", 500, serde_json::json!("down"), 1);
    let failed = once(&["--since", "2021-08-24"]).await.unwrap();
    let said = String::from_utf8(failed.stderr).unwrap();
    assert_eq!(failed.status.code(), Some(1));
    assert!(said.contains("deliveries still queued after a failure: 1,"), "{said}");
    let again = once(&[]).await.unwrap();
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    world.discord.next_message().await;
    world.edgar.take_fetched();
    world.finish().await;
}

#[test]
fn a_look_back_into_the_future_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refused = Command::new(env!("CARGO_BIN_EXE_sellbell"))
        .args(["run", "--once", "--since", "2999-01-01"])
        .current_dir(dir.path())
        .env_clear()
        .output()
        .unwrap()
        .searched();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--since is in the future"));
}

/// Runs `run --once` while Discord first answers like this: exit status, log, and number of messages.
async fn once_slowed(times: usize, seconds: f64) -> (Option<i32>, String, usize) {
    let world = World::new().await;
    prepare(&world);
    world.edgar.publish(&qualys());
    let slow = serde_json::json!({ "message": "You are being rate limited.", "retry_after": seconds, "global": false });
    world.discord.fail_next("webhook:5", 429, slow, times);
    let mut command = Command::new(env!("CARGO_BIN_EXE_sellbell"));
    command
        .args(["run", "--once", "--config", "settings.toml", "--since", "2021-08-24"])
        .current_dir(world.dir.path())
        .env_clear()
        .env("DISCORD_WEBHOOK_HOOK", world.discord.webhook_url(5));
    let output = tokio::task::spawn_blocking(move || command.output().unwrap().searched()).await.unwrap();
    let sent = world.discord.take_messages().len();
    world.edgar.take_fetched();
    world.finish().await;
    (output.status.code(), String::from_utf8(output.stderr).unwrap(), sent)
}

#[tokio::test(flavor = "multi_thread")]
async fn once_waits_where_discord_asks_for_it() {
    let (status, said, sent) = once_slowed(1, 0.2).await;
    assert_eq!((status, sent), (Some(0), 1), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn once_does_not_wait_for_long_and_says_so() {
    let (status, said, sent) = once_slowed(1, 90.0).await;
    assert_eq!((status, sent), (Some(1), 0), "{said}");
    assert!(said.contains("it asks to wait ") && said.contains(" s, which is too long"), "{said}");
    assert!(said.contains("deliveries still queued after a failure: 1,"), "{said}");
}
