//! `sellbell subscriptions`: with a running bot and without.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::fakes::discord::FakeDiscord;
use crate::search::Searched as _;
use crate::verbs::{Running, at_once, prepare, said, stop};
use crate::world::{World, at, reopened};

const EMBED_LINKS: u64 = 1 << 14;
const CREATE_PUBLIC_THREADS: u64 = 1 << 35;

async fn sellbell(world: &World, args: &'static [&'static str], token: bool) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sellbell"));
    command.arg("subscriptions").args(args).args(["--config", "settings.toml"]);
    command.current_dir(world.dir.path()).env_clear();
    command.env("DISCORD_WEBHOOK_HOOK", world.discord.webhook_url(5));
    if token {
        command.env("DISCORD_TOKEN", FakeDiscord::TOKEN);
    }
    let output = tokio::task::spawn_blocking(move || command.output().unwrap().searched()).await.unwrap();
    (output.status.success(), said(&output))
}

async fn well(world: &World, args: &'static [&'static str]) -> String {
    let (well, said) = sellbell(world, args, true).await;
    assert!(well, "{args:?}: {said}");
    said
}

async fn refused(world: &World, args: &'static [&'static str]) -> String {
    let (well, said) = sellbell(world, args, true).await;
    assert!(!well, "{args:?}: {said}");
    said
}

/// Channels that are there, and limits.
fn ready(world: &World) {
    prepare(world, "listen = \"127.0.0.1:0\"");
    let settings = fs::read_to_string(world.path("settings.toml")).unwrap();
    let settings = settings.replace("[discord]\n", "[discord]\nsubscriptions_per_server = 2\n");
    fs::write(world.path("settings.toml"), settings).unwrap();
    for channel in [777, 779, 780] {
        world.discord.deny(channel, 0);
    }
    world.discord.deny(778, EMBED_LINKS);
    world.discord.deny(781, CREATE_PUBLIC_THREADS);
    world.discord.add_thread(782, 777);
}

/// What is refused, and what is listed then.
async fn all_refusals(world: &World) {
    for (args, words) in [
        (&["add", "777", "any"] as &[&str], "channel 777 already subscribes to the rule `any`"),
        (&["add", "777", "nope"], "there is no rule `nope`"),
        (&["add", "781", "any", "--threads", "day"], "the bot lacks Create Public Threads in that channel"),
        (
            &["add", "782", "any", "--threads", "day"],
            "channel 782 is a thread, which has no threads of its own",
        ),
        (&["add", "780", "any", "--threads", "week"], "`week` is neither ticker nor day"),
        (&["add", "999", "any"], "the bot sees no channel 999 on a server"),
        (&["add", "778", "any"], "the bot lacks Embed Links in that channel: grant it"),
        (&["add", "780", "any"], "the channel's server has reached its limit of subscriptions, which is 2"),
        (&["add", "alerts", "any"], "expected a channel's id"),
        (&["remove", "780", "any"], "channel 780 does not subscribe to a rule `any`"),
    ] {
        let said = refused(world, args).await;
        assert!(said.contains(words), "{args:?}: {said}");
    }
    let listed = well(world, &["list"]).await;
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines.len(), 4, "{listed}");
    assert_eq!(lines[0], "channel 777 (#channel-777 on server)");
    assert!(lines[1].starts_with("  any, since ") && lines[1].ends_with(", by the command line"), "{listed}");
    assert_eq!(lines[2], "channel 779 (#channel-779 on server)");
    assert!(lines[3].ends_with(", by the command line, in a thread for each company"), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_bot_changes_its_subscriptions() {
    let world = World::new().await;
    ready(&world);
    let child = Command::new(env!("CARGO_BIN_EXE_sellbell"))
        .args(["run", "--config", "settings.toml", "--since", "2021-08-24"])
        .current_dir(world.dir.path())
        .env_clear()
        .env("DISCORD_TOKEN", FakeDiscord::TOKEN)
        .env("DISCORD_WEBHOOK_HOOK", world.discord.webhook_url(5))
        .env("SMTP_URL", world.smtp.url())
        .stdout(Stdio::null())
        .stderr(fs::File::create(world.path("log")).unwrap())
        .spawn()
        .unwrap();
    let bot = Running(child);
    world.discord.next_message().await;
    world.discord.commands().await;
    let listed = well(&world, &["list"]).await;
    assert_eq!(listed, "No channel has subscriptions.\n");
    assert_eq!(well(&world, &["add", "777", "any"]).await, "Channel 777 now gets alerts for `any`.\n");
    well(&world, &["add", "channel:779", "any", "--threads", "ticker"]).await;
    all_refusals(&world).await;

    let address = fs::read_to_string(world.path("store/address")).unwrap();
    let url = format!("http://{}/subscriptions", address.trim());
    let client = reqwest::Client::new();
    for request in [client.get(&url), client.post(&url), client.delete(&url)] {
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
    let token = fs::read_to_string(world.path("store/token")).unwrap();
    for body in
        ["{", r#"{"channel":"x","rule":"any"}"#, r#"{"channel":777,"rule":"any"}"#, r#"{"rule":"any"}"#]
    {
        let answer = client.post(&url).bearer_auth(&token).body(body).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{body}");
    }

    let removed = well(&world, &["remove", "<#779>", "any"]).await;
    assert_eq!(removed, "Channel 779 no longer gets alerts for `any`.\n");
    let json: Value = serde_json::from_str(&well(&world, &["list", "--json"]).await).unwrap();
    let since = &json[0]["since"];
    assert_eq!(
        json,
        json!([{
            "channel": "777", "channel_name": "channel-777", "server": FakeDiscord::GUILD.to_string(),
            "server_name": "server", "rule": "any", "since": since, "by": null, "threads": null, "set_aside": null,
        }])
    );
    stop(bot).await;
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_bot_the_store_is_changed_itself() {
    let world = World::new().await;
    ready(&world);
    let (was_well, none) = sellbell(&world, &["list"], false).await;
    assert!(was_well && none.contains("There is no store in "), "{none}");
    let added = well(&world, &["add", "777", "any"]).await;
    assert_eq!(added, "Channel 777 (#channel-777 on server) now gets alerts for `any`.\n");
    well(&world, &["add", "779", "any", "--threads", "ticker"]).await;
    all_refusals(&world).await;
    world.discord.fail_next("look", 500, json!({ "message": "no", "code": 0 }), 1);
    let said = refused(&world, &["add", "780", "any"]).await;
    assert!(said.contains("Discord cannot be asked about the channel"), "{said}");
    well(&world, &["remove", "779", "any"]).await;

    let explain = &["explain", "0009900001-21-000001", "--config", "settings.toml"];
    let explained = crate::verbs::said(&at_once(world.dir.path(), explain).await);
    assert!(explained.contains("\u{2192} channel:777 (#channel-777 on server): "), "{explained}");

    // Without a token, a known server counts, and an unknown one is learnt later.
    let (added, said) = sellbell(&world, &["add", "4242", "any"], false).await;
    assert!(added && said == "Channel 4242 now gets alerts for `any`.\n", "{said}");
    let settings = fs::read_to_string(world.path("settings.toml")).unwrap();
    let settings = settings.replace("[discord]\n", "[discord]\nservers = [\"1\"]\n");
    fs::write(world.path("settings.toml"), settings).unwrap();
    let (added, said) = sellbell(&world, &["add", "4243", "any"], false).await;
    assert!(!added && said.contains("only Discord knows the channel's: set DISCORD_TOKEN"), "{said}");
    let said = refused(&world, &["add", "780", "any"]).await;
    assert!(said.contains("[discord] servers does not list the channel's server, 8484"), "{said}");

    let store = reopened(&world.path("store"));
    let now = at("2026-01-05T12:00:00-05:00");
    store.set_aside(FakeDiscord::GUILD, &[777].into(), sellbell::store::Gone::Deleted, now).await.unwrap();
    store.flush().await.unwrap();
    world.close(store);
    let listed = well(&world, &["list"]).await;
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines[0], "channel 4242");
    assert_eq!(lines[2], "channel 777 (#channel-777 on server)");
    let aside = "    set aside since 2026-01-05 12:00:00 EST: the channel was deleted; kept until 2026-02-04 12:00:00 EST";
    assert_eq!(lines[4], aside);
    let json: Value = serde_json::from_str(&well(&world, &["list", "--json"]).await).unwrap();
    assert_eq!(json[1]["set_aside"]["why"], "deleted");
    well(&world, &["remove", "777", "any"]).await;
    well(&world, &["remove", "4242", "any"]).await;
    assert_eq!(well(&world, &["list"]).await, "No channel has subscriptions.\n");
    world.edgar.take_fetched();
    world.finish().await;
}
