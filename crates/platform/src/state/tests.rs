//! Tests of the subsystem's states: the whole table, and the handle that servers share.

use super::*;
use crate::setting::{Inputs, load};

use State::{Disabled, Error, Running, Starting, Stopped, Stopping};

/// The settings with SCIM, automatic start and single sign-on as given.
fn settings(scim: &str, auto_start: &str, sso: &str) -> Settings {
    let mut inputs = Inputs::default();
    for (name, value) in
        [("ENABLE_SCIM", scim), ("SCIM_AUTOSTART", auto_start), ("ENABLE_SSO", sso)]
    {
        inputs.variables.insert(name, value.into());
    }
    load(&inputs).settings.expect("the variables are legal")
}

fn running() -> Subsystem {
    let (subsystem, starting) = Subsystem::at_start(&settings("true", "true", "true"));
    starting.expect("starts by itself").finish();
    subsystem
}

fn stopped() -> Subsystem {
    Subsystem::at_start(&settings("true", "false", "true")).0
}

#[test]
fn the_settings_decide_the_state_at_the_start() {
    #[track_caller]
    fn check(scim: &str, auto_start: &str, sso: &str, state: State, reason: Option<&str>) {
        let status = Status::at_start(&settings(scim, auto_start, sso));
        assert_eq!((status.state, status.reason.as_deref()), (state, reason));
    }
    check("false", "true", "true", Disabled, Some("enableSCIM is false"));
    check("false", "false", "false", Disabled, Some("enableSCIM is false"));
    check("true", "true", "false", Disabled, Some("EnableSSO is false"));
    check("true", "false", "true", Stopped, None);
    check("true", "true", "true", Starting, None);
}

#[test]
fn every_event_in_every_state_leads_where_the_table_says() {
    #[track_caller]
    fn check(event: Event, outcomes: [&str; 6]) {
        let states = [Disabled, Starting, Running, Stopped, Error, Stopping];
        let found = states.map(|state| match Status::because(state, "why").on(&event) {
            Outcome::Becomes(status) => status.state.name(),
            Outcome::Unchanged => "-",
            Outcome::Refused(_) => "refused",
        });
        assert_eq!(found, outcomes, "after {event:?}");
    }
    //                    Disabled   Starting   Running     Stopped     Error       Stopping
    check(Event::Start, ["refused", "-", "-", "STARTING", "STARTING", "refused"]);
    check(Event::Started, ["-", "RUNNING", "-", "-", "-", "-"]);
    check(Event::Stop, ["-", "refused", "STOPPING", "-", "STOPPED", "-"]);
    check(Event::Stopped, ["-", "-", "-", "-", "-", "STOPPED"]);
    check(Event::Failed("why".to_owned()), ["-", "ERROR", "ERROR", "-", "-", "ERROR"]);
}

#[test]
fn a_disabled_subsystem_refuses_to_start_and_says_why() {
    let (subsystem, starting) = Subsystem::at_start(&settings("true", "true", "false"));
    assert!(starting.is_none());
    let refused = subsystem.begin_start().expect_err("disabled");
    assert_eq!(refused.to_string(), "the subsystem is DISABLED: EnableSSO is false");
    assert_eq!(subsystem.state(), Disabled);
}

#[test]
fn a_restart_passes_through_all_states_between() {
    let subsystem = running();
    let stopping = subsystem.begin_stop().expect("runs").expect("runs");
    assert_eq!(subsystem.state(), Stopping);
    stopping.finish();
    assert_eq!(subsystem.state(), Stopped);
    let starting = subsystem.begin_start().expect("stopped").expect("stopped");
    assert_eq!(subsystem.state(), Starting);
    starting.finish();
    assert_eq!(subsystem.state(), Running);
}

#[test]
fn asking_for_what_is_the_case_changes_nothing() {
    assert!(running().begin_start().expect("runs").is_none());
    assert!(stopped().begin_stop().expect("stopped").is_none());
}

#[test]
fn of_two_who_stop_one_waits_for_the_requests_in_work() {
    let subsystem = running();
    let other = subsystem.clone();
    let stopping = subsystem.begin_stop().expect("runs").expect("runs");
    assert!(other.begin_stop().expect("stopping").is_none());
    let refused = other.begin_start().expect_err("stopping");
    assert_eq!(refused, Refused::Busy(Stopping));
    stopping.finish();
    assert_eq!(other.state(), Stopped);
}

#[test]
fn a_start_or_stop_that_is_dropped_is_an_error_that_a_start_heals() {
    let subsystem = running();
    drop(subsystem.begin_stop().expect("runs"));
    assert_eq!(*subsystem.status(), Status::because(Error, "interrupted"));
    subsystem.begin_start().expect("failed").expect("failed").fail("the keys are gone");
    assert_eq!(*subsystem.status(), Status::because(Error, "the keys are gone"));
    subsystem.begin_start().expect("failed").expect("failed").finish();
    assert_eq!(*subsystem.status(), Status::from(Running));
}

#[test]
fn a_failed_subsystem_stops_at_once() {
    let subsystem = stopped();
    drop(subsystem.begin_start().expect("stopped"));
    assert_eq!(subsystem.state(), Error);
    assert!(subsystem.begin_stop().expect("failed").is_none());
    assert_eq!(subsystem.state(), Stopped);
}

#[test]
fn many_who_start_at_once_leave_one_start() {
    let subsystem = stopped();
    let started: Vec<_> = std::thread::scope(|scope| {
        let start = || subsystem.begin_start().expect("stopped or starting");
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        threads.into_iter().filter_map(|thread| thread.join().expect("no panic")).collect()
    });
    assert_eq!(started.len(), 1);
    assert_eq!(subsystem.state(), Starting);
}
