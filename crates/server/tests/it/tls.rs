//! TLS with real certificates: versions, reload, certificates of clients.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use provost_auth::{CertificateTrust, Chain, Rights};
use provost_platform::setting::TenantLimits;
use provost_server::tenant::TenantParts;
use provost_server::{Tls, TlsFiles};
use provost_testkit::server::{Setup, TestServer};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, DnType,
    IsCa, Issuer, KeyIdMethod, KeyPair, RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        Self { certificate, issuer: Issuer::new(parameters, key) }
    }

    /// What it has revoked, in PEM; the list is over from `until` on, a year.
    fn revoke(&self, revoked: &[u64], until: i32) -> String {
        let revoked = revoked.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(until, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).unwrap().pem().unwrap()
    }

    fn issue(&self, name: &str) -> (Certificate, KeyPair) {
        self.issue_numbered(name, None)
    }

    fn issue_numbered(&self, name: &str, serial: Option<u64>) -> (Certificate, KeyPair) {
        let mut parameters = CertificateParams::default();
        parameters.serial_number = serial.map(SerialNumber::from);
        parameters.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
        let key = KeyPair::generate().unwrap();
        (parameters.signed_by(&key, &self.issuer).unwrap(), key)
    }
}

/// The files of a server whose certificate an authority issues.
struct Files {
    folder: tempfile::TempDir,
    authority: Authority,
}

impl Files {
    fn new() -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap(), authority: Authority::new("ca") };
        files.write(&files.authority.issue("scim.example"));
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, (certificate, key): &(Certificate, KeyPair)) {
        fs::write(self.path("server.pem"), certificate.pem()).unwrap();
        write_key(&self.path("server.key"), &key.serialize_pem(), 0o600);
    }

    fn tls(&self, client_ca: Option<&Authority>) -> TlsFiles {
        let client_ca = client_ca.map(|authority| {
            fs::write(self.path("clients.pem"), authority.certificate.pem()).unwrap();
            self.path("clients.pem")
        });
        let [certificate, key] = ["server.pem", "server.key"].map(|it| self.path(it));
        TlsFiles { certificate, key, client_ca, client_revocation_lists: None }
    }

    fn tls_with_lists(&self, client_ca: &Authority, lists: &str) -> TlsFiles {
        let file = self.path("revoked.pem");
        fs::write(&file, lists).unwrap();
        TlsFiles { client_revocation_lists: Some(file), ..self.tls(Some(client_ca)) }
    }
}

fn write_key(path: &Path, key: &str, mode: u32) {
    fs::write(path, key).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

struct Caller<'a> {
    trusts: &'a Authority,
    shows: Option<&'a (Certificate, KeyPair)>,
    versions: &'a [&'static SupportedProtocolVersion],
}

impl<'a> Caller<'a> {
    fn new(trusts: &'a Authority) -> Self {
        Self { trusts, shows: None, versions: rustls::ALL_VERSIONS }
    }

    async fn connect(&self, server: &TestServer) -> Result<TlsStream<TcpStream>, String> {
        let mut roots = RootCertStore::empty();
        roots.add(self.trusts.certificate.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(self.versions)
            .unwrap()
            .with_root_certificates(roots);
        let config = match self.shows {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
                builder.with_client_auth_cert(vec![certificate.der().clone()], key).unwrap()
            }
        };
        let stream = TcpStream::connect(server.address).await.unwrap();
        let name = ServerName::try_from("scim.example").unwrap();
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
        connecting.await.map_err(|error| error.to_string())
    }

    async fn get(
        &self,
        server: &TestServer,
        path: &str,
        token: Option<&str>,
    ) -> Result<u16, String> {
        let mut stream = self.connect(server).await?;
        let token = token.map(|it| format!("Authorization: Bearer {it}\r\n")).unwrap_or_default();
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: scim.example\r\n{token}Connection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.map_err(|error| error.to_string())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.map_err(|error| error.to_string())?;
        Ok(answer.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status"))
    }
}

async fn serve(tls: &Arc<Tls>, chain: Chain) -> TestServer {
    let (setup, _) = Setup::in_memory();
    TestServer::start_with(Setup { tls: Some(Arc::clone(tls)), chain, ..setup }).await
}

#[tokio::test]
async fn versions_1_2_and_1_3_are_spoken_and_plain_http_is_not() {
    let files = Files::new();
    let tls = Arc::new(Tls::load(files.tls(None)).unwrap());
    let server = serve(&tls, Chain::opaque_only()).await;
    for versions in [&[&version::TLS12], &[&version::TLS13]] {
        let caller = Caller { versions, ..Caller::new(&files.authority) };
        assert_eq!(caller.get(&server, "/health", None).await, Ok(200));
        let token = Some(server.provision_token.as_str());
        assert_eq!(caller.get(&server, "/scim/v2/Users", token).await, Ok(200));
        assert_eq!(caller.get(&server, "/scim/v2/Users", None).await, Ok(401));
    }
    let mut plain = TcpStream::connect(server.address).await.unwrap();
    plain.write_all(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // An alert of TLS, or nothing.
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[tokio::test]
async fn a_new_certificate_is_served_without_a_restart_and_a_bad_one_changes_nothing() {
    let mut files = Files::new();
    let tls = Arc::new(Tls::load(files.tls(None)).unwrap());
    let server = serve(&tls, Chain::opaque_only()).await;
    let renewed = Authority::new("another");
    files.write(&renewed.issue("scim.example"));
    tls.reload().unwrap();
    let old = std::mem::replace(&mut files.authority, renewed);
    assert_eq!(Caller::new(&files.authority).get(&server, "/health", None).await, Ok(200));
    assert!(Caller::new(&old).get(&server, "/health", None).await.is_err());

    fs::write(files.path("server.pem"), "half a certi").unwrap();
    let refused = tls.reload().unwrap_err().to_string();
    assert!(refused.ends_with("server.pem holds no certificate"), "{refused}");
    assert_eq!(Caller::new(&files.authority).get(&server, "/health", None).await, Ok(200));
}

#[tokio::test]
async fn files_that_do_not_fit_are_named() {
    let files = Files::new();
    let refusal = || Tls::load(files.tls(None)).err().expect("refused").to_string();
    let key = files.path("server.key");
    write_key(&key, &KeyPair::generate().unwrap().serialize_pem(), 0o600);
    let refused = refusal();
    assert!(refused.contains("server.key is not the key of the certificate in"), "{refused}");
    write_key(&key, "-----BEGIN PRIVATE KEY-----\nAA", 0o600);
    assert!(refusal().contains("server.key holds no private key"), "{}", refusal());
    write_key(&key, "", 0o644);
    assert!(refusal().starts_with("every user of this machine may read"), "{}", refusal());
    fs::remove_file(&key).unwrap();
    assert!(refusal().starts_with("cannot read"), "{}", refusal());
}

#[tokio::test]
async fn a_certificate_besides_the_token_must_be_one_that_is_accepted() {
    let (files, clients) = (Files::new(), Authority::new("clients"));
    let tls = Arc::new(Tls::load(files.tls(Some(&clients))).unwrap());
    let trust = CertificateTrust { names: vec!["sync.example".to_owned()], sole: None };
    let (setup, store) = Setup::in_memory();
    let chain = Chain::opaque_only().with_certificates(trust.clone());
    let (tls, certificates) = (Some(tls), Some(trust));
    let server = TestServer::start_with(Setup { tls, chain, certificates, ..setup }).await;
    let (_, acme) = crate::tenant::make(&store, server.tenant, "acme").await;
    let [good, other] = ["sync.example", "other.example"].map(|it| clients.issue(it));
    let forged = Authority::new("forger").issue("sync.example");
    let caller = |shows| Caller { shows, ..Caller::new(&files.authority) };
    let (path, token) = ("/scim/v2/Users", Some(server.provision_token.as_str()));
    assert_eq!(caller(Some(&good)).get(&server, path, token).await, Ok(200));
    assert_eq!(caller(Some(&good)).get(&server, path, None).await, Ok(401));
    assert_eq!(caller(Some(&other)).get(&server, path, token).await, Ok(401));
    assert_eq!(caller(None).get(&server, path, token).await, Ok(401));
    let (path, acme) = ("/t/acme/scim/v2/Users", Some(acme.as_str()));
    assert_eq!(caller(Some(&good)).get(&server, path, acme).await, Ok(200));
    assert_eq!(caller(None).get(&server, path, acme).await, Ok(401), "in every tenant");
    assert_eq!(caller(None).get(&server, "/health", None).await, Ok(200));
    assert!(caller(Some(&forged)).get(&server, path, token).await.is_err());
}

#[tokio::test]
async fn a_tenants_certificate_opens_that_tenant_alone() {
    let (files, clients) = (Files::new(), Authority::new("clients"));
    let tls = Arc::new(Tls::load(files.tls(Some(&clients))).unwrap());
    let (mut setup, store) = Setup::in_memory();
    let trust =
        |name: &str, rights| CertificateTrust { names: vec![name.to_owned()], sole: Some(rights) };
    let tenant = |name: &str, chain: Chain| {
        (name.parse().unwrap(), TenantParts { chain, limits: TenantLimits::default() })
    };
    let with = |name, rights| Chain::opaque_only().with_certificates(trust(name, rights));
    setup.tenants = HashMap::from([
        tenant("acme", with("acme.example", Rights::Write)),
        tenant("globex", with("globex.example", Rights::Read)),
        tenant("initech", Chain::opaque_only()),
    ]);
    let (tls, chain) = (Some(tls), with("sync.example", Rights::Write));
    let server = TestServer::start_with(Setup { tls, chain, ..setup }).await;
    let mut tokens = Vec::new();
    for name in ["acme", "globex", "initech", "unnamed"] {
        tokens.push(crate::tenant::make(&store, server.tenant, name).await.1);
    }
    let paths = ["", "/t/acme", "/t/globex", "/t/initech", "/t/unnamed"];
    for (name, opens) in
        [("sync.example", 0), ("acme.example", 1), ("globex.example", 2), ("other.example", 5)]
    {
        let shown = clients.issue(name);
        let caller = Caller { shows: Some(&shown), ..Caller::new(&files.authority) };
        for (index, path) in paths.iter().enumerate() {
            let got = caller.get(&server, &format!("{path}/scim/v2/Users"), None).await;
            let want = if index == opens { 200 } else { 401 };
            assert_eq!(got, Ok(want), "{name} at {path}");
        }
        // Nor does one tenant's certificate help another's token.
        let path = "/t/globex/scim/v2/Users";
        assert_eq!(caller.get(&server, path, Some(&tokens[0])).await, Ok(401));
        assert_eq!(caller.get(&server, path, Some(&tokens[1])).await, Ok(200));
    }
}

#[tokio::test]
async fn a_certificate_alone_may_do_what_the_settings_say() {
    let (files, clients) = (Files::new(), Authority::new("clients"));
    let tls = Arc::new(Tls::load(files.tls(Some(&clients))).unwrap());
    let names = vec!["sync.example".to_owned()];
    let trust = CertificateTrust { names, sole: Some(Rights::Read) };
    let server = serve(&tls, Chain::opaque_only().with_certificates(trust)).await;
    let [good, other] = ["sync.example", "other.example"].map(|it| clients.issue(it));
    let caller = |shows| Caller { shows, ..Caller::new(&files.authority) };
    let path = "/scim/v2/Users";
    let service = "/Thingworx/Subsystems/SCIMSubsystem/Services/IsRunning";
    assert_eq!(caller(Some(&good)).get(&server, path, None).await, Ok(200));
    assert_eq!(caller(Some(&other)).get(&server, path, None).await, Ok(401));
    assert_eq!(caller(None).get(&server, path, None).await, Ok(401));
    let token = Some(server.provision_token.as_str());
    assert_eq!(caller(None).get(&server, path, token).await, Ok(200), "a token is enough too");
    assert_eq!(
        caller(Some(&good)).get(&server, path, Some("x")).await,
        Ok(401),
        "a bad one counts"
    );
    assert_eq!(caller(Some(&good)).get(&server, service, None).await, Ok(405), "a GET");
}

#[tokio::test]
async fn a_revoked_certificate_is_refused_and_the_lists_of_an_authority_are_all_or_none() {
    let (files, clients) = (Files::new(), Authority::new("clients"));
    let [good, revoked] = [1, 2].map(|it| clients.issue_numbered("sync.example", Some(it)));
    let caller = |shows| Caller { shows: Some(shows), ..Caller::new(&files.authority) };
    let other = Authority::new("another").revoke(&[], 2999);
    for (lists, good_is, revoked_is) in [
        (clients.revoke(&[2], 2999), true, false),
        (format!("{other}{}", clients.revoke(&[2], 2999)), true, false),
        (clients.revoke(&[], 2999), true, true),
        // A list that is over still counts.
        (clients.revoke(&[2], 2021), true, false),
        // What an authority without a list has revoked is not known.
        (other, false, false),
    ] {
        let tls = Arc::new(Tls::load(files.tls_with_lists(&clients, &lists)).unwrap());
        let server = serve(&tls, Chain::opaque_only()).await;
        for (shows, want) in [(&good, good_is), (&revoked, revoked_is)] {
            let got = caller(shows).get(&server, "/health", None).await;
            assert_eq!(got.is_ok(), want, "{got:?}");
        }
        assert_eq!(Caller::new(&files.authority).get(&server, "/health", None).await, Ok(200));
    }
}

#[tokio::test]
async fn a_certificate_that_is_revoked_ends_its_connection_and_opens_none() {
    let (files, clients) = (Files::new(), Authority::new("clients"));
    let tls = files.tls_with_lists(&clients, &clients.revoke(&[], 2999));
    let tls = Arc::new(Tls::load(tls).unwrap());
    let server = serve(&tls, Chain::opaque_only()).await;
    let [good, revoked] = [1, 2].map(|it| clients.issue_numbered("sync.example", Some(it)));
    let caller = |shows| Caller { shows: Some(shows), ..Caller::new(&files.authority) };
    let mut open = caller(&revoked).connect(&server).await.unwrap();
    open.write_all(b"GET /health HTTP/1.1\r\nHost: scim.example\r\n\r\n").await.unwrap();
    let mut answer = [0; 15];
    open.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    let mut unknown = Caller::new(&files.authority).connect(&server).await.unwrap();

    fs::write(files.path("revoked.pem"), clients.revoke(&[2], 2999)).unwrap();
    tls.reload().unwrap();
    // It ends by itself, long before it is idle for too long.
    open.read_to_end(&mut Vec::new()).await.unwrap();
    assert!(caller(&revoked).get(&server, "/health", None).await.is_err());
    assert_eq!(caller(&good).get(&server, "/health", None).await, Ok(200));
    let head = b"GET /health HTTP/1.1\r\nHost: scim.example\r\nConnection: close\r\n\r\n";
    unknown.write_all(head).await.unwrap();
    let mut answer = String::new();
    unknown.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "without a certificate: {answer}");

    fs::write(files.path("revoked.pem"), "none").unwrap();
    let refused = tls.reload().unwrap_err().to_string();
    assert!(refused.ends_with("revoked.pem holds no revocation list (X509 CRL)"), "{refused}");
    fs::write(
        files.path("revoked.pem"),
        "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
    )
    .unwrap();
    let refused = tls.reload().unwrap_err().to_string();
    assert!(refused.contains("revoked.pem cannot be used: "), "{refused}");
    assert!(
        caller(&revoked).get(&server, "/health", None).await.is_err(),
        "the list before counts"
    );
}
