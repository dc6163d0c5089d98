//! A passkey as a factor beside a password, a sheet or a session (PROTOCOL §9a, Factors): its challenge waits in the row of the
//! proof, in the place of a code.

use securemailbox_protocol::{
    factors::FactorKind,
    ids::{AccountId, FactorId},
    limits,
    time::Timestamp,
};

use super::{AuthenticatorRow, Challenge, of_account, used};
use crate::{
    Act, Db, Room, StoreError, factors,
    proofs::{self, CodeProof, Holder, HolderId, Proved, SentCode},
    proving::{self, ChooseError},
    sign_in,
};

/// A holder's person chose a passkey: any of the account's may answer, since only its owner knows them apart.
pub struct ExpectPasskey {
    /// The holder for which the challenge is good, and no other.
    pub holder: HolderId,
    /// The factor that was offered.
    pub factor: FactorId,
    /// What the passkey is to sign.
    pub challenge: Challenge,
    /// The challenge is good for five minutes from here.
    pub now: Timestamp,
}

impl Act for ExpectPasskey {
    /// The ids of the account's credentials.
    type Output = Vec<Vec<u8>>;
    type Error = ChooseError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let (waiting, _) = proving::chosen(db, self.holder, self.factor, self.now).await?;
        let until = self.now.after(limits::CHALLENGE_LIFE);
        let waits = SentCode { code: self.challenge, older: Vec::new(), until, tries_left: 1 };
        proofs::keep(db, self.holder, self.factor, &CodeProof::Sent(waits)).await?;
        if let HolderId::SignIn(id) = self.holder {
            sign_in::wait_for_code(db, id, self.now).await?;
        }
        let passkeys = of_account(db, waiting.account).await?;
        Ok(passkeys.into_iter().map(|passkey| passkey.credential).collect())
    }
}

/// Takes the challenge of a proof: one answer may be tried.
pub struct TakeChallenge {
    /// The holder that it was given out for.
    pub holder: HolderId,
    /// The factor that was offered.
    pub factor: FactorId,
    /// The challenge must not have expired by now.
    pub now: Timestamp,
}

/// A challenge, and whose passkey is to have signed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenged {
    /// The account that the holder is for.
    pub account: AccountId,
    /// What was to be signed.
    pub challenge: Challenge,
}

impl Act for TakeChallenge {
    type Output = Option<Challenged>;
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let Some(waiting) = proving::waiting(db, self.holder, self.now).await? else { return Ok(None) };
        let account = waiting.account;
        let factor = factors::find(db, account, self.factor).await?;
        if factor.is_none_or(|factor| factor.kind != FactorKind::Passkey) {
            return Ok(None);
        }
        let Some(CodeProof::Sent(SentCode { code: challenge, until, .. })) =
            proofs::find(db, self.holder, self.factor).await?
        else {
            return Ok(None);
        };
        proofs::keep(db, self.holder, self.factor, &CodeProof::Closed).await?;
        Ok((until > self.now).then_some(Challenged { account, challenge }))
    }
}

/// A passkey was right: gives its holder what that waits for. None if the passkey was removed or the holder ended meanwhile.
pub struct ProvePasskey<H> {
    /// The holder, with what the proof gives it.
    pub holder: H,
    /// The factor that was offered.
    pub offered: FactorId,
    /// The passkey that answered, perhaps another of the account's.
    pub answered: FactorId,
    /// How its authenticator stands now.
    pub authenticator: AuthenticatorRow,
    /// When the answer came.
    pub now: Timestamp,
}

impl<H: Holder> Act for ProvePasskey<H> {
    type Output = Option<H::Gives>;
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let (holder, now) = (self.holder.id(), self.now);
        let Some(waiting) = proving::waiting(db, holder, now).await? else { return Ok(None) };
        let account = waiting.account;
        // The offered one may have been removed too, and with it the row that the proof is kept by.
        let offered = factors::find(db, account, self.offered).await?.is_some();
        if !offered || !used(db, account, self.answered, self.authenticator, now).await? {
            return Ok(None);
        }
        proofs::keep(db, holder, self.offered, &CodeProof::Proved { at: now }).await?;
        let proved = Proved { account, kind: FactorKind::Passkey, now };
        Ok(Some(self.holder.give(db, proved).await?))
    }
}
