//! Links by which a reader stops e-mails: each is signed for one inbox at one address, so nobody can guess that of
//! another, and an old one ends with its address.

use hmac::{Hmac, Mac};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::destination::{AddressId, Inbox};

/// How many bytes of the signature a link has.
const SIGNATURE: usize = 16;
/// States what the signature is for, so that it cannot be used for anything else.
const PURPOSE: &str = "sellbell: stop e-mails to this address";

/// Makes links, and checks them.
pub(super) struct Links {
    /// Where the bot is reached, without a trailing slash.
    base: String,
    key: SecretString,
}

impl Links {
    /// Links to a bot that is reached there, signed with a key.
    pub(super) fn new(base: String, key: SecretString) -> Self {
        Self { base, key }
    }

    /// The link that stops e-mails to an inbox at this address.
    pub(super) fn link(&self, inbox: &Inbox, address: &AddressId) -> Option<String> {
        let signature = self.mac(inbox, address)?.finalize().into_bytes();
        let token: String = signature.iter().take(SIGNATURE).map(|byte| format!("{byte:02x}")).collect();
        let to = inbox.to_string();
        let to = utf8_percent_encode(&to, NON_ALPHANUMERIC);
        Some(format!("{}/unsubscribe?to={to}&token={token}", self.base))
    }

    /// True if a link with this token is one of ours.
    pub(super) fn is_ours(&self, inbox: &Inbox, address: &AddressId, token: &str) -> bool {
        let byte = |at: usize| token.get(at * 2..at * 2 + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
        let bytes: Option<Vec<u8>> = (0..SIGNATURE).map(byte).collect();
        let is_whole = token.len() == SIGNATURE * 2;
        let mac = self.mac(inbox, address).filter(|_| is_whole);
        mac.zip(bytes).is_some_and(|(mac, bytes)| mac.verify_truncated_left(&bytes).is_ok())
    }

    fn mac(&self, inbox: &Inbox, address: &AddressId) -> Option<Hmac<Sha256>> {
        // Keys of any length are accepted.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose_secret().as_bytes()).ok()?;
        mac.update(format!("{PURPOSE}\n{inbox}\n{address}\n").as_bytes());
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_for_one_inbox_at_one_address_and_one_key() {
        let links = |key: &str| Links::new("https://bell.example.org".into(), key.into());
        let (desk, other) = (Inbox::first("desk"), Inbox::further("desk", AddressId::of("b@example.org")));
        let (a, b) = (AddressId::of("a@example.org"), AddressId::of("b@example.org"));
        let link = links("secret").link(&other, &b).unwrap();
        let (start, token) = link.split_once("&token=").unwrap();
        assert_eq!(start, format!("https://bell.example.org/unsubscribe?to=desk%2F{b}"));
        assert!(links("secret").is_ours(&other, &b, token));
        for (key, inbox, address, token) in [
            ("secret2", &other, &b, token),
            ("secret", &desk, &b, token),
            ("secret", &other, &a, token),
            ("secret", &other, &b, &token[1..]),
            ("secret", &other, &b, ""),
            ("secret", &other, &b, &"é".repeat(16)),
            ("secret", &other, &b, &format!("{token}00")),
            ("secret", &other, &b, &format!("+{}", &token[1..])),
        ] {
            assert!(!links(key).is_ours(inbox, address, token), "{key} {inbox} {address} {token}");
        }
    }
}
