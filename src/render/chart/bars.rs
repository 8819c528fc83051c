//! The chart of a digest: the value by company, and by day of trade.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;

use super::font::{Face, fitting, printable, width};
use super::of_alert::own_day;
use super::paint::{self, ChartError, Png};
use crate::digest::{Digest, Entry};
use crate::filing::{Code, Usd};
use crate::text::{Language, clip};

/// The most companies with a bar of their own.
const MOST_COMPANIES: usize = 6;
/// The most days with a column.
const MOST_DAYS: u64 = 10;
/// The most characters of the words for those who do not see it.
const ALT_TEXT: usize = 600;
const NAME: usize = 40;

/// In points: the card's width, the lines, and where bars begin and end.
const WIDTH: f64 = 400.0;
const MARGIN: f64 = 14.0;
const TITLE: f64 = 34.0;
const ROW: f64 = 25.0;
const BARS: (f64, f64) = (120.0, 300.0);
const COLUMNS: f64 = 72.0;
const GAP: f64 = 14.0;

/// Values of sales and purchases.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Worth {
    sales: Usd,
    purchases: Usd,
}

impl Worth {
    fn all(self) -> Usd {
        self.sales.plus(self.purchases).unwrap_or(self.sales)
    }

    fn add(&mut self, other: Self) {
        // A sum that is too long to be exact is left as it is: the chart is no ledger.
        self.sales = self.sales.plus(other.sales).unwrap_or(self.sales);
        self.purchases = self.purchases.plus(other.purchases).unwrap_or(self.purchases);
    }
}

/// The bars of a digest.
#[derive(Debug, Clone, PartialEq)]
pub struct DigestChart {
    language: Language,
    companies: Vec<(String, Worth)>,
    days: Vec<(NaiveDate, Worth)>,
    /// True if the first day stands for earlier ones, too.
    is_earlier: bool,
    /// How many filings it shows, the largest ones; `None` for all.
    largest: Option<usize>,
}

#[derive(Debug, Serialize)]
struct Layout {
    height: f64,
    titles: Vec<Words>,
    rows: Vec<Bar>,
    columns: Vec<Bar>,
    labels: Vec<Words>,
    legend: Vec<Named>,
    base: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Words {
    x: f64,
    y: f64,
    text: String,
    is_middle: bool,
}

/// A rectangle.
#[derive(Debug, Serialize)]
struct Bar {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    is_purchase: bool,
}

/// A colour of the legend and its meaning.
#[derive(Debug, Serialize)]
struct Named {
    x: f64,
    text: &'static str,
    is_purchase: bool,
}

impl DigestChart {
    /// The chart of a digest's sales and purchases; `None` if it would have a single bar.
    pub fn of(digest: &Digest, language: Language) -> Option<Self> {
        let mut companies: BTreeMap<u64, (String, Worth)> = BTreeMap::new();
        let mut days: BTreeMap<NaiveDate, Worth> = BTreeMap::new();
        for entry in &digest.entries {
            let name = printable(&clip(entry.alert.ticker_or_name(), NAME), "?");
            for (day, worth) in trades(entry) {
                let cik = entry.alert.issuer.cik.number();
                companies.entry(cik).or_insert_with(|| (name.clone(), Worth::default())).1.add(worth);
                days.entry(day).or_default().add(worth);
            }
        }
        if companies.len() < 2 && days.len() < 2 {
            return None;
        }
        let mut companies: Vec<(String, Worth)> = companies.into_values().collect();
        companies.sort_by(|a, b| (b.1.all(), &a.0).cmp(&(a.1.all(), &b.0)));
        if companies.len() > MOST_COMPANIES {
            let rest = companies.split_off(MOST_COMPANIES - 1);
            let mut others = Worth::default();
            rest.iter().for_each(|(_, worth)| others.add(*worth));
            let name = match language {
                Language::English => format!("{} others", rest.len()),
                Language::German => format!("{} weitere", rest.len()),
            };
            companies.push((name, others));
        }
        let last = *days.keys().next_back()?;
        let first = last.checked_sub_days(Days::new(MOST_DAYS - 1))?;
        let later = days.split_off(&first);
        let is_earlier = !days.is_empty();
        let mut days_shown: Vec<(NaiveDate, Worth)> = later.into_iter().collect();
        if let (true, Some(oldest)) = (is_earlier, days_shown.first_mut()) {
            days.values().for_each(|worth| oldest.1.add(*worth));
        }
        let drawn = digest.entries.iter().filter(|entry| !entry.alert.lots.is_empty()).count();
        let largest = Some(drawn).filter(|drawn| *drawn < digest.entries.len());
        Some(Self { language, companies, days: days_shown, is_earlier, largest })
    }

    /// Draws it: 800 pixels wide, on a dark card with round corners.
    ///
    /// # Errors
    /// Never for the built-in template and fonts; the tests rule it out.
    pub fn png(&self) -> Result<Png, ChartError> {
        paint::png(&paint::digest_svg(&self.layout())?)
    }

    /// The chart in a sentence or two, for those who do not see it.
    pub fn alt_text(&self) -> String {
        let worth = |worth: &Worth| self.words(*worth);
        let companies = self.companies.iter().map(|(name, own)| format!("{name} {}", worth(own)));
        let companies = companies.collect::<Vec<_>>().join("; ");
        let days = self.days.iter().enumerate().map(|(place, (day, own))| {
            let up_to = match (self.is_earlier && place == 0, self.language) {
                (true, Language::English) => "up to ",
                (true, Language::German) => "bis ",
                (false, _) => "",
            };
            format!("{up_to}{} {}", self.language.day(*day), worth(own))
        });
        let days = days.collect::<Vec<_>>().join("; ");
        let text = match self.language {
            Language::English => {
                let title = self.title("Value by company");
                format!("Chart. {title}: {companies}. By day of trade: {days}.")
            }
            Language::German => {
                let title = self.title("Wert je Unternehmen");
                format!("Diagramm. {title}: {companies}. Nach Handelstag: {days}.")
            }
        };
        clip(&text, ALT_TEXT).into_owned()
    }

    fn words(&self, worth: Worth) -> String {
        let short = |value: Usd| self.language.usd_short(value);
        let (sales, purchases) = match self.language {
            Language::English => ("sold", "bought"),
            Language::German => ("verkauft", "gekauft"),
        };
        let each = [(worth.sales, sales), (worth.purchases, purchases)];
        let each = each.into_iter().filter(|(value, _)| !value.is_zero());
        each.map(|(value, word)| format!("{} {word}", short(value))).collect::<Vec<_>>().join(", ")
    }

    /// A value in letters that the built-in font has.
    fn label(&self, value: Usd) -> String {
        self.language.usd_short(value).replace('\u{a0}', " ")
    }

    fn layout(&self) -> Layout {
        let mut layout = Layout {
            height: 0.0,
            titles: Vec::new(),
            rows: Vec::new(),
            columns: Vec::new(),
            labels: Vec::new(),
            legend: Vec::new(),
            base: None,
        };
        let mut y = 0.0;
        if self.companies.len() > 1 {
            y = self.add_companies(&mut layout, y);
        }
        if self.days.len() > 1 {
            y = self.add_days(&mut layout, y);
        }
        layout.height = self.add_legend(&mut layout, y);
        layout
    }

    /// A title that says if not all filings are shown.
    fn title(&self, title: &str) -> String {
        match (self.largest.map(|largest| self.language.count(largest)), self.language) {
            (None, _) => title.to_owned(),
            (Some(largest), Language::English) => format!("{title} ({largest} largest)"),
            (Some(largest), Language::German) => format!("{title} ({largest} größte)"),
        }
    }

    fn add_companies(&self, layout: &mut Layout, top: f64) -> f64 {
        let title = match self.language {
            Language::English => "Value by company",
            Language::German => "Wert je Unternehmen",
        };
        layout.titles.push(Words::at(MARGIN, top + 24.0, self.title(title)));
        let most = self.companies.iter().map(|(_, worth)| worth.all()).max().unwrap_or_default();
        let mut y = top + TITLE;
        for (name, worth) in &self.companies {
            let middle = y + ROW / 2.0;
            let name = fitting(name, Face::Small, BARS.0 - MARGIN - 8.0);
            layout.labels.push(Words::at(MARGIN, middle + 5.3, name));
            let mut x = BARS.0;
            for (value, is_purchase) in [(worth.sales, false), (worth.purchases, true)] {
                if value.is_zero() {
                    continue;
                }
                let width = (part(value, most) * (BARS.1 - BARS.0)).max(1.5);
                layout.rows.push(Bar { x, y: middle - 7.0, width, height: 14.0, is_purchase });
                x += width;
            }
            layout.labels.push(Words::at(x + 7.0, middle + 5.3, self.label(worth.all())));
            y += ROW;
        }
        y + GAP
    }

    fn add_days(&self, layout: &mut Layout, top: f64) -> f64 {
        let title = match self.language {
            Language::English => "Value by day of trade",
            Language::German => "Wert nach Handelstag",
        };
        layout.titles.push(Words::at(MARGIN, top + 24.0, self.title(title)));
        let most = self.days.iter().map(|(_, worth)| worth.all()).max().unwrap_or_default();
        let (left, right) = (MARGIN, WIDTH - MARGIN);
        let count = u32::try_from(self.days.len()).unwrap_or(1);
        let slot = (right - left) / f64::from(count);
        let base = top + TITLE + 16.0 + COLUMNS;
        let column = (slot * 0.6).min(44.0);
        let mut labelled = left;
        for (n, (day, worth)) in (0_u32..).zip(&self.days) {
            let middle = left + slot * (f64::from(n) + 0.5);
            let mut y = base;
            for (value, is_purchase) in [(worth.sales, false), (worth.purchases, true)] {
                if value.is_zero() {
                    continue;
                }
                let height = (part(value, most) * COLUMNS).max(1.5);
                y -= height;
                layout.columns.push(Bar { x: middle - column / 2.0, y, width: column, height, is_purchase });
            }
            let earlier = if n == 0 && self.is_earlier { "\u{2026}" } else { "" };
            let text = format!("{earlier}{}", self.language.short_day(*day));
            let half = width(&text, Face::Small) / 2.0;
            let x = middle.max(left + half).min(right - half);
            if x - half >= labelled {
                labelled = x + half + 6.0;
                layout.labels.push(Words::middle(x, base + 18.0, text));
            }
            let text = self.label(worth.all());
            if worth.all() == most || width(&text, Face::Small) < slot {
                let half = width(&text, Face::Small) / 2.0;
                let x = middle.max(left + half).min(right - half);
                layout.labels.push(Words::middle(x, y - 6.0, text));
            }
        }
        layout.base = Some(base);
        base + 18.0 + GAP + 4.0
    }

    /// The legend, if there are sales and purchases; returns the height of the card.
    fn add_legend(&self, layout: &mut Layout, y: f64) -> f64 {
        let all = || layout.rows.iter().chain(&layout.columns);
        let has_both = all().any(|bar| bar.is_purchase) && all().any(|bar| !bar.is_purchase);
        if !has_both {
            return y;
        }
        let (sales, purchases) = match self.language {
            Language::English => ("sales", "purchases"),
            Language::German => ("Verkäufe", "Käufe"),
        };
        layout.legend = vec![
            Named { x: MARGIN, text: sales, is_purchase: false },
            Named { x: MARGIN + width(sales, Face::Small) + 36.0, text: purchases, is_purchase: true },
        ];
        y + ROW
    }
}

impl Words {
    fn at(x: f64, y: f64, text: String) -> Self {
        Self { x, y, text, is_middle: false }
    }

    fn middle(x: f64, y: f64, text: String) -> Self {
        Self { is_middle: true, ..Self::at(x, y, text) }
    }
}

/// The days and values of an entry's sales and purchases that are in the digest's total.
fn trades(entry: &Entry) -> impl Iterator<Item = (NaiveDate, Worth)> {
    let until = entry.alert.accepted_at.unwrap_or(entry.alert.seen_at).date_naive();
    entry.counted_lots().filter(|lot| !lot.moved).filter_map(move |lot| {
        let value = lot.counted_value().filter(|value| !value.is_zero())?;
        let worth = match lot.code? {
            Code::SALE => Worth { sales: value, purchases: Usd::ZERO },
            Code::PURCHASE => Worth { sales: Usd::ZERO, purchases: value },
            _ => return None,
        };
        Some((own_day(lot, until), worth))
    })
}

/// A value as a part of the largest, from 0 to 1.
fn part(value: Usd, most: Usd) -> f64 {
    let part = value.decimal().checked_div(most.decimal()).and_then(|part| part.to_f64());
    part.unwrap_or(0.0).clamp(0.0, 1.0)
}
