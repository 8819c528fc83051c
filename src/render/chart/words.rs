//! The facts of a chart in words.

use chrono::NaiveDate;

use super::data::{Chart, ChartTrade, Emphasis, MOST_TRADES};
use crate::filing::{Usd, grouped};
use crate::text::{clip, plain};

/// Instead of a title that is empty.
pub(super) const NO_TITLE: &str = "Insider trades";
const TITLE: usize = 200;
const LONGEST: usize = 1_024;

/// A sum of trades.
#[derive(Default)]
struct Total {
    count: usize,
    plans: usize,
    value: Usd,
    /// True if the sum has more digits than are kept exact, so that it lacks some trades.
    is_at_least: bool,
}

impl Total {
    fn of<'t>(trades: impl Iterator<Item = &'t ChartTrade>) -> Self {
        let mut total = Self::default();
        for trade in trades {
            total.count += 1;
            total.plans += usize::from(trade.is_plan);
            match total.value.plus(trade.value) {
                Some(sum) => total.value = sum,
                None => total.is_at_least = true,
            }
        }
        total
    }

    /// `$31.00M`.
    fn value(&self) -> String {
        let least = if self.is_at_least { "at least " } else { "" };
        format!("{least}{}", self.value.short())
    }

    /// `4 sales for $31.00M (2 under a 10b5-1 plan)`.
    fn text(&self, noun: &str) -> String {
        let Self { count, plans, .. } = self;
        let plural = if *count == 1 { "" } else { "s" };
        let plan = match plans {
            0 => String::new(),
            _ if plans == count && *count == 1 => " (under a 10b5-1 plan)".to_owned(),
            _ if plans == count => " (all under a 10b5-1 plan)".to_owned(),
            _ => format!(" ({} under a 10b5-1 plan)", grouped(&plans.to_string())),
        };
        format!("{} {noun}{plural} for {}{plan}", grouped(&count.to_string()), self.value())
    }
}

pub(super) fn alt_text(chart: &Chart) -> String {
    let title = plain(&chart.title);
    let title = if title.is_empty() { NO_TITLE.into() } else { clip(&title, TITLE) };
    let days = match chart.from == chart.until {
        true => day(chart.from),
        false => format!("{} to {}", day(chart.from), day(chart.until)),
    };
    let of = |is_purchase: bool| {
        let total = Total::of(chart.shown().filter(|trade| trade.is_purchase == is_purchase));
        (total.count > 0).then(|| total.text(if is_purchase { "purchase" } else { "sale" }))
    };
    let trades: Vec<String> = [of(false), of(true)].into_iter().flatten().collect();
    let trades = if trades.is_empty() { "no trades with a value".to_owned() } else { trades.join(" and ") };
    let this = this_alert(chart, "sale of", "purchase of");
    let this = this.map_or_else(String::new, |this| format!(" This alert: {this}."));
    let more = match chart.left_out() {
        0 => String::new(),
        _ => format!(" Only the {MOST_TRADES} largest trades are drawn."),
    };
    clip(&format!("Chart: {title}. {days}: {trades}.{this}{more}"), LONGEST).into_owned()
}

/// The alert's own trades: `sold $2.66M, bought $1.10M`, with these words before the sums.
pub(super) fn this_alert(chart: &Chart, sale: &str, purchase: &str) -> Option<String> {
    let of = |is_purchase: bool, word: &str| {
        let own = chart.shown().filter(|trade| trade.emphasis == Emphasis::ThisAlert);
        let total = Total::of(own.filter(|trade| trade.is_purchase == is_purchase));
        (total.count > 0).then(|| format!("{word} {}", total.value()))
    };
    let both: Vec<String> = [of(false, sale), of(true, purchase)].into_iter().flatten().collect();
    (!both.is_empty()).then(|| both.join(", "))
}

fn day(day: NaiveDate) -> String {
    day.format("%b %-d, %Y").to_string()
}
