//! `cargo xtask tidy`: the rules of the house that no compiler knows.

mod arrow;
mod length;
mod text;

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::root;

/// A Rust file of the workspace.
struct Source {
    /// Its path below the workspace.
    path: String,
    text: String,
}

/// Folders of data that tests play; a clean clone has them.
const TEST_DATA: [&str; 2] = ["testdata/transcripts", "testdata/jwt"];

pub(crate) fn run() -> anyhow::Result<()> {
    let files = sources()?;
    let mut faults = arrow::check()?;
    faults.extend(files.iter().flat_map(text::check));
    faults.extend(TEST_DATA.iter().filter_map(|folder| missing(folder)));
    length::list(&files);
    if faults.is_empty() {
        println!("{} files are tidy", files.len());
        return Ok(());
    }
    bail!("{}", faults.join("\n"))
}

/// Every Rust file of the workspace, in the order of their paths.
fn sources() -> anyhow::Result<Vec<Source>> {
    let root = root::folder();
    let mut open: Vec<PathBuf> = vec![root.join("crates"), root.join("tools")];
    let mut paths = BTreeSet::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                paths.insert(path);
            }
        }
    }
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let below = path.strip_prefix(&root).unwrap_or(&path);
        Ok(Source { path: below.display().to_string(), text })
    };
    paths.into_iter().map(read).collect()
}

fn missing(folder: &str) -> Option<String> {
    let files = std::fs::read_dir(root::folder().join(folder)).into_iter().flatten();
    (files.count() == 0).then(|| format!("{folder}: its files are missing; tests play them"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_tidy() {
        run().unwrap();
    }

    #[test]
    fn a_folder_of_test_data_that_is_not_there_is_a_fault() {
        assert!(missing("testdata/nowhere").is_some());
    }
}
