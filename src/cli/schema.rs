//! `sellbell schema`: the JSON Schema of the files that people write, for their editors.

use std::io;
use std::process::ExitCode;

use super::output::tell;
use crate::rules;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which file the schema is for
    #[arg(value_enum)]
    of: Of,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Of {
    /// Rule files
    Rules,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let schema = match args.of {
        Of::Rules => rules::schema(),
    };
    tell(&mut io::stdout(), &format!("{schema:#}\n"));
    Ok(ExitCode::SUCCESS)
}
