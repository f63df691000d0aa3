//! Who causes what a request does, as events and the audit trail have it.

use provost_auth::{Caller, RunAs};
use provost_store::Cause;

use crate::client::Client;
use crate::request_line::RequestLine;

/// The cause of what a request does; no rule of a dialect fired.
pub(crate) fn cause(line: &RequestLine, caller: &Caller, client: &Client) -> Cause {
    Cause {
        request: line.id().into(),
        caller: caller.principal.clone(),
        run_as: match &caller.run_as {
            RunAs::User(name) => Some((&**name).into()),
            RunAs::Own => None,
        },
        source: Some(client.address.to_string().into()),
        rules: Vec::new(),
    }
}
