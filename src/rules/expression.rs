//! What rule files say in minijinja: `when`, an expression, and `template`, a message's own words. Both see the same names.

use std::fmt;
use std::sync::{Arc, LazyLock};

use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, Expression, UndefinedBehavior};

use super::names::{NAMES, Names};
use super::{Subject, Truth};
use crate::problem::nearest;
use crate::text::clip;

/// Steps that one evaluation may take: a loop over a long filing's lots needs some thousands.
const FUEL: u64 = 100_000;
/// A message's own words are cut here, in characters.
const LONGEST_MESSAGE: usize = 1_500;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment
});

/// What is wrong in an expression or template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {help}")]
pub struct ExpressionError {
    /// What is wrong.
    pub what: String,
    /// What to do.
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

    fn unknown(name: &str) -> Self {
        let help = match nearest(name, NAMES.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the names are {}", NAMES.join(", ")),
        };
        Self { what: format!("there is no name `{name}`"), help }
    }
}

/// The first name that is none of those known.
fn unknown(mut names: Vec<String>) -> Option<ExpressionError> {
    names.sort();
    let functions = ["range", "dict", "namespace", "debug"];
    let unknown = |name: &&String| !NAMES.contains(&name.as_str()) && !functions.contains(&name.as_str());
    names.iter().find(unknown).map(|name| ExpressionError::unknown(name))
}

/// `when`: an expression that must be true.
#[derive(Clone)]
pub struct When {
    source: String,
    expression: Arc<Expression<'static, 'static>>,
    constant: Option<bool>,
}

impl When {
    /// Compiles an expression, and tries it on a sample.
    ///
    /// # Errors
    /// What is no expression, asks for a name that is not there, or fails for the sample.
    pub fn new(source: &str) -> Result<Self, ExpressionError> {
        let compiled = ENVIRONMENT.compile_expression_owned(source.to_owned());
        let expression = compiled.map_err(|error| ExpressionError::of(&error))?;
        let names = expression.undeclared_variables(false);
        let is_constant = names.is_empty();
        if let Some(error) = unknown(names.into_iter().collect()) {
            return Err(error);
        }
        let value = expression.eval(Serde(&Names::sample())).map_err(|error| ExpressionError::of(&error))?;
        let constant = is_constant.then(|| value.is_true());
        Ok(Self { source: source.to_owned(), expression: Arc::new(expression), constant })
    }

    /// As it is written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What it always is, where it looks at nothing.
    pub fn constant(&self) -> Option<bool> {
        self.constant
    }

    /// Whether it is true of these lots, and what it came to.
    pub(super) fn evaluate(&self, subject: &Subject<'_>, lots: &[usize]) -> (Truth, String) {
        match self.expression.eval(Serde(&Names::of(subject, lots))) {
            Ok(value) => (value.is_true().into(), clip(&value.to_string(), 100).into_owned()),
            Err(error) => (Truth::Unknown, format!("it fails: {}", ExpressionError::of(&error).what)),
        }
    }
}

impl fmt::Debug for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("When").field(&self.source).finish()
    }
}

impl PartialEq for When {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

/// `template`: a message's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: String,
}

impl Template {
    /// Takes a template that renders a sample.
    ///
    /// # Errors
    /// What is no template, asks for a name that is not there, fails for the sample, or says nothing of it.
    pub fn new(source: &str) -> Result<Self, ExpressionError> {
        let parsed = ENVIRONMENT.template_from_str(source).map_err(|error| ExpressionError::of(&error))?;
        if let Some(error) = unknown(parsed.undeclared_variables(false).into_iter().collect()) {
            return Err(error);
        }
        let sample = parsed.render(Serde(&Names::sample())).map_err(|error| ExpressionError::of(&error))?;
        if sample.trim().is_empty() {
            let what = "the template says nothing of a sample filing".to_owned();
            return Err(ExpressionError { what, help: "leave it out to have the usual words".to_owned() });
        }
        Ok(Self { source: source.to_owned() })
    }

    /// The words for these lots, cut where they are too long.
    ///
    /// # Errors
    /// What the sample did not show, like an element that this filing lacks.
    pub fn render(&self, subject: &Subject<'_>, lots: &[usize]) -> Result<String, ExpressionError> {
        let text = ENVIRONMENT.render_str(&self.source, Serde(&Names::of(subject, lots)));
        let text = text.map_err(|error| ExpressionError::of(&error))?;
        Ok(clip(text.trim(), LONGEST_MESSAGE).into_owned())
    }
}
