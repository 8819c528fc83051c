//! A trade: some lots of one filing taken together. What is acquired and what is disposed of are never added.

use chrono::NaiveDate;

use super::{Direction, Lot, Shares, Usd};

/// What a trade needs to know of one lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LotFigures {
    /// Transaction date.
    pub date: Option<NaiveDate>,
    /// Acquired or disposed of.
    pub direction: Option<Direction>,
    /// The number of shares; `None` of a debt security.
    pub shares: Option<Shares>,
    /// The principal of a debt security, in dollars.
    pub principal: Option<Usd>,
    /// Shares × price, or the stated total.
    pub value: Option<Usd>,
    /// Whether the value is flagged as odd.
    pub odd_value: bool,
    /// Lowest actual price.
    pub price_low: Option<Usd>,
    /// Highest actual price.
    pub price_high: Option<Usd>,
    /// How many splits within the filing come before the lot.
    pub splits_before: u8,
}

/// The sums of lots that go one way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// Which way; `None` where the lots do not say.
    pub direction: Option<Direction>,
    /// The sum over the lots that state a number of shares; `None` where none does.
    pub shares: Option<Shares>,
    /// Whether a lot states no number of shares, so that the true sum is higher than `shares`.
    pub shares_is_at_least: bool,
    /// The principal of debt securities, in dollars; `None` where there are none.
    pub principal: Option<Usd>,
    /// The sum over the lots with a value, odd ones included; `None` where no lot has one.
    pub value: Option<Usd>,
    /// Whether a lot has no value, so that the true one is higher than `value`.
    pub value_is_at_least: bool,
    /// Whether the value of a lot is flagged as odd.
    pub value_is_odd: bool,
    /// The sum without the odd values; `None` where no lot has another.
    pub sound_value: Option<Usd>,
    /// Value ÷ shares over the lots that have both; `None` across a split, where shares are unlike.
    pub average_price: Option<Usd>,
    /// Lowest and highest actual price; `None` where a lot's price is unknown.
    pub price_range: Option<(Usd, Usd)>,
    /// Whether there are lots from before and from after a split.
    pub across_split: bool,
}

/// The figures of several lots together. Definitions: `docs/RULES.md`, "figures".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// Of the one way that the lots go; of two, of the one that is worth more, else has more shares, else disposes.
    pub sums: Sums,
    /// Of the other way.
    pub opposite: Option<Sums>,
    /// The first and last transaction dates.
    pub dates: Option<(NaiveDate, NaiveDate)>,
    /// On how many different days the lots were traded.
    pub days: usize,
}

impl Trade {
    /// The figures of these lots. A sum that does not fit in 28 digits counts as unpriced from there on. Where some lots state no
    /// direction, the sums are *at least*.
    pub fn of(lots: impl IntoIterator<Item = LotFigures>) -> Self {
        let lots: Vec<LotFigures> = lots.into_iter().collect();
        let mut dates: Vec<NaiveDate> = lots.iter().filter_map(|lot| lot.date).collect();
        dates.sort_unstable();
        dates.dedup();
        let of = |direction: Option<Direction>| {
            let those: Vec<&LotFigures> = lots.iter().filter(|lot| lot.direction == direction).collect();
            (!those.is_empty()).then(|| Sums::of(direction, &those))
        };
        let weight = |sums: &Sums| (sums.sound_value.filter(|value| !value.is_zero()), sums.shares);
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
            (Some(mut sums), Some(_)) => {
                (sums.shares_is_at_least, sums.value_is_at_least) = (true, true);
                (sums, opposite)
            }
            (sums, unstated) => (sums.or(unstated).unwrap_or_default(), opposite),
        };
        Self { sums, opposite, dates: dates.first().copied().zip(dates.last().copied()), days: dates.len() }
    }

    /// The figures of these lots, without those that only move shares where there are others.
    pub fn of_lots<'l>(lots: impl IntoIterator<Item = &'l Lot>) -> Self {
        let lots: Vec<&Lot> = lots.into_iter().collect();
        let moves = lots.iter().all(|lot| lot.moved);
        Self::of(lots.iter().filter(|lot| moves || !lot.moved).map(|lot| lot.figures()))
    }

    /// `acquired`, `disposed`, or `both`; `None` where the lots do not say.
    pub fn direction_word(&self) -> Option<&'static str> {
        if self.opposite.is_some() { Some("both") } else { self.sums.direction.map(Direction::word) }
    }

    /// The sums of each way that the lots go.
    pub fn ways(&self) -> impl Iterator<Item = &Sums> {
        [&self.sums].into_iter().chain(&self.opposite)
    }
}

impl Sums {
    fn of(direction: Option<Direction>, lots: &[&LotFigures]) -> Self {
        let mut sums = Self { direction, ..Self::default() };
        let (mut priced_value, mut priced_shares): (Option<Usd>, Shares) = (None, Shares::ZERO);
        for lot in lots {
            if let Some(principal) = lot.principal {
                sums.principal = sums.principal.unwrap_or_default().plus(principal).or(sums.principal);
            } else {
                match lot.shares.and_then(|n| sums.shares.unwrap_or_default().plus(n)) {
                    Some(sum) => sums.shares = Some(sum),
                    None => sums.shares_is_at_least = true,
                }
            }
            match lot.value.and_then(|value| sums.value.unwrap_or_default().plus(value)) {
                Some(sum) => sums.value = Some(sum),
                None => sums.value_is_at_least = true,
            }
            if let Some(value) = lot.value {
                sums.value_is_odd |= lot.odd_value;
                let sound = sums.sound_value.unwrap_or_default();
                sums.sound_value = (!lot.odd_value).then(|| sound.plus(value)).flatten().or(sums.sound_value);
            }
            if let (Some(value), Some(shares)) = (lot.value, lot.shares)
                && let (Some(value), Some(shares)) =
                    (priced_value.unwrap_or_default().plus(value), priced_shares.plus(shares))
            {
                (priced_value, priced_shares) = (Some(value), shares);
            }
        }
        sums.across_split = lots.iter().any(|lot| lot.splits_before != lots[0].splits_before);
        if !sums.across_split {
            sums.average_price = priced_value.and_then(|value| value.per(priced_shares));
        }
        let all = |price: fn(&LotFigures) -> Option<Usd>| {
            lots.iter().map(|lot| price(lot)).collect::<Option<Vec<Usd>>>()
        };
        let low = all(|lot| lot.price_low).and_then(|lows| lows.into_iter().min());
        let high = all(|lot| lot.price_high).and_then(|highs| highs.into_iter().max());
        sums.price_range = low.zip(high).filter(|_| !sums.across_split);
        sums
    }
}
