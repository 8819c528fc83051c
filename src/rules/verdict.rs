//! The reasons why a rule matches or does not: each condition, what it asks for, what the filing has, and the
//! result.

use serde::Serialize;

use super::condition::ConditionKey;
use super::truth::Truth;

/// One condition, evaluated for a filing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The path of the condition: `min_value`, `any[2].roles`, `not.codes`.
    pub condition: String,
    /// True if it is a whole group, `any[2]` or the body of `not`, whose conditions follow.
    pub group: bool,
    /// The value that the rule asks for.
    pub wanted: String,
    /// The value in the filing.
    pub found: String,
    /// The result.
    pub holds: Truth,
}

impl Finding {
    /// The number of groups that contain it.
    pub fn depth(&self) -> usize {
        self.condition.matches('.').count()
    }
}

/// A rule, evaluated for a filing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The result; the rule matches only if this is yes.
    pub holds: Truth,
    /// Every condition, in the order of `docs/RULES.md`.
    pub findings: Vec<Finding>,
    /// Positions of the lots that count, from 0.
    pub lots: Vec<usize>,
}

impl Explanation {
    /// The condition that prevents the match: the first that is false, or else the first unknown one.
    pub fn deciding(&self) -> Option<&Finding> {
        let top = |holds: Truth| {
            let own = self.findings.iter().filter(|finding| finding.depth() == 0 && !finding.group);
            own.into_iter().find(move |finding| finding.holds == holds)
        };
        top(Truth::No).or_else(|| top(Truth::Unknown))
    }
}

/// Records what the evaluator finds.
pub(super) trait Recorder {
    /// True to go on after a condition that does not hold.
    const ALL: bool;
    /// Begins a group within the group.
    fn enter(&mut self, part: ConditionKey, number: Option<usize>);
    /// Ends that group, with its result.
    fn leave(&mut self, holds: Truth);
    /// Records a condition. `words`, what was wanted and found, is called only if somebody reads it.
    fn note(&mut self, condition: ConditionKey, holds: Truth, words: impl FnOnce() -> (String, String));
}

/// Records only what decides: the first condition that is false, or else the first unknown one.
#[derive(Debug, Default)]
pub(super) struct Deciding {
    depth: usize,
    no: Option<ConditionKey>,
    unknown: Option<ConditionKey>,
}

impl Deciding {
    pub(super) fn condition(&self) -> ConditionKey {
        self.no.or(self.unknown).unwrap_or(ConditionKey::Codes)
    }
}

impl Recorder for Deciding {
    const ALL: bool = false;

    fn enter(&mut self, _: ConditionKey, _: Option<usize>) {
        self.depth += 1;
    }

    fn leave(&mut self, _: Truth) {
        self.depth -= 1;
    }

    fn note(&mut self, condition: ConditionKey, holds: Truth, _: impl FnOnce() -> (String, String)) {
        if self.depth == 0 {
            match holds {
                Truth::No => self.no = self.no.or(Some(condition)),
                Truth::Unknown => self.unknown = self.unknown.or(Some(condition)),
                Truth::Yes => {}
            }
        }
    }
}

/// Records everything, with words.
#[derive(Debug, Default)]
pub(super) struct Everything {
    path: Vec<(String, usize)>,
    pub(super) findings: Vec<Finding>,
}

impl Everything {
    fn prefix(&self) -> String {
        self.path.iter().map(|(part, _)| format!("{part}.")).collect()
    }
}

impl Recorder for Everything {
    const ALL: bool = true;

    fn enter(&mut self, part: ConditionKey, number: Option<usize>) {
        let part = number.map_or_else(|| part.to_string(), |number| format!("{part}[{number}]"));
        let condition = format!("{}{part}", self.prefix());
        let (wanted, found) = (String::new(), String::new());
        self.path.push((part, self.findings.len()));
        self.findings.push(Finding { condition, group: true, wanted, found, holds: Truth::Unknown });
    }

    fn leave(&mut self, holds: Truth) {
        if let Some(finding) = self.path.pop().and_then(|(_, at)| self.findings.get_mut(at)) {
            finding.holds = holds;
        }
    }

    fn note(&mut self, condition: ConditionKey, holds: Truth, words: impl FnOnce() -> (String, String)) {
        let (wanted, found) = words();
        let condition = format!("{}{condition}", self.prefix());
        self.findings.push(Finding { condition, group: false, wanted, found, holds });
    }
}
