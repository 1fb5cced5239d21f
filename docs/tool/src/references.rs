//! references.bib as a page, and its keys in other pages as links to it.

use crate::{Result, read};

/// One paper.
struct Reference {
    key: String,
    text: String,
}

/// All papers.
pub struct References {
    all: Vec<Reference>,
}

impl References {
    /// Reads a BibTeX file.
    pub fn read(file: &str) -> Result<Self> {
        let source = read(file)?;
        let mut all = Vec::new();
        for entry in source.split("\n@").skip(1) {
            let (head, body) = entry.split_once(",\n").ok_or(format!("{file}: `{entry}` has no fields"))?;
            let key = head.split_once('{').map_or(head, |(_, key)| key).trim().to_string();
            let title = field(body, "title").ok_or(format!("{file}: {key} has no title"))?;
            let authors = field(body, "author").ok_or(format!("{file}: {key} has no author"))?;
            let year = field(body, "year").ok_or(format!("{file}: {key} has no year"))?;
            let venue =
                ["journal", "booktitle", "howpublished", "publisher"].iter().find_map(|v| field(body, v));
            let mut text = format!("{authors} ({year}). *{title}*.");
            if let Some(venue) = venue {
                text.push_str(&format!(" {venue}."));
            }
            if let Some(doi) = field(body, "doi") {
                text.push_str(&format!(" [doi:{doi}](https://doi.org/{doi})."));
            }
            if let Some(eprint) = field(body, "eprint") {
                text.push_str(&format!(" [arXiv:{eprint}](https://arxiv.org/abs/{eprint})."));
            } else if let Some(url) = field(body, "url") {
                text.push_str(&format!(" <{url}>."));
            }
            all.push(Reference { key, text });
        }
        all.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(References { all })
    }

    /// The page.
    pub fn page(&self) -> String {
        let mut text = String::from(
            "# References\n\nThe papers, by the keys that these pages use. `aleator cite KEY` prints the BibTeX entry.\n",
        );
        for Reference { key, text: reference } in &self.all {
            text.push_str(&format!("\n## {key}\n\n{reference}\n"));
        }
        text
    }

    /// A page with its keys, written as code, linked to the page of references.
    pub fn link(&self, page: &str, to_root: &str) -> String {
        let mut text = page.to_string();
        for Reference { key, .. } in &self.all {
            text = text.replace(&format!("`{key}`"), &format!("[`{key}`]({to_root}references.md#{key})"));
        }
        text
    }
}

/// A field's value without TeX: what stands between the braces.
fn field(body: &str, name: &str) -> Option<String> {
    let starts = body.match_indices(name).find_map(|(at, _)| {
        let before = body[..at].trim_end_matches(' ');
        let fresh = before.is_empty() || before.ends_with(['\n', ',']);
        let value = body[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
        fresh.then_some(value)
    })?;
    let mut depth = 0;
    let end = starts.find(|c| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        depth == 0
    })?;
    let value = &starts[..end];
    let mut text: String = value.to_string();
    for (tex, plain) in ACCENTS {
        text = text.replace(tex, plain);
    }
    Some(text.replace(['{', '}'], "").replace("\\&", "&").replace("--", "–").replace(" and ", "; "))
}

/// Accented letters of the file.
const ACCENTS: &[(&str, &str)] = &[
    ("{\\'e}", "é"),
    ("\\'e", "é"),
    ("{\\\"a}", "ä"),
    ("{\\\"o}", "ö"),
    ("{\\\"u}", "ü"),
    ("{\\'a}", "á"),
    ("{\\'i}", "í"),
    ("{\\'o}", "ó"),
    ("{\\c c}", "ç"),
    ("{\\o}", "ø"),
    ("{\\ss}", "ß"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_without_tex() {
        let body = "  author = {L{\\'e}onard, N. and {van Hoof}, H.},\n  year = {2013}\n  eprint    = {1308.3432}, archiveprefix = {arXiv}\n";
        assert_eq!(field(body, "author").unwrap(), "Léonard, N.; van Hoof, H.");
        assert_eq!(field(body, "eprint").unwrap(), "1308.3432");
        assert_eq!(field(body, "doi"), None);
    }
}
