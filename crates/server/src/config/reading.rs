//! From a file and the environment to a configuration, and words for what can't be read.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use figment::{
    Error, Figment,
    error::{Actual, Kind},
    providers::{Env, Format, Serialized, Toml},
};

use super::{Configuration, ConfigurationError, NetworkLimits, Quotas};

/// Variables over the file: `SECUREMAILBOX_SERVER_LISTEN`, `SECUREMAILBOX_SERVER_MAIL__URL`.
const ENVIRONMENT: &str = "SECUREMAILBOX_SERVER_";
/// What such a variable begins with when `SERVER_` was forgotten.
const FORGOTTEN: &str = "SECUREMAILBOX_";

/// The values of keys that neither the file nor the environment sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defaults {
    /// A server's.
    Server,
    /// A demo's, whose limits are those of many people behind one address.
    Demo,
}

impl Configuration {
    /// Reads `file`, if given, and the environment over it. Relative paths start at the file's folder, wherever they stand.
    ///
    /// # Errors
    /// [`ConfigurationError::File`], [`ConfigurationError::Unreadable`], [`ConfigurationError::Variable`].
    pub fn read(file: Option<&Path>, defaults: Defaults) -> Result<Self, ConfigurationError> {
        let text = match file {
            Some(file) => std::fs::read_to_string(file)
                .map_err(|source| ConfigurationError::File { file: file.to_path_buf(), source })?,
            None => String::new(),
        };
        if let Some(found) = std::env::vars_os().find_map(|(name, _)| forgotten(name.to_str()?)) {
            return Err(found);
        }
        let mut read = Self::from_text(&text, defaults, Env::prefixed(ENVIRONMENT).split("__"))
            .map_err(|error| ConfigurationError::Unreadable(Unreadable { file: file.map(Path::to_path_buf), error }))?;
        // Absolute, so that messages and the log say where that is.
        if let Some(file) = file.and_then(|file| std::path::absolute(file).ok())
            && let Some(folder) = file.parent()
        {
            read.begin_paths_at(folder);
        }
        Ok(read)
    }

    /// Reads `text`, and `environment` over it.
    pub(super) fn from_text(text: &str, defaults: Defaults, environment: Env) -> Result<Self, Box<Error>> {
        let defaults = match defaults {
            Defaults::Server => Self::default(),
            Defaults::Demo => {
                Self { limits: NetworkLimits::of_a_demo(), quotas: Quotas::of_a_demo(), ..Self::default() }
            }
        };
        let figment = Figment::from(Serialized::defaults(defaults)).merge(Toml::string(text)).merge(environment);
        figment.extract().map_err(Box::new)
    }

    fn begin_paths_at(&mut self, folder: &Path) {
        let tls = self.tls.iter_mut().flat_map(|tls| [&mut tls.cert, &mut tls.key]);
        let key = self.s3.iter_mut().filter_map(|s3| s3.secret_file.as_mut());
        let own = self.site.files_mut();
        for path in self.data.iter_mut().chain(self.seal.iter_mut()).chain(tls).chain(key).chain(own) {
            *path = folder.join(&*path);
        }
    }
}

/// A variable that names a key of ours, but for the `SERVER_` in front of it.
fn forgotten(name: &str) -> Option<ConfigurationError> {
    let key = name.strip_prefix(FORGOTTEN).filter(|_| !name.starts_with(ENVIRONMENT))?;
    let first = key.split("__").next()?.to_ascii_lowercase();
    let known = serde_json::to_value(Configuration::default()).ok()?;
    known
        .get(first)
        .map(|_| ConfigurationError::Variable { found: name.to_owned(), meant: format!("{ENVIRONMENT}{key}") })
}

/// Why a configuration can't be read: the file, the key, and what was expected there. Shows no value that may be secret.
#[derive(Debug)]
pub struct Unreadable {
    file: Option<PathBuf>,
    error: Box<Error>,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for error in (*self.error).clone() {
            f.write_str(between)?;
            between = "; ";
            let of_environment = error.metadata.as_ref().is_some_and(|from| from.name.contains("environment"));
            match &self.file {
                _ if of_environment => f.write_str("in the environment, ")?,
                Some(file) => write!(f, "in {}, ", file.display())?,
                None => {}
            }
            let path = error.path.join(".");
            // The name of a field stands at the end of the path for some kinds and not for others.
            let of_field = |name: &str| match error.path.last() {
                Some(last) if last != name => format!("{path}.{name}"),
                Some(_) => path.clone(),
                None => name.to_owned(),
            };
            match &error.kind {
                Kind::Message(what) if !path.is_empty() => write!(f, "`{path}` can't be used: {what}")?,
                // The lines in between show the file's own, which may hold a password.
                Kind::Message(lines) => match (lines.lines().next(), lines.lines().last()) {
                    (Some(first), Some(last)) if first != last => write!(f, "{first}: {last}")?,
                    _ => write!(f, "{lines}")?,
                },
                Kind::UnknownField(name, known) => {
                    write!(f, "`{}` is not a key: there are {}", of_field(name), known.join(", "))?;
                }
                Kind::UnknownVariant(found, known) => {
                    write!(f, "`{path}` is \"{found}\", and can be {}", known.join(", "))?;
                }
                Kind::MissingField(name) => write!(f, "`{}` is missing", of_field(name))?,
                Kind::InvalidType(found, expected) => {
                    let expected = expected.replace("a sequence", "a list").replace("a string", "a text");
                    write!(f, "`{path}` is {}, and {expected} is expected", kind(found))?;
                }
                Kind::InvalidValue(_, expected) => write!(f, "`{path}` is not what is expected: {expected}")?,
                other => write!(f, "`{path}`: {other}")?,
            }
            if of_environment && matches!(error.kind, Kind::InvalidType(..)) {
                f.write_str(
                    ". There, a text that looks like a number stands in \"quotes\", and a list is [\"one\", \"two\"]",
                )?;
            }
        }
        Ok(())
    }
}

/// Of which kind a value is, without the value.
const fn kind(found: &Actual) -> &'static str {
    match found {
        Actual::Bool(_) => "true or false",
        Actual::Unsigned(_) | Actual::Signed(_) | Actual::Float(_) => "a number",
        Actual::Char(_) | Actual::Str(_) => "a text",
        Actual::Seq | Actual::Bytes(_) => "a list",
        Actual::Map => "a table",
        Actual::Unit
        | Actual::Option
        | Actual::NewtypeStruct
        | Actual::Enum
        | Actual::UnitVariant
        | Actual::NewtypeVariant
        | Actual::TupleVariant
        | Actual::StructVariant
        | Actual::Other(_) => "something else",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(toml: &str) -> String {
        let error =
            Configuration::from_text(toml, Defaults::Server, Env::prefixed("SECUREMAILBOX_NOBODYS_")).unwrap_err();
        Unreadable { file: Some("/etc/mailbox.toml".into()), error }.to_string()
    }

    #[test]
    fn what_can_not_be_read_is_named_by_file_and_key_and_never_by_its_value() {
        for (toml, told) in [
            ("lisen = '127.0.0.1:1'", "`lisen` is not a key"),
            ("[mail]\nurl = 'a'\nfrom = 'b'\npasword = 'hemligt'", "`mail.pasword` is not a key"),
            ("registration = 'invited'", "`registration` is \"invited\", and can be open, domains, closed"),
            ("listen = 'localhost'", "`listen` can't be used: invalid socket address"),
            ("[tls]\ncert = 'a'", "`tls.key` is missing"),
            ("[mail]\nfrom = 'b'\nurl = 1234", "`mail.url` is a number, and a text is expected"),
            ("database = 'hemligt\ndata = 3", "TOML parse error at line 1"),
        ] {
            let refused = refused(toml);
            assert!(refused.contains(told) && refused.contains("/etc/mailbox.toml"), "{told}: {refused}");
            for secret in ["hemligt", "1234", "\n", "default."] {
                assert!(!refused.contains(secret), "{refused}");
            }
        }
    }

    #[test]
    fn relative_paths_start_at_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mailbox.toml");
        std::fs::write(&file, "data = 'data'\nseal = '/run/seal'\n[tls]\ncert = 'tls/cert.pem'\nkey = 'key.pem'")
            .unwrap();
        let read = Configuration::read(Some(&file), Defaults::Server).unwrap();
        assert_eq!(read.data(), folder.path().join("data"));
        assert_eq!(read.seal, Some("/run/seal".into()));
        assert_eq!(read.tls.unwrap().cert, folder.path().join("tls/cert.pem"));
    }

    #[test]
    fn a_variable_without_its_second_word_is_not_passed_over() {
        for (found, meant) in [
            ("SECUREMAILBOX_LISTEN", Some("SECUREMAILBOX_SERVER_LISTEN")),
            ("SECUREMAILBOX_MAIL__URL", Some("SECUREMAILBOX_SERVER_MAIL__URL")),
            ("SECUREMAILBOX_PASSWORD", None),
            ("SECUREMAILBOX_SERVER_LISTEN", None),
        ] {
            assert_eq!(forgotten(found).map(|error| error.to_string().contains(meant.unwrap())), meant.map(|_| true));
        }
    }

    #[test]
    fn a_demo_keeps_the_limits_that_were_asked_for() {
        let of = |toml| {
            let environment = Env::prefixed("SECUREMAILBOX_NOBODYS_");
            Configuration::from_text(toml, Defaults::Demo, environment).unwrap().limits
        };
        assert_eq!(of("").networks.len(), 1);
        assert_eq!(of("[limits]\nnetworks = []").networks, []);
        assert_eq!(of("[limits]\nentrances_at_once = 7").entrances_at_once, 7);
    }
}
