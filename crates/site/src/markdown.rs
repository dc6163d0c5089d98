//! The text of a page: Markdown (CommonMark, with tables and attributes of headings), and the few things that it means here.

use std::{fmt, mem};

use pulldown_cmark::{
    BlockQuoteKind, CodeBlockKind, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, html,
};

use crate::{icons, pictures::Picture};

/// Values in a text of Markdown: they are text and nothing else, wherever they stand.
#[derive(Clone, Copy)]
pub(crate) struct Plain;

impl askama::filters::Escaper for Plain {
    fn write_escaped_str<W: fmt::Write>(&self, mut to: W, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| self.write_escaped_char(&mut to, c))
    }

    fn write_escaped_char<W: fmt::Write>(&self, mut to: W, c: char) -> fmt::Result {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '<' | '>' | '#' | '|' | '&' | '~' | '!' | '{' | '}'
            | '+' | '-' | '=' | '.' => {
                write!(to, "\\{c}")
            }
            // A value has one line: else it could begin a block.
            c if c.is_control() => to.write_char(' '),
            c => to.write_char(c),
        }
    }
}

/// A text with its parts.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// Its heading, as HTML and as text.
    pub(crate) title: String,
    pub(crate) title_text: String,
    /// The paragraph below it, as HTML and as text.
    pub(crate) lead: String,
    pub(crate) lead_text: String,
    /// What stands before the first section.
    pub(crate) body: String,
    pub(crate) sections: Vec<Section>,
}

/// What stands below one heading.
#[derive(Debug, Default)]
pub(crate) struct Section {
    pub(crate) id: String,
    /// Its heading, as HTML and as text.
    pub(crate) title: String,
    pub(crate) title_text: String,
    pub(crate) body: String,
    /// What is said below it.
    pub(crate) text: String,
    /// Pictures that stand in a paragraph of their own.
    pub(crate) pictures: Vec<String>,
    /// Whether a fold is open at first.
    pub(crate) is_open: bool,
    /// What stands below the headings within it.
    pub(crate) parts: Vec<Self>,
}

impl Section {
    /// All of it, one after another.
    pub(crate) fn whole(&self) -> String {
        let Self { id, title, body, .. } = self;
        format!(
            "<section class=\"stack\" id=\"{}\"><h2>{title}</h2>{body}{}</section>",
            Html(id),
            self.parts.iter().map(Self::below).collect::<String>()
        )
    }

    fn below(&self) -> String {
        format!("<h3>{}</h3>{}", self.title, self.body)
    }
}

/// What the page that a text is for makes of it.
pub(crate) struct Around<'a> {
    /// Where a link of the text leads, in the reader's language.
    pub(crate) link: &'a dyn Fn(&str) -> String,
    /// The picture of that name.
    pub(crate) picture: &'a dyn Fn(&str) -> Option<Picture>,
}

/// What a list's marks say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Marks {
    Dots,
    Checks,
    Crosses,
}

impl Document {
    /// Reads a text. HTML in it is left out.
    pub(crate) fn read(text: &str, around: &Around<'_>) -> Self {
        Self::read_as(text, around, false)
    }

    /// Reads a text of the operator's, which has neither a heading nor a lead of its own.
    pub(crate) fn read_part(text: &str, around: &Around<'_>) -> Self {
        Self::read_as(text, around, true)
    }

    fn read_as(text: &str, around: &Around<'_>, is_part: bool) -> Self {
        let options = Options::ENABLE_TABLES | Options::ENABLE_HEADING_ATTRIBUTES | Options::ENABLE_GFM;
        let mut reading = Reading { around, document: Self::default(), marks: Marks::Dots, has_lead: false, is_part };
        let (mut depth, mut block) = (0_usize, Vec::new());
        for event in Parser::new_ext(text, options) {
            match &event {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth -= 1,
                _ => {}
            }
            block.push(event);
            if depth == 0 {
                reading.block(mem::take(&mut block));
            }
        }
        reading.document
    }

    /// The part of that id, in whichever section it stands.
    pub(crate) fn part(&self, id: &str) -> Option<&Section> {
        self.sections.iter().flat_map(|section| &section.parts).find(|part| part.id == id)
    }

    /// All that stands below its heading, one after another.
    pub(crate) fn whole(&self) -> String {
        self.body.clone() + &self.sections.iter().map(Section::whole).collect::<String>()
    }

    /// The section of that id.
    pub(crate) fn section(&self, id: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.id == id)
    }
}

struct Reading<'a> {
    around: &'a Around<'a>,
    document: Document,
    marks: Marks,
    has_lead: bool,
    /// A text that stands below another one's heading.
    is_part: bool,
}

impl Reading<'_> {
    /// One block of the text, with everything in it.
    fn block(&mut self, events: Vec<Event<'_>>) {
        match events.first() {
            Some(Event::Start(Tag::Heading { level, id, classes, .. })) => {
                let has = |class: &str| classes.iter().any(|one| **one == *class);
                let (level, is_open) = (*level, has("open"));
                if level == HeadingLevel::H2 {
                    self.marks = match () {
                        () if has("promises") => Marks::Checks,
                        () if has("not") => Marks::Crosses,
                        () => Marks::Dots,
                    };
                }
                let inside = events[1..events.len() - 1].to_vec();
                let (title, text) = (self.html(inside.clone(), ""), plain_text(&inside));
                let id = id.as_ref().map_or_else(|| place(&text), ToString::to_string);
                let section =
                    Section { id, title: title.clone(), title_text: text.clone(), is_open, ..Section::default() };
                match (level, self.document.sections.last_mut()) {
                    (HeadingLevel::H1, _) if !self.is_part => {
                        self.document.title = title;
                        self.document.title_text = text;
                    }
                    (HeadingLevel::H1 | HeadingLevel::H2, _) | (_, None) => self.document.sections.push(section),
                    (_, Some(of)) => of.parts.push(section),
                }
            }
            Some(Event::Start(Tag::Paragraph))
                if !self.is_part && !self.has_lead && self.document.sections.is_empty() =>
            {
                let inside = events[1..events.len() - 1].to_vec();
                self.document.lead_text = plain_text(&inside);
                self.document.lead = self.html(inside, "");
                self.has_lead = true;
            }
            _ => {
                let of = self.here().map(|section| section.title_text.clone()).unwrap_or_default();
                let is_picture = matches!(
                    events.as_slice(),
                    [
                        Event::Start(Tag::Paragraph),
                        Event::Start(Tag::Image { .. }),
                        ..,
                        Event::End(TagEnd::Image),
                        Event::End(TagEnd::Paragraph)
                    ]
                );
                let inside = if is_picture { events[1..events.len() - 1].to_vec() } else { events };
                let said = plain_text(&inside);
                let html = self.html(inside, &of);
                if let Some(section) = self.here().filter(|_| !is_picture) {
                    section.text.push_str(&said);
                }
                match self.here() {
                    Some(section) if is_picture => section.pictures.push(html),
                    Some(section) => section.body.push_str(&html),
                    None => self.document.body.push_str(&html),
                }
            }
        }
    }

    /// Where the text stands at this moment.
    fn here(&mut self) -> Option<&mut Section> {
        let section = self.document.sections.last_mut()?;
        if section.parts.is_empty() { Some(section) } else { section.parts.last_mut() }
    }

    /// `label`: what tables are called that have no other name.
    fn html(&self, events: Vec<Event<'_>>, label: &str) -> String {
        let mut table = Table::default();
        let mut lists = Vec::new();
        let mut picture: Option<(String, String)> = None;
        let events = events.into_iter().flat_map(|event| -> Vec<Event<'_>> {
            let html = |text: String| vec![Event::Html(text.into())];
            if let Some((_, alternative)) = &mut picture {
                match event {
                    Event::Text(text) | Event::Code(text) => alternative.push_str(&text),
                    Event::End(TagEnd::Image) => {
                        let drawn = picture.take().map(|(name, alternative)| self.picture(&name, &alternative));
                        return vec![Event::InlineHtml(drawn.unwrap_or_default().into())];
                    }
                    _ => {}
                }
                return Vec::new();
            }
            match event {
                Event::Html(_) | Event::InlineHtml(_) => Vec::new(),
                // `[text](address "button")` is what one comes to the page for.
                Event::Start(Tag::Link { dest_url, title, .. }) if &*title == "button" => {
                    let address = (self.around.link)(&dest_url);
                    let link = format!("<a class=\"btn btn--primary btn--large\" href=\"{}\">", Html(&address));
                    vec![Event::InlineHtml(link.into())]
                }
                Event::Start(Tag::Link { dest_url, title, .. }) => {
                    let dest_url = (self.around.link)(&dest_url).into();
                    vec![Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, title, id: "".into() })]
                }
                Event::Start(Tag::Image { dest_url, .. }) => {
                    picture = Some((dest_url.to_string(), String::new()));
                    Vec::new()
                }
                Event::Start(Tag::BlockQuote(kind)) => html(notice(kind)),
                Event::End(TagEnd::BlockQuote(_)) => html("</div></div>\n".into()),
                Event::Start(Tag::List(number)) => {
                    let marks = if number.is_some() { None } else { Some(self.marks) };
                    lists.push(marks);
                    html(match marks {
                        None => "<ol class=\"numbered\">\n".into(),
                        Some(Marks::Dots) => "<ul class=\"bullets\">\n".into(),
                        Some(Marks::Checks | Marks::Crosses) => "<ul class=\"checklist\">\n".into(),
                    })
                }
                Event::End(TagEnd::List(is_numbered)) => {
                    lists.pop();
                    html(if is_numbered { "</ol>\n".into() } else { "</ul>\n".into() })
                }
                Event::Start(Tag::Item) => html(match lists.last() {
                    Some(Some(Marks::Dots)) => "<li>".into(),
                    Some(Some(Marks::Checks)) => format!("<li>{}<div>", icons::CHECK),
                    Some(Some(Marks::Crosses)) => format!("<li class=\"no\">{}<div>", icons::CROSS),
                    _ => "<li><div>".into(),
                }),
                Event::End(TagEnd::Item) => html(if lists.last() == Some(&Some(Marks::Dots)) {
                    "</li>\n".into()
                } else {
                    "</div></li>\n".into()
                }),
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented)) => {
                    html("<pre tabindex=\"0\"><code>".into())
                }
                other => table.event(other, label),
            }
        });
        let mut out = String::new();
        html::push_html(&mut out, events);
        out
    }

    fn picture(&self, name: &str, alternative: &str) -> String {
        let Some(Picture { address, width, height }) = (self.around.picture)(name) else { return String::new() };
        format!(
            "<img class=\"shot\" src=\"{address}\" alt=\"{}\" width=\"{width}\" height=\"{height}\" loading=\"lazy\">",
            Html(alternative)
        )
    }
}

/// The name of a place, of its heading: letters and figures, with hyphens between words.
fn place(heading: &str) -> String {
    let words: Vec<String> =
        heading.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    words.join("-")
}

fn notice(kind: Option<BlockQuoteKind>) -> String {
    let (class, icon) = match kind {
        Some(BlockQuoteKind::Warning | BlockQuoteKind::Caution) => (" notice--warn", icons::WARNING),
        _ => ("", icons::INFORMATION),
    };
    format!("<div class=\"notice{class}\">{icon}<div class=\"notice__body\">\n")
}

/// A table, whose first column names its rows; each cell repeats its column's name, for a screen that shows one below the other.
#[derive(Default)]
struct Table {
    heads: Vec<String>,
    in_head: bool,
    column: usize,
    cell: Option<String>,
}

impl Table {
    fn event<'a>(&mut self, event: Event<'a>, label: &str) -> Vec<Event<'a>> {
        let html = |text: String| vec![Event::Html(text.into())];
        match event {
            Event::Start(Tag::Table(_)) => {
                self.heads.clear();
                html(format!(
                    "<div class=\"table-wrap\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table class=\"table\">\n",
                    Html(label)
                ))
            }
            Event::End(TagEnd::Table) => html("</tbody></table></div>\n".into()),
            Event::Start(Tag::TableHead) => {
                (self.in_head, self.column) = (true, 0);
                html("<thead><tr>".into())
            }
            Event::End(TagEnd::TableHead) => {
                self.in_head = false;
                html("</tr></thead><tbody>\n".into())
            }
            Event::Start(Tag::TableRow) => {
                self.column = 0;
                html("<tr>".into())
            }
            Event::End(TagEnd::TableRow) => html("</tr>\n".into()),
            Event::Start(Tag::TableCell) if self.in_head => {
                self.cell = Some(String::new());
                html("<th scope=\"col\">".into())
            }
            Event::End(TagEnd::TableCell) if self.in_head => {
                self.heads.push(self.cell.take().unwrap_or_default());
                html("</th>".into())
            }
            Event::Start(Tag::TableCell) => html(match (self.column, self.heads.get(self.column)) {
                (0, _) | (_, None) => "<th scope=\"row\">".into(),
                (_, Some(head)) => format!("<td data-label=\"{}\">", Html(head)),
            }),
            Event::End(TagEnd::TableCell) => {
                self.column += 1;
                html(if self.column == 1 { "</th>".into() } else { "</td>".into() })
            }
            Event::Text(text) => {
                if let Some(cell) = &mut self.cell {
                    cell.push_str(&text);
                }
                vec![Event::Text(text)]
            }
            other => vec![other],
        }
    }
}

fn plain_text(events: &[Event<'_>]) -> String {
    let mut text = String::new();
    for event in events {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(part),
            Event::SoftBreak
            | Event::HardBreak
            | Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::TableCell | TagEnd::CodeBlock) => text.push(' '),
            _ => {}
        }
    }
    text
}

/// Text between tags and in quoted attributes.
pub(crate) struct Html<'a>(pub(crate) &'a str);

impl fmt::Display for Html<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use askama::filters::Escaper as _;
        askama::filters::Html.write_escaped_str(f, self.0)
    }
}
