//! Bytes in a record's place, for tests of what a damaged record or one of another version causes.

use super::error::StoreError;
use super::handle::Store;

impl Store {
    /// Puts bytes in a record's place as they are, as a disk or another version may leave them there. Only tests want this.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn put_bytes(&self, tree: &str, key: &[u8], bytes: &[u8]) -> Result<(), StoreError> {
        let tree = self.inner.sled.tree(tree).map_err(|error| self.failed(error))?;
        tree.insert(key, bytes).map(drop).map_err(|error| self.failed(error))
    }
}
