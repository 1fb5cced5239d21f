//! Parameters, constants and data: their values and shapes.
use std::rc::Rc;
use std::sync::Arc;

use aleator_engine::graph::Shape;

use crate::data::load_array;
use crate::graph::{BatchedData, RowData};

use super::ast::{self, DataSource, Expr, ExprId, Name, Size};
use super::build::Builder;
use super::errors::Diagnostic;
use super::initial::RandomValues;
use super::loading::Files;
use super::names::{BATCH, misplaced_batch};
use super::parser::no_copies;
use super::span::Span;
use super::values::{Tensor, Value};

/// The number of rows of a file that is not read.
const SKETCHED_ROWS: usize = 2;

impl<'g> Builder<'_, 'g> {
    /// A written shape, whose sizes are constants.
    pub(super) fn shape(&mut self, shape: &ast::Shape) -> Result<Shape, Diagnostic> {
        let sizes = shape.sizes.iter().map(|size| self.size(size.expression(), "the length of an axis"));
        Ok(Shape::from(sizes.collect::<Result<Vec<usize>, _>>()?))
    }

    /// Whether a shape begins with the number of rows of a batch. A constant of that name takes precedence.
    fn is_batched(&self, shape: &ast::Shape) -> bool {
        matches!(shape.sizes.first(), Some(Size::Batch(_))) && !self.lowering.names.contains_key(BATCH)
    }

    fn size(&mut self, id: ExprId, what: &str) -> Result<usize, Diagnostic> {
        let Expr::Name(name) = &self.expressions[id].expr else { return self.whole_number(id, what) };
        if name == BATCH && !self.lowering.names.contains_key(BATCH) {
            return Err(misplaced_batch(self.expressions[id].span));
        }
        self.whole_number(id, what)
    }

    fn whole_number(&mut self, id: ExprId, what: &str) -> Result<usize, Diagnostic> {
        let value = self.lowering.lower(self.expressions, id)?;
        let span = self.expressions[id].span;
        let number = self.lowering.constants.integer(value, span, what)?;
        usize::try_from(number).map_err(|_| {
            Diagnostic::new(format!("{what} must not be negative, got {number}"))
                .at(span)
                .help("write a whole number from 0 on")
        })
    }

    /// The number of copies of a draw.
    pub(super) fn copies(&mut self, copies: &ast::Copies) -> Result<usize, Diagnostic> {
        match self.size(copies.count, "the number of copies")? {
            0 => Err(no_copies(copies.span)),
            count => Ok(count),
        }
    }

    pub(super) fn param(
        &mut self,
        name: &Name,
        shape: Option<&ast::Shape>,
        value: ExprId,
    ) -> Result<Value<'g>, Diagnostic> {
        let what = format!("the initial value of `{}`", name.text);
        let value_span = self.expressions[value].span;
        let declared = shape.map(|shape| self.shape(shape).map(|own| (own, shape.span))).transpose()?;
        if let Some((shape, span)) = &declared {
            self.store(&name.text, shape, *span)?;
        }
        let own = declared.as_ref().map_or(Shape::scalar(), |(shape, _)| shape.clone());
        let place = self.lowering.random.as_ref().map_or(self.random_values, |random| random.place);
        self.lowering.random = Some(RandomValues { shape: own, seed: self.loading.seed, place });
        let initial = self.numbers(&what, value);
        self.random_values = self.lowering.random.take().map_or(place, |random| random.place);
        let initial = initial?;
        let shape = match declared {
            Some((shape, _)) => shape,
            None => {
                self.store(&name.text, &initial.shape, value_span)?;
                initial.shape.clone()
            }
        };
        let mut values = fit(&name.text, &shape, initial).map_err(|d| d.at(value_span))?;
        if let Some(set) = self.settings.take(&name.text) {
            values = fit(&name.text, &shape, set).map_err(|d| d.in_setting(&name.text))?;
        }
        Ok(given(self.graph.param_tensor(&name.text, shape, values)))
    }

    pub(super) fn constant(&mut self, name: &Name, value: ExprId) -> Result<Value<'g>, Diagnostic> {
        let mut tensor = self.numbers(&format!("the value of `{}`", name.text), value)?;
        if let Some(set) = self.settings.take(&name.text) {
            tensor = match set.shape.rank() {
                0 => {
                    let filled = vec![set.values[0]; tensor.values.len()];
                    Tensor { shape: tensor.shape, values: Rc::from(filled) }
                }
                _ => set,
            };
        }
        self.store(&name.text, &tensor.shape, self.expressions[value].span)?;
        let expr = self.graph.engine().tensor(tensor.shape, tensor.values.to_vec());
        self.graph.note(&name.text, expr);
        Ok(Value { expr, constant: true })
    }

    pub(super) fn data(
        &mut self,
        name: &Name,
        shape: &ast::Shape,
        source: &DataSource,
    ) -> Result<Value<'g>, Diagnostic> {
        if self.is_batched(shape) {
            return self.batched_data(name, shape, source);
        }
        let declared = self.shape(shape)?;
        self.store(&name.text, &declared, shape.span)?;
        let set = self.settings.take(&name.text);
        let values = match (source, set) {
            (_, Some(set)) => fit(&name.text, &declared, set).map_err(|d| d.in_setting(&name.text))?,
            (DataSource::Value(value), None) => {
                let tensor = self.numbers(&format!("the value of `{}`", name.text), *value)?;
                let span = self.expressions[*value].span;
                fit(&name.text, &declared, tensor).map_err(|d| d.at(span))?
            }
            (DataSource::File { path, span }, None) => {
                let (shape, values) = self.file(&name.text, path, &declared, *span)?;
                // A table of one row or column serves as a vector.
                let without_ones =
                    |shape: &[usize]| shape.iter().copied().filter(|&n| n != 1).collect::<Vec<_>>();
                if shape[..] != declared[..] && without_ones(&shape) != without_ones(&declared) {
                    return Err(other_shape(&name.text, &declared.to_string(), &Shape::from(shape), *span));
                }
                values
            }
            (DataSource::Unspecified, None) => return Err(no_values(name, &declared.to_string())),
        };
        Ok(given(self.graph.data(&name.text, declared, values)))
    }

    /// Data of `[batch, ..]`: all rows are read, and the graph gets the first ones.
    fn batched_data(
        &mut self,
        name: &Name,
        shape: &ast::Shape,
        source: &DataSource,
    ) -> Result<Value<'g>, Diagnostic> {
        let rest = ast::Shape { sizes: shape.sizes[1..].to_vec(), span: shape.span };
        let row_shape = self.shape(&rest)?;
        let declared = match row_shape.rank() {
            0 => "[batch]".to_owned(),
            _ => format!("[batch, {}", &row_shape.to_string()[1..]),
        };
        let set = self.settings.take(&name.text);
        let in_setting = set.is_some();
        let (found, values, span) = match (source, set) {
            (_, Some(set)) => (set.shape, set.values.to_vec(), name.span),
            (DataSource::Value(value), None) => {
                let tensor = self.numbers(&format!("the value of `{}`", name.text), *value)?;
                (tensor.shape, tensor.values.to_vec(), self.expressions[*value].span)
            }
            (DataSource::File { path, span }, None) => {
                let rows = Shape::from([self.loading.batch.unwrap_or(SKETCHED_ROWS)]).join(&row_shape);
                self.store(&name.text, &rows, shape.span)?;
                let (shape, values) = self.file(&name.text, path, &rows, *span)?;
                (Shape::from(shape), values, *span)
            }
            (DataSource::Unspecified, None) => return Err(no_values(name, &declared)),
        };
        let mark = |d: Diagnostic| if in_setting { d.in_setting(&name.text) } else { d };
        let (total, values) =
            self.rows_of(&name.text, &declared, &row_shape, (found, values), span).map_err(mark)?;
        let batch = match self.loading.batch {
            None => total,
            Some(batch) if batch <= total => batch,
            Some(batch) => {
                let message = format!(
                    "a batch of {batch} rows is larger than the data `{}`, which have {total}",
                    name.text
                );
                return Err(Diagnostic::new(message).at(span).help("use smaller batches"));
            }
        };
        let own = Shape::from([batch]).join(&row_shape);
        self.store(&name.text, &own, shape.span)?;
        let first = values[..own.numel()].to_vec();
        let batched = self.batched.get_or_insert_with(|| BatchedData { total, batch, data: Vec::new() });
        if batched.total != total {
            let (other, known) = (batched.data.first().map_or("", |data| data.name.as_str()), batched.total);
            let message = format!(
                "`{}` has {total} rows, but `{other}` has {known}; all data of `batch` share their rows",
                name.text
            );
            let help =
                format!("remove rows of `{}`, or add them to `{other}`, until both have as many", name.text);
            let help = if total > known {
                help
            } else {
                format!("add rows to `{}`, or remove them from `{other}`, until both have as many", name.text)
            };
            return Err(mark(Diagnostic::new(message).at(span).help(help)));
        }
        batched.data.push(RowData {
            name: name.text.clone(),
            row_shape: row_shape.to_vec(),
            values: Arc::from(values),
        });
        Ok(given(self.graph.data(&name.text, own, first)))
    }

    /// The number of rows of an array, and its numbers; a single number fills the rows that other data have.
    fn rows_of(
        &mut self,
        name: &str,
        declared: &str,
        row_shape: &Shape,
        (found, values): (Shape, Vec<f64>),
        span: Span,
    ) -> Result<(usize, Vec<f64>), Diagnostic> {
        if found.rank() == 0 {
            let known = self.batched.as_ref().map(|batched| batched.total).or(self.loading.batch);
            let Some(total) = known else {
                return Err(Diagnostic::new(format!(
                    "a single number does not say how many rows `{name}` has"
                ))
                .at(span)
                .help("define it after data whose rows are known"));
            };
            let shape = Shape::from([total]).join(row_shape);
            self.store(name, &shape, span)?;
            return Ok((total, vec![values[0]; shape.numel()]));
        }
        let total = found[0];
        // Rows of other axes, such as images, are taken flat.
        let flat = found.numel() == total.saturating_mul(row_shape.numel());
        let same = found[1..] == row_shape[..];
        if !same && !(flat && (row_shape.rank() == 1 || row_shape.numel() == 1)) {
            return Err(other_shape(name, declared, &found, span));
        }
        if total == 0 {
            return Err(
                Diagnostic::new(format!("the data `{name}` have no rows; give at least one")).at(span)
            );
        }
        Ok((total, values))
    }

    fn file(
        &mut self,
        name: &str,
        path: &str,
        declared: &Shape,
        span: Span,
    ) -> Result<(Vec<usize>, Vec<f64>), Diagnostic> {
        let Some(folder) = self.loading.folder else {
            return Err(Diagnostic::new("a text that is not a file has no folder to look for files in")
                .at(span)
                .help("write the numbers down")
                .or_setting(name));
        };
        let path = folder.join(path);
        if self.loading.files == Files::Sketched && path.is_file() {
            return Ok((declared.to_vec(), vec![0.0; declared.numel()]));
        }
        let array = load_array(&path).map_err(|error| {
            let diagnostic = Diagnostic::new(error.to_string()).at(span);
            match path.exists() {
                true => diagnostic,
                false => diagnostic
                    .help("the path is relative to the folder of the text that names it")
                    .or_setting(name),
            }
        })?;
        self.files.push((name.to_string(), path));
        Ok(array)
    }

    fn store(&mut self, name: &str, shape: &Shape, span: Span) -> Result<(), Diagnostic> {
        let stored = self.lowering.constants.store(&format!("`{name}`"), shape);
        stored.map_err(|message| Diagnostic::new(message).at(span))
    }

    /// The numbers of an expression that must be constant.
    fn numbers(&mut self, what: &str, root: ExprId) -> Result<Tensor, Diagnostic> {
        let value = self.lowering.lower(self.expressions, root)?;
        let span = self.expressions[root].span;
        if value.constant {
            let tensor = self.lowering.constants.tensor(value);
            return tensor.map_err(|message| Diagnostic::new(message).at(span));
        }
        let mut diagnostic = Diagnostic::new(format!("{what} must be constant")).at(span);
        for (_, node) in self.expressions.walk(root) {
            if let Expr::Name(name) = &node.expr
                && let Some(value) = self.lowering.names.get(name)
                && !value.constant
                && let Some(kind) = self.kinds.get(name.as_str())
            {
                diagnostic =
                    Diagnostic::new(format!("{what} must be constant, but `{name}` is {}", kind.describe()))
                        .at(node.span)
                        .label("not constant");
                break;
            }
        }
        Err(diagnostic.help("use numbers, lists, functions of them, and names defined with `const`"))
    }
}

fn given(expr: aleator_engine::graph::Expr<'_>) -> Value<'_> {
    Value { expr, constant: false }
}

fn no_values(name: &Name, declared: &str) -> Diagnostic {
    Diagnostic::new(format!("`{}` has no values", name.text))
        .at(name.span)
        .help(format!("write `data {0} : {declared} = file(\"{0}.npy\")`", name.text))
        .or_setting(&name.text)
}

fn other_shape(name: &str, declared: &str, found: &Shape, span: Span) -> Diagnostic {
    let message = format!("`{name}` is declared with shape {declared}, but the file holds {found}");
    Diagnostic::new(message).at(span).label(format!("shape {found}"))
}

/// A tensor's numbers in a declared shape, which a single number fills.
fn fit(name: &str, declared: &Shape, tensor: Tensor) -> Result<Vec<f64>, Diagnostic> {
    if tensor.shape == *declared || tensor.shape.rank() == 0 {
        return Ok(tensor.values.to_vec());
    }
    let message = format!("`{name}` has shape {declared}, but the value has shape {}", tensor.shape);
    Err(Diagnostic::new(message)
        .label(format!("shape {}", tensor.shape))
        .help("the shapes must be the same; a single number fills any shape"))
}
