//! Sentences that promise something: marked in the texts as `[[id|The sentence.]]`, and listed in `docs/claims.md`, each beside what
//! holds it.

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
        collections::BTreeMap,
        fs,
        path::{Path, PathBuf},
    };

    use securemailbox_protocol::accounts::Language;

    use super::*;
    use crate::language::{self, BOTH};

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

    /// A row: id, the sentence in both languages, and what holds it.
    fn rows() -> Vec<[String; 4]> {
        let text = fs::read_to_string(root().join("docs/claims.md")).unwrap();
        let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
        rows.map(|row| {
            let cells: Vec<String> =
                row.trim_end_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
            let [id, sv, en, held] =
                <[String; 4]>::try_from(cells).unwrap_or_else(|cells| panic!("not four cells: {cells:?}"));
            [id.trim_end_matches('`').to_owned(), sv, en, held]
        })
        .collect()
    }

    #[test]
    fn each_sentence_that_promises_something_has_its_row_word_for_word() {
        let rows = rows();
        for (at, language) in BOTH.into_iter().enumerate() {
            let mut listed: BTreeMap<String, String> = BTreeMap::new();
            for row in &rows {
                assert!(listed.insert(row[0].clone(), row[at + 1].clone()).is_none(), "{} has two rows", row[0]);
            }
            assert_eq!(marked(language), listed, "docs/claims.md in {}", language::code(language));
        }
    }

    #[test]
    fn what_holds_a_sentence_is_there() {
        let sources = sources();
        for [id, _, _, held] in rows() {
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
