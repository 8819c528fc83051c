//! Ranges of keys.

/// A part of a keyspace, with a limit on how many keys are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Range {
    /// The first key that may be in it.
    pub(super) from: String,
    /// True if `from` itself is left out.
    pub(super) after: bool,
    /// The first key after the range; `None` for the end of the keyspace.
    pub(super) until: Option<String>,
    /// The most keys to read.
    pub(super) most: usize,
    /// True if it is read from its end.
    pub(super) backwards: bool,
}

impl Range {
    /// The first keys of a keyspace.
    pub(in crate::store) fn first(most: usize) -> Self {
        Self { from: String::new(), after: false, until: None, most, backwards: false }
    }

    /// The keys from `from` (inclusive) to `until` (exclusive).
    pub(in crate::store) fn between(from: &str, until: &str, most: usize) -> Self {
        Self { from: from.to_owned(), until: Some(until.to_owned()), ..Self::first(most) }
    }

    /// The keys that begin with `prefix`.
    pub(in crate::store) fn prefix(prefix: &str, most: usize) -> Self {
        Self { from: prefix.to_owned(), until: successor(prefix), ..Self::first(most) }
    }

    /// The keys after all those that begin with `prefix`.
    pub(in crate::store) fn behind_prefix(prefix: &str, most: usize) -> Self {
        match successor(prefix) {
            Some(from) => Self { from, ..Self::first(most) },
            None => Self::first(0),
        }
    }

    /// The same range from its end: its last keys, last one first.
    pub(in crate::store) fn backwards(self) -> Self {
        Self { backwards: true, ..self }
    }

    /// The same range with a lower limit.
    pub(in crate::store) fn at_most(&self, most: usize) -> Self {
        Self { most: most.min(self.most), ..self.clone() }
    }

    /// The part of the range after a key.
    pub(in crate::store) fn after(&self, key: &str) -> Self {
        Self { from: key.to_owned(), after: true, ..self.clone() }
    }

    /// True for keys within its bounds.
    pub(super) fn contains(&self, key: &str) -> bool {
        let is_behind_begin = if self.after { *key > *self.from } else { *key >= *self.from };
        is_behind_begin && self.until.as_ref().is_none_or(|until| *key < **until)
    }
}

/// The first string after all those that begin with `prefix`; `None` if there is none.
fn successor(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_before_the_next_text() {
        for (prefix, next) in [
            ("a/", Some("a0")),
            ("", None),
            ("a\u{10FFFF}", Some("b")),
            ("\u{10FFFF}", None),
            ("\u{D7FF}", Some("\u{E000}")),
        ] {
            assert_eq!(successor(prefix).as_deref(), next, "{prefix}");
        }
    }
}
