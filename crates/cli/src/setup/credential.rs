//! The field Secret Token: empty, or with a token that was made here; and what speaks against it.

use provost_platform::client_binding::{CallerPair, ClientBinding};
use provost_platform::setting::{Issuer, Report, Requirements, Settings};
use url::Url;
use uuid::Uuid;

use super::plan::Step;
use super::values::{About, TRUST, Values};

/// What goes into the field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credential {
    /// Nothing: the identity provider sends a JWT of its own.
    Blank,
    /// A token of `provost token create`.
    Token,
}

/// How issuers of the tokens that come with an empty field begin.
const ISSUER: &str = "https://sts.windows.net/";
/// Where their keys are.
const KEYS_HOST: &str = "login.microsoftonline.com";
const KEYS: &str = "https://login.microsoftonline.com/common/discovery/keys";

impl Credential {
    /// What the settings suggest: they name an issuer for the empty field alone.
    pub(super) fn of(values: &Values<'_>) -> Self {
        let is_further = values.0.settings.as_ref().and_then(further).is_some();
        let is_named = match values.of_trust("issuer") {
            Some(issuer) => issuer.starts_with(ISSUER) || issuer.contains(KEYS_HOST),
            // One that is wrong is complained of, and still says what is meant.
            None => {
                values.of_trust("authScimOAuthClientId").is_some()
                    && values.of_trust("checkTokenEndpointUrl").is_none()
            }
        };
        if is_named || is_further { Self::Blank } else { Self::Token }
    }

    pub(super) fn step(self, values: &Values<'_>) -> Step {
        let mut step = Step::new("The field Secret Token");
        match self {
            Self::Blank => blank(values, &mut step),
            Self::Token => token(values, &mut step),
        }
        values.problems(About::Credential, &mut step);
        step
    }
}

fn token(values: &Values<'_>, step: &mut Step) {
    step.act(
        "Make a token, and enter it: `provost token create --name entra --expires-in 365`. It is \
         shown once; the log warns two weeks before it ends, and `provost token rotate --name \
         entra` makes the next one while this one still holds.",
    );
    step.note("this is what we advise: a token of yours ties the server to this one job");
    let issuer = values.of_trust("issuer");
    if let Some(issuer) = issuer {
        step.act(format!(
            "Take {TRUST} out of the settings and restart, unless something else sends JWTs: \
             tokens of {issuer} would be accepted besides."
        ));
    }
}

fn blank(values: &Values<'_>, step: &mut Step) {
    step.act("Leave the field empty: a token of the portal's own, which it renews, is sent then.");
    step.note(
        "we advise to enter a token of `provost token create` instead (--secret-token shows how): \
         Microsoft means the empty field for testing, and the token that it sends is the same for \
         all enterprise applications of your directory",
    );
    show(values, step);
    step.act(
        "Compare the IDs with Overview of the application under App registrations: the tokens of \
         another directory are refused.",
    );
    step.note("a client secret, which ThingWorx asks for here, is not needed: none is ever sent");
    match &values.0.settings {
        Some(settings) => judge(settings, step),
        None => missing(values.0, step),
    }
}

/// Whose tokens are accepted, as the settings have it.
fn show(values: &Values<'_>, step: &mut Step) {
    let named = values.of_trust("issuer");
    let further = values.0.settings.as_ref().and_then(further);
    let (issuer, keys) = match further.filter(|_| named.and_then(tenant).is_none()) {
        Some(further) => (Some(further.issuer.as_str()), Some(further.keys.url().as_str())),
        None => {
            let keys = values.of_trust("jwtPublicKeyUrl");
            (named, keys.or(values.of_trust("openIdMetadataUrl")))
        }
    };
    step.value("issuer", issuer.unwrap_or("<none>"));
    step.value("Directory (tenant) ID", issuer.and_then(tenant).unwrap_or("<unknown>".into()));
    if let Some(client) = values.of_trust("authScimOAuthClientId") {
        step.value("Application (client) ID", client);
    }
    step.value("keys", keys.unwrap_or("<none>"));
}

/// Says what keeps the token of the empty field out.
fn judge(settings: &Settings, step: &mut Step) {
    let trust = settings.trust.as_ref();
    match (trust.filter(|it| tenant(&it.issuer).is_some()), further(settings)) {
        (Some(trust), _) => {
            judge_keys(trust.keys.url(), step);
            judge_binding(&trust.client_binding(), step);
            judge_requirements(&settings.provost.jwt.requirements, step);
        }
        (None, Some(further)) => {
            judge_keys(further.keys.url(), step);
            judge_requirements(&further.requirements, step);
        }
        (None, None) => match trust {
            Some(trust) => step.mend(format!(
                "with an empty field tokens come from {ISSUER}<Directory (tenant) ID>/, and the \
                 settings trust {} instead: all would be refused",
                trust.issuer
            )),
            None => missing_in(settings, step),
        },
    }
}

fn judge_keys(url: &Url, step: &mut Step) {
    let host = url.host_str().unwrap_or_default();
    if host != KEYS_HOST {
        step.note(format!("the keys come from {host}; those of the usual cloud are at {KEYS}"));
    }
}

/// A claim that must hold the application's own id: the token names another caller.
fn judge_binding(binding: &ClientBinding, step: &mut Step) {
    let Some(claim) = &binding.claim else { return };
    let &CallerPair { caller_claim, caller, audience } = pair();
    let sent = match claim.name.as_str() {
        name if name == caller_claim => caller,
        "aud" => audience,
        _ => return,
    };
    if claim.value != sent {
        step.mend(format!(
            "authScimOAuthClientIdAttrName asks for {} in the claim {}, and with an empty field \
             {sent} stands there: take authScimOAuthClientIdAttrName out, or enter a token",
            claim.value, claim.name
        ));
    }
}

fn judge_requirements(asked: &Requirements, step: &mut Step) {
    let &CallerPair { caller, audience, .. } = pair();
    let lacks =
        |list: &[String], value: &str| !list.is_empty() && list.iter().all(|it| it != value);
    if lacks(&asked.audiences, audience) {
        step.mend(format!(
            "audiences does not hold {audience}, for which the token of an empty field is made"
        ));
    }
    if lacks(&asked.callers, caller) {
        step.mend(format!("callers does not hold {caller}, which asks for the token"));
    }
    if !asked.roles.is_empty() {
        step.mend("requiredRoles asks for roles, and the token of an empty field carries none");
    }
    match asked.object_ids.as_slice() {
        [] => step.act(
            "Write the Object ID of the application (Enterprise applications > your application > \
             Properties) into ProvostSettings.jwt.objectIds: no other application gets in then.",
        ),
        ids => step.value("accepted objects", ids.join(", ")),
    }
}

fn missing_in(settings: &Settings, step: &mut Step) {
    let instead = match &settings.introspection {
        Some(_) => {
            ": the settings ask an authorization server about tokens, and it knows none of these"
        }
        None => "",
    };
    step.mend(format!(
        "nothing in the settings accepts such a token{instead}. {}",
        what_to_write()
    ));
}

fn missing(report: &Report, step: &mut Step) {
    // A block that is there and wrong is complained of by itself.
    if !report.errors.iter().any(|it| it.path.contains(TRUST)) {
        step.mend(format!("nothing in the settings accepts such a token. {}", what_to_write()));
    }
}

fn what_to_write() -> String {
    format!(
        "In sso-settings.json there has to be {{\"{TRUST}\": {{\"authScimOAuthClientId\": \
         \"<Application (client) ID>\", \"issuer\": \"{ISSUER}<Directory (tenant) ID>/\", \
         \"jwtPublicKeyUrl\": \"{KEYS}\"}}}}"
    )
}

/// The caller and the audience of the token of an empty field.
fn pair() -> &'static CallerPair {
    ClientBinding::new("", None).pairs.first().expect("the platform knows the usual caller")
}

/// A further issuer that signs the tokens of the empty field.
fn further(settings: &Settings) -> Option<&Issuer> {
    settings.provost.jwt.issuers.iter().find(|it| tenant(&it.issuer).is_some())
}

/// The directory in an issuer of the right form.
fn tenant(issuer: &str) -> Option<String> {
    let tenant = issuer.strip_prefix(ISSUER)?.strip_suffix('/')?;
    let is_id = tenant.len() == 36 && Uuid::parse_str(tenant).is_ok();
    is_id.then(|| tenant.to_owned())
}
