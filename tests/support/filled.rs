//! What a reader fills in.
#![allow(unreachable_pub)]

/// A text of PowerShell with a value for each placeholder: `<like this>`, as a word of its own outside of literals.
pub fn filled(text: &str) -> String {
    let (mut filled, mut rest, mut is_quoted) = (String::new(), text, false);
    while let Some(character) = rest.chars().next() {
        is_quoted ^= matches!(character, '\'' | '\u{2018}'..='\u{201B}');
        let end = rest.find('>').filter(|_| character == '<' && !is_quoted);
        let length = end.map_or(character.len_utf8(), |end| end + 1);
        let (now, then) = rest.split_at(length);
        filled.push_str(if end.is_some() { "'filled'" } else { now });
        rest = then;
    }
    filled
}
