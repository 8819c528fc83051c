//! The rules in force, indexed so that a filing meets only the rules that may match it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::rule::Rule;
use crate::filing::{Cik, Code, Filing, Usd, ticker_key};

/// Rules in the order of their files. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    rules: Vec<Rule>,
    by_name: HashMap<String, usize>,
    named: BTreeSet<String>,
    /// By the form that all spellings of a ticker share.
    by_ticker: HashMap<String, Vec<Entry>>,
    by_cik: HashMap<Cik, Vec<Entry>>,
    /// Rules that name no issuer.
    unnamed: Vec<usize>,
    /// The same rules by code, those with the smallest required value first.
    of_any: HashMap<Code, Vec<(Usd, usize)>>,
}

/// A rule that names an issuer, and the codes that it wants a lot of, one bit each.
#[derive(Debug, Clone, Copy)]
struct Entry {
    rule: usize,
    codes: u32,
}

fn bit(code: Code) -> u32 {
    1 << (u32::from(code.letter()) - u32::from('A')).min(31)
}

impl RuleSet {
    /// Indexes rules whose names are unique.
    pub fn new(rules: Vec<Rule>) -> Self {
        let mut inner = Inner::default();
        for (number, rule) in rules.iter().enumerate() {
            inner.by_name.insert(rule.name.clone(), number);
            if !rule.enabled {
                continue;
            }
            let codes = rule.conditions.codes();
            let entry =
                Entry { rule: number, codes: codes.iter().map(|code| bit(*code)).fold(0, |a, b| a | b) };
            match rule.conditions.issuers() {
                Some((tickers, ciks)) => {
                    for ticker in tickers {
                        inner.named.insert(ticker.to_owned());
                        inner.by_ticker.entry(ticker_key(ticker)).or_default().push(entry);
                    }
                    for cik in ciks {
                        inner.by_cik.entry(cik).or_default().push(entry);
                    }
                }
                None => {
                    inner.unnamed.push(number);
                    let least = rule.conditions.min_value.unwrap_or_default();
                    for code in codes {
                        inner.of_any.entry(code).or_default().push((least, number));
                    }
                }
            }
        }
        for rules in inner.of_any.values_mut() {
            rules.sort_unstable();
        }
        inner.rules = rules;
        Self { inner: Arc::new(inner) }
    }

    /// All rules.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Rule> {
        self.inner.rules.iter()
    }

    /// The number of rules.
    pub fn len(&self) -> usize {
        self.inner.rules.len()
    }

    /// True if there are no rules.
    pub fn is_empty(&self) -> bool {
        self.inner.rules.is_empty()
    }

    /// The rule with this name.
    pub fn get(&self, name: &str) -> Option<&Rule> {
        self.inner.by_name.get(name).map(|&number| &self.inner.rules[number])
    }

    /// True if these are the very same rules.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// The enabled rules that name no issuer.
    pub fn unnamed(&self) -> impl Iterator<Item = &Rule> {
        self.inner.unnamed.iter().map(|&number| &self.inner.rules[number])
    }

    /// The tickers that enabled rules name, as written.
    pub fn tickers(&self) -> impl Iterator<Item = &str> {
        self.inner.named.iter().map(String::as_str)
    }

    /// The issuers that enabled rules name by CIK.
    pub fn ciks(&self) -> impl Iterator<Item = Cik> {
        self.inner.by_cik.keys().copied()
    }

    /// The rules that a filing may match, by issuer, transaction codes and value. No other rule can match it.
    pub fn candidates(&self, filing: &Filing) -> Vec<&Rule> {
        let mut codes: Vec<Code> = filing.lots.iter().filter_map(|lot| lot.code.value).collect();
        codes.sort_unstable();
        codes.dedup();
        let bits = codes.iter().map(|code| bit(*code)).fold(0, |a, b| a | b);
        let mut found: Vec<usize> = Vec::new();
        let mut take = |entries: Option<&Vec<Entry>>| {
            let meeting = entries.into_iter().flatten().filter(|entry| entry.codes & bits != 0);
            found.extend(meeting.map(|entry| entry.rule));
        };
        take(self.inner.by_cik.get(&filing.issuer.cik));
        for ticker in filing.issuer.all_tickers() {
            take(self.inner.by_ticker.get(&ticker_key(&ticker)));
        }
        // No rule can count more than all lots together.
        let mut values = filing.lots.iter().filter_map(crate::filing::Lot::value);
        let most = values.try_fold(Usd::ZERO, |sum, value| sum.plus(value));
        for rules in codes.iter().filter_map(|code| self.inner.of_any.get(code)) {
            let end = most.map_or(rules.len(), |most| rules.partition_point(|(least, _)| *least <= most));
            found.extend(rules[..end].iter().map(|(_, rule)| *rule));
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|rule| &self.inner.rules[rule]).collect()
    }
}
