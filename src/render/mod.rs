//! Renders alerts and digests as messages, within every limit of the medium. Pure: sends nothing.

pub mod chart;
pub mod discord;
pub mod email;
pub mod explain;
pub mod filing;
pub mod notice;
mod numbers;
mod table;
pub mod terminal;
mod warning_words;

use crate::filing::Accession;

/// Lists the first accessions, and how many more there are.
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
