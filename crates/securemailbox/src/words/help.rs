//! The help in Swedish. In English it stands beside what it is about, where clap takes it from; a test holds that nothing of it
//! is without its Swedish words.

use clap::{Arg, ArgAction, Command};

const TEMPLATE: &str = "{about-with-newline}\nAnvändning: {usage}\n\n{all-args}{after-help}";
const EXIT_CODES: &str = "\
SecureMailbox: brev som bara avsändaren och läsaren kan läsa.

Slutar med 0 när det är gjort, 2 vid fel användning eller inställning, 3 när det nekas, 4 när det inte finns, 5 när servern, \
nätet eller den här enheten inte fungerar, 6 när något är skadat eller inte stämmer.";
const CHECK: &str = "\
Titta på en servers inställningar och på allt den behöver, en rad för varje sak.

Slutar med 0 om allt är bra, 1 om något bör ses över, 2 om servern inte skulle starta, och 5 om något runt den inte fungerar, \
till exempel databasen eller ett provmeddelande. Gör och ändrar ingenting.";

const FORENSIC_SCAN: &str = "\
Se själv om raderade brev är borta: ta prov på dem innan, och leta efter proven efteråt.

Breven är förseglade, så ett prov är några byte av det förseglade och säger ingenting. Det som servern har läses bara, medan den \
kör eller inte. Det som finns kvar där skiljs från det som har raderats. Slutar med 0 om något har raderats och inget av det hittas, \
1 om något hittas eller inget har raderats än, och 6 om sökningen inte ser det som finns kvar, och alltså inte bevisar något.";

/// The same commands, explained in Swedish.
pub(crate) fn in_swedish(command: Command) -> Command {
    let mut command = explained(command);
    // Only what is built has the subcommand `help`.
    command.build();
    command.mut_subcommand("help", |help| help.about(about("help")))
}

fn explained(command: Command) -> Command {
    let name = command.get_name().to_owned();
    let long = match name.as_str() {
        "securemailbox" => Some(EXIT_CODES),
        "check" => Some(CHECK),
        "forensic-scan" => Some(FORENSIC_SCAN),
        _ => None,
    };
    let command = command
        .about(about(&name))
        .long_about(long)
        .help_template(TEMPLATE)
        .subcommand_help_heading("Kommandon")
        .disable_help_flag(true)
        .arg(Arg::new("help").short('h').long("help").action(ArgAction::Help));
    let command = if command.get_version().is_some() {
        command
            .disable_version_flag(true)
            .arg(Arg::new("version").short('V').long("version").action(ArgAction::Version))
    } else {
        command
    };
    let mut order = 0..;
    command
        .mut_args(|arg| {
            let heading = if arg.is_positional() { "Argument" } else { "Val" };
            let help = argument(&name, arg.get_id().as_str());
            // Under a heading of ours clap knows no order but this one.
            arg.help(help).long_help(None::<&str>).help_heading(heading).display_order(order.next())
        })
        .mut_subcommands(explained)
}

fn about(command: &str) -> Option<&'static str> {
    Some(match command {
        "securemailbox" => "SecureMailbox: brev som bara avsändaren och läsaren kan läsa",
        "serve" => "Kör servern",
        "check" => "Titta på en servers inställningar och på allt den behöver",
        "forensic-scan" => "Se själv om raderade brev är borta: ta prov på dem innan, och leta efter proven efteråt",
        "register" => "Skaffa en brevlåda, och logga in i den här profilen",
        "login" => "Logga in i den här profilen",
        "recover" => "Kom in igen med återställningsbladet, och välj ett nytt lösenord",
        "logout" => "Logga ut, och radera allt i den här profilen",
        "whoami" => "Säg vems brevlåda det är",
        "sessions" => "Visa var brevlådan är inloggad; logga ut en av enheterna, eller alla utom den här",
        "new-sheet" => "Gör ett nytt återställningsblad; det gamla öppnar inget längre",
        "renew" => {
            "Byt alla lås, när någon annan kan ha varit inne: nycklar, lösenord och blad; andra enheter loggas ut"
        }
        "change-password" => "Byt lösenord; återställningsbladet och dina andra enheter är som förut",
        "factors" => "Visa hur du bekräftar att det är du när du loggar in; lägg till eller ta bort ett sätt",
        "add-authenticator" => "Lägg till en autentiseringsapp, i stället för den förra",
        "add-reserve-phone" => "Lägg till en reservtelefon, om du tappar din egen",
        "replace-phone" => "Byt ditt mobilnummer",
        "remove" => "Ta bort ett sätt",
        "one-time-codes" => "Gör tio engångskoder, om du tappar telefonen; de gamla gäller inte längre",
        "remove-mailbox" => "Radera brevlådan och alla brev i den, efter sju dagar",
        "stop" => "Stoppa den som vill öppna brevlådan med papper, eller radera den, medan det väntar",
        "events" => "Visa vad som har hänt med vem som får öppna brevlådan, de senaste 90 dagarna",
        "invitations" => {
            "Visa dem du har skrivit till som inte har någon brevlåda än; påminn, ta tillbaka eller ändra tiden"
        }
        "page" => "Visa adressen till sidan där vem som helst skriver till dig; öppna eller stäng den",
        "open" => "Läs det en länk leder till, utan brevlåda: en kod går till mobilen som avsändaren har angett",
        "send" => "Skriv ett brev",
        "reply" => "Svara på ett brev: till avsändaren, under samma ämne, i samma samtal",
        "forward" => "Skicka ett brev vidare, med dess ord under dina",
        "list" => "Visa breven i en mapp, nyaste först",
        "read" => "Läs ett brev; avsändaren får ett underskrivet kvitto",
        "save" => "Spara bilagorna till ett brev, eller en av dem",
        "flag" => "Flagga ett brev som du vill komma tillbaka till",
        "unflag" => "Ta bort flaggan från ett brev",
        "unread" => "Markera ett brev som oläst; avsändaren har kvar sitt kvitto",
        "withdraw" => "Ta tillbaka ett brev som du har skickat",
        "move" => "Flytta ett brev till en annan mapp",
        "restore" => "Lägg tillbaka ett brev från arkivet eller papperskorgen",
        "erase" => "Radera ett brev i papperskorgen, för alltid",
        "empty-trash" => "Radera det som ligger i papperskorgen, för alltid",
        "contacts" => "Visa vilka du känner, och deras nycklar",
        "check-number" => {
            "Fråga servern om ett mobilnummer som du känner till är någons; är det inte det skickas inget dit"
        }
        "write-anyway" => "Skriv till någon fast numret inte var deras, enligt servern",
        "compare" => "Visa de sextio siffror som du jämför med någon, i ett samtal eller när ni ses",
        "accept" => "Godkänn någons nya nyckel",
        "export" => "Spara alla brev i en mapp, som .eml-filer, med bilagorna bredvid",
        "export-key" => "Skriv ut din öppna nyckel, eller den privata låst med en lösenfras, för andra program",
        "help" => "Visa hjälpen, eller den för ett kommando",
        _ => return None,
    })
}

fn argument(command: &str, id: &str) -> Option<&'static str> {
    Some(match (command, id) {
        (_, "help") => "Visa den här hjälpen",
        (_, "version") => "Visa versionen",
        (_, "profile") => "Där brevlådan har sina saker [annars $XDG_STATE_HOME/securemailbox]",
        (_, "json") => "Svara med ett JSON-dokument",
        (_, "config") => "Fil med inställningar (TOML); sökvägar i den utgår från dess mapp",
        (_, "data") => "Mapp för data",
        ("serve", "listen") => "Adress och port att lyssna på",
        ("serve", "demo") => "En server med människor i, bara på den här datorn, som visar alla koder på /demo/outbox",
        ("serve", "without_letters") => "Människorna där har inte skrivit till varandra än",
        ("check", "mail") => "Skicka ett provmejl till den här adressen",
        ("check", "sms") => "Skicka ett prov-SMS till det här numret; det kostar som ett SMS",
        ("forensic-scan", "take") => "Först: ta prov på brev som finns, och skriv dem till den här nya filen",
        ("forensic-scan", "letter") => "Bara på det här brevet, efter dess id; kan anges flera gånger",
        ("forensic-scan", "samples") => "Sedan: leta efter proven i den här filen, var de än kan ligga",
        ("forensic-scan", "also") => {
            "Leta här också: på själva disken eller i en rå avbild av den, i en annan fil eller mapp; kan anges flera gånger"
        }
        (_, "server") => "Servern, till exempel https://mail.example.se",
        (_, "email") => "Din adress",
        ("renew", "quick") => "Låt breven vara som de är: de öppnas också med den gamla nyckeln",
        ("renew", "finish") => "Fortsätt där nya lås för breven bröts av; inget annat ändras",
        (_, "password_file") => "Fil vars första rad är lösenordet; annars SECUREMAILBOX_PASSWORD, annars en fråga",
        ("register", "phone") => "Ditt mobilnummer, med landsnummer om det inte är svenskt",
        ("register", "name") => "Ditt namn, så som det står i dina brev",
        ("register", "language") => "Språket i mejl och SMS från servern: sv eller en",
        ("sessions", "end") => "Logga ut den här, efter dess id i listan: enheten öppnar inget längre",
        ("sessions", "end_others") => "Logga ut alla utom den här",
        ("remove", "id") => "Dess id, som factors visar det",
        ("add-reserve-phone" | "replace-phone" | "check-number", "phone") => {
            "Mobilnumret, med landsnummer om det inte är svenskt"
        }
        (_, "id") => "Brevets id, som list visar det",
        (_, "to") => "Till vem; får anges flera gånger",
        (_, "cc") => "Vem som får en kopia, som alla ser; får anges flera gånger",
        (_, "bcc") => "Vem som får en dold kopia, som ingen annan ser; får anges flera gånger",
        ("send", "phone") => {
            "Mobilnumret till någon som inte har brevlåda: hen läser med en länk och en kod som skickas dit"
        }
        ("send", "print_link") => "Skriv ut länken, att lämna över själv. Annars skickar servern den",
        ("send", "new_passphrase") => {
            "Gör en lösenfras av fyra ord åt er två: utan den öppnar länken inget, inte heller för den som driver servern"
        }
        ("send", "passphrase_file") => {
            "Fil vars första rad är en lösenfras som ni två redan har kommit överens om: minst fyra slumpade ord"
        }
        ("open", "passphrase_file") => "Fil vars första rad är orden som ni kom överens om; annars en fråga",
        ("page", "name") => {
            "Öppna en sida med det här namnet, eller en annan i stället: 3 till 40 av a till z, 0 till 9 och bindestreck"
        }
        ("page", "title") => "Det främlingar ser överst på den",
        ("page", "close") => "Stäng den; det som har skrivits via den finns kvar",
        ("invitations", "passphrase") => "Visa orden som du har kommit överens om med den här personen",
        ("open", "link") => "Länken från mejlet; annars en fråga, och då står den inte i någon lista över kommandon",
        ("invitations", "withdraw") => {
            "Ta tillbaka allt som den här personen har av dig, läst eller inte. Länken slutar gälla"
        }
        ("invitations", "remind") => "Skicka länken en gång till till den här personen, högst en gång om dagen",
        ("invitations", "new_tries") => {
            "Ge den här personen tjugo nya försök, när så många fel koder har skrivits. Någon kan ha gissat: ring först"
        }
        ("invitations", "keep") => "Radera allt hos den här personen så många dagar efter det sista brevet (--days)",
        ("invitations", "days") => "Hur många dagar, 1 till 60",
        ("open", "decline") => {
            "Radera allt som någon har skrivit till dig, oläst. Först går en kod till mobilen; avsändaren får veta det"
        }
        ("open", "wrong_number") => "Säg att mobilnumret inte är ditt. Avsändaren får veta det; ingen kod skickas",
        ("open", "answer") => "Svara på det senaste brevet med den här texten",
        (_, "level") => {
            "Kräver att den som läser just har legitimerat sig: phone (SMS-kod), authenticator (autentiseringsapp) eller passkey (lösennyckel). Ett svar och det som skickas vidare kräver vad brevet före krävde, om inte none anges"
        }
        (_, "each") => "Ger var och en ett eget brev, som inte nämner någon annan",
        (_, "subject") => "Ämnet, en rad",
        (_, "text") => "Texten",
        (_, "text_file") => "Fil med texten; - är standard in",
        ("send", "reply_to") => "Brevet som det här svarar på; samtalet går vidare",
        ("reply", "all") => "Till alla som fick det, och inte bara till avsändaren",
        ("list", "folder") => "Vilken: inbox, sent, archive eller trash",
        ("move", "folder") => "Vart: inbox, sent, archive, eller trash, där ett brev raderas efter 30 dagar",
        ("list", "limit") => "Högst så många brev",
        (_, "address") => "Den andras adress",
        ("compare", "matches") => "Säg att siffrorna som den här enheten visade är lika hos er båda",
        (_, "attach") => {
            "En fil att bifoga; kan anges flera gånger. Det som avbröts går vidare när samma kommando ges igen"
        }
        ("save", "number") => "Vilken av bilagorna, räknat från 1 som read visar dem; annars alla",
        ("save", "out") => "Mapp att spara dem i, den skapas om den inte finns; - är standard ut, för en av dem",
        ("export", "out") => "Mappen; den skapas om den inte finns",
        ("export", "encrypted") => "Som PGP/MIME, så som de är sparade: går bara att öppna med nyckeln från export-key",
        ("export-key", "secret") => "Den privata nyckeln, låst med en lösenfras, i stället för den öppna",
        ("export-key", "passphrase_file") => "Fil vars första rad är lösenfrasen; annars en fråga",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::CommandLine;

    #[test]
    fn everything_that_can_be_asked_about_is_explained_in_swedish() {
        let command = in_swedish(CommandLine::command());
        let commands = command.get_subcommands().filter(|command| command.get_name() != "help");
        for command in std::iter::once(&command).chain(commands) {
            let name = command.get_name();
            assert!(about(name).is_some(), "{name}");
            for arg in command.get_arguments() {
                assert!(argument(name, arg.get_id().as_str()).is_some(), "{name} {}", arg.get_id());
            }
        }
    }

    #[test]
    fn a_help_has_no_english_headings() {
        let mut command = in_swedish(CommandLine::command());
        let mut help = |name: &str| command.find_subcommand_mut(name).unwrap().render_long_help().to_string();
        let (send, filing) = (help("send"), help("move"));
        assert!(send.starts_with("Skriv ett brev\n\nAnvändning: securemailbox send "), "{send}");
        assert!(filing.find("  <ID>") < filing.find("  <FOLDER>"), "in the order in which they are typed: {filing}");
        for help in [send, filing, command.render_long_help().to_string()] {
            for english in ["Usage", "Options", "Arguments", "Commands", "Print"] {
                assert!(!help.contains(english), "{help}");
            }
        }
    }
}
