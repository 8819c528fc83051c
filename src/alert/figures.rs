//! The figures of an alert: sums of its lots, the lines that they change, and the stake before and after.

use rust_decimal::Decimal;

use super::agreed::AlertDirection;
use super::record::{Alert, AlertLine, WayFigures};
use super::securities::alert_securities;
use crate::filing::record::{SourceRecord, StakeRecord, eight_digits};
use crate::filing::{Amount, Direction, LineShare, SecuritySums, Sums, Usd, grouped};

/// How a stake changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StakeChange {
    /// Not at all.
    Unchanged,
    /// There was none before.
    New,
    /// Nothing is left.
    All,
    /// It grew by this fraction of itself.
    Up(Decimal),
    /// It fell by this fraction of itself.
    Down(Decimal),
}

impl Alert {
    /// Copies the sums of its lots.
    pub(super) fn take_sums(&mut self, sums: &Sums, opposite: Option<&Sums>) {
        self.direction = match (opposite, sums.direction) {
            (Some(_), _) => Some(AlertDirection::Both),
            (None, direction) => direction.map(AlertDirection::from),
        };
        let only = sums.only();
        let own = WayFigures::from(sums);
        self.shares = own.shares;
        self.shares_is_at_least = own.shares_is_at_least;
        self.principal_usd = own.principal_usd;
        self.value_usd = own.value_usd;
        self.value_is_at_least = own.value_is_at_least;
        self.value_is_odd = own.value_is_odd;
        self.average_price = own.average_price;
        self.price_low = only.and_then(|only| only.price_low);
        self.price_high = only.and_then(|only| only.price_high);
        self.securities = alert_securities(sums, opposite);
        self.opposite = opposite.map(WayFigures::from);
    }

    /// The figures of its main direction.
    pub(super) fn figures(&self) -> WayFigures {
        WayFigures {
            direction: self.main_direction(),
            shares: self.shares,
            shares_is_at_least: self.shares_is_at_least,
            principal_usd: self.principal_usd,
            value_usd: self.value_usd,
            value_is_at_least: self.value_is_at_least,
            value_is_odd: self.value_is_odd,
            average_price: self.average_price,
        }
    }

    /// The sums of the lots that go one way. Alerts of older versions have no securities: their figures are
    /// those of one.
    pub(super) fn sums_of(&self, direction: Option<Direction>, main: bool) -> Sums {
        let mut own: Vec<SecuritySums> = self
            .securities
            .iter()
            .filter(|security| security.direction == direction)
            .map(|security| security.sums.clone())
            .collect();
        let figures = if main { Some(self.figures()) } else { self.opposite.clone() };
        let Some(figures) = figures else { return Sums::default() };
        if own.is_empty() {
            own.push(figures.as_security());
        }
        Sums {
            direction,
            securities: own,
            value: figures.value_usd,
            value_is_at_least: figures.value_is_at_least,
            value_is_odd: figures.value_is_odd,
            sound_value: None,
        }
    }

    /// Adds stakes, except for securities that already have one.
    pub(crate) fn take_stakes(&mut self, stakes: impl IntoIterator<Item = StakeRecord>) {
        for stake in stakes {
            if !self.stakes.iter().any(|own| (own.table, &own.security) == (stake.table, &stake.security)) {
                self.stakes.push(stake);
            }
        }
        let one = if let [one] = self.stakes.as_slice() { Some(one.clone()) } else { None };
        self.stake_before = one.as_ref().and_then(|one| one.before);
        self.stake_after = one.as_ref().and_then(|one| one.after);
        self.stake_change = one.and_then(|one| one.change);
    }

    /// The direction of the lots in its main sums.
    pub fn main_direction(&self) -> Option<Direction> {
        match (self.opposite.as_ref().map(|opposite| opposite.direction), self.direction) {
            (Some(Some(Direction::Acquired)), _) | (None, Some(AlertDirection::Disposed)) => {
                Some(Direction::Disposed)
            }
            (Some(Some(Direction::Disposed)), _) | (None, Some(AlertDirection::Acquired)) => {
                Some(Direction::Acquired)
            }
            (Some(None), _) | (None, Some(AlertDirection::Both) | None) => None,
        }
    }
}

impl From<&Sums> for WayFigures {
    fn from(sums: &Sums) -> Self {
        let only = sums.only();
        Self {
            direction: sums.direction,
            shares: only.and_then(|only| only.shares),
            shares_is_at_least: only.is_some_and(|only| only.shares_is_at_least),
            principal_usd: only.and_then(|only| only.principal_usd),
            value_usd: sums.value,
            value_is_at_least: sums.value_is_at_least,
            value_is_odd: sums.value_is_odd,
            average_price: only.and_then(dollar_average),
        }
    }
}

fn dollar_average(sums: &SecuritySums) -> Option<Usd> {
    sums.average_price.filter(|_| sums.is_in_dollars()).map(Amount::dollars)
}

impl From<LineShare> for AlertLine {
    fn from(line: LineShare) -> Self {
        Self {
            security: line.security,
            ownership: line.ownership,
            nature: line.nature,
            shares: line.shares,
            before: line.before,
            share: line.fraction.map(eight_digits),
        }
    }
}

impl StakeRecord {
    /// How it changed; `None` if that is unknown.
    pub fn change_kind(&self) -> Option<StakeChange> {
        let (before, after) = self.before.zip(self.after)?;
        let change: Option<Decimal> = self.change.as_deref().and_then(|change| change.parse().ok());
        Some(match change {
            _ if before == after => StakeChange::Unchanged,
            None => StakeChange::New,
            Some(_) if after.is_zero() => StakeChange::All,
            Some(change) if change.is_sign_negative() => StakeChange::Down(change.abs()),
            Some(change) => StakeChange::Up(change),
        })
    }

    /// The change in words: `unchanged`, `new`, `all of it`, `down 0.48%`; `None` if it is unknown.
    pub fn change_text(&self) -> Option<String> {
        Some(match self.change_kind()? {
            StakeChange::Unchanged => "unchanged".to_owned(),
            StakeChange::New => "new".to_owned(),
            StakeChange::All => "all of it".to_owned(),
            StakeChange::Up(fraction) => format!("up {}", percent(fraction)),
            // Something is left.
            StakeChange::Down(fraction) => match percent(fraction) {
                all if all == "100%" => "down over 99.99%".to_owned(),
                share => format!("down {share}"),
            },
        })
    }

    /// True if a split lies between.
    pub fn is_across_split(&self) -> bool {
        self.sources.iter().any(|source| matches!(source.what.as_str(), "split" | "reverse split"))
    }

    /// How it came about: `exercised 29,136 options at $60.37 and sold them`; `was granted 500, sold 300`.
    pub fn came_from(&self) -> String {
        came_from(&self.sources)
    }

    /// In words: `52,609 → 52,609, unchanged: exercised 29,136 options at $60.37 and sold them`.
    pub fn text(&self) -> String {
        let (Some(before), Some(after)) = (self.before, self.after) else { return "not stated".to_owned() };
        let across = if self.is_across_split() { " across a split" } else { "" };
        let how = self.change_text().unwrap_or_default();
        let came = self.came_from();
        let came = if came.is_empty() { came } else { format!(": {came}") };
        format!("{before} → {after}{across}, {how}{came}")
    }
}

/// A share in percent: two digits, `under 0.01%`, and no fraction from a thousand on.
fn percent(fraction: Decimal) -> String {
    let Some(percent) = fraction.checked_mul(Decimal::ONE_HUNDRED) else {
        return "many times over".to_owned();
    };
    let digits = if percent >= Decimal::ONE_THOUSAND { 0 } else { 2 };
    let rounded = percent.round_dp(digits).normalize();
    match rounded.is_zero() {
        true => "under 0.01%".to_owned(),
        false => format!("{}%", grouped(&rounded.to_string())),
    }
}

fn came_from(sources: &[SourceRecord]) -> String {
    const MOST: usize = 5;
    if let [one, sold] = sources
        && matches!(one.what.as_str(), "exercised" | "vested" | "converted")
        && sold.what == "sold"
        && one.shares.is_some()
        && one.shares == sold.shares
    {
        return format!("{} and sold them", with_price(one));
    }
    let mut texts: Vec<String> = sources
        .iter()
        .take(MOST)
        .map(|source| if source.what == "exercised" { with_price(source) } else { source.text.clone() })
        .collect();
    if sources.len() > MOST {
        texts.push(format!("and {} more", sources.len() - MOST));
    }
    texts.join(", ")
}

fn with_price(source: &SourceRecord) -> String {
    source.price.map_or_else(|| source.text.clone(), |price| format!("{} at {}", source.text, price.exact()))
}
