//! The rows of one file, checked, and the classes that words in the last column name.

use std::path::Path;

use super::array::{Loaded, load_wanted};
use super::csv::Wanted;
use super::reading::Reading;
use super::rows::Rows;
use super::{npz, place_in_file};
use crate::error::{Error, Result};

/// The names of the arrays of training and held-out rows in an archive.
const PARTS: [(&str, &str); 3] = [("x_train", "x_test"), ("train", "test"), ("X_train", "X_test")];

/// The arrays of training and held-out rows, if an archive has both.
pub(super) fn both_parts(path: &Path) -> Result<Option<(String, String)>> {
    let names = npz::names(path)?;
    let has = |name: &str| names.iter().any(|other| other == name);
    let found = PARTS.into_iter().find(|(train, held_out)| has(train) && has(held_out));
    Ok(found.map(|(train, held_out)| (train.to_string(), held_out.to_string())))
}

/// The rows of one file.
pub(super) struct Table {
    pub rows: Rows,
    /// The height and width, if rows are images.
    pub image: Option<[usize; 2]>,
    /// The words of the last column, which the numbers there count; empty if it consists of numbers.
    words: Vec<String>,
    /// The names of the columns; empty if there are none.
    pub names: Vec<String>,
    source: String,
}

impl Table {
    /// Loads and checks an array. With binarisation, bytes are grey levels from 0 to 255.
    pub fn load(source: &str, reading: &Reading) -> Result<Self> {
        let path = Path::new(source);
        let Reading { binarization, columns, labels, names, .. } = reading;
        let wanted = Wanted { columns, labels: *labels, names };
        let Loaded { shape, mut values, bytes, words, names } = load_wanted(path, wanted)?;
        let image = |height: usize, width: usize| (height.saturating_mul(width), Some([height, width]));
        let (width, image) = match *shape.as_slice() {
            [_, width] => (width, None),
            [_, height, width] | [_, 1, height, width] | [_, height, width, 1] => image(height, width),
            _ => {
                return Err(Error::invalid(format!(
                    "{source} has shape {shape:?}; rows of data need [rows, width], [rows, height, width] or \
                     [rows, 1, height, width]"
                )));
            }
        };
        if width == 0 || values.is_empty() {
            return Err(Error::invalid(format!(
                "{source} has no rows; save at least two in it, of which one is held out"
            )));
        }
        if bytes && binarization.is_some() && values.iter().any(|&v| v > 1.0) {
            values.iter_mut().for_each(|v| *v /= 255.0);
        }
        let single: Vec<f32> = values.iter().map(|&v| v as f32).collect();
        if let Some(i) = single.iter().position(|v| !v.is_finite()) {
            return Err(not_finite(path, i / width, i % width, values[i]));
        }
        if let Some(error) = binarization.and_then(|_| not_grey(path, width, &values)) {
            return Err(error);
        }
        Ok(Table { rows: Rows { values: single, width }, image, words, names, source: source.into() })
    }

    /// Lets the numbers of the last column count these classes.
    fn rename(&mut self, classes: &[String]) -> Result<()> {
        let place = |word: &String| classes.iter().position(|class| class == word);
        let places: Vec<Option<usize>> = self.words.iter().map(place).collect();
        for i in 0..self.rows.count() {
            let last = i * self.rows.width + self.rows.width - 1;
            let word = self.rows.values[last] as usize;
            match places.get(word) {
                Some(Some(class)) => self.rows.values[last] = *class as f32,
                _ => {
                    return Err(Error::Invalid(format!(
                        "{}: the label is {:?}, but the classes of the training rows are {}; correct it, or remove the row",
                        place_in_file(Path::new(&self.source), i),
                        self.words.get(word).map_or("", String::as_str),
                        classes.join(", ")
                    )));
                }
            }
        }
        self.words = classes.to_vec();
        Ok(())
    }
}

/// The names of the classes of tables that belong together: those that are known, or the words of the first table, from which a
/// model learns, in sorted order.
pub(super) fn classes_of<const N: usize>(
    mut tables: [&mut Table; N],
    reading: &Reading,
) -> Result<Vec<String>> {
    let has_words = |table: &Table| !table.words.is_empty();
    let with = tables.iter().find(|table| has_words(table)).map(|table| table.source.clone());
    let without = tables.iter().find(|table| !has_words(table)).map(|table| table.source.clone());
    match (with, without, &reading.classes[..]) {
        (Some(with), Some(without), _) => Err(Error::Invalid(format!(
            "the last column of {with} has words, but that of {without} has numbers; write labels in both in the same way"
        ))),
        (None, Some(without), [_, ..]) => Err(Error::Invalid(format!(
            "the last column of {without} has numbers, but the classes of the model are {}; write them as labels",
            reading.classes.join(", ")
        ))),
        (None, _, []) | (None, None, _) => {
            if reading.labels
                && let [first, others @ ..] = &tables[..]
            {
                others.iter().try_for_each(|other| no_new_class(first, other))?;
            }
            Ok(Vec::new())
        }
        (Some(_), None, known) => {
            let classes = match known {
                [] => tables.first().map(|table| table.words.clone()).unwrap_or_default(),
                known => known.to_vec(),
            };
            tables.iter_mut().try_for_each(|table| table.rename(&classes))?;
            Ok(classes)
        }
    }
}

/// Checks that no label of a table is larger than those of the training rows. Labels are numbers.
fn no_new_class(training: &Table, other: &Table) -> Result<()> {
    let labels = |table: &Table| -> Vec<f32> {
        let rows = table.rows.values.chunks_exact(table.rows.width);
        rows.filter_map(|row| row.last().copied()).collect()
    };
    let largest = labels(training).into_iter().fold(f32::NEG_INFINITY, f32::max);
    match labels(other).iter().enumerate().find(|(_, label)| **label > largest) {
        None => Ok(()),
        Some((row, label)) => Err(Error::Invalid(format!(
            "{}: the label is {label}, but the largest of the training rows is {largest}; correct it, or remove the row",
            place_in_file(Path::new(&other.source), row)
        ))),
    }
}

/// Rows and columns are counted from 0.
fn not_finite(path: &Path, row: usize, column: usize, value: f64) -> Error {
    let place = place_in_file(path, row);
    let reason = match value.is_finite() {
        true => "too large for a number of 32 bits",
        false => "not finite",
    };
    Error::NotFinite(format!(
        "{place}: column {} is {value:e}, which is {reason}; correct it, or leave its row or column out",
        column + 1
    ))
}

/// The error for a number that cannot be binarised, with a remedy.
fn not_grey(path: &Path, width: usize, values: &[f64]) -> Option<Error> {
    let i = values.iter().position(|v| !(0.0..=1.0).contains(v))?;
    let bytes = values.iter().all(|v| (0.0..=255.0).contains(v) && v.fract() == 0.0);
    let remedy = match bytes {
        true => "divide the numbers by 255, or model them as real numbers with `likelihood = gaussian`",
        false => "scale them to that range, or model them as real numbers with `likelihood = gaussian`",
    };
    Some(Error::Invalid(format!(
        "{}: column {} is {}, but only pixels from 0 to 1 can be made black and white: {remedy}",
        place_in_file(path, i / width),
        i % width + 1,
        values[i]
    )))
}
