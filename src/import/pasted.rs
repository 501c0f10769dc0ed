//! The lines of a text as it was pasted: without colours, marks of quotations and no-break spaces.

use std::borrow::Cow;

/// A line that is not blank.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub(super) number: u64,
    /// With the blanks at its ends.
    pub(super) text: Cow<'a, str>,
    /// How many blank lines stand before it.
    pub(super) gap: u64,
}

/// The lines that are not blank.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut gap = 0;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let text = clean(line);
        if text.trim().is_empty() {
            gap += 1;
            return None;
        }
        Some(Line { number: index as u64 + 1, text, gap: std::mem::take(&mut gap) })
    })
}

fn clean(line: &str) -> Cow<'_, str> {
    let line = plain(line);
    let cut = quoted(&line);
    let line = match (cut, line) {
        (0, line) => line,
        (cut, Cow::Borrowed(line)) => Cow::Borrowed(line.get(cut..).unwrap_or_default()),
        (cut, Cow::Owned(line)) => Cow::Owned(line.get(cut..).unwrap_or_default().to_owned()),
    };
    // The mark of a list in a mail.
    let start = line.trim_start();
    let indent = line.len() - start.len();
    match start.strip_prefix(['*', '•', '·']).filter(|rest| rest.starts_with(' ')) {
        Some(rest) => Cow::Owned(format!("{}{rest}", " ".repeat(indent + 1))),
        None => line,
    }
}

/// How many bytes of a line are marks of quotations: `> ` and `| `, each perhaps more than once.
fn quoted(line: &str) -> usize {
    let mut rest = line;
    loop {
        let start = rest.trim_start_matches(' ');
        // A row of a Markdown table has more of them.
        let bar = || start.strip_prefix('|').filter(|rest| !rest.contains('|'));
        let Some(inside) = start.strip_prefix('>').or_else(bar) else {
            return line.len() - rest.len();
        };
        rest = inside.strip_prefix(' ').unwrap_or(inside);
    }
}

/// A line without the escapes of a terminal, with each blank as a space and nothing that has no width.
fn plain(line: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| (b' '..0x7F).contains(&byte);
    if line.bytes().all(is_plain) {
        return line.into();
    }
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1B}' => match characters.next() {
                // A sequence ends with a letter or one of a few marks.
                Some('[') => while characters.next().is_some_and(|next| !('@'..='~').contains(&next)) {},
                Some(']') => while characters.next().is_some_and(|next| !matches!(next, '\u{7}' | '\u{1B}')) {},
                _ => {}
            },
            '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => plain.push(' '),
            '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' => {}
            '\t' => {
                let width = 8 - plain.chars().count() % 8;
                plain.extend(std::iter::repeat_n(' ', width));
            }
            // The lines of a box are those of a table.
            '│' | '┆' | '┊' | '║' => plain.push('|'),
            _ => plain.push(character),
        }
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<(u64, u64, String)> {
        lines(text).map(|line| (line.number, line.gap, line.text.trim_end().to_owned())).collect()
    }

    #[test]
    fn marks_colours_and_blanks_are_no_part_of_a_line() {
        let of = |line: &str| texts(line).pop().map(|(_, _, text)| text).unwrap_or_default();
        for line in [
            "Name : x",
            "> Name : x",
            ">> Name : x",
            "> > Name : x",
            "| Name : x",
            "> | Name : x",
            "Name\u{A0}:\u{A0}x",
            "\u{1B}[32;1mName : \u{1B}[0mx",
            "\u{1B}]0;title\u{7}Name : x",
            "\u{FEFF}Name : x\u{200B}",
        ] {
            assert_eq!(of(line), "Name : x", "{line:?}");
        }
        assert_eq!(of("* Name : x"), "  Name : x");
        assert_eq!(of("| a | b |"), "| a | b |");
        assert_eq!(of("a\tb"), "a       b");
        assert_eq!(of("**Name** : x"), "**Name** : x");
        assert_eq!(of("\u{1B}[32"), "");
    }

    #[test]
    fn blank_lines_are_counted_and_left_out() {
        let expected = [(2, 1, "a".to_owned()), (3, 0, "b".to_owned()), (6, 2, "c".to_owned())];
        assert_eq!(texts("\na\nb\n> \n\u{A0}\nc\n"), expected);
    }
}
