//! `page`: the page by which anybody writes to one (PROTOCOL §5), as its owner opens and closes it.

use securemailbox_protocol::public_pages::{self, NotAPageTitle, PageName, PageTitle, PublicPage};
use serde_json::json;

use crate::{
    desk::Desk,
    outcome::{Answer, Stop},
    words::Sentence,
};

/// One's own page.
#[derive(Debug, clap::Args)]
pub(crate) struct PageArgs {
    /// Opens a page under this name, or another one in its place: 3 to 40 of a to z, 0 to 9 and hyphens.
    #[arg(long, value_name = "NAME", requires = "title")]
    name: Option<PageName>,
    /// What strangers see above it.
    #[arg(long, value_name = "TITLE", requires = "name", value_parser = title)]
    title: Option<PageTitle>,
    /// Closes it. What was written by it stays.
    #[arg(long, conflicts_with = "name")]
    close: bool,
}

fn title(typed: &str) -> Result<PageTitle, NotAPageTitle> {
    PageTitle::parse(typed)
}

/// Says where one's page is, opens it or closes it.
pub(crate) async fn page(desk: &Desk, PageArgs { name, title, close }: PageArgs) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        if close {
            mailbox.close_page(world).await?;
        } else if let Some((name, title)) = name.clone().zip(title.clone()) {
            mailbox.open_page(world, &PublicPage { name, title }).await?;
        }
        let page = mailbox.public_page(world).await?;
        let text = match &page {
            Some(PublicPage { name, title }) => {
                let address = format!("{}{}{name}", world.http.server().as_str(), public_pages::PATH);
                desk.line(Sentence::PageOpen { title: title.as_str(), address: &address })
            }
            None => desk.line(Sentence::NoPage),
        };
        Ok(Answer::new(json!({ "page": page }), text))
    })
    .await
}
