//! An alert in words, as every medium says it.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{Alert, AlertOwner};
use crate::filing::record::LotRecord;
use crate::filing::{Code, Intent, Plan, Role, Trade};
use crate::text::plain;

impl Alert {
    /// The lots' figures together, from the records.
    pub fn trade(&self) -> Trade {
        Trade::of(self.lots.iter().map(LotRecord::figures))
    }

    /// The ticker that a headline shows, or the issuer's name where none is known.
    pub fn ticker_or_name(&self) -> &str {
        self.issuer.tickers.first().map_or(self.issuer.name.as_str(), String::as_str)
    }

    /// What the lots did, in one past-tense word: `sold` where all have code S.
    pub fn verb(&self) -> &'static str {
        let mut codes: Vec<Code> = self.lots.iter().filter_map(|lot| lot.code).collect();
        codes.sort_unstable();
        codes.dedup();
        match codes.as_slice() {
            [one] => one.verb(),
            _ => "traded",
        }
    }

    /// The number of shares as people read it: `24,133`, `at least …`, or `an unknown number of`.
    pub fn shares_text(&self) -> String {
        match self.shares {
            None => "an unknown number of".into(),
            Some(shares) if self.shares_is_at_least => format!("at least {shares}"),
            Some(shares) => shares.to_string(),
        }
    }

    /// What was traded, for a headline: its value, or where that is unknown the shares.
    pub fn what_text(&self) -> String {
        if self.value_usd.is_some() { self.value_text() } else { format!("{} shares", self.shares_text()) }
    }

    /// The value as people read it: `$2,661,359.10`, `at least $…`, or `an unknown price`.
    pub fn value_text(&self) -> String {
        match self.value_usd {
            None => "an unknown price".into(),
            Some(value) if self.value_is_at_least => format!("at least {value}"),
            Some(value) => value.to_string(),
        }
    }

    /// `$110.00 to $110.82`, where the actual prices differ.
    pub fn range_text(&self) -> Option<String> {
        let (low, high) = self.price_low.zip(self.price_high)?;
        (low != high).then(|| format!("{} to {}", low.exact(), high.exact()))
    }

    /// `0.48%`, `under 0.01%`; `all and more` where it exceeds what was held before.
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
        match (self.plan.as_str(), &self.plan_adopted) {
            ("yes", Some(date)) => format!("yes, adopted {date}"),
            ("yes", None) => "yes".to_owned(),
            ("no", _) => "no".to_owned(),
            ("mixed", _) if self.lots.iter().any(|lot| lot.plan == Some(Plan::Yes)) => {
                "for some lots".to_owned()
            }
            ("mixed", _) => "none for some lots, not stated for others".to_owned(),
            _ => "not stated".to_owned(),
        }
    }

    /// Why it was sold, where the filing says more than the plan does: `to cover tax or exercise cost`.
    pub fn reason_text(&self) -> Option<&'static str> {
        match self.intent.as_deref()? {
            "mixed" => Some("different from lot to lot"),
            intent => [Intent::Offering, Intent::ToIssuer, Intent::SellToCover]
                .into_iter()
                .find(|known| known.word() == intent)
                .map(Intent::phrase),
        }
    }

    /// The words that say why, each once: `F2: "to cover tax withholding obligations"`.
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

    /// What an amendment amends: `amends 0001107843-21-000101`, or why that is not said. `None` of an original.
    pub fn amendment_text(&self) -> Option<String> {
        if let Some(amendment) = self.amended_by {
            return Some(format!("already amended by {amendment}"));
        }
        if !self.form.is_amendment() {
            return None;
        }
        if self.withdrawn {
            let original = self.amends.map_or_else(String::new, |original| format!(" {original}"));
            return Some(format!("amends{original}: what was told no longer meets the rule"));
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
        let trade = self.trade();
        let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        let lots = plural(self.lots.len(), "lot");
        if trade.days > 1 { format!("{lots} on {}", plural(trade.days, "day")) } else { lots }
    }

    /// `2021-08-20 to 2021-08-23`, one date, or `an unknown date`.
    pub fn dates_text(&self) -> String {
        let day = |date: NaiveDate| date.format("%Y-%m-%d").to_string();
        match self.trade().dates {
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
        let average = self.average_price.map(|price| match self.lots.len() {
            1 => format!(" at {price}"),
            _ => format!(" at {price} on average"),
        });
        let reason = match self.intent.as_deref() {
            Some("plan") => Some(Intent::Plan.phrase()),
            _ => self.reason_text().filter(|_| self.intent.as_deref() != Some("mixed")),
        };
        let reason = reason.map(|reason| format!(", {reason}")).unwrap_or_default();
        let amended = self.amended_mark();
        format!(
            "{} {} {} {} for {}{}, {}, {}{reason}{amended}",
            plain(&self.owners_text()),
            self.verb(),
            self.shares_text(),
            plain(self.ticker_or_name()),
            self.value_text(),
            average.unwrap_or_default(),
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
        let told = self.roles.iter().filter(|role| !(titled && (role.is_office() || **role == Role::Other)));
        parts.extend(told.map(|role| if *role == Role::OtherOfficer { "officer" } else { role.word() }));
        parts.join(", ")
    }
}
