//! A reader of one object of a settings file: each setting is declared where it is read.

use super::document::{Member, Node, Value, join};
use super::kind::{Fault, Kind, found};
use super::nearest::{home, nearest};
use super::report::{Line, Notes, Problem};
use super::source::Source;

/// One object of a settings file, or its absence: then every setting has its default.
pub(crate) struct Block<'m, 'n> {
    path: String,
    source: Source,
    members: &'m [Member],
    known: Vec<&'static str>,
    notes: &'n mut Notes,
}

/// A setting with a default: its name, and why a reader would set it.
pub(crate) struct Setting<T> {
    pub(crate) name: &'static str,
    pub(crate) default: T,
    pub(crate) why: &'static str,
}

/// A value from outside the files, which wins over them.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) source: Source,
    pub(crate) text: String,
}

/// In place of a value that cannot be read: the errors say why.
const REFUSED: &str = "(refused)";

/// How many unknown names of one object are reported: a foreign file has thousands.
const UNKNOWN_SHOWN: usize = 20;

impl<'m, 'n> Block<'m, 'n> {
    /// Reads the object of a whole file, or what holds if there is none.
    pub(crate) fn read_root<T>(
        root: Option<&'m Node>,
        notes: &'n mut Notes,
        read: impl FnOnce(&mut Block<'m, '_>) -> T,
    ) -> T {
        let mut block = Block::new(String::new(), root, notes);
        let value = read(&mut block);
        block.finish();
        value
    }

    fn new(path: String, node: Option<&'m Node>, notes: &'n mut Notes) -> Self {
        let source = node.map_or(Source::Default, |node| Source::Place(node.place.clone()));
        let members = match node.map(|node| &node.value) {
            None => &[],
            Some(Value::Object(members)) => members.as_slice(),
            Some(other) => {
                notes.errors.push(Problem {
                    source: source.clone(),
                    path: path.clone(),
                    found: Some(found(other)),
                    message: String::new(),
                    legal: Some("an object, {…}".to_owned()),
                });
                &[]
            }
        };
        Self { path, source, members, known: Vec::new(), notes }
    }

    /// Reads an object inside this one; an absent one reads as an empty one.
    pub(crate) fn block<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Block<'m, '_>) -> T,
    ) -> T {
        self.known.push(name);
        let mut block = Block::new(join(&self.path, name), self.node(name), self.notes);
        let value = read(&mut block);
        block.finish();
        value
    }

    /// Reads an object inside this one, if it is there.
    pub(crate) fn optional_block<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Block<'m, '_>) -> T,
    ) -> Option<(Source, T)> {
        self.known.push(name);
        let source = Source::Place(self.node(name)?.place.clone());
        Some((source, self.block(name, read)))
    }

    /// Reads each object of an array inside this one; an absent one is empty.
    pub(crate) fn blocks<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Block<'m, '_>) -> T,
    ) -> Vec<T> {
        self.known.push(name);
        let path = join(&self.path, name);
        let node = self.node(name);
        // The documentation shows what an element would hold.
        let is_declared = node.is_none() && self.notes.is_declaring;
        let mut read = |path: String, node| {
            let mut block = Block::new(path, node, self.notes);
            let value = read(&mut block);
            block.finish();
            value
        };
        match node {
            None if is_declared => {
                read(format!("{path}[]"), None);
                Vec::new()
            }
            None => Vec::new(),
            Some(Node { value: Value::Array(elements), .. }) => {
                let read = |(index, node)| read(format!("{path}[{index}]"), Some(node));
                elements.iter().enumerate().map(read).collect()
            }
            Some(Node { place, value }) => {
                self.notes.errors.push(Problem {
                    source: Source::Place(place.clone()),
                    path,
                    found: Some(found(value)),
                    message: String::new(),
                    legal: Some("an array of objects, [{…}, …]".to_owned()),
                });
                Vec::new()
            }
        }
    }

    /// Reads each object of an object inside this one, whose names are the reader's own.
    pub(crate) fn named_blocks<T>(
        &mut self,
        name: &'static str,
        is_legal: impl Fn(&str) -> Result<(), String>,
        read: impl Fn(&mut Block<'m, '_>) -> T,
    ) -> Vec<(String, T)> {
        self.known.push(name);
        let path = join(&self.path, name);
        let mut outer = Block::new(path.clone(), self.node(name), self.notes);
        if outer.notes.is_declaring {
            let mut block = Block::new(join(&path, "NAME"), None, outer.notes);
            read(&mut block);
            return Vec::new();
        }
        let mut found = Vec::new();
        for Member { name, place, node } in outer.members {
            if let Err(reason) = is_legal(name) {
                outer.error_at(Source::Place(place.clone()), name, reason);
            }
            let mut block = Block::new(join(&path, name), Some(node), outer.notes);
            found.push((name.clone(), read(&mut block)));
            block.finish();
        }
        found
    }

    /// Whether the declarations are wanted, and nothing is read.
    pub(crate) fn is_declaring(&self) -> bool {
        self.notes.is_declaring
    }

    /// Where this object stands.
    pub(crate) fn source(&self) -> Source {
        self.source.clone()
    }

    /// Names that others read: known, and left alone.
    pub(crate) fn ignore(&mut self, names: &[&'static str]) {
        self.known.extend_from_slice(names);
    }

    /// A setting with a default.
    pub(crate) fn get<K: Kind>(&mut self, kind: &K, setting: Setting<K::Value>) -> K::Value {
        self.get_over(kind, setting, None)
    }

    /// A setting with a default, which a flag or a variable may override.
    pub(crate) fn get_over<K: Kind>(
        &mut self,
        kind: &K,
        setting: Setting<K::Value>,
        given: Option<Given>,
    ) -> K::Value {
        let default = kind.show(&setting.default);
        let found = self.find(kind, setting.name, given);
        let is_refused = found.is_none() && self.node(setting.name).is_some();
        let (source, value) = found.unwrap_or((Source::Default, setting.default));
        self.notes.effective.push(Line {
            name: join(&self.path, setting.name),
            value: Some(if is_refused { REFUSED.to_owned() } else { kind.show(&value) }),
            source: if is_refused {
                self.value_source(setting.name).unwrap_or(source)
            } else {
                source
            },
            default,
            legal: kind.legal(),
            why: setting.why,
        });
        value
    }

    /// A setting that may have no value.
    pub(crate) fn optional<K: Kind>(
        &mut self,
        kind: &K,
        name: &'static str,
        why: &'static str,
    ) -> Option<K::Value> {
        self.without_default(kind, name, why, "none", None)
    }

    /// A setting that must be there.
    pub(crate) fn mandatory<K: Kind>(
        &mut self,
        kind: &K,
        name: &'static str,
        why: &'static str,
    ) -> Option<K::Value> {
        self.mandatory_over(kind, name, why, None)
    }

    /// A setting that must be there, which a variable may override.
    pub(crate) fn mandatory_over<K: Kind>(
        &mut self,
        kind: &K,
        name: &'static str,
        why: &'static str,
        given: Option<Given>,
    ) -> Option<K::Value> {
        if self.node(name).is_none() && given.is_none() {
            let mut missing = Problem::at(self.source.clone(), &join(&self.path, name), "missing");
            missing.legal = Some(kind.legal());
            self.notes.errors.push(missing);
        }
        self.without_default(kind, name, why, "none: mandatory", given)
    }

    /// Where a setting stands, if it does.
    pub(crate) fn source_of(&self, name: &str) -> Option<Source> {
        let member = self.members.iter().find(|member| member.name == name)?;
        Some(Source::Place(member.place.clone()))
    }

    /// Notes an error about a name of this object.
    pub(crate) fn error_at(&mut self, source: Source, name: &str, message: String) {
        self.notes.errors.push(Problem::at(source, &join(&self.path, name), message));
    }

    /// Notes a warning about a name of this object.
    pub(crate) fn warn_at(&mut self, source: Source, name: &str, message: String) {
        self.notes.warnings.push(Problem::at(source, &join(&self.path, name), message));
    }

    fn node(&self, name: &str) -> Option<&'m Node> {
        self.members.iter().find(|member| member.name == name).map(|member| &member.node)
    }

    fn value_source(&self, name: &str) -> Option<Source> {
        self.node(name).map(|node| Source::Place(node.place.clone()))
    }

    fn without_default<K: Kind>(
        &mut self,
        kind: &K,
        name: &'static str,
        why: &'static str,
        default: &str,
        given: Option<Given>,
    ) -> Option<K::Value> {
        let (found, value) = self.find(kind, name, given).unzip();
        let source = found.or_else(|| self.value_source(name));
        let shown = match (&value, &source) {
            (Some(value), _) => Some(kind.show(value)),
            (None, Some(_)) => Some(REFUSED.to_owned()),
            (None, None) => None,
        };
        self.notes.effective.push(Line {
            name: join(&self.path, name),
            value: shown,
            source: source.unwrap_or(Source::Default),
            default: default.to_owned(),
            legal: kind.legal(),
            why,
        });
        value
    }

    /// What was said, read; what cannot be read is noted and counts as not said.
    fn find<K: Kind>(
        &mut self,
        kind: &K,
        name: &'static str,
        given: Option<Given>,
    ) -> Option<(Source, K::Value)> {
        self.known.push(name);
        // The file's value is read even if it is overridden: its error would wait for the restart
        // without the override.
        let in_file = self.node(name).and_then(|node| {
            let source = Source::Place(node.place.clone());
            Some((source.clone(), self.read(kind, name, source, &node.value)?))
        });
        let given = given.and_then(|given| {
            let value = self.read(kind, name, given.source.clone(), &Value::Text(given.text))?;
            Some((given.source, value))
        });
        given.or(in_file)
    }

    fn read<K: Kind>(
        &mut self,
        kind: &K,
        name: &str,
        source: Source,
        value: &Value,
    ) -> Option<K::Value> {
        let fault = match kind.parse(value) {
            Ok(value) => return Some(value),
            Err(fault) => fault,
        };
        let message = match fault {
            Fault::NotLegal => String::new(),
            Fault::Because(reason) => reason,
        };
        let (path, found) = (join(&self.path, name), Some(kind.found(value)));
        let legal = Some(kind.legal());
        self.notes.errors.push(Problem { source, path, found, message, legal });
        None
    }

    fn finish(self) {
        let unknown = self.members.iter().filter(|member| !self.known.contains(&&*member.name));
        for (count, member) in unknown.enumerate() {
            let source = Source::Place(member.place.clone());
            if count == UNKNOWN_SHOWN {
                let message = "from here on more names are unknown and ignored";
                self.notes.warnings.push(Problem::at(source, &self.path, message));
                return;
            }
            let message = match (home(&member.name), nearest(&member.name, &self.known)) {
                (Some(home), _) => format!("unknown here and ignored; it belongs in {home}"),
                (None, Some(known)) => {
                    format!("unknown and ignored; the nearest known name is `{known}`")
                }
                (None, None) => "unknown and ignored".to_owned(),
            };
            let path = join(&self.path, &member.name);
            self.notes.warnings.push(Problem::at(source, &path, message));
        }
    }
}
