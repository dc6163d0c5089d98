//! The files of a draft: those that are at the server, and those that are still on their way.

use std::{fmt, str::FromStr};

use rand::{CryptoRng, RngCore};
use securemailbox_protocol::{coding::hex, ids::LetterId, limits};
use securemailbox_vault::attachments::{Attachment, FileHash, Part, Thumbnail};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Names a file of a draft, on every device of its writer. Not sent to anybody.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId([u8; 16]);

impl FileId {
    /// A fresh one.
    pub fn new(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

impl FileId {
    /// That of an attachment of a letter, for who passes it on.
    #[must_use]
    pub fn of_letter(letter: LetterId, number: usize) -> Self {
        let hash = Sha256::new_with_prefix(letter.as_bytes()).chain_update((number as u64).to_be_bytes()).finalize();
        Self(hash.first_chunk().copied().unwrap_or_default())
    }
}

/// It is no [`FileId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a file: 32 hexadecimal digits, capitals")]
pub struct NotAFileId;

impl FromStr for FileId {
    type Err = NotAFileId;
    fn from_str(text: &str) -> Result<Self, NotAFileId> {
        hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(NotAFileId)
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileId(…)")
    }
}

impl Serialize for FileId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FileId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A file of a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftFile {
    /// Names it.
    pub id: FileId,
    /// What it is called.
    pub name: String,
    /// Its media type, as whoever added it has it.
    #[serde(rename = "type")]
    pub media_type: String,
    /// How long it is, in bytes.
    pub size: u64,
    /// What the letter will say of it, once all of it is at the server. Until then its bytes are on one device only.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub uploaded: Option<Uploaded>,
}

/// What is known of a file that is whole at the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uploaded {
    sha256: FileHash,
    parts: Vec<Part>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    thumbnail: Option<Thumbnail>,
}

impl Uploaded {
    /// A file that went up, and what it looks like, where it is a picture.
    #[must_use]
    pub fn new((sha256, parts): (FileHash, Vec<Part>), thumbnail: Option<Thumbnail>) -> Self {
        Self { sha256, parts, thumbnail }
    }

    /// What is kept of an attachment that lies at the server.
    #[must_use]
    pub fn of(attachment: &Attachment) -> Self {
        let Attachment { sha256, parts, thumbnail, .. } = attachment;
        Self { sha256: *sha256, parts: parts.clone(), thumbnail: thumbnail.clone() }
    }
}

impl DraftFile {
    /// An attachment as a file of a draft: one that was uploaded, or is forwarded.
    #[must_use]
    pub fn of(id: FileId, attachment: Attachment) -> Self {
        let Attachment { name, media_type, size, sha256, parts, thumbnail } = attachment;
        Self { id, name, media_type, size, uploaded: Some(Uploaded { sha256, parts, thumbnail }) }
    }

    /// What the letter says of it; none while it is not whole at the server.
    #[must_use]
    pub fn attachment(&self) -> Option<Attachment> {
        let Uploaded { sha256, parts, thumbnail } = self.uploaded.clone()?;
        let Self { name, media_type, size, .. } = self.clone();
        Some(Attachment { name, media_type, size, sha256, parts, thumbnail })
    }

    /// Leaves the small pictures of the first, as many as a letter has, and takes those of the others away.
    pub fn spare_thumbnails(files: &mut [Self]) {
        let thumbnails = files.iter_mut().filter_map(|file| file.uploaded.as_mut()).map(|file| &mut file.thumbnail);
        for thumbnail in thumbnails.filter(|thumbnail| thumbnail.is_some()).skip(limits::THUMBNAILS) {
            *thumbnail = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_files_have_a_small_picture_as_a_letter_may() {
        let thumbnail = Thumbnail::new(vec![0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 100, 0, 200]);
        assert!(thumbnail.is_some());
        let file = |number| DraftFile {
            id: FileId::of_letter(LetterId::from_bytes([1; 16]), number),
            name: "Bild.jpg".into(),
            media_type: "image/jpeg".into(),
            size: 0,
            // Every other one is no picture.
            uploaded: Some(Uploaded::new(
                (FileHash([1; 32]), Vec::new()),
                thumbnail.clone().filter(|_| number % 2 == 0),
            )),
        };
        let mut files: Vec<_> = (0..3 * limits::THUMBNAILS).map(file).collect();
        DraftFile::spare_thumbnails(&mut files);
        let shown = |file: &DraftFile| file.attachment().unwrap().thumbnail.is_some();
        assert_eq!(files.iter().filter(|file| shown(file)).count(), limits::THUMBNAILS);
        assert!(files[..2 * limits::THUMBNAILS].iter().step_by(2).all(shown), "the first of them");
    }
}
