//! Destinations that take nothing until somebody mends them.

use chrono::TimeDelta;
use mail_parser::MessageParser;
use sellbell::delivery::{Body, Delivery};
use sellbell::destination::Destination;
use sellbell::notice::Notice;
use sellbell::outbox::Lane;
use sellbell::runtime::{self, App};
use sellbell::service;
use serde_json::{Value, json};

use crate::world::{World, at, deliver_all, deliver_to, qualys, small_sale};

const NOW: &str = "2021-08-24T17:12:31-04:00";
const RULES: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"discord:hook\"]\n";
const OPERATORS: &str = "[operators]\nnotify = [\"email:desk\"]\n";

fn gone() -> Value {
    json!({ "message": "Unknown Webhook", "code": 10015 })
}

/// A world whose one channel is gone, with so many sales to tell of.
async fn with_sales(count: usize) -> (World, App) {
    let world = World::new().await;
    let app = world.app_with(&(world.settings() + OPERATORS), RULES, Some("2021-08-24T00:00:00-04:00"));
    world.edgar.publish(&qualys());
    let others = ["0000000007-21-000001", "0000000007-21-000002"];
    for (accession, issuer) in others.into_iter().zip(71..).take(count - 1) {
        world.edgar.publish(&small_sale(accession, issuer, "2021-08-24T17:12:00-04:00"));
    }
    let rang = app.intake.poll_once(at(NOW)).await.unwrap().alerted;
    assert_eq!(rang, count);
    world.edgar.take_fetched();
    (world, app)
}

async fn told(world: &World) -> String {
    let mail = world.smtp.next_mail().await;
    let parsed = MessageParser::default().parse(&mail.raw).unwrap();
    format!("{} {}", parsed.subject().unwrap(), parsed.body_text(0).unwrap())
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test]
async fn after_the_first_clear_answer_nothing_is_sent_and_nothing_is_lost() {
    let (world, app) = with_sales(3).await;
    let hook: Destination = "discord:hook".parse().unwrap();
    world.discord.fail_next("webhook:5", 404, gone(), 3);
    let mut lane = Lane::default();
    let report = app.outbox.deliver_once(&hook, &mut lane, at(NOW)).await.unwrap();
    assert!(report.paused && report.failed == 3);
    assert_eq!(report.next, Some(at(NOW) + TimeDelta::minutes(5)));
    assert_eq!(deliver_all_but(&app, &hook, NOW).await, (1, 0, 0));
    let notice = told(&world).await;
    assert!(
        notice.starts_with("sellbell: discord:hook is paused") && notice.contains("create another one"),
        "{notice}"
    );
    assert!(notice.contains("kept for 30 days") && !notice.contains("token-5"), "{notice}");

    // Not tried before its time, then twice as seldom each time; the operators know.
    let mut now = at(NOW);
    for minutes in [5, 10] {
        let early = now + TimeDelta::minutes(minutes) - TimeDelta::seconds(1);
        let report = app.outbox.deliver_once(&hook, &mut lane, early).await.unwrap();
        assert_eq!((report.paused, report.failed, report.delivered), (true, 0, 0));
        now += TimeDelta::minutes(minutes);
        if minutes == 5 {
            assert_eq!(app.outbox.deliver_once(&hook, &mut lane, now).await.unwrap().failed, 3);
        }
    }
    let status = service::status(&app, now).await.unwrap();
    assert_eq!((status.queued, status.dead), (3, 0));
    assert_eq!(status.paused.len(), 1);
    assert!(status.paused[0].contains("code 10015"), "{:?}", status.paused);

    // A start tries at once: somebody may have mended it.
    assert_eq!(deliver_to(&app, &hook, &mut Lane::default(), now).await, (0, 3, 0));
    assert_eq!(world.smtp.unread(), 0, "told once");
    assert_eq!(deliver_to(&app, &hook, &mut Lane::default(), now).await, (3, 0, 0));
    assert_eq!(world.discord.next_message().await.body["embeds"].as_array().unwrap().len(), 3);
    assert_eq!(service::status(&app, now).await.unwrap().paused, Vec::<String>::new());
    assert_eq!(deliver_all(&app, now).await, (1, 0, 0));
    let notice = told(&world).await;
    assert!(
        notice.starts_with("sellbell: discord:hook accepts alerts again")
            && notice.contains("Nothing else was waiting"),
        "{notice}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_pause_survives_a_restart_and_what_waits_is_given_up_only_after_a_month_of_tries() {
    let (world, app) = with_sales(2).await;
    let hook: Destination = "discord:hook".parse().unwrap();
    world.discord.fail_next("webhook:5", 404, gone(), 100);
    assert_eq!(deliver_to(&app, &hook, &mut Lane::default(), at(NOW)).await, (0, 2, 0));
    world.close(app);
    let app = world.app_with(&(world.settings() + OPERATORS), RULES, None);
    assert_eq!(service::status(&app, at(NOW)).await.unwrap().paused.len(), 1);
    // A clock that is ahead, or a bot that was off, loses nothing.
    let mut now = at(NOW) + TimeDelta::days(40);
    assert_eq!(deliver_to(&app, &hook, &mut Lane::default(), now).await, (0, 2, 0));
    assert_eq!(app.store.queued(&hook, 9).await.unwrap().len(), 2);
    let mut lane = Lane::default();
    let mut tries = 0;
    while let Some(next) = app.outbox.deliver_once(&hook, &mut lane, now).await.unwrap().next {
        (now, tries) = (now.max(next), tries + 1);
        assert!(tries < 200);
    }
    assert!(now - at(NOW) > TimeDelta::days(50), "{}", now - at(NOW));
    let counts = app.store.counts().await.unwrap();
    assert_eq!(counts.dead, 2);
    deliver_all(&app, now).await;
    assert!(told(&world).await.contains("is paused"));
    assert!(told(&world).await.contains("2 deliveries to discord:hook were given up"));
    // Nothing waits for it, and it took nothing: the pause ends with the next message, and a notice.
    runtime::on_start(&app, app.clock().now()).await.unwrap();
    assert_eq!(service::status(&app, now).await.unwrap().paused.len(), 1);
    world.discord.mend();
    let notice = Body::Notice(Box::new(Notice::written(now, "A title", "A text")));
    app.store.enqueue(&Delivery::new(hook.clone(), notice, now)).await.unwrap();
    assert_eq!(deliver_to(&app, &hook, &mut Lane::default(), now).await, (1, 0, 0));
    assert_eq!(service::status(&app, now).await.unwrap().paused, Vec::<String>::new());
    deliver_all(&app, now).await;
    assert!(told(&world).await.contains("accepts alerts again"));
    world.discord.take_messages();
    world.finish().await;
}

#[tokio::test]
async fn operators_whose_own_mailbox_fails_now_and_then_are_sent_two_notices_an_hour() {
    let world = World::new().await;
    let rules = RULES.replace("discord:hook", "email:desk");
    let app = world.app_with(&(world.settings() + OPERATORS), &rules, None);
    let desk: Destination = "email:desk".parse().unwrap();
    let (mut lane, mut now, mut sent) = (Lane::default(), at(NOW), 0);
    let notice = Body::Notice(Box::new(Notice::written(now, "A title", "A text")));
    app.store.enqueue(&Delivery::new(desk.clone(), notice, now)).await.unwrap();
    // A server that takes one mail each five minutes.
    for _ in 0..36 {
        let report = app.outbox.deliver_once(&desk, &mut lane, now).await.unwrap();
        sent += report.delivered;
        world.smtp.fail_next("mail", "550 5.4.5 one mail each five minutes", 1);
        while app.outbox.deliver_once(&desk, &mut lane, now).await.unwrap().failed == 0
            && !app.store.queued(&desk, 1).await.unwrap().is_empty()
        {}
        world.smtp.mend();
        now += TimeDelta::minutes(5);
        if app.store.queued(&desk, 1).await.unwrap().is_empty() {
            lane = Lane::default();
        }
    }
    let mails: Vec<String> = world
        .smtp
        .take_mails()
        .iter()
        .map(|mail| MessageParser::default().parse(&mail.raw).unwrap().subject().unwrap().to_owned())
        .collect();
    assert!(sent <= 2, "{mails:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_mail_that_the_server_does_not_like_holds_up_no_other() {
    let world = World::new().await;
    let rules = RULES.replace("discord:hook", "email:desk");
    let app = world.app(&rules, Some("2021-08-24T00:00:00-04:00"));
    world.edgar.publish(&qualys());
    world.edgar.publish(&small_sale("0000000007-21-000001", 71, "2021-08-24T17:12:00-04:00"));
    app.intake.poll_once(at(NOW)).await.unwrap();
    world.edgar.take_fetched();
    world.smtp.fail_next("end", "552 5.3.4 message too big", 1);
    let desk: Destination = "email:desk".parse().unwrap();
    assert_eq!(deliver_to(&app, &desk, &mut Lane::default(), at(NOW)).await, (1, 0, 1));
    assert_eq!(service::status(&app, at(NOW)).await.unwrap().paused, Vec::<String>::new());
    world.smtp.next_mail().await;
    world.finish().await;
}

#[tokio::test]
async fn a_mail_that_is_taken_for_spam_is_kept_and_holds_up_no_other_for_long() {
    let world = World::new().await;
    let rules = RULES.replace("discord:hook", "email:desk");
    let operators = "[operators]\nnotify = [\"discord:alerts\"]\n";
    let app = world.app_with(&(world.settings() + operators), &rules, Some("2021-08-24T00:00:00-04:00"));
    world.edgar.publish(&qualys());
    for (accession, issuer) in [("0000000007-21-000001", 71), ("0000000007-21-000002", 72)] {
        world.edgar.publish(&small_sale(accession, issuer, "2021-08-24T17:12:00-04:00"));
    }
    app.intake.poll_once(at(NOW)).await.unwrap();
    world.edgar.take_fetched();
    let desk: Destination = "email:desk".parse().unwrap();
    let mut lane = Lane::default();
    // The first one, whenever it comes.
    world.smtp.fail_next("end", "550 5.7.1 this looks like spam", 1);
    let report = app.outbox.deliver_once(&desk, &mut lane, at(NOW)).await.unwrap();
    assert_eq!((report.failed, report.paused, report.next), (1, false, Some(at(NOW))));
    let first = app.store.queued(&desk, 9).await.unwrap().into_iter().find(|one| one.attempts == 1).unwrap();
    for _ in 0..2 {
        assert_eq!(
            app.outbox.deliver_once(&desk, &mut lane, at(NOW)).await.unwrap().delivered,
            1,
            "others come first"
        );
    }
    world.smtp.take_mails();
    world.smtp.fail_next("end", "550 5.7.1 this looks like spam", 1);
    assert_eq!(deliver_to(&app, &desk, &mut lane, at(NOW)).await, (0, 1, 0));
    // It alone waits.
    assert_eq!(service::status(&app, at(NOW)).await.unwrap().paused, Vec::<String>::new());
    let waiting = app.store.queued(&desk, 9).await.unwrap();
    assert_eq!(waiting.iter().map(|one| &one.key).collect::<Vec<_>>(), [&first.key]);
    let later = at(NOW) + TimeDelta::minutes(10);
    assert_eq!((waiting[0].attempts, waiting[0].not_before), (2, later));
    world.smtp.fail_next("end", "550 5.7.1 this looks like spam", 1);
    assert_eq!(deliver_to(&app, &desk, &mut lane, later).await, (0, 1, 0));
    let last = later + TimeDelta::minutes(20);
    assert_eq!(deliver_to(&app, &desk, &mut lane, last).await, (1, 0, 0));
    world.smtp.next_mail().await;
    deliver_all(&app, last).await;
    let notices = world.discord.take_messages();
    let [notice] = &notices[..] else { panic!("one notice: {notices:?}") };
    let notice = notice.body.to_string();
    assert!(notice.contains("desk refuses a message") && notice.contains("this looks like spam"), "{notice}");
    world.finish().await;
}

#[tokio::test]
async fn a_server_that_takes_every_mail_for_spam_is_left_alone_after_three() {
    let world = World::new().await;
    let rules = RULES.replace("discord:hook", "email:desk");
    let operators = "[operators]\nnotify = [\"discord:alerts\"]\n";
    let app = world.app_with(&(world.settings() + operators), &rules, None);
    let desk: Destination = "email:desk".parse().unwrap();
    for number in 0..50 {
        let notice = Body::Notice(Box::new(Notice::written(at(NOW), format!("Notice {number}"), "A text")));
        app.store.enqueue(&Delivery::new(desk.clone(), notice, at(NOW))).await.unwrap();
    }
    world.smtp.fail_next("end", "554 5.7.1 poor reputation", 100);
    let mut lane = Lane::default();
    assert_eq!(deliver_to(&app, &desk, &mut lane, at(NOW)).await, (0, 3, 0));
    let status = service::status(&app, at(NOW)).await.unwrap();
    assert_eq!((status.paused.len(), status.queued, status.dead), (1, 50 + 1, 0), "and a notice");
    world.smtp.mend();
    let later = at(NOW) + TimeDelta::minutes(5);
    assert_eq!(deliver_to(&app, &desk, &mut lane, later).await, (50, 0, 0));
    assert_eq!(world.smtp.take_mails().len(), 50);
    deliver_all(&app, later).await;
    let notices = world.discord.take_messages();
    let told: String = notices.iter().map(|one| one.body["embeds"].to_string()).collect();
    assert_eq!(
        (told.matches("is paused").count(), told.matches("accepts alerts again").count()),
        (1, 1),
        "{told}"
    );
    world.finish().await;
}

/// Bits of Discord's permissions.
const SEND_MESSAGES: u64 = 1 << 11;
const EMBED_LINKS: u64 = 1 << 14;

#[tokio::test]
async fn a_missing_permission_is_named_and_looked_up_once_a_pause() {
    for (destination, channel) in [("discord:alerts", 555), ("channel:556", 556)] {
        let world = World::new().await;
        let one = crate::together::alert(&world).await;
        let app = world.app_with(&(world.settings() + OPERATORS), RULES, None);
        let of_alerts: Destination = destination.parse().unwrap();
        let missing = json!({ "message": "Missing Permissions", "code": 50013 });
        world.discord.deny(channel, SEND_MESSAGES | EMBED_LINKS);
        world.discord.fail_next(&format!("channel:{channel}"), 403, missing.clone(), 5);
        crate::together::queue(&app, &one, &of_alerts, 0..3).await;
        let (mut lane, mut now) = (Lane::default(), at(NOW));
        for _ in 0..3 {
            assert!(app.outbox.deliver_once(&of_alerts, &mut lane, now).await.unwrap().paused);
            now += TimeDelta::hours(1);
        }
        deliver_all_but(&app, &of_alerts, NOW).await;
        let notice = told(&world).await;
        let words = "What to do: the bot lacks Send Messages, Embed Links in that channel: grant it.";
        assert!(notice.replace('\n', " ").contains(words), "{notice}");
        assert_eq!(world.discord.looks(), 1);

        // A start tries at once, and the operators know.
        world.close(app);
        let app = world.app_with(&(world.settings() + OPERATORS), RULES, None);
        runtime::on_start(&app, app.clock().now()).await.unwrap();
        for _ in 0..2 {
            let mut lane = Lane::default();
            assert!(app.outbox.deliver_once(&of_alerts, &mut lane, now).await.unwrap().paused);
        }
        assert_eq!((world.discord.looks(), world.smtp.unread()), (1, 0));

        // Mended, and taken away once more: that is another pause.
        let mut lane = Lane::default();
        deliver_to(&app, &of_alerts, &mut lane, now).await;
        assert!(!world.discord.take_messages().is_empty());
        world.discord.deny(channel, EMBED_LINKS);
        world.discord.fail_next(&format!("channel:{channel}"), 403, missing.clone(), 1);
        crate::together::queue(&app, &one, &of_alerts, 3..4).await;
        now += TimeDelta::hours(1);
        app.outbox.deliver_once(&of_alerts, &mut lane, now).await.unwrap();
        deliver_all_but(&app, &of_alerts, "2021-08-25T17:12:31-04:00").await;
        assert!(told(&world).await.contains("accepts alerts again"));
        assert!(told(&world).await.contains("the bot lacks Embed Links in that channel"));
        assert_eq!(world.discord.looks(), 2);
        world.finish().await;
    }
}

#[tokio::test]
async fn where_the_missing_permission_cannot_be_known_the_advice_is_general() {
    for denied in [None, Some(0)] {
        let world = World::new().await;
        let one = crate::together::alert(&world).await;
        let app = world.app_with(&(world.settings() + OPERATORS), RULES, None);
        // The channel is not shown, or nothing is missing there as far as it shows.
        if let Some(denied) = denied {
            world.discord.deny(555, denied);
        }
        let missing = json!({ "message": "Missing Permissions", "code": 50013 });
        world.discord.fail_next("channel:555", 403, missing, 1);
        let channel: Destination = "discord:alerts".parse().unwrap();
        crate::together::queue(&app, &one, &channel, 0..1).await;
        assert!(app.outbox.deliver_once(&channel, &mut Lane::default(), at(NOW)).await.unwrap().paused);
        deliver_all_but(&app, &channel, NOW).await;
        let notice = told(&world).await;
        assert!(notice.replace('\n', " ").contains("the bot lacks a permission in that channel"), "{notice}");
        assert_eq!(world.discord.looks(), 1);
        world.finish().await;
    }
}

/// Delivers to all other destinations.
async fn deliver_all_but(app: &App, but: &Destination, now: &str) -> (usize, usize, usize) {
    let mut total = (0, 0, 0);
    for destination in app.store.waiting_destinations().await.unwrap() {
        if destination != *but {
            let one = deliver_to(app, &destination, &mut Lane::default(), at(now)).await;
            total = (total.0 + one.0, total.1 + one.1, total.2 + one.2);
        }
    }
    total
}
