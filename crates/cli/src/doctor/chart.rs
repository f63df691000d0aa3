//! What `doctor` says: a line for each request, and the outcome.

use std::fmt::Display;
use std::process::ExitCode;
use std::time::Duration;

use super::probe::Trouble;
use crate::failure::Failure;
use crate::output;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Chart {
    requests: usize,
    wrong: usize,
    is_reached: bool,
    is_unreachable: bool,
    is_interrupted: bool,
    /// Nobody reads any more; what is begun is finished all the same.
    broken: Option<Failure>,
}

/// An answer that takes longer is worth a remark.
const SLOW: Duration = Duration::from_secs(2);

impl Chart {
    /// A request that was answered; `trouble` if not as it should be.
    pub(super) fn answered(
        &mut self,
        what: &str,
        status: u16,
        took: Duration,
        trouble: Option<&Trouble>,
    ) {
        self.is_reached = true;
        match (trouble, slow(took)) {
            (Some(trouble), _) => {
                self.line(status, "WRONG", took, what);
                self.trouble(trouble);
            }
            (None, Some(remark)) => {
                self.line(status, "slow", took, what);
                self.remark(remark);
            }
            (None, None) => self.line(status, "ok", took, what),
        }
    }

    /// A request without an answer.
    pub(super) fn unanswered(&mut self, what: &str, took: Duration, trouble: &Trouble) {
        match trouble {
            Trouble::Unreachable(_) => self.is_unreachable = true,
            Trouble::Wrong(_) => self.is_reached = true,
        }
        self.line("---", "WRONG", took, what);
        self.trouble(trouble);
    }

    fn line(&mut self, status: impl Display, word: &str, took: Duration, what: &str) {
        self.requests += 1;
        let took = took.as_millis();
        self.say(format_args!("{status}  {word:<5}  {took:>5} ms  {what}\n"));
    }

    fn trouble(&mut self, trouble: &Trouble) {
        self.wrong += 1;
        self.remark(trouble);
    }

    /// A sentence below a line.
    pub(super) fn remark(&mut self, text: impl Display) {
        self.say(format_args!("            {text}\n"));
    }

    pub(super) fn interrupted(&mut self) {
        if !self.is_interrupted {
            self.is_interrupted = true;
            self.say("Interrupted.\n");
        }
    }

    /// Whether nobody reads what is said.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    fn say(&mut self, text: impl Display) {
        if self.broken.is_none() {
            self.broken = output::print(text).err();
        }
    }

    /// The last line, and the exit code: 0 well, 1 wrong, 3 not reached at all.
    pub(super) fn end(mut self) -> Result<ExitCode, Failure> {
        let Self { requests, wrong, .. } = self;
        let code = match (wrong, self.is_interrupted) {
            (0, false) => {
                self.say(format_args!("\nAll well: {requests} requests.\n"));
                0
            }
            (0, true) => {
                self.say(format_args!(
                    "\nNot finished: {requests} requests, none of them wrong.\n"
                ));
                1
            }
            (_, _) => {
                self.say(format_args!("\nNot well: {wrong} of {requests} requests went wrong.\n"));
                if self.is_unreachable && !self.is_reached { 3 } else { 1 }
            }
        };
        match self.broken {
            Some(failure) => Err(failure),
            None => Ok(ExitCode::from(code)),
        }
    }
}

/// What is to be said of an answer that is well and took this long.
fn slow(took: Duration) -> Option<&'static str> {
    (took > SLOW).then_some(
        "It works, and takes long: identity providers send thousands of requests, and wait for each \
         as long. Look at the disk and the processors of the server, and at the way to it.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_slow_beyond_two_seconds() {
        assert_eq!(slow(Duration::from_millis(2_000)), None);
        assert!(slow(Duration::from_millis(2_001)).is_some_and(|it| it.contains("takes long")));
    }
}
