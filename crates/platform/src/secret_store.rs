//! Secrets that settings name by `encrypt.<name>`: one file, encrypted with a key in another.
//!
//! What the platform's own tool does with a keystore. Whoever can read both files has the secrets; so
//! both are for the server's user alone, and a backup of one is worth nothing without the other.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

const FORMAT: u32 = 1;
const KEY_BYTES: usize = 32;
/// The longest file that is read.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Secrets by name.
#[derive(Debug, Clone)]
pub struct SecretStore {
    file: PathBuf,
    key_file: PathBuf,
}

/// The name of a secret: 1 to 64 of `A-Z a-z 0-9 . _ -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretName(String);

/// No name of a secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret's name is 1 to 64 of the characters A-Z a-z 0-9 . _ -")]
pub struct SecretNameError;

/// Why a secret is not to be had, or not kept.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// A file cannot be read or written.
    #[error("cannot use {file}")]
    File {
        /// The file.
        file: PathBuf,
        /// Why not.
        #[source]
        cause: io::Error,
    },
    /// Others may read a file.
    #[error(
        "others may read {0}: chmod 600 closes that; what they may have read is no secret any more"
    )]
    Open(PathBuf),
    /// Not what this release writes.
    #[error("{0} is no store of secrets of this release")]
    Damaged(PathBuf),
    /// The key is another one, or the file was changed.
    #[error("the secret {name} cannot be decrypted with the key in {key_file}")]
    OtherKey {
        /// The name of the secret.
        name: SecretName,
        /// The file of the key.
        key_file: PathBuf,
    },
    /// The system's random source or the cryptographic library failed.
    #[error("the secret cannot be encrypted")]
    Unencryptable,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: u32,
    /// Nonce, ciphertext and tag of each, in base64. The name is authenticated with them, so that no
    /// secret can be given another's name.
    secrets: BTreeMap<SecretName, String>,
}

impl SecretStore {
    /// The store in a data folder; nothing is read or made yet.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self { file: folder.join("secrets.json"), key_file: folder.join("secrets.key") }
    }

    /// The names, in their order.
    ///
    /// # Errors
    /// See [`SecretError`].
    pub fn names(&self) -> Result<Vec<SecretName>, SecretError> {
        Ok(self.read()?.secrets.into_keys().collect())
    }

    /// A secret; `None` if there is none of this name.
    ///
    /// # Errors
    /// See [`SecretError`].
    pub fn get(&self, name: &SecretName) -> Result<Option<SecretString>, SecretError> {
        let document = self.read()?;
        let Some(kept) = document.secrets.get(name) else { return Ok(None) };
        let undecryptable =
            || SecretError::OtherKey { name: name.clone(), key_file: self.key_file.clone() };
        let bytes = STANDARD.decode(kept).map_err(|_| undecryptable())?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>().ok_or_else(undecryptable)?;
        let mut opened = sealed.to_vec();
        let plain = self
            .key()?
            .open_in_place(Nonce::assume_unique_for_key(*nonce), aad(name), &mut opened)
            .map_err(|_| undecryptable())?;
        let text = String::from_utf8(plain.to_vec()).map_err(|_| undecryptable())?;
        Ok(Some(text.into()))
    }

    /// Keeps a secret, in place of one of the same name. The key is made with the first.
    ///
    /// # Errors
    /// See [`SecretError`]; what was kept before stays.
    pub fn set(&self, name: &SecretName, secret: &SecretString) -> Result<(), SecretError> {
        let _lock = self.lock()?;
        let mut document = self.read()?;
        if document.secrets.is_empty() && !self.key_file.exists() {
            self.make_key()?;
        }
        let mut sealed = secret.expose_secret().as_bytes().to_vec();
        let nonce = self
            .key()?
            .seal_in_place_append_tag(aad(name), &mut sealed)
            .map_err(|_| SecretError::Unencryptable)?;
        let kept = STANDARD.encode([nonce.as_ref().as_slice(), &sealed].concat());
        document.secrets.insert(name.clone(), kept);
        self.write(&document)
    }

    /// Forgets a secret; gives whether it was there.
    ///
    /// # Errors
    /// See [`SecretError`].
    pub fn delete(&self, name: &SecretName) -> Result<bool, SecretError> {
        let _lock = self.lock()?;
        let mut document = self.read()?;
        let was_there = document.secrets.remove(name).is_some();
        if was_there {
            self.write(&document)?;
        }
        Ok(was_there)
    }

    fn read(&self) -> Result<Document, SecretError> {
        match fs::metadata(&self.file) {
            Ok(metadata) if metadata.len() > FILE_BYTES_MAX => {
                return Err(SecretError::Damaged(self.file.clone()));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Document { format: FORMAT, secrets: BTreeMap::new() });
            }
            Err(cause) => return Err(failed(&self.file, cause)),
        }
        let bytes = read_private(&self.file)?;
        let document: Document =
            serde_json::from_slice(&bytes).map_err(|_| SecretError::Damaged(self.file.clone()))?;
        match document.format {
            FORMAT => Ok(document),
            _ => Err(SecretError::Damaged(self.file.clone())),
        }
    }

    /// Puts the new file in the place of the old one, when it is on disk.
    fn write(&self, document: &Document) -> Result<(), SecretError> {
        let text = serde_json::to_vec_pretty(document).expect("a map of texts is JSON");
        write_private(&self.file, &text).map_err(|cause| failed(&self.file, cause))
    }

    fn key(&self) -> Result<RandomizedNonceKey, SecretError> {
        let damaged = || SecretError::Damaged(self.key_file.clone());
        let text = read_private(&self.key_file)?;
        let key = STANDARD.decode(text.trim_ascii()).map_err(|_| damaged())?;
        RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(|_| damaged())
    }

    fn make_key(&self) -> Result<(), SecretError> {
        let mut key = [0; KEY_BYTES];
        rand::fill(&mut key).map_err(|_| SecretError::Unencryptable)?;
        let text = STANDARD.encode(key) + "\n";
        write_private(&self.key_file, text.as_bytes())
            .map_err(|cause| failed(&self.key_file, cause))
    }

    /// One command at a time, until what is given is dropped.
    fn lock(&self) -> Result<File, SecretError> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        let path = folder.join("secrets.lock");
        let lock = || {
            make_folder(folder)?;
            let file =
                private(OpenOptions::new().create(true).truncate(false).write(true)).open(&path)?;
            file.lock()?;
            Ok(file)
        };
        lock().map_err(|cause| failed(&path, cause))
    }
}

fn aad(name: &SecretName) -> Aad<&[u8]> {
    Aad::from(name.0.as_bytes())
}

fn failed(file: &Path, cause: io::Error) -> SecretError {
    SecretError::File { file: file.to_owned(), cause }
}

/// Reads a file that nobody else may read.
pub(crate) fn read_private(file: &Path) -> Result<Vec<u8>, SecretError> {
    let metadata = fs::metadata(file).map_err(|cause| failed(file, cause))?;
    if is_open(&metadata) {
        return Err(SecretError::Open(file.to_owned()));
    }
    if metadata.len() > FILE_BYTES_MAX || !metadata.is_file() {
        return Err(SecretError::Damaged(file.to_owned()));
    }
    fs::read(file).map_err(|cause| failed(file, cause))
}

fn write_private(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = file.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Made with mode 0600.
    let mut partial = tempfile::NamedTempFile::new_in(folder)?;
    partial.write_all(bytes)?;
    partial.as_file().sync_all()?;
    partial.persist(file)?;
    File::open(folder)?.sync_all()
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    match folder.as_os_str().is_empty() || folder.is_dir() {
        true => Ok(()),
        false => fs::DirBuilder::new().recursive(true).mode(0o700).create(folder),
    }
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn is_open(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o004 != 0
}

#[cfg(not(unix))]
fn is_open(_: &fs::Metadata) -> bool {
    false
}

impl FromStr for SecretName {
    type Err = SecretNameError;

    fn from_str(text: &str) -> Result<Self, SecretNameError> {
        match is_short_word(text) {
            true => Ok(Self(text.to_owned())),
            false => Err(SecretNameError),
        }
    }
}

/// Whether a text is 1 to 64 of `A-Z a-z 0-9 . _ -`, as names of secrets and of clients are.
pub(crate) fn is_short_word(text: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(is_fit)
}

impl TryFrom<String> for SecretName {
    type Error = SecretNameError;

    fn try_from(text: String) -> Result<Self, SecretNameError> {
        text.parse()
    }
}

impl From<SecretName> for String {
    fn from(name: SecretName) -> Self {
        name.0
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn name(text: &str) -> SecretName {
        text.parse().unwrap()
    }

    fn exposed(store: &SecretStore, text: &str) -> Option<String> {
        store.get(&name(text)).unwrap().map(|it| it.expose_secret().to_owned())
    }

    #[test]
    fn secrets_are_kept_replaced_and_forgotten_and_their_files_are_private() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let store = SecretStore::in_folder(&data);
        assert!(store.names().unwrap().is_empty());
        assert_eq!(exposed(&store, "sso.client"), None);
        store.set(&name("sso.client"), &"ABC123_xyz".into()).unwrap();
        store.set(&name("other"), &"second".into()).unwrap();
        store.set(&name("sso.client"), &"new".into()).unwrap();
        assert_eq!(store.names().unwrap(), [name("other"), name("sso.client")]);
        assert_eq!(exposed(&store, "sso.client").as_deref(), Some("new"));
        for file in ["secrets.json", "secrets.key", "secrets.lock"] {
            let mode = fs::metadata(data.join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        let kept = fs::read_to_string(data.join("secrets.json")).unwrap();
        assert!(!kept.contains("new") && !kept.contains("ABC123"), "{kept}");
        assert!(store.delete(&name("other")).unwrap());
        assert!(!store.delete(&name("other")).unwrap());
        assert_eq!(store.names().unwrap(), [name("sso.client")]);
    }

    #[test]
    fn a_secret_opens_under_its_own_name_and_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let store = SecretStore::in_folder(folder.path());
        store.set(&name("a"), &"secret".into()).unwrap();
        let file = folder.path().join("secrets.json");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace("\"a\"", "\"b\"")).unwrap();
        assert!(matches!(store.get(&name("b")), Err(SecretError::OtherKey { .. })));
        fs::write(&file, &text).unwrap();
        assert_eq!(exposed(&store, "a").as_deref(), Some("secret"));
        store.make_key().unwrap();
        assert!(matches!(store.get(&name("a")), Err(SecretError::OtherKey { .. })));
        fs::write(&file, "{}").unwrap();
        assert!(matches!(store.get(&name("a")), Err(SecretError::Damaged(_))));
    }

    #[test]
    fn files_that_others_may_read_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = SecretStore::in_folder(folder.path());
        store.set(&name("a"), &"secret".into()).unwrap();
        for file in ["secrets.json", "secrets.key"] {
            let path = folder.path().join(file);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(matches!(store.get(&name("a")), Err(SecretError::Open(_))), "{file}");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        assert_eq!(exposed(&store, "a").as_deref(), Some("secret"));
    }

    #[test]
    fn commands_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = SecretStore::in_folder(folder.path());
        std::thread::scope(|scope| {
            for n in 0..8 {
                let store = &store;
                scope.spawn(move || store.set(&name(&format!("s{n}")), &"x".into()).unwrap());
            }
        });
        assert_eq!(store.names().unwrap().len(), 8);
    }
}
