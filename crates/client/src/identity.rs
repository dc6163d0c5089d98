//! ID-kontroll (PROTOCOL §7): one's own factors, adding one and taking one away. What is refused as `proof-required` may be tried
//! again once the session was [confirmed](crate::confirming).

use securemailbox_protocol::{
    endpoints,
    factors::{
        Answer, AuthenticatorSecret, BegunAuthenticator, Code, ConfirmedFactor, EnterProof, Factor, Factors, NewPhone,
        Offers, OneTimeCodes, PhoneRole,
    },
    ids::FactorId,
    limits,
    phone::PhoneNumber,
};
use zeroize::Zeroizing;

use crate::{
    factors::{CodeToEnter, FactorToChoose, is_hint},
    failure::CallError,
    mailbox::Mailbox,
    world::World,
};

/// An authenticator app that is being added. It counts once a code of it was entered.
#[derive(Clone)]
pub struct AuthenticatorToConfirm {
    id: FactorId,
    secret: AuthenticatorSecret,
    uri: Zeroizing<String>,
}

impl AuthenticatorToConfirm {
    /// The secret as it is typed: 32 characters of base32.
    #[must_use]
    pub fn typed(&self) -> Zeroizing<String> {
        self.secret.to_base32()
    }

    /// What the QR code says.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Enters a code that the app shows. A refused one may be followed by the next; a lost answer by the same.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn confirm(
        &self,
        world: &impl World,
        mailbox: &Mailbox,
        code: &Code,
    ) -> Result<ConfirmedFactor, CallError> {
        let entered = EnterProof { factor: self.id, answer: Answer::Code(code.clone()) };
        let confirmed: ConfirmedFactor =
            mailbox.session.api(world).send(endpoints::CONFIRM_NEW_FACTOR.of(self.id), &entered).await?;
        // It stands in a sentence of ours.
        let believable = i64::from(confirmed.drift).abs() <= limits::DRIFT_AT_CONFIRMATION;
        if believable { Ok(confirmed) } else { Err(CallError::Unreadable) }
    }
}

/// A phone that is being added. It counts once the code that was sent to it was entered.
#[derive(Debug, Clone, Copy)]
pub struct PhoneToConfirm(FactorId);

impl Mailbox {
    /// One's own factors, oldest first.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn factors(&self, world: &impl World) -> Result<Vec<Factor>, CallError> {
        let Factors { factors } = self.session.api(world).get(endpoints::LIST_FACTORS.here()).await?;
        let in_order = |factor: &Factor| {
            let most = limits::ONE_TIME_CODES;
            is_hint(factor.kind, &factor.hint) && factor.left.is_none_or(|left| usize::from(left) <= most)
        };
        if factors.iter().all(in_order) { Ok(factors) } else { Err(CallError::Unreadable) }
    }

    /// Begins an authenticator app.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn begin_authenticator(&self, world: &impl World) -> Result<AuthenticatorToConfirm, CallError> {
        let begun = self.session.api(world).send(endpoints::BEGIN_AUTHENTICATOR.here(), &()).await?;
        let BegunAuthenticator { id, secret } = begun;
        Ok(AuthenticatorToConfirm { id, uri: secret.uri(self.address()), secret })
    }

    /// Names a phone; its code comes once it is sent.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn name_new_phone(
        &self,
        world: &impl World,
        phone: PhoneNumber,
        role: PhoneRole,
    ) -> Result<CodeToEnter<PhoneToConfirm>, CallError> {
        let new = NewPhone { phone, role };
        let Offers { offers } = self.session.api(world).send(endpoints::NAME_NEW_PHONE.here(), &new).await?;
        let [offer] = <[_; 1]>::try_from(offers).map_err(|_| CallError::Unreadable)?;
        if offer.kind != role.kind() {
            return Err(CallError::Unreadable);
        }
        let choose = endpoints::CHOOSE_NEW_FACTOR.of(offer.id);
        let to_choose = FactorToChoose::new(PhoneToConfirm(offer.id), choose, vec![offer.clone()])?;
        Ok(to_choose.with_token(self.session.token()).choose(&offer))
    }

    /// Makes a sheet of one-time codes, in the place of the one before. They are told this once.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn make_one_time_codes(&self, world: &impl World) -> Result<OneTimeCodes, CallError> {
        let sheet: OneTimeCodes = self.session.api(world).send(endpoints::MAKE_ONE_TIME_CODES.here(), &()).await?;
        if sheet.codes.len() == limits::ONE_TIME_CODES { Ok(sheet) } else { Err(CallError::Unreadable) }
    }

    /// Takes a factor away.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn remove_factor(&self, world: &impl World, id: FactorId) -> Result<(), CallError> {
        self.session.api(world).delete(endpoints::REMOVE_FACTOR.of(id)).await
    }
}

impl CodeToEnter<PhoneToConfirm> {
    /// Enters the code that came: the phone counts from now. A refused code may be entered again.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn enter(&self, world: &impl World, answer: &Answer) -> Result<(), CallError> {
        let asked = self.asked();
        let confirm = endpoints::CONFIRM_NEW_FACTOR.of(self.step.0);
        let _: ConfirmedFactor = asked.api(world).send(confirm, &asked.proof(answer)).await?;
        Ok(())
    }
}
