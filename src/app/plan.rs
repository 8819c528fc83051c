//! What a filing causes: rules → alerts → deliveries, decided without sending or writing anything.

use chrono::{DateTime, Utc};

use super::App;
use crate::config::{Settings, Via};
use crate::decide::{self, Case};
use crate::delivery::{Body, Delivery};
use crate::destination::Destination;
use crate::filing::Filing;
use crate::rules::Rule;
use crate::store::{Ending, Gathered, Pending, Settled, Store, StoreError};

impl App {
    /// All that a filing causes, to be committed at once.
    pub(super) fn plan(
        &self,
        pending: &Pending,
        filing: &Filing,
        now: DateTime<Utc>,
    ) -> Result<Settled, StoreError> {
        let rules = self.rules();
        let accepted_at = filing.accepted_at.unwrap_or(pending.filing.accepted_at);
        let asked = rules.candidates(filing);
        let since = decide::since(asked.iter().copied(), filing, accepted_at);
        let (known, whole_since) = self.store.history(filing.issuer.cik, since)?;
        let whole_since = self.behind_pending(&asked, filing, accepted_at, whole_since)?;
        let case = Case { filing, accepted_at, seen_at: pending.seen_at, known: &known, whole_since };
        let decision = decide::decide_for(&rules, asked, case);
        for (rule, silence) in &decision.silent {
            tracing::trace!(accession = %pending.filing.accession, rule = rule.name, ?silence, "silent");
        }
        for (rule, failure) in &decision.failures {
            tracing::warn!(accession = %pending.filing.accession, rule = rule.name, "its template fails: {failure}");
        }
        let mut deliveries = Vec::new();
        let mut gathered = Vec::new();
        let rang = !decision.alerts.is_empty();
        for (rule, alert) in decision.alerts {
            tracing::info!(rule = rule.name, accession = %alert.accession, "{}", alert.text);
            for destination in destinations(&self.settings, &self.store, rule)? {
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
            history: Some((filing.issuer.cik, decision.history)),
            deliveries,
            gathered,
            unreadable: None,
        })
    }
    /// History is whole only behind the issuer's filings that came earlier and are still to be read.
    fn behind_pending(
        &self,
        asked: &[&Rule],
        filing: &Filing,
        accepted_at: DateTime<Utc>,
        whole_since: Option<DateTime<Utc>>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        if asked.iter().all(|rule| rule.conditions.reach_days() == 0) {
            return Ok(whole_since);
        }
        let earlier = self.store.pending()?.into_iter().map(|pending| pending.filing).filter(|pending| {
            pending.issuer == Some(filing.issuer.cik)
                && (pending.accepted_at, Some(pending.accession)) < (accepted_at, filing.accession)
        });
        let newest = earlier.map(|pending| pending.accepted_at).max();
        Ok(whole_since.map(|whole| newest.map_or(whole, |newest| whole.max(newest))))
    }
}

/// Where a rule's alerts go: what the rule names, and the channels that subscribe, each channel once.
///
/// # Errors
/// Failures of the store.
pub fn destinations(settings: &Settings, store: &Store, rule: &Rule) -> Result<Vec<Destination>, StoreError> {
    let mut destinations = rule.notify.clone();
    for id in store.subscribers(&rule.name)? {
        let named = settings.discord.channels.iter().find(|channel| channel.via == Via::Bot(id));
        let destination =
            named.map_or(Destination::Channel(id), |channel| Destination::Discord(channel.name.clone()));
        if !destinations.contains(&destination) {
            destinations.push(destination);
        }
    }
    Ok(destinations)
}
