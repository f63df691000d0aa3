//! Sentences of the audit trail, by their keys and in the languages that there are.

use std::collections::BTreeSet;

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// German.
    German,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// The language of a tag (RFC 5646), by its first part; English for others.
    #[must_use]
    pub fn of(tag: &str) -> Self {
        match tag.split(['-', '_']).next().map(str::to_ascii_lowercase).as_deref() {
            Some("de") => Self::German,
            _ => Self::English,
        }
    }
}

/// A sentence with names for what differs: `{target}`, `{actor}`.
struct Sentence {
    category: &'static str,
    action: &'static str,
    english: &'static str,
    german: &'static str,
}

const fn sentence(
    category: &'static str,
    action: &'static str,
    english: &'static str,
    german: &'static str,
) -> Sentence {
    Sentence { category, action, english, german }
}

const SENTENCES: [Sentence; 27] = [
    sentence(
        "User",
        "created",
        "{actor} created the user {target}",
        "{actor} hat den Benutzer {target} angelegt",
    ),
    sentence(
        "User",
        "changed",
        "{actor} changed the user {target}",
        "{actor} hat den Benutzer {target} geändert",
    ),
    sentence(
        "User",
        "deleted",
        "{actor} deleted the user {target}",
        "{actor} hat den Benutzer {target} gelöscht",
    ),
    sentence(
        "User",
        "adopted",
        "{actor} took over the local user {target}",
        "{actor} hat den lokalen Benutzer {target} übernommen",
    ),
    sentence(
        "Group",
        "created",
        "{actor} created the group {target}",
        "{actor} hat die Gruppe {target} angelegt",
    ),
    sentence(
        "Group",
        "changed",
        "{actor} changed the group {target}",
        "{actor} hat die Gruppe {target} geändert",
    ),
    sentence(
        "Group",
        "deleted",
        "{actor} deleted the group {target}",
        "{actor} hat die Gruppe {target} gelöscht",
    ),
    sentence(
        "Group",
        "adopted",
        "{actor} took over the local group {target}",
        "{actor} hat die lokale Gruppe {target} übernommen",
    ),
    sentence(
        "Session",
        "revoked",
        "The sessions of {target} end, by {actor}",
        "Die Sitzungen von {target} enden, durch {actor}",
    ),
    sentence(
        "Configuration",
        "changed",
        "{actor} changed the table {target}",
        "{actor} hat die Tabelle {target} geändert",
    ),
    sentence("Subsystem", "started", "{actor} started {target}", "{actor} hat {target} gestartet"),
    sentence("Subsystem", "stopped", "{actor} stopped {target}", "{actor} hat {target} angehalten"),
    sentence(
        "Subsystem",
        "restarted",
        "{actor} restarted {target}",
        "{actor} hat {target} neu gestartet",
    ),
    sentence(
        "Log",
        "levelSet",
        "{actor} set the level of the log",
        "{actor} hat die Stufe des Protokolls gesetzt",
    ),
    sentence(
        "Tenant",
        "created",
        "{actor} made the tenant {target}",
        "{actor} hat den Mandanten {target} angelegt",
    ),
    sentence(
        "Tenant",
        "paused",
        "{actor} paused the tenant {target}",
        "{actor} hat den Mandanten {target} angehalten",
    ),
    sentence(
        "Tenant",
        "resumed",
        "{actor} resumed the tenant {target}",
        "{actor} hat den Mandanten {target} fortgesetzt",
    ),
    sentence(
        "Token",
        "created",
        "{actor} made a token for {target}",
        "{actor} hat ein Token für {target} erzeugt",
    ),
    sentence(
        "Token",
        "rotated",
        "{actor} made a further token for {target}",
        "{actor} hat ein weiteres Token für {target} erzeugt",
    ),
    sentence(
        "Token",
        "revoked",
        "{actor} revoked tokens of {target}",
        "{actor} hat Tokens von {target} widerrufen",
    ),
    sentence(
        "Token",
        "retired",
        "The older tokens of {target} end, since a new one is in use",
        "Die älteren Tokens von {target} enden, weil ein neues in Gebrauch ist",
    ),
    sentence(
        "Token",
        "granted",
        "{actor} was given an access token",
        "{actor} hat ein Zugriffstoken erhalten",
    ),
    sentence(
        "SecurityContext",
        "switched",
        "{actor} runs as {target}",
        "{actor} handelt als {target}",
    ),
    sentence(
        "Audit",
        "purged",
        "{actor} purged the audit trail",
        "{actor} hat das Protokoll bereinigt",
    ),
    sentence(
        "Audit",
        "archived",
        "{actor} moved rows of the audit trail to a file",
        "{actor} hat Zeilen des Protokolls in eine Datei ausgelagert",
    ),
    sentence("Import", "done", "{actor} imported {target}", "{actor} hat {target} importiert"),
    sentence(
        "Deleted",
        "restored",
        "{actor} restored {target}",
        "{actor} hat {target} wiederhergestellt",
    ),
];

/// The key of a sentence.
#[must_use]
pub fn key(category: &str, action: &str) -> String {
    format!("audit.{}.{action}", category.to_ascii_lowercase())
}

/// What happened, in a language. What was refused is said to have been tried.
#[must_use]
pub fn text(
    language: Language,
    (category, action): (&str, &str),
    actor: &str,
    target: &str,
    is_refused: bool,
) -> String {
    let found = SENTENCES.iter().find(|it| it.category == category && it.action == action);
    let sentence = match (found, language) {
        (Some(found), Language::English) => found.english.to_owned(),
        (Some(found), Language::German) => found.german.to_owned(),
        (None, _) => format!("{category} {{target}}: {action} ({{actor}})"),
    };
    // What is put in is not looked through again: a name may hold braces.
    let mut said = String::new();
    let mut rest = sentence.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        said.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        said.push_str(if name == "actor" { actor } else { target });
        rest = after;
    }
    said.push_str(rest);
    match (is_refused, language) {
        (false, _) => said,
        (true, Language::English) => format!("Refused: {said}"),
        (true, Language::German) => format!("Abgelehnt: {said}"),
    }
}

/// The categories that there are sentences for.
pub fn categories() -> BTreeSet<&'static str> {
    SENTENCES.iter().map(|it| it.category).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_said_in_the_language_that_was_asked_for() {
        let said =
            |tag: &str, what, refused| text(Language::of(tag), what, "sync", "{actor}", refused);
        assert_eq!(said("en", ("User", "created"), false), "sync created the user {actor}");
        assert_eq!(
            said("de-AT", ("User", "created"), true),
            "Abgelehnt: sync hat den Benutzer {actor} angelegt"
        );
        assert_eq!(said("fr", ("Thing", "sung"), false), "Thing {actor}: sung (sync)");
        assert_eq!(key("User", "created"), "audit.user.created");
    }

    #[test]
    fn each_sentence_is_there_once_in_each_language() {
        let mut keys = BTreeSet::new();
        for Sentence { category, action, english, german } in &SENTENCES {
            assert!(keys.insert(key(category, action)), "{category} {action} is there twice");
            for text in [english, german] {
                assert!(text.contains("{actor}") || text.contains("{target}"), "{text}");
            }
            assert_ne!(english, german);
        }
    }
}
