//! The inboxes of an e-mail recipient: one for each of its addresses.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use super::naming::is_name;

/// The inbox at one address of a recipient: `desk` at its first address, `desk/1a2b3c4d` at another one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Inbox {
    recipient: String,
    address: Option<AddressId>,
}

/// Identifies an address without showing it: 8 hexadecimal digits that depend on nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressId(String);

/// How many digits identify an address.
const DIGITS: usize = 8;

impl AddressId {
    /// The id of an address, in whatever case it is written.
    pub fn of(address: &str) -> Self {
        let hash = Sha256::digest(address.to_lowercase().as_bytes());
        Self(hash.iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect())
    }

    fn read(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == DIGITS && text.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for AddressId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Inbox {
    /// The inbox at a recipient's first address.
    pub fn first(recipient: impl Into<String>) -> Self {
        Self { recipient: recipient.into(), address: None }
    }

    /// The inbox at another address of a recipient.
    pub fn further(recipient: impl Into<String>, address: AddressId) -> Self {
        Self { recipient: recipient.into(), address: Some(address) }
    }

    /// The recipient's name.
    pub fn recipient(&self) -> &str {
        &self.recipient
    }

    /// True if it is at the recipient's first address, so that it has the recipient's name.
    pub fn is_first(&self) -> bool {
        self.address.is_none()
    }
}

impl From<&str> for Inbox {
    fn from(recipient: &str) -> Self {
        Self::first(recipient)
    }
}

impl fmt::Display for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.recipient)?;
        self.address.as_ref().map_or(Ok(()), |address| write!(f, "/{address}"))
    }
}

impl FromStr for Inbox {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (recipient, address) = match text.split_once('/') {
            Some((recipient, address)) => (recipient, Some(AddressId::read(address).ok_or(())?)),
            None => (text, None),
        };
        if is_name(recipient) { Ok(Self { recipient: recipient.to_owned(), address }) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inbox_reads_as_it_is_written_and_says_nothing_about_its_address() {
        for text in ["desk", "desk/0123abcd"] {
            assert_eq!(text.parse::<Inbox>().unwrap().to_string(), text);
        }
        for bad in [
            "",
            "/0123abcd",
            "desk/",
            "desk/0123abc",
            "desk/0123ABCD",
            "desk/0123abcg",
            "desk/0123abcd/",
            "De",
        ] {
            assert!(bad.parse::<Inbox>().is_err(), "{bad}");
        }
        // Stored keys contain these ids.
        let id = AddressId::of("Jane@Example.org");
        assert_eq!((id.to_string().as_str(), &id), ("13d855ce", &AddressId::of("jane@example.org")));
    }
}
