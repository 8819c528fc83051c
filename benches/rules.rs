//! Time to match one filing against 10, 1,000 and 100,000 rules, compared with evaluating each of them in
//! turn.
//!
//! All but ten of the rules name one of ten thousand tickers; the other ten apply to every company.

#![allow(clippy::expect_used, clippy::print_stdout, clippy::disallowed_methods, missing_docs)]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use sellbell::filing::Filing;
use sellbell::problem::Source;
use sellbell::reader;
use sellbell::rules::{self, History, Rule, RuleSet, Subject};

const ANY_COMPANY: usize = 10;
const TICKERS: usize = 10_000;
const ROUNDS: usize = 9;

/// Distinct tickers of up to four letters, including those of the bundled filings.
fn ticker(number: usize, known: &[String]) -> String {
    if let Some(known) = known.get(number % TICKERS) {
        return known.clone();
    }
    let letter = |n: usize| char::from(b'A' + u8::try_from(n % 26).unwrap_or(0));
    let n = number % TICKERS;
    format!("{}{}{}Q", letter(n / 676), letter(n / 26), letter(n))
}

fn rule_set(count: usize, known: &[String]) -> Vec<Rule> {
    let mut rules = Vec::new();
    let numbers: Vec<usize> = (0..count).collect();
    for chunk in numbers.chunks(5_000) {
        let mut text = String::new();
        for &number in chunk {
            let asked = if number < ANY_COMPANY {
                format!("min_value = {}", (number + 1) * 1_000_000)
            } else {
                let value = number % 7 * 10_000 + 1;
                format!("tickers = [\"{}\"]\nmin_value = {value}", ticker(number - ANY_COMPANY, known))
            };
            text += &format!("[[rule]]\nname = \"r{number}\"\n{asked}\n");
        }
        let read = rules::load_slice([Source { file: "rules", text: &text }], &|_| true, &[]);
        rules.extend(read.expect("the rules of this benchmark are valid"));
    }
    rules
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/replay/bundled");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("the bundled filings")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    let texts = paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "txt"));
    let filings: Vec<Filing> = texts
        .map(|path| reader::read(&fs::read(path).expect("a bundled filing")).expect("it is readable"))
        .collect();
    let mut known: Vec<String> = filings.iter().flat_map(|filing| filing.issuer.tickers()).collect();
    known.sort();
    known.dedup();
    let mut indexed = Vec::new();
    println!("{:>9}  {:>14}  {:>14}  {:>8}", "rules", "indexed", "one by one", "asked");
    for count in [10, 1_000, 100_000] {
        let rules = rule_set(count, &known);
        let set = RuleSet::new(rules.clone());
        let asked: usize = filings.iter().map(|filing| set.candidates(filing).len()).sum();
        let ring = |candidates: &[&Rule], filing: &Filing| {
            let subject = Subject::new(filing, History::default());
            candidates.iter().filter(|rule| rules::evaluate(rule, &subject).is_ok()).count()
        };
        let all: Vec<&Rule> = rules.iter().collect();
        let linear = |filing: &Filing| ring(&all, filing);
        let by_index = |filing: &Filing| ring(&set.candidates(filing), filing);
        assert!(
            filings.iter().all(|filing| linear(filing) == by_index(filing)),
            "the index leaves out a rule"
        );
        let time = |repeats: usize, matched: &dyn Fn(&Filing) -> usize| {
            let rounds = (0..ROUNDS).map(|_| {
                let began = Instant::now();
                for _ in 0..repeats {
                    for filing in &filings {
                        black_box(matched(black_box(filing)));
                    }
                }
                began.elapsed() / u32::try_from(repeats * filings.len()).unwrap_or(1)
            });
            median(rounds.collect())
        };
        let (fast, slow) = (time(2_000, &by_index), time((200_000 / count).max(1), &linear));
        #[expect(clippy::cast_precision_loss, reason = "a printed average")]
        let asked = asked as f64 / filings.len() as f64;
        println!("{count:>9}  {:>11.2} µs  {:>11.2} µs  {asked:>8.1}", fast * 1e6, slow * 1e6);
        indexed.push(fast);
    }
    println!("from 1,000 to 100,000 rules: {:.2} times as long", indexed[2] / indexed[1]);
}
