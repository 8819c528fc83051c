//! A filing in a digest.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::filing::Accession;
use crate::filing::record::LotRecord;

/// The most sums that an entry has.
const MOST_SUMS: usize = 4;

/// One filing in a digest.
///
/// Far down in a long digest, it has no lots and only an outline of its alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The rules that matched.
    pub rules: Vec<String>,
    /// The alert. If several rules matched, it covers the lots that any of them counted.
    pub alert: Alert,
    /// The numbers of the lots that are not in the total: an amendment in this digest replaces them, or they
    /// restate earlier reports.
    #[serde(default)]
    pub not_counted: BTreeSet<usize>,
    /// How many of its lots are in the total.
    #[serde(default)]
    pub counted: usize,
    /// When it was sent to the recipient at once, in an e-mail of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<DateTime<Utc>>,
}

impl Entry {
    /// The lots that are in the total.
    pub(crate) fn counted_lots(&self) -> impl Iterator<Item = &LotRecord> {
        let lots = self.alert.lot_numbers.iter().zip(&self.alert.lots);
        lots.filter(|(number, _)| !self.not_counted.contains(number)).map(|(_, lot)| lot)
    }

    /// True if one of the lots that would count has an odd value.
    pub(super) fn has_odd_value(&self) -> bool {
        self.counted_lots().any(|lot| !lot.moved && lot.value_is_odd)
    }

    /// Adds the alert of another rule about the same filing.
    pub(super) fn add(&mut self, other: Alert) {
        if let Err(place) = self.rules.binary_search(&other.rule) {
            self.rules.insert(place, other.rule);
        }
        let before = self.alert.lots.len();
        for (number, lot) in other.lot_numbers.into_iter().zip(other.lots) {
            if let Err(place) = self.alert.lot_numbers.binary_search(&number) {
                self.alert.lot_numbers.insert(place, number);
                self.alert.lots.insert(place, lot);
            }
        }
        let own = &mut self.alert;
        own.take_stakes(other.stakes);
        own.filed_late = own.filed_late.max(other.filed_late);
        own.sums = own.sums.iter().chain(&other.sums).fold(Vec::new(), |mut all, sum| {
            if all.len() < MOST_SUMS && !all.contains(sum) {
                all.push(sum.clone());
            }
            all
        });
        for (lots, more) in
            [(&mut own.restated, other.restated), (&mut own.reported_before, other.reported_before)]
        {
            lots.extend(more);
            lots.sort_unstable();
            lots.dedup();
        }
        let more: Vec<Accession> =
            other.also_in.into_iter().filter(|accession| !own.also_in.contains(accession)).collect();
        own.also_in.extend(more);
        if self.alert.lots.len() > before {
            self.alert.refigure();
        }
    }
}
