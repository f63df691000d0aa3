//! From the bytes of a body to its one JSON document, and to the room that it takes then.

use provost_scim::error::{Error as Refusal, ErrorKind};
use provost_scim::json;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::{Body, Room};
use crate::error::Error;
use crate::limit::Limits;

/// Larger documents are read on a thread of their own, so that other requests are not held up.
const INLINE_BYTES_MAX: usize = 256 * 1024;

/// Who reads a large document. What it takes is known when it is read: so many take more, for a moment,
/// than the room that they have.
static READERS: Semaphore = Semaphore::const_new(4);

/// What a document is, as it was read.
struct Read {
    value: Value,
    longest_array: usize,
    bytes: usize,
}

/// Reads the one JSON document of a body; gives also the room that it takes in memory.
pub(crate) async fn document(body: Body, limits: &Limits) -> Result<(Value, Room), Error> {
    let Body { bytes, mut room } = body;
    let read = match bytes.len() {
        0 => return Err(Refusal::invalid_syntax("the request has no body").into()),
        1..=INLINE_BYTES_MAX => Read::of(&bytes, &limits.json)?,
        _ => {
            let _reader = READERS.acquire().await.expect("nobody closes it");
            let bounds = limits.json;
            let read = tokio::task::spawn_blocking(move || Read::of(&bytes, &bounds)).await;
            // A panic there is one of this request.
            read.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))?
        }
    };
    if read.longest_array > limits.request_members {
        let detail = format!("an array has more than {} elements", limits.request_members);
        return Err(Refusal::new(ErrorKind::TooLarge, detail).into());
    }
    room.take_or_all(read.bytes)?;
    Ok((read.value, room))
}

impl Read {
    fn of(bytes: &[u8], bounds: &json::Limits) -> Result<Self, Refusal> {
        let mut read = Self { value: json::parse(bytes, bounds)?, longest_array: 0, bytes: 0 };
        (read.longest_array, read.bytes) = measure(&read.value);
        Ok(read)
    }
}

/// The length of the longest array, and some bytes more than a value takes. The depth is bounded by the
/// bounds of JSON.
fn measure(value: &Value) -> (usize, usize) {
    const MEMBER: usize = size_of::<(String, Value)>() + 3 * size_of::<usize>();
    let both = |(longest, bytes): (usize, usize), (inner, more): (usize, usize)| {
        (longest.max(inner), bytes + more)
    };
    match value {
        Value::Array(elements) => {
            let start = (elements.len(), elements.len() * size_of::<Value>());
            elements.iter().map(measure).fold(start, both)
        }
        Value::Object(members) => {
            let start =
                (0, members.len() * MEMBER + members.keys().map(String::len).sum::<usize>());
            members.values().map(measure).fold(start, both)
        }
        Value::String(text) => (0, text.len()),
        Value::Null | Value::Bool(_) | Value::Number(_) => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_longest_array_counts_wherever_it_is() {
        let (longest, bytes) = measure(&json!({"a": [1, [1, 2, 3]], "b": {"c": [[], [], [], []]}}));
        assert_eq!(longest, 4);
        assert!(bytes > 9 * size_of::<Value>(), "{bytes}");
    }
}
