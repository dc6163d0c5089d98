//! The sign-in Worker: everything with a password or a recovery code. It ends once it has handed the mailbox over, or has
//! changed the password beside an open one, and with it goes the memory that Argon2 needed.

use securemailbox_client::{
    devices::DeviceName,
    factors::Asked,
    failure::{ClientProblem, FailureName},
    mailbox::Mailbox,
    opening::Opening,
    passkeys::{self, PasskeyAsked, PasskeySignedIn},
    passwords::{self, Changed},
    removals::{self, RemovalToProve},
    renewals::{Extent, RenewalBegun},
    sign_in::{self, NewPasswordToChoose, PasswordProved, SheetProved},
    waits,
    world::World,
};
use securemailbox_protocol::{
    address::Address,
    factors::{self, Answer},
    ids::SessionId,
    phone::PhoneNumber,
    typed,
    waits::Wait,
};
use securemailbox_vault::{
    passwords::{Password, WeakPassword, judge},
    recovery,
};
use zeroize::Zeroizing;

use crate::{
    arguments::{
        Code, Credentials, Id, JudgedPassword, LastCode, NewMailbox, NewPassword, NewPhone, NewRemoval, Nothing,
        OtherPassword, RecoveryCode, Renewing, StopLink, Unlock,
    },
    calls::SignInCalls,
    factor::Factor,
    passkeys::{EnteredPasskey, Handed, PasskeyEntered, PasskeyProof, PasskeyRequest},
    problems::{OrProblem, out_of_step, refused},
    registering::{Registering, RegisteringCode, RegisteringPassword, RegisteringPhone},
    views::{Done, Factors, PageProblem, PasswordChange, Problem, Recovered, Recovering, Sheet, Verdict},
};

/// Where a person is, where that is a secret. Each step is a type of the client, so that none can be left out or taken twice.
enum Step {
    Nothing,
    SignIn(Factor<PasswordProved>),
    Recovery(Factor<SheetProved>),
    NewPasswordToChoose(NewPasswordToChoose),
    Passkey(PasskeyAsked),
    /// The mailbox as it was, and the renewal of it.
    Renewal(Box<(Mailbox, RenewalBegun)>),
    /// A session that a passkey began waits for the password.
    PasswordToEnter(SessionId),
    Removal(RemovalToProve),
}

/// A sign-in or a recovery on its way.
pub struct SignIn<W> {
    world: W,
    step: Step,
    opening: Option<Opening>,
    /// An output that came beside a call.
    handed: Handed,
}

impl<W: World> SignIn<W> {
    /// Nothing begun.
    pub const fn new(world: W) -> Self {
        Self { world, step: Step::Nothing, opening: None, handed: Handed::none() }
    }

    /// What there is to hand to the mailbox Worker, once.
    pub fn take_opening(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        self.opening.take().map(|opening| opening.to_bytes())
    }

    /// For the next call.
    pub fn hand_output(&self, bytes: &[u8]) {
        self.handed.hand(bytes);
    }

    fn hand_over(&mut self, opening: Opening, keep: bool, device: Option<DeviceName>) -> Done {
        self.opening = Some(handed_over(opening, keep, device));
        self.step = Step::Nothing;
        Done {}
    }

    fn recovered(&mut self, recovered: sign_in::Recovered) -> Recovered {
        match recovered {
            sign_in::Recovered::Open(step) => {
                self.step = Step::NewPasswordToChoose(step);
                Recovered { waits: None }
            }
            sign_in::Recovered::Waits(wait) => Recovered { waits: Some(wait) },
        }
    }

    /// What the code at hand is sent by.
    fn asked(&self) -> Option<&Asked> {
        match &self.step {
            Step::SignIn(factor) => factor.asked(),
            Step::Recovery(factor) => factor.asked(),
            Step::Removal(removal) => Some(removal.asked()),
            Step::Nothing
            | Step::NewPasswordToChoose(_)
            | Step::Passkey(_)
            | Step::Renewal(_)
            | Step::PasswordToEnter(_) => None,
        }
    }

    /// Sends the code of the factor that is chosen, if one is, and says what there is to choose from.
    async fn ask(&self) -> Result<Factors, Problem> {
        if let Some(asked) = self.asked() {
            asked.send(&self.world).await.or_problem()?;
        }
        match &self.step {
            Step::SignIn(factor) => Ok(factor.shown()),
            Step::Recovery(factor) => Ok(factor.shown()),
            Step::Nothing
            | Step::NewPasswordToChoose(_)
            | Step::Passkey(_)
            | Step::Renewal(_)
            | Step::PasswordToEnter(_)
            | Step::Removal(_) => Err(out_of_step()),
        }
    }
}

/// What the mailbox Worker gets: how long the session stays, and what its device calls itself, as far as that will do.
pub(crate) fn handed_over(mut opening: Opening, keep: bool, device: Option<DeviceName>) -> Opening {
    opening.keep = keep;
    opening.device = device.and_then(|DeviceName { program, system }| DeviceName::new(&program, &system));
    opening
}

impl<W: World> SignInCalls for SignIn<W> {
    async fn register(&mut self, args: NewMailbox) -> Result<Registering, Problem> {
        Registering::begin(&self.world, args).await
    }

    async fn enter_address_code(&mut self, args: RegisteringCode) -> Result<Registering, Problem> {
        args.prove_address(&self.world).await
    }

    async fn read_phone(&mut self, args: NewPhone) -> Result<PhoneNumber, Problem> {
        parse_phone(&args.phone)
    }

    async fn name_phone(&mut self, args: RegisteringPhone) -> Result<Registering, Problem> {
        args.registering.name_phone(&self.world, &args.phone).await
    }

    async fn enter_phone_code(&mut self, args: RegisteringCode) -> Result<Registering, Problem> {
        args.prove_phone(&self.world).await
    }

    async fn send_registering_code(&mut self, args: Registering) -> Result<Done, Problem> {
        args.send_again(&self.world).await.map(|()| Done {})
    }

    async fn judge(&mut self, args: JudgedPassword) -> Result<Verdict, Problem> {
        Ok(verdict(&args.password, &parse_address(&args.address)?, &args.name))
    }

    async fn make_mailbox(&mut self, args: RegisteringPassword) -> Result<Sheet, Problem> {
        let (opening, sheet) = args.registering.make(&self.world, &args.password).await?;
        self.hand_over(opening, false, args.device);
        Ok(sheet)
    }

    async fn sign_in(&mut self, args: Credentials) -> Result<Factors, Problem> {
        let address = parse_address(&args.address)?;
        let password = Password::new(&args.password);
        let to_choose = sign_in::sign_in(&self.world, &address, password).await.or_problem()?;
        self.step = Step::SignIn(Factor::offered(to_choose));
        self.ask().await
    }

    async fn choose_factor(&mut self, args: Id) -> Result<Factors, Problem> {
        match &mut self.step {
            Step::SignIn(factor) => factor.choose(&args.id),
            Step::Recovery(factor) => factor.choose(&args.id),
            Step::Nothing
            | Step::NewPasswordToChoose(_)
            | Step::Passkey(_)
            | Step::Renewal(_)
            | Step::PasswordToEnter(_)
            | Step::Removal(_) => {
                return Err(out_of_step());
            }
        }
        self.ask().await
    }

    async fn enter_code(&mut self, args: LastCode) -> Result<Done, Problem> {
        let Step::SignIn(factor) = &self.step else { return Err(out_of_step()) };
        let opening = factor.chosen()?.prove(&self.world, &factor.read(&args.code)?).await.or_problem()?;
        Ok(self.hand_over(opening, args.keep, args.device))
    }

    async fn recover(&mut self, args: RecoveryCode) -> Result<Recovering, Problem> {
        let address = parse_address(&args.address)?;
        let code = recovery::RecoveryCode::parse(&args.recovery_code).map_err(|error| match error {
            recovery::NotARecoveryCode::Length { .. } => refused(PageProblem::RecoveryCodeLength),
            recovery::NotARecoveryCode::Character { .. } => refused(PageProblem::RecoveryCodeCharacter),
            recovery::NotARecoveryCode::Check => refused(PageProblem::SlipOfThePen),
        })?;
        let begun = sign_in::recover(&self.world, &address, &code).await.or_problem()?;
        let factor = Factor::offered(begun.to_choose);
        // Nothing is sent to whoever waits, unless they choose it.
        let at_rest = Factors { chosen: None, ..factor.shown() };
        self.step = Step::Recovery(factor);
        let factors = if begun.waits.is_some() { at_rest } else { self.ask().await? };
        Ok(Recovering { factors, waits: begun.waits, waited: begun.waited })
    }

    async fn enter_recovery_code(&mut self, args: Code) -> Result<Recovered, Problem> {
        let Step::Recovery(factor) = &self.step else { return Err(out_of_step()) };
        let (step, answer) = (factor.chosen()?, factor.read(&args.code)?);
        let recovered = step.enter(&self.world, &answer).await.or_problem()?;
        Ok(self.recovered(recovered))
    }

    async fn replace_password(&mut self, args: NewPassword) -> Result<Sheet, Problem> {
        let Step::NewPasswordToChoose(step) = &self.step else { return Err(out_of_step()) };
        let made = step.choose(&self.world, Password::new(&args.password)).await.or_problem()?;
        let mut opening = made.post(&self.world).await.or_problem()?;
        opening.sheet_owed = true;
        let sheet = Sheet { recovery_code: made.recovery_code().to_string(), address: opening.address().clone() };
        self.hand_over(opening, false, args.device);
        Ok(sheet)
    }

    async fn unlock(&mut self, args: Unlock) -> Result<Done, Problem> {
        let mut opening = sign_in::unlock(&self.world, Password::new(&args.password)).await.or_problem()?;
        if let Step::PasswordToEnter(session) = self.step {
            opening.began(session);
        }
        Ok(self.hand_over(opening, args.keep, args.device))
    }

    async fn ask_for_passkey(&mut self, _: Nothing) -> Result<PasskeyRequest, Problem> {
        let asked = passkeys::ask_for_passkey(&self.world).await.or_problem()?;
        let request = PasskeyRequest::of_anybody(asked.challenge().clone());
        self.step = Step::Passkey(asked);
        Ok(request)
    }

    async fn enter_passkey(&mut self, args: EnteredPasskey) -> Result<PasskeyEntered, Problem> {
        let output = self.handed.take();
        let Step::Passkey(asked) = std::mem::replace(&mut self.step, Step::Nothing) else { return Err(out_of_step()) };
        match asked.enter(&self.world, args.assertion, output.as_ref()).await.or_problem()? {
            PasskeySignedIn::Open(opening) => {
                self.hand_over(*opening, args.keep, args.device);
                Ok(PasskeyEntered { password_of: None })
            }
            PasskeySignedIn::Locked { account, session } => {
                self.step = Step::PasswordToEnter(session);
                Ok(PasskeyEntered { password_of: Some(account.address) })
            }
        }
    }

    async fn unlock_by_passkey(&mut self, args: EnteredPasskey) -> Result<Done, Problem> {
        let output = self.handed.take();
        let Step::Passkey(asked) = std::mem::replace(&mut self.step, Step::Nothing) else { return Err(out_of_step()) };
        let opening = asked.unlock(&self.world, args.assertion, output.as_ref()).await.or_problem()?;
        Ok(self.hand_over(opening, args.keep, args.device))
    }

    async fn passkey_challenge(&mut self, _: Nothing) -> Result<PasskeyRequest, Problem> {
        let asked = match &self.step {
            Step::SignIn(factor) => factor.asked_passkey()?,
            Step::Recovery(factor) => factor.asked_passkey()?,
            Step::Nothing
            | Step::NewPasswordToChoose(_)
            | Step::Passkey(_)
            | Step::Renewal(_)
            | Step::PasswordToEnter(_)
            | Step::Removal(_) => {
                return Err(out_of_step());
            }
        };
        asked.challenge(&self.world).await.or_problem().map(PasskeyRequest::of_factor)
    }

    async fn enter_passkey_proof(&mut self, args: EnteredPasskey) -> Result<Done, Problem> {
        let Step::SignIn(factor) = &self.step else { return Err(out_of_step()) };
        let opening = factor.chosen()?.prove(&self.world, &Answer::Passkey(args.assertion)).await.or_problem()?;
        Ok(self.hand_over(opening, args.keep, args.device))
    }

    async fn enter_recovery_passkey(&mut self, args: PasskeyProof) -> Result<Done, Problem> {
        let Step::Recovery(factor) = &self.step else { return Err(out_of_step()) };
        let step = factor.chosen()?.enter(&self.world, &Answer::Passkey(args.assertion)).await.or_problem()?;
        self.recovered(step);
        Ok(Done {})
    }

    async fn ask_for_removal(&mut self, args: NewRemoval) -> Result<Done, Problem> {
        let address = parse_address(&args.address)?;
        let removal = removals::ask_for_removal(&self.world, &address, args.language).await.or_problem()?;
        self.step = Step::Removal(removal);
        Ok(Done {})
    }

    async fn enter_removal_code(&mut self, args: Code) -> Result<Wait, Problem> {
        let Step::Removal(removal) = &self.step else { return Err(out_of_step()) };
        removal.enter(&self.world, &found(&args.code)?).await.or_problem()
    }

    async fn find_wait(&mut self, args: StopLink) -> Result<Wait, Problem> {
        waits::find(&self.world, &args.read()?).await.or_problem()
    }

    async fn stop_by_link(&mut self, args: StopLink) -> Result<Done, Problem> {
        waits::stop_by_link(&self.world, &args.read()?).await.or_problem().map(|()| Done {})
    }

    async fn change_password(&mut self, args: OtherPassword) -> Result<PasswordChange, Problem> {
        let changed = passwords::change_password(&self.world, &args.name, &args.password).await.or_problem()?;
        Ok(PasswordChange { proved: changed == Changed::Proved })
    }

    async fn begin_renewal(&mut self, args: OtherPassword) -> Result<Done, Problem> {
        let mailbox = Mailbox::open(&self.world).await.or_problem()?;
        let begun = mailbox.begin_renewal(&self.world, &args.password).await.or_problem()?;
        self.step = Step::Renewal(Box::new((mailbox, begun)));
        Ok(Done {})
    }

    async fn renew(&mut self, args: Renewing) -> Result<Sheet, Problem> {
        let Step::Renewal(renewal) = &self.step else { return Err(out_of_step()) };
        let (mailbox, begun) = &**renewal;
        let extent = if args.thorough { Extent::Thorough } else { Extent::Quick };
        let opening = begun.renew(&self.world, mailbox, extent).await.or_problem()?;
        let sheet = Sheet { recovery_code: begun.recovery_code().to_string(), address: opening.address().clone() };
        let keep = opening.keep;
        self.hand_over(opening, keep, args.device);
        Ok(sheet)
    }

    async fn send_again(&mut self, _: Nothing) -> Result<Done, Problem> {
        match self.asked() {
            Some(asked) => asked.send(&self.world).await.or_problem().map(|()| Done {}),
            None => Err(out_of_step()),
        }
    }
}

/// An address as it was typed into a field or copied out of a text. The protocol's own form stays strict.
pub(crate) fn parse_address(typed: &str) -> Result<Address, Problem> {
    let seen = typed.chars().filter(|c| !typed::is_unseen(*c)).map(|c| if c == '\u{ff20}' { '@' } else { c });
    let seen = seen.collect::<String>();
    let bare = seen.trim().trim_start_matches('<').trim_end_matches(['.', ',', ';', '>']);
    let bare = match bare.split_at_checked("mailto:".len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("mailto:") => rest.split('?').next().unwrap_or(rest),
        Some(_) | None => bare,
    };
    Address::parse(bare).map_err(|_| Problem {
        address: Some(typed.trim().into()),
        ..refused(FailureName::Client(ClientProblem::NotAnAddress))
    })
}

/// The code in what was typed or pasted.
pub(crate) fn found(typed: &str) -> Result<factors::Code, Problem> {
    factors::Code::parse(typed).map_err(|_| refused(PageProblem::NotACode))
}

pub(crate) fn parse_phone(typed: &str) -> Result<PhoneNumber, Problem> {
    PhoneNumber::parse_at_home(typed).map_err(|_| refused(PageProblem::NotAPhoneNumber))
}

/// As long as this, or of four words, a password that will do is called good.
const GOOD_CHARACTERS: usize = 20;
const GOOD_WORDS: usize = 4;

fn verdict(password: &str, address: &Address, name: &str) -> Verdict {
    match judge(&Password::new(password), address, name) {
        Err(WeakPassword::TooShort) => Verdict::TooShort,
        Err(WeakPassword::Pattern) => Verdict::Pattern,
        Err(WeakPassword::OwnName) => Verdict::OwnName,
        Err(WeakPassword::Personal) => Verdict::Personal,
        Err(WeakPassword::Known) => Verdict::Known,
        Ok(()) if password.chars().count() >= GOOD_CHARACTERS => Verdict::Good,
        Ok(()) if password.split_whitespace().count() >= GOOD_WORDS => Verdict::Good,
        Ok(()) => Verdict::Enough,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_as_it_is_copied() {
        for typed in [
            "anna@demo.example.",
            "anna@demo.example, ",
            "<anna@demo.example>",
            "mailto:anna@demo.example",
            "MAILTO:Anna@demo.example?subject=x",
            "\u{200b}anna@demo.example\u{feff}",
            "anna\u{ff20}demo.example",
        ] {
            assert_eq!(parse_address(typed).unwrap().as_str(), "anna@demo.example", "{typed:?}");
        }
        for typed in ["anna", "anna@demo.example bo@demo.example", "\"anna\"@demo.example"] {
            assert!(parse_address(typed).is_err(), "{typed:?}");
        }
    }

    #[test]
    fn a_password_is_called_good_only_if_it_would_be_taken() {
        let address = Address::parse("anna@demo.example").unwrap();
        assert_eq!(verdict("kort", &address, "Anna Lindqvist"), Verdict::TooShort);
        assert_eq!(verdict("aaaaaaaaaaaaaaaaaaaaaaaaaa", &address, "Anna Lindqvist"), Verdict::Pattern);
        assert_eq!(verdict("tolv lugna svanar", &address, "Anna Lindqvist"), Verdict::Enough);
        assert_eq!(verdict("tolv lugna svanar flyger", &address, "Anna Lindqvist"), Verdict::Good);
    }
}
