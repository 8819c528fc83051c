//! A filing of history in one line, for answers that list trades.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::alert::{Figure, Verb, Way};
use crate::filing::record::LotRecord;
use crate::filing::{Cik, Code, Direction, PastFiling, Table, Trade, index_url};
use crate::render::discord::escaped;
use crate::text::clip;

const NAME: usize = 60;
const MOST_DEEDS: usize = 3;

/// The subject of a line, after the day.
#[derive(Clone, Copy)]
pub(in crate::bot) enum Subject<'a> {
    /// Who traded: the list is about one company.
    Owner,
    /// Which company, by its ticker or name: the list is about one owner.
    Company(&'a str),
    /// Both.
    Both(&'a str),
}

/// `- Dec 10: DOE JANE sold $2.66M (filing)`; `None` for a filing without rows that count.
pub(in crate::bot) fn line(issuer: Cik, past: &PastFiling, subject: Subject<'_>) -> Option<String> {
    let mut deeds: BTreeMap<(&'static str, Option<Direction>), Deed<'_>> = BTreeMap::new();
    let counted = past.lots.iter().enumerate().filter(|(number, _)| !past.not_counted.contains(number));
    for (_, lot) in counted {
        let deed = Deed::of(lot);
        // An exercise has a row in either table, which go opposite ways.
        let direction = lot.acquired_disposed.filter(|_| !deed.is_exercise());
        deeds.entry((deed.verb.text(), direction)).or_insert(deed).lots.push(lot);
    }
    let mut deeds: Vec<Deed<'_>> = deeds.into_values().collect();
    // Sales and purchases first.
    deeds.sort_by_key(|deed| !matches!(deed.verb, Verb::Sold | Verb::Bought));
    let rest = deeds.split_off(deeds.len().min(MOST_DEEDS));
    let words: Vec<String> = deeds.iter().map(Deed::text).collect();
    if words.is_empty() {
        return None;
    }
    let more = match rest.iter().map(|deed| deed.lots.len()).sum::<usize>() {
        0 => String::new(),
        1 => ", and 1 other row".to_owned(),
        n => format!(", and {n} other rows"),
    };
    let day: NaiveDate = (0..past.lots.len()).filter_map(|lot| past.day_of(lot)).max()?;
    let owner = past.owners.first().map(|owner| escaped(&clip(&owner.name, NAME))).unwrap_or_default();
    let owner = if owner.is_empty() { "somebody".to_owned() } else { owner };
    let others = match past.owners.len() {
        0 | 1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    let url = index_url(issuer, past.accession);
    let company = |name: &str| format!("**{}**", escaped(&clip(name, NAME)));
    let who = match subject {
        Subject::Owner => format!("{owner}{others}"),
        Subject::Company(name) => company(name),
        Subject::Both(name) => format!("{} {owner}{others}", company(name)),
    };
    Some(format!("- {}: {who} {}{more} ([filing](<{url}>))", day.format("%b %-d, %Y"), words.join(", ")))
}

/// The rows of a filing that do the same.
struct Deed<'l> {
    code: Option<Code>,
    verb: Verb,
    lots: Vec<&'l LotRecord>,
}

impl<'l> Deed<'l> {
    /// A kind of row, to which rows are added.
    fn of(lot: &LotRecord) -> Self {
        let verb = match lot.code {
            _ if lot.moved => Verb::Moved,
            Some(code) => Verb::of(code, lot.acquired_disposed),
            None => Verb::Traded,
        };
        Self { code: lot.code, verb, lots: Vec::new() }
    }

    fn is_exercise(&self) -> bool {
        !matches!(self.verb, Verb::Moved) && self.code.is_some_and(|code| "MXCO".contains(code.letter()))
    }

    /// `sold **$2.66M**`, `**$561K** withheld for tax`. An exercise is shown by its shares, or by its options if it
    /// has no row of shares.
    fn text(&self) -> String {
        let of_shares = |lot: &&&LotRecord| lot.table == Table::NonDerivative;
        let only_shares = self.is_exercise() && self.lots.iter().any(|lot| of_shares(&lot));
        let lots = self.lots.iter().filter(|lot| !only_shares || of_shares(lot));
        let way = Way::new(self.verb, Trade::of(lots.map(|lot| lot.figures())).sums);
        match self.code.map(Code::letter) {
            Some('F') => format!("**{}** withheld for tax", way.what(Figure::Short)),
            // Its price is what the exercise costs.
            _ if self.is_exercise() => format!("{} **{}**", self.verb, way.whole().quantity),
            _ => format!("{} **{}**", self.verb, way.what(Figure::Short)),
        }
    }
}
