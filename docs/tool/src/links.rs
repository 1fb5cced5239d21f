//! Every relative link of the built book leads to a file, and to a place within it where it names one.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use crate::write::files;
use crate::{Result, read};

/// Checks all pages of the book in a directory.
pub fn check(book: &Path) -> Result<String> {
    let all = files(book)?;
    let pages: Vec<&PathBuf> = all.iter().filter(|f| f.extension().is_some_and(|e| e == "html")).collect();
    let mut texts = HashMap::new();
    for page in pages {
        texts.insert(page.clone(), read(page)?);
    }
    let places: HashMap<&PathBuf, HashSet<&str>> =
        texts.iter().map(|(page, text)| (page, attributes(text, &[" id=\""]).collect())).collect();
    let existing: HashSet<&PathBuf> = all.iter().collect();
    let (mut links, mut broken) = (0, Vec::new());
    for (page, text) in &texts {
        // The page for missing pages is shown anywhere, and its links begin at the root.
        if page.ends_with("404.html") {
            continue;
        }
        if text.contains("{{#include ") {
            broken.push(format!("{}: includes a file that is not there", page.display()));
        }
        for link in attributes(text, &[" href=\"", " src=\""]) {
            let link = link.replace("&amp;", "&");
            // The last is a place in a script that makes links.
            if ["://", "mailto:", "data:", "${"].iter().any(|elsewhere| link.contains(elsewhere)) {
                continue;
            }
            links += 1;
            let (path, place) = link.split_once('#').unwrap_or((&link, ""));
            let target = match path {
                "" => page.clone(),
                path => resolve(page.parent().unwrap_or(book), path),
            };
            let known = places.get(&target).is_some_and(|ids| ids.contains(place));
            if !existing.contains(&target) || !(place.is_empty() || known) {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    broken.sort();
    broken.dedup();
    match broken.is_empty() {
        true => Ok(format!("{links} links in {} pages lead somewhere", texts.len())),
        false => Err(format!("links that lead nowhere:\n{}", broken.join("\n"))),
    }
}

/// Values of these attributes, wherever they stand in a tag.
fn attributes<'a>(html: &'a str, names: &'a [&'static str]) -> impl Iterator<Item = &'a str> {
    names
        .iter()
        .copied()
        .flat_map(move |name| html.split(name).skip(1).filter_map(|rest| rest.split('"').next()))
}

/// A path below a directory without `..` in it.
fn resolve(directory: &Path, path: &str) -> PathBuf {
    let mut resolved = directory.to_path_buf();
    for component in Path::new(path).components() {
        match component {
            Component::ParentDir => drop(resolved.pop()),
            Component::Normal(name) => resolved.push(name),
            _ => {}
        }
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_and_resolved() {
        let html = r##"<a href="../b.html#x">b</a><img src="c.svg"><h2 id="x">"##;
        assert_eq!(attributes(html, &[" href=\"", " src=\""]).collect::<Vec<_>>(), ["../b.html#x", "c.svg"]);
        assert_eq!(resolve(Path::new("book/theory"), "../b.html"), Path::new("book/b.html"));
        assert_eq!(resolve(Path::new("book"), "./b.html"), Path::new("book/b.html"));
    }
}
