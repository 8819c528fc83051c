//! Nothing that sellbell reads makes it panic.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use sellbell::edgar::{answer, feed};
use sellbell::filing::record::FilingRecord;
use sellbell::reader;
use sellbell::render::{filing, terminal::Colour};

static FILINGS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/replay/bundled");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
});

const FEED: &str = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
    <entry>\n<title>4 - Doe &amp; Sons (0000000070) (Issuer)</title>\n\
    <link rel=\"alternate\" href=\"https://www.sec.gov/Archives/edgar/data/70/x/0000000007-21-000001-index.htm\"/>\n\
    <updated>2021-08-24T17:12:09-04:00</updated>\n<category term=\"4\"/>\n\
    <id>urn:tag:sec.gov,2008:accession-number=0000000007-21-000001</id>\n</entry>\n</feed>\n";

/// Pieces that break things.
const PIECES: [&str; 19] = [
    "\u{1b}[2J",
    "<",
    ">",
    "&",
    "&#0;",
    "&#x110000;",
    "]]>",
    "<![CDATA[",
    "<!DOCTYPE a [<!ENTITY b \"c\">]>",
    "&b;",
    "\u{202e}",
    "é",
    "99999999999999999999999999999999999.9",
    "-0",
    "<value>",
    "</value>",
    "<nonDerivativeTable>",
    "\0",
    "<!--",
];

fn mutated(original: &[u8], edits: &[(usize, usize, usize)]) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for &(at, cut, piece) in edits {
        let start = at % (bytes.len() + 1);
        let end = (start + cut).min(bytes.len());
        bytes.splice(start..end, PIECES[piece % PIECES.len()].bytes());
    }
    bytes
}

fn edits() -> impl Strategy<Value = Vec<(usize, usize, usize)>> {
    prop::collection::vec((any::<usize>(), 0..40_usize, any::<usize>()), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn a_damaged_submission_is_read_or_refused(which in any::<prop::sample::Index>(), edits in edits()) {
        let bytes = mutated(&FILINGS[which.index(FILINGS.len())], &edits);
        match reader::read(&bytes) {
            Ok(read) => {
                prop_assert!(serde_json::to_string(&FilingRecord::new("f", &read)).is_ok());
                let steers = ['\u{1b}', '\u{202e}', '\0', '\r'];
                let shown = filing::show("f", &read, Colour::Plain);
                prop_assert!(!shown.contains(steers));
            }
            Err(error) => prop_assert!(!error.at.is_empty() && !error.message.is_empty()),
        }
    }

    #[test]
    fn bytes_of_any_kind_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert!(reader::read(&bytes).is_err());
        let _ = feed::read(&bytes);
        let _ = answer::classify(200, &bytes);
    }

    #[test]
    fn a_damaged_feed_is_read_or_refused(edits in edits()) {
        let _ = feed::read(&mutated(FEED.as_bytes(), &edits)).map(|page| page.filings());
    }
}

/// Words that the rules of language look for, and what breaks numbers, dates and characters.
const WORDS: [&str; 40] = [
    "10b5-1",
    "Rule",
    "plan",
    "the Plan",
    "adopted",
    "on",
    "dated",
    "May 1, 2022",
    "5/1/22",
    "31/31/2022",
    "terminated",
    "not",
    "under",
    "pursuant to",
    "sold",
    "sales",
    "reported on this Form 4",
    "to cover",
    "tax",
    "withheld",
    "RSUs",
    "underwriters",
    "offering",
    "to the Issuer",
    "repurchased by the Company",
    "privately negotiated",
    "weighted average",
    "prices ranging from",
    "$1.00",
    "to $2.00",
    "$99999999999999999999",
    "between",
    "highest",
    "lowest",
    ".",
    ";",
    "é",
    "\u{2011}",
    "“",
    "\u{a0}",
];

fn noted(note: &str) -> String {
    let note = note.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<ownershipDocument><documentType>4</documentType><issuer><issuerCik>1</issuerCik></issuer><reportingOwner>\
         <reportingOwnerId><rptOwnerCik>2</rptOwnerCik></reportingOwnerId></reportingOwner><nonDerivativeTable>\
         <nonDerivativeTransaction><transactionDate><value>2023-05-01</value></transactionDate><transactionCoding>\
         <transactionCode>S</transactionCode></transactionCoding><transactionAmounts><transactionPricePerShare>\
         <value>1.5</value><footnoteId id=\"F1\"/></transactionPricePerShare></transactionAmounts>\
         </nonDerivativeTransaction></nonDerivativeTable><footnotes><footnote id=\"F1\">{note}</footnote></footnotes>\
         <remarks>{note}</remarks></ownershipDocument>"
    )
}

proptest! {
    #[test]
    fn no_note_makes_a_conclusion_panic(words in prop::collection::vec(prop::sample::select(&WORDS[..]), 0..60), apart in any::<bool>()) {
        let note = words.join(if apart { " " } else { "" });
        let filing = reader::read(noted(&note).as_bytes()).unwrap();
        let shown = filing::show("x", &filing, Colour::Plain);
        let escapes = shown.contains('\u{1b}');
        prop_assert!(!escapes);
        prop_assert!(serde_json::to_string(&FilingRecord::new("x", &filing)).is_ok());
    }
}

/// Each of these once took time that grew with the square of its length.
#[test]
fn a_note_without_end_is_read_like_any_other() {
    for (word, times) in [
        ("10b5-1 dated plan ", 5_000),
        ("10b5-1 May 1, 2022 plan ", 4_000),
        ("a.", 50_000),
        ("sold to the issuer ", 5_000),
        ("not under ", 10_000),
        ("ranging from $1 to $1% ", 4_000),
    ] {
        let filing = reader::read(noted(&word.repeat(times)).as_bytes()).unwrap();
        assert_eq!(filing.lots.len(), 1, "{word}");
    }
}

/// The smallest and the largest numbers that are kept exact, and what lies beside them.
const NUMBERS: [&str; 10] = [
    "0",
    "0.0000000000000000000000000001",
    "1",
    "10",
    "100",
    "16000",
    "39614081257132168796771975167",
    "39614081257132168796771975168",
    "79228162514264337593543950334",
    "79228162514264337593543950335",
];

proptest! {
    /// Found by fuzzing: a difference of two positions that did not fit.
    #[test]
    fn no_number_makes_a_figure_overflow(
        rows in prop::collection::vec((prop::sample::select(&NUMBERS[..]), prop::sample::select(&NUMBERS[..]), prop::sample::select(&NUMBERS[..]), any::<bool>()), 1..6),
    ) {
        let row = |(shares, price, after, acquired): &(&str, &str, &str, bool)| {
            let direction = if *acquired { "A" } else { "D" };
            format!(
                "<nonDerivativeTransaction><securityTitle><value>Common</value></securityTitle><transactionDate>\
                 <value>2023-05-01</value></transactionDate><transactionCoding><transactionCode>S</transactionCode>\
                 </transactionCoding><transactionAmounts><transactionShares><value>{shares}</value></transactionShares>\
                 <transactionPricePerShare><value>{price}</value></transactionPricePerShare>\
                 <transactionAcquiredDisposedCode><value>{direction}</value></transactionAcquiredDisposedCode>\
                 </transactionAmounts><postTransactionAmounts><sharesOwnedFollowingTransaction><value>{after}</value>\
                 </sharesOwnedFollowingTransaction></postTransactionAmounts></nonDerivativeTransaction>"
            )
        };
        let rows: String = rows.iter().map(row).collect();
        let xml = format!(
            "<ownershipDocument><documentType>4</documentType><issuer><issuerCik>1</issuerCik></issuer><reportingOwner>\
             <reportingOwnerId><rptOwnerCik>2</rptOwnerCik></reportingOwnerId></reportingOwner><nonDerivativeTable>{rows}\
             </nonDerivativeTable></ownershipDocument>"
        );
        let read = reader::read(xml.as_bytes()).unwrap();
        prop_assert_eq!(read.lots.is_empty(), false);
        let _ = (filing::show("x", &read, Colour::Plain), serde_json::to_string(&FilingRecord::new("x", &read)).unwrap());
    }
}
