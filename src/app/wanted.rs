//! Which filings are fetched at all: where every rule in force names its issuers, those of others are not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use super::App;
use crate::edgar::tickers::Tickers;
use crate::filing::{Cik, ticker_key};
use crate::rules::RuleSet;
use crate::store::{Coverage, Frontier, StoreError};

/// Which filings are fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Those of all issuers, and why.
    All(String),
    /// Those of some.
    Some(Issuers),
}

/// The issuers that rules name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Issuers {
    /// Named by CIK, or by a ticker of theirs.
    pub(super) ciks: BTreeSet<Cik>,
    /// Whether an issuer without a listed ticker may turn out to be one of them, by the symbol that it types.
    by_symbol: bool,
    tickers: Arc<Tickers>,
}

/// Whether a filing is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// A rule asks about its issuer, or may do so.
    Fetch,
    /// It cannot be told without it.
    Undecided,
    /// No rule asks about its issuer.
    Leave,
}

/// What was found for the rules and tickers of then.
#[derive(Debug, Clone)]
pub(super) struct Known {
    rules: RuleSet,
    tickers: Arc<Tickers>,
    wanted: Arc<Wanted>,
    /// Rules that name no issuer and go nowhere unless somebody subscribes.
    unless_subscribed: Vec<String>,
}

impl Wanted {
    /// Whether a filing is fetched of which the feed shows the issuer or not.
    pub(super) fn of(&self, issuer: Option<Cik>) -> Choice {
        match (self, issuer) {
            (Self::All(_), _) => Choice::Fetch,
            (Self::Some(_), None) => Choice::Undecided,
            (Self::Some(issuers), Some(issuer)) => issuers.of(issuer),
        }
    }

    /// Whether a filing is fetched of which an index shows the filers, one of which is the issuer.
    pub(super) fn of_filers(&self, filers: &[Cik]) -> Choice {
        let Self::Some(issuers) = self else { return Choice::Fetch };
        let choices: Vec<Choice> = filers.iter().map(|filer| issuers.of(*filer)).collect();
        if choices.contains(&Choice::Fetch) {
            Choice::Fetch
        } else if choices.contains(&Choice::Leave) {
            // A listed company among them is its issuer.
            Choice::Leave
        } else {
            Choice::Undecided
        }
    }
}

impl Issuers {
    fn of(&self, issuer: Cik) -> Choice {
        if self.ciks.contains(&issuer) {
            Choice::Fetch
        } else if self.by_symbol && self.tickers.of(issuer).is_empty() {
            Choice::Undecided
        } else {
            Choice::Leave
        }
    }
}

impl App {
    /// Which filings are fetched by the rules and subscriptions in force.
    pub(super) fn wanted(&self) -> Result<Arc<Wanted>, StoreError> {
        let (rules, tickers) = (self.rules(), self.tickers()?);
        let mut known = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = known.as_ref().filter(|k| k.rules.is(&rules) && Arc::ptr_eq(&k.tickers, &tickers));
        let found = match fresh {
            Some(found) => found.clone(),
            None => known.insert(self.look_up(rules, tickers)).clone(),
        };
        drop(known);
        for name in &found.unless_subscribed {
            if !self.store.subscribers(name)?.is_empty() {
                return Ok(Arc::new(Wanted::All(format!("rule `{name}` is about any issuer"))));
            }
        }
        Ok(found.wanted)
    }

    fn look_up(&self, rules: RuleSet, tickers: Arc<Tickers>) -> Known {
        let (told, silent): (Vec<_>, Vec<_>) = rules.unnamed().partition(|rule| !rule.notify.is_empty());
        let unless_subscribed = silent.iter().map(|rule| rule.name.clone()).collect();
        let any = told.first().map(|rule| format!("rule `{}` is about any issuer", rule.name));
        let wanted = match any {
            _ if self.settings.edgar.fetch_all => Wanted::All("[edgar] fetch_all is set".to_owned()),
            Some(reason) => Wanted::All(reason),
            None => named(&rules, &tickers),
        };
        Known { rules, tickers, wanted: Arc::new(wanted), unless_subscribed }
    }

    /// Notes of whom filings are fetched from now on: history is whole only where they were.
    pub(super) fn cover(&self, wanted: &Wanted, frontier: Frontier) -> Result<(), StoreError> {
        let known = self.store.coverage()?;
        // A store of before that was noted has the filings of all.
        let begun = known.is_some();
        let known = known.unwrap_or_default();
        let since = if begun { frontier.seen_until } else { frontier.whole_since() };
        let mut coverage = Coverage { filled: known.filled.clone(), ..Coverage::default() };
        match wanted {
            Wanted::All(_) => {
                coverage.all_since = Some(known.all_since.unwrap_or(since));
                coverage.issuers = known.issuers.clone();
            }
            Wanted::Some(issuers) => {
                let all = known.all_since.unwrap_or(since);
                coverage.issuers = BTreeMap::from_iter(
                    issuers
                        .ciks
                        .iter()
                        .map(|cik| (*cik, known.issuers.get(cik).map_or(all, |own| (*own).min(all)))),
                );
            }
        }
        if begun && coverage == known {
            return Ok(());
        }
        match wanted {
            Wanted::All(reason) => tracing::info!("filings of all issuers are fetched: {reason}"),
            Wanted::Some(issuers) => tracing::info!(
                issuers = issuers.ciks.len(),
                "every rule names its issuers: filings of others are not fetched"
            ),
        }
        self.store.set_coverage(&coverage)
    }
}

/// The issuers that rules name, where all of them are known.
fn named(rules: &RuleSet, tickers: &Arc<Tickers>) -> Wanted {
    let named: BTreeSet<&str> = rules.tickers().collect();
    let mut unknown: BTreeMap<String, &str> = named.iter().map(|name| (ticker_key(name), *name)).collect();
    let keys: BTreeSet<String> = unknown.keys().cloned().collect();
    let mut ciks: BTreeSet<Cik> = rules.ciks().collect();
    if named.is_empty() && ciks.is_empty() {
        return Wanted::All("no rule is in force yet".to_owned());
    }
    let by_symbol = !named.is_empty();
    if by_symbol && tickers.is_empty() {
        return Wanted::All("EDGAR's list of tickers is not there yet".to_owned());
    }
    for (cik, own) in tickers.iter() {
        for ticker in own {
            let key = ticker_key(ticker);
            if keys.contains(&key) {
                unknown.remove(&key);
                ciks.insert(cik);
            }
        }
    }
    match unknown.values().next() {
        Some(ticker) => Wanted::All(format!("a rule names {ticker}, which EDGAR's list does not have")),
        None => Wanted::Some(Issuers { ciks, by_symbol, tickers: Arc::clone(tickers) }),
    }
}
