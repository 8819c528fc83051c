//! Whatever a filing holds, its messages on Discord are within every limit, ping nobody and link nowhere.

use std::fs;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use sellbell::alert::{Alert, Key};
use sellbell::delivery::{Body, Delivery};
use sellbell::destination::Destination;
use sellbell::filing::{Cik, Filing};
use sellbell::reader;
use sellbell::render::discord;
use serde_json::Value;

use crate::fakes::limits::violations;
use crate::rules::{noted, sale};
use crate::shared;
use crate::sums::alert_after;

/// Conditions that each lot meets.
pub const ALL: &str = r#"codes = ["A", "C", "D", "E", "F", "G", "H", "I", "J", "L", "M", "O", "P", "S", "U", "W", "X", "Z"]
table = "any"
direction = "any""#;

/// What a filer may type to ping, link, format or hide something.
const FRAGMENTS: [&str; 16] = [
    "@everyone",
    "@here",
    "<@&5>",
    "<@5>",
    "**",
    "`",
    "~~",
    "> ",
    "- ",
    "# ",
    "[x](http://evil.example)",
    "https://evil.example/",
    "\u{202e}",
    "\u{200b}",
    "||",
    "\\",
];

fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => prop::sample::select(FRAGMENTS.to_vec()).prop_map(str::to_owned),
        2 => "[a-zA-Z0-9 .,:;&'\u{e4}\u{4e2d}\u{1f600}-]{0,30}",
        1 => "\\PC{0,20}",
    ];
    (prop::collection::vec(piece, 0..40), 1usize..40)
        .prop_map(|(pieces, times)| pieces.concat().repeat(times).chars().take(1_000).collect())
}

fn monster() -> impl Strategy<Value = Filing> {
    let owners = prop::collection::vec((hostile_text(), hostile_text(), any::<[bool; 4]>()), 1..11);
    let lots =
        prop::collection::vec((0u64..10_000_000_000, 0u64..1_000_000, hostile_text(), 0usize..4), 1..31);
    (hostile_text(), hostile_text(), owners, lots).prop_map(|(issuer, symbol, owners, lots)| {
        let mut filing = sale();
        filing.issuer.name = issuer;
        filing.issuer.symbol = Some(symbol);
        let owner = filing.owners[0].clone();
        filing.owners.clear();
        for (number, (name, title, [director, officer, ten_percent_owner, other])) in
            owners.into_iter().enumerate()
        {
            let mut own = owner.clone();
            own.cik = Cik::new(number as u64 + 1);
            own.name = name;
            own.title = Some(title);
            (own.director, own.officer) = (director, officer);
            (own.ten_percent_owner, own.other) = (ten_percent_owner, other);
            filing.owners.push(own);
        }
        let lot = filing.lots[0].clone();
        filing.lots.clear();
        for (shares, price, title, code) in lots {
            let mut own = lot.clone();
            own.shares = noted(&shares.to_string());
            own.price = noted(&price.to_string());
            own.line.security.value = Some(title);
            own.code = noted(["S", "P", "G", "M"][code]);
            filing.lots.push(own);
        }
        filing
    })
}

/// The message of the first of some alerts to a channel that fit into one.
fn message(alerts: &[Alert]) -> (usize, Value) {
    let channel = Destination::Channel(5);
    let at = alerts[0].seen_at;
    let deliveries: Vec<Delivery> = alerts
        .iter()
        .map(|alert| Delivery::new(channel.clone(), Body::Alert(Box::new(alert.clone())), at))
        .collect();
    let (count, several) = discord::fitting(&deliveries);
    let message = several.or_else(|| discord::message(&deliveries[..count])).unwrap();
    (count, serde_json::to_value(message).unwrap())
}

fn check(message: &Value) {
    assert_eq!(violations(message, 0), [], "{message}");
    assert_eq!(message["allowed_mentions"], serde_json::json!({ "parse": [] }));
    let embeds = message["embeds"].as_array().unwrap();
    let texts = embeds.iter().flat_map(|embed| [&embed["title"], &embed["description"]]);
    for text in texts.chain([&message["content"]]).map(|text| text.as_str().unwrap()) {
        assert!(
            !text.contains("@everyone")
                && !text.contains("@here")
                && !text.contains("<@5")
                && !text.contains("<@&"),
            "{text}"
        );
        assert!(!text.contains("](") && !text.contains("http://") && !text.contains("https://"), "{text}");
        assert!(!text.contains('\u{202e}'), "{text}");
        assert!(!text.trim().is_empty());
    }
    for embed in embeds {
        assert!(embed["description"].as_str().unwrap().lines().count() <= 30, "readable: {embed}");
        assert!(discord::referred(embed["url"].as_str(), None).is_some(), "{embed}");
    }
}

/// Monsters by the handful, with one message of those that fit into it.
fn check_monsters(cases: u32) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    let monsters = prop::collection::vec(monster(), 1..8);
    let checked = TestRunner::new(config).run(&monsters, |monsters| {
        let alerts = monsters.iter().enumerate().map(|(number, filing)| {
            let mut filing = filing.clone();
            // A message never has two alerts of one rule about one filing.
            filing.accession = format!("0000000007-25-{number:06}").parse().ok();
            let mut alert = alert_after(ALL, &[], &filing)?;
            alert.key = Key::of(&[&number.to_string()]);
            Some(alert)
        });
        let alerts: Vec<Alert> = alerts.flatten().collect();
        prop_assert_eq!(alerts.len(), monsters.len());
        let (count, message) = message(&alerts);
        prop_assert!(count <= 5, "more cards are not read");
        check(&message);
        Ok(())
    });
    checked.unwrap();
}

#[test]
fn the_message_of_any_monsters_is_within_every_limit_and_pings_nobody() {
    check_monsters(2);
}

#[test]
#[ignore = "many monsters"]
fn the_message_of_any_monsters_is_within_every_limit_and_pings_nobody_at_length() {
    check_monsters(24);
}

#[test_with::path("../shared/corpus")]
#[test]
fn the_messages_of_recorded_filings_are_within_every_limit() {
    check_recorded(8);
}

#[test_with::path("../shared/corpus")]
#[test]
#[ignore = "the whole corpus"]
fn the_messages_of_recorded_filings_are_within_every_limit_at_length() {
    check_recorded(1);
}

/// One recorded filing in so many, in messages of as many as fit.
fn check_recorded(one_in: usize) {
    let mut paths: Vec<_> =
        fs::read_dir(shared::folder().join("corpus")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut alerts = Vec::new();
    for path in paths.iter().step_by(one_in) {
        let Ok(filing) = reader::read(&fs::read(path).unwrap()) else { continue };
        if filing.accepted_at.is_some() {
            alerts.extend(alert_after(ALL, &[], &filing));
        }
    }
    assert!(alerts.len() > 2_000 / one_in, "{}", alerts.len());
    let mut rest = alerts.as_slice();
    while !rest.is_empty() {
        let (count, message) = message(&rest[..rest.len().min(8)]);
        check(&message);
        rest = &rest[count..];
    }
}
