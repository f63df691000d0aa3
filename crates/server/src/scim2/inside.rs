//! What the rooms behind the door know of a request.

use http::HeaderMap;
use provost_auth::Caller;
use provost_engine::{Context, Policy};
use provost_scim::Deviation;
use provost_scim::message::SearchRequest;
use provost_scim::projection::Projection;
use provost_scim::schema::{Kind, Schemas};
use provost_scim::value::Reader;
use provost_store::{Cause, TenantId};

use crate::cause::cause;
use crate::client::Client;
use crate::context::App;
use crate::error::Error;
use crate::request_line::RequestLine;
use crate::respond::MediaType;

/// A request that passed the door and the ear.
pub(super) struct Inside<'a> {
    pub(super) app: &'a App,
    pub(super) tenant: TenantId,
    pub(super) line: &'a RequestLine,
    pub(super) policy: &'a Policy,
    /// The URL that locations begin with.
    pub(super) base: &'a str,
    pub(super) caller: &'a Caller,
    pub(super) client: &'a Client,
    pub(super) headers: &'a HeaderMap,
    /// The query string.
    pub(super) query: &'a str,
    pub(super) media_type: MediaType,
}

/// What answers hold, for each resource type.
pub(super) struct Projections(Vec<Projection>);

impl<'a> Inside<'a> {
    pub(super) fn schemas(&self) -> &'a Schemas {
        &self.app.parts.engine.schemas
    }

    /// What the engine is told; the cause names the rules that fired up to here.
    pub(super) fn context(&self) -> Context<'a> {
        Context {
            engine: &self.app.parts.engine,
            policy: self.policy,
            tenant: self.tenant,
            cause: Cause { rules: self.line.rules(), ..cause(self.line, self.caller, self.client) },
            base: self.base,
        }
    }

    pub(super) fn reader(&self, kind: Kind) -> Reader<'a> {
        Reader::new(self.schemas(), kind, self.policy.mode)
    }

    /// What the query string asks for.
    pub(super) fn search_request(&self) -> Result<SearchRequest, Error> {
        Ok(SearchRequest::from_query(self.query)?)
    }

    /// What answers to a request hold; `kind` is the one resource type that it is about.
    pub(super) fn projections(
        &self,
        kind: Option<Kind>,
        request: &SearchRequest,
    ) -> Result<Projections, Error> {
        let schemas = self.schemas();
        let mut projections = Vec::new();
        for resource_type in schemas.resource_types() {
            let mut deviations = Vec::new();
            projections.push(Projection::new(
                schemas,
                resource_type.kind,
                &request.attributes,
                &request.excluded_attributes,
                &mut deviations,
            ));
            // Of several resource types, no attribute need be known to all.
            if kind == Some(resource_type.kind) {
                self.tolerate(resource_type.kind, deviations)?;
            }
        }
        Ok(Projections(projections))
    }

    /// Reports departures from the letter, or refuses them in strict mode.
    fn tolerate(&self, kind: Kind, deviations: Vec<Deviation>) -> Result<(), Error> {
        let mut reader = self.reader(kind);
        deviations.into_iter().try_for_each(|it| reader.tolerate(it))?;
        self.line.tolerated(&reader.deviations);
        Ok(())
    }
}

impl Projections {
    pub(super) fn of(&self, kind: Kind) -> Projection {
        self.0.get(kind.index()).cloned().unwrap_or_default()
    }
}
