//! Percent-encoding (RFC 3986 §2) of what a transcript writes raw: spaces, quotes, brackets.

const UNRESERVED: &str = "-._~";
/// What a raw path means as it stands: delimiters, `+`, and octets that are encoded already.
const KEPT_IN_PATH: &str = "-._~/?:@!$&'()*+,;=%";

/// Encodes a path with its query; `%XX` and `+` stay.
pub fn encode_path(path: &str) -> String {
    encode(path, KEPT_IN_PATH)
}

/// Encodes a value that becomes part of a path, so that none of its characters delimits anything.
pub fn encode_component(value: &str) -> String {
    encode(value, UNRESERVED)
}

fn encode(text: &str, kept: &str) -> String {
    let encoded = text.bytes().map(|byte| {
        let stays = byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte);
        if stays { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    });
    encoded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: &str) {
        assert_eq!(encode_path(path), expected);
        assert_eq!(encode_path(expected), expected, "encoding twice changes nothing");
    }

    #[test]
    fn spaces_quotes_and_brackets_are_encoded() {
        check("/Users?filter=userName eq \"a\"", "/Users?filter=userName%20eq%20%22a%22");
        check(
            "/Users?filter=emails[type eq \"w\"]",
            "/Users?filter=emails%5Btype%20eq%20%22w%22%5D",
        );
    }

    #[test]
    fn encoded_octets_and_plus_stay() {
        check("/Users?filter=userName+eq+%22a%40b%22", "/Users?filter=userName+eq+%22a%40b%22");
    }

    #[test]
    fn urn_and_delimiters_stay() {
        check("/Schemas/urn:a:2.0:User?x=1&y=(2)", "/Schemas/urn:a:2.0:User?x=1&y=(2)");
    }

    #[test]
    fn other_letters_are_encoded_as_utf8() {
        check(
            "/Groups?filter=displayName eq \"é#\"",
            "/Groups?filter=displayName%20eq%20%22%C3%A9%23%22",
        );
    }

    #[test]
    fn component_keeps_no_delimiter() {
        assert_eq!(
            encode_component("a b/c?d&e=f+g%h'-._~"),
            "a%20b%2Fc%3Fd%26e%3Df%2Bg%25h%27-._~"
        );
    }
}
