//! Filings as people name them: a file, an accession, an address on sec.gov.

use std::io::Read;
use std::path::Path;

use anyhow::anyhow;
use tokio::runtime::Runtime;

use super::environment;
use super::running::{self, Reached};
use crate::app::Status;
use crate::clock::Clock;
use crate::config::Settings;
use crate::filing::{Accession, Cik, Filing};
use crate::reader::{self, Unreadable, WHOLE};
use crate::replay;
use crate::source::archive::open_regular;
use crate::source::{Client, Priority, Trouble};
use crate::store::Store;
use crate::text::path_text;

/// The filing that a rule's test names: a path from the rule file's folder, or the accession of a bundled filing.
///
/// # Errors
/// Why it cannot be had.
pub(super) fn of_test(home: &Path, name: &str) -> Result<Filing, String> {
    let path = home.join(name);
    if path.is_file() {
        return of_file(&path).map_err(|error| error.to_string());
    }
    let bundled = name.parse().ok().and_then(replay::bundled);
    let bytes = bundled.ok_or_else(|| {
        format!("there is no file {}, and no bundled filing of that accession", path_text(&path))
    })?;
    reader::read(bytes).map_err(|error| error.to_string())
}

/// The filing in a file.
pub(super) fn of_file(path: &Path) -> Result<Filing, Unreadable> {
    let mut bytes = Vec::new();
    let most = u64::try_from(reader::MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let filled = open_regular(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    filled.map_err(|error| unreadable(error.to_string()))?;
    reader::read(&bytes)
}

/// Filings that somebody names on the command line. What is not at hand is fetched from EDGAR: all by one client, so that its
/// limit holds for them together, and nothing while a block or wait that the bot met stands.
pub(super) struct Named<S> {
    settings: S,
    edgar: Option<(Runtime, Client)>,
}

impl<S: FnMut() -> anyhow::Result<Settings>> Named<S> {
    /// `settings` is asked for where something is to be fetched.
    pub(super) fn new(settings: S) -> Self {
        Self { settings, edgar: None }
    }

    /// A filing: a file, the accession of a bundled or any filing, or its address on sec.gov.
    pub(super) fn read(&mut self, name: &str) -> Result<Filing, Unreadable> {
        let path = Path::new(name);
        if path.is_dir() {
            return Err(unreadable("it is a folder: name the files in it".to_owned()));
        }
        if path.exists() {
            return of_file(path);
        }
        let Some((accession, filer)) = named(name) else {
            let what = "there is no such file, and it is neither an accession like 0001107843-21-000101 nor an address on sec.gov";
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
            none => none.insert(edgar(&(self.settings)()?)?),
        };
        let body = runtime.block_on(client.submission(filer, accession, Priority::Live));
        body.map_err(|error| match error.trouble {
            Trouble::NotThereYet => anyhow!(
                "EDGAR: {error}; an accession alone may not say whose folder it is in: give the filing's address"
            ),
            _ => anyhow!("EDGAR: {error}"),
        })
    }
}

fn edgar(settings: &Settings) -> anyhow::Result<(Runtime, Client)> {
    let client = Client::trusting(&settings.edgar, Clock::wall(), &environment::edgar_roots()?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let dir = &settings.store_dir;
    let reached = Store::is_in(dir).then(|| runtime.block_on(running::reach(dir)).ok()).flatten();
    let status = match reached {
        Some(Reached::Running(bot)) => Some(bot.status),
        Some(Reached::Stopped(store)) => Status::of(&store, Clock::wall().now()).ok(),
        None => None,
    };
    if let Some(until) = status.and_then(|status| status.silent_until) {
        client.close_until(until);
    }
    Ok((runtime, client))
}

fn unreadable(message: String) -> Unreadable {
    Unreadable { kind: "io", message, at: WHOLE.into() }
}

/// An accession and a filer: of an address the one in it, else the one who submitted it, who may be an agent.
fn named(name: &str) -> Option<(Accession, Cik)> {
    let own = |accession: Accession| accession.undashed().get(..10)?.parse::<u64>().ok().and_then(Cik::new);
    if let Ok(accession) = name.trim().parse::<Accession>() {
        return Some((accession, own(accession)?));
    }
    let (_, path) = name.split_once("/Archives/edgar/data/")?;
    let mut parts = path.split(['/', '?', '#']);
    let filer = parts.next()?.parse::<u64>().ok().and_then(Cik::new)?;
    let accession = parts.find_map(|part| {
        let digits = part.get(..18).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        let undashed = digits.map(|d| format!("{}-{}-{}", &d[..10], &d[10..12], &d[12..]));
        undashed.as_deref().or(part.get(..20))?.parse::<Accession>().ok()
    })?;
    Some((accession, filer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filings_are_named_by_accession_and_by_address() {
        let expected = |filer: u64| Some(("0001107843-21-000101".parse().unwrap(), Cik::new(filer).unwrap()));
        for (name, filer) in [
            ("0001107843-21-000101", 1_107_843),
            (
                "https://www.sec.gov/Archives/edgar/data/20/000110784321000101/0001107843-21-000101-index.htm",
                20,
            ),
            ("https://www.sec.gov/Archives/edgar/data/20/0001107843-21-000101.txt", 20),
            ("https://www.sec.gov/Archives/edgar/data/20/000110784321000101/xslF345X03/form4.xml", 20),
        ] {
            assert_eq!(named(name), expected(filer), "{name}");
        }
        for other in ["", "qualys.txt", "https://www.sec.gov/Archives/edgar/data/20/", "12é45678901234567890"]
        {
            assert_eq!(named(other), None, "{other}");
        }
    }
}
