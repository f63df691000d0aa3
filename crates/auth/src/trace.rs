//! The steps of a decision, for whoever asks why a token is accepted or refused.

/// The steps of one decision, if somebody wants them. What they say of a token is for the operator:
/// they quote its claims, and never the token.
#[derive(Debug, Default)]
pub(crate) struct Trace(Option<Vec<String>>);

impl Trace {
    /// Keeps nothing: the way of every request.
    pub(crate) fn silent() -> Self {
        Self(None)
    }

    /// Keeps every step.
    pub(crate) fn recording() -> Self {
        Self(Some(Vec::new()))
    }

    /// A check that the token passed.
    pub(crate) fn passed(&mut self, step: impl FnOnce() -> String) {
        if let Some(steps) = &mut self.0 {
            steps.push(step());
        }
    }

    pub(crate) fn into_steps(self) -> Vec<String> {
        self.0.unwrap_or_default()
    }
}
