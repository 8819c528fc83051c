//! An alert as a few lines on a terminal.

use crate::alert::{Agreed, Alert, Figure, Verb};
use crate::filing::record::LotRecord;
use crate::filing::{Intent, Plan};
use crate::notice::Notice;
use crate::render::notice::{Words, words};
use crate::text::{clip, eastern, plain};

use super::listed;

const MOST_LOTS: usize = 12;
const MOST_CHANGES: usize = 10;
const MOST_PARTS: usize = 10;
const MOST_MESSAGE_LINES: usize = 10;

/// Coloured or plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// ANSI escapes.
    Ansi,
    /// None.
    Plain,
}

impl Colour {
    pub(super) fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::Ansi => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::Plain => text.to_owned(),
        }
    }
}

pub(super) const BOLD: &str = "1";
pub(super) const DIM: &str = "2";
pub(super) const SOLD: &str = "1;31";
pub(super) const BOUGHT: &str = "1;32";
pub(super) const ODD: &str = "33";

/// Text in bold.
pub fn bold(colour: Colour, text: &str) -> String {
    colour.paint(BOLD, text)
}

/// The lines of a notice to the operators.
pub fn notice(notice: &Notice, colour: Colour) -> String {
    let Words { title, text } = words(notice);
    let lines: String = text.lines().map(|line| format!("  {}\n", plain(line))).collect();
    format!("{} {}\n{lines}\n", colour.paint(ODD, "[sellbell]"), colour.paint(BOLD, &plain(&title)))
}

/// The lines of an alert, each with its newline, and an empty line after them.
pub fn alert(alert: &Alert, colour: Colour) -> String {
    let mut lines = AlertLines { out: String::new(), colour, alert };
    lines.headline();
    lines.trade();
    lines.owners();
    lines.lots();
    lines.figures();
    lines.evidence();
    lines.amendment();
    lines.odd();
    lines.origin();
    lines.out.push('\n');
    lines.out
}

/// The lines of an alert while they are written.
struct AlertLines<'a> {
    out: String,
    colour: Colour,
    alert: &'a Alert,
}

impl AlertLines<'_> {
    fn line(&mut self, indent: usize, text: &str) {
        self.out.push_str(&" ".repeat(indent));
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn dim(&mut self, indent: usize, text: &str) {
        let text = self.colour.paint(DIM, text);
        self.line(indent, &text);
    }

    /// The colour of the headline.
    fn tone(&self) -> &'static str {
        match self.alert.verb() {
            Verb::Sold => SOLD,
            Verb::Bought => BOUGHT,
            Verb::Moved | Verb::Traded | Verb::Other(_) => BOLD,
        }
    }

    fn headline(&mut self) {
        let (alert, colour) = (self.alert, self.colour);
        let tickers = if alert.issuer.tickers.is_empty() {
            "no ticker".into()
        } else {
            alert.issuer.tickers.join(", ")
        };
        let headline = format!(
            "{} {}  {}",
            colour.paint(self.tone(), &format!("[{tickers}]")),
            colour.paint(BOLD, &plain(&alert.issuer.name)),
            colour.paint(DIM, &format!("form {} · rule {}", alert.form, alert.rule))
        );
        self.line(0, &headline);
    }

    /// The trade in a sentence, each security, and the rule's own words.
    fn trade(&mut self) {
        let (alert, colour, tone) = (self.alert, self.colour, self.tone());
        let ways = alert.ways();
        let average = alert.price_text().filter(|_| ways.len() == 1).map(|price| match alert.lots.len() {
            1 => format!(" at {price}"),
            _ => format!(", average {price}"),
        });
        let each = ways.iter().map(|way| {
            let (quantity, value) = (colour.paint(BOLD, &way.number), alert.for_value(way));
            let unit = way.quantity.strip_prefix(&way.number).unwrap_or_default();
            let value = match value.rsplit_once(' ').filter(|(_, last)| last.starts_with('$')) {
                Some((before, dollars)) => format!("{before} {}", colour.paint(tone, dollars)),
                None => value,
            };
            format!("{} {quantity}{unit}{value}", way.verb)
        });
        let sentence = format!(
            "{} {}{} ({})",
            colour.paint(BOLD, &plain(&alert.owners_text())),
            each.collect::<Vec<_>>().join(" and "),
            average.unwrap_or_default(),
            alert.lots_text(),
        ) + if alert.withdrawn { alert.amended_mark() } else { "" };
        self.line(2, &sentence);
        for security in alert.security_lines(Figure::Full, plain) {
            self.line(4, &colour.paint(BOLD, &security));
        }
        for words in alert.message.iter().flat_map(|message| message.lines()).take(MOST_MESSAGE_LINES) {
            self.line(2, &plain(&clip(words, 300)));
        }
    }

    fn owners(&mut self) {
        if self.alert.owners.len() > 1 {
            for owner in &self.alert.owners {
                self.dim(4, &format!("{} · {}", plain(&owner.name), plain(&owner.position())));
            }
        }
    }

    fn lots(&mut self) {
        let alert = self.alert;
        let shown = &alert.lots[..alert.lots.len().min(MOST_LOTS)];
        for (lot, text) in shown.iter().zip(lots(shown)) {
            let sign = alert.sign(lot);
            self.line(4, &if sign.is_empty() { text } else { format!("{sign} {text}") });
        }
        if alert.lots.len() > shown.len() {
            self.line(4, &format!("and {} more lots", alert.lots.len() - shown.len()));
        }
    }

    /// Sums over filings, the currency and unit of prices, the trade's effect on the stake, and earlier trades.
    fn figures(&mut self) {
        let (alert, colour) = (self.alert, self.colour);
        for sum in &alert.sums {
            self.line(2, &colour.paint(BOLD, &sum.text()));
            for part in sum.part_texts(MOST_PARTS) {
                self.line(4, &plain(&clip(&part, 300)));
            }
        }
        for pricing in alert.pricing_lines() {
            self.dim(2, &plain(&clip(&pricing, 300)));
        }
        let mut facts: Vec<String> =
            alert.range_text().map(|range| format!("actual prices {range}")).into_iter().collect();
        let stake = alert.stake_text(plain).map(|stake| format!("stake {stake}"));
        if stake.is_none() {
            facts.extend(alert.holdings_text().map(|share| format!("{share} of the holdings")));
        }
        facts.extend(alert.reason_text().map(str::to_owned));
        if !facts.is_empty() {
            self.line(2, &facts.join(" · "));
        }
        for line in stake.into_iter().chain(alert.history_text()) {
            self.line(2, &line);
        }
    }

    fn evidence(&mut self) {
        let reasoned = self.alert.intent != Some(Agreed::All(Intent::Discretionary));
        for words in self.alert.evidence().into_iter().take(2).filter(|_| reasoned) {
            self.dim(4, &plain(&clip(words, 250)));
        }
    }

    fn amendment(&mut self) {
        let alert = self.alert;
        if let Some(amendment) = alert.amendment_text() {
            self.line(2, &amendment);
            for change in alert.changes.iter().take(MOST_CHANGES) {
                self.line(4, &plain(&clip(change, 200)));
            }
        }
        if !alert.also_in.is_empty() {
            self.line(2, &format!("also reported in {}", listed(&alert.also_in)));
        }
    }

    fn odd(&mut self) {
        for warning in self.alert.warnings.iter().take(5) {
            let text = format!("odd: {}", plain(&clip(&warning.message, 200)));
            self.line(4, &self.colour.paint(ODD, &text));
        }
    }

    /// When it was accepted, how long it took, and where the filing is.
    fn origin(&mut self) {
        let alert = self.alert;
        let accepted =
            alert.accepted_at.map(|time| format!("accepted {} · ", eastern(time))).unwrap_or_default();
        let way = alert.way_text().map(|way| format!("{way} · ")).unwrap_or_default();
        let plan = if alert.plan == Agreed::All(Plan::Unknown) {
            String::new()
        } else {
            format!("10b5-1 plan: {} · ", alert.plan_text())
        };
        self.dim(2, &format!("{accepted}{way}{plan}{}", alert.url));
    }
}

/// Lots as aligned columns: date, shares, price, value and the shares held after. For debt, the principal and
/// its price as stated.
pub(super) fn lots(lots: &[LotRecord]) -> Vec<String> {
    let rows: Vec<([String; 5], &str)> = lots
        .iter()
        .map(|lot| {
            let after = lot.shares_after.map(|shares| shares.to_string());
            let after = after.or_else(|| lot.value_after.map(|value| value.to_string()));
            let (number, by, price) = match (lot.principal, lot.shares, lot.price) {
                (Some(principal), _, price) => (
                    format!("{principal} principal"),
                    "@",
                    price.map_or("unknown price".to_owned(), |price| price.plain()),
                ),
                (None, None, None) if lot.value.is_some() => (String::new(), " ", "stated total".to_owned()),
                (None, _, _) => (
                    lot.number_text().unwrap_or_else(|| "?".to_owned()),
                    "×",
                    lot.price_text().unwrap_or_else(|| "unknown price".to_owned()),
                ),
            };
            let columns = [
                lot.date.map_or("no date".into(), |date| date.to_string()),
                number,
                price,
                lot.worth_text().unwrap_or_else(|| "unknown".into()),
                after.unwrap_or_else(|| "?".into()),
            ];
            (columns, by)
        })
        .collect();
    let width = |column: usize| rows.iter().map(|(row, _)| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..5).map(width).collect();
    rows.iter()
        .map(|([date, number, price, value, after], by)| {
            format!(
                "{date:<a$}  {number:>b$} {by} {price:>c$} = {value:>d$}   {after:>e$} held after",
                a = widths[0],
                b = widths[1],
                c = widths[2],
                d = widths[3],
                e = widths[4],
            )
        })
        .collect()
}
