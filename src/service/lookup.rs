//! Filings that people ask about: fetched from EDGAR within a budget, and kept for a while.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::filing::{Accession, Cik, Filing};
use crate::reader;
use crate::replay;
use crate::runtime::App;
use crate::source::{Priority, Trouble};
use crate::store::StoreError;

/// The most filings to keep; a filing takes some kilobytes.
const MOST_KEPT: usize = 64;
/// The most requests within an hour, for all and for one person, so that curious people do not slow alerts down.
const MOST_AN_HOUR: (usize, usize) = (120, 20);

/// Fetches filings that people ask about.
#[derive(Debug, Default)]
pub struct Lookup {
    looked: Mutex<Looked>,
    /// Held while a filing is fetched.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Looked {
    /// The filings that were asked for last, the newest last.
    kept: VecDeque<(Accession, Arc<Filing>)>,
    /// When EDGAR was asked, and by whom.
    asked: VecDeque<(DateTime<Utc>, u64)>,
    /// Filings that EDGAR did not have, the newest last.
    missing: VecDeque<(Accession, Cik)>,
}

/// The result of a lookup.
#[derive(Debug, Clone)]
pub enum Found {
    /// The filing.
    Filing(Arc<Filing>),
    /// EDGAR has no such filing in that folder.
    Nothing,
    /// EDGAR asks for a pause until then.
    Pause(DateTime<Utc>),
    /// Too many filings were asked for within an hour.
    TooMany,
    /// It cannot be fetched or read, and why.
    Failed(String),
}

impl Lookup {
    /// The filing of an accession, in the folder of one of its filers, for a user.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn filing(
        &self,
        app: &App,
        user: u64,
        (accession, filer): (Accession, Cik),
        now: DateTime<Utc>,
    ) -> Result<Found, StoreError> {
        // Several people ask about a new alert at once: the first fetches it for all.
        let _turn = self.turn.lock().await;
        if let Some((_, filing)) = self.looked().kept.iter().find(|(own, _)| *own == accession) {
            return Ok(Found::Filing(Arc::clone(filing)));
        }
        let bytes = match replay::bundled(accession) {
            Some(bytes) => bytes.to_vec(),
            None => {
                if let Some(until) = app.intake.backoff.silent_until(now).await? {
                    return Ok(Found::Pause(until));
                }
                if self.looked().missing.contains(&(accession, filer)) {
                    return Ok(Found::Nothing);
                }
                if !self.takes_a_turn(user, now) {
                    return Ok(Found::TooMany);
                }
                match app.client.submission(filer, accession, Priority::Reconciliation).await {
                    Ok(bytes) => bytes,
                    Err(error) if error.trouble == Trouble::NotThereYet => {
                        self.note_missing((accession, filer));
                        return Ok(Found::Nothing);
                    }
                    Err(error) => return Ok(Found::Failed(format!("EDGAR: {error}"))),
                }
            }
        };
        let mut filing = match reader::read(&bytes) {
            Ok(filing) => filing,
            Err(error) => return Ok(Found::Failed(error.to_string())),
        };
        app.intake.tickers.current().await?.place(&mut filing);
        let accepted_at = filing.accepted_at.unwrap_or(now);
        app.store.teach(&mut filing, accepted_at).await?;
        let filing = Arc::new(filing);
        let mut looked = self.looked();
        if looked.kept.len() >= MOST_KEPT {
            looked.kept.pop_front();
        }
        looked.kept.push_back((accession, Arc::clone(&filing)));
        Ok(Found::Filing(filing))
    }

    fn takes_a_turn(&self, user: u64, now: DateTime<Utc>) -> bool {
        let (most, most_of_one) = MOST_AN_HOUR;
        let mut looked = self.looked();
        looked.asked.retain(|(at, _)| *at > now - TimeDelta::hours(1) && *at <= now);
        let own = looked.asked.iter().filter(|(_, own)| *own == user).count();
        let may = looked.asked.len() < most && own < most_of_one;
        if may {
            looked.asked.push_back((now, user));
        }
        may
    }

    fn note_missing(&self, missing: (Accession, Cik)) {
        let mut looked = self.looked();
        if looked.missing.len() >= MOST_KEPT {
            looked.missing.pop_front();
        }
        looked.missing.push_back(missing);
    }

    fn looked(&self) -> MutexGuard<'_, Looked> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
