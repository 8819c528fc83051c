//! Alerts and digests into messages, within every limit of the medium. Pure: sends nothing.

pub mod discord;
pub mod email;
pub mod explain;
pub mod filing;
pub mod notice;
pub mod terminal;

use chrono::{DateTime, Utc};
use chrono_tz::America::New_York;

use crate::filing::Accession;

/// A time as EDGAR's readers know it, `2021-08-24 17:12 EDT`.
fn eastern(time: DateTime<Utc>) -> String {
    time.with_timezone(&New_York).format("%Y-%m-%d %H:%M %Z").to_string()
}

/// Some accessions in a row, and how many more.
fn listed(accessions: &[Accession]) -> String {
    const MOST: usize = 4;
    let mut shown: Vec<String> = accessions.iter().take(MOST).map(Accession::to_string).collect();
    if accessions.len() > MOST {
        shown.push(format!("{} more", accessions.len() - MOST));
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests;
