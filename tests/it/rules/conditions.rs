//! Each condition: just under, at and just over its bound, and where the filing does not say.

use sellbell::filing::{Cik, Concluded, Direction, Filing, Intent, Noted, Ownership, Plan, Table};
use sellbell::rules::{self, History, Truth};

use super::{day, judged, noted, rule, sale, with_lot};

use Truth::{No, Unknown, Yes};

#[track_caller]
fn check(filing: &Filing, cases: &[(&str, Truth)]) {
    for (conditions, expected) in cases {
        let explained = judged(&rule(conditions), filing, History::default());
        assert_eq!(explained.holds, *expected, "{conditions}\n{:#?}", explained.findings);
    }
}

fn changed(change: impl Fn(&mut Filing)) -> Filing {
    let mut filing = sale();
    change(&mut filing);
    filing
}

/// A condition that is read and never evaluated would hold for every filing.
#[test]
fn every_condition_is_evaluated() {
    let document = include_str!("../../../docs/RULES.md");
    let schema = rules::schema();
    let mut keys = 0;
    for key in schema["$defs"]["group"]["properties"].as_object().unwrap().keys() {
        let row = document.lines().find(|line| line.starts_with(&format!("| `{key}` |")));
        let example = match (key.as_str(), row.and_then(|row| row.strip_suffix("` |")?.rsplit_once("| `"))) {
            ("any", _) => "any = [{ codes = [\"S\"] }]",
            ("not", _) => "not = { codes = [\"M\"] }",
            ("when", _) => "when = \"days == 1\"",
            (_, Some((_, example))) => example,
            (_, None) => panic!("docs/RULES.md has no example of `{key}`"),
        };
        let explained = judged(&rule(example), &sale(), History::default());
        let is_found = explained.findings.iter().any(|finding| finding.condition == *key);
        assert!(is_found, "{key}: {:#?}", explained.findings);
        keys += 1;
    }
    assert!(keys > 30, "{keys}");
}

/// History keeps a hash of this text with each alert: where it changes, stored alerts seem to be of an edited rule.
#[test]
fn conditions_have_the_text_that_history_knows_them_by() {
    let conditions = [
        r#"tickers = ["QLYS", "BRK.B"]"#,
        "ciks = [320193]",
        r#"owners = ["Courtot Philippe", 1204560]"#,
        r#"country = ["Israel", "TW", "Delaware"]"#,
        "foreign = true",
        r#"sic = ["7372", "73"]"#,
        r#"sector = ["software", "semiconductors"]"#,
        r#"forms = ["4"]"#,
        r#"amendments = "exclude""#,
        "filed_late = true",
        r#"roles = ["ceo", "cfo"]"#,
        r#"exclude_roles = ["10% owner"]"#,
        r#"codes = ["P"]"#,
        r#"table = "any""#,
        r#"securities = ["Class A Common Stock"]"#,
        r#"ownership = "direct""#,
        r#"direction = "acquired""#,
        r#"plan = ["no", "unknown"]"#,
        r#"intents = ["discretionary"]"#,
        r#"exclude_intents = ["sell-to-cover", "plan"]"#,
        r#"currency = ["USD", "TWD"]"#,
        "min_price = 5",
        r#"max_price = "4.99""#,
        "min_value = 1_000_000",
        "max_value = 50_000",
        "min_shares = 10_000",
        r#"min_stake_reduction = "10%""#,
        r#"min_share_of_holdings = "10%""#,
        r#"cluster = { insiders = 3, within = "7d", min_value = 1_000_000 }"#,
        r#"cumulative = { per = "owner", within = "30d", min_value = 500_000 }"#,
        r#"first_in = "12mo""#,
        r#"largest_in = "24mo""#,
        r#"reversal_after = "18mo""#,
        r#"any = [{ codes = ["S"] }, { not = { roles = ["ceo"] } }]"#,
        r#"when = "days == 1 and value > 5""#,
        r#"codes = ["S"]
min_value = 5
tickers = ["QLYS"]"#,
    ];
    let texts = conditions.map(|conditions| format!("{:?}", rule(conditions).conditions));
    insta::assert_snapshot!("conditions_in_history", texts.join("\n"));
}

#[test]
fn tickers_and_ciks_name_the_issuer_and_both_must_hold() {
    check(
        &sale(),
        &[
            (r#"tickers = ["ACME"]"#, Yes),
            (r#"tickers = ["x", "acme"]"#, Yes),
            (r#"tickers = ["ACM"]"#, No),
            (r#"tickers = ["ACMES"]"#, No),
            ("ciks = [20]", Yes),
            ("ciks = [19, 21]", No),
            ("ciks = [20]\ntickers = [\"ACM\"]", No),
        ],
    );
    let listed = changed(|filing| filing.issuer.listed = vec!["META".into(), "ACME".into()]);
    check(&listed, &[(r#"tickers = ["META"]"#, Yes), (r#"tickers = ["FB"]"#, No)]);
    check(&changed(|filing| filing.issuer.symbol = None), &[(r#"tickers = ["ACME"]"#, No)]);
}

#[test]
fn owners_are_found_by_words_of_the_name_or_by_cik() {
    check(
        &sale(),
        &[
            (r#"owners = ["Doe Jane"]"#, Yes),
            (r#"owners = ["jane doe"]"#, Yes),
            (r#"owners = ["Doe, J. Jane"]"#, No),
            (r#"owners = ["DOE"]"#, Yes),
            (r#"owners = ["Do"]"#, No),
            (r#"owners = ["Smith", 7]"#, Yes),
            ("owners = [8]", No),
        ],
    );
    check(
        &changed(|filing| filing.owners[0].cik = None),
        &[("owners = [7]", No), (r#"owners = ["doe"]"#, Yes)],
    );
    let two = changed(|filing| {
        let mut other = filing.owners[0].clone();
        (other.name, other.cik) = ("ACME HOLDINGS, L.P.".into(), Cik::new(9));
        filing.owners.push(other);
    });
    check(
        &two,
        &[
            ("owners = [9]", Yes),
            (r#"owners = ["Acme Holdings L.P."]"#, Yes),
            (r#"owners = ["Jane Acme"]"#, No),
        ],
    );
}

#[test]
fn forms_and_amendments() {
    let amendment = changed(|filing| filing.form = "4/A".parse().unwrap());
    check(
        &sale(),
        &[
            (r#"forms = ["4"]"#, Yes),
            (r#"forms = ["3", "4/A", "5"]"#, No),
            (r#"amendments = "include""#, Yes),
            (r#"amendments = "exclude""#, Yes),
            (r#"amendments = "only""#, No),
        ],
    );
    check(
        &amendment,
        &[
            (r#"forms = ["4"]"#, No),
            (r#"forms = ["4", "4/A"]"#, Yes),
            (r#"amendments = "include""#, Yes),
            (r#"amendments = "exclude""#, No),
            (r#"amendments = "only""#, Yes),
        ],
    );
}

#[test]
fn filed_late_is_after_the_second_business_day() {
    let late = changed(|filing| filing.lots[0].date.value = Some(day("2025-12-09")));
    check(&sale(), &[("filed_late = false", Yes), ("filed_late = true", No)]);
    check(&late, &[("filed_late = false", No), ("filed_late = true", Yes)]);
    // Only lots that count are looked at.
    let other_late = with_lot(sale(), |lot| {
        lot.date.value = Some(day("2025-12-09"));
        lot.code = noted("P");
    });
    check(&other_late, &[("filed_late = true", No), ("filed_late = true\ncodes = [\"P\"]", Yes)]);
    let untold = changed(|filing| filing.accepted_at = None);
    check(&untold, &[("filed_late = true", Unknown), ("filed_late = false", Unknown)]);
}

#[test]
fn roles_are_of_any_owner() {
    check(
        &sale(),
        &[
            (r#"roles = ["director"]"#, Yes),
            (r#"roles = ["ceo", "Director"]"#, Yes),
            (r#"roles = ["officer"]"#, No),
            (r#"exclude_roles = ["director"]"#, No),
            (r#"exclude_roles = ["10% owner"]"#, Yes),
            ("roles = [\"director\"]\nexclude_roles = [\"director\"]", No),
        ],
    );
    let cfo = changed(|filing| {
        filing.owners[0].officer = true;
        filing.owners[0].title = Some("Chief Financial Officer".into());
    });
    check(
        &cfo,
        &[
            (r#"roles = ["cfo"]"#, Yes),
            (r#"roles = ["officer"]"#, Yes),
            (r#"roles = ["other officer"]"#, No),
            (r#"exclude_roles = ["officer"]"#, No),
        ],
    );
    let nobody = changed(|filing| filing.owners[0].director = false);
    check(&nobody, &[(r#"roles = ["director"]"#, No), (r#"exclude_roles = ["director"]"#, Yes)]);
}

#[test]
fn codes_and_table_choose_lots_and_default_to_sales_of_the_securities_themselves() {
    let purchase = changed(|filing| filing.lots[0].code = noted("P"));
    let derivative = changed(|filing| filing.lots[0].line.table = Table::Derivative);
    check(&sale(), &[("min_shares = 1", Yes), (r#"codes = ["S"]"#, Yes), (r#"codes = ["P", "M"]"#, No)]);
    check(&purchase, &[("min_shares = 1", No), (r#"codes = ["P", "S"]"#, Yes)]);
    check(
        &derivative,
        &[
            ("min_shares = 1", No),
            (r#"table = "derivative""#, Yes),
            (r#"table = "any""#, Yes),
            (r#"table = "non-derivative""#, No),
        ],
    );
    let untold = changed(|filing| filing.lots[0].code.value = None);
    check(&untold, &[(r#"codes = ["S"]"#, Unknown), (r#"table = "derivative""#, No)]);
    check(&changed(|filing| filing.lots.clear()), &[(r#"codes = ["S"]"#, No)]);
}

#[test]
fn securities_are_found_by_words_of_the_title() {
    let class_a = changed(|filing| {
        filing.lots[0].line.security.value = Some("Class A Common Stock, par value $0.01".into());
    });
    check(
        &class_a,
        &[
            (r#"securities = ["common  stock"]"#, Yes),
            (r#"securities = ["Class A"]"#, Yes),
            (r#"securities = ["Class B", "Preferred"]"#, No),
            (r#"securities = ["common sto"]"#, No),
            (r#"securities = ["Stock Common"]"#, No),
        ],
    );
    let untold = changed(|filing| filing.lots[0].line.security.value = None);
    check(&untold, &[(r#"securities = ["Class A"]"#, Unknown)]);
}

#[test]
fn ownership_is_direct_or_indirect() {
    check(&sale(), &[(r#"ownership = "direct""#, Yes), (r#"ownership = "indirect""#, No)]);
    let indirect = changed(|filing| filing.lots[0].line.ownership.value = Some(Ownership::Indirect));
    check(&indirect, &[(r#"ownership = "direct""#, No), (r#"ownership = "indirect""#, Yes)]);
    let untold = changed(|filing| filing.lots[0].line.ownership = Noted::default());
    check(&untold, &[(r#"ownership = "direct""#, Unknown)]);
}

#[test]
fn a_plan_has_three_states_and_unknown_is_neither_yes_nor_no() {
    let planned =
        |plan: Plan| changed(move |filing| filing.lots[0].plan = Concluded { value: plan, evidence: None });
    let rules =
        [r#"plan = ["yes"]"#, r#"plan = ["no"]"#, r#"plan = ["unknown"]"#, r#"plan = ["no", "unknown"]"#];
    for (plan, expected) in
        [(Plan::Yes, [Yes, No, No, No]), (Plan::No, [No, Yes, No, Yes]), (Plan::Unknown, [No, No, Yes, Yes])]
    {
        let cases: Vec<(&str, Truth)> = rules.into_iter().zip(expected).collect();
        check(&planned(plan), &cases);
    }
}

#[test]
fn intents_are_of_sales_alone() {
    let meant = |intent: Option<Intent>| {
        changed(move |filing| {
            filing.lots[0].intent = intent.map(|value| Concluded { value, evidence: None });
        })
    };
    check(
        &meant(Some(Intent::SellToCover)),
        &[
            (r#"intents = ["sell-to-cover"]"#, Yes),
            (r#"intents = ["discretionary", "unknown"]"#, No),
            (r#"exclude_intents = ["sell-to-cover", "offering"]"#, No),
            (r#"exclude_intents = ["plan"]"#, Yes),
        ],
    );
    check(&meant(None), &[(r#"intents = ["unknown"]"#, No), (r#"exclude_intents = ["unknown"]"#, Yes)]);
    // A lot that is left out does not count, the others do.
    let two = with_lot(sale(), |lot| {
        lot.intent = Some(Concluded { value: Intent::SellToCover, evidence: None });
    });
    check(
        &two,
        &[
            ("exclude_intents = [\"sell-to-cover\"]\nmax_value = 1_000", Yes),
            ("min_value = 1_001", Yes),
            ("exclude_intents = [\"sell-to-cover\"]\nmin_value = 1_001", No),
        ],
    );
}

#[test]
fn prices_choose_lots() {
    check(
        &sale(),
        &[
            (r#"min_price = "9.99""#, Yes),
            ("min_price = 10", Yes),
            (r#"min_price = "10.01""#, No),
            (r#"max_price = "9.99""#, No),
            ("max_price = 10", Yes),
            (r#"max_price = "10.01""#, Yes),
            ("min_price = 10\nmax_price = 10", Yes),
        ],
    );
    let unpriced = changed(|filing| filing.lots[0].price.value = None);
    check(&unpriced, &[("min_price = 1", Unknown), ("max_price = 1", Unknown), ("min_shares = 1", Yes)]);
    let free = changed(|filing| filing.lots[0].price = noted("0"));
    check(&free, &[(r#"min_price = "0.01""#, No), (r#"max_price = "0.01""#, Yes)]);
}

#[test]
fn thresholds_hold_on_the_sum_of_the_lots_that_count() {
    check(
        &sale(),
        &[
            (r#"min_value = "999.99""#, Yes),
            ("min_value = 1_000", Yes),
            (r#"min_value = "1000.01""#, No),
            (r#"max_value = "999.99""#, No),
            ("max_value = 1_000", Yes),
            (r#"max_value = "1000.01""#, Yes),
            ("min_shares = 99", Yes),
            ("min_shares = 100", Yes),
            (r#"min_shares = "100.5""#, No),
        ],
    );
    let two = with_lot(sale(), |lot| lot.shares = noted("50"));
    check(&two, &[("min_value = 1_500", Yes), ("min_value = 1_501", No), ("min_shares = 150", Yes)]);
    let other_code = with_lot(sale(), |lot| lot.code = noted("M"));
    check(&other_code, &[("min_value = 1_001", No), ("codes = [\"S\", \"M\"]\nmin_value = 2_000", Yes)]);
}

#[test]
fn an_unpriced_lot_meets_no_bound_of_dollars_and_breaks_none() {
    let unpriced = changed(|filing| filing.lots[0].price.value = None);
    check(
        &unpriced,
        &[("min_value = 1", Unknown), ("max_value = 1_000_000", Unknown), ("min_shares = 100", Yes)],
    );
    let partly = with_lot(sale(), |lot| lot.price.value = None);
    check(
        &partly,
        &[
            ("min_value = 1_000", Yes),
            ("min_value = 1_001", Unknown),
            ("max_value = 999", No),
            ("max_value = 1_000", Unknown),
            ("not = { min_value = 1_001 }", Unknown),
            ("not = { min_value = 1_000 }", No),
        ],
    );
    let uncounted = changed(|filing| filing.lots[0].shares.value = None);
    check(&uncounted, &[("min_shares = 1", Unknown), ("min_value = 1", Unknown)]);
}

#[test]
fn a_share_of_holdings_is_of_what_was_held_before() {
    check(
        &sale(),
        &[
            (r#"min_share_of_holdings = "9.99%""#, Yes),
            (r#"min_share_of_holdings = "10%""#, Yes),
            (r#"min_share_of_holdings = "10.01%""#, No),
        ],
    );
    let untold = changed(|filing| filing.lots[0].line.shares_after.value = None);
    check(&untold, &[(r#"min_share_of_holdings = "1%""#, Unknown)]);
    let bought = changed(|filing| {
        filing.lots[0].code = noted("P");
        filing.lots[0].direction.value = Some(Direction::Acquired);
    });
    check(&bought, &[("codes = [\"P\"]\nmin_share_of_holdings = \"1%\"", Unknown)]);
}

#[test]
fn branches_of_any_bring_their_lots_and_have_what_they_do_not_state_from_around() {
    let both = with_lot(sale(), |lot| {
        lot.code = noted("P");
        lot.shares = noted("30");
    });
    check(
        &both,
        &[
            (r#"any = [{ codes = ["S"], min_value = 1_000 }, { codes = ["P"], min_value = 301 }]"#, Yes),
            (r#"any = [{ codes = ["S"], min_value = 1_001 }, { codes = ["P"], min_value = 301 }]"#, No),
            // The bound around them holds on what they bring together.
            ("min_value = 1_300\nany = [{ codes = [\"S\"] }, { codes = [\"P\"] }]", Yes),
            ("min_value = 1_301\nany = [{ codes = [\"S\"] }, { codes = [\"P\"] }]", No),
            ("codes = [\"P\"]\nany = [{ min_value = 300 }]", Yes),
            ("codes = [\"P\"]\nany = [{ min_value = 301 }]", No),
            (r#"any = [{ any = [{ roles = ["ceo"] }, { codes = ["P"] }] }]"#, Yes),
        ],
    );
    let matched = judged(
        &rule(r#"any = [{ codes = ["S"], min_value = 1_001 }, { codes = ["P"] }]"#),
        &both,
        History::default(),
    );
    assert_eq!(matched.lots, [1]);
}

#[test]
fn the_body_of_not_is_a_group_by_itself() {
    let exercised = with_lot(sale(), |lot| lot.code = noted("M"));
    check(&sale(), &[(r#"not = { codes = ["M"] }"#, Yes), (r#"not = { roles = ["director"] }"#, No)]);
    check(
        &exercised,
        &[
            (r#"not = { codes = ["M"] }"#, No),
            (r#"not = { codes = ["M"], table = "derivative" }"#, Yes),
            (r#"not = { not = { codes = ["M"] } }"#, Yes),
        ],
    );
}

#[test]
fn when_sees_the_lots_that_count() {
    check(
        &sale(),
        &[
            (r#"when = "value == 1000 and shares / 2 == 50""#, Yes),
            (r#"when = "value > 1000""#, No),
            (r#"when = "lots | selectattr('price', 'gt', 10) | list | length > 0""#, No),
            (r#"when = "'director' in owners[0].roles and issuer.ticker == 'ACME'""#, Yes),
            (r#"when = "lots[0].date > '2025-12-09'""#, Yes),
            (r#"when = "plan == 'unknown' and intent is none""#, No),
            (r#"when = "share_of_holdings == 0.1""#, Yes),
            // It works for the sample, and asks for an element that this filing does not have.
            (r#"when = "footnotes.F1 | length > 3""#, Unknown),
        ],
    );
    let unpriced = changed(|filing| filing.lots[0].price.value = None);
    check(
        &unpriced,
        &[
            (r#"when = "value is none""#, Yes),
            (r#"when = "value > 1""#, No),
            (r#"when = "value < 1""#, Unknown),
            (r#"when = "lots[0].price <= 5""#, Unknown),
            (r#"when = "value < 1 or days == 1""#, Yes),
            (r#"when = "(value or 0) < 1""#, Yes),
            (r#"when = "value is none or value < 1""#, Yes),
        ],
    );
}

#[test]
fn what_keeps_a_rule_silent_is_told() {
    let rule =
        rule("tickers = [\"ACME\"]\nroles = [\"director\"]\nmin_value = 1_500\nnot = { codes = [\"M\"] }");
    let explained = judged(&rule, &sale(), History::default());
    let told: Vec<String> = explained
        .findings
        .iter()
        .filter(|f| !f.group)
        .map(|f| format!("{} | {} | {} | {}", f.condition, f.wanted, f.found, f.holds.word()))
        .collect();
    assert_eq!(
        told,
        [
            "tickers | ACME | ACME | yes",
            "roles | director | director | yes",
            "codes | S (open-market or private sale) | row 1 of 1 | yes",
            "table | the non-derivative table | row 1 of 1 | yes",
            "min_value | at least $1,500.00 | $1,000.00 | no",
            "not.codes | M (exercise or conversion of an exempt derivative) | none of 1 row | no",
            "not.table | the non-derivative table | no rows are left by the conditions above | no",
            "not | that it does not hold | no, none of 1 row | yes",
        ]
    );
    assert_eq!(explained.deciding().unwrap().condition, "min_value");
}
