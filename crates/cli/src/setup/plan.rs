//! Steps for a person, as text for a terminal.

use std::fmt;

/// Numbered steps.
pub(super) struct Plan {
    pub(super) title: String,
    pub(super) steps: Vec<Step>,
}

/// One step: what to do, with what, and what has to be mended before.
pub(super) struct Step {
    title: &'static str,
    lines: Vec<Line>,
}

enum Line {
    Do(String),
    Value(&'static str, String),
    /// Why a ThingWorx administrator's habit is not needed here, or what else is good to know.
    Note(String),
    Mend(String),
}

/// The widest line of text; values are never broken.
const COLUMNS: usize = 96;
const INDENT: usize = 4;
/// How wide the names of values are.
const NAME: usize = 26;

impl Step {
    pub(super) fn new(title: &'static str) -> Self {
        Self { title, lines: Vec::new() }
    }

    pub(super) fn act(&mut self, text: impl Into<String>) {
        self.lines.push(Line::Do(text.into()));
    }

    pub(super) fn value(&mut self, name: &'static str, value: impl Into<String>) {
        self.lines.push(Line::Value(name, value.into()));
    }

    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.lines.push(Line::Note(text.into()));
    }

    /// Something is missing or contradictory: the steps lead nowhere until it is mended.
    pub(super) fn mend(&mut self, text: impl Into<String>) {
        self.lines.push(Line::Mend(text.into()));
    }

    fn is_ready(&self) -> bool {
        !self.lines.iter().any(|it| matches!(it, Line::Mend(_)))
    }
}

impl Plan {
    /// Whether nothing has to be mended.
    pub(super) fn is_ready(&self) -> bool {
        self.steps.iter().all(Step::is_ready)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        for (step, number) in self.steps.iter().zip(1..) {
            writeln!(f, "\n{number:>2}. {}", step.title)?;
            for line in &step.lines {
                match line {
                    Line::Do(text) => wrapped(f, "- ", text)?,
                    Line::Note(text) => wrapped(f, "  ", &format!("Note: {text}."))?,
                    Line::Mend(text) => wrapped(f, "! ", text)?,
                    Line::Value(name, value) => {
                        writeln!(f, "{:INDENT$}  {:NAME$}{value}", "", format!("{name}:"))?;
                    }
                }
            }
        }
        let marks = step_numbers(&self.steps);
        if !marks.is_empty() {
            writeln!(f, "\nTo be mended first, at \"!\": step {}", marks.join(", "))?;
        }
        Ok(())
    }
}

fn step_numbers(steps: &[Step]) -> Vec<String> {
    let numbered = steps.iter().zip(1..);
    numbered.filter(|(step, _)| !step.is_ready()).map(|(_, it): (_, u8)| it.to_string()).collect()
}

/// A text in lines of its own; lines after the first begin below its first word.
fn wrapped(f: &mut fmt::Formatter<'_>, mark: &str, text: &str) -> fmt::Result {
    write!(f, "{:INDENT$}{mark}", "")?;
    let start = INDENT + mark.len();
    let mut column = start;
    for word in text.split(' ') {
        let width = word.chars().count();
        if column > start && column + 1 + width > COLUMNS {
            write!(f, "\n{:start$}", "")?;
            column = start;
        } else if column > start {
            write!(f, " ")?;
            column += 1;
        }
        write!(f, "{word}")?;
        column += width;
    }
    writeln!(f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words_and_values_are_not() {
        let mut step = Step::new("A step");
        step.act("word ".repeat(20).trim());
        step.value("URL", "x".repeat(120));
        step.mend("no");
        let plan = Plan { title: "Title".into(), steps: vec![Step::new("Well"), step] };
        let expected = format!(
            "Title\n\n 1. Well\n\n 2. A step\n    - {}\n      word word\n      URL:                      {}\n    ! no\n\nTo be mended first, at \"!\": step 2\n",
            "word ".repeat(18).trim(),
            "x".repeat(120)
        );
        assert_eq!(plan.to_string(), expected);
        assert!(!plan.is_ready());
    }
}
