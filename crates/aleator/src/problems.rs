//! Small problems whose gradients are known: examples to start from.

/// A problem.
#[derive(Clone, Copy, Debug)]
pub struct Problem {
    /// Its name.
    pub name: &'static str,
    /// One line: what it is.
    pub summary: &'static str,
    /// The graph, as a `.scg` file.
    pub source: &'static str,
}

/// All problems.
pub fn all() -> &'static [Problem] {
    &[
        Problem {
            name: "toy",
            summary: "a biased coin that should match a target: E[(b - 0.45)^2]",
            source: include_str!("../assets/examples/toy.scg"),
        },
        Problem {
            name: "gaussian_quadratic",
            summary: "the talk's Gaussian: E[z^2 + c] for z normal",
            source: include_str!("../assets/examples/gaussian_quadratic.scg"),
        },
        Problem {
            name: "two_layers",
            summary: "two layers of Bernoulli units, one feeding the other",
            source: include_str!("../assets/examples/two_layers.scg"),
        },
    ]
}

/// The problem of that name.
pub fn find(name: &str) -> Option<&'static Problem> {
    all().iter().find(|problem| problem.name == name)
}
