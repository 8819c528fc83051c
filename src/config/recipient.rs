//! E-mail recipients, as validated values.

use std::collections::BTreeMap;

use lettre::message::Mailbox;

use crate::destination::{AddressId, Destination, Inbox, KnownAddresses};
use crate::problem::{Place, Problem, nearest};
use crate::schedule::Schedule;
use crate::text::Language;
use crate::text::redact::Redactor;

/// An address has no more characters than this.
const LONGEST_ADDRESS: usize = 320;
/// The most rules to list in advice.
const LISTED: usize = 20;

/// A destination `email:<name>`.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// The name that rules use.
    pub name: String,
    /// Its addresses: at least one. Each gets its own e-mails.
    pub addresses: Vec<Address>,
    /// The rules whose alerts it gets, in addition to those that name it.
    pub rules: RuleNames,
    /// When it gets e-mails.
    pub mode: Mode,
    /// The most entries that a digest lists.
    pub max_items: usize,
    /// The language of its e-mails.
    pub language: Language,
}

/// The places of recipients in a list, by their inboxes and their names.
pub(super) fn places(recipients: &[Recipient]) -> BTreeMap<Inbox, usize> {
    let mut places = BTreeMap::new();
    for (place, recipient) in recipients.iter().enumerate() {
        places.insert(Inbox::first(recipient.name.as_str()), place);
        places.extend(recipient.addresses.iter().map(|address| (address.inbox.clone(), place)));
    }
    places
}

/// An address of a recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Its inbox.
    pub inbox: Inbox,
    /// `address` or `Name <address>`, its domain in ASCII.
    pub mailbox: String,
}

/// When a recipient gets e-mails.
#[derive(Debug, Clone)]
pub enum Mode {
    /// One for each alert, at once.
    Instant,
    /// One for each time slot, with all alerts since the last.
    Digest(Box<DigestMode>),
}

/// The digests of a recipient.
#[derive(Debug, Clone)]
pub struct DigestMode {
    /// When a slot ends.
    pub schedule: Schedule,
    /// The rules whose alerts are also sent at once.
    pub at_once: RuleNames,
    /// The e-mail for a slot without alerts.
    pub when_empty: WhenEmpty,
}

/// The e-mail for a slot without alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenEmpty {
    /// None.
    #[default]
    Skip,
    /// A digest that says that there were none.
    Heartbeat,
}

/// Rules that a recipient lists by their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleNames {
    /// True for all rules.
    pub(super) all: bool,
    pub(super) named: Vec<NamedRule>,
}

/// A name of a rule, and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedRule {
    pub(super) name: String,
    pub(super) file: String,
    pub(super) place: Place,
}

impl Recipient {
    /// Its destinations, one for each address.
    pub fn destinations(&self) -> impl Iterator<Item = Destination> {
        self.addresses.iter().map(|address| Destination::Email(address.inbox.clone()))
    }

    /// Names the inboxes of its addresses as they were named before.
    pub(super) fn name_inboxes(&mut self, known: &KnownAddresses) {
        let ids: Vec<AddressId> = self.addresses.iter().map(Address::id).collect();
        let named = known.named(&ids);
        for (address, id) in self.addresses.iter_mut().zip(&ids) {
            let name = self.name.as_str();
            let has_name = named == Some(id);
            address.inbox = if has_name { Inbox::first(name) } else { Inbox::further(name, id.clone()) };
        }
    }

    /// The mistakes in the names of rules that it lists, where these are the names of all rules.
    pub(super) fn unknown_rules(&self, rules: &[&str]) -> Vec<Problem> {
        let at_once = match &self.mode {
            Mode::Digest(mode) => Some(&mode.at_once),
            Mode::Instant => None,
        };
        [Some(&self.rules), at_once].into_iter().flatten().flat_map(|names| names.unknown(rules)).collect()
    }
}

impl Address {
    /// The id of the address, which does not show it.
    pub fn id(&self) -> AddressId {
        AddressId::of(&self.bare())
    }

    /// The address without its owner's name.
    fn bare(&self) -> String {
        // The settings validated it.
        self.mailbox.parse::<Mailbox>().map(|mailbox| mailbox.email.to_string()).unwrap_or_default()
    }

    /// The address without its owner's name and with most of it hidden, for people: `j•••@example.org`.
    pub fn masked(&self) -> String {
        Redactor::default().clean(&self.bare(), LONGEST_ADDRESS)
    }
}

impl RuleNames {
    /// True if the rule with this name is among them.
    pub fn include(&self, rule: &str) -> bool {
        self.all || self.named.iter().any(|named| named.name == rule)
    }

    /// A mistake for each name that is not among those of the rules.
    pub(super) fn unknown<'a>(&'a self, rules: &'a [&'a str]) -> impl Iterator<Item = Problem> + 'a {
        let unknown = self.named.iter().filter(|named| !rules.contains(&named.name.as_str()));
        unknown.map(|NamedRule { name, file, place }| {
            let help = match nearest(name, rules.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if rules.is_empty() => "there are no rules".to_owned(),
                None => {
                    let more = if rules.len() > LISTED { " and others" } else { "" };
                    let listed: Vec<&str> = rules.iter().copied().take(LISTED).collect();
                    format!("the rules are {}{more}", listed.join(", "))
                }
            };
            let problem = Problem::of_file(file.clone(), format!("there is no rule `{name}`")).help(help);
            Problem { place: Some(place.clone()), ..problem }
        })
    }
}
