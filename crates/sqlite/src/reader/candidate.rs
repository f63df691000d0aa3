//! Candidates from several ranges as one stream: in the order of ids, each once.

use provost_store::ResourceId;
use rusqlite::types::Value;
use rusqlite::{CachedStatement, Rows, params_from_iter};

use super::Snapshot;
use super::probe::Range;

/// Where to read on from, and how far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) limit: i64,
    pub(super) offset: i64,
}

impl Window {
    /// All there is.
    pub(super) const ALL: Self = Self { limit: -1, offset: 0 };
}

/// A resource that may match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) id: ResourceId,
    pub(super) rid: i64,
    /// The source whose range it lies in.
    pub(super) source: usize,
}

/// Ranges that are ready to be read; each belongs to a source.
pub(super) struct Ranges<'a>(Vec<(usize, CachedStatement<'a>, Vec<Value>)>);

/// The ranges while they are read.
pub(super) struct Candidates<'a>(Vec<Stream<'a>>);

struct Stream<'a> {
    source: usize,
    rows: Rows<'a>,
    head: Option<(ResourceId, i64)>,
}

impl<'a> Ranges<'a> {
    pub(super) fn prepare(
        snapshot: &Snapshot<'a>,
        ranges: impl IntoIterator<Item = (usize, Range)>,
    ) -> rusqlite::Result<Self> {
        let prepare = |(source, range): (usize, Range)| {
            Ok((source, snapshot.connection.prepare_cached(range.rows)?, range.parameters))
        };
        ranges.into_iter().map(prepare).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn read(&mut self, window: Window) -> rusqlite::Result<Candidates<'_>> {
        let mut streams = Vec::new();
        for (source, statement, parameters) in &mut self.0 {
            let window = [Value::from(window.limit), Value::from(window.offset)];
            let rows = statement.query(params_from_iter(parameters.iter().chain(&window)))?;
            let mut stream = Stream { source: *source, rows, head: None };
            stream.advance()?;
            streams.push(stream);
        }
        Ok(Candidates(streams))
    }
}

impl Candidates<'_> {
    pub(super) fn next(&mut self) -> rusqlite::Result<Option<Candidate>> {
        let heads = self.0.iter().filter_map(|it| Some((it.head?, it.source)));
        let Some(((id, rid), source)) = heads.min() else { return Ok(None) };
        for stream in &mut self.0 {
            while stream.head.is_some_and(|(head, _)| head == id) {
                stream.advance()?;
            }
        }
        Ok(Some(Candidate { id, rid, source }))
    }
}

impl Stream<'_> {
    fn advance(&mut self) -> rusqlite::Result<()> {
        self.head = match self.rows.next()? {
            Some(row) => Some((ResourceId(row.get(0)?), row.get(1)?)),
            None => None,
        };
        Ok(())
    }
}
