//! Functions that are called: they belong to the program that uses the graph, and only their values are known here.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::shape::Shape;

/// A function of elements: from those of the arguments (row-major, without leading axes) to those of the result; or the reason
/// why it cannot compute them.
pub type ExternalFn = dyn Fn(&[&[f64]], &mut [f64]) -> Result<(), String> + Send + Sync;

/// A function that is called. A *black box* has values and no derivative; a *host function* has a derivative.
///
/// Let f be a function of x₁, …, xₙ and f̄ᵢ(x, c) = (∂f/∂xᵢ)ᵀ c its pull-back by the argument i. The pull-back is again a function
/// that is called, of one argument more, and is pulled back in the same way. This gives derivatives of every order:
///
/// ```text
/// (f̄ᵢ)ₙ₊₁(x, c, ẋ) = ∂/∂c ⟨(∂f/∂xᵢ)ᵀ c, ẋ⟩ = (∂f/∂xᵢ) ẋ,   the derivative along ẋ.
/// ```
///
/// So an operation is a function f and the path of the arguments by which it is pulled back, and the program in which f is at home
/// computes any of them.
#[derive(Clone)]
pub struct External {
    /// The name of f, for messages, diagrams and programs to which the graph is exported.
    pub name: String,
    /// The shape of the result, without leading axes.
    pub shape: Shape,
    /// The number of trailing axes of each argument that are consumed; the function is called for each index of the leading axes.
    pub input_ranks: Vec<usize>,
    /// Whether f is called once for all of them: each argument, and the result, then hold one call after another.
    pub vectorized: bool,
    /// f.
    pub function: Arc<ExternalFn>,
    /// For each argument, whether the first of its consumed axes and the first axis of the result count rows, each of which f computes
    /// from the same row of the argument alone. Empty if no argument has rows.
    pub rows: Vec<bool>,
    /// The derivative of f, if it has one.
    pub derivative: Option<Derivative>,
    /// The steps from f to this function.
    pub pulled_back: Vec<PullBack>,
}

/// What is known of the derivative of a function that is called.
#[derive(Clone)]
pub struct Derivative {
    /// Whether the function may jump, so that the derivative does not determine its values.
    pub may_jump: bool,
    /// For each argument, the pull-back of f by it, called as f is: with the arguments and a cotangent of the result. Without
    /// them, only programs to which the graph is exported can differentiate f.
    pub pull_backs: Option<Arc<[Arc<ExternalFn>]>>,
}

/// A step of differentiation: the function that is pulled back, and the argument by which it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PullBack {
    /// The number of trailing axes of each argument of the function that is pulled back.
    pub input_ranks: Vec<usize>,
    /// The shape of its result.
    pub shape: Shape,
    /// The argument.
    pub argument: usize,
}

impl External {
    /// A black box that is called for each index of the leading axes.
    pub fn new(
        name: impl Into<String>,
        shape: impl Into<Shape>,
        input_ranks: Vec<usize>,
        function: Arc<ExternalFn>,
    ) -> Self {
        External {
            name: name.into(),
            shape: shape.into(),
            input_ranks,
            vectorized: false,
            function,
            rows: Vec::new(),
            derivative: None,
            pulled_back: Vec::new(),
        }
    }

    /// How many trailing axes of an argument the function mixes, and how many of the result they become.
    pub fn mixed_axes(&self, argument: usize) -> (usize, usize) {
        let row = usize::from(self.rows.get(argument) == Some(&true));
        (self.input_ranks[argument] - row, self.shape.rank() - row)
    }

    /// Whether the function may jump where its arguments vary: a black box may.
    pub fn may_jump(&self) -> bool {
        self.derivative.as_ref().is_none_or(|derivative| derivative.may_jump)
    }

    /// The name with the order of the derivative, for messages.
    pub fn title(&self) -> String {
        self.name.clone() + &"′".repeat(self.pulled_back.len())
    }

    /// The pull-back by an argument, where the arguments have these shapes (with as many leading axes each).
    ///
    /// Its result has the shape of that argument. Leading axes that the argument does not have are summed; so they are consumed,
    /// together with those behind them, and those in front of them stay leading.
    pub fn pull_back(&self, argument: usize, shapes: &[Shape]) -> External {
        let lead = |i: usize| shapes[i].rank() - self.input_ranks[i];
        // Leading axis k, counted from the last one.
        let size = |i: usize, k: usize| shapes[i].from_end(self.input_ranks[i] + k);
        let is_summed = |k: &usize| size(argument, *k) == 1 && (0..shapes.len()).any(|i| size(i, *k) != 1);
        let consumed = (0..lead(argument)).rev().find(is_summed).map_or(0, |outermost| outermost + 1);
        let ranks = self.input_ranks.iter().copied().chain([self.shape.rank()]);
        let input_ranks: Vec<usize> = ranks.map(|rank| rank + consumed).collect();
        let step = PullBack { input_ranks: self.input_ranks.clone(), shape: self.shape.clone(), argument };
        External {
            shape: shapes[argument].trailing(input_ranks[argument]),
            input_ranks,
            rows: Vec::new(),
            pulled_back: self.pulled_back.iter().cloned().chain([step]).collect(),
            ..self.clone()
        }
    }
}

impl std::fmt::Debug for External {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "External({}, {})", self.title(), self.shape)
    }
}

/// Two are equal if they call the same function and are the same derivative of it.
impl PartialEq for External {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.function, &other.function)
            && self.input_ranks == other.input_ranks
            && self.vectorized == other.vectorized
            && self.pulled_back == other.pulled_back
    }
}
impl Eq for External {}
impl Hash for External {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.function).cast::<u8>().hash(state);
        self.pulled_back.hash(state);
    }
}
