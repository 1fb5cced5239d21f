//! What a built-in model has to know of its data. A checkpoint contains it, so that a trained model needs no data.

use serde::{Deserialize, Serialize};

use super::standardization::Standardization;
use crate::data::{Dataset, Rows};
use crate::error::{Error, Result};

/// The largest number of classes of a label.
const MOST_CLASSES: usize = 1000;

/// Sizes, means and scales of data.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct DataSummary {
    /// The name, for messages.
    pub name: String,
    /// The number of training rows.
    pub rows: usize,
    /// The number of elements in a row.
    pub width: usize,
    /// The height and width, if rows are images.
    pub image: Option<[usize; 2]>,
    /// The mean of each column over the training rows.
    pub mean: Vec<f64>,
    /// The standard deviation of each column over the training rows; 1 where it is 0.
    pub scale: Vec<f64>,
    /// The smallest and the largest number of all rows.
    pub range: [f64; 2],
    /// Whether all numbers are whole and not negative.
    pub whole: bool,
    /// The number of classes, if the last column consists of whole numbers from 0: the largest plus 1.
    pub classes: Option<usize>,
    /// The names of the classes, if the labels are words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The names of the columns in their order, if the table has a header.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// How the columns were standardised, if they were. The other numbers here are those of the standardised columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standardization: Option<Standardization>,
}

impl DataSummary {
    /// Summarises data.
    pub fn of(data: &Dataset) -> Self {
        let Dataset { name, train, held_out, image, dynamic: _ } = data;
        let all = || train.values.iter().chain(&held_out.values).map(|&v| f64::from(v));
        let is_whole = |v: f64| v >= 0.0 && v.fract() == 0.0;
        let last = |rows: &Rows| -> Vec<f64> {
            let rows = rows.values.chunks_exact(rows.width.max(1));
            rows.filter_map(|row| row.last().map(|&v| f64::from(v))).collect()
        };
        let labels: Vec<f64> = [train, held_out].into_iter().flat_map(last).collect();
        let largest = labels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let has_classes = labels.iter().all(|&v| is_whole(v)) && largest < MOST_CLASSES as f64;
        let mean = train.mean();
        DataSummary {
            name: name.clone(),
            rows: train.count(),
            width: train.width,
            image: *image,
            scale: Standardization::of(train, train.width).scale,
            mean,
            range: [all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max)],
            whole: all().all(is_whole),
            classes: (has_classes && !labels.is_empty()).then(|| largest as usize + 1),
            labels: Vec::new(),
            columns: Vec::new(),
            standardization: None,
        }
    }

    /// Checks that a model of these data as real numbers can be used on others.
    ///
    /// # Errors
    /// Returns an error if their rows have another width.
    pub fn accepts_real(&self, other: &DataSummary) -> Result<()> {
        if other.width == self.width {
            return Ok(());
        }
        Err(Error::Invalid(format!(
            "`{}` does not fit the model: its rows have {} numbers, not {}",
            other.name, other.width, self.width
        )))
    }

    /// Checks that a model of these data can be used on others.
    ///
    /// # Errors
    /// Returns an error if their rows have another width, are not grey where these are, or contain larger tokens or labels.
    pub fn accepts(&self, other: &DataSummary) -> Result<()> {
        let differs =
            |why: String| Err(Error::Invalid(format!("`{}` does not fit the model: {why}", other.name)));
        let largest = |summary: &DataSummary| summary.range[1];
        self.accepts_real(other)?;
        if self.labels != other.labels {
            let words = |labels: &[String]| match labels {
                [] => "numbers".to_string(),
                words => words.join(", "),
            };
            return differs(format!("its labels are {}, not {}", words(&other.labels), words(&self.labels)));
        }
        if self.whole && (!other.whole || largest(other) > largest(self)) {
            return differs(format!("it has other numbers than whole ones from 0 to {}", largest(self)));
        }
        if let Some(classes) = self.classes.filter(|_| !self.whole)
            && other.classes.is_none_or(|others| others > classes)
        {
            return differs(format!(
                "the labels in its last column are not all from 0 to {}; correct them, or remove these rows",
                classes - 1
            ));
        }
        Ok(())
    }

    /// Whether all numbers are in \[0, 1\], as grey pixels are.
    pub fn is_grey(&self) -> bool {
        let [low, high] = self.range;
        low >= 0.0 && high <= 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_by_hand_is_the_same_when_it_is_read_again() {
        let rows = |values: &[f32]| Rows { values: values.to_vec(), width: 2 };
        let data = Dataset {
            name: "two columns".into(),
            train: rows(&[1.0, 0.0, 3.0, 2.0]),
            held_out: rows(&[-1.0, 3.0]),
            image: None,
            dynamic: false,
        };
        let summary = DataSummary::of(&data);
        assert_eq!((&summary.mean[..], &summary.scale[..]), (&[2.0, 1.0][..], &[1.0, 1.0][..]));
        assert_eq!((summary.range, summary.whole, summary.classes), ([-1.0, 3.0], false, Some(4)));
        assert!(!summary.is_grey());
        let digits = DataSummary::of(&crate::models::find("sbn").map(|e| (e.data)(0)).unwrap());
        assert!(digits.is_grey());
        // Bit by bit: a mean is not rounded by the text.
        let text = serde_json::to_string(&digits).unwrap();
        assert_eq!(serde_json::from_str::<DataSummary>(&text).unwrap(), digits);
        let constant = DataSummary::of(&Dataset { train: rows(&[5.0, 0.5, 5.0, 0.5]), ..data });
        assert_eq!((&constant.scale[..], constant.classes), (&[1.0, 1.0][..], None));
    }
}
