//! A rule and a filing: does it ring, with which lots, and if not, why not. Pure.

use thiserror::Error;

use super::Rule;
use crate::filing::{Filing, Lot, Shares, Table, Trade, Usd};

/// A rule and the lots of a filing that meet it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Positions in [`Filing::lots`], ascending.
    pub lots: Vec<usize>,
    /// The figures of those lots together.
    pub trade: Trade,
}

/// Why a rule does not ring for a filing: the first condition that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Silent {
    /// `tickers`
    #[error("the issuer's ticker is {found}, not one of the rule's")]
    Ticker {
        /// The filing's tickers, or `none`.
        found: String,
    },
    /// `ciks`
    #[error("the issuer is another company")]
    Cik,
    /// `codes`
    #[error("no lot of table I has one of the codes {wanted}")]
    Codes {
        /// The rule's codes.
        wanted: String,
    },
    /// `min_value`
    #[error("the lots are worth {}, the rule wants {}", shown(*found, *at_least), wanted.exact())]
    MinValue {
        /// The threshold.
        wanted: Usd,
        /// The sum of the priced lots, if any is priced.
        found: Option<Usd>,
        /// Whether a lot's price is unknown, so that the true sum may be higher.
        at_least: bool,
    },
    /// `min_shares`
    #[error("the lots are {} shares, the rule wants {wanted}", found.map_or("an unknown number of".into(), |n| n.to_string()))]
    MinShares {
        /// The threshold.
        wanted: Shares,
        /// The sum, if any lot states a number.
        found: Option<Shares>,
    },
}

fn shown(found: Option<Usd>, at_least: bool) -> String {
    match found {
        None => "an unknown sum".into(),
        Some(value) if at_least => format!("at least {}", value.exact()),
        Some(value) => value.exact(),
    }
}

/// Holds a rule against a filing.
///
/// Conditions choose the lots of table I first; thresholds then hold on their sum. An unpriced lot adds nothing to a sum
/// of dollars, so a threshold is met only by what is known.
///
/// # Errors
/// [`Silent`] is the reason why it does not ring.
pub fn evaluate(rule: &Rule, filing: &Filing) -> Result<Match, Silent> {
    if !rule.ciks.is_empty() && !rule.ciks.contains(&filing.issuer.cik) {
        return Err(Silent::Cik);
    }
    if !rule.tickers.is_empty() {
        let tickers = filing.issuer.all_tickers();
        if !tickers.iter().any(|ticker| rule.tickers.contains(ticker)) {
            let found = if tickers.is_empty() { "none".into() } else { tickers.join(", ") };
            return Err(Silent::Ticker { found });
        }
    }
    let lots: Vec<usize> =
        filing.lots.iter().enumerate().filter(|(_, lot)| counts(rule, lot)).map(|(i, _)| i).collect();
    if lots.is_empty() {
        let wanted = rule.codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(Silent::Codes { wanted });
    }
    let trade = Trade::of(lots.iter().map(|&i| filing.lots[i].figures()));
    if let Some(wanted) = rule.min_value
        && trade.value.is_none_or(|value| value < wanted)
    {
        return Err(Silent::MinValue { wanted, found: trade.value, at_least: trade.value_is_at_least });
    }
    if let Some(wanted) = rule.min_shares
        && trade.shares.is_none_or(|shares| shares < wanted)
    {
        return Err(Silent::MinShares { wanted, found: trade.shares });
    }
    Ok(Match { lots, trade })
}

fn counts(rule: &Rule, lot: &Lot) -> bool {
    lot.line.table == Table::NonDerivative && lot.code.value.is_some_and(|code| rule.codes.contains(&code))
}
