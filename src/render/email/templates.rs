//! The templates of e-mails: those that are built in, and an operator's own in their place.

use std::error::Error as _;
use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

/// How many steps a template may take: hundreds of times what the built-in ones need for a long digest.
const MOST_STEPS: u64 = 5_000_000;

const BUILT_IN: [(&str, &str); 8] = [
    ("layout.html", include_str!("../templates/layout.html")),
    ("alert.html", include_str!("../templates/alert.html")),
    ("digest.html", include_str!("../templates/digest.html")),
    ("notice.html", include_str!("../templates/notice.html")),
    ("alert.txt", include_str!("../templates/alert.txt")),
    ("digest.txt", include_str!("../templates/digest.txt")),
    ("notice.txt", include_str!("../templates/notice.txt")),
    ("foot.txt", include_str!("../templates/foot.txt")),
];

/// A set of templates that e-mails are made with.
#[derive(Debug, Clone)]
pub struct Templates {
    environment: Environment<'static>,
}

/// A mistake in a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The template: `digest.html`.
    pub name: String,
    /// The line, from 1; `None` if no line is to blame.
    pub line: Option<usize>,
    /// The mistake.
    pub message: String,
}

static PLAIN: LazyLock<Templates> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(MOST_STEPS));
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    for (name, source) in BUILT_IN {
        // A template that does not parse is missing, so rendering it fails; the tests render each one.
        let _ = environment.add_template(name, source);
    }
    Templates { environment }
});

impl Templates {
    /// The built-in templates.
    pub fn built_in() -> &'static Self {
        &PLAIN
    }

    /// The names of all templates. Each can be replaced.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The text of a built-in template, as a start for an own one.
    pub fn source(name: &str) -> Option<&'static str> {
        BUILT_IN.iter().find(|(own, _)| *own == name).map(|(_, source)| *source)
    }

    /// The built-in templates with these in place of those of the same name.
    ///
    /// # Errors
    /// The mistakes: one for each template that cannot be read. What a template says is checked when it is
    /// used: see [`super::check`].
    pub fn with(own: impl IntoIterator<Item = (String, String)>) -> Result<Self, Vec<TemplateError>> {
        let mut environment = PLAIN.environment.clone();
        let mut errors = Vec::new();
        for (name, source) in own {
            if let Err(error) = environment.add_template_owned(name.clone(), source) {
                errors.push(TemplateError::new(&name, &error));
            }
        }
        if errors.is_empty() { Ok(Self { environment }) } else { Err(errors) }
    }

    pub(super) fn render(&self, name: &str, view: &impl Serialize) -> Result<String, minijinja::Error> {
        self.environment.get_template(name)?.render(Serde(view))
    }
}

impl TemplateError {
    pub(super) fn new(name: &str, error: &minijinja::Error) -> Self {
        // A mistake in an included template comes wrapped in one of the template that includes it.
        let mut error = error;
        while let Some(inner) = error.source().and_then(|inner| inner.downcast_ref::<minijinja::Error>())
            && inner.name().is_some()
        {
            error = inner;
        }
        let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        Self { name: error.name().unwrap_or(name).to_owned(), line: error.line(), message: detail }
    }
}
