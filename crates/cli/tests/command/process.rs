//! The binary as a child process.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A command with arguments, in a folder, with nothing of the environment that would change it.
pub(crate) fn provost(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_provost"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    for name in [
        "THINGWORX_PLATFORM_SETTINGS",
        "THINGWORX_SSO_SETTINGS",
        "ENABLE_SCIM",
        "SCIM_AUTOSTART",
        "ENABLE_SSO",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        command.env_remove(name);
    }
    command
}

pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    discreet(provost(folder, arguments).output().expect("the binary runs"))
}

/// Runs a command as somebody; gives what it printed.
#[track_caller]
pub(crate) fn done_by(user: &str, folder: &Path, arguments: &[&str]) -> String {
    let mut command = provost(folder, arguments);
    command.env_remove("SUDO_USER").env("USER", user);
    let output = discreet(command.output().expect("the binary runs"));
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Runs a command that reads from standard input.
pub(crate) fn run_with_input(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = provost(folder, arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("its input is piped");
    // A command that refuses its arguments ends before it reads.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    discreet(child.wait_with_output().expect("the binary ends"))
}

/// What a command says beside its result never holds a credential.
fn discreet(output: Output) -> Output {
    check_discreet(&text(&output.stderr));
    output
}

/// Tokens that were made here, and JWTs, have a form of their own.
fn check_discreet(text: &str) {
    let is_of_token = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '-' | '.');
    for word in text.split(|it| !is_of_token(it)) {
        let is_long = word.len() > 40;
        let is_token = ["pvt_", "pva_", "eyJ"].iter().any(|it| word.starts_with(it));
        assert!(!is_long || !is_token, "a credential is told, in {} characters", text.len());
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A child that is killed when this is dropped.
pub(crate) struct Running {
    child: Child,
    /// Who reads its log.
    reader: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self { child: command.spawn().expect("the binary starts"), reader: None }
    }

    /// A server in a folder, once a path of it is answered 200, and its port.
    #[expect(clippy::print_stderr, reason = "the log of a test that fails is shown")]
    pub(crate) fn serve(folder: &Path, path: &str) -> (Self, u16) {
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let mut command = provost(folder, &["serve", "--listen", &listen]);
        let mut server = Self::start(command.stderr(Stdio::piped()));
        let log = server.log();
        server.reader = Some(thread::spawn(|| {
            for line in log.lines() {
                let line = line.expect("the log is text");
                eprintln!("{line}");
                check_discreet(&line);
            }
        }));
        server.until(port, path, 200);
        (server, port)
    }

    /// Starts a server in a folder and ends it; gives its port and its log.
    pub(crate) fn said(folder: &Path) -> (u16, String) {
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let mut command = provost(folder, &["serve", "--listen", &listen]);
        let mut server = Self::start(command.stderr(Stdio::piped()));
        server.until(port, "/health", 200);
        let mut log = server.log();
        server.signal(Signal::TERM);
        assert_eq!(server.wait(), Some(0));
        let mut said = String::new();
        log.read_to_string(&mut said).expect("the log is text");
        check_discreet(&said);
        (port, said)
    }

    pub(crate) fn output(&mut self) -> BufReader<ChildStdout> {
        BufReader::new(self.child.stdout.take().expect("its output is piped"))
    }

    pub(crate) fn log(&mut self) -> BufReader<ChildStderr> {
        BufReader::new(self.child.stderr.take().expect("its log is piped"))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("the child is there");
    }

    /// The exit code, or none if a signal ended it.
    pub(crate) fn wait(mut self) -> Option<i32> {
        self.child.wait().expect("the child ends").code()
    }

    pub(crate) fn kill(self) {
        self.signal(Signal::KILL);
        self.wait();
    }

    /// Waits until a GET of a path is answered with a status.
    pub(crate) fn until(&mut self, port: u16, path: &str, status: u16) {
        self.until_so(|| get(port, path, None).is_some_and(|(found, _)| found == status));
    }

    /// Waits until something is so, while the child runs.
    #[track_caller]
    pub(crate) fn until_so(&mut self, is_so: impl Fn() -> bool) {
        let patience = Instant::now() + Duration::from_secs(60);
        while !is_so() {
            if let Some(ended) = self.child.try_wait().expect("the child can be asked") {
                panic!("it ended: {ended}");
            }
            assert!(Instant::now() < patience, "it is not so after a minute");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let is_discreet = self.reader.take().is_none_or(|it| it.join().is_ok());
        assert!(is_discreet || thread::panicking(), "the log holds a credential");
    }
}

/// A GET; gives the status and the body.
pub(crate) fn get(port: u16, path: &str, token: Option<&str>) -> Option<(u16, String)> {
    request(port, "GET", path, token)
}

pub(crate) fn request(
    port: u16,
    method: &str,
    path: &str,
    token: Option<&str>,
) -> Option<(u16, String)> {
    send(port, method, path, token, "")
}

/// A request with a body of JSON, or none; gives the status and the body of the answer.
pub(crate) fn send(
    port: u16,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: &str,
) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let credential = token.map(|it| format!("Authorization: Bearer {it}\r\n")).unwrap_or_default();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{credential}Content-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    Some((status, body))
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has an address").port()
}

/// Reads lines until one begins with a text; gives all of them.
pub(crate) fn lines_until(output: &mut impl BufRead, beginning: &str) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        let read = output.read_line(&mut line).expect("its output is text");
        assert!(read > 0, "it ended before {beginning:?}: {lines:#?}");
        lines.push(line.trim_end().to_owned());
        if line.starts_with(beginning) {
            return lines;
        }
    }
}

/// Settings that switch SCIM on, in the shape of the seed.
pub(crate) fn enable(folder: &Path, auto_start: &str) {
    let settings = folder.join("ThingworxPlatform");
    std::fs::create_dir_all(&settings).expect("the folder can be written");
    let content = format!(
        r#"{{"PlatformSettingsConfig": {{"BasicSettings": {{"EnableSSO": true}}, "SCIMSettings": {{"enableSCIM": "true", "autoStart": "{auto_start}"}}}}}}"#
    );
    std::fs::write(settings.join("platform-settings.json"), content)
        .expect("the folder can be written");
}

/// Settings that trust an issuer, in the shape of the seed; nobody serves its keys.
pub(crate) fn trust(folder: &Path, admin_name: &str) {
    let settings = folder.join("ThingworxPlatform/ssoSecurityConfig");
    std::fs::create_dir_all(&settings).expect("the folder can be written");
    let content = format!(
        r#"{{"SCIMAccessTokenServicesSettings": {{"scimAdminName": "{admin_name}", "authScimOAuthClientId": "SCIMClient", "clientId": "SCIMClient", "issuer": "https://issuer.example/", "jwtPublicKeyUrl": "http://127.0.0.1:1/keys"}}}}"#
    );
    std::fs::write(settings.join("sso-settings.json"), content).expect("the folder can be written");
}
