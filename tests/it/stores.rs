//! `sellbell store`: looks through a store, writes it out, makes it smaller; and records of earlier versions.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::slice;

use chrono::TimeDelta;
use sellbell::alert::{Alert, Key};
use sellbell::delivery::{Body, Delivery, InFlight, Outcome};
use sellbell::destination::Destination;
use sellbell::mute::Mute;
use sellbell::service;
use sellbell::store::{DeliveryStanding, Store};
use sellbell::summary::{Line, Summary, Why};
use serde_json::Value;

use crate::search::Searched as _;
use crate::verbs::said;
use crate::world::{
    World, at, deliver_all, key_of, overwrite, qualys, records, released, reopened, small_sale,
};

const NOW: &str = "2021-08-24T17:12:31-04:00";
const RULES: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"discord:alerts\", \"discord:hook\", \"email:digest\"]\n";

/// A world whose store has something of most kinds: one destination was told, one waits.
async fn lived() -> World {
    let world = World::new().await;
    world.edgar.publish(&qualys());
    world.edgar.publish(&small_sale("0000000007-21-000001", 71, "2021-08-24T17:12:00-04:00"));
    let app = world.app(RULES, Some("2021-08-24T00:00:00-04:00"));
    app.intake.poll_once(at(NOW)).await.unwrap();
    world.discord.fail_next("webhook:5", 500, Value::Null, 1);
    assert_eq!(deliver_all(&app, at(NOW)).await, (2, 2, 0));
    world.discord.take_messages();
    world.edgar.take_fetched();
    app.store.flush().await.unwrap();
    fs::write(world.path("settings.toml"), world.settings()).unwrap();
    world
}

fn store(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sellbell"));
    command.arg("store").args(args).args(["--config", "settings.toml"]).current_dir(dir).env_clear();
    released(&dir.join("store"));
    command.output().unwrap().searched()
}

/// All records, by tree and key.
fn exported(dir: &Path) -> BTreeMap<String, Value> {
    let output = store(dir, &["export"]);
    assert!(output.status.success(), "{}", said(&output));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .map(|line| {
            let record: Value = serde_json::from_str(line).unwrap();
            (format!("{} {}", record["tree"], record["key"]), record)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_is_looked_through_written_out_and_made_smaller() {
    let world = lived().await;
    let dir = world.dir.path();
    let checked = store(dir, &["check"]);
    assert!(
        checked.status.success() && said(&checked).ends_with("All records can be read and agree.\n"),
        "{}",
        said(&checked)
    );
    let checked: Value = serde_json::from_slice(&store(dir, &["check", "--json"]).stdout).unwrap();
    assert_eq!((&checked["records"]["queue"], &checked["records"]["deliveries"]), (&2.into(), &4.into()));
    let before = exported(dir);
    assert!(before.values().any(|record| record["value"]["body"]["alert"]["rule"] == "any"));
    let file = store(dir, &["export", "all.jsonl"]);
    assert!(said(&file).ends_with(" records written to all.jsonl\n"), "{}", said(&file));
    let again = store(dir, &["export", "all.jsonl"]);
    assert!(
        !again.status.success() && said(&again).contains("cannot write to all.jsonl"),
        "{}",
        said(&again)
    );

    // Much is written and overwritten, as in months.
    let open = reopened(&world.path("store"));
    let waiting = open.queued(&"discord:hook".parse().unwrap(), 1).await.unwrap().remove(0);
    for number in 0..20_000 {
        let sends = InFlight {
            first: at(NOW),
            last: at(NOW) + TimeDelta::seconds(number),
            batch: None,
            thread: None,
            guess: false,
        };
        open.set_in_flight(slice::from_ref(&waiting), Some(&sends)).await.unwrap();
    }
    open.flush().await.unwrap();
    drop(open);
    let before = exported(dir);
    let size = || fs::metadata(world.path("store/db")).unwrap().len();
    let large = size();
    let compacted = store(dir, &["compact"]);
    assert!(
        compacted.status.success() && said(&compacted).starts_with("The store was "),
        "{}",
        said(&compacted)
    );
    assert!(size() < large / 2, "{} of {large}", size());
    assert!(exported(dir) == before);
    assert!(store(dir, &["check"]).status.success());

    // The bot goes on where it was.
    let app = world.app(RULES, None);
    let later = at(NOW) + TimeDelta::minutes(5);
    assert_eq!(deliver_all(&app, later).await, (2, 0, 0));
    assert!(world.discord.take_messages().iter().all(|message| message.target == "webhook:5"));
    world.finish().await;
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in ["db", "conf", "flushed"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
    fs::create_dir_all(to.join("blobs")).unwrap();
    for blob in fs::read_dir(from.join("blobs")).unwrap() {
        let blob = blob.unwrap();
        fs::copy(blob.path(), to.join("blobs").join(blob.file_name())).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compaction_that_is_broken_off_is_ended_or_forgotten() {
    let world = lived().await;
    let dir = world.dir.path();
    let own = world.path("store");
    // A record that sled keeps in a file of its own.
    let open = reopened(&own);
    let mute = Mute::new("rule:any".parse().unwrap(), at(NOW), at(NOW) + TimeDelta::hours(1)).unwrap();
    open.set_mute(&Mute { why: Some("long".repeat(100_000)), ..mute }).await.unwrap();
    open.flush().await.unwrap();
    drop(open);
    let before = exported(dir);
    assert!(fs::read_dir(own.join("blobs")).unwrap().count() > 0);
    let smaller = world.path("smaller");
    copied(&own, &smaller);
    Store::compact(&smaller).unwrap();
    for (moved, whole) in [(0, true), (1, true), (2, true), (3, true), (4, true), (0, false)] {
        let folder = own.join("compacted");
        copied(&smaller, &folder);
        if whole {
            fs::write(folder.join("whole"), "").unwrap();
        } else {
            // It was being written.
            fs::write(folder.join("db"), "half").unwrap();
        }
        for name in ["conf", "flushed", "blobs", "db"].iter().take(moved) {
            if *name == "blobs" {
                fs::remove_dir_all(own.join("blobs")).unwrap();
            }
            fs::rename(folder.join(name), own.join(name)).unwrap();
        }
        assert!(exported(dir) == before, "{moved} {whole}");
        assert_eq!(folder.exists(), !whole);
    }
    Store::compact(&own).unwrap();
    assert!(exported(dir) == before);
    assert!(!own.join("compacted").exists());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_agree_and_what_cannot_be_read_is_named() {
    let world = lived().await;
    let dir = world.dir.path();
    let own = world.path("store");
    let queued = records(&own).await.into_iter().find(|record| record["tree"] == "queue").unwrap();
    overwrite(&own, "deliveries", "aaaa", b"\x01\"queued\"").await;
    overwrite(&own, "queue", key_of(&queued), b"\x07?").await;
    let checked = store(dir, &["check"]);
    assert!(!checked.status.success());
    let text = said(&checked);
    assert!(text.contains("! the delivery aaaa is marked as waiting, but is not queued"), "{text}");
    assert!(text.contains("it has version 7, this sellbell knows 1"), "{text}");

    // The bot sets it aside, tells it once, and goes on.
    let settings = world.settings() + "[operators]\nnotify = [\"email:desk\"]\n";
    let app = world.app_with(&settings, RULES, None);
    let later = at(NOW) + TimeDelta::minutes(5);
    let (delivered, ..) = deliver_all(&app, later).await;
    assert_eq!(delivered, 1, "the other of the two");
    for _ in 0..2 {
        app.operators.report_unreadable_records(later).await.unwrap();
        deliver_all(&app, later).await;
    }
    let mail = world.smtp.next_mail().await;
    let mail = mail_parser::MessageParser::default().parse(&mail.raw).unwrap();
    assert_eq!(mail.subject(), Some("sellbell: 1 record of the store could not be read"));
    assert_eq!(service::status(&app, later).await.unwrap().corrupt_records, 1);
    world.discord.take_messages();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_earlier_versions_are_read() {
    let world = lived().await;
    let own = world.path("store");
    // What later versions added, each with what it means where it is not there.
    let added = [
        "failing_since",
        "batch",
        "guess",
        "holdings",
        "plan_adopted",
        "filed_late",
        "may_amend",
        "changes",
        "follows",
        "restated",
        "replaces",
        "reported_before",
        "withdrawn",
        "amended_by",
        "message",
        "sent_at",
        "sums",
        "replaces_earlier",
    ];
    let mut stripped = 0;
    for record in records(&own).await {
        if !["queue", "deliveries", "dead", "gathered"].contains(&record["tree"].as_str().unwrap()) {
            continue;
        }
        let mut value = record["value"].clone();
        strip(&mut value, &added, &mut stripped);
        let older = [&b"\x01"[..], &serde_json::to_vec(&value).unwrap()].concat();
        overwrite(&own, record["tree"].as_str().unwrap(), key_of(&record), &older).await;
    }
    assert!(stripped > 30, "{stripped}");
    let app = world.app(RULES, None);
    let keys: Vec<Key> = app
        .store
        .queued(&"discord:hook".parse().unwrap(), 9)
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.key)
        .collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(deliver_all(&app, at(NOW) + TimeDelta::minutes(5)).await, (2, 0, 0));
    for key in keys {
        let standing = app.store.delivery_standing(&key).await.unwrap();
        assert!(matches!(standing, Some(DeliveryStanding::Left(Outcome::Delivered { .. }))), "{standing:?}");
    }
    assert_eq!(service::status(&app, at(NOW)).await.unwrap().corrupt_records, 0);
    world.discord.take_messages();
    world.finish().await;
}

fn strip(value: &mut Value, added: &[&str], stripped: &mut usize) {
    match value {
        Value::Object(object) => {
            *stripped += object.len();
            object.retain(|key, _| !added.contains(&key.as_str()));
            *stripped -= object.len();
            // A warning always had its message.
            let others = object.iter_mut().filter(|(key, _)| *key != "warnings");
            others.for_each(|(_, value)| strip(value, added, stripped));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| strip(value, added, stripped)),
        _ => {}
    }
}

#[test]
fn there_is_no_store_to_look_through_before_the_first_run() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("settings.toml"), "").unwrap();
    for verb in ["check", "export", "compact"] {
        let output = store(dir.path(), &[verb]);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("there is no store in sellbell-data"), "{}", said(&output));
    }
    assert!(!dir.path().join("sellbell-data").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_start_left_half_written_hinders_no_other() {
    let world = lived().await;
    let before = exported(world.dir.path());
    fs::write(world.path("store/snap.00000000FFFFFFFF.generating"), "").unwrap();
    assert!(exported(world.dir.path()) == before);
    world.finish().await;
}

/// Three alerts that wait for a channel, and one delivery that is to take their place.
async fn to_be_joined(store: &Store) -> (Vec<Delivery>, Delivery, Vec<Line>) {
    let channel: Destination = "discord:hook".parse().unwrap();
    let waiting = store.queued(&channel, 9).await.unwrap();
    let alerts: Vec<&Alert> = waiting
        .iter()
        .map(|one| match &one.body {
            Body::Alert(alert) => &**alert,
            other => panic!("{other:?}"),
        })
        .collect();
    let summary = Summary::new(&waiting[0].key, Why::TooMany, at(NOW)).grown(alerts.iter().copied());
    let lines = waiting.iter().zip(&alerts).map(|(one, alert)| Line::new(&one.key, alert)).collect();
    (waiting.clone(), Delivery::new(channel, Body::Summary(Box::new(summary)), at(NOW)), lines)
}

#[tokio::test]
async fn a_delivery_that_left_the_queue_is_neither_joined_nor_sent_nor_written_back() {
    let world = World::new().await;
    world.edgar.publish(&qualys());
    for (accession, issuer) in [("0000000007-21-000001", 71), ("0000000007-21-000002", 72)] {
        world.edgar.publish(&small_sale(accession, issuer, "2021-08-24T17:12:00-04:00"));
    }
    let rules = RULES.replace("\"discord:alerts\", \"discord:hook\", \"email:digest\"", "\"discord:hook\"");
    let app = world.app(&rules, Some("2021-08-24T00:00:00-04:00"));
    app.intake.poll_once(at(NOW)).await.unwrap();
    world.edgar.take_fetched();
    let store = &app.store;
    let (waiting, joint, lines) = to_be_joined(store).await;
    assert_eq!(waiting.len(), 3);
    let list = match &joint.body {
        Body::Summary(summary) => summary.list.clone(),
        other => panic!("{other:?}"),
    };
    let unchanged = async |standing: DeliveryStanding| {
        let mut queued = store.queued(&joint.destination, 9).await.unwrap();
        queued.iter_mut().for_each(|one| one.in_flight = None);
        assert_eq!(queued, waiting);
        assert_eq!(store.delivery_standing(&waiting[1].key).await.unwrap(), Some(standing));
        assert!(store.lines(&list, 9).await.unwrap().is_empty());
    };

    // One of them is being sent.
    let sends = sends_at(NOW);
    assert!(store.set_in_flight(&waiting[1..2], Some(&sends)).await.unwrap());
    assert!(!store.join_into(&joint, &waiting, &lines).await.unwrap());
    unchanged(DeliveryStanding::InFlight(sends)).await;
    assert!(store.set_in_flight(&waiting[1..2], None).await.unwrap());

    // One of them has grown.
    let mut other = waiting.clone();
    if let Body::Alert(alert) = &mut other[2].body {
        alert.rule = "other".into();
    }
    assert!(!store.join_into(&joint, &other, &lines).await.unwrap());
    unchanged(DeliveryStanding::Queued).await;

    // They have joined: nothing is done with them by themselves any more.
    assert!(store.join_into(&joint, &waiting, &lines).await.unwrap());
    assert!(!store.join_into(&joint, &waiting, &lines).await.unwrap(), "a second time");
    let alone = &waiting[0];
    assert!(!store.set_in_flight(&[joint.clone(), alone.clone()], None).await.unwrap());
    assert!(!store.set_in_flight(slice::from_ref(alone), Some(&sends_at(NOW))).await.unwrap());
    store.requeue(&[Delivery { attempts: 1, ..alone.clone() }]).await.unwrap();
    store.rewrite(&Delivery { answers: Some("1".into()), ..alone.clone() }).await.unwrap();
    assert!(!store.give_up(alone, (at(NOW), "no"), true).await.unwrap());
    let counted = Delivery { joined: 3, ..joint.clone() };
    assert_eq!(store.queued(&joint.destination, 9).await.unwrap(), [counted]);
    assert_eq!(store.counts().await.unwrap().queued, 3);
    let joined = Some(DeliveryStanding::Joined(joint.key.clone()));
    assert_eq!(store.delivery_standing(&alone.key).await.unwrap(), joined);
    assert_eq!(store.given_up().await.unwrap(), []);

    // Its lines are kept while it waits, is given up, and waits again; not once it was sent.
    let kept = async || {
        store.forget_lists(|_| false).await.unwrap();
        store.lines(&list, 9).await.unwrap().len()
    };
    assert_eq!(kept().await, 3);
    assert!(store.give_up(&joint, (at(NOW), "no"), true).await.unwrap());
    assert_eq!((kept().await, store.given_up().await.unwrap()[0].count), (3, 1));
    assert!(store.revive(&joint, None, at(NOW)).await.unwrap());
    assert_eq!(
        (kept().await, store.given_up().await.unwrap()[0].count),
        (3, 0),
        "there is nothing to report"
    );
    store
        .leave_queue(slice::from_ref(&joint), &Outcome::Delivered { at: at(NOW), message_id: None })
        .await
        .unwrap();
    assert_eq!(kept().await, 0);
    world.finish().await;
}

fn sends_at(moment: &str) -> InFlight {
    InFlight { first: at(moment), last: at(moment), batch: None, thread: None, guess: false }
}
