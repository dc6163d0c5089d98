//! Letters: sent without loss, listed and read only when verified (PROTOCOL §3, §4).

pub(crate) mod briefs;
mod damage;
mod deliveries;
mod draft;
mod drafts;
mod export;
mod filing;
mod handing_in;
mod list;
mod outgoing;
mod read;
mod rewrapping;
mod sealing;
mod send;
mod summary;
mod taking_back;
mod waiting;

pub use damage::{Damage, DamageName, NotShown};
pub use deliveries::{ReadAt, ReaderDelivery, ReceiptRefused};
pub use draft::{Addressed, Answers, Draft, NotADraft, NotAddressed, TextPrint, Typed};
pub use drafts::{Beside, DraftError, DraftRow, SavedDraft};
pub use export::Form;
pub use handing_in::HandedIn;
pub use list::Row;
pub use outgoing::{GivenBack, NotSent};
pub use read::{ReadError, Reading, ReadingWarning};
pub use rewrapping::Rewrapping;
pub use send::{SendError, Sent, StillWaiting};
pub use summary::{LetterRow, OpenContent, SentTo, Summary};
pub use taking_back::TakeBackError;
pub use waiting::{Waiting, post};
