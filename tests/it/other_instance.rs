//! A second instance with the same bot is noticed, and nothing else is mistaken for one.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use mail_parser::MessageParser;
use sellbell::destination::Destination;
use sellbell::outbox::Lane;
use sellbell::runtime::App;
use sellbell::service;
use serde_json::json;

use crate::world::{World, at, deliver_to, small_sale};

const RULES: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"discord:alerts\"]\n";
const SINCE: &str = "2021-08-24T00:00:00-04:00";
const START: &str = "2021-08-24T17:12:31-04:00";
const OPERATORS: &str = "[operators]\nnotify = [\"email:desk\"]\n";
const ACCESSIONS: [&str; 4] =
    ["0000000007-21-000001", "0000000007-21-000002", "0000000007-21-000003", "0000000007-21-000004"];
const ACCEPTED: [&str; 4] = [
    "2021-08-24T17:12:00-04:00",
    "2021-08-24T17:20:00-04:00",
    "2021-08-24T17:30:00-04:00",
    "2021-08-24T17:40:00-04:00",
];

/// An instance with a store of its own.
fn instance(world: &World, store: &str, since: Option<&str>) -> App {
    let settings = world.settings() + OPERATORS;
    let own = settings
        .replace(&world.path("store").display().to_string(), &world.path(store).display().to_string());
    world.app_using(&own, RULES, since, &|_| true, Arc::new(std::sync::Mutex::new(Vec::new())))
}

async fn poll_and_send(world: &World, app: &App, now: DateTime<Utc>) {
    world.discord.set_time(now);
    app.intake.poll_once(now).await.unwrap();
    world.edgar.take_fetched();
    let channel: Destination = "discord:alerts".parse().unwrap();
    deliver_to(app, &channel, &mut Lane::default(), now).await;
}

async fn notices(world: &World, app: &App, now: DateTime<Utc>) -> Vec<String> {
    let desk: Destination = "email:desk".parse().unwrap();
    let (count, ..) = deliver_to(app, &desk, &mut Lane::default(), now + TimeDelta::minutes(1)).await;
    let mut said = Vec::new();
    for _ in 0..count {
        let mail = world.smtp.next_mail().await;
        let mail = MessageParser::default().parse(&mail.raw).unwrap();
        said.push(format!("{}: {}", mail.subject().unwrap(), mail.body_text(0).unwrap()));
    }
    said
}

fn publish(world: &World, number: usize) {
    world.edgar.publish(&small_sale(ACCESSIONS[number], 71 + number as u64, ACCEPTED[number]));
}

#[tokio::test]
async fn alerts_that_come_twice_are_noticed_once() {
    let world = World::new().await;
    let (one, other) = (instance(&world, "one", Some(SINCE)), instance(&world, "other", Some(SINCE)));
    let mut now = at(START);
    for number in 0..4 {
        publish(&world, number);
        poll_and_send(&world, &one, now).await;
        // Their messages differ, as they do where the two put alerts together in different ways.
        world.discord.forget_nonces();
        now += TimeDelta::seconds(30);
        poll_and_send(&world, &other, now).await;
        world.discord.forget_nonces();
        now += TimeDelta::minutes(10);
    }
    // The first is found by the second when it looks back, since it began its store anew.
    assert!(world.discord.take_messages().len() >= 7, "they were doubled");
    for app in [&one, &other] {
        let said = notices(&world, app, now).await;
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(
            said[0].contains("Another sellbell uses the same bot") && said[0].contains("discord:alerts"),
            "{said:?}"
        );
        assert!(service::status(app, now).await.unwrap().troubles[0].starts_with("Another sellbell"));
    }
    world.finish().await;
}

#[tokio::test]
async fn a_restart_a_new_store_and_other_messages_of_the_bot_are_none() {
    let world = World::new().await;
    let mut now = at(START);
    let mut app = instance(&world, "one", Some(SINCE));
    for number in 0..4 {
        publish(&world, number);
        poll_and_send(&world, &app, now).await;
        // A sample by hand, an answer to a command, and what others post.
        let text = json!({ "embeds": [{ "footer": { "text": "test · ref 0123456789abcdef01234567" } }] });
        world.discord.post_by_bot(555, &text);
        world.discord.post_by_bot(555, &json!({ "content": "This channel gets alerts for" }));
        world.discord.post_by_other(555, &text);
        now += TimeDelta::minutes(10);
        match number {
            1 => {
                drop(app);
                app = instance(&world, "one", None);
            }
            // The store was lost, and what was sent is looked for.
            2 => {
                drop(app);
                app = instance(&world, "two", Some(SINCE));
            }
            _ => {}
        }
        world.discord.forget_nonces();
    }
    now += TimeDelta::minutes(10);
    poll_and_send(&world, &app, now).await;
    assert_eq!(world.discord.take_messages().len(), 4, "each alert once");
    assert_eq!(notices(&world, &app, now).await, Vec::<String>::new());
    assert_eq!(service::status(&app, now).await.unwrap().troubles, Vec::<String>::new());
    world.finish().await;
}

#[tokio::test]
async fn a_try_of_its_own_without_an_answer_is_none() {
    let world = World::new().await;
    let app = instance(&world, "one", Some(SINCE));
    let mut now = at(START);
    publish(&world, 0);
    poll_and_send(&world, &app, now).await;
    for number in 1..3 {
        now += TimeDelta::minutes(10);
        publish(&world, number);
        world.discord.create_and_fail_next("channel:555", 502, json!("bad gateway"), 1);
        poll_and_send(&world, &app, now).await;
        // After the nonce it is sent twice, where the history is not to be read; within it Discord has it already.
        now += TimeDelta::seconds(if number == 1 { 30 } else { 300 });
        poll_and_send(&world, &app, now).await;
    }
    assert_eq!(world.discord.take_messages().len(), 3);
    now += TimeDelta::minutes(10);
    publish(&world, 3);
    poll_and_send(&world, &app, now).await;
    world.discord.next_message().await;
    assert_eq!(notices(&world, &app, now).await, Vec::<String>::new());
    world.finish().await;
}
