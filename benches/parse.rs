//! Filings parsed per second, with and without the conclusions drawn from them, compared with bare tokenising
//! of the same bytes by quick-xml in one run; and the same for the shortest and the longest documents.
//!
//! `cargo bench` reads the corpus beside the project if it exists, otherwise the bundled filings. Rounds
//! alternate, and the median of each side counts, so that other load on the machine affects both.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic)]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, str};

use quick_xml::Reader;
use quick_xml::events::Event;
use sellbell::edgar::submission;
use sellbell::{form4, reader};

const ROUNDS: usize = 15;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = root.join("../shared/corpus");
    let (name, folder) = if corpus.is_dir() {
        ("corpus", corpus)
    } else {
        ("bundled filings", root.join("src/replay/bundled"))
    };
    let mut files: Vec<Vec<u8>> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt" || extension == "xml"))
        .map(|path| fs::read(path).unwrap())
        .collect();
    files.sort();
    let documents: Vec<&str> =
        files.iter().map(|bytes| submission::read(str::from_utf8(bytes).unwrap()).unwrap().xml).collect();
    let megabytes = documents.iter().map(|xml| xml.len()).sum::<usize>() as f64 / 1e6;

    let mut times: [Vec<Duration>; 4] = Default::default();
    for _ in 0..ROUNDS {
        times[0].push(timed(|| documents.iter().for_each(|xml| tokenise(xml))));
        times[1].push(timed(|| documents.iter().for_each(|xml| drop(black_box(form4::parse(xml).unwrap())))));
        times[2].push(timed(|| documents.iter().for_each(|xml| drop(black_box(form4::read(xml).unwrap())))));
        times[3].push(timed(|| files.iter().for_each(|bytes| drop(black_box(reader::read(bytes).unwrap())))));
    }
    let [tokenised, parsed, concluded, whole] = times.map(median);
    let rate = |time: f64| documents.len() as f64 / time;
    println!("{name}: {} filings, {megabytes:.1} MB of XML, median of {ROUNDS} rounds", documents.len());
    println!(
        "bare quick-xml tokenising  {:>9.0} filings/s  {:>6.0} MB/s",
        rate(tokenised),
        megabytes / tokenised
    );
    for (name, time) in [("form4::parse", parsed), ("form4::read, concluded", concluded)] {
        let (ratio, rate, speed) = (tokenised / time, rate(time), megabytes / time);
        println!("{name:<25}  {rate:>9.0} filings/s  {speed:>6.0} MB/s  {ratio:.2} of bare tokenising");
    }
    println!("reader::read, submissions  {:>9.0} filings/s", rate(whole));
    by_size(documents);
}

/// Speed by document length: if it stays the same, parsing takes linear time.
fn by_size(mut documents: Vec<&str>) {
    documents.sort_by_key(|xml| xml.len());
    let tenth = documents.len().div_ceil(10);
    let longest = &documents[documents.len() - 1..];
    for (name, part) in [
        ("shortest tenth", &documents[..tenth]),
        ("longest tenth", &documents[documents.len() - tenth..]),
        ("longest", longest),
    ] {
        let bytes: usize = part.iter().map(|xml| xml.len()).sum();
        let rounds = (0..ROUNDS)
            .map(|_| timed(|| part.iter().for_each(|xml| drop(black_box(form4::read(xml).unwrap())))));
        let speed = bytes as f64 / 1e6 / median(rounds.collect());
        println!("{name:<15} {:>8} bytes each on average, read at {speed:>4.0} MB/s", bytes / part.len());
    }
}

fn tokenise(xml: &str) {
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => return,
            event => drop(black_box(event)),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}
