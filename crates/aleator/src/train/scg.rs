//! A graph in the language (`.scg`) as something that can be trained.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::own_graph::{OwnGraph, RowsOf, rows_of};
use crate::data::Rows;
use crate::error::{Error, Result};
use crate::language::{self, Commands, Diagnostic, Loading, NamedArray, Setting};
use crate::{files, models, problems};

/// The longest file that is read.
const LONGEST: u64 = language::LONGEST_SOURCE as u64;

/// The name of standard input.
pub(super) const STANDARD_INPUT: &str = "-";

/// Whether a name of a model is that of a text with a graph: a file, an example, or `-` for standard input. The name of a built-in
/// model is not, even if there is such a file.
pub fn is_file(model: &str) -> bool {
    let path = Path::new(model);
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("scg"))
        || (models::find(model).is_none()
            && (model == STANDARD_INPUT || path.is_file() || problems::find(model).is_some()))
}

/// The text of a graph and where it came from.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Source {
    /// The name, for messages.
    pub name: String,
    /// The text.
    pub text: String,
    /// The folder in which the files of its data are.
    pub folder: PathBuf,
    /// The values that replace those of the text, such as `theta=0.7`.
    pub set: Vec<String>,
    /// Whether the text may start programs. A checkpoint cannot allow it.
    #[serde(skip)]
    pub commands: Commands,
}

impl Source {
    /// Reads a file, standard input (`-`), or an example by its name. A file of that name takes precedence.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, is too long, or is not text.
    pub fn read(path: &str, set: &[String], commands: Commands) -> Result<Self> {
        let here = |name: &str, text: &str| Source {
            name: name.into(),
            text: text.into(),
            folder: PathBuf::from("."),
            set: set.to_vec(),
            commands,
        };
        if path == STANDARD_INPUT {
            let cannot = |why: String| Error::Invalid(format!("cannot read standard input: {why}"));
            let bytes = files::standard_input(LONGEST).map_err(|e| cannot(e.to_string()))?;
            if bytes.len() as u64 > LONGEST {
                return Err(cannot(format!("it is larger than {} MiB", LONGEST >> 20)));
            }
            let text = std::str::from_utf8(bytes).map_err(|e| cannot(e.to_string()))?;
            return Ok(here("stdin", text));
        }
        if let Some(problem) = problems::find(path).filter(|_| !Path::new(path).exists()) {
            let missing = problem.files.iter().find(|(file, _)| !Path::new(file).exists());
            return match missing {
                Some((file, _)) => Err(Error::Invalid(format!(
                    "the example `{path}` needs the file `{file}`; `aleator new {path}` writes both into this folder"
                ))),
                None => Ok(here(&format!("{path}.scg"), problem.source)),
            };
        }
        let cannot = |why: String| Error::Invalid(format!("cannot read `{path}`: {why}"));
        let metadata = std::fs::metadata(path).map_err(|e| cannot(e.to_string()))?;
        if !metadata.is_file() {
            return Err(cannot("it is not a file".into()));
        }
        if metadata.len() > LONGEST {
            return Err(cannot(format!("it is larger than {} MiB", LONGEST >> 20)));
        }
        let text = std::fs::read_to_string(path).map_err(|e| cannot(e.to_string()))?;
        let folder = Path::new(path).parent().unwrap_or(Path::new("")).to_owned();
        Ok(Source { name: path.into(), text, folder, set: set.to_vec(), commands })
    }

    /// The graph, and all rows of its data of `[batch, ..]`.
    ///
    /// # Errors
    /// Returns an error with the place of a mistake in the text.
    pub fn graph(&self) -> Result<(OwnGraph, Rows)> {
        // Loaded once with all rows, so that a mistake is found before anything else. Files are not read again.
        let model = self.load(&[], None, 0)?;
        let batched = model.batched.as_ref().map(|batched| &batched.data[..]).unwrap_or_default();
        let all: Vec<RowsOf<'_>> = batched
            .iter()
            .map(|data| RowsOf {
                name: data.name.clone(),
                width: data.row_shape.iter().product(),
                values: &data.values,
            })
            .collect();
        let (columns, rows) = rows_of(&all)?;
        let total = rows.count();
        let datasets = model.graph.datasets();
        let fixed = datasets.into_iter().filter(|data| batched.iter().all(|other| other.name != data.name));
        let fixed: Vec<NamedArray> =
            fixed.map(|data| (data.name, data.shape.to_vec(), data.values)).collect();
        let identity = format!("{}\n{:?}\n{:08x}", self.text, self.set, checksum(&fixed));
        let batched = batched.iter().map(|data| {
            let shape = [&[total], &data.row_shape[..]].concat();
            (data.name.clone(), shape, data.values.to_vec())
        });
        let arrays: Vec<NamedArray> = fixed.into_iter().chain(batched).collect();
        let own = self.clone();
        let build = move |batch, seed| own.load(&arrays, batch, seed).map(|model| model.graph);
        Ok((OwnGraph::new(&self.name, identity, columns, build), rows))
    }

    pub(super) fn load(
        &self,
        arrays: &[NamedArray],
        batch: Option<usize>,
        seed: u64,
    ) -> Result<language::Model> {
        let settings = self.settings()?;
        let loading = Loading {
            folder: Some(&self.folder),
            settings: &settings,
            arrays,
            batch,
            seed,
            commands: self.commands,
            ..Loading::default()
        };
        language::load_with(&self.text, &loading).map_err(|mistake| self.error(&mistake))
    }

    fn settings(&self) -> Result<Vec<Setting>> {
        let parse = |text: &String| {
            language::parse_set(text)
                .map_err(|mistake| Error::Invalid(format!("in `set = {text}`: {}", with_help(&mistake))))
        };
        self.set.iter().map(parse).collect()
    }

    fn error(&self, mistake: &Diagnostic) -> Error {
        let place = mistake.place(&self.text).map(|place| format!(":{place}")).unwrap_or_default();
        Error::Invalid(format!("{}{place}: {}", self.name, with_help(mistake)))
    }
}

/// A checksum of data, whose files may change while the text stays the same.
fn checksum(data: &[NamedArray]) -> u32 {
    let bytes = data.iter().flat_map(|(_, _, values)| values.iter().flat_map(|value| value.to_le_bytes()));
    crc32c::crc32c(&bytes.collect::<Vec<u8>>())
}

fn with_help(mistake: &Diagnostic) -> String {
    let help = mistake.help.as_ref().map(|help| format!("\n  help: {help}")).unwrap_or_default();
    format!("{}{help}", mistake.message)
}
