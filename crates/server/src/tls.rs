//! The certificate that the server shows, read from files and, at a reload, read anew.

use std::{
    fmt, fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use rustls::{
    CertificateError, Error, RootCertStore, ServerConfig,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs::default_provider},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use securemailbox_protocol::time::Timestamp;
use tokio_rustls::TlsAcceptor;

use crate::config::Tls;

/// The files of the certificate or its key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// One of them can't be read.
    #[error("`tls.{key}` names {}, which can't be read: {source}. The user that the server runs as must be let to it", .file.display())]
    File {
        /// `cert` or `key`.
        key: &'static str,
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// There is no certificate in it.
    #[error(
        "`tls.cert` names {}, which holds no certificate in PEM form (-----BEGIN CERTIFICATE-----): name the file with the \
         whole chain, such as fullchain.pem", .0.display()
    )]
    NoCertificate(PathBuf),
    /// There is no private key in it.
    #[error("`tls.key` names {}, which holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)", .0.display())]
    NoKey(PathBuf),
    /// The key is locked by a passphrase, which nobody could type.
    #[error("`tls.key` names {}, whose key is locked by a passphrase: unlock it once with openssl pkey -in FILE -out FILE", .0.display())]
    LockedKey(PathBuf),
    /// They are not of one another.
    #[error("the key in {} is not the one of the first certificate in {}: name files of the same renewal", .key.display(), .cert.display())]
    Mismatch {
        /// The file of the certificate.
        cert: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// Something in them is of a kind that nobody can speak TLS with.
    #[error("the certificate in {} or its key can't be used for TLS: {source}", .cert.display())]
    Unusable {
        /// The file of the certificate.
        cert: PathBuf,
        /// What is the matter.
        source: Error,
    },
}

/// With how many days left a certificate ends before long. Those that last 90 days are renewed with 30 left.
pub const SOON: i64 = 14;

/// The certificate that is shown: the one that was read last.
pub struct Shown(RwLock<Arc<CertifiedKey>>);

// What holds a private key shows nothing.
impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown(…)")
    }
}

impl Shown {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`] says which file, and what to do.
    pub fn read(files: &Tls) -> Result<Arc<Self>, TlsError> {
        if others_read(files) {
            tracing::warn!(file = %files.key.display(), "the certificate's key can be read by others: run chmod o-r on it");
        }
        Ok(Arc::new(Self(RwLock::new(read(files)?.into()))))
    }

    /// Shows another one from the next connection on.
    pub fn show(&self, next: CertifiedKey) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = next.into();
    }

    /// Ends TLS with it: 1.3 only, X25519MLKEM768 first (PROTOCOL §9).
    ///
    /// # Errors
    /// The library knows no TLS 1.3.
    pub fn acceptor(self: Arc<Self>) -> Result<TlsAcceptor, Error> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_cert_resolver(self);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Says so in the log when it ends before long, or has.
    pub fn warn_of_its_end(&self, now: Timestamp) {
        if let Some(days) = self.days_left(now).filter(|days| *days < SOON) {
            tracing::warn!(days, "the certificate ends before long: renew it, and send this process SIGHUP");
        }
    }

    /// How many whole days are left of it; less than none if it is over.
    pub fn days_left(&self, now: Timestamp) -> Option<i64> {
        ends(&self.now().cert).map(|end| days_until(end, now))
    }

    fn now(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.now())
    }
}

/// Reads chain and key, and looks whether they are of one another.
///
/// # Errors
/// [`TlsError`]
pub fn read(files: &Tls) -> Result<CertifiedKey, TlsError> {
    let (cert, key) = (&files.cert, &files.key);
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes("cert", cert)?).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| TlsError::NoCertificate(cert.clone()))?;
    let written = zeroize::Zeroizing::new(bytes("key", key)?);
    if written.windows(LOCKED.len()).any(|part| part == LOCKED) {
        return Err(TlsError::LockedKey(key.clone()));
    }
    let private = PrivateKeyDer::from_pem_slice(&written).map_err(|_| TlsError::NoKey(key.clone()))?;
    CertifiedKey::from_der(chain, private, &default_provider()).map_err(|error| match error {
        Error::InconsistentKeys(_) => TlsError::Mismatch { cert: cert.clone(), key: key.clone() },
        source => TlsError::Unusable { cert: cert.clone(), source },
    })
}

/// Whether everybody on this machine can read the key.
pub fn others_read(files: &Tls) -> bool {
    fs::metadata(&files.key).is_ok_and(|found| found.permissions().mode() & 0o004 != 0)
}

/// What both ways of locking a key in PEM form write (RFC 7468 §11, RFC 1421 §4.6.1.1).
const LOCKED: &[u8] = b"ENCRYPTED";

fn bytes(key: &'static str, file: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(file).map_err(|source| TlsError::File { key, file: file.to_path_buf(), source })
}

/// How many whole days there are until then; less than none if it is over.
pub fn days_until(end: Timestamp, now: Timestamp) -> i64 {
    let left = i128::from(end.unix_millis()) - i128::from(now.unix_millis());
    i64::try_from(left.div_euclid(24 * 60 * 60 * 1000)).unwrap_or(i64::MAX)
}

/// When the first certificate of a chain ends. The library tells only whether one is over, so it is asked of the last day
/// that can be written in one.
pub fn ends(chain: &[CertificateDer<'static>]) -> Option<Timestamp> {
    const LAST_DAY: Duration = Duration::from_secs(253_402_300_799);
    let mut itself = RootCertStore::empty();
    itself.add(chain.first()?.clone()).ok()?;
    match verify(chain, itself, "localhost", UnixTime::since_unix_epoch(LAST_DAY)) {
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            Some(Timestamp::from_unix_millis(not_after.as_secs() * 1000))
        }
        Ok(()) | Err(_) => None,
    }
}

/// Whether a browser would take this chain for `host` at this time, by these authorities.
///
/// # Errors
/// As the library has them.
pub fn verify(chain: &[CertificateDer<'static>], roots: RootCertStore, host: &str, now: UnixTime) -> Result<(), Error> {
    let (leaf, between) = chain.split_first().ok_or(Error::NoCertificatesPresented)?;
    let name = ServerName::try_from(host.to_owned()).map_err(|_| CertificateError::NotValidForName)?;
    let provider: Arc<CryptoProvider> = default_provider().into();
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider)
        .build()
        .map_err(|error| Error::General(error.to_string()))?;
    verifier.verify_server_cert(leaf, between, &name, &[], now).map(|_| ())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::process::Command;

    use super::*;

    /// Makes a certificate of its own authority for localhost, in `folder`.
    pub(crate) fn identity(folder: &Path, name: &str, days: u32) -> Tls {
        let files = Tls { cert: folder.join(format!("{name}.pem")), key: folder.join(format!("{name}.key")) };
        let made = Command::new("openssl")
            .args(["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
            .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", &days.to_string()])
            .arg("-keyout")
            .arg(&files.key)
            .arg("-out")
            .arg(&files.cert)
            .output()
            .expect("apt-get install openssl");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        files
    }

    #[test]
    fn each_file_that_can_not_be_used_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let good = identity(folder.path(), "good", 2);
        let other = identity(folder.path(), "other", 2);
        let (empty, locked) = (folder.path().join("empty.pem"), folder.path().join("locked.key"));
        fs::write(&empty, "").unwrap();
        fs::write(&locked, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
            .unwrap();
        read(&good).unwrap();
        for (cert, key, told) in [
            (&folder.path().join("none.pem"), &good.key, "none.pem"),
            (&empty, &good.key, "fullchain.pem"),
            (&good.cert, &empty, "holds no private key"),
            (&good.cert, &locked, "openssl pkey"),
            (&good.cert, &other.key, "files of the same renewal"),
        ] {
            let refused = read(&Tls { cert: cert.clone(), key: key.clone() }).unwrap_err().to_string();
            assert!(refused.contains(told), "{refused}");
        }
    }

    #[test]
    fn a_certificate_says_when_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let [soon, later] = [2, 40].map(|days| {
            let files = identity(folder.path(), &format!("for-{days}"), days);
            ends(&read(&files).unwrap().cert).unwrap().unix_millis()
        });
        let days = (later - soon) / (24 * 60 * 60 * 1000);
        assert!((37..=38).contains(&days), "{days}");
    }
}
