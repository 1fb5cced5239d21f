//! Tables of numbers in text files.

use std::io::{self, BufRead, Read, Seek};
use std::path::Path;

use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};

use super::columns::{self, Words};
use super::error::{DataError, excerpt};
use super::header::{has_names, number, remedy};

/// What is wanted of a table.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted<'a> {
    /// The columns, by name or number; none for all.
    pub columns: &'a [String],
    /// Whether the last of them may consist of words.
    pub labels: bool,
    /// The names of the columns in their order, if they are known. Columns of a table with a header are taken by them.
    pub names: &'a [String],
}

/// Rows of numbers.
#[derive(Debug)]
pub(super) struct Numbers {
    /// `[rows, columns]`.
    pub shape: Vec<usize>,
    /// The numbers, row-major. A word is the place at which it is among `words`.
    pub values: Vec<f64>,
    /// The words of the last column in sorted order; empty if it consists of numbers.
    pub words: Vec<String>,
    /// The names of the columns; empty if there is no header.
    pub names: Vec<String>,
}

/// Reads the wanted columns of a table. `length` is the size of the file in bytes.
pub(super) fn read_wanted<R: BufRead + Seek>(
    reader: &mut R,
    length: u64,
    path: &Path,
    limit: u64,
    wanted: Wanted<'_>,
) -> Result<Numbers, DataError> {
    let too_large = |claim| DataError::TooLarge { path: path.to_owned(), claim, limit };
    if length > limit {
        return Err(too_large(format!("it has {length} bytes")));
    }
    let separator = separator(reader).map_err(DataError::read(path))?;
    let has_header = has_header(reader, separator).map_err(DataError::read(path))?;
    let mut table = table(reader, separator);
    let mut record = StringRecord::new();
    let mut header = StringRecord::new();
    let mut header_line = 1;
    let mut values = Vec::new();
    let mut words: Option<Words> = None;
    let mut chosen: Option<Vec<usize>> = None;
    let mut rows = 0;
    let mut first = true;
    loop {
        let more = table.read_record(&mut record);
        let line = table.get_ref().line;
        if !more.map_err(|error| unreadable(error, path, line))? {
            break;
        }
        if std::mem::take(&mut first) && has_header {
            header.clone_from(&record);
            header_line = line;
            continue;
        }
        let chosen = match &mut chosen {
            Some(chosen) => chosen,
            none => {
                let names: Vec<&str> = header.iter().collect();
                none.insert(match wanted.names {
                    [_, ..] if has_header => {
                        columns::places_of_names(wanted.names, &names, header_line, path)?
                    }
                    _ => columns::places(wanted.columns, &names, record.len(), path)?,
                })
            }
        };
        for (i, &column) in chosen.iter().enumerate() {
            let field = record.get(column).unwrap_or_default();
            let wrong = |what: &str| DataError::Row {
                path: path.to_owned(),
                line,
                reason: format!("column {} is {}, {what}", column + 1, excerpt(field)),
            };
            let is_last = i + 1 == chosen.len();
            values.push(match (number(field, separator), &mut words) {
                (Ok(_), Some(_)) if is_last => {
                    return Err(wrong(
                        "but the labels before it are words; labels are either all words or all numbers",
                    ));
                }
                (Err(_), Some(words)) if is_last => words.place(field).map_err(wrong)?,
                (Ok(value), _) => value,
                // Words from the first row on.
                (Err(_), None) if is_last && wanted.labels && rows == 0 => {
                    words.insert(Words::default()).place(field).map_err(wrong)?
                }
                (Err(_), _) => {
                    return Err(wrong(&remedy(field, separator, rows == 0)));
                }
            });
        }
        rows += 1;
        if values.len() as u64 > limit / 8 {
            return Err(too_large(format!("it holds over {} numbers of 8 bytes", limit / 8)));
        }
    }
    if rows == 0 {
        let reason = match has_header {
            true => "no row of numbers below the names of the columns; add one",
            false => "no row of numbers; write one row for each observation, with commas between its numbers",
        };
        return Err(DataError::Row { path: path.to_owned(), line: header_line, reason: reason.into() });
    }
    let columns = values.len() / rows;
    let words = words.map(|words| words.sorted(&mut values, columns)).unwrap_or_default();
    let chosen = chosen.unwrap_or_default();
    let names = chosen.iter().filter_map(|&place| header.get(place)).map(String::from).collect();
    Ok(Numbers { shape: vec![rows, columns], values, words, names })
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

/// Whether the first row contains the names of the columns. The reader is at its beginning before and after.
fn has_header<R: BufRead + Seek>(reader: &mut R, separator: u8) -> io::Result<bool> {
    let mut table = table(reader, separator);
    let mut record = StringRecord::new();
    // What cannot be read is reported with its line when the rows are read.
    let found = match table.read_record(&mut record) {
        Ok(true) => {
            let first = record.clone();
            has_names(&first, separator, || table.read_record(&mut record).ok()?.then(|| record.clone()))
        }
        _ => false,
    };
    reader.rewind()?;
    Ok(found)
}

/// The line of a row of numbers. Rows are counted from 0.
pub(super) fn line_of_row<R: BufRead + Seek>(reader: &mut R, row: usize) -> Option<u64> {
    let separator = separator(reader).ok()?;
    let has_header = has_header(reader, separator).ok()?;
    let mut table = table(reader, separator);
    let mut record = StringRecord::new();
    let mut next = || table.read_record(&mut record).ok()?.then(|| table.get_ref().line);
    let first = next()?;
    (0..row + usize::from(has_header)).try_fold(first, |_, _| next())
}

fn unreadable(error: csv::Error, path: &Path, line: u64) -> DataError {
    let reason = match error.into_kind() {
        ErrorKind::Io(source) => {
            return DataError::Read { path: path.to_owned(), source };
        }
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!(
                "{len} columns, the rows before it have {expected_len}; add what is missing, or quote a field that contains the \
                 separator"
            )
        }
        ErrorKind::Utf8 { err, .. } => {
            format!("column {} is not UTF-8 text; save the table in this encoding", err.field() + 1)
        }
        other => format!("{other:?}"),
    };
    DataError::Row { path: path.to_owned(), line, reason }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &[u8], length: u64, path: &Path, limit: u64) -> Result<(Vec<usize>, Vec<f64>), DataError> {
        let Numbers { shape, values, .. } =
            read_wanted(&mut io::Cursor::new(text), length, path, limit, Wanted::default())?;
        Ok((shape, values))
    }

    fn parse(bytes: &[u8]) -> Result<(Vec<usize>, Vec<f64>), DataError> {
        read(bytes, bytes.len() as u64, Path::new("table.csv"), 1 << 20)
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

    fn wanted(text: &str, columns: &str) -> Result<Numbers, DataError> {
        let columns: Vec<String> = columns.split(',').filter(|c| !c.is_empty()).map(String::from).collect();
        let wanted = Wanted { columns: &columns, labels: true, names: &[] };
        read_wanted(&mut io::Cursor::new(text), text.len() as u64, Path::new("table.csv"), 1 << 20, wanted)
    }

    #[test]
    fn columns_are_chosen_by_name_or_number_in_their_order() {
        let text = "a,b,c,kind\n1,2,3,x\n4,5,6,y\n";
        for (columns, expected) in
            [("b,a", &[2.0, 1.0, 5.0, 4.0][..]), ("3", &[3.0, 6.0]), ("1,b", &[1.0, 2.0, 4.0, 5.0])]
        {
            assert_eq!(wanted(text, columns).unwrap().values, expected, "{columns}");
        }
        assert_eq!(wanted("7,8\n9,10\n", "2").unwrap().values, [8.0, 10.0]);
        for (columns, reason) in [
            ("d", "no column `d`; its columns are a, b, c, kind"),
            ("0", "no column `0`"),
            ("5", "no column `5`"),
            ("a,1", "column `1` is chosen twice"),
            ("kind,a", "column 4 is \"x\", which is not a number"),
        ] {
            let message = wanted(text, columns).unwrap_err().to_string();
            assert!(message.contains(reason) && message.contains("table.csv"), "{columns}: {message}");
        }
        assert!(wanted("1,2\n", "a").unwrap_err().to_string().contains("2 columns without names"));
        assert!(wanted("a,a\n1,2\n", "a").unwrap_err().to_string().contains("two columns have the name `a`"));
    }

    #[test]
    fn a_last_column_of_words_is_mapped_in_sorted_order() {
        let found = wanted("x,kind\n1,pear\n2,apple\n3,pear\n4,fig\n", "").unwrap();
        assert_eq!(found.words, ["apple", "fig", "pear"]);
        assert_eq!(found.values, [1.0, 2.0, 2.0, 0.0, 3.0, 2.0, 4.0, 1.0]);
        assert!(wanted("1,0\n2,1\n", "").unwrap().words.is_empty());
        for (text, reason) in [
            ("1,pear\n2,3\n", "table.csv:2: column 2 is \"3\", but the labels before it are words"),
            ("1,3\n2,pear\n", "table.csv:2: column 2 is \"pear\", which is not a number"),
            ("1,pear\n2,\n", "table.csv:2: column 2 is \"\", but a label needs a name"),
        ] {
            let message = wanted(text, "").unwrap_err().to_string();
            assert!(message.contains(reason), "{message}");
        }
        let many: String = (0..1001).map(|i| format!("1,w{i}\n")).collect();
        assert!(wanted(&many, "").unwrap_err().to_string().contains("more than 1000 different labels"));
        // Nobody asked for labels.
        assert!(parse(b"1,pear\n").unwrap_err().to_string().contains("not a number"));
    }

    #[test]
    fn semicolons_and_tabs_separate_too() {
        let expected = (vec![2, 2], vec![1.5, 2.0, -3.0, 4.25]);
        for text in ["1,5;2\n-3;4,25\n", "# a; b\nx;y\n1.5;2\n-3;4.25", "x\ty\n1.5\t2\n-3\t4.25\n"] {
            assert_eq!(parse(text.as_bytes()).unwrap(), expected, "{text:?}");
        }
        let mut text = io::Cursor::new("x;y\n1;2\n\n3;4\n");
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
            ("x,y\n", "table.csv:1", "no row of numbers below the names of the columns; add one"),
            ("# a\n\nx,y\n", "table.csv:3", "no row"),
            ("", "table.csv:1", "no row of numbers; write one row for each observation"),
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
        assert!(read(text, 10, Path::new("table.csv"), 40).is_ok());
        assert!(matches!(read(text, 10, Path::new("t"), 32), Err(DataError::TooLarge { .. })));
        assert!(matches!(read(text, 41, Path::new("t"), 40), Err(DataError::TooLarge { .. })));
        let message = read(text, 41, Path::new("t.csv"), 40).unwrap_err().to_string();
        assert!(message.starts_with("t.csv is too large") && message.contains("; save a part"), "{message}");
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
