//! The longest files and functions, to look at; length alone is no fault.

use super::Source;

/// How many of each are listed.
const LISTED: usize = 10;

/// Prints the longest files and functions.
pub(super) fn list(files: &[Source]) {
    let lengths = files.iter().map(|file| (file.text.lines().count(), file.path.clone()));
    print("the longest files", lengths.collect());
    print("the longest functions", files.iter().flat_map(functions).collect());
}

fn print(title: &str, mut lengths: Vec<(usize, String)>) {
    lengths.sort_unstable_by(|left, right| right.cmp(left));
    println!("{title}, in lines:");
    for (lines, name) in lengths.into_iter().take(LISTED) {
        println!("{lines:6} {name}");
    }
}

/// The functions of a formatted file: each ends with the first brace that is indented as it is.
fn functions(Source { path, text }: &Source) -> Vec<(usize, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let length = |(start, line): (usize, &&str)| {
        let name = function_name(line)?;
        let indent = line.len() - line.trim_start().len();
        let end = format!("{}}}", " ".repeat(indent));
        let length = lines[start..].iter().position(|line| **line == end)? + 1;
        Some((length, format!("{path}:{} {name}", start + 1)))
    };
    lines.iter().enumerate().filter_map(length).collect()
}

fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let mut words = before.split_whitespace();
    let is_head = words
        .all(|word| word.starts_with("pub") || ["const", "async", "in", "super)"].contains(&word));
    let name = after.split(['(', '<']).next()?;
    (is_head && !line.ends_with([';', '}'])).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_as_long_as_they_are() {
        let text = "\
//! What.
pub(crate) async fn outer<T>(it: T) {
    let x = |fn_like| {
        1
    };
}

impl X {
    const fn inner(
        &self,
    ) -> u8 {
        2
    }
    fn short() {}
    fn declared(&self);
}
";
        let source = Source { path: "a.rs".to_owned(), text: text.to_owned() };
        let found = functions(&source);
        assert_eq!(found, [(5, "a.rs:2 outer".to_owned()), (5, "a.rs:9 inner".to_owned())]);
    }
}
