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
                _ => format!("its columns are {}", listed(names.iter().copied())),
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

/// The places of columns whose names are known, in the order of these names. If a name occurs twice, the columns must be the same as
/// those of `names`, in the same order.
pub(super) fn places_of_names(
    known: &[String],
    names: &[&str],
    line: u64,
    path: &Path,
) -> Result<Vec<usize>, DataError> {
    if names.iter().eq(known.iter()) {
        return Ok((0..names.len()).collect());
    }
    let wrong = |what: String| {
        let reason = format!(
            "{what}; the columns that are needed are {}, and those of this table are {}: rename them in this line, or remove the \
             line to take columns by position",
            listed(known.iter().map(String::as_str)),
            listed(names.iter().copied())
        );
        DataError::Row { path: path.to_owned(), line, reason }
    };
    let place = |name: &String| {
        let mut found = names.iter().enumerate().filter(|(_, other)| *other == name).map(|(i, _)| i);
        let twice = known.iter().filter(|other| *other == name).count() > 1;
        match (found.next(), found.next()) {
            (Some(place), None) if !twice => Ok(place),
            (None, _) => Err(wrong(format!("there is no column `{name}`"))),
            _ => Err(wrong(format!("more than one column has the name `{name}`"))),
        }
    };
    known.iter().map(place).collect()
}

/// Names for a message.
fn listed<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    let more = if names.len() > 30 { ", .." } else { "" };
    format!("{}{more}", names.take(30).collect::<Vec<_>>().join(", "))
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
