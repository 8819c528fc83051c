//! A filing under evaluation: where each condition notes what it finds.

use super::condition::ConditionKey;
use super::history::Sum;
use super::subject::Subject;
use super::truth::Truth;
use super::verdict::Recorder;

/// Holds groups of conditions against a filing.
pub(super) struct Evaluator<'s, R> {
    pub(super) subject: &'s Subject<'s>,
    pub(super) recorder: R,
    /// Of conditions that hold, in groups that hold.
    pub(super) sums: Vec<Sum>,
}

impl<R: Recorder> Evaluator<'_, R> {
    /// True if nothing that follows can change the answer, or needs to be noted.
    pub(super) fn is_over(&self, holds: Truth) -> bool {
        !R::ALL && holds == Truth::No
    }

    /// Notes a condition, and that all so far hold only where it does.
    pub(super) fn note(
        &mut self,
        so_far: &mut Truth,
        condition: ConditionKey,
        holds: impl Into<Truth>,
        told: impl FnOnce() -> (String, String),
    ) {
        let holds = holds.into();
        *so_far = so_far.and(holds);
        self.recorder.note(condition, holds, told);
    }
}
