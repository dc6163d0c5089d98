//! The server seal: one key, outside the database and its backups, for what the server must read while it runs and a
//! thief of the database must not (PROTOCOL §2).

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use rand::{CryptoRng, RngCore};
use securemailbox_protocol::{
    address::{Address, Domain},
    factors::{AuthenticatorSecret, Code, OneTimeCode},
    ids::{AccountId, FactorId},
    numbers::Version,
    phone::PhoneNumber,
    sealed::{self, Place, Purpose, WrongKeyOrPlace},
    time::Timestamp,
    waits::{TOKEN, Wait},
};
use securemailbox_store::tallies::TallyKey;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// The seal's keys, each an HKDF output of its own.
#[derive(ZeroizeOnDrop)]
pub struct ServerSeal {
    sealing: [u8; 32],
    look_up: [u8; 32],
    #[zeroize(skip)]
    id: [u8; 16],
}

/// What is sealed here is written once at its place, so its version never rises.
const ONLY_VERSION: Version = Version::new(1);

impl ServerSeal {
    /// From the 32 bytes that the operator keeps.
    #[must_use]
    pub fn new(seal: &[u8; 32]) -> Self {
        Self { sealing: derive(seal, "sealing"), look_up: derive(seal, "look-up"), id: derive(seal, "id") }
    }

    /// Names the seal without telling it: a database remembers which one it belongs to.
    #[must_use]
    pub const fn id(&self) -> &[u8; 16] {
        &self.id
    }

    /// Seals an account's address.
    pub fn seal_address(&self, account: AccountId, address: &Address, rng: &mut (impl RngCore + CryptoRng)) -> Vec<u8> {
        sealed::seal(&self.sealing, &of_account(Purpose::Address, account), address.as_str().as_bytes(), rng)
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`Unsealed`]: altered, swapped, or of another seal.
    pub fn address(&self, account: AccountId, sealed: &[u8]) -> Result<Address, Unsealed> {
        let plain = sealed::open(&self.sealing, &of_account(Purpose::Address, account), sealed)?;
        std::str::from_utf8(&plain).ok().and_then(|text| Address::parse(text).ok()).ok_or(Unsealed)
    }

    /// Seals the phone number of a factor.
    pub fn seal_phone(
        &self,
        account: AccountId,
        factor: FactorId,
        phone: &PhoneNumber,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Vec<u8> {
        self.seal(Purpose::Phone, *account.as_bytes(), *factor.as_bytes(), phone.as_str().as_bytes(), rng)
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`Unsealed`]: altered, swapped, or of another seal.
    pub fn phone(&self, account: AccountId, factor: FactorId, sealed: &[u8]) -> Result<PhoneNumber, Unsealed> {
        let plain = self.open(Purpose::Phone, *account.as_bytes(), *factor.as_bytes(), sealed)?;
        std::str::from_utf8(&plain).ok().and_then(|text| PhoneNumber::parse(text).ok()).ok_or(Unsealed)
    }

    /// Seals the secret of an authenticator app.
    pub fn seal_authenticator(
        &self,
        account: AccountId,
        factor: FactorId,
        secret: &AuthenticatorSecret,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Vec<u8> {
        self.seal(Purpose::Totp, *account.as_bytes(), *factor.as_bytes(), secret.as_bytes(), rng)
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`Unsealed`]: altered, swapped, or of another seal.
    pub fn authenticator(
        &self,
        account: AccountId,
        factor: FactorId,
        sealed: &[u8],
    ) -> Result<AuthenticatorSecret, Unsealed> {
        let plain = self.open(Purpose::Totp, *account.as_bytes(), *factor.as_bytes(), sealed)?;
        <[u8; AuthenticatorSecret::LENGTH]>::try_from(plain.as_slice())
            .map(AuthenticatorSecret::from_bytes)
            .map_err(|_| Unsealed)
    }

    /// Seals an account's certificate, whose User ID is the address.
    pub fn seal_certificate(
        &self,
        account: AccountId,
        certificate: &[u8],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Vec<u8> {
        sealed::seal(&self.sealing, &of_account(Purpose::Certificate, account), certificate, rng)
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`Unsealed`]: altered, swapped, or of another seal.
    pub fn certificate(&self, account: AccountId, sealed: &[u8]) -> Result<Vec<u8>, Unsealed> {
        Ok(sealed::open(&self.sealing, &of_account(Purpose::Certificate, account), sealed)?.to_vec())
    }

    /// Seals bytes that belong to `account` and the thing whose id is `record`: a server share, a notice.
    pub fn seal(
        &self,
        purpose: Purpose,
        account: [u8; 16],
        record: [u8; 16],
        plain: &[u8],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Vec<u8> {
        sealed::seal(&self.sealing, &Place { purpose, account, record, version: ONLY_VERSION }, plain, rng)
    }

    /// Reads them.
    ///
    /// # Errors
    /// [`Unsealed`]: altered, swapped, or of another seal.
    pub fn open(
        &self,
        purpose: Purpose,
        account: [u8; 16],
        record: [u8; 16],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Unsealed> {
        Ok(sealed::open(&self.sealing, &Place { purpose, account, record, version: ONLY_VERSION }, sealed)?)
    }

    /// The HMAC by which the database looks an address up.
    #[must_use]
    pub fn address_look_up(&self, address: &Address) -> [u8; 32] {
        self.mac(&[b"address", address.as_str().as_bytes()])
    }

    /// The OPAQUE credential identifier of an address without an account, so that two tries answer alike
    /// (PROTOCOL §9a).
    #[must_use]
    pub fn no_account(&self, address: &Address) -> [u8; 32] {
        self.mac(&[b"no-account", address.as_str().as_bytes()])
    }

    /// The HMAC that the database keeps of a code, bound to its holder and to the factor that it proves.
    #[must_use]
    pub fn code(&self, sent_for: &[u8; 16], factor: FactorId, code: &Code) -> [u8; 32] {
        self.mac(&[b"code", sent_for, factor.as_bytes(), code.digits().as_bytes()])
    }

    /// The HMAC that the database keeps of a code on a sheet, bound to its account.
    #[must_use]
    pub fn one_time_code(&self, account: AccountId, code: &OneTimeCode) -> [u8; 32] {
        self.mac(&[b"one-time-code", account.as_bytes(), code.as_bytes()])
    }

    /// The HMAC by which the database counts something: what it is, within which time, and of whom.
    #[must_use]
    pub fn tally(&self, name: &str, within: &str, of: &[&[u8]]) -> TallyKey {
        let parts = [&[b"tally", name.as_bytes(), within.as_bytes()], of].concat();
        self.mac(&parts).first_chunk().copied().unwrap_or_default()
    }

    /// What the link says by which a wait is stopped: the same in each announcement, and kept as its hash only.
    #[must_use]
    pub fn stop_token(&self, account: AccountId, wait: &Wait) -> [u8; TOKEN] {
        let begun = wait.begun.unix_millis().to_be_bytes();
        let parts: [&[u8]; 4] = [b"stop", account.as_bytes(), wait.kind.as_str().as_bytes(), &begun];
        self.mac(&parts).first_chunk().copied().unwrap_or_default()
    }

    /// What the owner of a domain publishes to show that it may be named here (PROTOCOL §5). No secret, and of no use to another
    /// server or for another domain.
    #[must_use]
    pub fn domain_token(&self, domain: &Domain) -> [u8; 16] {
        self.mac(&[b"domain", domain.as_str().as_bytes()]).first_chunk().copied().unwrap_or_default()
    }

    /// What makes a browser's cookie one that was given out for this account.
    #[must_use]
    pub fn device(&self, account: AccountId, nonce: &[u8; 16]) -> [u8; 16] {
        self.mac(&[b"device", account.as_bytes(), nonce]).first_chunk().copied().unwrap_or_default()
    }

    /// Whether a cookie was given out for this account.
    #[must_use]
    pub fn is_device(&self, account: AccountId, nonce: &[u8; 16], mac: &[u8; 16]) -> bool {
        self.device(account, nonce).ct_eq(mac).into()
    }

    /// What makes a challenge one that was given out for this page, then.
    #[must_use]
    pub fn work(&self, page: &str, at: Timestamp) -> [u8; 16] {
        let parts: [&[u8]; 3] = [b"work", page.as_bytes(), &at.unix_millis().to_be_bytes()];
        self.mac(&parts).first_chunk().copied().unwrap_or_default()
    }

    fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104)")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.look_up).expect("any key");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// A sealed value did not open: the database was altered, or belongs to another seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a value under the server seal did not open")]
pub struct Unsealed;

impl From<WrongKeyOrPlace> for Unsealed {
    fn from(_: WrongKeyOrPlace) -> Self {
        Self
    }
}

fn of_account(purpose: Purpose, account: AccountId) -> Place {
    Place { purpose, account: *account.as_bytes(), record: *account.as_bytes(), version: ONLY_VERSION }
}

fn derive<const LENGTH: usize>(seal: &[u8; 32], purpose: &str) -> [u8; LENGTH] {
    let mut key = [0; LENGTH];
    #[expect(clippy::expect_used, reason = "HKDF refuses only outputs over 255 hashes (RFC 5869 §2.3)")]
    Hkdf::<Sha256>::new(None, seal)
        .expand_multi_info(&[b"securemailbox/1 seal ", purpose.as_bytes()], &mut key)
        .expect("at most one hash");
    key
}

/// Why the seal can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The file can't be read or made.
    #[error(
        "the server seal {path} can't be read or made: {source}. The user that the server runs as must be let to it"
    )]
    File {
        /// The file that was to be read or made.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It isn't 64 hexadecimal digits.
    #[error("the server seal {0} is damaged: expected 64 hexadecimal digits. Restore it from where you keep it")]
    Damaged(PathBuf),
    /// Others on this machine can read it.
    #[error("the server seal {0} can be read by others: run chmod 600 on it")]
    Readable(PathBuf),
    /// The database has a seal, and it isn't here. A new one would lose every phone number and address.
    #[error("the database belongs to a server seal, and {0} does not exist. Restore it from where you keep it")]
    Missing(PathBuf),
}

/// A seal, and where it lies.
pub struct Found {
    /// The seal.
    pub seal: ServerSeal,
    /// Its file.
    pub path: PathBuf,
    /// Whether it was made just now.
    pub is_new: bool,
}

/// Where the seal is looked for: the systemd credential `seal`, the configured file, or `DATA.seal`.
pub struct Places {
    /// The credential, where there is one. Its mode is systemd's.
    credential: Option<PathBuf>,
    file: PathBuf,
}

impl Places {
    /// As configured; `credentials` is `$CREDENTIALS_DIRECTORY`.
    pub fn new(configured: Option<&Path>, credentials: Option<&Path>, data: &Path) -> Self {
        let file = configured.map_or_else(
            || {
                let mut beside = data.as_os_str().to_owned();
                beside.push(".seal");
                beside.into()
            },
            Path::to_path_buf,
        );
        Self { credential: credentials.map(|folder| folder.join("seal")).filter(|file| file.exists()), file }
    }

    /// The file that counts.
    pub fn path(&self) -> &Path {
        self.credential.as_deref().unwrap_or(&self.file)
    }

    /// Reads the seal.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn read(&self) -> Result<Found, SealError> {
        let path = self.path().to_path_buf();
        let text = match fs::read_to_string(&path).map(Zeroizing::new) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(SealError::Missing(path)),
            Err(source) => return Err(SealError::File { path, source }),
        };
        let mode =
            fs::metadata(&path).map_err(|source| SealError::File { path: path.clone(), source })?.permissions().mode();
        if self.credential.is_none() && mode & 0o077 != 0 {
            return Err(SealError::Readable(path));
        }
        let bytes = base16ct::mixed::decode_vec(text.trim()).map(Zeroizing::new);
        match bytes.ok().and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok()).map(Zeroizing::new) {
            Some(seal) => Ok(Found { seal: ServerSeal::new(&seal), path, is_new: false }),
            None => Err(SealError::Damaged(path)),
        }
    }

    /// Reads the seal, or makes it if the database is new.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn read_or_make(
        &self,
        database_is_new: bool,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Found, SealError> {
        match self.read() {
            Err(SealError::Missing(path)) if database_is_new => {
                let mut seal = Zeroizing::new([0; 32]);
                rng.fill_bytes(seal.as_mut_slice());
                make(&path, &seal).map_err(|source| SealError::File { path: path.clone(), source })?;
                Ok(Found { seal: ServerSeal::new(&seal), path, is_new: true })
            }
            found => found,
        }
    }
}

/// Written and synced before anything is sealed under it.
fn make(path: &Path, seal: &[u8; 32]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(Zeroizing::new(base16ct::lower::encode_string(seal)).as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    const ANNA: AccountId = AccountId::from_bytes([1; 16]);
    const BJORN: AccountId = AccountId::from_bytes([2; 16]);
    const FIRST: FactorId = FactorId::from_bytes([3; 16]);
    const RESERVE: FactorId = FactorId::from_bytes([4; 16]);

    #[test]
    fn a_phone_number_opens_for_its_own_account_only() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let seal = ServerSeal::new(&[7; 32]);
        let phone = PhoneNumber::parse("+46701740612").unwrap();
        let sealed = seal.seal_phone(ANNA, FIRST, &phone, &mut rng);
        assert_eq!(seal.phone(ANNA, FIRST, &sealed), Ok(phone));
        assert_eq!(seal.phone(BJORN, FIRST, &sealed), Err(Unsealed));
        assert_eq!(seal.phone(ANNA, RESERVE, &sealed), Err(Unsealed));
        assert_eq!(seal.address(ANNA, &sealed), Err(Unsealed));
        assert_eq!(ServerSeal::new(&[8; 32]).phone(ANNA, FIRST, &sealed), Err(Unsealed));
    }

    #[test]
    fn the_seal_is_made_once_and_never_for_a_database_that_had_one() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let places = Places::new(None, None, &data);
        assert!(matches!(places.read_or_make(false, &mut rng), Err(SealError::Missing(_))));
        let made = places.read_or_make(true, &mut rng).unwrap();
        assert!(made.is_new);
        assert_eq!(fs::metadata(&made.path).unwrap().permissions().mode() & 0o777, 0o600);
        let found = places.read_or_make(true, &mut rng).unwrap();
        assert_eq!((found.seal.id(), found.is_new), (made.seal.id(), false));
        fs::set_permissions(&made.path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(places.read_or_make(false, &mut rng), Err(SealError::Readable(_))));
    }

    #[test]
    fn the_same_digits_sent_for_two_things_are_two_codes() {
        let seal = ServerSeal::new(&[7; 32]);
        let code = Code::parse("123456").unwrap();
        assert_ne!(seal.code(&[1; 16], FIRST, &code), seal.code(&[2; 16], FIRST, &code));
        assert_ne!(seal.code(&[1; 16], FIRST, &code), seal.code(&[1; 16], RESERVE, &code));
    }
}
