//! Registering as the page does it: it keeps how far it has come, and hands that in with each step. So the Worker may end in
//! between, as it does when a phone drops the tab while somebody looks for the code in their mail.

use securemailbox_client::{
    accounts::{self, AccountToMake, AddressToProve, Registrant},
    claims::LeftByGuest,
    devices::DeviceName,
    mailbox::Mailbox,
    opening::Opening,
    passkeys::first::FirstPasskeyMade,
    settings::{Name, Settings},
    world::World,
};
use securemailbox_protocol::{
    address::Address,
    ids::{AccountId, FactorId, RegistrationId},
    passkeys::PasskeyToUse,
    phone::PhoneNumber,
};
use securemailbox_vault::{passwords::Password, secrets::PrfOutput};
use serde::{Deserialize, Serialize};
#[cfg(test)]
use ts_rs::TS;
use zeroize::Zeroizing;

use crate::{
    arguments::{NewClaim, NewMailbox},
    passkeys::{CreatedPasskey, PasskeyCreation, UsedPasskey, passkey_name},
    problems::{OrProblem, out_of_step, refused},
    sign_in::{found, parse_address, parse_phone},
    views::{PageProblem, Problem, Sheet},
};

/// A registration as far as it has come: what the page shows of it, and keeps for its tab so that a reload goes on. No secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Registering {
    /// What is asked for now.
    pub step: RegisteringStep,
    /// The name that will go out with letters.
    #[cfg_attr(test, ts(type = "string"))]
    pub name: Name,
    /// The address in its one form.
    pub address: Address,
    /// Names the registration.
    pub id: RegistrationId,
    /// Reserved for the account.
    pub account: AccountId,
    /// What a code was sent by, at the step that asks for it.
    pub factor: Option<FactorId>,
    /// The phone, once it was named.
    pub phone: Option<PhoneNumber>,
}

/// What a registration asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(TS))]
#[serde(rename_all = "kebab-case")]
pub enum RegisteringStep {
    /// The code from the e-mail.
    AddressCode,
    /// The phone.
    Phone,
    /// The code from the SMS.
    PhoneCode,
    /// The password.
    Password,
}

/// A code of a registration as typed or pasted.
#[derive(Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct RegisteringCode {
    /// The registration.
    pub registering: Registering,
    /// Six digits, or the whole message they stand in.
    pub code: String,
}

/// The phone of a registration as typed.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct RegisteringPhone {
    /// The registration.
    pub registering: Registering,
    /// As typed: a Swedish number, or one with a country code.
    pub phone: String,
}

/// The password of a registration as typed.
#[derive(Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct RegisteringPassword {
    /// The registration.
    pub registering: Registering,
    /// As typed.
    #[cfg_attr(test, ts(type = "string"))]
    pub password: Zeroizing<String>,
    /// What this device is called.
    pub device: Option<DeviceName>,
}

impl Registering {
    pub(crate) async fn begin(world: &impl World, args: NewMailbox) -> Result<Self, Problem> {
        let name = Name::parse(&args.name).map_err(|_| refused(PageProblem::NotAName))?;
        let address = parse_address(&args.address)?;
        let begun = accounts::register(world, &address, args.language).await.or_problem()?;
        Ok(Self::begun(name, &begun))
    }

    /// The same for somebody who came by a link, at the address to which they were written.
    pub(crate) async fn begin_claim(world: &impl World, guest: &Mailbox, args: NewClaim) -> Result<Self, Problem> {
        let name = Name::parse(&args.name).map_err(|_| refused(PageProblem::NotAName))?;
        let begun = guest.begin_claim(world, args.language).await.or_problem()?;
        Ok(Self::begun(name, &begun))
    }

    fn begun(name: Name, begun: &AddressToProve) -> Self {
        let Registrant { id, account, address } = begun.registrant().clone();
        let (step, factor) = (RegisteringStep::AddressCode, Some(begun.asked().factor()));
        Self { step, name, address, id, account, factor, phone: None }
    }

    fn registrant(&self) -> Registrant {
        Registrant { id: self.id, account: self.account, address: self.address.clone() }
    }

    fn factor(&self) -> Result<FactorId, Problem> {
        self.factor.ok_or_else(out_of_step)
    }

    pub(crate) async fn send_again(&self, world: &impl World) -> Result<(), Problem> {
        // What sends it is the same whatever it was sent for.
        self.registrant().address_to_prove(self.factor()?).asked().send(world).await.or_problem()
    }

    pub(crate) async fn name_phone(self, world: &impl World, typed: &str) -> Result<Self, Problem> {
        let phone = parse_phone(typed)?;
        let named = self.registrant().phone_to_name().enter(world, phone.clone()).await.or_problem()?;
        let (step, factor) = (RegisteringStep::PhoneCode, Some(named.asked().factor()));
        Ok(Self { step, factor, phone: Some(phone), ..self })
    }

    pub(crate) async fn make(self, world: &impl World, password: &str) -> Result<(Opening, Sheet), Problem> {
        let settings = Settings::new(self.name.clone()).owing_sheet();
        let step = self.registrant().way_to_choose();
        let made = step.choose(world, Password::new(password), settings).await.or_problem()?;
        self.post(world, &made).await
    }

    /// The same of what somebody leaves who came by a link. The mailbox is opened elsewhere, by a cookie.
    pub(crate) async fn claim(
        self,
        world: &impl World,
        password: &str,
        left: LeftByGuest<'_>,
    ) -> Result<(Opening, Sheet), Problem> {
        let settings = Settings::new(self.name.clone()).owing_sheet();
        let step = self.registrant().way_to_choose();
        let made = step.claim(world, Password::new(password), settings, left).await.or_problem()?;
        self.post(world, &made).await
    }

    /// Begins to make a passkey in the place of a password.
    pub(crate) async fn begin_passkey(self, world: &impl World) -> Result<PasskeyCreation, Problem> {
        let to_make = self.registrant().way_to_choose().begin_passkey(world).await.or_problem()?;
        Ok(PasskeyCreation::new(to_make, self.account, self.address))
    }

    /// It was made.
    pub(crate) async fn passkey_made(
        &self,
        world: &impl World,
        CreatedPasskey { id, made }: CreatedPasskey,
        output: Option<&PrfOutput>,
    ) -> Result<(FirstPasskeyMade, PasskeyToUse), Problem> {
        self.registrant().way_to_choose().passkey_made(world, id, made, output).await.or_problem()
    }

    /// Seals the secret of the mailbox for the first output of a passkey that came with none.
    pub(crate) fn seal_for_passkey(&self, world: &impl World, made: &mut FirstPasskeyMade, output: &PrfOutput) {
        self.registrant().way_to_choose().seal_for_passkey(world, made, output);
    }

    /// As [`Registering::claim`], by a passkey that signed.
    pub(crate) async fn claim_by_passkey(
        self,
        world: &impl World,
        made: FirstPasskeyMade,
        used: (UsedPasskey, Option<PrfOutput>),
        left: LeftByGuest<'_>,
    ) -> Result<(Opening, Sheet), Problem> {
        let (UsedPasskey { assertion, name }, output) = used;
        let settings = (Settings::new(self.name.clone()).owing_sheet(), passkey_name(&name)?);
        let step = self.registrant().way_to_choose();
        let made = step.claim_by_passkey(world, made, (assertion, output.as_ref()), settings, left);
        self.post(world, &made.ok_or_else(|| refused(PageProblem::PasskeyOpensNothing))?).await
    }

    async fn post(self, world: &impl World, made: &AccountToMake) -> Result<(Opening, Sheet), Problem> {
        let sheet = Sheet { recovery_code: made.recovery_code().to_string(), address: self.address };
        Ok((made.post(world).await.or_problem()?, sheet))
    }
}

impl RegisteringCode {
    pub(crate) async fn prove_address(self, world: &impl World) -> Result<Registering, Problem> {
        let Self { registering, code } = self;
        let step = registering.registrant().address_to_prove(registering.factor()?);
        step.enter(world, &found(&code)?).await.or_problem()?;
        Ok(Registering { step: RegisteringStep::Phone, factor: None, ..registering })
    }

    /// Of somebody who came by a link: the phone is proved already.
    pub(crate) async fn prove_address_of_guest(
        self,
        world: &impl World,
        guest: &Mailbox,
    ) -> Result<Registering, Problem> {
        let Self { registering, code } = self;
        let step = registering.registrant().address_to_prove(registering.factor()?);
        let step = step.enter(world, &found(&code)?).await.or_problem()?;
        step.prove_by_guest(world, guest).await.or_problem()?;
        Ok(Registering { step: RegisteringStep::Password, factor: None, ..registering })
    }

    pub(crate) async fn prove_phone(self, world: &impl World) -> Result<Registering, Problem> {
        let Self { registering, code } = self;
        let step = registering.registrant().phone_to_prove(registering.factor()?);
        step.enter(world, &found(&code)?).await.or_problem()?;
        Ok(Registering { step: RegisteringStep::Password, factor: None, ..registering })
    }
}
