//! The table of all distributions, by the names of the language.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::categorical::Categorical;
use super::family::{Distribution, Family};
use super::{
    Bernoulli, Beta, BetaBinomial, Binomial, Cauchy, Chi2, ContinuousBernoulli, Dirichlet,
    DirichletMultinomial, Exponential, Gamma, Geometric, Gumbel, Half, InverseGamma, KSubset, Kumaraswamy,
    Laplace, LogNormal, Logistic, Multinomial, MultivariateNormal, NegativeBinomial, Normal,
    OneHotCategorical, Pareto, Poisson, RelaxedBernoulli, RelaxedOneHotCategorical, StudentT,
    TruncatedNormal, Uniform, VonMises, Weibull,
};

/// One parameterisation of a family: the names of the parameters in positional order, and the family that accepts them.
pub struct Signature {
    /// The names of the parameters, in order.
    pub names: &'static [&'static str],
    family: fn() -> Arc<dyn Family>,
}

impl Signature {
    /// The family.
    pub fn family(&self) -> Arc<dyn Family> {
        (self.family)()
    }

    /// The distribution with these parameters, one for each name.
    pub fn build<'g>(&self, parameters: Vec<Expr<'g>>) -> Distribution<'g> {
        Distribution::new(self.family(), parameters)
    }
}

/// A distribution of the language.
pub struct Entry {
    /// The name.
    pub name: &'static str,
    /// A description in one line.
    pub summary: &'static str,
    /// The parameterisations. Positional arguments refer to the first.
    pub signatures: &'static [Signature],
}

macro_rules! signature {
    ($family:expr, $($name:literal),+) => {
        Signature { names: &[$($name),+], family: || Arc::new($family) }
    };
}

/// All distributions, in the order of the book.
pub fn all() -> &'static [Entry] {
    const LOC_SCALE: &[&str] = &["loc", "scale"];
    static ALL: &[Entry] = &[
        Entry {
            name: "Bernoulli",
            summary: "0 or 1",
            signatures: &[signature!(Bernoulli::Probs, "probs"), signature!(Bernoulli::Logits, "logits")],
        },
        Entry {
            name: "Categorical",
            summary: "an index 0 .. n - 1; the last axis of its parameter is the event",
            signatures: &[signature!(Categorical::Probs, "probs"), signature!(Categorical::Logits, "logits")],
        },
        Entry {
            name: "OneHotCategorical",
            summary: "a one-hot vector; the last axis of its parameter is the event",
            signatures: &[
                signature!(OneHotCategorical::PROBS, "probs"),
                signature!(OneHotCategorical::LOGITS, "logits"),
            ],
        },
        Entry {
            name: "KSubset",
            summary: "a vector of 0 and 1 with exactly k ones; the last axis of its parameter logits is the event",
            signatures: &[signature!(KSubset, "k", "logits")],
        },
        Entry {
            name: "Binomial",
            summary: "the number of successes in total_count trials",
            signatures: &[
                signature!(Binomial::Probs, "total_count", "probs"),
                signature!(Binomial::Logits, "total_count", "logits"),
            ],
        },
        Entry {
            name: "BetaBinomial",
            summary: "the number of successes in total_count trials whose common probability is a Beta",
            signatures: &[signature!(BetaBinomial, "total_count", "concentration1", "concentration0")],
        },
        Entry {
            name: "Multinomial",
            summary: "how often each outcome occurs in total_count trials; the last axis of probs or logits is the event",
            signatures: &[
                signature!(Multinomial::Probs, "total_count", "probs"),
                signature!(Multinomial::Logits, "total_count", "logits"),
            ],
        },
        Entry {
            name: "DirichletMultinomial",
            summary: "a Multinomial whose probabilities are a Dirichlet; the last axis of concentration is the event",
            signatures: &[signature!(DirichletMultinomial, "total_count", "concentration")],
        },
        Entry {
            name: "Geometric",
            summary: "a count 0, 1, 2, ..: the failures before the first success",
            signatures: &[signature!(Geometric::Probs, "probs"), signature!(Geometric::Logits, "logits")],
        },
        Entry {
            name: "Poisson",
            summary: "a count 0, 1, 2, .. with mean and variance rate",
            signatures: &[signature!(Poisson, "rate")],
        },
        Entry {
            name: "NegativeBinomial",
            summary: "a count 0, 1, 2, ..: the successes before total_count failures",
            signatures: &[
                signature!(NegativeBinomial::Probs, "total_count", "probs"),
                signature!(NegativeBinomial::Logits, "total_count", "logits"),
            ],
        },
        Entry {
            name: "Normal",
            summary: "real, with mean loc and standard deviation scale",
            signatures: &[Signature { names: LOC_SCALE, family: || Arc::new(Normal) }],
        },
        Entry {
            name: "LogNormal",
            summary: "positive: exp of a Normal",
            signatures: &[Signature { names: LOC_SCALE, family: || Arc::new(LogNormal) }],
        },
        Entry {
            name: "TruncatedNormal",
            summary: "between low and high: a Normal with loc and scale, given that it lies there",
            signatures: &[signature!(TruncatedNormal, "loc", "scale", "low", "high")],
        },
        Entry {
            name: "HalfNormal",
            summary: "positive: the absolute value of a Normal with mean 0",
            signatures: &[signature!(Half(Normal), "scale")],
        },
        Entry {
            name: "Laplace",
            summary: "real, density exp(-|z - loc| / scale) / (2 scale)",
            signatures: &[Signature { names: LOC_SCALE, family: || Arc::new(Laplace) }],
        },
        Entry {
            name: "Logistic",
            summary: "real, with distribution function sigmoid((z - loc) / scale)",
            signatures: &[Signature { names: LOC_SCALE, family: || Arc::new(Logistic) }],
        },
        Entry {
            name: "Gumbel",
            summary: "real, the limit of maxima: distribution function exp(-exp(-(z - loc) / scale))",
            signatures: &[Signature { names: LOC_SCALE, family: || Arc::new(Gumbel) }],
        },
        Entry {
            name: "Cauchy",
            summary: "real, without mean: density 1 / (pi scale (1 + ((z - loc) / scale)^2))",
            signatures: &[Signature { names: LOC_SCALE, family: || Arc::new(Cauchy) }],
        },
        Entry {
            name: "HalfCauchy",
            summary: "positive, without mean: the absolute value of a Cauchy about 0",
            signatures: &[signature!(Half(Cauchy), "scale")],
        },
        Entry {
            name: "Uniform",
            summary: "between low and high",
            signatures: &[signature!(Uniform, "low", "high")],
        },
        Entry {
            name: "Exponential",
            summary: "positive, density rate exp(-rate z)",
            signatures: &[signature!(Exponential, "rate")],
        },
        Entry {
            name: "Weibull",
            summary: "positive, P(Z > z) = exp(-(z / scale)^concentration)",
            signatures: &[signature!(Weibull, "scale", "concentration")],
        },
        Entry {
            name: "Gamma",
            summary: "positive, with mean concentration / rate and variance concentration / rate^2",
            signatures: &[signature!(Gamma, "concentration", "rate")],
        },
        Entry {
            name: "Chi2",
            summary: "positive: the sum of the squares of df standard normal numbers",
            signatures: &[signature!(Chi2, "df")],
        },
        Entry {
            name: "InverseGamma",
            summary: "positive: 1 over a Gamma with the same concentration and rate",
            signatures: &[signature!(InverseGamma, "concentration", "rate")],
        },
        Entry {
            name: "Pareto",
            summary: "at least scale, P(Z > z) = (scale / z)^alpha",
            signatures: &[signature!(Pareto, "scale", "alpha")],
        },
        Entry {
            name: "Beta",
            summary: "between 0 and 1, density z^(concentration1 - 1) (1 - z)^(concentration0 - 1) / B",
            signatures: &[signature!(Beta, "concentration1", "concentration0")],
        },
        Entry {
            name: "ContinuousBernoulli",
            summary: "between 0 and 1, density proportional to probs^z (1 - probs)^(1 - z)",
            signatures: &[
                signature!(ContinuousBernoulli::Probs, "probs"),
                signature!(ContinuousBernoulli::Logits, "logits"),
            ],
        },
        Entry {
            name: "Dirichlet",
            summary: "positive numbers of sum 1; the last axis of its parameter is the event",
            signatures: &[signature!(Dirichlet, "concentration")],
        },
        Entry {
            name: "StudentT",
            summary: "real, with heavy tails: Student's t with df degrees of freedom",
            signatures: &[signature!(StudentT, "df", "loc", "scale")],
        },
        Entry {
            name: "VonMises",
            summary: "an angle between -pi and pi, density proportional to exp(concentration cos(z - loc))",
            signatures: &[signature!(VonMises, "loc", "concentration")],
        },
        Entry {
            name: "Kumaraswamy",
            summary: "between 0 and 1, P(Z > z) = (1 - z^concentration1)^concentration0",
            signatures: &[signature!(Kumaraswamy, "concentration1", "concentration0")],
        },
        Entry {
            name: "MultivariateNormal",
            summary: "a vector with mean loc and covariance scale_tril scale_tril^T; the last axis of loc is the event",
            signatures: &[signature!(MultivariateNormal, "loc", "scale_tril")],
        },
        Entry {
            name: "RelaxedBernoulli",
            summary: "between 0 and 1: the binary concrete distribution",
            signatures: &[signature!(RelaxedBernoulli, "temperature", "logits")],
        },
        Entry {
            name: "RelaxedOneHotCategorical",
            summary: "positive numbers of sum 1: the concrete or Gumbel-softmax distribution",
            signatures: &[signature!(RelaxedOneHotCategorical, "temperature", "logits")],
        },
    ];
    ALL
}

/// The names of all distributions.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    all().iter().map(|entry| entry.name)
}

/// The distribution of that name.
pub fn find(name: &str) -> Option<&'static Entry> {
    all().iter().find(|entry| entry.name == name)
}
