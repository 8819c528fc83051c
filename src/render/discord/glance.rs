//! Figures and dates of a card, as short as they can be read at a glance.

use chrono::{Datelike, NaiveDate};
use chrono_tz::America::New_York;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::alert::Alert;
use crate::filing::{Usd, grouped};

/// A date never breaks between its month and its day.
const NO_BREAK: char = '\u{a0}';

/// Writes dates, with the year if it is not that of the filing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dates {
    year: i32,
}

impl Dates {
    /// Writes the dates of an alert's card.
    pub(super) fn of(alert: &Alert) -> Self {
        Self { year: alert.accepted_at.unwrap_or(alert.seen_at).with_timezone(&New_York).year() }
    }

    /// `Jun 22`, `Jun 22, 2020`.
    pub(super) fn day(self, date: NaiveDate) -> String {
        let day = format!("{}{NO_BREAK}{}", date.format("%b"), date.day());
        if date.year() == self.year { day } else { format!("{day}, {}", date.format("%Y")) }
    }

    /// `Jun 22`, `Jan 3–5`, `Jan 3 – Feb 5`.
    pub(super) fn span(self, first: NaiveDate, last: NaiveDate) -> String {
        let year =
            if first.year() == self.year { String::new() } else { format!(", {}", first.format("%Y")) };
        match () {
            () if first == last => self.day(first),
            () if (first.year(), first.month()) == (last.year(), last.month()) => {
                format!("{}{NO_BREAK}{}–{}{year}", first.format("%b"), first.day(), last.day())
            }
            () => format!("{} – {}", self.day(first), self.day(last)),
        }
    }

    /// A date as in JSON: a day, or a month, as `Mar 2023`.
    pub(super) fn written(self, date: &str) -> String {
        let first_of = |month: &str| format!("{month}-01").parse::<NaiveDate>();
        match (date.parse::<NaiveDate>(), first_of(date)) {
            (Ok(day), _) => self.day(day),
            (_, Ok(month)) => format!("{}{NO_BREAK}{}", month.format("%b"), month.format("%Y")),
            (Err(_), Err(_)) => date.to_owned(),
        }
    }

    /// A text of ours, with its dates in these words.
    pub(super) fn in_text(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, date, after)) = next_date(rest) {
            out.push_str(before);
            out.push_str(&self.day(date));
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// The dates in a text.
pub(super) fn dates_in(text: &str) -> Vec<NaiveDate> {
    let mut dates = Vec::new();
    let mut rest = text;
    while let Some((_, date, after)) = next_date(rest) {
        dates.push(date);
        rest = after;
    }
    dates
}

/// The first date, with what precedes and follows it. The digits of an accession number are none.
fn next_date(text: &str) -> Option<(&str, NaiveDate, &str)> {
    const LENGTH: usize = "2026-11-30".len();
    let is_part = |c: char| c.is_ascii_digit() || c == '-';
    let starts = text.char_indices().map(|(at, _)| at);
    starts.filter(|at| !text[..*at].ends_with(is_part)).find_map(|at| {
        let written = text.get(at..at + LENGTH)?;
        let after = &text[at + LENGTH..];
        let is_alone = written.chars().all(is_part) && !after.starts_with(is_part);
        let date = written.parse().ok().filter(|_| is_alone)?;
        Some((&text[..at], date, after))
    })
}

/// A fraction in percent: whole from ten on, one digit below, or `under 0.1%`.
pub(super) fn percent(fraction: Decimal) -> String {
    let Some(percent) = fraction.checked_mul(Decimal::ONE_HUNDRED) else {
        return "many times over".to_owned();
    };
    let rounded = |digits| percent.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
    let fine = rounded(1).normalize();
    let shown = if fine >= Decimal::TEN { rounded(0) } else { fine };
    if shown.is_zero() { "under 0.1%".to_owned() } else { format!("{}%", grouped(&shown.to_string())) }
}

/// A price to the cent, and exact below one dollar.
pub(super) fn cents(price: Usd) -> Usd {
    let number = price.decimal();
    if number < Decimal::ONE { price } else { rounded(number, 2).into() }
}

fn rounded(number: Decimal, digits: u32) -> Decimal {
    number.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero)
}

/// `and 1 more warning`, `and 3 more warnings`.
pub(super) fn and_more(count: usize, word: &str, plural: &str) -> String {
    format!("and {} more {}", grouped(&count.to_string()), if count == 1 { word } else { plural })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filing::Shares;

    #[test]
    fn dates_are_short_and_have_another_year() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let dates = Dates { year: 2026 };
        assert_eq!(dates.day(day("2026-06-02")), "Jun\u{a0}2");
        assert_eq!(dates.day(day("2020-06-22")), "Jun\u{a0}22, 2020");
        assert_eq!(dates.span(day("2026-01-03"), day("2026-01-05")), "Jan\u{a0}3–5");
        assert_eq!(dates.span(day("2025-01-03"), day("2025-01-05")), "Jan\u{a0}3–5, 2025");
        assert_eq!(dates.span(day("2025-12-30"), day("2026-01-05")), "Dec\u{a0}30, 2025 – Jan\u{a0}5");
        assert_eq!(dates.written("2023-03"), "Mar\u{a0}2023");
        assert_eq!(dates.written("soon"), "soon");
        let text = "é 2026-04-01, not 0000000007-25-000002, 2026-13-01 or 2026-04-011; 2023-04-15";
        assert_eq!(
            dates.in_text(text),
            "é Apr\u{a0}1, not 0000000007-25-000002, 2026-13-01 or 2026-04-011; Apr\u{a0}15, 2023"
        );
    }

    #[test]
    fn figures_have_no_more_digits_than_are_read() {
        let percents = ["0.0000001", "0.00048", "0.0096", "0.0995", "0.0996", "0.425", "58.37", "1000000000"];
        let percents = percents.map(|fraction| percent(fraction.parse().unwrap()));
        assert_eq!(
            percents,
            ["under 0.1%", "under 0.1%", "1%", "10%", "10%", "43%", "5,837%", "100,000,000,000%"]
        );
        let shares = |text: &str| text.parse::<Shares>().unwrap().whole().to_string();
        assert_eq!(
            (shares("111835.363"), shares("0.4"), shares("1.5")),
            ("111,835".into(), "0.4".into(), "2".into())
        );
        let price = |text: &str| cents(text.parse().unwrap()).exact();
        assert_eq!(
            (price("166.4375"), price("0.1234"), price("3")),
            ("$166.44".into(), "$0.1234".into(), "$3.00".into())
        );
    }
}
