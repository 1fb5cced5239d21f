//! Whether the first row of a table contains the names of its columns, and fields that are no numbers.
//!
//! A row of names has no field that is a number, was meant to be one (`1_000`, `0x10`, `5 %`) or says that one is missing (`NA`),
//! and at least one field with a name. There are two exceptions, of rows with at least two numbers:
//!
//! - The numbers of the columns, from 0 or from 1, which other programs write when they have no names. They are all fields but the last,
//!   which is a word that does not occur again in its column, where the other rows have words as well.
//! - Years: whole numbers from 1000 to 2999 that rise in equal steps, such as `2019,2020,y`, if no row below has years in all of these
//!   columns. All other fields are words. Below each of them there are only numbers, or, in the last column, only words that differ
//!   from it.
//!
//! A row of numbers alone is never a header.

use csv::StringRecord;

/// What a field of a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    /// A number.
    Number,
    /// Nothing.
    Empty,
    /// A word that says that a value is missing.
    Missing,
    /// A number in a form that is not read.
    Malformed,
    /// Anything else.
    Word,
}

/// Words that say that a value is missing. `Na` is sodium.
const MISSING: [&str; 10] = ["NA", "N/A", "n/a", "<NA>", "#N/A", "NULL", "null", "None", "?", "-"];

fn kind(field: &str, separator: u8) -> Field {
    if number(field, separator).is_ok() {
        Field::Number
    } else if field.is_empty() {
        Field::Empty
    } else if MISSING.contains(&field) {
        Field::Missing
    } else if is_malformed(field) || !separator_hint(field).is_empty() {
        Field::Malformed
    } else {
        Field::Word
    }
}

/// Whether a field is a number but for separators of thousands, a unit of money or per cent, or in another base than ten.
fn is_malformed(field: &str) -> bool {
    let plain = field.trim_start_matches(['+', '-']).to_ascii_lowercase();
    let of_base = |prefix: &str, base: u32| {
        plain.strip_prefix(prefix).is_some_and(|digits| u128::from_str_radix(digits, base).is_ok())
    };
    let rest = plain.trim_start_matches(['$', '€', '£']).trim_end_matches(['$', '€', '£', '%']);
    let digits: String = rest.chars().filter(|c| !"_', \u{a0}\u{202f}".contains(*c)).collect();
    let starts = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    of_base("0x", 16) || of_base("0o", 8) || of_base("0b", 2) || (starts && digits.parse::<f64>().is_ok())
}

/// A number. Where columns are separated by semicolons, a comma is a decimal point.
pub(super) fn number(field: &str, separator: u8) -> Result<f64, std::num::ParseFloatError> {
    match separator {
        b';' if field.matches(',').count() == 1 && !field.contains('.') => field.replace(',', ".").parse(),
        _ => field.parse(),
    }
}

/// Whether the first row of a table contains names. `next` returns the rows below it, one after another.
pub(super) fn has_names(
    first: &StringRecord,
    separator: u8,
    next: impl FnMut() -> Option<StringRecord>,
) -> bool {
    let kinds: Vec<Field> = first.iter().map(|field| kind(field, separator)).collect();
    let is_name = |kind: &Field| matches!(kind, Field::Word | Field::Empty);
    if kinds.iter().all(is_name) {
        return kinds.contains(&Field::Word);
    }
    let last = first.len() - 1;
    let is_number = |row: &StringRecord, i: usize| row.get(i).is_some_and(|x| number(x, separator).is_ok());
    let is_other_word = |row: &StringRecord| !is_number(row, last) && row.get(last) != first.get(last);
    let mut below = std::iter::from_fn(next).peekable();
    if below.peek().is_none() {
        return false;
    }
    if counts(first) {
        return kinds[last] == Field::Word && below.all(|row| is_other_word(&row));
    }
    let numbers: Vec<usize> = (0..kinds.len()).filter(|&i| kinds[i] == Field::Number).collect();
    let names: Vec<usize> = (0..kinds.len()).filter(|&i| kinds[i] == Field::Word).collect();
    if names.is_empty() || numbers.len() + names.len() < kinds.len() || !rises_in_years(first, &numbers) {
        return false;
    }
    // Whether the last column has words is decided by the first row below.
    let mut words = None;
    below.all(|row| {
        let words = *words.get_or_insert(names.contains(&last) && is_other_word(&row));
        let named = |&i: &usize| if words && i == last { is_other_word(&row) } else { is_number(&row, i) };
        numbers.iter().any(|&i| year(&row, i).is_none()) && names.iter().all(named)
    })
}

/// Whether at least two fields are years that rise in equal steps.
fn rises_in_years(row: &StringRecord, places: &[usize]) -> bool {
    let Some(years) = places.iter().map(|&i| year(row, i)).collect::<Option<Vec<u32>>>() else {
        return false;
    };
    let mut steps = years.windows(2).map(|two| two[1].checked_sub(two[0]));
    let first = steps.next().flatten();
    first.is_some_and(|step| step > 0) && steps.all(|step| step == first)
}

/// A year: four digits, from 1000 to 2999.
fn year(row: &StringRecord, i: usize) -> Option<u32> {
    let field = row.get(i).filter(|field| field.len() == 4 && field.bytes().all(|c| c.is_ascii_digit()))?;
    field.parse().ok().filter(|year| (1000..3000).contains(year))
}

/// Whether all fields but the last are the numbers of the columns, at least two of them.
fn counts(row: &StringRecord) -> bool {
    let from = |start: usize| {
        row.iter().take(row.len() - 1).enumerate().all(|(i, field)| field == (i + start).to_string())
    };
    row.len() > 2 && (from(0) || from(1))
}

/// What is wrong with a field that should be a number, and what to do.
pub(super) fn remedy(field: &str, separator: u8, is_first: bool) -> String {
    let hint = separator_hint(field);
    if !hint.is_empty() {
        return format!("which is not a number{hint}");
    }
    match kind(field, separator) {
        Field::Empty | Field::Missing => "a missing value; fill it in, or remove the row".into(),
        Field::Malformed => {
            "which is not a number; write it with decimal digits and a point only, such as 1000.5".into()
        }
        Field::Number | Field::Word if is_first => {
            "which is not a number; correct it, or, if this line has the names of the columns, let none of them be a number".into()
        }
        Field::Number | Field::Word => "which is not a number; correct it, or leave its row or column out".into(),
    }
}

/// The remedy for a row whose numbers are not separated by commas.
fn separator_hint(field: &str) -> &'static str {
    let separates = |separator: char| {
        let mut parts = field.split(separator).map(|part| part.trim().replace(',', "."));
        field.contains(separator) && parts.all(|part| part.parse::<f64>().is_ok())
    };
    match [';', '\t', ' '].into_iter().find(|&separator| separates(separator)) {
        Some(';') => "; its columns are separated by `;`: write `,` instead, and decimal points as `.`",
        Some('\t') => "; its columns are separated by tabs: write `,` instead",
        Some(_) => "; its columns are separated by blanks: write `,` instead",
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_header(text: &str) -> bool {
        let mut rows = text.lines().map(|line| StringRecord::from(line.split(',').collect::<Vec<_>>()));
        let first = rows.next().unwrap();
        has_names(&first, b',', || rows.next())
    }

    #[test]
    fn names_are_told_from_numbers_that_are_missing_or_malformed() {
        for text in [
            "a,b\n1,2",
            ",a,b\n0,1,2",
            "Na,K\n1,2",
            "1st,2nd\n1,2",
            "0-10,10-20\n1,2",
            "a,b",
            "1,2,label\n0.5,0.25,u\n1,2,v",
            "0,1,kind\n0.5,0.25,u\n0.5,0.25,u",
            "2019,2020,y\n0.5,0.25,1\n0.5,2,3",
            "2019,2020,y\n0.5,0.25,low\n0.5,2,high",
            "id,2010,2015,2020\n1,3,4,5",
            "2019,2020,kind\n0.5,2020,u",
        ] {
            assert!(is_header(text), "{text:?}");
        }
        for text in [
            "NA,NA\n1,2",
            "NA,cat\n1,dog",
            "0x10,1_000\n1,2",
            "5%,$3\n1,2",
            "1'000,2 000\n1,2",
            "1,y\n3,4",
            "1,2,y\n3,4,5",
            "1,2,u\n3,4,v\n5,6,u",
            "1,2,u",
            "1,pear\n2,fig",
            "2,1,u\n3,4,v",
            ",\n1,2",
            // A year of birth and one of death are data, and so are numbers that do not rise in equal steps.
            "1815,1852,ada\n1912,1954,alan",
            "2020,2019,y\n0.5,0.25,1",
            "2010,2011,2020,y\n1,2,3,4",
            "2019.5,2020.5,y\n1,2,3",
            "3019,3020,y\n1,2,3",
            "2019,y\n1,2",
            "2019,2020\n1,2",
            "2019,2020,y",
            "2019,2020,NA\n1,2,3",
            "2019,2020,,y\n1,2,3,4",
            // The word occurs again, or only some rows have words.
            "2019,2020,u\n1,2,v\n3,4,u",
            "2019,2020,u\n1,2,v\n3,4,5",
            "2019,2020,u\n1,2,3\n3,4,v",
            "v,2019,2020\nu,1,2",
        ] {
            assert!(!is_header(text), "{text:?}");
        }
    }
}
