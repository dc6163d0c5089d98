//! The few drawings of the pages, as SVG in the colour of the text (Lucide, ISC).

macro_rules! icon {
    ($paths:literal) => {
        concat!("<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\">", $paths, "</svg>")
    };
}

pub(crate) const CHECK: &str = icon!("<path d=\"M20 6 9 17l-5-5\"/>");
pub(crate) const CROSS: &str = icon!("<path d=\"M18 6 6 18\"/><path d=\"m6 6 12 12\"/>");
pub(crate) const WARNING: &str = icon!(
    "<path d=\"m21.73 18-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3\"/><path d=\"M12 9v4\"/><path d=\"M12 17h.01\"/>"
);
pub(crate) const INFORMATION: &str =
    icon!("<circle cx=\"12\" cy=\"12\" r=\"10\"/><path d=\"M12 16v-4\"/><path d=\"M12 8h.01\"/>");
