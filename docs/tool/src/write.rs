//! From docs/src and the code to target/book-src, where mdBook finds the pages.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::commands::Runner;
use crate::gallery::Gallery;
use crate::headers::Headers;
use crate::references::References;
use crate::{Result, catalogue, read};

/// Where the pages go.
const TARGET: &str = "target/book-src";
/// Where commands of the book run.
const SCRATCH: &str = "target/book-run";

/// Writes all pages, and says how many pages and commands there were.
pub fn write(binary: &Path) -> Result<String> {
    let references = References::read("references.bib")?;
    let headers = Headers::read()?;
    let mut pages: BTreeMap<PathBuf, String> = BTreeMap::new();
    for file in files("docs/src")? {
        let text = read(&file)?;
        let name = file.strip_prefix("docs/src").map_err(|e| e.to_string())?;
        pages.insert(name.into(), text);
    }
    // What was measured is committed beside the sources of the book: a build does not measure it again. There, the way to a picture
    // leads through `src`.
    for name in ["benchmarks.md", "experiments.md"] {
        pages.insert(name.into(), read(Path::new("docs").join(name))?.replace("](src/", "]("));
    }
    let mut decisions = String::new();
    for file in files("docs/adr")? {
        let text = read(&file)?;
        let name = file.file_name().ok_or("a decision without a name")?.to_string_lossy().into_owned();
        let title = text.lines().next().unwrap_or_default().trim_start_matches(['#', ' ']);
        let title = title.split_once(". ").map_or(title, |(_, title)| title);
        decisions.push_str(&format!("  - [{title}](decisions/{name})\n"));
        pages.insert(Path::new("decisions").join(name), text);
    }
    let estimators = headers.estimator_pages(&mut pages)?;
    let gallery = Gallery::read()?;
    pages.extend(gallery.pages);
    pages.insert("references.md".into(), references.page());

    let parts = [
        ("{{summary of estimators}}", estimators),
        ("{{summary of gallery}}", gallery.summary),
        ("{{contents of gallery}}", gallery.contents),
        ("{{list of decisions}}", decisions.replace("](decisions/", "](").replace("  - ", "- ")),
        ("{{summary of decisions}}", decisions),
        ("{{table of estimators}}", catalogue::estimators()),
        ("{{table of options}}", catalogue::options()),
        ("{{table of functions}}", catalogue::functions()),
        ("{{table of distributions}}", catalogue::distributions()),
        ("{{distributions}}", headers.distributions()?),
        ("{{estimator trait}}", headers.page("crates/aleator/src/rewrite/estimator.rs", "", 2)?),
    ];
    clear(TARGET)?;
    let mut runner = Runner::new(binary, Path::new(SCRATCH), Path::new(TARGET))?;
    for (name, mut text) in pages {
        for (part, replacement) in &parts {
            // Each stands on a line of its own.
            text = text.replace(&format!("{part}\n"), replacement);
        }
        text = present(&text).map_err(|error| format!("{}: {error}", name.display()))?;
        let depth = name.components().count() - 1;
        let to_root = "../".repeat(depth);
        text = pages_of(&text, &to_root);
        text = runner.expand(&text, &to_root).map_err(|error| format!("{}: {error}", name.display()))?;
        if let Some(part) =
            text.lines().find(|line| line.starts_with("{{") && !line.starts_with("{{#include "))
        {
            return Err(format!("{}: nothing is known of {part}", name.display()));
        }
        if name != Path::new("references.md") {
            text = references.link(&text, &to_root);
        }
        let path = Path::new(TARGET).join(&name);
        save(&path, &text)?;
    }
    // A page may show it under this name.
    if let Some(figure) = runner.choices.svg() {
        save(&Path::new(TARGET).join("pictures/choices.svg"), &figure)?;
    }
    Ok(format!("{} commands and {} graphs of the book work", runner.commands, runner.graphs))
}

/// A page without the parts that speak of what the library does not have: lines between `{{if NAME}}` or
/// `{{unless NAME}}` and `{{end}}`, for a distribution or estimator.
fn present(page: &str) -> Result<String> {
    let mut text = String::new();
    let mut shown = true;
    for line in page.lines() {
        let condition = |word: &str| line.strip_prefix(word).and_then(|rest| rest.strip_suffix("}}"));
        match (condition("{{if "), condition("{{unless "), line) {
            (Some(name), _, _) => shown = exists(name),
            (_, Some(name), _) => shown = !exists(name),
            (_, _, "{{end}}") => shown = true,
            _ if shown => text.push_str(&format!("{line}\n")),
            _ => {}
        }
    }
    if shown { Ok(text) } else { Err("a part that begins with {{if ..}} has no {{end}}".into()) }
}

fn exists(name: &str) -> bool {
    aleator::estimators::find(name).is_some() || aleator::distributions::find(name).is_some()
}

/// `{{pages of a, b}}` as links to the pages of those estimators that the library has.
fn pages_of(page: &str, to_root: &str) -> String {
    let mut text = String::new();
    for line in page.lines() {
        let names = line.strip_prefix("{{pages of ").and_then(|rest| rest.strip_suffix("}}"));
        let Some(names) = names else {
            text.push_str(&format!("{line}\n"));
            continue;
        };
        let links: Vec<String> = names
            .split(", ")
            .filter(|name| exists(name))
            .map(|name| format!("[`{name}`]({to_root}estimators/{name}.md)"))
            .collect();
        text.push_str(&match links.is_empty() {
            true => "*aleator has no estimator of this kind yet.*\n".to_string(),
            false => format!("In aleator: {}.\n", links.join(", ")),
        });
    }
    text
}

/// Empties a directory.
pub fn clear(directory: impl AsRef<Path>) -> Result<()> {
    let directory = directory.as_ref();
    if directory.exists() {
        fs::remove_dir_all(directory).map_err(|e| format!("{}: {e}", directory.display()))?;
    }
    fs::create_dir_all(directory).map_err(|e| format!("{}: {e}", directory.display()))
}

/// Writes a file and the directories above it.
pub fn save(path: &Path, text: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|e| format!("{}: {e}", parent.display()))?;
    }
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

/// All files below a directory, in order.
pub fn files(directory: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
    let directory = directory.as_ref();
    let wrong = |e: std::io::Error| format!("{}: {e}", directory.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.is_dir() {
            found.extend(files(path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_exists_is_spoken_of() {
        let page =
            "a\n{{if rebar}}\nb\n{{end}}\n{{unless rebar}}\nc\n{{end}}\n{{if nothing}}\nd\n{{end}}\ne\n";
        assert_eq!(present(page).unwrap(), "a\nb\ne\n");
        assert!(present("{{if nothing}}\n").is_err());
        assert_eq!(
            pages_of("{{pages of rebar, nothing}}", ""),
            "In aleator: [`rebar`](estimators/rebar.md).\n"
        );
    }
}
