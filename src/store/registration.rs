//! Which slash commands are registered at Discord.

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::handle::Store;
use super::table::Single;

const REGISTRATION: Single<Registration> = Single::new("registration");

/// The slash commands that were registered last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The application.
    pub application: u64,
    /// The one server that has the commands; `None` if all have them.
    pub server: Option<u64>,
    /// A hash of their definitions.
    pub definitions: String,
}

impl Store {
    /// The commands that were registered last.
    pub async fn registration(&self) -> Result<Option<Registration>, StoreError> {
        self.single(&REGISTRATION).await
    }

    /// Records which commands are registered.
    pub async fn set_registration(&self, registration: &Registration) -> Result<(), StoreError> {
        self.set_single(&REGISTRATION, Some(registration)).await
    }
}
