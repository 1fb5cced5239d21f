//! Pages made from the headers of source files: what the code says about itself is what the book says.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use aleator::estimators::Properties;

use crate::{Result, catalogue, read};

const ESTIMATORS: &str = "crates/aleator/src/estimators";
const DISTRIBUTIONS: &str = "crates/aleator/src/distributions";
const CONTROL_VARIATES: &str = "crates/aleator/src/control_variates";

/// Where the types that headers speak of have their pages.
pub struct Headers {
    /// A type's name to its page or heading.
    targets: HashMap<String, String>,
    /// A distribution's type to its file.
    distributions: HashMap<String, PathBuf>,
}

impl Headers {
    /// Learns which type is in which file.
    pub fn read() -> Result<Self> {
        let mut targets = HashMap::new();
        for (ty, module) in exports(ESTIMATORS)? {
            if aleator::estimators::all().iter().any(|entry| entry.properties.name == module) {
                targets.insert(ty, format!("estimators/{module}.md"));
            }
        }
        targets.insert("Baseline".into(), "estimators/baselines.md".into());
        let mut distributions = HashMap::new();
        for (ty, module) in exports(DISTRIBUTIONS)? {
            if aleator::distributions::find(&ty).is_some() {
                targets.insert(ty.clone(), format!("language/distributions.md#{}", ty.to_lowercase()));
                distributions.insert(ty, Path::new(DISTRIBUTIONS).join(format!("{module}.rs")));
            }
        }
        Ok(Headers { targets, distributions })
    }

    /// One page for each estimator in the table, and their lines of the summary.
    pub fn estimator_pages(&self, pages: &mut BTreeMap<PathBuf, String>) -> Result<String> {
        let mut summary = String::new();
        for entry in aleator::estimators::all() {
            let properties = entry.properties;
            let name = properties.name;
            let mut text = self.page(&format!("{ESTIMATORS}/{name}.rs"), "../", 1)?;
            text.push_str(&in_the_language(properties));
            pages.insert(format!("estimators/{name}.md").into(), text);
            summary.push_str(&format!("  - [{name}](estimators/{name}.md)\n"));
        }
        let baselines = self.page(&format!("{CONTROL_VARIATES}/baseline.rs"), "../", 1)?;
        pages.insert("estimators/baselines.md".into(), baselines);
        summary.push_str("  - [Baselines](estimators/baselines.md)\n");
        Ok(summary)
    }

    /// A section for each distribution in the table.
    pub fn distributions(&self) -> Result<String> {
        let mut text = String::new();
        let mut seen: Vec<&PathBuf> = Vec::new();
        for entry in aleator::distributions::all() {
            let name = entry.name;
            let file = self.distributions.get(name).ok_or(format!(
                "{DISTRIBUTIONS}/mod.rs exports no type `{name}`: the book cannot find its header"
            ))?;
            text.push_str(&format!("## {name}\n\n{}\n\n", catalogue::signatures(entry)));
            // Two distributions may share a file, and then a header.
            if !seen.contains(&file) {
                let header = self.page(&file.display().to_string(), "../", 2)?;
                let (title, rest) = header.split_once('\n').unwrap_or((&header, ""));
                let title = title.trim_start_matches(['#', ' ']);
                text.push_str(&format!("{title}.\n{rest}\n"));
                seen.push(file);
            }
            text.push_str(&format!("\nEstimators: {}.\n\n", catalogue::can_serve(entry)?));
        }
        Ok(text)
    }

    /// The header of a source file as Markdown, its first sentence as a heading. `to_root` leads from the page to the
    /// root of the book.
    pub fn page(&self, file: &str, to_root: &str, level: usize) -> Result<String> {
        let source = read(file)?;
        let header: Vec<&str> = source
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .map(|line| line[3..].strip_prefix(' ').unwrap_or(&line[3..]))
            .collect();
        let Some(title) = header.first() else { return Err(format!("{file} has no header")) };
        let mut text = format!("{} {}\n", "#".repeat(level), title.trim_end_matches('.'));
        let mut fenced = false;
        for line in &header[1..] {
            if line.starts_with("```") {
                fenced = !fenced;
            }
            if is_link_definition(line) {
                continue;
            }
            // Lines that answer another question start a paragraph.
            if ANSWERS.iter().any(|answer| line.starts_with(answer)) {
                text.push('\n');
            }
            text.push_str(&if fenced { (*line).to_string() } else { self.link(line, &header, to_root) });
            text.push('\n');
        }
        Ok(text)
    }

    /// Links to items of the code as links to pages, or as plain words where there is no page.
    fn link(&self, line: &str, header: &[&str], to_root: &str) -> String {
        let mut text = String::new();
        let mut rest = line;
        while let Some((before, after)) = rest.split_once("[`") {
            let Some((label, after)) = after.split_once("`]") else { break };
            text.push_str(before);
            let (path, after) = match after.strip_prefix('(').and_then(|a| a.split_once(')')) {
                Some((path, after)) => (path, after),
                None => (definition(header, label).unwrap_or(label), after),
            };
            let ty = path.rsplit("::").next().unwrap_or(path);
            match self.targets.get(ty) {
                Some(page) => text.push_str(&format!("[`{label}`]({to_root}{page})")),
                None => text.push_str(&format!("`{label}`")),
            }
            rest = after;
        }
        text + rest
    }
}

/// How lines start that are paragraphs of their own in the book.
const ANSWERS: &[&str] = &[
    "Also called",
    "Not to be confused",
    "Choose it",
    "Reference:",
    "References:",
    "Parameter:",
    "Parameters:",
];

fn is_link_definition(line: &str) -> bool {
    line.starts_with("[`") && line.contains("`]: ")
}

/// The target of a link that is defined at the end of the header.
fn definition<'a>(header: &[&'a str], label: &str) -> Option<&'a str> {
    header.iter().find_map(|line| line.strip_prefix(&format!("[`{label}`]: ")))
}

/// The types that a module's table of contents exports, each with its file.
fn exports(folder: &str) -> Result<Vec<(String, String)>> {
    let source = read(format!("{folder}/mod.rs"))?;
    let mut found = Vec::new();
    for statement in source.split(';') {
        let Some((_, path)) = statement.split_once("pub use ") else { continue };
        let Some((module, types)) = path.split_once("::") else { continue };
        for ty in types.split(['{', '}', ',', '\n', ' ']).filter(|ty| !ty.is_empty()) {
            found.push((ty.to_string(), module.to_string()));
        }
    }
    Ok(found)
}

fn in_the_language(properties: &Properties) -> String {
    let Properties { name, aliases, .. } = properties;
    let mut text = format!("\n## In the language\n\nWritten `via {name}`");
    for alias in *aliases {
        text.push_str(&format!(" or `via {alias}`"));
    }
    let options = match &properties.describe_options()[..] {
        "" => "It has no options.".to_string(),
        options => format!("Options, with their defaults: {}.", catalogue::code_words(options)),
    };
    text.push_str(&format!(
        ". {options}\n\n`aleator explain {name}` shows this in short, `aleator cite {name}` its reference. \
         The code is `{ESTIMATORS}/{name}.rs`; this page is made from its header.\n"
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_code_become_links_to_pages() {
        let targets =
            HashMap::from([("ReinforceLoo".to_string(), "estimators/reinforce_loo.md".to_string())]);
        let headers = Headers { targets, distributions: HashMap::new() };
        let header = ["See [`loo`].", "[`loo`]: super::ReinforceLoo"];
        let link = |line: &str| headers.link(line, &header, "../");
        let page = "(../estimators/reinforce_loo.md)";
        assert_eq!(link("a [`b`](super::ReinforceLoo) c"), format!("a [`b`]{page} c"));
        assert_eq!(link("[`loo`], [`ReinforceLoo`]."), format!("[`loo`]{page}, [`ReinforceLoo`]{page}."));
        assert_eq!(link("a [`Cone::cost`](crate::graph::Cone::cost) c"), "a `Cone::cost` c");
        assert!(is_link_definition(header[1]));
    }
}
