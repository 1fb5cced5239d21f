//! Archives of arrays (`.npz`), as `numpy.savez` and `numpy.savez_compressed` write them.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use zip::ZipArchive;

use super::error::DataError;
use super::npy;

/// No stream of deflate expands more than this: a larger size in a header is wrong.
const MOST_EXPANSION: u64 = 1100;
/// The largest number of entries.
const MOST_ENTRIES: usize = 10_000;
const EXTENSION: &str = ".npy";

/// The names of the arrays, in the order of the archive.
pub(super) fn names(path: &Path) -> Result<Vec<String>, DataError> {
    let archive = open(BufReader::new(File::open(path).map_err(DataError::read(path))?), path)?;
    Ok(archive.file_names().filter_map(|name| name.strip_suffix(EXTENSION)).map(str::to_owned).collect())
}

/// The array of that name: its shape, its values, and whether its elements are bytes. Without a name, the only one.
pub(super) fn read(
    path: &Path,
    name: Option<&str>,
    limit: u64,
) -> Result<(Vec<usize>, Vec<f64>, bool), DataError> {
    read_from(BufReader::new(File::open(path).map_err(DataError::read(path))?), path, name, limit)
}

fn read_from(
    reader: impl Read + Seek,
    path: &Path,
    name: Option<&str>,
    limit: u64,
) -> Result<(Vec<usize>, Vec<f64>, bool), DataError> {
    let mut archive = open(reader, path)?;
    let names: Vec<String> =
        archive.file_names().filter_map(|name| name.strip_suffix(EXTENSION)).map(str::to_owned).collect();
    let list = names.join(", ");
    let name = match (name, &names[..]) {
        (Some(name), _) if names.iter().any(|other| other == name) => name.to_owned(),
        (Some(name), _) => {
            return Err(DataError::archive(path, format!("it has no array `{name}`; its arrays are {list}")));
        }
        (None, [one]) => one.clone(),
        (None, []) => {
            return Err(DataError::archive(path, "it holds no arrays; save one in it, as numpy.savez does"));
        }
        (None, _) => {
            let shown = path.display();
            return Err(DataError::archive(
                path,
                format!("it holds several arrays ({list}); choose one, such as {shown}:{}", names[0]),
            ));
        }
    };
    let file = archive
        .by_name(&format!("{name}{EXTENSION}"))
        .map_err(|error| DataError::archive(path, error.to_string()))?;
    let (size, packed) = (file.size(), file.compressed_size());
    if size > packed.saturating_mul(MOST_EXPANSION).saturating_add(1 << 16) {
        return Err(DataError::archive(
            path,
            format!("`{name}` claims {size} bytes from {packed}; save it again"),
        ));
    }
    npy::read(&mut BufReader::new(file.take(size)), size, path, limit)
}

fn open<R: Read + Seek>(reader: R, path: &Path) -> Result<ZipArchive<R>, DataError> {
    let broken = |error| format!("it is cut off or no .npz file ({error}); save it again");
    let archive = ZipArchive::new(reader).map_err(|error| DataError::archive(path, broken(error)))?;
    if archive.len() > MOST_ENTRIES {
        return Err(DataError::archive(path, format!("it has more than {MOST_ENTRIES} entries")));
    }
    Ok(archive)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::super::npz_bytes;
    use super::*;

    fn parse(bytes: &[u8], name: Option<&str>) -> Result<(Vec<usize>, Vec<f64>, bool), DataError> {
        read_from(Cursor::new(bytes), Path::new("x.npz"), name, 1 << 20)
    }

    fn two() -> Vec<u8> {
        npz_bytes([("a", &[2, 2][..], &[1.0, 2.0, 3.0, 4.0][..]), ("b", &[1][..], &[5.0][..])]).unwrap()
    }

    #[test]
    fn an_array_is_chosen_by_its_name() {
        assert_eq!(parse(&two(), Some("a")).unwrap(), (vec![2, 2], vec![1.0, 2.0, 3.0, 4.0], false));
        assert_eq!(parse(&two(), Some("b")).unwrap().1, [5.0]);
        let one = npz_bytes([("only", &[1][..], &[7.0][..])]).unwrap();
        assert_eq!(parse(&one, None).unwrap().1, [7.0]);
        let refused = |bytes: &[u8], name| parse(bytes, name).unwrap_err().to_string();
        assert!(refused(&two(), None).contains("choose one, such as x.npz:"));
        assert!(refused(&two(), Some("c")).contains("no array `c`"));
        assert!(refused(&npz_bytes([]).unwrap(), None).contains("holds no arrays"));
        assert!(npz_bytes([("a", &[3][..], &[1.0][..])]).is_err());
    }

    #[test]
    fn every_prefix_is_an_error() {
        let whole = two();
        for length in 0..whole.len() {
            assert!(parse(&whole[..length], Some("a")).is_err(), "{length}");
        }
    }

    proptest! {
        #[test]
        fn no_change_of_a_byte_can_make_it_panic(at in 0_usize..1000, byte: u8) {
            let mut bytes = two();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok((shape, values, _)) = parse(&bytes, Some("a")) {
                prop_assert_eq!(shape.iter().product::<usize>(), values.len());
            }
        }
    }
}
