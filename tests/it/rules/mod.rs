//! Rules: what each condition means, how groups combine, what is wrong in a file.

mod broken;
mod chains;
mod conditions;
mod dates;
mod decided;
mod history;
mod messages;
mod naive;

use chrono::{DateTime, NaiveDate, Utc};
use sellbell::destination::Destination;
use sellbell::filing::{Accession, Cik, Filing, Lot, Noted, PastFiling};
use sellbell::problem::Source;
use sellbell::reader;
use sellbell::rules::{self, Explanation, History, Rule, Subject, Truth};

use crate::world::{at, submission};

pub const ISSUER: u64 = 20;
pub const OWNER: u64 = 7;

/// A sale of 100 shares of ACME at ten dollars on 2025-12-10, in time, a tenth of what was held, by Jane Doe, a director.
pub fn sale() -> Filing {
    let mut filing = reader::read(&submission(
        "0000000007-25-000001",
        "4",
        ISSUER,
        OWNER,
        at("2025-12-12T16:05:09-05:00"),
    ))
    .unwrap();
    filing.issuer.symbol = Some("ACME".into());
    let lot = &mut filing.lots[0];
    lot.line.shares_after = noted("900");
    lot.line.ownership = Noted { value: Some(sellbell::filing::Ownership::Direct), footnotes: Vec::new() };
    filing
}

pub fn noted<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> Noted<T> {
    Noted { value: Some(text.parse().unwrap()), footnotes: Vec::new() }
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Another lot, like the first but for what `change` does.
pub fn with_lot(mut filing: Filing, change: impl Fn(&mut Lot)) -> Filing {
    let mut lot = filing.lots[0].clone();
    change(&mut lot);
    filing.lots.push(lot);
    filing
}

pub fn rule(conditions: &str) -> Rule {
    let mut table: toml::Table = conditions.parse().unwrap();
    table.insert("name".into(), "r".into());
    rule_of(table)
}

/// A rule of these keys.
pub fn rule_of(table: toml::Table) -> Rule {
    let file = toml::Table::from_iter([("rule".to_owned(), toml::Value::Array(vec![table.into()]))]);
    let text = file.to_string();
    let known = |destination: &Destination| matches!(destination, Destination::Terminal);
    let rules = rules::load_slice([Source { file: "rules/a.toml", text: &text }], &known, &[]);
    rules.unwrap_or_else(|problems| panic!("{problems}\n{text}")).remove(0)
}

/// What a rule makes of a filing; the evaluator that decides and the one that explains must agree.
pub fn judged(rule: &Rule, filing: &Filing, history: History<'_>) -> Explanation {
    let subject = Subject::new(filing, history);
    let explained = rules::explain(rule, &subject);
    match rules::evaluate(rule, &subject) {
        Ok(matched) => {
            assert_eq!((explained.holds, &explained.lots), (Truth::Yes, &matched.lots), "{explained:#?}");
        }
        Err(silent) => {
            assert_ne!(explained.holds, Truth::Yes, "{explained:#?}");
            let deciding = explained.deciding().unwrap();
            let named = deciding.condition.split(['[', '.']).next().unwrap();
            assert_eq!(silent.0.name(), named, "{explained:#?}");
        }
    }
    explained
}

/// What history keeps of a filing.
pub fn past(filing: &Filing) -> PastFiling {
    PastFiling::of(filing, filing.accepted_at.unwrap()).unwrap()
}

/// A sale as [`sale`], of another accession, owner, day and value.
pub fn other_sale(number: u32, owner: u64, date: &str, shares: &str) -> Filing {
    let mut filing = sale();
    filing.accession = Some(format!("0000000007-25-{number:06}").parse::<Accession>().unwrap());
    filing.owners[0].cik = Cik::new(owner);
    filing.owners[0].name = format!("OWNER {owner}");
    filing.lots[0].date.value = Some(day(date));
    filing.lots[0].shares = noted(shares);
    filing.lots[0].line.shares_after = noted(&format!("{}", 100_000 + number));
    filing.accepted_at = Some(evening(date));
    filing
}

pub fn evening(date: &str) -> DateTime<Utc> {
    at(&format!("{date}T18:00:00-05:00"))
}
