//! How well the language of footnotes is understood: precision and recall per class, on real filings that were labelled by
//! hand and on invented notes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use sellbell::filing::record::LotRecord;
use sellbell::filing::{Filing, Usd};
use sellbell::{form4, reader};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::shared;

/// What a person read in a sale row.
#[derive(Deserialize)]
struct Label {
    intent: String,
    plan: String,
    adopted: Option<String>,
    low: Option<Usd>,
    high: Option<Usd>,
}

#[derive(Default)]
struct Score {
    right: usize,
    /// Said, and not so.
    wrong: usize,
    /// So, and not said.
    missed: usize,
}

#[derive(Default)]
struct Scores(BTreeMap<String, Score>);

impl Scores {
    fn add(&mut self, label: &Label, lot: &LotRecord) {
        let word = |value: Value| value.as_str().unwrap_or("none").to_owned();
        self.class("intent", &label.intent, &word(json!(lot.intent)));
        self.class("plan", &label.plan, &word(json!(lot.plan)));
        self.optional("adopted", label.adopted.as_ref(), lot.plan_adopted.as_ref());
        let said = lot.price_evidence.as_ref().and(lot.price_low.zip(lot.price_high));
        self.optional("range", label.low.zip(label.high).as_ref(), said.as_ref());
    }

    fn class(&mut self, kind: &str, expected: &str, found: &str) {
        if expected == found {
            self.score(&format!("{kind} {expected}")).right += 1;
        } else {
            self.score(&format!("{kind} {expected}")).missed += 1;
            self.score(&format!("{kind} {found}")).wrong += 1;
        }
    }

    fn optional<T: PartialEq>(&mut self, kind: &str, expected: Option<&T>, found: Option<&T>) {
        let score = self.score(kind);
        match (expected, found) {
            (expected, found) if expected == found => score.right += usize::from(found.is_some()),
            (expected, found) => {
                score.missed += usize::from(expected.is_some());
                score.wrong += usize::from(found.is_some());
            }
        }
    }

    fn score(&mut self, class: &str) -> &mut Score {
        self.0.entry(class.to_owned()).or_default()
    }

    /// A table, and the classes of ten or more examples that fall short.
    fn table(&self) -> (String, Vec<&str>) {
        let (mut table, mut short) = (String::new(), Vec::new());
        for (class, Score { right, wrong, missed }) in &self.0 {
            let share = |of: usize| if of == 0 { 1.0 } else { *right as f64 / of as f64 };
            let (precision, recall) = (share(right + wrong), share(right + missed));
            writeln!(
                table,
                "{class:<22} {:>4}  precision {precision:.3}  recall {recall:.3}",
                right + missed
            )
            .unwrap();
            if right + missed >= 10 && (precision < 0.95 || recall < 0.95) {
                short.push(class.as_str());
            }
        }
        (table, short)
    }

    #[track_caller]
    fn check(&self, name: &str) {
        let (table, short) = self.table();
        eprintln!("{name}\n{table}");
        assert!(short.is_empty(), "{name}: below 0.95 in {short:?}\n{table}");
    }
}

fn lots(filing: &Filing) -> Vec<LotRecord> {
    filing.lots.iter().map(LotRecord::from).collect()
}

/// The labels name rows as `show --json` does; the texts are in the recorded corpus only.
#[test_with::path("../shared/corpus")]
#[test]
fn labelled_filings_of_the_corpus_are_understood() {
    #[derive(Deserialize)]
    struct Row {
        row: usize,
        #[serde(flatten)]
        label: Label,
    }
    #[derive(Deserialize)]
    struct Labelled {
        file: String,
        set: String,
        rows: Vec<Row>,
    }
    let folder = shared::folder();
    let mut scores: BTreeMap<String, Scores> = BTreeMap::new();
    let mut rows = 0;
    for line in include_str!("language/corpus.jsonl").lines() {
        let labelled: Labelled = serde_json::from_str(line).unwrap();
        let bytes = fs::read(folder.join("corpus").join(&labelled.file)).unwrap();
        let lots = lots(&reader::read(&bytes).unwrap());
        for row in &labelled.rows {
            rows += 1;
            scores.entry(labelled.set.clone()).or_default().add(&row.label, &lots[row.row]);
            scores.entry("both".to_owned()).or_default().add(&row.label, &lots[row.row]);
        }
    }
    assert_eq!(rows, 491);
    scores.iter().for_each(|(set, scores)| scores.check(set));
}

#[derive(Deserialize)]
struct Invented {
    #[serde(rename = "box")]
    ticked: Option<bool>,
    date: String,
    rows: Vec<InventedRow>,
    footnotes: BTreeMap<String, String>,
    remarks: Option<String>,
    /// Whether a note denies the plan's box.
    #[serde(default)]
    warn: bool,
    /// One a row; `None` for what is no sale.
    expect: Vec<Option<Label>>,
}

#[derive(Deserialize)]
struct InventedRow {
    code: String,
    price: Option<String>,
    notes: Vec<String>,
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn document(invented: &Invented) -> String {
    let mut xml = "<ownershipDocument><documentType>4</documentType><issuer><issuerCik>70</issuerCik>\
        <issuerName>Acme Corp</issuerName></issuer><reportingOwner><reportingOwnerId><rptOwnerCik>7</rptOwnerCik>\
        <rptOwnerName>DOE JANE</rptOwnerName></reportingOwnerId></reportingOwner>"
        .to_owned();
    if let Some(ticked) = invented.ticked {
        write!(xml, "<aff10b5One>{ticked}</aff10b5One>").unwrap();
    }
    xml += "<nonDerivativeTable>";
    for row in &invented.rows {
        let price = row.price.iter().map(|price| format!("<value>{price}</value>"));
        let notes = row.notes.iter().map(|id| format!("<footnoteId id=\"{id}\"/>"));
        write!(
            xml,
            "<nonDerivativeTransaction><transactionDate><value>{}</value></transactionDate><transactionCoding>\
             <transactionCode>{}</transactionCode></transactionCoding><transactionAmounts><transactionShares>\
             <value>100</value></transactionShares><transactionPricePerShare>{}</transactionPricePerShare>\
             </transactionAmounts></nonDerivativeTransaction>",
            invented.date,
            row.code,
            price.chain(notes).collect::<String>(),
        )
        .unwrap();
    }
    xml += "</nonDerivativeTable><footnotes>";
    for (id, text) in &invented.footnotes {
        write!(xml, "<footnote id=\"{id}\">{}</footnote>", escaped(text)).unwrap();
    }
    xml += "</footnotes>";
    if let Some(remarks) = &invented.remarks {
        write!(xml, "<remarks>{}</remarks>", escaped(remarks)).unwrap();
    }
    xml + "</ownershipDocument>"
}

#[track_caller]
fn check(name: &str, cases: &str) {
    let mut scores = Scores::default();
    for line in cases.lines() {
        let invented: Invented = serde_json::from_str(line).unwrap();
        let lots = lots(&form4::read(&document(&invented)).unwrap());
        for (lot, label) in lots.iter().zip(&invented.expect) {
            if let Some(label) = label {
                scores.add(label, lot);
            }
        }
    }
    scores.check(name);
}

#[test]
fn invented_notes_are_understood() {
    check("plans, and what looks like them", include_str!("language/plans.jsonl"));
    check("purposes and prices, and what looks like them", include_str!("language/purposes.jsonl"));
    check("the usual", include_str!("language/usual.jsonl"));
    check("background that says nothing of the sale", include_str!("language/background.jsonl"));
    check("the styles of other houses", include_str!("language/other_houses.jsonl"));
    check("lenders, brokers and courts", include_str!("language/involuntary.jsonl"));
    check("lenders, brokers and courts, in other words", include_str!("language/forced.jsonl"));
}

#[test]
fn notes_that_deny_the_box_are_warned_of() {
    let cases = include_str!("language/boxes.jsonl");
    check("boxes, and what denies them", cases);
    let wrong: Vec<&str> = cases
        .lines()
        .filter(|line| {
            let invented: Invented = serde_json::from_str(line).unwrap();
            let filing = form4::read(&document(&invented)).unwrap();
            let warned = filing.warnings.iter().any(|warning| warning.code == "plan-box-denied");
            warned != invented.warn
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test_with::path("../shared/cases")]
#[test]
fn a_foreclosure_is_no_decision() {
    let lot = |name: &str| {
        let bytes = fs::read(shared::folder().join("cases").join(name)).unwrap();
        lots(&reader::read(&bytes).unwrap()).remove(0)
    };
    let foreclosed = lot("foreclosure.txt");
    assert_eq!(foreclosed.intent.unwrap().word(), "involuntary");
    assert!(foreclosed.intent_evidence.unwrap().contains("foreclosed upon"));
    assert_eq!(foreclosed.plan.unwrap().word(), "no");
    assert_eq!(lot("notes-footnote.txt").intent.unwrap().word(), "discretionary");
}

/// Counts over the whole corpus, so that a change of meaning anywhere is seen.
#[test_with::path("../shared/corpus")]
#[test]
fn corpus_is_concluded_as_before() {
    let folder = shared::folder();
    let mut counts: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    let mut count = |what: &str, which: &str| {
        *counts.entry(what.to_owned()).or_default().entry(which.to_owned()).or_default() += 1;
    };
    for entry in fs::read_dir(folder.join("corpus")).unwrap() {
        let filing = reader::read(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
        count("filings", &filing.form.to_string());
        if let Some(late) = filing.late_lots() {
            count("filed late", if late.is_empty() { "no" } else { "yes" });
        }
        for warning in &filing.warnings {
            count("warnings", &warning.code);
        }
        for role in filing.owners.iter().flat_map(|owner| filing.roles(owner)) {
            count("roles", role.word());
        }
        for lot in lots(&filing) {
            count("plan", lot.plan.unwrap().word());
            if let Some(intent) = lot.intent {
                count("intent", intent.word());
            }
            if let Some(date) = &lot.plan_adopted {
                count("plan adopted, to the", if date.len() == 7 { "month" } else { "day" });
            }
            if lot.price_evidence.is_some() {
                count("actual prices", "stated");
            }
            if lot.price_is_average == Some(true) {
                count("price", "is an average");
            }
        }
    }
    insta::assert_json_snapshot!(counts);
}
