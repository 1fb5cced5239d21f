//! The choice of columns of a table, and words as numbers.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::DataError;

/// The largest number of different labels.
const MOST_LABELS: usize = 1000;

/// The places of the chosen columns, by name or by number from 1, in the order in which they were chosen; all of `count` columns if
/// none is chosen. `names` are those of a header, if there is one.
pub(super) fn places(
    chosen: &[String],
    names: &[&str],
    count: usize,
    path: &Path,
) -> Result<Vec<usize>, DataError> {
    if chosen.is_empty() {
        return Ok((0..count).collect());
    }
    let wrong = |reason: String| DataError::Columns { path: path.to_owned(), reason };
    let place = |name: &String| -> Result<usize, DataError> {
        let mut found = names.iter().enumerate().filter(|(_, other)| *other == name).map(|(i, _)| i);
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => {
                return Err(wrong(format!("two columns have the name `{name}`; choose one by its number")));
            }
            (Some(place), None) => return Ok(place),
            (None, _) => {}
        }
        let number = name.parse::<usize>().ok().filter(|number| (1..=count).contains(number));
        number.map(|number| number - 1).ok_or_else(|| {
            let there_are = match names {
                [] => format!("it has {count} columns without names, from 1 to {count}"),
                _ => {
                    let shown = names.iter().take(30).copied().collect::<Vec<_>>().join(", ");
                    format!("its columns are {shown}{}", if names.len() > 30 { ", .." } else { "" })
                }
            };
            wrong(format!("there is no column `{name}`; {there_are}"))
        })
    };
    let places: Vec<usize> = chosen.iter().map(place).collect::<Result<_, _>>()?;
    match (1..places.len()).find(|&i| places[..i].contains(&places[i])) {
        Some(twice) => Err(wrong(format!("column `{}` is chosen twice", chosen[twice]))),
        None => Ok(places),
    }
}

/// Different words, numbered as they come.
#[derive(Debug, Default)]
pub(super) struct Words(BTreeMap<String, usize>);

impl Words {
    /// The number of a word.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn place(&mut self, word: &str) -> Result<f64, &'static str> {
        let next = self.0.len();
        match self.0.get(word) {
            Some(&place) => Ok(place as f64),
            None if word.is_empty() => Err("but a label needs a name"),
            None if next == MOST_LABELS => Err("but there are more than 1000 different labels already"),
            None => {
                self.0.insert(word.to_owned(), next);
                Ok(next as f64)
            }
        }
    }

    /// The words in sorted order; numbers them in this order in the last of so many columns.
    pub fn sorted(self, values: &mut [f64], columns: usize) -> Vec<String> {
        let mut order = vec![0.0; self.0.len()];
        for (sorted, &place) in self.0.values().enumerate() {
            order[place] = sorted as f64;
        }
        for row in values.chunks_exact_mut(columns.max(1)) {
            if let Some(last) = row.last_mut() {
                *last = order.get(*last as usize).copied().unwrap_or(*last);
            }
        }
        self.0.into_keys().collect()
    }
}
