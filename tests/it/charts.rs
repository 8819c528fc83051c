//! The chart of an alert.

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use resvg::usvg::roxmltree::Document;
use sellbell::alert::Alert;
use sellbell::filing::{Filing, PastFiling, Plan, Usd};
use sellbell::render::chart::{Chart, ChartTrade, Emphasis, MOST_TRADES};
use sellbell::text::Language;

use crate::rules::{day, evening, noted, other_sale, past, with_lot};
use crate::sums::alert_after;

fn usd(text: &str) -> Usd {
    text.parse().unwrap()
}

fn trade(date: &str, value: &str, emphasis: Emphasis) -> ChartTrade {
    ChartTrade { day: day(date), value: usd(value), is_purchase: false, is_plan: false, emphasis }
}

fn chart(title: &str, trades: Vec<ChartTrade>) -> Chart {
    Chart {
        language: Language::English,
        title: title.into(),
        from: day("2024-11-30"),
        until: day("2026-11-30"),
        trades,
    }
}

/// Many trades, from thousands of dollars to a hundred million.
fn crowd(count: u32) -> Chart {
    let others = (0..count - 1).map(|n| ChartTrade {
        day: day("2024-12-01") + Days::new(u64::from(n * 7_919 % 725)),
        value: usd(&format!("{}{}", 1 + n % 97, "0".repeat(3 + n as usize % 4))),
        is_purchase: n % 7 == 0,
        is_plan: n % 3 == 0,
        emphasis: if n % 5 == 0 { Emphasis::SameInsider } else { Emphasis::Others },
    });
    let own = trade("2026-11-27", "2661359.10", Emphasis::ThisAlert);
    chart("SNPS insiders, 24 months", others.chain([own]).collect())
}

/// Draws it, and checks what holds for every chart.
fn checked(chart: &Chart, most_bytes: usize) {
    let png = chart.png().unwrap();
    assert_eq!((png.width, png.height), (800, 420));
    assert!(png.bytes.len() <= most_bytes, "{} bytes", png.bytes.len());
    let mut reader = png::Decoder::new(std::io::Cursor::new(&png.bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((frame.width, frame.height, pixels.len()), (800, 420, 800 * 420 * 4));
    assert_eq!(pixels[3], 0, "the corner of the card is round");
    assert_eq!(chart.png().unwrap(), png, "the same bytes twice");
    let svg = chart.svg().unwrap();
    let document = Document::parse(&svg).unwrap();
    let names = ["svg", "g", "path", "rect", "text"];
    for element in document.descendants().filter(|node| node.is_element()) {
        assert!(names.contains(&element.tag_name().name()), "{svg}");
    }
    let words = chart.alt_text();
    assert!(words.chars().count() <= 1_024 && !words.chars().any(char::is_control), "{words}");
}

#[test]
fn charts_are_small_and_always_the_same() {
    checked(&crowd(1), 30_000);
    checked(&crowd(3), 30_000);
    checked(&crowd(40), 60_000);
    checked(&crowd(400), 100_000);
    checked(&crowd(3_000), 100_000);
    checked(&chart("", Vec::new()), 30_000);
}

#[test]
fn titles_are_text_whatever_they_contain() {
    let own = trade("2026-11-27", "2661359.10", Emphasis::ThisAlert);
    for title in [
        "<script>alert(1)</script> & \"quotes\" 'n' ]]> {{ title }} {% raw %}",
        "</text></svg><image href=\"file:///etc/passwd\"/>",
        "\u{0}\u{1b}[2J\u{202e}\u{feff}\u{fffe}\u{d7ff}",
        "مرحبا بالعالم",
        "👨\u{200d}👩\u{200d}👧 Z\u{300}\u{301}\u{302}\u{303}algo",
        &"Synthetic & Sons ".repeat(60),
    ] {
        checked(&chart(title, vec![own]), 40_000);
    }
    let svg = chart("A <b> & Co", vec![own]).svg().unwrap();
    let texts: Vec<String> = Document::parse(&svg)
        .unwrap()
        .descendants()
        .filter(|node| node.has_tag_name("text"))
        .filter_map(|node| node.text().map(str::to_owned))
        .collect();
    assert_eq!(texts[0], "A <b> & Co");
    assert!(texts.contains(&"This alert: sold $2.66M".to_owned()), "{texts:?}");
}

#[test]
fn odd_days_and_values_are_borne() {
    let huge = "79228162514264337593543950335";
    let mut odd = chart(
        "ODD",
        vec![
            trade("2026-11-27", huge, Emphasis::ThisAlert),
            trade("2026-11-27", huge, Emphasis::ThisAlert),
            trade("2026-11-27", "0", Emphasis::SameInsider),
            trade("2026-11-27", "0.0000000000000000000000000001", Emphasis::Others),
            trade("1934-01-01", "5", Emphasis::Others),
        ],
    );
    checked(&odd, 40_000);
    assert!(odd.alt_text().contains("3 sales for at least $7922816251426433"), "{}", odd.alt_text());
    for (from, until) in [
        (NaiveDate::MIN, NaiveDate::MAX),
        (NaiveDate::MAX, NaiveDate::MIN),
        (NaiveDate::MIN, NaiveDate::MIN),
        (NaiveDate::MAX, NaiveDate::MAX),
        (day("2026-11-27"), day("2026-11-27")),
    ] {
        (odd.from, odd.until) = (from, until);
        checked(&odd, 40_000);
    }
}

#[test]
fn the_words_have_the_facts() {
    let mut trades = vec![
        trade("2026-11-27", "2661359.10", Emphasis::ThisAlert),
        trade("2026-01-05", "1000000", Emphasis::SameInsider),
        trade("2025-02-05", "500000", Emphasis::Others),
    ];
    trades[1].is_plan = true;
    trades[2].is_purchase = true;
    assert_eq!(
        chart("SNPS insiders, 24 months", trades).alt_text(),
        "Chart: SNPS insiders, 24 months. Nov 30, 2024 to Nov 30, 2026: 2 sales for $3.66M (1 under a 10b5-1 \
         plan) and 1 purchase for $500K. This alert: sale of $2.66M."
    );
    assert_eq!(
        chart("", Vec::new()).alt_text(),
        "Chart: Insider trades. Nov 30, 2024 to Nov 30, 2026: no trades with a value."
    );
    let many = crowd(3_000);
    assert!(many.alt_text().ends_with("Only the 400 largest trades are drawn."), "{}", many.alt_text());
    let svg = many.svg().unwrap();
    assert!(svg.contains("400 largest"));
    // This alert is drawn, though 400 others are larger.
    assert!(svg.contains("This alert: sold $2.66M"));
    assert!(!crowd(u32::try_from(MOST_TRADES).unwrap()).svg().unwrap().contains("largest"));
}

/// The alert about the last of these filings, with what history knows of the others.
fn alert_with(before: &[Filing], filing: &Filing, whole_since: Option<&str>) -> (Alert, Vec<PastFiling>) {
    let mut alert = alert_after("min_value = 1", before, filing).unwrap();
    let past: Vec<PastFiling> = before.iter().map(past).collect();
    alert.take_history(&past, whole_since.map(evening));
    (alert, past)
}

fn now() -> Filing {
    other_sale(900, 7, "2025-12-10", "100")
}

fn of(before: &[Filing], filing: &Filing, whole_since: Option<&str>) -> Option<Chart> {
    let (alert, past) = alert_with(before, filing, whole_since);
    Chart::of_alert(&alert, &past, Language::English)
}

/// `2025-12-10 S 1000 ThisAlert`.
fn lines(chart: &Chart) -> Vec<String> {
    let line = |trade: &ChartTrade| {
        let code = if trade.is_purchase { "P" } else { "S" };
        let plan = if trade.is_plan { " plan" } else { "" };
        format!("{} {code} {} {:?}{plan}", trade.day, trade.value.plain(), trade.emphasis)
    };
    chart.trades.iter().map(line).collect()
}

#[test]
fn an_alert_is_shown_among_the_trades_of_its_issuer() {
    let mut bought = other_sale(3, 9, "2025-11-22", "50");
    bought.lots[0].code = noted("P");
    let mut planned = with_lot(other_sale(2, 8, "2025-02-20", "20"), |lot| lot.plan.value = Plan::Yes);
    planned.lots[0].plan.value = Plan::No;
    let before = [
        other_sale(1, 7, "2025-11-20", "50"),
        planned,
        bought,
        other_sale(4, 8, "2023-12-09", "20"),
        with_lot(other_sale(5, 8, "2025-03-03", "10"), |lot| lot.code = noted("M")),
    ];
    let chart = of(&before, &with_lot(now(), |_| {}), Some("2023-01-01")).unwrap();
    assert_eq!(
        lines(&chart),
        [
            "2025-12-10 S 2000 ThisAlert",
            "2025-11-20 S 500 SameInsider",
            "2025-02-20 S 200 Others",
            "2025-02-20 S 200 Others plan",
            "2025-11-22 P 500 Others",
            "2025-03-03 S 100 Others",
        ]
    );
    assert_eq!((chart.from, chart.until), (day("2023-12-10"), day("2025-12-10")));
    assert!(chart.title.ends_with(" insiders, 24 months"), "{}", chart.title);
    checked(&chart, 40_000);
}

#[test]
fn a_chart_says_since_when_history_is_known() {
    let before = [other_sale(1, 7, "2025-11-20", "50")];
    let title = |whole_since| {
        let chart = of(&before, &now(), whole_since).unwrap();
        (chart.title.split_once(' ').unwrap().1.to_owned(), chart.from)
    };
    assert_eq!(title(Some("2025-03-01")), ("insiders since Mar 2025".into(), day("2025-03-02")));
    assert_eq!(title(Some("2025-12-01")).0, "insiders, known trades since Nov 2025");
    assert_eq!(title(None), ("insiders, known trades since Nov 2025".into(), day("2025-11-20")));
}

#[test]
fn rows_that_count_elsewhere_are_not_shown_twice() {
    let before = [other_sale(1, 7, "2025-11-20", "50"), other_sale(2, 8, "2025-11-21", "20")];
    let (alert, mut past) = alert_with(&before, &now(), None);
    past.push(PastFiling::of(&now(), evening("2025-12-10")).unwrap());
    assert_eq!(
        Chart::of_alert(&alert, &past, Language::English).unwrap().trades.len(),
        3,
        "its own filing is in history"
    );
    past[1].count_in("0000000007-25-000077".parse().unwrap(), [0]);
    assert_eq!(Chart::of_alert(&alert, &past, Language::English).unwrap().trades.len(), 2);
    let mut amendment = alert.clone();
    (amendment.follows, amendment.replaces) = (Some(past[0].accession), vec![0]);
    assert_eq!(Chart::of_alert(&amendment, &past, Language::English), None, "what it replaces is gone");
    let mut repeated = alert.clone();
    repeated.also_in = vec![past[0].accession];
    assert_eq!(Chart::of_alert(&repeated, &past, Language::English), None);
}

#[test]
fn there_is_no_chart_without_two_trades_in_dollars() {
    let other = other_sale(1, 7, "2025-11-20", "50");
    assert_eq!(of(&[], &now(), None), None);
    let (alert, past) = alert_with(std::slice::from_ref(&other), &now(), None);
    assert!(Chart::of_alert(&alert, &past, Language::English).is_some());
    let mut withdrawn = alert.clone();
    withdrawn.withdrawn = true;
    assert_eq!(Chart::of_alert(&withdrawn, &past, Language::English), None);
    let mut unpriced = alert.clone();
    unpriced.lots[0].value = None;
    assert_eq!(Chart::of_alert(&unpriced, &past, Language::English), None);
    let mut odd = past.clone();
    odd[0].lots[0].value_is_odd = true;
    assert_eq!(Chart::of_alert(&alert, &odd, Language::English), None);
    let mut foreign = past.clone();
    let mut lot = foreign[0].lots[0].clone();
    (lot.value, lot.pricing.currency) = (None, "TWD".parse().ok());
    foreign[0].lots.extend(std::iter::repeat_n(lot, 3));
    assert_eq!(Chart::of_alert(&alert, &foreign, Language::English), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn any_trades_make_a_chart(
        title in ".{0,400}",
        days in (any::<u16>(), any::<u16>()),
        trades in prop::collection::vec((any::<u16>(), any::<u64>(), 0..28_u32, any::<u8>()), 0..450),
    ) {
        let at = |days: u16| day("1990-01-01") + Days::new(days.into());
        let trades = trades.into_iter().map(|(on, digits, scale, kind)| ChartTrade {
            day: at(if kind < 128 { days.0 } else { on }),
            value: rust_decimal::Decimal::from_i128_with_scale(digits.into(), scale).into(),
            is_purchase: kind & 1 > 0,
            is_plan: kind & 2 > 0,
            emphasis: [Emphasis::Others, Emphasis::Others, Emphasis::SameInsider, Emphasis::ThisAlert][usize::from(kind >> 2 & 3)],
        });
        checked(&Chart { language: Language::English, title, from: at(days.0), until: at(days.1), trades: trades.collect() }, 200_000);
    }
}
