//! An authority of one's own, and certificates that it signs, made by `openssl`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The files of a certificate and its key, PEM.
pub struct Identity {
    /// The certificate alone.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// An authority that nobody knows but who is told.
pub struct Authority {
    folder: PathBuf,
    name: String,
    identity: Identity,
}

impl Authority {
    /// Makes one, whose files lie in `folder`.
    #[must_use]
    pub fn new(folder: &Path, name: &str) -> Self {
        let identity = files(folder, name);
        openssl(
            Command::new("openssl")
                .args(["req", "-x509", "-days", "30", "-subj", &format!("/CN={name}")])
                .args(CURVE)
                .arg("-keyout")
                .arg(&identity.key)
                .arg("-out")
                .arg(&identity.cert),
        );
        Self { folder: folder.to_path_buf(), name: name.to_owned(), identity }
    }

    /// The file of its certificate.
    #[must_use]
    pub fn cert(&self) -> &Path {
        &self.identity.cert
    }

    /// Signs a certificate for `host` that lasts so many days.
    #[must_use]
    pub fn issue(&self, host: &str, days: u32) -> Identity {
        let identity = files(&self.folder, &format!("{}-{host}-{days}", self.name));
        let (request, extensions) =
            (identity.cert.with_extension("request"), identity.cert.with_extension("extensions"));
        fs::write(&extensions, format!("subjectAltName=DNS:{host}\nbasicConstraints=critical,CA:FALSE\n"))
            .expect("a folder to work in");
        openssl(
            Command::new("openssl")
                .args(["req", "-subj", &format!("/CN={host}")])
                .args(CURVE)
                .arg("-keyout")
                .arg(&identity.key)
                .arg("-out")
                .arg(&request),
        );
        openssl(
            Command::new("openssl")
                .args(["x509", "-req", "-CAcreateserial", "-days", &days.to_string()])
                .arg("-CA")
                .arg(&self.identity.cert)
                .arg("-CAkey")
                .arg(&self.identity.key)
                .arg("-in")
                .arg(&request)
                .arg("-extfile")
                .arg(&extensions)
                .arg("-out")
                .arg(&identity.cert),
        );
        identity
    }
}

const CURVE: [&str; 5] = ["-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

fn files(folder: &Path, name: &str) -> Identity {
    Identity { cert: folder.join(format!("{name}.pem")), key: folder.join(format!("{name}.key")) }
}

fn openssl(command: &mut Command) {
    let output = command.output().expect("apt-get install openssl");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
