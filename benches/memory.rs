//! The peak heap for reading one filing, conclusions included, compared with the filing's own length.
//!
//! `cargo bench --bench memory` reads the corpus beside the project if it exists, otherwise the bundled
//! filings, and then generated filings of about the largest size that is read at all.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;

use sellbell::reader::{self, MAX_BYTES};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = root.join("../shared/corpus");
    let folder = if corpus.is_dir() { corpus } else { root.join("src/replay/bundled") };
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt" || extension == "xml"))
        .map(|path| fs::read(path).unwrap());
    // Patterns and tables are built at the first filing, and do not count towards any filing.
    let files: Vec<Vec<u8>> = files.collect();
    files.iter().for_each(|bytes| drop(black_box(reader::read(bytes))));
    let mut measured: Vec<(usize, usize)> = files.iter().map(|bytes| (bytes.len(), peak(bytes))).collect();
    let most_by_length =
        measured.iter().map(|&(length, peak)| peak as f64 / length as f64).fold(0.0_f64, f64::max);
    measured.sort_by_key(|&(_, peak)| peak);
    let (length, most) = measured[measured.len() - 1];
    let (_, median) = measured[measured.len() / 2];
    println!(
        "{} filings: median {} KB of heap, the most {} KB for one of {} KB",
        measured.len(),
        median / 1000,
        most / 1000,
        length / 1000
    );
    println!("at most {most_by_length:.1} times a filing's length");
    for (name, bytes) in [("footnotes", huge(footnotes)), ("rows", huge(rows))] {
        let (length, peak) = (bytes.len(), peak(&bytes));
        println!(
            "{name}, {} MB: {} MB of heap, {:.1} times",
            length / 1_000_000,
            peak / 1_000_000,
            peak as f64 / length as f64
        );
    }
}

fn peak(bytes: &[u8]) -> usize {
    let _profiler = dhat::Profiler::builder().testing().build();
    drop(black_box(reader::read(bytes)));
    dhat::HeapStats::get().max_bytes
}

/// A document just below the largest size that is read.
fn huge(filling: fn(&mut String)) -> Vec<u8> {
    let mut xml =
        "<ownershipDocument><documentType>4</documentType><issuer><issuerCik>1</issuerCik></issuer>\
        <reportingOwner><reportingOwnerId><rptOwnerCik>2</rptOwnerCik></reportingOwnerId></reportingOwner>"
            .to_owned();
    filling(&mut xml);
    xml += "</ownershipDocument>";
    xml.into_bytes()
}

fn footnotes(xml: &mut String) {
    let text =
        "Sold on May 1, 2023 at $1.00 to $2.00 under a 10b5-1 plan adopted on May 1, 2022 to cover tax. "
            .repeat(330);
    *xml += "<footnotes>";
    for i in 1..=1_000 {
        if xml.len() + text.len() + 200 < MAX_BYTES {
            write!(xml, "<footnote id=\"F{i}\">{text}</footnote>").unwrap();
        }
    }
    *xml += "</footnotes>";
}

fn rows(xml: &mut String) {
    let ids: String = (1..=100).map(|i| format!("<footnoteId id=\"F{i}\"/>")).collect();
    let title = "x".repeat(2_000);
    *xml += "<nonDerivativeTable>";
    for _ in 0..1_000 {
        write!(
            xml,
            "<nonDerivativeTransaction><securityTitle><value>{title}</value>{ids}</securityTitle><transactionDate>\
             <value>2023-05-01</value>{ids}</transactionDate><transactionCoding><transactionCode>S</transactionCode>\
             </transactionCoding><transactionAmounts><transactionShares><value>1</value>{ids}</transactionShares>\
             <transactionPricePerShare><value>1</value>{ids}</transactionPricePerShare></transactionAmounts>\
             </nonDerivativeTransaction>"
        )
        .unwrap();
    }
    *xml += "</nonDerivativeTable><footnotes>";
    for i in 1..=100 {
        write!(xml, "<footnote id=\"F{i}\">Sold under a 10b5-1 plan adopted on May 1, 2022.</footnote>")
            .unwrap();
    }
    *xml += "</footnotes>";
}
