//! `register`, `login`, `recover`, `logout`, `whoami`.

use securemailbox_client::{
    accounts::{self, AccountToMake, RegisterError},
    directory::Warning,
    factors::{CodeToEnter, FactorToChoose, NotTheCode, read_code},
    failure::{ClientProblem, Failure},
    mailbox::Mailbox,
    settings::{Name, Settings},
    sign_in::{self, Recovered},
    world::World,
};
use securemailbox_protocol::{
    accounts::Language,
    address::Address,
    factors::{Answer as Proof, Code, FactorKind, FactorOffer},
    ids::Fingerprint,
    phone::PhoneNumber,
    problems::ProblemType,
};
use securemailbox_vault::{
    passwords::{Password, WeakPassword, judge},
    recovery::RecoveryCode,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    desk::{Desk, is_called},
    http::ServerUrl,
    outcome::{Answer, Stop},
    profile::Profile,
    questions::{self, PasswordArgs},
    show::plain,
    terminal::Terminal,
    words::{Sentence, cause},
};

/// Where one comes in, and as whom.
#[derive(Debug, clap::Args)]
pub(crate) struct EntranceArgs {
    /// The server.
    #[arg(long, value_name = "URL", value_parser = ServerUrl::parse, help = "The server, such as https://mail.example.se")]
    server: ServerUrl,
    /// Your address.
    #[arg(long, value_name = "ADDRESS", value_parser = Address::parse)]
    email: Address,
    #[command(flatten)]
    password: PasswordArgs,
}

/// What a new mailbox needs.
#[derive(Debug, clap::Args)]
pub(crate) struct RegisterArgs {
    #[command(flatten)]
    entrance: EntranceArgs,
    /// Your mobile number, with its country code if it is not Swedish.
    #[arg(long, value_name = "NUMBER", value_parser = PhoneNumber::parse_at_home)]
    phone: PhoneNumber,
    /// Your name, as it goes out with your letters.
    #[arg(long, value_parser = Name::parse)]
    name: Name,
    /// The language of e-mails and SMS from the server: sv or en.
    #[arg(long, default_value = "sv", value_parser = language)]
    language: Language,
}

fn language(word: &str) -> Result<Language, &'static str> {
    match word {
        "sv" => Ok(Language::Sv),
        "en" => Ok(Language::En),
        _ => Err("expected sv or en"),
    }
}

/// Makes a mailbox. Questions: the code from the e-mail, the code from the SMS, the password.
pub(crate) async fn register(desk: &Desk, arguments: RegisterArgs) -> Result<Answer, Stop> {
    let EntranceArgs { server, email, password } = arguments.entrance;
    let given = password.given()?;
    if let Some(password) = &given {
        // Before anybody is sent a code.
        judge(&Password::new(password), &email, arguments.name.as_str()).map_err(weak)?;
    }
    let world = desk.entrance(&server).await?;
    let reached = |stop: Stop| stop.because(world.http.trouble());
    let address_to_prove = accounts::register(&world, &email, arguments.language).await.map_err(Stop::from);
    let address_to_prove = address_to_prove.map_err(reached)?;
    let question = desk.say(Sentence::AskEmailCode);
    let phone_to_name =
        with_code(desk, &question, six_digits, async |code| address_to_prove.enter(&world, &code).await).await?;
    let phone_to_prove = phone_to_name.enter(&world, arguments.phone).await.map_err(Stop::from).map_err(reached)?;
    let question = desk.say(Sentence::AskSmsCode);
    let to_choose =
        with_code(desk, &question, six_digits, async |code| phone_to_prove.enter(&world, &code).await).await?;
    let password = match given {
        Some(password) => password,
        None => questions::ask_new_secret(Sentence::ChoosePassword, desk.language).await?,
    };
    let account = to_choose.choose(&world, Password::new(&password), Settings::new(arguments.name));
    let account = desk.patiently(account).await.map_err(not_chosen).map_err(reached)?;
    let (mailbox, warnings) = make(desk, &world, &account, &email, &password).await.map_err(reached)?;
    come_in(desk, &world, mailbox, &warnings, Some(account.recovery_code())).await
}

/// Why a password was not taken: by which rule it is too easy to guess, and what would mend it.
pub(crate) fn weak(rule: WeakPassword) -> Stop {
    let mend = match rule {
        WeakPassword::TooShort => Sentence::WeakTooShort,
        WeakPassword::Pattern => Sentence::WeakPattern,
        WeakPassword::OwnName => Sentence::WeakOwnName,
        WeakPassword::Personal => Sentence::WeakPersonal,
        WeakPassword::Known => Sentence::WeakKnown,
    };
    Stop::of_failure(&RegisterError::from(rule), None, Some(mend))
}

fn not_chosen(error: RegisterError) -> Stop {
    match error {
        RegisterError::WeakPassword(rule) => weak(rule),
        other => other.into(),
    }
}

/// Makes the account. If the first answer is lost, the same bytes go out again; if the account turns out to have been
/// made then, signing in is what is left to do (PROTOCOL §9a).
async fn make(
    desk: &Desk,
    world: &Terminal<Profile>,
    account: &AccountToMake,
    email: &Address,
    password: &Zeroizing<String>,
) -> Result<(Mailbox, Vec<Warning>), Stop> {
    match account.make(world).await {
        Err(lost) if is_called(&lost, ClientProblem::Unreachable) => match account.make(world).await {
            Err(over) if is_called(&over, ProblemType::RegistrationOver) => {
                sign_in_with(desk, world, email, Password::new(password)).await
            }
            again => again.map_err(Stop::from),
        },
        once => once.map_err(Stop::from),
    }
    // The account may exist by now, and this is the only time its recovery code can be told.
    .map_err(|stop| stop.with("recovery_code", account.recovery_code().to_string()))
}

/// Signs in. Questions: the password, the code from the SMS.
pub(crate) async fn login(desk: &Desk, arguments: EntranceArgs) -> Result<Answer, Stop> {
    let EntranceArgs { server, email, password } = arguments;
    let world = desk.entrance(&server).await?;
    let password = match password.given()? {
        Some(password) => password,
        None => questions::ask_secret(&desk.say(Sentence::AskPassword)).await?,
    };
    let (mailbox, warnings) = sign_in_with(desk, &world, &email, Password::new(&password))
        .await
        .map_err(|stop| stop.because(world.http.trouble()))?;
    come_in(desk, &world, mailbox, &warnings, None).await
}

async fn sign_in_with(
    desk: &Desk,
    world: &Terminal<Profile>,
    email: &Address,
    password: Password,
) -> Result<(Mailbox, Vec<Warning>), Stop> {
    let code_to_enter = choose(desk, world, &sign_in::sign_in(world, email, password).await?).await?;
    prove(desk, code_to_enter.offer(), async |proof| code_to_enter.enter(world, &proof).await).await
}

/// Gets back in. Questions: the recovery code, the code from the SMS, the new password. With a one-time code in the place of the
/// SMS it waits, and the same command goes on when the time has come.
pub(crate) async fn recover(desk: &Desk, arguments: EntranceArgs) -> Result<Answer, Stop> {
    let EntranceArgs { server, email, password } = arguments;
    let given = password.given()?;
    let world = desk.entrance(&server).await?;
    let reached = |stop: Stop| stop.because(world.http.trouble());
    let code = questions::ask(&desk.say(Sentence::AskSheetCode)).await?;
    let code = RecoveryCode::parse(&code).map_err(Stop::not_a_recovery_code)?;
    let begun = sign_in::recover(&world, &email, &code).await.map_err(Stop::from).map_err(reached)?;
    if begun.waited {
        questions::say(&desk.say(Sentence::WaitIsOver))?;
    }
    let recovered = match begun.waits {
        Some(wait) => Recovered::Waits(wait),
        None => {
            let to_prove = choose(desk, &world, &begun.to_choose).await.map_err(reached)?;
            prove(desk, to_prove.offer(), async |proof| to_prove.enter(&world, &proof).await).await?
        }
    };
    let to_choose = match recovered {
        Recovered::Open(to_choose) => to_choose,
        Recovered::Waits(wait) => {
            let due = desk.style.time(wait.due);
            return Ok(Answer::new(json!({ "waits": wait }), desk.line(Sentence::OpensAt { due: &due })));
        }
    };
    let password = match given {
        Some(password) => password,
        None => questions::ask_new_secret(Sentence::ChooseNewPassword, desk.language).await?,
    };
    let recovery = to_choose.choose(&world, Password::new(&password));
    let recovery = desk.patiently(recovery).await.map_err(not_chosen).map_err(reached)?;
    // If the answer is lost, the new sheet may count already, and this is the only time that it can be told.
    let completed = recovery
        .complete(&world)
        .await
        .map_err(|error| reached(Stop::from(error)).with("recovery_code", recovery.recovery_code().to_string()));
    let (mailbox, warnings) = completed?;
    come_in(desk, &world, mailbox, &warnings, Some(recovery.recovery_code())).await
}

/// Signs out. The profile is emptied even when the server can't be reached.
pub(crate) async fn logout(desk: &Desk) -> Result<Answer, Stop> {
    if let Some(world) = desk.signed_in()? {
        let ended = desk.patiently(sign_in::sign_out(&world)).await;
        world.device.forget_server()?;
        ended.map_err(|error| Stop::from(error).because(world.http.trouble()).and(Sentence::SessionMayLive))?;
    }
    Ok(Answer::new(json!({ "signed_out": true }), desk.line(Sentence::SignedOut)))
}

/// Says whose mailbox it is.
pub(crate) async fn whoami(desk: &Desk) -> Result<Answer, Stop> {
    desk.at_mailbox(async |_, mailbox| {
        let text = format!("{}\n{}", who(mailbox), fingerprint(desk, mailbox.fingerprint()));
        Ok(Answer::new(who_json(mailbox), text))
    })
    .await
}

/// The end of every way in: says who came in, and shows the recovery code, once.
async fn come_in(
    desk: &Desk,
    world: &Terminal<Profile>,
    mailbox: Mailbox,
    warnings: &[Warning],
    recovery_code: Option<&RecoveryCode>,
) -> Result<Answer, Stop> {
    let mut document = who_json(&mailbox);
    document["warnings"] = desk.warn(warnings);
    let mut text = desk.line(Sentence::SignedInAs { who: &who(&mailbox) });
    text += &fingerprint(desk, mailbox.fingerprint());
    if let Some(code) = recovery_code {
        document["recovery_code"] = code.to_string().into();
        text += "\n";
        text += &desk.line(Sentence::RecoveryCode { code: &desk.style.strong(&code.to_string()) });
    }
    if recovery_code.is_none() {
        document["sheet_owed"] = mailbox.owes_sheet().into();
        if mailbox.owes_sheet() {
            desk.note(Sentence::SheetOwed);
        }
    }
    if let Some(known) = world.http.known_device() {
        // Without it the next sign-in is counted by its network; nothing that is told below may be lost over that.
        let _ = world.device.keep_known_device(&known);
    }
    if let Err(error) = mailbox.close(world).await {
        desk.note(Sentence::NotWrittenDown { cause: &cause(&error) });
    }
    Ok(Answer::new(document, text))
}

/// The line that says which key is whose.
pub(crate) fn fingerprint(desk: &Desk, fingerprint: Fingerprint) -> String {
    format!("{} {fingerprint}\n", Sentence::FingerprintField.said(desk.style.names()))
}

fn who(mailbox: &Mailbox) -> String {
    format!("{} <{}>", plain(&mailbox.name()), mailbox.address())
}

fn who_json(mailbox: &Mailbox) -> Value {
    json!({
        "address": mailbox.address(),
        "name": mailbox.name(),
        "fingerprint": mailbox.fingerprint().to_string(),
    })
}

/// Chooses the only factor there is, or asks which; only then its code is sent.
pub(crate) async fn choose<S: Clone>(
    desk: &Desk,
    world: &impl World,
    to_choose: &FactorToChoose<S>,
) -> Result<CodeToEnter<S>, Stop> {
    // A passkey is shown to a browser.
    let offers = to_choose.offers().iter().filter(|offer| offer.kind != FactorKind::Passkey).collect::<Vec<_>>();
    let chosen = match offers.as_slice() {
        [only] => to_choose.choose(only),
        offers => to_choose.choose(ask_which(desk, offers).await?),
    };
    chosen.asked().send(world).await?;
    Ok(chosen)
}

async fn ask_which<'a>(desk: &Desk, offers: &[&'a FactorOffer]) -> Result<&'a FactorOffer, Stop> {
    if offers.is_empty() {
        return Err(Stop::usage(Sentence::BrowserOnly));
    }
    for (number, offer) in (1..).zip(offers) {
        let way = match offer.kind {
            FactorKind::Address => desk.say(Sentence::WayEmail),
            FactorKind::Phone => desk.say(Sentence::WaySms { hint: &plain(&offer.hint) }),
            FactorKind::ReservePhone => desk.say(Sentence::WayReserve { hint: &plain(&offer.hint) }),
            FactorKind::OneTimeCodes => desk.say(Sentence::WayOneTimeCode),
            FactorKind::Authenticator => desk.say(Sentence::WayAuthenticator),
            FactorKind::Passkey => desk.say(Sentence::WayPasskey),
        };
        questions::say(&format!("{number}: {way}"))?;
    }
    loop {
        let number = questions::ask(&desk.say(Sentence::AskWay)).await?.parse::<usize>().ok();
        match number.and_then(|number| offers.get(number.checked_sub(1)?)) {
            Some(offer) => return Ok(offer),
            None if questions::answers_come_from_a_person() => questions::say(&desk.say(Sentence::NoneOfTheNumbers))?,
            None => return Err(Stop::usage(Sentence::ExpectedNumber)),
        }
    }
}

/// Asks for the code of a factor that was chosen, and enters it.
pub(crate) async fn prove<T, E: Failure>(
    desk: &Desk,
    offer: &FactorOffer,
    enter: impl AsyncFn(Proof) -> Result<T, E>,
) -> Result<T, Stop> {
    let question = match offer.kind {
        FactorKind::Address => desk.say(Sentence::AskEmailCode),
        FactorKind::Phone | FactorKind::ReservePhone => desk.say(Sentence::AskPhoneCode { hint: &plain(&offer.hint) }),
        FactorKind::OneTimeCodes => desk.say(Sentence::AskOneTimeCode),
        FactorKind::Authenticator | FactorKind::Passkey => desk.say(Sentence::AskAuthenticatorCode),
    };
    let read = |typed: &str| {
        read_code(offer.kind, typed).map_err(|error| match error {
            NotTheCode::Code(_) => Stop::not_a_code(Sentence::NotACode),
            NotTheCode::OneTimeCode(_) => Stop::not_a_code(Sentence::NotAOneTimeCode),
        })
    };
    with_code(desk, &question, read, enter).await
}

/// The six digits in what was typed.
pub(crate) fn six_digits(typed: &str) -> Result<Code, Stop> {
    Code::parse(typed).map_err(|_| Stop::not_a_code(Sentence::NotACode))
}

/// Asks for a code and enters it; asks again, if a person sits there, while it is refused.
pub(crate) async fn with_code<C, T, E: Failure>(
    desk: &Desk,
    question: &str,
    read: impl Fn(&str) -> Result<C, Stop>,
    enter: impl AsyncFn(C) -> Result<T, E>,
) -> Result<T, Stop> {
    const REFUSALS: [(ProblemType, Sentence<'_>); 4] = [
        (ProblemType::CodeRefused, Sentence::CodeNotAccepted),
        (ProblemType::CodeReplaced, Sentence::CodeReplaced),
        (ProblemType::CodeUsed, Sentence::CodeUsed),
        (ProblemType::OlderSheet, Sentence::OlderSheet),
    ];
    loop {
        let mut refusal = Sentence::CodeNotAccepted;
        let refused = match read(&questions::ask(question).await?) {
            Ok(code) => match enter(code).await {
                Ok(done) => return Ok(done),
                Err(error) => match REFUSALS.into_iter().find(|(kind, _)| is_called(&error, *kind)) {
                    Some((_, why)) => {
                        refusal = why;
                        Stop::from(error)
                    }
                    None => return Err(error.into()),
                },
            },
            Err(slip) => slip,
        };
        if !questions::answers_come_from_a_person() {
            return Err(refused);
        }
        questions::say(&desk.say(refusal))?;
    }
}
