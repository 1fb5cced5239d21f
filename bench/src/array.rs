//! Named arrays, exchanged with peers as `.npy` files.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

use npyz::{NpyFile, WriterBuilder};

use crate::error::{Error, Result};

/// A dense array of 32-bit numbers, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// What it is called on both sides.
    pub name: &'static str,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its elements.
    pub values: Vec<f32>,
}

impl Array {
    /// An array of these elements.
    pub fn new(name: &'static str, shape: &[usize], values: Vec<f32>) -> Self {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "`{name}` has another number of elements");
        Array { name, shape: shape.to_vec(), values }
    }

    /// Writes it to a folder.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, folder: &Path) -> Result<()> {
        let shape: Vec<u64> = self.shape.iter().map(|&n| n as u64).collect();
        let file = BufWriter::new(File::create(folder.join(format!("{}.npy", self.name)))?);
        let mut writer = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(file).begin_nd()?;
        writer.extend(&self.values)?;
        Ok(writer.finish()?)
    }

    /// Reads what a peer wrote under this name and shape.
    ///
    /// # Errors
    /// If the file cannot be read or has another number of elements.
    pub fn load_like(&self, folder: &Path) -> Result<Array> {
        let path = folder.join(format!("{}.npy", self.name));
        let refuse = |what: String| Error(format!("{}: {what}", path.display()));
        let file = File::open(&path).map_err(|e| refuse(e.to_string()))?;
        let values: Vec<f32> =
            NpyFile::new(BufReader::new(file))?.into_vec().map_err(|e| refuse(e.to_string()))?;
        if values.len() != self.values.len() {
            return Err(refuse(format!("{} elements instead of {}", values.len(), self.values.len())));
        }
        Ok(Array { values, ..self.clone() })
    }

    /// The largest difference from another array, relative to the largest element of both.
    pub fn distance(&self, other: &Array) -> f64 {
        let largest =
            self.values.iter().chain(&other.values).fold(0.0_f64, |m, &x| m.max(f64::from(x).abs()));
        let difference = |(&x, &y): (&f32, &f32)| (f64::from(x) - f64::from(y)).abs();
        // A NaN anywhere is as far as can be.
        let worst = self
            .values
            .iter()
            .zip(&other.values)
            .map(difference)
            .fold(0.0, |m: f64, d| if d.is_nan() { f64::INFINITY } else { m.max(d) });
        if worst == 0.0 { 0.0 } else { worst / largest }
    }
}
