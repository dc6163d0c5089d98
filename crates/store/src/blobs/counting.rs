//! Whether what the database knows of files is there, and nothing else: for `securemailbox check`, beside a server that runs.

use std::collections::{HashMap, HashSet};

use crate::{
    Inspection, Location, OpenError, Store,
    pieces::{PieceName, Pieces},
};

/// Pieces of files, by how it stands with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Those that belong to a blob.
    pub all: usize,
    /// Those of them that are not there.
    pub missing: usize,
    /// Those of them that have another length.
    pub damaged: usize,
    /// Others that lie there, and of which the database does not know.
    pub orphaned: usize,
}

#[derive(Default)]
struct Suspects {
    missing: HashSet<PieceName>,
    damaged: HashSet<PieceName>,
    orphaned: HashSet<PieceName>,
}

impl Inspection {
    /// Compares what the database knew with what lies there. What looks wrong is looked at once more: a server that runs writes and
    /// erases meanwhile.
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn count_pieces(&self, pieces: &Pieces, location: &Location) -> Result<Counted, OpenError> {
        let all = self.pieces.iter().filter(|piece| piece.lives).count();
        let mut suspects = self.compare(pieces).await?;
        if !(suspects.missing.is_empty() && suspects.damaged.is_empty() && suspects.orphaned.is_empty()) {
            let again = Store::inspect(location.clone()).await?.compare(pieces).await?;
            suspects.missing.retain(|name| again.missing.contains(name));
            suspects.damaged.retain(|name| again.damaged.contains(name));
            suspects.orphaned.retain(|name| again.orphaned.contains(name));
        }
        let Suspects { missing, damaged, orphaned } = suspects;
        Ok(Counted { all, missing: missing.len(), damaged: damaged.len(), orphaned: orphaned.len() })
    }

    async fn compare(&self, pieces: &Pieces) -> Result<Suspects, OpenError> {
        let mut there: HashMap<PieceName, u64> = pieces.list().await?.into_iter().collect();
        let mut suspects = Suspects::default();
        for known in &self.pieces {
            match there.remove(&known.name) {
                None if known.lives => drop(suspects.missing.insert(known.name)),
                Some(length) if known.lives && length != known.length => drop(suspects.damaged.insert(known.name)),
                Some(_) | None => {}
            }
        }
        suspects.orphaned = there.into_keys().collect();
        Ok(suspects)
    }
}
