use super::*;
use crate::destination::Destination;
use crate::problem::{Problems, Source};
use crate::reader;

const QUALYS: &[u8] = include_bytes!("../replay/bundled/0009900001-21-000001.txt");
const UNPRICED: &[u8] = include_bytes!("../replay/bundled/0009900203-21-000007.txt");

fn load(text: &str) -> Result<Vec<Rule>, Problems> {
    let known = |destination: &Destination| matches!(destination, Destination::Terminal);
    load_slice([Source { file: "rules/a.toml", text }], &known, &["terminal".into()])
}

#[track_caller]
fn verdict(conditions: &str, filing: &[u8]) -> Result<Match, Silent> {
    let rules = load(&format!("[[rule]]\nname = \"r\"\n{conditions}\n")).unwrap();
    evaluate(&rules[0], &reader::read(filing).unwrap())
}

#[test]
fn thresholds_hold_on_the_sum_of_the_matching_lots() {
    let rings = verdict("tickers = [\"QLYS\"]\nmin_value = 2_600_000", QUALYS).unwrap();
    assert_eq!(rings.lots, [0, 1]);
    assert_eq!(rings.trade.value.unwrap().plain(), "2661359.1015");
    assert_eq!((rings.trade.shares.unwrap().plain().as_str(), rings.trade.days), ("24133", 2));
    assert_eq!(
        verdict("tickers = [\"QLYS\"]\nmin_value = 2_700_000", QUALYS).unwrap_err().to_string(),
        "the lots are worth $2,661,359.1015, the rule wants $2,700,000.00"
    );
    assert!(verdict("min_value = \"2661359.1015\"", QUALYS).is_ok());
    assert!(verdict("min_value = \"2661359.1016\"", QUALYS).is_err());
    assert!(verdict("min_shares = 24_133", QUALYS).is_ok());
    assert_eq!(
        verdict("min_shares = 24_134", QUALYS).unwrap_err().to_string(),
        "the lots are 24,133 shares, the rule wants 24,134"
    );
}

#[test]
fn each_condition_must_hold() {
    assert!(verdict("ciks = [1107843]", QUALYS).is_ok());
    assert_eq!(verdict("ciks = [1107844]", QUALYS), Err(Silent::Cik));
    assert!(verdict("tickers = [\"qlys\", \"AAPL\"]", QUALYS).is_ok());
    assert_eq!(verdict("tickers = [\"AAPL\"]", QUALYS), Err(Silent::Ticker { found: "QLYS".into() }));
    assert_eq!(verdict("codes = [\"P\", \"G\"]", QUALYS), Err(Silent::Codes { wanted: "G, P".into() }));
    assert_eq!(verdict("tickers = [\"QLYS\"]\nciks = [1]", QUALYS), Err(Silent::Cik));
}

#[test]
fn an_unpriced_lot_meets_no_threshold_of_dollars_but_counts_its_shares() {
    let silent = verdict("min_value = 1", UNPRICED).unwrap_err();
    assert!(matches!(silent, Silent::MinValue { found: None, at_least: true, .. }), "{silent:?}");
    let rings = verdict("min_shares = 310_000", UNPRICED).unwrap();
    assert_eq!((rings.trade.value, rings.trade.value_is_at_least), (None, true));
}

#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    let told: Vec<String> = load(text).unwrap_err().0.iter().map(ToString::to_string).collect();
    assert_eq!(told, expected);
}

#[test]
fn mistakes_name_file_line_and_what_to_do() {
    refused(
        "[[rule]]\nname = \"empty\"\n",
        &[
            "rules/a.toml:1:1: rule `empty` has no condition, so it would ring for every sale: set at least one of tickers, ciks, codes, min_value, min_shares",
        ],
    );
    refused(
        "[[rule]]\nname = \"a\"\nticker = [\"X\"]\n",
        &[
            "rules/a.toml:3:1: unknown field `ticker`, expected one of `name`, `description`, `tickers`, `ciks`, `codes`, `min_value`, `min_shares`, `notify`",
        ],
    );
    refused(
        "[[rule]]\nname = \"a\"\nciks = [1]\n[[rule]]\nname = \"a\"\nciks = [2]\n",
        &["rules/a.toml:5:8: there is another rule named `a`, in rules/a.toml:2"],
    );
    refused(
        "[[rule]]\nname = \"A b\"\ntickers = [\"TOO LONG\"]\ncodes = [\"sell\", \"B\", \"V\"]\nciks = []\nmin_value = 0\n\
         notify = [\"discord:alerts\", \"pager\", \"channel:5\"]\n",
        &[
            "rules/a.toml:2:8: `A b` is not a name: use a-z, 0-9, - and _, at most 64 of them",
            "rules/a.toml:4:10: `sell` is not a transaction code: expected one letter, like S",
            "rules/a.toml:4:18: `B` is not a code of the SEC's list: S is a sale, P a purchase",
            "rules/a.toml:4:23: no filing states code V: EDGAR keeps it apart from the transaction code",
            "rules/a.toml:3:12: `TOO LONG` is not a ticker: expected 1 to 6 letters, like QLYS",
            "rules/a.toml:5:8: `ciks` is empty: leave it out, or give at least one",
            "rules/a.toml:6:13: `min_value` must be above zero",
            "rules/a.toml:7:11: the settings define no destination `discord:alerts`, only terminal",
            "rules/a.toml:7:29: `pager` is not a destination: expected terminal, jsonl, jsonl:FILE, discord:NAME or email:NAME",
            "rules/a.toml:7:38: the settings define no destination `channel:5`, only terminal",
        ],
    );
    refused(
        "[[rule]]\nname = \"a\"\nmin_value = 0.5\n",
        &[
            "rules/a.toml:3:13: invalid type: floating point `0.5`, expected a whole number like 1_000_000, or a decimal in quotes like \"0.50\"",
        ],
    );
    refused(
        "[[rule]]\nname = \"a\"\nmin_value = \"1,5\"\n",
        &["rules/a.toml:3:13: `1,5` is not a plain decimal number of zero or more"],
    );
    refused("", &["rules/a.toml: there is no [[rule]] in this file"]);
}

#[test]
fn the_seed_filing_has_the_range_and_the_share_that_its_footnotes_and_positions_state() {
    let filing = reader::read(QUALYS).unwrap();
    let rings = verdict("tickers = [\"QLYS\"]", QUALYS).unwrap();
    let (low, high) = rings.trade.price_range.unwrap();
    assert_eq!((low.exact(), high.exact()), ("$110.00".into(), "$110.82".into()));
    let share = crate::filing::share_of_holdings(&filing.lots, &rings.lots).unwrap();
    assert_eq!(share.before.to_string(), "5,071,531");
    assert_eq!((share.fraction * rust_decimal::Decimal::ONE_HUNDRED).round_dp(4).to_string(), "0.4759");
    let first = &filing.lots[0];
    assert_eq!(first.price_is_average, Some(true));
    let prices = first.actual_prices.as_ref().unwrap();
    assert_eq!(prices.evidence.to_string(), "F1: \"ranging from $110.00 to $110.82\"");
    // A lot that does not say what is left of its line makes the share unknown.
    let mut silent = filing.clone();
    silent.lots[1].line.shares_after.value = None;
    assert_eq!(crate::filing::share_of_holdings(&silent.lots, &[0, 1]), None);
    // Lines are told apart: one held by a spouse has a position of its own.
    let mut indirect = filing;
    indirect.lots[1].line.nature.value = Some("By spouse".into());
    indirect.lots[1].line.shares_after.value = "6".parse().ok();
    let share = crate::filing::share_of_holdings(&indirect.lots, &[1]).unwrap();
    assert_eq!(
        (share.before.plain().as_str(), share.fraction.round_dp(3).to_string()),
        ("1000", "0.994".into())
    );
}
