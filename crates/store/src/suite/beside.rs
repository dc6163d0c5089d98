//! What lies there of a letter, seen from beside (PROTOCOL §8; docs/decisions/0037-samples-taken-before.md).

use super::{
    attaching::{upload, with},
    people::{Dice, NOW, again, empty_trash, post, register, trash},
    places::{Place, postgresql, sqlite},
};
use crate::{
    Beside,
    sealed::{LettersAfter, PiecesAfter, SealedOf},
};

async fn a_letter_is_seen_from_beside_as_long_as_it_is_there(place: Place) {
    assert!(Beside::at(place.location().clone()).await.unwrap().is_none(), "nothing is there yet, and nothing is made");
    let (store, mut dice) = (place.open().await, Dice::new(37));
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let file = upload(&store, &mut dice, &anna, 9_000).await;
    let (letter, other) = (with(dice.letter(&[&anna, &bjorn]), &[&file]), dice.letter(&[&anna]));
    for letter in [&letter, &other] {
        post(&store, &anna, vec![again(letter)], NOW).await.unwrap();
    }

    let beside = Beside::at(place.location().clone()).await.unwrap().expect("a server made it");
    let mut ids = [letter.new.id, other.new.id];
    ids.sort();
    assert_eq!(beside.read(LettersAfter(None)).await.unwrap(), ids);
    assert_eq!(beside.read(LettersAfter(Some(ids[0]))).await.unwrap(), [ids[1]]);
    let sealed = beside.read(SealedOf(letter.new.id)).await.unwrap().expect("it is there");
    assert_eq!(sealed.content, letter.content);
    assert_eq!(sealed.envelope, letter.new.envelope.0);
    assert_eq!(sealed.keys.len(), 2, "a key of each reader");
    let mut bytes = Vec::new();
    for (name, length) in &sealed.pieces {
        bytes.extend(place.pieces().read(*name, 0, usize::try_from(*length).unwrap()).await.unwrap());
    }
    assert!(bytes == file.bytes, "the pieces are in their order");
    assert_eq!(beside.read(PiecesAfter(None)).await.unwrap().len(), sealed.pieces.len());

    for person in [&bjorn, &anna] {
        trash(&store, person, letter.new.id).await;
        empty_trash(&store, person.account, NOW).await.unwrap();
    }
    assert!(beside.read(SealedOf(letter.new.id)).await.unwrap().is_none());
    assert!(beside.read(PiecesAfter(None)).await.unwrap().is_empty());
    assert_eq!(beside.read(LettersAfter(None)).await.unwrap(), [other.new.id]);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_is_seen_from_beside_on_sqlite() {
    a_letter_is_seen_from_beside_as_long_as_it_is_there(sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_is_seen_from_beside_on_postgresql() {
    a_letter_is_seen_from_beside_as_long_as_it_is_there(postgresql().await).await;
}
