//! The text of a graph: from a file, from standard input, or from the gallery.

use std::path::{Path, PathBuf};

use aleator::files::standard_input;
use aleator::language::{LONGEST_SOURCE, nearest};
use aleator::problems;

use crate::failure::{Failure, Outcome};

/// The name of standard input on the command line.
const STDIN: &str = "-";

/// A text and where it comes from.
pub struct Text {
    /// Its name in messages.
    pub name: String,
    /// The text.
    pub text: String,
    /// Where the files of its data are looked for, and its programs started.
    pub folder: PathBuf,
    /// The file, if it is one.
    pub path: Option<PathBuf>,
}

impl Text {
    /// Reads a file, standard input (`-`), or an example of the gallery by its name. A file of that name takes precedence.
    pub fn read(file: &Path) -> Outcome<Text> {
        match example(file) {
            Some(problem) if !file.exists() => {
                if let Some((missing, _)) = problem.files.iter().find(|(path, _)| !Path::new(path).exists()) {
                    let name = problem.name;
                    return Err(Failure::input(format!(
                        "the example `{name}` needs the file `{missing}`; `aleator new {name}` writes both into this folder"
                    )));
                }
                let (name, text) = (format!("{}.scg", problem.name), problem.source.to_owned());
                Ok(Text { name, text, folder: PathBuf::from("."), path: None })
            }
            _ => Text::read_file(file),
        }
    }

    /// Reads a file or standard input.
    pub fn read_file(file: &Path) -> Outcome<Text> {
        if file.as_os_str() == STDIN {
            return Ok(Text {
                name: "stdin".into(),
                text: read_stdin()?,
                folder: PathBuf::from("."),
                path: None,
            });
        }
        let folder = aleator::files::parent(file).to_path_buf();
        let text = read(file)?;
        Ok(Text { name: file.display().to_string(), text, folder, path: Some(file.to_owned()) })
    }
}

/// The example of the gallery that a word on the command line names.
fn example(file: &Path) -> Option<&'static problems::Problem> {
    problems::find(file.to_str()?)
}

fn read_stdin() -> Outcome<String> {
    let cannot = |reason: String| Failure::input(format!("cannot read standard input: {reason}"));
    let bytes = standard_input(LONGEST_SOURCE as u64).map_err(|e| cannot(e.to_string()))?;
    utf8(bytes.to_vec(), cannot)
}

/// The text of a file.
pub fn read(path: &Path) -> Outcome<String> {
    let cannot = |reason: String| Failure::input(format!("cannot read `{}`: {reason}", path.display()));
    let metadata = std::fs::metadata(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => cannot(format!("there is no such file; {}", instead_of(path))),
        _ => cannot(e.to_string()),
    })?;
    if !metadata.is_file() {
        return Err(cannot("it is not a file".into()));
    }
    if metadata.len() > LONGEST_SOURCE as u64 {
        return Err(cannot(too_large()));
    }
    let bytes = std::fs::read(path).map_err(|e| cannot(e.to_string()))?;
    utf8(bytes, cannot)
}

fn too_large() -> String {
    format!("it is larger than {} MiB; put large arrays into .npy files", LONGEST_SOURCE >> 20)
}

fn utf8(bytes: Vec<u8>, cannot: impl Fn(String) -> Failure) -> Outcome<String> {
    if bytes.len() > LONGEST_SOURCE {
        return Err(cannot(too_large()));
    }
    String::from_utf8(bytes)
        .map_err(|e| cannot(format!("it is not UTF-8 text (byte {} is not)", e.utf8_error().valid_up_to())))
}

/// What may have been meant by the name of a file that does not exist.
fn instead_of(path: &Path) -> String {
    let folder = aleator::files::parent(path);
    let extension = path.extension().unwrap_or("scg".as_ref());
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().take(1000);
    let mut names: Vec<String> = entries
        .filter(|entry| Path::new(&entry.file_name()).extension() == Some(extension))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    let word = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if let Some(near) = nearest(&word, names.iter().map(String::as_str)) {
        return format!("did you mean `{}`?", path.with_file_name(near).display());
    }
    let stem = word.strip_suffix(".scg").unwrap_or(&word);
    if let Some(near) = nearest(stem, problems::all().iter().map(|problem| problem.name)) {
        return format!("did you mean the example `{near}`?");
    }
    match (&names[..], folder.is_dir()) {
        (_, false) => format!("there is no directory {}", folder.display()),
        ([], true) => {
            "`aleator list problems` shows the examples, which can be named instead of a file".into()
        }
        (names, true) => {
            let more = if names.len() > 10 { ", .." } else { "" };
            let shown = names.iter().take(10).cloned().collect::<Vec<_>>().join(", ");
            format!("{} has {shown}{more}", folder.display())
        }
    }
}
