//! The warnings of a filing, in plain words for its card.

use chrono::NaiveDate;

use super::glance::{Dates, and_more, dates_in};
use super::words::escaped;
use crate::alert::Alert;
use crate::filing::Warning;
use crate::render::filing::capital;
use crate::text::clip_words;

const MOST: usize = 2;
const LINE: usize = 200;

/// A line for each of the first warnings, and how many more there are.
pub(super) fn warnings(alert: &Alert) -> Vec<String> {
    let dates = Dates::of(alert);
    let told: Vec<&Warning> =
        alert.warnings.iter().filter(|warning| !repeats(warning, &alert.warnings)).collect();
    let each = told.iter().take(MOST).map(|warning| format!("⚠️ {}", text(warning, dates)));
    let mut lines: Vec<String> = each.collect();
    if told.len() > MOST {
        lines.push(and_more(told.len() - MOST, "warning", "warnings"));
    }
    lines
}

/// True if another warning says of the same date that it is mistyped.
fn repeats(warning: &Warning, all: &[Warning]) -> bool {
    let first = |warning: &Warning| dates_in(&warning.message).first().copied();
    let is_mistyped = |other: &Warning| other.code == "date-mistyped" && other.at == "transactionDate";
    ["date-in-future", "date-after-signature"].contains(&warning.code.as_str())
        && all.iter().any(|other| is_mistyped(other) && first(other) == first(warning))
}

/// `Filed late: traded Apr 1, due Apr 3, filed Apr 15`, in markdown.
fn text(warning: &Warning, dates: Dates) -> String {
    let found = dates_in(&warning.message);
    let day = |date: &NaiveDate| dates.day(*date);
    let text = match (warning.code.as_str(), warning.at.as_str(), found.as_slice()) {
        ("filed-late", _, [traded, filed, due]) => {
            format!("Filed late: traded {}, due {}, filed {}", day(traded), day(due), day(filed))
        }
        ("filed-late", _, [traded, filed]) => {
            format!("Filed late: traded {}, filed {}", day(traded), day(filed))
        }
        ("date-mistyped", "transactionDate", [traded, filed]) => {
            format!("The date looks mistyped: traded {}, filed {}", day(traded), day(filed))
        }
        ("date-in-future", _, [traded, filed]) => {
            format!("Dated after the filing: traded {}, filed {}", day(traded), day(filed))
        }
        ("date-after-signature", _, [traded, signed]) => {
            format!("Dated after the signature: traded {}, signed {}", day(traded), day(signed))
        }
        ("plan-after-trade", _, [traded, adopted]) => {
            format!("The plan is newer than the trade: traded {}, adopted {}", day(traded), day(adopted))
        }
        _ => dates.in_text(&escaped(&clip_words(&warning.message, LINE))),
    };
    capital(&text)
}
