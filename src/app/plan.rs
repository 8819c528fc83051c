//! What a filing causes: rules → alerts → deliveries, decided without sending or writing anything.

use chrono::{DateTime, Utc};

use super::App;
use crate::alert::Alert;
use crate::config::Via;
use crate::delivery::{Body, Delivery};
use crate::destination::Destination;
use crate::filing::Filing;
use crate::filing::record::LotRecord;
use crate::rules;
use crate::store::{Ending, Gathered, Pending, Settled, StoreError};

impl App {
    /// All that a filing causes, to be committed at once.
    pub(super) fn plan(
        &self,
        pending: &Pending,
        filing: &Filing,
        now: DateTime<Utc>,
    ) -> Result<Settled, StoreError> {
        let mut deliveries = Vec::new();
        let mut gathered = Vec::new();
        let mut rang = false;
        for rule in self.rules.iter() {
            let matched = match rules::evaluate(rule, filing) {
                Ok(matched) => matched,
                Err(reason) => {
                    tracing::trace!(accession = %pending.filing.accession, rule = rule.name, %reason, "silent");
                    continue;
                }
            };
            let Some(alert) = Alert::new(rule, filing, &matched, pending.seen_at) else { continue };
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
        Ok(Settled {
            accession: pending.filing.accession,
            ending: if rang { Ending::Rang } else { Ending::Quiet },
            at: now,
            issuer: Some(filing.issuer.cik),
            accepted_at: filing.accepted_at.unwrap_or(pending.filing.accepted_at),
            lots: filing.lots.iter().map(LotRecord::from).collect(),
            deliveries,
            gathered,
            unreadable: None,
        })
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
