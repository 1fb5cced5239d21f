//! What is suggested in place of a word that is unknown: what other languages mean by it, or the nearest known name.

mod table;

use crate::nearest::nearest;

use super::errors::Diagnostic;
use table::Instead::{Say, Word};
use table::TABLE;
pub(super) use table::{Instead, Kind};

/// What to write instead of a foreign word; words that are not `known`, where names are suggested, do not apply.
pub(super) fn instead(kind: Kind, word: &str, known: impl Fn(&str) -> bool) -> Option<Instead> {
    let applies = |instead: &Instead| match instead {
        Word(ours) => *ours != word && known(ours),
        Say(_) => true,
    };
    let find = |same: &dyn Fn(&str) -> bool| {
        let rows = TABLE.iter().filter(|(of, words, _)| *of == kind && words.iter().any(|word| same(word)));
        rows.map(|(_, _, instead)| *instead).find(applies)
    };
    find(&|foreign| foreign == word).or_else(|| match word.len() {
        0..=1 => None,
        _ => find(&|foreign| foreign.len() > 1 && foreign.eq_ignore_ascii_case(word)),
    })
}

/// What this language calls a distribution, function or estimator that other languages and libraries call `word`.
///
/// ```
/// assert_eq!(aleator::language::known_elsewhere("Gaussian"), Some("Normal"));
/// assert_eq!(aleator::language::known_elsewhere("Normal"), None);
/// ```
pub fn known_elsewhere(word: &str) -> Option<&'static str> {
    let name = |kind| match instead(kind, word, |_| true)? {
        Word(ours) => Some(ours),
        Say(_) => None,
    };
    [Kind::Distribution, Kind::Function, Kind::Estimator].into_iter().find_map(name)
}

/// Says what to write instead of a word: what other languages mean by it, or else the nearest of the known names.
///
/// # Errors
/// The diagnostic without a remedy.
pub(super) fn suggest<'a>(
    diagnostic: Diagnostic,
    kind: Kind,
    word: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Result<Diagnostic, Box<Diagnostic>> {
    match instead(kind, word, |ours| known.clone().any(|name| name == ours)) {
        Some(Word(ours)) => return Ok(diagnostic.did_you_mean(ours)),
        Some(Say(remedy)) => return Ok(diagnostic.help(remedy)),
        None => {}
    }
    match nearest(word, known) {
        Some(near) => Ok(diagnostic.did_you_mean(near)),
        None => Err(Box::new(diagnostic)),
    }
}

#[cfg(test)]
mod tests {
    use super::table::Kind::*;
    use super::*;
    use crate::language::{FUNCTIONS, initials};
    use crate::{distributions, estimators};

    /// Every suggested name exists; no foreign word is one of ours; and a word has one row of a kind, unless the first may not apply.
    #[test]
    fn suggestions_exist_and_foreign_words_do_not() {
        let exists = |kind: Kind, word: &str| match kind {
            Function => FUNCTIONS.contains(&word) || initials().iter().any(|i| i.name == word),
            Value => ["pi", "inf", "true", "false"].contains(&word),
            Distribution => distributions::find(word).is_some(),
            Parameter => {
                distributions::all().iter().any(|d| d.signatures.iter().any(|s| s.names.contains(&word)))
            }
            Estimator => estimators::find(word).is_some(),
            Statement => ["param", "const", "data", "cost", "reward", "observe", "external"].contains(&word),
            // The names of arguments are not listed in one place.
            Argument | EstimatorOption => !word.is_empty(),
        };
        for (kind, words, instead) in TABLE {
            if let Word(ours) = instead {
                assert!(exists(*kind, ours), "{kind:?} {ours}");
            }
            if matches!(kind, Function | Value | Distribution | Estimator | Statement) {
                for word in *words {
                    assert!(!exists(*kind, word), "{kind:?} {word} is ours");
                    let rows = TABLE.iter().filter(|(of, words, _)| of == kind && words.contains(word));
                    assert_eq!(rows.count(), 1, "{kind:?} {word}");
                }
            }
        }
    }

    #[test]
    fn the_first_row_that_applies_counts() {
        let shown = |kind, word, known: &[&str]| match instead(kind, word, |ours| known.contains(&ours)) {
            Some(Word(text) | Say(text)) => text,
            None => "",
        };
        assert_eq!(shown(Parameter, "a", &["low", "high"]), "low");
        assert_eq!(shown(Parameter, "a", &["concentration1", "concentration0"]), "concentration1");
        assert_eq!(shown(Distribution, "gaussian", &["Normal"]), "Normal");
        assert!(shown(Parameter, "shape", &["loc", "scale"]).contains("[10]"));
        assert_eq!(shown(Function, "sum", &["sum"]), "");
    }
}
