//! A filing under evaluation, where each condition records its findings.

use super::condition::ConditionKey;
use super::history::Sum;
use super::subject::Subject;
use super::truth::Truth;
use super::verdict::Recorder;

/// Evaluates groups of conditions for a filing.
pub(super) struct Evaluator<'s, R> {
    pub(super) subject: &'s Subject<'s>,
    pub(super) recorder: R,
    /// The sums of conditions that hold, in groups that hold.
    pub(super) sums: Vec<Sum>,
}

impl<R: Recorder> Evaluator<'_, R> {
    /// True if nothing that follows can change the answer, or needs to be recorded.
    pub(super) fn is_over(&self, holds: Truth) -> bool {
        !R::ALL && holds == Truth::No
    }

    /// Records a condition: the group holds so far only if it does.
    pub(super) fn note(
        &mut self,
        so_far: &mut Truth,
        condition: ConditionKey,
        holds: impl Into<Truth>,
        words: impl FnOnce() -> (String, String),
    ) {
        let holds = holds.into();
        *so_far = so_far.and(holds);
        self.recorder.note(condition, holds, words);
    }
}
