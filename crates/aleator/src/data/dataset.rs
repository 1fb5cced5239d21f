//! Rows to train on and rows to judge by, whatever they show.

use std::path::Path;

use super::{ImageSet, Split, load_array, load_images};
use crate::error::{Error, Result};

/// Rows of numbers, all of one width.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// Row after row.
    pub values: Vec<f32>,
    /// Numbers in a row.
    pub width: usize,
}

impl Rows {
    /// Number of rows.
    pub fn count(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// A row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.width..][..self.width]
    }

    /// At most `most` rows, evenly spaced.
    pub fn thinned(&self, most: usize) -> Rows {
        let count = self.count();
        if count <= most {
            return self.clone();
        }
        let values = (0..most).flat_map(|i| self.row(i * count / most)).copied().collect();
        Rows { values, width: self.width }
    }

    /// Each column's mean over the rows.
    pub fn mean(&self) -> Vec<f64> {
        let mut sum = vec![0.0_f64; self.width];
        for row in self.values.chunks_exact(self.width.max(1)) {
            sum.iter_mut().zip(row).for_each(|(s, &v)| *s += f64::from(v));
        }
        let count = self.count().max(1) as f64;
        sum.into_iter().map(|s| s / count).collect()
    }
}

/// How grey pixels become black and white.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Binarization {
    /// 1 above one half.
    #[default]
    Threshold,
    /// 1 with the pixel's value as probability, drawn once from the seed. Also called sampled.
    Static,
    /// The same, drawn anew for every minibatch; what is held out is drawn once.
    Dynamic,
}

/// What a model learns from, and what it is judged by.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Its name, for reports.
    pub name: String,
    /// Rows to learn from.
    pub train: Rows,
    /// Rows that training never sees.
    pub held_out: Rows,
    /// Height and width, if rows are images.
    pub image: Option<[usize; 2]>,
    /// Whether a minibatch's numbers are probabilities, to be drawn anew.
    pub dynamic: bool,
}

impl Dataset {
    /// Images in black and white.
    pub fn of_images(name: &str, split: &Split, binarization: Binarization, seed: u64) -> Self {
        let rows = |images: &ImageSet, part: u64, binarization| Rows {
            values: binarized(images, binarization, seed, part),
            width: images.pixels(),
        };
        let held_out = match binarization {
            Binarization::Dynamic => Binarization::Static,
            same => same,
        };
        Dataset {
            name: name.into(),
            train: rows(&split.train, 0, binarization),
            held_out: rows(&split.held_out, 1, held_out),
            image: Some([split.train.height, split.train.width]),
            dynamic: binarization == Binarization::Dynamic,
        }
    }

    /// What `source` names: `digits`, a directory of IDX files, or a `.npy` or `.csv` file of shape `[rows, width]` (or `[rows,
    /// height, width]`), of which every sixth row is held out. Images (files with numbers in \[0, 1\] or of three axes) become
    /// black and white.
    ///
    /// # Errors
    /// [`DataError`](super::DataError)s, and [`Error::Invalid`] for an array that is no table.
    pub fn load(source: &str, binarization: Binarization, seed: u64) -> Result<Self> {
        let path = Path::new(source);
        if !path.is_file() {
            return Ok(Self::of_images(source, &load_images(source)?, binarization, seed));
        }
        let (shape, values) = load_array(path)?;
        let (width, image) = match *shape.as_slice() {
            [_, width] => (width, None),
            [_, height, width] => (height.saturating_mul(width), Some([height, width])),
            _ => {
                return Err(Error::invalid(format!(
                    "{source} has shape {shape:?}; rows of data need [rows, width] or [rows, height, width]"
                )));
            }
        };
        let values: Vec<f32> = values.iter().map(|&v| v as f32).collect();
        if width == 0 || values.len() < 2 * width {
            return Err(Error::invalid(format!("{source} holds fewer than two rows")));
        }
        if let Some(i) = values.iter().position(|v| !v.is_finite()) {
            return Err(Error::NotFinite(format!("{source}: row {} holds {}", i / width, values[i])));
        }
        let all = Rows { values, width };
        let part = |held: bool| Rows {
            values: (0..all.count())
                .filter(|i| (i % 6 == 5) == held)
                .flat_map(|i| all.row(i))
                .copied()
                .collect(),
            width,
        };
        let (train, mut held_out) = (part(false), part(true));
        if held_out.values.is_empty() {
            held_out = train.clone();
        }
        let dataset = Dataset { name: source.into(), train, held_out, image, dynamic: false };
        Ok(dataset.black_and_white(binarization, seed))
    }

    /// Numbers in \[0, 1\] taken as grey pixels.
    fn black_and_white(self, binarization: Binarization, seed: u64) -> Self {
        let within = |rows: &Rows| rows.values.iter().all(|v| (0.0..=1.0).contains(v));
        if !within(&self.train) || !within(&self.held_out) {
            return self;
        }
        let images = |rows: &Rows| ImageSet {
            images: rows.values.clone(),
            labels: vec![0; rows.count()],
            count: rows.count(),
            height: self.image.map_or(1, |[h, _]| h),
            width: self.image.map_or(rows.width, |[_, w]| w),
        };
        let split = Split { train: images(&self.train), held_out: images(&self.held_out) };
        Dataset { image: self.image, ..Dataset::of_images(&self.name, &split, binarization, seed) }
    }

    /// A number that tells this data from other data: a checksum of all rows.
    pub fn checksum(&self) -> u32 {
        let rows = [&self.train, &self.held_out];
        let parts = rows.iter().flat_map(|r| r.values.chunks(1 << 14));
        let mut bytes = Vec::with_capacity(1 << 16);
        parts.fold(self.train.width as u32, |crc, part| {
            bytes.clear();
            bytes.extend(part.iter().flat_map(|v| v.to_le_bytes()));
            crc32c::crc32c_append(crc, &bytes)
        })
    }
}

/// Random stream of pixels that are drawn; its steps tell training and held-out pixels apart.
const PIXELS: u32 = aleator_engine::exec::philox::STREAMS - 101;

fn binarized(images: &ImageSet, binarization: Binarization, seed: u64, part: u64) -> Vec<f32> {
    match binarization {
        Binarization::Threshold => images.binarized().images,
        Binarization::Dynamic => images.images.clone(),
        Binarization::Static => {
            let mut uniforms = vec![0.0_f32; images.images.len()];
            aleator_engine::exec::philox::fill_uniform(&mut uniforms, seed, PIXELS, part, 0);
            let mut next = uniforms.into_iter();
            images.binarized_by(|| next.next().unwrap_or(0.5)).images
        }
    }
}
