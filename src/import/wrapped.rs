//! Values that a console broke over lines, and where they were cut short.

/// A value as it stands in one line or in several.
#[derive(Clone, Debug, Default)]
pub(super) struct Wrapped {
    /// With the blanks at their ends.
    pieces: Vec<String>,
    /// Whether nobody can tell if it goes on after the last piece.
    ends_open: bool,
    /// Whether the blanks with which its lines began are lost.
    lost_blanks: bool,
}

/// How a console breaks long lines: which of the two depends on the language of Windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// Between words.
    Words,
    /// Wherever the line is full.
    Hard,
    /// Either, and the copy kept every blank.
    Kept,
    /// The text does not tell.
    Unknown,
}

/// What the lengths of lines tell of where they are broken.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Evidence {
    /// The longest piece.
    widest: usize,
    /// The shortest piece that goes on.
    narrowest: Option<usize>,
    /// How many go on.
    broken: usize,
    /// Whether a piece ends in a blank before it goes on: then the copy kept them all.
    keeps_blanks: bool,
    lost_blanks: bool,
}

impl Evidence {
    pub(super) fn see(&mut self, value: &Wrapped) {
        self.lost_blanks |= value.lost_blanks;
        let mut pieces = value.pieces.iter().peekable();
        while let Some(piece) = pieces.next() {
            let length = piece.trim_end().chars().count();
            self.widest = self.widest.max(length);
            if pieces.peek().is_some() {
                self.broken += 1;
                self.narrowest = Some(self.narrowest.map_or(length, |narrowest| narrowest.min(length)));
                self.keeps_blanks |= piece.ends_with(' ') && !piece.ends_with("  ");
            }
        }
    }

    /// The length of a full line, as far as there is one.
    pub(super) fn widest(self) -> usize {
        self.widest
    }

    pub(super) fn habit(self) -> Habit {
        // A blank at the end of a full line may be lost, and perhaps one at its beginning too.
        let lost = if self.lost_blanks { 3 } else { 1 };
        match self.narrowest {
            _ if self.keeps_blanks && !self.lost_blanks => Habit::Kept,
            Some(narrowest) if narrowest + lost < self.widest => Habit::Words,
            Some(_) if self.broken > 1 => Habit::Hard,
            _ => Habit::Unknown,
        }
    }
}

impl Habit {
    /// What holds where the lines at hand do not tell: what all others of the text say.
    pub(super) fn or_of_all(self, all: &[Self]) -> Self {
        let has = |habit| all.contains(&habit);
        match (self, has(Self::Words), has(Self::Hard)) {
            (Self::Unknown, true, false) => Self::Words,
            (Self::Unknown, false, true) => Self::Hard,
            _ => self,
        }
    }
}

impl Wrapped {
    pub(super) fn new(piece: &str) -> Self {
        Self { pieces: vec![piece.to_owned()], ends_open: false, lost_blanks: false }
    }

    pub(super) fn push(&mut self, piece: &str) {
        self.pieces.push(piece.to_owned());
    }

    /// Goes on in a line that does not begin where the value does.
    pub(super) fn push_unindented(&mut self, piece: &str) {
        self.lost_blanks = true;
        self.push(piece.trim());
    }

    /// Says that it may go on, and nobody can tell.
    pub(super) fn end_open(&mut self) {
        self.ends_open = true;
    }

    /// How many lines it stands in.
    pub(super) fn lines(&self) -> usize {
        self.pieces.len()
    }

    pub(super) fn is_blank(&self) -> bool {
        self.pieces.iter().all(|piece| piece.trim().is_empty())
    }

    /// A value without a blank that matters: a thumbprint, a host name, names with commas between.
    pub(super) fn compact(&self) -> String {
        self.pieces.iter().map(|piece| piece.trim()).collect()
    }

    /// Whether a list in braces has begun and not ended.
    pub(super) fn is_open(&self) -> bool {
        let opens = self.pieces.first().is_some_and(|piece| piece.trim_start().starts_with('{'));
        opens && !self.pieces.last().is_some_and(|piece| piece.trim_end().ends_with('}'))
    }

    /// The items of a list in braces, and whether there are more of them. Of a text that is no list it is the one item.
    pub(super) fn list(&self) -> (Vec<String>, bool) {
        let text = self.compact();
        let Some(inside) = text.strip_prefix('{') else {
            let is_cut = is_cut_short(&text);
            return (Some(text).filter(|text| !text.is_empty() && !is_cut).into_iter().collect(), is_cut);
        };
        let (inside, is_closed) = inside.strip_suffix('}').map_or((inside, false), |inside| (inside, true));
        let whole = inside.trim_end_matches(['.', '…']);
        let is_cut = !is_closed || is_cut_short(inside);
        let mut items: Vec<_> = whole.split(',').map(|item| item.trim().to_owned()).collect();
        // The last name may be cut itself, unless the brace after the dots says that it is whole.
        if !is_closed {
            items.pop();
        }
        // No name has a blank in it: something else stands there.
        let end = items.iter().position(|item| item.contains(' ')).unwrap_or(items.len());
        let is_cut = is_cut || end < items.len();
        items.truncate(end);
        items.retain(|item| !item.is_empty());
        (items, is_cut)
    }

    /// A text of words. Where nobody can tell whether a blank was lost between lines, it is cut there, and says so.
    pub(super) fn words(&self, habit: Habit, widest: usize) -> String {
        // A blank between full lines would be lost.
        let habit = if self.lost_blanks && habit != Habit::Words { Habit::Unknown } else { habit };
        let mut pieces = self.pieces.iter();
        let mut text = pieces.next().map_or("", |piece| piece.trim_start()).to_owned();
        let mut last = self.pieces.first().map_or(0, |piece| piece.trim_end().chars().count());
        for piece in pieces {
            let kept = text.ends_with(' ') || piece.starts_with(' ');
            let more = piece.trim_start();
            text.truncate(text.trim_end().len());
            let is_long_word = || {
                let word = |text: &str| text.chars().count();
                let (end, start) = (text.rsplit(' ').next(), more.split(' ').next());
                last == widest && end.map_or(0, word) + start.map_or(0, word) > widest
            };
            let has_blank = match habit {
                _ if kept || text.ends_with(',') => true,
                // Either a word that is longer than a line, or two that happen to fill it.
                Habit::Words if is_long_word() => {
                    text.push('…');
                    return text;
                }
                Habit::Words => true,
                Habit::Hard => last + 1 == widest,
                Habit::Kept => false,
                Habit::Unknown => {
                    text.push('…');
                    return text;
                }
            };
            if has_blank && !text.is_empty() {
                text.push(' ');
            }
            text.push_str(more);
            last = piece.trim_end().chars().count();
        }
        text.truncate(text.trim_end().len());
        if self.ends_open && !text.is_empty() && !is_cut_short(&text) {
            text.push('…');
        }
        text
    }
}

/// Whether a text ends in dots that say that it goes on.
pub(super) fn is_cut_short(text: &str) -> bool {
    text.ends_with("...") || text.ends_with('…')
}

/// Whether a text is cut at one of its ends: PowerShell cuts on the left what it aligns on the right.
pub(super) fn is_cut(text: &str) -> bool {
    is_cut_short(text) || text.starts_with("...") || text.starts_with('…')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(pieces: &[&str]) -> Wrapped {
        Wrapped {
            pieces: pieces.iter().map(|piece| (*piece).to_owned()).collect(),
            ends_open: false,
            lost_blanks: false,
        }
    }

    fn words(values: &[&[&str]]) -> String {
        let mut evidence = Evidence::default();
        values.iter().for_each(|pieces| evidence.see(&wrapped(pieces)));
        wrapped(values[0]).words(evidence.habit(), evidence.widest)
    }

    #[test]
    fn a_text_is_put_together_as_its_lines_were_broken() {
        for (values, expected) in [
            // Full lines, broken anywhere.
            (&[&["CN=Contoso Iss", "uing CA, O=Con", "toso"][..]][..], "CN=Contoso Issuing CA, O=Contoso"),
            (&[&["CN=Contoso Iss", "uing", "x"][..], &["aaaaaaaaaaaaaa", "a"]], "CN=Contoso Iss uing x"),
            (&[&["CN=Contoso", "Issuing CA"], &["aaaaaaaaaaaaaaaaaa"]], "CN=Contoso Issuing CA"),
            // Blanks that were kept tell it.
            (&[&["CN=Contoso ", "Issu", "ing"]], "CN=Contoso Issuing"),
            (&[&["CN=Contoso", " Issuing CA"]], "CN=Contoso Issuing CA"),
            // After a comma of a name always stands a blank.
            (&[&["CN=Contoso,", "O=x"]], "CN=Contoso, O=x"),
            // Nobody can tell.
            (&[&["CN=Contoso Iss", "uing CA"]], "CN=Contoso Iss…"),
        ] {
            assert_eq!(words(values), expected, "{values:?}");
        }
    }

    #[test]
    fn a_list_is_whole_only_with_both_braces_and_without_dots() {
        for (pieces, expected, is_cut) in [
            (&["{}"][..], &[][..], false),
            (&["{a.b, c.d}"], &["a.b", "c.d"], false),
            (&["{a.b,", "c.d}"], &["a.b", "c.d"], false),
            (&["{a.b, c", ".d}"], &["a.b", "c.d"], false),
            (&["{a.b, c.d...}"], &["a.b", "c.d"], true),
            (&["{a.b, c.d…}"], &["a.b", "c.d"], true),
            (&["{a.b, c.d…"], &["a.b"], true),
            (&["{a.b, c.d"], &["a.b"], true),
            (&["{a.b, Thank you", "all}"], &["a.b"], true),
            (&["a.b"], &["a.b"], false),
            (&[""], &[], false),
        ] {
            assert_eq!(
                wrapped(pieces).list(),
                (expected.iter().map(|item| (*item).to_owned()).collect(), is_cut),
                "{pieces:?}"
            );
        }
    }
}
