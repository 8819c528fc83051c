//! The building blocks of a filing's lines: titles, facts, running text.

use std::fmt::Write as _;

use textwrap::Options;

use crate::render::terminal::{BOLD, Colour, DIM};

/// The width at which running text wraps, in characters.
const WIDTH: usize = 100;

/// The lines of a filing while they are written.
pub(super) struct Picture {
    pub(super) out: String,
    pub(super) colour: Colour,
}

impl Picture {
    pub(super) fn title(&mut self, text: &str) {
        self.gap();
        let text = self.colour.paint(BOLD, text);
        self.line(2, &text);
    }

    pub(super) fn fact(&mut self, name: &str, text: &str) {
        let name = self.colour.paint(DIM, &format!("{name:<10}"));
        self.line(4, &format!("{name} {text}"));
    }

    pub(super) fn dim(&mut self, text: &str) {
        let text = self.colour.paint(DIM, text);
        self.line(0, &text);
    }

    /// Adds running text, wrapped at words, with separate indents for the first line and the others.
    pub(super) fn wrapped(&mut self, first: usize, then: usize, paint: &str, text: &str) {
        let (first, then) = (" ".repeat(first), " ".repeat(then));
        for line in textwrap::wrap(text, Options::new(WIDTH).initial_indent(&first).subsequent_indent(&then))
        {
            let line = if paint.is_empty() { line.into_owned() } else { self.colour.paint(paint, &line) };
            self.line(0, &line);
        }
    }

    pub(super) fn gap(&mut self) {
        self.out.push('\n');
    }

    pub(super) fn line(&mut self, indent: usize, text: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.out, "{}{}", " ".repeat(indent), text.trim_end());
    }
}
