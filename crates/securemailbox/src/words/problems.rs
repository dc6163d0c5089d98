//! Failures in words. English is what the client says of them; Swedish is what the page says, from the page's own messages, but
//! for the few that speak of a page or a browser.

use std::collections::BTreeMap;

use securemailbox_client::{
    failure::{ClientProblem, Explained, Failure, FailureName},
    letters::DamageName,
};
use securemailbox_protocol::{address::Address, problems::ProblemType};
use serde_json::Value;

use super::{Language, Sentence, Told, Word};
use crate::show;

/// The page's sentences.
const MESSAGES: &str = include_str!("../../../../web/messages/sv/common.json");
/// When the server does not say how long to wait, in seconds.
const A_WHILE: u32 = 120;

/// What happened, and what to do.
#[derive(Clone, Copy)]
enum Words {
    /// The page's words, under these names.
    Page(&'static str, &'static str),
    /// A terminal's own.
    Own(&'static str, &'static str),
}

macro_rules! words {
    ($about:ident($kind:ident) $all:ident $($($variant:ident)|+ => $whose:ident($what:literal, $todo:literal);)+) => {
        const fn $about(name: $kind) -> Words {
            match name {
                $($($kind::$variant)|+ => Words::$whose($what, $todo),)+
            }
        }

        #[cfg(test)]
        const $all: &[$kind] = &[$($($kind::$variant),+),+];
    };
}

words! { of_server(ProblemType) FROM_SERVER
    BadRequest | TwoCredentials | MethodNotAllowed | UnsupportedMediaType | PreconditionRequired | OtherTus =>
        Own("Programmet och servern har olika versioner.", "Uppdatera programmet och försök igen.");
    NotSignedIn => Own("Du är inte inloggad här.", "Logga in igen: securemailbox login.");
    SessionLocked => Own("Brevlådan är låst.", "Logga ut och in igen.");
    CredentialsRefused => Own(
        "Adressen, lösenordet eller återställningskoden stämmer inte.",
        "Kontrollera dem och försök igen. Vi säger inte vilken del som är fel, så att ingen kan ta reda på vem som har en brevlåda här."
    );
    CodeRefused => Own(
        "Koden stämmer inte.",
        "Skriv siffrorna från det senaste meddelandet, eller börja om så kommer en ny kod."
    );
    CodeReplaced => Page("problem.code_replaced", "problem.code_replaced.do");
    PasskeyRefused => Page("problem.passkey_refused", "problem.passkey_refused.do");
    CodeUsed => Page("problem.code_used", "problem.code_used.do");
    OlderSheet => Page("problem.older_sheet", "problem.older_sheet.do");
    LastWayIn => Page("problem.last_way_in", "problem.last_way_in.do");
    ProofRequired => Page("problem.proof_required", "problem.proof_required.do");
    LinkShut => Page("problem.link_shut", "problem.link_shut.do");
    PageNameTaken => Page("problem.page_name_taken", "problem.page_name_taken.do");
    WorkRefused => Page("problem.work_refused", "problem.do.again");
    MembersOnly => Own(
        "Det här kräver en egen brevlåda.",
        "Med en länk läser du och svarar den som skickade den. Skaffa en egen brevlåda för annat."
    );
    OtherOrigin | WrongHost => Own(
        "Servern har en annan adress än den som programmet frågade på.",
        "Logga in på adressen du fick av den som driver tjänsten."
    );
    LevelRequired => Page("problem.level_required", "problem.level_required.do");
    RegistrationClosed => Page("problem.registration_closed", "problem.registration_closed.do");
    OtherDomain => Page("problem.other_domain", "problem.other_domain.do");
    NotFound => Own(
        "Det finns inte, eller så är det inte ditt.",
        "Hämta listan igen. Det kan ha raderats på en annan enhet."
    );
    NoAccount => Page("problem.no_account", "problem.no_account.do");
    RequestTimeout => Page("problem.request_timeout", "problem.request_timeout.do");
    StaleKey => Page("problem.stale_key", "problem.stale_key.do");
    IdTaken => Page("problem.id_taken", "problem.id_taken.do");
    StaleKeyring => Own(
        "Låsen till brevlådan är bytta på en annan enhet.",
        "Logga in igen med det nya lösenordet: securemailbox login."
    );
    StaleDraft | RecordExists | StaleVersion => Page("problem.contended", "problem.do.again");
    AlreadyReleased => Page("problem.already_released", "problem.already_released.do");
    BlobMissing => Page("problem.blob_missing", "problem.blob_missing.do");
    OtherOffset => Page("problem.upload_interrupted", "problem.upload_interrupted.do");
    RegistrationOver => Page("problem.registration_over", "problem.registration_over.do");
    TooLarge => Page("problem.too_large", "problem.too_large.do");
    CodeNotSent => Page("problem.code_not_sent", "problem.code_not_sent.do");
    NotAMobileNumber => Page("problem.not_a_mobile_number", "problem.not_a_mobile_number.do");
    OtherCountry => Page("problem.other_country", "problem.other_country.do");
    TooManyRequests => Page("problem.too_many_requests", "problem.too_many_requests.do");
    TooManyLetters => Own("Du har skickat många brev på kort tid.", "Vänta {time} och skicka det igen.");
    Internal => Page("problem.internal", "problem.internal.do.number");
    MailboxFull => Page("problem.mailbox_full", "problem.mailbox_full.do");
    ReaderFull => Page("problem.reader_full", "problem.reader_full.do");
    StorageFull => Page("problem.storage_full", "problem.storage_full.do");
    Busy => Page("problem.busy", "problem.busy.do");
}

words! { of_client(ClientProblem) FROM_CLIENT
    CompareFirst => Own(
        "Siffrorna för den här nyckeln är inte jämförda än.",
        "Kör compare med adressen, läs siffrorna för varandra, och kör compare --matches om de är lika."
    );
    Contended => Page("problem.contended", "problem.do.again");
    Contradiction | SecondRecord => Page("problem.contradiction", "problem.do.operator");
    DamagedProfile => Own(
        "Det som är sparat i den här profilen är skadat.",
        "Logga ut och in igen. Brev som servern har tagit emot finns kvar."
    );
    DeviceFailed => Own(
        "Det gick inte att läsa eller skriva i profilen.",
        "Kontrollera att profilmappen är din, att inget annat använder den, och att disken inte är full."
    );
    DigitsDiffer => Page("problem.digits_differ", "problem.digits_differ.do");
    FileChanged => Page("problem.file_changed", "problem.file_changed.do");
    FileNotUploaded => Page("problem.file_not_uploaded", "problem.file_not_uploaded.do");
    FileNotWritten => Page("problem.file_not_written", "problem.file_not_written.do");
    KeyChanged => Page("problem.key_changed", "problem.key_changed.do");
    KeyringFull => Page("problem.keyring_full", "problem.keyring_full.do");
    LetterRefused => Page("problem.letter_refused", "problem.letter_refused.do");
    NoDraft => Page("problem.no_draft", "problem.no_draft.do");
    NoLevelByLink => Page("problem.no_level_by_link", "problem.no_level_by_link.do");
    NoRecipients => Page("problem.no_recipients", "problem.no_recipients.do");
    NotAnAddress => Page("problem.not_an_address", "problem.not_an_address.do");
    NotTheFile => Page("problem.not_the_file", "problem.not_the_file.do");
    NumberDiffers => Page("problem.number_differs", "problem.number_differs.do");
    OlderRecord => Page("problem.older_record", "problem.do.operator");
    OtherAddress => Page("problem.other_address", "problem.other_address.do");
    OtherPassphrase => Own(
        "Den här personen har redan en länk från dig, med andra ord eller utan ord.",
        "Inget skickades. En länk behåller orden den gjordes med: skriv utan nya (invitations --passphrase visar dem som finns), eller dra först tillbaka allt (invitations --withdraw)."
    );
    Oneself => Page("problem.oneself", "problem.oneself.do");
    PasswordNotTaken => Page("problem.password_not_taken", "problem.password_not_taken.do");
    RecordDoesNotOpen => Page("problem.record_does_not_open", "problem.do.operator");
    RecordMissing => Page("problem.record_missing", "problem.do.operator");
    RenewalUnderWay => Page("problem.renewal_under_way", "problem.renewal_under_way.do");
    RenewalUnanswered => Page("problem.renewal_unanswered", "problem.renewal_unanswered.do");
    ServerWentBack => Page("problem.server_went_back", "problem.do.operator");
    SlotDoesNotOpen => Page("problem.slot_does_not_open", "problem.slot_does_not_open.do");
    SomebodyElse => Own(
        "En annan brevlåda är inloggad i den här profilen.",
        "Logga ut först, eller använd en annan profilmapp för den här brevlådan."
    );
    SubjectTooLong => Page("problem.subject_too_long", "problem.subject_too_long.do");
    TextTooLong => Page("problem.text_too_long", "problem.text_too_long.do");
    TooLargeForProxy => Page("problem.too_large_for_proxy", "problem.too_large_for_proxy.do");
    TooManyFiles => Page("problem.too_many_files", "problem.too_many_files.do");
    TooManyRecipients => Page("problem.too_many_recipients", "problem.too_many_recipients.do");
    TooMuchAtOnce => Page("problem.too_much_at_once", "problem.too_much_at_once.do");
    UnknownContact => Page("problem.unknown_contact", "problem.unknown_contact.do");
    UnknownForm | UnknownProblem =>
        Own("Programmet är äldre än servern eller en av dina andra enheter.", "Uppdatera programmet och försök igen.");
    Unreachable => Own("Servern svarar inte.", "Kontrollera nätet och serverns adress, och försök igen.");
    UnreadableAnswer => Own(
        "Servern svarade på ett sätt som programmet inte förstår.",
        "Kontrollera att adressen går till en SecureMailbox-server, och uppdatera programmet."
    );
    Unsaved => Page("problem.unsaved", "problem.unsaved.do");
    Waiting => Page("problem.waiting", "problem.waiting.do");
    WeakPassword => Page("problem.weak_password", "problem.weak_password.do");
}

words! { of_damage(DamageName) FROM_DAMAGE
    Damaged => Page("problem.damaged", "problem.do.sender");
    CertificateRefused => Page("problem.certificate_refused", "problem.do.nothing_sent");
    CertificateMissing => Page("problem.certificate_missing", "problem.do.sender");
    SenderKeyChanged => Page("problem.sender_key_changed", "problem.sender_key_changed.do");
    OlderCertificate => Page("problem.older_certificate", "problem.do.nothing_sent");
    OtherLetter => Page("problem.other_letter", "problem.do.sender");
    LevelRequired => Page("problem.level_required", "problem.level_required.do");
    Withdrawn => Page("problem.withdrawn", "problem.withdrawn.do");
}

const fn words_of(name: FailureName) -> Words {
    match name {
        FailureName::Server(problem) => of_server(problem),
        FailureName::Client(problem) => of_client(problem),
        FailureName::Damage(damage) => of_damage(damage),
    }
}

impl Words {
    /// What happened, and what to do, with the gaps that the page has in its sentences.
    fn texts(self) -> [String; 2] {
        match self {
            Self::Own(what, todo) => [what.into(), todo.into()],
            Self::Page(what, todo) => {
                // A test reads every name that stands above.
                let messages: BTreeMap<String, Value> = serde_json::from_str(MESSAGES).unwrap_or_default();
                [what, todo].map(|name| messages.get(name).and_then(Value::as_str).unwrap_or_default().to_owned())
            }
        }
    }
}

/// What stood in the way, as a part of another sentence.
pub(crate) fn cause(failure: &impl Failure) -> Told {
    let [what, _] = words_of(failure.explain().name).texts();
    Told { en: format!("{}.", show::plain(&failure.to_string())), sv: what.replace("{who}", "Mottagaren") }
}

/// What happened, and what to do. `about` is whom it is about; `instead` is what to do in Swedish, where the failure alone
/// does not tell.
pub(crate) fn explained(failure: &impl Failure, about: Option<&Address>, instead: Option<Sentence<'_>>) -> Told {
    let Explained { name, advice, retry_after, request, .. } = failure.explain();
    let [what, todo] = words_of(name).texts();
    let todo = instead.map_or(todo, |instead| instead.said(Language::Sv));
    let template = format!("{what} {todo}");
    let mut told = Told {
        en: format!("{} {advice}", show::sentence(&failure.to_string())),
        sv: template
            .replace("{who}", about.map_or("Mottagaren", Address::as_str))
            .replace("{time}", &waiting_time(retry_after.unwrap_or(A_WHILE))),
    };
    if let Some(who) = about {
        let about = Sentence::About { who }.told();
        let sv = if template.contains("{who}") { String::new() } else { format!(" {}", about.sv) };
        told = Told { en: format!("{} {}", told.en, about.en), sv: told.sv + &sv };
    }
    if let Some(seconds) = retry_after {
        let pause = Sentence::Pause { seconds: seconds.into() }.told();
        let sv = if template.contains("{time}") { String::new() } else { format!(" {}", pause.sv) };
        told = Told { en: format!("{} {}", told.en, pause.en), sv: told.sv + &sv };
    }
    if name == FailureName::Server(ProblemType::Internal) {
        let number = request.as_deref().map(|request| Sentence::RequestNumber { request }.said(Language::En));
        told.en += &number.map(|number| format!(" {number}")).unwrap_or_default();
        told.sv = told.sv.replace("{request}", request.as_deref().unwrap_or("som står i loggen"));
    }
    told
}

/// How long to wait, rounded up: 40 sekunder, 12 minuter, 3 timmar.
fn waiting_time(seconds: u32) -> String {
    let (count, one, several) = match seconds {
        0..60 => (seconds, "sekund", "sekunder"),
        60..3600 => (seconds.div_ceil(60), "minut", "minuter"),
        _ => (seconds.div_ceil(3600), "timme", "timmar"),
    };
    format!("{} {}", Word::said(&u64::from(count), Language::Sv), if count == 1 { one } else { several })
}

#[cfg(test)]
mod tests {
    use securemailbox_client::{
        directory::LookUpError,
        failure::{CallError, Problem},
    };

    use super::*;

    fn every_name() -> impl Iterator<Item = FailureName> {
        let server = FROM_SERVER.iter().copied().map(FailureName::Server);
        let client = FROM_CLIENT.iter().copied().map(FailureName::Client);
        server.chain(client).chain(FROM_DAMAGE.iter().copied().map(FailureName::Damage))
    }

    #[test]
    fn every_failure_says_in_swedish_what_happened_and_what_to_do() {
        assert_eq!(FROM_SERVER.len(), ProblemType::ALL.len());
        for name in every_name() {
            for text in words_of(name).texts() {
                assert!(text.ends_with('.') && text.len() > 10, "{name} says: {text}");
                let gaps =
                    ["{who}", "{time}", "{request}"].iter().fold(text.clone(), |text, gap| text.replace(gap, ""));
                assert!(!gaps.contains(['{', '}']), "{name} has a gap that nothing fills: {text}");
                assert!(
                    !["sidan", "webbläsare"].iter().any(|page| text.contains(page)),
                    "{name} speaks of a page: {text}"
                );
            }
        }
    }

    #[test]
    fn whom_it_is_about_is_said_once() {
        let bjorn = Address::parse("bjorn@demo.example").unwrap();
        let told = explained(&LookUpError::NoAccount, Some(&bjorn), None);
        assert_eq!(told.sv, "bjorn@demo.example har ingen brevlåda här. Kontrollera stavningen.");
        assert!(told.en.ends_with("Check the spelling. It is about bjorn@demo.example."), "{}", told.en);
    }

    #[test]
    fn a_pause_and_a_number_are_said_in_both_languages() {
        let problem = |kind, retry_after, request: Option<&str>| {
            let request = request.map(Into::into);
            CallError::Problem(Problem { kind, detail: None, retry_after, offers: Vec::new(), request })
        };
        let told = explained(&problem(ProblemType::TooManyRequests, Some(90), None), None, None);
        assert_eq!(told.sv, "För många försök. Vänta 2 minuter och försök igen. Din brevlåda är inte låst.");
        assert!(told.en.ends_with("The server asks for a pause of 90 s."), "{}", told.en);
        let told = explained(&problem(ProblemType::Internal, None, Some("0123456789abcdef")), None, None);
        assert!(told.sv.ends_with("nämn numret 0123456789abcdef."), "{}", told.sv);
        assert_eq!(
            [1, 40, 60, 61, 7200].map(waiting_time),
            ["1 sekund", "40 sekunder", "1 minut", "2 minuter", "2 timmar"]
        );
    }
}
