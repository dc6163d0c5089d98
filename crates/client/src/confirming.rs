//! Confirming that it is still the same person (PROTOCOL §6): an act that was refused as `proof-required`, or a letter as
//! `level-required`, may be tried again once the session was proved afresh. One way for both.

use securemailbox_protocol::{
    endpoints,
    factors::{Answer, FactorOffer, Offers, SessionProof},
};

use crate::{
    factors::{CodeToEnter, FactorToChoose},
    failure::CallError,
    mailbox::Mailbox,
    world::World,
};

/// The session is to be proved afresh.
#[derive(Debug, Clone, Copy)]
pub struct Confirming;

impl Mailbox {
    /// Begins with the offers of the refusal. A letter that its list calls locked was refused without any: then the server
    /// is asked. Nothing is sent yet.
    ///
    /// # Errors
    /// [`CallError`]; `unreadable-answer` if there is nothing to prove it by.
    pub async fn confirm(
        &self,
        world: &impl World,
        offers: Vec<FactorOffer>,
    ) -> Result<FactorToChoose<Confirming>, CallError> {
        let offers = if offers.is_empty() {
            let Offers { offers } = self.session.api(world).get(endpoints::FACTORS_OF_SESSION.here()).await?;
            offers
        } else {
            offers
        };
        let to_choose = FactorToChoose::new(Confirming, endpoints::CHOOSE_FACTOR_OF_SESSION.here(), offers)?;
        Ok(to_choose.with_token(self.session.token()))
    }
}

impl CodeToEnter<Confirming> {
    /// Enters the code: the session stands at its level from now. A refused code may be entered again.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn enter(&self, world: &impl World, answer: &Answer) -> Result<SessionProof, CallError> {
        let asked = self.asked();
        asked.api(world).send(endpoints::PROVE_FACTOR_OF_SESSION.here(), &asked.proof(answer)).await
    }
}

#[cfg(test)]
mod tests {
    use securemailbox_protocol::{
        factors::{Code, FactorKind, FactorOffer},
        ids::{FactorId, SessionId},
        levels::Level,
        problems::{ProblemDetails, ProblemType},
    };
    use serde_json::json;

    use super::*;
    use crate::{
        failure::Failure,
        fixtures::{NOW, TestWorld, annas_mailbox, ok, problem, ready},
        transport::Response,
    };

    fn phone(hint: &str) -> FactorOffer {
        FactorOffer { id: FactorId::from_bytes([4; 16]), kind: FactorKind::Phone, hint: hint.into() }
    }

    fn refused(kind: ProblemType, offers: &[FactorOffer]) -> Response {
        let mut details = ProblemDetails::new(kind);
        details.members.insert("offers".into(), json!(offers));
        Response { body: serde_json::to_vec(&details).unwrap(), ..problem(kind) }
    }

    #[test]
    fn what_was_refused_says_how_to_go_on_and_goes_on_after_a_proof() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        let session = SessionId::from_bytes([5; 16]);
        let path: &'static str = Box::leak(format!("/sessions/{session}").into_boxed_str());
        world.server.will(path, refused(ProblemType::ProofRequired, &[phone("12")]));
        let refused = ready(mailbox.end_session(&world, session)).unwrap_err();
        let offers = refused.explain().offers;
        assert_eq!(offers, [phone("12")]);

        let to_choose = ready(mailbox.confirm(&world, offers)).unwrap();
        assert!(world.server.bodies("/sessions/current/proofs").is_empty(), "nothing is sent before one is chosen");
        let code_to_enter = to_choose.choose(to_choose.only().unwrap());
        world.server.will("/sessions/current/proofs", ok(&()));
        ready(code_to_enter.asked().send(&world)).unwrap();
        world.server.will("/sessions/current/proofs/enter", ok(&SessionProof { level: Level::Phone, proved: NOW }));
        ready(code_to_enter.enter(&world, &Code::parse("123456").unwrap().into())).unwrap();
        world.server.will(path, ok(&()));
        ready(mailbox.end_session(&world, session)).unwrap();
    }

    #[test]
    fn where_the_refusal_offers_nothing_the_server_is_asked() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        world.server.will("/sessions/current/proofs", ok(&Offers { offers: vec![phone("12")] }));
        assert_eq!(ready(mailbox.confirm(&world, Vec::new())).unwrap().offers(), [phone("12")]);
        world.server.will("/sessions/current/proofs", ok(&Offers { offers: Vec::new() }));
        assert!(matches!(ready(mailbox.confirm(&world, Vec::new())), Err(CallError::Unreadable)));
    }

    /// ATTACKS 46: what a person is told by us is not what the server would like to tell them.
    #[test]
    fn a_hint_is_two_digits_and_no_sentence_of_the_servers() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        for hint in ["", "1", "123", "12. Ring 08-123 456 78", "1\u{202e}", "\u{661}\u{662}"] {
            let confirmed = ready(mailbox.confirm(&world, vec![phone(hint)]));
            assert!(matches!(confirmed, Err(CallError::Unreadable)), "{hint:?}");
        }
        let mail = FactorOffer { kind: FactorKind::Address, ..phone("mail.example") };
        assert!(ready(mailbox.confirm(&world, vec![mail])).is_err());
    }
}
