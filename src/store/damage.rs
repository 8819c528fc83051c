//! Writes raw bytes in place of a record, to test the effects of damaged records and records of other
//! versions.

use super::error::StoreError;
use super::handle::Store;
use super::tables;

impl Store {
    /// Writes raw bytes in place of a record, as a faulty disk or another version might leave them. Returns
    /// `false` if there is no such keyspace. Used only by tests.
    pub async fn put_bytes(&self, keyspace: &str, key: &str, bytes: &[u8]) -> Result<bool, StoreError> {
        let Some(space) = tables::ALL.iter().find(|space| space.0 == keyspace) else { return Ok(false) };
        self.transaction(|transaction| async move {
            transaction.put(*space, key, bytes.to_vec());
            Ok(true)
        })
        .await
    }
}
