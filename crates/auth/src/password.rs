//! Hashes of passwords: PBKDF2 (RFC 8018 §5.2) with HMAC-SHA-512, as PHC strings.

use std::fmt;
use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA512};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::RandomUnavailable;

/// Iterations and lengths are the platform's own.
const ITERATIONS: NonZeroU32 = NonZeroU32::MIN.saturating_add(99_999);
/// A stored hash with more iterations is not ours, and checking it would take for ever.
const ITERATIONS_MAX: u32 = 10_000_000;
const SALT_BYTES: usize = 64;
const HASH_BYTES: usize = 64;

/// The hash of a password: `$pbkdf2-sha512$i=100000$salt$hash`, both parts in base64 without
/// padding. Making and checking one takes some tens of milliseconds of a processor, on purpose:
/// neither belongs on a thread that serves others.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    iterations: NonZeroU32,
    salt: Vec<u8>,
    hash: [u8; HASH_BYTES],
}

/// A text is no hash of a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a password hash: $pbkdf2-sha512$i=<iterations>$<salt>$<hash> is expected")]
pub struct PasswordHashError;

impl PasswordHash {
    /// Hashes a password with a fresh salt.
    ///
    /// # Errors
    /// Fails where the system has no randomness to give.
    pub fn of(password: &str) -> Result<Self, RandomUnavailable> {
        let mut salt = vec![0; SALT_BYTES];
        rand::fill(&mut salt).map_err(|_| RandomUnavailable)?;
        Ok(Self::derive(password, ITERATIONS, salt))
    }

    /// Whether it is the hash of this password; compared in constant time.
    pub fn is_of(&self, password: &str) -> bool {
        let Self { iterations, salt, hash } = self;
        pbkdf2::verify(PBKDF2_HMAC_SHA512, *iterations, salt, password.as_bytes(), hash).is_ok()
    }

    fn derive(password: &str, iterations: NonZeroU32, salt: Vec<u8>) -> Self {
        let mut hash = [0; HASH_BYTES];
        pbkdf2::derive(PBKDF2_HMAC_SHA512, iterations, &salt, password.as_bytes(), &mut hash);
        Self { iterations, salt, hash }
    }
}

impl fmt::Display for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (salt, hash) = (STANDARD_NO_PAD.encode(&self.salt), STANDARD_NO_PAD.encode(self.hash));
        write!(f, "$pbkdf2-sha512$i={}${salt}${hash}", self.iterations)
    }
}

impl std::str::FromStr for PasswordHash {
    type Err = PasswordHashError;

    fn from_str(text: &str) -> Result<Self, PasswordHashError> {
        let parts: Vec<&str> = text.split('$').collect();
        let &["", "pbkdf2-sha512", iterations, salt, hash] = parts.as_slice() else {
            return Err(PasswordHashError);
        };
        let iterations = iterations.strip_prefix("i=").and_then(|it| it.parse().ok());
        let iterations = iterations.filter(|it: &NonZeroU32| it.get() <= ITERATIONS_MAX);
        let bytes = |text| STANDARD_NO_PAD.decode(text).map_err(|_| PasswordHashError);
        Ok(Self {
            iterations: iterations.ok_or(PasswordHashError)?,
            salt: bytes(salt)?,
            hash: bytes(hash)?.try_into().map_err(|_| PasswordHashError)?,
        })
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_of_its_password_alone() {
        let hash = PasswordHash::of("s3cret-s3cret").unwrap();
        let read: PasswordHash = hash.to_string().parse().unwrap();
        assert!(read.is_of("s3cret-s3cret") && !read.is_of("s3cret-s3creT") && !read.is_of(""));
        assert_ne!(hash, PasswordHash::of("s3cret-s3cret").unwrap(), "the salt is fresh");
    }

    #[test]
    fn iterations_and_lengths_are_the_platforms() {
        let hash = PasswordHash::of("s3cret-s3cret").unwrap();
        assert_eq!((hash.iterations.get(), hash.salt.len(), hash.hash.len()), (100_000, 64, 64));
    }

    #[test]
    fn the_form_is_that_of_a_phc_string() {
        // Computed with Python's hashlib.pbkdf2_hmac("sha512", b"password", b"salt" * 4, 1_000).
        let hash =
            PasswordHash::derive("password", NonZeroU32::new(1_000).unwrap(), b"salt".repeat(4));
        assert_eq!(
            hash.to_string(),
            "$pbkdf2-sha512$i=1000$c2FsdHNhbHRzYWx0c2FsdA$715rqIr5dXOVPpB\
             hqqsugl037zT5bWJTWYmZtIcK8hBnisKpwfY7kokvwjDrNHqHhF50Pb7MD6HvkJwiDQw4ww"
        );
        assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        let whole = PasswordHash::derive("x", NonZeroU32::MIN, vec![1; 16]).to_string();
        assert!(whole.parse::<PasswordHash>().is_ok());
        for text in [
            "",
            "$",
            &whole[1..],
            &whole[..whole.len() - 2],
            &whole.replace("i=1", "i=0"),
            &whole.replace("i=1", "i=10000001"),
            &whole.replace("i=1", "1"),
            &whole.replace("sha512", "sha1"),
            &format!("{whole}$"),
        ] {
            assert_eq!(text.parse::<PasswordHash>(), Err(PasswordHashError), "{text}");
        }
    }
}
