//! The addresses that a recipient has had, so that each keeps its inbox in whatever order the settings list them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::inbox::AddressId;

/// The most addresses to know of a recipient.
const MOST: usize = 1_000;

/// The addresses of a recipient at earlier starts, by their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownAddresses {
    /// The one whose inbox has the recipient's name.
    named: String,
    /// Others, whose inboxes have their ids.
    #[serde(default)]
    others: BTreeSet<String>,
}

impl KnownAddresses {
    /// The listed address whose inbox has the recipient's name: the one that had it before or, if the settings no
    /// longer list that one, the first new address, which replaces it. `None` if there is no new one either.
    pub fn named<'a>(&self, listed: &'a [AddressId]) -> Option<&'a AddressId> {
        let known = |id: &AddressId| self.others.contains(&id.to_string());
        let before = listed.iter().find(|id| id.to_string() == self.named);
        before.or_else(|| listed.iter().find(|id| !known(id)))
    }

    /// The record after a start with these addresses; `before` is the one before it. `None` for no addresses.
    pub fn after(before: Option<&Self>, listed: &[AddressId]) -> Option<Self> {
        let named = match before {
            Some(before) => before.named(listed).map_or_else(|| before.named.clone(), AddressId::to_string),
            None => listed.first()?.to_string(),
        };
        let listed = listed.iter().map(AddressId::to_string).filter(|id| *id != named);
        let mut others: BTreeSet<String> = listed.collect();
        let earlier = before.into_iter().flat_map(|before| &before.others).filter(|id| **id != named);
        for id in earlier {
            if others.len() < MOST {
                others.insert(id.clone());
            }
        }
        Some(Self { named, others })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(addresses: &str) -> Vec<AddressId> {
        addresses.split_whitespace().map(|name| AddressId::of(&format!("{name}@example.org"))).collect()
    }

    #[test]
    fn an_address_keeps_its_inbox_and_one_in_its_place_gets_it() {
        let first = KnownAddresses::after(None, &ids("a b")).unwrap();
        let named = |known: &KnownAddresses, listed: &str| {
            let listed_ids = ids(listed);
            let named = known.named(&listed_ids)?;
            let place = listed_ids.iter().position(|id| id == named)?;
            listed.split_whitespace().nth(place).map(str::to_owned)
        };
        for (listed, expected) in [
            ("a b", Some("a")),
            ("b a", Some("a")),
            ("b c a", Some("a")),
            ("c b", Some("c")),
            ("b c", Some("c")),
            ("b", None),
        ] {
            assert_eq!(named(&first, listed).as_deref(), expected, "{listed}");
        }
        // It is gone for a while.
        let without = KnownAddresses::after(Some(&first), &ids("b")).unwrap();
        assert_eq!(named(&without, "b a").as_deref(), Some("a"));
        // What another one has now is not taken from it.
        let replaced = KnownAddresses::after(Some(&first), &ids("c b")).unwrap();
        assert_eq!(named(&replaced, "a b c").as_deref(), Some("c"));
        assert_eq!(KnownAddresses::after(None, &[]), None);
    }
}
