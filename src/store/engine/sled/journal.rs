//! Makes several small writes atomic without a sled transaction. A sled transaction writes the log to the
//! file at once, which costs more CPU time than everything else done for a filing.
//!
//! sled preserves the order of writes, so a crash loses only the last ones. All writes are first noted in one
//! record, then applied. The next write replaces that note, or removes it first. If there is a note at
//! start-up, nothing was written after the writes it lists, and all of them are applied once more.

use ::sled::Tree;

use crate::store::engine::error::EngineError;
use crate::store::engine::space::{Value, Writes};

pub(super) const KEY: &str = "journal";
/// The longest note: the more is written, the less a note saves.
const LONGEST: usize = 4 * 1024;

/// Encodes writes as one record; `None` if it would be too long.
pub(super) fn noted(writes: &Writes) -> Option<Vec<u8>> {
    let mut note = Vec::new();
    for ((space, key), value) in writes {
        put(&mut note, space.0.as_bytes());
        put(&mut note, key.as_bytes());
        match value {
            Some(value) => {
                note.push(1);
                put(&mut note, value);
            }
            None => note.push(0),
        }
        if note.len() > LONGEST {
            return None;
        }
    }
    Some(note)
}

fn put(note: &mut Vec<u8>, bytes: &[u8]) {
    // The cast cannot truncate a note in use: no text or value is longer than its note, which has at most
    // four kilobytes.
    note.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    note.extend_from_slice(bytes);
}

/// One write of a note.
#[derive(Debug, PartialEq)]
pub(super) struct Noted {
    /// The keyspace's name: a newer version may have written a keyspace that this version does not know.
    pub(super) space: String,
    pub(super) key: String,
    /// `None` if the key is removed.
    pub(super) value: Option<Value>,
}

/// Reads a note.
pub(super) fn read(note: &[u8]) -> Result<Vec<Noted>, EngineError> {
    let (mut writes, mut rest) = (Vec::new(), note);
    while !rest.is_empty() {
        let (space, key) = (text(&mut rest)?, text(&mut rest)?);
        let (flag, behind) = rest.split_first().ok_or_else(unreadable)?;
        rest = behind;
        let value = (*flag == 1).then(|| take(&mut rest).map(<[u8]>::to_vec)).transpose()?;
        writes.push(Noted { space, key, value });
    }
    Ok(writes)
}

fn take<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], EngineError> {
    let (length, behind) = rest.split_first_chunk::<4>().ok_or_else(unreadable)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    let (taken, behind) = behind.split_at_checked(length).ok_or_else(unreadable)?;
    *rest = behind;
    Ok(taken)
}

fn text(rest: &mut &[u8]) -> Result<String, EngineError> {
    String::from_utf8(take(rest)?.to_vec()).map_err(|_| unreadable())
}

fn unreadable() -> EngineError {
    EngineError::Damaged("the latest writes cannot be read".to_owned())
}

/// The note left by a crash.
pub(super) fn left(own: &Tree) -> ::sled::Result<Option<Vec<u8>>> {
    Ok(own.get(KEY)?.map(|note| note.to_vec()))
}

pub(super) fn note(own: &Tree, note: &[u8]) -> ::sled::Result<()> {
    own.insert(KEY, note).map(drop)
}

pub(super) fn done(own: &Tree) -> ::sled::Result<()> {
    own.remove(KEY).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::space::Space;

    const A: Space = Space("a");
    const B: Space = Space("bb");

    #[test]
    fn a_note_says_what_was_noted() {
        let writes = Writes::from([
            ((A, String::new()), Some(Vec::new())),
            ((A, "é\t".to_owned()), None),
            ((B, "key".to_owned()), Some(vec![0, 255, 1])),
        ]);
        let note = noted(&writes).unwrap();
        let noted = |((space, key), value): (&(Space, String), &Option<Value>)| Noted {
            space: space.0.to_owned(),
            key: key.clone(),
            value: value.clone(),
        };
        assert_eq!(read(&note).unwrap(), writes.iter().map(noted).collect::<Vec<_>>());
        for cut in 1..note.len() {
            // Cut after a complete write, the note has fewer writes; cut anywhere else, it is unreadable.
            let cut = read(&note[..cut]);
            assert!(cut.is_err() || cut.unwrap().len() < 3);
        }
    }

    #[test]
    fn what_is_long_is_not_noted() {
        let of = |length: usize| noted(&Writes::from([((A, String::new()), Some(vec![0; length]))]));
        assert!(of(4_000).is_some() && of(4_200).is_none());
    }
}
