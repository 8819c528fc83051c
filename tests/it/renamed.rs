//! Keys of JSON that have another name now are still read by the old one: records of older versions, and answers of a bot that is one.

use sellbell::alert::Alert;
use sellbell::receipt::Receipt;
use sellbell::service::Status;
use serde_json::{Value, json};

use crate::world::{World, at, qualys};

/// The same object with a key by its old name, and without the new one.
fn older(mut object: Value, now: &str, before: &str) -> Value {
    let value = object.as_object_mut().unwrap().remove(now).unwrap();
    object[before] = value;
    object
}

#[tokio::test]
async fn old_names_are_read() {
    let day = json!({
        "day": "2021-08-24", "at": "2021-08-25T03:00:00Z", "state": "compared", "listed": 1, "seen": 1, "recovered": 0,
        "unreadable": 0, "passed_over": 0, "unlisted": 0, "named": [], "told": true,
    });
    let receipt: Receipt = serde_json::from_value(day).unwrap();
    assert!(receipt.reported && serde_json::to_value(&receipt).unwrap().get("told").is_none());

    let world = World::new().await;
    let rules = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"jsonl\"]\n";
    let app = world.app(rules, Some("2021-08-24T00:00:00-04:00"));
    world.edgar.publish(&qualys());
    let now = at("2021-08-24T17:12:49-04:00");
    app.intake.poll_once(now).await.unwrap();
    let alert = match &app.store.queued(&"jsonl".parse().unwrap(), 1).await.unwrap()[0].body {
        sellbell::delivery::Body::Alert(alert) => Alert { reported_before: vec![1], ..(**alert).clone() },
        other => panic!("{other:?}"),
    };
    let before = older(serde_json::to_value(&alert).unwrap(), "reported_before", "told_before");
    assert_eq!(serde_json::from_value::<Alert>(before).unwrap(), alert);

    let status = sellbell::service::status(&app, now).await.unwrap();
    let mut before = serde_json::to_value(&status).unwrap();
    for (now, old) in
        [("read_until", "seen_until"), ("no_requests_until", "silent_until"), ("corrupt_records", "aside")]
    {
        before = older(before, now, old);
    }
    assert_eq!(serde_json::from_value::<Status>(before).unwrap(), status);
    assert!(status.read_until.is_some());
    world.edgar.take_fetched();
    world.finish().await;
}
