//! The problems of the proofs.

use aleator::distributions::{
    Bernoulli, Beta, Binomial, Categorical, Dirichlet, Distribution, Exponential, Gamma, Gumbel, Laplace,
    LogNormal, Logistic, Normal, OneHotCategorical, Poisson, Uniform, VonMises,
};
use aleator::graph::Graph;
use aleator_engine::graph::{Expr, FromEnd, concat};

/// A graph with a name.
pub type Problem = (&'static str, Graph);

fn collect(write_all: impl Fn(&mut dyn FnMut(&'static str, &dyn Fn(&Graph)))) -> Vec<Problem> {
    let mut all = Vec::new();
    write_all(&mut |name, write| {
        let g = Graph::new();
        write(&g);
        all.push((name, g));
    });
    all
}

/// Discrete problems, small enough for all settings of two samples at least.
pub fn discrete() -> Vec<Problem> {
    collect(|add| {
        add("one coin", &|g| {
            let b = g.sample("b", Bernoulli::from_logits(g.param("theta", -0.7)));
            g.cost("loss", (b - 0.45).square());
        });
        add("a cost that depends on the parameters directly", &|g| {
            let (theta, w) = (g.param("theta", 0.6), g.param("w", 1.3));
            let b = g.sample("b", Bernoulli::from_logits(theta));
            g.cost("fit", (w * b - 0.3).square() * (-theta).exp());
            g.cost("size", 0.1 * w.square() + theta);
        });
        add("a probability that is a map of the parameter", &|g| {
            let x = g.param("x", 0.4);
            let b = g.sample("b", Bernoulli::from_probs(0.1 + 0.8 * x.sigmoid().square()));
            g.cost("loss", 2.0 * b - b * x);
        });
        add("coins with a cost each", &|g| {
            let phi = g.param_tensor("phi", [3], vec![0.2, -0.4, 1.0]);
            let b = g.sample("b", Bernoulli::from_logits(phi));
            let t = g.data("t", [3], vec![0.3, 0.6, 0.45]);
            g.cost("loss", (b - t).square());
        });
        add("coins with one cost together", &|g| {
            let phi = g.param_tensor("phi", [2], vec![0.2, -0.4]);
            let b = g.sample("b", Bernoulli::from_logits(phi));
            g.cost("loss", (b.sum() - 1.2).square() + b.cumsum().square().sum());
            g.cost("single", 0.5 * b.slice(-1, 0, 1));
        });
        add("a batch of two rows of two coins", &|g| {
            let phi = g.param_tensor("phi", [2, 2], vec![0.1, -0.3, 1.2, 0.0]);
            let x = g.data("x", [2], vec![1.0, -2.0]);
            let b = g.sample("b", Bernoulli::from_logits(phi));
            let y = g.data("y", [2], vec![0.4, -1.0]);
            g.cost("row", ((b * x).sum_axes(-1) - y).square());
        });
        add("a batch whose rows cost in another order", &|g| {
            let phi = g.param_tensor("phi", [2, 2], vec![0.1, -0.3, 1.2, 0.0]);
            let x = g.data("x", [2, 2], vec![1.0, -2.0, 0.5, 0.25]);
            let b = g.sample("b", Bernoulli::from_logits(phi));
            g.cost("transposed", (b.transpose() * x).exp());
            g.cost("rows", b.matmul(x).square());
        });
        add("three independent copies of a coin", &|g| {
            let b = g.sample("b", Bernoulli::from_logits(g.param("theta", 0.3)).copies(3));
            g.cost("loss", (b.mean() - 0.25).square());
        });
        add("a coin that decides the next", &|g| {
            let (u, w, v) = (g.param("u", 0.5), g.param("w", 1.2), g.param("v", -0.7));
            let a = g.sample("a", Bernoulli::from_logits(u));
            let b = g.sample("b", Bernoulli::from_logits(w * a + v));
            g.cost("early", 3.0 * (a - 0.3).square());
            g.cost("late", (b - 0.6).square());
            g.cost("both", a * b);
        });
        add("two coins with a cost each and one together", &|g| {
            let a = g.sample("a", Bernoulli::from_logits(g.param("u", 0.5)));
            let b = g.sample("b", Bernoulli::from_logits(g.param("v", -1.0)));
            g.cost("first", 3.0 * (a - 0.3).square());
            g.cost("second", (b - 0.6).square());
            g.cost("both", (a - 2.0 * b).square());
        });
        add("pairs of coins, row by row", &|g| {
            let u = g.param_tensor("u", [2], vec![0.3, -0.5]);
            let w = g.param("w", 0.8);
            let a = g.sample("a", Bernoulli::from_logits(u));
            let b = g.sample("b", Bernoulli::from_logits(w * a - 0.2));
            g.cost("late", (b - 0.6).square() * (1.0 + a));
            g.cost("early", 0.7 * a);
        });
        add("pairs of coins through a matrix", &|g| {
            let phi = g.param_tensor("phi", [2], vec![0.3, -0.5]);
            let w = g.param_tensor("W", [2, 2], vec![0.8, -0.6, 0.4, 1.1]);
            let h1 = g.sample("h1", Bernoulli::from_logits(phi));
            let h2 = g.sample("h2", Bernoulli::from_logits(h1.matmul(w)));
            g.cost("fit", (h2 - 0.4).square());
            g.cost("match", 0.5 * (h2.sum() - h1.sum()).square());
            g.cost("own", 0.3 * h1);
        });
        add("a chain of three coins", &|g| {
            let (u, v, w) = (g.param("u", 0.4), g.param("v", -0.9), g.param("w", 1.3));
            let a = g.sample("a", Bernoulli::from_logits(u));
            let b = g.sample("b", Bernoulli::from_logits(v + w * a));
            let c = g.sample("c", Bernoulli::from_logits(w - b + 0.5 * a));
            g.cost("all", (a + 2.0 * b - c - 0.5).square());
            g.cost("first", 2.0 * a);
            g.cost("middle", (b - 0.2).exp());
            g.cost("last", c * v);
        });
        add("an index", &|g| {
            let phi = g.param_tensor("phi", [4], vec![0.3, -0.2, 0.9, 0.0]);
            let k = g.sample("k", Categorical::from_logits(phi));
            g.cost("f", (k - 1.3).square() * (0.2 * k).exp());
        });
        add("a one-hot vector", &|g| {
            let phi = g.param_tensor("phi", [3], vec![0.5, -1.0, 0.2]);
            let z = g.sample("z", OneHotCategorical::from_logits(phi));
            g.cost("f", (z.dot(g.data("v", [3], vec![1.0, -0.5, 2.0])) - 0.4).square() + phi.sum());
        });
        add("a batch of one-hot vectors", &|g| {
            let phi = g.param_tensor("phi", [2, 3], vec![0.5, -1.0, 0.2, 0.0, 0.4, -0.3]);
            let v = g.data("v", [3], vec![1.0, -0.5, 2.0]);
            let t = g.data("t", [2], vec![0.2, 1.1]);
            let z = g.sample("z", OneHotCategorical::from_logits(phi));
            g.cost("f", (z.dot(v) - t).square());
        });
        add("one-hot vectors with one cost together", &|g| {
            let phi = g.param_tensor("phi", [2, 3], vec![0.5, -1.0, 0.2, 0.0, 0.4, -0.3]);
            let z = g.sample("z", OneHotCategorical::from_logits(phi));
            let parts = [z.slice(-2, 0, 1), z.slice(-2, 1, 1).exp()];
            g.cost("f", parts[0].dot(parts[1]).sum());
            g.cost("g", concat(&parts, -1).unwrap().cumsum().square());
        });
    })
}

/// Bounds log 1/K Σ e^ℓ over copies of discrete sites.
pub fn bounds() -> Vec<Problem> {
    fn bound<'g>(l: Expr<'g>, axis: usize) -> Expr<'g> {
        let copies = l.shape().from_end(axis) as f64;
        l.logsumexp(FromEnd(axis)) - copies.ln()
    }
    collect(|add| {
        add("two copies of a coin", &|g| {
            let phi = g.param("phi", 0.4);
            let b = g.sample("b", Bernoulli::from_logits(phi).copies(2));
            g.cost("bound", bound(1.5 * b - 0.3 + phi * (1.0 - b), 0));
        });
        add("three copies of a coin, and a function of the bound", &|g| {
            let (phi, w) = (g.param("phi", -0.6), g.param("w", 0.9));
            let b = g.sample("b", Bernoulli::from_logits(phi).copies(3));
            g.cost("square", (bound(w * b - 2.0 * (b - 0.3).square(), 0) + 1.0).square());
        });
        add("two copies of a row of coins", &|g| {
            let phi = g.param_tensor("phi", [2], vec![0.4, -0.8]);
            let b = g.sample("b", Bernoulli::from_logits(phi).copies(2));
            let x = g.data("x", [2], vec![1.3, -0.4]);
            g.cost("bounds", bound(x * b, 1));
        });
        add("two copies of a vector of coins", &|g| {
            let phi = g.param_tensor("phi", [2], vec![0.4, -0.8]);
            let b = g.sample("b", Bernoulli::from_logits(phi).copies(2));
            let x = g.data("x", [2], vec![1.3, -0.4]);
            g.cost("bound", bound((b * x).sum_axes(-1).square() - b.sum_axes(-1), 0));
        });
        add("three copies of a one-hot vector", &|g| {
            let phi = g.param_tensor("phi", [3], vec![0.5, -1.0, 0.2]);
            let z = g.sample("z", OneHotCategorical::from_logits(phi).copies(3));
            g.cost("bound", bound(z.dot(g.data("v", [3], vec![1.0, -0.5, 2.0])), 0));
        });
        add("two copies of an index, themselves the exponents", &|g| {
            let phi = g.param_tensor("phi", [3], vec![0.5, -1.0, 0.2]);
            let k = g.sample("k", Categorical::from_logits(phi).copies(2));
            g.cost("bound", bound(k, 0));
        });
        add("two copies of a chain", &|g| {
            let (u, w, v) = (g.param("u", 0.5), g.param("w", 1.2), g.param("v", -0.7));
            let a = g.sample("a", Bernoulli::from_logits(u).copies(2));
            let b = g.sample("b", Bernoulli::from_logits(w * a + v));
            g.cost("bound", bound((a + 2.0 * b - 0.5).square() * 0.4 + w * b, 0));
        });
    })
}

/// One continuous draw each, with the cost z + 0.3 z².
pub fn continuous() -> Vec<Problem> {
    type Write = for<'g> fn(Expr<'g>, Expr<'g>) -> Distribution<'g>;
    let distributions: [(&'static str, Write, [f64; 2]); 7] = [
        ("normal", |a, b| Normal::new(a, b), [0.3, 0.8]),
        ("laplace", |a, b| Laplace::new(a, b), [0.3, 0.8]),
        ("logistic", |a, b| Logistic::new(a, b), [-0.3, 0.5]),
        ("gumbel", |a, b| Gumbel::new(a, b), [0.2, 0.7]),
        ("log-normal", |a, b| LogNormal::new(a, b), [0.2, 0.5]),
        ("exponential", |a, b| Exponential::new(a * b), [1.3, 0.9]),
        ("uniform", |a, b| Uniform::new(a, a + b), [-0.4, 1.7]),
    ];
    collect(|add| {
        for (name, write, [a, b]) in distributions {
            add(name, &|g| {
                let z = g.sample("z", write(g.param("a", a), g.param("b", b)));
                g.cost("f", z + 0.3 * z.square());
            });
        }
    })
}

/// Larger and mixed ones: for sampling.
pub fn larger() -> Vec<Problem> {
    collect(|add| {
        add("three layers, two rows of data", &|g| {
            let x = g.data("x", [2, 2], vec![1.0, -0.5, 0.3, 0.8]);
            let w1 = g.param_tensor("W1", [2, 2], vec![0.6, -0.4, 0.9, 0.2]);
            let w2 = g.param_tensor("W2", [2, 2], vec![-0.7, 0.5, 0.8, 1.0]);
            let w3 = g.param_tensor("W3", [2], vec![1.1, -0.9]);
            let h1 = g.sample("h1", Bernoulli::from_logits(x.matmul(w1)));
            let h2 = g.sample("h2", Bernoulli::from_logits((2.0 * h1 - 1.0).matmul(w2)));
            let h3 = g.sample("h3", Bernoulli::from_logits((2.0 * h2 - 1.0).dot(w3)));
            g.cost("fit", (h3 - g.data("y", [2], vec![0.8, 0.1])).square() * (1.0 + w3.square().sum()));
            g.cost("code", 0.3 * (h1 * h2).sum_axes(-1));
        });
        add("a one-hot vector that sets a coin", &|g| {
            let phi = g.param_tensor("phi", [3], vec![0.1, 0.7, -0.5]);
            let w = g.param_tensor("w", [3], vec![1.0, -0.4, 0.25]);
            let k = g.sample("k", OneHotCategorical::from_logits(phi));
            let b = g.sample("b", Bernoulli::from_logits(k.dot(w)));
            let c = g.data("c", [3], vec![0.5, -1.0, 2.0]);
            g.cost("early", k.dot(c));
            g.cost("late", (b - 0.6).square());
            g.cost("both", b * k.dot(c).square());
        });
        add("coins that set one-hot vectors", &|g| {
            let phi = g.param_tensor("phi", [2], vec![0.1, 0.7]);
            let w = g.param_tensor("w", [3], vec![1.0, -0.4, 0.25]);
            let b = g.sample("b", Bernoulli::from_probs(phi.sigmoid()));
            let z = g.sample("z", OneHotCategorical::from_probs((w * b.unsqueeze(-1)).exp()));
            g.cost("f", (z.dot(g.data("c", [3], vec![0.5, -1.0, 2.0])) + b).square());
        });
        add("a coin that moves a normal variable", &|g| {
            let (u, m, s) = (g.param("u", 0.5), g.param("m", 0.3), g.param("s", 0.8));
            let a = g.sample("a", Bernoulli::from_logits(u));
            let z = g.sample("z", Normal::new(m + 2.0 * a, s));
            g.cost("early", 2.0 * a);
            g.cost("late", 0.5 * (z - 1.0).square());
            g.cost("both", z * a);
        });
        add("a normal variable that sets coins", &|g| {
            let (mu, w) = (g.param("mu", -0.2), g.param_tensor("w", [2], vec![1.5, -0.8]));
            let z = g.sample("z", Normal::new(mu, 0.8));
            let b = g.sample("b", Bernoulli::from_logits(w * z + 0.25));
            g.cost("early", 0.3 * z.square());
            g.cost("late", (b.sum() - 0.3).square());
            g.cost("both", 0.5 * z * b);
        });
        add("normal variables in two rows", &|g| {
            let mu = g.param_tensor("mu", [2, 2], vec![0.3, -0.4, 0.9, 0.1]);
            let s = g.param_tensor("s", [2], vec![0.7, 1.1]);
            let z = g.sample("z", Normal::new(mu, s));
            g.cost("row", (z.sum_axes(-1) - g.data("y", [2], vec![0.4, -1.0])).square());
            g.cost("each", 0.2 * z * s);
        });
    })
}

/// Costs with jumps, which only some estimators take.
pub fn jumps() -> Vec<Problem> {
    collect(|add| {
        add("a jump in the cost of coins", &|g| {
            let b = g.sample("b", Bernoulli::from_logits(g.param_tensor("phi", [2], vec![0.2, -0.4])));
            g.cost("f", (2.0 * b.slice(-1, 0, 1) + b.slice(-1, 1, 1)).greater(1.5) * 1.7 + b.sum());
        });
        add("a jump in the cost of a one-hot vector", &|g| {
            let phi = g.param_tensor("phi", [3], vec![0.5, -1.0, 0.2]);
            let z = g.sample("z", OneHotCategorical::from_logits(phi));
            g.cost("f", z.dot(g.data("v", [3], vec![1.0, -0.5, 2.0])).greater(0.5) * 2.0);
        });
    })
}

/// One draw each by rejection, with the same cost.
pub fn drawn() -> Vec<Problem> {
    type Write = for<'g> fn(Expr<'g>, Expr<'g>) -> Distribution<'g>;
    let distributions: [(&'static str, Write, [f64; 2]); 7] = [
        ("gamma", |a, b| Gamma::new(a, b), [2.3, 0.9]),
        ("gamma near zero", |a, b| Gamma::new(a, b), [0.4, 1.5]),
        ("beta", |a, b| Beta::new(a, b), [2.0, 0.6]),
        ("dirichlet", |a, b| Dirichlet::new(concat(&[a, b, a * b], -1).unwrap()), [1.7, 0.8]),
        ("poisson", |a, b| Poisson::new(a * b), [2.5, 1.3]),
        ("binomial", |a, b| Binomial::from_logits(9.0, a - b), [0.2, 0.5]),
        ("von Mises", |a, b| VonMises::new(a, b), [0.3, 1.9]),
    ];
    collect(|add| {
        for (name, write, [a, b]) in distributions {
            add(name, &|g| {
                let [a, b] = [("a", a), ("b", b)].map(|(name, at)| g.param_tensor(name, [1], vec![at]));
                let z = g.sample("z", write(a, b));
                g.cost("f", z + 0.3 * z.square());
            });
        }
    })
}
