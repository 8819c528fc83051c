use serde_json::Value;

use super::discord::Posted;
use super::{discord, terminal};
use crate::alert::{Alert, Key};
use crate::bounds::AtMost;
use crate::delivery::{Body, Delivery};
use crate::destination::Destination;
use crate::problem::Source;
use crate::rules::Sum;
use crate::summary::{Line, Summary, Why};
use crate::{reader, rules};

pub(super) const QUALYS: &str = include_str!("../replay/bundled/0009900001-21-000001.txt");
pub(super) const FUND: &str = include_str!("../replay/bundled/0009900202-21-000015.txt");
pub(super) const UNPRICED: &str = include_str!("../replay/bundled/0009900203-21-000007.txt");

pub(super) fn alert_of(submission: &str, name: &str) -> Alert {
    let text = format!("[[rule]]\nname = \"{name}\"\ndescription = \"Insiders sell\"\ncodes = [\"S\"]\n");
    let rules = rules::load_slice([Source { file: "a", text: &text }], &|_| true, &[]).unwrap();
    let filing = reader::read(submission.as_bytes()).unwrap();
    let matched =
        rules::evaluate(&rules[0], &rules::Subject::new(&filing, rules::History::default())).unwrap();
    Alert::new(&rules[0], &filing, &matched, "2021-08-24T21:12:30Z".parse().unwrap()).unwrap()
}

/// A sum of filings whose owners have this name.
pub(super) fn hostile_sum(name: &str) -> Sum {
    let part = serde_json::json!({
        "owners": [name, name, name], "accession": "0000000007-25-000002", "url": "https://www.sec.gov/x", "own": false,
        "filings": 3, "first_date": "2025-12-01", "last_date": "2025-12-03", "shares": "100", "shares_is_at_least": true,
        "value_usd": "1000.5", "value_is_at_least": true,
    });
    serde_json::from_value(serde_json::json!({
        "condition": "cluster", "per": null, "within": "30 days", "first_date": "2025-12-01", "last_date": "2025-12-10",
        "insiders": 30, "filings": 90, "shares": null, "shares_is_at_least": false, "value_usd": "30000",
        "value_is_at_least": true, "parts": vec![part; 10], "more": 20,
    }))
    .unwrap()
}

pub(super) fn hostile() -> Alert {
    let name = "@everyone **bold** <script>alert(1)</script> [x](http://evil.example)\r\nBcc: all\u{202e}";
    let mut alert = alert_of(FUND, "all");
    alert.issuer.name = name.repeat(40);
    for owner in &mut alert.owners {
        owner.name = name.repeat(40);
        owner.title = Some(name.repeat(40));
    }
    alert.owners = alert.owners.iter().cycle().take(10).cloned().collect();
    alert.lots = alert.lots.iter().cycle().take(30).cloned().collect();
    let warning = crate::filing::Warning { code: "x".into(), message: name.repeat(40), at: "y".into() };
    alert.warnings = vec![warning; 30];
    alert.also_in = vec![alert.accession; 30];
    alert.changes = vec![name.repeat(40); 30];
    alert.amends = Some(alert.accession);
    alert.form = "4/A".parse().unwrap();
    alert.intent = Some(crate::alert::Agreed::All(crate::filing::Intent::Plan));
    for lot in &mut alert.lots {
        lot.intent_evidence = Some(name.repeat(40));
    }
    alert.sums = vec![hostile_sum(&name.repeat(40)); 4];
    alert
}

#[test]
fn the_seed_reads_as_a_person_would_say_it() {
    let alert = alert_of(QUALYS, "qualys-sales");
    insta::assert_snapshot!(terminal::alert(&alert, terminal::Colour::Plain));
    insta::assert_json_snapshot!(discord::alert(&alert, &Key::of(&["x"])));
    insta::assert_json_snapshot!(alert);
}

#[test]
fn an_unknown_price_is_never_zero() {
    let alert = alert_of(UNPRICED, "all");
    let told = terminal::alert(&alert, terminal::Colour::Plain);
    assert!(told.contains("310,000 shares for an unknown price"), "{told}");
    assert!(!told.contains("$0"), "{told}");
    let card = serde_json::to_string(&discord::alert(&alert, &alert.key)).unwrap();
    assert!(card.contains("unknown price") && !card.contains("$0"), "{card}");
}

#[test]
fn a_hostile_filing_stays_within_discords_limits_and_pings_nobody() {
    let message = serde_json::to_value(discord::alert(&hostile(), &Key::of(&["x"]))).unwrap();
    assert_eq!(message["allowed_mentions"]["parse"], Value::Array(vec![]));
    let embed = &message["embeds"][0];
    let length = |value: &Value| value.as_str().unwrap().chars().count();
    let mut total = 0;
    for (value, limit) in [
        (&embed["title"], 256),
        (&embed["description"], 4096),
        (&embed["footer"]["text"], 2048),
        (&embed["author"]["name"], 256),
    ] {
        assert!((1..=limit).contains(&length(value)), "{value}");
        total += length(value);
    }
    let fields = embed["fields"].as_array().unwrap();
    assert!(fields.len() <= 25);
    for field in fields {
        assert!(
            (1..=256).contains(&length(&field["name"])) && (1..=1024).contains(&length(&field["value"])),
            "{field}"
        );
        total += length(&field["name"]) + length(&field["value"]);
    }
    assert!(total <= 6000, "{total}");
    for text in [&embed["title"], &embed["description"]].into_iter().chain(fields.iter().map(|f| &f["value"]))
    {
        let text = text.as_str().unwrap();
        let others = text.replace("](https://www.sec.gov/Archives/edgar/data/", "");
        assert!(!others.contains("@everyone") && !others.contains("](http"), "{text}");
        assert!(!text.contains("http://"), "{text}");
    }
}

#[test]
fn keys_are_stable_over_plans_and_differ_by_destination() {
    let once = alert_of(QUALYS, "a");
    assert_eq!(once.key, alert_of(QUALYS, "a").key);
    assert_ne!(once.key, alert_of(QUALYS, "b").key);
    assert_eq!(once.key.as_str(), "113386bd81d41d62d7c1da24");
}

#[test]
fn only_a_rule_that_says_so_pings_everybody() {
    let mut alert = alert_of(QUALYS, "all");
    alert.owners[0].name = "@everyone".into();
    let json = |alert: &Alert| serde_json::to_value(discord::alert(alert, &Key::of(&["x"]))).unwrap();
    assert_eq!(
        (json(&alert)["content"].clone(), json(&alert)["allowed_mentions"].clone()),
        ("**QLYS** 10% owner sold **$2.66M** · stake down 0.5%".into(), serde_json::json!({ "parse": [] }))
    );
    alert.mention = vec![crate::rules::Mention::Here, crate::rules::Mention::Role(5)];
    assert_eq!(json(&alert)["content"], "@here <@&5> **QLYS** 10% owner sold **$2.66M** · stake down 0.5%");
    assert_eq!(
        json(&alert)["allowed_mentions"],
        serde_json::json!({ "parse": ["everyone"], "roles": ["5"] })
    );
}

fn in_channel(alert: Alert) -> Delivery {
    Delivery::new(
        Destination::Channel(5),
        Body::Alert(Box::new(alert)),
        "2021-08-24T21:12:31Z".parse().unwrap(),
    )
}

#[test]
fn several_alerts_in_one_message_keep_apart_and_within_its_limits() {
    let long = vec![in_channel(hostile()); 10];
    let (fits, several) = discord::fitting(&long);
    assert_eq!(several, discord::message(&long[..fits]).filter(|_| fits > 1));
    let length = |count: usize| {
        let said = serde_json::to_value(discord::message(&long[..count]).unwrap()).unwrap();
        let own = said["embeds"].as_array().unwrap().iter().flat_map(|embed| {
            let fields = embed["fields"].as_array().unwrap().iter();
            let fields = fields.flat_map(|field| [field["name"].clone(), field["value"].clone()]);
            let rest =
                [&embed["title"], &embed["description"], &embed["author"]["name"], &embed["footer"]["text"]];
            fields.chain(rest.map(Value::clone)).collect::<Vec<_>>()
        });
        own.map(|text| text.as_str().unwrap().chars().count()).sum::<usize>()
    };
    assert!((1..10).contains(&fits), "{fits}");
    // Each states how long it took when it is sent.
    let sent = |count: usize| length(count) + count * 60;
    assert!(sent(fits) <= 6_000 && sent(fits + 1) > 6_000, "{} {}", sent(fits), sent(fits + 1));
    let mut tiny = alert_of(QUALYS, "all");
    (tiny.lots, tiny.warnings) = (Vec::new(), Vec::new());
    tiny.mention = vec![crate::rules::Mention::Role(5)];
    let many = vec![in_channel(tiny.clone()); 30];
    assert_eq!(discord::fitting(&many), (5, discord::message(&many[..5])), "more are not read");
    let other =
        Alert { mention: vec![crate::rules::Mention::Here, crate::rules::Mention::Role(5)], ..tiny.clone() };
    let deliveries = [in_channel(tiny), in_channel(other.clone()), in_channel(other)];
    let message = discord::message(&deliveries).unwrap();
    let content = message.content.clone().unwrap();
    let headline = "**QLYS** 10% owner traded **$2.66M** · stake down 0.5%";
    assert_eq!(content, format!("<@&5> @here {headline}\n{headline}\n{headline}"), "one line a card");
    assert_eq!(
        serde_json::to_value(&message.allowed_mentions).unwrap(),
        serde_json::json!({ "parse": ["everyone"], "roles": ["5"] })
    );
    for (embed, delivery) in message.embeds.iter().zip(&deliveries) {
        assert_eq!(discord::referred(embed.url.as_deref(), None), Some(delivery.key.as_str()));
    }
}

#[test]
fn a_summary_of_hostile_filings_stays_within_the_limits_and_its_table_runs_nothing() {
    let alert = Alert {
        issuer: crate::alert::AlertIssuer {
            name: "=HYPERLINK(\"http://evil.example\")".repeat(50),
            ..hostile().issuer
        },
        ..hostile()
    };
    let summary = Summary::new(&Key::of(&["x"]), Why::TooMany, alert.seen_at);
    let mut summary = summary.grown(std::iter::repeat_n(&alert, 5_000));
    summary.lines = vec![Line::new(&Key::of(&["y"]), &alert); 5_000];
    let delivery = Delivery::new(Destination::Channel(5), Body::Summary(Box::new(summary)), alert.seen_at);
    let mut message = discord::message(&[delivery]).unwrap();
    let embed = message.embeds[0].clone();
    assert!(embed.description.chars().count() <= 4_096 && embed.title == "5,000 more alerts");
    let said = serde_json::to_string(&message).unwrap();
    assert!(!said.contains("@everyone") && !said.contains("[x](http"), "{said}");
    let file = message.files.remove(0);
    // Discord accepts 10 MiB from everybody.
    assert!(file.content.len() < 9 * 1024 * 1024, "{}", file.content.len());
    let table = String::from_utf8(file.content).unwrap();
    assert_eq!(table.lines().count(), 5_001);
    let line = table.lines().nth(1).unwrap();
    assert!(line.contains("\"'=HYPERLINK"), "{line}");
    // One filing reported 5,000 times is not 5,000 times its value.
    assert!(!embed.fields.iter().any(|field| field.name == "Value together"));
}

fn posted(deliveries: &[Delivery]) -> Posted {
    let message = discord::message(deliveries).unwrap();
    let content = message.content.unwrap_or_default();
    Posted { content, embeds: AtMost(message.embeds), attachments: AtMost::default(), components: Vec::new() }
}

#[test]
fn a_changed_message_stays_within_its_limits_and_its_headline_is_that_of_its_card() {
    let sent = [in_channel(alert_of(QUALYS, "a")), in_channel(alert_of(QUALYS, "b"))];
    let before = posted(&sent);
    // As Discord returns it, with more keys than it was sent.
    let mut returned = serde_json::to_value(&before).unwrap();
    returned["id"] = "5".into();
    returned["embeds"][0]["type"] = "rich".into();
    returned["embeds"][0]["footer"]["proxy_icon_url"] = "x".into();
    assert_eq!(serde_json::from_value::<Posted>(returned).unwrap(), before);
    let amended = Alert { key: Key::of(&["amended"]), withdrawn: true, ..alert_of(QUALYS, "a") };
    let change = in_channel(amended);
    let pinged = Posted { content: format!("<@&5> @here {}", before.content), ..before.clone() };
    let changed = discord::changed(pinged, &sent[0].key, &change).unwrap();
    let [card, other] = changed.embeds.0.as_slice() else { panic!("{changed:?}") };
    assert_eq!(discord::referred(card.url.as_deref(), None), Some(change.key.as_str()));
    assert_eq!(other, &before.embeds.0[1]);
    let lines: Vec<&str> = changed.content.lines().collect();
    assert!(lines[0].starts_with("<@&5> @here **QLYS** ") && lines[0].contains("(withdrawn)"), "{lines:?}");
    assert_eq!(lines[1], before.content.lines().nth(1).unwrap());
    assert_eq!(discord::changed(changed.clone(), &sent[0].key, &change), Some(changed), "made twice");
    assert_eq!(discord::changed(before.clone(), &Key::of(&["none"]), &change), None, "no such card");
    // The rule's own words are a headline, too.
    let own = Alert { message: Some("Mine".to_owned()), ..alert_of(QUALYS, "a") };
    let sent = [in_channel(own.clone()), sent[1].clone()];
    let own = Alert { key: Key::of(&["own"]), message: Some("Mine, changed".to_owned()), ..own };
    let changed = discord::changed(posted(&sent), &sent[0].key, &in_channel(own)).unwrap();
    assert!(changed.content.starts_with("Mine, changed\n**QLYS** "), "{}", changed.content);
    // A message of a version that put pings alone into the text.
    let older = Posted { content: "<@&5>".to_owned(), ..before.clone() };
    assert_eq!(discord::changed(older, &sent[0].key, &change).unwrap().content, "<@&5>");
    let mut cards = before.embeds.0.clone();
    cards[1].description = "x".repeat(5_000);
    let long = Posted { embeds: AtMost(cards), ..before };
    let hostile = in_channel(Alert { key: Key::of(&["long"]), ..hostile() });
    assert_eq!(discord::changed(long, &sent[0].key, &hostile), None, "more than 6,000 characters");
}

/// A card of a version that had fields, and the reference in the footer.
#[test]
fn another_report_is_added_to_an_older_card_once() {
    let sent = in_channel(alert_of(QUALYS, "a"));
    let mut before = posted(std::slice::from_ref(&sent));
    let field = serde_json::json!({ "name": "Also told in", "value": "an earlier one", "inline": false });
    before.embeds.0[0].fields.push(serde_json::from_value(field).unwrap());
    before.embeds.0[0].footer.text = format!("a · ref {}", sent.key);
    before.embeds.0[0].url = Some("https://www.sec.gov/index.htm#card-2".to_owned());
    let also = Alert { key: Key::of(&["also"]), ..alert_of(QUALYS, "a") };
    let addition = Delivery::new(sent.destination.clone(), Body::Addition(Box::new(also)), sent.queued_at);
    let changed = discord::changed(before.clone(), &sent.key, &addition).unwrap();
    let card = &changed.embeds.0[0];
    assert_eq!(card.fields, before.embeds.0[0].fields);
    assert!(card.description.contains("\nAlso reported in [0009900001-21-000001]("), "{}", card.description);
    assert_eq!(discord::changed(changed.clone(), &sent.key, &addition), Some(changed), "once");
}

/// Queued by a version that stored the finished text, with no length limit on a list of late alerts.
#[test]
fn a_notice_of_an_older_version_is_read_and_sent_whole() {
    let text = vec!["2021-08-24: Doe Jane sold 100 shares of Alpha Inc"; 200].join("\n");
    let key = Key::of(&["notice", "x"]);
    let stored = serde_json::json!({
        "notice": { "key": key, "at": "2021-08-24T21:13:00Z", "title": "Found late", "text": text }
    });
    let Body::Notice(notice) = serde_json::from_value(stored).unwrap() else { panic!("not a notice") };
    assert_eq!((&notice.key, notice.at.to_rfc3339().as_str()), (&key, "2021-08-24T21:13:00+00:00"));
    let words = super::notice::words(&notice);
    assert_eq!((&*words.title, words.text == text), ("Found late", true));
}
