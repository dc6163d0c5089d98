//! The directory: whom one can write to (PROTOCOL §4.1).

use securemailbox_protocol::{directory::Listing, ids::CertificateHash};

use crate::{Act, Db, ReadOnly, StoreError, accounts::AddressLookup};

/// What the directory says of an address. Guests are not in it (PROTOCOL §5.5).
pub struct ListingByAddress {
    /// Whom.
    pub address_lookup: AddressLookup,
}

impl Act for ListingByAddress {
    type Output = Option<Listing>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT a.account_id, c.bytes, a.level FROM account a JOIN certificate c ON c.account_id = a.account_id
             WHERE a.address_lookup = $1 AND a.kind = 'member'";
        let Some(mut row) = db.row(SQL, &[&self.address_lookup]).await? else { return Ok(None) };
        Ok(Some(Listing { account: row.take()?, certificate: row.take()?, level: row.take()? }))
    }
}

impl ReadOnly for ListingByAddress {}

/// The certificate of that hash.
pub struct CertificateByHash {
    /// Its SHA-256.
    pub hash: CertificateHash,
}

impl Act for CertificateByHash {
    type Output = Option<Vec<u8>>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT bytes FROM certificate WHERE certificate_hash = $1 LIMIT 1";
        db.row(SQL, &[&self.hash]).await?.map(|mut row| row.take()).transpose()
    }
}

impl ReadOnly for CertificateByHash {}
