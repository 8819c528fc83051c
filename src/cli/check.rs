//! `sellbell check`: checks settings, rules and their tests, and lists every mistake at once.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::output::print;
use super::{channel_kinds, environment, pings, remote, setup};
use crate::config::Settings;
use crate::decide;
use crate::destination::Destination;
use crate::edgar::former::{Former, former};
use crate::edgar::tickers::Tickers;
use crate::filing::{classes_alone, usual_spelling};
use crate::intake;
use crate::notify::{self, SetupError};
use crate::problem::{Level, Problem, nearest, report};
use crate::render::terminal::Colour;
use crate::rules::{self, Group, LoadError, Rule};
use crate::service;
use crate::store::Store;
use crate::text::path_text;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Settings file [default: config/sellbell.toml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Rule folders or files to check [default: the rules folder of the settings]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

const LATER: &str = "tickers, tests and rules that can never match are checked once these errors are fixed\n";

/// The findings so far.
struct Findings {
    colour: bool,
    /// Where the rules' alerts go.
    used: BTreeSet<Destination>,
    /// The names of the rules.
    rules: BTreeSet<String>,
    /// The rules that mention roles.
    pinging: Vec<Rule>,
    errors: usize,
    warnings: usize,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let colour = environment::colour_of_errors() == Colour::Ansi;
    let mut findings = Findings {
        colour,
        used: BTreeSet::new(),
        rules: BTreeSet::new(),
        pinging: Vec::new(),
        errors: 0,
        warnings: 0,
    };
    let settings = match setup::settings_or_problems(args.config.as_deref())? {
        Ok(settings) => settings,
        Err(problems) => {
            // Check the rules anyway, except for their destinations, which are not known now.
            findings.report(&problems.0);
            setup::without_file()?
        }
    };
    let blind = findings.errors > 0;
    findings.report(&settings.renamed);
    let known = |destination: &Destination| blind || settings.knows(destination);
    let folders = if args.paths.is_empty() { vec![settings.rules_dir.clone()] } else { args.paths.clone() };
    // A recipient may list a rule of a folder that is not checked now, or whose rules cannot be read.
    let mut all_known = !blind && folders.contains(&settings.rules_dir);
    for folder in folders {
        if blind && args.paths.is_empty() && !folder.is_dir() {
            print(
                &mut io::stderr(),
                "the rules were not checked: the settings do not say which folder they are in\n",
            );
            continue;
        }
        match rules::load_path(&folder, &known, &settings.destinations()) {
            Ok(rules) => findings.of_rules(&folder, &rules, &settings),
            Err(LoadError::Problems(problems)) => {
                all_known = false;
                findings.report(&problems.0);
                print(&mut io::stderr(), LATER);
            }
            Err(error) => findings.report(&[Problem::of_file(path_text(&folder), error.to_string())]),
        }
    }
    if all_known {
        let names: Vec<&str> = findings.rules.iter().map(String::as_str).collect();
        let unknown = settings.unknown_rules(&names);
        findings.report(&unknown);
    }
    if !blind {
        if let Some(file) = setup::file(args.config.as_deref()) {
            findings.of_contact(&file, &settings);
        }
        findings.of_secrets(&settings);
    }
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    if findings.errors + findings.warnings > 0 {
        let said =
            format!("{}, {}\n", plural(findings.errors, "error"), plural(findings.warnings, "warning"));
        print(&mut io::stderr(), &said);
    }
    Ok(if findings.errors > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Findings {
    fn report(&mut self, problems: &[Problem]) {
        for problem in problems {
            match problem.level {
                Level::Error => self.errors += 1,
                Level::Warning => self.warnings += 1,
            }
            print(&mut io::stderr(), &format!("{}\n", report(problem, self.colour)));
        }
    }

    /// Warns if no contact is set: the bot needs one, although rules can be checked without it.
    fn of_contact(&mut self, file: &Path, settings: &Settings) {
        if settings.edgar.is_live() && settings.edgar.contact.is_empty() {
            let missing = Problem::of_file(path_text(file), "[edgar] contact is not set".to_owned());
            let help = "`run` needs it: the SEC blocks programs that do not identify themselves";
            self.report(&[Problem { level: Level::Warning, ..missing.help(help) }]);
        }
    }

    fn of_secrets(&mut self, settings: &Settings) {
        self.report(&notify::check_templates(&settings.email.templates));
        let problems = secrets(settings, &self.used);
        self.report(&problems);
        self.report(&pings::problems(settings, &self.pinging));
        let used = self.used.iter().chain(&settings.operators).collect();
        self.report(&channel_kinds::problems(settings, &used));
    }

    fn of_rules(&mut self, folder: &Path, rules: &[Rule], settings: &Settings) {
        self.used.extend(rules.iter().flat_map(|rule| intake::destinations_of(settings, rule)));
        self.rules.extend(rules.iter().map(|rule| rule.name.clone()));
        self.pinging.extend(rules.iter().filter(|rule| rule.roles().next().is_some()).cloned());
        self.report(&rules::lint(rules));
        let listed = listed(settings);
        self.report(&unknown_tickers(rules, listed.as_ref()));
        for (written, usual) in other_spellings(rules, listed.as_ref()) {
            let said = format!("{}: {written} is {usual} in EDGAR's spelling\n", path_text(folder));
            print(&mut io::stdout(), &said);
        }
        let count: usize = rules.iter().map(|rule| rule.tests.len()).sum();
        let tests = rules.iter().flat_map(|rule| rule.tests.iter().map(move |test| (rule, test)));
        let failed: Vec<Problem> = tests.filter_map(|(rule, test)| failure(rule, test)).collect();
        self.report(&failed);
        let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
        let plural = if names.len() == 1 { "rule" } else { "rules" };
        let tested = match count {
            0 => String::new(),
            n => format!("; {} of {n} tests passed", n - failed.len()),
        };
        let said =
            format!("{}: {} {plural} ({}){tested}\n", path_text(folder), names.len(), names.join(", "));
        print(&mut io::stdout(), &said);
    }
}

/// Problems with the secrets. A missing secret is a warning, because CI checks rules without secrets. An
/// unusable one is an error, because `run` refuses it.
fn secrets(settings: &Settings, used: &BTreeSet<Destination>) -> Vec<Problem> {
    let (secrets, errors) = environment::secrets_and_errors(settings);
    let of = |message: String, level: Level| Problem { level, ..Problem::of_file("environment", message) };
    let mut problems: Vec<Problem> =
        errors.iter().map(|error| of(format!("{error:#}"), Level::Error)).collect();
    let used =
        |destination: &Destination| used.contains(destination) || settings.operators.contains(destination);
    let found = notify::check_secrets(settings, &secrets, &used).into_iter();
    // Mistakes in templates have lines of their own.
    for error in found.filter(|error| !matches!(error, SetupError::Templates(_))) {
        let level = if error.is_missing() { Level::Warning } else { Level::Error };
        let problem = of(error.to_string(), level);
        problems.push(if error.is_missing() { problem.help("`run` needs it") } else { problem });
    }
    // This is a choice, not a mistake.
    if secrets.discord_token.is_some()
        && let Some(said) = settings.discord.open_to_all()
    {
        print(&mut io::stdout(), &format!("{said}\n"));
    }
    let mut recipients = settings.email.recipients.iter();
    let mails = recipients.any(|recipient| recipient.destinations().any(|inbox| used(&inbox)));
    if mails && secrets.smtp_url.is_none() {
        let folder = path_text(&settings.email.out_dir);
        problems.push(of(format!("SMTP_URL is not set: e-mails are written to {folder}"), Level::Warning));
    }
    let others = [environment::edgar_roots().err(), environment::http_token().err()];
    problems.extend(others.into_iter().flatten().map(|error| of(format!("{error:#}"), Level::Error)));
    let unused = notify::unused_variables(settings, &environment::names());
    problems.extend(unused.into_iter().map(|one| of(one.to_string(), Level::Warning).help(one.help)));
    let unwise = secrets.smtp_url.as_ref().and_then(|address| notify::check_server(address).ok().flatten());
    problems.extend(unwise.map(|said| of(format!("SMTP_URL: {said}"), Level::Warning)));
    problems
}

/// Runs a test of a rule and returns the problem, if there is one.
fn failure(rule: &Rule, test: &rules::RuleTest) -> Option<Problem> {
    let home = Path::new(&rule.file).parent().unwrap_or(Path::new(""));
    let read = |name: &String| {
        service::filing_of_test(home, name)
            .map_err(|why| format!("the test's filing `{name}` cannot be read: {why}"))
    };
    let run = || {
        let before = test.after.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        decide::rule_test(rule, test, &before, &read(&test.filing)?)
            .map_err(|why| format!("a test of rule `{}` fails for {}: {why}", rule.name, test.filing))
    };
    let message = run().err()?;
    Some(Problem { place: test.place.clone(), ..Problem::of_file(rule.file.clone(), message) })
}

/// EDGAR's list of tickers, if the bot has fetched one. `None` if the store is in use or does not exist yet.
fn listed(settings: &Settings) -> Option<Tickers> {
    let opened = Store::is_in(&settings.store_dir).then(|| Store::open(&settings.store_dir).ok()).flatten();
    let (opened, runtime) = (opened?, remote::runtime().ok()?);
    Some(runtime.block_on(opened.tickers()).ok()??.1)
}

/// Tickers in rules that EDGAR spells differently, each with EDGAR's spelling: the one in its list or,
/// without a list, the usual one.
fn other_spellings(rules: &[Rule], listed: Option<&Tickers>) -> BTreeMap<String, String> {
    let mut written = BTreeSet::new();
    rules.iter().for_each(|rule| gather(&rule.conditions, &mut written));
    let usual = |ticker: &str| match listed {
        Some(listed) => listed.spelling(ticker).map(str::to_owned),
        None => Some(usual_spelling(ticker)),
    };
    let differs =
        |ticker: &&str| Some(((*ticker).to_owned(), usual(ticker).filter(|usual| usual != ticker)?));
    written.iter().filter_map(differs).collect()
}

/// Warnings about tickers that are missing from EDGAR's list. If the bot has not fetched the list, warnings
/// about tickers that lack their class or are known to be former ones.
fn unknown_tickers(rules: &[Rule], listed: Option<&Tickers>) -> Vec<Problem> {
    let mut warnings = Vec::new();
    let is_unknown = |ticker: &&str| match listed {
        Some(listed) => !listed.has(ticker),
        None => !classes_alone(ticker).is_empty() || former(ticker).is_some(),
    };
    for rule in rules {
        let mut tickers = BTreeSet::new();
        gather(&rule.conditions, &mut tickers);
        for ticker in tickers.into_iter().filter(is_unknown) {
            if let Some(former) = former(ticker) {
                warnings.push(is_former(rule, ticker, &former, listed));
                continue;
            }
            let near = match listed {
                Some(listed) => proposal(ticker, listed),
                None => Some(classes_alone(ticker).join(" or ")),
            };
            let look = "look it up, or use the company's CIK, which never changes";
            warnings.push(Problem {
                file: rule.file.clone(),
                place: rule.place.clone(),
                message: format!("rule `{}`: EDGAR lists no company with the ticker {ticker}", rule.name),
                help: Some(
                    near.map_or_else(
                        || look.to_owned(),
                        |near| format!("did you mean {near}? If not, {look}"),
                    ),
                ),
                level: Level::Warning,
            });
        }
    }
    warnings
}

/// A warning about a former ticker, with the company's current one.
fn is_former(rule: &Rule, ticker: &str, former: &Former, listed: Option<&Tickers>) -> Problem {
    let Former { cik, name, since } = former;
    // The list includes later changes.
    let today = match listed.map(|listed| listed.of(*cik)) {
        Some(own) => own.first().map(String::as_str),
        None => *since,
    };
    let by_cik = format!("`ciks = [{cik}]`");
    let help = match today {
        Some(today) => {
            format!("write {today}, its current ticker, or {by_cik}, which never changes")
        }
        None => format!("its shares have no ticker now: write {by_cik} instead, or remove the rule"),
    };
    Problem {
        place: rule.place.clone(),
        level: Level::Warning,
        ..Problem::of_file(
            rule.file.clone(),
            format!("rule `{}`: {ticker} is a former ticker of {name} (CIK {cik})", rule.name),
        )
    }
    .help(help)
}

/// Suggests listed tickers for one that EDGAR does not list: its share classes, or the nearest spelling.
fn proposal(ticker: &str, listed: &Tickers) -> Option<String> {
    const MOST: usize = 5;
    let usual = usual_spelling(ticker);
    let base = usual.split('-').next().unwrap_or_default();
    let mut classes = listed.classes(base);
    classes.truncate(MOST);
    if !classes.is_empty() {
        return Some(classes.join(" or "));
    }
    if base != usual && listed.has(base) {
        return listed.spelling(base).map(str::to_owned);
    }
    let all = listed.iter().flat_map(|(_, own)| own.iter().map(String::as_str));
    nearest(&usual, all).map(str::to_owned)
}

fn gather<'g>(group: &'g Group, tickers: &mut BTreeSet<&'g str>) {
    tickers.extend(group.tickers.iter().map(String::as_str));
    group.nested().for_each(|nested| gather(nested, tickers));
}
