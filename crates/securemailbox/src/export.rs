//! `export`: every letter as a file.

use std::path::PathBuf;

use securemailbox_client::{
    failure::{Class, Failure},
    letters::Form,
};
use serde_json::json;

use crate::{
    attachments,
    desk::Desk,
    files,
    outcome::{Answer, Stop},
    words::{Sentence, cause, letters},
};

/// Where to, and in which form.
#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    /// The folder; made if it is not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// As PGP/MIME, as it is stored: opens with the exported key only.
    #[arg(long)]
    encrypted: bool,
}

/// Writes `ID.eml` for each letter, and a folder `ID` with its attachments if it has some. A damaged one is named and left out; the others are written all the same, and the end
/// says that something is missing.
pub(crate) async fn export(desk: &Desk, ExportArgs { out, encrypted }: ExportArgs) -> Result<Answer, Stop> {
    let form = if encrypted { Form::Encrypted } else { Form::Plain };
    let trouble =
        |error: std::io::Error| Stop::unavailable(Sentence::CantWrite { file: &out, error: &error.to_string() });
    desk.at_mailbox(async |world, mailbox| {
        files::make_folder(&out).map_err(trouble)?;
        let (mut exported, mut damaged, mut files_written) = (Vec::new(), Vec::new(), 0);
        for id in mailbox.letters() {
            match mailbox.export(world, id, form).await {
                Ok(eml) => {
                    files::write_whole(&out, &format!("{id}.eml"), &eml).map_err(trouble)?;
                    match attachments::export(desk, (world, mailbox), id, &out, form).await {
                        Ok(written) => files_written += written,
                        Err(stop) if stop.is_unavailable() => return Err(stop),
                        Err(stop) => {
                            desk.note(Sentence::FilesLeftOut { id, why: stop.detail() });
                            damaged.push(json!({ "id": id, "error": "not-the-file" }));
                        }
                    }
                    exported.push(id);
                }
                Err(error) if error.explain().class == Class::Unavailable => return Err(error.into()),
                Err(error) => {
                    desk.note(Sentence::LeftOut { id, cause: &cause(&error) });
                    damaged.push(json!({ "id": id, "error": error.explain().name }));
                }
            }
        }
        let (written, left_out) = (letters(exported.len()), damaged.len());
        let document = json!({ "exported": exported, "files": files_written, "damaged": damaged });
        if left_out == 0 {
            let text = desk.line(Sentence::WrittenTo { letters: &written, folder: &out });
            return Ok(Answer::new(document, text));
        }
        // A backup that lacks something must not look like one that is whole.
        let sentence = Sentence::LeftOutAsDamaged { left_out: &letters(left_out), written: &written };
        Err(Stop::damaged(sentence)
            .with("exported", document["exported"].clone())
            .with("damaged", document["damaged"].clone()))
    })
    .await
}
