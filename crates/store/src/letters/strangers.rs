//! Who never wrote to somebody, as far as that mailbox still holds what they wrote.

use securemailbox_protocol::ids::{AccountId, MailboxId};

use crate::{Act, Db, ReadOnly, StoreError};

/// Those of these accounts of which the mailbox holds no letter.
pub struct Strangers {
    /// Whose letters are looked through.
    pub mailbox: MailboxId,
    /// Who is looked for.
    pub among: Vec<AccountId>,
}

impl Act for Strangers {
    type Output = Vec<AccountId>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT 1 FROM entry WHERE mailbox_id = $1 AND sender_id = $2 LIMIT 1";
        let mut strangers = Vec::new();
        for account in &self.among {
            if db.row(SQL, &[&self.mailbox, account]).await?.is_none() {
                strangers.push(*account);
            }
        }
        Ok(strangers)
    }
}

impl ReadOnly for Strangers {}
