//! Loads the settings from both files, the environment and the flags, noting all that is wrong.

use std::collections::BTreeSet;

use super::block::{Block, Given};
use super::file::{Found, PLATFORM, SSO};
use super::inputs::Inputs;
use super::provost::{self, Provost};
use super::report::{Line, Notes, Problem, Report};
use super::scim::{self, Scim};
use super::secret;
use super::source::Source;
use super::trust::{self, Introspection, Service, Trust};

/// All that the server is told at its start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether and how the SCIM subsystem runs.
    pub scim: Scim,
    /// Single sign-on is on; without it SCIM is not served.
    pub sso_enabled: bool,
    /// Whose tokens are trusted; without it only tokens of `provost token create` are.
    pub trust: Option<Trust>,
    /// The authorization server that is asked about tokens, in place of `trust`.
    pub introspection: Option<Introspection>,
    /// Provost's own settings.
    pub provost: Provost,
}

impl Settings {
    /// The users that requests run as, each once.
    #[must_use]
    pub fn administrators(&self) -> BTreeSet<&str> {
        let tenants = || self.provost.tenants.values();
        let issuers = self.provost.jwt.issuers.iter();
        let issuers = issuers.chain(tenants().flat_map(|it| &it.issuers));
        let introspections = self.introspection.iter();
        let introspections =
            introspections.chain(tenants().filter_map(|it| it.introspection.as_ref()));
        let trusted = self.trust.iter().map(|it| &it.admin_name);
        let of_issuers = issuers.map(|it| &it.admin_name);
        let asked = introspections.filter_map(|it| it.admin_name.as_ref());
        trusted.chain(of_issuers).chain(asked).map(String::as_str).collect()
    }
}

/// Loads the settings; whatever is wrong is in the report, all of it at once.
#[must_use]
pub fn load(inputs: &Inputs) -> Report {
    let mut notes = Notes::default();
    let platform_file = PLATFORM.read(inputs, &mut notes);
    let sso_file = SSO.read(inputs, &mut notes);
    let given_secret = secret::given(inputs, &mut notes);
    let mut platform = Block::read_root(platform_file.root(), &mut notes, |root| {
        read_platform_file(root, inputs, given_secret.clone())
    });
    let sso_trust =
        Block::read_root(sso_file.root(), &mut notes, |root| read_sso_file(root, given_secret));

    warn_of_open_secret(&sso_file, sso_trust.as_ref(), &mut notes);
    for trust in &platform.trusts {
        warn_of_open_secret(&platform_file, Some(trust), &mut notes);
    }
    let asked =
        platform.provost.tenants.values().filter_map(|tenant| tenant.introspection.as_ref());
    asked.for_each(|asked| refuse_open_secret(&platform_file, asked, &mut notes));
    let data_folder = inputs.folder.join(&platform.provost.data_folder);
    for (name, tenant) in &mut platform.provost.tenants {
        let path = format!("PlatformSettingsConfig.ProvostSettings.tenants.{name}.introspection");
        if let Some(asked) = &mut tenant.introspection {
            secret::resolve(asked, &path, &data_folder, &mut notes);
        }
    }
    let trusts = sso_trust.into_iter().chain(platform.trusts).collect();
    let (trust, introspection) = match the_only_one(trusts, &mut notes) {
        Some(Service::Keys(trust)) => (Some(trust), None),
        Some(Service::Introspection(mut introspection)) => {
            secret::resolve(&mut introspection, trust::BLOCK, &data_folder, &mut notes);
            (None, Some(introspection))
        }
        None => (None, None),
    };
    let (scim, sso_enabled, provost) = (platform.scim, platform.sso_enabled, platform.provost);
    let settings = Settings { scim, sso_enabled, trust, introspection, provost };
    refuse_issuer_twice(&settings, &mut notes);
    advise(&settings, &platform_file, &sso_file, &mut notes);

    let Notes { effective, warnings, errors, .. } = notes;
    let data_folder = settings.provost.data_folder.clone();
    let settings = errors.is_empty().then_some(settings);
    Report { settings, data_folder, effective, warnings, errors }
}

/// Every setting there is, as it stands when nobody says anything.
pub(crate) fn declared() -> Vec<Line> {
    let mut notes = Notes { is_declaring: true, ..Notes::default() };
    let inputs = Inputs::default();
    Block::read_root(None, &mut notes, |root| read_platform_file(root, &inputs, None));
    Block::read_root(None, &mut notes, |root| {
        root.block(trust::BLOCK, |block| trust::read(block, None))
    });
    notes.effective
}

struct FromPlatformFile {
    scim: Scim,
    sso_enabled: bool,
    provost: Provost,
    trusts: Vec<(Source, Option<Service>)>,
}

fn read_platform_file(
    root: &mut Block<'_, '_>,
    inputs: &Inputs,
    given_secret: Option<Given>,
) -> FromPlatformFile {
    root.ignore(&scim::OUTERMOST);
    root.ignore(&trust::SSO_SETTINGS);
    let outer_trust =
        root.optional_block(trust::BLOCK, |block| trust::read(block, given_secret.clone()));
    root.block("PlatformSettingsConfig", |config| {
        config.ignore(&scim::PLATFORM_SETTINGS_CONFIG);
        config.ignore(&trust::SSO_SETTINGS);
        let sso_enabled =
            config.block("BasicSettings", |block| scim::read_sso_enabled(block, inputs));
        let scim = config.block("SCIMSettings", |block| scim::read(block, inputs));
        // Releases from 10 on keep what was in sso-settings.json in this file.
        let inner_trust =
            config.optional_block(trust::BLOCK, |block| trust::read(block, given_secret));
        let provost = config.block("ProvostSettings", |block| provost::read(block, inputs));
        let trusts = outer_trust.into_iter().chain(inner_trust).collect();
        FromPlatformFile { scim, sso_enabled, provost, trusts }
    })
}

fn read_sso_file(
    root: &mut Block<'_, '_>,
    given_secret: Option<Given>,
) -> Option<(Source, Option<Service>)> {
    root.ignore(&trust::SSO_SETTINGS);
    root.block("BasicSettings", |block| block.ignore(&trust::BASIC_SETTINGS));
    root.optional_block(trust::BLOCK, |block| trust::read(block, given_secret))
}

/// Two issuers to choose from would be two answers to the question who gets in.
fn the_only_one(trusts: Vec<(Source, Option<Service>)>, notes: &mut Notes) -> Option<Service> {
    let mut trusts = trusts.into_iter();
    let (first_source, first) = trusts.next()?;
    for (source, _) in trusts {
        let message = format!("stands also at {first_source}; keep one of them");
        notes.errors.push(Problem::at(source, trust::BLOCK, message));
    }
    first
}

/// An issuer is trusted in one way: two could not be told apart by its tokens.
fn refuse_issuer_twice(settings: &Settings, notes: &mut Notes) {
    let first = settings.trust.iter().map(|trust| &trust.issuer);
    let further = settings.provost.jwt.issuers.iter().map(|it| &it.issuer);
    let mut seen = BTreeSet::new();
    for issuer in first.chain(further) {
        if !seen.insert(issuer) {
            let path = "PlatformSettingsConfig.ProvostSettings.jwt.issuers";
            let message = format!("the issuer {issuer} is configured twice; keep one");
            notes.errors.push(Problem::at(Source::Default, path, message));
        }
    }
}

fn warn_of_open_secret(file: &Found, trust: Option<&(Source, Option<Service>)>, notes: &mut Notes) {
    let Found::Read { open, .. } = file else { return };
    let Some((_, Some(service))) = trust else { return };
    let trust = match service {
        Service::Keys(trust) => trust,
        Service::Introspection(asked) => return refuse_open_secret(file, asked, notes),
    };
    let (Some(secret), Some(place)) = (&trust.client_secret, &trust.secret_source) else { return };
    for source in open.iter().filter(|file| secret::stands_in(secret, place, file)) {
        warn(
            notes,
            source.clone(),
            "holds clientSecret and every user of this machine may read it; chmod 600 closes that",
        );
    }
}

fn refuse_open_secret(file: &Found, asked: &Introspection, notes: &mut Notes) {
    let Found::Read { open, .. } = file else { return };
    let message = "holds clientSecret and every user of this machine may read it; chmod 600 closes \
                   that, or keep the secret with `provost secret set`";
    let Introspection { client_secret, secret_source, .. } = asked;
    for source in open.iter().filter(|it| secret::stands_in(client_secret, secret_source, it)) {
        let problem = Problem::at(source.clone(), "", message);
        // Once for the file, however many secrets are in it.
        if !notes.errors.contains(&problem) {
            notes.errors.push(problem);
        }
    }
}

/// What is legal together, but serves nobody.
fn advise(settings: &Settings, platform_file: &Found, sso_file: &Found, notes: &mut Notes) {
    if let Found::Nowhere = platform_file
        && !settings.scim.enabled
    {
        let message = format!(
            "no platform-settings.json ({} or --platform-settings): nothing is enabled. Write \
             {{\"PlatformSettingsConfig\": {{\"BasicSettings\": {{\"EnableSSO\": true}}, \
             \"SCIMSettings\": {{\"enableSCIM\": true, \"autoStart\": true}}}}}} into it",
            PLATFORM.usual_place
        );
        warn(notes, Source::Default, &message);
    }
    if !settings.scim.enabled {
        return;
    }
    if !settings.sso_enabled {
        let message = "enableSCIM is true but EnableSSO is not: SCIM paths answer 404 until it is";
        warn(notes, Source::Default, message);
    }
    let is_told = matches!(sso_file, Found::Unreadable) || !notes.errors.is_empty();
    let is_trusting = settings.trust.is_some()
        || settings.introspection.is_some()
        || !settings.provost.jwt.issuers.is_empty();
    if !is_trusting && !is_told {
        let message = format!(
            "no {} ({} or --sso-settings): JWTs are refused, only tokens of `provost token \
             create` are accepted",
            trust::BLOCK,
            SSO.usual_place
        );
        warn(notes, Source::Default, &message);
    }
}

fn warn(notes: &mut Notes, source: Source, message: &str) {
    notes.warnings.push(Problem::at(source, "", message));
}
