//! Attachments on the wire: blobs, how they go up by tus 1.0 and come down by range (PROTOCOL §3, §9).
//!
//! A blob is one part of an attachment, sealed. The server knows its length and who may have it. What it is called, whose
//! part it is and what opens it stand in the sealed letter.

use serde::{Deserialize, Serialize};

use crate::ids::BlobId;

/// The version of tus that is spoken here, in the header [`TUS_RESUMABLE`] of every request and answer that uploads.
pub const TUS_VERSION: &str = "1.0.0";
/// Says [`TUS_VERSION`].
pub const TUS_RESUMABLE: &str = "tus-resumable";
/// How many bytes a blob will have, in a request that begins one.
pub const UPLOAD_LENGTH: &str = "upload-length";
/// How many bytes of a blob have arrived: the next piece begins there.
pub const UPLOAD_OFFSET: &str = "upload-offset";
/// The media type of a piece (tus 1.0, core protocol, PATCH).
pub const PIECE: &str = "application/offset+octet-stream";
/// The header of a draft's write that says which blobs it refers to, by their ids with commas between. Absent: none.
pub const BLOBS: &str = "blobs";

/// `201` of `POST /blobs`, with the address for the pieces in `Location`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewBlob {
    /// What letters and drafts refer to it by.
    pub id: BlobId,
}

/// Writes the ids of a draft's blobs as [`BLOBS`] says them.
#[must_use]
pub fn in_a_header(blobs: &[BlobId]) -> String {
    blobs.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// The header [`BLOBS`] names none, the same one twice, or more than [`crate::limits::BLOBS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the ids of at most {} blobs, each once, with commas between", crate::limits::BLOBS)]
pub struct NotBlobs;

/// Reads what [`in_a_header`] wrote.
///
/// # Errors
/// [`NotBlobs`]
pub fn from_a_header(text: &str) -> Result<Vec<BlobId>, NotBlobs> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut blobs = Vec::new();
    for id in text.split(',') {
        let id = id.trim().parse().map_err(|_| NotBlobs)?;
        if blobs.len() == crate::limits::BLOBS || blobs.contains(&id) {
            return Err(NotBlobs);
        }
        blobs.push(id);
    }
    Ok(blobs)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits;

    #[test]
    fn each_blob_is_named_once_and_there_are_not_too_many() {
        let ids = |number: usize| -> Vec<_> {
            (0..number).map(|at| BlobId::from_bytes([u8::try_from(at).unwrap(); 16])).collect()
        };
        let (all, more) = (ids(limits::BLOBS), ids(limits::BLOBS + 1));
        assert_eq!(from_a_header(&in_a_header(&all)), Ok(all.clone()));
        assert_eq!(from_a_header(&in_a_header(&more)), Err(NotBlobs));
        assert_eq!(from_a_header(&in_a_header(&[all[0], all[0]])), Err(NotBlobs));
        assert_eq!(from_a_header(""), Ok(Vec::new()));
        assert_eq!(from_a_header(","), Err(NotBlobs));
        assert!(in_a_header(&all).len() < 6000, "a proxy takes a header of 8 kB");
    }

    proptest! {
        #[test]
        fn what_a_header_says_is_read_or_refused(text in "[0-9a-f,-]{0,200}") {
            if let Ok(blobs) = from_a_header(&text) {
                prop_assert_eq!(from_a_header(&in_a_header(&blobs)), Ok(blobs));
            }
        }
    }
}
