//! The ear: bytes within the bounds, then JSON within the bounds.

mod document;
mod room;

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Frame, Incoming};
use provost_scim::error::{Error as Refusal, ErrorKind, quote};
use provost_scim::value::Mode;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout, timeout_at};

use crate::error::Error;
use crate::limit::Limits;

pub(crate) use document::document;
pub(crate) use room::{Bodies, Room};

/// How long the second look for a late body takes.
const SECOND_LOOK: Duration = Duration::from_millis(10);

/// The room that an announced body is given before it comes.
const EXPECTED_BYTES_MAX: usize = 1024;

/// A body that was read, and the room that it takes.
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    pub(crate) room: Room,
}

impl Body {
    /// Bytes that are here already, as a body of at most so many.
    pub(crate) fn within(bytes: Vec<u8>, bodies: &Bodies, bytes_max: usize) -> Result<Self, Error> {
        if bytes.len() > bytes_max {
            return Err(too_large(bytes_max).into());
        }
        let room = bodies.room_for(bytes.len())?;
        Ok(Self { bytes, room })
    }
}

/// Refuses a body of a kind that is not read, before it is read (RFC 7644 §3.1).
pub(crate) fn check_kind(headers: &HeaderMap, body: &Incoming, mode: Mode) -> Result<(), Refusal> {
    let unsupported = |detail: String| Refusal::new(ErrorKind::UnsupportedMediaType, detail);
    if body.is_end_stream() {
        return Ok(());
    }
    // A coding that makes bodies larger than what was sent is a bomb that need not exist.
    for value in headers.get_all(CONTENT_ENCODING) {
        if !value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity") {
            let coding = quote(&String::from_utf8_lossy(value.as_bytes()));
            return Err(unsupported(format!("Content-Encoding {coding} is not read; send none")));
        }
    }
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return match mode {
            Mode::Lenient => Ok(()),
            Mode::Strict => Err(unsupported(format!("there is no Content-Type; {READ}"))),
        };
    };
    let text = String::from_utf8_lossy(value.as_bytes());
    match is_json(&text) {
        true => Ok(()),
        false => Err(unsupported(format!("Content-Type {} is not read; {READ}", quote(&text)))),
    }
}

const READ: &str = "application/scim+json and application/json are, in UTF-8";

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let is_utf8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        Some(_) | None => true,
    };
    ["application/scim+json", "application/json"].iter().any(|it| it.eq_ignore_ascii_case(name))
        && parts.all(is_utf8)
}

/// Whether a body is a form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let name = kind.split(';').next().unwrap_or_default().trim();
    name.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Reads a body to its end.
///
/// # Errors
/// 413 if it is too large, 408 if it is too slow, 400 if the client breaks off.
pub(crate) async fn read(body: Incoming, limits: &Limits, bodies: &Bodies) -> Result<Body, Error> {
    read_at_most(body, limits, bodies, limits.body_bytes).await
}

/// The same, of at most so many bytes.
pub(crate) async fn read_at_most(
    mut body: Incoming,
    limits: &Limits,
    bodies: &Bodies,
    bytes_max: usize,
) -> Result<Body, Error> {
    let announced = body.size_hint().lower();
    if announced > bytes_max as u64 {
        return Err(too_large(bytes_max).into());
    }
    let begun = Instant::now();
    let mut room = bodies.room();
    // What is announced need not come.
    let expected = usize::try_from(announced).unwrap_or_default().min(EXPECTED_BYTES_MAX);
    let mut bytes = Vec::with_capacity(expected);
    let most = body.size_hint().upper().and_then(|it| usize::try_from(it).ok());
    let most = most.unwrap_or(bytes_max).min(bytes_max);
    loop {
        let until = begun + time_left(bytes.len(), limits);
        let frame = match in_time(until, &mut body).await {
            Ok(None) => return Ok(Body { bytes, room }),
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(_))) => return Err(Refusal::invalid_syntax("the body breaks off").into()),
            Err(_) => {
                let detail = format!("the body came too slowly: {} bytes in time", bytes.len());
                return Err(Refusal::new(ErrorKind::RequestTimeout, detail).into());
            }
        };
        let Some(data) = frame.data_ref() else { continue };
        if bytes.len() + data.len() > bytes_max {
            return Err(too_large(bytes_max).into());
        }
        room.take(bytes.len() + data.len())?;
        grow(&mut bytes, data.len(), most);
        bytes.extend_from_slice(data);
    }
}

/// Makes space for more bytes: twice what there was, but never more than may come.
fn grow(bytes: &mut Vec<u8>, more: usize, most: usize) {
    let needed = bytes.len() + more;
    if bytes.capacity() < needed {
        let capacity = (2 * bytes.capacity()).min(most).max(needed);
        bytes.reserve_exact(capacity - bytes.len());
    }
}

/// The next frame, if it comes in time. A machine that stood still wakes with the clock and the data
/// at once: what has come meanwhile is looked for once more.
async fn in_time(
    until: Instant,
    body: &mut Incoming,
) -> Result<Option<Result<Frame<Bytes>, hyper::Error>>, Elapsed> {
    match timeout_at(until, body.frame()).await {
        Err(_) => timeout(SECOND_LOOK, body.frame()).await,
        in_time => in_time,
    }
}

/// The time, from the beginning, at which a body of so many bytes is too slow.
fn time_left(bytes: usize, limits: &Limits) -> Duration {
    let earned = Duration::from_secs_f64(bytes as f64 / f64::from(limits.body_rate_bytes));
    limits.body_time.min(limits.body_grace + earned)
}

fn too_large(bytes_max: usize) -> Refusal {
    let detail = format!("the body has more than {bytes_max} bytes");
    Refusal::new(ErrorKind::TooLarge, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_with_any_parameters_but_another_charset() {
        for (content_type, expected) in [
            ("application/scim+json", true),
            ("application/json", true),
            ("Application/JSON; charset=UTF-8", true),
            ("application/scim+json;charset=\"utf-8\"; version=2", true),
            ("application/json; charset=latin1", false),
            ("application/json5", false),
            ("text/json", false),
            ("", false),
        ] {
            assert_eq!(is_json(content_type), expected, "{content_type}");
        }
    }
}
