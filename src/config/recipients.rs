//! Reads `[[email.recipient]]`.

use std::collections::BTreeSet;

use lettre::message::Mailbox;
use toml::de::DeTable;

use super::recipient::{Address, DigestMode, Mode, NamedRule, Recipient, RuleNames, WhenEmpty};
use super::values::{Section, Wire};
use crate::destination::{AddressId, Inbox, is_name};
use crate::problem::Value;
use crate::text::Language;

const HEAD: &str = "[[email.recipient]]";
const KEYS: [&str; 11] = [
    "name",
    "address",
    "addresses",
    "rules",
    "mode",
    "at_once",
    "schedule",
    "time_zone",
    "empty",
    "max_items",
    "language",
];
/// The keys that only a digest has.
const OF_DIGESTS: [&str; 5] = ["at_once", "schedule", "time_zone", "empty", "max_items"];
/// Each address gets its own e-mails.
const MOST_ADDRESSES: usize = 100;
/// The most entries that a digest lists, and how many it usually lists.
const MOST_ITEMS: u32 = 400;
const USUAL_ITEMS: u32 = 40;
/// The name that is all rules.
const ALL: &str = "*";

impl Wire<'_> {
    pub(super) fn recipients(&mut self, section: Section<'_, '_>) -> Vec<Recipient> {
        let mut names = BTreeSet::new();
        let mut recipients = Vec::new();
        for (value, table) in self.tables(section, "recipient", HEAD, &KEYS) {
            let name = self.name(value, table, &mut names, "e-mail recipient").map(|(_, name)| name);
            let addresses = self.addresses(value, table, name.unwrap_or_default());
            let rules = self.rule_names(table, "rules");
            let mode = self.mode(table);
            let max_items = self.bounded(Some(table), "max_items", USUAL_ITEMS, MOST_ITEMS, "entries");
            let language = table.get("language");
            let language = language.and_then(|value| self.reader.word("language", value, &Language::TAGS));
            if let (Some(name), false, Some(mode)) = (name, addresses.is_empty(), mode) {
                recipients.push(Recipient {
                    name: name.to_owned(),
                    addresses,
                    rules,
                    mode,
                    max_items: usize::try_from(max_items).unwrap_or(usize::MAX),
                    language: language.unwrap_or_default(),
                });
            }
        }
        recipients
    }

    /// The addresses of a recipient, the first one under the recipient's own name.
    fn addresses(&mut self, recipient: &Value<'_>, table: &DeTable<'_>, name: &str) -> Vec<Address> {
        let written: Vec<(&Value<'_>, &str)> = match (table.get("address"), table.get("addresses")) {
            (Some(_), Some(list)) => {
                let help = "give one of them: `addresses` is a list";
                self.reader.report_with(
                    list.span(),
                    "this recipient has both `address` and `addresses`",
                    help,
                );
                return Vec::new();
            }
            (None, None) => {
                let help = "add address = \"jane@example.org\"";
                self.reader.report_with(recipient.span(), "this recipient has no address", help);
                return Vec::new();
            }
            (Some(value), None) if value.get_ref().is_array() => {
                let help = "for several, write `addresses` instead";
                self.reader.report_with(value.span(), "`address` is one address in quotes", help);
                return Vec::new();
            }
            (Some(_), None) => self.text(Some(table), "address").into_iter().collect(),
            (None, Some(list)) => {
                let expected = "a list of addresses like [\"jane@example.org\"]";
                let items = self.reader.list("addresses", list, expected);
                if items.len() > MOST_ADDRESSES {
                    let what = format!("this recipient has {} addresses", items.len());
                    let help =
                        format!("{MOST_ADDRESSES} at most: define another recipient, or use a mailing list");
                    self.reader.report_with(list.span(), what, help);
                    return Vec::new();
                }
                let text = |item| Some((item, self.reader.text("addresses", item, "a text in quotes")?));
                items.iter().filter_map(text).collect()
            }
        };
        let (mut addresses, mut ids) = (Vec::new(), BTreeSet::new());
        for (value, address) in written {
            let Some((mailbox, bare)) = self.mailbox(value, address).and_then(with_bare) else { continue };
            let id = AddressId::of(&bare);
            if !ids.insert(id.clone()) {
                let what = "this recipient has the same address twice";
                self.reader.report_with(value.span(), what, "remove one of them");
                continue;
            }
            let inbox = if addresses.is_empty() { Inbox::first(name) } else { Inbox::further(name, id) };
            addresses.push(Address { inbox, mailbox });
        }
        addresses
    }

    fn mode(&mut self, table: &DeTable<'_>) -> Option<Mode> {
        let words = [("instant", false), ("digest", true)];
        let digest = match table.get("mode") {
            Some(value) => self.reader.word("mode", value, &words)?,
            None => false,
        };
        if !digest {
            for key in OF_DIGESTS {
                if let Some(value) = table.get(key) {
                    let what = format!("`{key}` is for digests");
                    self.reader.report_with(value.span(), what, "add mode = \"digest\", or remove it");
                }
            }
            return Some(Mode::Instant);
        }
        let (schedule, zone) = (self.text(Some(table), "schedule"), self.text(Some(table), "time_zone"));
        let schedule = self.schedule(schedule, "30 17 * * Mon-Fri", zone);
        let at_once = self.rule_names(table, "at_once");
        let words = [("skip", WhenEmpty::Skip), ("heartbeat", WhenEmpty::Heartbeat)];
        let when_empty = table.get("empty").and_then(|value| self.reader.word("empty", value, &words));
        let when_empty = when_empty.unwrap_or_default();
        schedule.map(|schedule| Mode::Digest(Box::new(DigestMode { schedule, at_once, when_empty })))
    }

    /// A list of rules by their names. The rules themselves are not known yet.
    fn rule_names(&mut self, table: &DeTable<'_>, key: &str) -> RuleNames {
        let expected = "a list of names of rules like [\"large-sales\"], or [\"*\"] for all";
        let mut names = RuleNames::default();
        let Some(value) = table.get(key) else { return names };
        for item in self.reader.list(key, value, expected) {
            let Some(name) = self.reader.text(key, item, expected) else { continue };
            if name == ALL {
                names.all = true;
            } else if is_name(name) {
                let (name, file) = (name.to_owned(), self.reader.source.file.to_owned());
                names.named.push(NamedRule { name, file, place: self.reader.place(item.span()) });
            } else {
                let help = format!("expected {expected}");
                self.reader.report_with(item.span(), format!("`{name}` is not the name of a rule"), help);
            }
        }
        if names.all && !names.named.is_empty() {
            let help = "leave the others out, or remove \"*\"";
            self.reader.report_with(
                value.span(),
                format!("`{key}` lists \"*\", which is all rules, and others"),
                help,
            );
        }
        names
    }
}

/// A mailbox, and its address without the name.
fn with_bare(mailbox: String) -> Option<(String, String)> {
    let bare = mailbox.parse::<Mailbox>().ok()?.email.to_string();
    Some((mailbox, bare))
}
