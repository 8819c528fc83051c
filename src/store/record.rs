//! The encoding of records: a version byte, then JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;

/// The version that this program writes. Increment it when a change to a record makes older JSON unreadable.
const VERSION: u8 = 1;

pub(super) fn encode(key: &str, value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![VERSION];
    serde_json::to_writer(&mut bytes, value)
        .map_err(|error| StoreError::Unreadable { key: key.to_owned(), reason: error.to_string() })?;
    Ok(bytes)
}

pub(super) fn decode<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, StoreError> {
    let unreadable = |reason: String| StoreError::Unreadable { key: key.to_owned(), reason };
    match bytes.split_first() {
        Some((&VERSION, json)) => serde_json::from_slice(json).map_err(|error| unreadable(error.to_string())),
        Some((version, _)) => {
            Err(unreadable(format!("it has version {version}, this sellbell knows {VERSION}")))
        }
        None => Err(unreadable("it is empty".to_owned())),
    }
}
