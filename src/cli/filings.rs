//! Filings named on the command line.

use std::path::Path;

use anyhow::{Context, anyhow};
use tokio::runtime::Runtime;

use super::environment;
use super::remote::{self, Reached};
use crate::clock::Clock;
use crate::config::Settings;
use crate::filing::{Accession, Cik, Filing};
use crate::reader::{self, Unreadable};
use crate::replay;
use crate::service::{Status, accession_named, filing_in_file, unreadable};
use crate::source::{Client, Priority, Trouble};
use crate::store::Store;

/// Reads filings named on the command line. Those that are not at hand are fetched from EDGAR: all with one
/// client, so that its rate limit applies to them together, and none while the bot is blocked or backing off.
pub(super) struct Named<S> {
    settings: S,
    edgar: Option<(Runtime, Client)>,
}

impl<S: FnMut() -> anyhow::Result<Settings>> Named<S> {
    /// `settings` is called only if something must be fetched.
    pub(super) fn new(settings: S) -> Self {
        Self { settings, edgar: None }
    }

    /// Reads a filing named by a file path, an accession (bundled or not) or a sec.gov URL.
    pub(super) fn read(&mut self, name: &str) -> Result<Filing, Unreadable> {
        let path = Path::new(name);
        if path.is_dir() {
            return Err(unreadable("it is a folder: name its files".to_owned()));
        }
        if path.exists() {
            return filing_in_file(path);
        }
        let Some((accession, filer)) = accession_named(name) else {
            let what = "there is no such file, and it is neither an accession number like 0001107843-21-000101 nor a sec.gov URL";
            return Err(unreadable(what.to_owned()));
        };
        if let Some(bytes) = replay::bundled(accession) {
            return reader::read(bytes);
        }
        let fetched = self.fetch(accession, filer);
        reader::read(&fetched.map_err(|error| unreadable(format!("{error:#}")))?)
    }

    fn fetch(&mut self, accession: Accession, filer: Cik) -> anyhow::Result<Vec<u8>> {
        let (runtime, client) = match &mut self.edgar {
            Some(edgar) => edgar,
            none => {
                let edgar = (self.settings)().and_then(|settings| edgar(&settings));
                none.insert(edgar.context("it is not a bundled filing and must be fetched from EDGAR")?)
            }
        };
        let body = runtime.block_on(client.submission(filer, accession, Priority::Live));
        body.map_err(|error| match error.trouble {
            Trouble::NotThereYet => anyhow!(
                "EDGAR: {error}; an accession number may not say whose folder it is in: give the filing's URL"
            ),
            _ => anyhow!("EDGAR: {error}"),
        })
    }
}

fn edgar(settings: &Settings) -> anyhow::Result<(Runtime, Client)> {
    let client = Client::trusting(&settings.edgar, Clock::wall(), &environment::edgar_roots()?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let dir = &settings.store_dir;
    let reached = Store::is_in(dir).then(|| runtime.block_on(remote::reach(dir)).ok()).flatten();
    let status = match reached {
        Some(Reached::Running(bot)) => Some(bot.status),
        Some(Reached::Stopped(store)) => {
            runtime.block_on(Status::of(&store, settings, Clock::wall().now())).ok()
        }
        None => None,
    };
    if let Some(until) = status.and_then(|status| status.no_requests_until) {
        client.close_until(until);
    }
    Ok((runtime, client))
}
