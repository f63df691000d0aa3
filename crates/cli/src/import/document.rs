//! The file: tables as the platform's services return them, read row by row.

use std::fmt;
use std::io::Read;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Value};

/// A table of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Users,
    Groups,
    Members,
}

/// A row and its place in the file.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) place: Place,
    pub(super) cells: Map<String, Value>,
}

/// The place of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Which of several parts, from 1.
    part: Option<usize>,
    pub(super) table: Table,
    /// Which row of the table, from 1.
    row: usize,
}

/// Reads an object with tables, or an array of such objects, and gives each row to `each`.
pub(super) fn read(from: impl Read, each: &mut dyn FnMut(Row)) -> serde_json::Result<()> {
    let mut json = serde_json::Deserializer::from_reader(from);
    Document { each }.deserialize(&mut json)?;
    json.end()
}

impl Table {
    const ALL: [Self; 3] = [Self::Users, Self::Groups, Self::Members];

    /// Its name in the file.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Groups => "groups",
            Self::Members => "members",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(part) = self.part {
            write!(f, "part {part}, ")?;
        }
        write!(f, "{}, row {}", self.table.name(), self.row)
    }
}

struct Document<'a> {
    each: &'a mut dyn FnMut(Row),
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an object with the tables users, groups and members, or an array of such objects",
        )
    }

    fn visit_map<A: MapAccess<'de>>(self, tables: A) -> Result<(), A::Error> {
        Part { number: None, each: self.each }.visit_map(tables)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<(), A::Error> {
        let each = self.each;
        let mut number = 1;
        while parts.next_element_seed(Part { number: Some(number), each: &mut *each })?.is_some() {
            number += 1;
        }
        Ok(())
    }
}

/// An object with tables.
struct Part<'a> {
    number: Option<usize>,
    each: &'a mut dyn FnMut(Row),
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the tables users, groups and members")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut tables: A) -> Result<(), A::Error> {
        while let Some(name) = tables.next_key::<String>()? {
            let Some(table) = Table::ALL.into_iter().find(|it| it.name() == name) else {
                return Err(A::Error::custom(format_args!(
                    "found a table {name:?}, expected users, groups or members"
                )));
            };
            let place = Place { part: self.number, table, row: 0 };
            tables.next_value_seed(InfoTable { place, each: &mut *self.each })?;
        }
        Ok(())
    }
}

/// A table: an object with a data shape and rows.
struct InfoTable<'a> {
    place: Place,
    each: &'a mut dyn FnMut(Row),
}

impl<'de> DeserializeSeed<'de> for InfoTable<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for InfoTable<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an InfoTable for {}, which is an object with rows", self.place.table.name())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut has_rows = false;
        while let Some(name) = members.next_key::<String>()? {
            if name == "rows" {
                has_rows = true;
                members.next_value_seed(Rows { place: self.place, each: &mut *self.each })?;
            } else {
                // The data shape says what the rows show.
                members.next_value::<IgnoredAny>()?;
            }
        }
        match has_rows {
            true => Ok(()),
            false => Err(A::Error::custom(format_args!("{} has no rows", self.place.table.name()))),
        }
    }
}

struct Rows<'a> {
    place: Place,
    each: &'a mut dyn FnMut(Row),
}

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the rows of {}, which are objects in an array", self.place.table.name())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        let mut place = self.place;
        while let Some(cells) = rows.next_element()? {
            place.row += 1;
            (self.each)(Row { place, cells });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(document: &str, expected: Result<&str, &str>) {
        let mut found = Vec::new();
        let mut each = |row: Row| found.push(format!("{}: {}", row.place, row.cells["name"]));
        let read = read(document.as_bytes(), &mut each).map_err(|it| it.to_string());
        assert_eq!(read.map(|()| found.join("; ")), expected.map(Into::into).map_err(Into::into));
    }

    #[test]
    fn tables_are_read_row_by_row_alone_or_in_parts() {
        check(
            r#"{"users": {"dataShape": {"fieldDefinitions": {}}, "rows": [{"name": 1}, {"name": 2}]},
                "members": {"rows": [{"name": 3}]}}"#,
            Ok("users, row 1: 1; users, row 2: 2; members, row 1: 3"),
        );
        check(
            r#"[{"users": {"rows": [{"name": 1}]}}, {"users": {"rows": [{"name": 2}]}}]"#,
            Ok("part 1, users, row 1: 1; part 2, users, row 1: 2"),
        );
        check("{}", Ok(""));
    }

    #[test]
    fn what_is_no_such_document_is_refused_with_its_place() {
        check(
            r#"{"user": {"rows": []}}"#,
            Err("found a table \"user\", expected users, groups or members at line 1 column 8"),
        );
        check(
            r#"{"users": []}"#,
            Err(
                "invalid type: sequence, expected an InfoTable for users, which is an object with rows at line 1 column 11",
            ),
        );
        check(r#"{"users": {"dataShape": {}}}"#, Err("users has no rows at line 1 column 27"));
        check(
            r#"{"users": {"rows": [5]}}"#,
            Err("invalid type: integer `5`, expected a map at line 1 column 22"),
        );
        check("{} {}", Err("trailing characters at line 1 column 4"));
    }
}
