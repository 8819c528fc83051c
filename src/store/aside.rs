//! Reading records; one that cannot be read is set aside, and stops nothing.

use serde::de::DeserializeOwned;
use sled::Tree;

use super::error::StoreError;
use super::handle::Store;
use super::record;

/// How many records that could not be read were told of.
const ASIDE_TOLD: &str = "aside_told";

impl Store {
    /// The records under a prefix, at most `most`. One that cannot be read is set aside and told of, and stops nothing.
    pub(super) fn scan<T: DeserializeOwned>(
        &self,
        tree: &Tree,
        prefix: &[u8],
        most: usize,
    ) -> Result<Vec<T>, StoreError> {
        let mut records = Vec::new();
        if most > 0 {
            self.each(tree, prefix, |record| {
                records.push(record);
                records.len() < most
            })?;
        }
        Ok(records)
    }

    /// Looks at the records under a prefix one by one, until it is told to stop; otherwise as [`Self::scan`].
    pub(super) fn each<T: DeserializeOwned>(
        &self,
        tree: &Tree,
        prefix: &[u8],
        mut look: impl FnMut(T) -> bool,
    ) -> Result<(), StoreError> {
        for item in tree.scan_prefix(prefix) {
            let (key, bytes) = item.map_err(|error| self.failed(error))?;
            match record::decode(&String::from_utf8_lossy(&key), &bytes) {
                Ok(record) => {
                    if !look(record) {
                        break;
                    }
                }
                Err(error) => self.set_record_aside(tree, &key, &bytes, &error)?,
            }
        }
        Ok(())
    }

    /// The records in a range of keys, in their order, at most the last `most`; otherwise as [`Self::scan`].
    pub(super) fn newest<T: DeserializeOwned>(
        &self,
        tree: &Tree,
        range: std::ops::Range<&[u8]>,
        most: usize,
    ) -> Result<Vec<T>, StoreError> {
        let mut records = Vec::new();
        for item in tree.range(range).rev().take(most) {
            let (key, bytes) = item.map_err(|error| self.failed(error))?;
            match record::decode(&String::from_utf8_lossy(&key), &bytes) {
                Ok(record) => records.push(record),
                Err(error) => self.set_record_aside(tree, &key, &bytes, &error)?,
            }
        }
        records.reverse();
        Ok(records)
    }

    /// One record that can be done without: where it cannot be read it is set aside, as if it had never been.
    pub(super) fn single<T: DeserializeOwned>(
        &self,
        tree: &Tree,
        key: &str,
    ) -> Result<Option<T>, StoreError> {
        let Some(bytes) = tree.get(key).map_err(|error| self.failed(error))? else { return Ok(None) };
        match record::decode(key, &bytes) {
            Ok(record) => Ok(Some(record)),
            Err(error) => self.set_record_aside(tree, key.as_bytes(), &bytes, &error).map(|()| None),
        }
    }

    pub(super) fn set_record_aside(
        &self,
        tree: &Tree,
        key: &[u8],
        bytes: &[u8],
        error: &StoreError,
    ) -> Result<(), StoreError> {
        tracing::error!("{error}; it is kept in the store's tree `aside`");
        let place = [&tree.name(), &b"/"[..], key].concat();
        let trees = (&self.inner.aside, tree);
        self.transact(&trees, |(aside, tree)| {
            aside.insert(place.as_slice(), bytes)?;
            tree.remove(key)?;
            Ok(())
        })
    }

    /// How many records could not be read, and are kept aside.
    pub async fn aside_len(&self) -> usize {
        self.inner.aside.len()
    }

    /// How many of them were told of.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn aside_told(&self) -> Result<usize, StoreError> {
        Ok(self.single(&self.inner.meta, ASIDE_TOLD)?.unwrap_or(0))
    }

    /// Notes that so many were told of.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn set_aside_told(&self, count: usize) -> Result<(), StoreError> {
        let record = record::encode(ASIDE_TOLD, &count)?;
        self.write(|| self.inner.meta.insert(ASIDE_TOLD, record)).map(drop)
    }
}
