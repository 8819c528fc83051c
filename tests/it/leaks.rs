//! Servers that repeat what is secret: nowhere does it show, however it is spelled.

use std::fs;
use std::process::{Command, Output};

use serde_json::json;

use crate::fakes::discord::FakeDiscord;
use crate::search::{found, spellings};
use crate::world::{World, qualys};

const USER: &str = "bell.user@mail.example";
const PASSWORD: &str = "p4ss/w0rd&more";
const HTTP_TOKEN: &str = "http-token-of-the-tests";
const RULES: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"discord:alerts\", \"discord:hook\", \"email:desk\"]\n";

/// What a server says that repeats this in every way.
fn echoed(secrets: &[&str], part: usize) -> String {
    let all: Vec<String> = secrets.iter().flat_map(|secret| spellings(secret)).collect();
    // What is shown is bounded, so that each says some.
    all.chunks(3)
        .nth(part)
        .map_or_else(|| all.join(" "), |some| format!("no: {} /x/{}/y", some.join(" "), some[0]))
}

fn sellbell(world: &World, args: &[&str]) -> Output {
    let smtp = format!(
        "smtp://{}:{}@127.0.0.1:{}",
        USER.replace('@', "%40"),
        "p4ss%2Fw0rd%26more",
        world.smtp.port()
    );
    Command::new(env!("CARGO_BIN_EXE_sellbell"))
        .args(args)
        .args(["--config", "settings.toml"])
        .current_dir(world.dir.path())
        .env_clear()
        .env("SELLBELL_LOG", "trace")
        .env("DISCORD_TOKEN", FakeDiscord::TOKEN)
        .env("DISCORD_WEBHOOK_HOOK", world.discord.webhook_url(5))
        .env("HTTP_TOKEN", HTTP_TOKEN)
        .env("SMTP_URL", smtp)
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_servers_repeat_of_secrets_shows_nowhere() {
    let world = World::new().await;
    world.edgar.publish(&qualys());
    let operators = "[operators]\nnotify = [\"terminal\"]\n";
    fs::write(world.path("settings.toml"), world.settings() + operators).unwrap();
    fs::create_dir(world.path("rules")).unwrap();
    fs::write(world.path("rules/any.toml"), RULES).unwrap();
    let token = "token-5";
    let mut shown: Vec<(String, Vec<u8>)> = Vec::new();
    for part in 0..8 {
        let of_token = json!({ "message": echoed(&[FakeDiscord::TOKEN], part), "code": 0 });
        let of_webhook = json!({
            "message": echoed(&[token], part),
            "code": 50035,
            "errors": { "content": { "_errors": [{ "code": "X", "message": echoed(&[token], part) }] } },
        });
        world.discord.fail_next("channel:555", if part % 2 == 0 { 401 } else { 500 }, of_token, 1);
        world.discord.fail_next("webhook:5", if part % 2 == 0 { 404 } else { 500 }, of_webhook, 1);
        let reply = format!("535 5.7.8 {}", echoed(&[PASSWORD, USER], part));
        world.smtp.fail_next(if part % 2 == 0 { "auth" } else { "mail" }, &reply, 1);
        let since =
            if part == 0 { &["run", "--once", "--since", "2021-08-24"][..] } else { &["run", "--once"] };
        for args in [since, &["status"], &["status", "--json"], &["store", "export"], &["check"]] {
            let ran = tokio::task::block_in_place(|| sellbell(&world, args));
            shown.push((format!("{part} {args:?} says"), ran.stdout));
            shown.push((format!("{part} {args:?} logs"), ran.stderr));
        }
    }
    world.discord.mend();
    world.smtp.mend();
    let last = tokio::task::block_in_place(|| sellbell(&world, &["retry", "--all"]));
    shown.push(("retry".to_owned(), [last.stdout, last.stderr].concat()));
    tokio::task::block_in_place(|| sellbell(&world, &["run", "--once"]));
    for message in world.discord.take_messages() {
        shown.push(("a message".to_owned(), message.body.to_string().into_bytes()));
    }
    for mail in world.smtp.take_mails() {
        shown.push(("a mail".to_owned(), mail.raw.clone()));
    }
    let all: String = shown.iter().map(|(_, said)| String::from_utf8_lossy(said).into_owned()).collect();
    assert!(all.contains("is paused") && all.contains("•••"), "the servers' words show");
    assert!(
        shown.iter().any(|(what, _)| what == "a message") && shown.iter().any(|(what, _)| what == "a mail")
    );
    for secret in [FakeDiscord::TOKEN, token, PASSWORD, USER, HTTP_TOKEN] {
        for spelling in spellings(secret) {
            for (what, said) in &shown {
                let said = String::from_utf8_lossy(said);
                if let Some(at) = said.find(&spelling) {
                    let around = said.get(at.saturating_sub(200)..at + spelling.len()).unwrap_or_default();
                    panic!("{what}: {spelling}: {around}");
                }
            }
        }
    }
    world.edgar.take_fetched();
    world.finish().await;
}

/// All tests search by it.
#[test]
fn the_search_finds_a_secret_in_each_spelling() {
    for spelling in spellings(PASSWORD).iter().chain(&spellings(FakeDiscord::TOKEN)) {
        let around = found(format!("words {spelling} words").as_bytes());
        assert!(around.is_some_and(|around| around.contains(spelling)), "{spelling}");
    }
    assert_eq!(found(b"words without any"), None);
}
