//! Conditions about what came before: bounds of number, sum and time, chains of owners, and a history that is too short.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sellbell::filing::{Cik, Filing, Owner, PastFiling};
use sellbell::rules::{History, Truth};

use super::{evening, judged, noted, other_sale, past, rule};

use Truth::{No, Unknown, Yes};

/// The filing at hand: owner 7 sells for $1,000 on December 10.
fn now() -> Filing {
    other_sale(900, 7, "2025-12-10", "100")
}

#[track_caller]
fn check_since(since: Option<DateTime<Utc>>, before: &[Filing], filing: &Filing, cases: &[(&str, Truth)]) {
    let filings: Vec<PastFiling> = before.iter().map(past).collect();
    for (conditions, expected) in cases {
        let history = History { filings: &filings, since, ..History::default() };
        let explained = judged(&rule(conditions), filing, history);
        assert_eq!(explained.holds, *expected, "{conditions}\n{:#?}", explained.findings);
    }
}

#[track_caller]
fn check(before: &[Filing], cases: &[(&str, Truth)]) {
    check_since(Some(evening("2020-01-01")), before, &now(), cases);
}

#[test]
fn a_cluster_is_so_many_different_insiders_within_a_span() {
    let before = [other_sale(1, 8, "2025-12-03", "100"), other_sale(2, 9, "2025-12-04", "100")];
    check(
        &before,
        &[
            (r#"cluster = { insiders = 3, within = "8d" }"#, Yes),
            (r#"cluster = { insiders = 3, within = "7d" }"#, Yes),
            (r#"cluster = { insiders = 3, within = "6d" }"#, No),
            (r#"cluster = { insiders = 2, within = "6d" }"#, Yes),
            (r#"cluster = { insiders = 4, within = "7d" }"#, No),
            (r#"cluster = { insiders = 3, within = "7d", min_value = 2_999 }"#, Yes),
            (r#"cluster = { insiders = 3, within = "7d", min_value = 3_000 }"#, Yes),
            (r#"cluster = { insiders = 3, within = "7d", min_value = 3_001 }"#, No),
            (r#"not = { cluster = { insiders = 3, within = "7d" } }"#, No),
        ],
    );
    // One insider who sells thrice is one.
    let same = [other_sale(1, 8, "2025-12-08", "100"), other_sale(2, 8, "2025-12-09", "100")];
    check(
        &same,
        &[
            (r#"cluster = { insiders = 3, within = "7d" }"#, No),
            (r#"cluster = { insiders = 2, within = "7d" }"#, Yes),
        ],
    );
    // Only lots of the kind that the rule counts.
    let mut bought = other_sale(1, 8, "2025-12-09", "100");
    bought.lots[0].code = noted("P");
    check(&[bought], &[(r#"cluster = { insiders = 2, within = "7d" }"#, No)]);
}

#[test]
fn a_late_filing_completes_a_cluster_of_earlier_filings() {
    // Its own trade lies before those that were filed first.
    let after = [other_sale(1, 8, "2025-12-12", "100"), other_sale(2, 9, "2025-12-15", "100")];
    check(
        &after,
        &[
            (r#"cluster = { insiders = 3, within = "5d" }"#, Yes),
            (r#"cluster = { insiders = 3, within = "4d" }"#, No),
        ],
    );
}

#[test]
fn owners_who_report_together_are_one_insider() {
    let owner =
        |cik: u64| Owner { cik: Cik::new(cik), name: format!("OWNER {cik}"), ..now().owners[0].clone() };
    let mut fund = other_sale(1, 8, "2025-12-09", "100");
    fund.owners = vec![owner(8), owner(9)];
    let by_itself = other_sale(2, 9, "2025-12-09", "100");
    check(
        &[fund.clone(), by_itself],
        &[
            (r#"cluster = { insiders = 2, within = "7d" }"#, Yes),
            (r#"cluster = { insiders = 3, within = "7d" }"#, No),
        ],
    );
    // A chain's second telling of the trade: its lots count in the first.
    let filings = [past(&fund)];
    let counted_in = BTreeMap::from([(0, filings[0].accession)]);
    let history =
        History { filings: &filings, since: Some(evening("2020-01-01")), counted_in: Some(&counted_in) };
    let two = judged(&rule(r#"cluster = { insiders = 2, within = "7d" }"#), &now(), history);
    assert_eq!(two.holds, No, "{two:#?}");
    let sum = judged(
        &rule(r#"cumulative = { per = "issuer", within = "7d", min_value = 1_001 }"#),
        &now(),
        history,
    );
    assert_eq!(sum.holds, No, "{sum:#?}");
}

#[test]
fn a_cumulative_sum_adds_up_within_a_span() {
    let before = [
        other_sale(1, 7, "2025-11-10", "50"),
        other_sale(2, 7, "2025-11-20", "25"),
        other_sale(3, 8, "2025-11-20", "1000"),
    ];
    check(
        &before,
        &[
            (r#"cumulative = { per = "owner", within = "30d", min_value = 1_749 }"#, Yes),
            (r#"cumulative = { within = "30d", min_value = 1_750 }"#, Yes),
            (r#"cumulative = { per = "owner", within = "30d", min_value = 1_751 }"#, No),
            (r#"cumulative = { per = "owner", within = "29d", min_value = 1_250 }"#, Yes),
            (r#"cumulative = { per = "owner", within = "29d", min_value = 1_251 }"#, No),
            (r#"cumulative = { per = "issuer", within = "30d", min_value = 11_750 }"#, Yes),
            (r#"cumulative = { per = "issuer", within = "30d", min_value = 11_751 }"#, No),
        ],
    );
    let mut unpriced = other_sale(1, 7, "2025-12-01", "50");
    unpriced.lots[0].price.value = None;
    check(
        &[unpriced],
        &[
            (r#"cumulative = { within = "30d", min_value = 1_000 }"#, Yes),
            (r#"cumulative = { within = "30d", min_value = 1_001 }"#, Unknown),
        ],
    );
}

#[test]
fn the_first_and_the_largest_are_the_owners_own() {
    let before = [other_sale(1, 7, "2024-12-10", "100"), other_sale(2, 8, "2025-12-09", "5000")];
    check(
        &before,
        &[
            (r#"first_in = "12mo""#, No),
            (r#"first_in = "11mo""#, Yes),
            (r#"first_in = "364d""#, Yes),
            (r#"first_in = "365d""#, No),
            (r#"largest_in = "12mo""#, No),
            (r#"largest_in = "11mo""#, Yes),
        ],
    );
    check(&[other_sale(1, 7, "2025-06-01", "99")], &[(r#"largest_in = "24mo""#, Yes)]);
    check(&[other_sale(1, 7, "2025-06-01", "101")], &[(r#"largest_in = "24mo""#, No)]);
    // With branches, what any of them counts is of the kind.
    let mut bought = other_sale(1, 7, "2025-06-01", "10");
    bought.lots[0].code = noted("P");
    check(
        &[bought],
        &[
            ("first_in = \"12mo\"", Yes),
            ("first_in = \"12mo\"\nany = [{ codes = [\"S\"] }, { codes = [\"P\"] }]", No),
        ],
    );
    let mut unpriced = other_sale(1, 7, "2025-06-01", "10");
    unpriced.lots[0].price.value = None;
    check(&[unpriced], &[(r#"largest_in = "24mo""#, Unknown), (r#"first_in = "24mo""#, No)]);
}

#[test]
fn a_reversal_sells_after_buying() {
    let bought = |number: u32, date: &str| {
        let mut filing = other_sale(number, 7, date, "10");
        filing.lots[0].code = noted("P");
        filing
    };
    check(
        &[bought(1, "2024-06-10")],
        &[(r#"reversal_after = "18mo""#, Yes), (r#"reversal_after = "17mo""#, No)],
    );
    check(
        &[bought(1, "2025-06-10"), other_sale(2, 7, "2025-07-01", "5")],
        &[(r#"reversal_after = "18mo""#, No)],
    );
    check(
        &[other_sale(2, 7, "2025-05-01", "5"), bought(1, "2025-06-10")],
        &[(r#"reversal_after = "18mo""#, Yes)],
    );
    check(&[], &[(r#"reversal_after = "18mo""#, No)]);
}

#[test]
fn a_history_that_is_too_short_says_so_instead_of_guessing() {
    let cases = |truths: [Truth; 5]| {
        [
            r#"cluster = { insiders = 2, within = "30d" }"#,
            r#"cumulative = { within = "30d", min_value = 1_001 }"#,
            r#"first_in = "30d""#,
            r#"largest_in = "30d""#,
            r#"reversal_after = "30d""#,
        ]
        .into_iter()
        .zip(truths)
        .collect::<Vec<_>>()
    };
    let filing = now();
    // November 10 is thirty days before; on the day on which history begins it may know a part only.
    let just_enough = Some(evening("2025-11-09"));
    let short = Some(evening("2025-11-10"));
    check_since(just_enough, &[], &filing, &cases([No, No, Yes, Yes, No]));
    check_since(short, &[], &filing, &cases([Unknown; 5]));
    check_since(None, &[], &filing, &cases([Unknown; 5]));
    // What it does know decides all the same.
    let mine = [other_sale(1, 7, "2025-12-01", "100")];
    check_since(short, &mine, &filing, &cases([Unknown, Yes, No, No, No]));
    check_since(
        short,
        &[other_sale(1, 8, "2025-12-01", "100")],
        &filing,
        &cases([Yes, Unknown, Unknown, Unknown, Unknown]),
    );

    let explained =
        judged(&rule(r#"first_in = "30d""#), &filing, History { since: short, ..History::default() });
    assert_eq!(
        explained.deciding().unwrap().found,
        "unknown: history begins 2025-11-11, and 2025-11-10 is needed"
    );
}
