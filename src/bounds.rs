//! Lists from outside sources, bounded while they are read: a parsed JSON list can take a hundred times as
//! much memory as its text.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A list of at most `MOST` items. A longer one cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtMost<T, const MOST: usize>(pub Vec<T>);

impl<T, const MOST: usize> Default for AtMost<T, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Serialize, const MOST: usize> Serialize for AtMost<T, MOST> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for AtMost<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T, const MOST: usize>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Items<T, MOST> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of at most {MOST} items")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    if items.len() == MOST {
                        return Err(A::Error::custom(format!("a list has more than {MOST} items")));
                    }
                    items.push(item);
                }
                Ok(items)
            }
        }

        deserializer.deserialize_seq(Items::<T, MOST>(PhantomData)).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_with_an_item_too_many_is_refused() {
        let read = |text: &str| serde_json::from_str::<AtMost<u8, 3>>(text).map(|list| list.0);
        assert_eq!(read("[]").unwrap(), Vec::<u8>::new());
        assert_eq!(read("[1,2,3]").unwrap(), [1, 2, 3]);
        assert!(read("[1,2,3,4]").unwrap_err().to_string().starts_with("a list has more than 3 items"));
        assert!(read("{}").unwrap_err().to_string().contains("expected a list of at most 3 items"));
    }
}
