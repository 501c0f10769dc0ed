//! The known texts that are nearest to one that is not known.

use std::collections::{BTreeMap, BTreeSet};

use super::known::{KnownText, Sign};
use super::known_texts;

/// How many are named.
const MOST: usize = 3;
/// How many words have to be shared, and their weight: a word of few texts weighs more than one of many.
const WORDS: usize = 3;
const WEIGHT: usize = 45;

/// The known texts that share most words with a text, the nearest first.
pub(super) fn nearest(text: &str) -> Vec<&'static KnownText> {
    let said: BTreeMap<_, _> = known_texts().map(|known| (known.id, words_of(known))).collect();
    let mut texts_with: BTreeMap<&str, usize> = BTreeMap::new();
    said.values().flatten().for_each(|word| *texts_with.entry(word).or_default() += 1);
    let here: BTreeSet<String> = words(text).filter(|word| texts_with.contains_key(word.as_str())).collect();
    let weight = |word: &String| texts_with.get(word.as_str()).map_or(0, |texts| 100 / texts.max(&1) + 10);
    let mut near: Vec<_> = known_texts()
        .filter_map(|known| {
            let shared: Vec<_> = said.get(known.id)?.iter().filter(|word| here.contains(*word)).collect();
            let weight: usize = shared.iter().map(|word| weight(word)).sum();
            let share = weight * weight / said.get(known.id)?.len().max(1);
            (shared.len() >= WORDS && weight >= WEIGHT).then_some((share, known))
        })
        .collect();
    near.sort_by(|(one, _), (other, _)| other.cmp(one));
    near.into_iter().take(MOST).map(|(_, known)| known).collect()
}

/// The words of a known text: those that it is recognised by, and those of its name.
fn words_of(known: &KnownText) -> BTreeSet<String> {
    let parts = known.signs.iter().flat_map(|sign| match sign {
        Sign::Words(parts) => *parts,
        Sign::Reply(_) | Sign::Event(..) => &[],
    });
    parts.copied().chain([known.id]).flat_map(words).collect()
}

/// Words of four letters or more that say something, in lower case.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    const SAY_NOTHING: [&str; 20] = [
        "after", "because", "been", "could", "does", "from", "have", "into", "only", "than", "that", "their", "these",
        "this", "when", "which", "will", "with", "would", "your",
    ];
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| (4..=40).contains(&word.len()));
    words.map(str::to_lowercase).filter(|word| !SAY_NOTHING.contains(&word.as_str()))
}
