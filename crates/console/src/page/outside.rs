//! Pages for whom nobody knows: signing in, and what went wrong.

use askama::Template;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'p> {
    root: &'p str,
    tenant: Option<&'p str>,
    problem: Option<&'p str>,
    next: &'p str,
}

#[derive(Template)]
#[template(path = "failure.html")]
struct Failure<'p> {
    root: &'p str,
    title: &'p str,
    detail: &'p str,
}

/// The page to sign in with; `next` is the path below the console's root that is shown afterwards.
///
/// # Errors
/// Never, as far as is known.
pub fn sign_in(
    root: &str,
    tenant: Option<&str>,
    problem: Option<&str>,
    next: &str,
) -> Result<String, askama::Error> {
    SignIn { root, tenant, problem, next }.render()
}

/// A page about what went wrong.
///
/// # Errors
/// Never, as far as is known.
pub fn failure(root: &str, title: &str, detail: &str) -> Result<String, askama::Error> {
    Failure { root, title, detail }.render()
}
