//! What came of playing: a line a failing step, and the counts.

use std::fmt;

use super::format::Level;

/// What came of one transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was played to the end.
    Played {
        /// The file of the transcript.
        file: String,
        /// Its steps, in order.
        steps: Vec<StepOutcome>,
    },
    /// It was not played.
    Skipped {
        /// The file of the transcript.
        file: String,
        /// How many steps it has.
        steps: usize,
        /// The variables that it requires and nobody gave.
        missing: Vec<String>,
    },
}

/// What came of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepOutcome {
    /// Its place in the transcript, from 1.
    pub number: usize,
    /// Its title.
    pub title: String,
    /// How much a failure matters.
    pub level: Level,
    /// Whether it failed.
    pub verdict: Verdict,
    /// Everything that was wrong.
    pub problems: Vec<String>,
}

/// Whether a step failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was wrong.
    Passed,
    /// Something was wrong, at a level that does not count.
    Warned,
    /// Something was wrong.
    Failed,
}

/// What came of many transcripts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Each outcome, in the order of playing.
    pub outcomes: Vec<Outcome>,
}

impl Outcome {
    /// The file of the transcript.
    pub fn file(&self) -> &str {
        match self {
            Self::Played { file, .. } | Self::Skipped { file, .. } => file,
        }
    }

    /// The steps that were played.
    pub fn steps(&self) -> &[StepOutcome] {
        match self {
            Self::Played { steps, .. } => steps,
            Self::Skipped { .. } => &[],
        }
    }

    /// How many steps ended so.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.steps().iter().filter(|step| step.verdict == verdict).count()
    }
}

impl Report {
    /// How many steps ended so.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.outcomes.iter().map(|outcome| outcome.count(verdict)).sum()
    }

    /// The files that were skipped.
    pub fn skipped(&self) -> Vec<&str> {
        let skipped = self.outcomes.iter().filter(|o| matches!(o, Outcome::Skipped { .. }));
        skipped.map(Outcome::file).collect()
    }

    /// The files with a failed step.
    pub fn failed(&self) -> Vec<&str> {
        let failed = self.outcomes.iter().filter(|o| o.count(Verdict::Failed) > 0);
        failed.map(Outcome::file).collect()
    }
}

/// One line for each step that failed or warns, or for the skipping; nothing if all is well.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skipped { file, steps, missing } => {
                writeln!(f, "skip {file}: {steps} steps, requires {}", missing.join(", "))
            }
            Self::Played { file, steps } => steps
                .iter()
                .filter(|step| step.verdict != Verdict::Passed)
                .try_for_each(|step| writeln!(f, "{}", step.line(file))),
        }
    }
}

impl StepOutcome {
    const SHOWN_MAX: usize = 4;

    fn line(&self, file: &str) -> String {
        let Self { number, title, .. } = self;
        let word = if self.verdict == Verdict::Failed { "FAIL" } else { "warn" };
        let level = format!("{:?}", self.level).to_lowercase();
        let shown = &self.problems[..self.problems.len().min(Self::SHOWN_MAX)];
        let more = match self.problems.len().saturating_sub(Self::SHOWN_MAX) {
            0 => String::new(),
            more => format!(" (+{more} more)"),
        };
        format!("{word} {file} #{number} {title} [{level}]: {}{more}", shown.join("; "))
    }
}

/// The lines of all outcomes, then the counts.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.outcomes.iter().try_for_each(|outcome| outcome.fmt(f))?;
        let (failed, skipped) = (self.failed(), self.skipped());
        let clean = self.outcomes.len() - failed.len() - skipped.len();
        write!(f, "{clean} of {} transcripts clean", self.outcomes.len())?;
        if !failed.is_empty() {
            write!(f, "; with failures: {}", failed.join(", "))?;
        }
        if !skipped.is_empty() {
            write!(f, "; skipped: {}", skipped.join(", "))?;
        }
        let [passed, warned, failed] =
            [Verdict::Passed, Verdict::Warned, Verdict::Failed].map(|verdict| self.count(verdict));
        writeln!(f, "\n{passed} passed, {warned} warned, {failed} failed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(number: usize, level: Level, verdict: Verdict, problems: &[&str]) -> StepOutcome {
        let problems = problems.iter().copied().map(str::to_owned).collect();
        StepOutcome { number, title: format!("step {number}"), level, verdict, problems }
    }

    fn report() -> Report {
        let steps = vec![
            step(1, Level::Must, Verdict::Passed, &[]),
            step(2, Level::Must, Verdict::Failed, &["a", "b", "c", "d", "e", "f"]),
            step(3, Level::Compat, Verdict::Warned, &["g"]),
        ];
        let missing = vec!["client_id".to_owned(), "token_path".to_owned()];
        Report {
            outcomes: vec![
                Outcome::Played { file: "clean".to_owned(), steps: steps[..1].to_vec() },
                Outcome::Played { file: "broken".to_owned(), steps },
                Outcome::Skipped { file: "oauth".to_owned(), steps: 11, missing },
            ],
        }
    }

    #[test]
    fn report_names_what_failed_and_what_was_skipped() {
        let lines = "\
FAIL broken #2 step 2 [must]: a; b; c; d (+2 more)
warn broken #3 step 3 [compat]: g
skip oauth: 11 steps, requires client_id, token_path
1 of 3 transcripts clean; with failures: broken; skipped: oauth
2 passed, 1 warned, 1 failed
";
        assert_eq!(report().to_string(), lines);
    }

    #[test]
    fn clean_report_is_two_lines() {
        let report = Report { outcomes: report().outcomes[..1].to_vec() };
        assert_eq!(report.to_string(), "1 of 1 transcripts clean\n1 passed, 0 warned, 0 failed\n");
    }
}
