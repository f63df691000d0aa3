//! Numbers in a range.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::{Fault, Kind};
use crate::setting::document::Value;

/// A whole number in a range, with what it counts.
pub(crate) struct Count(pub(crate) RangeInclusive<usize>, pub(crate) &'static str);

impl Kind for Count {
    type Value = usize;

    fn legal(&self) -> String {
        format!("a whole number of {} from {} to {}", self.1, self.0.start(), self.0.end())
    }

    fn parse(&self, value: &Value) -> Result<usize, Fault> {
        let Value::Number(digits) = value else { return Err(Fault::NotLegal) };
        let number = digits.parse().map_err(|_| Fault::NotLegal)?;
        if self.0.contains(&number) { Ok(number) } else { Err(Fault::NotLegal) }
    }

    fn show(&self, value: &usize) -> String {
        value.to_string()
    }
}

/// A time in whole seconds.
pub(crate) struct Seconds(pub(crate) RangeInclusive<usize>);

impl Kind for Seconds {
    type Value = Duration;

    fn legal(&self) -> String {
        Count(self.0.clone(), "seconds").legal()
    }

    fn parse(&self, value: &Value) -> Result<Duration, Fault> {
        let seconds = Count(self.0.clone(), "seconds").parse(value)?;
        Ok(Duration::from_secs(seconds as u64))
    }

    fn show(&self, value: &Duration) -> String {
        value.as_secs().to_string()
    }
}
