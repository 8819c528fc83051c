//! An archive in the order in which it is served, and the part of it that is published at a given time. Times
//! are milliseconds since 1970.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use chrono::{NaiveDate, TimeZone};
use chrono_tz::America::New_York;

use super::archive::{Archive, CompanyTicker, Filed, Filer};
use super::rng::Rng;
use crate::filing::{Accession, Cik, edgar_day, is_business_day};

/// The feed ends after this many entries.
const MOST_ENTRIES: usize = 5_100;
/// The longest time from acceptance until the feed shows a filing: acceptance is in whole seconds, and one in
/// four takes up to a second more. EDGAR's own lag is longer, and is not the bot's.
const LONGEST_LAG_MS: u64 = 2_000;
const SECOND_MS: u64 = 1_000;
/// One submission in this many is late, by up to `LONGEST_LATE_MS`. How often EDGAR's are late was not
/// measured.
const LATE_ONE_IN: u64 = 40;
const LONGEST_LATE_MS: u64 = 3_000;
/// Of 1,579 recorded filings, 26 had entries that are not adjacent. Most of the time, two filings become so
/// at once.
const APART: f64 = 0.01;
/// Filings whose acceptance is further apart are not mingled.
const MOST_APART_MS: i64 = 120_000;
/// In a third of the filings, the issuer's entry comes first.
const ISSUER_FIRST: f64 = 0.33;
/// The random choices, each with a generator of its own.
const LAG: u64 = 1;
const LATE: u64 = 2;
const ORDER: u64 = 3;
const NIGHT: u64 = 4;

/// The archive in order.
#[derive(Debug)]
pub(super) struct Timeline {
    /// In order of acceptance.
    filings: Vec<Filed>,
    /// The feed from its end to its head.
    entries: Vec<Entry>,
    by_accession: HashMap<Accession, usize>,
    /// The Forms 4 that name each filer, in order of acceptance.
    by_filer: HashMap<Cik, Vec<usize>>,
    /// In the format of EDGAR's list of tickers.
    pub(super) tickers: BTreeMap<usize, CompanyTicker>,
    /// How many filings each file of a company's list has.
    pub(super) company_file: usize,
    /// True if things are published one after the other.
    moving: bool,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    filing: u32,
    filer: u32,
    /// Increases from entry to entry; at most `MOST_APART_MS` from the filing's acceptance.
    order_ms: i64,
    shown_ms: i64,
}

impl Timeline {
    /// Orders an archive: published as a whole, or at its recorded times.
    pub(super) fn new(archive: Archive, moving: bool) -> Self {
        let Archive { mut filings, tickers, small_company_files, .. } = archive;
        // The feed is read backwards, and among filings of the same moment the first one added comes first in
        // it.
        filings.reverse();
        filings.sort_by_key(|filing| filing.accepted_at);
        let mut timeline = Self {
            entries: Vec::with_capacity(filings.iter().map(|filing| filing.filers.len()).sum()),
            by_accession: HashMap::with_capacity(filings.len()),
            by_filer: HashMap::new(),
            tickers,
            company_file: if small_company_files { 50 } else { 1_000 },
            moving,
            filings,
        };
        timeline.fill();
        timeline
    }

    fn fill(&mut self) {
        let mut starts = Vec::with_capacity(self.filings.len());
        for (place, filing) in self.filings.iter().enumerate() {
            self.by_accession.insert(filing.accession, place);
            starts.push(self.entries.len());
            let order_ms = filing.accepted_at.timestamp_millis();
            let shown_ms = order_ms.saturating_add(self.lag_ms(filing));
            let mut filers: Vec<u32> = (0..).take(filing.filers.len()).collect();
            let mut rng = Rng::new(ORDER, number(filing.accession));
            if self.moving && rng.chance(ISSUER_FIRST) {
                filers.rotate_right(1);
            }
            for filer in filers.into_iter().rev() {
                // An archive has at most five million filings.
                let filing = u32::try_from(place).unwrap_or(u32::MAX);
                self.entries.push(Entry { filing, filer, order_ms, shown_ms });
            }
            if filing.is_form_4() {
                for filer in &filing.filers {
                    let filings = self.by_filer.entry(filer.cik).or_default();
                    if filings.last() != Some(&place) {
                        filings.push(place);
                    }
                }
            }
        }
        if self.moving {
            self.mingle(&starts);
        }
    }

    /// Occasionally moves a filing's first entry between two entries of the filing before it.
    fn mingle(&mut self, starts: &[usize]) {
        let mut mingled = false;
        for (filing, &start) in self.filings.iter().zip(starts).skip(1) {
            let apart =
                !mingled && Rng::new(ORDER, number(filing.accession)).below(1_000_000) as f64 / 1e6 < APART;
            mingled = false;
            if let (true, Some([before, last, first])) =
                (apart, self.entries.get_mut(start.wrapping_sub(2)..=start))
                && before.filing == last.filing
                && first.order_ms - last.order_ms <= MOST_APART_MS
            {
                std::mem::swap(&mut last.filing, &mut first.filing);
                std::mem::swap(&mut last.filer, &mut first.filer);
                std::mem::swap(&mut last.shown_ms, &mut first.shown_ms);
                mingled = true;
            }
        }
    }

    /// The feed at a given time: the entries of forms whose names start with `form`, newest first, from
    /// `start`, at most `count`.
    pub(super) fn feed(&self, now_ms: i64, form: &str, start: usize, count: usize) -> Vec<(&Filed, &Filer)> {
        let lag_ms = i64::try_from(LONGEST_LAG_MS).unwrap_or(0);
        let settled_ms = now_ms.saturating_sub(MOST_APART_MS + lag_ms);
        let settled = self.entries.partition_point(|entry| entry.order_ms <= settled_ms);
        let coming_ms = now_ms.saturating_add(MOST_APART_MS);
        let coming = self.entries.partition_point(|entry| entry.order_ms <= coming_ms);
        let newest = self.entries[settled..coming].iter().rev().filter(|entry| entry.shown_ms <= now_ms);
        let shown = newest.chain(self.entries[..settled].iter().rev()).filter_map(|entry| {
            let filing = self.filings.get(entry.filing as usize)?;
            Some((filing, filing.filers.get(entry.filer as usize)?))
        });
        let count = count.min(MOST_ENTRIES.saturating_sub(start));
        shown.filter(|(filing, _)| filing.form.starts_with(form)).skip(start).take(count).collect()
    }

    /// The filing with an accession.
    pub(super) fn filing(&self, accession: Accession) -> Option<&Filed> {
        self.filings.get(*self.by_accession.get(&accession)?)
    }

    /// Another filing with a submission, always the same one for an accession.
    pub(super) fn another(&self, accession: Accession) -> Option<&Filed> {
        let place = *self.by_accession.get(&accession)?;
        let (before, after) = (self.filings.get(..place)?, self.filings.get(place + 1..)?);
        before.iter().rev().chain(after).find(|filing| filing.has_submission())
    }

    /// When the submission of a filing can be fetched.
    pub(super) fn fetchable_ms(&self, filing: &Filed) -> i64 {
        let mut rng = Rng::new(LATE, number(filing.accession));
        let late = self.moving && rng.below(LATE_ONE_IN) == 0;
        let late_ms = if late { rng.below(LONGEST_LATE_MS + 1) } else { 0 };
        self.shown_ms(filing).saturating_add(i64::try_from(late_ms).unwrap_or(0))
    }

    /// The published filings of EDGAR's day, in order of acceptance.
    pub(super) fn of_day(&self, day: NaiveDate, now_ms: i64) -> Vec<&Filed> {
        self.filings[self.day_range(day)].iter().filter(|filing| self.shown_ms(filing) <= now_ms).collect()
    }

    /// When the index of a day is created; `None` if there is none.
    pub(super) fn index_ms(&self, day: NaiveDate) -> Option<i64> {
        if !is_business_day(day) && self.day_range(day).is_empty() {
            return None;
        }
        if !self.moving {
            return Some(i64::MIN);
        }
        let evening = New_York.from_local_datetime(&day.and_hms_opt(22, 5, 0)?).earliest()?;
        let days = day.signed_duration_since(NaiveDate::default()).num_days().unsigned_abs();
        let later_ms = Rng::new(NIGHT, days).below(85 * 60 * 1_000);
        Some(evening.timestamp_millis().saturating_add(i64::try_from(later_ms).unwrap_or(0)))
    }

    /// The published Forms 4 that name a company or person, newest first; `None` if no filing names it.
    pub(super) fn of_filer(&self, filer: Cik, now_ms: i64) -> Option<Vec<&Filed>> {
        let places = self.by_filer.get(&filer)?;
        let filings = places.iter().rev().filter_map(|&place| self.filings.get(place));
        Some(filings.filter(|filing| self.shown_ms(filing) <= now_ms).collect())
    }

    fn day_range(&self, day: NaiveDate) -> Range<usize> {
        let from = self.filings.partition_point(|filing| edgar_day(filing.accepted_at) < day);
        let to = self.filings.partition_point(|filing| edgar_day(filing.accepted_at) <= day);
        from..to
    }

    /// When the feed shows a filing.
    pub(super) fn shown_ms(&self, filing: &Filed) -> i64 {
        filing.accepted_at.timestamp_millis().saturating_add(self.lag_ms(filing))
    }

    fn lag_ms(&self, filing: &Filed) -> i64 {
        if !self.moving {
            return 0;
        }
        let mut rng = Rng::new(LAG, number(filing.accession));
        let more_ms = if rng.chance(0.25) { rng.below(LONGEST_LAG_MS - SECOND_MS + 1) } else { 0 };
        i64::try_from(rng.below(SECOND_MS) + more_ms).unwrap_or(0)
    }
}

fn number(accession: Accession) -> u64 {
    accession.undashed().parse().unwrap_or(0)
}
