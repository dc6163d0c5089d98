//! The page behind the `type` of each problem: what happened, and what to do (RFC 9457, 3.1.1). English is the protocol's own.

use securemailbox_protocol::{accounts::Language, problems::ProblemType};

/// What happened, and what to do about it.
pub(crate) const fn words(problem: ProblemType, language: Language) -> (&'static str, &'static str) {
    match language {
        Language::Sv => in_swedish(problem),
        Language::En => (problem.title(), problem.advice()),
    }
}

const fn in_swedish(problem: ProblemType) -> (&'static str, &'static str) {
    match problem {
        ProblemType::BadRequest => (
            "Det som skickades gick inte att läsa.",
            "Är du i en webbläsare: ladda om sidan. Skriver du ett program: jämför med beskrivningen på /api/v1/openapi.json.",
        ),
        ProblemType::TwoCredentials => ("Frågan hade både en kaka och en nyckel i huvudet.", "Skicka en av dem."),
        ProblemType::NotSignedIn => ("Du är inte inloggad, eller så har inloggningen gått ut.", "Logga in igen."),
        ProblemType::SessionLocked => ("Brevlådan är låst.", "Lås upp den med lösenordet eller med lösennyckeln."),
        ProblemType::CredentialsRefused => (
            "Adressen, lösenordet eller återställningskoden stämmer inte.",
            "Kontrollera dem och försök igen. Vi säger inte vilken del som är fel, så att ingen kan ta reda på vem som har en brevlåda här.",
        ),
        ProblemType::CodeRefused => (
            "Koden stämmer inte.",
            "Skriv siffrorna från det senaste meddelandet. Efter fem försök eller tio minuter behöver du en ny kod.",
        ),
        ProblemType::CodeReplaced => ("Det finns en nyare kod.", "Skriv siffrorna från det senaste meddelandet."),
        ProblemType::PasskeyRefused => (
            "Lösennyckeln godtogs inte.",
            "Försök igen inom fem minuter, eller logga in med lösenordet. En lösennyckel som är borttagen öppnar ingenting.",
        ),
        ProblemType::CodeUsed => ("Koden är redan använd.", "Vänta på nästa kod i appen, eller ta nästa på pappret."),
        ProblemType::OlderSheet => {
            ("Koden är från ett äldre papper.", "Ta en kod från det senaste. De äldre gäller inte längre.")
        }
        ProblemType::LastWayIn => ("Utan det här skulle ingen komma in.", "Lägg till ett annat sätt först."),
        ProblemType::ProofRequired => {
            ("Det här kräver att du nyss har bekräftat att det är du.", "Gör om det, och skriv koden som du får.")
        }
        ProblemType::MembersOnly => (
            "Det här kräver en egen brevlåda.",
            "Med en länk läser du och svarar den som skickade den. Skaffa en egen brevlåda för annat.",
        ),
        ProblemType::LinkShut => (
            "För många fel koder har skrivits för den här länken. Den är stängd.",
            "Ring den som skrev till dig, och be hen dra tillbaka brevet och skicka det igen.",
        ),
        ProblemType::OtherOrigin => ("Frågan kom från en annan webbplats.", "Öppna brevlådan på dess egen adress."),
        ProblemType::LevelRequired => {
            ("Avsändaren vill att du bekräftar att det är du.", "Öppna brevet och bekräfta att det är du.")
        }
        ProblemType::RegistrationClosed => {
            ("Här kan man inte skaffa en brevlåda själv.", "Fråga den som driver tjänsten.")
        }
        ProblemType::OtherDomain => (
            "Brevlådorna här är för adresser hos vissa organisationer.",
            "Använd din adress där, till exempel den från jobbet, eller fråga den som driver tjänsten.",
        ),
        ProblemType::NotFound => {
            ("Det finns inte, eller så är det inte ditt.", "Hämta listan igen. Det kan ha raderats på en annan enhet.")
        }
        ProblemType::NoAccount => ("Ingen med den adressen har en brevlåda här.", "Kontrollera stavningen."),
        ProblemType::MethodNotAllowed => {
            ("Adressen tar inte emot den metoden.", "Jämför med beskrivningen på /api/v1/openapi.json.")
        }
        ProblemType::RequestTimeout => {
            ("Det tog för lång tid att skicka.", "Kontrollera din internetanslutning och försök igen.")
        }
        ProblemType::StaleKey => (
            "En mottagare har bytt nyckel, eller har ingen längre.",
            "Inget har skickats. Titta på mottagarna igen innan du skickar.",
        ),
        ProblemType::PageNameTaken => ("En annan sida har det namnet.", "Välj ett annat namn."),
        ProblemType::IdTaken => ("Brevet gick inte att skicka.", "Försök en gång till."),
        ProblemType::StaleDraft => (
            "Utkastet skrevs om, skickades eller raderades på en annan enhet.",
            "Läs det, behåll det nya i det, och skicka igen.",
        ),
        ProblemType::AlreadyReleased => {
            ("Brevet har redan skickats.", "Det ligger hos mottagaren och går inte att ångra.")
        }
        ProblemType::OtherOffset => ("Uppladdningen avbröts på vägen.", "Försök igen; den går vidare där den var."),
        ProblemType::BlobMissing => (
            "En bilaga finns inte på servern, eller bara en del av den.",
            "Lägg till filen igen och skicka brevet på nytt.",
        ),
        ProblemType::RegistrationOver => {
            ("Registreringen är redan klar, eller så tog den för lång tid.", "Logga in, eller börja om.")
        }
        ProblemType::RecordExists | ProblemType::StaleVersion => {
            ("En annan av dina enheter sparade samtidigt.", "Försök igen om en liten stund.")
        }
        ProblemType::StaleKeyring => {
            ("Låsen till brevlådan är bytta på en annan enhet.", "Logga in igen med det nya lösenordet.")
        }
        ProblemType::TooLarge => ("Det är för stort.", "Korta det och försök igen."),
        ProblemType::UnsupportedMediaType => (
            "Det som skickades är av ett annat slag än adressen tar emot.",
            "Jämför med beskrivningen på /api/v1/openapi.json.",
        ),
        ProblemType::WrongHost => ("Frågan gällde en annan server än den här.", "Öppna brevlådan på dess egen adress."),
        ProblemType::CodeNotSent => {
            ("Koden kunde inte skickas.", "Kontrollera att adressen eller numret är rätt, eller välj ett annat sätt.")
        }
        ProblemType::NotAMobileNumber => (
            "Till det numret går det inte att skicka en kod.",
            "Kontrollera att alla siffror är med, och att det är ett mobilnummer. Till fasta nummer går det inte.",
        ),
        ProblemType::OtherCountry => (
            "Härifrån skickas inga koder till nummer i det landet.",
            "Ange ett annat mobilnummer, eller fråga den som driver tjänsten.",
        ),
        ProblemType::WorkRefused => {
            ("Brevet togs inte emot: beräkningen som hör till det blev för gammal.", "Ladda om sidan och försök igen.")
        }
        ProblemType::OtherTus => {
            ("Uppladdningen talar en annan version av tus än 1.0.0.", "Skicka huvudet Tus-Resumable: 1.0.0.")
        }
        ProblemType::PreconditionRequired => {
            ("En post skrivs med dess version, i huvudet If-Match eller If-None-Match.", "Läs posten först.")
        }
        ProblemType::TooManyRequests => {
            ("För många försök.", "Vänta en stund och försök igen. Din brevlåda är inte låst.")
        }
        ProblemType::TooManyLetters => {
            ("Du har skickat många brev på kort tid.", "Vänta en stund och skicka det igen.")
        }
        ProblemType::Internal => (
            "Något gick fel hos oss.",
            "Försök igen. Håller det i sig, säg till den som driver tjänsten och nämn numret på frågan.",
        ),
        ProblemType::MailboxFull => {
            ("Brevlådan är full.", "Släng brev och utkast som du inte behöver, och töm sedan papperskorgen.")
        }
        ProblemType::ReaderFull => (
            "En av mottagarnas brevlåda är full.",
            "Skicka det utan den mottagaren, eller be personen radera brev som inte behövs.",
        ),
        ProblemType::StorageFull => (
            "Serverns disk är full.",
            "Du kan fortfarande läsa och radera brev. Försök igen senare; inget har gått förlorat.",
        ),
        ProblemType::Busy => {
            ("Servern har mycket att göra just nu.", "Försök igen om några sekunder. Inget har gått förlorat.")
        }
    }
}
