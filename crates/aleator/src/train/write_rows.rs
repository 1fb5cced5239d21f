//! Writing a minibatch into the data of a program.

use crate::program::Program;

/// Writes the rows of each column: called with the name of the data and their rows.
pub type WriteColumn<'w> = dyn FnMut(&str, &mut dyn Iterator<Item = &[f32]>) + 'w;

/// Calls `scatter` with a function that writes rows into the data of that name. Data on which no cost depends are skipped.
pub fn write_rows(program: &mut Program<f32>, scatter: impl FnOnce(&mut WriteColumn<'_>)) {
    scatter(&mut |name, rows| {
        let Ok(mut data) = program.data_mut(name) else { return };
        for row in rows {
            let n = row.len().min(data.len());
            let (now, rest) = data.split_at_mut(n);
            now.copy_from_slice(&row[..n]);
            data = rest;
        }
    });
}
