//! The escapes of CLIXML: `_xHHHH_` for a UTF-16 code unit that XML cannot hold.

use std::borrow::Cow;

/// A text with its escapes resolved; what only looks like one stays.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    let is_escape = |at: &usize| text.get(*at..).and_then(escaped).is_some();
    // One character is found faster than the two that an escape begins with.
    let Some(first) = text.match_indices('_').map(|(at, _)| at).find(is_escape) else {
        return text.into();
    };
    let (before, mut rest) = text.split_at(first);
    let mut plain = String::with_capacity(text.len());
    plain.push_str(before);
    while !rest.is_empty() {
        // Units in a row belong together: they may be the halves of a pair.
        let units = std::iter::from_fn(|| {
            let (unit, after) = escaped(rest)?;
            rest = after;
            Some(unit)
        });
        plain.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
        let next = rest.char_indices().skip(1).find(|(_, character)| *character == '_');
        let (literal, after) = rest.split_at(next.map_or(rest.len(), |(at, _)| at));
        plain.push_str(literal);
        rest = after;
    }
    plain.into()
}

fn escaped(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.strip_prefix("_x")?.split_at_checked(4)?;
    let rest = rest.strip_prefix('_').filter(|_| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    Some((u16::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved_once() {
        for (text, plain) in [
            ("", ""),
            ("plain_text", "plain_text"),
            ("a_x000D__x000A_b", "a\r\nb"),
            ("_x005F_x000A_", "_x000A_"),
            ("_xD83D__xDE00_", "😀"),
            ("_xD83D_ _xDE00_", "\u{FFFD} \u{FFFD}"),
            ("_xd83d__xde00_!", "😀!"),
            ("_x00G0_ _x0A_ _x000A", "_x00G0_ _x0A_ _x000A"),
            ("__x0041_", "_A"),
            ("ü_xü000_", "ü_xü000_"),
        ] {
            assert_eq!(unescape(text), plain, "{text}");
        }
    }
}
