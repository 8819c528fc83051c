//! A filing of history in one line, for answers that list trades.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::alert::{Figure, Verb, Way};
use crate::filing::record::LotRecord;
use crate::filing::{Cik, Code, Direction, PastFiling, Trade, index_url};
use crate::render::discord::escaped;
use crate::text::clip;

const NAME: usize = 60;
const MOST_DEEDS: usize = 3;

/// What a line says first, after the day.
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
    let mut deeds: BTreeMap<(Option<Code>, Option<Direction>), Vec<&LotRecord>> = BTreeMap::new();
    let counted = past.lots.iter().enumerate().filter(|(number, _)| !past.not_counted.contains(number));
    for (_, lot) in counted {
        deeds.entry((lot.code, lot.acquired_disposed)).or_default().push(lot);
    }
    let mut deeds: Vec<(bool, String)> = deeds.into_iter().map(|(kind, lots)| deed(kind, &lots)).collect();
    // Sales and purchases first.
    deeds.sort_by_key(|(is_trade, _)| !is_trade);
    let more = deeds.len().saturating_sub(MOST_DEEDS);
    let mut words: Vec<String> = deeds.into_iter().take(MOST_DEEDS).map(|(_, words)| words).collect();
    if words.is_empty() {
        return None;
    }
    if more > 0 {
        words.push(format!("{more} more"));
    }
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
    Some(format!("- {}: {who} {} ([filing](<{url}>))", day.format("%b %-d, %Y"), words.join(", ")))
}

/// The words for rows of one code and direction, and true if they are sales or purchases.
fn deed((code, direction): (Option<Code>, Option<Direction>), lots: &[&LotRecord]) -> (bool, String) {
    let verb = match code {
        _ if lots.iter().all(|lot| lot.moved) => Verb::Moved,
        Some(code) => Verb::of(code, direction),
        None => Verb::Traded,
    };
    let way = Way::new(verb, Trade::of(lots.iter().map(|lot| lot.figures())).sums);
    (matches!(verb, Verb::Sold | Verb::Bought), format!("{verb} **{}**", way.what(Figure::Short)))
}
