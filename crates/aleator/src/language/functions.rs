//! The table of functions, the one place where they are named: how each is called, in words, and what it becomes.
use aleator_engine::graph::{Expr as Node, FromEnd, Reduction};

use super::call::{Accepts, Arguments, Body, Function};
use super::errors::Diagnostic;
use super::matrices;
use super::of_distributions;
use super::shapes;

/// A function of one argument, which the others are made from.
const PLAIN: Function = Function {
    name: "",
    usage: "",
    summary: "",
    parameters: &["x"],
    required: 1,
    axis: false,
    joins: false,
    accepts: Accepts::Values,
    may_be_hidden: false,
    of_shape: false,
    body: Body::Elementwise(|x| x),
};

const fn elementwise(
    name: &'static str,
    usage: &'static str,
    summary: &'static str,
    f: for<'g> fn(Node<'g>) -> Node<'g>,
) -> Function {
    Function { name, usage, summary, body: Body::Elementwise(f), ..PLAIN }
}

const fn along_axes(
    name: &'static str,
    usage: &'static str,
    summary: &'static str,
    f: for<'g> fn(&mut Arguments<'_, 'g>) -> Result<Node<'g>, Diagnostic>,
) -> Function {
    Function { name, usage, summary, axis: true, body: Body::Other(f), ..PLAIN }
}

const fn other(
    name: &'static str,
    usage: &'static str,
    summary: &'static str,
    parameters: &'static [&'static str],
    f: for<'g> fn(&mut Arguments<'_, 'g>) -> Result<Node<'g>, Diagnostic>,
) -> Function {
    let (required, body) = (parameters.len(), Body::Other(f));
    Function { name, usage, summary, parameters, required, body, ..PLAIN }
}

/// A function whose name files may define, because it is younger than files that do.
const fn hideable(function: Function) -> Function {
    Function { may_be_hidden: true, ..function }
}

const fn of_distributions(
    count: usize,
    name: &'static str,
    usage: &'static str,
    summary: &'static str,
    parameters: &'static [&'static str],
    f: for<'g> fn(&mut Arguments<'_, 'g>) -> Result<Node<'g>, Diagnostic>,
) -> Function {
    let accepts = Accepts::Distributions(count);
    hideable(Function { accepts, ..other(name, usage, summary, parameters, f) })
}

const MIN: Function = Function {
    name: "min",
    usage: "min(x), min(x, axis=..) or min(x, y)",
    summary: "the smallest of all elements or along axes; of two, the smaller one elementwise",
    parameters: &["x", "y"],
    axis: true,
    body: Body::Other(|a| a.extreme(Reduction::Min, |x, y| x.minimum(y))),
    ..PLAIN
};

const MAX: Function = Function {
    name: "max",
    usage: "max(x), max(x, axis=..) or max(x, y)",
    summary: "the largest of all elements or along axes; of two, the larger one elementwise",
    parameters: &["x", "y"],
    axis: true,
    body: Body::Other(|a| a.extreme(Reduction::Max, |x, y| x.maximum(y))),
    ..PLAIN
};

const TABLE: &[Function] = &[
    elementwise("exp", "exp(x)", "e^x", |x| x.exp()),
    elementwise("log", "log(x)", "the natural logarithm", |x| x.log()),
    elementwise("log1p", "log1p(x)", "log(1 + x), accurate near 0", |x| x.log1p()),
    elementwise("expm1", "expm1(x)", "e^x - 1, accurate near 0", |x| x.expm1()),
    elementwise("sqrt", "sqrt(x)", "the square root", |x| x.sqrt()),
    elementwise("square", "square(x)", "x^2", |x| x.square()),
    elementwise("abs", "abs(x)", "the absolute value", |x| x.abs()),
    elementwise("sign", "sign(x)", "-1, 0 or 1", |x| x.sign()),
    elementwise("floor", "floor(x)", "the largest whole number that is not above x", |x| x.floor()),
    elementwise("sin", "sin(x)", "the sine", |x| x.sin()),
    elementwise("cos", "cos(x)", "the cosine", |x| x.cos()),
    elementwise("tan", "tan(x)", "the tangent", |x| x.tan()),
    elementwise("tanh", "tanh(x)", "the hyperbolic tangent", |x| x.tanh()),
    elementwise("sigmoid", "sigmoid(x)", "1 / (1 + e^-x)", |x| x.sigmoid()),
    elementwise("softplus", "softplus(x)", "log(1 + e^x)", |x| x.softplus()),
    elementwise("logit", "logit(x)", "log(x / (1 - x)), the inverse of sigmoid", |x| x.logit()),
    elementwise("relu", "relu(x)", "max(x, 0)", |x| x.maximum(0.0)),
    elementwise("erf", "erf(x)", "the error function", |x| x.erf()),
    elementwise("lgamma", "lgamma(x)", "log |Gamma(x)|", |x| x.lgamma()),
    elementwise("digamma", "digamma(x)", "the derivative of lgamma", |x| x.digamma()),
    MIN,
    MAX,
    other("clamp", "clamp(x, lo, hi)", "x, but not below lo nor above hi", &["x", "lo", "hi"], |a| {
        Ok(a.expr(0)?.clamp(a.expr(1)?, a.expr(2)?))
    }),
    other("where", "where(cond, a, b)", "a where cond is not 0, else b", &["cond", "a", "b"], |a| {
        Ok(a.expr(0)?.select(a.expr(1)?, a.expr(2)?))
    }),
    along_axes("sum", "sum(x) or sum(x, axis=..)", "the sum of all elements or along axes", |a| {
        Ok(a.expr(0)?.sum_axes(FromEnd(&a.axes()?)))
    }),
    Function {
        accepts: Accepts::DistributionOrValue,
        ..along_axes(
            "mean",
            "mean(x), mean(x, axis=..) or mean(Normal(0, 1))",
            "the mean of all elements or along axes; of a distribution, its mean",
            of_distributions::mean,
        )
    },
    along_axes("prod", "prod(x) or prod(x, axis=..)", "the product of all elements or along axes", |a| {
        Ok(a.expr(0)?.reduce(Reduction::Prod, FromEnd(&a.axes()?)))
    }),
    along_axes(
        "logsumexp",
        "logsumexp(x) or logsumexp(x, axis=..)",
        "log of the sum of e^x over all elements or along axes, without overflow",
        |a| Ok(a.expr(0)?.logsumexp(FromEnd(&a.axes()?))),
    ),
    along_axes(
        "softmax",
        "softmax(x) or softmax(x, axis=..)",
        "e^x / sum(e^x) along an axis, by default the last",
        |a| a.along_last(|x| x.softmax()),
    ),
    along_axes(
        "log_softmax",
        "log_softmax(x) or log_softmax(x, axis=..)",
        "x - logsumexp(x) along an axis, by default the last",
        |a| a.along_last(|x| x.log_softmax()),
    ),
    other("dot", "dot(a, b)", "the sum of a * b along the last axis", &["a", "b"], shapes::dot),
    along_axes("norm", "norm(x) or norm(x, axis=..)", "sqrt(sum(x^2)), of all or along axes", |a| {
        Ok(a.expr(0)?.norm(FromEnd(&a.axes()?)))
    }),
    along_axes(
        "cumsum",
        "cumsum(x) or cumsum(x, axis=..)",
        "running sums along an axis, by default the last",
        |a| a.along_last(|x| x.cumsum()),
    ),
    other(
        "one_hot",
        "one_hot(i, n)",
        "n numbers on a new last axis, 1 at place i and else 0",
        &["i", "n"],
        shapes::one_hot,
    ),
    along_axes(
        "argmax",
        "argmax(x) or argmax(x, axis=..)",
        "the index of the first largest element along an axis, by default the last",
        shapes::argmax,
    ),
    Function {
        name: "transpose",
        usage: "transpose(x) or transpose(x, [2, 0, 1])",
        summary: "the last two axes exchanged; with a list, the axes in that order",
        parameters: &["x", "axes"],
        body: Body::Other(shapes::transpose),
        ..PLAIN
    },
    other(
        "reshape",
        "reshape(x, [2, 3])",
        "the same elements in another shape; one size may be -1",
        &["x", "shape"],
        shapes::reshape,
    ),
    other(
        "broadcast_to",
        "broadcast_to(x, [2, 3])",
        "repeated to a shape",
        &["x", "shape"],
        shapes::broadcast_to,
    ),
    Function {
        axis: true,
        ..other(
            "take",
            "take(x, [0, 2]) or take(x, [0, 2], axis=..)",
            "the elements at constant places along an axis, by default the first",
            &["x", "places"],
            shapes::take,
        )
    },
    Function {
        name: "concat",
        usage: "concat([a, b]) or concat([a, b], axis=..)",
        summary: "tensors one after another along an axis, by default the first",
        parameters: &["list"],
        axis: true,
        joins: true,
        body: Body::Other(shapes::concat),
        ..PLAIN
    },
    Function {
        name: "stack",
        usage: "stack([a, b]) or stack([a, b], axis=..)",
        summary: "tensors of one shape beside each other on a new axis, by default the first",
        parameters: &["list"],
        axis: true,
        joins: true,
        body: Body::Other(shapes::stack),
        ..PLAIN
    },
    other("zeros", "zeros([2, 3])", "zeros of a shape", &["shape"], |a| shapes::filled(a, 0.0)),
    other("ones", "ones([2, 3])", "ones of a shape", &["shape"], |a| shapes::filled(a, 1.0)),
    other("eye", "eye(n)", "the identity matrix", &["n"], shapes::eye),
    other(
        "linspace",
        "linspace(a, b, n)",
        "n numbers at equal distances from a to b",
        &["a", "b", "n"],
        shapes::linspace,
    ),
    other("arange", "arange(n)", "0, 1, .., n - 1", &["n"], shapes::arange),
    hideable(elementwise("sinh", "sinh(x)", "the hyperbolic sine", |x| x.sinh())),
    hideable(elementwise("cosh", "cosh(x)", "the hyperbolic cosine", |x| x.cosh())),
    hideable(elementwise("asin", "asin(x)", "the arc sine", |x| x.asin())),
    hideable(elementwise("acos", "acos(x)", "the arc cosine", |x| x.acos())),
    hideable(elementwise("atan", "atan(x)", "the arc tangent", |x| x.atan())),
    hideable(other("atan2", "atan2(y, x)", "the angle of the point (x, y)", &["y", "x"], |a| {
        Ok(a.expr(0)?.atan2(a.expr(1)?))
    })),
    hideable(elementwise("erfinv", "erfinv(x)", "the inverse of the error function", |x| x.erfinv())),
    hideable(elementwise("log_sigmoid", "log_sigmoid(x)", "log(1 / (1 + e^-x))", |x| x.log_sigmoid())),
    hideable(other("xlogy", "xlogy(x, y)", "x log y, and 0 at x = 0", &["x", "y"], |a| {
        Ok(a.expr(0)?.xlogy(a.expr(1)?))
    })),
    hideable(other(
        "xor",
        "xor(a, b)",
        "1 where exactly one of the two is not 0, else 0",
        &["a", "b"],
        |a| Ok(a.expr(0)?.not_equal(0.0).not_equal(a.expr(1)?.not_equal(0.0))),
    )),
    hideable(along_axes("any", "any(x) or any(x, axis=..)", "1 where an element is not 0, else 0", |a| {
        let truths = a.expr(0)?.not_equal(0.0);
        Ok(truths.reduce(Reduction::Max, FromEnd(&a.axes()?)).maximum(0.0))
    })),
    hideable(along_axes("all", "all(x) or all(x, axis=..)", "1 where no element is 0, else 0", |a| {
        let truths = a.expr(0)?.not_equal(0.0);
        Ok(truths.reduce(Reduction::Min, FromEnd(&a.axes()?)).minimum(1.0))
    })),
    hideable(Function {
        name: "maximum",
        usage: "maximum(x, y) or maximum(x, axis=..)",
        summary: "the same as max",
        ..MAX
    }),
    hideable(Function {
        name: "minimum",
        usage: "minimum(x, y) or minimum(x, axis=..)",
        summary: "the same as min",
        ..MIN
    }),
    hideable(along_axes(
        "cumprod",
        "cumprod(x) or cumprod(x, axis=..)",
        "running products along an axis, by default the last",
        |a| a.along_last(|x| x.cumprod()),
    )),
    hideable(along_axes(
        "diff",
        "diff(x) or diff(x, axis=..)",
        "differences of neighbours along an axis, by default the last",
        |a| a.along_last(|x| x.diff()),
    )),
    hideable(along_axes(
        "sort",
        "sort(x) or sort(x, axis=..)",
        "the elements in ascending order along an axis, by default the last",
        |a| a.along_last(|x| x.sort()),
    )),
    hideable(other(
        "top_k",
        "top_k(x, k)",
        "the k largest elements along the last axis, the largest first",
        &["x", "k"],
        shapes::top_k,
    )),
    hideable(other(
        "gather",
        "gather(x, i)",
        "x[i] along the first axis, with computed indices of any shape; NaN where there is no such element",
        &["x", "i"],
        shapes::gather,
    )),
    hideable(other(
        "quantile",
        "quantile(x, q)",
        "the quantiles of the elements of a constant, interpolated between neighbours",
        &["x", "q"],
        matrices::quantile,
    )),
    hideable(Function {
        required: 1,
        ..other(
            "tril",
            "tril(x) or tril(x, k)",
            "a matrix with zeros above its diagonal, or above diagonal k",
            &["x", "k"],
            |a| matrices::triangle(a, |x, k| x.tril(k)),
        )
    }),
    hideable(Function {
        required: 1,
        ..other(
            "triu",
            "triu(x) or triu(x, k)",
            "a matrix with zeros below its diagonal, or below diagonal k",
            &["x", "k"],
            |a| matrices::triangle(a, |x, k| x.triu(k)),
        )
    }),
    hideable(other(
        "diag",
        "diag(x)",
        "the diagonal of a matrix; of a vector, the matrix with this diagonal",
        &["x"],
        matrices::diag,
    )),
    hideable(other("trace", "trace(x)", "the sum of the diagonal", &["x"], |a| {
        matrices::of_a_matrix(a, |x| x.trace())
    })),
    hideable(other(
        "cholesky",
        "cholesky(a)",
        "the lower triangular matrix L with L @ transpose(L) = a",
        &["a"],
        |a| matrices::of_a_matrix(a, |x| x.cholesky()),
    )),
    hideable(Function {
        required: 2,
        ..other(
            "solve_triangular",
            "solve_triangular(l, b) or solve_triangular(u, b, upper = true)",
            "x with l @ x = b, of a triangular matrix and a vector or matrix",
            &["l", "b", "upper"],
            matrices::solve_triangular,
        )
    }),
    hideable(other("logdet", "logdet(l)", "log |det l| of a triangular matrix", &["l"], |a| {
        matrices::of_a_matrix(a, |x| x.logdet_triangular())
    })),
    elementwise("stop_gradient", "stop_gradient(x)", "x, taken for constant by derivatives", |x| {
        x.stop_gradient()
    }),
    Function {
        required: 1,
        ..of_distributions(
            1,
            "log_prob",
            "log_prob(Normal(0, 1), x) or log_prob(z)",
            "the log-density, summed over the event; of a site, at its own draw",
            &["distribution", "x"],
            of_distributions::log_prob,
        )
    },
    of_distributions(
        1,
        "entropy",
        "entropy(Normal(0, 1)) or entropy(z)",
        "the entropy of a distribution or of a site's, in nats",
        &["distribution"],
        of_distributions::entropy,
    ),
    of_distributions(
        2,
        "kl",
        "kl(Normal(1, 2), Normal(0, 1)) or kl(z, Normal(0, 1))",
        "the Kullback-Leibler divergence E_p[log p - log q] in closed form, in nats",
        &["p", "q"],
        of_distributions::kl,
    ),
    of_distributions(
        1,
        "variance",
        "variance(Gamma(2, 1)) or variance(z)",
        "the variance of a distribution or of a site's",
        &["distribution"],
        of_distributions::variance,
    ),
    Function { of_shape: true, ..other("len", "len(x)", "the size of the first axis", &["x"], shapes::len) },
];

/// The names of all functions, in the order of the language's page.
pub const FUNCTIONS: &[&str] = &{
    let mut names = [""; TABLE.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = TABLE[i].name;
        i += 1;
    }
    names
};

impl Function {
    /// The function of that name.
    pub fn find(name: &str) -> Option<&'static Function> {
        TABLE.iter().find(|function| function.name == name)
    }

    /// All functions, in the order of the language's page.
    pub fn all() -> &'static [Function] {
        TABLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_begins_with_the_name() {
        for function in Function::all() {
            assert!(function.usage.starts_with(&format!("{}(", function.name)), "{function:?}");
        }
    }
}
