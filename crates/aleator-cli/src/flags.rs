//! The library's settings as options of `train`.

use aleator::train::Setting;

/// Whether a setting of the library, or what it goes on from, is an option of that name; the model is given by its place.
pub fn is_flag(name: &str) -> bool {
    name == "resume" || (name != "model" && Setting::find(name).is_some())
}

/// A message of the library, with the settings in it as the options that they are: ``the setting `lr` `` becomes `--lr`,
/// `` `lr = 1` `` becomes `--lr 1`. Estimators and models have options of the same names, which stay as they are.
pub fn with_flags(message: &str) -> String {
    const MARK: &str = "the setting ";
    let pieces: Vec<&str> = message.split('`').collect();
    let mut out = String::new();
    for (i, piece) in pieces.iter().enumerate() {
        let quoted = i % 2 == 1 && i + 1 < pieces.len();
        let marked = out.strip_suffix(MARK).map(str::len);
        match (piece.split_once(" = "), marked) {
            (Some((name, value)), _) if quoted && is_flag(name) => out.push_str(&format!("--{name} {value}")),
            (None, Some(before)) if quoted && is_flag(piece) => {
                out.truncate(before);
                out.push_str(&format!("--{piece}"));
            }
            _ if quoted => out.push_str(&format!("`{piece}`")),
            _ if i % 2 == 1 => out.push_str(&format!("`{piece}")),
            _ => out.push_str(piece),
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
            ("reduce the setting `lr`", "reduce --lr"),
            ("use `samples = 2` or more", "use --samples 2 or more"),
            ("`seed = 0` there, `seed = 1` here", "--seed 0 there, --seed 1 here"),
            ("without the setting `data-seed` there", "without --data-seed there"),
            (
                "`objective = iwae` `importance-samples = 5` there",
                "--objective iwae --importance-samples 5 there",
            ),
            ("go on with `resume = a b`, or not", "go on with --resume a b, or not"),
            ("there is no model `foo`; did you mean `lr", "there is no model `foo`; did you mean `lr"),
            ("`nvil` has no option `hidden`", "`nvil` has no option `hidden`"),
            ("`prior.logits` (element 3) is NaN", "`prior.logits` (element 3) is NaN"),
        ] {
            assert_eq!(with_flags(message), expected);
        }
    }
}
