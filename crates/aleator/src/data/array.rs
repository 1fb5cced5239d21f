//! Arrays of numbers in files, for `data x : [..] = file("..")`.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

use super::csv::Wanted;
use super::error::DataError;
use super::{columns, csv, npy, npz};

/// The largest size of an array in memory, as 8-byte numbers: 2 GiB.
pub const MAX_ARRAY_BYTES: u64 = 1 << 31;

/// Loads an array of real numbers: its shape and its values in row-major (C) order.
///
/// | extension | accepts | shape |
/// |---|---|---|
/// | `.npy` | NumPy's format, versions 1 to 3; `f2 f4 f8 i1..i8 u1..u8 bool`, either byte order, C or Fortran order | as saved |
/// | `.npz` | an archive of these; `FILE.npz:NAME` chooses one of several | as saved |
/// | `.csv` | rows of numbers separated by commas, semicolons (then a comma is a decimal point) or tabs; a first row of names is a header, which has no number, none in another form and none that is missing (`NA`); lines that start with `#` are comments | `[rows, columns]` |
///
/// Integers beyond 2⁵³ are rounded to the nearest `f64`. `nan` and `inf` are numbers.
///
/// # Errors
/// Returns a [`DataError`] that names the file, and for `.csv` the line. Arrays larger than [`MAX_ARRAY_BYTES`] are errors.
pub fn load_array(path: impl AsRef<Path>) -> Result<(Vec<usize>, Vec<f64>), DataError> {
    load_wanted(path.as_ref(), Wanted::default()).map(|Loaded { shape, values, .. }| (shape, values))
}

/// The file and the array that a source names: `FILE.npz:NAME` is the array `NAME` of an archive.
pub(super) fn parts_of(source: &Path) -> (&Path, Option<&str>) {
    let text = source.to_str().unwrap_or_default();
    match text.rsplit_once(':') {
        Some((file, name)) if is_archive(Path::new(file)) && !name.is_empty() => {
            (Path::new(file), Some(name))
        }
        _ => (source, None),
    }
}

/// Whether a file is an archive by its name.
pub(super) fn is_archive(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npz"))
}

/// An array as it was read.
pub(super) struct Loaded {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
    /// Whether the elements are bytes without a sign.
    pub bytes: bool,
    /// The words of the last column; empty if it consists of numbers.
    pub words: Vec<String>,
    /// The names of the columns; empty if there are none.
    pub names: Vec<String>,
}

/// As [`load_array`], with the choice of columns of a table.
pub(super) fn load_wanted(source: &Path, wanted: Wanted<'_>) -> Result<Loaded, DataError> {
    let (path, name) = parts_of(source);
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    let kind = match extension.as_deref() {
        Some(kind @ ("npy" | "csv" | "npz")) => kind,
        _ => {
            return Err(DataError::UnknownFormat { path: path.to_owned() });
        }
    };
    // Asked before opening: to open a pipe would wait for its other end.
    let metadata = fs::metadata(path).map_err(DataError::read(path))?;
    if !metadata.is_file() {
        return Err(DataError::NotAFile { path: path.to_owned() });
    }
    if kind == "csv" {
        let mut file = BufReader::new(File::open(path).map_err(DataError::read(path))?);
        let csv::Numbers { shape, values, words, names } =
            csv::read_wanted(&mut file, metadata.len(), path, MAX_ARRAY_BYTES, wanted)?;
        return Ok(Loaded { shape, values, bytes: false, words, names });
    }
    let (shape, values, bytes) = match kind {
        "npz" => npz::read(path, name, MAX_ARRAY_BYTES)?,
        _ => {
            let mut file = BufReader::new(File::open(path).map_err(DataError::read(path))?);
            npy::read(&mut file, metadata.len(), path, MAX_ARRAY_BYTES)?
        }
    };
    let loaded = Loaded { shape, values, bytes, words: Vec::new(), names: Vec::new() };
    if wanted.columns.is_empty() { Ok(loaded) } else { chosen(loaded, wanted.columns, path) }
}

/// The chosen columns of an array, which have numbers and no names.
fn chosen(loaded: Loaded, wanted: &[String], path: &Path) -> Result<Loaded, DataError> {
    let [rows, width] = *loaded.shape.as_slice() else {
        let reason = format!("columns can be chosen of a table of rows, but it has shape {:?}", loaded.shape);
        return Err(DataError::Columns { path: path.to_owned(), reason });
    };
    let places = columns::places(wanted, &[], width, path)?;
    let of_row = |row: &[f64]| places.iter().map(|&place| row[place]).collect::<Vec<_>>();
    let values = loaded.values.chunks_exact(width.max(1)).flat_map(of_row).collect();
    Ok(Loaded { shape: vec![rows, places.len()], values, ..loaded })
}

/// The position of a row of an array in its file, for messages: the line of a `.csv` file, which is read again, or else the index
/// of the row, counted from 0.
pub(crate) fn place_in_file(path: &Path, row: usize) -> String {
    let is_text = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let file = is_text.then(|| File::open(path).ok()).flatten();
    match file.and_then(|file| csv::line_of_row(&mut BufReader::new(file), row)) {
        Some(line) => format!("{}:{line}", path.display()),
        None => format!("{}: row {}", path.display(), row + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;

    #[test]
    fn the_extension_decides() {
        let scratch = Scratch::new("array");
        let table = scratch.write("table.CSV", "a,b\n1,2\n3,4\n");
        assert_eq!(load_array(&table).unwrap(), (vec![2, 2], vec![1.0, 2.0, 3.0, 4.0]));
        let npy = scratch.write("table.npy", "not an array");
        assert!(matches!(load_array(npy), Err(DataError::Magic { .. })));
        assert!(matches!(load_array("table.txt"), Err(DataError::UnknownFormat { .. })));
        assert!(matches!(load_array(scratch.path().join("none.npy")), Err(DataError::Read { .. })));
        let directory = scratch.path().join("directory.csv");
        fs::create_dir(&directory).unwrap();
        assert!(matches!(load_array(directory), Err(DataError::NotAFile { .. })));
    }
}
