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

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
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

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

impl ReadOnly for CertificateByHash {}
