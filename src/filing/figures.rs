//! The figures of one lot that sums need.

use chrono::NaiveDate;

use super::{Amount, Currency, Direction, Lot, PricedBy, Shares, Table, Unit, Usd, fold_title};

/// The facts about one lot that a trade needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LotFigures<'a> {
    /// Transaction date.
    pub date: Option<NaiveDate>,
    /// Acquired or disposed of.
    pub direction: Option<Direction>,
    /// Which table it is in.
    pub table: Table,
    /// Title of the security.
    pub security: Option<&'a str>,
    /// The unit of its number.
    pub counted: Unit,
    /// The unit of its price.
    pub priced_by: PricedBy,
    /// True if it states a price or a total that is not zero.
    pub has_price: bool,
    /// The currency of its price; `None` if unknown.
    pub currency: Option<Currency>,
    /// The number of shares; `None` for a debt security.
    pub shares: Option<Shares>,
    /// The number in units of the price.
    pub priced: Option<Shares>,
    /// The principal of a debt security, in dollars.
    pub principal: Option<Usd>,
    /// Units × price, or the stated total, in its currency.
    pub amount: Option<Amount>,
    /// The same in dollars; `None` for another currency.
    pub value: Option<Usd>,
    /// True if the value is flagged as odd.
    pub odd_value: bool,
    /// Lowest actual price, in dollars.
    pub price_low: Option<Usd>,
    /// Highest actual price, in dollars.
    pub price_high: Option<Usd>,
    /// How many splits within the filing come before the lot.
    pub splits_before: u8,
}

impl LotFigures<'_> {
    /// True if another lot is of the same security and counted in the same way, so that the two may be added.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let title = |lot: &Self| lot.security.map(fold_title);
        (self.table, self.counted) == (other.table, other.counted)
            && (self.security == other.security || title(self) == title(other))
    }
}

impl Lot {
    /// The facts about it that a [`super::Trade`] needs.
    pub fn figures(&self) -> LotFigures<'_> {
        let shares = self.shares.value.filter(|_| !self.debt);
        LotFigures {
            date: self.date.value,
            direction: self.direction.value,
            table: self.line.table,
            security: self.line.security.value.as_deref(),
            counted: self.units.counted,
            priced_by: self.units.priced_by,
            has_price: self.price.value.or(self.total_value.value).is_some_and(|price| !price.is_zero()),
            currency: self.currency.value,
            shares,
            priced: shares.and_then(|shares| self.units.priced(shares)),
            principal: self.principal(),
            amount: self.amount(),
            value: self.value(),
            odd_value: self.odd_value,
            price_low: self.price_low(),
            price_high: self.price_high(),
            splits_before: self.splits_before,
        }
    }
}
