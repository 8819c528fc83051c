//! Values of a rule file: what they have in common, whichever key they stand behind.

use std::fmt::Display;
use std::str::FromStr;

use rust_decimal::Decimal;
use toml::de::DeTable;

use crate::destination::Destination;
use crate::filing::Usd;
use crate::problem::{Reader, Value};
use crate::rules::keys::{Key, Shape};
use crate::rules::span::Span;
use crate::rules::threshold::{ThresholdError, threshold};

/// A text that a rule holds is at most so long, in characters.
const LONGEST_TEXT: usize = 4_000;

/// A rule file while it is read.
pub(super) struct Wire<'a> {
    pub(super) reader: Reader<'a>,
    /// Which destinations the settings define.
    pub(super) known: &'a dyn Fn(&Destination) -> bool,
    /// Their names, for errors.
    pub(super) defined: &'a [String],
}

/// A mistake in an item of a list, and what to do.
pub(super) type Item<T> = Result<T, (String, String)>;

impl Wire<'_> {
    /// A text of a table.
    pub(super) fn text(&mut self, table: &DeTable<'_>, key: Key) -> Option<String> {
        let value = table.get(key.name)?;
        let text = self.reader.text(key.name, value, key.shape.expected())?;
        self.bounded(key, text, value, LONGEST_TEXT).map(|()| text.to_owned())
    }

    pub(super) fn span(&mut self, key: Key, value: &Value<'_>) -> Option<Span> {
        let text = self.reader.text(key.name, value, Shape::Span.expected())?;
        self.parsed(value, text.parse::<Span>(), Shape::Span)
    }

    /// Reports a text that is too long.
    pub(super) fn bounded(&mut self, key: Key, text: &str, value: &Value<'_>, most: usize) -> Option<()> {
        if text.chars().count() <= most {
            return Some(());
        }
        self.reader.report_with(
            value.span(),
            format!("`{}` is too long", key.name),
            format!("at most {most} characters"),
        );
        None
    }

    /// Each text of a list, read.
    pub(super) fn each<T>(&mut self, key: Key, value: &Value<'_>, read: impl Fn(&str) -> Item<T>) -> Vec<T> {
        let expected = key.shape.expected();
        let mut all = Vec::new();
        for item in self.reader.list(key.name, value, expected) {
            let Some(text) = self.reader.text(key.name, item, expected) else { continue };
            match read(text) {
                Ok(value) => all.push(value),
                Err((what, help)) => self.reader.report_with(item.span(), what, help),
            }
        }
        all
    }

    pub(super) fn amount<T: FromStr<Err: Display>>(&mut self, key: Key, value: &Value<'_>) -> Option<T> {
        let text = self.reader.decimal(key.name, value)?;
        self.parsed(value, text.parse(), Shape::Number)
    }

    /// A figure above zero.
    pub(super) fn threshold<T>(&mut self, key: Key, value: &Value<'_>) -> Option<T>
    where
        T: FromStr<Err: Display> + Default + PartialOrd,
    {
        self.figure(key, value, threshold)
    }

    /// A figure above zero, as `read` takes its digits.
    pub(super) fn figure<T>(
        &mut self,
        key: Key,
        value: &Value<'_>,
        read: impl FnOnce(&str) -> Result<T, ThresholdError>,
    ) -> Option<T> {
        let digits = self.reader.decimal(key.name, value)?;
        match read(&digits) {
            Ok(figure) => Some(figure),
            Err(ThresholdError::Unreadable(error)) => self.parsed(value, Err(error), Shape::Number),
            Err(ThresholdError::NotAboveZero) => {
                let help = "remove it if you ask for nothing";
                self.reader.report_with(value.span(), format!("`{}` must be above zero", key.name), help);
                None
            }
        }
    }

    pub(super) fn percent(&mut self, key: Key, value: &Value<'_>) -> Option<Decimal> {
        let text = self.reader.text(key.name, value, Shape::Percent.expected())?;
        let number = text.trim().strip_suffix('%').and_then(|digits| digits.trim().parse::<Usd>().ok());
        let percent = number.map(Usd::decimal).filter(|p| *p > Decimal::ZERO && *p <= Decimal::ONE_HUNDRED);
        if percent.is_none() {
            let help = "expected more than \"0%\" and at most \"100%\"";
            self.reader.report_with(value.span(), format!("`{text}` is not a percentage"), help);
        }
        percent.and_then(|percent| percent.checked_div(Decimal::ONE_HUNDRED))
    }

    fn parsed<T>(&mut self, value: &Value<'_>, read: Result<T, impl Display>, shape: Shape) -> Option<T> {
        read.map_err(|error| {
            self.reader.report_with(value.span(), error, format!("expected {}", shape.expected()));
        })
        .ok()
    }
}
