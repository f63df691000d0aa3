//! The kinds of settings: what is legal, how it is read, how it is shown.

use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

use super::document::{Node, Value};
use crate::principal;

/// What a setting may be.
pub(crate) trait Kind {
    type Value;
    /// The legal values in words, for errors and the settings page.
    fn legal(&self) -> String;
    /// Reads what stands there.
    fn parse(&self, value: &Value) -> Result<Self::Value, Fault>;
    /// The value as `check-config` shows it.
    fn show(&self, value: &Self::Value) -> String;
    /// What stands there, as an error shows it.
    fn found(&self, value: &Value) -> String {
        found(value)
    }
}

/// Why a value is refused; the legal values are said beside it.
pub(crate) enum Fault {
    /// The legal values say it all.
    NotLegal,
    /// A reason more exact than the legal values.
    Because(String),
}

/// Values that are one of a few words.
pub(crate) trait Choice: Copy + PartialEq + 'static {
    /// Each word with its variant.
    const ALL: &'static [(&'static str, Self)];
}

/// True or false; the published settings write them as strings, the deployment templates do not.
pub(crate) struct Switch;

impl Kind for Switch {
    type Value = bool;

    fn legal(&self) -> String {
        "true or false, with or without quotation marks".to_owned()
    }

    fn parse(&self, value: &Value) -> Result<bool, Fault> {
        match value {
            Value::Boolean(switch) => Ok(*switch),
            Value::Text(text) if text == "true" => Ok(true),
            Value::Text(text) if text == "false" => Ok(false),
            _ => Err(Fault::NotLegal),
        }
    }

    fn show(&self, value: &bool) -> String {
        value.to_string()
    }
}

/// A whole number in a range, with what it counts.
pub(crate) struct Count(pub(crate) RangeInclusive<usize>, pub(crate) &'static str);

impl Kind for Count {
    type Value = usize;

    fn legal(&self) -> String {
        format!("a whole number of {} from {} to {}", self.1, self.0.start(), self.0.end())
    }

    fn parse(&self, value: &Value) -> Result<usize, Fault> {
        let Value::Number(digits) = value else { return Err(Fault::NotLegal) };
        let number = digits.parse().map_err(|_| Fault::NotLegal)?;
        if self.0.contains(&number) { Ok(number) } else { Err(Fault::NotLegal) }
    }

    fn show(&self, value: &usize) -> String {
        value.to_string()
    }
}

/// A time in whole seconds.
pub(crate) struct Seconds(pub(crate) RangeInclusive<usize>);

impl Kind for Seconds {
    type Value = Duration;

    fn legal(&self) -> String {
        Count(self.0.clone(), "seconds").legal()
    }

    fn parse(&self, value: &Value) -> Result<Duration, Fault> {
        let seconds = Count(self.0.clone(), "seconds").parse(value)?;
        Ok(Duration::from_secs(seconds as u64))
    }

    fn show(&self, value: &Duration) -> String {
        value.as_secs().to_string()
    }
}

/// One word of a closed list.
pub(crate) struct OneOf<T>(PhantomData<T>);

impl<T> OneOf<T> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: Choice> Kind for OneOf<T> {
    type Value = T;

    fn legal(&self) -> String {
        let words: Vec<String> = T::ALL.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        format!("one of {}", words.join(", "))
    }

    fn parse(&self, value: &Value) -> Result<T, Fault> {
        let Value::Text(text) = value else { return Err(Fault::NotLegal) };
        let known = T::ALL.iter().find(|(word, _)| word == text);
        known.map(|(_, choice)| *choice).ok_or(Fault::NotLegal)
    }

    fn show(&self, value: &T) -> String {
        let known = T::ALL.iter().find(|(_, choice)| choice == value);
        known.expect("`ALL` lists every variant").0.to_owned()
    }
}

/// An address and a port to listen on.
pub(crate) struct Address;

impl Kind for Address {
    type Value = SocketAddr;

    fn legal(&self) -> String {
        "an IP address and a port, such as \"127.0.0.1:8080\" or \"[::]:8080\"".to_owned()
    }

    fn parse(&self, value: &Value) -> Result<SocketAddr, Fault> {
        text(value)?.parse().map_err(|_| Fault::NotLegal)
    }

    fn show(&self, value: &SocketAddr) -> String {
        value.to_string()
    }
}

/// A folder, made if absent.
pub(crate) struct Folder;

impl Kind for Folder {
    type Value = PathBuf;

    fn legal(&self) -> String {
        "the path of a folder".to_owned()
    }

    fn parse(&self, value: &Value) -> Result<PathBuf, Fault> {
        let path = text(value)?;
        if path.contains('\0') { Err(Fault::NotLegal) } else { Ok(PathBuf::from(path)) }
    }

    fn show(&self, value: &PathBuf) -> String {
        value.display().to_string()
    }
}

/// A file that is there when the server starts; says what is in it.
pub(crate) struct File(pub(crate) &'static str);

impl Kind for File {
    type Value = PathBuf;

    fn legal(&self) -> String {
        format!("the path of a file: {}", self.0)
    }

    fn parse(&self, value: &Value) -> Result<PathBuf, Fault> {
        Folder.parse(value)
    }

    fn show(&self, value: &PathBuf) -> String {
        value.display().to_string()
    }
}

/// An address or a network of them.
pub(crate) struct Network;

impl Kind for Network {
    type Value = IpNet;

    fn legal(&self) -> String {
        "an IP address or a network, such as \"10.1.2.3\" or \"10.0.0.0/8\"".to_owned()
    }

    fn parse(&self, value: &Value) -> Result<IpNet, Fault> {
        let text = text(value)?;
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map_err(|_| Fault::NotLegal)
    }

    fn show(&self, value: &IpNet) -> String {
        quoted(&value.to_string())
    }
}

/// A name that must match what others send, byte for byte; says what the name is of.
pub(crate) struct Name(pub(crate) &'static str);

impl Kind for Name {
    type Value = String;

    fn legal(&self) -> String {
        format!("a string: {}", self.0)
    }

    fn parse(&self, value: &Value) -> Result<String, Fault> {
        Ok(text(value)?.to_owned())
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}

/// Several values of one kind, and how many there may be.
pub(crate) struct List<K>(pub(crate) K, pub(crate) usize);

impl<K: Kind> Kind for List<K> {
    type Value = Vec<K::Value>;

    fn legal(&self) -> String {
        format!("an array of at most {}, each {}", self.1, self.0.legal())
    }

    fn parse(&self, value: &Value) -> Result<Self::Value, Fault> {
        let Value::Array(elements) = value else { return Err(Fault::NotLegal) };
        if elements.len() > self.1 {
            return because(&format!("these are {}", elements.len()));
        }
        let parse = |(index, element): (usize, &Node)| {
            self.0.parse(&element.value).map_err(|fault| {
                let reason = match fault {
                    Fault::NotLegal => "it is not legal".to_owned(),
                    Fault::Because(reason) => reason,
                };
                Fault::Because(format!(
                    "element {index} is {}: {reason}",
                    self.0.found(&element.value)
                ))
            })
        };
        elements.iter().enumerate().map(parse).collect()
    }

    fn show(&self, values: &Self::Value) -> String {
        let shown: Vec<String> = values.iter().map(|value| self.0.show(value)).collect();
        format!("[{}]", shown.join(", "))
    }
}

/// The name of a host, without scheme, port and path.
pub(crate) struct Host;

impl Kind for Host {
    type Value = String;

    fn legal(&self) -> String {
        "the name of a host, such as \"keys.example.com\"".to_owned()
    }

    fn parse(&self, value: &Value) -> Result<String, Fault> {
        let name = text(value)?;
        match url::Host::parse(name) {
            Ok(host) if host.to_string() == name => Ok(name.to_owned()),
            Ok(host) => because(&format!("it is written {host}")),
            Err(_) => Err(Fault::NotLegal),
        }
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}

/// A name as clients and tokens have it.
pub(crate) struct TokenNameText;

impl Kind for TokenNameText {
    type Value = String;

    fn legal(&self) -> String {
        "1 to 64 of the characters A-Z a-z 0-9 . _ -".to_owned()
    }

    fn parse(&self, value: &Value) -> Result<String, Fault> {
        let name = text(value)?;
        let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        match name.len() <= 64 && name.bytes().all(is_fit) {
            true => Ok(name.to_owned()),
            false => Err(Fault::NotLegal),
        }
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}

/// The name of a user of the platform that requests may run as.
pub(crate) struct AdministratorName;

impl Kind for AdministratorName {
    type Value = String;

    fn legal(&self) -> String {
        let names: Vec<String> =
            principal::administrators().map(|user| quoted(user.name)).collect();
        format!("an enabled administrator of the platform: {}", names.join(" or "))
    }

    fn parse(&self, value: &Value) -> Result<String, Fault> {
        let name = text(value)?;
        match principal::run_as(name) {
            Ok(user) => Ok(user.name.to_owned()),
            Err(refused) => Err(Fault::Because(refused.to_string())),
        }
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}

/// A URL that is encrypted on its way, or does not leave the machine; says what is found there.
pub(crate) struct WebUrl(pub(crate) &'static str);

impl Kind for WebUrl {
    type Value = Url;

    fn legal(&self) -> String {
        format!("an https: URL, or http: on a loopback address: {}", self.0)
    }

    fn parse(&self, value: &Value) -> Result<Url, Fault> {
        let text = text(value)?;
        let url = Url::parse(text)
            .map_err(|error| Fault::Because(format!("this is no URL ({error})")))?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                return because("http: to another machine can be read and changed on its way");
            }
            _ => return Err(Fault::NotLegal),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return because("a URL with credentials in it ends up in logs");
        }
        if url.fragment().is_some() {
            return because("the part after # is never sent");
        }
        Ok(url)
    }

    fn show(&self, value: &Url) -> String {
        let text = value.as_str();
        // A gateway's query may hold a secret.
        quoted(&text.split_once('?').map_or(text.into(), |(place, _)| format!("{place}?…")))
    }

    fn found(&self, value: &Value) -> String {
        found_url(value)
    }
}

/// A URL that others are made from by appending a path; read without a slash at its end.
pub(crate) struct BaseUrl(pub(crate) &'static str);

impl Kind for BaseUrl {
    type Value = String;

    fn legal(&self) -> String {
        WebUrl(self.0).legal()
    }

    fn parse(&self, value: &Value) -> Result<String, Fault> {
        let url = WebUrl(self.0).parse(value)?;
        if url.query().is_some() {
            return because("a path cannot be appended to a URL with a query");
        }
        let path = url.path().to_ascii_lowercase();
        if let Some(own) = ["/scimprovider", "/scim/v2"].iter().find(|own| path.contains(**own)) {
            let reason = format!("the path of SCIM is appended to it: take away all from {own} on");
            return Err(Fault::Because(reason));
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }

    fn found(&self, value: &Value) -> String {
        found_url(value)
    }
}

/// A value that nobody may see.
pub(crate) struct Secret;

impl Kind for Secret {
    type Value = SecretString;

    fn legal(&self) -> String {
        "a string".to_owned()
    }

    fn parse(&self, value: &Value) -> Result<SecretString, Fault> {
        match value {
            Value::Text(text) => Ok(SecretString::from(text.as_str())),
            _ => Err(Fault::NotLegal),
        }
    }

    fn show(&self, _: &SecretString) -> String {
        "(hidden)".to_owned()
    }

    fn found(&self, value: &Value) -> String {
        match value {
            Value::Number(_) => "a number".to_owned(),
            Value::Text(_) => "a string".to_owned(),
            Value::Null | Value::Boolean(_) | Value::Array(_) | Value::Object(_) => found(value),
        }
    }
}

/// What stands there, short enough for one line.
pub(crate) fn found(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Boolean(boolean) => boolean.to_string(),
        Value::Number(digits) => shortened(digits),
        Value::Text(text) => quoted(&shortened(text)),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// What stands where a URL should; credentials in it are not shown.
fn found_url(value: &Value) -> String {
    match value {
        Value::Text(text) if text.contains('@') => "a URL with an @ in it".to_owned(),
        other => found(other),
    }
}

const SHOWN_CHARACTERS: usize = 100;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// As JSON writes it, so that blanks and control characters show.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn because<T>(reason: &str) -> Result<T, Fault> {
    Err(Fault::Because(reason.to_owned()))
}

/// A string that somebody has filled in.
fn text(value: &Value) -> Result<&str, Fault> {
    let Value::Text(text) = value else { return Err(Fault::NotLegal) };
    if text.is_empty() {
        return because("the string is empty");
    }
    if text.trim() != text {
        return because("blanks stand before or after the value");
    }
    if let Some(placeholder) = placeholder(text) {
        let reason =
            format!("the placeholder {placeholder} is still there; put your value in its place");
        return Err(Fault::Because(reason));
    }
    Ok(text)
}

/// The first `{word}` or `<word>` of documentation that was copied and not filled in.
fn placeholder(text: &str) -> Option<&str> {
    [('{', '}'), ('<', '>')].into_iter().find_map(|(open, close)| {
        let start = text.find(open)?;
        let end = start + text[start..].find(close)?;
        Some(&text[start..=end])
    })
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(url::Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}
