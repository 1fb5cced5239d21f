//! Data sets: rows for training and rows for evaluation.

use std::path::Path;

use super::array::{is_archive, parts_of};
use super::reading::{Binarization, Headings, Reading};
use super::rows::Rows;
use super::table::{Table, both_parts, classes_of};
use super::{Split, load_images};
use crate::error::{Error, Result};

/// A data set with a training part and a held-out part.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// The name, for reports.
    pub name: String,
    /// The training rows.
    pub train: Rows,
    /// The held-out rows.
    pub held_out: Rows,
    /// The height and width, if rows are images.
    pub image: Option<[usize; 2]>,
    /// Whether the numbers are probabilities from which each minibatch is drawn.
    pub dynamic: bool,
}

impl Dataset {
    /// Creates a data set of images, binarised, or grey with `None`.
    pub fn of_images(
        name: &str,
        split: &Split,
        binarization: impl Into<Option<Binarization>>,
        seed: u64,
    ) -> Self {
        let grey = Dataset {
            name: name.into(),
            train: Rows { values: split.train.images.clone(), width: split.train.pixels() },
            held_out: Rows { values: split.held_out.images.clone(), width: split.held_out.pixels() },
            image: Some([split.train.height, split.train.width]),
            dynamic: false,
        };
        match binarization.into() {
            Some(binarization) => grey.black_and_white(binarization, seed),
            None => grey,
        }
    }

    /// Loads the data set that `source` names: `digits`, a directory of IDX files, or a `.npy`, `.npz` or `.csv` file of shape
    /// `[rows, width]` (or `[rows, height, width]`, also with one channel). `FILE.npz:NAME` is an array of an archive; an archive with
    /// `x_train` and `x_test` has its own held-out rows. Of a file, a sixth of the rows is held out (at least one), drawn
    /// with the seed.
    /// The numbers are binarised by `binarization` (bytes are grey levels up to 255); with `None` they are unchanged.
    ///
    /// # Errors
    /// Returns a [`DataError`](super::DataError) if a file cannot be used, and [`Error::Invalid`] if an array is not a table or
    /// if numbers outside of \[0, 1\] should be binarised. The message contains row, column and value.
    pub fn load(source: &str, binarization: impl Into<Option<Binarization>>, seed: u64) -> Result<Self> {
        Self::read(source, None, &Reading { binarization: binarization.into(), seed, ..Reading::default() })
            .map(|(data, _)| data)
    }

    /// Loads training rows and held-out rows from different files, as [`Dataset::load`] does it from one.
    ///
    /// # Errors
    /// As [`Dataset::load`], and if the rows have different widths.
    pub fn load_parts(
        train: &str,
        held_out: &str,
        binarization: impl Into<Option<Binarization>>,
        seed: u64,
    ) -> Result<Self> {
        let reading = Reading { binarization: binarization.into(), seed, ..Reading::default() };
        Self::read(train, Some(held_out), &reading).map(|(data, _)| data)
    }

    /// Loads the data set that `source` names, as [`Dataset::load`] does, with held-out rows from another file if there is one.
    /// Returns the names of the classes as well, if the last column consists of words: they are the numbers from 0 in sorted order. The
    /// columns of the second file are those with the names of the first one, if both have names.
    ///
    /// # Errors
    /// As [`Dataset::load`], if there is no such column, or if a label is none of the classes.
    pub fn read(source: &str, held_out: Option<&str>, reading: &Reading) -> Result<(Self, Headings)> {
        if let Some(held_out) = held_out {
            return Self::read_parts(source, held_out, reading);
        }
        let Reading { binarization, seed, columns, .. } = reading;
        let (path, name) = parts_of(Path::new(source));
        if path.is_dir() || !path.exists() {
            let images = load_images(source)?;
            if !columns.is_empty() {
                return Err(Error::Invalid(format!(
                    "{source} holds images, which have no columns to choose; remove the setting `columns`"
                )));
            }
            return Ok((Self::of_images(source, &images, *binarization, *seed), Headings::default()));
        }
        if let (true, None) = (is_archive(path), name)
            && let Some((train, held_out)) = both_parts(path)?
        {
            let of = |name: String| format!("{}:{name}", path.display());
            return Self::read_parts(&of(train), &of(held_out), reading);
        }
        let mut table = Table::load(source, reading)?;
        let classes = classes_of([&mut table], reading)?;
        let count = table.rows.count();
        if count < 2 && !reading.whole {
            return Err(Error::Invalid(format!(
                "{source} has one row, but one must be held out and another is for training; add rows, name held-out rows with the \
                 setting `test-data`, or evaluate a checkpoint on all of them with `rows = all`"
            )));
        }
        let held_out = if reading.whole { 0 } else { (count / 6).max(1) };
        let (train, held_out) = table.rows.apart(held_out, *seed);
        let columns = std::mem::take(&mut table.names);
        let raw = Dataset { name: source.into(), train, held_out, image: table.image, dynamic: false };
        Ok((raw.binarized(*binarization, *seed), Headings { classes, columns }))
    }

    fn read_parts(train: &str, held_out: &str, reading: &Reading) -> Result<(Self, Headings)> {
        let mut first = Table::load(train, reading)?;
        let columns = std::mem::take(&mut first.names);
        let of_second = Reading {
            names: if reading.names.is_empty() { columns.clone() } else { reading.names.clone() },
            ..reading.clone()
        };
        let mut second = Table::load(held_out, &of_second)?;
        if first.rows.width != second.rows.width {
            return Err(Error::Invalid(format!(
                "rows of {train} have {} numbers, but those of {held_out} have {}; save both with the same columns",
                first.rows.width, second.rows.width
            )));
        }
        let classes = classes_of([&mut first, &mut second], reading)?;
        let image = first.image.filter(|_| first.image == second.image);
        let raw =
            Dataset { name: train.into(), train: first.rows, held_out: second.rows, image, dynamic: false };
        Ok((raw.binarized(reading.binarization, reading.seed), Headings { classes, columns }))
    }

    fn binarized(self, binarization: Option<Binarization>, seed: u64) -> Self {
        match binarization {
            Some(binarization) => self.black_and_white(binarization, seed),
            None => self,
        }
    }

    /// The same rows, split again: all of them together, of which a share is held out, drawn with the seed.
    ///
    /// # Errors
    /// As [`Rows::split`].
    pub fn held_out_again(self, share: f64, seed: u64) -> Result<Self> {
        let mut all = self.train;
        all.values.extend(self.held_out.values);
        let (train, held_out) = all.split(share, seed)?;
        Ok(Dataset { train, held_out, ..self })
    }

    /// Binarises grey pixels.
    fn black_and_white(self, binarization: Binarization, seed: u64) -> Self {
        let once = match binarization {
            Binarization::Dynamic => Binarization::Static,
            same => same,
        };
        let of = |rows: Rows, part, binarization| Rows {
            values: binarized(rows.values, binarization, seed, part),
            ..rows
        };
        Dataset {
            train: of(self.train, 0, binarization),
            held_out: of(self.held_out, 1, once),
            dynamic: binarization == Binarization::Dynamic,
            ..self
        }
    }

    /// A checksum of all rows, and of the split into training and held-out rows.
    pub fn checksum(&self) -> u32 {
        let sizes = [self.train.sizes(), self.held_out.sizes()].concat();
        self.held_out.checksum_after(self.train.checksum_after(crc32c::crc32c(&sizes)))
    }
}

/// The random stream of pixels. Different steps are used for training and held-out pixels.
const PIXELS: u32 = aleator_engine::exec::philox::STREAMS - 101;

fn binarized(mut pixels: Vec<f32>, binarization: Binarization, seed: u64, part: u64) -> Vec<f32> {
    match binarization {
        Binarization::Threshold => pixels.iter_mut().for_each(|p| *p = f32::from(*p > 0.5)),
        Binarization::Dynamic => {}
        Binarization::Static => {
            let mut uniforms = vec![0.0_f32; pixels.len()];
            aleator_engine::exec::philox::fill_uniform(&mut uniforms, seed, PIXELS, part, 0);
            pixels.iter_mut().zip(uniforms).for_each(|(p, uniform)| *p = f32::from(uniform < *p));
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;

    fn load(text: &str, binarization: Option<Binarization>) -> Result<Dataset> {
        let scratch = Scratch::new(&format!("dataset-{:08x}", crc32c::crc32c(text.as_bytes())));
        let file = scratch.write("table.csv", text);
        Dataset::load(file.to_str().unwrap(), binarization, 3)
    }

    #[test]
    fn numbers_stay_as_they_are_unless_asked() {
        let text = "0.25,1\n0.75,0\n";
        // The seed of these tests holds out the first of two rows.
        let data = load(text, None).unwrap();
        assert_eq!((&data.train.values[..], &data.held_out.values[..]), (&[0.75, 0.0][..], &[0.25, 1.0][..]));
        let data = load(text, Some(Binarization::Threshold)).unwrap();
        assert_eq!((&data.train.values[..], &data.held_out.values[..]), (&[1.0, 0.0][..], &[0.0, 1.0][..]));
        let data = load(text, Some(Binarization::Dynamic)).unwrap();
        assert!(data.dynamic && data.train.values == [0.75, 0.0]);
        assert!(data.held_out.values.iter().all(|&v| v == 0.0 || v == 1.0));
        assert_eq!(load("-1,7\n2,3", None).unwrap().held_out.values, [-1.0, 7.0]);
        let refused = load("-1,7\n2,3", Some(Binarization::Static)).unwrap_err().to_string();
        assert!(
            refused.contains("table.csv:1: column 1 is -1, ") && refused.contains("pixels from 0 to 1"),
            "{refused}"
        );
        let refused = load("x,y\n0,1\n255,3", Some(Binarization::Threshold)).unwrap_err().to_string();
        assert!(
            refused.contains("table.csv:3: column 1 is 255, ") && refused.contains("by 255"),
            "{refused}"
        );
        let grey = Dataset::load("digits", None, 0).unwrap();
        assert!(grey.train.values.contains(&0.5) && grey.image == Some([8, 8]));
    }

    #[test]
    fn no_row_is_learned_from_and_judged_by() {
        let mut periodic = 0;
        for (rows, held_out) in [(2, 1), (5, 1), (6, 1), (7, 1), (12, 2), (90, 15)] {
            let text: Vec<String> = (0..rows).map(|i| i.to_string()).collect();
            let data = load(&text.join("\n"), None).unwrap();
            assert_eq!((data.train.count(), data.held_out.count()), (rows - held_out, held_out));
            let mut all = [&data.train.values[..], &data.held_out.values].concat();
            all.sort_by(f32::total_cmp);
            assert!(all.iter().enumerate().all(|(i, &v)| v == i as f32), "{all:?}");
            periodic += data.held_out.values.iter().filter(|&&v| v as usize % 6 == 5).count();
            assert_eq!(load(&text.join("\n"), None).unwrap(), data);
        }
        // About a sixth of 21 rows and not all of them: labels may have a period.
        assert!(periodic < 12, "{periodic}");
        assert!(load("1,2\n", None).unwrap_err().to_string().contains("has one row"));
        let rows = Rows { values: (0..30).map(|i| i as f32).collect(), width: 1 };
        let parts = |seed| rows.split(0.3, seed).unwrap().1.values;
        assert_eq!((parts(1).len(), parts(1) == parts(2)), (9, false));
    }

    #[test]
    fn columns_of_other_tables_are_taken_by_name() {
        let scratch = Scratch::new("names");
        let write = |name: &str, text: &str| scratch.write(name, text).display().to_string();
        let train = write("train.csv", "a,b,label\n1,2,u\n3,4,v\n");
        let labelled = Reading { labels: true, ..Reading::default() };
        let read = |test: &str| Dataset::read(&train, Some(&write("test.csv", test)), &labelled);
        for text in ["b,label,a\n8,v,7\n", "id,b,a,label\n0,8,7,v\n", "a,b,label\n7,8,v\n", "7,8,v\n"] {
            let (data, headings) = read(text).unwrap();
            assert_eq!(data.held_out.values, [7.0, 8.0, 1.0], "{text:?}");
            assert_eq!(headings.columns, ["a", "b", "label"]);
        }
        for (text, reason) in [
            (
                "a,c,label\n7,8,v\n",
                "test.csv:1: there is no column `b`; the columns that are needed are a, b, label, and those",
            ),
            ("a,b\n7,8\n", "test.csv:1: there is no column `label`"),
            ("a,b,b,label\n7,8,9,v\n", "test.csv:1: more than one column has the name `b`"),
            (
                "a,b,label\n7,8,v\n7,8,w\n",
                "test.csv:3: the label is \"w\", but the classes of the training rows are u, v",
            ),
        ] {
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains(reason) && !message.ends_with(reason), "{message}");
        }
        // The same name twice says nothing of the order of other tables.
        let train = write("train.csv", "a,a,label\n1,2,u\n3,4,v\n");
        let read = |test: &str| Dataset::read(&train, Some(&write("test.csv", test)), &labelled);
        assert_eq!(read("a,a,label\n7,8,v\n").unwrap().0.held_out.values, [7.0, 8.0, 1.0]);
        assert!(read("label,a,a\nv,7,8\n").unwrap_err().to_string().contains("more than one column"));
        // Chosen by number in one table, and by name in the other.
        let reading = Reading { columns: vec!["2".into(), "1".into()], ..Reading::default() };
        let train = write("train.csv", "a,b,c\n1,2,9\n3,4,9\n");
        let (data, headings) =
            Dataset::read(&train, Some(&write("test.csv", "c,a,b\n9,7,8\n")), &reading).unwrap();
        assert_eq!(
            (&data.held_out.values[..], &headings.columns[..]),
            (&[8.0, 7.0][..], &["b".to_string(), "a".into()][..])
        );
    }

    #[test]
    fn a_number_too_large_is_named_with_its_line() {
        let message = load("# made by hand\nx,y\n1,2\n\n3,1e39\n", None).unwrap_err().to_string();
        assert!(message.contains("table.csv:5: column 2 is 1e39, which is too large"), "{message}");
        let message = load("1,2\nnan,4\n", None).unwrap_err().to_string();
        assert!(message.contains("table.csv:2: column 1 is NaN, which is not finite"), "{message}");
        let scratch = Scratch::new("dataset-npy");
        let header = format!("{:<117}\n", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }");
        let values = [1.0_f32, f32::INFINITY].map(f32::to_le_bytes).concat();
        let bytes = [&b"\x93NUMPY\x01\x00\x76\x00"[..], header.as_bytes(), &values].concat();
        let file = scratch.write("rows.npy", bytes);
        let message = Dataset::load(file.to_str().unwrap(), None, 0).unwrap_err().to_string();
        assert!(message.contains("rows.npy: row 2: column 1 is inf"), "{message}");
    }

    #[test]
    fn images_with_a_channel_and_bytes_and_archives_are_rows() {
        let scratch = Scratch::new("images");
        let path = |name: &str| scratch.path().join(name).display().to_string();
        let values: Vec<f32> = (0..24).map(|i| (i % 2) as f32).collect();
        for shape in [&[6, 1, 2, 2][..], &[6, 2, 2, 1], &[6, 2, 2]] {
            scratch.write("a.npy", super::super::npy_bytes(shape, &values).unwrap());
            let data = Dataset::load(&path("a.npy"), Binarization::Threshold, 0).unwrap();
            assert_eq!((data.train.width, data.image), (4, Some([2, 2])), "{shape:?}");
            assert_eq!((data.train.count(), data.held_out.count()), (5, 1));
        }
        scratch.write("a.npy", super::super::npy_bytes(&[6, 3, 2, 2], &[0.0; 72]).unwrap());
        let message = Dataset::load(&path("a.npy"), None, 0).unwrap_err().to_string();
        assert!(message.contains("[rows, 1, height, width]"), "{message}");
        // Bytes are grey levels where pixels are wanted, and numbers elsewhere.
        let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }\n";
        let length = (header.len() as u16).to_le_bytes();
        let bytes = [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), &[0, 255, 100, 200]].concat();
        scratch.write("b.npy", bytes);
        let pixels = Dataset::load(&path("b.npy"), Binarization::Threshold, 0).unwrap();
        assert_eq!(
            (&pixels.train.values[..], &pixels.held_out.values[..]),
            (&[0.0, 1.0][..], &[0.0, 1.0][..])
        );
        assert_eq!(Dataset::load(&path("b.npy"), None, 3).unwrap().held_out.values, [0.0, 255.0]);
        // An archive with both parts, an array of it, and parts in files of their own.
        let archive = super::super::npz_bytes([
            ("x_train", &[3, 1][..], &[1.0, 2.0, 3.0][..]),
            ("x_test", &[1, 1][..], &[4.0][..]),
        ]);
        scratch.write("c.npz", archive.unwrap());
        let both = Dataset::load(&path("c.npz"), None, 0).unwrap();
        assert_eq!((&both.train.values[..], &both.held_out.values[..]), (&[1.0, 2.0, 3.0][..], &[4.0][..]));
        let one = Dataset::load(&format!("{}:x_train", path("c.npz")), None, 0).unwrap();
        assert_eq!((&one.train.values[..], &one.held_out.values[..]), (&[2.0, 3.0][..], &[1.0][..]));
        scratch.write("d.csv", "5;6\n");
        let refused = Dataset::load_parts(&path("c.npz:x_train"), &path("d.csv"), None, 0).unwrap_err();
        assert!(refused.to_string().contains("rows of"), "{refused}");
        let parts = Dataset::load_parts(&path("b.npy"), &path("d.csv"), None, 0).unwrap();
        assert_eq!(parts.held_out.values, [5.0, 6.0]);
    }
}
