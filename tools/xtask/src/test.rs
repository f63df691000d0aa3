//! `cargo xtask test`: format, lints, tidy, all tests; stops at the first that fails.

use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::{root, tidy};

pub(crate) fn run() -> anyhow::Result<()> {
    step("format");
    cargo(&["fmt", "--all", "--check"])?;
    step("lints");
    cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])?;
    step("tidy");
    tidy::run()?;
    if !has_nextest() {
        step("tests");
        return cargo(&["test", "--workspace"]);
    }
    step("examples in the documentation");
    cargo(&["test", "--workspace", "--doc", "--quiet"])?;
    step("tests");
    cargo(&["nextest", "run", "--workspace", "--no-fail-fast"])
}

/// Runs cargo in the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new("cargo");
    let status = command.args(arguments).current_dir(root::folder()).status();
    match status.context("cargo is on the path")?.success() {
        true => Ok(()),
        false => bail!("cargo {} failed", arguments.join(" ")),
    }
}

fn has_nextest() -> bool {
    let mut command = Command::new("cargo");
    command.args(["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn step(name: &str) {
    println!("== {name}");
}
