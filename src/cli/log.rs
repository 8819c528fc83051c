//! The log, on standard error. Each value is one line of bounded length, without terminal control characters,
//! secrets or full e-mail addresses.

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::{PoisonError, RwLock};

use secrecy::SecretString;
use tracing::field::{Field, Visit};
use tracing_subscriber::field::{MakeVisitor, VisitFmt, VisitOutput};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::notify::Secrets;
use crate::text::redact::Redactor;

/// The longest value, in characters.
const MOST: usize = 2_000;

static REDACTOR: RwLock<Option<Redactor>> = RwLock::new(None);

/// Keeps these secrets out of the log from now on.
pub(super) fn hide(secrets: &Secrets, others: impl IntoIterator<Item = SecretString>) {
    *REDACTOR.write().unwrap_or_else(PoisonError::into_inner) =
        Some(secrets.redactor(others.into_iter().map(Into::into)));
}

/// Starts logging at the `wanted` levels, otherwise at `usual`.
pub(super) fn start(wanted: Option<&str>, usual: LevelFilter, has_colour: bool) {
    let quiet = || Targets::new().with_default(LevelFilter::WARN).with_target("sellbell", usual);
    let wanted = wanted.and_then(|text| text.parse::<Targets>().ok());
    // These targets log whole requests and payloads, secrets included.
    let levels = wanted
        .unwrap_or_else(quiet)
        .with_target("serenity::http", LevelFilter::OFF)
        .with_target("serenity::gateway", LevelFilter::OFF);
    let format = tracing_subscriber::fmt::layer()
        // If standard error cannot be written to, reporting that there would panic.
        .log_internal_errors(false)
        .with_writer(io::stderr)
        .with_ansi(has_colour && io::stderr().is_terminal())
        .fmt_fields(Clean)
        .with_target(false);
    // A second start, possible only in tests, changes nothing.
    let _ = tracing_subscriber::registry().with(levels).with(format).try_init();
}

/// A value made safe to log.
fn cleaned(value: &str) -> String {
    let known = REDACTOR.read().unwrap_or_else(PoisonError::into_inner);
    known
        .as_ref()
        .map_or_else(|| Redactor::default().clean(value, MOST), |redactor| redactor.clean(value, MOST))
}

/// Writes the fields of an event.
struct Clean;

impl<'writer> MakeVisitor<Writer<'writer>> for Clean {
    type Visitor = CleanFields<'writer>;

    fn make_visitor(&self, writer: Writer<'writer>) -> Self::Visitor {
        CleanFields { writer, is_empty: true, result: Ok(()) }
    }
}

struct CleanFields<'writer> {
    writer: Writer<'writer>,
    is_empty: bool,
    result: fmt::Result,
}

impl Visit for CleanFields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if self.result.is_err() {
            return;
        }
        let pad = if self.is_empty { "" } else { " " };
        self.is_empty = false;
        let value = cleaned(&format!("{value:?}"));
        self.result = match field.name() {
            "message" => write!(self.writer, "{pad}{value}"),
            name => write!(self.writer, "{pad}{name}={value}"),
        };
    }
}

impl VisitOutput<fmt::Result> for CleanFields<'_> {
    fn finish(self) -> fmt::Result {
        self.result
    }
}

impl VisitFmt for CleanFields<'_> {
    fn writer(&mut self) -> &mut dyn fmt::Write {
        &mut self.writer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_line_that_steers_nothing() {
        assert_eq!(
            cleaned("a\r\nb\u{1b}[31m\u{9b}31m\u{202e} jane@example.org"),
            "a b[31m31m j•••@example.org"
        );
        assert_eq!(cleaned(&"x".repeat(100_000)).chars().count(), MOST);
    }
}
