//! Services about the subsystem itself: what it counts, and what it is.

use provost_platform::info_table::{BaseType, Field, InfoTable};
use provost_store::At;

use super::{Asked, DEFINITIONS};
use crate::error::Error;
use crate::metric::Metric;

/// What the platform says that the subsystem is.
pub(crate) const DESCRIPTION: &str = "SCIM Identity Management Subsystem";

pub(crate) const NAME: &str = "SCIMSubsystem";

const fn field(name: &'static str, base_type: BaseType, description: &'static str) -> Field {
    Field { name, description, base_type }
}

/// Name, description and value of each count.
pub(super) async fn metrics(asked: &Asked<'_>) -> Result<InfoTable, Error> {
    let mut table = InfoTable::new(vec![
        field("name", BaseType::String, "The name of the metric"),
        field("description", BaseType::String, "What it counts"),
        field("value", BaseType::Number, "Its value"),
    ]);
    for metric in Metric::ALL {
        let value = asked.app.metrics.get(metric);
        let row = vec![metric.name().into(), metric.description().into(), value.into()];
        table = table.with_row(row);
    }
    let engine = &asked.app.parts.engine;
    for resource_type in engine.schemas.resource_types() {
        let at = At { tenant: asked.tenant.id, kind: resource_type.kind };
        let count = engine.store.count(at).await.map_err(Error::NoTenant)?;
        let name = format!("provisioned{}s", resource_type.name);
        let description = format!("Resources of the type {} that there are", resource_type.name);
        table = table.with_row(vec![name.into(), description.into(), count.into()]);
    }
    Ok(table)
}

pub(super) fn reset_metrics(asked: &Asked<'_>) -> InfoTable {
    asked.app.metrics.reset();
    InfoTable::nothing()
}

/// Name, description, state.
pub(super) fn summary(asked: &Asked<'_>) -> InfoTable {
    let state = asked.app.parts.subsystem.state().name();
    InfoTable::new(vec![
        field("name", BaseType::String, "The name of the subsystem"),
        field("description", BaseType::String, "What it is"),
        field("state", BaseType::String, "Its state"),
    ])
    .with_row(vec![NAME.into(), DESCRIPTION.into(), state.into()])
}

/// The services that there are.
pub(super) fn metadata() -> InfoTable {
    let table = InfoTable::new(vec![
        field("type", BaseType::String, "Service or ConfigurationTable"),
        field("name", BaseType::String, "Its name"),
        field("description", BaseType::String, "What it is for"),
    ]);
    let table = DEFINITIONS.iter().fold(table, |table, it| {
        table.with_row(vec!["Service".into(), it.name.into(), it.description.into()])
    });
    provost_platform::table::Table::ALL.into_iter().fold(table, |table, it| {
        table.with_row(vec!["ConfigurationTable".into(), it.name().into(), it.description().into()])
    })
}
