//! Destinations with names for people.

use crate::config::Settings;
use crate::destination::Destination;
use crate::store::{Store, StoreError};

/// A destination as commands take it, with the name of its channel if the store knows it, or the address of an
/// inbox with most of it hidden: `channel:777 (#alerts on Traders)`, `email:desk/1a2b3c4d (j•••@example.org)`.
///
/// # Errors
/// Failures of the store.
pub(super) async fn named(
    store: Option<&Store>,
    settings: &Settings,
    destination: &Destination,
) -> Result<String, StoreError> {
    let name = match (store, destination) {
        (Some(store), Destination::Channel(id)) => store.place_name(*id).await?.map(|name| name.to_string()),
        _ => settings.masked_address(destination),
    };
    Ok(name.map_or_else(|| destination.to_string(), |name| format!("{destination} ({name})")))
}
