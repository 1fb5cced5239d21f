//! The open texts, and what is known of them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use aleator::language::{
    self, Diagnostic, Files, Loading, Model, Name, Span, Statement, StatementKind, parse_partially,
};
use lsp_types::Uri;

/// An open text.
pub(super) struct Document {
    pub text: String,
    pub version: i32,
    /// Whether it has changed since it was last looked at.
    pub dirty: bool,
    /// What was wrong with it when it was last looked at.
    pub diagnostics: Vec<Diagnostic>,
    /// The shapes of names, as they were when the text was last without a mistake.
    pub shapes: HashMap<String, String>,
    /// Its statements that can be read.
    pub names: Vec<Defined>,
}

/// A name that a text defines.
pub(super) struct Defined {
    pub name: String,
    pub span: Span,
    /// What it is, in words.
    pub what: &'static str,
    /// The whole statement.
    pub statement: Span,
}

impl Document {
    pub fn new(text: String, version: i32) -> Self {
        let mut document = Document {
            text: String::new(),
            version,
            dirty: true,
            diagnostics: Vec::new(),
            shapes: HashMap::new(),
            names: Vec::new(),
        };
        document.replace(text, version);
        document
    }

    /// Gives the document another text.
    pub fn replace(&mut self, text: String, version: i32) {
        let names = parse_partially(&text).statements.iter().filter_map(defined).collect();
        (self.text, self.version, self.names, self.dirty) = (text, version, names, true);
    }

    /// Looks at the text: its mistakes, and the shapes of its names.
    pub fn look(&mut self, uri: &Uri) {
        self.dirty = false;
        let folder = folder(uri);
        let loading = Loading { folder: folder.as_deref(), files: Files::Sketched, ..Loading::default() };
        match language::load_all(&self.text, &loading) {
            Ok(model) => {
                self.diagnostics.clear();
                self.shapes = shapes(&model);
            }
            Err(mistakes) => self.diagnostics = mistakes,
        }
    }

    /// The definition of a name.
    pub fn definition(&self, name: &str) -> Option<&Defined> {
        self.names.iter().find(|defined| defined.name == name)
    }
}

fn shapes(model: &Model) -> HashMap<String, String> {
    let shape = |definition: &language::Definition| {
        let node = definition.node?;
        Some((definition.name.clone(), model.graph.expr(node).shape().to_string()))
    };
    model.definitions.iter().filter_map(shape).collect()
}

fn defined(statement: &Statement) -> Option<Defined> {
    let Name { text, span } = statement.defines()?;
    let what = match &statement.kind {
        StatementKind::Param { .. } => "a parameter",
        StatementKind::Const { .. } => "a constant",
        StatementKind::Data { .. } => "data",
        StatementKind::Let { .. } => "computed",
        StatementKind::Sample { .. } => "drawn at random",
        StatementKind::Cost { .. } => "a cost",
        StatementKind::Reward { .. } => "a reward",
        StatementKind::Observe { .. } => "an observation",
        StatementKind::External { .. } => "a black box",
    };
    Some(Defined { name: text.clone(), span: *span, what, statement: statement.span })
}

/// The folder of a file; none of a text that is not saved.
fn folder(uri: &Uri) -> Option<PathBuf> {
    if uri.scheme().is_none_or(|scheme| scheme.as_str() != "file") {
        return None;
    }
    let path = uri.path().as_estr().decode().into_string().ok()?;
    // `/C:/x` is the file `C:/x`.
    let path = match path.as_bytes() {
        [b'/', _, b':', ..] => &path[1..],
        _ => &path[..],
    };
    Path::new(path).parent().map(Path::to_path_buf)
}
