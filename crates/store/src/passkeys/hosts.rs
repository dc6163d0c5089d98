//! The host that passkeys are made for (PROTOCOL §7): a browser uses them at that one and no other, so whoever moves a server
//! to another host leaves them behind. They stay in the database, in case it comes back.

use crate::{Act, Db, ReadOnly, StoreError, meta::MetaKey};

/// Says which host people reach this server by. What passkeys there are of others counts for nothing from now on.
pub struct KeepHost(pub String);

impl Act for KeepHost {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        db.exec(SQL, &[&MetaKey::Host, &self.0.as_bytes().to_vec()]).await.map(drop)
    }
}

/// The passkeys that are of another host than this one.
pub struct PasskeysElsewhere {
    /// This one.
    pub host: String,
}

/// Who has passkeys of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleElsewhere {
    /// The host.
    pub host: String,
    /// How many people have passkeys of it.
    pub people: u64,
    /// How many of them can sign in by nothing else: by no passkey of this host, and not by a password and another factor.
    pub stranded: u64,
}

impl Act for PasskeysElsewhere {
    type Output = Vec<PeopleElsewhere>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT host, COUNT(*), SUM(stranded) FROM
                (SELECT DISTINCT p.host, p.mailbox_id,
                        CASE WHEN EXISTS (SELECT 1 FROM passkey h WHERE h.mailbox_id = p.mailbox_id AND h.host = $1)
                               OR EXISTS (SELECT 1 FROM slot s WHERE s.mailbox_id = p.mailbox_id AND s.kind = 'password')
                              AND EXISTS (SELECT 1 FROM factor f
                                           WHERE f.mailbox_id = p.mailbox_id AND f.kind NOT IN ('address', 'passkey'))
                             THEN 0 ELSE 1 END AS stranded
                   FROM passkey p WHERE p.host <> $1) AS elsewhere
             GROUP BY host ORDER BY host";
        let mut found = Vec::new();
        for mut row in db.rows(SQL, &[&self.host.as_bytes().to_vec()]).await? {
            let host = String::from_utf8(row.take()?).map_err(|_| StoreError::Damaged("a host"))?;
            found.push(PeopleElsewhere { host, people: row.take()?, stranded: row.take()? });
        }
        Ok(found)
    }
}

impl ReadOnly for PasskeysElsewhere {}
