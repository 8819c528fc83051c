//! `sellbell schema`: prints the JSON Schema of files that users write, for their editors.

use std::io;
use std::process::ExitCode;

use super::output::print;
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
    print(&mut io::stdout(), &format!("{schema:#}\n"));
    Ok(ExitCode::SUCCESS)
}
