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

/// A seed.
pub fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("must be a whole number from 0 to {}", u64::MAX))
}

/// A count that TOML can represent.
pub fn positive(text: &str) -> Result<usize, String> {
    let number = text.parse::<i64>().ok().filter(|&n| n > 0).and_then(|n| usize::try_from(n).ok());
    number.ok_or_else(|| format!("must be a whole number from 1 to {}", i64::MAX))
}

/// The largest number of seeds.
const MOST_SEEDS: usize = 1000;

/// A number of runs.
pub fn seeds(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|n| (1..=MOST_SEEDS).contains(n));
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
