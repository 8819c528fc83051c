//! An alert's facts in the sentences of an e-mail, in the reader's language. English comes from the words that
//! every medium uses; `german` has the other ones.

use rust_decimal::Decimal;

use super::german;
use crate::alert::{Alert, AlertOwner, Figure, StakeChange, Verb, Way};
use crate::digest::{Kind, KindTotal};
use crate::filing::record::LotRecord;
use crate::filing::{Direction, SecuritySums, Trade, Usd, Warning};
use crate::render::numbers::is_dollars;
use crate::render::warning_words::short;
use crate::rules::Sum;
use crate::text::Language::{self, English, German};
use crate::text::{clip, plain};

const NAME: usize = 150;

/// Text from outside, on one line and of bounded length.
pub(super) fn bounded(text: &str) -> String {
    clip(&plain(text), NAME).into_owned()
}

impl Language {
    /// A warning: in English as it is, in German in a few words if it has such.
    pub(super) fn warning(self, warning: &Warning) -> String {
        let short = match self {
            English => None,
            German => {
                let has_money =
                    ["price-", "value-", "total-"].iter().any(|kind| warning.code.starts_with(kind));
                short(warning, self, |figure| self.figure(figure, has_money))
            }
        };
        bounded(short.as_deref().unwrap_or(&warning.message))
    }

    /// A date, an amount or a number written in English, in this language; any other text as it is.
    fn figure(self, english: &str, has_money: bool) -> String {
        match english.chars().next() {
            // Other currencies have signs and codes like `NT$` and `CAD`.
            Some(first) if has_money && !first.is_ascii_digit() => self.money_text(english.to_owned()),
            Some('$') => self.money_text(english.to_owned()),
            Some('0'..='9') if english.contains('-') => self.written(english),
            Some('0'..='9') => self.number(english),
            _ => english.to_owned(),
        }
    }

    /// An alert's trade as a phrase: `sold 24,133 shares at $110.28 on average for $2,661,359.10`.
    pub(super) fn deed(self, alert: &Alert) -> String {
        let ways = alert.ways();
        let single = ways.len() == 1;
        let each = ways.iter().map(|way| {
            let price = self.price(alert, way).filter(|_| single).unwrap_or_default();
            match self {
                English => {
                    let value = alert.for_value(way);
                    format!("{} {}{price}{value}", way.verb, way.quantity)
                }
                German => german::deed(way, &price),
            }
        });
        let and = if self == English { " and " } else { " und " };
        each.collect::<Vec<_>>().join(and)
    }

    fn price(self, alert: &Alert, way: &Way) -> Option<String> {
        if way.verb == Verb::Moved {
            return None;
        }
        let price = alert.price_text()?;
        let average = alert.lots.len() > 1;
        Some(match self {
            English if average => format!(" at {price} on average"),
            English => format!(" at {price}"),
            German => german::price(&price, average),
        })
    }

    /// The price range, if the actual prices differ: `$110.00 to $110.82`.
    pub(super) fn range(self, alert: &Alert) -> Option<String> {
        let (low, high) = alert.price_low.zip(alert.price_high).filter(|_| !alert.value_is_odd)?;
        let to = if self == English { "to" } else { "bis" };
        (low != high).then(|| format!("{} {to} {}", self.usd_exact(low), self.usd_exact(high)))
    }

    /// The value at a glance: `$2.66M`, `at least $1.00M`, `NT$123.3M`; `unknown`, `odd` or `no price`.
    pub(super) fn value_short(self, alert: &Alert) -> String {
        let least = |is: bool, text: String| match (is, self) {
            (true, English) => format!("at least {text}"),
            (true, German) => format!("mind. {text}"),
            (false, _) => text,
        };
        let foreign = alert.securities.first().map(|only| &only.sums);
        let foreign = foreign
            .filter(|sums| alert.securities.len() == 1 && !is_dollars(sums.currency) && !sums.value_is_odd);
        let worth = foreign.and_then(|sums| self.amounts(sums, Figure::Short));
        if let Some((sums, worth)) = foreign.zip(worth) {
            return least(sums.amounts_are_at_least, worth);
        }
        let (odd, free, unknown) = match self {
            English => ("odd", "no price", "unknown"),
            German => ("auffällig", "ohne Preis", "unbekannt"),
        };
        match alert.value_usd {
            None => unknown.to_owned(),
            Some(_) if alert.value_is_odd => odd.to_owned(),
            Some(value) if value.is_zero() && !alert.value_is_at_least => free.to_owned(),
            Some(value) => least(alert.value_is_at_least, self.usd_short(value)),
        }
    }

    /// The amounts of a security in their own currencies; `None` if there are none.
    pub(super) fn amounts(self, sums: &SecuritySums, figure: Figure) -> Option<String> {
        sums.amounts_text(|money| match figure {
            Figure::Short => self.money_short(money),
            Figure::Full => self.money(money),
        })
    }

    /// A line for each security, if the lots are of several.
    pub(super) fn securities(self, alert: &Alert) -> Vec<String> {
        match self {
            English => alert.security_lines(Figure::Full, plain),
            German => german::securities(alert),
        }
    }

    /// The owners, the first with its position: `DOE JANE (CFO) and 2 others`.
    pub(super) fn owners(self, alert: &Alert) -> String {
        let text = match self {
            English => alert.owners_text(),
            German => german::owners(alert),
        };
        bounded(&text)
    }

    /// Title and roles of an owner: `Chief Financial Officer, director`.
    pub(super) fn position(self, owner: &AlertOwner) -> String {
        let text = match self {
            English => owner.position(),
            German => german::position(owner),
        };
        bounded(&text)
    }

    /// The days of the trade: `Aug 20–23, 2021`.
    pub(super) fn dates(self, alert: &Alert) -> String {
        match (Trade::of(alert.lots.iter().map(LotRecord::figures)).dates, self) {
            (Some((first, last)), _) => self.days(first, last),
            (None, English) => "an unknown date".to_owned(),
            (None, German) => "unbekanntes Datum".to_owned(),
        }
    }

    /// Stake before and after, and how it changed: `5,012,345 → 4,988,212, down 0.48%`.
    pub(super) fn stake(self, alert: &Alert) -> Option<String> {
        let text = match self {
            English => alert.stake_text(plain),
            German => german::stakes(alert),
        };
        text.map(|text| clip(&text, 400).into_owned())
    }

    /// The share of the holdings, and whether the stake is unchanged in the end; the change of the stake where that
    /// share is unknown: `0.48% of holdings`, `25.95% of holdings, stake unchanged`, `stake up 11.35%`.
    pub(super) fn holdings(self, alert: &Alert) -> Option<String> {
        let change = match alert.stakes.as_slice() {
            [only] if !only.is_across_split() => only.change_kind(),
            _ => None,
        };
        let share: Option<Decimal> = alert.share_of_holdings.as_deref().and_then(|share| share.parse().ok());
        let share = match (share, change) {
            // What was sold came in with the same filing.
            (Some(share), Some(StakeChange::Unchanged)) if share >= Decimal::ONE => None,
            _ => share,
        };
        let Some(share) = share else { return self.stake_change(change?) };
        let text = match self {
            English if share >= Decimal::ONE => "all holdings".to_owned(),
            German if share >= Decimal::ONE => "gesamter Bestand".to_owned(),
            English => format!("{} of holdings", self.percent(share)?),
            German => format!("{} des Bestands", self.percent(share)?),
        };
        Some(match (change, self) {
            (Some(StakeChange::Unchanged), English) => format!("{text}, stake unchanged"),
            (Some(StakeChange::Unchanged), German) => format!("{text}, am Ende unverändert"),
            _ => text,
        })
    }

    fn stake_change(self, change: StakeChange) -> Option<String> {
        Some(match (change, self) {
            (StakeChange::All, English) => "the whole stake".to_owned(),
            (StakeChange::All, German) => "gesamter Bestand".to_owned(),
            (StakeChange::Unchanged, English) => "stake unchanged".to_owned(),
            (StakeChange::Unchanged, German) => "Bestand unverändert".to_owned(),
            (StakeChange::New, English) => "new stake".to_owned(),
            (StakeChange::New, German) => "neuer Bestand".to_owned(),
            (StakeChange::Up(fraction), English) => format!("stake up {}", self.percent(fraction)?),
            (StakeChange::Up(fraction), German) => format!("Bestand plus {}", self.percent(fraction)?),
            (StakeChange::Down(fraction), English) => format!("stake down {}", self.percent(fraction)?),
            (StakeChange::Down(fraction), German) => format!("Bestand minus {}", self.percent(fraction)?),
        })
    }

    /// The 10b5-1 plan as an answer: `yes, adopted Sep 12, 2022`, `no`, `not stated`.
    pub(super) fn plan(self, alert: &Alert) -> String {
        match self {
            English => match &alert.plan_adopted {
                Some(date) => alert.plan_text().replacen(date.as_str(), &self.written(date), 1),
                None => alert.plan_text(),
            },
            German => german::plan(alert),
        }
    }

    /// Why it was sold, if the filing says more than the plan does.
    pub(super) fn reason(self, alert: &Alert) -> Option<&'static str> {
        match self {
            English => alert.reason_text(),
            German => german::reason(alert),
        }
    }

    /// Earlier trades of the same owners: `3rd sale in 30 days, $8.10M together`.
    pub(super) fn history(self, alert: &Alert) -> Option<String> {
        let history = alert.history.as_ref()?;
        match self {
            English => history.text(),
            German => german::history(history),
        }
    }

    /// The sum of a `cumulative` or `cluster` condition.
    pub(super) fn sum(self, sum: &Sum) -> String {
        match self {
            English => {
                let (first, last) = (sum.first_date, sum.last_date);
                let written = if first == last { first.to_string() } else { format!("{first} to {last}") };
                sum.text().replace(&written, &self.days(first, last))
            }
            German => german::sum(sum),
        }
    }

    /// The amended filing, as a sentence without its stop.
    pub(super) fn amendment(self, alert: &Alert) -> Option<String> {
        match self {
            English => alert.amendment_text(),
            German => german::amendment(alert),
        }
    }

    /// ` (amended)`, ` (withdrawn)`, or nothing.
    pub(super) fn amended_mark(self, alert: &Alert) -> &'static str {
        match (self, alert.withdrawn, alert.form.is_amendment()) {
            (English, ..) => alert.amended_mark(),
            (German, true, _) => " (zurückgezogen)",
            (German, false, true) => " (geändert)",
            (German, false, false) => "",
        }
    }

    /// `2 lots on 2 days`.
    pub(super) fn lots(self, alert: &Alert) -> String {
        match self {
            English => alert.lots_text(),
            German => german::lots(alert),
        }
    }

    /// An alert's trade in the fewest words: `sold $2,661,359.10`.
    pub(super) fn headline(self, alert: &Alert) -> String {
        match self {
            English => alert.deed_text(Figure::Full),
            German => german::deed_short(alert),
        }
    }

    /// A price written in English, with its unit: `$10.68 per ADS`, `10,68 $ je ADS`.
    pub(super) fn price_text(self, english: &str) -> String {
        match self {
            English => english.to_owned(),
            German => german::price_text(english),
        }
    }

    /// The subject of an alert: `QLYS: COURTOT PHILIPPE F (CEO) sold $2,661,359.10 (amended)`.
    pub(super) fn subject(self, alert: &Alert) -> String {
        let (name, owners) = (alert.ticker_or_name(), self.owners(alert));
        let mark = self.amended_mark(alert);
        match self {
            English => format!("{name}: {owners} {}{mark}", self.headline(alert)),
            German => format!("{name}: {}, {owners}{mark}", self.headline(alert)),
        }
    }

    /// A kind of trade with its number: `12 sales`.
    pub(super) fn kind(self, kind: Kind, filings: usize) -> String {
        let number = self.count(filings);
        let (one, many) = self.kind_words(kind);
        format!("{number} {}", if filings == 1 { one } else { many })
    }

    /// A kind of trade, in the singular and the plural.
    pub(super) fn kind_words(self, kind: Kind) -> (&'static str, &'static str) {
        match (self, kind) {
            (English, Kind::Sale) => ("sale", "sales"),
            (English, Kind::Purchase) => ("purchase", "purchases"),
            (English, Kind::Other(Some(Direction::Acquired))) => ("other acquisition", "other acquisitions"),
            (English, Kind::Other(Some(Direction::Disposed))) => ("other disposal", "other disposals"),
            (English, Kind::Other(None)) => ("other trade", "other trades"),
            (German, Kind::Sale) => ("Verkauf", "Verkäufe"),
            (German, Kind::Purchase) => ("Kauf", "Käufe"),
            (German, Kind::Other(Some(Direction::Acquired))) => ("anderer Zugang", "andere Zugänge"),
            (German, Kind::Other(Some(Direction::Disposed))) => ("anderer Abgang", "andere Abgänge"),
            (German, Kind::Other(None)) => ("anderes Geschäft", "andere Geschäfte"),
        }
    }

    /// The total of a kind: `$48.3M`, `at least $1.20M and NT$3.10M`; `None` if nothing has a value.
    pub(super) fn total(self, total: &KindTotal, usd: fn(Self, Usd) -> String) -> Option<String> {
        let dollars = total.usd.map(|value| usd(self, value));
        let foreign = total.foreign.iter().filter(|money| !money.amount.is_zero());
        let amounts: Vec<String> =
            dollars.into_iter().chain(foreign.take(4).map(|money| self.money_short(money))).collect();
        let and = if self == English { " and " } else { " und " };
        let least = match (total.is_at_least, self) {
            (true, English) => "at least ",
            (true, German) => "mind. ",
            (false, _) => "",
        };
        (!amounts.is_empty()).then(|| format!("{least}{}", amounts.join(and)))
    }
}
