//! The first pass through a data set: joins the rows of its tables on `ACCESSION_NUMBER`.
//!
//! The tables may be in different orders, so each row goes to the spool as it is found, linked to the
//! filing's previous row. Only the position of each filing's last row stays in memory. Rows of a filing that
//! is not in `SUBMISSION` are skipped.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use zip::ZipArchive;

use super::allowance::Allowance;
use super::catalogue::Catalogue;
use super::data_set::{DataSet, Row, Sheet, day};
use super::error::ArchiveError;
use super::header::{HeaderFacts, end_of_day};
use super::index::MOST_FILINGS;
use super::progress::Progress;
use super::spool::{Location, Record};
use crate::filing::{Accession, Form};

/// The longest real rows, with footnotes and remarks, have a few thousand bytes.
const LONGEST_ROW: usize = 4 * 1024 * 1024;
/// The widest table has 44 columns.
const MOST_COLUMNS: usize = 500;

type Zip = ZipArchive<BufReader<File>>;
type Visit<'a> = &'a mut dyn FnMut(Accession, &[u8]) -> Result<(), ArchiveError>;

/// True if a zip is a data set, which always has these tables.
pub(super) fn is_data_set(zip: &Zip) -> bool {
    Sheet::ALL[..3].iter().all(|&sheet| member(zip, sheet).is_some())
}

fn member(zip: &Zip, sheet: Sheet) -> Option<usize> {
    (0..zip.len()).find(|&i| {
        let name =
            zip.by_index_data(i).map(|entry| String::from_utf8_lossy(entry.name_raw()).to_ascii_uppercase());
        name.is_ok_and(|name| {
            let file = name.rsplit('/').next().unwrap_or_default();
            file.strip_suffix(".TSV") == Some(sheet.name())
        })
    })
}

/// A filing while its rows are being found.
struct Chain {
    last: u64,
    facts: HeaderFacts,
}

/// Reads the tables and records their filings.
pub(super) fn scan(
    zip: &mut Zip,
    path: &Path,
    archive: usize,
    allowance: &Allowance,
    catalogue: &mut Catalogue,
    progress: &mut Progress<'_>,
) -> Result<(), ArchiveError> {
    let mut data_set = DataSet::default();
    let mut chains: HashMap<Accession, Chain> = HashMap::new();
    for sheet in Sheet::ALL {
        let Some(i) = member(zip, sheet) else { continue };
        let content = zip.by_index(i).map_err(|error| ArchiveError::damaged(path, error.to_string()))?;
        let packed = content.compressed_size();
        let content = BufReader::new(allowance.reader(content));
        let mut lines = Lines { content, path, sheet, number: 0 };
        let columns = lines.header()?;
        lines.rows(&columns, &mut |accession, line| {
            if sheet == Sheet::Submission {
                return begin(accession, &Row::of(&columns, line), line, &mut chains, catalogue);
            }
            if let Some(chain) = chains.get_mut(&accession) {
                chain.last = catalogue.row(Some(chain.last), sheet as u8, line)?;
            }
            Ok(())
        })?;
        data_set.columns[sheet as usize] = columns;
        progress.add(packed);
    }
    catalogue.data_sets.push(data_set);
    let data_set = catalogue.data_sets.len() - 1;
    let mut chains: Vec<(Accession, Chain)> = chains.into_iter().collect();
    chains.sort_unstable_by_key(|(accession, _)| *accession);
    for (accession, Chain { last, facts }) in chains {
        let place = Location::Rows { data_set, last };
        catalogue.keep(Record { archive: Some(archive), name: accession.to_string(), facts, place }, &[])?;
    }
    Ok(())
}

/// Begins a filing with its row of `SUBMISSION`.
fn begin(
    accession: Accession,
    row: &Row<'_>,
    line: &[u8],
    chains: &mut HashMap<Accession, Chain>,
    catalogue: &mut Catalogue,
) -> Result<(), ArchiveError> {
    if chains.contains_key(&accession) {
        catalogue.repeated += 1;
        return Ok(());
    }
    if row.get("DOCUMENT_TYPE").parse::<Form>().is_err() {
        catalogue.skipped += 1;
        return Ok(());
    }
    if chains.len() >= MOST_FILINGS {
        return Err(ArchiveError::TooMany);
    }
    let filed = day(row.get("FILING_DATE"));
    let facts = HeaderFacts { accession: Some(accession), accepted_at: filed.and_then(end_of_day), filed };
    let last = catalogue.row(None, Sheet::Submission as u8, line)?;
    chains.insert(accession, Chain { last, facts });
    Ok(())
}

/// The lines of one table.
struct Lines<'a, R> {
    content: BufReader<R>,
    path: &'a Path,
    sheet: Sheet,
    number: u64,
}

impl<R: Read> Lines<'_, R> {
    /// The names of the columns, which must include the one that joins.
    fn header(&mut self) -> Result<Vec<String>, ArchiveError> {
        let mut line = Vec::new();
        self.next(&mut line)?;
        let text = String::from_utf8_lossy(&line);
        let names = text.trim_start_matches('\u{feff}').split('\t');
        let columns: Vec<String> =
            names.take(MOST_COLUMNS + 1).map(|name| name.trim().to_ascii_uppercase()).collect();
        if columns.len() > MOST_COLUMNS {
            return Err(self.wrong(&format!("there are more than {MOST_COLUMNS} columns")));
        }
        if !columns.iter().any(|name| name == "ACCESSION_NUMBER") {
            return Err(self.wrong("there is no column ACCESSION_NUMBER"));
        }
        Ok(columns)
    }

    /// Each row with its accession. A line without an accession continues the row before it: nothing in these
    /// files is quoted, so a text with a line break spans two lines.
    fn rows(&mut self, columns: &[String], visit: Visit<'_>) -> Result<(), ArchiveError> {
        let key = columns.iter().position(|name| name == "ACCESSION_NUMBER").unwrap_or_default();
        // A row may span as many lines as it has bytes, so its tabs are counted only once.
        let mut row: Option<(Accession, Vec<u8>, usize)> = None;
        let mut line = Vec::new();
        while self.next(&mut line)? {
            let field = line.split(|&byte| byte == b'\t').nth(key).unwrap_or_default();
            let accession = std::str::from_utf8(field).ok().and_then(|text| text.parse().ok());
            match (accession, &mut row) {
                (Some(accession), _) => {
                    if let Some((accession, line, _)) = row.take() {
                        visit(accession, &line)?;
                    }
                    row = Some((accession, line.clone(), tabs(&line)));
                }
                (None, _) if line.trim_ascii().is_empty() => {}
                (None, Some((_, before, counted)))
                    if *counted + tabs(&line) < columns.len() && before.len() + line.len() < LONGEST_ROW =>
                {
                    *counted += tabs(&line);
                    before.push(b'\n');
                    before.extend_from_slice(&line);
                }
                (None, _) => return Err(self.wrong("the row has no accession number")),
            }
        }
        row.map_or(Ok(()), |(accession, line, _)| visit(accession, &line))
    }

    /// The next line, without its line break; `false` after the last one.
    fn next(&mut self, line: &mut Vec<u8>) -> Result<bool, ArchiveError> {
        line.clear();
        let mut bounded = (&mut self.content).take(LONGEST_ROW as u64);
        let read = bounded.read_until(b'\n', line);
        self.number += 1;
        read.map_err(|error| self.wrong(&error.to_string()))?;
        if line.len() >= LONGEST_ROW {
            return Err(self.wrong("the line is too long"));
        }
        let is_line = !line.is_empty();
        while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            line.pop();
        }
        Ok(is_line)
    }

    fn wrong(&self, reason: &str) -> ArchiveError {
        let place = format!("{}.tsv, line {}", self.sheet.name(), self.number);
        ArchiveError::damaged(self.path, format!("{place}: {reason}"))
    }
}

fn tabs(line: &[u8]) -> usize {
    line.iter().filter(|&&byte| byte == b'\t').count()
}
