//! Rows of a device, each sealed by itself under the account secret at its own place (PROTOCOL §2, purpose `device`).
//!
//! A copy of the device alone opens nothing: the account secret comes from the device slot, whose other half the server
//! gives to a living session only.

use rand::{CryptoRng, RngCore};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use securemailbox_protocol::{
    numbers::Version,
    sealed::{self, Place, Purpose},
};

use crate::{
    device::{Device, DeviceFailed, Expected, RowId, Table, Tag, Write, Written},
    owner::Owner,
};

/// The rows of one account on one device.
pub struct Rows<'a, D> {
    device: &'a D,
    owner: &'a Owner,
}

/// What was found at a place.
pub struct Found<T> {
    /// Names what is there, to write over it; none if nothing is.
    pub tag: Option<Tag>,
    /// What it says; none as well for a row that does not open or is of another form, which is written over.
    pub value: Option<T>,
}

impl<T> Found<T> {
    /// For a write that must not go over anybody else's.
    #[must_use]
    pub fn expected(&self) -> Expected {
        self.tag.map_or(Expected::Nothing, Expected::Row)
    }
}

impl<'a, D: Device> Rows<'a, D> {
    /// Those of `owner` on `device`.
    pub const fn new(device: &'a D, owner: &'a Owner) -> Self {
        Self { device, owner }
    }

    /// One row.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn get<T: DeserializeOwned>(&self, table: Table, id: RowId) -> Result<Found<T>, DeviceFailed> {
        let row = self.device.get(self.owner.account, table, &[id]).await?.pop().flatten();
        Ok(Found { tag: row.as_deref().map(Tag::of), value: row.and_then(|row| self.parsed(table, id, &row)) })
    }

    /// Some rows, in the order of `ids`.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn get_all<T: DeserializeOwned>(
        &self,
        table: Table,
        ids: &[RowId],
    ) -> Result<Vec<Found<T>>, DeviceFailed> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.device.get(self.owner.account, table, ids).await?;
        let found = ids.iter().zip(rows).map(|(id, row)| Found {
            tag: row.as_deref().map(Tag::of),
            value: row.and_then(|row| self.parsed(table, *id, &row)),
        });
        Ok(found.collect())
    }

    /// Every row of a table that opens.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn scan<T: DeserializeOwned>(&self, table: Table) -> Result<Vec<(RowId, Tag, T)>, DeviceFailed> {
        let rows = self.device.scan(self.owner.account, table).await?;
        let opened = rows.into_iter().map(|(id, row)| Some((id, Tag::of(&row), self.parsed(table, id, &row)?)));
        Ok(opened.flatten().collect())
    }

    /// Every row of a table that opens, as bytes.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn scan_bytes(&self, table: Table) -> Result<Vec<(RowId, Zeroizing<Vec<u8>>)>, DeviceFailed> {
        let rows = self.device.scan(self.owner.account, table).await?;
        Ok(rows.into_iter().filter_map(|(id, row)| Some((id, self.opened(table, id, &row)?))).collect())
    }

    /// The ids of a table's rows.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn ids(&self, table: Table) -> Result<Vec<RowId>, DeviceFailed> {
        Ok(self.device.scan(self.owner.account, table).await?.into_iter().map(|(id, _)| id).collect())
    }

    /// A row to write.
    pub fn put(
        &self,
        table: Table,
        id: RowId,
        expected: Expected,
        value: &impl Serialize,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Write {
        #[expect(clippy::expect_used, reason = "our own types have string keys and no fallible Serialize")]
        let plain = Zeroizing::new(serde_json::to_vec(value).expect("a row is JSON"));
        self.put_bytes(table, id, expected, &plain, rng)
    }

    /// A row of bytes to write.
    pub fn put_bytes(
        &self,
        table: Table,
        id: RowId,
        expected: Expected,
        plain: &[u8],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Write {
        let sealed = sealed::seal(self.owner.secret.as_bytes(), &self.place(table, id), plain, rng);
        Write { table, id, expected, bytes: Some(sealed) }
    }

    /// Writes rows, all or none.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn write(&self, writes: Vec<Write>) -> Result<Written, DeviceFailed> {
        if writes.is_empty() {
            return Ok(Written::Whole);
        }
        self.device.write(self.owner.account, writes).await
    }

    /// Erases every row of some tables.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn erase_tables(&self, tables: &[Table]) -> Result<(), DeviceFailed> {
        let mut writes = Vec::new();
        for table in tables {
            writes.extend(self.ids(*table).await?.into_iter().map(|id| erase(*table, id, Expected::Anything)));
        }
        self.write(writes).await.map(drop)
    }

    fn opened(&self, table: Table, id: RowId, row: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        sealed::open(self.owner.secret.as_bytes(), &self.place(table, id), row).ok()
    }

    fn parsed<T: DeserializeOwned>(&self, table: Table, id: RowId, row: &[u8]) -> Option<T> {
        serde_json::from_slice(&self.opened(table, id, row)?).ok()
    }

    /// A row has no version: nobody but this device could go back to an older one.
    fn place(&self, table: Table, id: RowId) -> Place {
        let account = *self.owner.account.as_bytes();
        Place { purpose: Purpose::Device(table.as_str()), account, record: id, version: Version::ZERO }
    }
}

/// A row to erase.
#[must_use]
pub const fn erase(table: Table, id: RowId, expected: Expected) -> Write {
    Write { table, id, expected, bytes: None }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};
    use securemailbox_protocol::ids::AccountId;
    use securemailbox_vault::secrets::AccountSecret;

    use super::*;
    use crate::{device::Memory, fixtures::ready};

    fn owner(seed: u64) -> Owner {
        let secret = AccountSecret::generate(&mut StdRng::seed_from_u64(seed));
        Owner { account: AccountId::from_bytes([1; 16]), secret }
    }

    #[test]
    fn a_row_opens_for_its_owner_at_its_own_place_only() {
        let (device, owner, other) = (Memory::default(), owner(1), owner(2));
        let (rows, mut rng) = (Rows::new(&device, &owner), StdRng::seed_from_u64(3));
        let write = rows.put(Table::Pin, [1; 16], Expected::Nothing, &"Hemligt", &mut rng);
        let moved =
            [(Table::Pin, [2; 16]), (Table::Digits, [1; 16])].map(|(table, id)| Write { table, id, ..write.clone() });
        assert_eq!(ready(rows.write(vec![write])).unwrap(), Written::Whole);
        assert_eq!(ready(rows.get::<String>(Table::Pin, [1; 16])).unwrap().value.as_deref(), Some("Hemligt"));
        assert!(device.contents().iter().all(|row| !String::from_utf8_lossy(row).contains("Hemligt")));
        assert_eq!(ready(rows.write(moved.into())).unwrap(), Written::Whole);
        assert_eq!(ready(rows.get::<String>(Table::Pin, [2; 16])).unwrap().value, None, "another id");
        assert_eq!(ready(rows.get::<String>(Table::Digits, [1; 16])).unwrap().value, None, "another table");
        let theirs = Rows::new(&device, &other);
        assert_eq!(ready(theirs.get::<String>(Table::Pin, [1; 16])).unwrap().value, None, "another secret");
    }

    #[test]
    fn whoever_was_slower_writes_nothing_and_reads_again() {
        let (device, owner) = (Memory::default(), owner(1));
        let (rows, mut rng) = (Rows::new(&device, &owner), StdRng::seed_from_u64(3));
        let mut put = |expected, text: &str| rows.put(Table::Draft, [1; 16], expected, &text, &mut rng);
        let (mine, theirs) = (put(Expected::Nothing, "mine"), put(Expected::Nothing, "theirs"));
        let beside = Write { id: [2; 16], ..put(Expected::Nothing, "beside") };
        assert_eq!(ready(rows.write(vec![mine])).unwrap(), Written::Whole);
        assert_eq!(ready(rows.write(vec![beside, theirs])).unwrap(), Written::Stale);
        assert_eq!(device.count(Table::Draft), 1, "all or none");
        let found = ready(rows.get::<String>(Table::Draft, [1; 16])).unwrap();
        let merged = put(found.expected(), "mine and theirs");
        assert_eq!(ready(rows.write(vec![merged])).unwrap(), Written::Whole);
    }
}
