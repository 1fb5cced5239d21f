//! The gallery: pages made from the headers of `examples/*.scg`, so that nothing is written twice.
//!
//! ```text
//! # A title: one sentence.
//! #
//! # For: one of the four groups
//! # From: where the problem comes from
//! # Look at: what it teaches; a line that begins with three spaces goes on
//! # Answer: the known answer
//! # Try: the comparison to show, if it is not `aleator compare NAME.scg`
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::catalogue::{heading, row};
use crate::write::files;
use crate::{Result, read};

const EXAMPLES: &str = "examples";

/// The groups as the headers name them, with the names of their pages and what they are about.
const GROUPS: [(&str, &str, &str); 4] = [
    ("machine learning", "machine-learning", "Models with discrete parts, and policies."),
    (
        "operations research and finance",
        "operations-research-and-finance",
        "Decisions under uncertainty, and the sensitivities of prices.",
    ),
    ("science and simulation", "science-and-simulation", "Simulated processes, and inference from counts."),
    ("teaching", "teaching", "Small graphs for a lecture, each about one point."),
];

/// An example as its header describes it.
struct Example {
    name: String,
    title: String,
    fields: BTreeMap<String, String>,
    /// The statements, without the header.
    statements: String,
}

/// The pages of the gallery, its lines of the summary, and its table of contents.
pub struct Gallery {
    pub pages: BTreeMap<PathBuf, String>,
    pub summary: String,
    pub contents: String,
}

impl Gallery {
    /// Reads all examples.
    pub fn read() -> Result<Self> {
        let mut examples = Vec::new();
        for file in files(EXAMPLES)? {
            if file.extension().is_some_and(|e| e == "scg") {
                let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                examples.push(Example::of(&name, &read(&file)?)?);
            }
        }
        let mut gallery = Gallery { pages: BTreeMap::new(), summary: String::new(), contents: String::new() };
        for (group, page, about) in GROUPS {
            let title = capitalised(group);
            let members: Vec<&Example> = examples.iter().filter(|e| e.fields["For"] == group).collect();
            gallery.summary.push_str(&format!("  - [{title}](gallery/{page}.md)\n"));
            let mut text = format!("# Gallery: {group}\n\n{about}\n");
            gallery.contents.push_str(&format!("\n## {title}\n\n{about}\n\n"));
            gallery.contents.push_str(&heading(&["example", "what it is"]));
            for example in members {
                text.push_str(&example.section());
                let link = format!("[`{0}`]({page}.md#{0})", example.name);
                gallery.contents.push_str(&row(&[link, example.title.clone()]));
            }
            gallery.pages.insert(format!("gallery/{page}.md").into(), text);
        }
        Ok(gallery)
    }
}

impl Example {
    fn of(name: &str, source: &str) -> Result<Self> {
        let wrong = |what: &str| format!("{EXAMPLES}/{name}.scg: {what}");
        let header: Vec<&str> = source.lines().map_while(|line| line.strip_prefix('#')).collect();
        let statements = source.lines().skip(header.len()).collect::<Vec<_>>().join("\n");
        let title = header.first().ok_or_else(|| wrong("it has no header"))?.trim().to_string();
        let mut fields: BTreeMap<String, String> = BTreeMap::new();
        let mut current = None;
        for line in &header[1..] {
            if let Some(rest) = line.strip_prefix("   ") {
                let field = current.as_ref().and_then(|name| fields.get_mut(name));
                let field = field.ok_or_else(|| wrong("a line goes on that no field begins"))?;
                field.push(' ');
                field.push_str(rest);
            } else if let Some((field, text)) = line.trim().split_once(": ") {
                fields.insert(field.into(), text.into());
                current = Some(field.to_string());
            } else if !line.trim().is_empty() {
                return Err(wrong(&format!("`{line}` begins no field")));
            }
        }
        for field in ["For", "From", "Look at", "Answer"] {
            if !fields.contains_key(field) {
                return Err(wrong(&format!("the header has no `{field}:`")));
            }
        }
        if !GROUPS.iter().any(|(group, ..)| *group == fields["For"]) {
            return Err(wrong(&format!("there is no group `{}`", fields["For"])));
        }
        Ok(Example { name: name.into(), title, fields, statements: statements.trim().to_string() + "\n" })
    }

    /// The command of the comparison, for the folder above the examples.
    fn comparison(&self) -> String {
        let file = format!("{}.scg", self.name);
        let command = self.fields.get("Try").cloned().unwrap_or(format!("aleator compare {file}"));
        command.replace(&file, &format!("{EXAMPLES}/{file}"))
    }

    fn section(&self) -> String {
        let Example { name, title, fields, statements } = self;
        let field = |name: &str| fields[name].as_str();
        format!(
            "\n## {name}\n\n{title}\n\n```text\n{statements}```\n\n{}\n\n```sh,picture\naleator graph {EXAMPLES}/{name}.scg\n```\n\n\
             ```sh,table\n{}\n```\n\n**The known answer.** {}\n\n**Where it comes from.** {}\n",
            field("Look at"),
            self.comparison(),
            field("Answer"),
            sentence(field("From")),
        )
    }
}

/// With a capital letter at the beginning.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// The same, except that a link to a paper keeps its key.
fn sentence(text: &str) -> String {
    let first = text.split([' ', '.']).next().unwrap_or_default();
    if first.chars().any(|c| c.is_ascii_digit()) { text.to_string() } else { capitalised(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "# A coin.\n#\n# For: teaching\n# From: a paper (key2020).\n# Look at: One thing,\n#   and another.\n\
                          # Answer: 0.5\n# Try: aleator compare coin.scg --tune 9\n\nparam t = 0   # log-odds\n";

    #[test]
    fn a_header_is_read_and_its_page_written() {
        let example = Example::of("coin", SOURCE).unwrap();
        assert_eq!(example.fields["Look at"], "One thing, and another.");
        assert_eq!(example.statements, "param t = 0   # log-odds\n");
        assert_eq!(example.comparison(), "aleator compare examples/coin.scg --tune 9");
        let page = example.section();
        assert!(page.contains("## coin\n\nA coin.\n"), "{page}");
        assert!(page.contains("**Where it comes from.** A paper (key2020).\n"), "{page}");
        let without = Example::of("coin", &SOURCE.replace("# Try: aleator compare coin.scg --tune 9\n", "")).unwrap();
        assert_eq!(without.comparison(), "aleator compare examples/coin.scg");
    }

    #[test]
    fn a_header_without_its_fields_is_an_error() {
        for (from, to, message) in [
            ("# Answer: 0.5\n", "", "no `Answer:`"),
            ("For: teaching", "For: fun", "no group `fun`"),
            ("# For: teaching", "#   teaching", "no field begins"),
            ("#\n", "# words\n", "begins no field"),
        ] {
            let error = Example::of("coin", &SOURCE.replacen(from, to, 1)).err().unwrap();
            assert!(error.starts_with("examples/coin.scg: ") && error.contains(message), "{error}");
        }
    }
}
