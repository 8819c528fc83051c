//! Reads the `[email]` section.

use core::net::{Ipv4Addr, Ipv6Addr};
use std::collections::BTreeSet;

use lettre::message::Mailbox;
use toml::de::DeTable;

use super::settings::{Email, Mode, Recipient};
use super::values::{Section, Wire};
use crate::problem::Value;

/// A mail server that takes more needs no limit.
const MOST_PER_MINUTE: i64 = 100_000;
const RECIPIENT: [&str; 5] = ["name", "address", "mode", "schedule", "time_zone"];

impl Wire<'_> {
    pub(super) fn email(&mut self, section: Section<'_, '_>) -> Email {
        let from = self.text(section, "from");
        let from = from.and_then(|(value, address)| self.mailbox(value, address));
        let ehlo_name = self.text(section, "ehlo_name");
        let ehlo_name = ehlo_name.and_then(|(value, name)| self.ehlo_name(value, name));
        let key = "allow_plain_password";
        let allow_plain_password = self.value(section, key).and_then(|value| self.reader.flag(key, value));
        let per_minute = self.per_minute(section);
        let mut names = BTreeSet::new();
        let mut recipients = Vec::new();
        for (value, table) in self.tables(section, "recipient", "[[email.recipient]]", &RECIPIENT) {
            let name = self.name(value, table, &mut names, "e-mail recipient");
            let address = self.text(Some(table), "address");
            let address = match address {
                Some((value, address)) => self.mailbox(value, address),
                None => {
                    if !table.contains_key("address") {
                        let help = "add address = \"jane@example.org\"";
                        self.reader.report_with(value.span(), "this recipient has no address", help);
                    }
                    None
                }
            };
            let mode = self.mode(table);
            if let (Some((_, name)), Some(address), Some(mode)) = (name, address, mode) {
                recipients.push(Recipient { name: name.to_owned(), address, mode });
            }
        }
        Email {
            from: from.unwrap_or_else(|| "sellbell <sellbell@localhost>".to_owned()),
            out_dir: self.path(section, "out_dir", "sellbell-mail"),
            templates: self.path(section, "templates", "config/templates"),
            ehlo_name,
            allow_plain_password: allow_plain_password.unwrap_or(false),
            per_minute,
            recipients,
        }
    }

    /// The most mails in a minute; 0 for any number.
    fn per_minute(&mut self, section: Section<'_, '_>) -> usize {
        let (key, expected) = ("messages_per_minute", format!("0 to {MOST_PER_MINUTE}; 0 sets no limit"));
        let Some(value) = section.and_then(|section| section.get(key)) else { return 0 };
        let Some(number) = self.reader.whole(key, value, &format!("a whole number, {expected}")) else {
            return 0;
        };
        if !(0..=MOST_PER_MINUTE).contains(&number) {
            let what = format!("{number} messages a minute");
            self.reader.report_with(value.span(), what, format!("expected {expected}"));
        }
        usize::try_from(number).unwrap_or(0)
    }

    fn mode(&mut self, table: &DeTable<'_>) -> Option<Mode> {
        let words = [("instant", false), ("digest", true)];
        let digest = match table.get("mode") {
            Some(value) => self.reader.word("mode", value, &words)?,
            None => false,
        };
        let (schedule, zone) = (self.text(Some(table), "schedule"), self.text(Some(table), "time_zone"));
        if digest {
            return self.schedule(schedule, "30 17 * * Mon-Fri", zone).map(|s| Mode::Digest(Box::new(s)));
        }
        for (key, useless) in [("schedule", schedule), ("time_zone", zone)] {
            if let Some((value, _)) = useless {
                let what = format!("`{key}` is for digests");
                self.reader.report_with(value.span(), what, "add mode = \"digest\", or remove it");
            }
        }
        Some(Mode::Instant)
    }

    /// An address with its domain in ASCII, as mail servers know it.
    fn mailbox(&mut self, value: &Value<'_>, address: &str) -> Option<String> {
        let ascii = ascii_mailbox(address);
        if ascii.is_none() {
            let help = "expected `jane@example.org` or `Jane Doe <jane@example.org>`";
            self.reader.report_with(value.span(), "this is not an e-mail address", help);
        }
        ascii
    }

    fn ehlo_name(&mut self, value: &Value<'_>, name: &str) -> Option<String> {
        if name.is_empty() {
            return None;
        }
        let said = ehlo_name(name);
        if said.is_none() {
            let help = "expected a host name like bell.example.org, or an address like [192.0.2.1] or [IPv6:2001:db8::1]";
            self.reader.report_with(value.span(), format!("`{name}` cannot be used as a name in EHLO"), help);
        }
        said
    }
}

/// An address with its domain in ASCII; `None` if the text is not an address.
fn ascii_mailbox(address: &str) -> Option<String> {
    let domain = address.parse::<Mailbox>().ok()?.email.domain().to_owned();
    if domain.is_ascii() {
        return Some(address.to_owned());
    }
    let ascii = idna::domain_to_ascii(&domain).ok()?;
    let at = address.rfind(&domain)?;
    let written = format!("{}{ascii}{}", &address[..at], &address[at + domain.len()..]);
    written.parse::<Mailbox>().ok().filter(|mailbox| mailbox.email.domain() == ascii).map(|_| written)
}

/// A host name in ASCII, or an address as SMTP writes it.
fn ehlo_name(name: &str) -> Option<String> {
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    if let Ok(address) = bare.parse::<Ipv4Addr>() {
        return Some(format!("[{address}]"));
    }
    let tagged = bare.get(..5).filter(|tag| tag.eq_ignore_ascii_case("ipv6:")).map_or(bare, |_| &bare[5..]);
    if let Ok(address) = tagged.parse::<Ipv6Addr>() {
        return Some(format!("[IPv6:{address}]"));
    }
    let ascii = idna::domain_to_ascii(name).ok()?;
    // The dot of the root is left out.
    let ascii = ascii.strip_suffix('.').unwrap_or(&ascii);
    let all_digits =
        ascii.split('.').next_back().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    (is_host_name(ascii) && !all_digits).then(|| ascii.to_owned())
}

/// True if a text is a host name: letters, digits and hyphens between dots.
pub(crate) fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_written_in_ascii() {
        for (written, ascii) in [
            ("jane@example.org", Some("jane@example.org")),
            ("Jane Doe <jane@bücher.example>", Some("Jane Doe <jane@xn--bcher-kva.example>")),
            ("jane@例え.テスト", Some("jane@xn--r8jz45g.xn--zckzah")),
            ("jürgen@Bücher.example", Some("jürgen@xn--bcher-kva.example")),
            ("\"Bücher <x>\" <a@bücher.example>", Some("\"Bücher <x>\" <a@xn--bcher-kva.example>")),
            ("jane@", None),
            ("jane@bü cher.example", None),
            ("jane@-ü.example\u{200d}", None),
        ] {
            assert_eq!(ascii_mailbox(written).as_deref(), ascii, "{written}");
        }
    }

    #[test]
    fn a_name_for_the_greeting_is_a_host_or_an_address() {
        for (written, said) in [
            ("bell.example.org", Some("bell.example.org")),
            ("bell", Some("bell")),
            ("bell.bücher.example.", Some("bell.xn--bcher-kva.example")),
            ("192.0.2.1", Some("[192.0.2.1]")),
            ("[192.0.2.1]", Some("[192.0.2.1]")),
            ("[IPv6:2001:db8::1]", Some("[IPv6:2001:db8::1]")),
            ("2001:db8::1", Some("[IPv6:2001:db8::1]")),
            ("my_box", None),
            ("a b", None),
            ("a\r\nQUIT", None),
            ("-a.example", None),
            ("a..b", None),
            ("192.0.2.300", None),
            ("jane@example.org", None),
        ] {
            assert_eq!(ehlo_name(written).as_deref(), said, "{written:?}");
        }
    }
}
