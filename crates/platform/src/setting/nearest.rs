//! What somebody probably meant by a name that is unknown where it stands.

/// The known name that an unknown one resembles, if any does.
pub(crate) fn nearest<'k>(unknown: &str, known: &[&'k str]) -> Option<&'k str> {
    let unknown = unknown.to_lowercase();
    let likeness = |name: &str| strsim::jaro_winkler(&unknown, &name.to_lowercase());
    let best = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) >= ALIKE).then_some(*best)
}

/// The object that a name of ours belongs in; asked for a name that stands elsewhere.
pub(crate) fn home(name: &str) -> Option<&'static str> {
    HOMES.iter().find(|(known, _)| *known == name).map(|(_, home)| *home)
}

/// Above it names differ by a slip of the keyboard, below it by meaning.
const ALIKE: f64 = 0.85;

/// The documentation prints these names without the objects around them.
const HOMES: [(&str, &str); 7] = [
    ("PlatformSettingsConfig", "the outermost object of platform-settings.json"),
    ("SCIMSettings", "PlatformSettingsConfig of platform-settings.json"),
    ("ProvostSettings", "PlatformSettingsConfig of platform-settings.json"),
    ("EnableSSO", "PlatformSettingsConfig.BasicSettings of platform-settings.json"),
    ("enableSCIM", "PlatformSettingsConfig.SCIMSettings of platform-settings.json"),
    ("autoStart", "PlatformSettingsConfig.SCIMSettings of platform-settings.json"),
    ("SCIMAccessTokenServicesSettings", "the outermost object of sso-settings.json"),
];
