//! The order of the methods, opaque tokens, and the checks that no vector covers.

use ::http::HeaderMap;
use provost_auth::stand_in::StandIn;
use provost_auth::{
    Answer, Caller, Chain, JwtMethod, KeyCache, Pace, PlainToken, Rights, RunAs, TokenList,
};
use serde_json::{Value, json};

use crate::support::{START, Script, World, bearer, claims, good, show, trust};

fn tokens() -> (TokenList, PlainToken, PlainToken) {
    let mut list = TokenList::default();
    let entry = list.create("entry".parse().unwrap(), Rights::Provision, START, [1; 32]).unwrap();
    let admin = list.create("admin".parse().unwrap(), Rights::Administer, START, [2; 32]).unwrap();
    (list, entry, admin)
}

#[tokio::test]
async fn opaque_token_has_the_rights_it_was_made_with() {
    let (list, entry, admin) = tokens();
    let chain = Chain::opaque_only();
    for (token, name, rights) in
        [(&entry, "token:entry", Rights::Provision), (&admin, "token:admin", Rights::Administer)]
    {
        let answer = chain.authenticate(&bearer(token.expose()), &list, START).await;
        let caller = Caller { principal: name.into(), rights, run_as: RunAs::Own };
        assert_eq!(answer, Answer::Accepted(caller));
    }
}

#[tokio::test]
async fn without_jwts_all_else_is_refused() {
    let (list, entry, _) = tokens();
    let chain = Chain::opaque_only();
    let cut_off = &entry.expose()[..40];
    for (headers, want) in [
        (HeaderMap::new(), "no credential"),
        (bearer(cut_off), "rejected: an opaque token with a wrong checksum: cut off or mistyped"),
        (bearer("pvt_"), "rejected: an opaque token with a wrong checksum: cut off or mistyped"),
        (
            bearer("e30.e30.AA"),
            "rejected: not an opaque token, and no issuer of JWTs is configured",
        ),
        (bearer("x"), "rejected: not an opaque token, and no issuer of JWTs is configured"),
    ] {
        assert_eq!(show(&chain.authenticate(&headers, &list, START).await), want);
    }
    let answer = chain.authenticate(&bearer(entry.expose()), &TokenList::default(), START).await;
    let want = "rejected: an opaque token that is not on the list: revoked, or made for other data";
    assert_eq!(show(&answer), want);
}

#[tokio::test(start_paused = true)]
async fn opaque_tokens_do_not_wait_for_keys() {
    let world = World::new(trust(), Script::Status(503), START);
    let (list, entry, _) = tokens();
    let headers = bearer(entry.expose());
    let answer = world.chain.authenticate(&headers, &list, START).await;
    assert_eq!(show(&answer), "accepted: token:entry");
    let answer = world.chain.authenticate(&bearer("x.y.z"), &list, START).await;
    assert_eq!(show(&answer), "rejected: the signature is not canonical unpadded base64url");
}

#[tokio::test]
async fn stand_in_is_its_own_key_source() {
    let issuer = StandIn::generate().unwrap();
    let (cache, refresh) =
        KeyCache::new(Box::new(issuer.clone()), Pace::default(), Box::new(|| START));
    let task = tokio::spawn(refresh.run());
    let chain = Chain::with_jwt(JwtMethod::new(trust(), cache));
    let answer = chain.authenticate(&good(&issuer, START), &TokenList::default(), START).await;
    let caller = Caller {
        principal: "jwt:our-app".into(),
        rights: Rights::Administer,
        run_as: RunAs::ScimAdmin,
    };
    assert_eq!(answer, Answer::Accepted(caller));
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn claims_are_checked_after_the_signature() {
    let issuer = StandIn::generate().unwrap();
    let world = World::new(trust(), Script::Keys(issuer.jwks()), START);
    let row = |name: &'static str, value: Value, want: &'static str| (name, value, want);
    for (name, value, want) in [
        row("azp", json!("our-app"), "accepted: jwt:our-app"),
        row("azp", json!("other"), "rejected: the client is not accepted: azp other"),
        row("aud", json!(7), "rejected: the claim `aud` has the wrong type"),
        row("aud", json!(["us", 7]), "rejected: the claim `aud` has the wrong type"),
        row(
            "iss",
            json!("https://id.example/realm/"),
            "rejected: the issuer is \"https://id.example/realm/\", which differs from the \
             configured one only by its last slash",
        ),
        row(
            "iss",
            json!("https://id.example/Realm"),
            "rejected: the issuer is \"https://id.example/Realm\", which is not configured",
        ),
        row("exp", json!(START - 301), "rejected: expired 301 s ago"),
    ] {
        let mut claims = claims(START);
        claims[name] = value;
        let answer = world.ask(&bearer(&issuer.sign(&claims).unwrap())).await;
        assert_eq!(show(&answer), want);
    }
}

#[tokio::test(start_paused = true)]
async fn forged_claims_are_not_even_read() {
    let (issuer, forger) = (StandIn::generate().unwrap(), StandIn::generate().unwrap());
    let world = World::new(trust(), Script::Keys(issuer.jwks()), START);
    let header = json!({"alg": "RS256", "kid": issuer.key_id()});
    let token = forger.sign_with_header(&header, &json!("no claims")).unwrap();
    let answer = show(&world.ask(&bearer(&token)).await);
    assert_eq!(answer, format!("rejected: the signature is not by key \"{}\"", issuer.key_id()));
}

#[tokio::test(start_paused = true)]
async fn any_text_gets_an_answer() {
    let issuer = StandIn::generate().unwrap();
    let world = World::new(trust(), Script::Keys(issuer.jwks()), START);
    let whole = issuer.sign(&claims(START)).unwrap();
    for at in 0..whole.len() {
        for text in [&whole[..at], &whole[at + 1..], &format!("{}~{}", &whole[..at], &whole[at..])]
        {
            let answer = world.ask(&bearer(text)).await;
            assert!(matches!(answer, Answer::Rejected(_)), "{text}: {}", show(&answer));
        }
    }
}
