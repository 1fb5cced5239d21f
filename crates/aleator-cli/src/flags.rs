//! The library's settings as options of `train`.

use aleator::train::Setting;

/// Whether a setting of the library, or what it goes on from, is an option of that name; the model is given by its place.
pub fn is_flag(name: &str) -> bool {
    name == "resume" || (name != "model" && Setting::find(name).is_some())
}

/// A message of the library, with the settings in it as the options that they are: `` `lr` `` becomes `--lr`, `` `lr = 1` `` becomes
/// `--lr 1`.
pub fn with_flags(message: &str) -> String {
    let pieces: Vec<&str> = message.split('`').collect();
    let mut out = String::new();
    for (i, piece) in pieces.iter().enumerate() {
        let quoted = i % 2 == 1 && i + 1 < pieces.len();
        let (name, value) =
            piece.split_once(" = ").map_or((*piece, None), |(name, value)| (name, Some(value)));
        match (quoted, is_flag(name), value) {
            (true, true, None) => out.push_str(&format!("--{name}")),
            (true, true, Some(value)) => out.push_str(&format!("--{name} {value}")),
            (true, false, _) => out.push_str(&format!("`{piece}`")),
            (false, ..) if i % 2 == 1 => out.push_str(&format!("`{piece}")),
            (false, ..) => out.push_str(piece),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_library_are_options_here() {
        for (message, expected) in [
            ("try a smaller `lr`", "try a smaller --lr"),
            ("`seed = 0` there, `seed = 1` here", "--seed 0 there, --seed 1 here"),
            ("without `data-seed` there", "without --data-seed there"),
            (
                "`objective = iwae` `importance-samples = 5` there",
                "--objective iwae --importance-samples 5 there",
            ),
            ("go on with `resume = a b`, or not", "go on with --resume a b, or not"),
            ("there is no model `foo`; did you mean `lr", "there is no model `foo`; did you mean `lr"),
            ("`prior.logits` (element 3) is NaN", "`prior.logits` (element 3) is NaN"),
        ] {
            assert_eq!(with_flags(message), expected);
        }
    }
}
