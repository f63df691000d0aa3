//! Filters to text, with no more parentheses than they need (RFC 7644 §3.4.2.2).

use std::fmt;

use super::{Expression, Literal, Tree, ValuePath};

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tree::And(terms) => joined(f, terms, " and ", |it| matches!(it, Tree::Or(_))),
            Tree::Or(terms) => joined(f, terms, " or ", |_| false),
            Tree::Not(inner) => write!(f, "not ({inner})"),
            Tree::Present(path) => write!(f, "{path} pr"),
            Tree::Compare(path, operator, value) => {
                write!(f, "{path} {} {value}", operator.keyword())
            }
            Tree::Within(path, inner) => write!(f, "{path}[{inner}]"),
        }
    }
}

fn joined(
    f: &mut fmt::Formatter<'_>,
    terms: &[Expression],
    word: &str,
    grouped: impl Fn(&Expression) -> bool,
) -> fmt::Result {
    for (index, term) in terms.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        if grouped(term) {
            write!(f, "({term})")?;
        } else {
            write!(f, "{term}")?;
        }
    }
    Ok(())
}

impl fmt::Display for ValuePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if let Some(filter) = &self.filter {
            write!(f, "[{filter}]")?;
        }
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Str(text) => f.write_str(&serde_json::Value::from(&**text).to_string()),
        }
    }
}
