//! Every rule on its recorded pair, in every form of a message, on the transcripts, on anything.

mod form;
mod member;
mod pair;
mod property;
mod refusal;
mod transcript;

use std::sync::LazyLock;

use provost_dialect::{Context, Options, interpret};
use provost_scim::Error;
use provost_scim::patch::{GroupReplace, Patch};
use provost_scim::schema::{Options as SchemaOptions, Schemas};
use provost_scim::value::{Attributes, Message, Mode, Printed, Reader};
use serde_json::{Value, json};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What becomes of a body, and the rules that fired.
type Interpreted = Result<(Value, Vec<&'static str>), Error>;

static SCHEMAS: LazyLock<Schemas> = LazyLock::new(|| Schemas::builtin(&SchemaOptions::default()));

fn patch_body(operations: &Value) -> Value {
    json!({"schemas": [PATCH_OP], "Operations": operations})
}

/// Calls with a context of the built-in schemas.
fn with<T>(resource_type: &str, message: Message, act: impl FnOnce(&Context<'_>) -> T) -> T {
    let schemas = &*SCHEMAS;
    let kind = schemas.resource_type_by_name(resource_type).expect("is built in").kind;
    act(&Context { schemas, kind, message, options: &Options::default() })
}

/// Interprets and reads a whole resource.
fn read(resource_type: &str, message: Message, body: Value) -> Interpreted {
    with(resource_type, message, |cx| {
        let (body, fired) = interpret(cx, body, Mode::Lenient)?;
        let mut reader = Reader::new(cx.schemas, cx.kind, Mode::Lenient);
        let attributes = reader.resource(&body, message)?;
        Ok((print(cx, &attributes), fired))
    })
}

/// Interprets, reads and applies the operations of a PATCH to a resource.
fn patch(resource_type: &str, before: &Value, operations: &Value) -> Interpreted {
    with(resource_type, Message::Patch, |cx| {
        let (body, fired) = interpret(cx, patch_body(operations), Mode::Lenient)?;
        let mut reader = Reader::new(cx.schemas, cx.kind, Mode::Lenient);
        let before = reader.resource(before, Message::Post)?;
        let patch = Patch::parse(&mut reader, &body, GroupReplace::Rfc)?;
        let patched = patch.apply(&mut reader, before)?;
        Ok((print(cx, &patched.attributes), fired))
    })
}

fn print(cx: &Context<'_>, attributes: &Attributes) -> Value {
    let core = cx.schemas.resource_type(cx.kind).schema;
    let printed = Printed { schemas: cx.schemas, attributes, core };
    serde_json::to_value(&printed).expect("a resource prints")
}
