//! `sellbell test-alert` as a user runs it: what arrives, and what is said where it does not.

use std::fs;
use std::process::Output;

use mail_parser::MessageParser;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::fakes::discord::FakeDiscord;
use crate::search::Searched as _;
use crate::world::World;

/// Bits of Discord's permissions.
const EMBED_LINKS: u64 = 1 << 14;
const ATTACH_FILES: u64 = 1 << 15;
const READ_MESSAGE_HISTORY: u64 = 1 << 16;

async fn test_alert(world: &World, destination: &str) -> (bool, String, Vec<u8>) {
    fs::write(world.path("settings.toml"), world.settings()).unwrap();
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_sellbell"))
        .args(["test-alert", destination, "--config", "settings.toml"])
        .current_dir(world.dir.path())
        .env_clear()
        .env("DISCORD_TOKEN", FakeDiscord::TOKEN)
        .env("DISCORD_WEBHOOK_HOOK", world.discord.webhook_url(5))
        .env("SMTP_URL", world.smtp.url())
        .output()
        .await
        .unwrap()
        .searched();
    let said = String::from_utf8(stderr).unwrap();
    for secret in ["token-5", FakeDiscord::TOKEN, "desk@example.org"] {
        assert!(!said.contains(secret), "{said}");
    }
    (status.success(), said, stdout)
}

#[tokio::test]
async fn a_sample_arrives_by_the_real_path_each_time() {
    let world = World::new().await;
    world.discord.deny(555, 0);
    for _ in 0..2 {
        let (well, said, _) = test_alert(&world, "discord:alerts").await;
        let message = world.discord.next_message().await;
        assert!(well && said.contains(&format!("its id is {}", message.id)), "{said}");
        let text = message.body["content"].as_str().unwrap();
        assert!(text.starts_with("This is a test alert from sellbell"), "{text}");
        assert!(
            message.files.len() == 1 && said.contains("accepted a sample alert with a file in"),
            "{said}"
        );
        assert_eq!(message.body["attachments"][0]["id"], "0");
    }
    assert_eq!(world.discord.deduplicated(), 0);
    assert!(test_alert(&world, "discord:hook").await.0);
    assert_eq!(world.discord.next_message().await.target, "webhook:5");
    world.discord.deny(556, 0);
    assert!(test_alert(&world, "channel:556").await.0);
    assert_eq!(world.discord.next_message().await.target, "channel:556");

    let (well, said, _) = test_alert(&world, "email:desk").await;
    assert!(well && said.contains("email:desk accepted a sample alert in"), "{said}");
    assert_eq!(world.smtp.next_mail().await.to, ["desk@example.org"]);
    let (well, said, _) = test_alert(&world, "email:digest").await;
    assert!(well && said.contains("accepted a digest with a sample alert"), "{said}");
    let mail = world.smtp.next_mail().await;
    let parsed = MessageParser::default().parse(&mail.raw).unwrap();
    assert!(parsed.body_text(0).unwrap().contains("Philippe Courtot"), "{}", parsed.body_text(0).unwrap());

    let (well, _, printed) = test_alert(&world, "jsonl").await;
    let alert: Value = serde_json::from_slice(&printed).unwrap();
    assert!(well && alert["rule"] == "test-alert");
    world.finish().await;
}

#[tokio::test]
async fn a_channel_that_takes_no_files_is_found_out() {
    let world = World::new().await;
    world.discord.deny(555, ATTACH_FILES);
    let (well, said, _) = test_alert(&world, "discord:alerts").await;
    assert!(!well && said.contains("the bot lacks Attach Files in that channel: grant it"), "{said}");
    world.discord.deny(556, ATTACH_FILES | READ_MESSAGE_HISTORY);
    let (well, said, _) = test_alert(&world, "channel:556").await;
    assert!(!well && said.contains("Attach Files, Read Message History"), "{said}");
    world.finish().await;
}

#[tokio::test]
async fn what_went_wrong_is_said_with_what_to_do() {
    let world = World::new().await;
    world.discord.deny(555, EMBED_LINKS | READ_MESSAGE_HISTORY);
    let missing = json!({ "message": "Missing Permissions", "code": 50013 });
    world.discord.fail_next("channel:555", 403, missing, 1);
    let (well, said, _) = test_alert(&world, "discord:alerts").await;
    let lacking = "the bot lacks Embed Links, Read Message History in that channel";
    assert!(!well && said.contains("50013") && said.contains(lacking), "{said}");
    // Also where it arrived this time: without the history it may be told twice.
    world.discord.deny(555, READ_MESSAGE_HISTORY);
    let (well, said, _) = test_alert(&world, "discord:alerts").await;
    assert!(!well && said.contains("But the bot lacks Read Message History"), "{said}");
    world.discord.next_message().await;

    world.discord.fail_next("channel:555", 401, json!({ "message": "401: Unauthorized", "code": 0 }), 1);
    let (well, said, _) = test_alert(&world, "discord:alerts").await;
    assert!(!well && said.contains("Read Message History") && said.contains("401"), "{said}");
    world.discord.deny(555, 0);
    world.discord.fail_next("channel:555", 401, json!({ "message": "401: Unauthorized", "code": 0 }), 1);
    let (_, said, _) = test_alert(&world, "discord:alerts").await;
    assert!(said.contains("What to do: the token is wrong"), "{said}");
    world.discord.fail_next("webhook:5", 404, json!({ "message": "Unknown Webhook", "code": 10015 }), 1);
    let (_, said, _) = test_alert(&world, "discord:hook").await;
    assert!(said.contains("create another one"), "{said}");

    for (stage, reply, advice) in [
        ("mail", "535 5.7.8 wrong password", "user and password in SMTP_URL"),
        ("rcpt", "550 5.1.1 no such user", "correct the recipient's address"),
        ("mail", "553 5.7.1 not your address", "[email] from"),
        ("hello", "550 5.7.1 who are you", "[email] ehlo_name"),
        ("end", "550 5.4.5 Daily sending quota exceeded", "the provider's limit"),
        ("end", "552 5.3.4 too big", "larger than the server accepts"),
    ] {
        world.smtp.fail_next(stage, reply, 1);
        let (well, said, _) = test_alert(&world, "email:desk").await;
        assert!(!well && said.contains(advice) && said.contains(&format!("\"{reply}\"")), "{said}");
    }
    let (well, said, _) = test_alert(&world, "discord:nowhere").await;
    assert!(!well && said.contains("they define terminal, jsonl, discord:alerts"), "{said}");
    let (well, said, _) = test_alert(&world, "sms:me").await;
    assert!(!well && said.contains("is not a destination"), "{said}");
    world.finish().await;
}
