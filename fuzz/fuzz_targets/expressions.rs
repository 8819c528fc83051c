//! A rule's `when` and `template` with the values that a filing holds. Parts of the input end with a NUL: the expression, the template, then
//! the names, notes and figures of the filing.
//!
//! Each source is evaluated by the built program, in a process of its own, as the bot does it. One that comes back from there is evaluated
//! here as well, so that the fuzzer sees which ways it took.

#![no_main]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use libfuzzer_sys::fuzz_target;
use sellbell::alert::Alert;
use sellbell::decide::{Case, decide};
use sellbell::delivery::{Body, Delivery};
use sellbell::filing::Filing;
use sellbell::form4;
use sellbell::problem::Source;
use sellbell::render;
use sellbell::render::terminal::Colour;
use sellbell::rules::{self, Evaluate, Evaluated, ExpressionError, RuleSet, Task};
use sellbell::sandbox::Sandbox;
use sellbell_fuzz::steers;
use serde_json::Value;

/// Deeper recursion than the program's own stack has room for is not reached: what gets here came back from there.
const STACK: usize = 1 << 30;
/// Evaluations that take longer there take far longer here, where each access to memory is checked.
const SOON: Duration = Duration::from_millis(100);
/// Characters that a message's own words have at most, and those of an error.
const MOST_WORDS: usize = 1_500;
const MOST_ERROR: usize = 400;

fuzz_target!(|bytes: &[u8]| {
    static ISOLATED: OnceLock<()> = OnceLock::new();
    ISOLATED.get_or_init(|| rules::isolate(Box::new(Both(Sandbox::new(&program(), "evaluate")))));
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split('\0');
    let (when, template) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Some(filing) = filing(&mut parts) else { return };
    for (key, source) in [("when", when), ("template", template)] {
        if !source.is_empty() {
            ring(&rule(key, source), &filing);
        }
    }
});

/// The built program: a debug or release build of this tree, or the one that `SELLBELL_PROGRAM` names.
fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("SELLBELL_PROGRAM") {
        return named.into();
    }
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let built = ["release", "debug"].map(|profile| target.join(profile).join("sellbell"));
    built.into_iter().find(|program| program.exists()).expect("`cargo build` comes before this target")
}

/// The program, and where that comes back this process, which must say the same.
struct Both(Sandbox);

impl Evaluate for Both {
    fn evaluate(&self, task: &Task) -> Result<Evaluated, ExpressionError> {
        let began = Instant::now();
        let there = self.0.evaluate(task);
        let came_back = there.as_ref().err().is_none_or(|error| !error.what.ends_with("was stopped"));
        if came_back && began.elapsed() < SOON {
            let here = thread::scope(|scope| {
                let evaluation = thread::Builder::new()
                    .stack_size(STACK)
                    .spawn_scoped(scope, || rules::evaluate_here(task));
                evaluation.expect("a thread").join().expect("no panic")
            });
            assert_eq!(there.is_ok(), here.is_ok(), "{there:?} there, {here:?} here");
        }
        match &there {
            Ok(evaluated) => assert!(evaluated.text.chars().count() <= MOST_WORDS),
            Err(error) => assert!(!error.what.is_empty() && error.to_string().chars().count() <= MOST_ERROR),
        }
        there
    }
}

/// A rule with this source, as a file has it.
fn rule(key: &str, source: &str) -> String {
    let quoted = serde_json::to_string(source).expect("a text").replace('\u{7f}', "\\u007f");
    format!("[[rule]]\nname = \"fuzzed\"\nmin_value = 1\nnotify = [\"terminal\"]\n{key} = {quoted}\n")
}

/// Rings a rule for the filing, and renders its alerts in each medium.
fn ring(rule: &str, filing: &Filing) {
    let source = Source { file: "fuzzed.toml", text: rule };
    let rules = match rules::load_slice([source], &|_| true, &[]) {
        Ok(rules) => RuleSet::new(rules),
        Err(problems) => {
            let said = problems.to_string();
            assert!(!said.is_empty() && !steers(&said), "{said:?}");
            return;
        }
    };
    let accepted_at = DateTime::<Utc>::UNIX_EPOCH;
    let case = Case { filing, accepted_at, seen_at: accepted_at, known: &[], whole_since: None };
    let decision = decide(&rules, case);
    for (_, failure) in &decision.failures {
        assert!(!failure.is_empty() && failure.chars().count() <= MOST_ERROR, "{failure:?}");
    }
    for (_, alert) in decision.alerts {
        show(alert, accepted_at);
    }
}

fn show(alert: Alert, now: DateTime<Utc>) {
    let shown = render::terminal::alert(&alert, Colour::Plain);
    assert!(!steers(&shown), "nothing that a rule or a filing says steers a terminal: {shown:?}");
    let body = Body::Alert(Box::new(alert));
    let to = |destination: &str| destination.parse().expect("a destination");
    let mail = render::email::email(&Delivery::new(to("email:desk"), body.clone(), now)).expect("a mail");
    assert!(!mail.subject.contains(['\r', '\n']) && !steers(&mail.text), "{:?}", mail.subject);
    let message =
        render::discord::message(&[Delivery::new(to("discord:alerts"), body, now)]).expect("a message");
    let json = serde_json::to_value(&message).expect("JSON");
    assert_eq!(json["allowed_mentions"]["parse"], serde_json::json!([]), "nobody is pinged");
    let length = json["embeds"].as_array().into_iter().flatten().map(length).sum::<usize>();
    assert!(length <= 6_000, "{length} characters are too many for Discord");
}

/// The characters of a card's texts, at any depth.
fn length(card: &Value) -> usize {
    match card {
        Value::Object(parts) => parts
            .iter()
            .filter(|(key, _)| !key.ends_with("url") && *key != "timestamp")
            .map(|(_, part)| length(part))
            .sum(),
        Value::Array(parts) => parts.iter().map(length).sum(),
        Value::String(text) => text.encode_utf16().count(),
        _ => 0,
    }
}

/// A sale with these names, notes and figures.
fn filing<'a>(values: &mut impl Iterator<Item = &'a str>) -> Option<Filing> {
    let mut next = |usual: &str| escaped(values.next().filter(|value| !value.is_empty()).unwrap_or(usual));
    let (issuer, symbol, owner, title) = (next("Acme"), next("ACME"), next("Doe Jane"), next("CFO"));
    let (note, shares, price, remarks) = (next("By a plan."), next("100"), next("10.5"), next("None"));
    let mut filing = form4::read(&format!(
        "<ownershipDocument><documentType>4</documentType><periodOfReport>2025-08-19</periodOfReport>\
         <issuer><issuerCik>9900300</issuerCik><issuerName>{issuer}</issuerName><issuerTradingSymbol>{symbol}</issuerTradingSymbol></issuer>\
         <reportingOwner><reportingOwnerId><rptOwnerCik>9900301</rptOwnerCik><rptOwnerName>{owner}</rptOwnerName></reportingOwnerId>\
         <reportingOwnerRelationship><isOfficer>1</isOfficer><officerTitle>{title}</officerTitle></reportingOwnerRelationship></reportingOwner>\
         <nonDerivativeTable><nonDerivativeTransaction><securityTitle><value>{title}</value></securityTitle>\
         <transactionDate><value>2025-08-19</value></transactionDate>\
         <transactionCoding><transactionFormType>4</transactionFormType><transactionCode>S</transactionCode></transactionCoding>\
         <transactionAmounts><transactionShares><value>{shares}</value></transactionShares>\
         <transactionPricePerShare><value>{price}</value><footnoteId id=\"F1\"/></transactionPricePerShare>\
         <transactionAcquiredDisposedCode><value>D</value></transactionAcquiredDisposedCode></transactionAmounts>\
         <ownershipNature><directOrIndirectOwnership><value>I</value></directOrIndirectOwnership>\
         <natureOfOwnership><value>{owner}</value></natureOfOwnership></ownershipNature>\
         </nonDerivativeTransaction></nonDerivativeTable>\
         <footnotes><footnote id=\"F1\">{note}</footnote></footnotes><remarks>{remarks}</remarks></ownershipDocument>"
    ))
    .ok()?;
    filing.accession = "0009900300-25-000001".parse().ok();
    Some(filing)
}

fn escaped(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
