//! Verdicts on several lots.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::filing::Direction;

/// A verdict on several lots: the one that all of them share, or `mixed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreed<T> {
    /// All say this.
    All(T),
    /// They differ.
    Mixed,
}

impl<T: PartialEq> Agreed<T> {
    /// The verdict on these; `None` if there are none.
    pub fn of(all: impl IntoIterator<Item = T>) -> Option<Self> {
        let mut all = all.into_iter();
        let first = all.next()?;
        Some(if all.all(|other| other == first) { Self::All(first) } else { Self::Mixed })
    }
}

const MIXED: &str = "mixed";

impl<T> Agreed<T> {
    /// In one word, using `word` for a shared verdict.
    pub fn word(self, word: fn(T) -> &'static str) -> &'static str {
        match self {
            Self::All(shared) => word(shared),
            Self::Mixed => MIXED,
        }
    }
}

impl<T: Serialize> Serialize for Agreed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All(shared) => shared.serialize(serializer),
            Self::Mixed => serializer.serialize_str(MIXED),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Agreed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        enum Word {
            #[serde(rename = "mixed")]
            Mixed,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either<T> {
            Mixed(Word),
            All(T),
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::Mixed(Word::Mixed) => Self::Mixed,
            Either::All(shared) => Self::All(shared),
        })
    }
}

/// The direction of an alert's lots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertDirection {
    /// All acquire.
    Acquired,
    /// All dispose.
    Disposed,
    /// Some acquire, some dispose.
    Both,
}

impl AlertDirection {
    /// As in our JSON: `acquired`, `disposed`, `both`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Acquired => Direction::Acquired.word(),
            Self::Disposed => Direction::Disposed.word(),
            Self::Both => "both",
        }
    }
}

impl From<Direction> for AlertDirection {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Acquired => Self::Acquired,
            Direction::Disposed => Self::Disposed,
        }
    }
}

/// A direction as in an alert's JSON: `acquired` or `disposed`, while lots have `A` or `D`.
pub(super) mod direction_word {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::filing::Direction;

    pub(crate) fn serialize<S: Serializer>(
        direction: &Option<Direction>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        direction.map(Direction::word).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Direction>, D::Error> {
        let word = Option::<String>::deserialize(deserializer)?;
        let known = [Direction::Acquired, Direction::Disposed];
        let read = |word: String| {
            let direction = known.into_iter().find(|direction| direction.word() == word);
            direction.ok_or_else(|| D::Error::unknown_variant(&word, &["acquired", "disposed"]))
        };
        word.map(read).transpose()
    }
}
