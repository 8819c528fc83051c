//! The facts of a chart in words.

use super::data::{Chart, ChartTrade, Emphasis, MOST_TRADES};
use crate::filing::Usd;
use crate::text::Language::{self, English, German};
use crate::text::{clip, plain};

const TITLE: usize = 200;
const LONGEST: usize = 1_024;

/// Instead of a title that is empty.
pub(super) fn no_title(language: Language) -> &'static str {
    match language {
        English => "Insider trades",
        German => "Insidergeschäfte",
    }
}

/// Instead of trades, if there are none to show.
pub(super) fn no_trades(language: Language) -> &'static str {
    match language {
        English => "no trades with a value",
        German => "keine Geschäfte mit einem Wert",
    }
}

/// The words for the alert's own trades.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    this_alert: &'static str,
    sale: &'static str,
    purchase: &'static str,
}

impl Terms {
    /// Those on the chart itself.
    pub(super) fn on_chart(language: Language) -> Self {
        match language {
            English => Self { this_alert: "This alert", sale: "sold", purchase: "bought" },
            German => Self { this_alert: "Diese Meldung", sale: "Verkauf", purchase: "Kauf" },
        }
    }

    /// Those for readers who do not see it.
    fn in_text(language: Language) -> Self {
        match language {
            English => Self { this_alert: "This alert", sale: "sale of", purchase: "purchase of" },
            German => Self { this_alert: "Diese Meldung", sale: "Verkauf über", purchase: "Kauf über" },
        }
    }
}

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

    /// `$31.00M`, `31,00 Mio. $`.
    fn value(&self, language: Language) -> String {
        let least = match (self.is_at_least, language) {
            (true, English) => "at least ",
            (true, German) => "mindestens ",
            (false, _) => "",
        };
        format!("{least}{}", language.usd_short(self.value))
    }

    /// `4 sales for $31.00M (2 under a 10b5-1 plan)`.
    fn text(&self, is_purchase: bool, language: Language) -> String {
        let Self { count, plans, .. } = self;
        let noun = match (language, is_purchase, *count) {
            (English, true, 1) => "purchase for",
            (English, true, _) => "purchases for",
            (English, false, 1) => "sale for",
            (English, false, _) => "sales for",
            (German, true, 1) => "Kauf über",
            (German, true, _) => "Käufe über",
            (German, false, 1) => "Verkauf über",
            (German, false, _) => "Verkäufe über",
        };
        let (under, all) = match language {
            English => ("under a 10b5-1 plan", "all "),
            German => ("nach einem 10b5-1-Plan", "alle "),
        };
        let plan = match plans {
            0 => String::new(),
            _ if plans == count && *count == 1 => format!(" ({under})"),
            _ if plans == count => format!(" ({all}{under})"),
            _ => format!(" ({} {under})", language.count(*plans)),
        };
        format!("{} {noun} {}{plan}", language.count(*count), self.value(language))
    }
}

pub(super) fn alt_text(chart: &Chart) -> String {
    let language = chart.language;
    let title = plain(&chart.title);
    let title = if title.is_empty() { no_title(language).into() } else { clip(&title, TITLE) };
    let (first, last) = (language.day(chart.from), language.day(chart.until));
    let days = match (chart.from == chart.until, language) {
        (true, _) => first,
        (false, English) => format!("{first} to {last}"),
        (false, German) => format!("{first} bis {last}"),
    };
    let of = |is_purchase: bool| {
        let total = Total::of(chart.shown().filter(|trade| trade.is_purchase == is_purchase));
        (total.count > 0).then(|| total.text(is_purchase, language))
    };
    let trades: Vec<String> = [of(false), of(true)].into_iter().flatten().collect();
    let trades = match (trades.is_empty(), language) {
        (true, _) => no_trades(language).to_owned(),
        (false, English) => trades.join(" and "),
        (false, German) => trades.join(" und "),
    };
    let this = this_alert(chart, Terms::in_text(language));
    let this = this.map_or_else(String::new, |this| format!(" {this}."));
    let more = match (chart.left_out(), language) {
        (0, _) => String::new(),
        (_, English) => format!(" Only the {MOST_TRADES} largest trades are drawn."),
        (_, German) => format!(" Nur die {MOST_TRADES} größten Geschäfte sind gezeichnet."),
    };
    let chart = if language == English { "Chart" } else { "Diagramm" };
    clip(&format!("{chart}: {title}. {days}: {trades}.{this}{more}"), LONGEST).into_owned()
}

/// The alert's own trades: `This alert: sold $2.66M, bought $1.10M`.
pub(super) fn this_alert(chart: &Chart, terms: Terms) -> Option<String> {
    let of = |is_purchase: bool, word: &str| {
        let own = chart.shown().filter(|trade| trade.emphasis == Emphasis::ThisAlert);
        let total = Total::of(own.filter(|trade| trade.is_purchase == is_purchase));
        (total.count > 0).then(|| format!("{word} {}", total.value(chart.language)))
    };
    let both: Vec<String> = [of(false, terms.sale), of(true, terms.purchase)].into_iter().flatten().collect();
    (!both.is_empty()).then(|| format!("{}: {}", terms.this_alert, both.join(", ")))
}
