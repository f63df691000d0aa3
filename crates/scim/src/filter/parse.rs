//! The filter parser: text to a tree, within bounds (RFC 7644 §3.4.2.2, figure 1).
//!
//! The grammar is a superset of the RFC's. What only the superset holds is reported as a
//! [`Deviation`], so that a strict service provider can refuse it. One parser, a method for each rule of
//! the grammar; the last third is its tables.

use serde_json::Value;

use super::{Expression, Literal, Operator, Tree};
use crate::deviation::Deviation;
use crate::error::{Error, quote};
use crate::path::{self, AttributePath};

/// A longer filter is refused.
pub const FILTER_BYTES_MAX: usize = 8 * 1024;
/// Parentheses, brackets and `not` inside one another; deeper filters are refused.
pub const FILTER_DEPTH_MAX: usize = 16;
/// Comparisons in a filter; more are refused.
pub const FILTER_TERMS_MAX: usize = 64;

/// Reads a filter.
///
/// # Errors
/// `invalidFilter`, naming what was expected and at which character.
pub fn parse(text: &str) -> Result<(Expression, Vec<Deviation>), Error> {
    let mut parser = Parser::new(text)?;
    let tree = parser.or()?;
    parser.end()?;
    Ok((tree, parser.deviations))
}

/// Reads a PATCH path: an attribute path, and the value filter and sub-attribute that may follow it.
///
/// # Errors
/// `invalidFilter`, naming what was expected and at which character; a PATCH path maps it to
/// `invalidPath`.
pub fn parse_value_path(text: &str) -> Result<(ValuePath, Vec<Deviation>), Error> {
    let mut parser = Parser::new(text)?;
    let path = parser.attribute_path()?;
    let mut found = ValuePath { path, filter: None, sub: None };
    if parser.symbol('[') {
        found.filter = Some(parser.nested(Parser::or)?);
        parser.expect(']')?;
        // RFC 7644 §3.5.2: PATH = attrPath / valuePath [subAttr]
        if parser.symbol('.') {
            found.sub = match parser.word() {
                "" => return Err(parser.expected("a sub-attribute after the dot")),
                sub => Some(sub.into()),
            };
        }
    }
    parser.end()?;
    Ok((found, parser.deviations))
}

/// The parts of a PATCH path as they were written.
#[derive(Debug, Clone, PartialEq)]
pub struct ValuePath {
    /// The attribute.
    pub path: AttributePath,
    /// The filter in brackets.
    pub filter: Option<Expression>,
    /// The sub-attribute after the brackets.
    pub sub: Option<Box<str>>,
}

struct Parser<'a> {
    text: &'a str,
    /// The byte at which the next token begins.
    at: usize,
    depth: usize,
    terms: usize,
    /// Whether the cursor is inside brackets.
    bracketed: bool,
    deviations: Vec<Deviation>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self, Error> {
        if text.len() > FILTER_BYTES_MAX {
            let length = text.len();
            let message = format!("the filter has {length} bytes; {FILTER_BYTES_MAX} are allowed");
            return Err(Error::invalid_filter(message));
        }
        let deviations = Vec::new();
        Ok(Self { text, at: 0, depth: 0, terms: 0, bracketed: false, deviations })
    }

    // logExp: "or" binds weaker than "and".
    fn or(&mut self) -> Result<Expression, Error> {
        let mut terms = vec![self.and()?];
        while self.keyword("or") {
            terms.push(self.and()?);
        }
        Ok(any_of(terms))
    }

    fn and(&mut self) -> Result<Expression, Error> {
        let mut terms = vec![self.term()?];
        loop {
            if self.keyword("and") {
                terms.push(self.term()?);
            } else if self.bracketed && self.symbol(',') {
                self.deviate(Deviation::CommaForAnd);
                terms.push(self.term()?);
            } else {
                return Ok(all_of(terms));
            }
        }
    }

    // FILTER = attrExp / logExp / valuePath / *1"not" "(" FILTER ")"
    fn term(&mut self) -> Result<Expression, Error> {
        let start = self.at;
        if self.keyword("not") {
            if self.symbol('(') {
                let inner = self.nested(Self::or)?;
                self.expect(')')?;
                return Ok(Tree::Not(Box::new(inner)));
            }
            self.at = start; // An attribute may be called `not`.
        }
        if self.symbol('(') {
            let inner = self.nested(Self::or)?;
            self.expect(')')?;
            return Ok(inner);
        }
        self.terms += 1;
        if self.terms > FILTER_TERMS_MAX {
            let message = format!("the filter has more than {FILTER_TERMS_MAX} comparisons");
            return Err(Error::invalid_filter(message));
        }
        let path = self.attribute_path()?;
        if self.symbol('[') {
            return self.value_path(path);
        }
        self.attribute_expression(path)
    }

    // valuePath = attrPath "[" valFilter "]"
    fn value_path(&mut self, path: AttributePath) -> Result<Expression, Error> {
        if self.bracketed {
            return Err(self.expected("no brackets inside brackets"));
        }
        self.bracketed = true;
        let inner = self.nested(Self::or)?;
        self.bracketed = false;
        self.expect(']')?;
        if !self.rest().starts_with('.') {
            return Ok(Tree::Within(path, Box::new(inner)));
        }
        // `emails[type eq "work"].value eq "x"`: the comparison is on the element that was found.
        self.at += 1;
        let word = self.word();
        let Some(sub) = path::parse(word).filter(|it| it.urn.is_none() && it.sub.is_none()) else {
            return Err(self.expected("a sub-attribute"));
        };
        self.deviate(Deviation::ValuePathComparison);
        let comparison = self.attribute_expression(sub)?;
        Ok(Tree::Within(path, Box::new(all_of(vec![inner, comparison]))))
    }

    // attrExp = (attrPath SP "pr") / (attrPath SP compareOp SP compValue)
    fn attribute_expression(&mut self, path: AttributePath) -> Result<Expression, Error> {
        self.blank();
        let start = self.at;
        let word = self.letters();
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Tree::Present(path));
        }
        let found = Operator::ALL.into_iter().find(|it| it.keyword().eq_ignore_ascii_case(word));
        let Some(operator) = found else {
            self.at = start;
            let expected = "an operator (eq, ne, co, sw, ew, pr, gt, ge, lt, le)";
            return Err(match word {
                "" => self.expected(expected),
                word => self.expected(&format!("{expected}, not {}", quote(word))),
            });
        };
        Ok(Tree::Compare(path, operator, self.compare_value()?))
    }

    // compValue = false / null / true / number / string
    fn compare_value(&mut self) -> Result<Literal, Error> {
        let before = self.at;
        self.blank();
        if self.rest().starts_with('"') {
            if self.at == before {
                self.deviate(Deviation::MissingBlank);
            }
            return self.string();
        }
        if self.at == before {
            return Err(self.expected("a blank and a comparison value"));
        }
        let word = self.bare_word();
        match word {
            "" => Err(self.expected("a comparison value")),
            "true" => Ok(Literal::Bool(true)),
            "false" => Ok(Literal::Bool(false)),
            "null" => Ok(Literal::Null),
            word => match serde_json::from_str::<Value>(word) {
                Ok(Value::Number(number)) => Ok(Literal::Number(number)),
                Ok(_) | Err(_) => {
                    self.deviate(Deviation::BareLiteral);
                    Ok(Literal::Str(word.into()))
                }
            },
        }
    }

    fn string(&mut self) -> Result<Literal, Error> {
        let rest = self.rest();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Box<str>>();
        match values.next() {
            Some(Ok(text)) => {
                self.at += values.byte_offset();
                Ok(Literal::Str(text))
            }
            Some(Err(_)) | None => Err(self.expected("a JSON string")),
        }
    }

    fn attribute_path(&mut self) -> Result<AttributePath, Error> {
        self.blank();
        let start = self.at;
        let word = self.word();
        path::parse(word).ok_or_else(|| {
            self.at = start;
            match word {
                "" => self.expected("an attribute"),
                word => self.expected(&format!("an attribute, not {}", quote(word))),
            }
        })
    }

    fn nested(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<Expression, Error>,
    ) -> Result<Expression, Error> {
        if self.depth >= FILTER_DEPTH_MAX {
            let message = format!("the filter is nested more than {FILTER_DEPTH_MAX} levels deep");
            return Err(Error::invalid_filter(message));
        }
        self.depth += 1;
        let tree = inner(self);
        self.depth -= 1;
        tree
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blank(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn take(&mut self, stop: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let word = rest.find(stop).and_then(|end| rest.get(..end)).unwrap_or(rest);
        self.at += word.len();
        word
    }

    /// An attribute path: up to a blank or a delimiter.
    fn word(&mut self) -> &'a str {
        self.take(|c| c.is_whitespace() || "[]()\",".contains(c))
    }

    fn bare_word(&mut self) -> &'a str {
        let bracketed = self.bracketed;
        self.take(|c| c.is_whitespace() || "[]()\"".contains(c) || bracketed && c == ',')
    }

    fn letters(&mut self) -> &'a str {
        self.take(|c| !c.is_ascii_alphabetic())
    }

    /// A word of the grammar, in any letter case, followed by a blank or a parenthesis.
    fn keyword(&mut self, keyword: &str) -> bool {
        let start = self.at;
        self.blank();
        let found = self.letters().eq_ignore_ascii_case(keyword);
        if found && self.rest().starts_with(|c: char| c.is_whitespace() || c == '(') {
            return true;
        }
        self.at = start;
        false
    }

    fn symbol(&mut self, symbol: char) -> bool {
        let start = self.at;
        // A bracket or dot belongs to what stands before it; a parenthesis may follow blanks.
        if !['[', '.'].contains(&symbol) {
            self.blank();
        }
        if self.rest().starts_with(symbol) {
            self.at += symbol.len_utf8();
            return true;
        }
        self.at = start;
        false
    }

    fn expect(&mut self, symbol: char) -> Result<(), Error> {
        if self.symbol(symbol) {
            return Ok(());
        }
        self.blank();
        Err(self.expected(&format!("`{symbol}`")))
    }

    fn end(&mut self) -> Result<(), Error> {
        self.blank();
        if self.rest().is_empty() {
            return Ok(());
        }
        Err(self.expected("`and`, `or` or the end"))
    }

    fn expected(&self, what: &str) -> Error {
        let character = self.text.get(..self.at).unwrap_or_default().chars().count() + 1;
        Error::invalid_filter(format!("expected {what} at character {character}"))
    }

    fn deviate(&mut self, deviation: Deviation) {
        if !self.deviations.contains(&deviation) {
            self.deviations.push(deviation);
        }
    }
}

/// Joins terms by `and`; those that parentheses grouped by `and` become terms of the whole.
fn all_of(terms: Vec<Expression>) -> Expression {
    let flat = |term| match term {
        Tree::And(inner) => inner,
        other @ (Tree::Or(_)
        | Tree::Not(_)
        | Tree::Present(_)
        | Tree::Compare(..)
        | Tree::Within(..)) => vec![other],
    };
    one_or(terms.into_iter().flat_map(flat).collect(), Tree::And)
}

/// Joins terms by `or`, as [`all_of`].
fn any_of(terms: Vec<Expression>) -> Expression {
    let flat = |term| match term {
        Tree::Or(inner) => inner,
        other @ (Tree::And(_)
        | Tree::Not(_)
        | Tree::Present(_)
        | Tree::Compare(..)
        | Tree::Within(..)) => vec![other],
    };
    one_or(terms.into_iter().flat_map(flat).collect(), Tree::Or)
}

fn one_or(mut terms: Vec<Expression>, many: fn(Vec<Expression>) -> Expression) -> Expression {
    match terms.pop() {
        Some(only) if terms.is_empty() => only,
        Some(last) => {
            terms.push(last);
            many(terms)
        }
        None => many(terms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn prints(text: &str, expected: &str) {
        let (tree, deviations) = parse(text).unwrap();
        let deviations: String = deviations.iter().map(|it| format!(" + {it}")).collect();
        assert_eq!(format!("{tree}{deviations}"), expected);
    }

    #[track_caller]
    fn refused(text: &str, expected: &str) {
        let error = parse(text).expect_err("is refused");
        assert_eq!(error.detail, expected);
    }

    #[test]
    fn not_binds_stronger_than_and_which_binds_stronger_than_or() {
        prints("a pr or b pr and c pr", "a pr or b pr and c pr");
        prints("(a pr or b pr) and c pr", "(a pr or b pr) and c pr");
        prints("a pr and (b pr and c pr)", "a pr and b pr and c pr");
        prints("not (a pr) and b pr", "not (a pr) and b pr");
        prints("not (a pr and b pr)", "not (a pr and b pr)");
        prints("((a pr))", "a pr");
        prints("not(a pr)", "not (a pr)");
        let (tree, _) = parse("a pr or b pr and c pr").unwrap();
        assert!(matches!(tree, Tree::Or(terms) if matches!(terms.last(), Some(Tree::And(_)))));
    }

    #[test]
    fn groups_of_one_connective_are_one_list() {
        for (text, terms) in [
            ("(a pr and b pr) and (c pr and d pr)", 4),
            ("a pr or (b pr or (c pr or d pr))", 4),
            ("((a pr and b pr)) or c pr", 2),
        ] {
            let (tree, _) = parse(text).unwrap();
            let (Tree::And(found) | Tree::Or(found)) = &tree else { panic!("{text}: {tree:?}") };
            assert_eq!(found.len(), terms, "{text}");
            assert_eq!(parse(&tree.to_string()).unwrap().0, tree, "{text}");
        }
    }

    #[test]
    fn words_of_the_grammar_are_read_in_any_case() {
        prints("a EQ 1 AND b Pr Or NOT (c sW \"x\")", "a eq 1 and b pr or not (c sw \"x\")");
    }

    #[test]
    fn every_kind_of_value_is_read() {
        prints("a eq true", "a eq true");
        prints("a eq null", "a eq null");
        prints("a eq -1.5e3", "a eq -1500.0");
        prints(r#"a eq "q\" \\ \u00e9 ]""#, r#"a eq "q\" \\ é ]""#);
    }

    #[test]
    fn value_paths_hold_filters() {
        prints(
            r#"emails[type eq "work" and value co "@x"]"#,
            r#"emails[type eq "work" and value co "@x"]"#,
        );
        prints(r#"a[b pr] or not (c[d pr])"#, "a[b pr] or not (c[d pr])");
    }

    #[test]
    fn tolerated_forms_are_reported() {
        prints("userName eq ada@x.example", "userName eq \"ada@x.example\" + bare-literal");
        prints("id eq 0f6c-11", "id eq \"0f6c-11\" + bare-literal");
        prints("a eq\"x\"", "a eq \"x\" + missing-blank");
        prints(
            r#"e[type eq "work"].value eq "x""#,
            r#"e[type eq "work" and value eq "x"] + value-path-comparison"#,
        );
        prints(
            "m[display eq kim,value eq x]",
            r#"m[display eq "kim" and value eq "x"] + bare-literal + comma-for-and"#,
        );
    }

    #[test]
    fn an_attribute_may_be_called_like_a_keyword() {
        prints("not pr", "not pr");
        prints("and eq 1 and or eq 2", "and eq 1 and or eq 2");
    }

    #[test]
    fn what_is_no_filter_is_refused_with_its_place() {
        refused("", "expected an attribute at character 1");
        refused(
            "userName",
            "expected an operator (eq, ne, co, sw, ew, pr, gt, ge, lt, le) at character 9",
        );
        refused("userName eq", "expected a blank and a comparison value at character 12");
        refused(
            "userName regex \"x\"",
            "expected an operator (eq, ne, co, sw, ew, pr, gt, ge, lt, le), not \"regex\" at character 10",
        );
        refused("userName eq \"x", "expected a JSON string at character 13");
        refused("userName eq \"x\" foo", "expected `and`, `or` or the end at character 17");
        refused("(userName pr", "expected `)` at character 13");
        refused("emails[type pr", "expected `]` at character 15");
        refused("emails[a[b pr]]", "expected no brackets inside brackets at character 10");
        refused("1a pr", "expected an attribute, not \"1a\" at character 1");
        refused("é pr and ö", "expected an attribute, not \"é\" at character 1");
        refused("a pr and", "expected `and`, `or` or the end at character 6");
        refused("a eq [1]", "expected a comparison value at character 6");
    }

    #[test]
    fn size_depth_and_count_are_bounded() {
        refused(&"x".repeat(9_000), "the filter has 9000 bytes; 8192 are allowed");
        refused(
            &format!("{}a pr{}", "(".repeat(17), ")".repeat(17)),
            "the filter is nested more than 16 levels deep",
        );
        refused(&vec!["a pr"; 65].join(" or "), "the filter has more than 64 comparisons");
        assert!(parse(&format!("{}a pr{}", "(".repeat(16), ")".repeat(16))).is_ok());
    }

    fn expression() -> impl Strategy<Value = Expression> {
        let path = "(urn:x:2\\.0:[A-Z][a-z]{0,3}:)?[a-z][a-zA-Z0-9_-]{0,5}(\\.[a-z]{1,4})?"
            .prop_filter_map("a path", |text| path::parse(&text));
        let literal = prop_oneof![
            Just(Literal::Null),
            any::<bool>().prop_map(Literal::Bool),
            any::<i64>().prop_map(|n| Literal::Number(n.into())),
            proptest::num::f64::NORMAL
                .prop_filter_map("a JSON number", serde_json::Number::from_f64)
                .prop_map(Literal::Number),
            any::<String>().prop_map(|s| Literal::Str(s.into())),
        ];
        let operator = proptest::sample::select(Operator::ALL.to_vec());
        let leaf = prop_oneof![
            path.clone().prop_map(Tree::Present),
            (path.clone(), operator, literal).prop_map(|(p, o, l)| Tree::Compare(p, o, l)),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                inner.clone().prop_map(|it| Tree::Not(Box::new(it))),
                proptest::collection::vec(inner.clone(), 2..4).prop_map(flat_and),
                proptest::collection::vec(inner, 2..4).prop_map(flat_or),
            ]
        })
    }

    fn flat_and(terms: Vec<Expression>) -> Expression {
        let flat = |it| match it {
            Tree::And(inner) => inner,
            other => vec![other],
        };
        Tree::And(terms.into_iter().flat_map(flat).collect())
    }

    fn flat_or(terms: Vec<Expression>) -> Expression {
        let flat = |it| match it {
            Tree::Or(inner) => inner,
            other => vec![other],
        };
        Tree::Or(terms.into_iter().flat_map(flat).collect())
    }

    proptest! {
        #[test]
        fn a_printed_filter_reads_back(tree in expression()) {
            let text = tree.to_string();
            prop_assert_eq!(parse(&text).unwrap().0, tree, "{}", text);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            if let Ok((tree, _)) = parse(&text) {
                prop_assert_eq!(parse(&tree.to_string()).unwrap().0, tree);
            }
        }

        #[test]
        fn any_text_of_the_grammars_words_is_read_or_refused(
            words in proptest::collection::vec(
                proptest::sample::select(vec!["a", "eq", "pr", "not", "(", ")", "[", "]", "and", "or", "\"x\"", "1", ".b", " "]), 0..20)
        ) {
            let _ = parse(&words.join(" "));
            let _ = parse(&words.concat());
            let _ = parse_value_path(&words.concat());
        }
    }
}
