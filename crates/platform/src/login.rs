//! What the platform's login may do with a user whom SCIM provisions too ("just in time").

use crate::table::Provisioning;

/// What there is of the user who logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// The identity provider has not disabled it.
    pub is_enabled: bool,
    /// The platform keeps it out.
    pub is_locked: bool,
}

/// What a login may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The user may come in, if need be after the account was created.
    pub may_log_in: bool,
    /// The login may create the account.
    pub may_create: bool,
    /// The login may change the account.
    pub may_change: bool,
}

/// Decides for a user; excluded ones are the platform's own matter, and may come in if they are there.
#[must_use]
pub fn decide(tables: &Provisioning, account: Option<Account>, is_excluded: bool) -> Decision {
    let may_create = account.is_none() && tables.login_creates && !is_excluded;
    Decision {
        may_log_in: match account {
            Some(account) => account.is_enabled && !account.is_locked,
            None => may_create,
        },
        may_create,
        may_change: account.is_some() && tables.login_changes && !is_excluded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Configuration;

    #[test]
    fn the_switches_say_what_a_login_may_do_and_never_for_whom_is_excluded() {
        let mut tables = Provisioning::of(&Configuration::default());
        let account = |is_enabled, is_locked| Some(Account { is_enabled, is_locked });
        let mut table = String::new();
        for (creates, changes) in [(true, true), (false, false)] {
            (tables.login_creates, tables.login_changes) = (creates, changes);
            for (name, account) in [
                ("nobody", None),
                ("enabled", account(true, false)),
                ("disabled", account(false, false)),
                ("locked", account(true, true)),
            ] {
                for is_excluded in [false, true] {
                    let Decision { may_log_in, may_create, may_change } =
                        decide(&tables, account, is_excluded);
                    let excluded = if is_excluded { " excluded" } else { "" };
                    table.push_str(&format!(
                        "{creates} {name}{excluded}: in {may_log_in}, create {may_create}, change {may_change}\n"
                    ));
                }
            }
        }
        insta::assert_snapshot!(table, @"
        true nobody: in true, create true, change false
        true nobody excluded: in false, create false, change false
        true enabled: in true, create false, change true
        true enabled excluded: in true, create false, change false
        true disabled: in false, create false, change true
        true disabled excluded: in false, create false, change false
        true locked: in false, create false, change true
        true locked excluded: in false, create false, change false
        false nobody: in false, create false, change false
        false nobody excluded: in false, create false, change false
        false enabled: in true, create false, change false
        false enabled excluded: in true, create false, change false
        false disabled: in false, create false, change false
        false disabled excluded: in false, create false, change false
        false locked: in false, create false, change false
        false locked excluded: in false, create false, change false
        ");
    }
}
