//! Conditions on the lots that count: their totals, and when they were reported.

use crate::filing::{Usd, shares_of_holdings, stakes};
use crate::rules::condition::{ConditionKey, Group};
use crate::rules::evaluator::Evaluator;
use crate::rules::phrases;
use crate::rules::totals::{Counted, falls_by, shares_at_least, worth_at_least, worth_at_most};
use crate::rules::truth::Truth;
use crate::rules::verdict::Recorder;

impl<R: Recorder> Evaluator<'_, R> {
    /// True if the number, value and reporting of the lots that count are as the group asks.
    pub(super) fn how_much(&mut self, group: &Group, counted: &Counted) -> Truth {
        let sums = self.sums_of_trade(group, counted);
        let holdings = self.holdings(group, counted);
        let mut holds = sums.and(holdings);
        if let Some(wanted) = group.filed_late {
            let late = self.filed_late(counted);
            let is = late.map_or(Truth::Unknown, |late| Truth::from(late == wanted));
            let words =
                || (phrases::filed_late(Some(wanted)).to_owned(), phrases::filed_late(late).to_owned());
            self.note(&mut holds, ConditionKey::FiledLate, is, words);
        }
        holds
    }

    /// Value and shares.
    fn sums_of_trade(&mut self, group: &Group, counted: &Counted) -> Truth {
        let mut holds = Truth::Yes;
        let asks = group.min_value.is_some() || group.max_value.is_some() || group.min_shares.is_some();
        if asks {
            let (least, most) = (counted.trade(self.subject.filing), counted.most(self.subject.filing));
            let words =
                |sign: &str, wanted: Usd| (format!("{sign} {}", wanted.exact()), phrases::value(&least));
            if let Some(wanted) = group.min_value {
                let reaches = worth_at_least(&least, &most, wanted);
                self.note(&mut holds, ConditionKey::MinValue, reaches, || words("at least", wanted));
            }
            if let Some(wanted) = group.max_value {
                let stays = worth_at_most(&least, &most, wanted);
                self.note(&mut holds, ConditionKey::MaxValue, stays, || words("at most", wanted));
            }
            if let Some(wanted) = group.min_shares {
                let reaches = shares_at_least(&least, &most, wanted);
                let words = || (format!("at least {wanted} shares of one security"), phrases::shares(&least));
                self.note(&mut holds, ConditionKey::MinShares, reaches, words);
            }
        }
        holds
    }

    /// Holdings before and after.
    fn holdings(&mut self, group: &Group, counted: &Counted) -> Truth {
        let mut holds = Truth::Yes;
        if let Some(wanted) = group.min_stake_reduction {
            let stakes = stakes(self.subject.filing, &counted.sure);
            let falls = match falls_by(&stakes, wanted) {
                Truth::No if !counted.doubtful.is_empty() => Truth::Unknown,
                falls => falls,
            };
            let words =
                || (format!("falls by at least {}", phrases::percent(wanted)), phrases::stakes(&stakes));
            self.note(&mut holds, ConditionKey::MinStakeReduction, falls, words);
        }
        if let Some(wanted) = group.min_share_of_holdings {
            let shares = shares_of_holdings(&self.subject.filing.lots, &counted.sure);
            let each = shares.iter().map(|share| match share {
                Some(share) if share.fraction >= wanted => Truth::Yes,
                Some(_) if counted.doubtful.is_empty() => Truth::No,
                _ => Truth::Unknown,
            });
            let nothing = if counted.doubtful.is_empty() { Truth::No } else { Truth::Unknown };
            let reaches = each.fold(if shares.is_empty() { Truth::Unknown } else { nothing }, Truth::or);
            let words = || (format!("at least {}", phrases::percent(wanted)), phrases::shares_held(&shares));
            self.note(&mut holds, ConditionKey::MinShareOfHoldings, reaches, words);
        }
        holds
    }

    /// True if a lot that counts was reported late; `None` if unknown.
    fn filed_late(&self, counted: &Counted) -> Option<bool> {
        let late = self.subject.filing.filed_late(counted.sure.iter().copied())?;
        let all = self.subject.late()?;
        (late || !counted.doubtful.iter().any(|lot| all.contains(lot))).then_some(late)
    }
}
