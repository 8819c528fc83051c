//! What the template draws: each mark, label and line at its place, in points of 400 by 210.

use serde::Serialize;

use super::axis::{TimeAxis, ValueAxis};
use super::data::{Chart, ChartTrade, Emphasis, MOST_TRADES};
use super::font::{Face, fitting, printable, width};
use super::words::{Terms, no_title, no_trades, this_alert};
use crate::text::Language::{self, English, German};

/// The width of the card, in points; a point is two pixels. The template has its height.
const WIDTH: f64 = 400.0;

/// The area of the marks. It begins further right if the labels of values need the room.
const LEFT: f64 = 70.0;
const RIGHT: f64 = 384.0;
const TOP: f64 = 55.0;
const BOTTOM: f64 = 158.0;
/// Left and right of a mark at an end of the time axis.
const INSET: f64 = 6.0;
/// Left and right of the title, the words about this alert and the legend.
const MARGIN: f64 = 14.0;
/// Left and right of the labels of values.
const VALUE_MARGINS: f64 = 4.5 + 6.0;
/// Left and right of the labels of the time axis, and between them.
const LABEL_MARGIN: f64 = 8.0;
const LEGEND_GAP: f64 = 12.0;
/// From a legend's mark to its words.
const LEGEND_MARK: f64 = 15.0;

/// The size of the marks in the legend.
const LEGEND_SCALE: f64 = 1.2;
/// How much larger the marks of this alert are than those of the legend.
const THIS_SCALE: f64 = 1.7;

/// A chart, laid out.
#[derive(Debug, Serialize)]
pub(super) struct Picture {
    title: String,
    values: Vec<Label>,
    times: Vec<Label>,
    /// Those behind come first.
    marks: Vec<Mark>,
    this_alert: Option<Callout>,
    legend: Vec<Entry>,
    is_empty: bool,
    no_trades: &'static str,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

#[derive(Debug, Serialize)]
struct Label {
    at: f64,
    /// Where its words are, which never leave the card.
    text_at: f64,
    text: String,
}

#[derive(Debug, Serialize)]
struct Mark {
    x: f64,
    y: f64,
    scale: f64,
    is_purchase: bool,
    is_plan: bool,
    is_faint: bool,
    is_this: bool,
}

/// The words about this alert, above its mark.
#[derive(Debug, Serialize)]
struct Callout {
    text: String,
    /// The middle of the words.
    x: f64,
}

/// A mark and its words in the legend.
#[derive(Debug, Serialize)]
struct Entry {
    x: f64,
    mark: Option<Mark>,
    text: String,
}

impl Picture {
    pub(super) fn of(chart: &Chart) -> Self {
        let mut trades: Vec<&ChartTrade> = chart.shown().collect();
        trades.sort_by_key(|trade| {
            let is_other = trade.emphasis != Emphasis::ThisAlert;
            (
                is_other,
                std::cmp::Reverse(trade.value),
                trade.day,
                trade.is_purchase,
                trade.is_plan,
                trade.emphasis,
            )
        });
        trades.truncate(MOST_TRADES);
        // Faint ones lie behind the others, and large ones behind small ones.
        trades.sort_by_key(|trade| std::cmp::Reverse(trade.emphasis));
        let value_axis = ValueAxis::of(trades.iter().map(|trade| trade.value));
        let time_axis = TimeAxis::new(chart.from, chart.until);
        let scale = match trades.len() {
            0..=60 => 1.4,
            61..=150 => 1.1,
            _ => 0.8,
        };
        let ticks = value_axis.ticks(chart.language);
        let widest = ticks.iter().map(|tick| width(&tick.label, Face::Small)).fold(0.0, f64::max);
        let left = point(LEFT.max(widest + VALUE_MARGINS));
        let marks: Vec<Mark> = trades
            .iter()
            .map(|trade| Mark {
                x: point(across(time_axis.place(trade.day), left)),
                y: point(BOTTOM - value_axis.place(trade.value) * (BOTTOM - TOP)),
                scale: if trade.emphasis == Emphasis::ThisAlert { THIS_SCALE } else { scale },
                is_purchase: trade.is_purchase,
                is_plan: trade.is_plan,
                is_faint: trade.emphasis == Emphasis::Others,
                is_this: trade.emphasis == Emphasis::ThisAlert,
            })
            .collect();
        let values = ticks.into_iter().map(|tick| {
            let at = point(BOTTOM - tick.at * (BOTTOM - TOP));
            Label { at, text_at: at, text: tick.label }
        });
        Self {
            title: fitting(
                &printable(&chart.title, no_title(chart.language)),
                Face::Title,
                WIDTH - 2.0 * MARGIN,
            ),
            values: values.collect(),
            times: times(&time_axis, left, chart.language),
            this_alert: callout(chart, &marks),
            legend: legend(&trades, chart.left_out(), chart.language),
            is_empty: marks.is_empty(),
            no_trades: no_trades(chart.language),
            marks,
            left,
            right: RIGHT,
            top: TOP,
            bottom: BOTTOM,
        }
    }
}

/// The labels of the time axis, without those that would touch the one before.
fn times(axis: &TimeAxis, left: f64, language: Language) -> Vec<Label> {
    let mut taken = 0.0;
    let mut labels = Vec::new();
    for tick in axis.ticks(language) {
        let at = across(tick.at, left);
        let half = width(&tick.label, Face::Small) / 2.0;
        let middle = within(at, half, LABEL_MARGIN);
        if middle - half >= taken {
            taken = middle + half + LABEL_MARGIN;
            labels.push(Label { at: point(at), text_at: point(middle), text: tick.label });
        }
    }
    labels
}

fn across(place: f64, left: f64) -> f64 {
    left + INSET + place * (RIGHT - left - 2.0 * INSET)
}

/// Moves the middle of words of this half width so that they keep this distance to the sides of the card.
fn within(middle: f64, half: f64, margin: f64) -> f64 {
    middle.min(WIDTH - margin - half).max(margin + half)
}

fn callout(chart: &Chart, marks: &[Mark]) -> Option<Callout> {
    let text = this_alert(chart, Terms::on_chart(chart.language))?;
    let text = fitting(&text, Face::Strong, WIDTH - 2.0 * MARGIN);
    let at = marks.iter().rfind(|mark| mark.is_this)?.x;
    let half = width(&text, Face::Strong) / 2.0;
    Some(Callout { x: point(within(at, half, MARGIN)), text })
}

/// What the marks of these trades mean: each with a mark that occurs, the insider's own if there is one.
fn legend(trades: &[&ChartTrade], left_out: usize, language: Language) -> Vec<Entry> {
    let mark = |test: &dyn Fn(&ChartTrade) -> bool| {
        let is_other = |trade: &ChartTrade| trade.emphasis == Emphasis::Others;
        let found = trades.iter().filter(|trade| test(trade));
        let trade = found.min_by_key(|trade| (is_other(trade), trade.is_plan, trade.is_purchase))?;
        Some(Mark {
            x: 0.0,
            y: 0.0,
            scale: LEGEND_SCALE,
            is_purchase: trade.is_purchase,
            is_plan: trade.is_plan,
            is_faint: is_other(trade),
            is_this: false,
        })
    };
    let named = |mark: Option<Mark>, text: &str| mark.map(|mark| (Some(mark), text.to_owned()));
    let [sale, purchase, plan, others, largest] = match language {
        English => ["sale", "purchase", "plan", "others", "largest"],
        German => ["Verkauf", "Kauf", "Plan", "andere", "größte"],
    };
    let entries = [
        named(mark(&|trade| !trade.is_purchase), sale),
        named(mark(&|trade| trade.is_purchase), purchase),
        named(mark(&|trade| trade.is_plan), plan),
        named(mark(&|trade| trade.emphasis == Emphasis::Others), others),
        (left_out > 0).then(|| (None, format!("{MOST_TRADES} {largest}"))),
    ];
    let mut x = MARGIN;
    let mut legend = Vec::new();
    for (mark, text) in entries.into_iter().flatten() {
        let words = width(&text, Face::Small);
        let before = if mark.is_some() { LEGEND_MARK } else { 0.0 };
        legend.push(Entry { x: point(x), mark, text });
        x += before + words + LEGEND_GAP;
    }
    legend
}

/// Hundredths of a point are fine enough.
fn point(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
