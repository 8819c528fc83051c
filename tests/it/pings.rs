//! Roles that a rule mentions and that nobody is pinged by: said where somebody subscribes, checks or tries.

use std::fs;
use std::process::Output;
use std::sync::Arc;

use sellbell::runtime::App;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::fakes::discord::FakeDiscord;
use crate::guilds::until;
use crate::search::Searched as _;
use crate::subscriptions::{MANAGE_GUILD, connect, rule};
use crate::world::World;

const RULES: &str = "[[rule]]\nname = \"loud\"\ntickers = [\"QLYS\"]\nmention = [\"role:31\", \"role:32\", \"user:33\"]\n\
    [[rule]]\nname = \"quiet\"\ntickers = [\"MSFT\"]\n";
const MENTION_EVERYONE: u64 = 1 << 17;

fn with_roles(world: &World) {
    world.discord.add_role(31, "Tra*ders", false);
    world.discord.add_role(32, "Everyone may", true);
}

/// Renames the channel, and waits until that is known: then all that came before is, too.
async fn caught_up(world: &World, app: &App, name: &str) {
    let data = json!({ "id": "777", "type": 0, "name": name, "guild_id": FakeDiscord::GUILD.to_string() });
    world.discord.dispatch("CHANNEL_UPDATE", data).await;
    let expected = format!("#{name} on server");
    until("it has caught up", async || {
        app.store.place_name(777).await.unwrap().is_some_and(|known| known.to_string() == expected)
    })
    .await;
}

#[tokio::test]
async fn who_subscribes_is_told_of_roles_that_cannot_be_pinged() {
    let world = World::new().await;
    with_roles(&world);
    let app = Arc::new(world.app(RULES, None));
    let bot = connect(&world, &app).await;
    let said = |answer: &Value| answer["data"]["content"].as_str().unwrap_or_default().to_owned();
    let again = async || {
        world.discord.slash(777, MANAGE_GUILD, "unsubscribe", rule("loud")).await;
        said(&world.discord.slash(777, MANAGE_GUILD, "subscribe", rule("loud")).await)
    };
    let quiet = said(&world.discord.slash(777, MANAGE_GUILD, "subscribe", rule("quiet")).await);
    assert!(quiet.contains("now gets alerts for `quiet`") && !quiet.contains("ping"), "{quiet}");
    caught_up(&world, &app, "one").await;
    let loud = again().await;
    assert!(
        loud.contains("now gets alerts for `loud`")
            && loud.ends_with(
                "\nI cannot ping **@Tra\\*ders** here: allow anyone to @mention this role, or give me the permission \
                 Mention Everyone."
            ),
        "{loud}"
    );
    // The command itself says what its channel is called.
    assert_eq!(app.store.place_name(777).await.unwrap().unwrap().to_string(), "#channel-777 on server");

    world.discord.grant(777, MENTION_EVERYONE);
    assert!(!again().await.contains("cannot ping"));
    world.discord.grant(777, 0);
    assert!(again().await.contains("cannot ping"));
    let guild = FakeDiscord::GUILD.to_string();
    let role = |mentionable: bool| json!({ "id": "31", "name": "Traders", "mentionable": mentionable });
    for (event, data, pings) in [
        ("GUILD_ROLE_UPDATE", json!({ "guild_id": guild, "role": role(true) }), true),
        ("GUILD_ROLE_CREATE", json!({ "guild_id": guild, "role": role(false) }), false),
        ("GUILD_ROLE_DELETE", json!({ "guild_id": guild, "role_id": "31" }), true),
        ("GUILD_UPDATE", json!({ "id": guild, "name": "server", "roles": [role(false)] }), false),
        ("GUILD_DELETE", json!({ "id": guild, "unavailable": true }), false),
    ] {
        world.discord.dispatch(event, data).await;
        caught_up(&world, &app, &event.to_lowercase()).await;
        let answer = again().await;
        assert_eq!(!answer.contains("I cannot ping **@Traders**"), pings, "{event}: {answer}");
    }
    bot.stop().await;
    world.finish().await;
}

async fn sellbell(world: &World, args: &[&str], token: bool) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sellbell"));
    command.args(args).args(["--config", "settings.toml"]).current_dir(world.dir.path()).env_clear();
    command.env("DISCORD_WEBHOOK_HOOK", world.discord.webhook_url(5)).env("SMTP_URL", world.smtp.url());
    if token {
        command.env("DISCORD_TOKEN", FakeDiscord::TOKEN);
    }
    let Output { status, stdout, stderr } = command.output().await.unwrap().searched();
    (status.success(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
}

fn prepare(world: &World) {
    with_roles(world);
    fs::write(world.path("settings.toml"), world.settings()).unwrap();
    fs::create_dir(world.path("rules")).unwrap();
    let rules = RULES.replace("tickers", "notify = [\"discord:alerts\", \"discord:hook\"]\ntickers");
    fs::write(world.path("rules/a.toml"), rules).unwrap();
    world.discord.deny(555, 0);
}

#[tokio::test]
async fn a_check_asks_discord_which_roles_can_be_pinged() {
    let world = World::new().await;
    prepare(&world);
    let (well, said) = sellbell(&world, &["check"], true).await;
    assert!(well && said.contains("1 warning"), "{said}");
    assert!(said.contains("rule `loud`: its messages to discord:alerts do not ping @Tra*ders"), "{said}");
    assert!(said.contains("allow anyone to @mention this role"), "{said}");
    world.discord.grant(555, MENTION_EVERYONE);
    let (well, said) = sellbell(&world, &["check"], true).await;
    assert!(well && !said.contains("ping") && !said.contains("warning"), "{said}");
    let looks = world.discord.looks();
    let (_, said) = sellbell(&world, &["check"], false).await;
    assert!(!said.contains("ping") && world.discord.looks() == looks, "{said}");
    world.discord.fail_next("look", 500, json!({ "message": "no", "code": 0 }), 1);
    let (well, said) = sellbell(&world, &["check"], true).await;
    assert!(well && said.contains("whether messages to discord:alerts can ping roles is unknown"), "{said}");
    world.finish().await;
}

#[tokio::test]
async fn a_test_alert_tells_of_roles_that_cannot_be_pinged() {
    let world = World::new().await;
    prepare(&world);
    for destination in ["discord:alerts", "channel:555"] {
        let (well, said) = sellbell(&world, &["test-alert", destination], true).await;
        let expected =
            "But alerts of rule `loud` do not ping @Tra*ders there: allow anyone to @mention this role";
        assert!(!well && said.contains(expected), "{said}");
        world.discord.next_message().await;
    }
    let (well, said) = sellbell(&world, &["test-alert", "discord:hook"], true).await;
    assert!(well && !said.contains("ping"), "{said}");
    world.discord.next_message().await;
    world.discord.grant(555, MENTION_EVERYONE);
    let (well, said) = sellbell(&world, &["test-alert", "discord:alerts"], true).await;
    assert!(well && !said.contains("ping"), "{said}");
    world.discord.next_message().await;
    world.finish().await;
}
