//! What was owned before a sale, and how much of it was sold.

use rust_decimal::Decimal;

use super::{Direction, Lot, Ownership, Shares, Table};

/// How much of what was held some lots are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareOfHoldings {
    /// Owned before, over the lines that the lots change.
    pub before: Shares,
    /// The lots' shares ÷ `before`, to 28 digits; above 1 where what was sold came in within the same filing.
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
    /// The shares of the lots; `None` where one states no number.
    pub shares: Option<Shares>,
    /// Owned before; `None` where the line does not state what is left of it, or its rows contradict each other.
    pub before: Option<Shares>,
    /// `shares` ÷ `before`, likewise; `None` where nothing was owned.
    pub fraction: Option<Decimal>,
}

/// The lines that the lots at these positions change, each with its position before and the share of it that they are, in
/// the lots' order.
///
/// For each line (security, direct or indirect, nature) the position before is what its last lot leaves, plus what its lots
/// disposed of, less what they acquired; unknown where its rows contradict each other.
pub fn lines(lots: &[Lot], chosen: &[usize]) -> Vec<LineShare> {
    let mut keys: Vec<LineKey<'_>> = Vec::new();
    for lot in chosen.iter().filter_map(|&i| lots.get(i)) {
        let key = line_key(lot);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let share = |key: LineKey<'_>| {
        let own = chosen.iter().filter_map(|&i| lots.get(i)).filter(|lot| line_key(lot) == key);
        let shares = own.map(|lot| lot.shares.value).try_fold(Shares::ZERO, |sum, shares| sum.plus(shares?));
        let before = before(lots, key);
        let fraction = shares
            .zip(before)
            .filter(|(_, before)| !before.is_zero())
            .and_then(|(shares, before)| shares.decimal().checked_div(before.decimal()));
        LineShare {
            security: key.1.map(str::to_owned),
            ownership: lots.iter().find(|lot| line_key(lot) == key).and_then(|lot| lot.line.ownership.value),
            nature: key.3.map(str::to_owned),
            shares,
            before,
            fraction,
        }
    };
    keys.into_iter().map(share).collect()
}

/// The share of holdings that the lots at these positions dispose of, over all their lines; `None` where a line does not
/// state what is left of it, nothing was owned, or a lot is an acquisition.
pub fn share_of_holdings(lots: &[Lot], chosen: &[usize]) -> Option<ShareOfHoldings> {
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

fn before(lots: &[Lot], key: LineKey<'_>) -> Option<Shares> {
    let rows: Vec<&Lot> = lots.iter().filter(|lot| line_key(lot) == key).collect();
    let mut position = last_position(&rows)?;
    for row in rows {
        let shares = row.shares.value?.decimal();
        position = match row.direction.value? {
            Direction::Disposed => position.checked_add(shares)?,
            Direction::Acquired => position.checked_sub(shares)?,
        };
    }
    (position >= Decimal::ZERO).then(|| Shares::from(position))
}

/// What the last of a line's rows leaves, where the rows tell one story: each leaves what the one before it left, more or less
/// its own shares; or all state what is left in the end; or they stand from the last to the first. `None` otherwise: rows that
/// look like one line are then several, such as those of two funds whose nature is "See footnote".
fn last_position(rows: &[&Lot]) -> Option<Decimal> {
    let after = |row: &Lot| row.line.shares_after.value.map(Shares::decimal);
    let change = |row: &Lot| {
        let shares = row.shares.value?.decimal();
        Some(if row.direction.value? == Direction::Acquired { shares } else { -shares })
    };
    let (first, last) = (after(rows.first()?)?, after(rows.last()?)?);
    let follows = |earlier: &Lot, later: &Lot| {
        let (earlier, later, change) = (after(earlier)?, after(later)?, change(later)?);
        // Fractions of a share are rounded away now and then.
        Some(earlier.checked_add(change)?.checked_sub(later)?.abs() <= Decimal::ONE)
    };
    let all = |fits: &dyn Fn(&Lot, &Lot) -> Option<bool>| {
        rows.windows(2).all(|pair| fits(pair[0], pair[1]).unwrap_or(false))
    };
    let same = |one: &Lot, other: &Lot| Some(after(one)? == after(other)?);
    if all(&follows) || all(&same) {
        Some(last)
    } else {
        all(&|one, other| follows(other, one)).then_some(first)
    }
}

type LineKey<'a> = (bool, Option<&'a str>, bool, Option<&'a str>);

fn line_key(lot: &Lot) -> LineKey<'_> {
    let line = &lot.line;
    (
        line.table == Table::Derivative,
        line.security.value.as_deref(),
        line.ownership.value == Some(Ownership::Indirect),
        line.nature.value.as_deref(),
    )
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
