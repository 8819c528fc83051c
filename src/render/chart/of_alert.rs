//! The chart of an alert, from the history of its issuer.

use chrono::{Months, NaiveDate};

use super::data::{Chart, Emphasis};
use super::found::{Found, MONTHS, NAME};
use crate::alert::Alert;
use crate::filing::record::LotRecord;
use crate::filing::{Accession, PastFiling, edgar_day, is_mistyped};
use crate::text::Language::{self, English, German};
use crate::text::{clip, plain};

impl Chart {
    /// The chart of an alert: its own trades, and those that `past`, the history of its issuer from
    /// [`Alert::history_since`] on, has of the 24 months before. Rows of a filing with the same day, direction
    /// and kind of decision are one trade; only sales and purchases (codes S and P) are shown.
    ///
    /// It starts with the day from which history is complete, or with the first trade if that is unknown or
    /// later; then the title says so.
    ///
    /// `None` if the alert is withdrawn or none of its own trades of these months has a value in dollars, if
    /// there is no other trade, or if most prices are in another currency.
    pub fn of_alert(alert: &Alert, past: &[PastFiling], language: Language) -> Option<Self> {
        if alert.withdrawn {
            return None;
        }
        let until = edgar_day(alert.accepted_at.unwrap_or(alert.seen_at));
        let earliest = until.checked_sub_months(Months::new(MONTHS))?;
        let mut found = Found::default();
        let in_time = |(day, _): &(NaiveDate, &LotRecord)| (earliest..=until).contains(day);
        let own = alert.lots.iter().map(|lot| (own_day(lot, until), lot));
        found.add(own.filter(in_time), Emphasis::ThisAlert);
        for filing in past.iter().filter(|past| !reports_the_same(alert, past.accession)) {
            let is_own = filing.accession == alert.accession || alert.is_of_owners(filing);
            let emphasis = if is_own { Emphasis::SameInsider } else { Emphasis::Others };
            let counted = filing.lots.iter().enumerate().filter(|(number, _)| counts(alert, filing, *number));
            let dated = counted.filter_map(|(number, lot)| Some((filing.day_of(number)?, lot)));
            found.add(dated.filter(in_time), emphasis);
        }
        let trades = found.trades;
        let first = trades.iter().map(|trade| trade.day).min()?;
        let has_own = trades.iter().any(|trade| trade.emphasis == Emphasis::ThisAlert);
        let has_others = trades.iter().any(|trade| trade.emphasis != Emphasis::ThisAlert);
        let is_one_day = trades.iter().all(|trade| trade.day == first);
        if !has_own || !has_others || is_one_day || found.foreign > found.dollars {
            return None;
        }
        let complete_since = alert.history.as_ref().and_then(|history| history.complete_since);
        let name = clip(&plain(alert.ticker_or_name()), NAME).into_owned();
        let month = |day: NaiveDate| language.month_of_year(day);
        let (from, title) = match (complete_since, language) {
            (Some(since), English) if since <= earliest => {
                (earliest, format!("{name} insiders, {MONTHS} months"))
            }
            (Some(since), German) if since <= earliest => {
                (earliest, format!("{name}: Insider, {MONTHS} Monate"))
            }
            (Some(since), English) if since <= first => {
                (since, format!("{name} insiders since {}", month(since)))
            }
            (Some(since), German) if since <= first => {
                (since, format!("{name}: Insider seit {}", month(since)))
            }
            (_, English) => (first, format!("{name} insiders, known trades since {}", month(first))),
            (_, German) => (first, format!("{name}: Insider, bekannt seit {}", month(first))),
        };
        Some(Self { language, title, from, until, trades })
    }
}

/// The day of a row of the alert: that of its acceptance if it has none, or one that is a typing error.
pub(super) fn own_day(lot: &LotRecord, accepted: NaiveDate) -> NaiveDate {
    let date = lot.date.filter(|date| !is_mistyped(*date, Some(accepted), None));
    date.map_or(accepted, |date| date.min(accepted))
}

/// True for another filing that reports the alert's own trade.
fn reports_the_same(alert: &Alert, accession: Accession) -> bool {
    alert.also_in.contains(&accession) || alert.amended_by == Some(accession)
}

/// True if a row of history is a trade of its own. What the alert's filing replaces is not, even before history
/// has recorded that.
fn counts(alert: &Alert, filing: &PastFiling, lot: usize) -> bool {
    let replaced = alert.replaces_earlier.iter().filter(|replaced| replaced.accession == filing.accession);
    let is_own = filing.accession == alert.accession && alert.lot_numbers.contains(&lot);
    let is_followed = alert.follows == Some(filing.accession) && alert.replaces.contains(&lot);
    let is_replaced = is_followed || replaced.flat_map(|replaced| &replaced.lots).any(|other| *other == lot);
    !is_own && !is_replaced && !filing.not_counted.contains(&lot)
}
