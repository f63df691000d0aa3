//! The platform's own users and groups, which exist from the start and which SCIM never shows.

use provost_scim::value::caseless;

/// A user of the platform itself.
#[derive(Debug, PartialEq, Eq)]
pub struct PlatformUser {
    /// The name, in its one spelling.
    pub name: &'static str,
    /// What the user may do in a request.
    pub standing: Standing,
}

/// What a platform user may do in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// An enabled member of Administrators: requests may run as this user.
    EnabledAdministrator,
    /// The platform's own identity for its inner work: nobody's request runs as it.
    Internal,
}

/// The platform's users.
pub const USERS: [PlatformUser; 3] = [
    PlatformUser { name: "Administrator", standing: Standing::EnabledAdministrator },
    PlatformUser { name: "SuperUser", standing: Standing::Internal },
    PlatformUser { name: "System", standing: Standing::Internal },
];

/// The platform's groups.
pub const GROUPS: [&str; 9] = [
    "Administrators",
    "ComposerUsers",
    "Designers",
    "Developers",
    "Guests",
    "SecurityAdministrators",
    "SolutionCentralDevelopers",
    "SolutionCentralSiteAdministrators",
    "Users",
];

/// Why a request may not run as somebody.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunAsError {
    /// There is no such user; names are compared in their exact spelling.
    #[error("the platform has no user of this name")]
    Unknown,
    /// The user exists, but is no enabled administrator.
    #[error("requests cannot run as this user, who is no enabled administrator")]
    NoAdministrator,
}

/// The user of exactly this name.
#[must_use]
pub fn user(name: &str) -> Option<&'static PlatformUser> {
    USERS.iter().find(|user| user.name == name)
}

/// The users that a request may run as.
pub fn administrators() -> impl Iterator<Item = &'static PlatformUser> {
    USERS.iter().filter(|user| user.standing == Standing::EnabledAdministrator)
}

/// The user that a request runs as.
///
/// # Errors
/// There is no such user, or it is no enabled administrator.
pub fn run_as(name: &str) -> Result<&'static PlatformUser, RunAsError> {
    let user = user(name).ok_or(RunAsError::Unknown)?;
    match user.standing {
        Standing::EnabledAdministrator => Ok(user),
        Standing::Internal => Err(RunAsError::NoAdministrator),
    }
}

/// The platform user that a name stands for in any letter case, by Unicode's default folding.
#[must_use]
pub fn reserved_user(name: &str) -> Option<&'static str> {
    USERS.iter().map(|user| user.name).find(|own| caseless(own) == caseless(name))
}

/// The platform group that a name stands for in any letter case, by Unicode's default folding.
#[must_use]
pub fn reserved_group(name: &str) -> Option<&'static str> {
    GROUPS.into_iter().find(|own| caseless(own) == caseless(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_run_as_an_enabled_administrator_in_exact_spelling_only() {
        #[track_caller]
        fn check(name: &str, expected: Result<&str, RunAsError>) {
            assert_eq!(run_as(name).map(|user| user.name), expected);
        }
        check("Administrator", Ok("Administrator"));
        check("administrator", Err(RunAsError::Unknown));
        check("Administrator ", Err(RunAsError::Unknown));
        check("SuperUser", Err(RunAsError::NoAdministrator));
        check("System", Err(RunAsError::NoAdministrator));
        check("", Err(RunAsError::Unknown));
        check("bjensen", Err(RunAsError::Unknown));
    }

    #[test]
    fn a_name_of_the_platform_is_reserved_in_any_letter_case() {
        #[track_caller]
        fn check(name: &str, user: Option<&str>, group: Option<&str>) {
            assert_eq!((reserved_user(name), reserved_group(name)), (user, group));
        }
        check("ADMINISTRATOR", Some("Administrator"), None);
        check("superuser", Some("SuperUser"), None);
        check("\u{17f}ystem", Some("System"), None); // The long s folds to s.
        check("administrators", None, Some("Administrators"));
        check("USERS", None, Some("Users"));
        check("Administrator2", None, None);
        check("", None, None);
    }

    #[test]
    fn there_is_an_administrator_from_the_start() {
        let names: Vec<_> = administrators().map(|user| user.name).collect();
        assert_eq!(names, ["Administrator"]);
    }
}
