//! An operator's colour: taken where white on it, and it on white, can be read (WCAG 2.2, 1.4.3 and 1.4.6).

use std::fmt;

/// The least contrast with white: what level AAA asks of text, since links are in this colour.
const LEAST: f64 = 7.0;

/// A colour of sRGB that can be read on white.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colour([u8; 3]);

/// Why a colour is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColourRefused {
    /// It is written in another way.
    #[error("write it as #rrggbb")]
    Form,
    /// It is too light.
    #[error("too light to be read on white: its contrast is {0}, and has to be 7.0 or more")]
    TooLight(String),
}

impl Colour {
    pub(crate) fn read(text: &str) -> Result<Self, ColourRefused> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii());
        let digits = digits.ok_or(ColourRefused::Form)?;
        let octet = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| ColourRefused::Form);
        let colour = Self([octet(0)?, octet(2)?, octet(4)?]);
        let contrast = colour.contrast_with_white();
        if contrast < LEAST { Err(ColourRefused::TooLight(format!("{contrast:.1}"))) } else { Ok(colour) }
    }

    /// WCAG 2.2, "contrast ratio" and "relative luminance".
    fn contrast_with_white(self) -> f64 {
        let linear = |octet: u8| {
            let value = f64::from(octet) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_on_white_is_taken() {
        assert_eq!(Colour::read("#0A4A66").unwrap().to_string(), "#0a4a66");
        assert!((Colour([0, 0, 0]).contrast_with_white() - 21.0).abs() < 0.01);
        assert!((Colour([0x77, 0x77, 0x77]).contrast_with_white() - 4.48).abs() < 0.01);
        assert_eq!(Colour::read("#777777"), Err(ColourRefused::TooLight("4.5".into())));
        for wrong in ["red", "#fff", "#12345g", "#åäö", "0a4a66", "#0a4a66ff"] {
            assert_eq!(Colour::read(wrong), Err(ColourRefused::Form), "{wrong}");
        }
    }
}
