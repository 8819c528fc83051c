//! Converts the text of single elements into values. What cannot be read becomes `None` and a warning, never
//! a guess.

use std::fmt::Display;
use std::str::FromStr;

use chrono::NaiveDate;

use super::warning;
use super::wire::{Data, Text};
use crate::filing::{Noted, Shares, Warning};
use crate::text::{clip, fold};

/// Names and titles in real filings have a few hundred characters at most, footnotes and remarks a few
/// thousand.
const SHORT_TEXT: usize = 2_000;
const LONG_TEXT: usize = 100_000;
/// The most bytes of all texts of a filing, counted separately for long and short texts. Real filings have
/// some ten thousand.
const MOST_TEXT: usize = 1_000_000;

/// Reads elements, and keeps track of the warnings and of how much more text is allowed.
pub(super) struct Elements {
    pub(super) warnings: Vec<Warning>,
    /// Bytes left for long texts and for short ones.
    long: usize,
    short: usize,
}

impl Elements {
    pub(super) fn new() -> Self {
        Self { warnings: Vec::new(), long: MOST_TEXT, short: MOST_TEXT }
    }

    pub(super) fn mandatory(&mut self, wire: &Text<'_>, at: impl FnOnce() -> String) -> String {
        self.text(wire).unwrap_or_else(|| {
            self.warn("missing-element", "a name that the form requires is missing".into(), &at());
            String::new()
        })
    }

    pub(super) fn noted<T>(
        &mut self,
        data: &mut Data<'_>,
        at: &dyn Display,
        name: &str,
        code: &str,
    ) -> Noted<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        Noted {
            value: self.parsed(&data.value, at, name, code),
            footnotes: std::mem::take(&mut data.footnotes),
        }
    }

    /// A number of shares. `36.000` is 36, or 36,000 if points separate thousands.
    pub(super) fn count(&mut self, data: &mut Data<'_>, at: &dyn Display, name: &str) -> Noted<Shares> {
        let written = data.value.as_deref().map(str::trim).unwrap_or_default();
        if let Some(whole) = written.strip_suffix(".000")
            && (1..=3).contains(&whole.len())
            && whole.bytes().all(|b| b.is_ascii_digit())
            && whole.bytes().any(|b| b != b'0')
        {
            let message = format!("the number is written `{written}`: it may be {whole} or {whole},000");
            self.warn("count-like-thousands", message, &format!("{at}/{name}"));
        }
        self.noted(data, at, name, "bad-number")
    }

    pub(super) fn parsed<T>(&mut self, wire: &Text<'_>, at: &dyn Display, name: &str, code: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let trimmed = wire.as_deref().map(str::trim).filter(|t| !t.is_empty())?;
        trimmed
            .parse()
            .map_err(|error: T::Err| self.warn(code, error.to_string(), &format!("{at}/{name}")))
            .ok()
    }

    pub(super) fn letter<T>(
        &mut self,
        data: &mut Data<'_>,
        at: &dyn Display,
        name: &str,
        read: fn(&str) -> Option<T>,
    ) -> Noted<T> {
        let trimmed = data.value.as_deref().map(str::trim).filter(|t| !t.is_empty());
        let value = trimmed.and_then(|letter| {
            let value = read(letter);
            if value.is_none() {
                let message = format!("`{}` is not a code that this element can have", clip(letter, 20));
                self.warn("bad-code", message, &format!("{at}/{name}"));
            }
            value
        });
        Noted { value, footnotes: std::mem::take(&mut data.footnotes) }
    }

    pub(super) fn noted_date(
        &mut self,
        data: &mut Data<'_>,
        at: &dyn Display,
        name: &str,
    ) -> Noted<NaiveDate> {
        Noted {
            value: self.date(&data.value, || format!("{at}/{name}")),
            footnotes: std::mem::take(&mut data.footnotes),
        }
    }

    /// An `xs:date` may end in a time zone, `2023-06-29-05:00`: the date is its first ten characters.
    pub(super) fn date(&mut self, wire: &Text<'_>, at: impl FnOnce() -> String) -> Option<NaiveDate> {
        let trimmed = wire.as_deref().map(str::trim).filter(|t| !t.is_empty())?;
        let day = trimmed.get(..10).filter(|day| {
            day.bytes()
                .enumerate()
                .all(|(i, b)| if matches!(i, 4 | 7) { b == b'-' } else { b.is_ascii_digit() })
        });
        let zone = trimmed.get(10..).unwrap_or_default();
        let zoned = zone.is_empty() || zone == "Z" || zone.len() == 6 && zone.starts_with(['-', '+']);
        let number = |digits: &str| digits.parse::<u32>().ok();
        let date = day.filter(|_| zoned).and_then(|day| {
            let year = i32::try_from(number(&day[..4])?).ok()?;
            NaiveDate::from_ymd_opt(year, number(&day[5..7])?, number(&day[8..])?)
        });
        if date.is_none() {
            let message = format!("`{}` is not a date: expected YYYY-MM-DD", clip(trimmed, 40));
            self.warn("bad-date", message, &at());
        }
        date
    }

    pub(super) fn flag(&mut self, wire: &Text<'_>, at: impl FnOnce() -> String) -> Option<bool> {
        match wire.as_deref().map(str::trim) {
            None | Some("") => None,
            Some("1" | "true") => Some(true),
            Some("0" | "false") => Some(false),
            Some(other) => {
                let message = format!("`{}` is not 0, 1, true or false", clip(other, 20));
                self.warn("bad-flag", message, &at());
                None
            }
        }
    }

    pub(super) fn text(&mut self, wire: &Text<'_>) -> Option<String> {
        let (kept, is_cut) = bounded(wire.as_deref()?, SHORT_TEXT, &mut self.short);
        self.cut(is_cut, SHORT_TEXT);
        kept
    }

    pub(super) fn long_text(&mut self, text: &str) -> Option<String> {
        let (kept, is_cut) = bounded(text, LONG_TEXT, &mut self.long);
        self.cut(is_cut, LONG_TEXT);
        kept
    }

    pub(super) fn noted_text(&mut self, data: &mut Data<'_>) -> Noted<String> {
        Noted { value: self.text(&data.value), footnotes: std::mem::take(&mut data.footnotes) }
    }

    fn cut(&mut self, is_cut: bool, most: usize) {
        // One warning is enough.
        if is_cut && !self.warnings.iter().any(|warning| warning.code == "too-long") {
            let message = format!("texts were cut to {most} characters, and to {MOST_TEXT} bytes in all");
            self.warn("too-long", message, "the document");
        }
    }

    pub(super) fn warn(&mut self, code: &str, message: String, at: &str) {
        warning::warn(&mut self.warnings, code, message, at);
    }
}

/// A text of at most `most` characters that fits into the remaining `room`, and whether it was cut.
fn bounded(text: &str, most: usize, room: &mut usize) -> (Option<String>, bool) {
    let folded = fold(text);
    let mut kept = clip(&folded, most);
    if kept.len() > *room {
        kept = clip(&folded, *room / 4);
    }
    *room = room.saturating_sub(kept.len());
    let is_cut = kept.len() < folded.len();
    ((!kept.is_empty()).then(|| kept.into_owned()), is_cut)
}
