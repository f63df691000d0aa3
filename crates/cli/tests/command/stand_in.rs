//! Servers of a few lines that answer what no good server would.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair,
    date_time_ymd,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// The requests that came, each as its method and path.
pub(crate) type Requests = Arc<Mutex<Vec<String>>>;

/// A request, as far as an answer needs it.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) has_token: bool,
    pub(crate) body: String,
}

/// Answers each request, until the process ends; an empty answer closes the connection.
pub(crate) fn serve(answer: impl Fn(&Request) -> String + Send + 'static) -> (u16, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it has an address").port();
    let requests = Requests::default();
    let seen = requests.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            answer_one(stream, &seen, &answer);
        }
    });
    (port, requests)
}

/// The same behind TLS; handshakes that fail are the client's affair.
pub(crate) fn serve_tls(config: ServerConfig) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it has an address").port();
    let config = Arc::new(config);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(config.clone()).expect("the config is whole");
            let answer = |_: &Request| answer(503, "text/plain", "behind TLS");
            answer_one(StreamOwned::new(connection, stream), &Requests::default(), &answer);
        }
    });
    port
}

/// An answer with a body.
pub(crate) fn answer(status: u16, content_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

fn answer_one(stream: impl Read + Write, seen: &Requests, answer: &dyn Fn(&Request) -> String) {
    let mut reader = BufReader::new(stream);
    let Some(request) = read(&mut reader) else { return };
    let line = format!("{} {}", request.method, request.path);
    seen.lock().expect("nobody panics").push(line);
    let stream = reader.get_mut();
    // Whoever asked may be gone.
    let _ = stream.write_all(answer(&request).as_bytes()).and_then(|()| stream.flush());
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_ascii_lowercase()),
        }
        if head.len() == 1 {
            head.push(line.trim_end().to_owned()); // As it was written.
        }
    }
    let mut first = head.get(1)?.split(' ').map(str::to_owned);
    let header = |name: &str| head.iter().find_map(|it| it.strip_prefix(name));
    let length = header("content-length:").map_or(Ok(0), |it| it.trim().parse()).ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        method: first.next()?,
        path: first.next()?,
        has_token: header("authorization:").is_some(),
        body: String::from_utf8(body).ok()?,
    })
}

/// An authority of its own.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key can be made");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate can be made"))
    }

    /// Its certificate, in PEM.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A server with a certificate for a name, to the end of a year.
    pub(crate) fn server(&self, name: &str, year: i32) -> ServerConfig {
        let (certificate, key) = self.issue(name, year);
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let config = ServerConfig::builder_with_provider(provider.into());
        let config = config.with_safe_default_protocol_versions().expect("there are versions");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("it is a key");
        let chain = vec![certificate.der().clone()];
        config.with_no_client_auth().with_single_cert(chain, key).expect("they belong together")
    }

    /// A certificate for a name and its key, in PEM.
    pub(crate) fn pair(&self, name: &str) -> (String, String) {
        let (certificate, key) = self.issue(name, 2999);
        (certificate.pem(), key.serialize_pem())
    }

    fn issue(&self, name: &str, year: i32) -> (Certificate, KeyPair) {
        let mut params = CertificateParams::new([name.to_owned()]).expect("it is a name");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 12, 31);
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate can be made");
        (certificate, key)
    }
}

/// A server that speaks before it is asked, and no TLS.
pub(crate) fn serve_nonsense() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it has an address").port();
    thread::spawn(move || {
        let speak = |mut stream: TcpStream| stream.write_all(b"220 mail.example ready\r\n");
        listener.incoming().flatten().for_each(|stream| drop(speak(stream)));
    });
    port
}
