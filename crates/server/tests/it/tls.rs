//! TLS with real certificates: versions, reload, certificates of clients.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use provost_auth::{CertificateTrust, Chain, Rights};
use provost_server::{Tls, TlsFiles};
use provost_testkit::server::{Setup, TestServer};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType,
};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

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

    fn issue(&self, name: &str) -> (Certificate, KeyPair) {
        let mut parameters = CertificateParams::default();
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
        TlsFiles { certificate, key, client_ca }
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

    async fn get(
        &self,
        server: &TestServer,
        path: &str,
        token: Option<&str>,
    ) -> Result<u16, String> {
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
        let mut stream = connecting.await.map_err(|error| error.to_string())?;
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
