//! An answer that is not as it should be, in a sentence that says what to do.

use super::answer::{Answer, shown};

/// The media type of SCIM (RFC 7644 §3.1).
const SCIM: &str = "application/scim+json";

/// What is wrong with an answer by its head; nothing if it has one of the expected statuses.
pub(super) fn judge(answer: &Answer, expected: &[u16]) -> Option<String> {
    let status = answer.status;
    if answer.is_web_page() {
        return Some(format!(
            "A web page came with status {status}, and no SCIM: something before the server (a \
             proxy, a firewall, a login page) answers in its place. Have it pass this path on, \
             with the header Authorization, and without asking for a User-Agent."
        ));
    }
    if !expected.contains(&status) {
        return Some(unexpected(answer, expected));
    }
    if status == 204 {
        return None;
    }
    if answer.json().is_none() {
        return Some("The answer is no JSON, or longer than 1 MiB: is this a SCIM server?".into());
    }
    match answer.media_type() {
        found if found == SCIM => None,
        found => Some(format!(
            "The answer has the Content-Type {}, and must have {SCIM}: does a proxy change it?",
            if found.is_empty() { "(none)".to_owned() } else { shown(&found) }
        )),
    }
}

/// What is wrong with the answer to a request without a token.
pub(super) fn judge_refusal(answer: &Answer) -> Option<String> {
    match answer.status {
        401 => None,
        200..=299 => Some(
            "The server lets in whoever finds this address, without a token: something before it \
             adds a credential of its own. Close it at once."
                .into(),
        ),
        _ => judge(answer, &[401]),
    }
}

fn unexpected(answer: &Answer, expected: &[u16]) -> String {
    let status = answer.status;
    let said = answer.detail();
    let quoted = said.as_ref().map(|it| format!(" The server says: {it}.")).unwrap_or_default();
    match status {
        300..=399 => format!(
            "The address leads on to {}, and identity providers do not follow: enter the address \
             that answers by itself.",
            shown(&answer.location)
        ),
        401 => unauthorized(answer, &quoted),
        403 => format!(
            "The token is known, and may not do this.{quoted} `provost token create` without \
             --rights makes one that may do all of SCIM."
        ),
        404 => not_found(said.as_deref(), &quoted),
        429 => format!(
            "Requests come more often than the limits allow (Retry-After: {}).{quoted} \
             ProvostSettings.limits has the limits; a proxy may have its own.",
            if answer.retry_after.is_empty() { "none".into() } else { shown(&answer.retry_after) }
        ),
        502 | 504 => format!(
            "A proxy answers {status}: it does not reach the server behind it. Is that one \
             running, and does the proxy send to the address that it listens on?"
        ),
        503 => unavailable(said.as_deref(), &quoted),
        500..=599 => {
            format!("The server failed.{quoted} Its log has the reason, at the id of the request.")
        }
        _ => {
            let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
            format!("{} was expected.{quoted}", expected.join(" or "))
        }
    }
}

fn unauthorized(answer: &Answer, quoted: &str) -> String {
    // RFC 6750 §3: a challenge without an error answers a request without a credential.
    let is_missing = answer.challenge.starts_with("Bearer") && !answer.challenge.contains("error=");
    match is_missing {
        true => format!(
            "No token arrived: something before the server takes the header Authorization away. \
             Have the proxy pass it on.{quoted}"
        ),
        false => format!(
            "The token is refused.{quoted} `provost token explain`, where the server runs, says \
             which check refuses it; `provost token list` shows which tokens there are, and \
             whether they have ended."
        ),
    }
}

fn not_found(said: Option<&str>, quoted: &str) -> String {
    match said {
        Some(detail) if detail.contains("DISABLED") => format!(
            "The SCIM subsystem is switched off.{quoted} Set BasicSettings.EnableSSO and \
             SCIMSettings.enableSCIM to true in platform-settings.json, and restart; `provost \
             check-config` shows both."
        ),
        Some(_) => format!(
            "Nothing is at this address.{quoted} The path of the SCIM base URL is \
             {} or /scim/v2, for a tenant /t/NAME/scim/v2.",
            crate::address::SCIM_PATH
        ),
        None => format!(
            "Nothing is at this address, and what says so is no SCIM server: is it the right \
             machine, and does the proxy pass {} on?",
            crate::address::SCIM_PATH
        ),
    }
}

fn unavailable(said: Option<&str>, quoted: &str) -> String {
    match said {
        Some(detail) if detail.contains("SCIM subsystem is") => format!(
            "The SCIM subsystem is not running.{quoted} Its service Start starts it, with a token \
             of `provost token create --admin`; with SCIMSettings.autoStart it starts with the \
             server."
        ),
        Some(detail) if detail.contains("keys") || detail.contains("authorization server") => {
            format!(
                "The token cannot be judged.{quoted} Let the server reach the place of the keys, \
                 or the authorization server, that the settings name; its log has the cause."
            )
        }
        Some(detail) if detail.contains("tenant is paused") => {
            format!("The tenant is paused.{quoted} `provost tenant resume` serves it again.")
        }
        _ => format!(
            "The server, or a proxy before it, cannot serve at the moment.{quoted} /health on the \
             server says how it is."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, content_type: &str, body: &str) -> Answer {
        let (content_type, body) = (content_type.to_owned(), body.as_bytes().to_vec());
        Answer { status, content_type, body, ..Answer::default() }
    }

    #[track_caller]
    fn check(answer: Answer, sentence: Option<&str>) {
        let found = judge(&answer, &[200, 204]);
        match (&found, sentence) {
            (Some(found), Some(sentence)) => assert!(found.contains(sentence), "{found}"),
            (found, sentence) => assert_eq!(found.as_deref(), sentence),
        }
    }

    #[test]
    fn answers_as_they_should_be_are_well() {
        check(answer(200, "application/scim+json", "{}"), None);
        check(answer(200, "Application/SCIM+json; charset=utf-8", "{}"), None);
        check(answer(204, "", ""), None);
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_do() {
        let error = |status, detail: &str| {
            answer(status, SCIM, &serde_json::json!({"detail": detail}).to_string())
        };
        check(answer(200, "text/html", "Log in"), Some("A web page came with status 200"));
        check(answer(403, "", " <html>"), Some("A web page came with status 403"));
        check(answer(200, SCIM, "oops"), Some("no JSON"));
        check(answer(200, "application/json", "{}"), Some("Content-Type application/json"));
        check(answer(200, "", "{}"), Some("Content-Type (none)"));
        check(error(401, "no"), Some("The token is refused. The server says: no."));
        check(
            Answer { challenge: "Bearer realm=\"scim\"".into(), ..error(401, "no") },
            Some("takes the header Authorization away"),
        );
        check(error(403, "the token has the rights read"), Some("says: the token has the rights"));
        check(error(404, "SCIM is DISABLED on this server"), Some("subsystem is switched off"));
        check(error(404, "no such endpoint"), Some("/t/NAME/scim/v2"));
        check(answer(404, "text/plain", "no"), Some("what says so is no SCIM server"));
        check(
            Answer { retry_after: "7".into(), ..error(429, "slowly") },
            Some("(Retry-After: 7). The server says: slowly."),
        );
        check(answer(502, "", ""), Some("A proxy answers 502"));
        check(error(503, "the SCIM subsystem is STOPPED"), Some("Its service Start starts it"));
        check(error(503, "the keys that tokens"), Some("reach the place of the keys"));
        check(error(503, "the tenant is paused"), Some("provost tenant resume"));
        check(answer(503, "", ""), Some("/health on the server"));
        check(error(500, "request 1"), Some("Its log has the reason"));
        check(
            Answer { location: "https://b.example/".into(), ..answer(308, "", "") },
            Some("leads on to https://b.example/, and identity providers do not follow"),
        );
        check(error(400, "a\u{1b}b"), Some("200 or 204 was expected. The server says: a\u{fffd}b"));
    }
}
