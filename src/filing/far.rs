//! Prices far from those of the issuer's other filings: one may be per share and the other per ADS.

use rust_decimal::Decimal;

use super::{Filing, Lot, PastFiling, PriceOf, PricedBy, Table, Unit, Usd, Warning, fold_title};

/// A price at least this many times another is far from it.
const FAR: Decimal = Decimal::from_parts(25, 0, 0, false, 1);

/// Warnings for prices of a foreign company's shares that are far from those that others recently reported
/// for the same security, if nothing says whether they are per share or per ADS. Nothing is repaired.
pub fn far_prices(filing: &Filing, known: &[PastFiling]) -> Vec<Warning> {
    let foreign = filing.issuer.is_foreign();
    let mut warnings: Vec<Warning> = Vec::new();
    for (i, lot) in filing.lots.iter().enumerate().filter(|(_, lot)| may_be_of_ads(lot, foreign)) {
        let title = lot.line.security.value.as_deref().map(fold_title);
        let Some(price) = lot.dollar_price().filter(|price| !price.is_zero()) else { continue };
        let others = known.iter().filter(|past| Some(past.accession) != filing.accession).flat_map(|past| {
            past.lots.iter().filter(|other| {
                other.table == Table::NonDerivative
                    && is_market(other.code.map(super::Code::letter))
                    && other.security.as_deref().map(fold_title) == title
            })
        });
        let mut prices: Vec<Usd> =
            others.filter_map(|other| other.dollar_price().filter(|price| !price.is_zero())).collect();
        prices.sort_unstable();
        let Some(usual) = prices.get(prices.len() / 2).copied() else { continue };
        let (one, other) = (price.decimal(), usual.decimal());
        let far = |a: Decimal, b: Decimal| b.checked_mul(FAR).is_some_and(|most| a >= most);
        if (far(one, other) || far(other, one)) && warnings.is_empty() {
            warnings.push(Warning {
                code: "price-far-from-history".to_owned(),
                message: format!(
                    "the price {} is far from {}, what other filings reported of this security lately: one may be of a share and one of an ADS",
                    price.exact(),
                    usual.exact()
                ),
                at: format!("{}/transactionPricePerShare", filing.lot_path(i)),
            });
        }
    }
    warnings
}

fn is_market(code: Option<char>) -> bool {
    matches!(code, Some('S' | 'P' | 'F'))
}

fn may_be_of_ads(lot: &Lot, foreign: Option<bool>) -> bool {
    let title = lot.line.security.value.as_deref().unwrap_or_default().to_ascii_lowercase();
    let abroad = foreign == Some(true) || foreign.is_none() && title.contains("ordinary");
    abroad
        && lot.line.table == Table::NonDerivative
        && is_market(lot.code.value.map(super::Code::letter))
        && lot.units.counted == Unit::Share
        && lot.units.priced_by == PricedBy::Count
        && lot.units.said != Some(PriceOf::Share)
}
