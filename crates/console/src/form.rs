//! What a browser sends: the fields of a form, or of a query string.

/// How many fields a form may have: a table with as many rows as it may have, and some.
const FIELDS_MAX: usize = 40_000;

/// Fields in the order in which they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

/// A form has more fields than any of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the form has more than {FIELDS_MAX} fields")]
pub struct TooManyFields;

impl Form {
    /// Reads `application/x-www-form-urlencoded`, which takes any bytes. Lines end as they do here.
    ///
    /// # Errors
    /// There are more fields than any form of ours has.
    pub fn parse(bytes: &[u8]) -> Result<Self, TooManyFields> {
        let separators = bytes.iter().filter(|it| **it == b'&').count();
        if separators >= FIELDS_MAX {
            return Err(TooManyFields);
        }
        let fields = form_urlencoded::parse(bytes);
        Ok(Self(fields.map(|(name, it)| (name.into_owned(), it.replace("\r\n", "\n"))).collect()))
    }

    /// The first field of a name, without blanks around it; empty if there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The same, as it was sent.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Whether there is a field of a name: a box that is ticked.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// All fields.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What it takes in memory, in bytes, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let field = |(name, value): &(String, String)| name.capacity() + value.capacity();
        self.0.iter().map(field).sum::<usize>() + self.0.capacity() * size_of::<(String, String)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_name_and_any_bytes_are_read() {
        let form = Form::parse(b"a=1&b=%20two%0D%0Alines+&a=3&c&=%FF&%").unwrap();
        assert_eq!((form.get("a"), form.get("b"), form.get("nothing")), ("1", "two\nlines", ""));
        assert_eq!(form.raw("b"), " two\nlines ");
        assert!(form.has("c") && !form.has("d"));
        assert_eq!(form.fields().count(), 6);
    }

    #[test]
    fn a_form_has_a_bounded_number_of_fields() {
        assert!(Form::parse(&b"a&".repeat(FIELDS_MAX - 1)).is_ok());
        assert_eq!(Form::parse(&b"a&".repeat(FIELDS_MAX)), Err(TooManyFields));
    }
}
