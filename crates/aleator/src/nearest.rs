//! The nearest known name, for messages about one that is not known.

/// Longest name that is compared with others; also bounds the time that a suggestion takes.
const LONGEST_COMPARED: usize = 64;

/// The candidate that `name` is most likely a misspelling of, if any is near enough; the first of equals.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST_COMPARED {
        return None;
    }
    let allowed = match name.chars().count() {
        0..=1 => 0,
        2..=4 => 1,
        5..=8 => 2,
        length => length / 3,
    };
    let lower = name.to_lowercase();
    let distance = |candidate: &str| {
        if candidate.len() > LONGEST_COMPARED || candidate.len().abs_diff(name.len()) > 2 * allowed {
            return usize::MAX;
        }
        strsim::damerau_levenshtein(&lower, &candidate.to_lowercase())
    };
    candidates
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found() {
        let names = ["theta", "phi", "sigma", "Bernoulli", "reinforce", "score_function"];
        for (misspelt, expected) in [
            ("thta", Some("theta")),
            ("tehta", Some("theta")),
            ("THETA", Some("theta")),
            ("Bernouli", Some("Bernoulli")),
            ("reinforc", Some("reinforce")),
            ("scorefunction", Some("score_function")),
            ("ph", Some("phi")),
            ("x", None),
            ("", None),
            ("entirely", None),
        ] {
            assert_eq!(nearest(misspelt, names), expected, "{misspelt}");
        }
        assert_eq!(nearest(&"a".repeat(1 << 20), names), None);
    }
}
