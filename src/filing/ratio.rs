//! The ratio of an issuer's ADS: what a filing states about it, and what it settles about prices.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::unit::ads_of;
use super::{Accession, AdsRatio, Filing, Lot, PriceOf, PricedBy, Shares, Table, Unit};

/// How many characters of the words that state a ratio are kept, at most.
const LONGEST: usize = 300;

/// The ratio of an issuer's ADS as stored in history: what a filing states about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedRatio {
    /// The filing.
    pub accession: Accession,
    /// Shares for each ADS.
    pub shares: Shares,
    /// The footnote or title, and the words that state it.
    pub evidence: String,
}

impl StatedRatio {
    /// The ratio that a filing states; `None` if it states none or several, or has no accession.
    pub fn of(filing: &Filing) -> Option<Self> {
        let ratio = filing.ads_ratio.as_ref()?;
        let (shares, evidence) = (ratio.shares.into(), ratio.stated.chars().take(LONGEST).collect());
        Some(Self { accession: filing.accession?, shares, evidence })
    }
}

impl From<&StatedRatio> for AdsRatio {
    fn from(stated: &StatedRatio) -> Self {
        Self {
            shares: stated.shares.decimal(),
            stated: stated.evidence.clone(),
            learnt_from: Some(stated.accession),
        }
    }
}

impl Lot {
    /// Settles the unit of its price from the ratio of the issuer's ADS: rules 5 and 6 of `docs/FOREIGN.md`.
    pub(crate) fn settle_by(&mut self, ratio: &AdsRatio) {
        let title = self.line.security.value.as_deref().unwrap_or_default().to_ascii_lowercase();
        // A company that calls its shares common stock has no others, or it counts ADS.
        let common_stock = title.contains("common stock");
        let counted_in_ads = self.units.counted == Unit::Ads;
        let priced = self.price.value.is_some_and(|price| !price.is_zero());
        let Some(count) = self.shares.value.filter(|_| priced && !counted_in_ads) else { return };
        if self.line.table == Table::Derivative || self.units.said == Some(PriceOf::Share) {
            return;
        }
        if ratio.shares == Decimal::ONE {
            // The price of a share and of an ADS are the same.
            self.units.priced_by = PricedBy::Count;
            return;
        }
        self.units.priced_by = match (self.units.said, ads_of(count, ratio.shares)) {
            (Some(PriceOf::Ads), Some(_)) => PricedBy::Ads,
            (Some(PriceOf::Ads), None) => {
                self.units.counted = Unit::Ads;
                PricedBy::Count
            }
            _ if common_stock => return,
            _ => PricedBy::Unclear,
        };
        self.units.ratio = Some(ratio.clone());
    }
}

impl Filing {
    /// True if another filing's ratio can matter to it.
    pub fn may_learn(&self) -> bool {
        let open =
            |lot: &Lot| lot.units.said != Some(PriceOf::Share) && lot.line.table == Table::NonDerivative;
        self.ads_ratio.is_none() && self.lots.iter().any(open)
    }

    /// Uses the ratio that another filing of the issuer states, if this one states none itself.
    pub fn learn(&mut self, ratio: &AdsRatio) {
        if self.ads_ratio.is_none() {
            self.lots.iter_mut().for_each(|lot| lot.settle_by(ratio));
        }
    }
}
