//! An alert's lots, by security: unlike ones are never added, except for their values in dollars.

use super::numbers::number_text;
use super::record::{Alert, AlertSecurity, WayFigures};
use crate::filing::{Currency, Direction, Money, PricedBy, SecuritySums, Sums, Table, Unit, Usd, fold_title};
use crate::text::clip;

/// The most securities that get a line.
const MOST: usize = 10;
/// The most lines about the units and currencies of prices.
const MOST_PRICING: usize = 3;
/// The most characters of a title that are shown.
const TITLE: usize = 60;

impl AlertSecurity {
    fn of(sums: &Sums) -> impl Iterator<Item = Self> {
        let direction = sums.direction;
        sums.securities.iter().map(move |sums| Self { direction, sums: sums.clone() })
    }

    fn text(&self, signed: bool, figure: Figure, title_text: fn(&str) -> String) -> String {
        let sign = match self.direction.filter(|_| signed) {
            Some(Direction::Acquired) => "+",
            Some(Direction::Disposed) => "-",
            None => "",
        };
        self.sums.text(sign, figure, title_text)
    }
}

/// How figures are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// `$2.66M`.
    Short,
    /// `$2,661,359.10`.
    Full,
}

impl Figure {
    /// A dollar value, shown this way.
    pub fn usd(self, value: Usd) -> String {
        match self {
            Self::Short => value.short(),
            Self::Full => value.to_string(),
        }
    }
}

impl SecuritySums {
    /// In one line, with its title formatted by `title_text`:
    /// `American Depositary Shares (TSM): 17 ADS at $395.18 per ADS, $6,718.06`.
    pub fn text(&self, sign: &str, figure: Figure, title_text: fn(&str) -> String) -> String {
        let title = self.security.as_deref();
        let title = title.map_or_else(|| "no title".to_owned(), |title| title_text(&clip(title, TITLE)));
        let number = match self.principal_usd {
            Some(principal) => format!("{principal} of principal"),
            None => number_text(self.shares, self.shares_is_at_least),
        };
        let unit = if self.unit == Unit::Ads { " ADS" } else { "" };
        let price = self.price_text().map(|price| format!(" at {price}")).unwrap_or_default();
        let worth = self.worth(figure);
        let worth = worth.or_else(|| self.unknown().map(|why| format!("value unknown: {why}")));
        let worth = worth.map(|worth| format!(", {worth}")).unwrap_or_default();
        format!("{title}: {sign}{number}{unit}{price}{worth}")
    }

    /// Its average price as shown to people, with its currency and unit: `$110.28`, `NT$41.10`,
    /// `$10.68 per ADS`.
    pub fn price_text(&self) -> Option<String> {
        let price = self.average_price.filter(|price| !price.is_zero() && !self.value_is_odd)?;
        let unit = match (self.unit, self.priced_by) {
            (_, PricedBy::Ads) | (Unit::Ads, _) => " per ADS",
            _ => "",
        };
        Some(format!("{}{unit}", price.text_in(self.currency)))
    }

    /// Its value in its own currency; `None` if it is unknown, odd or zero.
    pub(super) fn worth(&self, figure: Figure) -> Option<String> {
        if self.value_is_odd {
            return None;
        }
        let least = if self.amounts_are_at_least { "at least " } else { "" };
        let shown = self.amounts_text(|money| match figure {
            Figure::Short => money.amount.short_in(Some(money.currency)),
            Figure::Full => money.amount.text_in(Some(money.currency)),
        })?;
        Some(format!("{least}{shown}"))
    }

    /// Why its value is not known.
    pub fn unknown(&self) -> Option<&'static str> {
        let nothing = self.amounts.iter().all(|money| money.amount.is_zero());
        self.why_no_value().filter(|_| nothing && self.principal_usd.is_none())
    }
}

/// The securities of lots.
pub(super) fn alert_securities(sums: &Sums, opposite: Option<&Sums>) -> Vec<AlertSecurity> {
    [sums].into_iter().chain(opposite).flat_map(AlertSecurity::of).collect()
}

impl Alert {
    /// True if its lots are of several securities.
    pub fn is_of_several(&self) -> bool {
        let key = |sums: &SecuritySums| (sums.table, sums.unit, sums.security.as_deref().map(fold_title));
        let mut keys = self.securities.iter().map(|security| key(&security.sums));
        let first = keys.next();
        keys.any(|other| Some(other) != first)
    }

    /// A line for each security, with its title formatted by `title_text`; empty if the lots are of one.
    pub fn security_lines(&self, figure: Figure, title_text: fn(&str) -> String) -> Vec<String> {
        if !self.is_of_several() {
            return Vec::new();
        }
        let signed = self.opposite.is_some();
        let each =
            self.securities.iter().take(MOST).map(|security| security.text(signed, figure, title_text));
        let mut lines: Vec<String> = each.collect();
        if self.securities.len() > MOST {
            lines.push(format!("and {} more securities", self.securities.len() - MOST));
        }
        lines
    }

    /// The filing's statements about the currency and the unit of its prices, if that is not obvious: each
    /// currency and the words that name it, the ratio of the ADS and the filing that states it.
    pub fn pricing_lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut add = |line: String| {
            if !lines.contains(&line) && lines.len() < MOST_PRICING {
                lines.push(line);
            }
        };
        for pricing in self.lots.iter().map(|lot| &lot.pricing) {
            if let Some(evidence) = &pricing.currency_evidence {
                add(match pricing.currency {
                    Some(currency) if currency == Currency::USD => {
                        format!("Price in US dollars ({evidence})")
                    }
                    Some(currency) => format!("Price in {currency}, not dollars ({evidence})"),
                    None => format!("The filing does not say in which currency the price is ({evidence})"),
                });
            }
            let of = match pricing.priced_by {
                PricedBy::Count => continue,
                PricedBy::Ads => "The row counts shares, and the price is per ADS",
                PricedBy::Unclear => "The price may be per share or per ADS",
            };
            let ratio = pricing.ads_ratio.map(|shares| {
                let stated = pricing.ads_ratio_evidence.as_deref().unwrap_or("the filing");
                let place = pricing.ads_ratio_from.map(|from| format!(", filing {from}")).unwrap_or_default();
                format!(". 1 ADS = {shares} shares ({stated}{place})")
            });
            add(format!("{of}{}", ratio.unwrap_or_default()));
        }
        lines
    }
}

impl WayFigures {
    pub(super) fn as_security(&self) -> SecuritySums {
        SecuritySums {
            table: Table::NonDerivative,
            security: None,
            unit: Unit::Share,
            priced_by: PricedBy::Count,
            currency: Some(Currency::USD),
            shares: self.shares,
            shares_is_at_least: self.shares_is_at_least,
            principal_usd: self.principal_usd,
            amounts: self
                .value_usd
                .map(|value| Money { currency: Currency::USD, amount: value.decimal().into() })
                .into_iter()
                .collect(),
            amounts_are_at_least: self.value_is_at_least,
            value_usd: self.value_usd,
            value_is_at_least: self.value_is_at_least,
            value_is_odd: self.value_is_odd,
            average_price: self.average_price.map(|price| price.decimal().into()),
            price_low: None,
            price_high: None,
            across_split: false,
        }
    }
}
