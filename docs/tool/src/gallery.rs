//! The gallery: pages made from the headers of `examples/*.scg`, so that nothing is written twice.
//!
//! ```text
//! # A title: one sentence.
//! #
//! # For: one of the four groups
//! # From: where the problem comes from
//! # Look at: what it teaches; a line that begins with three spaces goes on
//! # Answer: the known answer
//! # Try: a command to show; without any comparison among them, `aleator compare NAME.scg` is the first
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
    /// Commands to show, for the folder of the examples.
    tries: Vec<String>,
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
        let mut tries = Vec::new();
        let mut current = None;
        for line in &header[1..] {
            if let Some(rest) = line.strip_prefix("   ") {
                let field = current.as_ref().and_then(|name| fields.get_mut(name));
                let field = field.ok_or_else(|| wrong("a line goes on that no field begins"))?;
                field.push(' ');
                field.push_str(rest);
            } else if let Some(command) = line.strip_prefix(" Try: ") {
                tries.push(command.to_string());
                current = None;
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
        let compare = format!("aleator compare {name}.scg");
        if !tries.iter().any(|command| command.starts_with(&compare)) {
            tries.insert(0, compare);
        }
        Ok(Example {
            name: name.into(),
            title,
            fields,
            tries,
            statements: statements.trim().to_string() + "\n",
        })
    }

    /// The commands, for the folder above the examples, with what they print: a table for a comparison.
    fn commands(&self) -> String {
        let file = format!("{}.scg", self.name);
        let shown = self.tries.iter().map(|command| {
            let flag = if command.starts_with("aleator compare") { "table" } else { "output" };
            format!("```sh,{flag}\n{}\n```\n\n", command.replace(&file, &format!("{EXAMPLES}/{file}")))
        });
        shown.collect()
    }

    fn section(&self) -> String {
        let Example { name, title, fields, statements, .. } = self;
        let field = |name: &str| fields[name].as_str();
        format!(
            "\n## {name}\n\n{title}\n\n```text\n{statements}```\n\n{}\n\n```sh,picture\naleator graph {EXAMPLES}/{name}.scg\n```\n\n\
             {}**The known answer.** {}\n\n**Where it comes from.** {}\n",
            field("Look at"),
            self.commands(),
            field("Answer"),
            capitalised(field("From")),
        )
    }
}

/// With a capital letter at the beginning.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "# A coin.\n#\n# For: teaching\n# From: a paper (`key2020`).\n# Look at: One thing,\n#   and another.\n\
                          # Answer: 0.5\n# Try: aleator compare coin.scg --tune 9\n\nparam t = 0   # log-odds\n";

    #[test]
    fn a_header_is_read_and_its_page_written() {
        let example = Example::of("coin", SOURCE).unwrap();
        assert_eq!(example.fields["Look at"], "One thing, and another.");
        assert_eq!(example.statements, "param t = 0   # log-odds\n");
        let compare = "```sh,table\naleator compare examples/coin.scg --tune 9\n```\n\n";
        assert_eq!(example.commands(), compare);
        let page = example.section();
        assert!(page.contains("## coin\n\nA coin.\n"), "{page}");
        assert!(page.contains("**Where it comes from.** A paper (`key2020`).\n"), "{page}");
        let checked =
            Example::of("coin", &SOURCE.replace("compare coin.scg --tune 9", "check coin.scg")).unwrap();
        let check = "```sh,output\naleator check examples/coin.scg\n```\n\n";
        assert_eq!(checked.commands(), compare.replace(" --tune 9", "") + check);
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
