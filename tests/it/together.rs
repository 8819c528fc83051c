//! Alerts that pile up for one channel: in one message, or in a summary that grows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use sellbell::alert::{Alert, Key};
use sellbell::delivery::{Body, Delivery, Outcome};
use sellbell::destination::Destination;
use sellbell::outbox::Lane;
use sellbell::render::discord;
use sellbell::runtime::App;
use sellbell::store::DeliveryStanding;
use serde_json::{Value, json};

use crate::fakes::discord::SentMessage;
use crate::world::{World, at, deliver_to, qualys};

const NOW: &str = "2021-08-24T17:12:31-04:00";
const RULES: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"terminal\"]\n";

/// What [`alert`] leaves behind.
pub const GIVEN_UP: usize = 1;

/// The seed's alert.
pub async fn alert(world: &World) -> Alert {
    world.edgar.publish(&qualys());
    let app = world.app(RULES, Some("2021-08-24T00:00:00-04:00"));
    assert_eq!(app.intake.poll_once(at(NOW)).await.unwrap().alerted, 1);
    world.edgar.take_fetched();
    let queued = app.store.queued(&Destination::Terminal, 1).await.unwrap().remove(0);
    let dead = Outcome::Dead { at: at(NOW), reason: "none".into() };
    app.store.leave_queue(std::slice::from_ref(&queued), &dead).await.unwrap();
    let Body::Alert(alert) = queued.body else { panic!("an alert") };
    *alert
}

/// Queues alerts of this number on, one filing each, and gives their deliveries' keys.
pub async fn queue(
    app: &App,
    alert: &Alert,
    destination: &Destination,
    numbers: std::ops::Range<u32>,
) -> Vec<Key> {
    let mut keys = Vec::new();
    for number in numbers {
        let accession: sellbell::filing::Accession = format!("0000000009-21-{number:06}").parse().unwrap();
        let own = Alert {
            key: Key::of(&["test", &number.to_string()]),
            accession,
            url: format!("https://www.sec.gov/Archives/edgar/data/1/{number}-index.htm"),
            accepted_at: Some(at(NOW) - TimeDelta::hours(1) + TimeDelta::seconds(i64::from(number))),
            ..alert.clone()
        };
        let delivery = Delivery::new(destination.clone(), Body::Alert(Box::new(own)), at(NOW));
        app.store.enqueue(&delivery).await.unwrap();
        keys.push(delivery.key);
    }
    keys
}

/// The delivery that a card refers to.
pub fn reference(embed: &Value) -> &str {
    discord::referred(embed["url"].as_str(), embed["footer"]["text"].as_str()).unwrap()
}

/// The deliveries that a message's cards refer to.
pub fn cards(message: &SentMessage) -> Vec<String> {
    // A post begins with its message.
    let body = message.body.get("message").unwrap_or(&message.body);
    let embeds = body["embeds"].as_array().unwrap().iter();
    embeds.map(|embed| reference(embed).to_owned()).collect()
}

/// The deliveries that a message's table lists.
pub fn listed(message: &SentMessage) -> Vec<String> {
    let [(name, table)] = &message.files[..] else { panic!("one file") };
    assert_eq!(name, "alerts.csv");
    let table = String::from_utf8(table.clone()).unwrap();
    let mut lines = table.lines();
    assert!(lines.next().unwrap().ends_with(",url,ref"));
    lines.map(|line| line.rsplit(',').next().unwrap().to_owned()).collect()
}

fn text(keys: &[Key]) -> Vec<String> {
    keys.iter().map(Key::to_string).collect()
}

fn channel() -> Destination {
    "discord:alerts".parse().unwrap()
}

fn with_budget(world: &World, budget: usize) -> App {
    let settings =
        world.settings().replace("[discord]\n", &format!("[discord]\nchannel_budget = {budget}\n"));
    world.app_with(&settings, RULES, None)
}

#[tokio::test]
async fn alerts_that_wait_come_ten_in_a_message_oldest_first() {
    for target in ["discord:alerts", "discord:hook"] {
        let world = World::new().await;
        let alert = alert(&world).await;
        let app = world.app(RULES, None);
        let destination: Destination = target.parse().unwrap();
        // One is told by two rules: both cards of a filing stand.
        let mut keys = queue(&app, &alert, &destination, 0..23).await;
        let again = Alert { key: Key::of(&["other rule"]), rule: "other".into(), ..alert.clone() };
        for own in [alert.clone(), again] {
            let delivery = Delivery::new(destination.clone(), Body::Alert(Box::new(own)), at(NOW));
            app.store.enqueue(&delivery).await.unwrap();
            keys.push(delivery.key);
        }
        assert_eq!(deliver_to(&app, &destination, &mut Lane::default(), at(NOW)).await, (25, 0, 0));
        let messages = world.discord.take_messages();
        let told: Vec<String> = messages.iter().flat_map(cards).collect();
        let in_order: BTreeSet<&String> = told.iter().collect();
        assert_eq!((told.len(), in_order.len()), (25, 25));
        assert_eq!(told[..23], text(&keys[..23]), "oldest first");
        // The cards of the seed are long: fewer than ten fit into 6,000 characters.
        assert!(messages.len() < 10, "{}", messages.len());
        for message in &messages {
            let embeds = message.body["embeds"].as_array().unwrap();
            let urls: BTreeSet<&str> = embeds.iter().map(|embed| embed["url"].as_str().unwrap()).collect();
            assert_eq!(urls.len(), embeds.len(), "Discord puts cards with one address together");
            assert_eq!(message.body["allowed_mentions"], json!({ "parse": [] }));
        }
        for key in &keys {
            let standing = app.store.delivery_standing(key).await.unwrap();
            let of = messages.iter().find(|message| cards(message).contains(&key.to_string())).unwrap();
            let left = Outcome::Delivered { at: at(NOW), message_id: Some(of.id.to_string()) };
            assert_eq!(standing, Some(DeliveryStanding::Left(left)));
        }
        world.finish().await;
    }
}

#[tokio::test]
async fn a_message_of_several_that_arrived_unanswered_is_told_once() {
    for (later, restart) in [(30, false), (30, true), (300, false), (300, true)] {
        let world = World::new().await;
        world.discord.set_time(at(NOW));
        let alert = alert(&world).await;
        let mut app = world.app(RULES, None);
        let mut keys = queue(&app, &alert, &channel(), 0..3).await;
        world.discord.create_and_fail_next("channel:555", 502, json!("bad gateway"), 1);
        assert_eq!(deliver_to(&app, &channel(), &mut Lane::default(), at(NOW)).await, (0, 3, 0));
        // What comes meanwhile goes by itself, and not into the message whose nonce Discord knows.
        keys.extend(queue(&app, &alert, &channel(), 3..5).await);
        if restart {
            world.close(app);
            app = world.app(RULES, None);
        }
        let now = at(NOW) + TimeDelta::seconds(later);
        world.discord.set_time(now);
        if later > 60 {
            world.discord.forget_nonces();
        }
        assert_eq!(deliver_to(&app, &channel(), &mut Lane::default(), now).await, (5, 0, 0));
        let messages = world.discord.take_messages();
        let told: Vec<Vec<String>> = messages.iter().map(cards).collect();
        assert_eq!(told, [text(&keys[..3]), text(&keys[3..])]);
        assert_eq!(world.discord.deduplicated(), usize::from(later < 60));
        let Some(DeliveryStanding::Left(Outcome::Delivered { message_id, .. })) =
            app.store.delivery_standing(&keys[1]).await.unwrap()
        else {
            panic!("delivered");
        };
        assert_eq!(message_id, Some(messages[0].id.to_string()));
        world.finish().await;
    }
}

#[tokio::test]
async fn one_that_discord_does_not_take_is_found_and_the_others_are_told() {
    let world = World::new().await;
    let alert = alert(&world).await;
    let app = world.app(RULES, None);
    let keys = queue(&app, &alert, &channel(), 0..3).await;
    let invalid = json!({ "message": "Invalid Form Body", "code": 50035 });
    // The three together, then the second by itself.
    world.discord.fail_next("channel:555", 400, invalid.clone(), 1);
    let mut lane = Lane::default();
    assert_eq!(app.outbox.deliver_once(&channel(), &mut lane, at(NOW)).await.unwrap().delivered, 0);
    assert_eq!(app.outbox.deliver_once(&channel(), &mut lane, at(NOW)).await.unwrap().delivered, 1);
    world.discord.fail_next("channel:555", 400, invalid, 1);
    assert_eq!(deliver_to(&app, &channel(), &mut lane, at(NOW)).await, (1, 0, 1));
    let told: Vec<Vec<String>> = world.discord.take_messages().iter().map(cards).collect();
    assert_eq!(told, [[keys[0].to_string()], [keys[2].to_string()]]);
    assert_eq!(app.store.counts().await.unwrap().queued, 0);
    world.finish().await;
}

#[tokio::test]
async fn above_its_budget_a_channel_gets_one_message_that_grows() {
    for target in ["discord:alerts", "discord:hook"] {
        let world = World::new().await;
        let alert = alert(&world).await;
        let app = with_budget(&world, 12);
        let destination: Destination = target.parse().unwrap();
        let mut keys = queue(&app, &alert, &destination, 0..40).await;
        let mut lane = Lane::default();
        deliver_to(&app, &destination, &mut lane, at(NOW)).await;
        let messages = world.discord.take_messages();
        let (summary, singles) = messages.split_last().unwrap();
        assert_eq!(singles.iter().flat_map(cards).collect::<Vec<_>>(), text(&keys[..12]));
        assert_eq!(listed(summary), text(&keys[12..]));
        let embed = &summary.body["embeds"][0];
        assert_eq!(embed["title"], "28 more alerts");
        let description = embed["description"].as_str().unwrap();
        assert!(description.contains("**$2.66M** sold · [QLYS](https://www.sec.gov/"), "{description}");
        assert!(description.ends_with("and 18 more. All are in the attached table."), "{description}");
        assert_eq!(
            embed["fields"][0],
            json!({ "name": "Value together", "value": "$74.52M", "inline": true })
        );

        let counts = app.store.counts().await.unwrap();
        assert_eq!((counts.queued, counts.delivered, counts.dead), (0, 40, GIVEN_UP), "each counts once");

        // What comes next joins it, not at each poll.
        keys.extend(queue(&app, &alert, &destination, 40..45).await);
        let soon = at(NOW) + TimeDelta::seconds(10);
        let report = app.outbox.deliver_once(&destination, &mut lane, soon).await.unwrap();
        assert_eq!((report.delivered, report.paced), (0, true));
        assert_eq!(report.next, Some(at(NOW) + TimeDelta::seconds(30)));
        let later = at(NOW) + TimeDelta::seconds(30);
        deliver_to(&app, &destination, &mut lane, later).await;
        let edits = world.discord.take_edits();
        assert_eq!((edits.len(), edits[0].id), (1, summary.id));
        assert_eq!(listed(&edits[0]), text(&keys[12..]));
        assert_eq!(edits[0].body["embeds"][0]["title"], "33 more alerts");
        assert_eq!(edits[0].body["attachments"], json!([{ "id": "0", "filename": "alerts.csv" }]));

        // Somebody deletes it: all that it had is told in a new one.
        world.discord.delete(summary.id);
        keys.extend(queue(&app, &alert, &destination, 45..47).await);
        deliver_to(&app, &destination, &mut lane, at(NOW) + TimeDelta::seconds(90)).await;
        let anew = world.discord.next_message().await;
        assert_eq!(listed(&anew), text(&keys[12..]));
        // After ten minutes the channel gets alerts one by one again.
        let last = queue(&app, &alert, &destination, 50..51).await;
        deliver_to(&app, &destination, &mut lane, at(NOW) + TimeDelta::minutes(11)).await;
        assert_eq!(cards(&world.discord.next_message().await), text(&last));
        let counts = app.store.counts().await.unwrap();
        assert_eq!((counts.queued, world.discord.unread()), (0, 0));
        let sent = app.store.latencies(at(NOW) + TimeDelta::minutes(12)).await.unwrap();
        assert_eq!(sent.len(), 48, "each alert counts once for how long it took");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_summary_survives_a_crash_at_each_step() {
    for (refused, later) in [(true, 60), (false, 30), (false, 600)] {
        let world = World::new().await;
        world.discord.set_time(at(NOW));
        let alert = alert(&world).await;
        let app = with_budget(&world, 1);
        let keys = queue(&app, &alert, &channel(), 0..6).await;
        let mut lane = Lane::default();
        assert_eq!(app.outbox.deliver_once(&channel(), &mut lane, at(NOW)).await.unwrap().delivered, 1);
        // Put together, and the process ends before or after Discord takes it.
        assert_eq!(app.outbox.deliver_once(&channel(), &mut lane, at(NOW)).await.unwrap().delivered, 0);
        match refused {
            true => world.discord.fail_next("channel:555", 503, json!("down"), 1),
            false => world.discord.create_and_fail_next("channel:555", 503, json!("down"), 1),
        }
        assert_eq!(app.outbox.deliver_once(&channel(), &mut lane, at(NOW)).await.unwrap().failed, 1);
        world.close(app);
        let app = with_budget(&world, 1);
        let counts = app.store.counts().await.unwrap();
        assert_eq!((counts.queued, counts.delivered), (5, 1), "{refused} {later}");
        if later > 60 {
            world.discord.forget_nonces();
        }
        let now = at(NOW) + TimeDelta::seconds(later);
        world.discord.set_time(now);
        deliver_to(&app, &channel(), &mut Lane::default(), now).await;
        let messages = world.discord.take_messages();
        assert_eq!(messages.len(), 2, "{refused} {later}");
        assert_eq!((cards(&messages[0]), listed(&messages[1])), (text(&keys[..1]), text(&keys[1..])));
        for key in &keys[1..] {
            let Some(DeliveryStanding::Joined(into)) = app.store.delivery_standing(key).await.unwrap() else {
                panic!("in the summary");
            };
            let standing = app.store.delivery_standing(&into).await.unwrap();
            assert!(
                matches!(
                    standing,
                    Some(DeliveryStanding::Left(Outcome::Delivered { message_id: Some(_), .. }))
                ),
                "{standing:?}"
            );
        }
        world.finish().await;
    }
}

#[tokio::test]
async fn what_waited_for_a_channel_that_took_nothing_comes_in_one_message() {
    let world = World::new().await;
    let alert = alert(&world).await;
    let app = world.app(RULES, None);
    let keys = queue(&app, &alert, &channel(), 0..30).await;
    let refused = json!({ "message": "Missing Permissions", "code": 50013 });
    world.discord.fail_next("channel:555", 403, refused, 1);
    let mut lane = Lane::default();
    assert!(app.outbox.deliver_once(&channel(), &mut lane, at(NOW)).await.unwrap().paused);
    deliver_to(&app, &channel(), &mut lane, at(NOW) + TimeDelta::hours(1)).await;
    let messages = world.discord.take_messages();
    let [first, rest] = &messages[..] else { panic!("{} messages", messages.len()) };
    let (told, waited) = (cards(first), listed(rest));
    assert_eq!([told.clone(), waited].concat(), text(&keys), "the first that it takes, then all the others");
    let embed = &rest.body["embeds"][0];
    assert_eq!(embed["title"], format!("{} alerts that waited", 30 - told.len()));
    let since = format!("took nothing since <t:{}:f>", at(NOW).timestamp());
    assert!(embed["description"].as_str().unwrap().contains(&since), "{embed}");
    world.finish().await;
}

#[tokio::test]
async fn what_waited_for_a_mailbox_comes_in_one_mail() {
    let world = World::new().await;
    let alert = alert(&world).await;
    let app = world.app(RULES, None);
    let desk: Destination = "email:desk".parse().unwrap();
    queue(&app, &alert, &desk, 0..30).await;
    world.smtp.fail_next("mail", "535 5.7.8 wrong password", 1);
    let mut lane = Lane::default();
    assert!(app.outbox.deliver_once(&desk, &mut lane, at(NOW)).await.unwrap().paused);
    assert_eq!(deliver_to(&app, &desk, &mut lane, at(NOW) + TimeDelta::hours(1)).await, (2, 0, 0));
    let mails = [world.smtp.next_mail().await, world.smtp.next_mail().await];
    let subjects: Vec<String> = mails
        .iter()
        .map(|mail| {
            mail_parser::MessageParser::default().parse(&mail.raw).unwrap().subject().unwrap().to_owned()
        })
        .collect();
    assert!(
        subjects[0].starts_with("QLYS: ") && subjects[1].starts_with("29 insider sales, "),
        "{subjects:?}"
    );
    world.finish().await;
}

/// Delivers to each destination as time goes on, as the loop would, and gives each message with its time.
async fn play(
    world: &World,
    app: &App,
    destinations: &[Destination],
    until: DateTime<Utc>,
) -> Vec<(DateTime<Utc>, SentMessage)> {
    let mut lanes: BTreeMap<usize, (DateTime<Utc>, Lane)> =
        (0..destinations.len()).map(|place| (place, (at(NOW), Lane::default()))).collect();
    let mut told = Vec::new();
    while let Some((&place, &(now, _))) = lanes.iter().min_by_key(|(_, (next, _))| *next) {
        if now > until {
            break;
        }
        world.discord.set_time(now);
        let (next, lane) = lanes.get_mut(&place).unwrap();
        let report = app.outbox.deliver_once(&destinations[place], lane, now).await.unwrap();
        told.extend(world.discord.take_messages().into_iter().map(|message| (now, message)));
        match report.next {
            Some(after) => *next = after.max(now),
            None => drop(lanes.remove(&place)),
        }
    }
    told
}

#[tokio::test]
async fn a_burst_for_one_channel_holds_up_no_other_and_keeps_to_discords_limits() {
    let world = World::new().await;
    world.discord.set_time(at(NOW));
    world.discord.set_bucket(5, TimeDelta::seconds(5));
    let alert = alert(&world).await;
    let app = world.app(RULES, None);
    let destinations: Vec<Destination> = (1..=10).map(Destination::Channel).collect();
    let mut keys = BTreeMap::new();
    for (place, destination) in destinations.iter().enumerate() {
        let count = if place == 0 { 2_000 } else { 50 };
        keys.insert(
            format!("channel:{}", place + 1),
            text(&queue(&app, &alert, destination, 0..count).await),
        );
    }
    let told = play(&world, &app, &destinations, at(NOW) + TimeDelta::hours(1)).await;
    let mut delays: Vec<TimeDelta> = Vec::new();
    for (channel, keys) in &keys {
        let own: Vec<&(DateTime<Utc>, SentMessage)> =
            told.iter().filter(|(_, message)| message.target == *channel).collect();
        let mut arrived = Vec::new();
        for (time, message) in &own {
            let of = if message.files.is_empty() { cards(message) } else { listed(message) };
            if channel != "channel:1" {
                delays.extend(of.iter().map(|_| *time - at(NOW)));
            }
            arrived.extend(of);
        }
        // Of the summary the last edit has all.
        for edit in world.discord.take_edits() {
            let first = arrived.iter().position(|key| *key == listed(&edit)[0]).unwrap();
            arrived.truncate(first);
            arrived.extend(listed(&edit));
        }
        let wrong = arrived.iter().zip(keys).position(|(own, due)| own != due);
        assert!(
            wrong.is_none() && arrived.len() == keys.len(),
            "{channel}: {wrong:?} each once, oldest first, of {} {}",
            keys.len(),
            arrived.len()
        );
    }
    delays.sort_unstable();
    let p95 = delays[delays.len() * 95 / 100];
    assert!(p95 <= TimeDelta::seconds(10), "the nine are held up: {p95}");
    assert_eq!(world.discord.over_the_limit(), 0);
    let last = told.iter().map(|(time, _)| *time).max().unwrap();
    println!("p95 of the nine: {p95}; the last message after {}", last - at(NOW));
    world.finish().await;
}

#[tokio::test]
async fn a_limit_that_others_used_up_is_obeyed_to_the_millisecond() {
    let world = World::new().await;
    world.discord.set_time(at(NOW));
    let alert = alert(&world).await;
    let app = world.app(RULES, None);
    queue(&app, &alert, &channel(), 0..1).await;
    let slow = json!({ "message": "slow", "retry_after": 2.75, "global": true });
    world.discord.fail_next("channel:555", 429, slow, 1);
    let mut lane = Lane::default();
    assert_eq!(app.outbox.deliver_once(&channel(), &mut lane, at(NOW)).await.unwrap().failed, 1);
    // Global: no other channel is tried either.
    let other = Destination::Channel(7);
    queue(&app, &alert, &other, 1..2).await;
    let early = at(NOW) + TimeDelta::milliseconds(2_749);
    let report = app.outbox.deliver_once(&other, &mut Lane::default(), early).await.unwrap();
    assert!(report.paced && report.delivered == 0);
    let (next, latest) = (report.next.unwrap(), at(NOW) + TimeDelta::milliseconds(3_750));
    assert!(next > early && next < latest, "{next}");
    assert_eq!(app.outbox.deliver_once(&other, &mut Lane::default(), latest).await.unwrap().delivered, 1);
    let value: Value = world.discord.next_message().await.body;
    assert_eq!(value["embeds"].as_array().unwrap().len(), 1);
    world.discord.take_messages();
    world.finish().await;
}

#[tokio::test]
async fn a_summary_pings_each_role_once_and_is_sent_without_pings_where_discord_wants_none() {
    let world = World::new().await;
    let mut alert = alert(&world).await;
    alert.mention = vec![sellbell::rules::Mention::Role(5), sellbell::rules::Mention::User(6)];
    let app = with_budget(&world, 1);
    let keys = queue(&app, &alert, &channel(), 0..4).await;
    deliver_to(&app, &channel(), &mut Lane::default(), at(NOW)).await;
    let messages = world.discord.take_messages();
    let summary = &messages[1];
    assert_eq!(listed(summary), text(&keys[1..]));
    assert_eq!(summary.body["content"], "<@&5> <@6> **3 more alerts** · the largest: QLYS sold $2.66M");
    assert_eq!(summary.body["allowed_mentions"], json!({ "parse": [], "roles": ["5"], "users": ["6"] }));
    let more = queue(&app, &alert, &Destination::Channel(7), 4..7).await;
    let mut lane = Lane::default();
    for _ in 0..2 {
        app.outbox.deliver_once(&Destination::Channel(7), &mut lane, at(NOW)).await.unwrap();
    }
    world.discord.fail_next("channel:7", 400, json!({ "message": "Invalid Form Body", "code": 50035 }), 1);
    deliver_to(&app, &Destination::Channel(7), &mut lane, at(NOW)).await;
    let messages = world.discord.take_messages();
    assert_eq!(listed(&messages[1]), text(&more[1..]));
    assert_eq!(messages[1].body["content"], "**2 more alerts** · the largest: QLYS sold $2.66M");
    world.finish().await;
}

#[tokio::test]
async fn several_of_which_no_answer_came_and_that_are_then_refused_are_each_told() {
    for (target, arrived) in [("discord:hook", false), ("discord:alerts", false), ("discord:alerts", true)] {
        let world = World::new().await;
        world.discord.set_time(at(NOW));
        let alert = alert(&world).await;
        let app = world.app(RULES, None);
        let destination: Destination = target.parse().unwrap();
        let keys = queue(&app, &alert, &destination, 0..3).await;
        let route = if target == "discord:hook" { "webhook:5" } else { "channel:555" };
        match arrived {
            true => world.discord.create_and_fail_next(route, 502, json!("bad gateway"), 1),
            false => world.discord.fail_next(route, 502, json!("bad gateway"), 1),
        }
        world.discord.fail_next(route, 400, json!({ "message": "Invalid Form Body", "code": 50035 }), 1);
        let (mut lane, mut now) = (Lane::default(), at(NOW));
        for round in 0.. {
            assert!(round < 20, "{target}: it does not come to an end");
            world.discord.set_time(now);
            let report = app.outbox.deliver_once(&destination, &mut lane, now).await.unwrap();
            match report.next {
                Some(next) => now = now.max(next),
                None => break,
            }
        }
        let mut told: Vec<String> = world.discord.take_messages().iter().flat_map(cards).collect();
        told.sort();
        let mut all = text(&keys);
        all.sort();
        assert_eq!(told, all, "{target} {arrived}: each once");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_summary_that_is_given_up_keeps_its_alerts_and_the_next_begins_anew() {
    let world = World::new().await;
    let alert = alert(&world).await;
    let app = with_budget(&world, 1);
    let keys = queue(&app, &alert, &channel(), 0..3).await;
    let mut lane = Lane::default();
    deliver_to(&app, &channel(), &mut lane, at(NOW)).await;
    assert_eq!(listed(&world.discord.take_messages()[1]), text(&keys[1..]));
    let lost = queue(&app, &alert, &channel(), 3..5).await;
    world.discord.fail_next("editing:555", 400, json!({ "message": "Invalid Form Body", "code": 50035 }), 1);
    let later = at(NOW) + TimeDelta::seconds(31);
    assert_eq!(deliver_to(&app, &channel(), &mut lane, later).await, (0, 0, 1));
    let counts = app.store.counts().await.unwrap();
    assert_eq!((counts.queued, counts.delivered, counts.dead), (0, 3, GIVEN_UP + 2), "each counts once");
    let next = queue(&app, &alert, &channel(), 5..8).await;
    deliver_to(&app, &channel(), &mut lane, later + TimeDelta::seconds(31)).await;
    assert_eq!(listed(&world.discord.next_message().await), text(&next));
    assert!(world.discord.take_edits().is_empty());
    let Some(DeliveryStanding::Joined(into)) = app.store.delivery_standing(&lost[0]).await.unwrap() else {
        panic!("in the one that was given up");
    };
    assert!(matches!(
        app.store.delivery_standing(&into).await.unwrap(),
        Some(DeliveryStanding::Left(Outcome::Dead { .. }))
    ));
    let list = Key::of(&["summary", keys[1].as_str()]);
    let kept: Vec<Key> = app.store.lines(&list, 99).await.unwrap().into_iter().map(|line| line.key).collect();
    assert_eq!(text(&kept), text(&[&keys[1..], &lost[..]].concat()));
    world.finish().await;
}
