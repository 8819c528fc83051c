//! Filings as people name them: by file, accession or sec.gov URL.

use std::io::Read;
use std::path::Path;

use crate::filing::{Accession, Cik, Filing};
use crate::reader::{self, Unreadable, WHOLE};
use crate::replay;
use crate::source::archive::open_regular;
use crate::text::path_text;

/// The filing that a rule's test names: a path relative to the rule file's folder, or the accession of a
/// bundled filing.
///
/// # Errors
/// Why the filing cannot be read.
pub fn filing_of_test(home: &Path, name: &str) -> Result<Filing, String> {
    let path = home.join(name);
    if path.is_file() {
        return filing_in_file(&path).map_err(|error| error.to_string());
    }
    let bundled = name.parse().ok().and_then(replay::bundled);
    let bytes = bundled.ok_or_else(|| {
        format!("there is no file {}, and no bundled filing with that accession number", path_text(&path))
    })?;
    reader::read(bytes).map_err(|error| error.to_string())
}

/// Reads the filing in a file.
///
/// # Errors
/// A file that cannot be read or contains no filing.
pub fn filing_in_file(path: &Path) -> Result<Filing, Unreadable> {
    let mut bytes = Vec::new();
    let most = u64::try_from(reader::MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let filled = open_regular(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    filled.map_err(|error| unreadable(error.to_string()))?;
    reader::read(&bytes)
}

/// The error for a filing that cannot be obtained, with the reason.
pub fn unreadable(message: String) -> Unreadable {
    Unreadable { kind: "io", message, at: WHOLE.into() }
}

/// Parses an accession or a sec.gov URL into the accession and a filer. The filer is the one in the URL; for
/// a bare accession it is the submitter, who may be an agent.
pub fn accession_named(name: &str) -> Option<(Accession, Cik)> {
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
            assert_eq!(accession_named(name), expected(filer), "{name}");
        }
        for other in ["", "qualys.txt", "https://www.sec.gov/Archives/edgar/data/20/", "12é45678901234567890"]
        {
            assert_eq!(accession_named(other), None, "{other}");
        }
    }
}
