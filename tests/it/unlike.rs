//! Unlike figures side by side in one filing: principal and shares, shares of before and after a split, gifts that only move.

use rust_decimal::Decimal;
use sellbell::filing::{Filing, share_of_holdings, stakes};
use sellbell::render::filing::show;
use sellbell::render::terminal::Colour;

use crate::figures::{filing, numbered, rings};
use crate::sums::alert_after;

fn shown(filing: &Filing) -> String {
    show("a.txt", filing, Colour::Plain)
}

fn share(filing: &Filing, lots: &[usize]) -> Option<Decimal> {
    share_of_holdings(&filing.lots, lots).map(|share| share.fraction.round_dp(4))
}

#[test]
fn principal_is_in_no_share_of_holdings_and_meets_no_price() {
    let notes = "S|D|25|2500000|98.75|0|D|title=Senior Notes due 2029";
    let mixed = filing(&["S|D|25|1000|20|5000|D", notes]);
    assert_eq!(share(&mixed, &[0, 1]), Some(Decimal::new(1667, 4)), "1,000 of 6,000 shares");
    assert!(rings(&mixed, "min_share_of_holdings = \"50%\"").is_none());
    let debt = filing(&[notes]);
    for conditions in ["min_price = 50", "max_price = 100"] {
        assert!(rings(&debt, conditions).is_none(), "{conditions}: 98.75 is per cent");
    }
    assert_eq!(rings(&mixed, "min_price = 15").unwrap().lots, [0]);
}

#[test]
fn shares_of_before_and_after_a_split_make_no_share_of_holdings() {
    let split = filing(&["S|D|23|1000|500|9000|D", "J|A|24|81000|0|90000|D", "S|D|25|9000|50|81000|D"]);
    assert_eq!(share(&split, &[0, 2]), None);
    assert!(rings(&split, "min_share_of_holdings = \"50%\"").is_none());
    // A note on an old split beside prices that stay.
    let note = "note=Distribution for no consideration, as adjusted for the 2020 stock split.";
    let old = format!("J|A|24|1000|0|2000|D|{note}");
    let kept = filing(&["S|D|23|1000|50|1000|D", &old, "S|D|25|1000|50|1000|D"]);
    let stake = &stakes(&kept, &[0])[0];
    assert_eq!(stake.change, Some(Decimal::new(-5, 1)), "2,000 to 1,000");
    assert!(!kept.warnings.iter().any(|warning| warning.code == "split-in-filing"));
}

#[test]
fn gifts_that_only_move_count_for_nothing_beside_others() {
    let part = filing(&["G|D|24|3000|0|7000|D", "G|D|24|2000|0|5000|D", "G|A|24|3000|0|3000|By Trust"]);
    assert!(rings(&part, "codes = [\"G\"]\nmin_shares = 2001").is_none());
    assert!(rings(&part, "codes = [\"G\"]\nmin_shares = 2000").is_some());
    let text = shown(&part);
    assert!(text.contains("Gave away 2,000 shares and moved 3,000 shares within their holdings"), "{text}");
    let sold = filing(&["S|D|24|100|20|9900|D", "G|D|24|5000|20|4900|D", "G|A|24|5000|20|5000|By Trust"]);
    let both = "codes = [\"S\", \"G\"]\n";
    assert!(rings(&sold, &format!("{both}min_value = 2001")).is_none());
    assert!(rings(&sold, &format!("{both}min_value = 2000")).is_some());
    let alone = filing(&["G|D|24|3000|0|7000|D", "G|A|24|3000|0|3000|By Trust"]);
    assert!(rings(&alone, "codes = [\"G\"]\nmin_shares = 3000").is_some(), "it is all that is told");
}

#[test]
fn an_odd_value_is_in_no_sum_of_filings() {
    let owners = "cumulative = { within = \"30d\", min_value = 10_000 }";
    let mut before = numbered(2, &["S|D|20|1000|20|9000|D"]);
    let absurd = filing(&["S|D|25|1000|2000000|8000|D"]);
    before.issuer.cik = absurd.issuer.cik;
    let alert = alert_after(owners, &[before], &absurd).unwrap();
    let sum = alert.sums[0].text();
    assert!(sum.starts_with("at least $20,000.00 and 2,000 shares within 30 days"), "{sum}");
    let alone = alert_after(owners, &[], &absurd).unwrap();
    assert!(alone.sums[0].text().starts_with("an unknown value and 1,000 shares"), "{}", alone.text);
}

#[test]
fn a_sum_that_holds_in_both_ways_is_of_the_larger() {
    let conditions = "codes = [\"J\"]\ncumulative = { within = \"30d\", min_value = 10_000 }";
    for rows in [
        ["J|D|25|1000|50|9000|D", "J|A|25|500|50|500|By Trust"],
        ["J|D|25|500|50|9000|D", "J|A|25|1000|50|1000|By Trust"],
    ] {
        let alert = alert_after(conditions, &[], &filing(&rows)).unwrap();
        let sum = alert.sums[0].text();
        assert!(sum.starts_with("$50,000.00 and 1,000 shares"), "{sum}");
    }
}

#[test]
fn rows_that_do_not_say_what_is_left_are_passed_over_where_a_later_one_does() {
    let first = filing(&["S|D|24|100|20||D", "S|D|25|100|20|800|D"]);
    let between = filing(&["S|D|23|100|20|900|D", "S|D|24|50|20||D", "S|D|25|50|20|800|D"]);
    for told in [&first, &between] {
        let stake = &stakes(told, &[0])[0];
        let ends = stake.ends.map(|(before, after)| (before.plain(), after.plain()));
        assert_eq!(ends, Some(("1000".into(), "800".into())));
    }
    let last = filing(&["S|D|24|100|20|900|D", "S|D|25|100|20||D"]);
    assert_eq!(stakes(&last, &[0])[0].ends, None);
    let wrong = filing(&["S|D|23|100|20|900|D", "S|D|24|50|20||D", "S|D|25|50|20|700|D"]);
    assert_eq!(stakes(&wrong, &[0])[0].ends, None, "they contradict each other");
}

#[test]
fn natures_that_refer_to_a_note_are_one_line() {
    for nature in [
        "By Trust (see footnote 1)",
        "By trust (footnote 1)",
        "By Trust, see footnote",
        "By Trust - See Note 2",
    ] {
        let told = filing(&["S|D|24|300|20|700|By Trust", &format!("S|D|25|300|20|400|{nature}")]);
        let stake = &stakes(&told, &[0])[0];
        assert_eq!(stake.change, Some(Decimal::new(-6, 1)), "{nature}");
        assert!(rings(&told, "min_stake_reduction = \"60%\"").is_some(), "{nature}");
    }
}
