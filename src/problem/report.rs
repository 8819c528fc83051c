//! Mistakes as shown to people: the line, a caret under the mistake, and what to do.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    Severity, SourceCode, SourceSpan, SpanContents,
};

use super::{Level, Place, Problem};
use crate::text::plain;

/// How wide a report is, in columns.
const WIDTH: usize = 120;

/// A mistake with its line and a caret, as several lines of text, coloured with ANSI escapes if `colour` is
/// true.
pub fn report(problem: &Problem, colour: bool) -> String {
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(WIDTH).with_links(false);
    let mut text = String::new();
    match handler.render_report(&mut text, &Shown::new(problem)) {
        Ok(()) => text,
        // A line that it cannot draw is still reported.
        Err(fmt::Error) => format!("{problem}\n"),
    }
}

struct Shown<'a> {
    problem: &'a Problem,
    message: String,
    line: Option<Line<'a>>,
}

impl<'a> Shown<'a> {
    fn new(problem: &'a Problem) -> Self {
        let line = problem.place.as_ref().map(|place| Line::new(&problem.file, place));
        let message = match &line {
            Some(_) => plain(&problem.message),
            None => plain(&format!("{}: {}", problem.file, problem.message)),
        };
        Self { problem, message, line }
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.problem, f)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn severity(&self) -> Option<Severity> {
        Some(match self.problem.level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
        })
    }

    fn help(&self) -> Option<Box<dyn fmt::Display + '_>> {
        self.problem.help.as_ref().map(|help| Box::new(plain(help)) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.line.as_ref().map(|line| line as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let line = self.line.as_ref()?;
        Some(Box::new([LabeledSpan::new_with_span(None, line.blamed)].into_iter()))
    }
}

/// One line of a file, with its number.
struct Line<'a> {
    file: &'a str,
    place: &'a Place,
    text: String,
    blamed: SourceSpan,
}

impl<'a> Line<'a> {
    fn new(file: &'a str, place: &'a Place) -> Self {
        // A control character would move the caret or worse.
        let mut text: String = place.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        // Something missing is marked after the line's end.
        if text.chars().count() < place.column {
            text.push(' ');
        }
        let bytes = |chars: usize| text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
        let start = bytes(place.column - 1);
        let blamed = (start, bytes(place.column - 1 + place.length).saturating_sub(start)).into();
        Self { file, place, text, blamed }
    }
}

impl SourceCode for Line<'_> {
    fn read_span<'s>(
        &'s self,
        _: &SourceSpan,
        _: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'s> + 's>, MietteError> {
        let whole = (0, self.text.len()).into();
        Ok(Box::new(MietteSpanContents::new_named(
            self.file.to_owned(),
            self.text.as_bytes(),
            whole,
            self.place.line - 1,
            self.place.column - 1,
            1,
        )))
    }
}
