//! A card on Discord is read at a glance: short figures and dates, and nothing twice.

use std::collections::BTreeSet;
use std::fs;

use sellbell::alert::{Agreed, Alert, Key};
use sellbell::filing::{Intent, Plan, Role, Warning};
use sellbell::reader;
use sellbell::render::discord;
use serde_json::Value;

use crate::cards::ALL;
use crate::rules::{other_sale, sale};
use crate::shared;
use crate::sums::alert_after;
use crate::world::at;

fn alert() -> Alert {
    alert_after("min_value = 1", &[], &sale()).unwrap()
}

/// Headline, title, description and footer.
fn texts(alert: &Alert) -> [String; 4] {
    let card = serde_json::to_value(discord::alert(alert, &Key::of(&["x"]))).unwrap();
    let text = |value: &Value| value.as_str().unwrap().replace('\u{a0}', " ");
    let embed = &card["embeds"][0];
    [&card["content"], &embed["title"], &embed["description"], &embed["footer"]["text"]].map(text)
}

#[test]
fn a_quote_says_what_the_card_does_not_and_where_it_begins() {
    let mut alert = alert();
    alert.intent = Some(Agreed::All(Intent::SellToCover));
    for lot in &mut alert.lots {
        lot.intent_evidence = Some("F2: \"to cover taxes\"".into());
    }
    let [headline, _, description, _] = texts(&alert);
    assert!(headline.contains(" · to cover tax or exercise cost"), "{headline}");
    assert!(
        description.contains("\"…to cover taxes\"") && !description.contains("exercise cost"),
        "{description}"
    );
    for lot in &mut alert.lots {
        lot.intent_evidence = Some("F2: \"Sold to cover taxes\"".into());
    }
    assert!(texts(&alert)[2].contains("\"Sold to cover taxes\""));
    (alert.plan, alert.plan_adopted) = (Agreed::All(Plan::Yes), Some("2023-03-06".into()));
    let description = &texts(&alert)[2];
    assert!(description.contains("10b5-1 plan, adopted Mar 6, 2023"), "{description}");
    assert!(!description.contains('>'), "{description}");
}

#[test]
fn owners_are_named_once() {
    let mut alert = alert();
    alert.owners.truncate(1);
    (alert.owners[0].title, alert.owners[0].roles) = (Some("See Remarks".into()), vec![Role::OtherOfficer]);
    let name = alert.owners[0].name.clone();
    let [headline, title, ..] = texts(&alert);
    assert!(headline.contains(" officer sold **") && !headline.contains("Remarks"), "{headline}");
    assert_eq!(title, format!("{name}, officer, sold"));
    (alert.owners[0].title, alert.owners[0].roles) =
        (Some("President and COO".into()), vec![Role::President, Role::Coo, Role::Director]);
    let [headline, title, ..] = texts(&alert);
    assert!(
        headline.contains(" President & COO sold **") || headline.contains(" COO & President sold **"),
        "{headline}"
    );
    assert_eq!(title, format!("{name}, President & COO, sold"), "in short, to fit on a line");
    alert.owners[0].title = Some("Pres. and COO".into());
    assert_eq!(texts(&alert)[1], format!("{name}, Pres. and COO, sold"), "as filed, if that fits");
    (alert.owners[0].title, alert.owners[0].roles) =
        (Some("EVP, Worldwide Field Operations".into()), vec![Role::OtherOfficer]);
    let [headline, title, ..] = texts(&alert);
    assert!(headline.contains(" EVP, Worldwide Field Operations sold **"), "{headline}");
    assert_eq!(title, format!("{name} sold"), "the headline says it");
    alert.owners.push(alert.owners[0].clone());
    let [_, title, description, _] = texts(&alert);
    assert_eq!(title, format!("{name} and {name} sold"));
    assert!(!description.contains("With "), "{description}");
    alert.owners.push(alert.owners[0].clone());
    let [_, title, description, _] = texts(&alert);
    assert_eq!(title, format!("{name} and 2 others sold"));
    assert!(description.contains(&format!("With {name}, {name}")), "{description}");
    alert.owners[1].roles = vec![Role::TenPercentOwner];
    alert.owners[1].title = None;
    alert.owners.push(alert.owners[0].clone());
    let description = &texts(&alert)[2];
    assert!(
        description.contains(&format!("With {name} \\(10% owner\\), {name}, and 1 more")),
        "{description}"
    );
    // The rule's own words need not say how much.
    alert.message = Some("Look!".into());
    assert!(texts(&alert)[1].contains("sold $"), "{}", texts(&alert)[1]);
}

#[test]
fn a_sale_with_a_growing_stake_does_not_say_so_in_its_headline() {
    let mut alert = alert();
    alert.stakes.truncate(1);
    let stake = &mut alert.stakes[0];
    let set = |text: &str| Some(text.parse().unwrap());
    (stake.before, stake.after, stake.change) = (set("40000"), set("2374800.6"), Some("58.37".into()));
    let [headline, _, description, _] = texts(&alert);
    assert!(!headline.contains("stake"), "{headline}");
    assert!(description.contains("**Stake 40,000 → 2,374,801**, up 5,837%"), "{description}");
    let stake = &mut alert.stakes[0];
    (stake.before, stake.after, stake.change) = (set("100"), set("87.66"), Some("-0.1234".into()));
    assert!(texts(&alert)[0].ends_with(" · stake down 12%"), "{}", texts(&alert)[0]);
}

#[test]
fn a_cluster_is_one_in_its_headline() {
    let before = [other_sale(1, 8, "2025-12-01", "50")];
    let conditions = "cluster = { insiders = 2, within = \"30d\" }";
    let alert = alert_after(conditions, &before, &other_sale(2, 7, "2025-12-10", "100")).unwrap();
    let [headline, title, description, _] = texts(&alert);
    assert!(headline.ends_with(" 2 insiders sold **$1.50K** in 30 days"), "{headline}");
    assert!(title.ends_with(" sold $1.00K"), "this filing's own: {title}");
    assert!(description.contains("\nWith OWNER 8, $500.00"), "{description}");
    assert!(!description.contains("together") && !description.contains("this filing"), "{description}");
    let own_words = Alert { message: Some("Look!".into()), ..alert };
    let description = &texts(&own_words)[2];
    assert!(description.contains("2 insiders within 30 days, $1.50K together, Dec 1–10"), "{description}");
}

#[test]
fn warnings_are_in_plain_words() {
    let mut alert = alert();
    alert.accepted_at = Some(at("2026-04-15T17:00:00-04:00"));
    let warning = |code: &str, message: &str, at: &str| Warning {
        code: code.into(),
        message: message.into(),
        at: at.into(),
    };
    let late = "a transaction of 2026-04-01 was reported on 2026-04-15, two business days end on 2026-04-03";
    alert.warnings = vec![
        warning("filed-late", late, "transactionDate"),
        warning("zero-shares", "a transaction of no shares", "x"),
        warning("zero-shares", "a transaction of no shares", "y"),
        warning("zero-price", "a sale at a price of zero", "y"),
    ];
    let description = &texts(&alert)[2];
    let lines = "⚠️ Filed late: due Apr 3, filed Apr 15\n⚠️ A transaction of no shares · and 1 more warning";
    assert!(description.ends_with(lines), "{description}");
    // One mistake is told once.
    alert.warnings = vec![
        warning(
            "date-mistyped",
            "a transaction of 2028-03-01 was reported on 2026-04-15, and has a date that looks mistyped",
            "transactionDate",
        ),
        warning(
            "date-in-future",
            "a transaction of 2028-03-01 was reported on 2026-04-15, before it",
            "transactionDate",
        ),
    ];
    let description = &texts(&alert)[2];
    assert!(description.ends_with("⚠️ The date looks mistyped: Mar 1, 2028"), "{description}");
}

#[test]
fn only_a_late_alert_says_how_long_it_took() {
    let mut alert = alert();
    alert.accepted_at = Some(at("2026-04-15T17:00:00-04:00"));
    alert.seen_at = at("2026-04-15T17:00:08-04:00");
    alert.sent_at = Some(alert.seen_at);
    assert!(texts(&alert)[3].ends_with('”'), "{}", texts(&alert)[3]);
    alert.sent_at = Some(at("2026-04-15T17:30:00-04:00"));
    assert!(
        texts(&alert)[3].ends_with(" · in the feed after 8 s, sent 29 min later"),
        "{}",
        texts(&alert)[3]
    );
    alert.seen_at = at("2026-04-19T17:30:00-04:00");
    (alert.sent_at, alert.late) = (Some(alert.seen_at), true);
    assert!(texts(&alert)[3].ends_with(" · found 4 days after it was filed"), "{}", texts(&alert)[3]);
}

#[test]
fn a_warning_is_one_short_line_whatever_its_message_says() {
    let mut alert = alert();
    alert.accepted_at = Some(at("2026-04-15T17:00:00-04:00"));
    let mut line = |code: &str, message: &str| {
        alert.warnings = vec![Warning { code: code.into(), message: message.into(), at: "x".into() }];
        texts(&alert)[2].lines().last().unwrap().replace(['\u{200b}', '\\'], "")
    };
    for (code, message, expected) in [
        (
            "price-outside-range",
            "the price $12.7733 is outside its footnoted range, $12.95 to $13.075 (F2: \"from $12.95\")",
            "The price is $12.7733, its note says $12.95–$13.075",
        ),
        (
            "count-off-by-ten",
            "the number is 20,000, and held are 1,083,333 before and 883,333 after: it may be 20,000 or 200,000",
            "20,000 shares, or 200,000 by the holdings",
        ),
        (
            "plan-after-trade",
            "traded on 2023-03-08 under a plan adopted on 2024-06-01, after it",
            "Plan adopted after the trade: Jun 1, 2024",
        ),
        (
            "date-after-signature",
            "a transaction of 2026-03-01 was signed for on 2026-02-01",
            "Signed before the trade, on Feb 1",
        ),
        (
            "unlisted-ticker",
            "the filer typed FB as a trading symbol; EDGAR lists this company as META, which rules by ticker use",
            "The filer typed FB, EDGAR lists META",
        ),
        // A message of another version is shown as it is.
        ("price-outside-range", "the price is odd", "The price is odd"),
        ("of-tomorrow", "something new", "Something new"),
    ] {
        assert_eq!(line(code, message), format!("⚠️ {expected}"));
    }
}

#[test]
fn an_amendment_links_to_what_it_amends_and_says_what_changed_in_one_line() {
    let mut alert = alert();
    alert.form = "4/A".parse().unwrap();
    alert.amends = Some("0009900201-21-000031".parse().unwrap());
    alert.changes = vec!["row 2: price $62.3815 → $62.8315".into()];
    let description = &texts(&alert)[2];
    let line = description.lines().find(|line| line.starts_with("✏️")).unwrap();
    assert!(
        line.starts_with("✏️ Amends [the original](https://www.sec.gov/Archives/edgar/data/20/"),
        "{line}"
    );
    assert!(line.ends_with("-index.htm), row 2:\u{200b} price $62.3815 → $62.8315"), "{line}");
    let [headline, title, ..] = texts(&alert);
    assert!(headline.contains(" (amended)") && title.ends_with(" sold"), "it says so once: {title}");
    alert.changes.push("row 3: shares 1 → 2".into());
    assert!(texts(&alert)[2].contains("\n- row 2"), "a list for several");
}

#[test_with::path("../shared/corpus")]
#[test]
fn the_warnings_of_recorded_filings_have_short_words() {
    let folder = ["corpus", "corpus-2026", "cases"].map(|name| shared::folder().join(name));
    let files = folder.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let mut codes = BTreeSet::new();
    for file in files.map(|file| file.unwrap().path()).filter(|path| path.is_file()) {
        let Ok(filing) = reader::read(&fs::read(&file).unwrap()) else { continue };
        let dated = filing.accepted_at.and_then(|_| alert_after(ALL, &[], &filing));
        let Some(mut alert) = dated else { continue };
        for warning in std::mem::take(&mut alert.warnings) {
            codes.insert(warning.code.clone());
            alert.warnings = vec![warning];
            let description = &texts(&alert)[2];
            let line = description.lines().find(|line| line.starts_with("⚠️")).unwrap();
            let length = line.chars().count();
            assert!(length <= 80, "{length} characters: {line}; {:?}", alert.warnings);
        }
    }
    assert!(codes.len() > 8, "{codes:?}");
}
