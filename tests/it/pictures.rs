//! Charts in messages: attached where history has something to show, kept by edits, and never in the way.

use sellbell::runtime::App;
use serde_json::{Value, json};

use crate::related::{Filed, filed, publish};
use crate::world::{World, at, deliver_all};

const RULES: &str = "[[rule]]\nname = \"all-sales\"\ncodes = [\"S\"]\nnotify = [\"discord:alerts\"]\n";
const SINCE: &str = "2025-12-01T00:00:00-05:00";
const EARLIER: &str = "2025-12-11T17:00:00-05:00";
const NOW: &str = "2025-12-12T17:00:00-05:00";
const LATER: &str = "2025-12-13T17:00:00-05:00";

fn first() -> Filed {
    filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00")
}

fn second() -> Filed {
    Filed {
        owner: (8, "ROE RICHARD"),
        sales: vec![("200", "10", "700", "D")],
        ..filed("0000000070-25-000002", "2025-12-12T16:30:00-05:00")
    }
}

async fn deliver(world: &World, app: &App, filing: &Filed, now: &str) -> crate::fakes::discord::SentMessage {
    publish(world, app, &[filing], now).await;
    deliver_all(app, at(now)).await;
    world.discord.next_message().await
}

#[tokio::test]
async fn an_alert_has_a_chart_where_history_has_something_to_show_and_an_edit_keeps_it() {
    let world = World::new().await;
    let app = world.app(RULES, Some(SINCE));
    let alone = deliver(&world, &app, &first(), EARLIER).await;
    assert!(alone.files.is_empty(), "one trade is no history");
    let sent = deliver(&world, &app, &second(), NOW).await;
    let [(name, png)] = sent.files.as_slice() else { panic!("{} files", sent.files.len()) };
    assert!(name == "chart-1.png" && png.starts_with(b"\x89PNG") && png.len() < 60_000, "{name}");
    assert_eq!(sent.body["embeds"][0]["image"], json!({ "url": "attachment://chart-1.png" }));
    let words = sent.body["attachments"][0]["description"].as_str().unwrap();
    assert!(words.contains("ACME") && words.chars().count() <= 1_024, "{words}");

    let amended = Filed {
        form: "4/A",
        original: Some("2025-12-12"),
        sales: vec![("210", "10", "690", "D")],
        ..Filed { accession: "0000000070-25-000003", accepted: "2025-12-13T16:30:00-05:00", ..second() }
    };
    publish(&world, &app, &[&amended], LATER).await;
    deliver_all(&app, at(LATER)).await;
    let edits = world.discord.take_edits();
    assert_eq!(edits.len(), 1);
    let message = world.discord.posted(sent.id);
    assert!(message["content"].as_str().unwrap().contains("$2.10K"), "{message}");
    assert_eq!(message["attachments"].as_array().unwrap().len(), 1);
    let image = message["embeds"][0]["image"]["url"].as_str().unwrap();
    assert!(image.contains("/chart-1.png?"), "shown once, on its card: {image}");
    assert_eq!(edits[0].body["embeds"][0]["image"]["url"], "attachment://chart-1.png");
    world.discord.take_messages();
    world.finish().await;
}

#[tokio::test]
async fn a_channel_that_takes_no_files_gets_the_alert_without_its_chart() {
    let world = World::new().await;
    let app = world.app(RULES, Some(SINCE));
    deliver(&world, &app, &first(), EARLIER).await;
    world.discord.deny(555, 1 << 15);
    let sent = deliver(&world, &app, &second(), NOW).await;
    assert!(sent.files.is_empty() && sent.body["embeds"][0]["image"] == Value::Null);
    assert!(sent.body["content"].as_str().unwrap().contains("**ACME**"));
    world.discord.take_messages();
    world.finish().await;
}

#[tokio::test]
async fn a_setting_turns_charts_off() {
    let world = World::new().await;
    let settings = world.settings().replacen("[discord]\n", "[discord]\ncharts = false\n", 1);
    let app = world.app_with(&settings, RULES, Some(SINCE));
    deliver(&world, &app, &first(), EARLIER).await;
    assert!(deliver(&world, &app, &second(), NOW).await.files.is_empty());
    world.finish().await;
}
