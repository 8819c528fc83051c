//! Archives of the past: folders, zips, tarballs and data sets yield the same filings in filing order.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sellbell::filing::{Filing, Table};
use sellbell::reader::{self, MAX_BYTES};
use sellbell::source::archive::{Archive, ArchiveError, Entry};
use tempfile::TempDir;

use crate::form345;

/// The submissions that the program brings along, by their file names.
fn bundled() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/replay/bundled");
    let mut found: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect();
    found.sort();
    found
}

/// What the reader makes of them, in filing order.
fn filings() -> Vec<Filing> {
    let mut filings: Vec<Filing> = bundled().iter().map(|(_, bytes)| reader::read(bytes).unwrap()).collect();
    filings.sort_by_key(|filing| (filing.accepted_at, filing.accession));
    filings
}

fn borrowed(members: &[(String, Vec<u8>)]) -> Vec<(&str, &[u8])> {
    members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect()
}

fn tarball(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// A folder of the test's own, with files in it.
struct Folder(TempDir);

impl Folder {
    fn with(files: &[(&str, &[u8])]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, bytes) in files {
            folder.write(name, bytes);
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn try_open(&self, names: &[&str]) -> Result<Archive, ArchiveError> {
        let paths: Vec<PathBuf> = names.iter().map(|name| self.path(name)).collect();
        Archive::open(&paths, Some(self.0.path()), &mut |_, _| {})
    }

    fn open(&self, names: &[&str]) -> Archive {
        self.try_open(names).unwrap()
    }

    /// What is said where one cannot be opened, without the folder's name.
    fn refusal(&self, name: &str) -> String {
        let said = self.try_open(&[name]).unwrap_err().to_string();
        said.replace(&format!("{}/", self.0.path().display()), "")
    }
}

fn read(archive: &mut Archive) -> Vec<Filing> {
    archive
        .filings()
        .map(|entry| entry.outcome.unwrap_or_else(|error| panic!("{}: {error}", entry.name)))
        .collect()
}

/// The entries that cannot be read: name without folder, kind and message.
fn unread(archive: &mut Archive) -> Vec<(String, &'static str, String)> {
    let told = |entry: Entry| {
        let name = entry.name.rsplit('/').next().unwrap().to_owned();
        entry.outcome.err().map(|error| (name, error.kind, error.message))
    };
    archive.filings().filter_map(told).collect()
}

#[test]
fn an_archive_yields_filings_in_filing_order_whatever_it_is_packed_in() {
    let mut members = bundled();
    members.reverse();
    let folder = Folder::with(&[
        ("bulk.zip", &form345::packed(&borrowed(&members))),
        ("bulk.tar.gz", &tarball(&borrowed(&members))),
        ("flat/notes.md", b"not a filing"),
    ]);
    for (i, (name, bytes)) in members.iter().enumerate() {
        folder.write(&format!("flat/{}/{name}", i % 3), bytes);
    }
    let expected = filings();
    for name in ["flat", "bulk.zip", "bulk.tar.gz"] {
        let mut archive = folder.open(&[name]);
        assert_eq!((archive.len(), archive.skipped(), archive.repeated()), (13, 0, 0), "{name}");
        assert_eq!(read(&mut archive), expected, "{name}");
        assert_eq!(read(&mut archive), expected, "{name}, again");
        let days = (archive.first().unwrap().to_string(), archive.last().unwrap().to_string());
        assert_eq!(days, ("2021-08-24".into(), "2025-08-21".into()), "{name}");
    }
}

#[test]
fn people_are_told_the_file_or_the_member() {
    let members = bundled();
    let (name, bytes) = &members[0];
    let folder = Folder::with(&[("a.tgz", &tarball(&[(name, bytes)])), (name, bytes)]);
    let told = |path: &str| folder.open(&[path]).filings().next().unwrap().name;
    assert_eq!(told("a.tgz"), format!("{}!{name}", folder.path("a.tgz").display()));
    assert_eq!(told(name), folder.path(name).display().to_string());
}

#[test]
fn a_filing_that_is_there_again_is_yielded_once_and_a_submission_goes_before_a_data_set() {
    let members = bundled();
    let folder = Folder::with(&[
        ("a_form345.zip", &form345::zip(&filings())),
        ("b.tar.gz", &tarball(&borrowed(&members[..5]))),
        ("c.zip", &form345::packed(&borrowed(&members[4..]))),
    ]);
    let mut archive = folder.open(&["."]);
    assert_eq!((archive.len(), archive.repeated()), (13, 14));
    assert_eq!(read(&mut archive), filings());
}

#[test]
fn a_daily_tarball_of_edgar_holds_other_forms_and_tells_the_day_alone() {
    let feed = |accession: &str, form: &str, day: &str, body: &str| {
        format!(
            "<SUBMISSION>\n<ACCESSION-NUMBER>{accession}\n<TYPE>{form}\n<FILING-DATE>{day}\n{body}</SUBMISSION>\n"
        )
    };
    let (_, bytes) = &bundled()[0];
    let text = String::from_utf8(bytes.clone()).unwrap();
    let form = &text[text.find("<DOCUMENT>").unwrap()..text.find("</SEC-DOCUMENT>").unwrap_or(text.len())];
    let other = feed("0000000009-21-000001", "424B2", "20210901", "<DOCUMENT>\n<TYPE>4\n<XML>no</XML>\n");
    let late = feed("0000000009-21-000002", "4", "20211231", form);
    let early = feed("0000000009-21-000003", "4", "20211224", form);
    let folder = Folder::with(&[(
        "20210901.nc.tar.gz",
        &tarball(&[
            ("./0000000009-21-000001.nc", other.as_bytes()),
            ("./0000000009-21-000002.nc", late.as_bytes()),
            ("./0000000009-21-000003.nc", early.as_bytes()),
        ]),
    )]);
    let mut archive = folder.open(&["20210901.nc.tar.gz"]);
    assert_eq!((archive.len(), archive.skipped()), (2, 1));
    let found = read(&mut archive);
    let told: Vec<String> = found
        .iter()
        .map(|filing| format!("{} {}", filing.accession.unwrap(), filing.accepted_at.unwrap().to_rfc3339()))
        .collect();
    assert_eq!(
        told,
        ["0000000009-21-000003 2021-12-25T03:00:00+00:00", "0000000009-21-000002 2022-01-01T03:00:00+00:00"]
    );
    assert!(found.iter().all(|filing| filing.warnings.iter().any(|warning| warning.code == "filed-late")));
}

#[test]
fn a_bare_document_is_named_after_its_accession_and_placed_by_its_signature() {
    let (_, bytes) = &bundled()[0];
    let text = String::from_utf8(bytes.clone()).unwrap();
    let xml = text.split_once("<XML>").unwrap().1.split_once("</XML>").unwrap().0.trim();
    let folder = Folder::with(&[
        ("0009900009-21-000101.xml", xml.as_bytes()),
        ("0009900009210001020_x.xml", xml.as_bytes()),
        ("000990000921000103_doc4.xml", xml.as_bytes()),
        ("doc4.xml", xml.as_bytes()),
        ("other.xml", b"<?xml version=\"1.0\"?><edgarSubmission/>"),
    ]);
    let mut archive = folder.open(&["."]);
    assert_eq!((archive.len(), archive.skipped()), (4, 1));
    let message =
        "it has no accession number: name the file after it, like 0001107843-21-000101.xml".to_owned();
    assert_eq!(
        unread(&mut archive),
        [
            ("0009900009210001020_x.xml".into(), "incomplete", message.clone()),
            ("doc4.xml".into(), "incomplete", message)
        ]
    );
    let entries: Vec<Filing> = archive.filings().filter_map(|entry| entry.outcome.ok()).collect();
    let signed = entries[0].signatures.iter().filter_map(|signature| signature.date).max().unwrap();
    for filing in entries {
        let closed = filing.accepted_at.unwrap().with_timezone(&chrono_tz::America::New_York);
        assert_eq!(closed.naive_local().to_string(), format!("{signed} 22:00:00"));
        assert_eq!(
            Filing { accession: None, accepted_at: None, ..filing },
            reader::read(xml.as_bytes()).unwrap()
        );
    }
}

#[test]
fn what_is_damaged_is_named() {
    let members = bundled();
    let (zip, tar) = (form345::packed(&borrowed(&members)), tarball(&borrowed(&members)));
    let mut checksum = tar.clone();
    let at = checksum.len() - 6;
    checksum[at] ^= 1;
    let folder = Folder::with(&[
        ("cut.zip", &zip[..zip.len() / 2]),
        ("cut.tar.gz", &tar[..tar.len() / 2]),
        ("checksum.tar.gz", &checksum),
        ("not.tgz", b"hello"),
        ("not.tar", &[7; 2048]),
        ("empty.zip", b""),
        ("notes.md", b""),
    ]);
    for name in ["cut.zip", "cut.tar.gz", "checksum.tar.gz", "not.tgz", "not.tar", "empty.zip"] {
        let said = folder.refusal(name);
        assert!(said.starts_with(&format!("{name}: damaged (")), "{said}");
        assert!(said.ends_with("): download or pack it again"), "{said}");
    }
    assert!(folder.refusal("notes.md").starts_with("notes.md: no archive by its name"));
    assert!(folder.refusal("nowhere").starts_with("nowhere: cannot be read ("));
    let elsewhere = Archive::open(&[], Some(&folder.path("nowhere")), &mut |_, _| {}).unwrap_err();
    assert!(elsewhere.to_string().contains("nowhere: the temporary file cannot be written"), "{elsewhere}");
}

#[test]
fn a_damaged_member_of_a_zip_leaves_the_others() {
    let members = bundled();
    let mut zip = form345::packed(&borrowed(&members[..3]));
    let second = zip.windows(24).position(|window| window == members[1].0.as_bytes()).unwrap();
    zip[second + 24 + 200..second + 24 + 400].fill(0xff);
    let folder = Folder::with(&[("a.zip", &zip)]);
    let mut archive = folder.open(&["a.zip"]);
    assert_eq!(archive.len(), 3);
    let unread = unread(&mut archive);
    assert_eq!(unread.len(), 1);
    assert_eq!((unread[0].0.as_str(), unread[0].1), (format!("a.zip!{}", members[1].0).as_str(), "damaged"));
}

#[test]
fn what_is_too_large_is_told_and_not_read() {
    let (name, bytes) = &bundled()[0];
    let mut large = bytes.clone();
    large.resize(MAX_BYTES + 1, b' ');
    let folder =
        Folder::with(&[("a.tar.gz", &tarball(&[(name, &large), ("0000000001-21-000001.txt", b"")]))]);
    let file = File::create(folder.path(name)).unwrap();
    (&file).write_all(bytes).unwrap();
    file.set_len(1 << 40).unwrap();
    for path in ["a.tar.gz", name] {
        let unread = unread(&mut folder.open(&[path]));
        let told = unread.iter().find(|(told, ..)| told.ends_with(name)).unwrap();
        assert_eq!(told.1, "too-large", "{told:?}");
        assert!(told.2.ends_with("bytes are more than the 33554432 that are read"), "{told:?}");
    }
}

#[test]
fn a_zip_that_understates_its_member_is_not_unpacked_beyond_the_bound() {
    let (name, bytes) = &bundled()[0];
    let mut large = bytes.clone();
    large.resize(MAX_BYTES + 1000, b' ');
    let mut zip = form345::packed(&[(name, &large)]);
    let size = (large.len() as u32).to_le_bytes();
    let stated: Vec<usize> = (0..zip.len() - 4).filter(|&at| zip[at..at + 4] == size).collect();
    assert_eq!(stated.len(), 2);
    for at in stated {
        zip[at..at + 4].copy_from_slice(&100_000_u32.to_le_bytes());
    }
    let folder = Folder::with(&[("a.zip", &zip)]);
    let unread = unread(&mut folder.open(&["a.zip"]));
    assert_eq!(unread[0].1, "too-large", "{unread:?}");
}

#[test]
fn what_is_no_filing_is_told_at_its_turn() {
    let folder = Folder::with(&[
        ("0000000001-21-000001.txt", b"<!DOCTYPE html><html>blocked</html>"),
        ("0000000001-21-000002.txt", b""),
        (
            "0000000001-21-000003.txt",
            b"<SUBMISSION>\n<TYPE>4\n<FILING-DATE>20210901\n<DOCUMENT>\n<TYPE>4\n<TEXT>on paper\n",
        ),
        (
            "0000000001-21-000004.txt",
            b"<SEC-HEADER>\nCONFORMED SUBMISSION TYPE:\t10-K\n<DOCUMENT>\n<TYPE>10-K\n",
        ),
    ]);
    let mut archive = folder.open(&["."]);
    assert_eq!(archive.skipped(), 1);
    let kinds: Vec<_> =
        unread(&mut archive).into_iter().map(|(name, kind, _)| format!("{name} {kind}")).collect();
    assert_eq!(
        kinds,
        [
            "0000000001-21-000001.txt not-a-filing",
            "0000000001-21-000002.txt not-a-filing",
            "0000000001-21-000003.txt not-a-filing"
        ]
    );
    fs::remove_file(folder.path("0000000001-21-000003.txt")).unwrap();
    assert_eq!(unread(&mut archive)[2].1, "damaged");
}

#[test]
fn names_of_members_are_never_paths() {
    let (_, bytes) = &bundled()[0];
    let long = format!("../{}/0000000001-21-000009.txt", "deep/".repeat(60));
    let mut tar = tar::Builder::new(Vec::new());
    for (kind, name) in [(b'L', format!("{long}\0")), (b'x', "34 path=/etc/0000000001-21-00.txt\n".into())] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::new(kind));
        header.set_size(name.len() as u64);
        header.set_cksum();
        tar.append(&header, name.as_bytes()).unwrap();
        let mut header = tar::Header::new_gnu();
        header.set_path("short.txt").unwrap();
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        tar.append(&header, bytes.as_slice()).unwrap();
    }
    let folder = Folder::with(&[
        ("in/a.tar", &tar.into_inner().unwrap()),
        ("in/b.zip", &form345::packed(&[("../../0000000001-21-000007.txt", bytes.as_slice())])),
    ]);
    let names = |path| folder.open(&[path]).filings().map(|entry| entry.name).collect::<Vec<_>>();
    assert!(names("in/a.tar").iter().all(|name| name.ends_with(&long)), "{:?}", names("in/a.tar"));
    assert!(names("in/b.zip")[0].ends_with("b.zip!../../0000000001-21-000007.txt"));
    assert_eq!(folder.open(&["in/a.tar"]).repeated(), 1);
    assert_eq!(fs::read_dir(folder.0.path()).unwrap().count(), 1);
}

#[test]
fn progress_ends_with_all_bytes() {
    let members = bundled();
    let folder = Folder::with(&[
        ("a.zip", &form345::packed(&borrowed(&members))),
        ("b.tar.gz", &tarball(&borrowed(&members))),
        ("c_form345.zip", &form345::zip(&filings())),
        (&members[0].0, &members[0].1),
    ]);
    let mut told = Vec::new();
    let dir = folder.0.path().to_path_buf();
    Archive::open(std::slice::from_ref(&dir), None, &mut |done, all| told.push((done, all))).unwrap();
    let all = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert!(told.is_sorted() && told.len() > 20);
    assert_eq!(told.last(), Some(&(all, all)));
}

/// A filing as the data sets have it: what they have no column for is absent.
fn tabled(mut filing: Filing) -> Filing {
    filing.schema_version = None;
    filing.issuer.foreign_symbol = None;
    filing.warnings.clear();
    for owner in &mut filing.owners {
        owner.address.outside_us = None;
        owner.address.state_territory = None;
        owner.address.country = None;
    }
    // The tables have no headers, which alone say where a company is and what it does.
    filing.issuer.facts = Default::default();
    for lot in filing.lots.iter_mut().filter(|lot| lot.line.table == Table::NonDerivative) {
        lot.total_value = Default::default();
    }
    let day = filing.accepted_at.map(sellbell::filing::edgar_day).unwrap();
    let closes = day.and_hms_opt(22, 0, 0).unwrap().and_local_timezone(chrono_tz::America::New_York);
    filing.accepted_at = closes.earliest().map(|time| time.to_utc());
    filing
}

#[track_caller]
fn the_data_set_says_the_same(filings: &[Filing]) {
    let folder = Folder::with(&[("2021q3_form345.zip", &form345::zip(filings))]);
    let mut archive = folder.open(&["2021q3_form345.zip"]);
    assert_eq!((archive.len(), archive.skipped(), archive.repeated()), (filings.len(), 0, 0));
    let mut expected: Vec<Filing> = filings.iter().cloned().map(tabled).collect();
    expected.sort_by_key(|filing| (filing.accepted_at, filing.accession));
    for (mut found, expected) in read(&mut archive).into_iter().zip(expected) {
        found.warnings.clear();
        let accession = expected.accession.unwrap();
        assert_eq!(found.issuer, expected.issuer, "{accession}");
        assert_eq!(found.owners, expected.owners, "{accession}");
        assert_eq!(found.lots, expected.lots, "{accession}");
        assert_eq!(found, expected, "{accession}");
    }
}

#[test]
fn a_data_set_says_what_its_submissions_say() {
    the_data_set_says_the_same(&filings());
}

#[test_with::path("../shared/corpus")]
#[test]
#[ignore = "each filing, twice"]
fn a_data_set_of_the_corpus_says_what_its_submissions_say_at_length() {
    let shared = crate::shared::folder();
    let mut archive = Archive::open(&[shared.join("corpus")], None, &mut |_, _| {}).unwrap();
    assert_eq!(archive.len(), 3512);
    let filings: Vec<Filing> = archive.filings().filter_map(|entry| entry.outcome.ok()).collect();
    assert!(filings.len() > 3500, "{}", filings.len());
    the_data_set_says_the_same(&filings);
}

/// A small data set with these texts in it.
fn data_set(submissions: &str, transactions: &str, footnotes: &str) -> Vec<u8> {
    let owners = "ACCESSION_NUMBER\tRPTOWNERCIK\tRPTOWNERNAME\tRPTOWNER_RELATIONSHIP\n\
        0000000001-21-000001\t7\tDOE JANE\tOfficer, Ten Percent Owner,Duke\n";
    form345::packed(&[
        ("FORM_345_readme.htm", b"<html>"),
        ("submission.TSV", submissions.as_bytes()),
        ("2021q3/ReportingOwner.tsv", owners.as_bytes()),
        ("NONDERIV_TRANS.tsv", transactions.as_bytes()),
        ("footnotes.tsv", footnotes.as_bytes()),
    ])
}

const SUBMISSION: &str = "ACCESSION_NUMBER\tFILING_DATE\tPERIOD_OF_REPORT\tDOCUMENT_TYPE\tISSUERCIK\tISSUERNAME\n\
    0000000001-21-000001\t01-SEP-2021\t30-AUG-2021\t4\t9\t\"Acme & <Sons>\n";
const TRANSACTION: &str = "NOVELTY\tACCESSION_NUMBER\tTRANS_CODE\tTRANS_DATE\tTRANS_SHARES\tTRANS_SHARES_FN\r\n\
    x\t0000000001-21-000001\tS\tsoon\t1,000\tF1\r\n";

#[test]
fn a_data_set_is_read_as_it_stands() {
    let notes = "ACCESSION_NUMBER\tFOOTNOTE_ID\tFOOTNOTE_TXT\n0000000001-21-000001\tF1\t\"Sold under\n\
        a plan\n\n0000000008-21-000001\tF1\tof nobody\n";
    let others = "0000000002-21-000001\t01-SEP-2021\t30-AUG-2021\tD\t9\tAcme\n\
        0000000001-21-000001\t01-SEP-2021\t30-AUG-2021\t4\t9\tAgain\n0000000003-21-000001\tsoon\t\t4\t9\tAcme\n";
    let folder = Folder::with(&[("q.zip", &data_set(&format!("{SUBMISSION}{others}"), TRANSACTION, notes))]);
    let mut archive = folder.open(&["q.zip"]);
    assert_eq!((archive.len(), archive.skipped(), archive.repeated()), (2, 1, 1));
    let entries: Vec<Entry> = archive.filings().collect();
    let error = entries[0].outcome.clone().unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), ("incomplete", "there is no reporting owner"));
    let filing = entries[1].outcome.clone().unwrap();
    assert_eq!(filing.issuer.name, "\"Acme & <Sons>");
    assert_eq!(filing.footnotes[0].text, "\"Sold under a plan");
    assert_eq!(filing.lots[0].shares.footnotes, ["F1"]);
    assert_eq!(filing.owners[0].officer, filing.owners[0].ten_percent_owner);
    let told: Vec<String> =
        filing.warnings.iter().map(|warning| format!("{} {}", warning.code, warning.at)).collect();
    for expected in [
        "bad-number nonDerivativeTransaction[1]/transactionShares",
        "bad-date nonDerivativeTransaction[1]/transactionDate",
        "bad-code reportingOwner[1]/reportingOwnerRelationship",
    ] {
        assert!(told.iter().any(|told| told == expected), "{told:?}");
    }
}

#[test]
fn a_table_that_is_none_is_named_with_its_line() {
    let notes = "ACCESSION_NUMBER\tFOOTNOTE_ID\tFOOTNOTE_TXT\n";
    let folder = Folder::with(&[
        ("row.zip", &data_set(SUBMISSION, &format!("{TRANSACTION}\tnobody\r\n"), notes)),
        ("column.zip", &data_set("A\tB\n", TRANSACTION, notes)),
        ("empty.zip", &data_set("", TRANSACTION, notes)),
        ("start.zip", &data_set(SUBMISSION, TRANSACTION, &format!("{notes}hello\n"))),
    ]);
    for (name, reason) in [
        ("row.zip", "NONDERIV_TRANS.tsv, line 3: the row has no accession number"),
        ("column.zip", "SUBMISSION.tsv, line 1: there is no column ACCESSION_NUMBER"),
        ("empty.zip", "SUBMISSION.tsv, line 1: there is no column ACCESSION_NUMBER"),
        ("start.zip", "FOOTNOTES.tsv, line 2: the row has no accession number"),
    ] {
        assert_eq!(folder.refusal(name), format!("{name}: damaged ({reason}): download or pack it again"));
    }
}

/// Each line was once counted anew with all before it, which took hours for the longest of these.
#[test]
fn a_row_in_many_lines_is_read_like_any_other() {
    let notes = "ACCESSION_NUMBER\tFOOTNOTE_ID\tFOOTNOTE_TXT\n";
    for (line, times) in [("x\n", 1_500_000), ("xyz \n", 700_000), ("\tx\n", 1), ("\r\nx\r\n", 500_000)] {
        let note = format!("{notes}0000000001-21-000001\tF1\tSold\n{}", line.repeat(times));
        let folder = Folder::with(&[("q.zip", &data_set(SUBMISSION, TRANSACTION, &note))]);
        let opened = folder.try_open(&["q.zip"]).map(|archive| archive.len());
        assert!(matches!(opened, Ok(1) | Err(ArchiveError::Damaged { .. })), "{line:?}: {opened:?}");
    }
    // More columns than any table has, and rows that are nothing but fields.
    let wide = format!("ACCESSION_NUMBER{}\n", "\tX".repeat(400_000));
    let folder = Folder::with(&[("q.zip", &data_set(&wide, TRANSACTION, notes))]);
    assert!(folder.refusal("q.zip").contains("SUBMISSION.tsv, line 1: there are more than 500 columns"));
    let fields = format!("{SUBMISSION}0000000002-21-000001{}\n", "\t".repeat(3_000_000));
    let folder = Folder::with(&[("q.zip", &data_set(&fields, TRANSACTION, notes))]);
    assert!(folder.try_open(&["q.zip"]).is_ok());
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::best());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

/// A zip whose members all are one stretch of it.
fn overlapping(members: usize) -> Vec<u8> {
    let (name, bytes) = &bundled()[0];
    let zip = form345::packed(&[(name, bytes)]);
    let central = zip.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let end = zip.windows(4).position(|window| window == b"PK\x05\x06").unwrap();
    let record = &zip[central..end];
    let mut bomb = zip[..central].to_vec();
    for n in 0..members {
        let mut record = record.to_vec();
        // Each has a name of its own, of the same length.
        record[46..46 + 10].copy_from_slice(format!("{n:010}").as_bytes());
        bomb.extend(record);
    }
    let mut tail = zip[end..].to_vec();
    tail[8..10].copy_from_slice(&(members as u16).to_le_bytes());
    tail[10..12].copy_from_slice(&(members as u16).to_le_bytes());
    tail[12..16].copy_from_slice(&((record.len() * members) as u32).to_le_bytes());
    bomb.extend(tail);
    bomb
}

#[test]
fn an_archive_that_is_a_bomb_is_refused_with_its_name() {
    let spaces = " ".repeat(24 * 1024 * 1024);
    let page = format!("<?xml version=\"1.0\"?><ownershipDocument>{spaces}");
    let names: Vec<String> = (0..4).map(|n| format!("0000000001-21-{n:06}.xml")).collect();
    let dense: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), page.as_bytes())).collect();
    let row = format!("0000000008-21-000001\tF1\t{}\n", " ".repeat(1024 * 1024));
    let rows = format!("ACCESSION_NUMBER\tFOOTNOTE_ID\tFOOTNOTE_TXT\n{}", row.repeat(100));
    let folder = Folder::with(&[
        ("two.zip", &overlapping(2)),
        ("many.zip", &overlapping(3_000)),
        ("dense.zip", &form345::packed(&dense)),
        ("dense.tar.gz", &tarball(&dense)),
        ("others.tar.gz", &gzipped(&vec![0; 130 * 1024 * 1024])),
        ("rows.zip", &data_set(SUBMISSION, TRANSACTION, &rows)),
    ]);
    for (name, reason) in [
        ("two.zip", "its members overlap"),
        ("many.zip", "its members overlap"),
        ("dense.zip", "it unpacks to more than 200 times its size"),
        ("dense.tar.gz", "its part in the temporary file is far larger than the archive"),
        ("others.tar.gz", "it unpacks to more than 200 times its size"),
        ("rows.zip", "it unpacks to more than 200 times its size"),
    ] {
        let refusal = folder.refusal(name);
        assert!(refusal.starts_with(&format!("{name}: {reason}")), "{refusal}");
    }
}

#[test]
fn a_member_that_unpacks_to_far_more_than_it_has_is_set_aside_alone() {
    let members = bundled();
    let mut dense = members[0].1.clone();
    dense.resize(8 * 1024 * 1024, b' ');
    let mut all = borrowed(&members);
    all[0].1 = &dense;
    let folder = Folder::with(&[("a.zip", &form345::packed(&all))]);
    let unread = unread(&mut folder.open(&["a.zip"]));
    assert_eq!(unread.len(), 1, "{unread:?}");
    assert_eq!(unread[0].1, "too-large", "{unread:?}");
}

#[test]
fn a_members_long_name_is_shown_in_part() {
    let name = format!("{}/0000000001-21-000001.txt", "x".repeat(60_000));
    let page: (&str, &[u8]) = (&name, b"<!DOCTYPE html><html>blocked</html>");
    let folder = Folder::with(&[("a.zip", &form345::packed(&[page])), ("a.tar.gz", &tarball(&[page]))]);
    for file in ["a.zip", "a.tar.gz"] {
        let names: Vec<String> = folder.open(&[file]).filings().map(|entry| entry.name).collect();
        assert_eq!(names.len(), 1, "{file}");
        assert!(
            names[0].contains(&format!("{file}!…xxx"))
                && names[0].ends_with("000001.txt")
                && names[0].len() < 600,
            "{}",
            names[0].len()
        );
    }
}
