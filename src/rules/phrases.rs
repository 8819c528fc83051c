//! Phrases for what conditions ask for and find: lists, sums, shares, stakes.

use std::cmp::Ordering;
use std::fmt::Display;

use rust_decimal::Decimal;

use super::wanted::{OWNERSHIPS, TABLES};
use crate::filing::{Money, Ownership, Role, SecuritySums, ShareOfHoldings, Stake, Sums, Table, Trade};

/// The most items of a list that are shown.
const MOST: usize = 8;

/// Some items in a row, and how many more there are.
pub(super) fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let all: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    match all.len() {
        0 => "none".to_owned(),
        n if n > MOST => format!("{} and {} more", all[..MOST].join(", "), n - MOST),
        _ => all.join(", "),
    }
}

pub(super) fn roles(owners: &[Vec<Role>]) -> String {
    let mut all: Vec<Role> = owners.iter().flatten().copied().collect();
    all.sort_unstable();
    all.dedup();
    list(all)
}

/// The value of a trade, and what part of it is unknown.
pub(super) fn value(trade: &Trade) -> String {
    each_way(trade, |sums| {
        let odd = if sums.value_is_odd { ", by an odd value" } else { "" };
        match (sums.value, sums.value_is_at_least) {
            (Some(value), false) => format!("{}{odd}", value.exact()),
            (Some(value), true) => {
                format!("at least {}{odd}, {}", value.exact(), unpriced(sums, "a lot has no price"))
            }
            (None, true) => format!("unknown, {}", unpriced(sums, "no lot has a price")),
            (None, false) => "nothing".to_owned(),
        }
    })
}

/// Why lots have no value in dollars.
fn unpriced(sums: &Sums, without_price: &str) -> String {
    let unlike = sums
        .securities
        .iter()
        .find(|security| security.value_is_at_least && security.why_no_value().is_some());
    match unlike.and_then(|security| Some((security, security.why_no_value()?))) {
        Some((security, why)) => {
            let foreign = |money: &Money| money.amount.text_in(Some(money.currency));
            let amounts = security.amounts_text(foreign).filter(|_| !security.is_in_dollars());
            amounts.map_or_else(|| why.to_owned(), |amounts| format!("{amounts} is {why}"))
        }
        None => without_price.to_owned(),
    }
}

/// A figure for each way that lots go; if there are two, each with its word.
fn each_way(trade: &Trade, figure: impl Fn(&Sums) -> String) -> String {
    let Some(opposite) = &trade.opposite else { return figure(&trade.sums) };
    let named = |sums: &Sums| {
        format!("{} {}", sums.direction.map_or("", crate::filing::Direction::word), figure(sums))
    };
    format!("{}; {}", named(&trade.sums), named(opposite))
}

/// The value of a trade to the cent, for people, in its own currencies.
pub(super) fn worth(trade: &Trade) -> String {
    let shown = |money: &Money| money.amount.text_in(Some(money.currency));
    let unlike = trade.sums.only().filter(|only| !only.is_in_dollars() && !trade.sums.value_is_odd);
    if let Some((only, amounts)) = unlike.and_then(|only| Some((only, only.amounts_text(shown)?))) {
        return format!("{}{amounts}", if only.amounts_are_at_least { "at least " } else { "" });
    }
    match (trade.sums.value, trade.sums.value_is_at_least) {
        (Some(_), _) if trade.sums.value_is_odd => "an odd value".to_owned(),
        (Some(value), false) => value.to_string(),
        (Some(value), true) => format!("at least {value}"),
        (None, _) => "an unknown value".to_owned(),
    }
}

pub(super) fn table(table: Table) -> &'static str {
    TABLES.iter().find(|(_, known)| *known == Some(table)).map_or("any", |(word, _)| word)
}

pub(super) fn ownership(ownership: Ownership) -> &'static str {
    OWNERSHIPS.iter().find(|(_, known)| *known == ownership).map_or("direct", |(word, _)| word)
}

pub(super) fn shares(trade: &Trade) -> String {
    each_way(trade, |sums| {
        let each: Vec<String> =
            sums.securities.iter().map(|security| shares_of(security, sums.only().is_none())).collect();
        if each.is_empty() { "nothing".to_owned() } else { each.join(" and ") }
    })
}

/// The shares of one security, with its title if there are several.
fn shares_of(sums: &SecuritySums, named: bool) -> String {
    let title =
        sums.security.as_deref().filter(|_| named).map_or_else(String::new, |title| format!(" of {title}"));
    let unit = sums.unit.word();
    match (sums.shares, sums.shares_is_at_least, sums.principal_usd) {
        (None, _, Some(principal)) => format!("{principal} of principal{title}"),
        (Some(shares), false, _) => format!("{shares} {unit}{title}"),
        (Some(shares), true, _) => format!("at least {shares} {unit}{title}, a lot states no number"),
        (None, true, None) => format!("unknown{title}, no lot states a number"),
        (None, false, None) => "nothing".to_owned(),
    }
}

pub(super) fn percent(fraction: Decimal) -> String {
    let percent = fraction.checked_mul(Decimal::ONE_HUNDRED).unwrap_or(fraction);
    format!("{}%", percent.round_dp(6).normalize())
}

/// The fractions of the holdings, for each security.
pub(super) fn shares_held(shares: &[Option<ShareOfHoldings>]) -> String {
    const UNKNOWN: &str = "unknown: the filing does not state the holdings before";
    let each = shares.iter().map(|share| match share {
        Some(share) => format!("{} of {} held before", percent(share.fraction), share.before),
        None => UNKNOWN.to_owned(),
    });
    if shares.is_empty() { UNKNOWN.to_owned() } else { each.collect::<Vec<_>>().join("; ") }
}

/// The stakes in the securities of some lots.
pub(super) fn stakes(stakes: &[Stake]) -> String {
    let each = |stake: &Stake| match (stake.ends, stake.change) {
        (Some((before, after)), Some(change)) => {
            format!("{before} → {after}, {}", changed(change))
        }
        (Some((before, after)), None) => format!("{before} → {after}, nothing was held before"),
        (None, _) => "unknown: the filing does not state the holdings, or contradicts itself".to_owned(),
    };
    list(stakes.iter().map(each))
}

/// `down 10%`, `up 5%`, `unchanged`.
fn changed(change: Decimal) -> String {
    match change.cmp(&Decimal::ZERO) {
        Ordering::Less => format!("down {}", percent(change.abs())),
        Ordering::Equal => "unchanged".to_owned(),
        Ordering::Greater => format!("up {}", percent(change)),
    }
}

pub(super) fn filed_late(late: Option<bool>) -> &'static str {
    match late {
        Some(true) => "filed late",
        Some(false) => "filed in time",
        None => "unknown, no acceptance time or no date",
    }
}
