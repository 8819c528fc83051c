//! Of a transaction row as JSON: what its price is stated in, and of.

use serde::{Deserialize, Serialize};

use crate::filing::{Accession, Amount, Currency, Lot, PricedBy, Shares, Unit};

/// The currency and the unit of a row's price. Records of before 0.2 have none of it: their prices were taken for dollars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PricingRecord {
    /// ISO 4217; `null` where it is not known.
    #[serde(default = "usd")]
    pub currency: Option<Currency>,
    /// True if the price is in hundredths of it: in pence.
    #[serde(default)]
    pub price_in_hundredths: bool,
    /// The evidence.
    #[serde(default)]
    pub currency_evidence: Option<String>,
    /// The value of the row in `currency`, where that is not the dollar.
    #[serde(default)]
    pub amount: Option<Amount>,
    /// `share` or `ads`: what the row counts.
    #[serde(default)]
    pub unit: Unit,
    /// `count`: the price is of one of what the row counts; `ads`: of one ADS, while it counts the shares behind it; `unclear`.
    #[serde(default)]
    pub priced_by: PricedBy,
    /// Shares for each ADS, where that matters.
    #[serde(default)]
    pub ads_ratio: Option<Shares>,
    /// The evidence.
    #[serde(default)]
    pub ads_ratio_evidence: Option<String>,
    /// The issuer's other filing that states it.
    #[serde(default)]
    pub ads_ratio_from: Option<Accession>,
}

#[allow(clippy::unnecessary_wraps, reason = "the default of a field that may be null")]
fn usd() -> Option<Currency> {
    Some(Currency::USD)
}

impl Default for PricingRecord {
    /// In dollars, of what the row counts.
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
