//! What a row counts and what its price is of: shares of the company, or American Depositary Shares that stand for some of them.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Accession, Filing, Lot, Shares, Table};

/// So many characters of the words that state a ratio are kept.
const LONGEST: usize = 300;

/// What a row counts.
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
    /// Several of it, in words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Share => "shares",
            Self::Ads => "ADS",
        }
    }
}

/// How many shares one ADS stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdsRatio {
    /// Shares for each ADS, above zero: 5, or 0.5 where two ADS are one share.
    pub shares: Decimal,
    /// The footnote or title, and the words that state it.
    pub stated: String,
    /// The filing that states it, where that is another one of the issuer's.
    pub learnt_from: Option<Accession>,
}

/// What a price is of, beside what the row counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PricedBy {
    /// One of what the row counts.
    #[default]
    Count,
    /// One ADS, while the row counts the shares behind it.
    Ads,
    /// It cannot be told whether one share or one ADS.
    Unclear,
}

impl PricedBy {
    /// As many of what the price is of as a row counts, by the shares for each ADS; `None` where that cannot be told.
    pub(crate) fn units(self, count: Shares, ratio: Option<Decimal>) -> Option<Shares> {
        match self {
            Self::Count => Some(count),
            Self::Ads => parts_of(count, ratio?),
            Self::Unclear => None,
        }
    }
}

/// What words say that a price is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceOf {
    /// One ADS.
    Ads,
    /// One share of the home market: said so, or stated in or converted from the currency of that market.
    Share,
}

/// What a row counts, and what its price is of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Units {
    /// What the row counts.
    pub counted: Unit,
    /// What the price is of.
    pub priced_by: PricedBy,
    /// Shares for each ADS, where that matters to the row.
    pub ratio: Option<AdsRatio>,
    /// Whether the price is in hundredths of its currency: in pence.
    pub in_hundredths: bool,
    /// What the words say that the price is of; `None` where they do not.
    pub said: Option<PriceOf>,
}

impl Units {
    /// As many of what the price is of as the row counts; `None` where that cannot be told.
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

impl Lot {
    /// Settles what its price is of by the ratio of the issuer's ADS: the rules 5 and 6 of `docs/FOREIGN.md`.
    pub(crate) fn settle_by(&mut self, ratio: &AdsRatio) {
        let title = self.line.security.value.as_deref().unwrap_or_default().to_ascii_lowercase();
        // A company that calls its shares common stock has no others, or counts ADS.
        let common_stock = title.contains("common stock");
        let counted_in_ads = self.units.counted == Unit::Ads;
        let priced = self.price.value.is_some_and(|price| !price.is_zero());
        let Some(count) = self.shares.value.filter(|_| priced && !counted_in_ads) else { return };
        if self.line.table == Table::Derivative || self.units.said == Some(PriceOf::Share) {
            return;
        }
        if ratio.shares == Decimal::ONE {
            // Of a share or of an ADS, it is the same.
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
    /// Whether another filing's ratio can matter to it.
    pub fn may_learn(&self) -> bool {
        let open =
            |lot: &Lot| lot.units.said != Some(PriceOf::Share) && lot.line.table == Table::NonDerivative;
        self.ads_ratio.is_none() && self.lots.iter().any(open)
    }

    /// Uses the ratio that another filing of the issuer states, where this one states none itself.
    pub fn learn(&mut self, ratio: &AdsRatio) {
        if self.ads_ratio.is_none() {
            self.lots.iter_mut().for_each(|lot| lot.settle_by(ratio));
        }
    }
}

/// The ratio of an issuer's ADS as history keeps it: what a filing states of it.
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
    /// What a filing states; `None` of one that states none, or several, or has no accession.
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

/// As many ADS as some shares are, whole but for the last digits of a division where they are whole.
fn parts_of(shares: Shares, ratio: Decimal) -> Option<Shares> {
    ads_of(shares, ratio).or_else(|| shares.decimal().checked_div(ratio).map(Shares::from))
}

/// The whole number of ADS that some shares are; `None` where it is none.
fn ads_of(shares: Shares, ratio: Decimal) -> Option<Shares> {
    let ads = shares.decimal().checked_div(ratio)?;
    let whole = ads.round();
    // A third is no decimal: what is off by so little is whole.
    let off = ads.checked_sub(whole)?.abs();
    (off < Decimal::new(1, 8)).then(|| whole.normalize().into())
}
