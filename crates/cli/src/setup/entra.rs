//! The steps in the portal of Microsoft Entra ID, in the order in which they are done.

use provost_platform::setting::Report;
use provost_platform::state::{State, Status};

use super::credential::Credential;
use super::plan::{Plan, Step};
use super::values::{About, Values};

/// The steps for these settings; `asked` is what the administrator wants in place of what the
/// settings suggest.
pub(super) fn plan(report: &Report, asked: Option<Credential>) -> Plan {
    let values = Values(report);
    let credential = asked.unwrap_or_else(|| Credential::of(&values));
    Plan {
        title: "How to provision users and groups from Microsoft Entra ID into this server".into(),
        steps: vec![
            service(&values),
            address(&values),
            application(),
            credential.step(&values),
            connection(&values, credential),
            mappings(),
            start(),
            platform(),
        ],
    }
}

fn service(values: &Values<'_>) -> Step {
    let mut step = Step::new("The SCIM subsystem of this server");
    for name in ["EnableSSO", "enableSCIM", "autoStart"] {
        step.value(name, values.shown(name).unwrap_or("(none)"));
    }
    match values.0.settings.as_ref().map(Status::at_start) {
        Some(Status { state: State::Disabled, reason }) => step.mend(format!(
            "SCIM is DISABLED and answers 404: {}; set it to true in platform-settings.json, and \
             restart",
            reason.unwrap_or_default()
        )),
        Some(Status { state: State::Stopped, .. }) => step.act(
            "It is STOPPED after each start of the server, and answers 503: call its service \
             Start with a token of `provost token create --admin`, or set autoStart to true.",
        ),
        Some(_) => step.note("it runs as soon as `provost serve` does"),
        None => {}
    }
    values.problems(About::Service, &mut step);
    step
}

fn address(values: &Values<'_>) -> Step {
    let mut step = Step::new("A public address");
    match values.tenant_url() {
        Ok(url) => step.value("Tenant URL", url),
        Err((url, why)) => {
            step.value("Tenant URL", url);
            step.mend(why);
        }
    }
    step.act(
        "It has to be reached from the Internet by TLS 1.2 or later, with a certificate of a public \
         authority and all certificates between. From outside, `provost doctor <Tenant URL>` plays \
         the portal's test and says what is in the way.",
    );
    step.note("a proxy has to let requests without a User-Agent through: none is sent");
    values.problems(About::Address, &mut step);
    step
}

fn application() -> Step {
    let mut step = Step::new("In the Entra admin center: the application");
    step.act(
        "Identity > Applications > Enterprise applications: open the application of your single \
         sign-on. If there is none: New application > Create your own application > Integrate any \
         other application you don't find in the gallery.",
    );
    step.act(
        "Users and groups: assign who is to be provisioned. Groups are not followed into groups \
         inside of them.",
    );
    step
}

fn connection(values: &Values<'_>, credential: Credential) -> Step {
    let mut step = Step::new("Provisioning > Get started");
    step.value("Provisioning Mode", "Automatic");
    let url = values.tenant_url().unwrap_or_else(|(url, _)| url);
    step.value("Tenant URL", url);
    step.value(
        "Secret Token",
        match credential {
            Credential::Blank => "(empty)",
            Credential::Token => "(the token)",
        },
    );
    step.act(
        "Test Connection, then Save. If the test fails, `provost doctor` says why; so does the log of \
         this server, if the request came so far.",
    );
    step
}

fn mappings() -> Step {
    let mut step = Step::new("Mappings: nothing to do");
    step.note(
        "ThingWorx has you delete employeeId, department and manager: here they are understood and \
         kept, so leave them",
    );
    step.note(
        "it has you replace the expression of active by Not([IsSoftDeleted]): here both are \
         understood, for \"True\" and \"False\" as texts are",
    );
    step.note(
        "it has you apply userPrincipalName only during object creation: here a rename is followed, \
         so leave it at Always; where it was changed before, change it back",
    );
    step.note("what was changed for ThingWorx may stay: it works as it did");
    step
}

fn start() -> Step {
    let mut step = Step::new("Start");
    step.act(
        "Settings > Scope: only assigned users and groups, unless everybody of the directory is to \
         come. Provision on demand plays one user first.",
    );
    step.act(
        "Provisioning Status On, Save. The first cycle begins at once, and the next ones come every \
         40 minutes or so; each request is one line in the log of this server.",
    );
    step
}

fn platform() -> Step {
    let mut step = Step::new("In ThingWorx, where single sign-on makes users as they log in");
    step.act(
        "Composer > Security > Authenticators > ThingworxSSOAuthenticator > Configuration: untick \
         User Creation Enabled and User Modification Enabled, Save. Then provisioning alone writes, \
         and the two do not undo each other's groups and defaults.",
    );
    step
}
