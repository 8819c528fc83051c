//! The share of a prior holding that is sold.

use std::collections::HashMap;

use rust_decimal::Decimal;

use super::line::{self, Security};
use super::{Direction, Lot, Ownership, Shares};

/// How large some lots are, compared with the prior holding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareOfHoldings {
    /// Owned before, over the lines that the lots change.
    pub before: Shares,
    /// The lots' shares ÷ `before`, to 28 digits; above 1 if sold shares were acquired within the same
    /// filing.
    pub fraction: Decimal,
}

/// One line that lots change: a security, held directly or through somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineShare {
    /// Title of the security.
    pub security: Option<String>,
    /// Direct or indirect.
    pub ownership: Option<Ownership>,
    /// Nature of indirect ownership.
    pub nature: Option<String>,
    /// The shares of the lots; `None` if one states no number.
    pub shares: Option<Shares>,
    /// Owned before; `None` if the line does not state what is left of it, or its rows contradict each other.
    pub before: Option<Shares>,
    /// `shares` ÷ `before`, likewise; `None` if nothing was owned.
    pub fraction: Option<Decimal>,
}

/// The lines that the lots at these positions change, each with its prior position and the share of it that
/// the lots make up, in the lots' order.
///
/// For each line (security, direct or indirect, nature), the prior position is what its last lot leaves, plus
/// what its lots disposed of, less what they acquired; it is unknown if its rows contradict each other.
pub fn lines(lots: &[Lot], chosen: &[usize]) -> Vec<LineShare> {
    let mut changed: Vec<(usize, LineShare)> = Vec::new();
    for held in line::lines(lots) {
        let mut own = chosen.iter().enumerate().filter(|(_, lot)| held.lots.contains(lot)).peekable();
        let Some(&(place, &first)) = own.peek() else { continue };
        let shares = own
            .map(|(_, &lot)| lots[lot].shares.value)
            .try_fold(Shares::ZERO, |sum, shares| sum.plus(shares?));
        let before = held.ends.map(|ends| ends.before);
        let fraction = shares
            .zip(before)
            .filter(|(_, before)| !before.is_zero())
            .and_then(|(shares, before)| shares.decimal().checked_div(before.decimal()));
        let line = &lots[first].line;
        let share = LineShare {
            security: line.security.value.clone(),
            ownership: line.ownership.value,
            nature: line.nature.value.clone(),
            shares,
            before,
            fraction,
        };
        changed.push((place, share));
    }
    changed.sort_by_key(|(place, _)| *place);
    changed.into_iter().map(|(_, share)| share).collect()
}

/// The share of holdings that the lots at these positions dispose of, if they are of one security: debt
/// counts only if no shares do. `None` for several securities, and as for [`shares_of_holdings`].
pub fn share_of_holdings(lots: &[Lot], chosen: &[usize]) -> Option<ShareOfHoldings> {
    match shares_of_holdings(lots, chosen).as_mut_slice() {
        [only] => only.take(),
        _ => None,
    }
}

/// The share of holdings that the lots at these positions dispose of, for each security over all its lines,
/// in the lots' order. `None` if a line does not state what is left of it, nothing was owned, shares from
/// before and after a split are mixed, or a lot is an acquisition. The number of a debt security is its
/// principal: it counts only if no shares do.
pub fn shares_of_holdings(lots: &[Lot], chosen: &[usize]) -> Vec<Option<ShareOfHoldings>> {
    let (debts, shares): (Vec<usize>, Vec<usize>) =
        chosen.iter().partition(|&&i| lots.get(i).is_some_and(|lot| lot.debt));
    let mut securities: Vec<(Security, Vec<usize>)> = Vec::new();
    for i in if shares.is_empty() { debts } else { shares } {
        let Some(lot) = lots.get(i) else { continue };
        let own = Security::of(&lot.line);
        match securities.iter_mut().find(|(known, _)| *known == own) {
            Some((_, rows)) => rows.push(i),
            None => securities.push((own, vec![i])),
        }
    }
    securities.iter().map(|(_, rows)| share_of_one(lots, rows)).collect()
}

fn share_of_one(lots: &[Lot], chosen: &[usize]) -> Option<ShareOfHoldings> {
    let splits: HashMap<Security, u8> = chosen
        .iter()
        .filter_map(|&i| lots.get(i))
        .map(|lot| (Security::of(&lot.line), lot.splits_before))
        .collect();
    let unlike =
        |lot: &Lot| splits.get(&Security::of(&lot.line)).is_some_and(|splits| *splits != lot.splits_before);
    if lots.iter().any(unlike) {
        return None;
    }
    if chosen.iter().any(|&i| lots.get(i).and_then(|lot| lot.direction.value) != Some(Direction::Disposed)) {
        return None;
    }
    let mut sold = Shares::ZERO;
    let mut before = Shares::ZERO;
    for line in lines(lots, chosen) {
        sold = sold.plus(line.shares?)?;
        before = before.plus(line.before?)?;
    }
    let fraction = sold.decimal().checked_div(before.decimal()).filter(|_| !before.is_zero())?;
    Some(ShareOfHoldings { before, fraction })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form4;

    /// Shares, held after, `D` or the nature of indirect ownership, `A` or `D`.
    fn lots(rows: &[(&str, &str, &str, &str)]) -> Vec<Lot> {
        let mut xml = String::from(
            "<ownershipDocument><documentType>4</documentType><issuer><issuerCik>1</issuerCik></issuer>\
             <reportingOwner><reportingOwnerId><rptOwnerCik>2</rptOwnerCik></reportingOwnerId></reportingOwner>\
             <nonDerivativeTable>",
        );
        for (shares, after, held, direction) in rows {
            let (ownership, nature) = if *held == "D" { ("D", "") } else { ("I", *held) };
            let after = if after.is_empty() { String::new() } else { format!("<value>{after}</value>") };
            xml += &format!(
                "<nonDerivativeTransaction><securityTitle><value>Common</value></securityTitle><transactionAmounts>\
                 <transactionShares><value>{shares}</value></transactionShares><transactionAcquiredDisposedCode>\
                 <value>{direction}</value></transactionAcquiredDisposedCode></transactionAmounts>\
                 <postTransactionAmounts><sharesOwnedFollowingTransaction>{after}</sharesOwnedFollowingTransaction>\
                 </postTransactionAmounts><ownershipNature><directOrIndirectOwnership><value>{ownership}</value>\
                 </directOrIndirectOwnership><natureOfOwnership><value>{nature}</value></natureOfOwnership>\
                 </ownershipNature></nonDerivativeTransaction>"
            );
        }
        form4::read(&(xml + "</nonDerivativeTable></ownershipDocument>")).unwrap().lots
    }

    fn share(lots: &[Lot], chosen: &[usize]) -> Option<(String, String)> {
        let share = share_of_holdings(lots, chosen)?;
        Some((share.before.plain(), share.fraction.round_dp(4).normalize().to_string()))
    }

    fn is(before: &str, fraction: &str) -> Option<(String, String)> {
        Some((before.to_owned(), fraction.to_owned()))
    }

    #[test]
    fn each_line_has_a_position_of_its_own() {
        let lots = lots(&[("10", "90", "D", "D"), ("30", "60", "By trust", "D"), ("20", "70", "D", "D")]);
        assert_eq!(share(&lots, &[0, 2]), is("100", "0.3"));
        assert_eq!(share(&lots, &[0, 1, 2]), is("190", "0.3158"));
        let each: Vec<_> = lines(&lots, &[1, 0, 2])
            .into_iter()
            .map(|line| {
                (line.nature, line.before.unwrap().plain(), line.fraction.unwrap().normalize().to_string())
            })
            .collect();
        let by_trust = Some("By trust".to_owned());
        assert_eq!(each[0].0, by_trust);
        assert_eq!(each[1], (None, "100".to_owned(), "0.3".to_owned()));
        assert_eq!(each.len(), 2);
    }

    #[test]
    fn what_came_in_within_the_filing_was_not_held_before() {
        // Exercised 1,000, sold 1,000, 100 held before and after.
        let exercised = lots(&[("1000", "1100", "D", "A"), ("1000", "100", "D", "D")]);
        assert_eq!(share(&exercised, &[1]), is("100", "10"));
        let nothing_before = lots(&[("1000", "1000", "D", "A"), ("1000", "0", "D", "D")]);
        assert_eq!(share(&nothing_before, &[1]), None);
        assert_eq!(share(&exercised, &[0]), None, "a purchase is no share of what was held");
    }

    #[test]
    fn an_unknown_or_impossible_position_makes_the_share_unknown() {
        assert_eq!(share(&lots(&[("10", "", "D", "D")]), &[0]), None);
        assert_eq!(share(&lots(&[("10", "5", "D", "A"), ("1", "2", "D", "D")]), &[1]), None, "-7 before");
    }
}
