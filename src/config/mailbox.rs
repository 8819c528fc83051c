//! E-mail addresses in the settings.

use lettre::message::Mailbox;

use super::values::Wire;
use crate::problem::Value;

impl Wire<'_> {
    /// An address with its domain in ASCII, as mail servers know it.
    pub(super) fn mailbox(&mut self, value: &Value<'_>, address: &str) -> Option<String> {
        let ascii = ascii_mailbox(address);
        if ascii.is_none() {
            let help = "expected `jane@example.org` or `Jane Doe <jane@example.org>`";
            self.reader.report_with(value.span(), "this is not an e-mail address", help);
        }
        ascii
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
}
