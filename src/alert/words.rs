//! An alert in the words that every medium uses.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::agreed::Agreed;
use super::numbers::number_text;
use super::record::{Alert, AlertOwner};
use super::securities::Figure;
use crate::filing::record::{LotRecord, StakeRecord};
use crate::filing::{Intent, Plan, Role, Trade, Usd, Warning};
use crate::text::{clip, plain};

impl Alert {
    /// The ticker for a headline, or the issuer's name if none is known.
    pub fn ticker_or_name(&self) -> &str {
        self.issuer.tickers.first().map_or(self.issuer.name.as_str(), String::as_str)
    }

    /// The value for headlines and totals; `None` if it is unknown, or flagged as odd.
    pub fn sound_value(&self) -> Option<Usd> {
        self.value_usd.filter(|_| !self.value_is_odd)
    }

    /// The warnings about odd figures of the filing, which totals and lists of many alerts mention.
    pub fn figure_warnings(&self) -> impl Iterator<Item = &Warning> {
        self.warnings.iter().filter(|warning| warning.is_about_figures())
    }

    /// The codes of the filing's warnings, each once, at most `most`.
    pub fn warning_codes(&self, most: usize) -> Vec<String> {
        let mut codes: Vec<String> = Vec::new();
        for warning in &self.warnings {
            if !codes.contains(&warning.code) && codes.len() < most {
                codes.push(warning.code.clone());
            }
        }
        codes
    }

    /// The average price for people; `None` if it is unknown, odd or zero.
    pub fn price_text(&self) -> Option<String> {
        match self.securities.first().filter(|_| self.securities.len() == 1) {
            Some(only) => only.sums.price_text(),
            None => {
                let price = self.average_price.filter(|price| !price.is_zero() && !self.value_is_odd)?;
                Some(price.to_string())
            }
        }
    }

    /// The number of shares as shown to people: `24,133`, `at least …`, or `an unknown number of`.
    pub fn shares_text(&self) -> String {
        number_text(self.shares, self.shares_is_at_least)
    }

    /// The value as shown to people: `$2,661,359.10`, `at least $…`, `NT$123,300,000.00`, `an odd value` or
    /// `an unknown price`.
    pub fn value_text(&self) -> String {
        let foreign =
            self.securities.first().filter(|only| self.securities.len() == 1 && !only.sums.is_in_dollars());
        if let Some(worth) = foreign.and_then(|only| only.sums.worth(Figure::Full)) {
            return worth;
        }
        match self.value_usd {
            None => "an unknown price".into(),
            Some(_) if self.value_is_odd => "an odd value".into(),
            Some(value) if self.value_is_at_least => format!("at least {value}"),
            Some(value) => value.to_string(),
        }
    }

    /// The stake before and after, with its change and where it came from; for several securities, each
    /// stake, with its title formatted by `title_text`. `None` if no stake is known.
    pub fn stake_text(&self, title_text: fn(&str) -> String) -> Option<String> {
        const MOST: usize = 3;
        let known: Vec<&StakeRecord> = self.stakes.iter().filter(|stake| stake.after.is_some()).collect();
        let named = self.stakes.len() > 1;
        let each = known.iter().take(MOST).map(|stake| {
            let title = stake.security.as_deref().filter(|_| named);
            let title = title.map_or_else(String::new, |title| format!("{}: ", title_text(&clip(title, 40))));
            format!("{title}{}", stake.text())
        });
        let mut texts: Vec<String> = each.collect();
        if known.len() > MOST {
            texts.push(format!("and {} more securities", known.len() - MOST));
        }
        (!texts.is_empty()).then(|| texts.join("; "))
    }

    /// `$110.00 to $110.82`, if the actual prices differ.
    pub fn range_text(&self) -> Option<String> {
        let (low, high) = self.price_low.zip(self.price_high).filter(|_| !self.value_is_odd)?;
        (low != high).then(|| format!("{} to {}", low.exact(), high.exact()))
    }

    /// `0.48%`, `under 0.01%`; `all and more` if it exceeds the prior holding.
    pub fn holdings_text(&self) -> Option<String> {
        let fraction: Decimal = self.share_of_holdings.as_deref()?.parse().ok()?;
        if fraction > Decimal::ONE {
            return Some("all and more: part came in with this filing".to_owned());
        }
        let percent = (fraction * Decimal::ONE_HUNDRED).round_dp(2).normalize();
        Some(if percent.is_zero() { "under 0.01%".to_owned() } else { format!("{percent}%") })
    }

    /// 10b5-1 plan: `yes, adopted 2022-09-12`, `no`, `not stated`, `for some lots`.
    pub fn plan_text(&self) -> String {
        match (self.plan, &self.plan_adopted) {
            (Agreed::All(Plan::Yes), Some(date)) => format!("yes, adopted {date}"),
            (Agreed::All(Plan::Yes), None) => "yes".to_owned(),
            (Agreed::All(Plan::No), _) => "no".to_owned(),
            (Agreed::All(Plan::Unknown), _) => "not stated".to_owned(),
            (Agreed::Mixed, _) if self.lots.iter().any(|lot| lot.plan == Some(Plan::Yes)) => {
                "for some lots".to_owned()
            }
            (Agreed::Mixed, _) => "none for some lots, not stated for others".to_owned(),
        }
    }

    /// Why it was sold, if the filing says more than the plan does: `to cover tax or exercise cost`.
    pub fn reason_text(&self) -> Option<&'static str> {
        match self.intent? {
            Agreed::Mixed => Some("different from lot to lot"),
            Agreed::All(
                intent @ (Intent::Involuntary | Intent::Offering | Intent::ToIssuer | Intent::SellToCover),
            ) => Some(intent.phrase()),
            Agreed::All(Intent::Plan | Intent::Discretionary | Intent::Unknown) => None,
        }
    }

    /// Why it was sold, in few words: the reason that the filing gives, or `10b5-1 plan`.
    pub fn motive_text(&self) -> Option<&'static str> {
        self.reason_text().or_else(|| (self.plan == Agreed::All(Plan::Yes)).then_some("10b5-1 plan"))
    }

    /// The evidence for the reason, each once: `F2: "to cover tax withholding obligations"`.
    pub fn evidence(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for words in self.lots.iter().filter_map(|lot| lot.intent_evidence.as_deref()) {
            if !all.contains(&words) {
                all.push(words);
            }
        }
        all
    }

    /// ` (amended)`, ` (withdrawn)`, or nothing.
    pub fn amended_mark(&self) -> &'static str {
        match (self.withdrawn, self.form.is_amendment()) {
            (true, _) => " (withdrawn)",
            (false, true) => " (amended)",
            (false, false) => "",
        }
    }

    /// The amended filing: `amends 0001107843-21-000101`, or why that is not stated. `None` for an original.
    pub fn amendment_text(&self) -> Option<String> {
        if let Some(amendment) = self.amended_by {
            return Some(format!("already amended by {amendment}"));
        }
        if !self.form.is_amendment() {
            return None;
        }
        if self.withdrawn {
            let original = self.amends.map_or_else(String::new, |original| format!(" {original}"));
            return Some(format!("amends{original}: the reported lots no longer match the rule"));
        }
        Some(match (self.amends, self.may_amend.as_slice()) {
            (Some(original), _) if self.changes.is_empty() => format!("amends {original}, no row is changed"),
            (Some(original), _) => format!("amends {original}"),
            (None, []) => "amends a filing that sellbell has not seen".to_owned(),
            (None, [one]) => format!("may amend {one}, which was filed on another day than it says"),
            (None, several) => format!("amends one of {} filings, it is not clear which", several.len()),
        })
    }

    /// `2 lots on 2 days`.
    pub fn lots_text(&self) -> String {
        let trade = Trade::of(self.lots.iter().map(LotRecord::figures));
        let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        let lots = plural(self.lots.len(), "lot");
        if trade.days > 1 { format!("{lots} on {}", plural(trade.days, "day")) } else { lots }
    }

    /// `2021-08-20 to 2021-08-23`, one date, or `an unknown date`.
    pub fn dates_text(&self) -> String {
        let day = |date: NaiveDate| date.format("%Y-%m-%d").to_string();
        match Trade::of(self.lots.iter().map(LotRecord::figures)).dates {
            None => "an unknown date".into(),
            Some((first, last)) if first == last => day(first),
            Some((first, last)) => format!("{} to {}", day(first), day(last)),
        }
    }

    /// The owners by name, the first with its position: `DOE JANE (CFO) and 2 others`.
    pub fn owners_text(&self) -> String {
        let Some(first) = self.owners.first() else { return "somebody".into() };
        let position = first.position();
        let named =
            if position.is_empty() { first.name.clone() } else { format!("{} ({position})", first.name) };
        match self.owners.len() {
            1 => named,
            2 => format!("{named} and {}", self.owners[1].name),
            n => format!("{named} and {} others", n - 1),
        }
    }

    pub(super) fn line(&self) -> String {
        let average = self.price_text().map(|price| match self.lots.len() {
            1 => format!(" at {price}"),
            _ => format!(" at {price} on average"),
        });
        let average = average.filter(|_| !self.only_moves());
        let reason = match self.intent {
            Some(Agreed::All(Intent::Plan)) => Some(Intent::Plan.phrase()),
            Some(Agreed::All(_)) => self.reason_text(),
            Some(Agreed::Mixed) | None => None,
        };
        let reason = reason.map(|reason| format!(", {reason}")).unwrap_or_default();
        let (sums, amended) = (self.sums_text(), self.amended_mark());
        let ticker = plain(self.ticker_or_name());
        let ways = self.ways();
        let each = ways.iter().map(|way| {
            let of = if way.takes_of { " of" } else { "" };
            format!("{} {}{of} {ticker}{}", way.verb, way.number, self.for_value(way))
        });
        let securities = self.security_lines(Figure::Full, plain);
        let securities =
            if securities.is_empty() { String::new() } else { format!(" ({})", securities.join("; ")) };
        let unknown = ways.iter().find_map(super::deeds::Way::why_unknown);
        let unknown = unknown.map_or_else(String::new, |why| format!(" ({why})"));
        format!(
            "{} {}{securities}{unknown}{}, {}, {}{reason}{sums}{amended}",
            plain(&self.owners_text()),
            each.collect::<Vec<_>>().join(" and "),
            average.filter(|_| ways.len() == 1).unwrap_or_default(),
            self.lots_text(),
            self.dates_text(),
        )
    }
}

impl AlertOwner {
    /// Title and roles in one phrase: `Chief Financial Officer`, `director, 10% owner`.
    pub fn position(&self) -> String {
        let mut parts: Vec<&str> = self.title.as_deref().into_iter().collect();
        let titled = self.title.is_some();
        let named = self.roles.iter().filter(|role| !(titled && (role.is_office() || **role == Role::Other)));
        parts.extend(named.map(|role| if *role == Role::OtherOfficer { "officer" } else { role.word() }));
        parts.join(", ")
    }
}
