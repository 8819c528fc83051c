//! Bytes in a record's place, for tests of what a damaged record or one of another version causes.

use super::error::StoreError;
use super::handle::Store;
use super::tables;

impl Store {
    /// Puts bytes in a record's place as they are, as a disk or another version may leave them there; `false` where there is no such
    /// keyspace. Only tests want this.
    pub async fn put_bytes(&self, keyspace: &str, key: &str, bytes: &[u8]) -> Result<bool, StoreError> {
        let Some(space) = tables::ALL.iter().find(|space| space.0 == keyspace) else { return Ok(false) };
        self.transaction(|transaction| async move {
            transaction.put(*space, key, bytes.to_vec());
            Ok(true)
        })
        .await
    }
}
