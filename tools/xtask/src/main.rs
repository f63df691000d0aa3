//! The project's own chores: `cargo xtask test`, `tidy`, `bench`.
#![allow(clippy::print_stdout, reason = "a chore speaks on standard output")]

mod bench;
mod root;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::{Context as _, bail};

const USAGE: &str = "cargo xtask test    format, lints, tidy, all tests
cargo xtask tidy    the rules of the house that no compiler knows
cargo xtask bench   the release binary beside a bare HTTP server; takes some minutes
                    --quick: fewer users and connections";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["test"] => test::run(),
        ["tidy"] => tidy::run(),
        ["bench"] => measure(&bench::Plan::default()),
        ["bench", "--quick"] => measure(&bench::Plan::quick()),
        ["bench-bare"] => runtime()?.block_on(bench::serve_bare()),
        _ => bail!("{USAGE}"),
    }
}

fn measure(plan: &bench::Plan) -> anyhow::Result<()> {
    test::cargo(&["build", "--release", "--package", "provost-cli"])?;
    let binary = root::folder().join("target/release/provost");
    let table = runtime()?.block_on(bench::run(&binary, plan))?;
    println!("{table}");
    Ok(())
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.context("starting the runtime")
}
