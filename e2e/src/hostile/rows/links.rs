//! Rows 19, 29 and 30 for somebody who comes by a link: what it opens, and whom they write with.

use rand::rngs::OsRng;
use securemailbox_client::{directory::LookUpError, letters::Damage, records::RecordError, sign_in::SignInError};
use securemailbox_protocol::{
    directory::{Claimed, Listing},
    invitations::LinkSignIn,
    letters::Entry,
    sessions::NewSession,
    sync::Changes,
};
use securemailbox_vault::{
    claims,
    keyring::Keyring,
    letters::{Outgoing, seal},
};

use crate::{
    hostile::{
        days::{ANSWERS_BY_A_LINK, FIRST_CHANGES, READS_BY_A_LINK, SHOWS_MALLORYS_LINK, WRITES_TO_A_GUEST},
        forge::Forged,
        plot::{failed, unlisted, unread},
        stage::{Stage, TO_A_GUEST},
    },
    suite::Case,
};

use super::keys::{LOOK_UP, POST, operators, sent_with};

const BEGIN: &str = "POST /sign-ins/link";
const SHOW: usize = 0;
const ENTER: usize = 1;
const LIST: usize = 2;
const READ: usize = 3;
const ANSWER: usize = 2;

/// What two links open, one in the place of the other.
pub(super) fn swapped(stage: &Stage) -> Vec<Case> {
    let asked = stage.asked(READS_BY_A_LINK, "/proofs/enter");
    let mallorys = stage.session(SHOWS_MALLORYS_LINK);
    let lie = |name: &str, change: &dyn Fn(&mut NewSession)| {
        let plot = stage.lie(19, READS_BY_A_LINK, name).tells(&asked, change);
        plot.stops(ENTER, failed(SignInError::SlotDoesNotOpen)).case()
    };
    vec![
        lie("the share of Mallory's link stands for that of Anna's", &|session| session.share = mallorys.share.clone()),
        lie("the slot of Mallory's link stands for that of Anna's", &|session| session.slots = mallorys.slots.clone()),
        lie("slot and share of Mallory's link stand for those of Anna's", &|session| {
            (session.slots, session.share) = (mallorys.slots.clone(), mallorys.share.clone());
        }),
        lie("all that Mallory's link is answered stands for what Anna's is", &|session| *session = mallorys.clone()),
        lie("there is no share", &|session| session.share = None),
    ]
}

/// Who has a mailbox now is known to whoever wrote by what the guest's key said of it, and by nothing that an operator could say.
pub(super) fn another_claimant(stage: &Stage) -> Vec<Case> {
    const SEND: usize = 1;
    let (at, eva) = (stage.days[WRITES_TO_A_GUEST].day.now, &stage.eva);
    let [shown, other] = [(); 2].map(|()| operators(stage, &eva.address));
    let lie = |name: &str, signed: Option<(&Keyring, &Keyring)>| {
        let claimed = signed.map(|(signer, claimant)| Claimed {
            guest: eva.certificate().hash(),
            statement: claims::sign(signer.present(), claimant.present().certificate(), at, &mut OsRng),
        });
        let plot = stage
            .lie(29, WRITES_TO_A_GUEST, name)
            .tells(LOOK_UP, |listing: &mut Listing| {
                listing.certificate = shown.present().certificate().bytes().to_vec().into();
                listing.claimed = claimed.clone();
            })
            .shows(SEND, failed(LookUpError::KeyChanged))
            .never_asks(POST);
        // Asked for where somebody is said to have claimed.
        let plot = if signed.is_some() { plot.certificate_is_there(eva.certificate().bytes()) } else { plot };
        plot.case()
    };
    vec![
        lie("another key for who was written to by a link, and nothing says so", None),
        lie("the key that takes the guest's place says it itself", Some((&shown, &shown))),
        lie("the guest's key said it of another one", Some((&eva.keyring, &other))),
    ]
}

/// Whoever wrote is known to the guest by the key that the sender's client put there.
pub(super) fn another_correspondent(stage: &Stage) -> Vec<Case> {
    let operators = operators(stage, &stage.anna.address);
    let certificate = operators.present().certificate().bytes();
    let forged = forged(stage, &operators);
    let mallory = &stage.mallory.address;
    vec![
        stage
            .lie(30, ANSWERS_BY_A_LINK, "another key for whoever wrote: no answer goes out")
            .tells(LOOK_UP, |listing: &mut Listing| listing.certificate = certificate.to_vec().into())
            .shows(ANSWER, failed(LookUpError::KeyChanged))
            .never_asks(POST)
            .case(),
        stage
            .lie(30, READS_BY_A_LINK, "a letter that the operator signed with a key of the address of whoever wrote")
            .tells(FIRST_CHANGES, |changes: &mut Changes| {
                let listed = changes.entries.iter_mut().find(|entry| entry.id == stage.evas).expect("it is new");
                *listed = Entry { change: listed.change, ..forged.entry.clone() };
            })
            .serves(&format!("GET /letters/{}/content", stage.evas), &forged.content)
            .certificate_is_there(certificate)
            .lists(LIST, TO_A_GUEST, unlisted(Damage::SenderKeyChanged))
            .shows(READ, unread(Damage::SenderKeyChanged))
            .case(),
        stage
            .lie(30, READS_BY_A_LINK, "somebody else is said to have written: the letter says who did")
            .tells(BEGIN, |begun: &mut LinkSignIn| begun.from = mallory.clone())
            .shows(SHOW, mallory.as_str())
            .case(),
        stage
            .lie(30, READS_BY_A_LINK, "it is said to have been written to somebody else")
            .tells(BEGIN, |begun: &mut LinkSignIn| begun.address = mallory.clone())
            .stops(ENTER, failed(RecordError::UnknownForm))
            .case(),
    ]
}

/// A letter to the guest in the name of whoever wrote, signed with a key that the operator made for that address.
fn forged(stage: &Stage, operators: &Keyring) -> Forged {
    let changes: Changes = stage.answer(READS_BY_A_LINK, FIRST_CHANGES);
    let entry: Entry = changes.entries.into_iter().find(|entry| entry.id == stage.evas).expect("it is new");
    let outgoing = Outgoing {
        id: entry.id,
        thread: entry.thread,
        name: Some("Anna Lindqvist".into()),
        to: vec![stage.eva.certificate().clone()],
        cc: Vec::new(),
        subject: TO_A_GUEST.into(),
        text: "Skicka ditt personnummer.".into(),
        date: entry.arrived,
        signed: entry.arrived,
        in_reply_to: None,
        references: Vec::new(),
        level: None,
        attachments: Vec::new(),
    };
    let sealed = seal(&outgoing, operators.present(), &mut OsRng).expect("a letter");
    let forged = Forged::sealed(&entry, sealed, outgoing.thread, &stage.eva.keyring);
    Forged { entry: sent_with(&forged.entry, operators.present().certificate().bytes()), ..forged }
}
