//! Queries on one resource type or on all of them (RFC 7644 §3.4.2, §3.4.3).

use provost_scim::Error as Refusal;
use provost_scim::deviation::Deviation;
use provost_scim::filter::{parse, resolve, resolve_across};
use provost_scim::message::SearchRequest;
use provost_scim::schema::Kind;
use provost_scim::value::Reader;
use provost_store::{Part, Query, Stored, WORK_UNITS_MAX};

use crate::error::failed;
use crate::{Context, Error};

/// The most bytes of bodies on a page: it is held in memory several times over until it is sent. A
/// thousand usual users are far below.
const PAGE_BYTES_MAX: usize = 4 << 20;

/// What a query found.
#[derive(Debug)]
pub struct Found {
    /// The resources on the page, ordered by id.
    pub rows: Vec<Stored>,
    /// How many match in all.
    pub total: u64,
    /// The place of the first one, from 1.
    pub start: u64,
    /// What was tolerated in the filter.
    pub deviations: Vec<Deviation>,
}

/// Answers a query on the resources of a kind, or of all kinds.
///
/// # Errors
/// [`Error::Refused`] with `invalidFilter`, `sensitive` or `tooMany`; the others if the store fails.
pub async fn search(
    cx: &Context<'_>,
    kind: Option<Kind>,
    request: &SearchRequest,
) -> Result<Found, Error> {
    let mut deviations = Vec::new();
    let parts = parts(cx, kind, request, &mut deviations)?;
    let query = Query {
        parts,
        start: request.first(),
        count: request.page_size(cx.policy.page_size_max),
        page_bytes_max: PAGE_BYTES_MAX,
        work_units_max: WORK_UNITS_MAX,
    };
    let page = cx.engine.store.query(cx.tenant, query).await;
    let page = page.map_err(|error| failed(cx, "query", error))?;
    Ok(Found { rows: page.rows, total: page.total, start: request.first(), deviations })
}

fn parts(
    cx: &Context<'_>,
    kind: Option<Kind>,
    request: &SearchRequest,
    deviations: &mut Vec<Deviation>,
) -> Result<Vec<Part>, Error> {
    let schemas = cx.schemas();
    let kinds: Vec<Kind> = match kind {
        Some(kind) => vec![kind],
        None => schemas.resource_types().iter().map(|it| it.kind).collect(),
    };
    let Some(text) = request.filter.as_deref() else {
        return Ok(kinds.into_iter().map(|kind| Part { kind, filter: None }).collect());
    };
    let (tree, mut tolerated) = parse(text)?;
    let mut parts = Vec::new();
    for each in &kinds {
        let resolved = match kind {
            Some(kind) => Some(resolve(schemas, kind, &tree)?),
            None => resolve_across(schemas, *each, &tree)?,
        };
        if let Some((filter, more)) = resolved {
            tolerated.extend(more);
            parts.push(Part { kind: *each, filter: Some(filter) });
        }
    }
    let first = kinds.first().copied().expect("a service provider has a resource type");
    let mut reader: Reader<'_> = cx.reader(first);
    for deviation in tolerated {
        // What is wrong with a path in a filter is wrong with the filter.
        reader.tolerate(deviation).map_err(|error| Refusal::invalid_filter(error.detail))?;
    }
    deviations.append(&mut reader.deviations);
    Ok(parts)
}
