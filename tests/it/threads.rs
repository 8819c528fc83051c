//! Alerts that share threads: one for each company, or one a day; and posts of a forum likewise.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use sellbell::config::Settings;
use sellbell::destination::{Destination, Threads};
use sellbell::store::{Gone, Subscription};
use serde_json::{Value, json};

use crate::fakes::discord::FakeDiscord;
use crate::fakes::threads::{ANNOUNCEMENTS, FORUM};
use crate::related::{Filed, filed, publish};
use crate::subscriptions::{MANAGE_GUILD, connect, rule};
use crate::world::{World, at, deliver_all};

const NAMED: &str = "[[rule]]\nname = \"all-sales\"\ncodes = [\"S\"]\nnotify = [\"discord:alerts\"]\n";
const SUBSCRIBED: &str = "[[rule]]\nname = \"all-sales\"\ncodes = [\"S\"]\n";
const SINCE: &str = "2025-12-01T00:00:00-05:00";
const NOW: &str = "2025-12-11T17:00:00-05:00";
const LATER: &str = "2025-12-13T17:00:00-05:00";

fn acme() -> Filed {
    filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00")
}

fn acme_again() -> Filed {
    Filed {
        owner: (8, "ROE RICHARD"),
        sales: vec![("200", "10", "700", "D")],
        ..filed("0000000070-25-000002", "2025-12-11T16:31:00-05:00")
    }
}

fn beta() -> Filed {
    Filed {
        owner: (9, "POE EDGAR"),
        symbol: "BETA",
        sales: vec![("300", "10", "600", "D")],
        ..filed("0000000070-25-000003", "2025-12-11T16:32:00-05:00")
    }
}

/// Amends the first filing so much that a reply says so.
fn amended() -> Filed {
    Filed {
        form: "4/A",
        original: Some("2025-12-11"),
        sales: vec![("150", "10", "850", "D")],
        ..filed("0000000070-25-000004", "2025-12-13T16:30:00-05:00")
    }
}

async fn world(kind: u64) -> World {
    let world = World::new().await;
    world.discord.set_time(at(NOW));
    world.discord.set_kind(555, kind);
    world
}

/// Settings whose channel has threads.
fn settings(world: &World, threads: &str) -> String {
    let own = "channel_id = \"555\"\n";
    let settings = world.settings();
    assert!(settings.contains(own));
    settings.replace(own, &format!("{own}threads = \"{threads}\"\n"))
}

fn names(world: &World) -> Vec<String> {
    world.discord.threads_of(555).into_iter().map(|(_, name)| name).collect()
}

/// Where the waiting messages went, and how many cards each has.
fn arrived(world: &World) -> Vec<(String, usize)> {
    let cards = |body: &Value| body["embeds"].as_array().map_or(0, Vec::len);
    world.discord.take_messages().iter().map(|sent| (sent.target.clone(), cards(&sent.body))).collect()
}

#[tokio::test]
async fn each_company_or_day_has_a_thread_which_a_restart_finds_again() {
    for (kind, threads, expected) in [
        (0, "ticker", vec!["ACME", "BETA"]),
        (ANNOUNCEMENTS, "ticker", vec!["ACME", "BETA"]),
        (0, "day", vec!["Insider trades, Dec 11, 2025"]),
    ] {
        let world = world(kind).await;
        let settings = settings(&world, threads);
        let app = world.app_with(&settings, NAMED, Some(SINCE));
        publish(&world, &app, &[&acme(), &beta()], NOW).await;
        assert_eq!(deliver_all(&app, at(NOW)).await, (2, 0, 0));
        assert_eq!(names(&world), expected);
        let ids: Vec<u64> = world.discord.threads_of(555).into_iter().map(|(id, _)| id).collect();
        let targets: Vec<String> = ids.iter().map(|id| format!("channel:{id}")).collect();
        let sent = arrived(&world);
        let expected_sends: Vec<(String, usize)> =
            targets.iter().map(|target| (target.clone(), 2 / targets.len())).collect();
        assert_eq!(sent, expected_sends, "{threads}: alerts of one thread share a message");

        world.close(app);
        world.discord.archive(ids[0], false);
        let app = world.app_with(&settings, NAMED, Some(SINCE));
        publish(&world, &app, &[&acme_again()], NOW).await;
        assert_eq!(deliver_all(&app, at(NOW)).await, (1, 0, 0));
        assert_eq!(arrived(&world), [(targets[0].clone(), 1)], "the same thread");
        assert!(!world.discord.is_archived(ids[0]));
        assert_eq!(names(&world), expected, "no other thread");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_forum_has_a_post_for_each_company() {
    let world = world(FORUM).await;
    let app = world.app_with(&settings(&world, "ticker"), NAMED, Some(SINCE));
    publish(&world, &app, &[&acme(), &acme_again(), &beta()], NOW).await;
    assert_eq!(deliver_all(&app, at(NOW)).await, (3, 0, 0));
    assert_eq!(names(&world), ["ACME", "BETA"]);
    let posts = world.discord.threads_of(555);
    let mut sent = arrived(&world);
    sent.sort();
    let mut expected = vec![("forum:555".to_owned(), 0), ("forum:555".to_owned(), 0)];
    expected.extend([0, 0, 1].map(|post: usize| (format!("channel:{}", posts[post].0), 1)));
    expected.sort();
    assert_eq!(sent, expected, "each post begins with a message, and alerts follow");
    world.finish().await;
}

#[tokio::test]
async fn an_amendment_changes_the_message_in_its_thread_and_replies_there() {
    for kind in [0, FORUM] {
        let world = world(kind).await;
        let app = world.app_with(&settings(&world, "day"), NAMED, Some(SINCE));
        publish(&world, &app, &[&acme()], NOW).await;
        deliver_all(&app, at(NOW)).await;
        let (thread, _) = world.discord.threads_of(555)[0];
        let alert = world.discord.take_messages().pop().unwrap();
        assert_eq!(alert.target, format!("channel:{thread}"));

        publish(&world, &app, &[&amended()], LATER).await;
        deliver_all(&app, at(LATER)).await;
        let edits = world.discord.take_edits();
        assert_eq!(edits.iter().map(|edit| edit.id).collect::<Vec<_>>(), [alert.id]);
        let reply = world.discord.next_message().await;
        assert_eq!(reply.target, format!("channel:{thread}"));
        assert_eq!(reply.body["message_reference"]["message_id"], alert.id.to_string());
        assert_eq!(names(&world), ["Insider trades, Dec 11, 2025"], "no thread for the amendment's day");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_thread_that_is_deleted_or_locked_is_replaced_and_its_amendments_are_new_messages() {
    for (kind, is_deleted) in [(0, true), (0, false), (FORUM, true), (FORUM, false)] {
        let case = (kind, is_deleted);
        let world = world(kind).await;
        let app = world.app_with(&settings(&world, "ticker"), NAMED, Some(SINCE));
        publish(&world, &app, &[&acme()], NOW).await;
        deliver_all(&app, at(NOW)).await;
        let (thread, _) = world.discord.threads_of(555)[0];
        world.discord.take_messages();
        match is_deleted {
            true => world.discord.delete_post(thread),
            false => world.discord.archive(thread, true),
        }
        publish(&world, &app, &[&acme_again()], NOW).await;
        for seconds in [0, 1, 2, 3] {
            deliver_all(&app, at(NOW) + TimeDelta::seconds(seconds)).await;
        }
        let (other, name) = world.discord.threads_of(555).pop().unwrap();
        assert!(other != thread && name == "ACME", "{case:?}");
        let sent = arrived(&world);
        assert_eq!(sent.last(), Some(&(format!("channel:{other}"), 1)), "{case:?}");

        publish(&world, &app, &[&amended()], LATER).await;
        for seconds in [0, 5, 10] {
            deliver_all(&app, at(LATER) + TimeDelta::seconds(seconds)).await;
        }
        let sent = arrived(&world);
        assert_eq!(sent, [(format!("channel:{other}"), 1)], "{case:?}");
        assert!(app.store.waiting_destinations().await.unwrap().is_empty(), "{case:?}");
        world.finish().await;
    }
}

#[tokio::test]
async fn an_alert_whose_answer_is_lost_is_found_in_its_thread() {
    for (kind, restarts, is_deleted) in
        [(0, false, false), (0, true, false), (FORUM, true, false), (0, true, true)]
    {
        let case = (kind, restarts, is_deleted);
        let world = world(kind).await;
        let settings = settings(&world, "ticker");
        let mut app = world.app_with(&settings, NAMED, Some(SINCE));
        publish(&world, &app, &[&acme()], NOW).await;
        deliver_all(&app, at(NOW)).await;
        let (thread, _) = world.discord.threads_of(555)[0];
        world.discord.take_messages();

        publish(&world, &app, &[&acme_again()], NOW).await;
        let unavailable = json!({ "message": "503: Service Unavailable", "code": 0 });
        world.discord.create_and_fail_next(&format!("channel:{thread}"), 503, unavailable, 1);
        assert_eq!(deliver_all(&app, at(NOW)).await.0, 0);
        assert_eq!(world.discord.take_messages().len(), 1, "{case:?}: it arrived");
        if restarts {
            world.close(app);
            app = world.app_with(&settings, NAMED, Some(SINCE));
        }
        if is_deleted {
            world.discord.delete_post(thread);
        }
        for seconds in [120, 300, 301, 302, 600] {
            deliver_all(&app, at(NOW) + TimeDelta::seconds(seconds)).await;
        }
        let again = world.discord.take_messages();
        assert_eq!(again.len(), usize::from(is_deleted), "{case:?}: exactly once");
        assert!(app.store.waiting_destinations().await.unwrap().is_empty(), "{case:?}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_thread_whose_answer_is_lost_is_found_by_its_name() {
    let world = world(0).await;
    let app = world.app_with(&settings(&world, "ticker"), NAMED, Some(SINCE));
    publish(&world, &app, &[&acme()], NOW).await;
    let unavailable = json!({ "message": "503: Service Unavailable", "code": 0 });
    world.discord.create_and_fail_next("threads:555", 503, unavailable, 1);
    assert_eq!(deliver_all(&app, at(NOW)).await.0, 0);
    assert_eq!(names(&world), ["ACME"]);
    for seconds in [30, 60, 120] {
        deliver_all(&app, at(NOW) + TimeDelta::seconds(seconds)).await;
    }
    assert_eq!(names(&world), ["ACME"], "one thread");
    assert_eq!(arrived(&world).len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn where_threads_are_refused_alerts_go_to_the_channel_itself() {
    for (status, code) in [(403, 50_013), (400, 160_006)] {
        let world = world(0).await;
        let app = world.app_with(&settings(&world, "ticker"), NAMED, Some(SINCE));
        let refusal = json!({ "message": "refused", "code": code });
        world.discord.fail_next("threads:555", status, refusal, 1);
        publish(&world, &app, &[&acme()], NOW).await;
        assert_eq!(deliver_all(&app, at(NOW)).await, (1, 0, 0));
        publish(&world, &app, &[&acme_again()], NOW).await;
        assert_eq!(deliver_all(&app, at(NOW)).await, (1, 0, 0));
        let here = ("channel:555".to_owned(), 1);
        assert_eq!(arrived(&world), [here.clone(), here], "nothing is lost, and Discord is not asked again");
        publish(&world, &app, &[&beta()], NOW).await;
        assert_eq!(deliver_all(&app, at(NOW) + TimeDelta::hours(2)).await, (1, 0, 0));
        assert_eq!(names(&world), ["BETA"], "it is tried again after a while");
        world.discord.take_messages();
        world.finish().await;
    }
}

#[tokio::test]
async fn a_channel_that_discord_does_not_describe_gets_its_alerts_itself() {
    let world = World::new().await;
    world.discord.set_time(at(NOW));
    let app = world.app_with(&settings(&world, "ticker"), NAMED, Some(SINCE));
    publish(&world, &app, &[&acme()], NOW).await;
    // What is wrong with the channel, its own answer says.
    assert_eq!(deliver_all(&app, at(NOW)).await, (1, 0, 0));
    assert_eq!(arrived(&world), [("channel:555".to_owned(), 1)]);
    world.finish().await;
}

#[tokio::test]
async fn people_choose_threads_with_subscribe() {
    let world = world(0).await;
    world.discord.set_kind(700, 0);
    let app = Arc::new(world.app(SUBSCRIBED, Some(SINCE)));
    let bot = connect(&world, &app).await;
    let with = |threads: &str| {
        let mut options = rule("all-sales").as_array().unwrap().clone();
        options.push(json!({ "name": "threads", "type": 3, "value": threads }));
        Value::Array(options)
    };
    let answer = world.discord.slash(700, MANAGE_GUILD, "subscribe", with("ticker")).await;
    assert!(said(&answer).contains("gets alerts for `all-sales`, in a thread for each company."), "{answer}");
    let answer = world.discord.slash(700, MANAGE_GUILD, "subscribe", with("ticker")).await;
    assert!(said(&answer).contains("already subscribes to this rule, in the same way"), "{answer}");
    let answer = world.discord.slash(700, MANAGE_GUILD, "subscriptions", json!([])).await;
    assert!(said(&answer).contains("in a thread for each company"), "{answer}");
    publish(&world, &app, &[&acme()], NOW).await;
    assert_eq!(deliver_all(&app, at(NOW)).await, (1, 0, 0));
    let (thread, name) = world.discord.threads_of(700).pop().unwrap();
    assert_eq!(name, "ACME");
    let alert = world.discord.next_message().await;
    assert_eq!(alert.target, format!("channel:{thread}"));

    // A button in the thread is about the channel.
    let message = world.discord.posted(alert.id);
    world.discord.press(thread, MANAGE_GUILD, &message, "s1:mute:owner:7", &[]).await;
    assert_eq!(app.store.mutes().await.unwrap()[0].what.to_string(), "in:channel:700 owner:7");

    let answer = world.discord.slash(700, MANAGE_GUILD, "subscribe", rule("all-sales")).await;
    assert!(said(&answer).contains("now go to this channel"), "{answer}");
    let answer = world.discord.slash(thread, MANAGE_GUILD, "subscribe", with("day")).await;
    assert!(said(&answer).contains("This is a thread, which has no threads of its own"), "{answer}");
    let create_public_threads = 1 << 35;
    world.discord.deny(700, create_public_threads);
    let answer = world.discord.slash(700, MANAGE_GUILD, "subscribe", with("day")).await;
    assert!(
        said(&answer).contains("I cannot open threads here yet. I lack **Create Public Threads**"),
        "{answer}"
    );
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn threads_survive_what_sets_subscriptions_aside() {
    let world = World::new().await;
    let app = world.app(SUBSCRIBED, Some(SINCE));
    let asked = Subscription {
        threads: Some(Threads::Day),
        ..Subscription::new(Some(FakeDiscord::GUILD), 700, "all-sales", 1)
    };
    let limits = app.settings.discord.limits;
    app.store.subscribe_within(asked, &[], limits, at(NOW)).await.unwrap();
    let channels = BTreeSet::from([700]);
    app.store.set_aside(FakeDiscord::GUILD, &channels, Gone::Deleted, at(NOW)).await.unwrap();
    assert!(app.store.subscribed("all-sales").await.unwrap().is_empty());
    app.store.take_back(&channels).await.unwrap();
    let subscribed = app.store.subscribed("all-sales").await.unwrap();
    assert_eq!((subscribed[0].channel, subscribed[0].threads), (700, Some(Threads::Day)));
    world.finish().await;
}

#[test]
fn mistakes_with_threads_are_said() {
    let bot = "[[discord.channel]]\nname = \"a\"\nchannel_id = \"1103812345678901234\"\n";
    let webhook = "[[discord.channel]]\nname = \"a\"\nwebhook = true\n";
    for (channel, threads, words) in [
        (bot, "week", "`week` is neither ticker nor day"),
        (webhook, "day", "channel `a` has threads, which a webhook cannot open"),
    ] {
        let text = format!("{channel}threads = \"{threads}\"\n");
        let wrong = Settings::read("settings", &text, &[]).unwrap_err().to_string();
        assert!(wrong.contains(words), "{wrong}");
    }
    let settings = Settings::read("settings", &format!("{bot}threads = \"day\"\n"), &[]).unwrap();
    let channel: Destination = "discord:a".parse().unwrap();
    assert_eq!(settings.discord.threads_of(&channel), Some(Threads::Day));
}

fn said(answer: &Value) -> &str {
    answer["data"]["content"].as_str().unwrap_or_default()
}
