//! What an attachment is called on a screen and on a disk. Its name is its sender's word, and sometimes an attack.

/// The name on a disk has at most so many octets: some file systems take 255, and a number may follow.
const SAVED: usize = 200;

/// What opening a file may do, by the ending of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Risk {
    /// It runs.
    Program,
    /// It is a document that can hold programs.
    Macros,
    /// It is a page that can do what a page does.
    WebPage,
}

const PROGRAMS: [&str; 47] = [
    "apk", "app", "appimage", "bat", "chm", "cmd", "com", "command", "cpl", "deb", "desktop", "dll", "dmg", "exe",
    "gadget", "hta", "img", "inf", "iso", "jar", "js", "jse", "lnk", "msc", "msi", "msix", "msp", "ocx", "pif", "pkg",
    "ps1", "py", "reg", "rpm", "run", "scf", "scr", "sh", "sys", "url", "vb", "vbe", "vbs", "vhd", "wsf", "wsh", "xll",
];
const MACROS: [&str; 12] =
    ["docm", "dotm", "xlsm", "xltm", "xlam", "xlsb", "pptm", "potm", "ppam", "ppsm", "sldm", "one"];
const PAGES: [&str; 8] = ["htm", "html", "mht", "mhtml", "shtml", "svg", "xht", "xhtml"];

/// Names that some systems keep for devices, with any ending.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2",
    "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

impl Risk {
    /// Of a file of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let shown = shown_name(name);
        let ending = shown.trim_end_matches(['.', ' ']).rsplit_once('.')?.1.to_lowercase();
        let is_in = |list: &[&str]| list.contains(&&*ending);
        if is_in(&PROGRAMS) {
            Some(Self::Program)
        } else if is_in(&MACROS) {
            Some(Self::Macros)
        } else if is_in(&PAGES) {
            Some(Self::WebPage)
        } else {
            None
        }
    }
}

/// The name as it is shown: without what nobody sees, and what turns it round (UAX 9), so that `txt.exe` does not look
/// like `exe.txt`.
#[must_use]
pub fn shown_name(name: &str) -> String {
    name.chars().filter(|c| !c.is_control() && !is_unseen(*c)).collect()
}

const fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// The name under which it is saved: no path, none that a system keeps for itself, its ending kept.
#[must_use]
pub fn safe_name(name: &str) -> String {
    let name: String = shown_name(name)
        .chars()
        .map(|c| if matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|') { '_' } else { c })
        .collect();
    let name = name.trim_matches(['.', ' ', '~']).trim();
    let (stem, ending) = parted(name);
    let stem = stem.trim_matches(['.', ' ']);
    let stem = if stem.is_empty() { "bilaga" } else { stem };
    // `CON.txt` and `con.tar.gz` are the console, too.
    let first = stem.split('.').next().unwrap_or_default().trim();
    let kept = RESERVED.contains(&&*first.to_lowercase());
    let stem = if kept { format!("_{stem}") } else { stem.to_owned() };
    let room = SAVED.saturating_sub(ending.len());
    let end = stem.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= room).last().unwrap_or(0);
    format!("{}{ending}", stem[..end].trim_end_matches(['.', ' ']))
}

/// The stem and the ending with its dot, if it has a short one.
fn parted(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 && name.len() - at <= 16 => name.split_at(at),
        _ => (name, ""),
    }
}

/// Safe names for several files that lie in one folder: none like another, in capitals neither.
#[must_use]
pub fn several_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    let mut all = Vec::new();
    for name in names {
        let name = safe_name(name);
        let (stem, ending) = parted(&name);
        let mut this = name.clone();
        let mut number = 2;
        while taken.contains(&this.to_lowercase()) {
            this = format!("{stem} ({number}){ending}");
            number += 1;
        }
        taken.push(this.to_lowercase());
        all.push(this);
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_saved_without_its_path_and_with_its_ending() {
        for (given, saved) in [
            ("Läkarintyg åäö.pdf", "Läkarintyg åäö.pdf"),
            ("a/b\\c:d.pdf", "a_b_c_d.pdf"),
            ("..\\..\\x", "_._x"),
            ("../../etc/passwd", "_._etc_passwd"),
            ("CON.txt", "_CON.txt"),
            ("nul", "_nul"),
            ("con.tar.gz", "_con.tar.gz"),
            (".htaccess", "htaccess"),
            ("röntgen.", "röntgen"),
            ("", "bilaga"),
            ("\u{202E}", "bilaga"),
            ("bild\u{202E}gpj.exe", "bildgpj.exe"),
            ("a\nb.pdf", "ab.pdf"),
            ("ingen ändelse", "ingen ändelse"),
        ] {
            assert_eq!(safe_name(given), saved, "{given:?}");
        }
        let emoji = "🩺".repeat(255) + ".pdf";
        assert!(safe_name(&emoji).len() <= SAVED && safe_name(&emoji).ends_with("🩺.pdf"));
    }

    #[test]
    fn two_files_of_one_name_are_two_files() {
        let names = several_names(["svar.pdf", "Svar.PDF", "svar.pdf", "svar (2).pdf"]);
        assert_eq!(names, ["svar.pdf", "Svar (2).PDF", "svar (3).pdf", "svar (2) (2).pdf"]);
    }

    #[test]
    fn a_program_is_known_by_what_its_name_really_ends_in() {
        for name in ["kalla.exe", "bild.jpg.EXE", "txt\u{202E}gpj.scr", "a.bat ", "a.bat."] {
            assert_eq!(Risk::of(name), Some(Risk::Program), "{name:?}");
        }
        assert_eq!(Risk::of("budget.xlsm"), Some(Risk::Macros));
        assert_eq!(Risk::of("sida.html"), Some(Risk::WebPage));
        for name in ["provsvar.pdf", "exe", "brev.exe.txt", ""] {
            assert_eq!(Risk::of(name), None, "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_it_is_called_it_is_saved_in_its_folder(name in any::<String>()) {
            let saved = safe_name(&name);
            prop_assert!(!saved.is_empty() && saved.len() <= SAVED);
            prop_assert!(!saved.contains(['/', '\\', ':', '\0']) && !saved.starts_with('.') && !saved.ends_with('.'));
            prop_assert_eq!(safe_name(&saved), saved);
        }
    }
}
