//! A drawing of a stochastic computation graph as data: what to draw, not how.

/// What a node of the drawing is; it decides the shape drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A parameter, constant or data input.
    Input,
    /// A deterministic expression: a square.
    Deterministic,
    /// A random site: a circle.
    Stochastic,
    /// A cost: a diamond.
    Cost,
}

/// One node of the drawing.
#[derive(Clone, Debug)]
pub struct DrawnNode {
    /// Its name in the file.
    pub name: String,
    /// Second line: shape, distribution or estimator, such as `Bernoulli [3] via rebar`.
    pub detail: String,
    /// Its kind.
    pub kind: NodeKind,
    /// For a site: the indices of the costs it influences.
    pub influences: Vec<usize>,
}

/// Nodes and the edges `from → to` between them (indices into `nodes`); acyclic.
#[derive(Clone, Debug, Default)]
pub struct Drawing {
    /// The nodes in the order of the file.
    pub nodes: Vec<DrawnNode>,
    /// Data flow.
    pub edges: Vec<(usize, usize)>,
}
