//! Dates that are typing errors: shown as filed with a warning, late for nobody, and no part of history.

use sellbell::decide;
use sellbell::filing::{Filing, PastFiling};
use sellbell::reader;
use sellbell::rules::{History, Truth};

use super::decided::Row;
use super::{OWNER, day, evening, judged, other_sale, past, rule, with_lot};
use crate::world::{at, submission};

/// A sale of 2025-12-10 whose date was typed like this.
fn typed(date: &str) -> Filing {
    let bytes = submission("0000000007-25-000001", "4", 20, OWNER, at("2025-12-12T16:05:09-05:00"));
    let text = String::from_utf8(bytes).unwrap();
    let (head, rest) = text.split_once("<transactionDate><value>").unwrap();
    let rest = rest.split_once("</value>").unwrap().1;
    let text = format!("{head}<transactionDate><value>{date}</value>{rest}");
    reader::read(text.as_bytes()).unwrap()
}

const MISTYPED: [&str; 8] = [
    "0025-12-10",
    "0022-12-10",
    "0202-12-10",
    "1025-12-10",
    "2205-12-10",
    "2028-03-01",
    "2005-12-10",
    "20025-12-10",
];

#[test]
fn a_mistyped_period_and_deemed_date_are_flagged() {
    let bytes = submission("0000000007-25-000001", "4", 20, OWNER, at("2025-12-12T16:05:09-05:00"));
    let text = String::from_utf8(bytes).unwrap();
    let deemed = |date: &str| {
        text.replacen(
            "<transactionCoding>",
            &format!("<deemedExecutionDate><value>{date}</value></deemedExecutionDate><transactionCoding>"),
            1,
        )
    };
    let start = text.find("<periodOfReport>").unwrap() + "<periodOfReport>".len();
    let period = |date: &str| format!("{}{date}{}", &text[..start], &text[start + date.len()..]);
    let flagged = |text: &str, place: &str| {
        let filing = reader::read(text.as_bytes()).unwrap();
        filing.warnings.iter().any(|warning| warning.code == "date-mistyped" && warning.at == place)
    };
    for date in ["0025-12-10", "2205-12-10", "1925-12-10"] {
        assert!(flagged(&deemed(date), "deemedExecutionDate"), "{date}");
        assert!(flagged(&period(date), "periodOfReport"), "{date}");
    }
    assert!(!flagged(&deemed("2025-12-11"), "deemedExecutionDate"));
    assert!(!flagged(&text, "periodOfReport"));
}

#[test]
fn a_mistyped_date_is_flagged_and_late_for_nobody() {
    for date in MISTYPED {
        let filing = typed(date);
        let codes: Vec<&str> = filing.warnings.iter().map(|warning| warning.code.as_str()).collect();
        let code = if date.len() > 10 { "bad-date" } else { "date-mistyped" };
        assert!(codes.contains(&code) && !codes.contains(&"filed-late"), "{date} {codes:?}");
        assert_eq!((filing.filed_late([0]), filing.late_lots()), (None, Some(Vec::new())), "{date}");
        let explained = judged(&rule("filed_late = true"), &filing, History::default());
        assert_eq!(explained.holds, Truth::Unknown, "{date}");
        let mut row = Row::of("min_value = 10");
        let alert = row.alert(&filing);
        assert_eq!(alert.filed_late, None, "{date}");
        if date.len() == 10 {
            assert_eq!(alert.lots[0].date, Some(day(date)), "as filed");
            assert!(alert.text.contains(date), "{}", alert.text);
        }
        assert!(alert.warnings.iter().any(|warning| warning.code == code), "{date}");
    }
    // A lot beside it that is late is late.
    let both = with_lot(typed("0025-12-10"), |lot| lot.date.value = Some(day("2025-11-10")));
    assert_eq!((both.filed_late([0, 1]), both.filed_late([0])), (Some(true), None));
    // Years late, and honestly so.
    let old = Filing { accepted_at: Some(evening("2010-03-01")), ..typed("2003-07-01") };
    assert_eq!((old.filed_late([0]), old.mistyped_lots().len()), (Some(true), 0));
}

#[test]
fn a_mistyped_date_stays_out_of_history() {
    let rules = [
        "cluster = { insiders = 2, within = \"30d\" }",
        "cumulative = { within = \"30d\", min_value = 1_001 }",
        "cumulative = { within = \"30d\", min_value = 1_000 }",
        "first_in = \"12mo\"",
        "largest_in = \"12mo\"",
        "reversal_after = \"12mo\"",
    ];
    for date in MISTYPED {
        // At hand: when it was is not known, so that nothing is said of what came before it.
        for conditions in rules {
            let own = typed(date);
            let before = [past(&other_sale(2, 8, "2025-12-09", "100"))];
            let history =
                History { filings: &before, since: Some(evening("2000-01-01")), ..History::default() };
            assert_eq!(judged(&rule(conditions), &own, history).holds, Truth::Unknown, "{date} {conditions}");
        }
        // In history: it adds nothing.
        let before = [past(&typed(date))];
        let now = other_sale(9, OWNER, "2025-12-15", "100");
        let other = other_sale(9, 8, "2025-12-15", "100");
        let history = History { filings: &before, since: Some(evening("2000-01-01")), ..History::default() };
        for (filing, conditions, expected) in [
            (&other, rules[0], Truth::No),
            (&now, rules[1], Truth::No),
            (&now, rules[2], Truth::Yes),
            (&now, rules[3], Truth::Yes),
            (&now, rules[4], Truth::Yes),
            (&now, rules[5], Truth::No),
        ] {
            assert_eq!(judged(&rule(conditions), filing, history).holds, expected, "{date} {conditions}");
        }
    }
    // Of a filing with an honest lot beside it, that one counts.
    let both = with_lot(typed("0025-12-10"), |lot| lot.date.value = Some(day("2025-12-10")));
    let history = History { filings: &[], since: Some(evening("2000-01-01")), ..History::default() };
    let holds = |conditions: &str| judged(&rule(conditions), &both, history).holds;
    assert_eq!((holds(rules[1]), holds(rules[2]), holds(rules[4])), (Truth::No, Truth::Yes, Truth::Yes));
}

#[test]
fn history_is_not_read_back_to_a_mistyped_date() {
    let accepted_at = evening("2025-12-12");
    let rule = rule("cumulative = { within = \"30d\", min_value = 1 }");
    for date in MISTYPED {
        let since = decide::since([&rule], &typed(date), accepted_at);
        assert!(since >= evening("2025-11-10"), "{date} {since}");
        let mut amendment = typed("2025-12-10");
        amendment.date_of_original_submission = date.parse().ok();
        assert!(decide::since([&rule], &amendment, accepted_at) >= evening("2025-11-05"), "{date}");
    }
    assert!(decide::since([&rule], &typed("2019-12-10"), accepted_at) < evening("2019-11-30"));
}

#[test]
fn records_of_before_that_do_not_mark_mistyped_lots_are_judged_by_their_dates() {
    let mut record = serde_json::to_value(past(&typed("0025-12-10"))).unwrap();
    assert_eq!(record.as_object_mut().unwrap().remove("mistyped"), Some(serde_json::json!([0])));
    let read: PastFiling = serde_json::from_value(record).unwrap();
    assert_eq!(read.day_of(0), None);
}
