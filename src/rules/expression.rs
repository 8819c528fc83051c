//! minijinja in rule files: `when`, an expression, and `template`, a message's own words. Both see the same
//! names.

use super::engine::{ExpressionError, Kind, evaluate, names_in};
use super::subject::Subject;
use super::template_context::{NAMES, TemplateContext};
use super::truth::Truth;
use crate::problem::nearest;

/// The functions that can be called.
const FUNCTIONS: [&str; 3] = ["range", "dict", "namespace"];

/// True if a source uses no names. An unknown name is an error.
fn asks_for_nothing(kind: Kind, source: &str) -> Result<bool, ExpressionError> {
    let mut names = names_in(kind, source)?;
    names.sort();
    let unknown = |name: &&String| !NAMES.contains(&name.as_str()) && !FUNCTIONS.contains(&name.as_str());
    if let Some(name) = names.iter().find(unknown) {
        let help = match nearest(name, NAMES.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the names are {}", NAMES.join(", ")),
        };
        return Err(ExpressionError { what: format!("there is no name `{name}`"), help });
    }
    Ok(names.is_empty())
}

/// `when`: an expression that must be true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    source: String,
    constant: Option<bool>,
}

impl When {
    /// Compiles an expression and tries it on a sample.
    ///
    /// # Errors
    /// It is not an expression, uses a name that does not exist, or fails for the sample.
    pub fn new(source: &str) -> Result<Self, ExpressionError> {
        let is_constant = asks_for_nothing(Kind::When, source)?;
        let value = evaluate(Kind::When, source, &TemplateContext::sample())?;
        Ok(Self { source: source.to_owned(), constant: is_constant.then_some(value.is_true) })
    }

    /// The expression as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The constant value of an expression that uses no names.
    pub fn constant(&self) -> Option<bool> {
        self.constant
    }

    /// Evaluates it for these lots: whether it is true, and its value.
    pub(super) fn evaluate(&self, subject: &Subject<'_>, lots: &[usize]) -> (Truth, String) {
        let names = TemplateContext::of(subject, lots);
        match evaluate(Kind::When, &self.source, &names) {
            Ok(value) if value.is_true && self.depends_on_unknown(&names) => {
                (Truth::Unknown, "it depends on an unknown figure".to_owned())
            }
            Ok(value) => (value.is_true.into(), value.text),
            Err(error) => (Truth::Unknown, format!("it fails: {}", error.what)),
        }
    }

    /// True if it is true only because `none` sorts below all numbers. An expression that handles unknown
    /// values with `none`, `not`, `default` or `or 0` is taken at its word.
    fn depends_on_unknown(&self, names: &TemplateContext) -> bool {
        let words = self.source.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let handles =
            |pair: &[&str]| pair[0] == "or" && pair[1].starts_with(|digit: char| digit.is_ascii_digit());
        if words.iter().any(|word| matches!(*word, "none" | "None" | "not" | "default" | "d"))
            || words.windows(2).any(handles)
        {
            return false;
        }
        [f64::MIN, f64::MAX].into_iter().any(|figure| {
            names.with_unknown(&words, figure).is_some_and(|names| {
                evaluate(Kind::When, &self.source, &names).is_ok_and(|value| !value.is_true)
            })
        })
    }
}

/// `template`: a message's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: String,
}

impl Template {
    /// Accepts a template that renders a sample.
    ///
    /// # Errors
    /// It is not a template, uses a name that does not exist, fails for the sample, or renders nothing for
    /// it.
    pub fn new(source: &str) -> Result<Self, ExpressionError> {
        asks_for_nothing(Kind::Template, source)?;
        if evaluate(Kind::Template, source, &TemplateContext::sample())?.text.is_empty() {
            let what = "the template says nothing of a sample filing".to_owned();
            return Err(ExpressionError { what, help: "leave it out to have the usual words".to_owned() });
        }
        Ok(Self { source: source.to_owned() })
    }

    /// The words for these lots, cut if they are too long.
    ///
    /// # Errors
    /// A failure that the sample did not show, such as an element that this filing lacks.
    pub fn render(&self, subject: &Subject<'_>, lots: &[usize]) -> Result<String, ExpressionError> {
        evaluate(Kind::Template, &self.source, &TemplateContext::of(subject, lots)).map(|words| words.text)
    }
}
