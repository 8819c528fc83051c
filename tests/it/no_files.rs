//! A channel that takes no files: overflow messages come without their tables, and say so.

use chrono::TimeDelta;
use mail_parser::MessageParser;
use sellbell::destination::Destination;
use sellbell::outbox::Lane;
use sellbell::runtime::{self, App};
use sellbell::service;
use serde_json::json;

use crate::fakes::discord::Fault;
use crate::together::{alert, queue};
use crate::world::{World, at, deliver_to};

const NOW: &str = "2021-08-24T17:12:31-04:00";
const RULES: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"terminal\"]\n";
const ATTACH_FILES: u64 = 1 << 15;

fn app(world: &World) -> App {
    let settings = world.settings().replace("[discord]\n", "[discord]\nchannel_budget = 1\n");
    world.app_with(&(settings + "[operators]\nnotify = [\"email:desk\"]\n"), RULES, None)
}

async fn notices(world: &World, app: &App, now: &str) -> Vec<String> {
    let desk: Destination = "email:desk".parse().unwrap();
    let (count, ..) = deliver_to(app, &desk, &mut Lane::default(), at(now)).await;
    let mut said = Vec::new();
    for _ in 0..count {
        let mail = world.smtp.next_mail().await;
        let mail = MessageParser::default().parse(&mail.raw).unwrap();
        said.push(format!("{}: {}", mail.subject().unwrap(), mail.body_text(0).unwrap()));
    }
    said
}

#[tokio::test]
async fn without_the_permission_the_table_is_missing_and_nothing_else() {
    let world = World::new().await;
    let alert = alert(&world).await;
    let app = app(&world);
    let channel: Destination = "discord:alerts".parse().unwrap();
    world.discord.deny(555, ATTACH_FILES);
    queue(&app, &alert, &channel, 0..14).await;
    let mut lane = Lane::default();
    assert_eq!(deliver_to(&app, &channel, &mut lane, at(NOW)).await.1, 0, "nothing failed");
    let messages = world.discord.take_messages();
    let [_, overflow] = &messages[..] else { panic!("{} messages", messages.len()) };
    let text = overflow.body["embeds"][0]["description"].as_str().unwrap();
    assert!(overflow.files.is_empty() && text.contains("the permission Attach Files is missing"), "{text}");
    assert!(text.contains("and 3 more") && !text.contains("in the attached table"), "{text}");
    let status = service::status(&app, at(NOW)).await.unwrap();
    assert_eq!(status.paused, Vec::<String>::new());
    assert!(status.troubles[0].starts_with("discord:alerts accepts no files"), "{:?}", status.troubles);
    let said = notices(&world, &app, NOW).await;
    assert!(said.len() == 1 && said[0].contains("give it to the bot in that channel"), "{said:?}");

    // The next ones, also after a start: nobody is notified again.
    world.close(app);
    let app = self::app(&world);
    queue(&app, &alert, &channel, 20..24).await;
    let mut lane = Lane::default();
    let now = "2021-08-24T18:12:31-04:00";
    deliver_to(&app, &channel, &mut lane, at(now)).await;
    assert_eq!(world.discord.take_messages().len(), 2);
    assert_eq!(notices(&world, &app, now).await, Vec::<String>::new());

    // The permission comes back: the same message gets its table, with all that it has.
    world.discord.deny(555, 0);
    queue(&app, &alert, &channel, 30..32).await;
    for minutes in [5, 9] {
        deliver_to(&app, &channel, &mut lane, at(now) + TimeDelta::minutes(minutes)).await;
    }
    let edits = world.discord.take_edits();
    // Within ten minutes it is not tried; the table that it does not have is not left there either.
    assert!(
        edits.iter().all(|edit| edit.files.is_empty() && edit.body["attachments"] == json!([])),
        "{}",
        edits.len()
    );
    let later = "2021-08-24T18:32:31-04:00";
    queue(&app, &alert, &channel, 40..44).await;
    deliver_to(&app, &channel, &mut lane, at(later)).await;
    let messages = world.discord.take_messages();
    assert_eq!(messages.last().unwrap().files[0].0, "alerts.csv");
    let said = notices(&world, &app, later).await;
    assert!(said.len() == 1 && said[0].contains("accepts files again"), "{said:?}");
    assert_eq!(service::status(&app, at(later)).await.unwrap().troubles, Vec::<String>::new());
    world.finish().await;
}

#[tokio::test]
async fn a_channel_that_is_no_longer_in_the_settings_is_forgotten() {
    let world = World::new().await;
    let alert = alert(&world).await;
    let app = app(&world);
    let channel: Destination = "discord:alerts".parse().unwrap();
    world.discord.deny(555, ATTACH_FILES);
    queue(&app, &alert, &channel, 0..3).await;
    deliver_to(&app, &channel, &mut Lane::default(), at(NOW)).await;
    assert_eq!(world.discord.take_messages().len(), 2);
    runtime::on_start(&app, app.clock().now()).await.unwrap();
    assert_eq!(service::status(&app, at(NOW)).await.unwrap().troubles.len(), 1, "a start changes nothing");
    world.close(app);
    let renamed = world.app_with(&world.settings().replace("\"alerts\"", "\"renamed\""), RULES, None);
    runtime::on_start(&renamed, at(NOW)).await.unwrap();
    assert_eq!(service::status(&renamed, at(NOW)).await.unwrap().troubles, Vec::<String>::new());
    world.finish().await;
}

#[tokio::test]
async fn a_table_that_is_too_large_or_not_allowed_is_left_out() {
    for (status, body) in [
        (413, json!({ "message": "Request entity too large", "code": 40005 })),
        (413, json!("<html>nginx</html>")),
        (400, json!({ "message": "File uploaded exceeds the maximum size", "code": 50045 })),
        (403, json!({ "message": "Access to file uploads has been limited for this guild", "code": 400001 })),
    ] {
        let world = World::new().await;
        let alert = alert(&world).await;
        let app = app(&world);
        let hook: Destination = "discord:hook".parse().unwrap();
        queue(&app, &alert, &hook, 0..1).await;
        let mut lane = Lane::default();
        deliver_to(&app, &hook, &mut lane, at(NOW)).await;
        queue(&app, &alert, &hook, 1..4).await;
        world.discord.fail_next("webhook:5", status, body.clone(), 1);
        deliver_to(&app, &hook, &mut lane, at(NOW) + TimeDelta::seconds(1)).await;
        let messages = world.discord.take_messages();
        let [_, overflow] = &messages[..] else { panic!("{body}: {} messages", messages.len()) };
        let text = overflow.body["embeds"][0]["description"].as_str().unwrap();
        assert!(overflow.files.is_empty() && text.contains("Discord rejects it"), "{text}");
        assert_eq!(app.store.counts().await.unwrap().dead, crate::together::GIVEN_UP);
        assert_eq!(notices(&world, &app, "2021-08-24T17:13:31-04:00").await.len(), 1);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_channel_that_takes_nothing_is_paused_all_the_same() {
    let world = World::new().await;
    let alert = alert(&world).await;
    let app = app(&world);
    let channel: Destination = "discord:alerts".parse().unwrap();
    queue(&app, &alert, &channel, 0..1).await;
    let mut lane = Lane::default();
    deliver_to(&app, &channel, &mut lane, at(NOW)).await;
    world.discord.next_message().await;
    queue(&app, &alert, &channel, 1..4).await;
    let missing = json!({ "message": "Missing Permissions", "code": 50013 });
    world.discord.fail_next("channel:555", 403, missing, 2);
    let now = at(NOW) + TimeDelta::seconds(1);
    deliver_to(&app, &channel, &mut lane, now).await;
    let status = service::status(&app, now).await.unwrap();
    assert!(status.paused.len() == 1 && status.troubles.is_empty(), "{status:?}");
    let said = notices(&world, &app, "2021-08-24T17:13:31-04:00").await;
    assert!(said.len() == 1 && said[0].contains("lacks a permission"), "{said:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_file_is_not_tried_again_at_once_whatever_becomes_of_the_message_without_it() {
    // Nothing is left in the bucket; Discord is down; the connection breaks off.
    for round in 0..3 {
        let world = World::new().await;
        let alert = alert(&world).await;
        let app = app(&world);
        let channel: Destination = "discord:alerts".parse().unwrap();
        world.discord.set_time(at(NOW));
        world.discord.deny(555, ATTACH_FILES);
        let mut number = 0;
        match round {
            0 => world.discord.set_bucket(2, TimeDelta::seconds(30)),
            _ => world.discord.set_faults(move |_| {
                number += 1;
                let down = if round == 1 { Fault::Refused(503, json!("down")) } else { Fault::Reset };
                (number == 3).then_some(down)
            }),
        }
        queue(&app, &alert, &channel, 0..4).await;
        let mut lane = Lane::default();
        deliver_to(&app, &channel, &mut lane, at(NOW)).await;
        assert_eq!((world.discord.unread(), world.discord.refused_files()), (1, 1), "{round}");
        let later = at(NOW) + TimeDelta::seconds(40);
        world.discord.set_time(later);
        deliver_to(&app, &channel, &mut lane, later).await;
        let messages = world.discord.take_messages();
        let text = messages[1].body["embeds"][0]["description"].as_str().unwrap();
        assert!(text.contains("the permission Attach Files is missing"), "{text}");
        assert_eq!((world.discord.refused_files(), world.discord.over_the_limit()), (1, 0), "{round}");
        assert_eq!(service::status(&app, later).await.unwrap().troubles.len(), 1);
        assert_eq!(notices(&world, &app, "2021-08-24T17:14:31-04:00").await.len(), 1);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_channel_that_took_nothing_gets_its_table_when_it_is_mended() {
    let world = World::new().await;
    let alert = alert(&world).await;
    let app = app(&world);
    let channel: Destination = "discord:alerts".parse().unwrap();
    let mut lane = Lane::default();
    queue(&app, &alert, &channel, 0..1).await;
    deliver_to(&app, &channel, &mut lane, at(NOW)).await;
    queue(&app, &alert, &channel, 1..4).await;
    let missing = json!({ "message": "Missing Permissions", "code": 50013 });
    world.discord.fail_next("channel:555", 403, missing, 2);
    deliver_to(&app, &channel, &mut lane, at(NOW)).await;
    let later = at(NOW) + TimeDelta::minutes(5);
    deliver_to(&app, &channel, &mut lane, later).await;
    assert_eq!(world.discord.take_messages().last().unwrap().files[0].0, "alerts.csv");
    assert_eq!(service::status(&app, later).await.unwrap().troubles, Vec::<String>::new());
    notices(&world, &app, "2021-08-24T18:13:31-04:00").await;
    world.finish().await;
}
