//! Registering: five steps, each a type of its own, so that none can be left out or taken twice (PROTOCOL §9a).

use securemailbox_protocol::{
    accounts::{
        CompleteRegistration, EnteredPhone, FirstRecord, FirstWay, Language, NewRegistration, PasswordRequest,
        PasswordResponse, Registration,
    },
    address::Address,
    endpoints::{self, Operation},
    factors::{Code, FactorOffer, Offers},
    ids::{AccountId, FactorId, RecordId, RegistrationId},
    numbers::Version,
    octets::Octets,
    phone::PhoneNumber,
    problems::ProblemType,
    records::RecordPurpose,
};
use securemailbox_vault::{
    identities::Identity,
    keyring::Keyring,
    passwords::{Password, PasswordRefused, Registered, Registering, WeakPassword, judge},
    records::{self, RecordPlace},
    recovery::RecoveryCode,
    secrets::AccountSecret,
};

use crate::{
    api::Api,
    claims::LeftByGuest,
    directory::Warning,
    factors::Asked,
    failure::{CallError, Class, ClientProblem, Explained, Failure, explained},
    mailbox::Mailbox,
    opening::Opening,
    opens::OpenError,
    session::Session,
    settings::Settings,
    slots::{password_slot, recovery_slot},
    world::World,
};

/// A registration, or a step of one, did not go through.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// The server was not reached, or refused.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The password will not do. Nothing was sent.
    #[error(transparent)]
    WeakPassword(#[from] WeakPassword),
    /// The server's half of the password registration was none.
    #[error(transparent)]
    Password(#[from] PasswordRefused),
    /// The account was made; opening it failed.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl Failure for RegisterError {
    fn explain(&self) -> Explained {
        match self {
            Self::Call(error) => error.explain(),
            Self::WeakPassword(_) => explain_weak(),
            Self::Password(error) => explain_password(*error),
            Self::Open(error) => error.explain(),
        }
    }
}

pub(crate) fn explain_weak() -> Explained {
    explained(ClientProblem::WeakPassword, Class::Refused, "Choose another: four or more random words do well.")
}

pub(crate) fn explain_password(error: PasswordRefused) -> Explained {
    match error {
        PasswordRefused::NotAnAnswer => explained(
            ClientProblem::UnreadableAnswer,
            Class::Unavailable,
            "Check that the address is that of a SecureMailbox server, and update this client.",
        ),
        PasswordRefused::WrongPasswordOrServer => explained(
            ProblemType::CredentialsRefused,
            Class::Refused,
            "Check the address and the password. A forgotten password is replaced with the recovery sheet: `recover`.",
        ),
    }
}

/// A registration that has begun, and whose it is: what all its steps know. No secret, so a page may keep it for its tab, and
/// make the step anew where it was. The server holds the order.
#[derive(Debug, Clone)]
pub struct Registrant {
    /// Names the registration.
    pub id: RegistrationId,
    /// Reserved for the account.
    pub account: AccountId,
    /// Whose mailbox it will be.
    pub address: Address,
}

impl Registrant {
    /// Back where the code from the e-mail is entered.
    #[must_use]
    pub fn address_to_prove(self, factor: FactorId) -> AddressToProve {
        AddressToProve { asked: self.asked(factor), registrant: self }
    }

    /// Back where the phone is named, or another one.
    #[must_use]
    pub const fn phone_to_name(self) -> PhoneToName {
        PhoneToName { registrant: self }
    }

    /// Back where the code from the SMS is entered.
    #[must_use]
    pub fn phone_to_prove(self, factor: FactorId) -> PhoneToProve {
        PhoneToProve { asked: self.asked(factor), registrant: self }
    }

    /// Back where a password is chosen, or a passkey is made.
    #[must_use]
    pub const fn way_to_choose(self) -> WayToChoose {
        WayToChoose { registrant: self }
    }

    fn asked(&self, factor: FactorId) -> Asked {
        Asked::new(endpoints::CHOOSE_FACTOR_OF_REGISTRATION.of(self.id), factor)
    }

    /// Each step has one factor, and it is asked for at once.
    async fn ask(&self, world: &impl World, offers: &[FactorOffer]) -> Result<Asked, CallError> {
        let asked = match offers {
            [only] => self.asked(only.id),
            [] | [_, _, ..] => return Err(CallError::Unreadable),
        };
        asked.send(world).await?;
        Ok(asked)
    }

    async fn prove(&self, world: &impl World, asked: &Asked, code: &Code) -> Result<(), CallError> {
        let prove = endpoints::PROVE_FACTOR_OF_REGISTRATION.of(self.id);
        Api::stranger(world.transport()).tell(prove, &asked.proof(&code.clone().into())).await
    }
}

/// A code was sent to the address.
pub struct AddressToProve {
    registrant: Registrant,
    asked: Asked,
}

/// The address is proved; which phone?
pub struct PhoneToName {
    pub(crate) registrant: Registrant,
}

/// A code was sent to the phone.
pub struct PhoneToProve {
    registrant: Registrant,
    asked: Asked,
}

/// Both are proved; what is to open the mailbox?
pub struct WayToChoose {
    pub(crate) registrant: Registrant,
}

/// Everything is made and waits to be posted. Posting may be repeated: the same bytes go out.
pub struct AccountToMake {
    id: RegistrationId,
    address: Address,
    body: CompleteRegistration,
    secret: AccountSecret,
    recovery_code: RecoveryCode,
}

/// Asks for a mailbox. The answer is the same whether or not the address has one; only the e-mail differs.
///
/// # Errors
/// [`RegisterError`]
pub async fn register(
    world: &impl World,
    address: &Address,
    language: Language,
) -> Result<AddressToProve, RegisterError> {
    if Session::load(world).await.map_err(OpenError::from)?.is_some() {
        return Err(OpenError::SomebodyElse.into());
    }
    Ok(begin(world, address, language).await?)
}

pub(crate) async fn begin(
    world: &impl World,
    address: &Address,
    language: Language,
) -> Result<AddressToProve, CallError> {
    begin_at(world, endpoints::BEGIN_REGISTRATION.here(), address, language).await
}

/// Begins whatever goes the same way until the address is proved.
pub(crate) async fn begin_at(
    world: &impl World,
    begin: Operation<NewRegistration, Registration>,
    address: &Address,
    language: Language,
) -> Result<AddressToProve, CallError> {
    let new = NewRegistration { address: address.clone(), language };
    let Registration { id, account, offers } = Api::stranger(world.transport()).send(begin, &new).await?;
    let registrant = Registrant { id, account, address: address.clone() };
    let asked = registrant.ask(world, &offers).await?;
    Ok(AddressToProve { registrant, asked })
}

impl AddressToProve {
    /// Enters the code from the e-mail. A refused one may be entered again.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn enter(&self, world: &impl World, code: &Code) -> Result<PhoneToName, CallError> {
        self.registrant.prove(world, &self.asked, code).await?;
        Ok(self.registrant.clone().phone_to_name())
    }

    /// Whose registration it is.
    #[must_use]
    pub const fn registrant(&self) -> &Registrant {
        &self.registrant
    }

    /// What its code was sent by, and is sent again.
    #[must_use]
    pub const fn asked(&self) -> &Asked {
        &self.asked
    }
}

impl PhoneToName {
    /// Names the phone; a code is sent to it.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn enter(&self, world: &impl World, phone: PhoneNumber) -> Result<PhoneToProve, CallError> {
        let name = endpoints::NAME_PHONE.of(self.registrant.id);
        let Offers { offers } = Api::stranger(world.transport()).send(name, &EnteredPhone { phone }).await?;
        let asked = self.registrant.ask(world, &offers).await?;
        Ok(PhoneToProve { registrant: self.registrant.clone(), asked })
    }
}

impl PhoneToProve {
    /// Enters the code from the SMS. A refused one may be entered again.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn enter(&self, world: &impl World, code: &Code) -> Result<WayToChoose, CallError> {
        self.registrant.prove(world, &self.asked, code).await?;
        Ok(self.registrant.clone().way_to_choose())
    }

    /// What its code was sent by, and is sent again.
    #[must_use]
    pub const fn asked(&self) -> &Asked {
        &self.asked
    }
}

impl WayToChoose {
    /// Takes the password, judged here since nobody else can, and makes everything that the account consists of. A page
    /// shows the recovery sheet when the account is there, so its settings owe it from the first; a terminal shows it in the
    /// same breath.
    ///
    /// # Errors
    /// [`RegisterError`]
    pub async fn choose(
        &self,
        world: &impl World,
        password: Password,
        settings: Settings,
    ) -> Result<AccountToMake, RegisterError> {
        self.make(world, password, settings, None).await
    }

    pub(crate) async fn make(
        &self,
        world: &impl World,
        password: Password,
        settings: Settings,
        left: Option<LeftByGuest<'_>>,
    ) -> Result<AccountToMake, RegisterError> {
        let Registrant { id, account, ref address } = self.registrant;
        judge(&password, address, settings.name.as_str())?;
        let api = Api::stranger(world.transport());
        let registered = register_password(world, &api, endpoints::REGISTER_PASSWORD.of(id), password).await??;
        let secret = AccountSecret::generate(&mut world.rng());
        let way = FirstWay::Password(password_slot(world, account, &secret, registered));
        Ok(self.account(world, secret, way, &settings, left))
    }

    /// Everything that the account consists of, but for what opens it.
    pub(crate) fn account(
        &self,
        world: &impl World,
        secret: AccountSecret,
        first_way: FirstWay,
        settings: &Settings,
        left: Option<LeftByGuest<'_>>,
    ) -> AccountToMake {
        let Registrant { id, account, ref address } = self.registrant;
        let identity = Identity::generate(address, world.now(), &mut world.rng());
        let certificate = Octets(identity.certificate().bytes().to_vec());
        let claim = left.as_ref().map(|left| left.claim(world, account, &secret, identity.certificate()));
        let keyring = match &left {
            Some(left) => left.keyring(identity),
            None => Keyring::new(identity),
        };
        let session = left.map_or_else(|| world.delivery(), |left| left.session);
        let recovery_code = RecoveryCode::generate(&mut world.rng());
        let first = |purpose, plain: &[u8]| first_record(world, account, &secret, purpose, plain);
        let body = CompleteRegistration {
            certificate,
            first_way,
            recovery: recovery_slot(world, account, &secret, &recovery_code),
            keyring: first(RecordPurpose::Keyring, &keyring.to_bytes()),
            settings: first(RecordPurpose::Settings, &settings.to_bytes()),
            session,
            claim,
        };
        AccountToMake { id, address: address.clone(), body, secret, recovery_code }
    }
}

impl AccountToMake {
    /// The code for the recovery sheet. It counts once the account is made.
    #[must_use]
    pub const fn recovery_code(&self) -> &RecoveryCode {
        &self.recovery_code
    }

    /// Makes the account, and signs in on this device. After an answer that was lost, `registration-over` means that the
    /// account was made: sign in.
    ///
    /// # Errors
    /// [`RegisterError`]
    pub async fn make(&self, world: &impl World) -> Result<(Mailbox, Vec<Warning>), RegisterError> {
        Ok(Mailbox::begin(world, self.post(world).await?).await?)
    }

    /// Makes the account; its mailbox is opened elsewhere. As [`AccountToMake::make`] in all else.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn post(&self, world: &impl World) -> Result<Opening, CallError> {
        let complete = endpoints::COMPLETE_REGISTRATION.of(self.id);
        let begun = Api::stranger(world.transport()).send(complete, &self.body).await?;
        Ok(Opening::new(&self.address, begun, self.secret.clone()))
    }
}

/// The two messages of an OPAQUE registration (RFC 9807 §5): in a registration, in a forgotten password, and for another one.
pub(crate) async fn register_password<W: World>(
    world: &W,
    api: &Api<'_, W::Transport>,
    register: Operation<PasswordRequest, PasswordResponse>,
    password: Password,
) -> Result<Result<Registered, PasswordRefused>, CallError> {
    let (registering, request) = Registering::start(password, &mut world.rng());
    let request = PasswordRequest { request: request.into() };
    let answer = api.send(register, &request).await?;
    Ok(registering.finish(&answer.response.0, &world.key_stretching(), &mut world.rng()))
}

pub(crate) fn first_record(
    world: &impl World,
    account: AccountId,
    secret: &AccountSecret,
    purpose: RecordPurpose,
    plain: &[u8],
) -> FirstRecord {
    let id = RecordId::new(world.now(), &mut world.rng());
    let place = RecordPlace { account, record: id, purpose, version: Version::ZERO.next() };
    FirstRecord { id, sealed: records::seal(&place, secret, plain, &mut world.rng()).into() }
}
