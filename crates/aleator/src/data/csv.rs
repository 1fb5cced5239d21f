//! Tables of numbers in text files.

use std::io::{self, BufRead, Read};
use std::path::Path;

use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};

use super::error::{DataError, excerpt};

/// Reads a table of numbers: shape `[rows, columns]`, row-major values. `length` is the size of the file in bytes.
pub(super) fn read(
    reader: &mut dyn BufRead,
    length: u64,
    path: &Path,
    limit: u64,
) -> Result<(Vec<usize>, Vec<f64>), DataError> {
    let too_large = |claim| DataError::TooLarge { path: path.to_owned(), claim, limit };
    if length > limit {
        return Err(too_large(format!("it has {length} bytes")));
    }
    let separator = separator(reader).map_err(DataError::read(path))?;
    let mut table = table(reader, separator);
    let mut record = StringRecord::new();
    let mut values = Vec::new();
    let mut rows = 0;
    let mut first = true;
    loop {
        let more = table.read_record(&mut record);
        let line = table.get_ref().line;
        if !more.map_err(|error| unreadable(error, path, line))? {
            break;
        }
        if std::mem::take(&mut first) && is_header(&record, separator) {
            continue;
        }
        for (column, field) in record.iter().enumerate() {
            values.push(number(field, separator).map_err(|_| DataError::Row {
                path: path.to_owned(),
                line,
                reason: format!(
                    "column {} is {}, which is not a number{}",
                    column + 1,
                    excerpt(field),
                    separator_hint(field)
                ),
            })?);
        }
        rows += 1;
        if values.len() as u64 > limit / 8 {
            return Err(too_large(format!("it holds over {} numbers of 8 bytes", limit / 8)));
        }
    }
    if rows == 0 {
        return Err(DataError::Row { path: path.to_owned(), line: 1, reason: "no row of numbers".into() });
    }
    Ok((vec![rows, values.len() / rows], values))
}

fn table(reader: &mut dyn BufRead, separator: u8) -> csv::Reader<Lines<'_>> {
    let lines = Lines { reader, line: 0, ended: true };
    ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .trim(Trim::All)
        .comment(Some(b'#'))
        .from_reader(lines)
}

/// The separator of columns: a semicolon or a tab if the first line of the table has one and no other separator is left by it, else
/// a comma. The beginning of the file is looked at and stays unread.
fn separator(reader: &mut dyn BufRead) -> io::Result<u8> {
    let beginning = reader.fill_buf()?;
    let mut lines = beginning.split(|&byte| byte == b'\n');
    let first = lines.find(|line| {
        let text = line.trim_ascii();
        !text.is_empty() && !text.starts_with(b"#")
    });
    let has = |separator: u8| first.is_some_and(|line| line.contains(&separator));
    Ok([b';', b'\t'].into_iter().find(|&separator| has(separator)).unwrap_or(b','))
}

/// A number. Where columns are separated by semicolons, a comma is a decimal point.
fn number(field: &str, separator: u8) -> Result<f64, std::num::ParseFloatError> {
    match separator {
        b';' if field.matches(',').count() == 1 && !field.contains('.') => field.replace(',', ".").parse(),
        _ => field.parse(),
    }
}

/// A reader that returns at most one line at a time, to determine the line in which a record ended.
struct Lines<'r> {
    reader: &'r mut dyn BufRead,
    line: u64,
    ended: bool,
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let there = self.reader.fill_buf()?;
        let there = &there[..there.len().min(buffer.len())];
        let count = there.iter().position(|&byte| byte == b'\n').map_or(there.len(), |end| end + 1);
        buffer[..count].copy_from_slice(&there[..count]);
        if let Some(&last) = there[..count].last() {
            self.line += u64::from(self.ended);
            self.ended = last == b'\n';
        }
        self.reader.consume(count);
        Ok(count)
    }
}

/// Whether a first row contains the names of the columns: no field is a number, or consists of numbers with a wrong separator.
fn is_header(record: &StringRecord, separator: u8) -> bool {
    let is_name = |field: &str| number(field, separator).is_err();
    record.iter().all(is_name)
        && (record.len() != 1 || record.iter().all(|field| separator_hint(field).is_empty()))
}

/// The line of a row of numbers. Rows are counted from 0.
pub(super) fn line_of_row(reader: &mut dyn BufRead, row: usize) -> Option<u64> {
    let separator = separator(reader).ok()?;
    let mut table = table(reader, separator);
    let mut record = StringRecord::new();
    let mut next = || {
        table.read_record(&mut record).ok()?.then(|| (table.get_ref().line, is_header(&record, separator)))
    };
    let (first, is_header) = next()?;
    (0..row + usize::from(is_header)).try_fold(first, |_, _| Some(next()?.0))
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

fn unreadable(error: csv::Error, path: &Path, line: u64) -> DataError {
    let reason = match error.into_kind() {
        ErrorKind::Io(source) => {
            return DataError::Read { path: path.to_owned(), source };
        }
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} columns, the rows before it have {expected_len}")
        }
        ErrorKind::Utf8 { err, .. } => format!("column {} is not UTF-8 text", err.field() + 1),
        other => format!("{other:?}"),
    };
    DataError::Row { path: path.to_owned(), line, reason }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(bytes: &[u8]) -> Result<(Vec<usize>, Vec<f64>), DataError> {
        read(&mut &bytes[..], bytes.len() as u64, Path::new("table.csv"), 1 << 20)
    }

    #[test]
    fn rows_of_numbers_with_or_without_a_header() {
        let expected = (vec![2, 3], vec![1.0, -2.5, 3e-4, 4.0, 5.0, 6.0]);
        for text in ["1,-2.5,3e-4\n4,5,6\n", "# made by hand\nx, y ,z\n 1, -2.5,3e-4\r\n\n\"4\",5,6"] {
            assert_eq!(parse(text.as_bytes()).unwrap(), expected, "{text:?}");
        }
        assert_eq!(parse(b"7\n8\n").unwrap(), (vec![2, 1], vec![7.0, 8.0]));
        let (_, special) = parse(b"nan,inf,-inf\n").unwrap();
        assert!(special[0].is_nan() && special[1] == f64::INFINITY && special[2] == f64::NEG_INFINITY);
    }

    #[test]
    fn semicolons_and_tabs_separate_too() {
        let expected = (vec![2, 2], vec![1.5, 2.0, -3.0, 4.25]);
        for text in ["1,5;2\n-3;4,25\n", "# a; b\nx;y\n1.5;2\n-3;4.25", "x\ty\n1.5\t2\n-3\t4.25\n"] {
            assert_eq!(parse(text.as_bytes()).unwrap(), expected, "{text:?}");
        }
        let mut text = &b"x;y\n1;2\n\n3;4\n"[..];
        assert_eq!(line_of_row(&mut text, 1), Some(4));
    }

    #[test]
    fn a_fault_is_named_with_its_line() {
        for (text, place, reason) in [
            ("x,y\n1,2\n3,four\n", "table.csv:3", "\"four\""),
            ("1,2\n3\n", "table.csv:2", "1 columns"),
            ("1,2\n3,\n", "table.csv:2", "column 2"),
            ("1,y\n3,4\n", "table.csv:1", "column 2 is \"y\""),
            ("# a\r\n\r\n1,2O\r\n3,4\r\n", "table.csv:3", "column 2 is \"2O\""),
            ("1,2\n\n# a\n3", "table.csv:4", "1 columns"),
            ("x,y\n", "table.csv:1", "no row"),
            ("", "table.csv:1", "no row"),
            ("x,y\n1;2,3;4\n", "table.csv:2", "separated by `;`: write `,` instead"),
            ("1;2\n3\n", "table.csv:2", "1 columns"),
            ("x;y\n1;2,5,0\n", "table.csv:2", "column 2"),
            ("x,y\n1\t2,3\n", "table.csv:2", "separated by tabs"),
            ("x\n1 2\n", "table.csv:2", "separated by blanks"),
        ] {
            let message = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(message.contains(place) && message.contains(reason), "{text:?}: {message}");
        }
        assert!(parse(b"1,2\n\xff\xfe,4\n").unwrap_err().to_string().contains("UTF-8"));
    }

    #[test]
    fn the_limit_counts_the_text_and_the_numbers() {
        let text = b"1\n2\n3\n4\n5\n";
        assert!(read(&mut &text[..], 10, Path::new("table.csv"), 40).is_ok());
        assert!(matches!(read(&mut &text[..], 10, Path::new("t"), 32), Err(DataError::TooLarge { .. })));
        assert!(matches!(read(&mut &text[..], 41, Path::new("t"), 40), Err(DataError::TooLarge { .. })));
    }

    proptest! {
        #[test]
        fn no_bytes_can_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok((shape, values)) = parse(&bytes) {
                prop_assert_eq!(shape[0] * shape[1], values.len());
            }
        }

        #[test]
        fn no_table_can_make_it_panic(text in "[-+0-9.,;\t\"#eEinfa\n\r ]{0,80}") {
            if let Ok((shape, values)) = parse(text.as_bytes()) {
                prop_assert_eq!(shape[0] * shape[1], values.len());
            }
        }
    }
}
