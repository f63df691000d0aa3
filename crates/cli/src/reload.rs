//! Settings that are read again while the server runs: what can change does, the rest is named.

use std::sync::Arc;

use provost_platform::setting::{Flags, Inputs, Line, load};
use provost_server::LogBook;
use tracing::{error, info, warn};

use crate::wiring::Reloadable;

/// The settings, as they were last read, and what can be changed by them.
pub(crate) struct Reload {
    flags: Flags,
    effective: Vec<Line>,
    reloadable: Reloadable,
    book: Arc<LogBook>,
}

/// What takes effect without a restart, by the ends of the names.
const AT_RUN_TIME: [&str; 7] = [
    "ProvostSettings.log.level",
    "ProvostSettings.dialect.mode",
    "ProvostSettings.dialect.unknownMember",
    "ProvostSettings.dialect.put",
    "ProvostSettings.dialect.groupReplace",
    "ProvostSettings.limits.pageSize",
    "ProvostSettings.limits.responseMembers",
];

impl Reload {
    pub(crate) fn new(
        flags: Flags,
        effective: Vec<Line>,
        reloadable: Reloadable,
        book: Arc<LogBook>,
    ) -> Self {
        Self { flags, effective, reloadable, book }
    }

    /// Reads everything again; what is wrong changes nothing.
    pub(crate) fn run(&mut self) {
        if let Some(tls) = &self.reloadable.tls {
            tls.refresh();
        }
        let inputs = match Inputs::of_process(self.flags.clone()) {
            Ok(inputs) => inputs,
            Err(error) => {
                error!("The settings were not read again: {error}");
                return;
            }
        };
        let report = load(&inputs);
        for problem in &report.errors {
            error!("{problem}");
        }
        let effective = report.effective.clone();
        let warnings: Vec<String> = report.warnings.iter().map(ToString::to_string).collect();
        let Ok(settings) = report.into_settings() else {
            error!("The settings as they were before stay in use: they hold errors");
            return;
        };
        for warning in warnings {
            warn!("{warning}");
        }
        let changed: Vec<&Line> = effective.iter().filter(|it| self.differs(it)).collect();
        let (now, later): (Vec<&Line>, Vec<&Line>) = changed
            .into_iter()
            .partition(|line| AT_RUN_TIME.iter().any(|name| line.name.ends_with(name)));
        for line in &now {
            info!("Takes effect: {line}");
        }
        for line in &later {
            warn!("Needs a restart to take effect: {line}");
        }
        if now.is_empty() && later.is_empty() {
            info!("Read the settings again: none differs from those in use");
        }
        self.book.set_level(settings.provost.log.level);
        self.reloadable.apply(&settings);
        // What needs a restart is said again until there was one.
        for line in now {
            if let Some(known) = self.effective.iter_mut().find(|it| it.name == line.name) {
                known.clone_from(line);
            }
        }
    }

    fn differs(&self, line: &Line) -> bool {
        let known = self.effective.iter().find(|it| it.name == line.name);
        known.is_none_or(|known| known.value != line.value)
    }
}
