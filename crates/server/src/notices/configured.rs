//! Whether what an operator configured for mail and SMS can be used: codes go over TLS, or stay on this machine.

/// The configuration of a sender can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// The mail URL is not one, or would carry codes in clear beyond this machine.
    #[error(
        "`mail.url` can't be used: expected smtps://user:password@host:465 (TLS) or smtp://user:password@host:587 (STARTTLS); \
         plain SMTP only to this machine, as smtp://localhost:25. In a password, @ is written %40, / %2F and # %23"
    )]
    MailUrl,
    /// The From is not an address.
    #[error("`mail.from` is not an address: expected something like SecureMailbox <noreply@example.se>")]
    MailFrom,
    /// The name to greet with is none.
    #[error("`mail.hello` is not a host's name: expected something like mail.example.se")]
    MailHello,
    /// The HTTP client can't be made.
    #[error("the SMS gateway's client could not be made")]
    Gateway(#[source] reqwest::Error),
    /// The gateway's URL is none, or would carry codes in clear.
    #[error(
        "`sms.url` must be a URL that begins with https://, or http:// to this machine, such as https://sms.example.se/send"
    )]
    SmsUrl,
    /// The template is of an unknown kind.
    #[error(
        "`sms.content_type` must be application/json or application/x-www-form-urlencoded, and `sms.body` hold {{to}} and {{text}}"
    )]
    SmsTemplate,
    /// The template would make no JSON.
    #[error(
        "`sms.body` is not JSON: expected something like '{{\"to\": \"{{to}}\", \"message\": \"{{text}}\"}}', each of the two within quotes"
    )]
    SmsJson,
    /// The header would be none.
    #[error("`sms.authorization` can't be sent as a header: it holds a line break, or letters that are not ASCII")]
    SmsAuthorization,
}

/// The host of a URL in ASCII, if it is a name and no address.
pub(super) fn named_host(url: &str) -> Option<String> {
    reqwest::Url::parse(url).ok()?.domain().map(ToOwned::to_owned)
}

/// Whether a URL's host is a loopback name.
pub(super) fn is_this_machine(url: &str, scheme: &str) -> bool {
    let Some(rest) = url.strip_prefix(scheme) else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let name = host.rsplit_once(':').filter(|_| !host.ends_with(']')).map_or(host, |(name, _)| name);
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_this_machine() {
        assert!(!is_this_machine("http://localhost.example.se/", "http://"));
        assert!(!is_this_machine("http://localhost@example.se/", "http://"));
        assert!(is_this_machine("http://[::1]:80/sms", "http://"));
    }

    #[test]
    fn a_greeting_says_a_name_and_no_number() {
        assert_eq!(named_host("https://Mail.example.se:8443").as_deref(), Some("mail.example.se"));
        assert_eq!(named_host("https://brevlåda.example.se").as_deref(), Some("xn--brevlda-ixa.example.se"));
        for number in ["https://192.0.2.1", "https://[2001:db8::1]:443"] {
            assert_eq!(named_host(number), None, "{number}");
        }
    }
}
