//! Attachments as a client sends and gets them: pieces up by tus, ranges down, nothing whole in memory (PROTOCOL §3, §9).
//!
//! An [`Upload`] seals a file while it goes up, a [`Download`] checks one while it comes down; each holds two pieces at most,
//! one on the wire and one in work. Files are read by a [`Source`] and encrypted by a [`Sealer`], which a driver gives: a
//! browser has an AES of its own, a terminal has threads.

mod download;
mod drafted;
mod mailbox;
mod names;
mod sealer;
mod upload;
mod wire;

pub use download::{Download, DownloadError, NotTheFile, Sink, SinkFailed};
pub use drafted::{DraftFile, FileId, Uploaded};
pub use mailbox::UploadName;
pub use names::{Risk, safe_name, several_names, shown_name};
pub use sealer::{Here, Opened, Sealed, Sealer, ToOpen, ToSeal};
pub use upload::{Progress, Source, SourceChanged, Upload, UploadError, UploadState};

#[cfg(test)]
mod tests;
