//! The pricing of a transaction row as JSON: the currency and the unit of its price.

use serde::{Deserialize, Serialize};

use crate::filing::{Accession, Amount, Currency, Lot, PricedBy, Shares, Unit};

/// The currency and the unit of a row's price. Records from before 0.2 have neither: their prices were
/// assumed to be in dollars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PricingRecord {
    /// ISO 4217; `null` if unknown.
    #[serde(default = "usd")]
    pub currency: Option<Currency>,
    /// True if the price is in hundredths of it: in pence.
    #[serde(default)]
    pub price_in_hundredths: bool,
    /// The evidence.
    #[serde(default)]
    pub currency_evidence: Option<String>,
    /// The value of the row in `currency`, if that is not the dollar.
    #[serde(default)]
    pub amount: Option<Amount>,
    /// `share` or `ads`: what the row counts.
    #[serde(default)]
    pub unit: Unit,
    /// `count`: the price is per unit that the row counts; `ads`: per ADS, while the row counts the shares
    /// behind it; `unclear`.
    #[serde(default)]
    pub priced_by: PricedBy,
    /// Shares per ADS, if that matters.
    #[serde(default)]
    pub ads_ratio: Option<Shares>,
    /// The evidence.
    #[serde(default)]
    pub ads_ratio_evidence: Option<String>,
    /// The issuer's other filing that states the ratio.
    #[serde(default)]
    pub ads_ratio_from: Option<Accession>,
}

#[allow(clippy::unnecessary_wraps, reason = "the default of a field that may be null")]
fn usd() -> Option<Currency> {
    Some(Currency::USD)
}

impl Default for PricingRecord {
    /// In dollars, per unit that the row counts.
    fn default() -> Self {
        Self {
            currency: usd(),
            price_in_hundredths: false,
            currency_evidence: None,
            amount: None,
            unit: Unit::default(),
            priced_by: PricedBy::default(),
            ads_ratio: None,
            ads_ratio_evidence: None,
            ads_ratio_from: None,
        }
    }
}

impl PricingRecord {
    /// Converts the row's number into units of its price; `None` if unknown.
    pub(crate) fn priced(&self, count: Shares) -> Option<Shares> {
        self.priced_by.units(count, self.ads_ratio.map(Shares::decimal))
    }
}

impl From<&Lot> for PricingRecord {
    fn from(lot: &Lot) -> Self {
        let ratio = lot.units.ratio.as_ref();
        Self {
            currency: lot.currency.value,
            price_in_hundredths: lot.units.in_hundredths,
            currency_evidence: lot.currency.evidence.as_ref().map(ToString::to_string),
            amount: lot.amount().filter(|_| !lot.is_in_dollars()),
            unit: lot.units.counted,
            priced_by: lot.units.priced_by,
            ads_ratio: ratio.map(|ratio| ratio.shares.into()),
            ads_ratio_evidence: ratio.map(|ratio| ratio.stated.clone()),
            ads_ratio_from: ratio.and_then(|ratio| ratio.learnt_from),
        }
    }
}
