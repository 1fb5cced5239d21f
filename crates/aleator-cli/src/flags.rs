//! The translation of the library's settings into options of the command.

use aleator::train::Setting;

/// Whether the command has an option for a setting of the library (or for the checkpoint from which a run is resumed). The model
/// is a positional argument.
pub fn is_flag(name: &str) -> bool {
    name == "resume" || (name != "model" && Setting::find(name).is_some())
}

/// Replaces the settings in a message of the library by options: ``the setting `lr` `` becomes `--lr`, and `` `lr = 1` `` becomes
/// `--lr 1`. Options of estimators and models with the same names are unchanged.
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
            ("resume it with `resume = a b`, or not", "resume it with --resume a b, or not"),
            ("there is no model `foo`; did you mean `lr", "there is no model `foo`; did you mean `lr"),
            ("`nvil` has no option `hidden`", "`nvil` has no option `hidden`"),
            ("`prior.logits` (element 3) is NaN", "`prior.logits` (element 3) is NaN"),
        ] {
            assert_eq!(with_flags(message), expected);
        }
    }
}
