//! The unit of a row's number and of its price: shares of the company, or American Depositary Shares that
//! represent them.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Accession, Shares};

/// The unit of a row's number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// The security that its title names: shares, units, options.
    #[default]
    Share,
    /// Depositary shares or receipts (ADS, ADR, GDS), which a bank issues for shares of a foreign company.
    Ads,
}

impl Unit {
    /// Its plural, in words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Share => "shares",
            Self::Ads => "ADS",
        }
    }
}

/// How many shares one ADS represents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdsRatio {
    /// Shares per ADS, above zero: 5, or 0.5 if two ADS are one share.
    pub shares: Decimal,
    /// The footnote or title, and the words that state it.
    pub stated: String,
    /// The filing that states it, if that is another one of the issuer's.
    pub learnt_from: Option<Accession>,
}

/// The unit of a price, relative to that of the row's number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PricedBy {
    /// One unit of what the row counts.
    #[default]
    Count,
    /// One ADS, while the row counts the shares behind it.
    Ads,
    /// Unknown: one share or one ADS.
    Unclear,
}

impl PricedBy {
    /// Converts a row's number into units of its price, given the shares per ADS; `None` if unknown.
    pub(crate) fn units(self, count: Shares, ratio: Option<Decimal>) -> Option<Shares> {
        match self {
            Self::Count => Some(count),
            Self::Ads => parts_of(count, ratio?),
            Self::Unclear => None,
        }
    }
}

/// The unit of a price, according to the filing's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceOf {
    /// One ADS.
    Ads,
    /// One share of the home market: the words say so, or the price is stated in, or converted from, the
    /// currency of that market.
    Share,
}

/// The units of a row's number and of its price.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Units {
    /// The unit of its number.
    pub counted: Unit,
    /// The unit of its price.
    pub priced_by: PricedBy,
    /// Shares per ADS, if that matters to the row.
    pub ratio: Option<AdsRatio>,
    /// True if the price is in hundredths of its currency: in pence.
    pub in_hundredths: bool,
    /// The unit of the price, according to the words; `None` if they do not say.
    pub said: Option<PriceOf>,
}

impl Units {
    /// Converts the row's number into units of its price; `None` if unknown.
    pub fn priced(&self, count: Shares) -> Option<Shares> {
        self.priced_by.units(count, self.ratio.as_ref().map(|ratio| ratio.shares))
    }
}

impl fmt::Display for AdsRatio {
    /// `1 ADS = 5 shares (F1: "Each American Depositary Share represents five (5) Common Shares.")`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1 ADS = {} shares ({}", self.shares.normalize(), self.stated)?;
        if let Some(accession) = self.learnt_from {
            write!(f, ", in {accession}")?;
        }
        f.write_str(")")
    }
}

/// The number of ADS that some shares make up, as a whole number if only the last digits of a division are
/// off.
fn parts_of(shares: Shares, ratio: Decimal) -> Option<Shares> {
    ads_of(shares, ratio).or_else(|| shares.decimal().checked_div(ratio).map(Shares::from))
}

/// The whole number of ADS that some shares make up; `None` if it is not whole.
pub(super) fn ads_of(shares: Shares, ratio: Decimal) -> Option<Shares> {
    let ads = shares.decimal().checked_div(ratio)?;
    let whole = ads.round();
    // A third has no exact decimal: what is off by this little is whole.
    let off = ads.checked_sub(whole)?.abs();
    (off < Decimal::new(1, 8)).then(|| whole.normalize().into())
}
