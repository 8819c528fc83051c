//! What becomes of filings in a row: alerts, what is taken back, what cools down, whose trade it is.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use sellbell::alert::Alert;
use sellbell::decide::{self, Case, Decision, NoAlert};
use sellbell::filing::{Cik, Filing, Owner, Ownership, PastFiling};
use sellbell::rules::{Rule, RuleSet};

use super::{day, evening, noted, other_sale, rule, with_lot};

/// Filings in their order, each with what the ones before left.
#[derive(Clone)]
pub(super) struct Row {
    rules: RuleSet,
    pub(super) known: Vec<PastFiling>,
}

impl Row {
    pub(super) fn of(conditions: &str) -> Self {
        Self { rules: RuleSet::new(vec![rule(conditions)]), known: Vec::new() }
    }

    fn edit(&mut self, conditions: &str) {
        self.rules = RuleSet::new(vec![rule(conditions)]);
    }

    /// The one alert that a filing causes.
    pub(super) fn alert(&mut self, filing: &Filing) -> Alert {
        let mut alerts = self.decide(filing).0;
        assert_eq!(alerts.len(), 1, "{:?}", filing.accession);
        alerts.remove(0)
    }

    /// `rings`, `told before`, `withdrawn`, or why it is silent.
    pub(super) fn take(&mut self, filing: &Filing) -> String {
        let (alerts, silent) = self.decide(filing);
        match (&alerts[..], &silent[..]) {
            ([alert], _) if alert.withdrawn => "withdrawn".into(),
            ([alert], _) if alert.is_reported_before() => "told before".into(),
            ([_], _) => "rings".into(),
            ([], [NoAlert::Condition(condition)]) => (*condition).into(),
            ([], [NoAlert::Cooldown(accession)]) => format!("cooldown {accession}"),
            other => panic!("{other:?}"),
        }
    }

    fn decide(&mut self, filing: &Filing) -> (Vec<Alert>, Vec<NoAlert>) {
        let accepted_at = filing.accepted_at.unwrap();
        let whole_since = Some(evening("2000-01-01"));
        let case = Case { filing, accepted_at, seen_at: accepted_at, known: &self.known, whole_since };
        let rules: Vec<&Rule> = self.rules.iter().collect();
        let Decision { alerts, silent, history, .. } = decide::decide_for(&self.rules, rules, case);
        for kept in history {
            self.known.retain(|past| past.accession != kept.accession);
            self.known.push(kept);
        }
        (
            alerts.into_iter().map(|(_, alert)| alert).collect(),
            silent.into_iter().map(|(_, silence)| silence).collect(),
        )
    }
}

/// An amendment of a filing, some days later.
fn amended(original: &Filing, number: u32, change: impl Fn(&mut Filing)) -> Filing {
    let mut filing = original.clone();
    filing.accession = other_sale(number, 7, "2025-12-10", "1").accession;
    filing.form = "4/A".parse().unwrap();
    filing.date_of_original_submission = original.accepted_at.map(|at| at.date_naive());
    filing.accepted_at = original.accepted_at.map(|at| at + TimeDelta::days(3));
    change(&mut filing);
    filing
}

fn original() -> Filing {
    let mut filing = other_sale(1, 7, "2025-12-08", "100");
    filing.accepted_at = Some(super::at("2025-12-09T12:00:00-05:00"));
    filing.period = Some(day("2025-12-08"));
    filing
}

#[test]
fn an_amendment_takes_an_alert_back_only_where_its_lots_do_not_meet_the_rule() {
    let dearer = |filing: &mut Filing| filing.lots[0].price = noted("11");
    for (conditions, expected) in [
        ("min_value = 10\namendments = \"exclude\"", "amendments"),
        ("min_value = 10\nforms = [\"4\"]", "forms"),
        ("min_value = 10\nmax_value = 1_050", "withdrawn"),
        ("min_value = 10", "rings"),
    ] {
        let mut row = Row::of(conditions);
        assert_eq!(row.take(&original()), "rings");
        assert_eq!(row.take(&amended(&original(), 2, dearer)), expected, "{conditions}");
    }
    // It no longer says the price: whether it still meets the rule cannot be told.
    let mut row = Row::of("min_value = 10");
    assert_eq!(row.take(&original()), "rings");
    assert_eq!(row.take(&amended(&original(), 2, |filing| filing.lots[0].price.value = None)), "min_value");
    // The rule was edited since: what it asked for then is not known to fail.
    let mut row = Row::of("min_value = 10");
    assert_eq!(row.take(&original()), "rings");
    row.edit("min_value = 5_000");
    assert_eq!(row.take(&amended(&original(), 2, dearer)), "min_value");
    // Its owner sold again meanwhile: that takes nothing back.
    let mut row = Row::of("first_in = \"12mo\"");
    assert_eq!(row.take(&original()), "rings");
    assert_eq!(row.take(&other_sale(2, 7, "2025-12-10", "50")), "first_in");
    assert_eq!(row.take(&amended(&original(), 3, dearer)), "rings");
}

#[test]
fn the_first_is_the_first_by_the_day_of_the_trade() {
    let mut row = Row::of("first_in = \"1mo\"");
    assert_eq!(row.take(&other_sale(1, 7, "2025-12-10", "10")), "rings");
    // Filed late: nothing came before it.
    let mut late = other_sale(2, 7, "2025-06-10", "10");
    late.accepted_at = Some(evening("2025-12-11"));
    assert_eq!(row.take(&late), "rings");
    // The second of one day is not the first.
    assert_eq!(row.take(&other_sale(3, 7, "2025-12-10", "20")), "first_in");
}

/// A block that a fund holds, as one of its chain tells it.
fn block(number: u32, owner: u64, date: &str) -> Filing {
    let mut filing = other_sale(number, owner, date, "100");
    filing.owners[0] =
        Owner { director: false, ten_percent_owner: true, cik: Cik::new(owner), ..filing.owners[0].clone() };
    filing.lots[0].line.shares_after = noted("900");
    filing.lots[0].line.ownership.value = Some(Ownership::Indirect);
    filing
}

#[test]
fn a_trade_that_another_of_the_chain_told_first_is_the_owners_own_too() {
    let alone = |number: u32| {
        let mut filing = block(number, 9, "2025-12-05");
        filing.lots[0].shares = noted("50");
        filing.lots[0].line.shares_after = noted("850");
        filing
    };
    for (conditions, expected) in [
        ("first_in = \"12mo\"", "first_in"),
        ("cluster = { insiders = 2, within = \"7d\" }", "cluster"),
        ("cumulative = { within = \"7d\", min_value = 1_500 }", "rings"),
        ("cumulative = { within = \"7d\", min_value = 1_501 }", "cumulative"),
    ] {
        let mut row = Row::of(conditions);
        row.take(&block(1, 8, "2025-12-02"));
        row.take(&block(2, 9, "2025-12-02"));
        assert_eq!(row.take(&alone(3)), expected, "{conditions}");
    }
}

#[test]
fn a_window_holds_one_of_the_filings_own_days() {
    let own = with_lot(other_sale(3, 7, "2025-11-01", "10"), |lot| lot.date.value = Some(day("2025-12-10")));
    let own = Filing { accepted_at: Some(evening("2025-12-10")), ..own };
    for conditions in [
        "cluster = { insiders = 2, within = \"3d\" }",
        "cumulative = { per = \"issuer\", within = \"3d\", min_value = 50_000 }",
    ] {
        let mut row = Row::of(conditions);
        row.take(&other_sale(1, 8, "2025-11-20", "5000"));
        row.take(&other_sale(2, 9, "2025-11-21", "5000"));
        assert_ne!(row.take(&own), "rings", "{conditions}");
    }
}

#[test]
fn an_earlier_lot_whose_kind_cannot_be_told_leaves_it_open() {
    let mut unpriced = other_sale(1, 7, "2025-12-01", "10");
    unpriced.lots[0].price.value = None;
    for (conditions, expected) in [
        ("first_in = \"12mo\"\nmin_price = 5", "first_in"),
        ("largest_in = \"12mo\"\nmin_price = 5", "largest_in"),
        ("not = { cumulative = { within = \"30d\", min_value = 1_050 }, min_price = 5 }", "not"),
    ] {
        let mut row = Row::of(conditions);
        row.take(&unpriced);
        assert_eq!(row.take(&other_sale(2, 7, "2025-12-10", "100")), expected, "{conditions}");
    }
}

#[test]
fn what_nobody_was_told_does_not_prolong_a_cooldown() {
    let conditions = "min_value = 10\ncooldown = \"24h\"";
    let mut row = Row::of(conditions);
    let at = |mut filing: Filing, time: &str| {
        filing.accepted_at = Some(super::at(time));
        filing
    };
    assert_eq!(row.take(&at(block(1, 8, "2025-12-02"), "2025-12-03T10:00:00-05:00")), "rings");
    assert_eq!(row.take(&at(block(2, 9, "2025-12-02"), "2025-12-04T06:00:00-05:00")), "told before");
    let next = other_sale(3, 7, "2025-12-04", "77");
    assert_eq!(row.take(&at(next, "2025-12-04T10:00:00-05:00")), "rings");
    // Out of its order, and within a day of that one.
    let earlier = other_sale(4, 7, "2025-12-03", "78");
    assert_eq!(row.take(&at(earlier, "2025-12-03T12:00:00-05:00")), "cooldown 0000000007-25-000003");
    // What was taken back does not count.
    let mut row = Row::of(&conditions.replace("min_value = 10", "min_value = 1_000"));
    assert_eq!(row.take(&original()), "rings");
    let less = |filing: &mut Filing| {
        filing.lots[0].price = noted("1");
        filing.accepted_at = original().accepted_at.map(|at| at + TimeDelta::hours(1));
    };
    assert_eq!(row.take(&amended(&original(), 2, less)), "withdrawn");
    let next = at(other_sale(3, 8, "2025-12-09", "500"), "2025-12-09T14:00:00-05:00");
    assert_eq!(row.take(&next), "rings");
}

#[test]
fn records_of_before_say_nothing_of_where_lots_count() {
    let old = r#"{"accession":"0000000007-25-000001","form":"4","accepted_at":"2025-12-02T23:00:00Z","period":null,
        "original_day":null,"owners":[],"lots":[],"not_counted":[0],"rang":{"r":{"key":"k","lots":[0]}}}"#;
    let past: PastFiling = serde_json::from_str(old).unwrap();
    assert_eq!((past.counted_in, past.alerts["r"].asked.clone()), (BTreeMap::new(), None));
}

#[test]
fn an_amendment_of_an_amendment_takes_the_alert_back_too() {
    let mut row = Row::of("min_value = 1_000");
    assert_eq!(row.take(&original()), "rings");
    assert_eq!(row.take(&amended(&original(), 2, |_| {})), "told before");
    let cheaper = amended(&original(), 3, |filing| {
        filing.lots[0].price = noted("1");
        filing.accepted_at = filing.accepted_at.map(|at| at + TimeDelta::days(1));
    });
    assert_eq!(row.take(&cheaper), "withdrawn");
}

#[test]
fn an_amendment_that_leaves_rows_standing_takes_nothing_back() {
    let two = with_lot(original(), |lot| {
        lot.shares = noted("200");
        lot.line.shares_after = noted("50");
    });
    let mut row = Row::of("min_value = 2_500");
    assert_eq!(row.take(&two), "rings");
    let one_of_them = amended(&two, 2, |filing| {
        filing.lots.truncate(1);
        filing.lots[0].price = noted("9.5");
    });
    assert_ne!(row.take(&one_of_them), "withdrawn");
}

#[test]
fn a_purchase_that_another_of_the_chain_told_first_is_turned_by_a_sale() {
    let bought = |number: u32, owner: u64| {
        let mut filing = block(number, owner, "2025-11-02");
        filing.lots[0].code = noted("P");
        filing
    };
    let mut row = Row::of("reversal_after = \"18mo\"");
    row.take(&bought(1, 8));
    row.take(&bought(2, 9));
    let mut sale = block(3, 9, "2025-12-05");
    sale.lots[0].shares = noted("50");
    sale.lots[0].line.shares_after = noted("850");
    assert_eq!(row.take(&sale), "rings");
}
