//! Reads the `[email]` section.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::recipient::places;
use super::settings::Email;
use super::values::{Section, Wire};
use crate::problem::Value;

/// A mail server that takes more needs no limit.
const MOST_PER_MINUTE: i64 = 100_000;

impl Wire<'_> {
    pub(super) fn email(&mut self, section: Section<'_, '_>) -> Email {
        let from = self.text(section, "from");
        let from = from.and_then(|(value, address)| self.mailbox(value, address));
        let ehlo_name = self.text(section, "ehlo_name");
        let ehlo_name = ehlo_name.and_then(|(value, name)| self.ehlo_name(value, name));
        let key = "allow_plain_password";
        let allow_plain_password = self.value(section, key).and_then(|value| self.reader.flag(key, value));
        let per_minute = self.per_minute(section);
        let recipients = self.recipients(section);
        let places = places(&recipients);
        Email {
            from: from.unwrap_or_else(|| "sellbell <sellbell@localhost>".to_owned()),
            out_dir: self.path(section, "out_dir", "sellbell-mail"),
            templates: self.path(section, "templates", "config/templates"),
            ehlo_name,
            allow_plain_password: allow_plain_password.unwrap_or(false),
            per_minute,
            recipients,
            places,
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
