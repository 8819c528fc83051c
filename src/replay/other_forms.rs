//! Filings of other forms among the Forms 4: the feed of `4` contains all forms whose names start with it.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

use super::archive::{Archive, Filed, Filer, SubmissionSource};
use super::rng::Rng;
use crate::filing::{Accession, Cik, edgar_day};

/// Entries of other forms per entry of a Form 4: of 5,100 recorded entries, 1,824 were of other forms.
const OTHER_ENTRIES: f64 = 1_824.0 / (5_100.0 - 1_824.0);
/// The other forms, weighted by how often they were recorded.
const FORMS: [(&str, u64); 13] = [
    ("424B2", 101),
    ("497K", 25),
    ("497", 25),
    ("424B3", 24),
    ("425", 13),
    ("424B5", 12),
    ("485BXT", 11),
    ("485BPOS", 10),
    ("40-APP/A", 6),
    ("485APOS", 6),
    ("424H", 2),
    ("497J", 1),
    ("424B4", 1),
];
/// A made-up filing agent; its filings are numbered.
const AGENT: u64 = 9_899_000;
const FIRST_FILER: u64 = 9_899_100;
const FILERS: u64 = 400;

impl Archive {
    /// Lists filings of other forms whose names start with 4 between the existing ones, as many as EDGAR has:
    /// 1,824 entries of 5,100. They have no submissions.
    pub fn mix_other_forms(&mut self, seed: u64) {
        let mut days: BTreeMap<NaiveDate, (Vec<DateTime<Utc>>, usize)> = BTreeMap::new();
        for filing in &self.filings {
            let (times, entries) = days.entry(edgar_day(filing.accepted_at)).or_default();
            times.push(filing.accepted_at);
            *entries += filing.filers.len();
        }
        let mut number = 0;
        for (day, (mut times, entries)) in days {
            times.sort_unstable();
            let mut rng = Rng::new(seed, u64::from(day.num_days_from_ce().unsigned_abs()));
            let mut due = (entries as f64 * OTHER_ENTRIES).round() as usize;
            while due > 0 {
                number += 1;
                let accepted_at = between(&times, &mut rng);
                let filers = if due > 1 && rng.chance(0.15) { 2 } else { 1 };
                due -= filers;
                if let Some(filing) = other(number, accepted_at, filers, &mut rng)
                    && !self.has(filing.accession)
                {
                    self.put(filing);
                }
            }
        }
    }
}

/// A time between two adjacent ones of these sorted times.
fn between(times: &[DateTime<Utc>], rng: &mut Rng) -> DateTime<Utc> {
    let place = rng.place(times.len().saturating_sub(1));
    let from = times.get(place).copied().unwrap_or_default();
    let to = times.get(place + 1).copied().unwrap_or(from);
    let span = (to - from).num_seconds().unsigned_abs();
    from + TimeDelta::seconds(i64::try_from(rng.below(span + 1)).unwrap_or(0))
}

fn other(number: u64, accepted_at: DateTime<Utc>, filers: usize, rng: &mut Rng) -> Option<Filed> {
    let year = edgar_day(accepted_at).year().rem_euclid(100);
    let (agent, sequence) = (AGENT + number / 1_000_000, number % 1_000_000);
    let accession: Accession = format!("{agent:010}-{year:02}-{sequence:06}").parse().ok()?;
    let mut left = rng.below(FORMS.iter().map(|(_, weight)| weight).sum());
    let form = FORMS.iter().find_map(|&(form, weight)| match left.checked_sub(weight) {
        None => Some(form),
        Some(rest) => {
            left = rest;
            None
        }
    })?;
    let first = rng.below(FILERS);
    let filers = (0..filers as u64).filter_map(|further| {
        let number = (first + further) % FILERS;
        let cik = Cik::new(FIRST_FILER + number)?;
        Some(Filer::new(cik, &format!("Made-up Registrant {number} Trust"), "Filer"))
    });
    Some(Filed {
        accession,
        form: form.into(),
        accepted_at,
        size: format!("{} KB", 5 + rng.below(900)).into(),
        filers: filers.collect(),
        source: SubmissionSource::Nowhere,
    })
}
