//! What is given up is reported, and `sellbell retry` sends it again: under its own key, oldest first, and never twice.

use chrono::{DateTime, TimeDelta, Utc};
use mail_parser::MessageParser;
use sellbell::destination::Destination;
use sellbell::outbox::{Lane, Retried, Retry};
use sellbell::runtime::{self, App};
use sellbell::service;
use sellbell::store::{DeliveryStanding, Tries};
use serde_json::json;

use crate::fakes::smtp::ReceivedMail;
use crate::search::Searched as _;
use crate::verbs::{at_once, said, started, stop};
use crate::world::{World, at, deliver_all, deliver_to, key_of, overwrite, qualys, records, small_sale};

const NOW: &str = "2021-08-24T17:12:31-04:00";
const OPERATORS: &str = "[operators]\nnotify = [\"discord:hook\"]\n";
const TOO_BIG: &str = "552 5.3.4 message too big";

fn rules(notify: &str) -> String {
    format!("[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"{notify}\"]\n")
}

fn settings(world: &World) -> String {
    world.settings() + OPERATORS
}

/// An app with three alerts for a destination.
async fn with_alerts(world: &World, notify: &str) -> (App, Destination) {
    with_some_alerts(world, notify, 3).await
}

/// An app with so many alerts for a destination.
async fn with_some_alerts(world: &World, notify: &str, count: usize) -> (App, Destination) {
    let app = world.app_with(&settings(world), &rules(notify), Some("2021-08-24T00:00:00-04:00"));
    world.edgar.publish(&qualys());
    let others = [("0000000007-21-000001", 71), ("0000000007-21-000002", 72)];
    for (accession, issuer) in others.into_iter().take(count - 1) {
        world.edgar.publish(&small_sale(accession, issuer, "2021-08-24T17:12:00-04:00"));
    }
    assert_eq!(app.intake.poll_once(at(NOW)).await.unwrap().alerted, count);
    world.edgar.take_fetched();
    (app, notify.parse().unwrap())
}

async fn retry(app: &App, destination: &Destination, now: DateTime<Utc>) -> Retried {
    app.outbox.retry(&Retry::One(destination.clone()), now).await.unwrap().unwrap().remove(0)
}

fn notices(world: &World) -> Vec<String> {
    let messages = world.discord.take_messages();
    messages.iter().filter(|one| one.target == "webhook:5").map(|one| one.body.to_string()).collect()
}

fn ids(mails: &[ReceivedMail]) -> Vec<String> {
    let id = |mail: &ReceivedMail| {
        MessageParser::default().parse(&mail.raw).unwrap().message_id().unwrap().to_owned()
    };
    mails.iter().map(id).collect()
}

#[tokio::test]
async fn what_is_given_up_is_reported_once_an_hour_and_sent_again_oldest_first_under_its_own_key() {
    let world = World::new().await;
    let (app, desk) = with_alerts(&world, "email:desk").await;
    let keys: Vec<String> =
        app.store.queued(&desk, 9).await.unwrap().iter().map(|one| one.key.to_string()).collect();
    world.smtp.fail_next("end", TOO_BIG, 3);
    assert_eq!(deliver_to(&app, &desk, &mut Lane::default(), at(NOW)).await, (0, 0, 3));
    deliver_all(&app, at(NOW)).await;
    let told = notices(&world);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("1 delivery to email:desk was given up"), "{told:?}");
    assert!(told[0].contains("message too big") && told[0].contains("sellbell retry email:desk"), "{told:?}");
    world.close(app);
    // The rest is counted over a restart; the test's hour has long passed by the clock on the wall.
    let app = world.app_with(&settings(&world), &rules("email:desk"), None);
    runtime::on_start(&app, app.clock().now()).await.unwrap();
    runtime::on_start(&app, app.clock().now()).await.unwrap();
    deliver_all(&app, at(NOW)).await;
    let told = notices(&world);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("2 deliveries to email:desk were given up"), "{told:?}");

    let retried = retry(&app, &desk, at(NOW)).await;
    assert_eq!((retried.revived, retried.waiting, retried.was_paused), (3, 0, false));
    assert_eq!(app.store.counts().await.unwrap().dead, 0);
    assert_eq!(app.store.check().await.unwrap().problems, Vec::<String>::new());
    assert_eq!(deliver_to(&app, &desk, &mut Lane::default(), at(NOW)).await, (3, 0, 0));
    let sent = ids(&world.smtp.take_mails());
    assert_eq!(sent, keys.iter().map(|key| format!("{key}@example.org")).collect::<Vec<_>>());
    let again = retry(&app, &desk, at(NOW)).await;
    assert_eq!((again.revived, again.waiting), (0, 0), "what was delivered meanwhile is not sent again");
    assert_eq!(deliver_to(&app, &desk, &mut Lane::default(), at(NOW)).await, (0, 0, 0));
    world.finish().await;
}

#[tokio::test]
async fn a_thousand_deaths_are_two_notices_and_those_of_notices_none() {
    let world = World::new().await;
    let operators = "[operators]\nnotify = [\"email:desk\"]\n";
    let app = world.app_with(
        &(world.settings() + operators),
        &rules("email:desk"),
        Some("2021-08-24T00:00:00-04:00"),
    );
    world.edgar.publish(&qualys());
    app.intake.poll_once(at(NOW)).await.unwrap();
    world.edgar.take_fetched();
    let desk: Destination = "email:desk".parse().unwrap();
    // All is refused: the alert, and the notice of that.
    world.smtp.fail_next("end", TOO_BIG, 100);
    assert_eq!(deliver_to(&app, &desk, &mut Lane::default(), at(NOW)).await, (0, 0, 1));
    assert_eq!(deliver_to(&app, &desk, &mut Lane::default(), at(NOW)).await, (0, 0, 1));
    for _ in 0..3 {
        runtime::on_start(&app, app.clock().now()).await.unwrap();
        assert_eq!(deliver_to(&app, &desk, &mut Lane::default(), at(NOW)).await, (0, 0, 0));
    }
    world.finish().await;
}

#[tokio::test]
async fn a_retry_ends_a_pause_and_what_was_put_off_is_due() {
    let world = World::new().await;
    let (app, desk) = with_alerts(&world, "email:desk").await;
    world.smtp.fail_next("rcpt", "550 5.1.1 no such user", 1);
    let mut lane = Lane::default();
    let report = app.outbox.deliver_once(&desk, &mut lane, at(NOW)).await.unwrap();
    assert!(report.paused && report.next > Some(at(NOW)));
    assert_eq!(deliver_to(&app, &desk, &mut lane, at(NOW)).await, (0, 0, 0));
    let retried = retry(&app, &desk, at(NOW)).await;
    assert_eq!((retried.revived, retried.waiting, retried.was_paused), (0, 3, true));
    assert_eq!(service::status(&app, at(NOW)).await.unwrap().paused, Vec::<String>::new());
    // What waited while it was paused comes together.
    assert_eq!(deliver_to(&app, &desk, &mut lane, at(NOW)).await, (1, 0, 0));
    assert_eq!(app.store.counts().await.unwrap().delivered, 3);
    world.smtp.next_mail().await;
    deliver_all(&app, at(NOW)).await;
    assert_eq!(notices(&world).len(), 1, "that it was paused");
    world.finish().await;
}

#[tokio::test]
async fn a_retry_of_what_is_not_known_says_what_is() {
    let world = World::new().await;
    let (app, _) = with_alerts(&world, "email:desk").await;
    for (destination, words) in [
        ("email:nobody", "no destination `email:nobody`; they define terminal, jsonl, discord:alerts"),
        ("channel:999", "channel 999 has no subscription"),
    ] {
        let what = Retry::One(destination.parse().unwrap());
        let error = app.outbox.retry(&what, at(NOW)).await.unwrap().unwrap_err();
        assert!(error.contains(words), "{error}");
    }
    app.store.subscribe(999, "any", 1, at(NOW)).await.unwrap();
    assert!(app.outbox.retry(&Retry::One("channel:999".parse().unwrap()), at(NOW)).await.unwrap().is_ok());
    let all = app.outbox.retry(&Retry::All, at(NOW)).await.unwrap().unwrap();
    assert_eq!(all.iter().map(|one| one.destination.as_str()).collect::<Vec<_>>(), ["email:desk"]);
    world.finish().await;
}

/// What the bot sent and got no answer for, given up then.
async fn given_up_without_an_answer(world: &World) -> (App, Destination) {
    let (app, alerts) = with_some_alerts(world, "discord:alerts", 1).await;
    world.discord.create_and_fail_next("channel:555", 502, json!("bad gateway"), 1);
    assert_eq!(deliver_to(&app, &alerts, &mut Lane::default(), at(NOW)).await, (0, 1, 0));
    world.discord.forget_nonces();
    for delivery in app.store.queued(&alerts, 9).await.unwrap() {
        assert!(matches!(
            app.store.delivery_standing(&delivery.key).await.unwrap(),
            Some(DeliveryStanding::InFlight(_))
        ));
        app.store.give_up(&delivery, (at(NOW) + TimeDelta::days(8), "too often"), true).await.unwrap();
        assert!(matches!(app.store.dead(&delivery.key).await.unwrap().unwrap().tries, Tries::Open(_)));
    }
    assert_eq!(app.store.counts().await.unwrap().dead, 1);
    (app, alerts)
}

#[tokio::test]
async fn what_may_have_arrived_in_a_channel_of_the_bots_is_looked_for_before_it_is_sent_again() {
    let world = World::new().await;
    world.discord.set_time(at(NOW));
    let (app, alerts) = given_up_without_an_answer(&world).await;
    assert_eq!(world.discord.take_messages().len(), 1, "it had arrived");
    let later = at(NOW) + TimeDelta::days(9);
    world.discord.set_time(later);
    assert_eq!(retry(&app, &alerts, later).await.revived, 1);
    assert_eq!(deliver_to(&app, &alerts, &mut Lane::default(), later).await, (1, 0, 0));
    assert_eq!(world.discord.unread(), 0, "nothing is sent twice");
    assert_eq!(app.store.counts().await.unwrap().delivered, 1);
    world.finish().await;
}

#[tokio::test]
async fn what_an_older_version_gave_up_is_looked_for_as_well() {
    let world = World::new().await;
    world.discord.set_time(at(NOW));
    let (app, alerts) = given_up_without_an_answer(&world).await;
    world.discord.take_messages();
    world.close(app);
    let own = world.path("store");
    for record in records(&own).await.into_iter().filter(|record| record["tree"] == "dead") {
        let mut value = record["value"].clone();
        assert!(value.as_object_mut().unwrap().remove("tries").is_some());
        let older = [&b"\x01"[..], &serde_json::to_vec(&value).unwrap()].concat();
        overwrite(&own, "dead", key_of(&record), &older).await;
    }
    let app = world.app_with(&settings(&world), &rules("discord:alerts"), None);
    let later = at(NOW) + TimeDelta::days(9);
    world.discord.set_time(later);
    assert_eq!(retry(&app, &alerts, later).await.revived, 1);
    assert_eq!(deliver_to(&app, &alerts, &mut Lane::default(), later).await, (1, 0, 0));
    assert_eq!(world.discord.unread(), 0, "nothing is sent twice");
    world.finish().await;
}

#[tokio::test]
async fn what_was_certainly_refused_is_sent_without_looking() {
    let world = World::new().await;
    let (app, alerts) = with_alerts(&world, "discord:alerts").await;
    let invalid = json!({ "message": "Invalid Form Body", "code": 50035 });
    world.discord.fail_next("channel:555", 400, invalid, 4);
    assert_eq!(deliver_to(&app, &alerts, &mut Lane::default(), at(NOW)).await, (0, 0, 3));
    let retried = retry(&app, &alerts, at(NOW)).await;
    assert_eq!(retried.revived, 3);
    for delivery in app.store.queued(&alerts, 9).await.unwrap() {
        let standing = app.store.delivery_standing(&delivery.key).await.unwrap();
        assert_eq!((standing, delivery.attempts), (Some(DeliveryStanding::Queued), 0));
    }
    assert_eq!(deliver_to(&app, &alerts, &mut Lane::default(), at(NOW)).await, (3, 0, 0));
    world.discord.take_messages();
    deliver_all(&app, at(NOW)).await;
    assert_eq!(notices(&world).len(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_works_on_a_running_bot_and_on_a_stopped_ones_store() {
    let world = World::new().await;
    let (app, desk) = with_alerts(&world, "email:desk").await;
    world.smtp.fail_next("end", TOO_BIG, 2);
    // Two are refused as they are, and the third for the mailbox.
    let mut lane = Lane::default();
    for _ in 0..2 {
        assert_eq!(app.outbox.deliver_once(&desk, &mut lane, at(NOW)).await.unwrap().dead, 1);
    }
    world.smtp.fail_next("rcpt", "550 5.1.1 no such user", 1);
    assert!(app.outbox.deliver_once(&desk, &mut lane, at(NOW)).await.unwrap().paused);
    app.store.flush().await.unwrap();
    world.close(app);
    let dir = world.dir.path();
    std::fs::write(world.path("settings.toml"), settings(&world)).unwrap();
    let wrong = at_once(dir, &["retry", "email:nobody", "--config", "settings.toml"]).await;
    assert_eq!(wrong.status.code(), Some(1));
    assert!(said(&wrong).contains("define no destination `email:nobody`"), "{}", said(&wrong));
    for usage in [&["retry"][..], &["retry", "pager:x"], &["retry", "email:desk", "--all"]] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_sellbell"))
            .args(usage)
            .output()
            .unwrap()
            .searched();
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    }
    let retried = at_once(dir, &["retry", "email:desk", "--config", "settings.toml"]).await;
    assert!(retried.status.success(), "{}", said(&retried));
    let text = said(&retried);
    assert!(
        text.starts_with("email:desk: its pause is over; queued again: 2 deliveries that were given up; tried when sellbell runs, with 1 that were waiting"),
        "{text}"
    );
    let nothing = at_once(dir, &["retry", "terminal", "--config", "settings.toml"]).await;
    assert!(
        said(&nothing).contains("terminal: nothing was given up, and nothing is waiting"),
        "{}",
        said(&nothing)
    );

    // A running bot sends all at once; then the mailbox is refused, and it is asked to try again.
    world.smtp.refuse("desk@example.org", "550 5.1.1 no such user");
    let poll = "[schedule]\npoll = \"* * * * * *\"\ntime_zone = \"UTC\"\n";
    let listening = settings(&world).replace("listen = \"\"", "listen = \"127.0.0.1:0\"") + poll;
    std::fs::write(world.path("settings.toml"), listening).unwrap();
    std::fs::create_dir(world.path("rules")).unwrap();
    std::fs::write(world.path("rules/any.toml"), rules("email:desk")).unwrap();
    let bot = started(&world);
    // It holds the store once it sends something. What was said before it began, then that the mailbox is refused again.
    let mut refused = 0;
    while refused < 2 {
        let message = world.discord.next_message().await.body.to_string();
        refused += usize::from(message.contains("is paused"));
    }
    let mut status = String::new();
    for _ in 0..300 {
        status = said(&at_once(dir, &["status", "--config", "settings.toml"]).await);
        if status.contains("no such user") {
            break;
        }
    }
    let log = std::fs::read_to_string(world.path("log")).unwrap();
    assert!(status.contains("no such user"), "{status}\n{log}");
    world.smtp.allow("desk@example.org");
    let retried = at_once(dir, &["retry", "--all", "--config", "settings.toml"]).await;
    let text = said(&retried);
    assert!(retried.status.success() && text.contains("email:desk: its pause is over; "), "{text}");
    assert!(text.contains("tried now"), "{text}");
    let mail = world.smtp.next_mail().await;
    let parsed = MessageParser::default().parse(&mail.raw).unwrap();
    assert!(parsed.subject().unwrap().contains("3 insider sales"), "{:?}", parsed.subject());
    let wrong = at_once(dir, &["retry", "email:nobody", "--config", "settings.toml"]).await;
    assert!(
        !wrong.status.success() && said(&wrong).contains("define no destination `email:nobody`"),
        "{}",
        said(&wrong)
    );
    let address = std::fs::read_to_string(world.path("store/address")).unwrap();
    let client = reqwest::Client::new();
    let url = format!("http://{}/retries", address.trim());
    let body = json!({ "destination": "email:desk" });
    assert_eq!(client.post(&url).json(&body).send().await.unwrap().status(), 401);
    let token = std::fs::read_to_string(world.path("store/token")).unwrap();
    for body in
        [json!({}), json!({ "destination": "email:desk", "all": true }), json!({ "destination": "pager:x" })]
    {
        let answer = client.post(&url).bearer_auth(&token).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{body}");
    }
    stop(bot).await;
    world.discord.take_messages();
    world.edgar.take_fetched();
    world.finish().await;
}

/// The disk damaged the record that says that a delivery was given up: what was given up is there, and is sent.
#[tokio::test]
async fn what_was_given_up_outlives_a_damaged_record_of_that() {
    let world = World::new().await;
    let (app, desk) = with_alerts(&world, "email:desk").await;
    let key = app.store.queued(&desk, 1).await.unwrap()[0].key.to_string();
    world.smtp.fail_next("end", TOO_BIG, 3);
    assert_eq!(deliver_to(&app, &desk, &mut Lane::default(), at(NOW)).await, (0, 0, 3));
    world.close(app);
    overwrite(&world.path("store"), "deliveries", &key, b"\x01{").await;
    let app = world.app_with(&settings(&world), &rules("email:desk"), None);
    assert_eq!(retry(&app, &desk, at(NOW)).await.revived, 3);
    assert_eq!(deliver_to(&app, &desk, &mut Lane::default(), at(NOW)).await, (3, 0, 0));
    assert_eq!(world.smtp.take_mails().len(), 3);
    deliver_all(&app, at(NOW)).await;
    world.discord.take_messages();
    world.close(app);
    world.finish().await;
}
