//! The rules as a page of the documentation, made from their comments.

use crate::{ALL, Strict};

const SOURCES: [&str; 5] = [
    include_str!("entra/operation.rs"),
    include_str!("entra/name.rs"),
    include_str!("entra/value.rs"),
    include_str!("okta.rs"),
    include_str!("onelogin.rs"),
];

/// The list of rules in Markdown: name, evidence, example, and what strict mode answers.
pub fn page() -> String {
    let mut text = String::new();
    for rule in ALL {
        let (evidence, example) = comment(rule.name()).unwrap_or_default();
        text += &format!("### `{}`\n\n{evidence}\n\n{example}\n\n", rule.name());
        text += &match rule.strict() {
            Strict::Refuse(kind, wanted) => {
                format!("Strict mode refuses it with `{kind}`: {wanted}.\n\n")
            }
            Strict::Leave => "Strict mode leaves it as it is.\n\n".to_owned(),
        };
    }
    text
}

/// The comment above the struct whose rule has a name: the evidence, and the example.
fn comment(name: &str) -> Option<(String, String)> {
    let quoted = format!("\"{name}\"");
    let source = SOURCES.iter().find(|it| it.contains(&quoted))?;
    let (before, _) = source.split_once(&quoted)?;
    let (above, _) = before.rsplit_once("pub struct ")?;
    let lines: Vec<&str> = above.lines().rev().map_while(|line| line.strip_prefix("///")).collect();
    let text: Vec<&str> = lines.into_iter().rev().map(str::trim).collect();
    let text = text.join("\n");
    let (evidence, example) = text.split_once("\n\n")?;
    Some((evidence.replace('\n', " "), example.to_owned()))
}
