//! Channels of every kind: forums with a post per alert, announcements, closed threads, and kinds that take
//! nothing.

use std::fs;
use std::process::Output;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use sellbell::config::Settings;
use sellbell::delivery::Batch;
use sellbell::destination::Destination;
use sellbell::notify::{Notifier, Secrets};
use sellbell::outbox::Lane;
use sellbell::render::terminal::Colour;
use sellbell::runtime::App;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::fakes::discord::FakeDiscord;
use crate::fakes::threads::{ANNOUNCEMENTS, FORUM, MEDIA};
use crate::pictures::DAY_BEFORE;
use crate::related::{Filed, filed, publish};
use crate::search::Searched as _;
use crate::subscriptions::{MANAGE_GUILD, connect, rule};
use crate::together::{alert, queue};
use crate::world::{World, at, deliver_all, deliver_to};

const RULES: &str = "[[rule]]\nname = \"all-sales\"\ncodes = [\"S\"]\nnotify = [\"discord:alerts\"]\n";
const SUBSCRIBED: &str = "[[rule]]\nname = \"all-sales\"\ncodes = [\"S\"]\n";
const SINCE: &str = "2025-12-01T00:00:00-05:00";
const NOW: &str = "2025-12-11T17:00:00-05:00";
const LATER: &str = "2025-12-13T17:00:00-05:00";
const STAGE: u64 = 13;

fn first() -> Filed {
    filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00")
}

fn second() -> Filed {
    Filed {
        owner: (8, "ROE RICHARD"),
        sales: vec![("200", "10", "700", "D")],
        ..filed("0000000070-25-000002", "2025-12-11T16:31:00-05:00")
    }
}

/// Amends the first filing so much that a reply says so.
fn amended() -> Filed {
    Filed {
        form: "4/A",
        original: Some("2025-12-11"),
        sales: vec![("150", "10", "850", "D")],
        ..filed("0000000070-25-000003", "2025-12-13T16:30:00-05:00")
    }
}

async fn world() -> World {
    let world = World::new().await;
    world.discord.set_time(at(NOW));
    world
}

fn said(answer: &Value) -> &str {
    answer["data"]["content"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn commands_refuse_a_channel_of_a_kind_that_takes_no_alerts() {
    let world = World::new().await;
    let app = Arc::new(world.app(SUBSCRIBED, Some(SINCE)));
    let bot = connect(&world, &app).await;
    for (channel, kind, words) in [
        (701, 4, "This channel is a category"),
        (702, STAGE, "is a stage"),
        (703, 14, "is a directory"),
        (704, 99, "is of a kind that sellbell does not know"),
    ] {
        world.discord.set_kind(channel, kind);
        let ticker = json!([{ "name": "ticker", "type": 3, "value": "ACME" }]);
        for (name, options) in [("subscribe", rule("all-sales")), ("watch", ticker), ("test", json!([]))] {
            let answer = world.discord.slash(channel, MANAGE_GUILD, name, options).await;
            assert!(said(&answer).contains(words) && said(&answer).contains("in a text, voice"), "{answer}");
            assert_eq!(answer["data"]["flags"].as_u64().unwrap() & 64, 64, "only the member sees it");
        }
        assert!(app.store.subscriptions(channel).await.unwrap().is_empty());
    }
    let voice = 2;
    world.discord.set_kind(705, voice);
    let answer = world.discord.slash(705, MANAGE_GUILD, "subscribe", rule("all-sales")).await;
    assert!(said(&answer).contains("now gets alerts"), "a voice channel has a chat: {answer}");
    bot.stop().await;
    world.finish().await;
}

async fn sellbell(world: &World, args: &[&str]) -> (bool, String) {
    fs::create_dir_all(world.path("rules")).unwrap();
    fs::write(world.path("rules/sales.toml"), RULES).unwrap();
    let settings = world.settings() + &format!("[rules]\ndir = \"{}\"\n", world.path("rules").display());
    fs::write(world.path("settings.toml"), settings).unwrap();
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_sellbell"))
        .args(args)
        .args(["--config", "settings.toml"])
        .current_dir(world.dir.path())
        .env_clear()
        .env("DISCORD_TOKEN", FakeDiscord::TOKEN)
        .env("DISCORD_WEBHOOK_HOOK", world.discord.webhook_url(5))
        .env("SMTP_URL", world.smtp.url())
        .output()
        .await
        .unwrap()
        .searched();
    (status.success(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_refuses_it_too() {
    let world = World::new().await;
    world.discord.set_kind(555, STAGE);
    let advice = "use the id of a text, voice, announcement, forum or media channel";
    let (well, said) = sellbell(&world, &["check"]).await;
    let wrong = "the channel of discord:alerts is a stage, which takes no alerts";
    assert!(!well && said.contains(wrong) && said.contains(advice), "{said}");
    let (well, said) = sellbell(&world, &["test-alert", "discord:alerts"]).await;
    assert!(!well && said.contains(wrong) && said.contains(advice), "{said}");
    let category = 4;
    world.discord.set_kind(701, category);
    let (well, said) = sellbell(&world, &["subscriptions", "add", "701", "all-sales"]).await;
    let wrong = "channel 701 is a category, which takes no alerts";
    assert!(!well && said.contains(wrong) && said.contains(advice), "{said}");
    for (channel, kind) in [("702", FORUM), ("703", MEDIA), ("704", ANNOUNCEMENTS)] {
        world.discord.set_kind(channel.parse().unwrap(), kind);
        let (well, said) = sellbell(&world, &["subscriptions", "add", channel, "all-sales"]).await;
        assert!(well, "{said}");
    }
    world.discord.set_kind(555, FORUM);
    let (well, said) = sellbell(&world, &["check"]).await;
    assert!(well, "{said}");
    let (well, said) = sellbell(&world, &["test-alert", "discord:alerts"]).await;
    assert!(well, "{said}");
    let post = world.discord.next_message().await;
    assert_eq!(
        world.discord.post_name(post.id),
        "This is a test alert from sellbell, with a filing from 2021."
    );
    assert_eq!(post.files.len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn each_alert_has_its_own_post_which_an_amendment_edits_and_replies_to() {
    for kind in [FORUM, MEDIA] {
        let world = world().await;
        world.discord.set_kind(555, kind);
        let app = world.app(RULES, Some(SINCE));
        // Nobody said yet that it is a forum, so the first try is for both.
        publish(&world, &app, &[&first(), &second()], NOW).await;
        let (delivered, ..) = deliver_all(&app, at(NOW)).await;
        assert_eq!(delivered, 2, "at once");
        let posts = world.discord.take_messages();
        let [one, two] = posts.as_slice() else { panic!("{} posts", posts.len()) };
        assert_eq!((one.target.as_str(), two.target.as_str()), ("forum:555", "forum:555"));
        assert_eq!(world.discord.looks(), 1, "Discord is asked once");
        let name = world.discord.post_name(one.id);
        assert!(name.starts_with("ACME") && name.contains("sold $1.00K") && !name.contains('*'), "{name}");
        assert_eq!(
            one.body["message"]["embeds"].as_array().unwrap().len(),
            1,
            "no several cards in one post"
        );
        assert!(one.body["message"]["content"].as_str().unwrap().contains("**ACME**"));

        publish(&world, &app, &[&amended()], LATER).await;
        deliver_all(&app, at(LATER)).await;
        let edits = world.discord.take_edits();
        assert_eq!(edits.len(), 1);
        let posted = world.discord.posted(one.id);
        assert!(posted["content"].as_str().unwrap().contains("$1.50K"), "{posted}");
        let reply = world.discord.next_message().await;
        assert_eq!(reply.target, format!("channel:{}", one.id), "in the post");
        assert!(reply.body["content"].as_str().unwrap().contains("Corrected"), "{}", reply.body);
        world.finish().await;
    }
}

#[tokio::test]
async fn an_amendment_finds_its_post_after_a_restart_and_if_it_is_deleted_has_its_own() {
    for (is_deleted, is_archived) in [(false, false), (false, true), (true, false)] {
        let world = world().await;
        world.discord.set_kind(555, FORUM);
        let app = world.app(RULES, Some(SINCE));
        publish(&world, &app, &[&first()], NOW).await;
        deliver_all(&app, at(NOW)).await;
        let post = world.discord.next_message().await;
        world.close(app);
        if is_deleted {
            world.discord.delete_post(post.id);
        }
        if is_archived {
            world.discord.archive(post.id, false);
        }
        let app = world.app(RULES, Some(SINCE));
        publish(&world, &app, &[&amended()], LATER).await;
        deliver_all(&app, at(LATER)).await;
        let sent = world.discord.next_message().await;
        match is_deleted {
            true => assert_eq!(sent.target, "forum:555"),
            false => {
                assert_eq!(sent.target, format!("channel:{}", post.id));
                assert_eq!(world.discord.take_edits().len(), 1);
                assert!(!world.discord.is_archived(post.id), "an edit opens the post again");
            }
        }
        world.finish().await;
    }
}

/// Delivers the first filing to a forum, where the answer to the post is lost or never comes.
async fn lost(world: &World, app: &App, is_created: bool) {
    publish(world, app, &[&first()], NOW).await;
    let unavailable = json!({ "message": "503: Service Unavailable", "code": 0 });
    match is_created {
        true => world.discord.create_and_fail_next("forum:555", 503, unavailable, 1),
        false => world.discord.fail_next("forum:555", 503, unavailable, 1),
    }
    assert_eq!(deliver_all(app, at(NOW)).await.0, 0);
}

#[tokio::test]
async fn a_post_whose_answer_is_lost_is_found_and_one_that_was_not_created_is_created() {
    for (is_created, is_archived, restarts) in [
        (true, false, false),
        (true, false, true),
        (true, true, false),
        (true, true, true),
        (false, false, false),
        (false, false, true),
    ] {
        let case = (is_created, is_archived, restarts);
        let world = world().await;
        world.discord.set_kind(555, FORUM);
        let mut app = world.app(RULES, Some(SINCE));
        lost(&world, &app, is_created).await;
        let posts = world.discord.take_messages();
        assert_eq!(posts.len(), usize::from(is_created), "{case:?}");
        if is_archived {
            world.discord.archive(posts[0].id, false);
        }
        if restarts {
            world.close(app);
            app = world.app(RULES, Some(SINCE));
        }
        // Also within the minute for which a nonce would protect a message.
        for seconds in [20, 50, 80, 110, 240] {
            deliver_all(&app, at(NOW) + TimeDelta::seconds(seconds)).await;
        }
        let again = world.discord.take_messages();
        assert_eq!(again.len(), usize::from(!is_created), "exactly once: {case:?}");
        assert!(app.store.waiting_destinations().await.unwrap().is_empty(), "{case:?}");
        world.finish().await;
    }
}

#[tokio::test]
async fn hostile_names_make_harmless_names_of_posts() {
    for (template, expected) in [
        ("", "ACME director sold $1.00K"),
        ("@everyone **[x](http://evil.example)** <@&1>", "@everyone **[x](http://evil.example)** <@&1>"),
        ("\u{202e}\u{200b}\u{0007}", "ACME"),
    ] {
        let world = world().await;
        world.discord.set_kind(555, FORUM);
        let rules = RULES.replace("codes", &format!("template = {}\ncodes", json!(template)));
        let rules = if template.is_empty() { RULES.to_owned() } else { rules };
        let app = world.app(&rules, Some(SINCE));
        publish(&world, &app, &[&first()], NOW).await;
        deliver_all(&app, at(NOW)).await;
        let post = world.discord.next_message().await;
        let name = world.discord.post_name(post.id);
        assert!(name.starts_with(expected), "{name}");
        world.finish().await;
    }
    let world = world().await;
    world.discord.set_kind(555, FORUM);
    let rules =
        RULES.replace("codes", &format!("template = \"{}\"\ncodes", "\u{1f514}\u{1f514} ".repeat(60)));
    let app = world.app(&rules, Some(SINCE));
    publish(&world, &app, &[&first()], NOW).await;
    deliver_all(&app, at(NOW)).await;
    let post = world.discord.next_message().await;
    let length = world.discord.post_name(post.id).encode_utf16().count();
    assert!((60..=100).contains(&length), "{length}");
    world.finish().await;
}

#[tokio::test]
async fn the_gateway_says_which_channels_are_forums() {
    let world = world().await;
    world.discord.set_kind(777, FORUM);
    let mut server = FakeDiscord::server(FakeDiscord::GUILD, "server", &[(777, "forum")]);
    server["channels"][0]["type"] = json!(FORUM);
    world.discord.set_servers(&[server]);
    let app = Arc::new(world.app(SUBSCRIBED, Some(SINCE)));
    app.store.subscribe(777, "all-sales", 1, at(NOW)).await.unwrap();
    let bot = connect(&world, &app).await;
    crate::guilds::until("the server is known", async || {
        app.notifier.bot().unwrap().servers().name_of(FakeDiscord::GUILD).is_some()
    })
    .await;
    // An answer comes after all that the gateway said before.
    world.discord.slash(778, MANAGE_GUILD, "subscriptions", json!([])).await;
    publish(&world, &app, &[&first(), &second()], NOW).await;
    assert_eq!(deliver_all(&app, at(NOW)).await, (2, 0, 0));
    assert_eq!(world.discord.take_messages().len(), 2, "one by one from the start");
    assert_eq!(world.discord.looks(), 0, "nothing is asked");
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn a_webhook_of_a_forum_creates_posts_too() {
    let world = world().await;
    world.discord.set_forum_webhook(5);
    let settings = world.settings().replace("webhook = true\n", "webhook = true\nthread_name = true\n");
    let rules = RULES.replace("discord:alerts", "discord:hook");
    let app = world.app_with(&settings, &rules, Some(SINCE));
    publish(&world, &app, &[&first(), &second()], NOW).await;
    assert_eq!(deliver_all(&app, at(NOW)).await, (2, 0, 0));
    let posts = world.discord.take_messages();
    assert_eq!(posts.len(), 2, "each has its own");
    let name = posts[0].body["thread_name"].as_str().unwrap();
    assert!(name.starts_with("ACME") && !name.contains('*'), "{name}");

    publish(&world, &app, &[&amended()], LATER).await;
    deliver_all(&app, at(LATER)).await;
    assert_eq!(world.discord.take_edits().len(), 1);
    let reply = world.discord.next_message().await;
    assert!(reply.query.contains(&format!("thread_id={}", posts[0].id)), "{}", reply.query);
    assert!(reply.body["thread_name"].is_null());
    world.finish().await;
}

/// Settings that publish messages.
fn publishing(world: &World) -> String {
    world.settings().replacen("[discord]\n", "[discord]\npublish = true\n", 1)
}

#[tokio::test]
async fn announcements_are_published_if_the_settings_say_so() {
    for (is_on, kind) in [(false, ANNOUNCEMENTS), (true, ANNOUNCEMENTS), (true, 0)] {
        let world = world().await;
        world.discord.set_kind(555, kind);
        let settings = if is_on { publishing(&world) } else { world.settings() };
        let app = world.app_with(&settings, RULES, Some(SINCE));
        publish(&world, &app, &[&first()], NOW).await;
        assert_eq!(deliver_all(&app, at(NOW)).await, (1, 0, 0));
        let sent = world.discord.next_message().await;
        let expected = if is_on && kind == ANNOUNCEMENTS { vec![sent.id] } else { Vec::new() };
        assert_eq!(world.discord.published(), expected);
        publish(&world, &app, &[&second()], NOW).await;
        assert_eq!(deliver_all(&app, at(NOW) + TimeDelta::seconds(1)).await, (1, 0, 0));
        world.discord.next_message().await;
        assert_eq!(world.discord.published().len(), expected.len() * 2);
        assert!(world.discord.looks() <= 1, "Discord is asked once");
        world.finish().await;
    }
}

#[tokio::test]
async fn what_is_not_published_is_delivered_all_the_same_and_not_asked_for_again() {
    let world = world().await;
    world.discord.set_kind(555, ANNOUNCEMENTS);
    world.discord.set_may_publish(1);
    let app = world.app_with(&publishing(&world), RULES, Some(SINCE));
    let mut now: DateTime<Utc> = at(NOW);
    let filings = ["0000000070-25-000011", "0000000070-25-000012", "0000000070-25-000013"];
    for accession in filings {
        let filing = Filed { owner: (8, "ROE RICHARD"), ..filed(accession, "2025-12-11T16:31:00-05:00") };
        let sales = vec![(&accession[18..], "1000", "700", "D")];
        publish(&world, &app, &[&Filed { sales, ..filing }], NOW).await;
        let (delivered, failed, dead) = deliver_all(&app, now).await;
        assert_eq!((delivered, failed, dead), (1, 0, 0), "{accession}");
        now += TimeDelta::seconds(30);
    }
    assert_eq!(world.discord.take_messages().len(), 3);
    assert_eq!(world.discord.published().len(), 1);
    // The limit was met once, and is waited for.
    world.discord.set_may_publish(1);
    let filing = filed("0000000070-25-000014", "2025-12-11T16:32:00-05:00");
    publish(&world, &app, &[&Filed { sales: vec![("55", "1000", "1", "D")], ..filing }], NOW).await;
    deliver_all(&app, now).await;
    assert_eq!(world.discord.published().len(), 1, "before the hour is over");
    let filing = filed("0000000070-25-000015", "2025-12-11T16:33:00-05:00");
    publish(&world, &app, &[&Filed { sales: vec![("56", "1000", "1", "D")], ..filing }], NOW).await;
    deliver_all(&app, now + TimeDelta::hours(1)).await;
    assert_eq!(world.discord.published().len(), 2, "and after it");
    assert_eq!(world.discord.take_messages().len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn a_thread_gets_alerts_and_is_opened_again_unless_it_is_locked() {
    let world = world().await;
    world.discord.add_thread(777, 776);
    let app = world.app(SUBSCRIBED, Some(SINCE));
    app.store.subscribe(777, "all-sales", 1, at(NOW)).await.unwrap();
    publish(&world, &app, &[&first()], NOW).await;
    assert_eq!(deliver_all(&app, at(NOW)).await, (1, 0, 0));
    let alert = world.discord.next_message().await;
    assert_eq!(alert.target, "channel:777");

    world.discord.archive(777, false);
    publish(&world, &app, &[&second()], NOW).await;
    assert_eq!(deliver_all(&app, at(NOW)).await, (1, 0, 0), "sending opens it");
    world.discord.next_message().await;
    assert!(!world.discord.is_archived(777));

    world.discord.archive(777, false);
    publish(&world, &app, &[&amended()], LATER).await;
    deliver_all(&app, at(LATER)).await;
    assert_eq!(world.discord.take_edits().len(), 1, "an edit opens it, too");
    world.discord.next_message().await;

    world.discord.archive(777, true);
    let third = Filed { owner: (9, "POE EDGAR"), ..filed("0000000070-25-000004", LATER) };
    publish(&world, &app, &[&Filed { sales: vec![("7", "1000", "1", "D")], ..third }], LATER).await;
    let (delivered, failed, dead) = deliver_all(&app, at(LATER)).await;
    assert_eq!((delivered, failed, dead), (0, 1, 0));
    let paused = sellbell::service::status(&app, at(LATER)).await.unwrap().paused.join("\n");
    assert!(paused.contains("Thread is archived"), "{paused}");
    let waiting = app.store.queued(&Destination::Channel(777), 1).await.unwrap().remove(0);
    let refused = app.notifier.send(&Batch::one(waiting), at(LATER)).await.unwrap_err();
    assert!(refused.advice.unwrap().contains("archived or locked: reopen it"), "{refused:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_reply_to_a_locked_post_is_a_post_of_its_own() {
    let world = world().await;
    world.discord.set_kind(555, FORUM);
    let app = world.app(RULES, Some(SINCE));
    publish(&world, &app, &[&first()], NOW).await;
    deliver_all(&app, at(NOW)).await;
    let post = world.discord.next_message().await;
    world.discord.archive(post.id, true);
    publish(&world, &app, &[&amended()], LATER).await;
    deliver_all(&app, at(LATER)).await;
    let sent = world.discord.next_message().await;
    assert_eq!(sent.target, "forum:555");
    assert!(sent.body["message"]["content"].as_str().unwrap().contains("$1.50K"), "{}", sent.body);
    assert!(app.store.waiting_destinations().await.unwrap().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn an_overflow_message_is_one_post_that_grows() {
    let world = world().await;
    world.discord.set_kind(555, FORUM);
    let alert = alert(&world).await;
    let settings = world.settings().replace("[discord]\n", "[discord]\nchannel_budget = 1\n");
    let app = world.app_with(&settings, RULES, None);
    let channel: Destination = "discord:alerts".parse().unwrap();
    let mut lane = Lane::default();
    queue(&app, &alert, &channel, 0..4).await;
    deliver_to(&app, &channel, &mut lane, at(NOW)).await;
    let posts = world.discord.take_messages();
    assert_eq!(posts.len(), 2, "one alert and the message of the others");
    let (overflow, name) = (&posts[1], world.discord.post_name(posts[1].id));
    assert!(name.starts_with("3 more alerts") && overflow.files.len() == 1, "{name}");
    queue(&app, &alert, &channel, 4..6).await;
    deliver_to(&app, &channel, &mut lane, at(NOW) + TimeDelta::minutes(1)).await;
    let edits = world.discord.take_edits();
    assert_eq!((edits.len(), edits[0].id), (1, overflow.id));
    assert_eq!(edits[0].body["embeds"][0]["title"], "5 more alerts");
    world.finish().await;
}

#[tokio::test]
async fn a_forum_that_takes_no_files_gets_the_post_without_its_chart() {
    let world = world().await;
    world.discord.set_kind(555, FORUM);
    let app = world.app(RULES, Some(SINCE));
    publish(&world, &app, &[&Filed { rows: DAY_BEFORE, ..first() }], NOW).await;
    deliver_all(&app, at(NOW)).await;
    assert!(world.discord.next_message().await.files.is_empty(), "one trade is no history");
    let attach_files = 1 << 15;
    world.discord.deny(555, attach_files);
    publish(&world, &app, &[&second()], NOW).await;
    assert_eq!(deliver_all(&app, at(NOW)).await.0, 1);
    assert!(world.discord.next_message().await.files.is_empty());
    assert_eq!(world.discord.refused_files(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_forum_that_requires_a_tag_is_paused_with_what_to_do() {
    let world = world().await;
    world.discord.set_kind(555, FORUM);
    let app = world.app(RULES, Some(SINCE));
    publish(&world, &app, &[&first()], NOW).await;
    let required = json!({ "message": "A tag is required to create a forum post", "code": 40067 });
    world.discord.fail_next("forum:555", 400, required.clone(), 1);
    assert_eq!(deliver_all(&app, at(NOW)).await, (0, 1, 0));
    let waiting = app.store.queued(&"discord:alerts".parse().unwrap(), 1).await.unwrap().remove(0);
    world.discord.fail_next("forum:555", 400, required, 1);
    let refused = app.notifier.send(&Batch::one(waiting), at(NOW)).await.unwrap_err();
    assert!(refused.advice.unwrap().contains("requires a tag"), "{refused:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_forum_whose_history_cannot_be_read_gets_the_post_again() {
    let world = world().await;
    world.discord.set_kind(555, FORUM);
    let app = world.app(RULES, Some(SINCE));
    lost(&world, &app, true).await;
    world.discord.next_message().await;
    for seconds in [20, 90, 200] {
        let missing = json!({ "message": "Missing Permissions", "code": 50013 });
        world.discord.fail_next("archived", 403, missing, 1);
        deliver_all(&app, at(NOW) + TimeDelta::seconds(seconds)).await;
    }
    world.discord.mend();
    assert_eq!(world.discord.take_messages().len(), 1, "rather twice than never");
    assert!(app.store.waiting_destinations().await.unwrap().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn a_correction_of_a_webhooks_deleted_post_has_its_own() {
    let world = world().await;
    world.discord.set_forum_webhook(5);
    let settings = world.settings().replace("webhook = true\n", "webhook = true\nthread_name = true\n");
    let rules = RULES.replace("discord:alerts", "discord:hook");
    let app = world.app_with(&settings, &rules, Some(SINCE));
    publish(&world, &app, &[&first()], NOW).await;
    deliver_all(&app, at(NOW)).await;
    let post = world.discord.next_message().await;
    world.discord.delete_post(post.id);
    publish(&world, &app, &[&amended()], LATER).await;
    deliver_all(&app, at(LATER)).await;
    let again = world.discord.next_message().await;
    assert!(again.body["thread_name"].is_string() && !again.query.contains("thread_id"), "{}", again.query);
    assert!(app.store.waiting_destinations().await.unwrap().is_empty());
    world.finish().await;
}

#[test]
fn mistakes_with_thread_name_are_said() {
    let read = |text: &str| Settings::read("settings", text, &[]);
    let channel =
        "[[discord.channel]]\nname = \"a\"\nchannel_id = \"1103812345678901234\"\nthread_name = true\n";
    let error = read(channel).unwrap_err().to_string();
    assert!(error.contains("channel `a` has thread_name, which is for webhooks"), "{error}");
    let settings = read(&channel.replace("channel_id = \"1103812345678901234\"", "webhook = true")).unwrap();
    let mut secrets = Secrets::default();
    let token = "aB3-_xyzaB3-_xyzaB3-_xyzaB3-_xyzaB3-_xyzaB3-_xyzaB3-_xyzaB3-_xyz4567";
    let url = format!("https://discord.com/api/webhooks/1103812345678901234/{token}?thread_id=77");
    secrets.discord_webhooks.insert("a".into(), url.into());
    let output = Arc::new(Mutex::new(Vec::new()));
    let error = Notifier::new(&settings, &secrets, &|_| true, output, Colour::Plain).map(drop).unwrap_err();
    let webhook = channel.replace("channel_id = \"1103812345678901234\"", "webhook = true");
    for (tags, thread_name, words) in [
        ("[\"x\"]", true, "`x` is not the id of a tag"),
        ("[]", true, "`tags` is empty"),
        ("[\"1103812345678901234\"]", false, "channel `a` has tags, which only posts of a forum have"),
    ] {
        let text = webhook.replace("thread_name = true", &format!("thread_name = {thread_name}"));
        let wrong = read(&format!("{text}tags = {tags}\n")).unwrap_err().to_string();
        assert!(wrong.contains(words), "{wrong}");
    }
    let six: Vec<String> = (0..6).map(|number| format!("\"110381234567890123{number}\"")).collect();
    let wrong = read(&format!("{webhook}tags = [{}]\n", six.join(", "))).unwrap_err().to_string();
    assert!(wrong.contains("channel `a` has 6 tags"), "{wrong}");
    assert!(error.to_string().contains("has ?thread_id=, and the settings have thread_name"), "{error}");
}

#[tokio::test]
async fn a_post_is_found_among_many_that_others_archived() {
    let world = world().await;
    world.discord.set_kind(555, FORUM);
    let app = world.app(RULES, Some(SINCE));
    lost(&world, &app, true).await;
    let post = world.discord.next_message().await;
    world.discord.archive(post.id, false);
    for number in 0..230 {
        world.discord.set_time(at(NOW) + TimeDelta::seconds(1 + number));
        let id = 900_000 + u64::try_from(number).unwrap();
        world.discord.add_thread(id, 555);
        world.discord.archive(id, false);
    }
    for seconds in [300, 400] {
        deliver_all(&app, at(NOW) + TimeDelta::seconds(seconds)).await;
    }
    assert!(world.discord.take_messages().is_empty(), "on the third page");
    assert!(app.store.waiting_destinations().await.unwrap().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn posts_get_the_tags_of_the_settings() {
    let world = world().await;
    world.discord.set_kind(555, FORUM);
    world.discord.set_forum_webhook(5);
    let tags = "tags = [\"71\", \"72\"]\n";
    let settings = world
        .settings()
        .replace("channel_id = \"555\"\n", &format!("channel_id = \"555\"\n{tags}"))
        .replace("webhook = true\n", &format!("webhook = true\nthread_name = true\n{tags}"));
    let rules = RULES.replace("\"discord:alerts\"", "\"discord:alerts\", \"discord:hook\"");
    let app = world.app_with(&settings, &rules, Some(SINCE));
    publish(&world, &app, &[&first()], NOW).await;
    assert_eq!(deliver_all(&app, at(NOW)).await, (2, 0, 0));
    let posts = world.discord.take_messages();
    assert_eq!(posts.len(), 2);
    for post in posts {
        assert_eq!(post.body["applied_tags"], json!(["71", "72"]), "{}", post.target);
    }
    world.finish().await;
}

#[tokio::test]
async fn buttons_in_a_post_are_about_its_forum() {
    let world = world().await;
    world.discord.set_kind(555, FORUM);
    let app = Arc::new(world.app(RULES, Some(SINCE)));
    let bot = connect(&world, &app).await;
    publish(&world, &app, &[&first()], NOW).await;
    deliver_all(&app, at(NOW)).await;
    let post = world.discord.next_message().await.id;
    let message = world.discord.posted(post);
    world.discord.press(post, MANAGE_GUILD, &message, "s1:mute:owner:7", &[]).await;
    let muted = world.discord.posted(post);
    assert!(muted["content"].as_str().unwrap().contains("**DOE JANE** is muted here"), "{muted}");
    assert_eq!(app.store.mutes().await.unwrap()[0].what.to_string(), "in:discord:alerts owner:7");
    world.discord.press(post, MANAGE_GUILD, &muted, "s1:undo:owner:7", &[]).await;
    assert_eq!(world.discord.posted(post)["content"], message["content"]);
    assert!(app.store.mutes().await.unwrap().is_empty());
    bot.stop().await;
    world.finish().await;
}
