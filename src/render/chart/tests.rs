use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use resvg::tiny_skia::Rect;
use resvg::usvg::{Group, Node, Text};

use super::axis::{TimeAxis, ValueAxis};
use super::font::{Face, fitting, printable, tree, width};
use super::{Chart, ChartTrade, Emphasis};
use crate::filing::Usd;
use crate::text::Language;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn usd(text: &str) -> Usd {
    text.parse().unwrap()
}

fn texts(group: &Group, found: &mut Vec<Text>) {
    for node in group.children() {
        match node {
            Node::Group(group) => texts(group, found),
            Node::Text(text) => found.push((**text).clone()),
            _ => {}
        }
    }
}

/// No text is cut off, and none touches another. Each letter is in the font.
fn check_layout(chart: &Chart) {
    let svg = chart.svg().unwrap();
    let tree = tree(&svg).unwrap();
    let mut found = Vec::new();
    texts(tree.root(), &mut found);
    let boxes: Vec<Rect> = found.iter().map(Text::abs_bounding_box).collect();
    for (n, own) in boxes.iter().enumerate() {
        let inside = own.left() >= 4.0 && own.right() <= 396.0 && own.top() >= 4.0 && own.bottom() <= 206.0;
        assert!(inside, "{own:?} {svg}");
        for other in &boxes[..n] {
            let apart = own.right() < other.left()
                || other.right() < own.left()
                || own.bottom() <= other.top()
                || other.bottom() <= own.top();
            assert!(apart, "{own:?} {other:?} {svg}");
        }
    }
    for text in &found {
        let glyphs = text.layouted().iter().flat_map(|span| &span.positioned_glyphs);
        assert!(glyphs.into_iter().all(|glyph| glyph.id.0 != 0), "a letter is missing: {svg}");
    }
    let ink = tree.root().abs_stroke_bounding_box();
    let is_cut = ink.left() < -0.1 || ink.right() > 400.1 || ink.top() < -0.1 || ink.bottom() > 210.1;
    assert!(!is_cut, "{ink:?} {svg}");
}

fn trade() -> impl Strategy<Value = (u64, u64, i32, bool, bool, u8)> {
    (0..800_u64, 1..1_000_u64, -3..24_i32, any::<bool>(), any::<bool>(), 0..12_u8)
}

fn chart() -> impl Strategy<Value = Chart> {
    let span = prop_oneof![0..4_u64, 0..90_u64, 90..800_u64, 800..200_000_u64];
    let title = prop_oneof![Just("SNPS insiders, 24 months".to_owned()), ".{0,300}", "[A-ZÀ-ž&<>\"' ]{0,90}"];
    let language = prop_oneof![Just(Language::English), Just(Language::German)];
    let parts = (title, span, prop::collection::vec(trade(), 0..40), language);
    parts.prop_map(|(title, span, trades, language)| {
        let until = day("2026-11-30");
        let from = until - Days::new(span);
        let trades = trades.into_iter().map(|(ago, digits, power, is_purchase, is_plan, whose)| ChartTrade {
            day: until - Days::new(ago % (span + 1)),
            value: usd(&match usize::try_from(power) {
                Ok(power) => format!("{digits}{}", "0".repeat(power)),
                Err(_) => format!("0.{digits:03}"),
            }),
            is_purchase,
            is_plan,
            emphasis: match whose {
                0 => Emphasis::ThisAlert,
                1..=3 => Emphasis::SameInsider,
                _ => Emphasis::Others,
            },
        });
        Chart { language, title, from, until, trades: trades.collect() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn no_text_is_cut_off_or_touches_another(chart in chart()) {
        check_layout(&chart);
    }
}

#[test]
fn no_value_labels_touch_however_many_steps_the_axis_has() {
    let value = |step: usize| usd(&format!("{}{}", [11, 22, 55][step % 3], "0".repeat(step / 3)));
    let (from, until) = (day("2024-11-30"), day("2026-11-30"));
    for low in 0..20 {
        for high in low..30 {
            let trades = [low, high].map(|step| ChartTrade {
                day: until,
                value: value(step),
                is_purchase: false,
                is_plan: false,
                emphasis: Emphasis::ThisAlert,
            });
            for language in [Language::English, Language::German] {
                let title = "SNPS insiders, 24 months".into();
                check_layout(&Chart { language, title, from, until, trades: trades.into() });
            }
        }
    }
}

#[test]
fn values_have_few_round_labels() {
    let labels = |values: &[&str]| {
        let axis = ValueAxis::of(values.iter().map(|value| usd(value)));
        axis.ticks(Language::English).into_iter().map(|tick| tick.label).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(labels(&["10000", "100000000"]), "$10K $100K $1M $10M $100M");
    assert_eq!(labels(&["2661359.10"]), "$500K $1M $2M $5M");
    assert_eq!(labels(&["150000", "45000"]), "$20K $50K $100K $200K");
    assert_eq!(labels(&["12", "50000000"]), "\u{2264}$1K $10K $100K $1M $10M $100M");
    assert_eq!(labels(&["0.01"]), "\u{2264}$1 $2 $5 $10");
    assert_eq!(labels(&["79228162514264337593543950335"]), "$100T $200T $500T $1Q");
    assert_eq!(labels(&[]), "$10K $100K $1M");
    let german = ValueAxis::of([usd("150000")].into_iter()).ticks(Language::German);
    let german: Vec<String> = german.into_iter().map(|tick| tick.label.replace('\u{a0}', " ")).collect();
    assert_eq!(german.join(", "), "20 Tsd. $, 50 Tsd. $, 100 Tsd. $, 200 Tsd. $");
    let axis = ValueAxis::of(["10000", "100000000"].into_iter().map(usd));
    let places = ["1", "10000", "1000000", "100000000", "79228162514264337593543950335"].map(usd);
    assert!(places.map(|value| axis.place(value)).is_sorted());
}

#[test]
fn times_are_days_months_or_years() {
    let labels = |from: &str, until: &str| {
        let ticks = TimeAxis::new(day(from), day(until)).ticks(Language::English);
        ticks.into_iter().map(|tick| tick.label).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(labels("2024-11-30", "2026-11-30"), "Jan 2025 Jul Jan 2026 Jul");
    assert_eq!(labels("2026-04-10", "2026-11-30"), "May 2026 Jul Sep Nov");
    assert_eq!(labels("2026-11-30", "2026-11-30"), "Nov 30");
    assert_eq!(labels("2026-11-20", "2026-11-30"), "Nov 20 Nov 22 Nov 24 Nov 26 Nov 28 Nov 30");
    assert_eq!(labels("1999-03-01", "2026-11-30"), "2000 2005 2010 2015 2020 2025");
    let all = TimeAxis::new(NaiveDate::MIN, NaiveDate::MAX).ticks(Language::English);
    assert!((2..=6).contains(&all.len()), "{all:?}");
    assert_eq!(TimeAxis::new(NaiveDate::MAX, NaiveDate::MIN).place(NaiveDate::MIN), 0.0);
}

#[test]
fn a_title_has_only_letters_of_the_font_and_fits() {
    let shown = |title: &str| printable(title, "none");
    assert_eq!(shown("Čapek & Ő \u{202e}\u{0}😀 <b> مرحبا"), "Capek & O <b>");
    assert_eq!(shown("ﬁne № 5"), "fine No 5");
    assert_eq!(shown("مرحبا!"), "none");
    let long = fitting(&"W".repeat(1_000), Face::Title, 372.0);
    assert!(long.ends_with('…') && width(&long, Face::Title) <= 372.0, "{long}");
    let all: String =
        (' '..='\u{2265}').filter(|c| printable(&format!("a{c}a"), "") == format!("a{c}a")).collect();
    assert!(all.chars().count() > 180, "{all}");
    for start in all.chars().collect::<Vec<_>>().chunks(20) {
        let title = format!("a{}", start.iter().collect::<String>());
        let (from, until) = (day("2024-11-30"), day("2026-11-30"));
        check_layout(&Chart { language: Language::English, title, from, until, trades: Vec::new() });
    }
}
