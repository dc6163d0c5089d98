//! `register`, `login`, `recover`, `logout`, `whoami`.

use securemailbox_client::{
    accounts::{self, AccountToMake, RegisterError},
    directory::Warning,
    factors::{CodeToEnter, FactorToChoose},
    failure::{ClientProblem, Failure},
    mailbox::Mailbox,
    settings::{Name, Settings},
    sign_in,
    world::World,
};
use securemailbox_protocol::{
    accounts::Language,
    address::Address,
    factors::{Code, FactorKind, FactorOffer},
    phone::PhoneNumber,
    problems::ProblemType,
};
use securemailbox_vault::{
    passwords::{Password, judge},
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
        judge(&Password::new(password), &email, arguments.name.as_str()).map_err(RegisterError::from)?;
    }
    let world = desk.entrance(&server).await?;
    let reached = |stop: Stop| stop.because(world.http.trouble());
    let address_to_prove = accounts::register(&world, &email, arguments.language).await.map_err(Stop::from);
    let address_to_prove = address_to_prove.map_err(reached)?;
    let question = "The code from the e-mail:";
    let phone_to_name = with_code(question, async |code| address_to_prove.enter(&world, &code).await).await?;
    let phone_to_prove = phone_to_name.enter(&world, arguments.phone).await.map_err(Stop::from).map_err(reached)?;
    let question = "The code from the SMS:";
    let to_choose = with_code(question, async |code| phone_to_prove.enter(&world, &code).await).await?;
    let password = match given {
        Some(password) => password,
        None => questions::ask_new_secret("Choose a password, at least 12 characters:").await?,
    };
    let account = to_choose.choose(&world, Password::new(&password), Settings::new(arguments.name));
    let account = desk.patiently(account).await.map_err(Stop::from).map_err(reached)?;
    let (mailbox, warnings) = make(&world, &account, &email, &password).await.map_err(reached)?;
    come_in(desk, &world, mailbox, &warnings, Some(account.recovery_code())).await
}

/// Makes the account. If the first answer is lost, the same bytes go out again; if the account turns out to have been
/// made then, signing in is what is left to do (PROTOCOL §9a).
async fn make(
    world: &Terminal<Profile>,
    account: &AccountToMake,
    email: &Address,
    password: &Zeroizing<String>,
) -> Result<(Mailbox, Vec<Warning>), Stop> {
    match account.make(world).await {
        Err(lost) if is_called(&lost, ClientProblem::Unreachable) => match account.make(world).await {
            Err(over) if is_called(&over, ProblemType::RegistrationOver) => {
                sign_in_with(world, email, Password::new(password)).await
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
        None => questions::ask_secret("Your password:").await?,
    };
    let (mailbox, warnings) = sign_in_with(&world, &email, Password::new(&password))
        .await
        .map_err(|stop| stop.because(world.http.trouble()))?;
    come_in(desk, &world, mailbox, &warnings, None).await
}

async fn sign_in_with(
    world: &Terminal<Profile>,
    email: &Address,
    password: Password,
) -> Result<(Mailbox, Vec<Warning>), Stop> {
    let code_to_enter = choose(world, &sign_in::sign_in(world, email, password).await?).await?;
    with_code(&code_question(code_to_enter.offer()), async |code| code_to_enter.enter(world, &code).await).await
}

/// Gets back in. Questions: the recovery code, the code from the SMS, the new password.
pub(crate) async fn recover(desk: &Desk, arguments: EntranceArgs) -> Result<Answer, Stop> {
    let EntranceArgs { server, email, password } = arguments;
    let given = password.given()?;
    let world = desk.entrance(&server).await?;
    let reached = |stop: Stop| stop.because(world.http.trouble());
    let code = questions::ask("The code on the recovery sheet:").await?;
    let code = RecoveryCode::parse(&code).map_err(|error| Stop::not_a_recovery_code(&error))?;
    let to_choose = sign_in::recover(&world, &email, &code).await.map_err(Stop::from).map_err(reached)?;
    let to_prove = choose(&world, &to_choose).await.map_err(reached)?;
    let question = code_question(to_prove.offer());
    let to_choose = with_code(&question, async |code| to_prove.enter(&world, &code).await).await?;
    let password = match given {
        Some(password) => password,
        None => questions::ask_new_secret("Choose a new password, at least 12 characters:").await?,
    };
    let recovery = to_choose.choose(&world, Password::new(&password));
    let recovery = desk.patiently(recovery).await.map_err(Stop::from).map_err(reached)?;
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
        ended.map_err(|error| {
            let stop = Stop::from(error).because(world.http.trouble());
            stop.and(
                "Everything in this profile is erased, but the session may still be open at the server: end it from \
                      another device.",
            )
        })?;
    }
    Ok(Answer::new(json!({ "signed_out": true }), "Signed out. Nothing is left in this profile.\n".into()))
}

/// Says whose mailbox it is.
pub(crate) async fn whoami(desk: &Desk) -> Result<Answer, Stop> {
    desk.at_mailbox(async |_, mailbox| {
        let text = format!("{}\nFingerprint {}\n", who(mailbox), mailbox.fingerprint());
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
    let mut text = format!("Signed in as {}.\nFingerprint {}\n", who(&mailbox), mailbox.fingerprint());
    if let Some(code) = recovery_code {
        document["recovery_code"] = code.to_string().into();
        text += &format!(
            "\nYour recovery code, shown this once:\n\n    {}\n\nWrite it on paper and keep it apart from your phone. \
             With it and your phone you get back in if you forget the password. Without either, nobody can.\n",
            desk.style.strong(&code.to_string())
        );
    }
    if let Err(error) = mailbox.close(world).await {
        desk.note(&format!("What was seen could not be written down: {error}."));
    }
    Ok(Answer::new(document, text))
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
    world: &impl World,
    to_choose: &FactorToChoose<S>,
) -> Result<CodeToEnter<S>, Stop> {
    let chosen = match to_choose.only() {
        Some(only) => to_choose.choose(only),
        None => to_choose.choose(ask_which(to_choose.offers()).await?),
    };
    chosen.asked().send(world).await?;
    Ok(chosen)
}

async fn ask_which(offers: &[FactorOffer]) -> Result<&FactorOffer, Stop> {
    for (number, offer) in (1..).zip(offers) {
        questions::say(&format!("{number}: {}", way(offer)))?;
    }
    loop {
        let number = questions::ask("How do you confirm that it is you? The number:").await?.parse::<usize>().ok();
        match number.and_then(|number| offers.get(number.checked_sub(1)?)) {
            Some(offer) => return Ok(offer),
            None if questions::answers_come_from_a_person() => questions::say("That is none of the numbers.")?,
            None => return Err(Stop::usage("Expected one of the numbers that were listed.")),
        }
    }
}

fn way(offer: &FactorOffer) -> String {
    match offer.kind {
        FactorKind::Address => "e-mail".into(),
        FactorKind::Phone => format!("SMS to the phone ending in {}", plain(&offer.hint)),
    }
}

pub(crate) fn code_question(offer: &FactorOffer) -> String {
    format!("The code from the {}:", way(offer))
}

/// Asks for a code and enters it; asks again, if a person sits there, while it is refused.
pub(crate) async fn with_code<T, E: Failure>(
    question: &str,
    enter: impl AsyncFn(Code) -> Result<T, E>,
) -> Result<T, Stop> {
    loop {
        let mut refusal = "That code was not accepted.";
        let refused = match Code::parse(&questions::ask(question).await?) {
            Ok(code) => match enter(code).await {
                Err(error) if is_called(&error, ProblemType::CodeRefused) => Stop::from(error),
                Err(error) if is_called(&error, ProblemType::CodeReplaced) => {
                    refusal = "That code was replaced: type the one from the newest message.";
                    Stop::from(error)
                }
                done => return done.map_err(Stop::from),
            },
            Err(error) => Stop::not_a_code(&error),
        };
        if !questions::answers_come_from_a_person() {
            return Err(refused);
        }
        questions::say(refusal)?;
    }
}
