//! Refusals of Discord that only a person can mend: a pause at the first answer, with words that say what to do.

use chrono::TimeDelta;
use mail_parser::MessageParser;
use sellbell::destination::Destination;
use sellbell::outbox::Lane;
use sellbell::runtime::App;
use sellbell::service;
use sellbell::store::DeliveryStanding;
use serde_json::{Value, json};

use crate::fakes::discord::Fault;
use crate::world::{World, at, deliver_to, qualys, small_sale};

const NOW: &str = "2021-08-24T17:12:31-04:00";
const SINCE: &str = "2021-08-24T00:00:00-04:00";
const OPERATORS: &str = "[operators]\nnotify = [\"email:desk\"]\n";

async fn rung(world: &World, destination: &str) -> App {
    world.edgar.publish(&qualys());
    let rules = format!("[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"{destination}\"]\n");
    let app = world.app_with(&(world.settings() + OPERATORS), &rules, Some(SINCE));
    assert_eq!(app.intake.poll_once(at(NOW)).await.unwrap().alerted, 1);
    world.edgar.take_fetched();
    app
}

/// The notice that the operators get.
async fn notice(world: &World, app: &App) -> String {
    let desk: Destination = "email:desk".parse().unwrap();
    assert_eq!(deliver_to(app, &desk, &mut Lane::default(), at(NOW)).await, (1, 0, 0));
    let mail = world.smtp.next_mail().await;
    MessageParser::default()
        .parse(&mail.raw)
        .unwrap()
        .body_text(0)
        .unwrap()
        .replace("\r\n", " ")
        .replace('\n', " ")
}

fn says(code: u64, message: &str) -> Value {
    json!({ "message": message, "code": code })
}

#[tokio::test]
async fn what_only_a_person_can_mend_pauses_at_the_first_answer_and_says_what_to_do() {
    for (destination, target, status, body, advice) in [
        (
            "discord:hook",
            "webhook:5",
            400,
            says(220_001, "Webhooks posted to forum channels must have a thread_name or thread_id"),
            "append ?thread_id=",
        ),
        (
            "discord:hook",
            "webhook:5",
            400,
            says(220_003, "Webhooks can only create threads in forum channels"),
            "remove thread_name",
        ),
        ("discord:hook", "webhook:5", 400, says(50_083, "Thread is archived"), "reopen it"),
        ("discord:hook", "webhook:5", 405, says(0, "405: Method Not Allowed"), "nothing after its token"),
        ("discord:hook", "webhook:5", 405, json!("<html>not here</html>"), "nothing after its token"),
        ("discord:hook", "webhook:5", 404, says(0, "404: Not Found"), "not the address of a webhook"),
        ("discord:hook", "webhook:5", 401, says(50_027, "Invalid Webhook Token"), "copy it again"),
        (
            "discord:alerts",
            "channel:555",
            400,
            says(50_008, "Cannot send messages in a non-text channel"),
            "the channel_id of a text channel",
        ),
        (
            "discord:alerts",
            "channel:555",
            400,
            says(50_024, "Cannot execute action on this channel type"),
            "the channel_id of a text channel",
        ),
        ("discord:alerts", "channel:555", 403, says(160_005, "Thread is locked"), "reopen it"),
        (
            "discord:alerts",
            "channel:555",
            403,
            says(40_002, "You need to verify your account"),
            "bot's owner",
        ),
        (
            "discord:alerts",
            "channel:555",
            403,
            says(50_007, "Cannot send messages to this user"),
            "direct messages",
        ),
        (
            "discord:alerts",
            "channel:555",
            404,
            says(10_003, "Unknown Channel"),
            "correct its channel_id in the settings",
        ),
        (
            "discord:alerts",
            "channel:555",
            400,
            says(200_000, "Message was blocked by automatic moderation"),
            "AutoMod",
        ),
    ] {
        let world = World::new().await;
        let app = rung(&world, destination).await;
        let destination: Destination = destination.parse().unwrap();
        world.discord.fail_next(target, status, body.clone(), 1);
        assert_eq!(deliver_to(&app, &destination, &mut Lane::default(), at(NOW)).await, (0, 1, 0), "{body}");
        assert_eq!(service::status(&app, at(NOW)).await.unwrap().paused.len(), 1, "{body}");
        let said = notice(&world, &app).await;
        assert!(said.contains(advice) && !said.contains("token-5"), "{body}: {said}");
        // Somebody mended it.
        let later = at(NOW) + TimeDelta::minutes(6);
        assert_eq!(deliver_to(&app, &destination, &mut Lane::default(), later).await, (1, 0, 0), "{body}");
        world.discord.next_message().await;
        world.finish().await;
    }
}

#[tokio::test]
async fn what_passes_by_itself_is_tried_again_and_nobody_is_notified() {
    for (status, body) in [
        (400, says(123_456, "Something new")),
        (403, json!("<html>a server in between</html>")),
        (404, json!("<html>a server in between</html>")),
        (400, says(40_004, "Send messages has been temporarily disabled")),
        (503, says(10_003, "Unknown Channel")),
    ] {
        let world = World::new().await;
        let app = rung(&world, "discord:hook").await;
        let hook: Destination = "discord:hook".parse().unwrap();
        world.discord.fail_next("webhook:5", status, body.clone(), 1);
        let report = app.outbox.deliver_once(&hook, &mut Lane::default(), at(NOW)).await.unwrap();
        assert!(!report.paused && report.failed == 1, "{body}: {report:?}");
        assert_eq!(app.store.waiting_destinations().await.unwrap().len(), 1);
        assert_eq!(
            deliver_to(&app, &hook, &mut Lane::default(), at(NOW) + TimeDelta::minutes(2)).await,
            (1, 0, 0)
        );
        world.discord.next_message().await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_deleted_channel_that_subscribed_gets_advice_of_its_own() {
    let world = World::new().await;
    world.edgar.publish(&qualys());
    let rules = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\n";
    let app = world.app_with(&(world.settings() + OPERATORS), rules, Some(SINCE));
    app.store.subscribe(777, "any", 1, at(NOW)).await.unwrap();
    app.intake.poll_once(at(NOW)).await.unwrap();
    world.edgar.take_fetched();
    let channel = Destination::Channel(777);
    world.discord.fail_next("channel:777", 404, says(10_003, "Unknown Channel"), 1);
    assert_eq!(deliver_to(&app, &channel, &mut Lane::default(), at(NOW)).await, (0, 1, 0));
    assert_eq!(service::status(&app, at(NOW)).await.unwrap().paused.len(), 1);
    let said = notice(&world, &app).await;
    assert!(said.contains("do nothing") && said.contains("invite the bot again"), "{said}");
    assert!(!said.split(" -- ").next().unwrap().contains("settings"), "{said}");
    assert_eq!(app.store.subscriptions(777).await.unwrap(), ["any"]);
    world.finish().await;
}

#[tokio::test]
async fn an_answer_without_a_message_is_no_delivery() {
    for (destination, target, status, body) in [
        ("discord:hook", "webhook:5", 200, json!("ok")),
        ("discord:hook", "webhook:5", 204, json!("")),
        ("discord:hook", "webhook:5", 200, json!({ "ok": true })),
        ("discord:hook", "webhook:5", 202, json!({ "id": "none" })),
        ("discord:alerts", "channel:555", 200, json!("<html>log in</html>")),
    ] {
        let world = World::new().await;
        let app = rung(&world, destination).await;
        let destination: Destination = destination.parse().unwrap();
        let key = app.store.queued(&destination, 1).await.unwrap().remove(0).key;
        world.discord.fail_next(target, status, body.clone(), 1);
        assert_eq!(deliver_to(&app, &destination, &mut Lane::default(), at(NOW)).await, (0, 1, 0), "{body}");
        assert_eq!(service::status(&app, at(NOW)).await.unwrap().paused.len(), 1, "{body}");
        // It may have arrived.
        assert!(
            matches!(app.store.delivery_standing(&key).await.unwrap(), Some(DeliveryStanding::InFlight(_))),
            "{body}"
        );
        let said = notice(&world, &app).await;
        assert!(said.contains("something else than Discord answers"), "{said}");
        let later = at(NOW) + TimeDelta::minutes(6);
        world.discord.set_time(later);
        world.discord.post_by_other(555, &json!({ "content": "hello" }));
        let mut lane = Lane::default();
        deliver_to(&app, &destination, &mut lane, later).await;
        deliver_to(&app, &destination, &mut lane, later + TimeDelta::minutes(2)).await;
        assert_eq!(world.discord.take_messages().len(), 1, "{body}");
        world.finish().await;
    }
}

#[tokio::test]
async fn an_edit_that_an_archived_thread_does_not_take_comes_as_a_message_of_its_own() {
    use crate::together::{alert, queue};

    let world = World::new().await;
    let alert = alert(&world).await;
    let settings = world.settings().replace("[discord]\n", "[discord]\nchannel_budget = 1\n");
    let app = world.app_with(
        &settings,
        "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"terminal\"]\n",
        None,
    );
    let channel: Destination = "discord:alerts".parse().unwrap();
    queue(&app, &alert, &channel, 0..4).await;
    let mut lane = Lane::default();
    deliver_to(&app, &channel, &mut lane, at(NOW)).await;
    assert_eq!(world.discord.take_messages().len(), 2, "one alert and the message of the others");
    queue(&app, &alert, &channel, 4..6).await;
    world.discord.fail_next("editing:555", 400, says(50_083, "Thread is archived"), 1);
    for minutes in [1, 2] {
        deliver_to(&app, &channel, &mut lane, at(NOW) + TimeDelta::minutes(minutes)).await;
    }
    let messages = world.discord.take_messages();
    assert_eq!(messages.len(), 1, "made anew, which opens the thread again");
    assert_eq!(messages[0].body["embeds"][0]["title"], "5 more alerts");
    assert_eq!(service::status(&app, at(NOW)).await.unwrap().paused, Vec::<String>::new());
    world.finish().await;
}

/// AutoMod blocks one of three by its words: the others come, and the channel is not left alone for it.
#[tokio::test]
async fn one_message_that_automod_blocks_holds_up_no_other() {
    let world = World::new().await;
    for (accession, issuer) in [("0000000007-21-000001", 71), ("0000000007-21-000002", 72)] {
        world.edgar.publish(&small_sale(accession, issuer, "2021-08-24T17:12:00-04:00"));
    }
    world.edgar.publish(&qualys());
    let rules = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"discord:alerts\"]\n";
    let app = world.app_with(&(world.settings() + OPERATORS), rules, Some(SINCE));
    assert_eq!(app.intake.poll_once(at(NOW)).await.unwrap().alerted, 3);
    world.edgar.take_fetched();
    let alerts: Destination = "discord:alerts".parse().unwrap();
    // All three in one message; then the second of those that come singly, each time.
    let mut message = 0;
    world.discord.set_faults(move |target| {
        message += u32::from(target == "channel:555");
        let blocked = target == "channel:555" && matches!(message, 1 | 3 | 5..);
        blocked.then(|| Fault::Refused(400, says(200_000, "Message was blocked by automatic moderation")))
    });
    assert_eq!(deliver_to(&app, &alerts, &mut Lane::default(), at(NOW)).await, (2, 3 + 1 + 1, 0));
    assert_eq!(app.store.paused(&alerts).await.unwrap(), None);
    let waiting = app.store.queued(&alerts, 9).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert!(waiting[0].not_before > at(NOW) + TimeDelta::minutes(5));
    assert_eq!(world.discord.take_messages().len(), 2);
    let notice = notice(&world, &app).await;
    assert!(notice.contains("refuses a message") && notice.contains("AutoMod"), "{notice}");
    world.close(app);
    world.finish().await;
}
