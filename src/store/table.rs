//! Typed keyspaces. An unreadable record is moved to the corrupt records when it is encountered, and blocks
//! nothing.

use std::marker::PhantomData;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::engine::{Range, Space, Transaction, Value};
use super::error::StoreError;
use super::handle::{Ended, Store};
use super::record::{decode, encode};

/// Keyspace, key → an unreadable record.
pub(super) const CORRUPT: Table<Base64> = Table::new("aside");
/// The keyspace of single values.
pub(super) const META: Space = Space("meta");

/// Records read at once when visiting all of them.
pub(super) const PAGE: usize = 1_000;

/// A keyspace whose values are all of one type.
pub(super) struct Table<T> {
    pub(super) space: Space,
    of: PhantomData<fn() -> T>,
}

/// A single record in the keyspace of single values.
pub(super) struct Single<T> {
    table: Table<T>,
    pub(super) key: &'static str,
}

/// A part of a key that is followed by a tab, with its own tabs escaped.
pub(super) fn part(text: &str) -> String {
    let mut part = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '%' | '\0'..='\u{1f}' => part.push_str(&format!("%{:02x}", u32::from(char))),
            _ => part.push(char),
        }
    }
    part
}

/// Bytes encoded as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Base64(String);

impl Base64 {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(STANDARD.encode(bytes))
    }

    /// The bytes; `None` if the text is not Base64.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.0).ok()
    }
}

impl<T> Table<T> {
    pub(super) const fn new(name: &'static str) -> Self {
        Self { space: Space(name), of: PhantomData }
    }
}

impl<T: Serialize + DeserializeOwned> Table<T> {
    /// The record of a key.
    pub(super) async fn get(&self, transaction: &Transaction, key: &str) -> Result<Option<T>, Ended> {
        let Some(value) = transaction.get(self.space, key).await? else { return Ok(None) };
        Ok(decode(key, &value).map_err(|error| self.move_away(transaction, key, &value, &error)).ok())
    }

    /// True if a key has a record, even an unreadable one.
    pub(super) async fn has(&self, transaction: &Transaction, key: &str) -> Result<bool, Ended> {
        Ok(transaction.get(self.space, key).await?.is_some())
    }

    /// The keys and records of a range.
    pub(super) async fn range(
        &self,
        transaction: &Transaction,
        range: &Range,
    ) -> Result<Vec<(String, T)>, Ended> {
        let mut records = Vec::new();
        for (key, value) in transaction.range(self.space, range).await? {
            match decode(&key, &value) {
                Ok(record) => records.push((key, record)),
                Err(error) => self.move_away(transaction, &key, &value, &error),
            }
        }
        Ok(records)
    }

    /// Sets the record of a key.
    pub(super) fn put(&self, transaction: &Transaction, key: &str, record: &T) -> Result<(), StoreError> {
        transaction.put(self.space, key, encode(key, record)?);
        Ok(())
    }

    /// Removes the record of a key.
    pub(super) fn delete(&self, transaction: &Transaction, key: &str) {
        transaction.delete(self.space, key);
    }

    /// Moves an unreadable record to the corrupt records.
    fn move_away(&self, transaction: &Transaction, key: &str, value: &Value, error: &StoreError) {
        tracing::error!("{error}; it is kept in the store's tree `{}`", CORRUPT.space.0);
        let place = format!("{}/{key}", self.space.0);
        // Encoding text cannot fail.
        if let Ok(record) = encode(&place, &Base64::of(value)) {
            transaction.put(CORRUPT.space, place, record);
            transaction.delete(self.space, key);
        }
    }
}

impl<T: Serialize + DeserializeOwned> Single<T> {
    pub(super) const fn new(key: &'static str) -> Self {
        Self { table: Table { space: META, of: PhantomData }, key }
    }

    pub(super) async fn get(&self, transaction: &Transaction) -> Result<Option<T>, Ended> {
        self.table.get(transaction, self.key).await
    }

    pub(super) fn put(&self, transaction: &Transaction, record: &T) -> Result<(), StoreError> {
        self.table.put(transaction, self.key, record)
    }
}

impl Store {
    /// The record of a key.
    pub(super) async fn get<T: Serialize + DeserializeOwned>(
        &self,
        table: &Table<T>,
        key: &str,
    ) -> Result<Option<T>, StoreError> {
        let Some(value) = self.stored_value(table.space, key).await? else { return Ok(None) };
        match decode(key, &value) {
            Ok(record) => Ok(Some(record)),
            // It may have been rewritten meanwhile.
            Err(_) => self.transaction(|transaction| async move { table.get(&transaction, key).await }).await,
        }
    }

    /// True if a key has a record, even an unreadable one.
    pub(super) async fn has<T>(&self, table: &Table<T>, key: &str) -> Result<bool, StoreError> {
        Ok(self.stored_value(table.space, key).await?.is_some())
    }

    /// Removes the record of a key.
    pub(super) async fn delete<T>(&self, table: &Table<T>, key: &str) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            transaction.delete(table.space, key);
            Ok(())
        })
        .await
    }

    /// Removes the record of a key, unless it changed since it was read.
    pub(super) async fn delete_read<T: Serialize + DeserializeOwned + PartialEq>(
        &self,
        table: &Table<T>,
        key: &str,
        read: &T,
    ) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            if table.get(&transaction, key).await?.as_ref() == Some(read) {
                table.delete(&transaction, key);
            }
            Ok(())
        })
        .await
    }

    /// A single value.
    pub(super) async fn single<T: Serialize + DeserializeOwned>(
        &self,
        single: &Single<T>,
    ) -> Result<Option<T>, StoreError> {
        self.get(&single.table, single.key).await
    }

    /// Sets or removes a single value. Writes nothing if that changes nothing.
    pub(super) async fn set_single<T: Serialize + DeserializeOwned + PartialEq>(
        &self,
        single: &Single<T>,
        record: Option<&T>,
    ) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            let known = single.get(&transaction).await?;
            match record {
                Some(record) if known.as_ref() != Some(record) => single.put(&transaction, record)?,
                None if known.is_some() => single.table.delete(&transaction, single.key),
                Some(_) | None => {}
            }
            Ok(())
        })
        .await
    }

    /// Sets or removes a single value, unless it changed since it was read. Returns `false` and writes
    /// nothing if it did.
    pub(super) async fn replace_single<T: Serialize + DeserializeOwned + PartialEq>(
        &self,
        single: &Single<T>,
        read: Option<&T>,
        record: Option<&T>,
    ) -> Result<bool, StoreError> {
        self.transaction(|transaction| async move {
            if single.get(&transaction).await?.as_ref() != read {
                return Ok(false);
            }
            match record {
                Some(_) if record == read => {}
                Some(record) => single.put(&transaction, record)?,
                None => single.table.delete(&transaction, single.key),
            }
            Ok(true)
        })
        .await
    }

    /// The stored value of a key.
    pub(super) async fn stored_value(&self, space: Space, key: &str) -> Result<Option<Value>, StoreError> {
        self.engine.get(space, key).await.map_err(|error| self.failed(error))
    }

    /// The stored keys and values of a range.
    pub(super) async fn stored(
        &self,
        space: Space,
        range: &Range,
    ) -> Result<Vec<(String, Value)>, StoreError> {
        self.engine.range(space, range).await.map_err(|error| self.failed(error))
    }

    /// Removes the records of a range.
    pub(super) async fn forget(&self, space: Space, range: &Range) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            for (key, _) in transaction.range(space, range).await? {
                transaction.delete(space, key);
            }
            Ok(())
        })
        .await
    }

    /// The number of records in a range.
    pub(super) async fn count<T>(&self, table: &Table<T>, range: &Range) -> Result<usize, StoreError> {
        self.engine.count(table.space, range).await.map_err(|error| self.failed(error))
    }

    /// The keys and readable records of a range, up to its limit.
    pub(super) async fn range<T: Serialize + DeserializeOwned>(
        &self,
        table: &Table<T>,
        range: &Range,
    ) -> Result<Vec<(String, T)>, StoreError> {
        loop {
            let (mut records, mut whole) = (Vec::new(), true);
            for (key, value) in self.stored(table.space, range).await? {
                match decode(&key, &value) {
                    Ok(record) => records.push((key, record)),
                    Err(_) => {
                        self.get(table, &key).await?;
                        whole = false;
                    }
                }
            }
            // Records that were moved away leave room for others.
            if whole {
                return Ok(records);
            }
        }
    }

    /// The readable records of a range, up to its limit.
    pub(super) async fn records<T: Serialize + DeserializeOwned>(
        &self,
        table: &Table<T>,
        range: &Range,
    ) -> Result<Vec<T>, StoreError> {
        Ok(self.range(table, range).await?.into_iter().map(|(_, record)| record).collect())
    }

    /// Visits all keys and records of a range in pages, until the visitor returns `false`.
    pub(super) async fn each<T: Serialize + DeserializeOwned>(
        &self,
        table: &Table<T>,
        range: Range,
        mut look: impl FnMut(&str, T) -> bool,
    ) -> Result<(), StoreError> {
        let mut range = range.at_most(PAGE);
        loop {
            let page = self.range(table, &range).await?;
            let (count, last) = (page.len(), page.last().map(|(key, _)| key.clone()));
            for (key, record) in page {
                if !look(&key, record) {
                    return Ok(());
                }
            }
            match last {
                Some(last) if count == PAGE => range = range.after(&last),
                _ => return Ok(()),
            }
        }
    }
}
