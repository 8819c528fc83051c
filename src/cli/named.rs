//! Destinations with the names of their channels.

use crate::destination::Destination;
use crate::store::{Store, StoreError};

/// A destination as commands take it, with the name of its channel if the store knows it:
/// `channel:777 (#alerts on Traders)`.
///
/// # Errors
/// Failures of the store.
pub(super) async fn named(store: Option<&Store>, destination: &Destination) -> Result<String, StoreError> {
    if let (Some(store), Destination::Channel(id)) = (store, destination)
        && let Some(name) = store.place_name(*id).await?
    {
        return Ok(format!("{destination} ({name})"));
    }
    Ok(destination.to_string())
}
