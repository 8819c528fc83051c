//! A public bot: what strangers who add it to their servers may do, and what they cannot take from others.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use sellbell::clock::Clock;
use sellbell::delivery::{Batch, Body, Delivery};
use sellbell::destination::Destination;
use sellbell::notice::Notice;
use sellbell::outbox::{Lane, Retry};
use sellbell::runtime::{self, App};
use sellbell::store::Subscription;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::fakes::discord::FakeDiscord;
use crate::subscriptions::{MANAGE_GUILD, connect, rule};
use crate::world::{World, at, deliver_all, deliver_to, qualys};

const RULES: &str = "[[rule]]\nname = \"all-sales\"\ndescription = \"Anybody\\u001B[31m sells\\u202E\"\ncodes = [\"S\"]\n\
    [[rule]]\nname = \"any\"\ntickers = [\"QLYS\"]\n[[rule]]\nname = \"more\"\ntickers = [\"QLYS\"]\n";
const SINCE: &str = "2021-08-24T00:00:00-04:00";
const NOW: &str = "2021-08-24T17:12:31-04:00";
const STRANGER: u64 = FakeDiscord::GUILD;

fn with(world: &World, more: &str) -> String {
    world.settings().replace("[discord]\n", &format!("[discord]\n{more}\n"))
}

fn said(answer: &Value) -> &str {
    answer["data"]["content"].as_str().unwrap()
}

fn choices(answer: &Value) -> usize {
    answer["data"]["choices"].as_array().unwrap().len()
}

fn typed() -> Value {
    json!([{ "name": "rule", "type": 3, "value": "", "focused": true }])
}

#[tokio::test]
async fn a_server_that_the_settings_do_not_name_changes_and_sees_nothing() {
    for (servers, allowed) in
        [("servers = [\"77\"]", false), ("servers = [\"77\", \"8484\"]", true), ("", true)]
    {
        let world = World::new().await;
        let app = Arc::new(world.app_with(&with(&world, servers), RULES, None));
        let bot = connect(&world, &app).await;
        for command in ["subscribe", "subscriptions", "unsubscribe"] {
            let options = if command == "subscriptions" { json!([]) } else { rule("all-sales") };
            let answer = world.discord.slash(777, MANAGE_GUILD, command, options).await;
            assert_eq!(said(&answer).contains("does not serve this server"), !allowed, "{command}: {answer}");
            assert!(allowed || answer["data"]["flags"] == 68, "seen by the one who asked only");
        }
        let offered = world.discord.autocomplete(777, "subscribe", typed()).await;
        assert_eq!(choices(&offered), if allowed { 3 } else { 0 });
        assert!(app.store.subscriptions(777).await.unwrap().is_empty());
        bot.stop().await;
        world.finish().await;
    }
}

#[tokio::test]
async fn rules_are_offered_only_to_those_who_may_use_the_command() {
    let world = World::new().await;
    let app = Arc::new(world.app(RULES, None));
    app.store.subscribe(777, "any", 1, at(NOW)).await.unwrap();
    let bot = connect(&world, &app).await;
    let (send_messages, administrator, manage_channels) = ("2048", "8", "16");
    for command in ["subscribe", "unsubscribe"] {
        for permissions in ["0", send_messages, manage_channels] {
            let offered = world.discord.autocomplete_as(777, permissions, command, typed()).await;
            assert_eq!(choices(&offered), 0, "{command} {permissions}");
        }
        for permissions in [MANAGE_GUILD, administrator] {
            let offered = world.discord.autocomplete_as(777, permissions, command, typed()).await;
            assert_eq!(choices(&offered), if command == "subscribe" { 3 } else { 1 }, "{permissions}");
        }
    }
    // What is shown steers no terminal.
    let offered = world.discord.autocomplete(777, "subscribe", typed()).await;
    assert_eq!(offered["data"]["choices"][0]["name"], "all-sales: Anybody[31m sells");
    let answer = world.discord.slash(777, MANAGE_GUILD, "subscribe", rule("all-sales")).await;
    assert!(said(&answer).ends_with("> Anybody[31m sells"), "{answer}");
    let strange = "all-sales\u{1b}]0;x\u{7}\u{202e}\u{9b}31m`\n@everyone";
    for command in ["subscribe", "unsubscribe"] {
        let answer = world.discord.slash(777, MANAGE_GUILD, command, rule(strange)).await;
        assert!(!said(&answer).contains(['\u{1b}', '\u{202e}', '\u{9b}', '\u{7}', '@']), "{answer}");
    }
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn a_server_and_all_together_have_only_so_many_subscriptions() {
    for (limit, words) in [
        (
            "subscriptions_per_server = 2",
            "This server has reached its limit of subscriptions and watches (2)",
        ),
        ("subscriptions_in_all = 3", "reached its limit of subscriptions"),
    ] {
        let world = World::new().await;
        let servers = [(FakeDiscord::GUILD, "server"), (99, "other")];
        world.discord.set_servers(&servers.map(|(id, name)| FakeDiscord::server(id, name, &[])));
        let app = Arc::new(world.app_with(&with(&world, limit), RULES, None));
        let limits = app.settings.discord.limits;
        // Of another server.
        let other = Subscription::new(Some(99), 5, "any", 1);
        app.store.subscribe_within(other, &[], limits, at(NOW)).await.unwrap();
        let bot = connect(&world, &app).await;
        let subscribe = |channel, name| world.discord.slash(channel, MANAGE_GUILD, "subscribe", rule(name));
        for (channel, name) in [(777, "any"), (778, "more")] {
            let answer = subscribe(channel, name).await;
            assert!(said(&answer).contains("now gets alerts"), "{answer}");
        }
        let answer = subscribe(777, "any").await;
        assert!(said(&answer).contains("already"), "what is there is no new one: {answer}");
        // In another channel, too.
        for (channel, name) in [(777, "more"), (779, "any")] {
            let answer = subscribe(channel, name).await;
            assert!(said(&answer).contains(words) && answer["data"]["flags"] == 68, "{answer}");
            assert!(!app.store.subscriptions(channel).await.unwrap().contains(&name.to_owned()));
        }
        let answer = world.discord.slash(777, MANAGE_GUILD, "unsubscribe", rule("any")).await;
        assert!(said(&answer).contains("no longer gets alerts"), "{answer}");
        let answer = subscribe(779, "any").await;
        assert!(said(&answer).contains("now gets alerts"), "{answer}");
        bot.stop().await;
        world.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_at_the_same_time_do_not_pass_a_limit() {
    let world = World::new().await;
    let app = Arc::new(world.app_with(&with(&world, "subscriptions_per_server = 5"), RULES, None));
    let bot = connect(&world, &app).await;
    let asked =
        (0..20).map(|number| world.discord.slash(700 + number, MANAGE_GUILD, "subscribe", rule("any")));
    let answers = join_all(asked).await;
    let new = answers.iter().filter(|answer| said(answer).contains("now gets alerts")).count();
    assert_eq!((new, app.store.subscribers("any").await.unwrap().len()), (5, 5));
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn channels_of_a_server_that_is_no_longer_named_get_nothing_also_where_their_server_was_not_noted() {
    for (servers, alerts) in [("[\"77\"]", 1), ("[\"8484\"]", 3)] {
        let world = World::new().await;
        let settings = with(&world, &format!("servers = {servers}"));
        let app = Arc::new(world.app_with(&settings, RULES, Some(SINCE)));
        let noted = Subscription::new(Some(STRANGER), 776, "any", 1);
        app.store.subscribe_within(noted, &[], app.settings.discord.limits, at(NOW)).await.unwrap();
        // As an older version wrote them: the server of one can be found out, the other's channel is gone.
        app.store.subscribe(777, "any", 1, at(NOW)).await.unwrap();
        app.store.subscribe(779, "any", 1, at(NOW)).await.unwrap();
        world.discord.deny(777, 0);
        let bot = connect(&world, &app).await;
        let found = async {
            while app.store.channels_without_server().await.unwrap().contains(&777)
                || world.discord.looks() < 2
            {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(20), found).await.expect("the server is not found out");
        world.edgar.publish(&qualys());
        app.intake.poll_once(at(NOW)).await.unwrap();
        assert_eq!(deliver_all(&app, at(NOW)).await, (alerts, 0, 0), "{servers}");
        assert_eq!(world.discord.take_messages().len(), alerts);
        bot.stop().await;
        world.edgar.take_fetched();
        world.finish().await;
    }
}

#[tokio::test]
async fn words_of_discords_errors_steer_nothing_and_have_an_end() {
    let words = format!("No\u{1b}]0;title\u{7}\u{9b}31m\u{202e}\n\u{2066}{}", "x".repeat(100_000));
    let tree = json!({ "embeds": { words.as_str(): { "_errors": [{ "code": "X", "message": words }] } } });
    let world = World::new().await;
    let app = world.app(RULES, None);
    let is_plain = |said: &str| {
        assert!(said.starts_with("Discord") && said.len() < 1_000, "{} bytes: {:.300}", said.len(), said);
        let steers = |c: char| c.is_control() || "\u{202e}\u{2066}".contains(c);
        assert!(!said.contains(steers), "{said:?}");
    };
    let channel = Destination::Channel(777);
    for (status, code) in [(403, 50_001), (404, 10_003), (500, 0), (400, 987_654)] {
        let body = json!({ "message": words, "code": code, "errors": tree });
        world.discord.fail_next("look", status, body.clone(), 2);
        is_plain(&app.notifier.lacks(&channel, false).await.unwrap_err().to_string());
        is_plain(&app.notifier.bot().unwrap().server_of(777).await.unwrap_err().to_string());
        let delivery = notice("channel:777", &format!("{code}"), at(NOW));
        world.discord.fail_next("channel:777", status, body, 1);
        let batch = Batch::one(delivery);
        is_plain(&app.notifier.send(&batch, at(NOW)).await.unwrap_err().to_string());
    }
    world.finish().await;
}

fn notice(destination: &str, text: &str, now: DateTime<Utc>) -> Delivery {
    let notice = Notice::written(now, "A notice", text);
    Delivery::new(destination.parse().unwrap(), Body::Notice(Box::new(notice)), now)
}

async fn crowd(app: &App, channels: u64, now: DateTime<Utc>) -> Vec<Destination> {
    let names = (0..channels).map(|number| format!("channel:{}", 10_000 + number));
    let mut queued = Vec::new();
    for name in names {
        app.store.enqueue(&notice(&name, "x", now)).await.unwrap();
        queued.push(name.parse().unwrap());
    }
    queued
}

#[tokio::test]
async fn channels_of_the_settings_are_not_held_up_by_those_that_subscribed() {
    let world = World::new().await;
    let app = world.app(RULES, None);
    let now = at(NOW);
    let crowd = crowd(&app, 60, now).await;
    let (mut lanes, mut sent) = (Vec::new(), 0);
    for destination in crowd {
        let mut lane = Lane::default();
        sent += deliver_to(&app, &destination, &mut lane, now).await.0;
        lanes.push((destination, lane));
    }
    assert_eq!(sent, 36, "as many as fit into a second");
    for name in ["discord:alerts", "discord:hook"] {
        for text in ["one", "two"] {
            app.store.enqueue(&notice(name, text, now)).await.unwrap();
        }
        let delivered = deliver_to(&app, &name.parse().unwrap(), &mut Lane::default(), now).await;
        assert_eq!(delivered, (2, 0, 0), "{name}");
    }
    // More of them wait now: what becomes free is theirs.
    app.store.enqueue(&notice("discord:alerts", "three", now)).await.unwrap();
    let (alerts, mut lane) = ("discord:alerts".parse().unwrap(), Lane::default());
    assert_eq!(deliver_to(&app, &alerts, &mut lane, now).await, (0, 0, 0));
    let later = now + TimeDelta::milliseconds(999);
    for (destination, lane) in &mut lanes {
        assert_eq!(deliver_to(&app, destination, lane, later).await.0, 0);
    }
    let later = now + TimeDelta::seconds(1);
    assert_eq!(deliver_to(&app, &alerts, &mut lane, later).await, (1, 0, 0));
    assert_eq!(world.discord.take_messages().len(), 41);
    // Nobody is forgotten.
    for seconds in 2..5 {
        for (destination, lane) in &mut lanes {
            sent += deliver_to(&app, destination, lane, now + TimeDelta::seconds(seconds)).await.0;
        }
    }
    assert_eq!((sent, world.discord.take_messages().len()), (60, 24));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_notice_comes_at_once_while_many_channels_wait() {
    let mut world = World::new().await;
    // A slow clock: seven messages a second are no work for a machine that does other things.
    world.clock = Clock::played(at(NOW), 0.2);
    let app = Arc::new(world.app(RULES, None));
    crowd(&app, 300, app.clock().now()).await;
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(runtime::run(Arc::clone(&app), None, async move { drop(stopped.await) }));
    while world.discord.unread() < 36 {
        sleep(Duration::from_millis(2)).await;
    }
    let began = app.clock().now();
    app.store.enqueue(&notice("discord:alerts", "at once", began)).await.unwrap();
    assert!(app.outbox.retry(&Retry::One("discord:alerts".parse().unwrap()), began).await.unwrap().is_ok());
    world.discord.take_messages();
    let mut others = 0;
    while world.discord.next_message().await.target != "channel:555" {
        others += 1;
    }
    // Of more than 200 that wait, not even those of a second.
    assert!(others < 36, "{others}");
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
    world.discord.take_messages();
    world.edgar.take_fetched();
    world.finish().await;
}
