//! Handing drafts in: what lies sealed on this device becomes a `draft` record when the server answers (PROTOCOL §3, §9a).

use securemailbox_protocol::{
    endpoints,
    ids::RecordId,
    numbers::Version,
    problems::ProblemType,
    records::{RecordHead, RecordPurpose},
};

use crate::{
    device::{DeviceFailed, Expected, Table, Written},
    failure::CallError,
    keeping::RecordRow,
    mailbox::Mailbox,
    records::{RecordError, is_stale, new_head},
    rows::{self, Found},
    world::World,
};

use super::{
    Beside, Draft, DraftError, SavedDraft, TextPrint,
    drafts::{LocalDraft, TRIES, fresh, is_gone, is_not_found},
};

/// What became of a draft that was handed in to the server.
#[derive(Debug)]
pub struct HandedIn {
    /// The record it was saved under.
    pub record: RecordId,
    /// The record it has now, and whether somebody else's text stands in the former one; or why the server refused it.
    pub handed_in: Result<SavedDraft, DraftError>,
}

impl Mailbox {
    /// Hands in every draft that the server does not have in this form, but for those that are on their way out.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn hand_in_drafts(&self, world: &impl World) -> Result<Vec<HandedIn>, DeviceFailed> {
        self.erase_risen(world).await;
        self.look_at_unsent(world).await?;
        let drafts: Vec<RecordId> = {
            let state = self.state.borrow();
            state.drafts_here.iter().filter(|id| !state.is_outgoing(**id)).copied().collect()
        };
        let mut all = Vec::new();
        for record in drafts {
            all.push(HandedIn { record, handed_in: self.hand_in(world, record).await });
        }
        Ok(all)
    }

    /// Hands in one draft, and says under which record.
    ///
    /// # Errors
    /// [`DraftError`]: it stays on this device.
    pub async fn hand_in(&self, world: &impl World, id: RecordId) -> Result<SavedDraft, DraftError> {
        let found: Found<LocalDraft> = self.rows(world).get(Table::Draft, *id.as_bytes()).await?;
        let expected = found.expected();
        let Some(LocalDraft { draft, version, look_first, seen }) = found.value else {
            return Ok(SavedDraft { id, beside: None });
        };
        let (bytes, print, blobs) = (draft.to_bytes(), draft.print(), draft.blobs());
        if draft.is_too_long() {
            return Err(DraftError::TooLong);
        }
        if let Some(error) = self.refused_before(id, print) {
            return Err(error);
        }
        let mut saved = SavedDraft { id: self.unspent(world, Some(id)).await?, beside: None };
        let mut over = if saved.id == id { version } else { Version::ZERO };
        let is_new = saved.id == id && over == Version::ZERO;
        let written_by_another_tab =
            is_new && self.rows(world).get::<RecordRow>(Table::Record, *id.as_bytes()).await?.tag.is_some();
        let mut look_first = saved.id == id && (look_first || written_by_another_tab);
        if is_new && !look_first {
            // If no answer comes, the record may be there, and may be gone again when this is tried anew.
            let row = LocalDraft { draft, version, look_first: true, seen: seen.clone() };
            let write = self.rows(world).put(Table::Draft, *id.as_bytes(), expected, &row, &mut world.rng());
            if self.rows(world).write(vec![write]).await? == Written::Stale {
                return Err(RecordError::Contended.into());
            }
        }
        for _ in 0..TRIES {
            if std::mem::take(&mut look_first) {
                match self.fetch_record(world, &new_head(saved.id, RecordPurpose::Draft)).await {
                    Ok((head, text)) => {
                        let there = Draft::from_bytes(&text).map_err(|_| RecordError::UnknownForm)?.print();
                        over = head.version;
                        if there != print && !seen.contains(&there) {
                            saved = SavedDraft { id: fresh(world), beside: Some(Beside(saved.id)) };
                            over = Version::ZERO;
                        }
                    }
                    Err(error) if is_gone(&error) => {
                        saved = SavedDraft { id: fresh(world), beside: None };
                        over = Version::ZERO;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            let head = RecordHead { version: over, ..new_head(saved.id, RecordPurpose::Draft) };
            match self.put_record_with(world, &head, &bytes, &blobs).await {
                Ok(()) => return self.has_handed_in(world, id, saved, print, over.next()).await,
                Err(error) if is_stale(&error) => look_first = true,
                // Erased since the last sync, by whoever sent it or threw it away elsewhere: this is another draft now.
                Err(error) if is_gone(&error) => {
                    saved = SavedDraft { id: fresh(world), beside: None };
                    over = Version::ZERO;
                }
                Err(RecordError::Call(error)) if error.problem() == Some(ProblemType::BlobMissing) => {
                    return self.hand_in_without_missing(world, id, error).await;
                }
                Err(error) => {
                    if is_too_large(&error) {
                        self.state.borrow_mut().too_large.insert(id, (print, error.clone()));
                    }
                    return Err(error.into());
                }
            }
        }
        Err(RecordError::Contended.into())
    }

    /// A file that the draft refers to is not at the server any more: the draft says so from now on, and is handed in. Its writer is told,
    /// who has the file.
    async fn hand_in_without_missing(
        &self,
        world: &impl World,
        id: RecordId,
        refused: CallError,
    ) -> Result<SavedDraft, DraftError> {
        let rows = self.rows(world);
        let found: Found<LocalDraft> = rows.get(Table::Draft, *id.as_bytes()).await?;
        let expected = found.expected();
        let Some(there) = found.value else { return Ok(SavedDraft { id, beside: None }) };
        let before = there.draft.print();
        let draft = self.without_missing_files(world, there.draft.clone()).await.map_err(RecordError::from)?;
        let print = draft.print();
        if print == before {
            return Err(RecordError::Call(refused).into());
        }
        let seen = there.seen.into_iter().chain([print]).collect();
        let row = LocalDraft { draft, seen, version: there.version, look_first: there.look_first };
        let write = rows.put(Table::Draft, *id.as_bytes(), expected, &row, &mut world.rng());
        if rows.write(vec![write]).await? == Written::Stale {
            return Err(RecordError::Contended.into());
        }
        self.state.borrow_mut().saw(id, print);
        self.forget_files(&row.draft);
        Box::pin(self.hand_in(world, id)).await?;
        Err(RecordError::Call(refused).into())
    }

    /// Why the server, or something on the way to it, took nothing as large as this very text: it is not asked again.
    fn refused_before(&self, id: RecordId, print: TextPrint) -> Option<DraftError> {
        let state = self.state.borrow();
        let (refused, error) = state.too_large.get(&id)?;
        (*refused == print).then(|| error.clone().into())
    }

    async fn has_handed_in(
        &self,
        world: &impl World,
        id: RecordId,
        saved: SavedDraft,
        print: TextPrint,
        version: Version,
    ) -> Result<SavedDraft, DraftError> {
        {
            let mut state = self.state.borrow_mut();
            // Another tab's text is not seen here by being handed in.
            if state.has_seen(id, print) {
                state.saw(saved.id, print);
                state.seen_versions.insert(saved.id, version);
            }
        }
        // Before the draft goes from the device: another tab that sends it has to know what stands in its record.
        self.write_records_down(world).await?;
        self.handed_in(world, id, saved.id, print, version).await?;
        Ok(saved)
    }

    /// What was handed in goes from the device; what was typed meanwhile stays, to be written over it.
    async fn handed_in(
        &self,
        world: &impl World,
        from: RecordId,
        to: RecordId,
        print: TextPrint,
        version: Version,
    ) -> Result<(), DeviceFailed> {
        let rows = self.rows(world);
        for _ in 0..TRIES {
            let found: Found<LocalDraft> = rows.get(Table::Draft, *from.as_bytes()).await?;
            let expected = found.expected();
            let mut writes = vec![rows::erase(Table::Draft, *from.as_bytes(), expected)];
            let typed_meanwhile = found.value.filter(|there| there.draft.print() != print);
            let stays = typed_meanwhile.is_some();
            if let Some(there) = typed_meanwhile {
                let row = LocalDraft { version, look_first: false, ..there };
                let expected = if from == to { expected } else { Expected::Nothing };
                if from == to {
                    writes.clear();
                }
                writes.push(rows.put(Table::Draft, *to.as_bytes(), expected, &row, &mut world.rng()));
            }
            // A letter that this draft is, or was, takes its record along: then the text stays here until it is known
            // whether that letter has it.
            writes.extend(
                [Table::Waiting, Table::Spent].map(|table| rows::erase(table, *to.as_bytes(), Expected::Nothing)),
            );
            if rows.write(writes).await? == Written::Whole {
                let mut state = self.state.borrow_mut();
                state.drafts_here.remove(&from);
                if stays {
                    state.drafts_here.insert(to);
                }
                if from != to
                    && let Some(seen) = state.seen_texts.get(&from).cloned()
                {
                    state.seen_texts.insert(to, seen);
                }
                return Ok(());
            }
            if self.is_or_was_a_letter(world, to).await? {
                return Ok(());
            }
        }
        Err(DeviceFailed)
    }

    /// Erases drafts at the server that went, here or elsewhere, and were written once more by a request that came late.
    async fn erase_risen(&self, world: &impl World) {
        let risen: Vec<RecordId> = self.state.borrow().replica.risen().collect();
        for id in risen {
            match self.session.api(world).delete(endpoints::ERASE_RECORD.of(id)).await {
                Err(error) if !is_not_found(&error) => {}
                Ok(()) | Err(_) => self.state.borrow_mut().replica.laid_to_rest(id),
            }
        }
    }
}

const fn is_too_large(error: &RecordError) -> bool {
    match error {
        RecordError::Call(CallError::TooLargeForProxy) => true,
        RecordError::Call(CallError::Problem(problem)) => matches!(problem.kind, ProblemType::TooLarge),
        RecordError::Call(_)
        | RecordError::Refused(_)
        | RecordError::Device(_)
        | RecordError::DoesNotOpen
        | RecordError::UnknownForm
        | RecordError::Contended => false,
    }
}
