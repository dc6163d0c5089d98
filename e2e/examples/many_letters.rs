//! Fills the inbox of the demo's Anna with letters that four people really sealed, and keeps the server running to look at it:
//! `cargo run --release --package securemailbox-e2e --example many_letters -- FOLDER [HOW_MANY]`, with `SECUREMAILBOX_BIN`
//! naming the command. It ends when its input does.

#![expect(clippy::print_stdout, reason = "it says where to look")]

use std::{io::Read, path::PathBuf};

use futures_util::future::join_all;
use securemailbox_client::letters::Addressed;
use securemailbox_e2e::{
    person::Person,
    server::{Server, Start},
};
use securemailbox_protocol::address::Address;

const TO: &str = "anna@demo.example";
const SENDERS: usize = 4;
/// A text of half a page.
const TEXT: &str = "Tack för att du hörde av dig. Jag har läst igenom allt och återkommer i veckan med svar.\n\n";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().expect("a folder to keep the server's data in"));
    let letters: usize = arguments.next().map_or(20_000, |number| number.parse().expect("how many letters"));
    let server = Server::start(Start::demo(&folder));
    let people = (0..SENDERS).map(|number| write(&server, number, letters / SENDERS));
    join_all(people).await;
    println!("{letters} letters lie in the inbox of {TO} at {}", server.url());
    // Its end is the sign to stop; what is typed means nothing.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

async fn write(server: &Server, number: usize, letters: usize) {
    let person = Person::at(server);
    let (address, phone) = (format!("per{number}@example.se"), format!("+4670174066{number}"));
    let mailbox = person.register(server, &address, &phone, &format!("Per Ek {number}")).await;
    for letter in 0..letters {
        let written = Addressed {
            to: vec![Address::parse(TO).expect("an address")],
            subject: format!("Ärende {letter} från {address}"),
            text: TEXT.repeat(8),
            ..Addressed::default()
        };
        mailbox.send(&person, &written).await.expect("it is taken");
    }
}
