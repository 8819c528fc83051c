//! The scope: if every active rule names its issuers, other issuers' filings are not fetched.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::addressees::destinations_of;
use super::tickers::TickerList;
use crate::config::Settings;
use crate::edgar::tickers::Tickers;
use crate::filing::{Cik, ticker_key};
use crate::parts::Parts;
use crate::rules::{ActiveRules, RuleSet};
use crate::store::{Coverage, Frontier, Store, StoreError};

/// The filings that are in scope and therefore fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum InScope {
    /// Filings of all issuers, and the reason.
    All(String),
    /// Filings of some issuers.
    Some(Issuers),
}

/// The issuers that rules name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Issuers {
    /// The CIKs of issuers named by CIK or by one of their tickers.
    pub(crate) ciks: BTreeSet<Cik>,
    /// True if an issuer without a listed ticker may turn out to be one of them by the symbol in its filing.
    by_symbol: bool,
    tickers: Arc<Tickers>,
}

/// The decision whether to fetch a filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// A rule covers its issuer.
    Fetch,
    /// Unknown until the filing is read.
    Undecided,
    /// No rule covers its issuer.
    Leave,
}

/// The scope of some rules and tickers.
#[derive(Debug, Clone)]
struct Known {
    rules: RuleSet,
    tickers: Arc<Tickers>,
    in_scope: Arc<InScope>,
    /// Rules that name no issuer and have no destination unless somebody subscribes.
    unless_subscribed: Vec<String>,
}

impl InScope {
    /// Whether to fetch a filing, given its issuer if the feed shows it.
    pub(super) fn of(&self, issuer: Option<Cik>) -> Choice {
        match (self, issuer) {
            (Self::All(_), _) => Choice::Fetch,
            (Self::Some(_), None) => Choice::Undecided,
            (Self::Some(issuers), Some(issuer)) => issuers.of(issuer),
        }
    }

    /// Whether to fetch a filing, given its filers from an index, one of which is the issuer.
    pub(super) fn of_filers(&self, filers: &[Cik]) -> Choice {
        let Self::Some(issuers) = self else { return Choice::Fetch };
        let choices: Vec<Choice> = filers.iter().map(|filer| issuers.of(*filer)).collect();
        if choices.contains(&Choice::Fetch) {
            Choice::Fetch
        } else if choices.contains(&Choice::Leave) {
            // A listed company among the filers is the issuer.
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

/// The scope of the active rules.
pub(crate) struct Scope {
    settings: Arc<Settings>,
    rules: ActiveRules,
    tickers: Arc<TickerList>,
    store: Store,
    /// The last result.
    known: Mutex<Option<Known>>,
}

impl Scope {
    pub(super) fn new(parts: &Parts, tickers: Arc<TickerList>) -> Self {
        Self {
            settings: Arc::clone(&parts.settings),
            rules: parts.rules.clone(),
            tickers,
            store: parts.store.clone(),
            known: Mutex::default(),
        }
    }

    /// The scope of the active rules and subscriptions.
    pub(crate) async fn current(&self) -> Result<Arc<InScope>, StoreError> {
        let (rules, tickers) = (self.rules.current(), self.tickers.current().await?);
        let found = self.known(rules, tickers);
        for name in &found.unless_subscribed {
            if !self.store.subscribers(name).await?.is_empty() {
                return Ok(Arc::new(InScope::All(format!("rule `{name}` is about any issuer"))));
            }
        }
        Ok(found.in_scope)
    }

    fn known(&self, rules: RuleSet, tickers: Arc<Tickers>) -> Known {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = known.as_ref().filter(|k| k.rules.is(&rules) && Arc::ptr_eq(&k.tickers, &tickers));
        match fresh {
            Some(found) => found.clone(),
            None => known.insert(self.look_up(rules, tickers)).clone(),
        }
    }

    fn look_up(&self, rules: RuleSet, tickers: Arc<Tickers>) -> Known {
        let (alerting, silent): (Vec<_>, Vec<_>) =
            rules.unnamed().partition(|rule| !destinations_of(&self.settings, rule).is_empty());
        let unless_subscribed = silent.iter().map(|rule| rule.name.clone()).collect();
        let any = alerting.first().map(|rule| format!("rule `{}` is about any issuer", rule.name));
        let in_scope = match any {
            _ if self.settings.edgar.fetch_all => InScope::All("[edgar] fetch_all is set".to_owned()),
            Some(reason) => InScope::All(reason),
            None => named(&rules, &tickers),
        };
        Known { rules, tickers, in_scope: Arc::new(in_scope), unless_subscribed }
    }

    /// Records which issuers' filings are fetched from now on: history is complete only for those.
    pub(super) async fn cover(&self, in_scope: &InScope, frontier: Frontier) -> Result<(), StoreError> {
        loop {
            let read = self.store.coverage().await?;
            let Some(coverage) = covered(in_scope, frontier, read.as_ref()) else { return Ok(()) };
            if self.store.replace_coverage(read.as_ref(), &coverage).await? {
                break;
            }
        }
        match in_scope {
            InScope::All(reason) => tracing::info!("filings of all issuers are fetched: {reason}"),
            InScope::Some(issuers) => tracing::info!(
                issuers = issuers.ciks.len(),
                "every rule names its issuers, so other filings are not fetched"
            ),
        }
        Ok(())
    }
}

/// The coverage from now on; `None` if it is unchanged.
fn covered(in_scope: &InScope, frontier: Frontier, read: Option<&Coverage>) -> Option<Coverage> {
    // A store from before coverage was recorded has the filings of all issuers.
    let begun = read.is_some();
    let known = read.cloned().unwrap_or_default();
    let since = if begun { frontier.seen_until } else { frontier.whole_since() };
    let mut coverage = Coverage { filled: known.filled.clone(), ..Coverage::default() };
    match in_scope {
        InScope::All(_) => {
            coverage.all_since = Some(known.all_since.unwrap_or(since));
            coverage.issuers = known.issuers.clone();
        }
        InScope::Some(issuers) => {
            let all = known.all_since.unwrap_or(since);
            coverage.issuers = BTreeMap::from_iter(
                issuers
                    .ciks
                    .iter()
                    .map(|cik| (*cik, known.issuers.get(cik).map_or(all, |own| (*own).min(all)))),
            );
        }
    }
    (!begun || coverage != known).then_some(coverage)
}

/// The issuers that rules name, if all of them are known.
fn named(rules: &RuleSet, tickers: &Arc<Tickers>) -> InScope {
    let named: BTreeSet<&str> = rules.tickers().collect();
    let mut unknown: BTreeMap<String, &str> = named.iter().map(|name| (ticker_key(name), *name)).collect();
    let keys: BTreeSet<String> = unknown.keys().cloned().collect();
    let mut ciks: BTreeSet<Cik> = rules.ciks().collect();
    if named.is_empty() && ciks.is_empty() {
        return InScope::All("no rule is in force yet".to_owned());
    }
    let by_symbol = !named.is_empty();
    if by_symbol && tickers.is_empty() {
        return InScope::All("EDGAR's list of tickers is not there yet".to_owned());
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
        Some(ticker) => InScope::All(format!("a rule names {ticker}, which is not in EDGAR's list")),
        None => InScope::Some(Issuers { ciks, by_symbol, tickers: Arc::clone(tickers) }),
    }
}
