//! Alerts of `cumulative` and `cluster` rules show the sum, and the others that are in it.

use chrono::{DateTime, Utc};
use sellbell::alert::{Alert, Key};
use sellbell::decide::{self, Case};
use sellbell::delivery::{Body, Delivery};
use sellbell::destination::Destination;
use sellbell::digest::Digest;
use sellbell::filing::{Cik, Filing, PastFiling};
use sellbell::render::{discord, email, terminal};
use sellbell::rules::{RuleSet, Sum};

use crate::rules::{evening, noted, other_sale, past, rule, with_lot};

/// The alert that a filing causes after others, if it does.
pub(crate) fn alert_after(conditions: &str, before: &[Filing], filing: &Filing) -> Option<Alert> {
    let rules = RuleSet::new(vec![rule(conditions)]);
    let known: Vec<PastFiling> = before.iter().map(past).collect();
    let accepted_at = filing.accepted_at.unwrap();
    let whole_since = Some(evening("2020-01-01"));
    let case = Case { filing, accepted_at, seen_at: accepted_at, known: &known, whole_since };
    decide::decide(&rules, case).alerts.into_iter().next().map(|(_, alert)| alert)
}

/// Sales of other days, owners and numbers of shares, each at ten dollars.
fn before() -> [Filing; 4] {
    [
        other_sale(1, 8, "2025-11-01", "9000"),
        other_sale(2, 7, "2025-11-20", "50"),
        other_sale(3, 8, "2025-12-03", "200"),
        other_sale(4, 9, "2025-12-04", "300"),
    ]
}

fn now() -> Filing {
    other_sale(900, 7, "2025-12-10", "100")
}

fn alert(conditions: &str) -> Alert {
    alert_after(conditions, &before(), &now()).unwrap()
}

fn lines(sum: &Sum) -> Vec<String> {
    [sum.text()].into_iter().chain(sum.part_texts(10)).collect()
}

const OWNERS: &str = r#"cumulative = { within = "30d", min_value = 1_200 }"#;
const ISSUERS: &str = r#"cumulative = { per = "issuer", within = "30d", min_value = 5_000 }"#;
const CLUSTER: &str = r#"cluster = { insiders = 3, within = "7d" }"#;

#[test]
fn a_cumulative_alert_shows_the_sum_and_the_filings_in_it() {
    let alert = alert(OWNERS);
    assert_eq!(
        lines(&alert.sums[0]),
        [
            "$1,500.00 and 150 shares within 30 days, in 2 filings of the owner, 2025-11-20 to 2025-12-10",
            "2025-12-10: OWNER 7, $1,000.00 and 100 shares, this filing",
            "2025-11-20: OWNER 7, $500.00 and 50 shares, 0000000007-25-000002",
        ]
    );
    let alert = self::alert(ISSUERS);
    assert_eq!(
        lines(&alert.sums[0]),
        [
            "$6,500.00 and 650 shares within 30 days, in 4 filings of 3 insiders, 2025-11-20 to 2025-12-10",
            "2025-12-10: OWNER 7, $1,000.00 and 100 shares, this filing",
            "2025-12-04: OWNER 9, $3,000.00 and 300 shares, 0000000007-25-000004",
            "2025-12-03: OWNER 8, $2,000.00 and 200 shares, 0000000007-25-000003",
            "2025-11-20: OWNER 7, $500.00 and 50 shares, 0000000007-25-000002",
        ]
    );
    let json = serde_json::to_value(&alert).unwrap();
    assert_eq!(
        (&json["sums"][0]["value_usd"], &json["sums"][0]["per"], &json["sums"][0]["parts"][1]["value_usd"]),
        (&"6500".into(), &"issuer".into(), &"3000".into())
    );
    assert_eq!(
        json["sums"][0]["parts"][1]["url"],
        "https://www.sec.gov/Archives/edgar/data/20/000000000725000004/0000000007-25-000004-index.htm"
    );
}

#[test]
fn a_cluster_alert_shows_who() {
    let alert = alert(CLUSTER);
    assert_eq!(
        lines(&alert.sums[0]),
        [
            "3 insiders within 7 days, $6,000.00 and 600 shares together, 2025-12-03 to 2025-12-10",
            "2025-12-10: OWNER 7, $1,000.00 and 100 shares, this filing",
            "2025-12-04: OWNER 9, $3,000.00 and 300 shares, 0000000007-25-000004",
            "2025-12-03: OWNER 8, $2,000.00 and 200 shares, 0000000007-25-000003",
        ]
    );
    // An insider with several filings is one, and so are owners who report together.
    let more = [
        before().to_vec(),
        vec![other_sale(5, 9, "2025-12-05", "10"), {
            let mut both = other_sale(6, 9, "2025-12-06", "10");
            let mut second = both.owners[0].clone();
            (second.cik, second.name) = (Cik::new(10), "FUND LP".into());
            both.owners.push(second);
            both
        }],
    ]
    .concat();
    let alert = alert_after(CLUSTER, &more, &now()).unwrap();
    let sum = &alert.sums[0];
    assert_eq!((sum.insiders, sum.filings), (3, 5));
    assert_eq!(
        sum.parts[1].text(),
        "2025-12-04 to 2025-12-06: OWNER 9, FUND LP, $3,200.00 and 320 shares, 0000000007-25-000006 and 2 more"
    );
}

#[test]
fn what_is_not_known_is_said_and_classes_are_not_mixed() {
    let mut before = before().to_vec();
    before[1].lots[0].price.value = None;
    before[2].lots[0].line.security.value = Some("Class B Common Stock".into());
    let alert = alert_after(ISSUERS, &before, &now()).unwrap();
    let sum = &alert.sums[0];
    assert_eq!(
        sum.text(),
        "at least $6,000.00 within 30 days, in 4 filings of 3 insiders, 2025-11-20 to 2025-12-10"
    );
    assert_eq!(
        sum.parts[3].text(),
        "2025-11-20: OWNER 7, an unknown value and 50 shares, 0000000007-25-000002"
    );
    // What a date that is a typing error hides is in no sum.
    let typed = with_lot(now(), |lot| lot.date.value = Some("0025-12-10".parse().unwrap()));
    let alert = alert_after(OWNERS, &before[1..2], &typed);
    assert_eq!(alert, None, "$1,000.00 is all that is known");
}

#[test]
fn only_conditions_of_groups_that_hold_show_their_sums() {
    let sums = |conditions: &str| -> Vec<String> {
        let alert = alert(conditions);
        alert.sums.iter().map(|sum| sum.text().split(',').next().unwrap().to_owned()).collect()
    };
    let any = format!("any = [{{ {OWNERS} }}, {{ {CLUSTER} }}]");
    assert_eq!(sums(&any), ["$1", "3 insiders within 7 days"]);
    // A branch that fails for another reason, one whose sum is too small, and the body of `not`.
    let any = format!(
        "any = [{{ {OWNERS}, codes = [\"P\"] }}, {{ {OWNERS}, min_value = 9_999 }}, {{ {CLUSTER} }}]"
    );
    assert_eq!(sums(&any), ["3 insiders within 7 days"]);
    let not = format!("{CLUSTER}\nnot = {{ {OWNERS}, min_shares = 9_999 }}");
    assert_eq!(sums(&not), ["3 insiders within 7 days"]);
    assert_eq!(sums(&format!("{CLUSTER}\n{OWNERS}")).len(), 2);
    assert_eq!(sums("min_value = 1"), Vec::<String>::new());
}

#[test]
fn of_many_the_newest_ten_are_named() {
    let before: Vec<Filing> = (1..=27)
        .map(|number| {
            other_sale(number, 100 + u64::from(number), &format!("2025-11-{:02}", number + 1), "10")
        })
        .collect();
    let conditions = r#"cluster = { insiders = 2, within = "60d", min_value = 2_000 }"#;
    let alert = alert_after(conditions, &before, &now()).unwrap();
    let sum = &alert.sums[0];
    assert_eq!((sum.insiders, sum.filings, sum.parts.len(), sum.more), (28, 28, 10, 18));
    let last: Vec<String> = sum.parts.iter().map(|part| part.last_date.to_string()[5..].to_owned()).collect();
    assert_eq!(last[..4], ["12-10", "11-28", "11-27", "11-26"]);
    assert!(alert.text.contains("; OWNER 125 $100.00 and 10 shares, 2025-11-26; 24 more"), "{}", alert.text);
}

#[test]
fn every_medium_shows_it() {
    let alert = alert(ISSUERS);
    let sum = "$6,500.00 and 650 shares within 30 days, in 4 filings of 3 insiders, 2025-11-20 to 2025-12-10";
    let other = "2025-12-04: OWNER 9, $3,000.00 and 300 shares, 0000000007-25-000004";
    assert!(
        alert.text.ends_with(&format!(
            "; {sum}, with OWNER 9 $3,000.00 and 300 shares, 2025-12-04 in 0000000007-25-000004; \
             OWNER 8 $2,000.00 and 200 shares, 2025-12-03 in 0000000007-25-000003; \
             OWNER 7 $500.00 and 50 shares, 2025-11-20 in 0000000007-25-000002"
        )),
        "{}",
        alert.text
    );
    let lines = terminal::alert(&alert, terminal::Colour::Plain);
    assert!(lines.contains(&format!("  {sum}\n")) && lines.contains(&format!("    {other}\n")), "{lines}");
    let card = discord::alert(&alert, &Key::of(&["x"])).unwrap();
    let text = &card.embeds[0].description;
    let short = "\n$6.50K within 30 days, in 4 filings of 3 insiders, Nov\u{a0}20 – Dec\u{a0}10\n";
    assert!(text.contains(short) && text.contains("\n- OWNER 9, $3.00K, Dec\u{a0}4\n"), "{text}");
    let now: DateTime<Utc> = evening("2025-12-10");
    let mail = |body: Body| {
        let delivery = Delivery::new(Destination::Email("desk".into()), body, now);
        email::email(&delivery, &email::Reader::PLAIN).unwrap()
    };
    let own = mail(Body::Alert(Box::new(alert.clone())));
    let in_mail = sum.replace("2025-11-20 to 2025-12-10", "Nov 20 – Dec 10, 2025");
    let flowing = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [flowing(&own.text), own.html.clone()] {
        assert!(text.contains(&in_mail) && text.contains(other), "{text}");
        assert!(text.contains("0000000007-25-000004-index.htm"), "a link: {text}");
    }
    let window = (now, now);
    let digest = Digest::new("desk", "2025-12-10T17:30".into(), "UTC".into(), window, vec![alert.clone()]);
    let digest = mail(Body::Digest(Box::new(digest)));
    for text in [flowing(&digest.text), digest.html.clone()] {
        assert!(text.contains(&in_mail) && text.contains(other) && text.contains("+1"), "{text}");
    }
    // As it is stored; and an alert of the version before has none.
    let mut stored = serde_json::to_value(&alert).unwrap();
    assert_eq!(serde_json::from_value::<Alert>(stored.clone()).unwrap(), alert);
    stored.as_object_mut().unwrap().remove("sums").unwrap();
    assert_eq!(serde_json::from_value::<Alert>(stored).unwrap().sums, []);
}

#[test]
fn names_of_others_inject_nothing() {
    let name = "@everyone **bold** <script>alert(1)</script> [x](http://evil.example)\r\nBcc: all\u{202e}";
    let mut before = before().to_vec();
    before[3].owners[0].name = name.repeat(30);
    let alert = alert_after(ISSUERS, &before, &now()).unwrap();
    assert!(!alert.text.contains(['\r', '\n', '\u{202e}']), "{}", alert.text);
    let lines = terminal::alert(&alert, terminal::Colour::Plain);
    assert!(!lines.contains(['\r', '\u{1b}', '\u{202e}']), "{lines}");
    let card = serde_json::to_string(&discord::alert(&alert, &Key::of(&["x"]))).unwrap();
    assert!(!card.contains("@everyone") && !card.contains("[x](http"), "{card}");
    let now = evening("2025-12-10");
    let delivery = Delivery::new(Destination::Email("desk".into()), Body::Alert(Box::new(alert)), now);
    let mail = email::email(&delivery, &email::Reader::PLAIN).unwrap();
    assert!(!mail.html.contains("<script") && mail.html.contains("&lt;script&gt;"));
    assert!(!mail.text.contains("\r\nBcc"), "{}", mail.text);
}

#[test]
fn an_amended_row_counts_once_in_what_is_shown() {
    let mut amended = before()[3].clone();
    amended.form = "4/A".parse().unwrap();
    amended.accession = Some("0000000007-25-000005".parse().unwrap());
    amended.accepted_at = Some(evening("2025-12-05"));
    amended.date_of_original_submission = Some("2025-12-04".parse().unwrap());
    amended.lots[0].shares = noted("400");
    let mut known: Vec<PastFiling> = before().iter().map(past).collect();
    let rules = RuleSet::new(vec![rule(ISSUERS)]);
    let mut alerts = Vec::new();
    for filing in [&amended, &now()] {
        let accepted_at = filing.accepted_at.unwrap();
        let whole_since = Some(evening("2020-01-01"));
        let case = Case { filing, accepted_at, seen_at: accepted_at, known: &known, whole_since };
        let decision = decide::decide(&rules, case);
        alerts = decision.alerts.into_iter().map(|(_, alert)| alert).collect();
        for kept in decision.history {
            known.retain(|past| past.accession != kept.accession);
            known.push(kept);
        }
    }
    let sum = &alerts[0].sums[0];
    assert_eq!((sum.value_usd.unwrap().exact(), sum.filings), ("$7,500.00".into(), 4));
    assert!(
        sum.parts.iter().any(|part| part.text().ends_with("$4,000.00 and 400 shares, 0000000007-25-000005"))
    );
}
