//! What a token must be beyond the client that it is bound to.

use super::claims::Claims;
use crate::rejection::{Excerpt, Rejection};

/// What a token must be beyond its [`Binding`](super::binding::Binding). An empty list asks for
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirements {
    /// The token is for one of these (`aud`, RFC 7519 §4.1.3).
    pub audiences: Vec<String>,
    /// One of these applications asked for the token.
    pub callers: Vec<String>,
    /// The claim `oid` is one of these: the caller's own object in the issuer's directory.
    pub object_ids: Vec<String>,
    /// The claim `sub` is one of these.
    pub subjects: Vec<String>,
    /// The claim `roles` has all of these.
    pub roles: Vec<String>,
    /// The token is an application's own: no user signed in for it, and the application proved who
    /// it is.
    pub app_only: bool,
}

impl Default for Requirements {
    fn default() -> Self {
        Self {
            audiences: Vec::new(),
            callers: Vec::new(),
            object_ids: Vec::new(),
            subjects: Vec::new(),
            roles: Vec::new(),
            app_only: true,
        }
    }
}

/// The claims that only a user's token has; `docs/security.md` says which issuer's, with sources.
/// `idtyp` is the kind of the subject, and `app` there is no user; `scp` as a text is what a user
/// granted; `upn`, `unique_name` and `uid` name the user.
const OF_A_USER: [&str; 5] = ["idtyp", "scp", "upn", "unique_name", "uid"];

/// How the application authenticated, in version 1 and 2 tokens: 0 is not at all, 1 a secret, 2 a
/// certificate (same place).
const CLIENT_AUTHENTICATION: [&str; 2] = ["appidacr", "azpacr"];

impl Requirements {
    pub(crate) fn check(&self, claims: &Claims) -> Result<(), Rejection> {
        if self.app_only {
            check_app_only(claims)?;
        }
        let is_for = |audience: &String| claims.holds("aud", audience);
        if !self.audiences.is_empty() && !self.audiences.iter().any(is_for) {
            return Err(Rejection::OtherAudience(show(claims, "aud")));
        }
        if !self.callers.is_empty() {
            let caller = caller(claims).ok_or(Rejection::NoCaller)?;
            if !self.callers.iter().any(|accepted| accepted == caller) {
                return Err(Rejection::OtherCaller(Excerpt::quote(caller)));
            }
        }
        let is_object = |id: &String| claims.get("oid") == Some(id);
        if !self.object_ids.is_empty() && !self.object_ids.iter().any(is_object) {
            return Err(Rejection::ObjectId(show(claims, "oid")));
        }
        let is_subject = |id: &String| claims.get("sub") == Some(id);
        if !self.subjects.is_empty() && !self.subjects.iter().any(is_subject) {
            return Err(Rejection::Subject(show(claims, "sub")));
        }
        match self.roles.iter().find(|role| !claims.holds("roles", role)) {
            Some(missing) => Err(Rejection::Role(Excerpt::quote(missing))),
            None => Ok(()),
        }
    }
}

/// The application that asked for a token.
///
/// Tokens that say their version name it in `appid` (1.0) or `azp` (2.0; the assertions of workload
/// identity federation in `appid` too). Elsewhere it is `client_id` (RFC 9068 §2.2), `azp` (OpenID
/// Connect Core §2) or `cid`; `docs/security.md` has the sources.
pub(crate) fn caller(claims: &Claims) -> Option<&str> {
    let names: &[&str] = match claims.get("ver") {
        Some("1.0") => &["appid"],
        Some("2.0") => &["azp", "appid"],
        Some(_) | None => &["client_id", "azp", "cid", "appid"],
    };
    names.iter().find_map(|name| claims.get(name))
}

fn check_app_only(claims: &Claims) -> Result<(), Rejection> {
    let of_a_user = |name: &&&str| match claims.get(name) {
        // Scopes that are a list are nobody's grant, and no text.
        Some(text) => **name != "idtyp" || text != "app",
        None => false,
    };
    if let Some(name) = OF_A_USER.iter().find(of_a_user) {
        return Err(Rejection::OfUser(name));
    }
    match CLIENT_AUTHENTICATION.into_iter().find(|name| claims.get(name) == Some("0")) {
        Some(name) => Err(Rejection::PublicClient(name)),
        None => Ok(()),
    }
}

fn show(claims: &Claims, name: &str) -> Excerpt {
    match claims.show(name) {
        Some(value) => Excerpt::quote(&value),
        None => Excerpt::plain("missing"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn list(values: &[&str]) -> Vec<String> {
        values.iter().map(ToString::to_string).collect()
    }

    #[track_caller]
    fn check(requirements: &Requirements, claims: Value, want: &str) {
        let parsed = Claims::parse(claims.to_string().as_bytes()).unwrap();
        let got = requirements.check(&parsed).err().map_or("fits".to_owned(), |it| it.to_string());
        assert_eq!(got, want, "{claims}");
    }

    #[test]
    fn empty_lists_ask_for_nothing() {
        check(&Requirements::default(), json!({}), "fits");
    }

    #[test]
    fn audience_is_one_of_the_list() {
        let ours = Requirements { audiences: list(&["a", "b"]), ..Default::default() };
        check(&ours, json!({"aud": "b"}), "fits");
        check(&ours, json!({"aud": ["x", "a"]}), "fits");
        check(&ours, json!({"aud": "ab"}), "the audience is \"ab\", which is not accepted");
        check(&ours, json!({"aud": []}), "the audience is \"[]\", which is not accepted");
        check(&ours, json!({}), "the audience is missing, which is not accepted");
    }

    #[test]
    fn caller_is_named_where_the_version_says() {
        let ours = Requirements { callers: list(&["sync"]), ..Default::default() };
        for claims in [
            json!({"ver": "1.0", "appid": "sync"}),
            json!({"ver": "2.0", "azp": "sync"}),
            json!({"ver": "2.0", "appid": "sync"}),
            json!({"ver": 1, "cid": "sync", "scp": ["scim"]}),
            json!({"client_id": "sync"}),
            json!({"azp": "sync"}),
        ] {
            check(&ours, claims, "fits");
        }
        let none = "no claim names the calling application";
        check(&ours, json!({"ver": "1.0", "azp": "sync"}), none);
        check(&ours, json!({"client_id": ["sync"]}), none);
        let other = "the calling application is \"cli\", which is not accepted";
        check(&ours, json!({"client_id": "cli", "azp": "sync"}), other);
        check(&ours, json!({"ver": "2.0", "azp": "cli", "appid": "sync"}), other);
    }

    #[test]
    fn object_and_roles_are_pinned() {
        let ours = Requirements {
            object_ids: list(&["o"]),
            roles: list(&["Scim.Provision", "Scim.Read"]),
            ..Default::default()
        };
        check(&ours, json!({"oid": "o", "roles": ["Scim.Read", "x", "Scim.Provision"]}), "fits");
        check(&ours, json!({"oid": "p"}), "the claim `oid` is \"p\", which is not accepted");
        check(&ours, json!({}), "the claim `oid` is missing, which is not accepted");
        let named = Requirements { subjects: list(&["s"]), ..Default::default() };
        check(&named, json!({"sub": "s"}), "fits");
        check(&named, json!({"sub": "t"}), "the claim `sub` is \"t\", which is not accepted");
        let role = "the role \"Scim.Read\" is not in the claim `roles`";
        check(&ours, json!({"oid": "o", "roles": "Scim.Provision"}), role);
    }

    #[test]
    fn users_and_public_clients_are_refused_unless_they_are_asked_in() {
        let user = |name| {
            format!("it was made for a user who signed in (`{name}`), not for an application")
        };
        for (claims, want) in [
            (json!({"idtyp": "app", "appidacr": "2", "scp": ["scim"]}), "fits".to_owned()),
            (json!({"idtyp": "user"}), user("idtyp")),
            (json!({"scp": "user_impersonation"}), user("scp")),
            (json!({"upn": "a@b.example"}), user("upn")),
            (json!({"unique_name": "a"}), user("unique_name")),
            (json!({"cid": "c", "uid": "00u1"}), user("uid")),
            (
                json!({"appidacr": "0"}),
                "the application gave no proof of itself (`appidacr` is 0)".into(),
            ),
            (
                json!({"azpacr": "0"}),
                "the application gave no proof of itself (`azpacr` is 0)".into(),
            ),
        ] {
            check(&Requirements::default(), claims.clone(), &want);
            let open = Requirements { app_only: false, ..Default::default() };
            check(&open, claims, "fits");
        }
    }
}
