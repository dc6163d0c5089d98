//! Every sentence that a person reads, in English and in Swedish (GUIDE, Words).

use std::path::Path;

use securemailbox_client::{contacts::Standing, letters::ReceiptRefused};
use securemailbox_protocol::{address::Address, ids::LetterId, letters::Folder, levels::Level};
use securemailbox_server::forensics::Of;

use super::{Language, Told, Word};
use crate::http::ServerUrl;

macro_rules! sentences {
    (<$life:lifetime> $($variant:ident $({ $($word:ident: $kind:ty),+ })? $en:literal $sv:literal;)+) => {
        /// What there is to say, and what it is about.
        #[derive(Clone, Copy)]
        pub(crate) enum Sentence<$life> {
            $($variant $({ $($word: $kind),+ })?,)+
        }

        impl Sentence<'_> {
            /// In this language.
            pub(crate) fn said(self, language: Language) -> String {
                match self {
                    $(Self::$variant $({ $($word),+ })? => {
                        $($(let $word = Word::said(&$word, language);)+)?
                        match language {
                            Language::En => format!($en),
                            Language::Sv => format!($sv),
                        }
                    })+
                }
            }
        }
    };
}

impl Sentence<'_> {
    /// In both.
    pub(crate) fn told(self) -> Told {
        Told { en: self.said(Language::En), sv: self.said(Language::Sv) }
    }
}

sentences! {
    <'a>

    // Coming in.
    AskEmailCode "The code from the e-mail:" "Koden i mejlet:";
    AskSmsCode "The code from the SMS:" "Koden i SMS:et:";
    AskPhoneCode { hint: &'a str }
        "The code from the SMS to the phone ending in {hint}:"
        "Koden i SMS:et till numret som slutar på {hint}:";
    AskAuthenticatorCode "The code that your authenticator app shows:" "Koden som din autentiseringsapp visar:";
    AskOneTimeCode "A one-time code from your sheet, 12 characters:" "En engångskod från ditt papper, 12 tecken:";
    AskPassword "Your password:" "Ditt lösenord:";
    AskSheetCode "The code on the recovery sheet:" "Koden på återställningsbladet:";
    ChoosePassword "Choose a password, at least 12 characters:" "Välj ett lösenord, minst 12 tecken:";
    ChooseNewPassword "Choose a new password, at least 12 characters:" "Välj ett nytt lösenord, minst 12 tecken:";
    ChoosePassphrase "Choose a passphrase for the exported key:" "Välj en lösenfras för nyckeln:";
    AskAgain "The same again, to be sure:" "En gång till, för säkerhets skull:";
    TheyDiffer "They differ." "De är inte lika.";
    AskWay "How do you confirm that it is you? The number:" "Hur vill du bekräfta att det är du? Numret:";
    WayEmail "e-mail" "mejl";
    WaySms { hint: &'a str } "SMS to the phone ending in {hint}" "SMS till numret som slutar på {hint}";
    WayReserve { hint: &'a str }
        "SMS to the reserve phone ending in {hint}"
        "SMS till reservtelefonen som slutar på {hint}";
    WayOneTimeCode "a one-time code from your sheet" "en engångskod från ditt papper";
    WayAuthenticator "the code from your authenticator app" "koden från din autentiseringsapp";
    WayPasskey "a passkey, in the browser" "en lösennyckel, i webbläsaren";
    NoneOfTheNumbers "That is none of the numbers." "Det är inget av numren.";
    BrowserOnly "A passkey works in a browser only." "En lösennyckel fungerar bara i en webbläsare.";
    ExpectedNumber "Expected one of the numbers that were listed." "Svara med ett av numren i listan.";
    CodeNotAccepted "That code was not accepted." "Koden stämmer inte.";
    CodeReplaced
        "That code was replaced: type the one from the newest message."
        "Det finns en nyare kod: skriv den från det senaste meddelandet.";
    CodeUsed
        "That code was used already: wait for the next one of the app, or take the next one of the sheet."
        "Koden är redan använd: vänta på nästa kod i appen, eller ta nästa på pappret.";
    OlderSheet
        "That code is from an older sheet: take one from the newest."
        "Koden är från ett äldre papper: ta en från det senaste.";
    NobodyAnswered { question: &'a str }
        "Nobody answered the question: {question}"
        "Ingen svarade på frågan: {question}";
    SignedInAs { who: &'a str } "Signed in as {who}." "Inloggad som {who}.";
    RecoveryCode { code: &'a str }
        "Your recovery code, shown this once:\n\n    {code}\n\nWrite it on paper and keep it apart from your phone. With it and your phone you get back in if you forget the password. Without either, nobody can."
        "Din återställningskod visas bara den här gången:\n\n    {code}\n\nSkriv den på papper, och förvara den inte tillsammans med mobilen. Med koden och mobilen kommer du in igen om du glömmer lösenordet. Saknas någon av dem kan ingen öppna brevlådan åt dig.";
    NewRecoveryCode { code: &'a str }
        "Your new recovery code, shown this once:\n\n    {code}\n\nWrite it on paper. The old one opens nothing any more."
        "Din nya återställningskod visas bara den här gången:\n\n    {code}\n\nSkriv den på papper. Den gamla öppnar inget längre.";
    PasswordChanged
        "The password is changed. From now on you sign in with the new one; the recovery sheet and your other devices stay as they are."
        "Lösenordet är bytt. Härefter loggar du in med det nya. Återställningsbladet och dina andra enheter är som förut.";
    PasswordNotTried
        "The new password could not be tried now. Sign in with it somewhere before you forget the old one."
        "Det nya lösenordet gick inte att prova just nu. Logga in med det någonstans innan du glömmer det gamla.";
    PasswordIsNoRenewal
        "Has somebody been in your mailbox? A new password only shuts the door: whoever was in may have copied the keys, and those are the same after it. Then use renew."
        "Har någon varit inne i din brevlåda? Ett nytt lösenord stänger bara dörren: den som redan varit inne kan ha kopierat nycklarna, och de är desamma efter bytet. Använd då renew.";
    LocksChanged
        "The locks are changed: new keys, password and recovery sheet. All other devices are signed out. Passkeys prove you, and open nothing until they are added again."
        "Låsen är bytta: nya nycklar, nytt lösenord och nytt återställningsblad. Alla andra enheter är utloggade. Lösennycklar visar att det är du, men öppnar inget förrän de läggs till igen.";
    RelockedSoFar { done: u64, total: u64 }
        "{done} of {total} letters have new locks."
        "{done} av {total} brev har nya lås.";
    LettersRelocked { letters: u64 }
        "{letters} letters have new locks, and the old key is destroyed."
        "{letters} brev har nya lås, och den gamla nyckeln är förstörd.";
    RelockLater
        "The mailbox has new locks, its letters do not all. Go on with renew --finish."
        "Brevlådan har nya lås, men inte alla brev. Fortsätt med renew --finish.";
    NothingToRelock
        "There is nothing to finish."
        "Det finns inget att göra klart.";
    PasswordMayBeChanged
        "It may be changed already. Do it again; that is sure to end with the new one."
        "Det kan vara bytt ändå. Gör det en gång till, så gäller det nya.";
    WeakTooShort "It has fewer than 12 characters. Add a word or two." "Det har färre än 12 tecken. Lägg till ett ord eller två.";
    WeakPattern
        "It repeats itself, or follows a row of keys. Choose words that do not belong together."
        "Det upprepar sig, eller följer en rad på tangentbordet. Välj ord som inte hör ihop.";
    WeakOwnName
        "It is mostly your name. Choose words that nobody connects with you."
        "Det består mest av ditt namn. Välj ord som ingen kopplar till dig.";
    WeakPersonal
        "It is mostly your address or the name of this service. Choose words that nobody connects with you."
        "Det består mest av din adress eller tjänstens namn. Välj ord som ingen kopplar till dig.";
    WeakKnown
        "It is mostly words and numbers that are tried first. Add a few unusual words."
        "Det består mest av ord och siffror som prövas först. Lägg till ett par ovanliga ord.";
    SignedOut "Signed out. Nothing is left in this profile." "Utloggad. Inget finns kvar i den här profilen.";
    SessionMayLive
        "Everything in this profile is erased, but the session may still be open at the server: end it from another device."
        "Allt i den här profilen är raderat, men du kan fortfarande vara inloggad på servern: logga ut den här enheten från en annan.";
    OwnCertificateDiffers
        "Warning: the server shows others a certificate for your address that is not yours. Letters to you may be read by somebody else. Tell the people who write to you, and the operator."
        "Varning: servern visar andra en nyckel för din adress som inte är din. Någon annan kan läsa brev till dig. Säg till dem som skriver till dig, och till den som driver tjänsten.";

    // Sessions.
    Ended "Ended. Its device opens nothing any more." "Utloggad. Den enheten öppnar inget längre.";
    OthersEnded "All other sessions are ended. Their devices open nothing any more." "Alla andra enheter är utloggade. De öppnar inget längre.";
    DeviceOn { program: &'a str, system: &'a str } "{program} on {system}" "{program} på {system}";
    ThisSession "this session" "den här enheten";
    SignedInEvent "new sign-in" "ny inloggning";
    NewDeviceEvent "a new device signed in" "en ny enhet loggade in";
    SheetReplacedEvent "the recovery sheet was replaced" "återställningsbladet byttes";
    KeyringReplacedEvent "the keyring was overwritten" "nyckelringen skrevs över";
    PasswordChangedEvent "the password was changed" "lösenordet byttes";
    KeysRenewedEvent "the locks were changed: new keys, password and sheet" "låsen byttes: nya nycklar, nytt lösenord och blad";
    PasswordRemovedEvent "the password was removed" "lösenordet togs bort";
    PasswordReplacedEvent "password and recovery sheet were replaced" "lösenord och återställningsblad byttes";
    SessionEndedEvent "a session was ended" "en enhet loggades ut";
    OtherSessionsEndedEvent "all other sessions were ended" "alla andra enheter loggades ut";
    UnlockFailedEvent "a wrong password at a locked session" "fel lösenord när en enhet var låst";
    CodesRefusedEvent "five wrong codes at a sign-in: nobody got in" "fel kod fem gånger vid inloggning: ingen kom in";
    PasskeyAddedEvent "a passkey was added" "en lösennyckel lades till";
    PasskeyRemovedEvent "a passkey was removed" "en lösennyckel togs bort";
    AuthenticatorAddedEvent "an authenticator app was added" "en autentiseringsapp lades till";
    AuthenticatorRemovedEvent "the authenticator app was removed" "autentiseringsappen togs bort";
    PhoneReplacedEvent "the mobile number was replaced" "mobilnumret byttes";
    ReservePhoneAddedEvent "a reserve phone was added" "en reservtelefon lades till";
    ReservePhoneRemovedEvent "the reserve phone was removed" "reservtelefonen togs bort";
    OneTimeCodesMadeEvent "new one-time codes were made" "nya engångskoder gjordes";
    OneTimeCodesRemovedEvent "the one-time codes were removed" "engångskoderna togs bort";
    OneTimeCodeUsedEvent "a one-time code was used" "en engångskod användes";
    RecoveryBegunEvent
        "somebody wants to open the mailbox with paper, and waits"
        "någon vill öppna brevlådan med papper, och väntar";
    RecoveryStoppedEvent
        "opening it with paper was stopped; sheet and one-time codes are void"
        "att öppna med papper stoppades; blad och engångskoder gäller inte längre";

    // People without a mailbox.
    AskLink "The link:" "Länken:";
    LinkCut
        "The link is not whole. Copy all of it, from https:// to the last character, also where it goes on in the next line."
        "Länken är inte hel. Kopiera hela, från https:// till sista tecknet, också om den fortsätter på nästa rad.";
    LinkDiffers
        "Something in the link is another character than in the e-mail. Copy it from there instead of typing it."
        "Något tecken i länken är ett annat än i mejlet. Kopiera den därifrån i stället för att skriva av den.";
    LinkFrom { from: &'a Address, expires: &'a str }
        "{from} has written to you. The conversation is erased {expires}."
        "{from} har skrivit till dig. Samtalet raderas {expires}.";
    VerifiedSender { name: &'a str, domain: &'a str }
        "Verified sender: {name}, {domain}. The domain is looked up each day, the operator vouches for the name."
        "Bevisad avsändare: {name}, {domain}. Domänen kontrolleras varje dag, namnet går den som driver tjänsten i god för.";
    NothingToAnswer "There is no letter to answer." "Det finns inget brev att svara på.";
    NobodyInvited "You have written to nobody without a mailbox." "Du har inte skrivit till någon utan brevlåda.";
    PersonField "Person" "Person";
    PhoneField "Phone" "Mobil";
    ErasedAt "Erased" "Raderas";
    OpenedAt { at: &'a str } "opened {at}" "öppnat {at}";
    LinkWithSender "not opened; you hand over the link" "inte öppnat; du lämnar länken";
    LinkWaiting "not opened; the link has not left yet" "inte öppnat; länken har inte gått iväg än";
    LinkMailed "not opened; the link was mailed" "inte öppnat; länken är mejlad";
    LinkWithWriter "wrote by your page; only they have the link" "skrev via din sida; bara de har länken";
    PageOpen { title: &'a str, address: &'a str }
        "Anybody writes to you at {address} ({title})."
        "Vem som helst skriver till dig på {address} ({title}).";
    NoPage "You have no page by which anybody writes to you." "Du har ingen sida där vem som helst skriver till dig.";
    WrongNumberShort "wrong number, says whoever has the link" "fel nummer, säger den som har länken";
    LinkShutShort "shut after twenty wrong codes" "stängd efter tjugo fel koder";
    Reminded { who: &'a Address }
        "{who} is sent the link once more."
        "{who} får länken en gång till.";
    HandOverAgain { link: &'a str }
        "You hand this link over yourself, and the server has never had it. Give it once more: {link}"
        "Den här länken lämnar du själv, och servern har aldrig haft den. Lämna den en gång till: {link}";
    TriesAllowed { who: &'a Address }
        "{who} has twenty tries more."
        "{who} har tjugo försök till.";
    KeptFor { who: &'a Address, days: u64 }
        "Everything is erased at {who} {days} days after the last letter."
        "Allt raderas hos {who} {days} dagar efter det sista brevet.";
    NotInvited { who: &'a Address }
        "{who} is none of those you wrote to by a link. Look: securemailbox invitations"
        "{who} är ingen av dem du har skrivit till med en länk. Se efter: securemailbox invitations";
    InvitationWithdrawn { who: &'a Address }
        "Everything that {who} had of yours is erased, and the link is over. What was read may be remembered."
        "Allt som {who} hade av dig är raderat, och länken gäller inte längre. Det som är läst kan vara ihågkommet.";
    WrongNumberTold { who: &'a Address }
        "{who} is told that the number is not yours. A number can't be changed: whoever wrote takes the letter back and writes anew. Call them on a number that you have already, and say which phone is yours."
        "{who} får veta att numret inte är ditt. Ett nummer kan inte bytas: den som skrev drar tillbaka brevet och skriver ett nytt. Ring på ett nummer du redan har och säg vilken mobil som är din.";
    DeclinedNow { who: &'a Address }
        "The letter is erased, unread, and the link is over. {who} is told that you did not want it."
        "Brevet är raderat, oläst, och länken gäller inte längre. {who} får veta att du inte ville ha det.";
    OnePhone
        "--phone is the phone of one person: give one --to."
        "--phone är en persons mobil: ange en --to.";
    WeSendLink { who: &'a Address }
        "{who} has no mailbox and is sent a link. Our server sends it, so whoever runs it could keep it and read. To prevent that, hand the link over yourself (--print-link), or agree on words (--new-passphrase)."
        "{who} har ingen brevlåda och får en länk. Vår server skickar den, så den som driver servern skulle kunna behålla den och läsa. Vill du utesluta det, lämna länken själv (--print-link) eller kom överens om ord (--new-passphrase).";
    WeSendShutLink { who: &'a Address }
        "{who} has no mailbox and is sent a link, which opens only with the words. Whoever runs the server can't open it."
        "{who} har ingen brevlåda och får en länk, som öppnas bara med orden. Den som driver servern kan inte öppna den.";
    SayWords { who: &'a Address, words: &'a str }
        "Say these words to {who}, on the phone or when you meet, and never in an e-mail: {words}"
        "Säg de här orden till {who}, i telefon eller när ni ses, och aldrig i ett mejl: {words}";
    WordsLater { who: &'a Address }
        "When it has gone out, see the words for {who}: securemailbox invitations --passphrase {who}"
        "När det har gått ut, se orden till {who}: securemailbox invitations --passphrase {who}";
    SameLink { who: &'a Address }
        "{who} reads with the same link as before, and the same words if you agreed on any."
        "{who} läser med samma länk som förut, och samma ord om ni har kommit överens om några.";
    NoWords { who: &'a Address }
        "No words were agreed on with {who}, or that was done on a device that this one has not heard from yet."
        "Inga ord är överenskomna med {who}, eller så gjordes det på en enhet som den här inte har hört av än.";
    AskWords "The words that you agreed on:" "Orden som ni kom överens om:";
    TooFewWords
        "A passphrase has at least four different words, each of three letters or more."
        "En lösenfras har minst fyra olika ord, vart och ett på minst tre bokstäver.";
    PassphraseTooLong
        "A passphrase has at most 128 letters: nobody says more on the phone."
        "En lösenfras har högst 128 bokstäver: mer säger ingen i telefon.";
    WordsDiffer
        "Those are not the words. Look at their spelling and their order. If you have none, call whoever wrote, on a number that you have already."
        "Orden stämmer inte. Titta på stavningen och ordningen. Har du inga, ring den som skrev, på ett nummer du redan har.";
    YouHandLink { who: &'a Address, link: &'a str }
        "{who} has no mailbox. Hand over this link yourself; the server has never had it, so whoever runs it can't open it:\n{link}"
        "{who} har ingen brevlåda. Lämna den här länken själv; servern har aldrig haft den, så den som driver servern kan inte öppna den:\n{link}";

    // What waits.
    OpensAt { due: &'a str }
        "Sheet and one-time code are both paper, and paper may be stolen. So the mailbox opens at {due}, and its owner is told everywhere. Run recover again after that, with the same recovery code and a one-time code."
        "Bladet och engångskoden är båda papper, och papper kan vara stulna. Därför öppnas brevlådan {due}, och vi berättar det överallt. Kör recover igen efter det, med samma återställningskod och en engångskod.";
    WaitIsOver
        "The 72 hours are over. Type a one-time code once more, the same as then or another one."
        "De 72 timmarna har gått. Skriv en engångskod en gång till, samma som då eller en annan.";
    RecoveryWaits { due: &'a str }
        "Warning: somebody showed your recovery sheet and a one-time code, and can choose a new password from {due}. Is it you? Then do nothing: a stop voids both papers. Is it not you? Stop it: securemailbox stop"
        "Varning: någon har visat ditt återställningsblad och en engångskod, och kan välja ett nytt lösenord från {due}. Är det du? Gör då ingenting: ett stopp gör båda papperen ogiltiga. Är det inte du? Stoppa det: securemailbox stop";
    RecoveryStopped
        "Stopped. The recovery sheet and the one-time codes open nothing any more: make new ones with new-sheet and one-time-codes."
        "Stoppat. Återställningsbladet och engångskoderna öppnar inget längre: gör nya med new-sheet och one-time-codes.";
    RemovalBegunEvent "somebody wants to erase the mailbox" "någon vill radera brevlådan";
    RemovalStoppedEvent "erasing the mailbox was stopped" "att radera brevlådan stoppades";
    RemovalWaits { due: &'a str }
        "This mailbox is erased at {due}, with all letters in it. Until then it can be stopped: securemailbox stop"
        "Brevlådan raderas {due}, med alla brev i den. Till dess går det att stoppa: securemailbox stop";
    RemovalStopped "Stopped. The mailbox stays." "Stoppat. Brevlådan finns kvar.";
    SheetOwed
        "You have no recovery sheet that you said to have. Make one: securemailbox new-sheet"
        "Du har inget återställningsblad som du har sagt att du har. Gör ett: securemailbox new-sheet";
    NothingWaits "Nothing waits." "Det är inget som väntar.";

    // Factors.
    FactorEmail "E-mail" "Mejl";
    FactorPhone { hint: &'a str } "Phone ending in {hint}" "Mobil som slutar på {hint}";
    FactorReserve { hint: &'a str } "Reserve phone ending in {hint}" "Reservtelefon som slutar på {hint}";
    FactorOneTimeCodes { left: u64 } "One-time codes, {left} left" "Engångskoder, {left} kvar";
    FactorAuthenticator "Authenticator app" "Autentiseringsapp";
    FactorPasskey "Passkey" "Lösennyckel";
    Added "Added" "Tillagd";
    NewAuthenticator { secret: &'a str, uri: &'a str }
        "Add SecureMailbox to your authenticator app, time-based, with this secret:\n  {secret}\nor open this there:\n  {uri}"
        "Lägg till SecureMailbox i din autentiseringsapp, tidsbaserad, med den här koden:\n  {secret}\neller öppna det här där:\n  {uri}";
    AuthenticatorCounts
        "The authenticator app counts from now. Make one-time codes too: without a reserve, a lost phone locks the mailbox for good."
        "Autentiseringsappen gäller från nu. Gör engångskoder också: utan reserv låser en tappad telefon brevlådan för alltid.";
    AppClock { seconds: i64 }
        "Its clock is {seconds} seconds before the server's, which is remembered; less than 0 is behind."
        "Dess klocka går {seconds} sekunder före serverns, och det kommer vi ihåg; under 0 är efter.";
    PhoneCounts "The phone counts from now." "Telefonen gäller från nu.";
    FactorRemoved "Removed. It proves nothing any more." "Borttagen. Den gäller inte längre.";
    OneTimeCodes { made: &'a str }
        "One-time codes, made {made}. Write them down now: they are shown this once, and each works once. Older ones count no more."
        "Engångskoder, gjorda {made}. Skriv ned dem nu: de visas bara den här gången, och varje kod fungerar en gång. De gamla gäller inte längre.";

    // Heads and fields.
    Id "Id" "Id";
    Name "Name" "Namn";
    AddressHead "Address" "Adress";
    Key "Key" "Nyckel";
    NumberHead "Number" "Nummer";
    State "State" "Läge";
    Used "Last used" "Senast använd";
    What "What" "Vad";
    Device "Device" "Enhet";
    FingerprintField "Fingerprint" "Kännetecken";
    From "From" "Från";
    To "To" "Till";
    Cc "Cc" "Kopia";
    Bcc "Bcc" "Dold kopia";
    Date "Date" "Datum";
    Subject "Subject" "Ämne";
    Note "Note" "Obs";
    Delivery "Delivery" "Mottagare";
    LevelField "Asks for" "Kräver";
    AttachmentField "Attachment" "Bilaga";
    FileLine { number: usize, name: &'a str, size: &'a str } "{number}: {name} ({size})" "{number}: {name} ({size})";
    FileSaved { file: &'a Path, size: &'a str }
        "Saved, the file is whole: {file} ({size})"
        "Sparad, filen är hel: {file} ({size})";
    FilesSavedBy { who: &'a Address, when: &'a str }
        "{who} saved the attachments {when} (the server's word)"
        "{who} sparade bilagorna {when} (enligt servern)";
    Files { number: u64 } "files:{number}" "bilagor:{number}";
    FilesLeftOut { id: LetterId, why: &'a str }
        "The attachments of {id} were left out: {why}"
        "Bilagorna till {id} togs inte med: {why}";
    FileIsAProgram
        "This file is a program. Open it only if you know that its sender meant to send it."
        "Den här filen är ett program. Öppna den bara om du vet att avsändaren menade att skicka den.";
    NoFiles "This letter has no attachments." "Det här brevet har inga bilagor.";
    NoSuchFile { number: usize, of: usize }
        "There is no attachment {number}: this letter has {of}."
        "Det finns ingen bilaga {number}: brevet har {of}.";
    OneToStandardOutput
        "Standard output takes one attachment: say which, by its number."
        "Standard ut tar emot en bilaga: ange vilken, med dess nummer.";
    TooManyFiles "A letter has at most 100 attachments." "Ett brev har högst 100 bilagor.";
    FileTooLarge { name: &'a str, limit: &'a str }
        "{name} is larger than a file may be here, which is {limit}."
        "{name} är större än en fil får vara här: högst {limit}.";

    // Letters.
    NeedsText "A letter needs --text or --text-file." "Ett brev behöver --text eller --text-file.";
    Sent { id: LetterId } "Sent {id}." "Skickat {id}.";
    CanRead { who: &'a Address, key: Standing } "{who} can read it (key: {key})." "{who} kan läsa det (nyckel: {key}).";
    AsksFor { level: Level }
        "The server hands it to nobody who was not identified by this or better within 15 minutes: {level}. Who can't be yet has to add it first."
        "Servern lämnar det bara till den som har legitimerat sig så, eller bättre, den senaste kvarten: {level}. Den som inte kan det än måste lägga till det först.";
    NothingSent "Nothing was sent, and nothing waits." "Inget har skickats, och inget väntar.";
    SentByItself
        "Do not send it again: the next command posts it, with the same id, so that it arrives once."
        "Skicka det inte igen: nästa kommando skickar det, med samma id, så att det kommer fram en gång.";
    NothingShown
        "Nothing of it is shown. Ask the sender to send it anew, and tell the operator."
        "Inget av det visas. Be avsändaren skicka det igen, och säg till den som driver tjänsten.";
    About { who: &'a Address } "It is about {who}." "Det gäller {who}.";
    Nothing { folder: Folder } "Nothing in {folder}." "Inget i {folder}.";
    NoContacts
        "Nobody yet: whoever you write to or read a letter from appears here."
        "Ingen än: här står de som du har skrivit till eller läst brev från.";
    Read "read" "läst";
    Unread "unread" "oläst";
    Flagged "flagged" "flaggat";
    Withdrawn "withdrawn" "återtaget";
    LockedByLevel "locked" "låst";
    Damaged "damaged" "skadat";
    Arrived { date: &'a str, arrived: &'a str } "{date}, arrived {arrived}" "{date}, kom {arrived}";
    Verified { key: Standing } "verified, key {key}" "underskriften stämmer, nyckel: {key}";
    SignedByDiffering "signed by a key whose digits differ" "underskrivet med en nyckel vars siffror inte stämde";
    DateIsOff
        "the sender's date is more than a day from the arrival; the letter may be late, or delivered again."
        "avsändarens datum ligger mer än ett dygn från när brevet kom; det kan vara försenat, eller levererat en gång till.";
    ReaderKeyDiffers { who: &'a Address }
        "the sender wrote to another key of {who} than the one you know. One of you may be deceived; compare keys."
        "avsändaren har en annan nyckel för {who} än den du känner till. En av er kan vara lurad; jämför nycklar.";
    UnopenedParts "the letter holds parts that were not opened." "brevet har delar som inte öppnades.";
    LevelIsOff
        "what the sender asked for, and what the server asks its readers for, are not the same. The server did not hold to it; ask the sender, and tell the operator."
        "avsändaren och servern kräver inte samma sak av den som läser. Servern har inte hållit sig till det som avsändaren bad om; fråga avsändaren, och säg till den som driver tjänsten.";
    NoFactorForLevel
        "You have nothing yet that proves as much as the sender asks for. Add it, and read the letter then: an authenticator app by factors add-authenticator, a passkey in the browser's settings."
        "Du har inget än som räcker till det som avsändaren kräver. Lägg till det, och läs brevet sedan: en autentiseringsapp med factors add-authenticator, en lösennyckel i webbläsarens inställningar.";
    NotMarked
        "the server could not be told that you read it; the next reading tells."
        "servern fick inte veta att du har läst det; det sägs nästa gång du öppnar brevet.";
    ReadAt { who: &'a Address, when: &'a str, level: Level }
        "{who} read it {when}, by their own signature; identified by: {level}, by the server's word."
        "{who} läste det {when}, enligt sin egen underskrift; legitimerad med: {level}, enligt servern.";
    ReceiptDoubtful { who: &'a Address, why: ReceiptRefused }
        "{who}: the server says it was read, but {why}."
        "{who}: servern säger att det är läst, men {why}.";
    NoticeRefused { who: &'a Address, when: &'a str }
        "{who}: delivered {when}, by the server's word; the e-mail address does not take mail, so tell them another way."
        "{who}: levererat {when}, enligt servern; e-postadressen tar inte emot mejl, så säg till på något annat sätt.";
    NotRead { who: &'a Address, when: &'a str }
        "{who}: delivered {when}, by the server's word; not read."
        "{who}: levererat {when}, enligt servern; inte läst.";
    PhoneProved { who: &'a Address, when: &'a str }
        "{who}: proved the phone {when}, by the server's word; not read."
        "{who}: visade sin mobil {when}, enligt servern; inte läst.";
    CodeNotTaken { who: &'a Address }
        "{who}: the code could not be sent to that phone. Check the number over another channel; if it is wrong, take back what you wrote (invitations --withdraw) and write anew."
        "{who}: koden gick inte att skicka till den mobilen. Kontrollera numret på något annat sätt; är det fel, ta tillbaka det du skrev (invitations --withdraw) och skriv på nytt.";
    CodeNotTyped { who: &'a Address, when: &'a str }
        "{who}: a code went to the phone {when}, and nobody has typed it."
        "{who}: en kod gick till mobilen {when}, och ingen har skrivit in den.";
    WrongNumber { who: &'a Address, when: &'a str }
        "{who}: whoever has the link said {when} that the number is not theirs. Ask for the right one over another channel, take back what you wrote (invitations --withdraw), and write anew."
        "{who}: den som har länken sa {when} att numret är fel. Fråga efter det rätta på något annat sätt, ta tillbaka det du skrev (invitations --withdraw) och skriv på nytt.";
    ConversationExpired { who: &'a Address, when: &'a str }
        "{who}: the time ran out {when}, and everything was erased there."
        "{who}: tiden gick ut {when}, och allt raderades där.";
    ConversationDeclined { who: &'a Address, when: &'a str }
        "{who} did not want it, and it was erased there {when}."
        "{who} ville inte ha det, och det raderades där {when}.";
    ConversationWithdrawn { who: &'a Address, when: &'a str }
        "{who}: you took everything back {when}."
        "{who}: du tog tillbaka allt {when}.";
    ConversationClaimed { who: &'a Address, when: &'a str }
        "{who} has a mailbox of their own since {when}, and it lies there."
        "{who} har en egen brevlåda sedan {when}, och brevet ligger där.";
    Moved { folder: Folder } "Moved to {folder}." "Brevet ligger i {folder}.";
    FlaggedNow "Flagged." "Brevet är flaggat.";
    UnflaggedNow "No longer flagged." "Flaggan är borta.";
    UnreadNow "Marked as unread." "Brevet är markerat som oläst.";
    WithdrawnNow
        "Withdrawn. Whoever had opened it sees that you took it back; what was read may be remembered."
        "Du har tagit tillbaka brevet. Den som hade öppnat det ser det, och kan minnas vad som stod.";
    NotInTrash { id: LetterId }
        "Letter {id} does not lie in the trash. Move it there first."
        "Brev {id} ligger inte i papperskorgen. Släng det först.";
    OneLetter "1 letter" "1 brev";
    Letters { count: u64 } "{count} letters" "{count} brev";
    ErasedLetters { letters: &'a Told }
        "{letters} left this mailbox for good."
        "{letters} är borta ur brevlådan för alltid.";
    KeysDestroyed { count: u64 } "Done: the keys were destroyed ({count})" "Klart: nycklarna förstördes ({count})";
    KeysNotDestroyed "Not done: the keys were not destroyed" "Inte gjort: nycklarna förstördes inte";
    LettersOverwritten { count: u64 }
        "Done: letters that nobody else holds were overwritten ({count})"
        "Klart: brev som ingen annan har kvar skrevs över ({count})";
    NoneOverwritten
        "Done: no letters had to be overwritten, since others still hold them"
        "Klart: inga brev behövde skrivas över, för andra har dem kvar";
    LettersNotOverwritten
        "Not done: letters that nobody else holds were not overwritten; this kind of database can't"
        "Inte gjort: brev som ingen annan har kvar skrevs inte över; det kan inte den här sortens databas";
    FilesOverwritten { count: u64 }
        "Done: parts of attachments that nobody else has were overwritten ({count})"
        "Klart: delar av bilagor som ingen annan har kvar skrevs över ({count})";
    FilesDeleted { count: u64 }
        "Done: parts of attachments that nobody else has were deleted from the object store, which can't overwrite ({count})"
        "Klart: delar av bilagor som ingen annan har kvar togs bort ur objektlagret, som inte kan skriva över ({count})";
    FilesNotErased
        "Not done yet: attachments that nobody else has are still being erased; the server goes on with it"
        "Inte gjort än: bilagor som ingen annan har kvar håller på att raderas; servern fortsätter med det";
    LogOverwritten "Done: the database's log was overwritten" "Klart: databasens logg skrevs över";
    LogNotOverwritten
        "Not done: the database's log was not overwritten; this kind of database can't"
        "Inte gjort: databasens logg skrevs inte över; det kan inte den här sortens databas";
    Vacuumed "Done: the database cleared away what was erased" "Klart: databasen städade undan det raderade";
    NotVacuumed
        "Not needed: the database is not cleaned up, since it overwrites instead"
        "Behövs inte: databasen städas inte, för den skriver över i stället";
    NotAOneTimeCode
        "Not a one-time code: it has 12 characters, in three groups of four."
        "En engångskod har 12 tecken, i tre grupper om fyra.";
    NotACode "Not a code: expected six digits." "Koden är sex siffror. Skriv alla sex.";
    RecoveryCodeLength { found: u64 }
        "A recovery code has 28 characters; this has {found}."
        "Koden ska ha 28 tecken, och den här har {found}. Kontrollera att alla sju grupper är med.";
    RecoveryCodeCharacter { position: u64 }
        "A recovery code has no such character as number {position}."
        "Tecken nummer {position} finns inte på något blad. Bladet har bara siffror och bokstäver, aldrig U.";
    RecoveryCodeSlip
        "The recovery code does not check: something is mistyped."
        "Det är något fel i koden. Jämför den med bladet, tecken för tecken.";

    // Letters that begin with another one.
    AnswerSubject { subject: &'a str } "Re: {subject}" "Sv: {subject}";
    ForwardSubject { subject: &'a str } "Fwd: {subject}" "Vb: {subject}";
    ForwardedLetter "Forwarded letter" "Vidarebefordrat brev";
    Written "Written" "Skrivet";

    // Keys.
    NowCompared { who: &'a Address } "The key of {who} is compared." "Nyckeln till {who} är jämförd.";
    ReadDigits
        "Read these digits to each other over a channel you trust, such as a call to a number you already have:"
        "Läs siffrorna för varandra på ett sätt som du litar på, till exempel i ett samtal till ett nummer som du redan har:";
    IfAlike { who: &'a Address, key: &'a str }
        "The key is now: {key}. If all twelve groups are alike: compare {who} --matches"
        "Nyckeln är nu: {key}. Om alla tolv grupper är lika: compare {who} --matches";
    KeyIsNow { who: &'a Address, key: &'a str } "The key of {who} is now: {key}." "Nyckeln till {who} är nu: {key}.";
    KeyOwn "your own" "din egen";
    KeyUnmet "none yet" "ingen än";
    KeyNew "new, so far the server's word only" "ny, än så länge bara enligt servern";
    KeyKnown "known, the one used before" "känd, den som ni har använt förut";
    KeyCompared "compared" "jämförd";
    KeyFormer
        "a former one, given up for another; ask the sender if the letter is theirs"
        "en tidigare, som byttes mot en annan; fråga avsändaren om brevet är deras";
    KeyChanged
        "changed; the server has another one than before, or none"
        "bytt; servern har en annan än förut, eller ingen";
    KeyDiffers
        "one whose digits you found to differ; nothing goes out to it"
        "en vars siffror inte stämde; inget skickas till den";
    NumberIsTheirs "match" "stämmer";
    NumberIsNotTheirs "no match" "stämmer inte";
    Matches { who: &'a Address, number: &'a str }
        "Match: the server says that {number} is the number of {who}. That is the server's word; compare the sixty digits to be sure of the key."
        "Det stämmer: servern säger att {number} är numret till {who}. Det är serverns ord; jämför de sextio siffrorna för att vara säker på nyckeln.";
    NoMatch { who: &'a Address, number: &'a str }
        "No match: {number} is none that {who} has proved, says the server. Somebody else may have registered the address, so nothing goes out to it. Ask for the number over another channel, or compare the sixty digits; contacts write-anyway {who} forgets this answer."
        "Det stämmer inte: {number} är inget nummer som {who} har bevisat, säger servern. Någon annan kan ha skaffat brevlådan, så inget skickas dit. Fråga om numret på annat sätt, eller jämför de sextio siffrorna; contacts write-anyway {who} glömmer svaret.";
    NumberPassedOver { who: &'a Address, key: Standing }
        "What the server said of the number is forgotten. {who} can be written to (key: {key})."
        "Det servern sa om numret är glömt. Det går att skriva till {who} (nyckel: {key}).";
    NeedsPassphrase "An exported key needs a passphrase." "En nyckel som lämnar brevlådan behöver en lösenfras.";

    // Taking along.
    WrittenTo { letters: &'a Told, folder: &'a Path } "{letters} written to {folder}." "{letters} sparade i {folder}.";
    LeftOut { id: LetterId, cause: &'a Told } "{id} was left out: {cause}" "{id} togs inte med: {cause}";
    LeftOutAsDamaged { left_out: &'a Told, written: &'a Told }
        "{left_out} left out as damaged; {written} written."
        "{left_out} gick inte att läsa och togs inte med; {written} sparades.";

    // Whether what was erased is gone.
    TakeOrLook "Say --take FILE or --for FILE." "Ange --take FIL eller --for FIL.";
    SamplesAreThere { file: &'a Path }
        "{file} is there already: name a new file for the samples."
        "{file} finns redan: ange en ny fil för proven.";
    SamplesTaken { samples: u64, letters: &'a Told, file: &'a Path }
        "{samples} samples of {letters} are in {file}. Look for them once now, to see that they are found, and again when the letters are erased. Remove the file after that."
        "{samples} prov på {letters} finns i {file}. Leta efter dem en gång nu, för att se att de hittas, och igen när breven har raderats. Ta bort filen efter det.";
    NotSamples { file: &'a Path, why: &'a str }
        "{file} is no file of samples: {why}. Make one with --take, while the letters are there."
        "{file} är ingen fil med prov: {why}. Gör en med --take, medan breven finns.";
    NoLettersThere { place: &'a str }
        "There are no letters in {place}. Name the data folder of the server, or its configuration with --config."
        "Det finns inga brev i {place}. Ange serverns mapp för data, eller dess inställningar med --config.";
    NoSuchLetterThere { id: LetterId }
        "The server has no letter {id}. Samples are taken before a letter is erased; list and the page's address show its id."
        "Servern har inget brev {id}. Prov tas innan ett brev raderas; list och sidans adress visar dess id.";
    CantLookThrough { file: &'a Path, error: &'a str }
        "{file} can't be read, so nothing is proved: {error}. Run it as the server's user, and for a disk as root."
        "{file} går inte att läsa, så inget är bevisat: {error}. Kör det som serverns användare, och för en disk som root.";
    LookedThrough { place: &'a Path, files: u64, mebibytes: u64, kept: u64, erased: u64 }
        "{place}: {mebibytes} MiB, files: {files}. Letters that are kept and found there: {kept}. Letters of which something erased is found there: {erased}."
        "{place}: {mebibytes} MiB, filer: {files}. Brev som finns kvar och hittades där: {kept}. Brev av vilka något raderat hittades där: {erased}.";
    TraceFound { of: Of, letter: LetterId, file: &'a Path, at: u64 }
        "{of} of {letter} is in {file}, at byte {at}."
        "{of} från {letter} finns i {file}, vid byte {at}.";
    MoreTraces { more: u64 }
        "And {more} more; --json tells them all."
        "Och {more} till; --json visar alla.";
    KeptLetters { letters: &'a Told, found: u64 }
        "Kept: {letters}. Found: {found}."
        "Finns kvar: {letters}. Hittade: {found}.";
    PartlyErased { letters: &'a Told, found: u64 }
        "Erased in part, such as by one of several readers: {letters}. Of these, something erased was found of: {found}."
        "Raderade till en del, till exempel av en av flera läsare: {letters}. Av dem hittades något raderat av: {found}.";
    ErasedLettersSought { letters: &'a Told, found: u64 }
        "Erased: {letters}. Of these, something was found of: {found}."
        "Raderade: {letters}. Av dem hittades något av: {found}.";
    NothingSeenOf { of: Of }
        "{of} is kept by the server and was found nowhere: it lies elsewhere, such as in a bucket or another database."
        "{of} finns kvar hos servern men hittades ingenstans: det ligger någon annanstans, till exempel i en bucket eller en annan databas.";
    AllGone
        "Nothing of what was erased was found, and what is kept was: the search sees."
        "Inget av det raderade hittades, men det som finns kvar hittades: sökningen ser.";
    GoneUnproved
        "Nothing of what was erased was found. None of these letters is kept, so only the search before the erasure shows that they would have been."
        "Inget av det raderade hittades. Inget av de här breven finns kvar, så bara sökningen före raderingen visar att de skulle ha hittats.";
    TracesAreLeft
        "Something of what was erased is left. Look whose file it is: a copy, a log, a disk that does not overwrite. If it is the server's own, tell its makers."
        "Något av det raderade finns kvar. Se vems fil det är: en kopia, en logg, en disk som inte skriver över. Är det serverns egen, säg till dem som gör den.";
    ProvesNothing
        "What is kept was not all found, so it proves nothing that what was erased was not. Look where the data lies with --also, or once more if the server was at work."
        "Inte allt som finns kvar hittades, så det bevisar inget att det raderade inte hittades. Leta där data ligger med --also, eller en gång till om servern arbetade.";
    NothingErasedYet
        "Nothing of these letters is erased yet."
        "Inget av de här breven är raderat än.";

    // This device, and the way to the server.
    Working "Working …" "Arbetar …";
    WorkingFor { seconds: u64 } "Working … {seconds} s" "Arbetar … {seconds} s";
    StillWaits { id: LetterId, cause: &'a Told }
        "Letter {id} still waits: {cause}"
        "Brev {id} väntar fortfarande: {cause}";
    KeysWait { cause: &'a Told }
        "What was learnt about keys waits on this device: {cause}"
        "Det nya om andras nycklar väntar på den här enheten: {cause}";
    NotWrittenDown { cause: &'a Told }
        "What was seen could not be written down: {cause}"
        "Det nya kunde inte sparas: {cause}";
    ProfileElsewhere { server: &'a ServerUrl }
        "This profile is at {server}. Sign out there first, or use another profile folder."
        "Den här profilen hör till {server}. Logga ut där först, eller använd en annan profilmapp.";
    ProfileBusy
        "Another command uses this profile; waiting for it to end."
        "Ett annat kommando använder profilen; väntar på att det blir klart.";
    ServerFileDamaged
        "The profile's file `server` is damaged. Sign out and in again."
        "Profilens fil `server` är skadad. Logga ut och in igen.";
    NoHome "There is no home folder here: say --profile DIR." "Det finns ingen hemkatalog här: ange --profile MAPP.";
    ProfileUnusable { folder: &'a Path, error: &'a str }
        "The profile folder {folder} can't be used: {error}."
        "Profilmappen {folder} går inte att använda: {error}.";
    ProfileHoldsOthers { folder: &'a Path }
        "The profile folder {folder} can't be used: it holds other things and is no profile; name an empty folder or a new one."
        "Mappen {folder} går inte att använda: den innehåller annat och är ingen profil. Ange en tom mapp, eller en ny.";
    CantRead { file: &'a Path, error: &'a str } "{file} can't be read: {error}." "{file} går inte att läsa: {error}.";
    CantReadAsText { file: &'a Path, error: &'a str }
        "{file} can't be read as text: {error}."
        "{file} går inte att läsa som text: {error}.";
    CantWrite { file: &'a Path, error: &'a str }
        "{file} can't be written: {error}."
        "{file} går inte att skriva: {error}.";
    AnswerTooLarge "(the answer is larger than the protocol allows)" "(svaret är större än protokollet tillåter)";
    SomethingElseAnswered { status: u16 }
        "(something else answered with status {status}: a proxy whose server is away, a network that wants you to sign in to it first, or another site)"
        "(något annat svarade med status {status}: en proxy vars server är borta, ett nät som vill att du loggar in först, eller en annan webbplats)";
    NetworkSaid { reason: &'a str } "({reason})" "({reason})";
    DeviceFailed { error: &'a str } "{error}" "Något på den här datorn fungerar inte: {error}";
    Pause { seconds: u64 } "The server asks for a pause of {seconds} s." "Servern ber om en paus på {seconds} s.";
    RequestNumber { request: &'a str } "It is {request}." "Det är {request}.";
}
