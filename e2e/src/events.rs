//! An event stream as a browser reads it (HTML §9.2.6), as much of it as ours needs.

use reqwest::Response;
use securemailbox_protocol::sync::Pulse;

/// An answer to `GET /events` that is being read.
pub struct Events {
    answer: Response,
    read: String,
}

impl Events {
    /// Reads this answer.
    #[must_use]
    pub const fn of(answer: Response) -> Self {
        Self { answer, read: String::new() }
    }

    /// The next event, name and data; none when the stream is over.
    pub async fn next(&mut self) -> Option<(String, String)> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let field = |name: &str| {
                    let value = event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                    value.unwrap_or_default().to_owned()
                };
                let event = (field("event"), field("data"));
                self.read = rest.to_owned();
                return Some(event);
            }
            // Whoever is cut off in the middle has heard as much as at an end.
            let chunk = self.answer.chunk().await.ok()??;
            self.read.push_str(&String::from_utf8_lossy(&chunk));
        }
    }

    /// The next event that has no name.
    ///
    /// # Panics
    /// When none comes any more, or it is no pulse.
    pub async fn next_pulse(&mut self) -> Pulse {
        loop {
            let (name, data) = self.next().await.expect("the stream goes on");
            if name.is_empty() {
                return serde_json::from_str(&data).expect("a pulse");
            }
        }
    }
}
