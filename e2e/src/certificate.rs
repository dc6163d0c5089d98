//! A certificate for `localhost` that signs itself, as an operator makes one to try TLS.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Certificate and key, PEM.
pub struct Identity {
    cert: PathBuf,
    key: PathBuf,
}

impl Identity {
    /// The path of the certificate, which is also all that a client needs to believe it.
    ///
    /// # Panics
    /// When the folder's name is no text.
    #[must_use]
    pub fn cert(&self) -> &str {
        self.cert.to_str().expect("a path of text")
    }

    /// The path of its key.
    ///
    /// # Panics
    /// When the folder's name is no text.
    #[must_use]
    pub fn key(&self) -> &str {
        self.key.to_str().expect("a path of text")
    }
}

/// Makes one in `folder`, for two days.
///
/// # Panics
/// When there is no `openssl`.
#[must_use]
pub fn of_localhost(folder: &Path) -> Identity {
    let identity = Identity { cert: folder.join("cert.pem"), key: folder.join("key.pem") };
    let made = Command::new("openssl")
        .args(["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
        // Clients refuse a server that would be an authority, or that is named by its subject only.
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-keyout", identity.key(), "-out", identity.cert()])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("apt-get install openssl");
    assert!(made.success(), "no certificate was made");
    identity
}
