//! How a command fails: a sentence for the operator, and an exit code.

use std::error::Error;
use std::process::ExitCode;

use provost_platform::setting::Report;

/// Why a command did not do what it is for.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The settings are wrong; the report says where.
    Settings(String),
    /// Something that the command needs is not to be had.
    Unable(String),
    /// What was tried did not go as it should.
    Wrong(String),
}

impl Failure {
    /// Turns a cause into a failure to do something.
    pub(crate) fn unable<E: Error>(what: &str) -> impl FnOnce(E) -> Self {
        move |cause| Self::Unable(format!("cannot {what}: {}", chain(&cause)))
    }

    /// The errors of a report on the settings, and how to see all of it.
    pub(crate) fn settings(report: &Report) -> Self {
        let errors = report.errors.iter().map(|it| format!("error: {it}"));
        let hint = "provost check-config, with the same flags, shows every setting".to_owned();
        Self::Settings(errors.chain([hint]).collect::<Vec<_>>().join("\n"))
    }

    /// Says why on standard error: 1 for settings and what went wrong, 3 for what is not to be had.
    #[expect(clippy::print_stderr, reason = "a command speaks to whoever started it")]
    pub(crate) fn report(self) -> ExitCode {
        let (text, code) = match self {
            Self::Settings(text) => (text, 1),
            Self::Wrong(text) => (format!("error: {text}"), 1),
            Self::Unable(text) => (format!("error: {text}"), 3),
        };
        eprintln!("{text}");
        ExitCode::from(code)
    }
}

/// An error and its causes in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text += &format!(": {inner}");
        cause = inner.source();
    }
    text
}
