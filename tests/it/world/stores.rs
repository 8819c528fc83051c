//! Stores while no app has them.

use std::fs::File;
use std::path::Path;

use sellbell::store::{Store, StoreError};
use serde_json::Value;

/// Waits until nobody has a store, where there is one. Its lock outlives it: sled's own threads end later, and a process that
/// another test starts has all files for a moment. How long that is depends on the machine, so no number of tries would do.
pub fn released(dir: &Path) {
    let Ok(file) = File::open(dir.join("db")) else { return };
    file.lock().unwrap();
    // Closing it would not do while such a process has it.
    file.unlock().unwrap();
}

/// The store of an app that was dropped.
pub fn reopened(dir: &Path) -> Store {
    opened(dir).unwrap()
}

/// A store, once nothing holds it any more: a process that another test starts has its files for a moment.
pub fn opened(dir: &Path) -> Result<Store, StoreError> {
    loop {
        match Store::open(dir) {
            Err(StoreError::Busy(_)) => released(dir),
            opened => return opened,
        }
    }
}

/// Every record of a store, as `sellbell store export` prints it.
pub async fn records(dir: &Path) -> Vec<Value> {
    let mut lines = Vec::new();
    reopened(dir).export(&mut lines).await.unwrap().unwrap();
    let lines = String::from_utf8(lines).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The key of an exported record.
pub fn key_of(record: &Value) -> &str {
    record["key"].as_str().unwrap()
}

/// Puts bytes in the place of a record, by tree and key.
pub async fn overwrite(dir: &Path, tree: &str, key: &str, bytes: &[u8]) {
    let store = reopened(dir);
    assert!(store.put_bytes(tree, key, bytes).await.unwrap(), "{tree}");
    store.flush().await.unwrap();
    drop(store);
    released(dir);
}
