//! Troubles that come and go: how often the operators are notified of them.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use mail_parser::MessageParser;
use sellbell::destination::Destination;
use sellbell::notice::InstanceSign;
use sellbell::operators::GatewayFailure;
use sellbell::outbox::Lane;
use sellbell::runtime::{self, App};
use sellbell::service;
use tokio::sync::oneshot;

use crate::together::{alert, queue};
use crate::world::{World, at, deliver_to};

const RULES: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"terminal\"]\n";
const START: &str = "2021-08-24T17:12:31-04:00";
const ATTACH_FILES: u64 = 1 << 15;

fn app(world: &World) -> App {
    let settings = world.settings().replace("[discord]\n", "[discord]\nchannel_budget = 1\n");
    world.app_with(&(settings + "[operators]\nnotify = [\"email:desk\"]\n"), RULES, None)
}

/// The subjects of the notices since the last call.
async fn notices(world: &World, app: &App, now: DateTime<Utc>) -> Vec<String> {
    let desk: Destination = "email:desk".parse().unwrap();
    let (count, ..) = deliver_to(app, &desk, &mut Lane::default(), now + TimeDelta::hours(1)).await;
    let mut subjects = Vec::new();
    for _ in 0..count {
        let mail = world.smtp.next_mail().await;
        let mail = MessageParser::default().parse(&mail.raw).unwrap();
        subjects.push(mail.subject().unwrap().trim_start_matches("sellbell: ").to_owned());
    }
    subjects
}

async fn fails(app: &App, now: DateTime<Utc>) {
    app.gateway.failed(&GatewayFailure { reason: "it hung up".to_owned(), advice: None }, now).await.unwrap();
}

/// The gateway fails from then on for so many minutes, and is tried each minute.
async fn is_down(app: &App, from: DateTime<Utc>, minutes: i64) -> DateTime<Utc> {
    for minute in 0..minutes {
        fails(app, from + TimeDelta::minutes(minute)).await;
    }
    let until = from + TimeDelta::minutes(minutes);
    app.gateway.connected(until).await.unwrap();
    until
}

const DOWN: &str = "Discord's gateway is not connected";
const BACK: &str = "Discord's gateway is connected again";

#[tokio::test]
async fn a_gateway_that_comes_and_goes_is_reported_once_an_hour() {
    let world = World::new().await;
    let app = app(&world);
    let (mut now, mut said) = (at(START), Vec::new());
    while now < at(START) + TimeDelta::minutes(175) {
        now = is_down(&app, now, 4).await + TimeDelta::minutes(1);
        said.extend(notices(&world, &app, now).await);
        assert_eq!(service::status(&app, now).await.unwrap().troubles, Vec::<String>::new());
    }
    assert_eq!(said, [DOWN, BACK].repeat(3), "35 times in three hours");
    world.finish().await;
}

#[tokio::test]
async fn one_that_stays_away_is_reported_again_after_a_while_also_after_a_start() {
    let world = World::new().await;
    let first = app(&world);
    let now = is_down(&first, at(START), 5).await;
    assert_eq!(notices(&world, &first, now).await, [DOWN, BACK]);
    world.close(first);
    let app = app(&world);
    // It is known by then that it was reported a little while ago.
    let now = is_down(&app, now + TimeDelta::minutes(3), 16).await;
    assert_eq!(notices(&world, &app, now).await, Vec::<String>::new());
    let down = now + TimeDelta::minutes(3);
    for minute in 0..17 {
        fails(&app, down + TimeDelta::minutes(minute)).await;
    }
    assert_eq!(notices(&world, &app, now).await, Vec::<String>::new());
    // It needs no further failure: it may be tried seldom.
    let known = down + TimeDelta::minutes(2);
    assert_eq!(
        app.troubles.report_lasting(known + TimeDelta::seconds(899)).await.unwrap(),
        Some(known + TimeDelta::minutes(15))
    );
    app.troubles.report_lasting(known + TimeDelta::minutes(15)).await.unwrap();
    assert_eq!(notices(&world, &app, now).await, [DOWN]);
    assert!(service::status(&app, now).await.unwrap().troubles[0].starts_with(DOWN));
    let now = known + TimeDelta::minutes(30);
    fails(&app, now).await;
    app.troubles.report_lasting(now).await.unwrap();
    assert_eq!(notices(&world, &app, now).await, Vec::<String>::new(), "once");
    app.gateway.connected(now).await.unwrap();
    assert_eq!(notices(&world, &app, now).await, [BACK]);
    world.finish().await;
}

#[tokio::test]
async fn the_running_bot_reports_what_lasts_by_itself() {
    let world = World::new().await;
    let app = Arc::new(app(&world));
    // It runs by the system's clock.
    let now = app.clock().now() - TimeDelta::minutes(30);
    let now = is_down(&app, now, 5).await;
    fails(&app, now).await;
    fails(&app, now + TimeDelta::minutes(2)).await;
    assert_eq!(notices(&world, &app, now).await, [DOWN, BACK]);
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(runtime::run(Arc::clone(&app), None, async move { drop(stopped.await) }));
    let mail = world.smtp.next_mail().await;
    let mail = MessageParser::default().parse(&mail.raw).unwrap();
    assert!(mail.subject().unwrap().ends_with(DOWN));
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
    world.finish().await;
}

#[tokio::test]
async fn a_permission_that_comes_and_goes_is_reported_once_an_hour() {
    let world = World::new().await;
    let alert = alert(&world).await;
    let app = app(&world);
    let channel: Destination = "discord:alerts".parse().unwrap();
    let (mut lane, mut said) = (Lane::default(), Vec::new());
    for round in 0..14 {
        let now = at(START) + TimeDelta::minutes(i64::from(round) * 12);
        world.discord.deny(555, if round % 2 == 0 { ATTACH_FILES } else { 0 });
        let first = u32::try_from(round).unwrap() * 10;
        queue(&app, &alert, &channel, first..first + 4).await;
        deliver_to(&app, &channel, &mut lane, now).await;
        assert_eq!(world.discord.take_messages().last().unwrap().files.is_empty(), round % 2 == 0);
        said.extend(notices(&world, &app, now).await);
    }
    world.discord.take_edits();
    let (lost, back) = ("discord:alerts accepts no files", "discord:alerts accepts files again");
    assert_eq!(said, [lost, back].repeat(3), "seven times in three hours");
    world.finish().await;
}

#[tokio::test]
async fn a_clock_that_was_ahead_silences_nothing() {
    let world = World::new().await;
    let app = app(&world);
    let ahead = at(START) + TimeDelta::days(400);
    let another = "Another sellbell uses the same bot";
    app.troubles.another_instance(InstanceSign::Answered, ahead).await.unwrap();
    let now = is_down(&app, ahead, 5).await;
    assert_eq!(notices(&world, &app, now).await, [another, DOWN, BACK]);
    // It is set right.
    let now = at(START);
    app.troubles.another_instance(InstanceSign::Answered, now).await.unwrap();
    app.troubles.another_instance(InstanceSign::Answered, now + TimeDelta::hours(20)).await.unwrap();
    assert_eq!(notices(&world, &app, now).await, [another]);
    for minute in 0..3 {
        fails(&app, now + TimeDelta::minutes(minute)).await;
    }
    assert_eq!(notices(&world, &app, now).await, [DOWN]);

    // By some hours alone: the sign is the same one, and holds on from now.
    let later = now + TimeDelta::hours(20);
    app.troubles.another_instance(InstanceSign::Answered, later - TimeDelta::hours(12)).await.unwrap();
    assert_eq!(notices(&world, &app, later).await, Vec::<String>::new());
    app.troubles.another_instance(InstanceSign::Answered, later + TimeDelta::hours(12)).await.unwrap();
    assert_eq!(notices(&world, &app, later).await, [another], "a day without a sign");

    // A failure that began by a clock that was ahead.
    app.gateway.connected(later + TimeDelta::days(300)).await.unwrap();
    fails(&app, later + TimeDelta::days(300)).await;
    notices(&world, &app, later).await;
    for minute in 0..3 {
        fails(&app, later + TimeDelta::minutes(minute)).await;
    }
    assert_eq!(notices(&world, &app, later).await, [DOWN]);
    world.finish().await;
}
