//! What a file becomes: a graph, and where in the text everything in it comes from.
use std::collections::HashMap;
use std::path::PathBuf;

use aleator_engine::graph::NodeId;

use crate::data::place_in_file;
use crate::graph::{BatchedData, Graph};

use super::sites::Bound;
use super::span::Span;

/// A file, ready to be estimated.
pub struct Model {
    /// Its graph.
    pub graph: Graph,
    /// Its statements in order.
    pub definitions: Vec<Definition>,
    /// Where each operation stands, the innermost expression that it belongs to.
    pub places: HashMap<NodeId, Span>,
    /// The distributions that are arguments of functions, as they are written, with the places of their parts.
    pub(super) distributions: HashMap<String, SiteSpans>,
    /// The data that came from files: their name, and the file's path.
    pub files: Vec<(String, PathBuf)>,
    /// All rows of the data whose first size is `batch`, if there are any.
    pub batched: Option<BatchedData>,
    /// The black boxes that are programs: their name, and the command.
    pub commands: Vec<(String, Vec<String>)>,
}

/// What kind of statement defines a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefinitionKind {
    /// `param`
    Param,
    /// `const`
    Const,
    /// `data`
    Data,
    /// `name = ..`
    Deterministic,
    /// `name ~ ..`
    Site,
    /// `cost`
    Cost,
    /// `reward`
    Reward,
    /// `observe`
    Observation,
    /// `external`
    BlackBox,
}

impl DefinitionKind {
    /// In words, such as `a parameter`.
    pub fn describe(self) -> &'static str {
        match self {
            DefinitionKind::Param => "a parameter",
            DefinitionKind::Const => "a constant",
            DefinitionKind::Data => "data",
            DefinitionKind::Deterministic => "computed",
            DefinitionKind::Site => "drawn at random",
            DefinitionKind::Cost => "a cost",
            DefinitionKind::Reward => "a reward",
            DefinitionKind::Observation => "an observation",
            DefinitionKind::BlackBox => "a black box",
        }
    }
}

/// A statement and its places in the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// The name that it defines.
    pub name: String,
    /// What kind of statement it is.
    pub kind: DefinitionKind,
    /// Its node in the graph; none of a black box. Names of equal constants share a node.
    pub node: Option<NodeId>,
    /// The names that it uses, in the order of the text, each once.
    pub uses: Vec<String>,
    /// Where the name stands.
    pub name_span: Span,
    /// The whole statement.
    pub span: Span,
    /// For a site: the places of its parts.
    pub site: Option<SiteSpans>,
}

/// The places of a site's parts.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteSpans {
    /// The distribution's name.
    pub distribution: Span,
    /// Parameter names in the distribution's order, and where their arguments stand.
    pub arguments: Vec<(String, Span)>,
    /// `[K]`
    pub copies: Option<Span>,
    /// The estimator with its options, where the file names one.
    pub via: Option<Span>,
}

impl SiteSpans {
    /// The places of a distribution and of its arguments.
    pub(super) fn of(distribution: Span, bound: &Bound) -> Self {
        let arguments = bound.arguments.iter().map(|(name, _, span)| ((*name).to_owned(), *span)).collect();
        SiteSpans { distribution, arguments, copies: None, via: None }
    }
}

impl Model {
    /// Names a number of a file that is NaN or infinite, as numbers beyond the range of numbers are. What depends on it is, too.
    pub fn broken_data(&self) -> Option<String> {
        self.files.iter().find_map(|(name, path)| {
            let data = self.graph.datasets().into_iter().find(|data| data.name == *name)?;
            let i = data.values.iter().position(|v| !v.is_finite())?;
            let what = if data.values[i].is_nan() { "NaN" } else { "infinite" };
            Some(match *data.shape {
                [_, width] => {
                    let place = place_in_file(path, i / width.max(1));
                    format!("{place}: column {} of the data `{name}` is {what}", i % width.max(1) + 1)
                }
                _ => format!("{}: number {} of the data `{name}` is {what}", path.display(), i + 1),
            })
        })
    }

    /// The statement in which the cause of a warning stands: where the node is written, or the first statement that computes
    /// something from it, as an observation does from the nodes of its log-density.
    pub fn place_of(&self, cause: NodeId) -> Option<Span> {
        if let Some(span) = self.places.get(&cause) {
            return Some(*span);
        }
        let uses = |node: NodeId| {
            let above = aleator_engine::graph::ancestors(self.graph.engine(), &[node]);
            above.get(cause.index()).copied().unwrap_or(false)
        };
        let later = self.definitions.iter().filter_map(|d| Some((d.node.filter(|n| *n >= cause)?, d.span)));
        later.filter(|(node, _)| uses(*node)).min_by_key(|(node, _)| *node).map(|(_, span)| span)
    }

    /// The statement that defines a name.
    pub fn definition(&self, name: &str) -> Option<&Definition> {
        self.definitions.iter().find(|definition| definition.name == name)
    }

    /// The places of a site's parts.
    pub fn site(&self, name: &str) -> Option<&SiteSpans> {
        // Data and the observation of them may have one name.
        self.definitions.iter().filter(|definition| definition.name == name).find_map(|d| d.site.as_ref())
    }

    /// Where a site's estimator is named, or else the site itself. `site` is the name of a site or of an observation, or a
    /// distribution as it is written.
    pub fn via_span(&self, site: &str) -> Option<Span> {
        if let Some(spans) = self.distributions.get(site) {
            return Some(spans.distribution);
        }
        let definition = self.definition(site)?;
        Some(definition.site.as_ref().and_then(|s| s.via).unwrap_or(definition.name_span))
    }

    /// Where the argument for a parameter of a distribution stands, or else the distribution. `site` is the name of a site or of an
    /// observation, or a distribution as it is written.
    pub fn argument_span(&self, site: &str, parameter: &str) -> Option<Span> {
        let spans = self.site(site).or_else(|| self.distributions.get(site))?;
        let argument = spans.arguments.iter().find(|(name, _)| name == parameter);
        Some(argument.map_or(spans.distribution, |(_, span)| *span))
    }
}
