//! Evaluates a rule for a filing: whether it matches, with which lots, and if not, why not. Pure.

mod amounts;
mod company;
mod filing;

use thiserror::Error;

use super::condition::{ConditionKey, Group};
use super::criterion::LotView;
use super::evaluator::Evaluator;
use super::history::Sum;
use super::rule::Rule;
use super::subject::Subject;
use super::totals::Counted;
use super::truth::Truth;
use super::verdict::{Deciding, Everything, Explanation, Recorder};
use crate::filing::Trade;

const MOST_SUMS: usize = 4;
const NO_ROWS_LEFT: &str = "no rows are left by the conditions above";

/// A rule and the lots of a filing that meet it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Positions in [`crate::filing::Filing::lots`], ascending.
    pub lots: Vec<usize>,
    /// The total figures of those lots.
    pub trade: Trade,
    /// The sums that made `cumulative` and `cluster` conditions hold, at most four.
    pub sums: Vec<Sum>,
}

/// Why a rule does not match: its first condition that is false, or else the first unknown one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is false or unknown")]
pub struct NoMatch(pub ConditionKey);

/// Evaluates a rule for a filing.
///
/// # Errors
/// [`NoMatch`] is the reason why it does not match. [`explain`] gives more detail.
pub fn evaluate(rule: &Rule, subject: &Subject<'_>) -> Result<Match, NoMatch> {
    let mut evaluator = Evaluator { subject, recorder: Deciding::default(), sums: Vec::new() };
    let (holds, counted) = evaluator.group(&rule.conditions);
    if holds == Truth::Yes {
        let trade = counted.trade(subject.filing);
        let mut sums = evaluator.sums;
        sums.truncate(MOST_SUMS);
        Ok(Match { lots: counted.sure, trade, sums })
    } else {
        Err(NoMatch(evaluator.recorder.condition()))
    }
}

/// Evaluates a rule for a filing like [`evaluate`], and reports every condition.
pub fn explain(rule: &Rule, subject: &Subject<'_>) -> Explanation {
    let mut evaluator = Evaluator { subject, recorder: Everything::default(), sums: Vec::new() };
    let (holds, counted) = evaluator.group(&rule.conditions);
    Explanation { holds, findings: evaluator.recorder.findings, lots: counted.sure }
}

/// True if the lots of a filing meet a rule, or may meet it, ignoring what the rule asks about the form,
/// lateness and history.
pub fn lots_may_meet(rule: &Rule, subject: &Subject<'_>) -> bool {
    let mut evaluator = Evaluator { subject, recorder: Deciding::default(), sums: Vec::new() };
    evaluator.group(&rule.conditions.of_lots_alone()).0 != Truth::No
}

impl<R: Recorder> Evaluator<'_, R> {
    /// Evaluates a group, and returns its lots.
    fn group(&mut self, group: &Group) -> (Truth, Counted) {
        let mut holds = self.which_filing(group);
        if self.is_over(holds) {
            return (holds, Counted::default());
        }
        holds = holds.and(self.which_company(group));
        if self.is_over(holds) {
            return (holds, Counted::default());
        }
        holds = holds.and(self.who(group));
        if self.is_over(holds) {
            return (holds, Counted::default());
        }
        let (of_lots, counted) = if group.any.is_empty() { self.lots(group) } else { self.branches(group) };
        holds = holds.and(of_lots);
        if self.is_over(holds) {
            return (holds, counted);
        }
        holds = holds.and(self.how_much(group, &counted));
        if self.is_over(holds) {
            return (holds, counted);
        }
        holds = holds.and(self.before(group, &counted));
        if self.is_over(holds) {
            return (holds, counted);
        }
        (holds.and(self.besides(group, &counted)), counted)
    }

    /// The lots that a group itself chooses. Each key narrows the lots that the previous ones left.
    fn lots(&mut self, group: &Group) -> (Truth, Counted) {
        let filing = self.subject.filing;
        let mut holds = Truth::Yes;
        let mut counted = Counted { sure: (0..filing.lots.len()).collect(), doubtful: Vec::new() };
        for criterion in group.selection.criteria() {
            let mut left = Counted::default();
            let had_rows = filing.lots.is_empty() || !counted.is_empty();
            for (lots, was_sure) in [(&counted.sure, true), (&counted.doubtful, false)] {
                for &lot in lots {
                    match criterion.takes(LotView::from(&filing.lots[lot])) {
                        Truth::Yes if was_sure => left.sure.push(lot),
                        Truth::Yes | Truth::Unknown => left.doubtful.push(lot),
                        Truth::No => {}
                    }
                }
            }
            left.doubtful.sort_unstable();
            counted = left;
            let words = || {
                let found = if had_rows { counted.rows(filing.lots.len()) } else { NO_ROWS_LEFT.to_owned() };
                (criterion.wanted(), found)
            };
            self.note(&mut holds, criterion.key(), counted.holds(), words);
            if self.is_over(holds) {
                break;
            }
        }
        (holds, counted)
    }

    /// The lots chosen by the branches of `any` that hold.
    fn branches(&mut self, group: &Group) -> (Truth, Counted) {
        let mut holds = Truth::No;
        let mut counted = Counted::default();
        for (number, branch) in group.any.iter().enumerate() {
            self.recorder.enter(ConditionKey::Any, Some(number + 1));
            let sums = self.sums.len();
            let (of_branch, lots) = self.group(branch);
            self.recorder.leave(of_branch);
            if of_branch != Truth::Yes {
                self.sums.truncate(sums);
            }
            match of_branch {
                Truth::Yes => counted.join(lots),
                Truth::Unknown => counted.join(lots.doubted()),
                Truth::No => {}
            }
            holds = holds.or(of_branch);
        }
        let mut all = Truth::Yes;
        let lots = self.subject.filing.lots.len();
        let words = || ("at least one of them".to_owned(), counted.rows(lots));
        self.note(&mut all, ConditionKey::Any, holds, words);
        (all, counted)
    }

    /// `not` and `when`.
    fn besides(&mut self, group: &Group, counted: &Counted) -> Truth {
        let mut holds = Truth::Yes;
        if let Some(body) = &group.not {
            self.recorder.enter(ConditionKey::Not, None);
            let sums = self.sums.len();
            let (of_body, lots) = self.group(body);
            self.sums.truncate(sums);
            self.recorder.leave(of_body);
            let all = self.subject.filing.lots.len();
            let words =
                || ("that it does not hold".to_owned(), format!("{}, {}", of_body.word(), lots.rows(all)));
            self.note(&mut holds, ConditionKey::Not, of_body.negated(), words);
        }
        if let Some(when) = &group.when {
            let (mut is, mut found) = when.evaluate(self.subject, &counted.sure);
            if !counted.doubtful.is_empty() && when.evaluate(self.subject, &counted.all()).0 != is {
                (is, found) = (Truth::Unknown, format!("{found}, counting only what certainly matches"));
            }
            self.note(&mut holds, ConditionKey::When, is, || (when.source().to_owned(), found));
        }
        holds
    }
}
