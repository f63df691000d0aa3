//! A settings file as JSON (RFC 8259) in which every value knows its place.

use std::collections::HashMap;
use std::sync::Arc;

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::report::{Notes, Problem};
use super::source::{Place, Source};

/// A JSON value and where it begins.
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

/// A JSON value.
pub(crate) enum Value {
    Null,
    Boolean(bool),
    Number(String),
    Text(String),
    Array(Vec<Node>),
    Object(Vec<Member>),
}

/// A name of an object with its value.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) node: Node,
}

impl Node {
    /// Lays another value over this one: objects are joined name by name; of all else the other stays.
    pub(crate) fn lay(&mut self, over: Self) {
        match (&mut self.value, over.value) {
            (Value::Object(members), Value::Object(others)) => lay_members(members, others),
            (value, other) => {
                *value = other;
                self.place = over.place;
            }
        }
    }
}

fn lay_members(members: &mut Vec<Member>, others: Vec<Member>) {
    let places = members.iter().enumerate().map(|(index, it)| (it.name.clone(), index));
    let places: HashMap<String, usize> = places.collect();
    for other in others {
        match places.get(&other.name).and_then(|index| members.get_mut(*index)) {
            Some(member) => member.node.lay(other.node),
            None => members.push(other),
        }
    }
}

/// Reads a file's text.
///
/// Where it stops being JSON is noted, and there is no value; an object that has a name twice is
/// noted beside the value.
pub(crate) fn parse(file: &Arc<str>, text: &str, notes: &mut Notes) -> Option<Node> {
    // Editors on Windows put a byte order mark before UTF-8.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { file, text, at: 0, line: 1, column: 1, notes };
    match parse_to_ast(text, &CollectOptions::default(), &STRICT) {
        Ok(parsed) => match parsed.value {
            Some(root) => return Some(reader.node(&root, "")),
            None => reader.error(0, "the file is empty; write at least {}"),
        },
        Err(error) => reader.syntax_error(&error),
    }
    None
}

/// Plain JSON: none of the parser's extensions.
const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Turns the parser's tree into ours, counting lines and columns once from front to back.
struct Reader<'t> {
    file: &'t Arc<str>,
    text: &'t str,
    at: usize,
    line: u32,
    column: u32,
    notes: &'t mut Notes,
}

impl Reader<'_> {
    fn node(&mut self, value: &ast::Value<'_>, path: &str) -> Node {
        let place = self.place(value.range().start);
        let value = match value {
            ast::Value::NullKeyword(_) => Value::Null,
            ast::Value::BooleanLit(literal) => Value::Boolean(literal.value),
            ast::Value::NumberLit(literal) => Value::Number(literal.value.to_owned()),
            ast::Value::StringLit(literal) => Value::Text(literal.value.clone().into_owned()),
            ast::Value::Object(object) => Value::Object(self.members(object, path)),
            ast::Value::Array(array) => {
                let elements = array.elements.iter().enumerate();
                let node = |(index, element)| self.node(element, &format!("{path}[{index}]"));
                Value::Array(elements.map(node).collect())
            }
        };
        Node { place, value }
    }

    fn members(&mut self, object: &ast::Object<'_>, path: &str) -> Vec<Member> {
        let mut members: Vec<Member> = Vec::with_capacity(object.properties.len());
        let mut first = HashMap::new();
        for property in &object.properties {
            let place = self.place(property.range.start);
            let name = property.name.as_str().to_owned();
            let path = join(path, &name);
            if let Some(line) = first.insert(name.clone(), place.line) {
                let message = format!("the name stands twice, first in line {line}; keep one");
                let source = Source::Place(place.clone());
                self.notes.errors.push(Problem::at(source, &path, message));
            }
            let node = self.node(&property.value, &path);
            members.push(Member { name, place, node });
        }
        members
    }

    fn syntax_error(&mut self, error: &ParseError) {
        let mut at = error.range().start;
        let rest = &self.text[at..];
        let message = match error.kind() {
            ParseErrorKind::ExpectedComma if is_line_end(rest) => {
                &format!("a comma is missing after line {}", self.place(at).line)
            }
            ParseErrorKind::ExpectedComma => "a comma is missing here",
            ParseErrorKind::MultipleRootJsonValues if self.is_member_outside_braces() => {
                at = self.text.len() - self.text.trim_start().len();
                "the outer braces are missing: a settings file begins with { and ends with }"
            }
            ParseErrorKind::MultipleRootJsonValues => {
                "the object is complete before this place: is a brace too many before it?"
            }
            ParseErrorKind::TrailingCommasNotAllowed => {
                "this comma has nothing after it; take it away"
            }
            ParseErrorKind::UnterminatedObject => "this { is never closed with }",
            ParseErrorKind::UnterminatedArray => "this [ is never closed with ]",
            ParseErrorKind::ExpectedColonAfterObjectKey => "a colon is missing before this place",
            ParseErrorKind::NestingDepthExceeded => "nested too deeply",
            _ if rest.starts_with(['\u{201c}', '\u{201d}', '\u{201e}']) => {
                "a typographic quotation mark; JSON wants \""
            }
            _ if rest.starts_with(char::is_alphabetic) => {
                "this is no JSON value; a text stands in \""
            }
            kind => &format!("this is no JSON: {}", lower_first(&kind.to_string())),
        };
        self.error(at, message);
    }

    /// Whether the text is what documentation prints: `"Block": {…}` without its outer braces.
    fn is_member_outside_braces(&self) -> bool {
        self.text.trim_start().starts_with('"')
    }

    fn error(&mut self, at: usize, message: &str) {
        let source = Source::Place(self.place(at));
        self.notes.errors.push(Problem::at(source, "", message));
    }

    /// The place of a byte; cheap in order, since the count goes on from the last one asked.
    fn place(&mut self, at: usize) -> Place {
        if at < self.at {
            (self.at, self.line, self.column) = (0, 1, 1);
        }
        for character in self.text[self.at..at].chars() {
            if character == '\n' {
                (self.line, self.column) = (self.line + 1, 1);
            } else {
                self.column += 1;
            }
        }
        self.at = at;
        Place { file: Arc::clone(self.file), line: self.line, column: self.column }
    }
}

/// A path of names, joined by points.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn is_line_end(text: &str) -> bool {
    text.trim_start_matches([' ', '\t', '\r']).starts_with('\n')
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}
