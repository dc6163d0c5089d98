//! The files of the play.

use std::ops::Range;

use securemailbox_client::{
    attachments::{DraftFile, FileId, Here, Source, SourceChanged, Upload},
    letters::Addressed,
    world::World as _,
};
use securemailbox_protocol::ids::LetterId;
use securemailbox_vault::attachments::Attachment;
use zeroize::Zeroizing;

use super::{Actor, Cast, Stage, TEXT};
use crate::{
    hostile::forge::Rewritten,
    replay::{Act, Life},
    suite::question,
};

/// Three chunks, and a little in the last of them.
pub const FILE: usize = 2 * 256 * 1024 + 1000;

impl Actor<'_> {
    /// Uploads a file that holds nothing but this byte.
    pub(super) async fn uploads(&mut self, name: &str, byte: u8) -> DraftFile {
        let mut day = self.begin();
        day.act(Act::Open).await;
        let Life::Inside(mailbox) = day.life() else { panic!("open") };
        let (world, file) = (day.person(), File(vec![byte; FILE]));
        let mut upload = Upload::new(file.size());
        let sent = mailbox.upload(world, &mut upload, (&file, &Here), &|_| {}, &async |_| {}).await.expect("uploaded");
        let attachment = Upload::attachment(name.into(), "application/pdf".into(), file.size(), sent);
        let file = DraftFile::of(FileId::new(&mut world.rng()), attachment);
        day.act(Act::Close).await;
        self.end(day);
        file
    }
}

/// A letter with a file beside it.
pub(super) fn send_with(to: &Actor<'_>, subject: &str, file: &DraftFile) -> Act {
    let (to, files) = (vec![to.cast.address.clone()], vec![file.clone()]);
    Act::Send { letter: Addressed { to, subject: subject.into(), text: TEXT.into(), files, ..Addressed::default() } }
}

/// A file in memory.
struct File(Vec<u8>);

impl Source for File {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    async fn read(&self, range: Range<u64>) -> Result<Zeroizing<Vec<u8>>, SourceChanged> {
        let range = usize::try_from(range.start).expect("short")..usize::try_from(range.end).expect("short");
        self.0.get(range).map(|bytes| Zeroizing::new(bytes.to_vec())).ok_or(SourceChanged)
    }
}

impl Stage {
    /// The two answers that a file of the stage comes in: its beginning, and everything after that.
    ///
    /// # Panics
    /// When nobody got it on this day.
    #[must_use]
    pub fn file_answers(&self, day: &str, file: &Attachment) -> [Vec<u8>; 2] {
        let asked = format!("GET /api/v1/blobs/{}", file.parts[0].blob);
        let lines = self.days[day].day.transcript.iter().filter(|line| question(line) == asked);
        let answers: Vec<_> = lines.map(|line| line.body.0.clone()).collect();
        answers.try_into().expect("two answers")
    }

    /// The letter with a file that Björn opens on this day, from Anna or from Mallory.
    #[must_use]
    pub fn filed_rewritten(&self, day: &str, id: LetterId, sender: &Cast) -> Rewritten {
        let readers = [&self.bjorn, sender].map(|cast| cast.certificate().fingerprint());
        self.opened((day, day), id, readers.to_vec())
    }
}
