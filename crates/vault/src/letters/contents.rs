//! The content: a MIME message with its headers inside (RFC 5322, RFC 2045, RFC 9788; PROTOCOL §3).

use mail_builder::{
    MessageBuilder,
    headers::{address::Address as MimeAddress, content_type::ContentType, date::Date, raw::Raw},
    mime::MimePart,
};
use mail_parser::{HeaderName, HeaderValue, Message, MessageParser, MimeHeaders, PartType};
use rand::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use securemailbox_protocol::{
    address::Address,
    coding::base64url,
    ids::{Fingerprint, LetterId},
    limits,
    time::Timestamp,
};

use super::{
    Outgoing, Refused,
    manifest::{self, Manifest},
};
use crate::{attachments, certificates::Certificate};

/// Message-IDs are under a name that never resolves (RFC 2606 §2): they tell no server.
const MESSAGE_ID_HOST: &str = "@securemailbox.invalid";

/// Characters of a line (RFC 5322 §2.1.1).
const MOST_IN_A_LINE: usize = 998;

/// What a content says, once its signature holds.
pub(super) struct Content {
    pub(super) from: Address,
    pub(super) name: Option<String>,
    pub(super) to: Vec<Address>,
    pub(super) cc: Vec<Address>,
    pub(super) bcc: Option<Address>,
    pub(super) subject: String,
    pub(super) date: Timestamp,
    pub(super) id: LetterId,
    pub(super) in_reply_to: Option<LetterId>,
    pub(super) references: Vec<LetterId>,
    pub(super) text: Zeroizing<String>,
    pub(super) manifest: Manifest,
    pub(super) unopened_parts: usize,
}

/// The name of a letter in headers, without the angle brackets.
pub(crate) fn message_id(id: LetterId) -> String {
    format!("{id}{MESSAGE_ID_HOST}")
}

/// Writes the MIME message of a letter.
pub(super) fn write(
    letter: &Outgoing,
    id: LetterId,
    from: &Address,
    bcc: Option<&Certificate>,
    rng: &mut (impl RngCore + CryptoRng),
) -> Zeroizing<Vec<u8>> {
    let manifest = Manifest {
        thread: letter.thread,
        readers: letter.to.iter().chain(&letter.cc).map(Certificate::fingerprint).collect(),
        attachments: letter.attachments.clone(),
    };
    #[expect(clippy::expect_used, reason = "ids, names and octets are JSON")]
    let manifest = Zeroizing::new(serde_json::to_string(&manifest).expect("ids are JSON"));
    let parts = vec![MimePart::new("text/plain", letter.text.as_str()), manifest_part(&manifest)];
    // RFC 9788 §2.1.1: these headers are the message's, and were under encryption only.
    let body = ContentType::new("multipart/mixed").attribute("boundary", boundary(rng)).attribute("hp", "cipher");
    let mut message = MessageBuilder::new()
        .from(MimeAddress::new_address(letter.name.as_deref(), from.as_str()))
        .subject(letter.subject.as_str())
        .date(Date::new(i64::try_from(letter.date.unix_millis() / 1000).unwrap_or(i64::MAX)))
        .message_id(message_id(id));
    if !letter.to.is_empty() {
        message = message.to(list(&letter.to));
    }
    if !letter.cc.is_empty() {
        message = message.cc(list(&letter.cc));
    }
    if let Some(reader) = bcc {
        message = message.bcc(MimeAddress::new_address(None::<&str>, reader.address().as_str()));
    }
    if let Some(parent) = letter.in_reply_to {
        message = message.in_reply_to(message_id(parent));
    }
    if !letter.references.is_empty() {
        message = message.references(letter.references.iter().map(|id| message_id(*id)).collect::<Vec<_>>());
    }
    let mut out = Zeroizing::new(Vec::new());
    message.header("MIME-Version", Raw::new("1.0")).body(MimePart::new(body, parts)).serialize(&mut *out);
    out
}

/// As it is where it fits into a line of a message (RFC 5322 §2.1.1); else, and with a name in another script, in base64.
fn manifest_part(manifest: &str) -> MimePart<'_> {
    if manifest.is_ascii() && manifest.len() <= MOST_IN_A_LINE {
        MimePart::new(manifest::CONTENT_TYPE, manifest).transfer_encoding("7bit")
    } else {
        MimePart::new(manifest::CONTENT_TYPE, manifest.as_bytes())
    }
}

fn list(readers: &[Certificate]) -> MimeAddress<'_> {
    MimeAddress::new_list(readers.iter().map(|reader| reader.address().as_str().into()).collect())
}

/// Random, so that no text can hold it.
fn boundary(rng: &mut (impl RngCore + CryptoRng)) -> String {
    let mut bytes = [0; 18];
    rng.fill_bytes(&mut bytes);
    base64url::encode(&bytes)
}

/// Reads the MIME message of a letter whose signature holds. Nothing inside is decrypted or fetched (ATTACKS 10).
pub(super) fn read(mime: &[u8]) -> Result<Content, Refused> {
    let (head, body) = head_and_body(mime).ok_or(Refused::NotAContent)?;
    let message = MessageParser::default().parse_headers(head).ok_or(Refused::NotAContent)?;
    let boundary = message
        .content_type()
        .filter(|kind| is(kind, "multipart/mixed") && kind.attribute("hp") == Some("cipher"))
        .and_then(|kind| kind.attribute("boundary"))
        .ok_or(Refused::NotAContent)?;
    let parts = parts(body, boundary).ok_or(Refused::NotAContent)?;
    let [first, others @ .., last] = &parts[..] else { return Err(Refused::NotAContent) };
    let (name, from) = single(&message)?;
    let headers = Headers(&message);
    let content = Content {
        from,
        name,
        to: headers.addresses(HeaderName::To)?,
        cc: headers.addresses(HeaderName::Cc)?,
        bcc: match &headers.addresses(HeaderName::Bcc)?[..] {
            [] => None,
            [reader] => Some(reader.clone()),
            _ => return Err(Refused::OtherReaders),
        },
        subject: headers.subject()?,
        date: headers.date()?,
        id: headers.ids(HeaderName::MessageId)?.first().copied().ok_or(Refused::NotAContent)?,
        in_reply_to: headers.ids(HeaderName::InReplyTo)?.first().copied(),
        references: headers.ids(HeaderName::References)?,
        text: text(first)?,
        manifest: manifest(last)?,
        unopened_parts: others.len(),
    };
    attachments::check(&content.manifest.attachments).map_err(|_| Refused::NotAContent)?;
    if content.manifest.readers.len() != content.to.len() + content.cc.len() {
        return Err(Refused::OtherReaders);
    }
    Ok(content)
}

/// Parts a message at its first empty line; the head keeps it.
fn head_and_body(mime: &[u8]) -> Option<(&[u8], &[u8])> {
    const EMPTY_LINE: &[u8] = b"\r\n\r\n";
    mime.split_at_checked(position(mime, EMPTY_LINE)? + EMPTY_LINE.len())
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// The parts of a multipart body (RFC 2046 §5.1.1), one level deep, whatever they claim to be. By hand, since parsers of
/// whole messages follow the nesting, and a sender chooses how deep that is: 100,000 messages within messages fit into
/// a letter, and overflow the stack.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Option<Vec<&'a [u8]>> {
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(&delimiter.as_bytes()[2..])?;
    let mut parts = Vec::new();
    loop {
        if let Some(end) = rest.strip_prefix(b"--") {
            return matches!(end, b"" | b"\r\n").then_some(parts);
        }
        rest = rest.strip_prefix(b"\r\n")?;
        let at = position(rest, delimiter.as_bytes())?;
        parts.push(&rest[..at]);
        rest = &rest[at + delimiter.len()..];
    }
}

fn is(found: &mail_parser::ContentType<'_>, wanted: &str) -> bool {
    found.subtype().is_some_and(|subtype| wanted.eq_ignore_ascii_case(&format!("{}/{subtype}", found.c_type)))
}

/// A part of exactly this kind, decoded. Its kind is looked at first, so that the parser finds nothing to descend into.
fn leaf<'a>(part: &'a [u8], wanted: &str) -> Result<Message<'a>, Refused> {
    let (head, _) = head_and_body(part).ok_or(Refused::NotAContent)?;
    let head = MessageParser::default().parse_headers(head).ok_or(Refused::NotAContent)?;
    let mut kinds = head.headers().iter().filter(|header| header.name == HeaderName::ContentType);
    let only = match (kinds.next().and_then(|header| header.value.as_content_type()), kinds.next()) {
        (Some(kind), None) => is(kind, wanted),
        _ => false,
    };
    if !only {
        return Err(Refused::NotAContent);
    }
    MessageParser::default().parse(part).ok_or(Refused::NotAContent)
}

/// The one From, with the name that is claimed for it.
fn single(message: &Message<'_>) -> Result<(Option<String>, Address), Refused> {
    let header = Headers(message).once(HeaderName::From)?.and_then(HeaderValue::as_address);
    let [from] = header.and_then(mail_parser::Address::as_list).ok_or(Refused::NotAContent)? else {
        return Err(Refused::FromIsNotTheSigner);
    };
    let name = from.name().map(str::to_owned).filter(|name| !name.is_empty());
    if name.as_ref().is_some_and(|name| name.len() > limits::SUBJECT || name.chars().any(char::is_control)) {
        return Err(Refused::NotAContent);
    }
    Ok((name, exact(from.address())?))
}

/// An address that is in its one form already: a header that says it otherwise is not one of ours.
fn exact(found: Option<&str>) -> Result<Address, Refused> {
    let found = found.ok_or(Refused::NotAContent)?;
    let address = Address::parse(found).map_err(|_| Refused::NotAContent)?;
    if address.as_str() == found { Ok(address) } else { Err(Refused::NotAContent) }
}

/// The headers of a message, each at most once.
struct Headers<'a, 'x>(&'a Message<'x>);

impl<'a, 'x> Headers<'a, 'x> {
    fn once(&self, name: HeaderName<'static>) -> Result<Option<&'a HeaderValue<'x>>, Refused> {
        let mut found = self.0.headers().iter().filter(|header| header.name == name);
        match (found.next(), found.next()) {
            (header, None) => Ok(header.map(|header| &header.value)),
            (_, Some(_)) => Err(Refused::NotAContent),
        }
    }

    fn addresses(&self, name: HeaderName<'static>) -> Result<Vec<Address>, Refused> {
        let Some(value) = self.once(name)? else { return Ok(Vec::new()) };
        let list = value.as_address().and_then(mail_parser::Address::as_list).ok_or(Refused::NotAContent)?;
        list.iter().map(|address| exact(address.address())).collect()
    }

    fn subject(&self) -> Result<String, Refused> {
        let subject = match self.once(HeaderName::Subject)? {
            None | Some(HeaderValue::Empty) => "",
            Some(value) => value.as_text().ok_or(Refused::NotAContent)?,
        };
        let fits = subject.len() <= limits::SUBJECT && !subject.chars().any(char::is_control);
        if fits { Ok(subject.to_owned()) } else { Err(Refused::NotAContent) }
    }

    fn date(&self) -> Result<Timestamp, Refused> {
        let date = self.once(HeaderName::Date)?.and_then(HeaderValue::as_datetime).ok_or(Refused::NotAContent)?;
        let seconds = if date.is_valid() { u64::try_from(date.to_timestamp()).ok() } else { None };
        Ok(Timestamp::from_unix_millis(seconds.ok_or(Refused::NotAContent)?.saturating_mul(1000)))
    }

    /// Letters named in a header. What is not a letter's name is another program's, and says nothing here.
    fn ids(&self, name: HeaderName<'static>) -> Result<Vec<LetterId>, Refused> {
        let texts: Vec<&str> = match self.once(name)? {
            None => Vec::new(),
            Some(HeaderValue::Text(text)) => vec![text],
            Some(HeaderValue::TextList(texts)) => texts.iter().map(AsRef::as_ref).collect(),
            Some(_) => return Err(Refused::NotAContent),
        };
        let id = |text: &str| text.strip_suffix(MESSAGE_ID_HOST)?.parse().ok();
        Ok(texts.into_iter().filter_map(id).take(limits::PAGE).collect())
    }
}

/// The text, with line feeds only.
fn text(part: &[u8]) -> Result<Zeroizing<String>, Refused> {
    let message = leaf(part, "text/plain")?;
    let root = message.root_part();
    match &root.body {
        PartType::Text(text) if !root.is_encoding_problem => Ok(Zeroizing::new(text.replace("\r\n", "\n"))),
        _ => Err(Refused::NotAContent),
    }
}

fn manifest(part: &[u8]) -> Result<Manifest, Refused> {
    let message = leaf(part, manifest::CONTENT_TYPE)?;
    serde_json::from_slice(message.root_part().contents()).map_err(|_| Refused::NotAContent)
}

impl Content {
    /// The key of each To and then each Cc reader, as the sender had it.
    pub(super) fn readers(&self) -> Vec<(Address, Fingerprint)> {
        self.to.iter().chain(&self.cc).cloned().zip(self.manifest.readers.iter().copied()).collect()
    }
}
