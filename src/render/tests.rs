use serde_json::Value;

use super::discord::Posted;
use super::{discord, email, terminal};
use crate::alert::{Alert, Key};
use crate::bounds::AtMost;
use crate::delivery::{Body, Delivery};
use crate::destination::Destination;
use crate::digest::Digest;
use crate::problem::Source;
use crate::rules::Sum;
use crate::summary::{Line, Summary, Why};
use crate::{reader, rules};

const QUALYS: &str = include_str!("../replay/bundled/0009900001-21-000001.txt");
const FUND: &str = include_str!("../replay/bundled/0009900202-21-000015.txt");
const UNPRICED: &str = include_str!("../replay/bundled/0009900203-21-000007.txt");

fn alert_of(submission: &str, name: &str) -> Alert {
    let text = format!("[[rule]]\nname = \"{name}\"\ndescription = \"Insiders sell\"\ncodes = [\"S\"]\n");
    let rules = rules::load_slice([Source { file: "a", text: &text }], &|_| true, &[]).unwrap();
    let filing = reader::read(submission.as_bytes()).unwrap();
    let matched =
        rules::evaluate(&rules[0], &rules::Subject::new(&filing, rules::History::default())).unwrap();
    Alert::new(&rules[0], &filing, &matched, "2021-08-24T21:12:30Z".parse().unwrap()).unwrap()
}

/// A sum of filings whose owners have this name.
fn hostile_sum(name: &str) -> Sum {
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

fn hostile() -> Alert {
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

fn delivery(body: Body) -> Delivery {
    Delivery::new(Destination::Email("desk".into()), body, "2021-08-24T21:12:31Z".parse().unwrap())
}

#[test]
fn a_hostile_filing_injects_neither_markup_nor_headers() {
    let mail = email::email(&delivery(Body::Alert(Box::new(hostile())))).unwrap();
    assert!(!mail.subject.contains(['\r', '\n', '\u{202e}']) && mail.subject.chars().count() <= 150);
    assert!(!mail.html.contains("<script") && mail.html.contains("&lt;script&gt;"));
    assert!(mail.html.len() < 80_000, "{}", mail.html.len());
    let lines = terminal::alert(&hostile(), terminal::Colour::Plain);
    assert!(!lines.contains(['\r', '\u{1b}', '\u{202e}']));
}

#[test]
fn mails_of_an_alert_read_well_as_text() {
    let alert = alert_of(QUALYS, "qualys-sales");
    let mail = email::email(&delivery(Body::Alert(Box::new(alert)))).unwrap();
    insta::assert_snapshot!(format!("Subject: {}\n\n{}", mail.subject, mail.text));
    assert!(mail.html.contains("$2,661,359.10") && mail.html.contains("24,133 shares at $110.28 on average"));
}

fn digest(alerts: Vec<Alert>) -> Digest {
    let window = ("2021-08-23T21:30:00Z".parse().unwrap(), "2021-08-24T21:30:00Z".parse().unwrap());
    Digest::new("desk", "2021-08-24T17:30".into(), "America/New_York".into(), window, alerts)
}

#[test]
fn a_digest_counts_a_lot_once_and_sorts_by_value() {
    let mut half = alert_of(QUALYS, "half");
    half.lots.truncate(1);
    half.lot_numbers.truncate(1);
    let alerts = vec![alert_of(UNPRICED, "all"), half, alert_of(QUALYS, "all"), alert_of(FUND, "all")];
    let digest = digest(alerts);
    let shown: Vec<_> = digest.entries.iter().map(|e| (e.alert.ticker_or_name(), e.rules.len())).collect();
    assert_eq!(shown, [("QLMK", 1), ("QLYS", 2), ("PNDX", 1)]);
    assert_eq!(digest.entries[1].alert.value_usd.unwrap().plain(), "2661359.1015");
    assert_eq!(digest.total_text(), "at least $39,769,184.07");
    let mail = email::email(&delivery(Body::Digest(Box::new(digest)))).unwrap();
    insta::assert_snapshot!(format!("Subject: {}\n\n{}", mail.subject, mail.text));
}

#[test]
fn a_digest_counts_an_amended_trade_once() {
    let original = alert_of(QUALYS, "all");
    let mut amended = original.clone();
    amended.accession = "0009900001-21-000099".parse().unwrap();
    amended.form = "4/A".parse().unwrap();
    amended.accepted_at = amended.accepted_at.map(|time| time + chrono::TimeDelta::days(1));
    (amended.amends, amended.follows) = (Some(original.accession), Some(original.accession));
    (amended.restated, amended.replaces) = (vec![0, 1], vec![0, 1]);
    amended.changes = vec!["row 2: shares 50 → 60".into()];
    // With both in one digest, the amended version counts. With only the amendment, its original was in an
    // earlier total.
    let both = digest(vec![original.clone(), amended.clone()]);
    assert_eq!(both.total_text(), "$2,661,359.10");
    let counted: Vec<(bool, bool)> =
        both.entries.iter().map(|entry| (entry.alert.form.is_amendment(), entry.counted > 0)).collect();
    assert!(counted.contains(&(true, true)) && counted.contains(&(false, false)), "{counted:?}");
    let alone = digest(vec![amended.clone()]);
    assert_eq!(alone.total_text(), "nothing new");
    let mail = email::email(&delivery(Body::Digest(Box::new(alone)))).unwrap();
    assert!(mail.text.contains("(amended) (not in the total)"), "{}", mail.text);
    // A corrected row counts in place of the original; a row that the amendment leaves alone counts as it is.
    (amended.restated, amended.replaces) = (vec![1], vec![1]);
    amended.lot_numbers.remove(0);
    amended.lots.remove(0);
    amended.refigure();
    let part = digest(vec![original.clone(), amended.clone()]);
    assert_eq!(part.total_text(), "$2,661,359.10");
    let mail = email::email(&delivery(Body::Digest(Box::new(part)))).unwrap();
    assert!(mail.text.contains("(in part in the total)"), "{}", mail.text);
    // New rows add to the total; rows that another filing reported do not.
    amended.restated.clear();
    assert_eq!(digest(vec![amended.clone()]).total_text(), "$109,374.99");
    amended.reported_before = amended.lot_numbers.clone();
    assert_eq!(digest(vec![amended.clone()]).total_text(), "nothing new");
    let told = terminal::alert(&amended, terminal::Colour::Plain);
    assert!(told.contains("amends 0009900001-21-000001") && told.contains("row 2: shares 50 → 60"), "{told}");
    amended.also_in = vec![original.accession; 6];
    let mail = email::email(&delivery(Body::Alert(Box::new(amended)))).unwrap();
    assert!(
        mail.text.contains("Amends 0009900001-21-000001.") && mail.html.contains("row 2: shares 50 → 60")
    );
    assert!(mail.text.contains("and 2 more") || mail.text.contains(", 2 more"), "{}", mail.text);
}

#[test]
fn a_huge_digest_stays_below_the_size_that_mail_readers_clip() {
    let mut alerts = Vec::new();
    for n in 0..500_u32 {
        let mut alert = hostile();
        alert.accession = format!("0000000007-21-{n:06}").parse().unwrap();
        alert.issuer.name = "'/".repeat(2_000);
        alert.issuer.tickers = vec!["&".repeat(6); 10];
        alerts.push(alert);
    }
    let mail = email::email(&delivery(Body::Digest(Box::new(digest(alerts))))).unwrap();
    assert!((40_000..80_000).contains(&mail.html.len()), "{}", mail.html.len());
    assert!(mail.html.contains(" more, in the total"));
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
