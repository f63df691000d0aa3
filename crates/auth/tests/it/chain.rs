//! The order of the methods, opaque tokens, and the checks that no vector covers.

use std::sync::Arc;

use ::http::HeaderMap;
use provost_auth::stand_in::StandIn;
use provost_auth::{
    AccessTokens, Answer, Binding, Caller, Chain, Grant, JwtMethod, KeyCache, Life, Pace,
    PlainToken, Requirements, Rights, RunAs, TokenId, TokenList, TokenTimes, TrustedIssuer,
};
use serde_json::{Value, json};

use crate::support::{
    ISSUER, Lists, NONE, START, Script, World, bearer, claims, good, show, trust,
};

fn tokens() -> (Lists, PlainToken, PlainToken) {
    let mut tokens = TokenList::default();
    let life = Life { created_at: START, expires_at: Some(START + 60) };
    let entry = tokens.create("entry".parse().unwrap(), Rights::Write, life, [1; 32]).unwrap();
    let admin = tokens.create("admin".parse().unwrap(), Rights::Administer, life, [2; 32]).unwrap();
    (Lists { tokens, access: AccessTokens::default() }, entry, admin)
}

#[tokio::test]
async fn opaque_token_has_the_rights_it_was_made_with() {
    let (list, entry, admin) = tokens();
    let chain = Chain::opaque_only();
    for (token, name, rights) in
        [(&entry, "token:entry", Rights::Write), (&admin, "token:admin", Rights::Administer)]
    {
        let answer = chain.authenticate(&bearer(token.expose()), &list.issued(), START).await;
        let token = Some(token.hash().id());
        let caller = Caller { principal: name.into(), rights, run_as: RunAs::Own, token };
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
        assert_eq!(show(&chain.authenticate(&headers, &list.issued(), START).await), want);
    }
    let answer = chain.authenticate(&bearer(entry.expose()), &NONE.issued(), START).await;
    let want = "rejected: an opaque token that is not on the list: revoked, or made for other data";
    assert_eq!(show(&answer), want);
}

#[tokio::test(start_paused = true)]
async fn opaque_tokens_do_not_wait_for_keys() {
    let world = World::new(trust, Script::Status(503), START);
    let (list, entry, _) = tokens();
    let headers = bearer(entry.expose());
    let answer = world.chain.authenticate(&headers, &list.issued(), START).await;
    assert_eq!(show(&answer), "accepted: token:entry");
    let answer = world.chain.authenticate(&bearer("x.y.z"), &list.issued(), START).await;
    assert_eq!(show(&answer), "rejected: the signature is not canonical unpadded base64url");
}

#[tokio::test]
async fn stand_in_is_its_own_key_source() {
    let issuer = StandIn::generate().unwrap();
    let (cache, refresh) =
        KeyCache::new(Box::new(issuer.clone()), Pace::default(), Box::new(|| START));
    let task = tokio::spawn(refresh.run());
    let issuers = trust(Arc::new(cache));
    let chain = Chain::with_jwt(JwtMethod::new(issuers, TokenTimes::default()));
    let answer = chain.authenticate(&good(&issuer, START), &NONE.issued(), START).await;
    let caller = Caller {
        principal: "jwt:our-app".into(),
        rights: Rights::Administer,
        run_as: RunAs::User("Administrator".into()),
        token: None,
    };
    assert_eq!(answer, Answer::Accepted(caller));
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn claims_are_checked() {
    let issuer = StandIn::generate().unwrap();
    let world = World::new(trust, Script::Keys(issuer.jwks()), START);
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
async fn forged_claims_decide_whose_keys_are_asked_and_nothing_else() {
    let (issuer, forger) = (StandIn::generate().unwrap(), StandIn::generate().unwrap());
    let world = World::new(trust, Script::Keys(issuer.jwks()), START);
    let header = json!({"alg": "RS256", "kid": issuer.key_id()});
    let claims = json!({"iss": ISSUER, "exp": "never", "aud": 7});
    let token = forger.sign_with_header(&header, &claims).unwrap();
    let answer = show(&world.ask(&bearer(&token)).await);
    assert_eq!(answer, format!("rejected: the signature is not by key \"{}\"", issuer.key_id()));
}

#[tokio::test(start_paused = true)]
async fn any_text_gets_an_answer() {
    let issuer = StandIn::generate().unwrap();
    let world = World::new(trust, Script::Keys(issuer.jwks()), START);
    let whole = issuer.sign(&claims(START)).unwrap();
    for at in 0..whole.len() {
        for text in [&whole[..at], &whole[at + 1..], &format!("{}~{}", &whole[..at], &whole[at..])]
        {
            let answer = world.ask(&bearer(text)).await;
            assert!(matches!(answer, Answer::Rejected(_)), "{text}: {}", show(&answer));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_issuer_has_its_own_keys_client_and_requirements() {
    let (first, second) = (StandIn::generate().unwrap(), StandIn::generate().unwrap());
    let cache = |issuer: &StandIn| {
        let source = Box::new(issuer.clone());
        let (cache, refresh) = KeyCache::new(source, Pace::default(), Box::new(|| START));
        tokio::spawn(refresh.run());
        Arc::new(cache)
    };
    let other = "https://other.example/";
    let mut trusted = trust(cache(&first));
    let requirements = Requirements { audiences: vec!["us".to_owned()], ..Default::default() };
    let base = TrustedIssuer::new(other, cache(&second), Binding::AnyClient, "Administrator");
    trusted.push(TrustedIssuer { requirements, ..base });
    let chain = Chain::with_jwt(JwtMethod::new(trusted, TokenTimes::default()));
    let ask = async |signer: &StandIn, change: &[(&str, Value)]| {
        let mut claims = claims(START);
        for (name, value) in change {
            claims[name] = value.clone();
        }
        let headers = bearer(&signer.sign(&claims).unwrap());
        show(&chain.authenticate(&headers, &NONE.issued(), START).await)
    };
    let iss = |text: &str| ("iss", json!(text));
    assert_eq!(ask(&first, &[]).await, "accepted: jwt:our-app");
    let app = ("azp", json!("another-app"));
    assert_eq!(ask(&second, &[iss(other), app.clone()]).await, "accepted: jwt:another-app");
    let want = "rejected: the client is not accepted: azp another-app";
    assert_eq!(ask(&first, &[app]).await, want);
    let want = "rejected: the audience is \"them\", which is not accepted";
    assert_eq!(ask(&second, &[iss(other), ("aud", json!("them"))]).await, want);
    // The keys of one issuer sign nothing for the other.
    for (signer, issuer) in [(&second, ISSUER), (&first, other)] {
        let answer = ask(signer, &[iss(issuer)]).await;
        assert!(answer.contains("holds no usable key"), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_explanation_names_every_step_and_never_the_token() {
    let issuer = StandIn::generate().unwrap();
    let world = World::new(trust, Script::Keys(issuer.jwks()), START);
    let mut wrong = claims(START);
    wrong["azp"] = json!("other");
    let token = issuer.sign(&wrong).unwrap();
    let (steps, answer) = world.chain.explain(&token, &NONE.issued(), START).await;
    let text = steps.join("\n").replace(issuer.key_id(), "KEY");
    assert_eq!(
        text,
        "kind: none that was made here, so a JWT\n\
         form: three segments, each in canonical base64url\n\
         header: RS256, nothing critical, key \"KEY\"\n\
         issuer: https://id.example/realm is trusted\n\
         signature: by key \"KEY\"\n\
         tenant: the issuer has none\n\
         times: begun, not over, not too far away"
    );
    assert_eq!(show(&answer), "rejected: the client is not accepted: azp other");
    let headers = bearer(&token);
    assert_eq!(world.ask(&headers).await, answer, "the same decision as a request's");
    let (steps, answer) = world.chain.explain("", &NONE.issued(), START).await;
    assert_eq!(steps, Vec::<String>::new());
    assert!(matches!(answer, Answer::Rejected(_)));
}

#[tokio::test]
async fn an_opaque_token_holds_until_its_second() {
    let (list, entry, _) = tokens();
    let chain = Chain::opaque_only();
    let headers = bearer(entry.expose());
    let ask = async |now| show(&chain.authenticate(&headers, &list.issued(), now).await);
    assert_eq!(ask(START + 59).await, "accepted: token:entry");
    assert_eq!(ask(START + 60).await, "rejected: an opaque token that expired 0 s ago");
}

#[tokio::test]
async fn an_access_token_holds_for_an_hour_and_no_longer_than_its_client() {
    let mut list = tokens().0;
    let now = START;
    let secret = tokens().1.hash().id();
    let token = |list: &mut Lists, client: &str, rights, n: u8| {
        let client = client.parse().unwrap();
        let secret = Some(if n == 7 { secret.clone() } else { TokenId::of("gone") });
        list.access.create(&Grant { client, rights, secret }, now, [n; 32])
    };
    let entry = token(&mut list, "entry", Rights::Administer, 7);
    let nobody = token(&mut list, "entry", Rights::Read, 8);
    let chain = Chain::opaque_only();
    let ask = async |list: &Lists, token: &PlainToken, now| {
        chain.authenticate(&bearer(token.expose()), &list.issued(), now).await
    };
    let Answer::Accepted(caller) = ask(&list, &entry, now).await else { panic!("refused") };
    assert_eq!(&*caller.principal, "client:entry");
    assert_eq!(caller.rights, Rights::Write, "no more than the client has");
    let gone = "rejected: an access token whose client is revoked or has expired";
    assert_eq!(show(&ask(&list, &nobody, now).await), gone);
    assert_eq!(show(&ask(&list, &entry, now + 60).await), gone);
    let over = show(&ask(&list, &entry, now + 3_600).await);
    assert_eq!(over, "rejected: an opaque token that expired 0 s ago");
    list.tokens.revoke(&"entry".parse().unwrap(), None);
    assert_eq!(show(&ask(&list, &entry, now).await), gone);
    // Neither kind stands on the other's list.
    let swapped = entry.expose().replacen("pva_", "pvt_", 1);
    let swapped = show(&chain.authenticate(&bearer(&swapped), &list.issued(), now).await);
    assert!(swapped.contains("not on the list"), "{swapped}");
}
