//! Rows as clients write them, to rows as they are kept.

use serde_json::{Map, Value, json};

use super::shape::{Column, Table};
use crate::info_table::BaseType;
use crate::setting::nearest;

/// A row: a value for each column, in their order.
pub type Row = Map<String, Value>;

/// How long a text of a row may be, in characters.
const TEXT_CHARACTERS_MAX: usize = 1_024;
const TAGS_MAX: usize = 100;

/// Reads a row; columns that it leaves out have their defaults.
///
/// # Errors
/// The column and what is wrong with it.
pub(super) fn read(table: Table, given: &Value) -> Result<Row, (String, String)> {
    let Some(given) = given.as_object() else {
        return Err((String::new(), "a row is a JSON object".to_owned()));
    };
    let columns = table.columns();
    if let Some(unknown) = given.keys().find(|name| columns.iter().all(|it| it.name != **name)) {
        let names: Vec<&str> = columns.iter().map(|it| it.name).collect();
        let nearest = nearest(unknown, &names).map(|it| format!("; is it {it}?"));
        let reason = format!("there is no such column{}", nearest.unwrap_or_default());
        return Err((unknown.clone(), reason));
    }
    let mut row = Row::new();
    for column in columns {
        let value = match given.get(column.name).filter(|it| !it.is_null()) {
            Some(value) => self::value(column, value),
            None => column.default_value().ok_or_else(|| "a value is needed".to_owned()),
        };
        row.insert(column.name.to_owned(), value.map_err(|it| (column.name.to_owned(), it))?);
    }
    Ok(row)
}

fn value(column: &Column, value: &Value) -> Result<Value, String> {
    match column.base_type {
        BaseType::Boolean => match value {
            Value::Bool(_) => Ok(value.clone()),
            // The settings files know them so, too.
            Value::String(text) if text == "true" || text == "false" => Ok((text == "true").into()),
            _ => Err("true or false is needed".to_owned()),
        },
        BaseType::Integer => {
            let number = value.as_u64().or_else(|| value.as_f64().and_then(whole));
            let number = number.filter(|it| *it <= column.max);
            number
                .map(Value::from)
                .ok_or_else(|| format!("a whole number from 0 to {} is needed", column.max))
        }
        BaseType::Tags => tags(value),
        BaseType::String
        | BaseType::Username
        | BaseType::Groupname
        | BaseType::Projectname
        | BaseType::Mashupname
        | BaseType::Nothing
        | BaseType::Number
        | BaseType::Datetime
        | BaseType::Infotable => text(column, value),
    }
}

fn text(column: &Column, value: &Value) -> Result<Value, String> {
    let Some(text) = value.as_str().map(str::trim) else {
        return Err("a text is needed".to_owned());
    };
    if text.is_empty() && column.default_value().is_none() {
        return Err("a value is needed".to_owned());
    }
    if text.chars().count() > TEXT_CHARACTERS_MAX {
        return Err(format!("a text of at most {TEXT_CHARACTERS_MAX} characters is needed"));
    }
    if text.chars().any(char::is_control) {
        return Err("a text without control characters is needed".to_owned());
    }
    if !column.one_of.is_empty() && !column.one_of.contains(&text) {
        return Err(format!("one of {} is needed", column.one_of.join(", ")));
    }
    Ok(text.into())
}

/// Tags as the platform sends them: objects, or texts `vocabulary:term`, in an array or joined by
/// commas or semicolons. Gives objects.
///
/// # Errors
/// What is needed in place of what is given.
pub fn tags(value: &Value) -> Result<Value, String> {
    let wrong = || "tags are needed, each with a vocabulary and a term".to_owned();
    let given: Vec<Value> = match value {
        Value::Array(tags) => tags.clone(),
        Value::String(text) => {
            let tags = text.split([',', ';']).map(str::trim).filter(|tag| !tag.is_empty());
            tags.map(Value::from).collect()
        }
        _ => return Err(wrong()),
    };
    if given.len() > TAGS_MAX {
        return Err(format!("at most {TAGS_MAX} tags are needed"));
    }
    let tag = |tag: &Value| {
        let part = |name| tag.get(name).and_then(Value::as_str);
        let (vocabulary, term) = match tag.as_str() {
            Some(text) => text.split_once(':')?,
            None => (part("vocabulary")?, part("vocabularyTerm")?),
        };
        let (vocabulary, term) = (vocabulary.trim(), term.trim());
        let is_name = |it: &str| {
            !it.is_empty()
                && it.len() <= TEXT_CHARACTERS_MAX
                && !it.contains([':', ',', ';'])
                && !it.chars().any(char::is_control)
        };
        (is_name(vocabulary) && is_name(term))
            .then(|| json!({"vocabulary": vocabulary, "vocabularyTerm": term}))
    };
    given.iter().map(|it| tag(it).ok_or_else(wrong)).collect()
}

/// The platform's numbers have a point.
fn whole(number: f64) -> Option<u64> {
    let is_whole = number.fract() == 0.0 && (0.0..1e15).contains(&number);
    is_whole.then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(table: Table, given: Value, expected: Result<Value, &str>) {
        let read = read(table, &given).map(Value::Object);
        let read = read.map_err(|(column, reason)| format!("{column}: {reason}"));
        assert_eq!(read, expected.map_err(ToOwned::to_owned), "{given}");
    }

    #[test]
    fn what_a_row_leaves_out_has_its_default() {
        check(
            Table::LoginOptions,
            json!({"userCreationEnabled": "false"}),
            Ok(json!({"userCreationEnabled": false, "userModificationEnabled": true})),
        );
        check(
            Table::GroupDefaults,
            json!({"groupDefaultDescription": " of ours ", "groupDefaultTags": "a:b; c:d"}),
            Ok(json!({
                "groupDefaultDescription": "of ours",
                "groupDefaultProjectName": "",
                "groupDefaultTags": [
                    {"vocabulary": "a", "vocabularyTerm": "b"},
                    {"vocabulary": "c", "vocabularyTerm": "d"},
                ],
            })),
        );
        let policy = read(Table::Policy, &json!({"userLimit": 5.0})).unwrap();
        assert_eq!((&policy["userLimit"], &policy["localAccounts"]), (&json!(5), &json!("adopt")));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_column() {
        let users = |value: Value| json!({"thingworxUserName": value});
        check(Table::UserExclusions, json!([]), Err(": a row is a JSON object"));
        check(Table::UserExclusions, json!({}), Err("thingworxUserName: a value is needed"));
        check(
            Table::UserExclusions,
            users(json!(" ")),
            Err("thingworxUserName: a value is needed"),
        );
        check(Table::UserExclusions, users(json!(7)), Err("thingworxUserName: a text is needed"));
        check(
            Table::UserExclusions,
            users("a\u{7}".into()),
            Err("thingworxUserName: a text without control characters is needed"),
        );
        check(
            Table::UserExclusions,
            users("a".repeat(1_025).into()),
            Err("thingworxUserName: a text of at most 1024 characters is needed"),
        );
        check(
            Table::LoginOptions,
            json!({"userCreationEnable": true}),
            Err("userCreationEnable: there is no such column; is it userCreationEnabled?"),
        );
        check(
            Table::LoginOptions,
            json!({"userCreationEnabled": "yes"}),
            Err("userCreationEnabled: true or false is needed"),
        );
        check(
            Table::Policy,
            json!({"localAccounts": "ask"}),
            Err("localAccounts: one of adopt, review, refuse is needed"),
        );
        check(
            Table::Policy,
            json!({"keepDeletedDays": -1}),
            Err("keepDeletedDays: a whole number from 0 to 3650 is needed"),
        );
        let wrong = "userDefaultTags: tags are needed, each with a vocabulary and a term";
        for tags in [json!("a"), json!([{"vocabulary": "a"}]), json!(["a:"]), json!(5)] {
            check(Table::UserDefaults, json!({"userDefaultTags": tags}), Err(wrong));
        }
    }
}
