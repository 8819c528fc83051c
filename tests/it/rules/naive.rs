//! Generated rules: the evaluator beside a naive one, which reads the TOML itself; the index beside asking every rule; and
//! what is explained beside what is decided.

use std::collections::{BTreeSet, HashMap};
use std::fs;

use proptest::prelude::*;
use proptest::sample::select;
use sellbell::decide::{self, Case, NoAlert};
use sellbell::filing::{Concluded, Filing, Ownership, PastFiling, Plan, Table};
use sellbell::reader;
use sellbell::rules::{History, Rule, RuleSet, Truth};
use toml::Value;

use super::{judged, noted, rule, sale, with_lot};
use crate::shared;

const CODES: [&str; 3] = ["S", "P", "M"];
const PLANS: [&str; 3] = ["yes", "no", "unknown"];
const ROLES: [&str; 4] = ["director", "10% owner", "officer", "other"];

type Table2 = toml::Table;

fn texts(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::sample::subsequence(words.to_vec(), 1..=words.len())
        .prop_map(|words| Value::Array(words.into_iter().map(Value::from).collect()))
}

fn number(numbers: &'static [i64]) -> impl Strategy<Value = Value> {
    select(numbers).prop_map(Value::from)
}

fn word(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    select(words).prop_map(Value::from)
}

fn leaf() -> impl Strategy<Value = (&'static str, Value)> {
    prop_oneof![
        texts(&CODES).prop_map(|v| ("codes", v)),
        word(&["non-derivative", "derivative", "any"]).prop_map(|v| ("table", v)),
        texts(&PLANS).prop_map(|v| ("plan", v)),
        word(&["direct", "indirect"]).prop_map(|v| ("ownership", v)),
        number(&[5, 10, 11]).prop_map(|v| ("min_price", v)),
        number(&[9, 10, 20]).prop_map(|v| ("max_price", v)),
        number(&[100, 1_000, 1_100, 3_000]).prop_map(|v| ("min_value", v)),
        number(&[100, 1_000, 2_000]).prop_map(|v| ("max_value", v)),
        number(&[10, 110, 200]).prop_map(|v| ("min_shares", v)),
        texts(&ROLES).prop_map(|v| ("roles", v)),
        texts(&ROLES).prop_map(|v| ("exclude_roles", v)),
        texts(&["4", "4/A"]).prop_map(|v| ("forms", v)),
        word(&["include", "exclude", "only"]).prop_map(|v| ("amendments", v)),
        prop::sample::subsequence(vec![20_i64, 21], 1..=2)
            .prop_map(|ciks| ("ciks", Value::Array(ciks.into_iter().map(Value::from).collect()))),
        texts(&["ACME", "OTHR"]).prop_map(|v| ("tickers", v)),
    ]
}

/// A group as its TOML table: some conditions, and groups within.
fn group() -> impl Strategy<Value = Table2> {
    let flat = prop::collection::vec(leaf(), 1..4).prop_map(|leaves| {
        leaves.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Table2>()
    });
    flat.prop_recursive(3, 12, 3, |inner| {
        let own = prop::collection::vec(leaf(), 0..3);
        let any = prop::collection::vec(inner.clone(), 0..3);
        (own, any, prop::option::of(inner)).prop_map(|(own, any, not)| {
            let mut table: Table2 = own.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            if !any.is_empty() {
                table.insert("any".into(), Value::Array(any.into_iter().map(Value::Table).collect()));
            }
            if let Some(not) = not {
                table.insert("not".into(), Value::Table(not));
            }
            if table.is_empty() {
                table.insert("min_shares".into(), Value::from(10));
            }
            table
        })
    })
}

#[derive(Debug, Clone)]
struct Row {
    code: Option<&'static str>,
    derivative: bool,
    direct: Option<bool>,
    plan: usize,
    price: Option<&'static str>,
    shares: Option<&'static str>,
}

fn row() -> impl Strategy<Value = Row> {
    let maybe = |words: &'static [&'static str]| prop::option::weighted(0.85, select(words));
    (
        maybe(&CODES),
        prop::bool::weighted(0.2),
        prop::option::weighted(0.85, any::<bool>()),
        0..3_usize,
        maybe(&["5", "10", "20"]),
        maybe(&["10", "100"]),
    )
        .prop_map(|(code, derivative, direct, plan, price, shares)| Row {
            code,
            derivative,
            direct,
            plan,
            price,
            shares,
        })
}

fn filing() -> impl Strategy<Value = Filing> {
    let boxes = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (prop::collection::vec(row(), 0..4), boxes, any::<bool>(), any::<bool>()).prop_map(
        |(rows, (director, officer, ten, other), amendment, acme)| {
            let mut filing = sale();
            for row in rows {
                filing = with_lot(filing, |lot| {
                    lot.code.value = row.code.map(|code| code.parse().unwrap());
                    lot.line.table = if row.derivative { Table::Derivative } else { Table::NonDerivative };
                    lot.line.ownership.value =
                        row.direct.map(|direct| if direct { Ownership::Direct } else { Ownership::Indirect });
                    let plan = [Plan::Yes, Plan::No, Plan::Unknown][row.plan];
                    lot.plan = Concluded { value: plan, evidence: None };
                    lot.price.value = row.price.map(|price| price.parse().unwrap());
                    lot.shares.value = row.shares.map(|shares| shares.parse().unwrap());
                });
            }
            filing.lots.remove(0);
            let owner = &mut filing.owners[0];
            (owner.director, owner.officer) = (director, officer);
            (owner.ten_percent_owner, owner.other) = (ten, other);
            filing.form = if amendment { "4/A" } else { "4" }.parse().unwrap();
            filing.issuer.symbol = Some(if acme { "ACME" } else { "OTHR" }.into());
            filing
        },
    )
}

/// Three values as numbers: 0 no, 1 unknown, 2 yes. And is the lower, or the higher.
type Degree = u8;

fn degree(known: Option<bool>) -> Degree {
    known.map_or(1, |yes| u8::from(yes) * 2)
}

fn list(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

/// What a group comes to, and the degree to which each lot counts; `around` is what it has from the groups around it.
fn naive(group: &Table2, around: &Table2, filing: &Filing) -> (Degree, Vec<Degree>) {
    let mut all = around.clone();
    for key in ["codes", "table", "plan", "ownership", "min_price", "max_price"] {
        if let Some(value) = group.get(key) {
            all.insert(key.into(), value.clone());
        }
    }
    let mut degrees: Vec<Degree> = Vec::new();
    let lots: Vec<Degree> = match group.get("any") {
        None => filing.lots.iter().map(|lot| naive_lot(&all, lot)).collect(),
        Some(branches) => {
            let mut lots = vec![0; filing.lots.len()];
            let mut best = 0;
            for branch in branches.as_array().unwrap() {
                let (of_branch, its) = naive(branch.as_table().unwrap(), &all, filing);
                best = best.max(of_branch);
                for (lot, its) in lots.iter_mut().zip(its) {
                    // A lot of a branch in doubt is in doubt.
                    *lot = (*lot).max(its.min(of_branch));
                }
            }
            degrees.push(best);
            lots
        }
    };
    if !group.contains_key("any") {
        degrees.push(lots.iter().copied().max().unwrap_or(0));
    }
    degrees.extend(naive_filing(group, filing));
    let sum_of = |least: Degree, of: &dyn Fn(usize) -> Option<i64>, counts: &dyn Fn(usize) -> bool| {
        (0..lots.len())
            .filter(|&i| lots[i] >= least && counts(i))
            .map(of)
            .fold((0, true), |(sum, all), value| (sum + value.unwrap_or(0), all && value.is_some()))
    };
    let number = |text: String| text.parse::<i64>().unwrap();
    let value = |i: usize| filing.lots[i].value().map(|value| number(value.plain()));
    let shares = |i: usize| filing.lots[i].shares.value.map(|shares| number(shares.plain()));
    if let Some(bound) = group.get("min_shares").map(|value| value.as_integer().unwrap()) {
        // Those of each table are another security's.
        let of_table = |derivative: bool| {
            let counts = |i: usize| (filing.lots[i].line.table == Table::Derivative) == derivative;
            (sum_of(2, &shares, &counts), sum_of(1, &shares, &counts))
        };
        let each = [of_table(false), of_table(true)];
        let surely = each.iter().any(|((least, _), _)| *least >= bound);
        let maybe = each.iter().any(|(_, (most, known))| !known || *most >= bound);
        degrees.push(if surely == maybe { degree(Some(surely)) } else { 1 });
    }
    let sum = |least: Degree, of: &dyn Fn(usize) -> Option<i64>| sum_of(least, of, &|_| true);
    for (key, value_of) in [("min_value", &value as &dyn Fn(usize) -> Option<i64>), ("max_value", &value)] {
        let Some(bound) = group.get(key).map(|value| value.as_integer().unwrap()) else { continue };
        let ((least, _), (most, known)) = (sum(2, value_of), sum(1, value_of));
        // Every sum between the two is possible, and any above where something is unknown.
        let possible: BTreeSet<bool> = if key == "max_value" {
            [least <= bound, known && most <= bound].into()
        } else {
            [least >= bound, !known || most >= bound].into()
        };
        degrees.push(if possible.len() == 2 { 1 } else { degree(possible.first().copied()) });
    }
    if let Some(body) = group.get("not") {
        degrees.push(2 - naive(body.as_table().unwrap(), &all, filing).0);
    }
    (degrees.into_iter().min().unwrap(), lots)
}

fn naive_lot(all: &Table2, lot: &sellbell::filing::Lot) -> Degree {
    let codes = all.get("codes").map_or(vec!["S"], list);
    let table = all.get("table").map_or("non-derivative", |table| table.as_str().unwrap());
    let price = lot.price.value.map(|price| price.plain().parse::<i64>().unwrap());
    let mut degrees = vec![
        degree(lot.code.value.map(|code| codes.contains(&code.to_string().as_str()))),
        degree(Some(table == "any" || (table == "derivative") == (lot.line.table == Table::Derivative))),
    ];
    if let Some(plans) = all.get("plan") {
        degrees.push(degree(Some(list(plans).contains(&lot.plan.value.word()))));
    }
    if let Some(ownership) = all.get("ownership") {
        let wanted =
            if ownership.as_str() == Some("direct") { Ownership::Direct } else { Ownership::Indirect };
        degrees.push(degree(lot.line.ownership.value.map(|ownership| ownership == wanted)));
    }
    if let Some(least) = all.get("min_price") {
        degrees.push(degree(price.map(|price| price >= least.as_integer().unwrap())));
    }
    if let Some(most) = all.get("max_price") {
        degrees.push(degree(price.map(|price| price <= most.as_integer().unwrap())));
    }
    degrees.into_iter().min().unwrap()
}

fn naive_filing(group: &Table2, filing: &Filing) -> Vec<Degree> {
    let owner = &filing.owners[0];
    let has = |role: &&str| match *role {
        "director" => owner.director,
        "officer" => owner.officer,
        "10% owner" => owner.ten_percent_owner,
        _ => owner.other,
    };
    let mut degrees = Vec::new();
    let mut push = |holds: bool| degrees.push(degree(Some(holds)));
    for (key, value) in group {
        match key.as_str() {
            "roles" => push(list(value).iter().any(has)),
            "exclude_roles" => push(!list(value).iter().any(has)),
            "forms" => push(list(value).contains(&filing.form.to_string().as_str())),
            "amendments" if value.as_str() == Some("only") => push(filing.form.is_amendment()),
            "amendments" if value.as_str() == Some("exclude") => push(!filing.form.is_amendment()),
            "ciks" => push(value.as_array().unwrap().contains(&Value::from(20))),
            "tickers" => push(list(value).contains(&filing.issuer.symbol.as_deref().unwrap())),
            _ => {}
        }
    }
    degrees
}

fn rules_of(groups: &[Table2]) -> RuleSet {
    let rules = groups.iter().enumerate().map(|(number, group)| {
        let mut rule = rule(&group.to_string());
        rule.name = format!("r{number}");
        rule
    });
    RuleSet::new(rules.collect())
}

/// What rules ring for, each with its lots, is what is explained of every one of them.
fn assert_decided_as_explained(rules: &RuleSet, case: Case<'_>) -> Vec<PastFiling> {
    let decision = decide::decide(rules, case);
    let kept_cool = |name: &str| {
        let cool =
            |(rule, silence): &(&Rule, NoAlert)| rule.name == name && matches!(silence, NoAlert::Cooldown(_));
        decision.silent.iter().any(cool)
    };
    let told = decision.alerts.iter().filter(|(_, alert)| !alert.withdrawn);
    let rang: Vec<(&str, &[usize])> =
        told.map(|(rule, alert)| (rule.name.as_str(), &*alert.lot_numbers)).collect();
    let explained: Vec<(&str, Vec<usize>)> = rules
        .iter()
        .map(|rule| (rule.name.as_str(), decide::explain(rule, case)))
        .filter(|(name, explained)| explained.holds == Truth::Yes && !kept_cool(name))
        .map(|(name, explained)| (name, explained.lots))
        .collect();
    let filing = case.filing;
    let explained: Vec<(&str, &[usize])> = explained.iter().map(|(name, lots)| (*name, &**lots)).collect();
    assert_eq!(rang, explained, "{:?}", filing.accession);
    decision.history
}

fn alone(filing: &Filing) -> Case<'_> {
    let accepted_at = filing.accepted_at.unwrap();
    Case { filing, accepted_at, seen_at: accepted_at, known: &[], whole_since: None }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn groups_combine_as_a_naive_evaluator_combines_them(group in group(), filing in filing()) {
        let explained = judged(&rule(&group.to_string()), &filing, History::default());
        let (holds, lots) = naive(&group, &Table2::new(), &filing);
        let expected = [Truth::No, Truth::Unknown, Truth::Yes][usize::from(holds)];
        prop_assert_eq!(explained.holds, expected, "{:#?}\n{}", explained.findings, group);
        if expected == Truth::Yes {
            let sure: Vec<usize> = (0..lots.len()).filter(|&lot| lots[lot] == 2).collect();
            prop_assert_eq!(explained.lots, sure, "{}", group);
        }
    }

    #[test]
    fn the_index_leaves_out_no_rule_that_rings(
        groups in prop::collection::vec(group(), 1..20),
        filing in filing(),
    ) {
        assert_decided_as_explained(&rules_of(&groups), alone(&filing));
    }
}

#[test]
fn the_filing_of_these_tests_is_what_they_take_it_for() {
    let filing = with_lot(sale(), |lot| lot.shares = noted("5"));
    assert_eq!((filing.lots.len(), filing.lots[1].value().unwrap().plain()), (2, "50".into()));
}

#[test_with::path("../shared/corpus")]
#[test]
fn explain_and_the_bot_agree_over_the_corpus() {
    assert_explained_as_decided(4);
}

#[test_with::path("../shared/corpus")]
#[test]
#[ignore = "each filing"]
fn explain_and_the_bot_agree_over_the_corpus_at_length() {
    assert_explained_as_decided(1);
}

/// Over one in so many filings of the corpus.
fn assert_explained_as_decided(one_in: usize) {
    let folder = shared::folder();
    let mut paths: Vec<_> = fs::read_dir(folder.join("corpus")).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let mut filings: Vec<Filing> = paths
        .iter()
        .step_by(one_in)
        .filter_map(|path| reader::read(&fs::read(path).unwrap()).ok())
        .filter(|filing| filing.accepted_at.is_some())
        .collect();
    assert!(filings.len() > 3_000 / one_in);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = prop::collection::vec(corpus_group(), 40);
    let mut groups = proptest::strategy::ValueTree::current(&strategy.new_tree(&mut runner).unwrap());
    // Some of them ask history too.
    let history = [
        ("cluster", "{ insiders = 2, within = \"14d\" }"),
        ("cumulative", "{ within = \"30d\", min_value = 100_000 }"),
        ("first_in", "\"1mo\""),
        ("largest_in", "\"2mo\""),
        ("cooldown", "\"7d\""),
    ];
    for (group, (key, value)) in groups.iter_mut().step_by(3).zip(history.iter().cycle()) {
        let text = format!("{key} = {value}");
        group.extend(text.parse::<Table2>().unwrap());
    }
    let rules = rules_of(&groups);
    filings.sort_by_key(|filing| (filing.accepted_at, filing.accession));
    let whole_since = filings[0].accepted_at;
    let mut known: HashMap<u64, Vec<PastFiling>> = HashMap::new();
    let mut rang = 0;
    for filing in &filings {
        let past = known.entry(filing.issuer.cik.number()).or_default();
        let kept = assert_decided_as_explained(&rules, Case { known: past, whole_since, ..alone(filing) });
        rang += kept.iter().map(|own| own.alerts.len()).sum::<usize>();
        past.retain(|past| kept.iter().all(|kept| kept.accession != past.accession));
        past.extend(kept);
    }
    assert!(rang > 1_000 / one_in, "{rang}");
}

/// Groups that real filings can meet.
fn corpus_group() -> impl Strategy<Value = Table2> {
    group()
        .prop_map(|mut group| {
            group.remove("ciks");
            group.remove("tickers");
            group
        })
        .prop_filter("it asks something", |group| !group.is_empty())
}
