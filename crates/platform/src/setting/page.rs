//! The settings page of the documentation, from the declarations themselves.

use std::fmt::Write;

use super::load::declared;
use super::report::Line;

/// The settings page of the documentation, in Markdown.
#[must_use]
pub fn settings_page() -> String {
    let mut page = HEAD.to_owned();
    let mut block = "";
    let lines = declared();
    for line in &lines {
        let (in_block, name) = line.name.rsplit_once('.').expect("every setting is in a block");
        if in_block != block {
            block = in_block;
            write!(page, "\n## {block}\n\n{COLUMNS}").expect("a string takes all");
        }
        write_row(&mut page, name, line).expect("a string takes all");
    }
    page
}

const HEAD: &str = "\
# Settings

<!-- Made from crates/platform/src/setting by
     `cargo run --package provost-platform --example settings_page > docs/settings.md`. -->

Provost reads the platform's two files and needs none of them:

| file | flag | environment variable (the file or its folder) | usual place |
|---|---|---|---|
| `platform-settings.json` | `--platform-settings` | `THINGWORX_PLATFORM_SETTINGS` | `ThingworxPlatform/` in the working directory |
| `sso-settings.json` | `--sso-settings` | `THINGWORX_SSO_SETTINGS` | `ThingworxPlatform/ssoSecurityConfig/` in the working directory |

The first that names a file wins, from left to right. Over a file lie those of the folder beside it
that has its name and `.d`, such as `platform-settings.json.d/50-site.json`: all that end in `.json`,
in the order of their names. Objects are joined name by name; of anything else, a whole array too, the
last file that says something wins. They are read also where the file itself is not. The variables `ENABLE_SCIM`, `SCIM_AUTOSTART`
and `ENABLE_SSO` override `enableSCIM`, `autoStart` and `EnableSSO`; the flags `--listen` and
`--data` override `listen` and `dataFolder`; `SCIM_CLIENT_SECRET`, or the file that
`SCIM_CLIENT_SECRET_FILE` names, overrides `clientSecret`. An empty variable counts as absent. A
secret that is written `encrypt.<name>` is the one that `provost secret set <name>` keeps. What else the
platform documents for these files is known and left alone. An unknown name is a warning, a name
that stands twice in one object an error.

`provost check-config` prints every value with where it came from, and everything that is wrong.
`SCIMAccessTokenServicesSettings` may also stand in `platform-settings.json`, where releases from
10 on keep it; in both places it is an error.
";

const COLUMNS: &str = "| setting | default | legal | why set it |\n|---|---|---|---|\n";

fn write_row(page: &mut String, name: &str, line: &Line) -> std::fmt::Result {
    let Line { default, legal, why, .. } = line;
    writeln!(page, "| `{name}` | {default} | {legal} | {why} |")
}
