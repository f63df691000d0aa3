//! Where something is: on the network or on the disk.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;

use super::{Fault, Kind, quoted, text};
use crate::setting::document::Value;

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
