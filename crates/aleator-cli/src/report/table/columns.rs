//! Columns, and tables made of them.

use aleator::diagnostics::{Report, Row};
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, LineStyle, Table, TableStyle};

/// One column: a heading, which may have several lines, and a text for each row.
#[derive(Clone)]
pub(super) struct Column {
    pub(super) title: String,
    pub(super) cells: Vec<String>,
    pub(super) alignment: CellAlignment,
}

impl Column {
    pub(super) fn left(title: impl Into<String>, cells: impl IntoIterator<Item = String>) -> Column {
        Column { title: title.into(), cells: cells.into_iter().collect(), alignment: CellAlignment::Left }
    }

    pub(super) fn right(title: impl Into<String>, cells: impl IntoIterator<Item = String>) -> Column {
        Column { alignment: CellAlignment::Right, ..Column::left(title, cells) }
    }

    pub(super) fn names(
        report: &Report,
        best: Option<usize>,
        name: impl Fn(&[Row], &Row) -> String,
    ) -> Column {
        let mark = |(i, row): (usize, &Row)| {
            format!("{} {}", if best == Some(i) { "★" } else { " " }, name(&report.results, row))
        };
        Column::left("  estimator", report.results.iter().enumerate().map(mark))
    }

    pub(super) fn width(&self) -> usize {
        let title = self.title.lines().map(|line| line.chars().count());
        self.cells.iter().map(|c| c.chars().count()).chain(title).max().unwrap_or(0)
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mark {
    Plain,
    Best,
    /// To be used with care.
    Warn,
    /// In contradiction to what is known.
    Wrong,
}

/// A table as the texts of its heading and of its rows.
pub(crate) type Cells = (Vec<String>, Vec<Vec<String>>);

/// The texts of columns, with one line for each heading.
pub(super) fn cells(columns: &[Column]) -> Cells {
    let head = columns.iter().map(|c| c.title.replace('\n', " ")).collect();
    let rows = columns.first().map_or(0, |c| c.cells.len());
    let row = |i: usize| columns.iter().map(|c| c.cells[i].clone()).collect();
    (head, (0..rows).map(row).collect())
}

pub(super) fn empty_table(width: Option<u16>, color: bool) -> Table {
    let mut table = Table::new();
    let line = LineStyle::none().fill('─').junction('─');
    table.load_style(TableStyle::new().header_separator(line).bottom_border(line));
    table.force_no_tty();
    if color {
        table.enforce_styling();
    }
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.max(20));
    }
    table
}

pub(super) fn fill(table: &mut Table, columns: &[&Column], rows: usize, mark: impl Fn(usize) -> Mark) {
    let header = |c: &&Column| Cell::new(&c.title).add_attribute(Attribute::Bold).set_alignment(c.alignment);
    table.set_header(columns.iter().map(header).collect::<Vec<_>>());
    for i in 0..rows {
        let cell = |c: &&Column| {
            let cell = Cell::new(&c.cells[i]).set_alignment(c.alignment);
            match mark(i) {
                Mark::Plain => cell,
                // Of the terminal's sixteen colours, these can be read on light and on dark.
                Mark::Best => cell.fg(Color::DarkGreen).add_attribute(Attribute::Bold),
                Mark::Warn => cell.fg(Color::DarkMagenta),
                Mark::Wrong => cell.fg(Color::DarkRed).add_attribute(Attribute::Bold),
            }
        };
        table.add_row(columns.iter().map(cell).collect::<Vec<_>>());
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
}

/// The table's lines without blanks at their ends.
pub(super) fn finish(table: &Table) -> String {
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_string()).collect();
    lines.join("\n")
}
