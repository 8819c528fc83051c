//! `sellbell check`: settings and rules, every mistake at once.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use super::{setup, tell};
use crate::destination::Destination;
use crate::rules;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Settings file [default: config/sellbell.toml, where it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Rule folders or files to check [default: the one that the settings name]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut failed = false;
    let settings = match setup::settings(args.config.as_deref()) {
        Ok(settings) => settings,
        Err(error) => {
            // The rules are checked all the same, but for the destinations, which are not known then.
            failed = true;
            tell(&mut io::stderr(), &format!("{error:#}\n"));
            setup::without_file()?
        }
    };
    let known = |destination: &Destination| failed || settings.knows(destination);
    let folders = if args.paths.is_empty() { vec![settings.rules_dir.clone()] } else { args.paths.clone() };
    let mut wrong = failed;
    for folder in folders {
        if failed && args.paths.is_empty() && !folder.is_dir() {
            tell(&mut io::stderr(), "the rules were not checked: which folder they are in is not known\n");
            continue;
        }
        match rules::load_path(&folder, &known, &settings.destinations()) {
            Ok(rules) => {
                let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
                let count = names.len();
                let rules = if count == 1 { "rule" } else { "rules" };
                let said = format!("{}: {count} {rules}: {}\n", folder.display(), names.join(", "));
                tell(&mut io::stdout(), &said);
            }
            Err(error) => {
                wrong = true;
                tell(&mut io::stderr(), &format!("{error:#}\n"));
            }
        }
    }
    Ok(if wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
