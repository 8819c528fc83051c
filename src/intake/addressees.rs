//! Where a rule's alerts go.

use std::collections::BTreeSet;

use crate::config::{Recipient, Settings};
use crate::destination::{Destination, Threads};
use crate::rules::{Mention, Rule, is_watch};
use crate::store::{Store, StoreError, Subscriber};

/// Where a rule's alerts go, and whom they mention there in addition to the rule's own mentions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// Where.
    pub destination: Destination,
    /// Whom the subscription mentions.
    pub mention: Option<Mention>,
    /// How its alerts are spread over threads.
    pub threads: Option<Threads>,
}

/// The destinations of a rule's alerts by its file and by the settings, each once: those that the rule names, a
/// recipient with all of its addresses, and the recipients that list the rule.
pub fn destinations_of(settings: &Settings, rule: &Rule) -> Vec<Destination> {
    let mut destinations: Vec<Destination> =
        rule.notify.iter().flat_map(|name| settings.each_of(name)).collect();
    // Watches belong to those who made them.
    if !is_watch(&rule.name) {
        let listing =
            settings.email.recipients.iter().filter(|recipient| recipient.rules.include(&rule.name));
        destinations.extend(listing.flat_map(Recipient::destinations));
    }
    let mut known = BTreeSet::new();
    destinations.retain(|destination| known.insert(destination.clone()));
    destinations
}

/// The addressees of a rule's alerts: its [`destinations_of`] and subscribed channels, each once. A channel of
/// a server that the settings do not name is left out; a channel whose server is unknown is not. An address whose
/// reader unsubscribed is left out, too.
///
/// # Errors
/// Failures of the store.
pub async fn addressees(
    settings: &Settings,
    store: &Store,
    rule: &Rule,
) -> Result<Vec<Addressee>, StoreError> {
    let mut destinations = destinations_of(settings, rule);
    let mut stopped = BTreeSet::new();
    for destination in &destinations {
        let Destination::Email(inbox) = destination else { continue };
        let Some(address) = settings.address(inbox) else { continue };
        if store.has_unsubscribed(inbox, &address.id()).await? {
            stopped.insert(destination.clone());
        }
    }
    destinations.retain(|destination| !stopped.contains(destination));
    let mut known: BTreeSet<Destination> = destinations.iter().cloned().collect();
    let named = destinations.into_iter().map(|destination| {
        let threads = settings.discord.threads_of(&destination);
        Addressee { destination, mention: None, threads }
    });
    let mut addressees: Vec<Addressee> = named.collect();
    let allowed =
        |subscriber: &Subscriber| subscriber.server.is_none_or(|server| settings.discord.allows(server));
    for subscriber in store.subscribed(&rule.name).await?.into_iter().filter(allowed) {
        let Subscriber { channel, mention, threads, .. } = subscriber;
        let destination = settings.discord.destination_of(channel);
        let threads = threads.or_else(|| settings.discord.threads_of(&destination));
        if known.insert(destination.clone()) {
            addressees.push(Addressee { destination, mention, threads });
        } else if let Some(own) = addressees.iter_mut().find(|own| own.destination == destination) {
            (own.mention, own.threads) = (own.mention.or(mention), threads.or(own.threads));
        }
    }
    Ok(addressees)
}
