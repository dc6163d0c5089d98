//! The directory: whom one can write to (PROTOCOL §4.1).

use securemailbox_protocol::{
    ids::{AccountId, CertificateHash, FactorId},
    levels::Level,
};

use crate::{Act, Db, ReadOnly, Row, StoreError, accounts::AddressLookup};

/// A certificate, sealed by the server at the place of the account that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedCertificate {
    /// The member whom the certificate names.
    pub account: AccountId,
    /// The v6 certificate, sealed by the server because its User ID is the address.
    pub sealed: Vec<u8>,
}

/// The certificate that the directory lists under an address, and the level of its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The account's certificate.
    pub certificate: SealedCertificate,
    /// How the person is identified when reading.
    pub level: Level,
}

/// Looks an address up in the directory. Guests are not in it (PROTOCOL §5.5).
pub struct ListingByAddress {
    /// The keyed hash of the address that somebody looks up.
    pub address_lookup: AddressLookup,
}

impl Act for ListingByAddress {
    type Output = Option<Listing>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT m.mailbox_id, c.sealed, m.level FROM member m JOIN certificate c ON c.mailbox_id = m.mailbox_id
             WHERE m.address_lookup = $1";
        let Some(mut row) = db.row(SQL, &[&self.address_lookup]).await? else { return Ok(None) };
        let certificate = SealedCertificate { account: row.take()?, sealed: row.take()? };
        Ok(Some(Listing { certificate, level: row.take()? }))
    }
}

impl ReadOnly for ListingByAddress {}

/// A mobile number that an account proved as its owner's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvedPhone {
    /// Whose it is.
    pub account: AccountId,
    /// The factor, a part of the place under which it is sealed.
    pub factor: FactorId,
    /// The number, under the server seal.
    pub sealed: Vec<u8>,
}

/// The numbers by which the owner of an address can be known (PROTOCOL §6): not those of the reserve, which may be somebody
/// else's phone. None where nobody has the address.
pub struct PhonesByAddress {
    /// The keyed hash of the address.
    pub address_lookup: AddressLookup,
}

impl Act for PhonesByAddress {
    type Output = Vec<ProvedPhone>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT m.mailbox_id, f.factor_id, f.sealed FROM member m JOIN factor f ON f.mailbox_id = m.mailbox_id
             WHERE m.address_lookup = $1 AND f.kind = 'phone'
             ORDER BY f.created, f.factor_id";
        let phone = |mut row: Row| Ok(ProvedPhone { account: row.take()?, factor: row.take()?, sealed: row.take()? });
        db.rows(SQL, &[&self.address_lookup]).await?.into_iter().map(phone).collect()
    }
}

impl ReadOnly for PhonesByAddress {}

/// The certificate of that hash.
pub struct CertificateByHash {
    /// SHA-256 of the certificate's bytes before the server sealed them.
    pub hash: CertificateHash,
}

impl Act for CertificateByHash {
    type Output = Option<SealedCertificate>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT mailbox_id, sealed FROM certificate WHERE certificate_hash = $1 LIMIT 1";
        let Some(mut row) = db.row(SQL, &[&self.hash]).await? else { return Ok(None) };
        Ok(Some(SealedCertificate { account: row.take()?, sealed: row.take()? }))
    }
}

impl ReadOnly for CertificateByHash {}
