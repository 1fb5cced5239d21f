//! A page: a heading, parts in the order in which they were added, and where the numbers come from.

use std::collections::BTreeSet;

use aleator::estimators;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::style::STYLE;
use crate::report::text::printable;

/// Where a report comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The command with its arguments.
    pub command: String,
    /// The version of aleator.
    pub version: String,
    /// The seed.
    pub seed: u64,
}

/// A page under construction. Every text is escaped; pictures are SVG from this crate.
pub struct Page {
    title: String,
    origin: Origin,
    parts: Vec<Markup>,
}

impl Page {
    /// An empty page.
    pub fn new(title: &str, origin: Origin) -> Page {
        Page { title: printable(title), origin, parts: Vec::new() }
    }

    /// Adds a paragraph.
    pub fn paragraph(&mut self, text: &str) {
        self.parts.push(html! { p { (printable(text)) } });
    }

    /// Adds a heading.
    pub fn heading(&mut self, text: &str) {
        self.parts.push(html! { h2 { (printable(text)) } });
    }

    /// Adds lines of text with fixed widths.
    pub fn text(&mut self, text: &str) {
        let lines: Vec<String> = text.lines().map(printable).collect();
        self.parts.push(html! { pre { (lines.join("\n")) } });
    }

    /// Adds a picture, an SVG document.
    pub fn figure(&mut self, caption: &str, svg: &str) {
        // A declaration is allowed at the beginning of a file only.
        let svg = svg.find("<svg").map_or("", |start| &svg[start..]);
        self.parts.push(html! {
            figure { div.wide { (PreEscaped(svg)) } figcaption { (printable(caption)) } }
        });
    }

    /// Adds a table. The first column is the heading of a row; `marked` rows stand out.
    pub fn table(&mut self, head: &[String], rows: &[Vec<String>], marked: impl Fn(usize) -> bool) {
        let cell = |text: &String| printable(text.trim());
        self.parts.push(html! {
            div.wide { table {
                thead { tr { @for text in head { th scope="col" { (cell(text)) } } } }
                tbody { @for (i, row) in rows.iter().enumerate() {
                    tr.marked[marked(i)] {
                        @for (place, text) in row.iter().enumerate() {
                            @if place == 0 { th scope="row" { (cell(text)) } } @else { td { (cell(text)) } }
                        }
                    }
                } }
            } }
        });
    }

    /// Adds the formulas of the estimators in plans, each of which is written as `name(options)`.
    pub fn formulas<'a>(&mut self, plans: impl Iterator<Item = &'a String>) {
        let names: BTreeSet<&str> = plans.map(|plan| plan.split('(').next().unwrap_or_default()).collect();
        let known: Vec<_> = names.into_iter().filter_map(estimators::find).map(|e| e.properties).collect();
        if known.is_empty() {
            return;
        }
        self.heading("Formulas");
        self.parts.push(html! {
            dl { @for p in &known {
                dt { (p.name) }
                dd { p { (p.summary) } pre { (p.formula) } }
            } }
        });
    }

    /// The document.
    pub fn html(self) -> String {
        let Page { title, origin, parts } = self;
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (title) }
                    style { (PreEscaped(STYLE)) }
                }
                body { main {
                    h1 { (title) }
                    @for part in &parts { (part) }
                    h2 { "How it was made" }
                    pre { (printable(&origin.command)) }
                    p { "aleator " (printable(&origin.version)) ", seed " (origin.seed) }
                } }
            }
        }
        .into_string()
    }
}
