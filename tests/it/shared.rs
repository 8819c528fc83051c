//! The folder of recorded material beside the project.

use std::path::PathBuf;

/// The folder. A test that reads it is marked `#[test_with::path("../shared/corpus")]`, so that it is reported as ignored where
/// the folder is missing.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared")
}
