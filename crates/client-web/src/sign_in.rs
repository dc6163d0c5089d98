//! The sign-in Worker: everything with a password or a recovery code. It ends once it has handed the mailbox over, and
//! with it goes the memory that Argon2 needed.

use securemailbox_client::{
    accounts::{self, AccountToMake, AddressToProve, PasswordToChoose, PhoneToName, PhoneToProve},
    factors::Asked,
    failure::{ClientProblem, FailureName},
    opening::Opening,
    settings::Name,
    sign_in::{self, NewPasswordToChoose, PasswordProved, RecoveryToComplete, SheetProved},
    world::World,
};
use securemailbox_protocol::{address::Address, factors, phone::PhoneNumber};
use securemailbox_vault::{
    passwords::{Password, WeakPassword, judge},
    recovery,
};
use zeroize::Zeroizing;

use crate::{
    calls::{
        Code, Credentials, Finish, Id, LastCode, NewMailbox, NewPassword, NewPhone, Nothing, RecoveryCode, SignInCalls,
        Unlock,
    },
    factor::Factor,
    problems::{OrProblem, out_of_step, refused},
    views::{Done, Factors, PageProblem, Problem, Sheet, Verdict},
};

/// Where a person is. Each step is a type of the client, so that none can be left out or taken twice.
enum Step {
    Nothing,
    AddressToProve(AddressToProve),
    PhoneToName(PhoneToName),
    PhoneToProve { step: PhoneToProve, before: PhoneToName },
    PasswordToChoose(PasswordToChoose),
    AccountToMake(AccountToMake),
    SignIn(Factor<PasswordProved>),
    Recovery(Factor<SheetProved>),
    NewPasswordToChoose(NewPasswordToChoose),
    RecoveryToComplete(RecoveryToComplete),
}

/// A sign-in, a registration or a recovery on its way.
pub struct SignIn<W> {
    world: W,
    step: Step,
    name: Option<Name>,
    address: Option<Address>,
    opening: Option<Opening>,
}

impl<W: World> SignIn<W> {
    /// Nothing begun.
    pub const fn new(world: W) -> Self {
        Self { world, step: Step::Nothing, name: None, address: None, opening: None }
    }

    /// What there is to hand to the mailbox Worker, once.
    pub fn take_opening(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        self.opening.take().map(|opening| opening.to_bytes())
    }

    fn hand_over(&mut self, mut opening: Opening, keep: bool, sheet_owed: bool) -> Done {
        (opening.keep, opening.sheet_owed) = (keep, sheet_owed);
        self.opening = Some(opening);
        self.step = Step::Nothing;
        Done {}
    }

    /// What the code at hand is sent by.
    fn asked(&self) -> Option<&Asked> {
        match &self.step {
            Step::AddressToProve(step) => Some(step.asked()),
            Step::PhoneToProve { step, .. } => Some(step.asked()),
            Step::SignIn(factor) => factor.asked(),
            Step::Recovery(factor) => factor.asked(),
            Step::Nothing
            | Step::PhoneToName(_)
            | Step::PasswordToChoose(_)
            | Step::AccountToMake(_)
            | Step::NewPasswordToChoose(_)
            | Step::RecoveryToComplete(_) => None,
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
            | Step::AddressToProve(_)
            | Step::PhoneToName(_)
            | Step::PhoneToProve { .. }
            | Step::PasswordToChoose(_)
            | Step::AccountToMake(_)
            | Step::NewPasswordToChoose(_)
            | Step::RecoveryToComplete(_) => Err(out_of_step()),
        }
    }

    fn sheet(&self, code: &recovery::RecoveryCode) -> Result<Sheet, Problem> {
        let address = self.address.as_ref().ok_or_else(out_of_step)?;
        Ok(Sheet { recovery_code: code.to_string(), address: address.clone() })
    }
}

impl<W: World> SignInCalls for SignIn<W> {
    async fn register(&mut self, args: NewMailbox) -> Result<Done, Problem> {
        let name = Name::parse(&args.name).map_err(|_| refused(PageProblem::NotAName))?;
        let address = parse_address(&args.address)?;
        let step = accounts::register(&self.world, &address, args.language).await.or_problem()?;
        (self.name, self.address) = (Some(name), Some(address));
        self.step = Step::AddressToProve(step);
        Ok(Done {})
    }

    async fn enter_address_code(&mut self, args: Code) -> Result<Done, Problem> {
        let Step::AddressToProve(step) = &self.step else { return Err(out_of_step()) };
        self.step = Step::PhoneToName(step.enter(&self.world, &found(&args.code)?).await.or_problem()?);
        Ok(Done {})
    }

    async fn name_phone(&mut self, args: NewPhone) -> Result<PhoneNumber, Problem> {
        let phone = PhoneNumber::parse_at_home(&args.phone, HOME).map_err(|_| refused(PageProblem::NotAPhoneNumber))?;
        // A person who sees that the number was wrong goes back and names another.
        let before = match std::mem::replace(&mut self.step, Step::Nothing) {
            Step::PhoneToName(before) | Step::PhoneToProve { before, .. } => before,
            other => {
                self.step = other;
                return Err(out_of_step());
            }
        };
        match before.enter(&self.world, phone.clone()).await.or_problem() {
            Ok(step) => {
                self.step = Step::PhoneToProve { step, before };
                Ok(phone)
            }
            Err(problem) => {
                self.step = Step::PhoneToName(before);
                Err(problem)
            }
        }
    }

    async fn enter_phone_code(&mut self, args: Code) -> Result<Done, Problem> {
        let Step::PhoneToProve { step, .. } = &self.step else { return Err(out_of_step()) };
        self.step = Step::PasswordToChoose(step.enter(&self.world, &found(&args.code)?).await.or_problem()?);
        Ok(Done {})
    }

    async fn judge(&mut self, args: NewPassword) -> Result<Verdict, Problem> {
        let address = self.address.as_ref().ok_or_else(out_of_step)?;
        Ok(verdict(&args.password, address))
    }

    async fn choose_password(&mut self, args: NewPassword) -> Result<Sheet, Problem> {
        let Step::PasswordToChoose(step) = &self.step else { return Err(out_of_step()) };
        let name = self.name.clone().ok_or_else(out_of_step)?;
        let made = step.choose(&self.world, Password::new(&args.password), name).await.or_problem()?;
        let sheet = self.sheet(made.recovery_code())?;
        self.step = Step::AccountToMake(made);
        Ok(sheet)
    }

    async fn make(&mut self, args: Finish) -> Result<Done, Problem> {
        let Step::AccountToMake(made) = &self.step else { return Err(out_of_step()) };
        let opening = made.post(&self.world).await.or_problem()?;
        Ok(self.hand_over(opening, args.keep, !args.sheet_kept))
    }

    async fn sign_in(&mut self, args: Credentials) -> Result<Factors, Problem> {
        let address = parse_address(&args.address)?;
        let password = Password::new(&args.password);
        let to_choose = sign_in::sign_in(&self.world, &address, password).await.or_problem()?;
        self.address = Some(address);
        self.step = Step::SignIn(Factor::offered(to_choose));
        self.ask().await
    }

    async fn choose_factor(&mut self, args: Id) -> Result<Factors, Problem> {
        match &mut self.step {
            Step::SignIn(factor) => factor.choose(&args.id),
            Step::Recovery(factor) => factor.choose(&args.id),
            Step::Nothing
            | Step::AddressToProve(_)
            | Step::PhoneToName(_)
            | Step::PhoneToProve { .. }
            | Step::PasswordToChoose(_)
            | Step::AccountToMake(_)
            | Step::NewPasswordToChoose(_)
            | Step::RecoveryToComplete(_) => return Err(out_of_step()),
        }
        self.ask().await
    }

    async fn enter_code(&mut self, args: LastCode) -> Result<Done, Problem> {
        let Step::SignIn(factor) = &self.step else { return Err(out_of_step()) };
        let opening = factor.chosen()?.prove(&self.world, &found(&args.code)?).await.or_problem()?;
        Ok(self.hand_over(opening, args.keep, false))
    }

    async fn recover(&mut self, args: RecoveryCode) -> Result<Factors, Problem> {
        let address = parse_address(&args.address)?;
        let code = recovery::RecoveryCode::parse(&args.recovery_code).map_err(|error| match error {
            recovery::NotARecoveryCode::Length { .. } => refused(PageProblem::RecoveryCodeLength),
            recovery::NotARecoveryCode::Character { .. } => refused(PageProblem::RecoveryCodeCharacter),
            recovery::NotARecoveryCode::Check => refused(PageProblem::SlipOfThePen),
        })?;
        let to_choose = sign_in::recover(&self.world, &address, &code).await.or_problem()?;
        self.address = Some(address);
        self.step = Step::Recovery(Factor::offered(to_choose));
        self.ask().await
    }

    async fn enter_recovery_code(&mut self, args: Code) -> Result<Done, Problem> {
        let Step::Recovery(factor) = &self.step else { return Err(out_of_step()) };
        let step = factor.chosen()?;
        self.step = Step::NewPasswordToChoose(step.enter(&self.world, &found(&args.code)?).await.or_problem()?);
        Ok(Done {})
    }

    async fn choose_new_password(&mut self, args: NewPassword) -> Result<Sheet, Problem> {
        let Step::NewPasswordToChoose(step) = &self.step else { return Err(out_of_step()) };
        let made = step.choose(&self.world, Password::new(&args.password)).await.or_problem()?;
        let sheet = self.sheet(made.recovery_code())?;
        self.step = Step::RecoveryToComplete(made);
        Ok(sheet)
    }

    async fn complete_recovery(&mut self, args: Finish) -> Result<Done, Problem> {
        let Step::RecoveryToComplete(made) = &self.step else { return Err(out_of_step()) };
        let opening = made.post(&self.world).await.or_problem()?;
        Ok(self.hand_over(opening, args.keep, !args.sheet_kept))
    }

    async fn unlock(&mut self, args: Unlock) -> Result<Done, Problem> {
        let opening = sign_in::unlock(&self.world, Password::new(&args.password)).await.or_problem()?;
        Ok(self.hand_over(opening, args.keep, false))
    }

    async fn send_again(&mut self, _: Nothing) -> Result<Done, Problem> {
        match self.asked() {
            Some(asked) => asked.send(&self.world).await.or_problem().map(|()| Done {}),
            None => Err(out_of_step()),
        }
    }
}

pub(crate) fn parse_address(typed: &str) -> Result<Address, Problem> {
    Address::parse(typed).map_err(|_| Problem {
        address: Some(typed.trim().into()),
        ..refused(FailureName::Client(ClientProblem::NotAnAddress))
    })
}

/// The code in what was typed or pasted.
pub(crate) fn found(typed: &str) -> Result<factors::Code, Problem> {
    factors::Code::parse(typed).map_err(|_| refused(PageProblem::NotACode))
}

/// Sweden, whose language the page speaks first; a number of elsewhere comes with its country code.
const HOME: &str = "46";

/// As long as this, or of four words, a password that will do is called good.
const GOOD_CHARACTERS: usize = 20;
const GOOD_WORDS: usize = 4;

fn verdict(password: &str, address: &Address) -> Verdict {
    match judge(&Password::new(password), address) {
        Err(WeakPassword::TooShort) => Verdict::TooShort,
        Err(WeakPassword::Pattern) => Verdict::Pattern,
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
    fn a_password_is_called_good_only_if_it_would_be_taken() {
        let address = Address::parse("anna@demo.example").unwrap();
        assert_eq!(verdict("kort", &address), Verdict::TooShort);
        assert_eq!(verdict("aaaaaaaaaaaaaaaaaaaaaaaaaa", &address), Verdict::Pattern);
        assert_eq!(verdict("tolv lugna svanar", &address), Verdict::Enough);
        assert_eq!(verdict("tolv lugna svanar flyger", &address), Verdict::Good);
    }
}
