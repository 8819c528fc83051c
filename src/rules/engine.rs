//! minijinja, which evaluates the expressions and templates of rule files. It limits steps and output, but
//! neither the time that it takes to display a large value nor the depth of a value that contains itself. For
//! that reason, the program has it evaluate in a separate process ([`isolate`]).

use std::sync::{LazyLock, OnceLock};

use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, Expression, UndefinedBehavior};
use serde::{Deserialize, Serialize};

use super::template_context::TemplateContext;
use crate::text::clip;

/// The most steps of one evaluation: a loop over a long filing's lots needs a few thousand.
const FUEL: u64 = 100_000;
/// The most characters of a message's own words; more are cut.
const LONGEST_MESSAGE: usize = 1_500;
/// The most characters of an expression's value that are shown.
const LONGEST_VALUE: usize = 100;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment
});

static ISOLATED: OnceLock<Box<dyn Evaluate>> = OnceLock::new();

/// A mistake in an expression or template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{what}: {help}")]
pub struct ExpressionError {
    /// The mistake.
    pub what: String,
    /// Advice for people.
    pub help: String,
}

impl ExpressionError {
    fn of(error: &Error) -> Self {
        let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        let help = match error.kind() {
            ErrorKind::OutOfFuel => format!("at most {FUEL} steps are made for one filing"),
            ErrorKind::UnknownFilter => {
                "minijinja's built-in filters can be used, like `upper` or `join`".to_owned()
            }
            _ => "expected minijinja, as docs/RULES.md shows it".to_owned(),
        };
        Self { what: clip(&detail, 200).into_owned(), help }
    }
}

/// The kind of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An expression.
    When,
    /// A text with expressions in it.
    Template,
}

/// One evaluation.
#[derive(Debug, Serialize, Deserialize)]
pub struct Task {
    /// The kind of the source.
    pub kind: Kind,
    /// The text of the rule file.
    pub source: String,
    /// The names that it sees, with their values; `None` if only the names that it uses are requested.
    pub names: Option<serde_json::Value>,
}

/// The result of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluated {
    /// An expression's value or a template's words; cut if too long.
    pub text: String,
    /// True if an expression's value counts as true.
    pub is_true: bool,
    /// The names that it uses, unsorted, if only these were requested.
    pub names: Vec<String>,
}

/// Evaluates in a place where a failure of the engine ends nothing else.
pub trait Evaluate: Send + Sync {
    /// The result of a task.
    ///
    /// # Errors
    /// A mistake in its source, or that it was stopped.
    fn evaluate(&self, task: &Task) -> Result<Evaluated, ExpressionError>;
}

/// From now on, evaluates `when` and `template` with this evaluator. Only the first call has an effect.
pub fn isolate(evaluator: Box<dyn Evaluate>) {
    let _ = ISOLATED.set(evaluator);
}

/// Evaluates a task in this process.
///
/// # Errors
/// A mistake in its source.
pub fn evaluate_here(task: &Task) -> Result<Evaluated, ExpressionError> {
    match &task.names {
        Some(names) => evaluated(task.kind, &task.source, names),
        None => used(task.kind, &task.source),
    }
}

/// The result of a source with these names.
pub(super) fn evaluate(
    kind: Kind,
    source: &str,
    names: &TemplateContext,
) -> Result<Evaluated, ExpressionError> {
    let Some(isolated) = ISOLATED.get() else { return evaluated(kind, source, names) };
    let names = serde_json::to_value(names).map_err(|error| ExpressionError {
        what: clip(&error.to_string(), 200).into_owned(),
        help: "a value of this filing cannot be shown".to_owned(),
    })?;
    isolated.evaluate(&Task { kind, source: source.to_owned(), names: Some(names) })
}

/// The names that a source uses. Reading it can take as much as evaluating it, because its constant parts are
/// evaluated then.
pub(super) fn names_in(kind: Kind, source: &str) -> Result<Vec<String>, ExpressionError> {
    let task = Task { kind, source: source.to_owned(), names: None };
    let used = ISOLATED.get().map_or_else(|| evaluate_here(&task), |isolated| isolated.evaluate(&task));
    used.map(|used| used.names)
}

fn evaluated(kind: Kind, source: &str, names: &impl Serialize) -> Result<Evaluated, ExpressionError> {
    let failed = |error: Error| ExpressionError::of(&error);
    let (text, most, is_true) = match kind {
        Kind::When => {
            let value = expression(source)?.eval(Serde(names)).map_err(failed)?;
            (value.to_string(), LONGEST_VALUE, value.is_true())
        }
        Kind::Template => {
            let text = ENVIRONMENT.render_str(source, Serde(names)).map_err(failed)?;
            (text.trim().to_owned(), LONGEST_MESSAGE, true)
        }
    };
    Ok(Evaluated { text: clip(&text, most).into_owned(), is_true, names: Vec::new() })
}

fn used(kind: Kind, source: &str) -> Result<Evaluated, ExpressionError> {
    let names = match kind {
        Kind::When => expression(source)?.undeclared_variables(false),
        Kind::Template => {
            let parsed =
                ENVIRONMENT.template_from_str(source).map_err(|error| ExpressionError::of(&error))?;
            parsed.undeclared_variables(false)
        }
    };
    Ok(Evaluated { text: String::new(), is_true: false, names: names.into_iter().collect() })
}

fn expression(source: &str) -> Result<Expression<'_, '_>, ExpressionError> {
    ENVIRONMENT.compile_expression(source).map_err(|error| ExpressionError::of(&error))
}
