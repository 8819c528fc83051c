//! Charts in messages: attached where history has something to show, removed by edits that change the figures, and
//! never in the way.

use std::sync::Arc;

use sellbell::alert::{Alert, EarlierFigures, Key};
use sellbell::delivery::{Body, Delivery};
use sellbell::destination::Destination;
use sellbell::render::discord::{self, CardChart, Posted};
use sellbell::runtime::App;
use serde_json::{Value, json};

use crate::related::{Filed, filed, publish};
use crate::rules::sale;
use crate::sums::alert_after;
use crate::world::{World, at, deliver_all};

const RULES: &str = "[[rule]]\nname = \"all-sales\"\ncodes = [\"S\"]\nnotify = [\"discord:alerts\"]\n";
const SINCE: &str = "2025-12-01T00:00:00-05:00";
const EARLIER: &str = "2025-12-11T17:00:00-05:00";
const NOW: &str = "2025-12-12T17:00:00-05:00";
const LATER: &str = "2025-12-13T17:00:00-05:00";

/// A sale on the day before.
pub const DAY_BEFORE: &str = "<nonDerivativeTransaction><securityTitle><value>Common Stock</value></securityTitle>\
    <transactionDate><value>2025-12-09</value></transactionDate><transactionCoding><transactionCode>S</transactionCode>\
    </transactionCoding><transactionAmounts><transactionShares><value>100</value></transactionShares>\
    <transactionPricePerShare><value>10</value></transactionPricePerShare><transactionAcquiredDisposedCode><value>D</value>\
    </transactionAcquiredDisposedCode></transactionAmounts></nonDerivativeTransaction>";

fn first() -> Filed {
    Filed { rows: DAY_BEFORE, ..filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00") }
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
async fn an_alert_has_a_chart_where_history_has_something_to_show_until_its_figures_change() {
    let world = World::new().await;
    let app = world.app(RULES, Some(SINCE));
    let alone = deliver(&world, &app, &first(), EARLIER).await;
    assert!(alone.files.is_empty(), "one filing is no history");
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
    assert_eq!(message["attachments"], json!([]), "a chart of the former figures would mislead");
    assert_eq!(message["embeds"][0]["image"], Value::Null);
    world.discord.take_messages();
    world.finish().await;
}

fn delivery(alert: &Alert, key: &str) -> Delivery {
    let alert = Alert { key: Key::of(&[key]), ..alert.clone() };
    Delivery::new(Destination::Channel(5), Body::Alert(Box::new(alert)), at(NOW))
}

/// The names of the pictures on the cards, and of the files, after an edit of the first of two cards.
fn pictures_after(edited: &Alert) -> (Vec<Option<String>>, Vec<String>) {
    let alert = alert_after("min_value = 1", &[], &sale()).unwrap();
    let mut other = alert.clone();
    other.issuer.cik = sellbell::filing::Cik::new(71).unwrap();
    let deliveries = [delivery(&alert, "a"), delivery(&other, "b")];
    let charts = deliveries.each_ref().map(|delivery| CardChart {
        card: delivery.key.clone(),
        png: Arc::new(vec![1]),
        alt_text: "a chart".into(),
    });
    let message = discord::message(&deliveries).unwrap().with_charts(&charts);
    let message = serde_json::to_value(message).unwrap();
    let files = ["chart-1.png", "chart-2.png"].map(|name| json!({ "id": name, "filename": name }));
    let posted: Posted = serde_json::from_value(json!({
        "content": message["content"], "embeds": message["embeds"], "attachments": files,
        "components": message["components"],
    }))
    .unwrap();
    let changed = discord::changed(posted, &deliveries[0].key, &delivery(edited, "c")).unwrap();
    let pictures = changed.embeds.0.iter().map(|card| card.image.as_ref().map(|image| image.url.clone()));
    (pictures.collect(), changed.attachments.0.iter().map(|file| file.filename.clone()).collect())
}

#[test]
fn an_edit_removes_the_chart_of_the_card_whose_figures_it_changes_and_no_other() {
    let alert = alert_after("min_value = 1", &[], &sale()).unwrap();
    let figures = |value: &str| EarlierFigures { shares: alert.shares, value_usd: value.parse().ok() };
    let same = EarlierFigures { shares: alert.shares, value_usd: alert.sound_value() };
    let second = || Some("attachment://chart-2.png".to_owned());
    for edited in [
        Alert { withdrawn: true, ..alert.clone() },
        Alert { replaced_figures: Some(figures("7")), ..alert.clone() },
    ] {
        assert_eq!(pictures_after(&edited), (vec![None, second()], vec!["chart-2.png".to_owned()]));
    }
    let unchanged = Alert { replaced_figures: Some(same), ..alert.clone() };
    let both = ["chart-1.png", "chart-2.png"].map(str::to_owned).to_vec();
    assert_eq!(
        pictures_after(&unchanged),
        (vec![Some("attachment://chart-1.png".to_owned()), second()], both)
    );
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
