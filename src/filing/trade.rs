//! A trade: some lots of one filing together, by security. Acquisitions and dispositions are never added up,
//! and neither are unlike securities; only their values in dollars are.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Amount, Currency, Direction, Lot, LotFigures, PricedBy, Shares, Table, Unit, Usd};

/// The sums of lots of one security that go one way. In JSON, it is part of an alert: `docs/ALERT.md`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecuritySums {
    /// Which table it is in.
    pub table: Table,
    /// Its title, as its first lot has it.
    pub security: Option<String>,
    /// The unit of its lots.
    pub unit: Unit,
    /// The unit of their prices; `unclear` if it is not known for one of them, or they differ.
    pub priced_by: PricedBy,
    /// The currency of their prices; `None` if it is not known for one of them, or they differ.
    pub currency: Option<Currency>,
    /// The sum over the lots that state a number of shares; `None` if none does.
    pub shares: Option<Shares>,
    /// True if a lot states no number of shares, so that the true sum is higher than `shares`.
    pub shares_is_at_least: bool,
    /// The principal of debt, in dollars; `None` for other securities.
    pub principal_usd: Option<Usd>,
    /// The sum of the amounts in each known currency.
    pub amounts: Vec<Money>,
    /// True if a lot has no amount, or one in an unknown currency, so that there is more.
    pub amounts_are_at_least: bool,
    /// The sum of the values in dollars, odd ones included; `None` if no lot has one.
    pub value_usd: Option<Usd>,
    /// True if a lot has no value, so that the true one is higher than `value`.
    pub value_is_at_least: bool,
    /// True if the value of a lot is flagged as odd.
    pub value_is_odd: bool,
    /// Amount ÷ number of units priced, over the lots that have both, in `currency`; `None` across a split.
    pub average_price: Option<Amount>,
    /// Lowest actual price in dollars; `None` if a lot's is unknown, or across a split.
    pub price_low: Option<Usd>,
    /// Highest actual price in dollars, likewise.
    pub price_high: Option<Usd>,
    /// True if there are lots from before and from after a split.
    pub across_split: bool,
}

/// The sums of lots that go one way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// Their direction; `None` if the lots do not say.
    pub direction: Option<Direction>,
    /// The sums of each security, in the order of the lots.
    pub securities: Vec<SecuritySums>,
    /// The sum over the lots with a value in dollars, odd ones included; `None` if no lot has one.
    pub value: Option<Usd>,
    /// True if a lot has no value in dollars, so that the true one is higher than `value`.
    pub value_is_at_least: bool,
    /// True if the value of a lot is flagged as odd.
    pub value_is_odd: bool,
    /// The sum without the odd values; `None` if no lot has another.
    pub sound_value: Option<Usd>,
}

/// The figures of several lots together. Definitions: `docs/RULES.md`, "figures".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// The sums of the direction that the lots go. If they go both ways, the one that is worth more, else has
    /// more shares, else disposes.
    pub sums: Sums,
    /// The sums of the other direction.
    pub opposite: Option<Sums>,
    /// The first and last transaction dates.
    pub dates: Option<(NaiveDate, NaiveDate)>,
    /// On how many different days the lots were traded.
    pub days: usize,
}

impl Trade {
    /// The figures of these lots. A sum that does not fit in 28 digits counts as unpriced from there on. If
    /// some lots state no direction, the sums are *at least*.
    pub fn of<'l>(lots: impl IntoIterator<Item = LotFigures<'l>>) -> Self {
        let lots: Vec<LotFigures<'l>> = lots.into_iter().collect();
        let mut dates: Vec<NaiveDate> = lots.iter().filter_map(|lot| lot.date).collect();
        dates.sort_unstable();
        dates.dedup();
        let of = |direction: Option<Direction>| {
            let those: Vec<&LotFigures<'l>> = lots.iter().filter(|lot| lot.direction == direction).collect();
            (!those.is_empty()).then(|| Sums::of(direction, &those))
        };
        let weight = |sums: &Sums| (sums.sound_value.filter(|value| !value.is_zero()), sums.most_shares());
        let [disposed, acquired, unstated] =
            [of(Some(Direction::Disposed)), of(Some(Direction::Acquired)), of(None)];
        let (sums, opposite) = match (disposed, acquired) {
            (Some(disposed), Some(acquired)) if weight(&acquired) > weight(&disposed) => {
                (Some(acquired), Some(disposed))
            }
            (Some(disposed), acquired) => (Some(disposed), acquired),
            (None, acquired) => (acquired, None),
        };
        let (sums, opposite) = match (sums, unstated) {
            (Some(sums), Some(_)) => (Some(sums.at_least()), opposite),
            (sums, unstated) => (sums.or(unstated), opposite),
        };
        Self {
            sums: sums.unwrap_or_default(),
            opposite,
            dates: dates.first().copied().zip(dates.last().copied()),
            days: dates.len(),
        }
    }

    /// The figures of these lots, without those that only move shares if there are others.
    pub fn of_lots<'l>(lots: impl IntoIterator<Item = &'l Lot>) -> Self {
        let lots: Vec<&Lot> = lots.into_iter().collect();
        let moves = lots.iter().all(|lot| lot.moved);
        Self::of(lots.iter().filter(|lot| moves || !lot.moved).map(|lot| lot.figures()))
    }

    /// `acquired`, `disposed`, or `both`; `None` if the lots do not say.
    pub fn direction_word(&self) -> Option<&'static str> {
        if self.opposite.is_some() { Some("both") } else { self.sums.direction.map(Direction::word) }
    }

    /// The sums for each direction in which the lots go.
    pub fn ways(&self) -> impl Iterator<Item = &Sums> {
        [&self.sums].into_iter().chain(&self.opposite)
    }
}

impl Sums {
    fn of(direction: Option<Direction>, lots: &[&LotFigures<'_>]) -> Self {
        let mut groups: Vec<Vec<&LotFigures<'_>>> = Vec::new();
        for lot in lots {
            match groups.iter_mut().find(|group| group[0].is_like(lot)) {
                Some(group) => group.push(lot),
                None => groups.push(vec![lot]),
            }
        }
        let securities = groups.iter().map(|group| SecuritySums::of(group)).collect();
        let mut sums = Self { direction, securities, ..Self::default() };
        for lot in lots {
            match lot.value.and_then(|value| sums.value.unwrap_or_default().plus(value)) {
                Some(sum) => sums.value = Some(sum),
                None => sums.value_is_at_least = true,
            }
            if let Some(value) = lot.value {
                sums.value_is_odd |= lot.odd_value;
                let sound = sums.sound_value.unwrap_or_default();
                sums.sound_value = (!lot.odd_value).then(|| sound.plus(value)).flatten().or(sums.sound_value);
            }
        }
        sums
    }

    /// The sums of the security, if the lots are of only one.
    pub fn only(&self) -> Option<&SecuritySums> {
        if let [only] = self.securities.as_slice() { Some(only) } else { None }
    }

    /// The number of shares of the security with the most shares.
    pub fn most_shares(&self) -> Option<Shares> {
        self.securities.iter().filter_map(|security| security.shares).max()
    }

    fn at_least(mut self) -> Self {
        self.value_is_at_least = true;
        for security in &mut self.securities {
            security.shares_is_at_least = true;
            security.value_is_at_least = true;
            security.amounts_are_at_least = true;
        }
        self
    }
}

impl SecuritySums {
    fn of(lots: &[&LotFigures<'_>]) -> Self {
        let first = lots[0];
        let mut sums = Self {
            table: first.table,
            security: first.security.map(str::to_owned),
            unit: first.counted,
            priced_by: agreed(lots, |lot| lot.priced_by).unwrap_or(PricedBy::Unclear),
            currency: agreed(lots, |lot| lot.currency).flatten(),
            shares: None,
            shares_is_at_least: false,
            principal_usd: None,
            amounts: Vec::new(),
            amounts_are_at_least: false,
            value_usd: None,
            value_is_at_least: false,
            value_is_odd: false,
            average_price: None,
            price_low: None,
            price_high: None,
            across_split: lots.iter().any(|lot| lot.splits_before != first.splits_before),
        };
        let free = lots.iter().all(|lot| lot.amount.is_none_or(Amount::is_zero));
        let (mut priced_amount, mut priced): (Option<Amount>, Shares) = (None, Shares::ZERO);
        for lot in lots {
            if let Some(principal) = lot.principal {
                sums.principal_usd =
                    sums.principal_usd.unwrap_or_default().plus(principal).or(sums.principal_usd);
            } else {
                match lot.shares.and_then(|n| sums.shares.unwrap_or_default().plus(n)) {
                    Some(sum) => sums.shares = Some(sum),
                    None => sums.shares_is_at_least = true,
                }
            }
            match lot.amount.zip(lot.currency) {
                Some((amount, currency)) => sums.add(currency, amount),
                None => sums.amounts_are_at_least = true,
            }
            match lot.value.and_then(|value| sums.value_usd.unwrap_or_default().plus(value)) {
                Some(sum) => sums.value_usd = Some(sum),
                None => sums.value_is_at_least = true,
            }
            sums.value_is_odd |= lot.value.is_some() && lot.odd_value;
            // What is given or granted for nothing does not affect a price.
            if let (Some(amount), Some(units)) = (lot.amount, lot.priced)
                && (!amount.is_zero() || free)
                && let (Some(amount), Some(units)) =
                    (priced_amount.unwrap_or_default().plus(amount), priced.plus(units))
            {
                (priced_amount, priced) = (Some(amount), units);
            }
        }
        if sums.across_split {
            return sums;
        }
        let alike = sums.currency.is_some() && sums.priced_by != PricedBy::Unclear;
        let priced_amount = priced_amount.filter(|_| alike);
        let average = |amount: Amount| amount.decimal().checked_div(priced.decimal()).map(Amount::from);
        sums.average_price = priced_amount.and_then(average);
        let all = |price: fn(&LotFigures<'_>) -> Option<Usd>| {
            lots.iter().map(|lot| price(lot)).collect::<Option<Vec<Usd>>>()
        };
        let low = all(|lot| lot.price_low).and_then(|lows| lows.into_iter().min());
        let high = all(|lot| lot.price_high).and_then(|highs| highs.into_iter().max());
        (sums.price_low, sums.price_high) = low.zip(high).unzip();
        sums
    }

    fn add(&mut self, currency: Currency, amount: Amount) {
        match self.amounts.iter_mut().find(|own| own.currency == currency) {
            Some(own) => match own.amount.plus(amount) {
                Some(sum) => own.amount = sum,
                None => self.amounts_are_at_least = true,
            },
            None => self.amounts.push(Money { currency, amount }),
        }
    }

    /// The nonzero amounts, in words: `$10,000.00 and C$10,400.00`; `None` if there are none.
    pub fn amounts_text(&self, shown: impl Fn(&Money) -> String) -> Option<String> {
        let amounts = self.amounts.iter().filter(|money| !money.amount.is_zero());
        let texts: Vec<String> = amounts.map(shown).collect();
        (!texts.is_empty()).then(|| texts.join(" and "))
    }

    /// Lowest and highest actual price.
    pub fn price_range(&self) -> Option<(Usd, Usd)> {
        self.price_low.zip(self.price_high)
    }

    /// Why its lots have no value in dollars, other than for lack of a price.
    pub fn why_no_value(&self) -> Option<&'static str> {
        let foreign =
            self.amounts.iter().any(|money| money.currency != Currency::USD && !money.amount.is_zero());
        match (self.priced_by, self.currency) {
            _ if foreign => Some("not in dollars"),
            (PricedBy::Unclear, _) => Some("the price may be per share or per ADS"),
            (_, None) => Some("the currency of the price is not stated"),
            _ if self.principal_usd.is_some() => Some("debt has a price in per cent"),
            _ => None,
        }
    }

    /// True if its prices are in dollars.
    pub fn is_in_dollars(&self) -> bool {
        self.currency == Some(Currency::USD)
    }
}

/// An amount of money and its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// ISO 4217.
    pub currency: Currency,
    /// How much.
    pub amount: Amount,
}

/// The value that all lots with a price agree on; if there are none, that of the first lot.
fn agreed<T: PartialEq>(lots: &[&LotFigures<'_>], of: impl Fn(&LotFigures<'_>) -> T) -> Option<T> {
    let mut priced = lots.iter().filter(|lot| lot.has_price);
    let first = of(priced.next().or(lots.first())?);
    priced.all(|lot| of(lot) == first).then_some(first)
}
