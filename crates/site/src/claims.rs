//! Sentences that promise something: marked in the texts as `[[id|The sentence.]]`, and listed in `docs/claims.md`, each beside what
//! holds it. What the app promises (`web/messages`) is listed there too, and compared here.

/// A sentence that promises something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) id: String,
    /// As it stands in the Markdown.
    pub(crate) sentence: String,
}

/// The text without its marks, and the sentences that had one.
pub(crate) fn unmarked(text: &str) -> (String, Vec<Claim>) {
    let (mut plain, mut claims, mut rest) = (String::with_capacity(text.len()), Vec::new(), text);
    while let Some((before, after)) = rest.split_once("[[") {
        let marked = after.split_once("]]").and_then(|(inside, rest)| Some((inside.split_once('|')?, rest)));
        let Some(((id, sentence), after)) = marked else { break };
        plain.push_str(before);
        plain.push_str(sentence);
        claims.push(Claim { id: id.to_owned(), sentence: sentence.to_owned() });
        rest = after;
    }
    plain.push_str(rest);
    (plain, claims)
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        path::{Path, PathBuf},
    };

    use securemailbox_protocol::accounts::Language;
    use serde_json::Value;

    use super::*;
    use crate::language::{self, BOTH};

    /// What promises in the app are made of. A message with one of these has a row, or stands below.
    const PROMISING: [&str; 17] = [
        "aldrig",
        "bara du kan",
        "brevet visas inte",
        "finns kvar",
        "förseglas",
        "förstör",
        "gått förlorat",
        "går förlorat",
        "ingen kan",
        "inget skickas",
        "kan ingen",
        "kan inte läsa",
        "kan inte öppna",
        "låses",
        "raderas",
        "skickas inga",
        "sparas inte",
    ];

    /// Messages with such a word, and why they promise nothing.
    const NO_PROMISES: [(&str, &str); 17] = [
        ("claim.proves", "says what a passkey is unable to do"),
        ("files.receiving_label", "names a bar"),
        ("files.refused_unreadable", "says where to look"),
        ("notices.never", "names a choice"),
        ("passkey.password_why", "says what a passkey is unable to do"),
        ("problem.other_country", "says why no code goes out"),
        ("problem.passkey_opens_nothing", "says what a passkey is unable to do"),
        ("problem.recovery_code_character.do", "tells of the letters of a code"),
        ("removal.heading", "names a page; what happens stands in removal.shown"),
        ("removal.let_go", "names a button; what happens stands in removal.shown"),
        ("removal.not_mine", "names a button"),
        ("removal.somebody", "names a notice; what happens stands in removal.shown"),
        ("removal.sure", "asks; what happens stands in removal.sure_text"),
        ("renewal.confirm.do", "names a button; what happens stands in renewal.thorough_means"),
        ("tag.erased_in", "says the time; what happens stands in trash.thirty_days"),
        ("tag.erased_today", "says the time; what happens stands in trash.thirty_days"),
        ("warning.unopened_parts", "names a warning; what it means stands in warning.unopened_parts_text"),
    ];

    #[test]
    fn marks_leave_the_sentence() {
        let (plain, claims) = unmarked("A. [[sealed|It is **sealed**.]] B [[x] c");
        assert_eq!(plain, "A. It is **sealed**. B [[x] c");
        assert_eq!(claims, [Claim { id: "sealed".into(), sentence: "It is **sealed**.".into() }]);
    }

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    /// Every marked sentence of a language, by id, as the sources have it: what only some operators say is among them.
    fn marked(language: Language) -> BTreeMap<String, String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pages").join(language::code(language));
        let mut all = BTreeMap::new();
        for path in [folder.clone(), folder.join("guides")].iter().flat_map(|folder| fs::read_dir(folder).unwrap()) {
            let path = path.unwrap().path();
            if path.is_dir() {
                continue;
            }
            let (plain, claims) = unmarked(&fs::read_to_string(&path).unwrap());
            assert!(!plain.contains("[["), "{} has a mark without an end", path.display());
            for Claim { id, sentence } in claims {
                let sentence = sentence.replace('\n', " ");
                let before = all.insert(id.clone(), sentence.clone());
                assert!(before.is_none_or(|before| before == sentence), "{id} in {language:?} has two sentences");
            }
        }
        all
    }

    /// A row: id or message, the words in both languages, and what holds them.
    type Row = [String; 4];

    /// The rows of both tables: of the public pages, and of the app.
    fn tables() -> [Vec<Row>; 2] {
        let text = fs::read_to_string(root().join("docs/claims.md")).unwrap();
        let (public, app) = text.split_once("\n## In the app\n").unwrap();
        [rows(public), rows(app)]
    }

    fn rows(text: &str) -> Vec<Row> {
        let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
        rows.map(|row| {
            let cells: Vec<String> =
                row.trim_end_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
            let [id, sv, en, held] = <Row>::try_from(cells).unwrap_or_else(|cells| panic!("not four cells: {cells:?}"));
            [id.trim_end_matches('`').to_owned(), sv, en, held]
        })
        .collect()
    }

    /// Every message of the app in a language, by its key.
    fn messages(language: Language) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        for entry in fs::read_dir(root().join("web/messages").join(language::code(language))).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            let file: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
            for (key, message) in file {
                all.insert(key, forms(&message).join(" / "));
            }
        }
        all
    }

    /// A message that counts has several: `[{…, "match": {"many=one": …, "many=other": …}}]`.
    fn forms(message: &Value) -> Vec<&str> {
        if let Some(text) = message.as_str() {
            return vec![text];
        }
        let variants = message.as_array().unwrap().iter();
        variants.flat_map(|variant| variant["match"].as_object().unwrap().values()).filter_map(Value::as_str).collect()
    }

    #[test]
    fn each_sentence_that_promises_something_has_its_row_word_for_word() {
        let [rows, _] = tables();
        for (at, language) in BOTH.into_iter().enumerate() {
            let mut listed: BTreeMap<String, String> = BTreeMap::new();
            for row in &rows {
                assert!(listed.insert(row[0].clone(), row[at + 1].clone()).is_none(), "{} has two rows", row[0]);
            }
            let marked = marked(language);
            let ids = |of: &BTreeMap<String, String>| of.keys().cloned().collect::<Vec<_>>();
            assert_eq!(ids(&marked), ids(&listed), "docs/claims.md in {}", language::code(language));
            for (id, sentence) in &marked {
                assert_eq!(Some(sentence), listed.get(id), "{id} in docs/claims.md, {}", language::code(language));
            }
        }
    }

    #[test]
    fn each_message_that_promises_something_stands_in_its_row_word_for_word() {
        let [_, rows] = tables();
        assert!(!rows.is_empty(), "docs/claims.md has no messages");
        for (at, language) in BOTH.into_iter().enumerate() {
            let (said, mut seen) = (messages(language), BTreeSet::new());
            for row in &rows {
                let key = &row[0];
                assert!(seen.insert(key), "{key} has two rows");
                assert_eq!(said.get(key), Some(&row[at + 1]), "{key} in {}", language::code(language));
            }
        }
    }

    #[test]
    fn a_message_that_sounds_like_a_promise_has_a_row_or_a_reason_to_have_none() {
        let [_, rows] = tables();
        let mut without: BTreeSet<String> = BTreeSet::new();
        for (key, message) in messages(Language::Sv) {
            let message = message.to_lowercase();
            let sounds = PROMISING.iter().any(|word| message.contains(*word));
            if sounds && rows.iter().all(|row| row[0] != key) {
                without.insert(key);
            }
        }
        let excepted: BTreeSet<String> = NO_PROMISES.iter().map(|(key, _)| (*key).to_owned()).collect();
        assert_eq!(without, excepted, "each needs a row in docs/claims.md, or a reason in NO_PROMISES");
    }

    #[test]
    fn what_holds_a_sentence_is_there() {
        let sources = sources();
        for [id, _, _, held] in tables().into_iter().flatten() {
            let named: Vec<&str> = held.split('`').skip(1).step_by(2).collect();
            assert!(!named.is_empty(), "{id} names nothing that holds it");
            for name in named {
                let there = if name.contains('/') && !name.contains(' ') {
                    root().join(name.split('#').next().unwrap_or(name)).exists()
                } else {
                    sources.iter().any(|source| source.contains(name))
                };
                assert!(there, "{id} is held by `{name}`, which is nowhere");
            }
        }
    }

    /// All Rust and TypeScript of the tree that may hold a test.
    fn sources() -> Vec<String> {
        let mut found = Vec::new();
        let mut ahead = vec![root().join("crates"), root().join("e2e"), root().join("web/src"), root().join("xtask")];
        while let Some(folder) = ahead.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if path.is_dir() && !["node_modules", "target", "paraglide", "test-results"].contains(&&*name) {
                    ahead.push(path);
                } else if [".rs", ".ts", ".mjs"].iter().any(|ending| name.ends_with(ending)) {
                    found.extend(fs::read_to_string(path));
                }
            }
        }
        found
    }
}
