//! Servers that the bot leaves and returns to, channels that are deleted, and what then becomes of their
//! subscriptions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use mail_parser::MessageParser;
use sellbell::config::SubscriptionLimits;
use sellbell::delivery::{Body, Delivery};
use sellbell::destination::Destination;
use sellbell::notice::Notice;
use sellbell::runtime::{App, housekeeping_once};
use sellbell::service;
use sellbell::store::{Gone, SetAside, Subscription};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::fakes::discord::FakeDiscord;
use crate::fakes::gateway::Farewell;
use crate::subscriptions::{Bot, MANAGE_GUILD, connect, rule};
use crate::world::{World, at, deliver_all, qualys, records, small_sale};

const RULES: &str = "[[rule]]\nname = \"all\"\ntickers = [\"QLYS\"]\n";
const SINCE: &str = "2021-08-24T00:00:00-04:00";
const NOW: &str = "2021-08-24T17:12:31-04:00";
const SERVER: u64 = FakeDiscord::GUILD;
const OTHER: u64 = 9_999;

fn server(channels: &[(u64, &str)]) -> Value {
    FakeDiscord::server(SERVER, "Traders", channels)
}

fn channel(id: u64, name: &str) -> Value {
    json!({ "id": id.to_string(), "type": 0, "name": name, "guild_id": SERVER.to_string(), "position": 0 })
}

async fn subscribe(app: &App, server: u64, channel: u64) {
    let most = usize::MAX;
    let limits = SubscriptionLimits { per_channel: most, per_person: most, per_server: most, in_all: most };
    let asked = Subscription::new(Some(server), channel, "all", 55);
    app.store.subscribe_within(asked, &[], limits, at(NOW)).await.unwrap();
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let looking = async {
        while !is_so().await {
            sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(timeout(Duration::from_secs(20), looking).await.is_ok(), "{what}");
}

async fn name_of(app: &App, channel: u64) -> Option<String> {
    app.store.place_name(channel).await.unwrap().map(|name| name.to_string())
}

/// Waits until the bot has handled all that the gateway said before.
async fn caught_up(world: &World, app: &App, channel: u64) {
    static TIMES: AtomicUsize = AtomicUsize::new(0);
    let name = format!("caught-up-{}", TIMES.fetch_add(1, Ordering::SeqCst));
    let data = json!({ "id": channel.to_string(), "type": 0, "name": name, "guild_id": OTHER.to_string() });
    world.discord.dispatch("CHANNEL_UPDATE", data).await;
    let shown = format!("#{name} on Others");
    until("it has caught up", async || name_of(app, channel).await.as_deref() == Some(&*shown)).await;
}

async fn gone(app: &App) -> Vec<(u64, Gone)> {
    let all = app.store.channels_set_aside().await.unwrap();
    all.iter().map(|SetAside { channel, why, .. }| (*channel, *why)).collect()
}

async fn channels(app: &App) -> Vec<u64> {
    app.store.subscribers("all").await.unwrap()
}

/// A bot on two servers, with subscriptions in two channels of the first and one of the second.
async fn started(world: &World) -> (Arc<App>, Bot) {
    let others = FakeDiscord::server(OTHER, "Others", &[(900, "news")]);
    world.discord.set_servers(&[server(&[(777, "alerts"), (778, "more")]), others]);
    let settings = world.settings() + "[operators]\nnotify = [\"email:desk\"]\n";
    let app = Arc::new(world.app_with(&settings, RULES, Some(SINCE)));
    for (server, channel) in [(SERVER, 777), (SERVER, 778), (OTHER, 900)] {
        subscribe(&app, server, channel).await;
    }
    let bot = connect(world, &app).await;
    until("names are known", async || name_of(&app, 900).await.is_some()).await;
    (app, bot)
}

async fn stopped(world: World, app: Arc<App>, bot: Bot) {
    bot.stop().await;
    drop(app);
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn a_server_that_the_bot_left_gets_nothing_until_it_returns() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    assert_eq!(name_of(&app, 777).await.unwrap(), "#alerts on Traders");
    world.discord.dispatch("GUILD_DELETE", json!({ "id": SERVER.to_string() })).await;
    until("set aside", async || channels(&app).await == [900]).await;
    assert_eq!(gone(&app).await, [(777, Gone::LeftServer), (778, Gone::LeftServer)]);
    assert!(!app.store.has_subscriptions(SERVER).await.unwrap(), "it does not count");
    let checked = app.store.check().await.unwrap();
    assert_eq!(checked.problems, Vec::<String>::new());
    assert_eq!(checked.records["set_aside"], 2);

    world.edgar.publish(&qualys());
    let now = at(NOW);
    app.intake.poll_once(now).await.unwrap();
    assert_eq!(deliver_all(&app, now).await, (1, 0, 0), "only the other server, and no notice");
    assert_eq!(world.discord.next_message().await.target, "channel:900");

    world.discord.dispatch("GUILD_CREATE", server(&[(777, "signals")])).await;
    until("back", async || channels(&app).await == [777, 778, 900]).await;
    until("renamed", async || name_of(&app, 777).await.unwrap() == "#signals on Traders").await;
    assert_eq!(gone(&app).await, []);
    let all = app.store.all_subscriptions().await.unwrap();
    assert!(all.iter().all(|one| one.by == Some(55) && one.since == now && one.set_aside.is_none()));
    assert_eq!(app.store.check().await.unwrap().problems, Vec::<String>::new());
    stopped(world, app, bot).await;
}

#[tokio::test]
async fn what_waits_for_a_deleted_channel_is_given_up_and_nobody_is_bothered() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    world.edgar.publish(&qualys());
    let now = at(NOW);
    app.intake.poll_once(now).await.unwrap();
    // Discord already refuses the channel, but the gateway has not said so.
    let unknown = json!({ "message": "Unknown Channel", "code": 10003 });
    world.discord.fail_next("channel:777", 404, unknown, 9);
    world.discord.dispatch("CHANNEL_DELETE", channel(778, "more")).await;
    until("set aside", async || channels(&app).await == [777, 900]).await;
    assert_eq!(gone(&app).await, [(778, Gone::Deleted)]);
    let place: Destination = "channel:778".parse().unwrap();
    assert!(app.store.queued(&place, 9).await.unwrap().is_empty());
    let dead = app.store.dead_of(&place).await.unwrap();
    assert_eq!((dead.len(), app.store.counts().await.unwrap().dead), (1, 1));
    assert!(app.store.given_up().await.unwrap().is_empty(), "nothing to report");

    // One that was paused is forgotten, with a notice that was already sent.
    assert_eq!(deliver_all(&app, now).await.0, 1, "the other server");
    assert_eq!(deliver_all(&app, now).await.0, 1, "the notice that 777 is paused");
    world.discord.next_message().await;
    let mail = world.smtp.next_mail().await;
    let mail = MessageParser::default().parse(&mail.raw).unwrap();
    assert!(mail.subject().unwrap().contains("#alerts on Traders is paused"), "{mail:?}");
    let status = service::status(&app, now).await.unwrap();
    assert!(status.paused[0].starts_with("channel:777 since"), "ids are for programs");
    assert_eq!(status.names["channel:777"], "#alerts on Traders");
    world.discord.dispatch("CHANNEL_DELETE", channel(777, "alerts")).await;
    until("set aside", async || channels(&app).await == [900]).await;
    assert!(app.store.all_paused().await.unwrap().is_empty());
    housekeeping_once(&app, now + TimeDelta::hours(2)).await.unwrap();
    assert_eq!(deliver_all(&app, now + TimeDelta::hours(2)).await, (0, 0, 0));
    stopped(world, app, bot).await;
}

#[tokio::test]
async fn a_refusal_after_the_channel_was_deleted_is_no_news() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    world.edgar.publish(&qualys());
    let now = at(NOW);
    world
        .discord
        .dispatch(
            "THREAD_DELETE",
            json!({
                "id": "777", "guild_id": SERVER.to_string(), "parent_id": "776", "type": 11,
            }),
        )
        .await;
    until("set aside", async || gone(&app).await == [(777, Gone::Deleted)]).await;
    // It was queued in the meantime.
    app.intake.poll_once(now).await.unwrap();
    let mut late = app.store.queued(&"channel:778".parse().unwrap(), 1).await.unwrap().remove(0);
    late.destination = "channel:777".parse().unwrap();
    late.key = sellbell::alert::Key::of(&["late"]);
    app.store.enqueue(&late).await.unwrap();
    world.discord.fail_next("channel:777", 404, json!({ "message": "Unknown Channel", "code": 10003 }), 1);
    let (delivered, failed, dead) = deliver_all(&app, now).await;
    assert_eq!((delivered, failed, dead), (2, 0, 1));
    for _ in 0..2 {
        world.discord.next_message().await;
    }
    assert!(app.store.all_paused().await.unwrap().is_empty());
    housekeeping_once(&app, now).await.unwrap();
    assert_eq!(deliver_all(&app, now).await, (0, 0, 0), "no notice");
    stopped(world, app, bot).await;
}

#[tokio::test]
async fn a_channel_that_exists_again_is_subscribed_again() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    world.discord.dispatch("CHANNEL_DELETE", channel(777, "alerts")).await;
    until("set aside", async || channels(&app).await == [778, 900]).await;
    // The server's return alone brings no deleted channel back.
    world.discord.dispatch("GUILD_CREATE", server(&[(778, "more")])).await;
    caught_up(&world, &app, 900).await;
    assert_eq!(gone(&app).await, [(777, Gone::Deleted)]);
    world.discord.dispatch("CHANNEL_CREATE", channel(777, "again")).await;
    until("back", async || channels(&app).await == [777, 778, 900]).await;
    until("named", async || name_of(&app, 777).await.unwrap() == "#again on Traders").await;
    stopped(world, app, bot).await;
}

#[tokio::test]
async fn an_outage_is_not_taken_for_leaving_and_unreadable_events_end_nothing() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    world.discord.dispatch("GUILD_DELETE", json!({ "id": SERVER.to_string(), "unavailable": true })).await;
    for kind in [
        "READY_SUPPLEMENTAL",
        "GUILD_CREATE",
        "GUILD_UPDATE",
        "GUILD_DELETE",
        "CHANNEL_CREATE",
        "CHANNEL_UPDATE",
        "CHANNEL_DELETE",
        "THREAD_DELETE",
        "GUILD_ROLE_CREATE",
        "GUILD_ROLE_UPDATE",
        "GUILD_ROLE_DELETE",
    ] {
        for data in [
            Value::Null,
            json!([]),
            json!({ "id": 0 }),
            json!({ "id": "x", "guild_id": {} }),
            json!({ "id": SERVER.to_string(), "channels": 7, "name": ["x"], "roles": "x" }),
            json!({ "id": "777", "guild_id": null, "name": null }),
        ] {
            if kind == "GUILD_DELETE" && data["channels"] == 7 {
                continue;
            }
            world.discord.dispatch(kind, data).await;
        }
    }
    caught_up(&world, &app, 900).await;
    assert_eq!(channels(&app).await, [777, 778, 900]);
    assert_eq!(gone(&app).await, []);
    assert_eq!(world.discord.asked_for(), (1, 0), "the same session");
    stopped(world, app, bot).await;
}

#[tokio::test]
async fn a_server_that_was_left_while_the_bot_was_offline_is_noticed_and_a_restart_changes_nothing() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    bot.stop().await;
    world.close(app);
    let others = FakeDiscord::server(OTHER, "Others", &[(900, "news")]);
    world.discord.set_servers(&[others]);
    for _ in 0..2 {
        let app = Arc::new(world.app(RULES, None));
        let bot = connect(&world, &app).await;
        until("set aside", async || channels(&app).await == [900]).await;
        assert_eq!(gone(&app).await, [(777, Gone::LeftServer), (778, Gone::LeftServer)]);
        bot.stop().await;
        world.close(app);
    }
    world.discord.set_servers(&[server(&[])]);
    let app = Arc::new(world.app(RULES, None));
    let bot = connect(&world, &app).await;
    until("the one is back, the other gone", async || channels(&app).await == [777, 778]).await;
    assert_eq!(gone(&app).await, [(900, Gone::LeftServer)]);
    stopped(world, app, bot).await;
}

#[tokio::test]
async fn a_session_that_goes_on_is_no_reason_to_set_anything_aside() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    world.discord.set_servers(&[]);
    world.discord.end_session(Farewell::Asks);
    world.discord.knocked(2).await;
    caught_up(&world, &app, 900).await;
    assert_eq!(world.discord.asked_for(), (1, 1));
    assert_eq!(channels(&app).await, [777, 778, 900]);
    stopped(world, app, bot).await;
}

#[tokio::test]
async fn after_thirty_days_nothing_is_left() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    let set_aside_at: DateTime<Utc> = at(NOW);
    app.store.set_aside(SERVER, &[777, 778].into(), Gone::LeftServer, set_aside_at).await.unwrap();
    let days = |days| set_aside_at + TimeDelta::days(days);
    app.intake.poll_once(days(29)).await.unwrap();
    housekeeping_once(&app, days(29)).await.unwrap();
    // A clock that is ahead forgets nothing.
    housekeeping_once(&app, days(400)).await.unwrap();
    assert_eq!(gone(&app).await.len(), 2);
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-09-24T17:12:31-04:00"));
    app.intake.poll_once(days(31)).await.unwrap();
    housekeeping_once(&app, days(31)).await.unwrap();
    assert_eq!(gone(&app).await, []);
    bot.stop().await;
    world.close(app);
    let names: Vec<Value> =
        records(&world.path("store")).await.into_iter().filter(|record| record["tree"] == "names").collect();
    let keys: Vec<&str> = names.iter().map(|record| record["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["channel/900", format!("server/{OTHER}").as_str()], "their names are forgotten, too");
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn a_monstrous_server_is_read_and_only_what_is_needed_is_kept() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    let overwrite = json!({ "id": "1", "type": 0, "allow": "0", "deny": "1099511627775" });
    let overwrites = vec![overwrite; 100];
    let channels_of =
        |range: std::ops::Range<u64>| -> Vec<Value> {
            range.map(|id| {
            let name = format!("c-{id}\u{202e}\n{}", "x".repeat(300));
            json!({ "id": id.to_string(), "type": 0, "name": name, "permission_overwrites": overwrites })
        }).collect()
        };
    let mut big = server(&[]);
    big["name"] = json!(format!("Big\u{0}\u{1b}[31m{}", "y".repeat(1_000_000)));
    big["channels"] = json!(channels_of(400..1_000));
    big["threads"] = json!(channels_of(10_000..11_000));
    let text = big.to_string();
    assert!(text.len() > 8_000_000 && text.len() < 16_000_000, "{}", text.len());
    world.discord.dispatch("GUILD_CREATE", big).await;
    until("renamed", async || name_of(&app, 777).await.unwrap().starts_with("#c-777")).await;
    let name = app.store.place_name(777).await.unwrap().unwrap();
    assert!(name.channel.starts_with("c-777 xxx") && name.channel.chars().count() == 100, "{name}");
    let shown = name.server.unwrap();
    assert!(shown.starts_with("Big[31myyy") && shown.chars().count() == 100, "{shown}");
    // One with more channels than any server has is not read.
    let mut endless = server(&[]);
    let ids = (1_u64..5_001).map(|id| json!({ "id": id.to_string(), "name": "changed" }));
    endless["channels"] = ids.collect();
    world.discord.dispatch("GUILD_CREATE", endless).await;
    caught_up(&world, &app, 900).await;
    assert!(name_of(&app, 777).await.unwrap().starts_with("#c-777"));
    assert_eq!(world.discord.asked_for(), (1, 0), "the same session");
    bot.stop().await;
    world.close(app);
    let kept = records(&world.path("store")).await.iter().filter(|record| record["tree"] == "names").count();
    assert_eq!(kept, 5, "three channels and two servers");
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn subscriptions_of_an_older_version_learn_their_servers() {
    let world = World::new().await;
    let app = Arc::new(world.app(RULES, None));
    app.store.subscribe(777, "all", 1, at(NOW)).await.unwrap();
    world.discord.set_servers(&[server(&[(777, "alerts")])]);
    let bot = connect(&world, &app).await;
    until("it is known", async || app.store.has_subscriptions(SERVER).await.unwrap()).await;
    until("it is named", async || name_of(&app, 777).await.as_deref() == Some("#alerts on Traders")).await;
    let answer = world.discord.slash(777, MANAGE_GUILD, "unsubscribe", rule("all")).await;
    assert!(answer["data"]["content"].as_str().unwrap().contains("no longer"), "{answer}");
    assert_eq!(name_of(&app, 777).await, None, "nothing is kept of a channel without subscriptions");
    stopped(world, app, bot).await;
}

#[tokio::test]
async fn however_much_waits_for_a_channel_that_is_gone_is_given_up() {
    let world = World::new().await;
    let app = world.app(RULES, None);
    let (now, place): (_, Destination) = (at(NOW), "channel:777".parse().unwrap());
    for channel in [777, 778] {
        subscribe(&app, SERVER, channel).await;
    }
    for number in 0..1_203 {
        let body = Body::Notice(Box::new(Notice::written(now, format!("Number {number}"), "A text")));
        app.store.enqueue(&Delivery::new(place.clone(), body, now)).await.unwrap();
    }
    // Others are not concerned.
    app.store.subscribe(900, "all", 1, now).await.unwrap();
    let done = app.store.set_aside(SERVER, &[777, 778, 779].into(), Gone::LeftServer, now).await.unwrap();
    assert_eq!((done.subscriptions, done.deliveries), (2, 1_203));
    let counts = app.store.counts().await.unwrap();
    assert_eq!((counts.queued, counts.dead), (0, 1_203));
    let again = app.store.set_aside(SERVER, &[777, 778, 779].into(), Gone::Deleted, now).await.unwrap();
    assert_eq!((again.subscriptions, again.deliveries), (0, 0));
    assert_eq!(gone(&app).await, [(777, Gone::LeftServer), (778, Gone::LeftServer)]);
    assert_eq!(app.store.check().await.unwrap().problems, Vec::<String>::new());
    assert_eq!(app.store.take_back(&[777, 999].into()).await.unwrap(), 1);
    assert_eq!(app.store.take_back(&[777, 999].into()).await.unwrap(), 0);
    assert_eq!(channels(&app).await, [777, 900]);
    world.finish().await;
}

#[tokio::test]
async fn a_name_steers_no_notice() {
    let world = World::new().await;
    let hostile = "@everyone `x` [y](http://evil.example)\u{202e}\n# big";
    world.discord.set_servers(&[FakeDiscord::server(SERVER, hostile, &[(777, "<@&1> **b**")])]);
    let settings = world.settings() + "[operators]\nnotify = [\"discord:hook\"]\n";
    let app = Arc::new(world.app_with(&settings, RULES, Some(SINCE)));
    subscribe(&app, SERVER, 777).await;
    let bot = connect(&world, &app).await;
    until("the name is known", async || name_of(&app, 777).await.is_some()).await;
    world.edgar.publish(&qualys());
    let now = at(NOW);
    app.intake.poll_once(now).await.unwrap();
    world.discord.fail_next("channel:777", 404, json!({ "message": "Unknown Channel", "code": 10003 }), 9);
    assert_eq!(deliver_all(&app, now).await.0, 0);
    assert_eq!(deliver_all(&app, now).await.0, 1);
    let body = world.discord.next_message().await.body;
    let said = format!("{}{}", body["content"], body["embeds"][0]["title"]);
    assert!(said.contains("is paused") && said.contains("evil"), "{said}");
    for steering in ["@everyone", "](http", "<@&1>", "**b**", "\u{202e}", "\n# big"] {
        assert!(!said.contains(steering), "{steering}: {said}");
    }
    assert_eq!(body["allowed_mentions"]["parse"], json!([]));
    stopped(world, app, bot).await;
}
