//! The folder of recorded material beside the project, where it is there.

use std::path::PathBuf;

/// The folder, or `None` after a printed word that this test skips. Where `REQUIRE_SHARED` is set, its absence fails.
pub fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    if folder.join("corpus").is_dir() {
        return Some(folder);
    }
    #[expect(clippy::disallowed_methods, reason = "the one thing that tests ask the environment")]
    let required = std::env::var_os("REQUIRE_SHARED").is_some();
    assert!(!required, "{} is required", folder.display());
    eprintln!("skipped: {} is not here", folder.display());
    None
}
