//! Writes a rule file at random for a minute while filings arrive: nothing breaks, no alert is lost or
//! repeated, and the rules in force are always a set that was valid.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::too_many_lines,
    missing_docs
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sellbell::clock::Clock;
use sellbell::config::Settings;
use sellbell::notify::Secrets;
use sellbell::render::terminal::Colour;
use sellbell::replay::{Archive, ReplayedEdgar};
use sellbell::rules::{self, FolderState};
use sellbell::runtime::{self, Setup, Watch};
use sellbell::store::Store;
use sellbell::trust::Roots;

const FILINGS: u32 = 600;
/// Spreads the filings over the whole minute.
const PER_SECOND: u32 = 10;
const LONG: Duration = Duration::from_secs(60);

fn submission(number: u32) -> Vec<u8> {
    let accession = format!("0000000007-25-{number:06}");
    format!(
        "<SEC-DOCUMENT>{accession}.txt : 20251212\n<SEC-HEADER>{accession}.hdr.sgml : 20251212\n\
         <ACCEPTANCE-DATETIME>20251212{:02}{:02}{:02}\nACCESSION NUMBER:\t\t{accession}\n</SEC-HEADER>\n\
         <DOCUMENT>\n<TYPE>4\n<TEXT>\n<XML>\n<?xml version=\"1.0\"?>\n<ownershipDocument>\
         <documentType>4</documentType><issuer><issuerCik>{:010}</issuerCik><issuerName>Issuer</issuerName>\
         <issuerTradingSymbol>NONE</issuerTradingSymbol></issuer><reportingOwner><reportingOwnerId>\
         <rptOwnerCik>0000000007</rptOwnerCik><rptOwnerName>DOE JANE</rptOwnerName></reportingOwnerId></reportingOwner>\
         <nonDerivativeTable><nonDerivativeTransaction><securityTitle><value>Common Stock</value></securityTitle>\
         <transactionDate><value>2025-12-10</value></transactionDate><transactionCoding><transactionCode>S</transactionCode>\
         </transactionCoding><transactionAmounts><transactionShares><value>{}</value></transactionShares>\
         <transactionPricePerShare><value>10</value></transactionPricePerShare></transactionAmounts>\
         </nonDerivativeTransaction></nonDerivativeTable></ownershipDocument>\n</XML>\n</TEXT>\n</DOCUMENT>\n",
        10 + number / 3_600,
        number / 60 % 60,
        number % 60,
        1_000 + number,
        100 + number,
    )
    .into_bytes()
}

fn rule(name: &str, value: u64, file: &Path) -> String {
    let notify = toml::Value::String(format!("jsonl:{}", file.display()));
    format!("[[rule]]\nname = \"{name}\"\nmin_value = {value}\nnotify = [{notify}]\n")
}

/// Writes at random until `stop` is set. Collects the values that were ever valid, and returns how often it
/// wrote.
fn scribble(folder: &Path, out: &Path, stop: &AtomicBool, valid: &Mutex<BTreeSet<String>>) -> u32 {
    let file = folder.join("edited.toml");
    let (mut state, mut writes) = (0x2545_f491_4f6c_dd1d_u64, 0);
    while !stop.load(Ordering::Relaxed) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let value = state % 9_000 + 1;
        let whole = rule("edited", value, out);
        let whole_is_valid = || valid.lock().expect("the set").insert(value.to_string());
        let done = match (state >> 40) % 6 {
            0 => fs::write(&file, &whole[..whole.len() / 2]),
            1 => fs::write(&file, whole.replace("min_value", "min_vale")),
            2 => fs::write(&file, b"\xff\xfe"),
            3 => fs::remove_file(&file).or(Ok(())),
            4 => {
                whole_is_valid();
                let part = folder.join("edited.toml.part");
                fs::write(&part, &whole).and_then(|()| fs::rename(part, &file))
            }
            _ => {
                whole_is_valid();
                fs::write(&file, &whole)
            }
        };
        done.expect("the folder can be written to");
        writes += 1;
        // Rests now and then, so that an edit can take effect.
        std::thread::sleep(Duration::from_millis(if state % 5 == 0 { 1_800 } else { state % 300 }));
    }
    writes
}

#[tokio::main]
async fn main() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("rules");
    fs::create_dir(&folder).expect("a folder");
    let (steady, edited) = (dir.path().join("steady.jsonl"), dir.path().join("edited.jsonl"));
    fs::write(folder.join("steady.toml"), rule("steady", 1, &steady)).expect("a rule");
    let mut archive = Archive::default();
    for number in 1..=FILINGS {
        archive.add(submission(number)).expect("a filing");
    }
    let edgar = ReplayedEdgar::start(archive).await.expect("a server on loopback");
    let settings = format!(
        "[edgar]\nbase_url = \"{}\"\nrequests_per_second = {PER_SECOND}\n[schedule]\npoll = \"* * * * * *\"\n",
        edgar.base_url()
    );
    let settings = Settings::read("settings", &settings, &[]).expect("settings");
    let state = FolderState::of(&folder);
    let rules = rules::load_path(&folder, &|_| true, &[]).expect("rules");
    let output = Arc::new(Mutex::new(Vec::new()));
    let assembly = runtime::assemble(Setup {
        settings,
        rules,
        secrets: &Secrets::default(),
        used: &|_| true,
        roots: &Roots::default(),
        clock: Clock::wall(),
        output,
        colour: Colour::Plain,
    })
    .expect("destinations");
    let since = "2025-12-12T00:00:00Z".parse().expect("a time");
    let app = Arc::new(assembly.on(Store::open(&dir.path().join("store")).expect("a store"), Some(since)));
    let watch = Watch::new(folder.clone(), state);

    let (stop, valid) = (AtomicBool::new(false), Mutex::new(BTreeSet::new()));
    let (running, began) = (Arc::clone(&app), Instant::now());
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let bot = tokio::spawn(runtime::run(running, Some(watch), async move {
        let _ = ended.await;
    }));
    let mut seen = BTreeSet::new();
    let (mut looks, mut told) = (0_u64, 0);
    let writes = std::thread::scope(|scope| {
        let writer = scope.spawn(|| scribble(&folder, &edited, &stop, &valid));
        while began.elapsed() < LONG
            || told < usize::try_from(FILINGS).unwrap_or(0) && began.elapsed() < LONG * 2
        {
            let rules = app.rules.current();
            assert!(rules.get("steady").is_some() && rules.len() <= 2, "the rules in force were never valid");
            if let Some(value) = rules.get("edited").and_then(|rule| rule.conditions.min_value) {
                assert!(valid.lock().expect("the set").contains(&value.plain()), "{value} was never valid");
                seen.insert(value.plain());
            }
            looks += 1;
            told = fs::read_to_string(&steady).map_or(0, |text| text.lines().count());
            std::thread::sleep(Duration::from_millis(20));
        }
        stop.store(true, Ordering::Relaxed);
        writer.join().expect("the writer")
    });
    assert!(!bot.is_finished(), "the bot ended by itself");
    end.send(()).expect("the bot runs");
    bot.await.expect("the bot").expect("it stops well");
    let mut alerts: BTreeMap<String, usize> = BTreeMap::new();
    for line in fs::read_to_string(&steady).expect("alerts").lines() {
        let alert: serde_json::Value = serde_json::from_str(line).expect("an alert");
        *alerts.entry(alert["accession"].to_string()).or_default() += 1;
    }
    let repeated = alerts.values().filter(|count| **count > 1).count();
    println!(
        "{} s, {writes} writes, {} rule sets of the edited file seen in force, all valid, in {looks} looks; of {FILINGS} filings {} told once, {repeated} repeated",
        began.elapsed().as_secs(),
        seen.len(),
        alerts.len() - repeated,
    );
    assert_eq!((alerts.len(), repeated), (usize::try_from(FILINGS).unwrap_or(0), 0));
}
