//! Explains each rule's outcome for a filing, condition by condition, and where the alert would go.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::alert::{Alert, Key};
use crate::config::Settings;
use crate::decide::{self, Case, NoAlert};
use crate::delivery::{Body, Delivery, Outcome};
use crate::destination::Destination;
use crate::filing::{Accession, Filing, PastFiling};
use crate::intake;
use crate::rules::{Explanation, Rule, RuleSet};
use crate::store::{DeliveryStanding, DigestStanding, Store, StoreError};
use crate::text::eastern;

/// The outcome of one rule for a filing.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// The rule's name.
    pub rule: String,
    /// True if the rule is enabled.
    pub enabled: bool,
    /// Each condition, and whether it holds.
    #[serde(flatten)]
    pub explanation: Explanation,
    /// The outcome, in words.
    pub outcome: String,
    /// The alert's key, if there is one.
    pub key: Option<Key>,
    /// Where the alert goes.
    pub deliveries: Vec<ExplainedDelivery>,
}

/// One destination of an alert.
#[derive(Debug, Serialize)]
pub struct ExplainedDelivery {
    /// Where it goes.
    pub destination: Destination,
    /// `would be sent`, `waits`, `was sent 2025-12-12 …`
    pub standing: String,
}

/// Everything needed to explain rules. Without a store there is no history, and nothing counts as sent.
#[derive(Clone, Copy)]
pub struct Explainer<'a> {
    /// All rules.
    pub rules: &'a RuleSet,
    /// Where alerts may go.
    pub settings: &'a Settings,
    /// History and the sent alerts.
    pub store: Option<&'a Store>,
    /// The current time; mutes that are over no longer count.
    pub now: DateTime<Utc>,
    /// True to say where each alert goes.
    pub deliveries: bool,
}

impl Explainer<'_> {
    /// Evaluates some rules for a filing that EDGAR accepted at the given time.
    pub async fn explain(
        &self,
        asked: &[&Rule],
        filing: &Filing,
        accepted_at: DateTime<Utc>,
    ) -> Result<Vec<Explained>, StoreError> {
        let since = decide::since(asked.iter().copied(), filing, accepted_at);
        let Before { known, whole_since, came } = before(self.store, filing, since, accepted_at).await?;
        let case = Case { filing, accepted_at, seen_at: accepted_at, known: &known, whole_since };
        let mut explained = Vec::new();
        for rule in asked {
            let mut one = self.explain_one(rule, case).await?;
            if let Some(came) = &came {
                let did = match came.alerts.get(&rule.name) {
                    Some(alert) if alert.withdrawn => "it withdrew an alert",
                    Some(_) => "it sent an alert",
                    None => "it sent none",
                };
                one.outcome = format!("{} (when the bot read it, {did})", one.outcome);
            }
            explained.push(one);
        }
        Ok(explained)
    }

    async fn explain_one(&self, rule: &Rule, case: Case<'_>) -> Result<Explained, StoreError> {
        let explanation = decide::explain(rule, case);
        let decision = decide::decide_for(self.rules, vec![rule], case);
        let own = decision.alerts.into_iter().find(|(own, _)| own.name == rule.name);
        let alert = own.map(|(_, alert)| alert);
        let silence = decision.silent.into_iter().map(|(_, silence)| silence).next();
        let mut deliveries = Vec::new();
        if let Some(alert) = alert.as_ref().filter(|_| rule.enabled && self.deliveries) {
            let destinations = match self.store {
                Some(store) => {
                    let all = intake::addressees(self.settings, store, rule).await?.into_iter();
                    all.map(|addressee| addressee.destination).collect()
                }
                None => intake::destinations_of(self.settings, rule),
            };
            for destination in destinations {
                let standing = self.standing(alert, &destination).await?;
                deliveries.push(ExplainedDelivery { destination, standing });
            }
        }
        let outcome = match (&alert, silence) {
            (_, _) if !rule.enabled => "no alert: the rule is not enabled".to_owned(),
            (Some(alert), _) if alert.withdrawn => {
                format!("withdraws the alert of an earlier version: {}", alert.text)
            }
            (Some(alert), _) if alert.is_reported_before() => {
                let other = alert.also_in.first().or(alert.follows.as_ref()).or(alert.amended_by.as_ref());
                let other =
                    other.map_or("an earlier filing".to_owned(), |accession| format!("filing {accession}"));
                format!("already reported: a duplicate of the alert of {other}")
            }
            (Some(alert), _) => format!("alert: {}", alert.text),
            (None, Some(NoAlert::Cooldown(accession))) => {
                format!("no alert: it matched {accession}, and its cooldown runs")
            }
            (None, Some(NoAlert::NoAccession)) => {
                "no alert: the file has no accession number, as bare XML has none".to_owned()
            }
            (None, _) => match explanation.deciding() {
                Some(finding) => format!("no alert, because of {}", finding.condition),
                None => "no alert".to_owned(),
            },
        };
        Ok(Explained {
            rule: rule.name.clone(),
            enabled: rule.enabled,
            explanation,
            outcome,
            key: alert.map(|alert| alert.key),
            deliveries,
        })
    }

    async fn standing(&self, alert: &Alert, destination: &Destination) -> Result<String, StoreError> {
        let digest = self.settings.digest_mode(destination);
        let at_once = digest.is_none_or(|mode| mode.at_once.include(&alert.rule));
        let in_digest = match (self.store, destination) {
            (Some(store), Destination::Email(inbox)) if digest.is_some() => {
                match store.digest_standing(inbox, &alert.key).await? {
                    Some(DigestStanding::Waits) => Some("waits for the digest"),
                    Some(DigestStanding::Told) => Some("was in a digest"),
                    None => Some("would wait for the digest"),
                }
            }
            (None, _) if digest.is_some() => Some("would wait for the digest"),
            _ => None,
        };
        Ok(match (in_digest, at_once) {
            (Some(in_digest), false) => in_digest.to_owned(),
            (Some(in_digest), true) => {
                format!("{}, and {in_digest}", self.sent_standing(alert, destination).await?)
            }
            (None, _) => self.sent_standing(alert, destination).await?,
        })
    }

    /// The state of an alert's own message.
    async fn sent_standing(&self, alert: &Alert, destination: &Destination) -> Result<String, StoreError> {
        let Some(store) = self.store else { return Ok("would be sent".to_owned()) };
        let delivery =
            Delivery::new(destination.clone(), Body::Alert(Box::new(alert.clone())), alert.seen_at);
        Ok(match store.delivery_standing(&delivery.key).await? {
            None => match store
                .mutes()
                .await?
                .into_iter()
                .find(|mute| mute.holds(self.now) && mute.what.covers(alert, destination))
            {
                Some(mute) => {
                    format!("would not be sent: {} is muted until {}", mute.what, eastern(mute.until))
                }
                None => "would be sent".to_owned(),
            },
            Some(DeliveryStanding::Muted) => "is muted, and is sent when the mute ends".to_owned(),
            Some(DeliveryStanding::Unreported { .. }) => "was muted".to_owned(),
            Some(DeliveryStanding::Queued) => "waits to be sent".to_owned(),
            Some(DeliveryStanding::InFlight(sends)) => {
                let at = eastern(sends.last);
                format!("waits to be sent; the attempt of {at} got no answer")
            }
            Some(DeliveryStanding::Joined(key)) => match store.delivery_standing(&key).await? {
                Some(DeliveryStanding::Left(Outcome::Delivered { at, .. })) => {
                    format!("was sent {}, with others in one message", eastern(at))
                }
                Some(DeliveryStanding::Left(Outcome::Dead { reason, .. })) => {
                    format!("was given up: {reason}")
                }
                _ => "waits to be sent, with others in one message".to_owned(),
            },
            Some(DeliveryStanding::Left(Outcome::Delivered { at, .. })) => {
                format!("was sent {}", eastern(at))
            }
            Some(DeliveryStanding::Left(Outcome::Dead { reason, .. })) => format!("was given up: {reason}"),
        })
    }
}

/// Earlier filings.
#[derive(Default)]
struct Before {
    known: Vec<PastFiling>,
    whole_since: Option<DateTime<Utc>>,
    /// The record of the filing itself in history, if the bot has read it.
    came: Option<PastFiling>,
}

/// The issuer's history at the time the filing arrived.
async fn before(
    store: Option<&Store>,
    filing: &Filing,
    since: DateTime<Utc>,
    accepted_at: DateTime<Utc>,
) -> Result<Before, StoreError> {
    let Some(store) = store else { return Ok(Before::default()) };
    let (mut known, whole_since) = store.history_for(filing, since).await?;
    let came = known.iter().find(|past| Some(past.accession) == filing.accession).cloned();
    // Keep what the bot knew then: filings of the same second are ordered by accession, and later filings had
    // not replaced anything yet.
    let own = (accepted_at, filing.accession);
    known.retain(|past| (past.accepted_at, Some(past.accession)) < own);
    let accessions: BTreeSet<Accession> = known.iter().map(|past| past.accession).collect();
    let known = known.into_iter().map(|past| past.as_known(|other| accessions.contains(&other))).collect();
    Ok(Before { known, whole_since, came })
}
