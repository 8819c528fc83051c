//! The `sellbell` program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    sellbell::cli::main()
}
