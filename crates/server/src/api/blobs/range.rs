//! Which bytes are asked for (RFC 9110 §14.2): one range. What can't be read, and more than one range, is answered by the whole.

use axum::http::{HeaderMap, header};

/// The bytes to answer with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Range {
    /// All of them.
    Whole,
    /// From one up to another, which is not among them.
    Part { start: u64, end: u64 },
    /// None: they begin where there are no more.
    Beyond,
}

/// What `Range` asks for of so many bytes.
pub(crate) fn asked(headers: &HeaderMap, length: u64) -> Range {
    // A blob has no validator: whoever names one means something else.
    if headers.contains_key(header::IF_RANGE) {
        return Range::Whole;
    }
    let text = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    text.and_then(|text| parse(text, length)).unwrap_or(Range::Whole)
}

fn parse(text: &str, length: u64) -> Option<Range> {
    let (unit, range) = text.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    let range = match (first, last) {
        ("", last) => {
            let last = number(last)?;
            if last == 0 { Range::Beyond } else { Range::Part { start: length.saturating_sub(last), end: length } }
        }
        (first, "") => Range::Part { start: number(first)?, end: length },
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            Range::Part { start: first, end: length.min(last.saturating_add(1)) }
        }
    };
    Some(match range {
        Range::Part { start, .. } if start >= length => Range::Beyond,
        Range::Whole | Range::Part { .. } | Range::Beyond => range,
    })
}

/// Digits, and as many as there are.
fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Range {
        asked(&[(header::RANGE, text.parse().unwrap())].into_iter().collect(), 100)
    }

    #[test]
    fn one_range_is_answered_and_anything_else_by_the_whole() {
        for (text, range) in [
            ("bytes=0-0", Range::Part { start: 0, end: 1 }),
            ("bytes=10-19", Range::Part { start: 10, end: 20 }),
            ("Bytes=90-", Range::Part { start: 90, end: 100 }),
            ("bytes=90-99999999999999999999999", Range::Part { start: 90, end: 100 }),
            ("bytes=-1", Range::Part { start: 99, end: 100 }),
            ("bytes=-500", Range::Part { start: 0, end: 100 }),
            ("bytes=100-", Range::Beyond),
            ("bytes=99999999999999999999999-", Range::Beyond),
            ("bytes=-0", Range::Beyond),
            ("bytes=0-1,5-6", Range::Whole),
            ("bytes=5-4", Range::Whole),
            ("bytes=", Range::Whole),
            ("bytes=+1-2", Range::Whole),
            ("letters=0-1", Range::Whole),
        ] {
            assert_eq!(of(text), range, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_range_reaches_beyond_the_end(text in "(bytes=)?[0-9,-]{0,12}", length in 1_u64..1000) {
            let headers = [(header::RANGE, text.parse().unwrap())].into_iter().collect();
            if let Range::Part { start, end } = asked(&headers, length) {
                prop_assert!(start < end && end <= length);
            }
        }
    }
}
