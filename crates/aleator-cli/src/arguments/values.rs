//! What the values of options may be, beyond what their types say.

use std::path::PathBuf;

/// The path of a figure. It is checked at once, because the figure may be drawn only after hours.
fn drawing(text: &str, extensions: &[&str]) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    if !extensions.contains(&&*extension) {
        return Err(format!("its name should end in .{}", extensions.join(" or .")));
    }
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() && !parent.is_dir() => {
            Err(format!("there is no directory {}", parent.display()))
        }
        _ if path.is_dir() => Err("it is a directory".into()),
        _ => Ok(path),
    }
}

/// The path of a chart.
pub fn plot_file(text: &str) -> Result<PathBuf, String> {
    drawing(text, &["svg", "png"])
}

/// The path of a picture made of pixels.
pub fn png_file(text: &str) -> Result<PathBuf, String> {
    drawing(text, &["png"])
}

/// A whole number, also written as `1e5`.
fn whole(text: &str) -> Option<u64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    // Below 2^53 every whole number is a number of 64 bits.
    let number = text
        .parse::<f64>()
        .ok()
        .filter(|x| x.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(x))?;
    text.contains(['e', 'E']).then_some(number as u64)
}

/// A seed.
pub fn seed(text: &str) -> Result<u64, String> {
    whole(text).ok_or_else(|| format!("must be a whole number from 0 to {}", u64::MAX))
}

/// A count that TOML can represent.
pub fn positive(text: &str) -> Result<usize, String> {
    let number =
        whole(text).filter(|&n| n > 0 && i64::try_from(n).is_ok()).and_then(|n| usize::try_from(n).ok());
    number.ok_or_else(|| format!("must be a whole number from 1 to {}", i64::MAX))
}

/// Counts that TOML can represent, separated by commas; `none` if there are none.
#[derive(Clone, Debug, PartialEq)]
pub struct Counts(pub Vec<u64>);

/// The longest list of counts.
const MOST_COUNTS: usize = 1000;

/// Counts: `200`, `200,100` or `none`.
pub fn counts(text: &str) -> Result<Counts, String> {
    if text.trim() == "none" {
        return Ok(Counts(Vec::new()));
    }
    let parts: Vec<&str> = text.split(',').take(MOST_COUNTS + 1).collect();
    if parts.len() > MOST_COUNTS {
        return Err(format!("must be at most {MOST_COUNTS} numbers"));
    }
    let each = parts.into_iter().map(|part| {
        let number = positive(part.trim()).map(|n| n as u64);
        number.map_err(|why| format!("{why}, or several of them with commas between, or `none`"))
    });
    each.collect::<Result<_, _>>().map(Counts)
}

/// A count that may be 0.
pub fn count(text: &str) -> Result<usize, String> {
    let number = whole(text).and_then(|n| usize::try_from(n).ok());
    number.ok_or_else(|| format!("must be a whole number from 0 to {}", i64::MAX))
}

/// A number of threads.
pub fn threads(text: &str) -> Result<u16, String> {
    let number = whole(text).and_then(|n| u16::try_from(n).ok()).filter(|n| (1..=1024).contains(n));
    number.ok_or_else(|| "must be a whole number from 1 to 1024".to_owned())
}

/// A time in seconds.
pub fn seconds(text: &str) -> Result<std::time::Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|&x| x > 0.0);
    let time = seconds.and_then(|x| std::time::Duration::try_from_secs_f64(x).ok());
    time.ok_or_else(|| "must be a positive number of seconds".to_owned())
}

/// The largest number of seeds.
const MOST_SEEDS: usize = 1000;

/// A number of runs.
pub fn seeds(text: &str) -> Result<usize, String> {
    let number = count(text).ok().filter(|n| (1..=MOST_SEEDS).contains(n));
    number.ok_or_else(|| format!("must be a whole number from 1 to {MOST_SEEDS}"))
}

/// The path of a file of parameters.
pub fn parameter_file(text: &str) -> Result<PathBuf, String> {
    drawing(text, &["safetensors", "json"])
}

/// The path of a report.
pub fn page_file(text: &str) -> Result<PathBuf, String> {
    drawing(text, &["html", "htm"])
}

/// The path of a certificate's report.
pub fn certificate_file(text: &str) -> Result<PathBuf, String> {
    drawing(text, &["html", "htm", "md"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_may_have_an_exponent() {
        assert_eq!(positive("1e5"), Ok(100_000));
        assert_eq!(positive("12"), Ok(12));
        assert_eq!(count("0"), Ok(0));
        assert_eq!(seed("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(seed("2.5e1"), Ok(25));
        for wrong in
            ["0", "-1", "1.5", "1.0", "1e-3", "1e400", "inf", "nan", "", "9223372036854775808", "1e17"]
        {
            assert!(positive(wrong).is_err(), "{wrong}");
        }
    }
}
