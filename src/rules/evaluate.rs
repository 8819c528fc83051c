//! A rule and a filing: does it ring, with which lots, and if not, why not. Pure.

use thiserror::Error;

use super::facts::LotView;
use super::reason::{Deciding, Everything, Recorder};
use super::sums::{Counted, falls_by, shares_at_least, worth_at_least, worth_at_most};
use super::words::{self, rows};
use super::{Amendments, Explanation, Group, OwnerWanted, RoleWanted, Rule, Subject, Sum, Truth};
use crate::filing::{Trade, Usd, is_spelt_among, shares_of_holdings, stakes};

const MOST_SUMS: usize = 4;

/// A rule and the lots of a filing that meet it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Positions in [`crate::filing::Filing::lots`], ascending.
    pub lots: Vec<usize>,
    /// The figures of those lots together.
    pub trade: Trade,
    /// The sums that made `cumulative` and `cluster` conditions hold, four at most.
    pub sums: Vec<Sum>,
}

/// Why a rule does not ring: its first condition that does not hold, else the first of which that cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` does not hold, or cannot be told")]
pub struct Silent(pub &'static str);

/// Holds a rule against a filing.
///
/// # Errors
/// [`Silent`] is the reason why it does not ring. [`explain`] says more.
pub fn evaluate(rule: &Rule, subject: &Subject<'_>) -> Result<Match, Silent> {
    let mut evaluator = Evaluator { subject, recorder: Deciding::default(), sums: Vec::new() };
    let (holds, counted) = evaluator.group(&rule.conditions);
    if holds == Truth::Yes {
        let trade = counted.trade(subject.filing);
        let mut sums = evaluator.sums;
        sums.truncate(MOST_SUMS);
        Ok(Match { lots: counted.sure, trade, sums })
    } else {
        Err(Silent(evaluator.recorder.condition()))
    }
}

/// Holds a rule against a filing as [`evaluate`] does, and tells every condition.
pub fn explain(rule: &Rule, subject: &Subject<'_>) -> Explanation {
    let mut evaluator = Evaluator { subject, recorder: Everything::default(), sums: Vec::new() };
    let (holds, counted) = evaluator.group(&rule.conditions);
    Explanation { holds, findings: evaluator.recorder.findings, lots: counted.sure }
}

/// Whether the lots of a filing meet a rule, or may: what it asks of the form, of lateness and of what came before left aside.
pub fn lots_may_meet(rule: &Rule, subject: &Subject<'_>) -> bool {
    let mut evaluator = Evaluator { subject, recorder: Deciding::default(), sums: Vec::new() };
    evaluator.group(&rule.conditions.of_lots_alone()).0 != Truth::No
}

pub(super) struct Evaluator<'s, R> {
    pub(super) subject: &'s Subject<'s>,
    pub(super) recorder: R,
    /// Of conditions that hold, in groups that hold.
    pub(super) sums: Vec<Sum>,
}

impl<R: Recorder> Evaluator<'_, R> {
    /// Whether a group holds, and its lots.
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

    fn is_over(&self, holds: Truth) -> bool {
        !R::ALL && holds == Truth::No
    }

    pub(super) fn note(
        &mut self,
        so_far: &mut Truth,
        condition: &'static str,
        holds: impl Into<Truth>,
        told: impl FnOnce() -> (String, String),
    ) {
        let holds = holds.into();
        *so_far = so_far.and(holds);
        self.recorder.note(condition, holds, told);
    }

    fn which_filing(&mut self, group: &Group) -> Truth {
        let mut holds = Truth::Yes;
        let filing = self.subject.filing;
        if !group.ciks.is_empty() {
            let told = || (words::list(&group.ciks), filing.issuer.cik.to_string());
            self.note(&mut holds, "ciks", group.ciks.contains(&filing.issuer.cik), told);
        }
        if !group.tickers.is_empty() {
            let tickers = self.subject.tickers();
            let has =
                group.tickers.iter().any(|ticker| is_spelt_among(ticker, tickers, &filing.issuer.taken));
            let own = || match filing.issuer.taken.as_slice() {
                [] => words::list(tickers),
                taken => format!("{} ({} is another company's)", words::list(tickers), words::list(taken)),
            };
            self.note(&mut holds, "tickers", has, || (words::list(&group.tickers), own()));
        }
        if !group.forms.is_empty() {
            let told = || (words::list(&group.forms), filing.form.to_string());
            self.note(&mut holds, "forms", group.forms.contains(&filing.form), told);
        }
        if let Some(amendments) = group.amendments {
            let (is, told) = match amendments {
                Amendments::Include => (true, "with amendments"),
                Amendments::Exclude => (!filing.form.is_amendment(), "no amendments"),
                Amendments::Only => (filing.form.is_amendment(), "amendments only"),
            };
            self.note(&mut holds, "amendments", is, || (told.to_owned(), format!("form {}", filing.form)));
        }
        holds
    }

    fn who(&mut self, group: &Group) -> Truth {
        let mut holds = Truth::Yes;
        let filing = self.subject.filing;
        if !group.owners.is_empty() {
            let names = self.subject.names();
            let is = |wanted: &OwnerWanted| {
                filing.owners.iter().zip(names).any(|(owner, name)| match wanted {
                    OwnerWanted::Cik(cik) => owner.cik == Some(*cik),
                    OwnerWanted::Name(words) => words.iter().all(|word| name.contains(word)),
                })
            };
            let found =
                || filing.owners.iter().map(|owner| owner.name.as_str()).collect::<Vec<_>>().join("; ");
            self.note(&mut holds, "owners", group.owners.iter().any(is), || {
                (words::list(&group.owners), found())
            });
        }
        for (key, wanted, is_wanted) in
            [("roles", &group.roles, true), ("exclude_roles", &group.exclude_roles, false)]
        {
            if !wanted.is_empty() {
                let roles = self.subject.roles();
                let has = |role: &RoleWanted| roles.iter().any(|own| role.is_among(own));
                let told = || {
                    let none = if is_wanted { "" } else { "none of " };
                    (format!("{none}{}", words::list(wanted)), words::roles(roles))
                };
                self.note(&mut holds, key, wanted.iter().any(has) == is_wanted, told);
            }
        }
        holds
    }

    /// The lots that a group chooses by itself. Each key narrows what those before it left.
    fn lots(&mut self, group: &Group) -> (Truth, Counted) {
        let filing = self.subject.filing;
        let mut holds = Truth::Yes;
        let mut counted = Counted { sure: (0..filing.lots.len()).collect(), doubtful: Vec::new() };
        for key in group.selection.keys() {
            let mut left = Counted::default();
            for (lots, was_sure) in [(&counted.sure, true), (&counted.doubtful, false)] {
                for &lot in lots {
                    match group.selection.takes_by(key, LotView::from(&filing.lots[lot])) {
                        Truth::Yes if was_sure => left.sure.push(lot),
                        Truth::Yes | Truth::Unknown => left.doubtful.push(lot),
                        Truth::No => {}
                    }
                }
            }
            left.doubtful.sort_unstable();
            counted = left;
            let told = || (words::selection(&group.selection, key), rows(&counted, filing.lots.len()));
            self.note(&mut holds, key, counted.holds(), told);
            if self.is_over(holds) {
                break;
            }
        }
        (holds, counted)
    }

    /// The lots that the branches of `any` choose that hold.
    fn branches(&mut self, group: &Group) -> (Truth, Counted) {
        let mut holds = Truth::No;
        let mut counted = Counted::default();
        for (number, branch) in group.any.iter().enumerate() {
            self.recorder.enter("any", Some(number + 1));
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
        let told = || ("at least one of them".to_owned(), rows(&counted, lots));
        self.note(&mut all, "any", holds, told);
        (all, counted)
    }

    fn how_much(&mut self, group: &Group, counted: &Counted) -> Truth {
        let mut holds = Truth::Yes;
        let asks = group.min_value.is_some() || group.max_value.is_some() || group.min_shares.is_some();
        if asks {
            let (least, most) = (counted.trade(self.subject.filing), counted.most(self.subject.filing));
            let told = |sign: &str, wanted: Usd| (format!("{sign} {}", wanted.exact()), words::value(&least));
            if let Some(wanted) = group.min_value {
                let reaches = worth_at_least(&least, &most, wanted);
                self.note(&mut holds, "min_value", reaches, || told("at least", wanted));
            }
            if let Some(wanted) = group.max_value {
                let stays = worth_at_most(&least, &most, wanted);
                self.note(&mut holds, "max_value", stays, || told("at most", wanted));
            }
            if let Some(wanted) = group.min_shares {
                let reaches = shares_at_least(&least, &most, wanted);
                let told = || (format!("at least {wanted} shares of one security"), words::shares(&least));
                self.note(&mut holds, "min_shares", reaches, told);
            }
        }
        if let Some(wanted) = group.min_stake_reduction {
            let stakes = stakes(self.subject.filing, &counted.sure);
            let falls = match falls_by(&stakes, wanted) {
                Truth::No if !counted.doubtful.is_empty() => Truth::Unknown,
                falls => falls,
            };
            let told = || (format!("falls by at least {}", words::percent(wanted)), words::stakes(&stakes));
            self.note(&mut holds, "min_stake_reduction", falls, told);
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
            let told = || (format!("at least {}", words::percent(wanted)), words::shares_held(&shares));
            self.note(&mut holds, "min_share_of_holdings", reaches, told);
        }
        if let Some(wanted) = group.filed_late {
            let late = self.filed_late(counted);
            let is = late.map_or(Truth::Unknown, |late| Truth::from(late == wanted));
            let told = || (words::filed_late(Some(wanted)).to_owned(), words::filed_late(late).to_owned());
            self.note(&mut holds, "filed_late", is, told);
        }
        holds
    }

    /// Whether a lot that counts was reported late; `None` where that cannot be told.
    fn filed_late(&self, counted: &Counted) -> Option<bool> {
        let late = self.subject.filing.filed_late(counted.sure.iter().copied())?;
        let all = self.subject.late()?;
        (late || !counted.doubtful.iter().any(|lot| all.contains(lot))).then_some(late)
    }

    /// `not` and `when`.
    fn besides(&mut self, group: &Group, counted: &Counted) -> Truth {
        let mut holds = Truth::Yes;
        if let Some(body) = &group.not {
            self.recorder.enter("not", None);
            let sums = self.sums.len();
            let (of_body, lots) = self.group(body);
            self.sums.truncate(sums);
            self.recorder.leave(of_body);
            let all = self.subject.filing.lots.len();
            let told =
                || ("that it does not hold".to_owned(), format!("{}, {}", of_body.word(), rows(&lots, all)));
            self.note(&mut holds, "not", of_body.negated(), told);
        }
        if let Some(when) = &group.when {
            let (mut is, mut found) = when.evaluate(self.subject, &counted.sure);
            if !counted.doubtful.is_empty() && when.evaluate(self.subject, &counted.all()).0 != is {
                (is, found) = (Truth::Unknown, format!("{found}, if only what surely counts does"));
            }
            self.note(&mut holds, "when", is, || (when.source().to_owned(), found));
        }
        holds
    }
}
