//! A date and time, as text and as microseconds (RFC 7643 §2.3.5).

use jiff::Timestamp;
use jiff::civil::DateTime;

/// A date and time: the text as it was sent, and the microseconds since 1970 that it means.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Time {
    /// The text, as it was sent.
    pub text: Box<str>,
    /// Microseconds since 1970-01-01T00:00:00Z; finer digits are cut.
    pub micros: i64,
}

impl Time {
    /// Reads an `xsd:dateTime` with its date and its time: `2008-01-23T04:56:22Z`, with an offset,
    /// with any number of fraction digits, from the year 0001. Without an offset it is UTC.
    pub fn parse(text: &str) -> Option<Self> {
        // The calendar reads more forms of ISO 8601, and annotations in brackets.
        let [_, _, _, _, b'-', _, _, b'-', _, _, b'T' | b't', _, _, b':', _, _, b':', _, _, ..] =
            text.as_bytes()
        else {
            return None;
        };
        if text.len() > 64 || text.contains(['[', ',']) {
            return None;
        }
        let short = cut_fraction(text);
        let nanos = match short.parse::<Timestamp>() {
            Ok(timestamp) => timestamp.as_nanosecond(),
            Err(_) => nanos_of_civil(&short)?,
        };
        Some(Self { text: text.into(), micros: nanos.div_euclid(1000) as i64 })
    }

    /// The time of a number of microseconds since 1970, in UTC with six fraction digits.
    pub fn from_micros(micros: i64) -> Self {
        Self { text: format_micros(micros).into(), micros }
    }
}

/// Prints microseconds since 1970 as `2008-01-23T04:56:22.000000Z`.
pub fn format_micros(micros: i64) -> String {
    let timestamp = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{timestamp:.6}")
}

/// A time without an offset, or one at the end of the year 9999: some clients' name for "for ever",
/// which is a little more than a timestamp of the calendar holds.
fn nanos_of_civil(text: &str) -> Option<i128> {
    let civil = match text.strip_suffix(['Z', 'z']) {
        Some(civil) if civil.starts_with("9999-") => civil,
        Some(_) => return None,
        None => text,
    };
    let epoch = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
    Some(civil.parse::<DateTime>().ok()?.duration_since(epoch).as_nanos())
}

/// Cuts a fraction after nine digits, which is what the calendar can hold.
fn cut_fraction(text: &str) -> String {
    let Some((head, tail)) = text.split_once('.') else { return text.to_owned() };
    let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
    let (fraction, rest) = tail.split_at(digits);
    let kept: String = fraction.chars().take(9).collect();
    format!("{head}.{kept}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<i64>) {
        assert_eq!(Time::parse(text).map(|time| time.micros), expected, "{text}");
    }

    #[test]
    fn forms_that_clients_send_are_read() {
        check("1970-01-01T00:00:01Z", Some(1_000_000));
        check("1970-01-01T00:00:00.0000019Z", Some(1));
        check("1970-01-01T01:00:00+01:00", Some(0));
        check("1970-01-01T00:00:00", Some(0));
        check("0001-01-03T00:00:00.0000000Z", Some(-62_135_424_000_000_000));
        check("2015-10-10T14:38:21.8617979-07:00", Some(1_444_513_101_861_797));
        check("1970-01-01T00:00:00.1234567890123Z", Some(123_456));
        check("1969-12-31T23:59:59.9999999Z", Some(-1));
        check("9999-12-30T22:00:00Z", Some(253_402_207_200_000_000));
        check("9999-12-31T23:59:59.9999999Z", Some(253_402_300_799_999_999));
        check("9999-12-31T23:59:59", Some(253_402_300_799_000_000));
    }

    #[test]
    fn what_is_no_date_with_time_is_refused() {
        for text in [
            "",
            "2015-10-10",
            "14:38:21Z",
            "now",
            "2015-13-10T14:38:21Z",
            "2015-10-10 14:38",
            "2015-10-10 14:38:21Z",
            "2015-10-10T14:38Z",
            "20151010T143821Z",
            "2015-10-10T14:38:21Z[UTC]",
            "2015-10-10T14:38:21,5Z",
            "2015-10-10T14:38:21é",
            "9999-12-32T23:59:59Z",
            "9999-12-31T23:59:59ZZ",
            "2015-10-10T14:38:21ZZ",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn microseconds_print_with_six_digits_and_read_back() {
        assert_eq!(format_micros(1_444_513_101_000_000), "2015-10-10T21:38:21.000000Z");
        for micros in [0, 1, -1, 1_764_000_000_123_456] {
            check(&format_micros(micros), Some(micros));
        }
    }
}
