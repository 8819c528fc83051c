//! What a filing causes: rules → alerts → deliveries, decided without sending or writing anything.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::App;
use crate::alert::Alert;
use crate::config::Via;
use crate::delivery::{Body, Delivery};
use crate::destination::Destination;
use crate::filing::{Filing, Link, PastFiling, Rang, Relation};
use crate::rules;
use crate::store::{Ending, Gathered, Pending, Settled, StoreError};

/// Owners of one chain report a block within some days of each other; an amendment without a date follows soon.
const RECENT: TimeDelta = TimeDelta::days(30);

impl App {
    /// All that a filing causes, to be committed at once.
    pub(super) fn plan(
        &self,
        pending: &Pending,
        filing: &Filing,
        now: DateTime<Utc>,
    ) -> Result<Settled, StoreError> {
        let accepted_at = filing.accepted_at.unwrap_or(pending.filing.accepted_at);
        let (mut history, relation) = self.history(filing, accepted_at)?;
        let mut told = BTreeMap::new();
        let mut deliveries = Vec::new();
        let mut gathered = Vec::new();
        let mut rang = false;
        for rule in self.rules.iter() {
            let alert = match rules::evaluate(rule, filing) {
                Ok(matched) => Alert::new(rule, filing, &matched, pending.seen_at).map(|mut alert| {
                    alert.relate(rule, &relation);
                    let (key, lots) = (alert.key.to_string(), matched.lots);
                    told.insert(rule.name.clone(), Rang { key, lots });
                    alert
                }),
                Err(reason) => {
                    tracing::trace!(accession = %pending.filing.accession, rule = rule.name, %reason, "silent");
                    Alert::withdrawn(rule, filing, &relation, pending.seen_at)
                }
            };
            let Some(alert) = alert else { continue };
            rang = true;
            tracing::info!(rule = rule.name, accession = %alert.accession, "{}", alert.text);
            for destination in self.destinations(&rule.notify, &rule.name)? {
                match &destination {
                    Destination::Email(name) if self.settings.digest_of(&destination).is_some() => {
                        gathered.push(Gathered { recipient: name.clone(), alert: alert.clone() });
                    }
                    _ => {
                        deliveries.push(Delivery::new(destination, Body::Alert(Box::new(alert.clone())), now))
                    }
                }
            }
        }
        if let Some(own) = history.first_mut() {
            own.rang = told;
        }
        Ok(Settled {
            accession: pending.filing.accession,
            ending: if rang { Ending::Rang } else { Ending::Quiet },
            at: now,
            history: Some((filing.issuer.cik, history)),
            deliveries,
            gathered,
            unreadable: None,
        })
    }

    /// What history is to keep: first of this filing, then what it says of earlier ones, and how it relates to them.
    fn history(
        &self,
        filing: &Filing,
        accepted_at: DateTime<Utc>,
    ) -> Result<(Vec<PastFiling>, Relation), StoreError> {
        let Some(mut new) = PastFiling::of(filing, accepted_at) else {
            return Ok((Vec::new(), Relation::default()));
        };
        let amended = new.original_day.and_then(|day| day.and_hms_opt(0, 0, 0)).map(|day| day.and_utc());
        let recent = accepted_at.checked_sub_signed(RECENT).unwrap_or_default();
        let since = amended.map_or(recent, |day| day.min(recent));
        let known = self.store.history(filing.issuer.cik, since)?;
        let relation = new.relate(&known);
        if let Link::To(original) = relation.link {
            new.amends = Some(original);
        }
        new.not_counted = relation.told.iter().flat_map(|told| told.lots.iter().copied()).collect();
        if let Some((_, replaced)) = &relation.amended_by {
            new.not_counted.extend(replaced);
        }
        let own = new.accession;
        let mut kept = vec![new];
        if let Some((amendment, _)) = &relation.amended_by {
            let found = known.iter().find(|past| past.accession == *amendment).cloned();
            kept.extend(found.map(|past| PastFiling { amends: Some(own), ..past }));
        }
        if let (Some(follows), Some(changes)) = (relation.follows, &relation.changes) {
            let before = known.into_iter().find(|past| past.accession == follows);
            kept.extend(before.filter(|_| !changes.replaced.is_empty()).map(|mut before| {
                before.not_counted.extend(&changes.replaced);
                before
            }));
        }
        Ok((kept, relation))
    }

    /// Where a rule's alerts go: what the rule names, and the channels that subscribe, each channel once.
    fn destinations(&self, notify: &[Destination], rule: &str) -> Result<Vec<Destination>, StoreError> {
        let mut destinations = notify.to_vec();
        for id in self.store.subscribers(rule)? {
            let named = self.settings.discord.channels.iter().find(|channel| channel.via == Via::Bot(id));
            let destination =
                named.map_or(Destination::Channel(id), |channel| Destination::Discord(channel.name.clone()));
            if !destinations.contains(&destination) {
                destinations.push(destination);
            }
        }
        Ok(destinations)
    }
}
