//! Writing arrays in NumPy's formats.

use std::io::{Cursor, Write};

use npyz::{DType, WriteOptions, WriterBuilder};
use zip::write::SimpleFileOptions;

/// The bytes of a `.npy` file with numbers of 32 bits, row-major.
///
/// # Errors
/// Returns an error if the values do not fill the shape.
pub fn npy_bytes(shape: &[usize], values: &[f32]) -> std::io::Result<Vec<u8>> {
    let single = "<f4".parse().map_err(|_| std::io::Error::other("no type"))?;
    let shape: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
    let mut bytes = Vec::new();
    let options = WriteOptions::new().dtype(DType::Plain(single)).shape(&shape);
    let mut writer = options.writer(&mut bytes).begin_nd()?;
    writer.extend(values.iter())?;
    writer.finish()?;
    Ok(bytes)
}

/// The bytes of a `.npz` file, an archive of `.npy` files by name.
///
/// # Errors
/// Returns an error if the values of an array do not fill its shape, or if two names are the same.
pub fn npz_bytes<'a>(
    arrays: impl IntoIterator<Item = (&'a str, &'a [usize], &'a [f32])>,
) -> std::io::Result<Vec<u8>> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, shape, values) in arrays {
        archive.start_file(format!("{name}.npy"), SimpleFileOptions::default())?;
        archive.write_all(&npy_bytes(shape, values)?)?;
    }
    Ok(archive.finish()?.into_inner())
}
