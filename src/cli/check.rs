//! `sellbell check`: settings and rules, every mistake at once.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use super::{setup, tell};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Settings file [default: config/sellbell.toml, where it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Rule folders to check [default: the one that the settings name]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let settings = setup::settings(args.config.as_deref())?;
    let folders = if args.paths.is_empty() { vec![settings.rules_dir.clone()] } else { args.paths.clone() };
    let mut failed = false;
    for folder in folders {
        match setup::rules(&settings, &folder) {
            Ok(rules) => {
                let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
                let count = names.len();
                tell(
                    &mut io::stdout(),
                    &format!("{}: {count} rules: {}\n", folder.display(), names.join(", ")),
                );
            }
            Err(error) => {
                failed = true;
                tell(&mut io::stderr(), &format!("{error:#}\n"));
            }
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
