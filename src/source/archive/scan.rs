//! The first pass: reads folders, zips and tarballs once, from front to back.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::allowance::{Allowance, open_regular};
use super::catalogue::{Catalogue, Member};
use super::data_set_scan;
use super::error::ArchiveError;
use super::header::HeaderFacts;
use super::progress::Progress;
use super::spool::{Location, Packed, Record};
use super::walk::{FileToRead, Kind, walk};
use crate::text::clip;

/// The longest name of a tarball's member that is read.
const LONGEST_NAME: u64 = 64 * 1024;

/// The most characters of a library's message about an archive: it may quote a name from the archive.
const LONGEST_REPORTED: usize = 200;

/// Scans everything that is named.
pub(super) fn scan(
    paths: &[PathBuf],
    catalogue: &mut Catalogue,
    report: &mut dyn FnMut(u64, u64),
) -> Result<(), ArchiveError> {
    let mut all = 0;
    walk(paths, &mut |found| {
        all += found.bytes;
        Ok(())
    })?;
    catalogue.bound(all);
    let mut progress = Progress { done: 0, all, report };
    walk(paths, &mut |found| {
        let end = progress.done + found.bytes;
        let file = open_regular(found.path).map_err(|error| ArchiveError::read(found.path, error))?;
        match found.kind {
            Kind::Submission => submission(&file, found, catalogue)?,
            Kind::Zip => zip(file, found, catalogue, &mut progress)?,
            Kind::Tar => tar(&file, BufReader::new(&file), found, catalogue, &mut progress)?,
            Kind::TarGz => {
                let unpacked = MultiGzDecoder::new(BufReader::new(&file));
                tar(&file, unpacked, found, catalogue, &mut progress)?;
            }
        }
        progress.to(end);
        Ok(())
    })
}

fn submission(file: &File, found: FileToRead<'_>, catalogue: &mut Catalogue) -> Result<(), ArchiveError> {
    let name = found.name.to_owned();
    let place = Some(Location::File);
    let member = Member { archive: None, path: found.path, name, bytes: found.bytes, place };
    catalogue.member(member, &mut &*file)
}

fn zip(
    file: File,
    found: FileToRead<'_>,
    catalogue: &mut Catalogue,
    progress: &mut Progress<'_>,
) -> Result<(), ArchiveError> {
    let path = found.path;
    let damaged =
        |error: ZipError| ArchiveError::damaged(path, clip(&error.to_string(), LONGEST_REPORTED).into());
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
    if zip.has_overlapping_entries().map_err(damaged)? {
        return Err(ArchiveError::Bomb { path: path.to_path_buf(), reason: "its members overlap" });
    }
    let allowance = Allowance::of(found.bytes);
    let archive = catalogue.archive(path);
    if data_set_scan::is_data_set(&zip) {
        let scanned = data_set_scan::scan(&mut zip, path, archive, &allowance, catalogue, progress);
        return bombed(scanned, &allowance, path);
    }
    for i in 0..zip.len() {
        let entry = zip.by_index_raw(i).map_err(damaged)?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let is_submission = entry.is_file() && Kind::of(&name) == Some(Kind::Submission);
        let bytes = entry.size();
        let packed = Packed {
            start: entry.data_start().unwrap_or_default(),
            length: entry.compressed_size(),
            deflated: entry.compression() == CompressionMethod::Deflated,
            crc32: entry.crc32(),
        };
        drop(entry);
        progress.add(packed.length);
        if !is_submission {
            continue;
        }
        let place = Some(Location::Zip(packed));
        let member = Member { archive: Some(archive), path, name: name.clone(), bytes, place };
        let noted = match zip.by_index(i) {
            Ok(content) => catalogue.member(member, &mut allowance.reader(content)),
            Err(error) => Err(damaged(error)),
        };
        let noted = bombed(noted, &allowance, path);
        match noted {
            // The other members can still be read.
            Err(ArchiveError::Damaged { reason, .. }) => {
                let facts = HeaderFacts::default();
                let place = Location::Damaged { reason };
                catalogue.keep(Record { archive: Some(archive), name, facts, place }, &[])?;
            }
            other => other?,
        }
    }
    Ok(())
}

fn tar(
    file: &File,
    unpacked: impl Read,
    found: FileToRead<'_>,
    catalogue: &mut Catalogue,
    progress: &mut Progress<'_>,
) -> Result<(), ArchiveError> {
    let allowance = Allowance::of(found.bytes);
    let read = members(file, allowance.reader(unpacked), found.path, catalogue, progress);
    bombed(read, &allowance, found.path)
}

/// Reports a bomb if reading failed after more was unpacked than real archives of filings contain.
fn bombed<T>(read: Result<T, ArchiveError>, allowance: &Allowance, path: &Path) -> Result<T, ArchiveError> {
    if allowance.is_spent() {
        let reason = "it unpacks to more than 200 times its size";
        return Err(ArchiveError::Bomb { path: path.to_path_buf(), reason });
    }
    read
}

fn members(
    file: &File,
    unpacked: impl Read,
    path: &Path,
    catalogue: &mut Catalogue,
    progress: &mut Progress<'_>,
) -> Result<(), ArchiveError> {
    let damaged =
        |error: io::Error| ArchiveError::damaged(path, clip(&error.to_string(), LONGEST_REPORTED).into());
    let archive = catalogue.archive(path);
    let before = progress.done;
    let mut tar = tar::Archive::new(unpacked);
    let mut long_name = None;
    // Raw, because otherwise long names would be read whatever their length.
    for entry in tar.entries().map_err(damaged)?.raw(true) {
        let mut entry = entry.map_err(damaged)?;
        let kind = entry.header().entry_type();
        if kind.is_gnu_longname() || kind.is_pax_local_extensions() {
            long_name = name_ahead(&mut entry, kind.is_gnu_longname()).map_err(damaged)?.or(long_name);
            continue;
        }
        let name = long_name.take().unwrap_or_else(|| entry.path_bytes().into_owned());
        let name = String::from_utf8_lossy(&name).into_owned();
        if kind.is_file() && Kind::of(&name) == Some(Kind::Submission) {
            let bytes = entry.size();
            let member = Member { archive: Some(archive), path, name, bytes, place: None };
            catalogue.member(member, &mut entry)?;
        }
        progress.to(before + (&*file).stream_position().unwrap_or_default());
    }
    // The checksum comes after the last member.
    io::copy(&mut tar.into_inner(), &mut io::sink()).map_err(damaged)?;
    Ok(())
}

/// The name that precedes a member whose own field is too short for it.
fn name_ahead(entry: &mut impl Read, gnu: bool) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    entry.take(LONGEST_NAME).read_to_end(&mut bytes)?;
    if gnu {
        bytes.truncate(bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len()));
        return Ok(Some(bytes));
    }
    let path = tar::PaxExtensions::new(&bytes).flatten().find(|extension| extension.key_bytes() == b"path");
    Ok(path.map(|extension| extension.value_bytes().to_vec()))
}
