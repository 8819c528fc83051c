//! The sums of `cumulative` and `cluster` conditions, in words.

use chrono::NaiveDate;

use super::record::Alert;
use crate::filing::{Accession, Shares, Unit, Usd};
use crate::rules::{Counting, Part, Per, Sum};
use crate::text::plain;

/// The most parts of a sum in the alert's one line.
const MOST_IN_LINE: usize = 3;

impl Sum {
    /// `$1,250,000.00 and 50,000 shares within 30 days, in 3 filings of 2 insiders, 2025-11-20 to
    /// 2025-12-10`.
    pub fn text(&self) -> String {
        let dates = days(self.first_date, self.last_date);
        let filings = plural(self.filings, "filing");
        let insiders = plural(self.insiders, "insider");
        let figures = figures(
            (self.value_usd, self.value_is_at_least),
            (self.shares, self.shares_is_at_least, self.unit),
        );
        match (self.condition, self.per) {
            (Counting::Cluster, _) => {
                format!("{insiders} within {}, {figures} together, {dates}", self.within)
            }
            (Counting::Cumulative, Some(Per::Issuer)) => {
                format!("{figures} within {}, in {filings} of {insiders}, {dates}", self.within)
            }
            (Counting::Cumulative, _) => {
                format!("{figures} within {}, in {filings} of the owner, {dates}", self.within)
            }
        }
    }

    /// The parts, at most `most`, each with the filer's own text cleaned; then how many more there are.
    pub fn part_texts(&self, most: usize) -> Vec<String> {
        let mut texts: Vec<String> = self.parts.iter().take(most).map(Part::text).collect();
        let more = self.more + self.parts.len().saturating_sub(most);
        if more > 0 {
            texts.push(format!("and {more} more"));
        }
        texts
    }
}

impl Part {
    /// `2025-12-03: ROE RICHARD, $1,000.00 and 100 shares, 0000000007-25-000002`.
    pub fn text(&self) -> String {
        let accession = self.accession.as_ref().map(Accession::to_string).unwrap_or_default();
        let place = match (self.own, self.filings) {
            (true, 1) => "this filing".to_owned(),
            (true, n) => format!("this filing and {} more", n - 1),
            (false, 1) => accession,
            (false, n) => format!("{accession} and {} more", n - 1),
        };
        format!("{}: {}, {}, {place}", days(self.first_date, self.last_date), self.names(), self.figures())
    }

    fn names(&self) -> String {
        let names: Vec<String> =
            self.owners.iter().map(|name| plain(name)).filter(|name| !name.trim().is_empty()).collect();
        if names.is_empty() { "somebody".to_owned() } else { names.join(", ") }
    }

    fn figures(&self) -> String {
        figures((self.value_usd, self.value_is_at_least), (self.shares, self.shares_is_at_least, self.unit))
    }
}

impl Alert {
    /// The sums, for the alert's line: the figures, and the first few of their other parts.
    pub(super) fn sums_text(&self) -> String {
        let mut text = String::new();
        for sum in &self.sums {
            let others = sum.parts.iter().filter(|part| !part.own);
            let mut names: Vec<String> =
                others.clone().take(MOST_IN_LINE).map(|part| part_in_line(part, sum.condition)).collect();
            let more = sum.more + others.count().saturating_sub(MOST_IN_LINE);
            if more > 0 {
                names.push(format!("{more} more"));
            }
            let with = if names.is_empty() { String::new() } else { format!(", with {}", names.join("; ")) };
            text += &format!("; {}{with}", sum.text());
        }
        text
    }
}

fn part_in_line(part: &Part, condition: Counting) -> String {
    let accession = part.accession.filter(|_| condition == Counting::Cumulative);
    let accession = accession.map(|accession| format!(" in {accession}")).unwrap_or_default();
    format!("{} {}, {}{accession}", part.names(), part.figures(), days(part.first_date, part.last_date))
}

fn figures(value: (Option<Usd>, bool), shares: (Option<Shares>, bool, Unit)) -> String {
    let least = |is: bool| if is { "at least " } else { "" };
    let dollars = value.0.map(|known| format!("{}{known}", least(value.1)));
    let word = shares.2.word();
    let shares = shares.0.map(|known| format!("{}{known} {word}", least(shares.1)));
    match (dollars, shares) {
        (Some(dollars), Some(shares)) => format!("{dollars} and {shares}"),
        (Some(dollars), None) => dollars,
        (None, Some(shares)) => format!("an unknown value and {shares}"),
        (None, None) => "an unknown value".to_owned(),
    }
}

fn days(first: NaiveDate, last: NaiveDate) -> String {
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

fn plural(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}
