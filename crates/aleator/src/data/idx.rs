//! The IDX file format of MNIST, plain or gzip-compressed.
//!
//! ```text
//! images   00 00 08 03   count   height   width   then count · height · width bytes, 0 (ground) to 255 (ink)
//! labels   00 00 08 01   count                    then count bytes             (sizes are big-endian u32)
//! ```
//!
//! The sizes in a header are not trusted: they are checked against [`MAX_PIXELS`] first, and memory is then allocated for the
//! bytes that are actually read. Compression is detected from the content, not from the file name.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::error::DataError;
use super::image_set::{ImageSet, Split};

/// The largest number of pixels of one set of images: 2²⁸ (1 GiB as `f32`), which is five times MNIST.
pub const MAX_PIXELS: u64 = 1 << 28;

const IMAGE_MAGIC: [u8; 4] = [0, 0, 8, 3];
const LABEL_MAGIC: [u8; 4] = [0, 0, 8, 1];
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];

/// Loads the four files of MNIST, or of any set in the same format: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
/// `t10k-images-idx3-ubyte`, `t10k-labels-idx1-ubyte`, each with or without `.gz`. The `t10k` files become [`Split::held_out`].
/// Pixels are divided by 255.
///
/// # Errors
/// Returns a [`DataError`] that names the file that is missing, unreadable, too large, truncated or inconsistent with another.
pub fn load_idx_dir(directory: impl AsRef<Path>) -> Result<Split, DataError> {
    let directory = directory.as_ref();
    let train = load_set(directory, "train")?;
    let held_out = load_set(directory, "t10k")?;
    if (train.height, train.width) != (held_out.height, held_out.width) {
        return Err(DataError::Mismatch {
            path: find(directory, "t10k-images-idx3-ubyte")?,
            expected: format!("images of {}×{}", train.height, train.width),
            found: format!("images of {}×{}", held_out.height, held_out.width),
        });
    }
    Ok(Split { train, held_out })
}

fn load_set(directory: &Path, prefix: &str) -> Result<ImageSet, DataError> {
    let image_path = find(directory, &format!("{prefix}-images-idx3-ubyte"))?;
    let ([count, height, width], bytes) = read_idx(open(&image_path)?, &image_path, IMAGE_MAGIC)?;
    let (count, height, width) = (count as usize, height as usize, width as usize);
    if bytes.is_empty() {
        return Err(DataError::Empty { path: image_path, count, height, width });
    }
    let label_path = find(directory, &format!("{prefix}-labels-idx1-ubyte"))?;
    let ([label_count], labels) = read_idx(open(&label_path)?, &label_path, LABEL_MAGIC)?;
    if label_count as usize != count {
        return Err(DataError::Mismatch {
            path: label_path,
            expected: format!("{count} labels"),
            found: format!("{label_count} labels"),
        });
    }
    let images = bytes.into_iter().map(|byte| f32::from(byte) / 255.0).collect();
    Ok(ImageSet { images, labels, count, height, width })
}

/// The existing files in a directory, among the four.
pub(super) fn files_in(directory: &Path) -> Vec<PathBuf> {
    let names = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"];
    names.iter().filter_map(|name| find(directory, &format!("{name}-ubyte")).ok()).collect()
}

/// The path of `name` or `name.gz` in `directory`; some mirrors write `-images.idx3-ubyte`.
fn find(directory: &Path, name: &str) -> Result<PathBuf, DataError> {
    let dotted = name.replace("-idx", ".idx");
    [name.to_owned(), format!("{name}.gz"), dotted.clone(), format!("{dotted}.gz")]
        .into_iter()
        .map(|candidate| directory.join(candidate))
        .find(|path| path.exists())
        .ok_or_else(|| DataError::Missing { directory: directory.to_owned(), file: name.to_owned() })
}

/// Opens a regular file, through a decompressor if it needs one.
fn open(path: &Path) -> Result<Box<dyn Read>, DataError> {
    // Asked before opening: to open a pipe would wait for its other end.
    if !fs::metadata(path).map_err(DataError::read(path))?.is_file() {
        return Err(DataError::NotAFile { path: path.to_owned() });
    }
    let mut file = BufReader::new(File::open(path).map_err(DataError::read(path))?);
    let compressed = file.fill_buf().map_err(DataError::read(path))?.starts_with(GZIP_MAGIC);
    Ok(if compressed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
}

/// Reads a header of `N` sizes and exactly the number of bytes that it states.
fn read_idx<const N: usize>(
    mut reader: impl Read,
    path: &Path,
    magic: [u8; 4],
) -> Result<([u32; N], Vec<u8>), DataError> {
    let found = read_up_to(&mut reader, 4, path)?;
    if found != magic {
        return Err(DataError::Magic {
            path: path.to_owned(),
            format: if magic == IMAGE_MAGIC { "an IDX file of images" } else { "an IDX file of labels" },
            expected: magic.to_vec(),
            found,
        });
    }
    let header = read_up_to(&mut reader, 4 * N as u64, path)?;
    if header.len() < 4 * N {
        return Err(DataError::header(path, "it ends within its sizes"));
    }
    let sizes: [u32; N] =
        std::array::from_fn(|axis| u32::from_be_bytes(std::array::from_fn(|byte| header[4 * axis + byte])));
    let claimed = sizes.iter().try_fold(1_u64, |product, &size| product.checked_mul(u64::from(size)));
    let Some(expected) = claimed.filter(|&claimed| claimed <= MAX_PIXELS) else {
        let sizes = sizes.map(|size| size.to_string()).join("×");
        return Err(DataError::TooLarge {
            path: path.to_owned(),
            claim: format!("its header claims {sizes} bytes"),
            limit: MAX_PIXELS,
        });
    };
    let mut bytes = read_up_to(&mut reader, expected + 1, path)?;
    match bytes.len() as u64 {
        found if found < expected => Err(DataError::Truncated { path: path.to_owned(), expected, found }),
        found if found > expected => Err(DataError::TrailingBytes { path: path.to_owned(), expected }),
        _ => {
            bytes.shrink_to_fit();
            Ok((sizes, bytes))
        }
    }
}

/// The next `limit` bytes, or fewer at the end of the file; a truncated compressed stream also ends the file.
fn read_up_to(reader: &mut impl Read, limit: u64, path: &Path) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    match reader.take(limit).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(bytes),
        Err(error) => Err(DataError::read(path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;

    use super::super::scratch::Scratch;
    use super::*;

    fn idx(magic: [u8; 4], sizes: &[u32], data: &[u8]) -> Vec<u8> {
        let sizes = sizes.iter().flat_map(|size| size.to_be_bytes());
        magic.into_iter().chain(sizes).chain(data.iter().copied()).collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn images(bytes: &[u8]) -> Result<([u32; 3], Vec<u8>), DataError> {
        read_idx(bytes, Path::new("images"), IMAGE_MAGIC)
    }

    /// Three training images and one held out, of 1×2 pixels; two of the files compressed.
    fn tiny(test: &str) -> Scratch {
        let scratch = Scratch::new(test);
        scratch.write("train-images-idx3-ubyte", idx(IMAGE_MAGIC, &[3, 1, 2], &[0, 255, 51, 102, 153, 204]));
        scratch.write("train-labels-idx1-ubyte.gz", gzip(&idx(LABEL_MAGIC, &[3], &[9, 0, 4])));
        scratch.write("t10k-images-idx3-ubyte.gz", gzip(&idx(IMAGE_MAGIC, &[1, 1, 2], &[255, 0])));
        scratch.write("t10k-labels-idx1-ubyte", idx(LABEL_MAGIC, &[1], &[5]));
        scratch
    }

    #[test]
    fn a_directory_is_two_sets() {
        let scratch = tiny("whole");
        let split = load_idx_dir(scratch.path()).unwrap();
        assert_eq!(
            split.train,
            ImageSet {
                images: vec![0.0, 1.0, 0.2, 0.4, 0.6, 0.8],
                labels: vec![9, 0, 4],
                count: 3,
                height: 1,
                width: 2
            }
        );
        assert_eq!((split.held_out.image(0), split.held_out.labels[0]), (&[1.0, 0.0][..], 5));
        assert_eq!(split, super::super::load_images(scratch.path().to_str().unwrap()).unwrap());
    }

    #[test]
    fn every_fault_names_its_file() {
        type Expected = fn(&DataError) -> bool;
        let faults: [(&str, Vec<u8>, Expected); 8] = [
            ("train-images-idx3-ubyte", vec![], |e| matches!(e, DataError::Magic { .. })),
            ("train-images-idx3-ubyte", idx(LABEL_MAGIC, &[3], &[1, 2, 3]), |e| {
                matches!(e, DataError::Magic { .. })
            }),
            ("train-images-idx3-ubyte", idx(IMAGE_MAGIC, &[0, 28, 28], &[]), |e| {
                matches!(e, DataError::Empty { .. })
            }),
            ("train-labels-idx1-ubyte.gz", idx(LABEL_MAGIC, &[2], &[1, 2]), |e| {
                matches!(e, DataError::Mismatch { .. })
            }),
            ("train-labels-idx1-ubyte.gz", b"\x1f\x8b\x08junk, not deflate".to_vec(), |e| {
                matches!(e, DataError::Read { .. } | DataError::Magic { .. })
            }),
            ("t10k-images-idx3-ubyte.gz", idx(IMAGE_MAGIC, &[1, 2, 1], &[1, 2]), |e| {
                matches!(e, DataError::Mismatch { .. })
            }),
            ("t10k-labels-idx1-ubyte", idx(LABEL_MAGIC, &[1], &[]), |e| {
                matches!(e, DataError::Truncated { .. })
            }),
            ("t10k-labels-idx1-ubyte", idx(LABEL_MAGIC, &[1], &[1, 2]), |e| {
                matches!(e, DataError::TrailingBytes { .. })
            }),
        ];
        for (number, (file, bytes, expected)) in faults.into_iter().enumerate() {
            let scratch = tiny(&format!("fault-{number}"));
            scratch.write(file, bytes);
            let error = load_idx_dir(scratch.path()).unwrap_err();
            assert!(expected(&error), "{file}: {error:?}");
            assert!(error.to_string().contains(file), "{file}: {error}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let scratch = tiny("missing");
        fs::remove_file(scratch.path().join("t10k-labels-idx1-ubyte")).unwrap();
        let message = load_idx_dir(scratch.path()).unwrap_err().to_string();
        assert!(message.contains("t10k-labels-idx1-ubyte"), "{message}");
    }

    #[test]
    fn a_directory_in_place_of_a_file_is_said() {
        let scratch = tiny("directory");
        fs::remove_file(scratch.path().join("train-images-idx3-ubyte")).unwrap();
        fs::create_dir(scratch.path().join("train-images-idx3-ubyte")).unwrap();
        assert!(matches!(load_idx_dir(scratch.path()), Err(DataError::NotAFile { .. })));
    }

    #[test]
    fn a_header_that_claims_the_world_costs_no_memory() {
        for sizes in [[u32::MAX; 3], [u32::MAX, 1, 1], [1, u32::MAX, 2], [1 << 16, 1 << 16, 1]] {
            let error = images(&idx(IMAGE_MAGIC, &sizes, &[1, 2, 3])).unwrap_err();
            assert!(matches!(error, DataError::TooLarge { .. }), "{sizes:?}: {error:?}");
        }
        // A claim within the limit that the file does not keep.
        let error = images(&idx(IMAGE_MAGIC, &[1 << 20, 16, 16], &[1, 2, 3])).unwrap_err();
        assert!(matches!(error, DataError::Truncated { expected: 268_435_456, found: 3, .. }), "{error:?}");
    }

    #[test]
    fn every_prefix_of_a_file_is_an_error() {
        let whole = idx(IMAGE_MAGIC, &[2, 3, 2], &[7; 12]);
        let packed = gzip(&whole);
        assert_eq!(images(&whole).unwrap().1, [7; 12]);
        for length in 0..whole.len() {
            assert!(images(&whole[..length]).is_err(), "{length}");
        }
        for length in 0..packed.len() - 8 {
            let reader = MultiGzDecoder::new(&packed[..length]);
            assert!(read_idx::<3>(reader, Path::new("images"), IMAGE_MAGIC).is_err(), "{length}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_can_make_it_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..64), keep_magic: bool) {
            if keep_magic && bytes.len() >= 4 {
                bytes[..4].copy_from_slice(&IMAGE_MAGIC);
            }
            if let Ok((sizes, data)) = images(&bytes) {
                prop_assert_eq!(sizes.iter().map(|&size| size as usize).product::<usize>(), data.len());
            }
        }
    }
}
