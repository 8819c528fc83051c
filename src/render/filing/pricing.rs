//! The prices of a filing's lots: averages and ranges for each security, their currency and their unit.

use super::picture::Picture;
use crate::alert::Figure;
use crate::filing::{Amount, Currency, Lot, PricedBy, SecuritySums, Trade, Unit};
use crate::text::plain;

/// How many securities to show one by one at most.
const MOST: usize = 10;

impl Picture {
    /// Adds the average and the range of some lots' prices, separately for each of several securities.
    pub(super) fn prices(&mut self, trade: &Trade, lots: usize) {
        if trade.ways().any(|sums| sums.securities.len() > 1) {
            let each = trade.ways().flat_map(|sums| &sums.securities).take(MOST);
            for (i, sums) in each.enumerate() {
                self.fact(if i == 0 { "price" } else { "" }, &sums.text("", Figure::Full, plain));
            }
            return;
        }
        let only = trade.sums.only().filter(|_| trade.opposite.is_none());
        let average = only.and_then(|sums| average(sums, lots));
        let range = only.and_then(SecuritySums::price_range).filter(|(low, high)| low != high);
        let range = range.map(|(low, high)| format!("actual prices {} to {}", low.exact(), high.exact()));
        let price: Vec<String> = average.into_iter().chain(range).collect();
        let price = match price.is_empty() {
            true if trade.sums.only().is_some_and(|sums| sums.across_split) => {
                "from before and from after a split: no average".to_owned()
            }
            true => only.and_then(SecuritySums::unknown).unwrap_or("not stated").to_owned(),
            false if trade.sums.value_is_odd => format!("{} (odd, see below)", price.join(", ")),
            false => price.join(", "),
        };
        self.fact("price", &price);
    }

    /// Adds the statements about the currency of some lots' prices, and about the unit if it is not obvious.
    pub(super) fn pricing(&mut self, lots: &[&Lot]) {
        let mut facts: Vec<(&str, String)> = Vec::new();
        for lot in lots {
            if let Some(evidence) = &lot.currency.evidence {
                let currency = match lot.currency.value {
                    Some(Currency::USD) => "US dollars".to_owned(),
                    Some(currency) => currency.to_string(),
                    None => "not stated".to_owned(),
                };
                facts.push(("currency", format!("{currency} ({})", plain(&evidence.to_string()))));
            }
            let unit = match (lot.units.priced_by, lot.units.counted) {
                (PricedBy::Ads, _) => Some("the row counts shares, the price is per ADS"),
                (PricedBy::Unclear, _) => Some("the price may be per share or per ADS"),
                (PricedBy::Count, Unit::Ads) => Some("the row counts ADS"),
                (PricedBy::Count, Unit::Share) => None,
            };
            if let Some(unit) = unit {
                let ratio = lot.units.ratio.as_ref().map(|ratio| format!("; {}", plain(&ratio.to_string())));
                facts.push(("unit", format!("{unit}{}", ratio.unwrap_or_default())));
            }
        }
        let mut shown: Vec<(&str, String)> = Vec::new();
        for fact in facts {
            if !shown.contains(&fact) && shown.len() < MOST {
                self.fact(fact.0, &fact.1);
                shown.push(fact);
            }
        }
    }
}

fn average(sums: &SecuritySums, lots: usize) -> Option<String> {
    let price = sums.average_price?;
    let unit = if sums.priced_by == PricedBy::Ads { " per ADS" } else { "" };
    let shown = |price: Amount| match sums.currency {
        None => format!("{} in a currency that is not stated", price.exact_in(None)),
        currency => price.exact_in(currency),
    };
    Some(match lots {
        1 => format!("{}{unit}", shown(price)),
        _ => format!("{}{unit} on average", shown(price.decimal().round_dp(4).into())),
    })
}
