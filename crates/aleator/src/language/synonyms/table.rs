//! Words of other languages and libraries, and what is written here instead.

/// What a word is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Kind {
    /// A function, or what an operator or a statement does here.
    Function,
    /// A value.
    Value,
    /// A distribution.
    Distribution,
    /// The parameter of a distribution.
    Parameter,
    /// An argument of a function.
    Argument,
    /// An estimator.
    Estimator,
    /// An option of an estimator.
    EstimatorOption,
    /// The first word of a line.
    Statement,
}

/// What to write instead.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Instead {
    /// Another word, in the same place.
    Word(&'static str),
    /// Something else, in words.
    Say(&'static str),
}

use Instead::{Say, Word};
use Kind::{Argument, Distribution, Estimator, EstimatorOption, Function, Parameter, Statement, Value};

/// Words of a kind, and what to write instead of them. Of several rows for a word, the first that applies counts.
pub(super) type Row = (Kind, &'static [&'static str], Instead);

pub(super) const TABLE: &[Row] = &[
    // Functions.
    (Function, &["pow", "power"], Say("powers are written `x^y`")),
    (Function, &["ln"], Word("log")),
    (Function, &["log2"], Say("write `log(x) / log(2)`")),
    (Function, &["log10"], Say("write `log(x) / log(10)`")),
    (Function, &["exp2"], Say("write `2^x`")),
    (Function, &["fabs", "absolute"], Word("abs")),
    (Function, &["fmax", "amax", "pmax"], Word("max")),
    (Function, &["fmin", "amin", "pmin"], Word("min")),
    (Function, &["argmin"], Say("write `argmax(-x)`")),
    (Function, &["average", "avg"], Word("mean")),
    (Function, &["var"], Say("the variance of the elements is `mean((x - mean(x))^2)`")),
    (
        Function,
        &["std", "stdev", "sd"],
        Say("the standard deviation of the elements is `sqrt(mean((x - mean(x))^2))`"),
    ),
    (Function, &["inv_logit", "expit", "logistic", "sigm", "invlogit"], Word("sigmoid")),
    (Function, &["log1p_exp", "log1pexp"], Word("softplus")),
    (Function, &["gammaln", "loggamma", "log_gamma", "lngamma"], Word("lgamma")),
    (Function, &["psi"], Word("digamma")),
    (Function, &["round", "rint"], Say("write `floor(x + 0.5)`")),
    (Function, &["ceil", "ceiling"], Say("write `-floor(-x)`")),
    (Function, &["int", "trunc", "floordiv", "floor_divide"], Word("floor")),
    (Function, &["mod", "fmod", "remainder"], Say("the remainder of x / y is `x - y * floor(x / y)`")),
    (Function, &["heaviside", "step"], Say("write `x > 0`")),
    (Function, &["sgn", "signum"], Word("sign")),
    (Function, &["sqr"], Word("square")),
    (Function, &["rsqrt"], Say("write `1 / sqrt(x)`")),
    (Function, &["reciprocal", "inv"], Say("write `1 / x`")),
    (
        Function,
        &["matmul", "mm", "bmm", "mv", "einsum", "multi_dot"],
        Say("the matrix product is written `a @ b`"),
    ),
    (Function, &["multiply", "mul"], Say("write `a * b`")),
    (Function, &["add"], Say("write `a + b`")),
    (Function, &["sub", "subtract"], Say("write `a - b`")),
    (Function, &["div", "divide", "true_divide"], Say("write `a / b`")),
    (Function, &["inner", "vdot", "dot_product"], Word("dot")),
    (Function, &["outer"], Say("write `reshape(a, [-1, 1]) * b`")),
    (Function, &["cat", "concatenate", "hstack", "append", "append_row", "append_col"], Word("concat")),
    (Function, &["c"], Say("lists are written `[1, 2, 3]`; `concat([a, b])` joins them")),
    (Function, &["vstack", "rbind", "cbind"], Word("stack")),
    (Function, &["t", "permute", "swapaxes", "movedim"], Word("transpose")),
    (Function, &["flatten", "ravel"], Say("write `reshape(x, [-1])`")),
    (Function, &["view", "resize"], Word("reshape")),
    (Function, &["squeeze", "unsqueeze", "expand_dims"], Word("reshape")),
    (Function, &["zeros_like"], Say("write `0 * x`")),
    (Function, &["ones_like"], Say("write `0 * x + 1`")),
    (Function, &["full", "fill"], Say("write `c * ones([2, 3])`")),
    (Function, &["identity"], Word("eye")),
    (Function, &["range", "seq"], Word("arange")),
    (Function, &["expand", "tile", "repeat", "rep_vector", "rep"], Word("broadcast_to")),
    (Function, &["log_sum_exp", "lse"], Word("logsumexp")),
    (Function, &["logsoftmax"], Word("log_softmax")),
    (Function, &["product"], Word("prod")),
    (
        Function,
        &["size", "numel", "shape", "length", "num_elements"],
        Say("`len(x)` is the size of the first axis"),
    ),
    (Function, &["if", "ifelse", "if_else", "cond", "select", "iif"], Say("write `where(cond, a, b)`")),
    (Function, &["clip", "clip_by_value"], Word("clamp")),
    (Function, &["detach", "stop_grad", "no_grad", "block_grad"], Word("stop_gradient")),
    (Function, &["onehot", "to_categorical"], Word("one_hot")),
    (
        Function,
        &["array", "tensor", "asarray", "list", "Tensor", "vector", "matrix"],
        Say("lists are written `[1, 2, 3]`, matrices `[[1, 2], [3, 4]]`"),
    ),
    (
        Function,
        &["randn", "rnorm", "normal_rng", "standard_normal"],
        Say("a draw has a line of its own: `z ~ Normal(0, 1)`"),
    ),
    (
        Function,
        &["rand", "runif", "random", "uniform_rng"],
        Say("a draw has a line of its own: `u ~ Uniform(0, 1)`"),
    ),
    (
        Function,
        &["sample", "rsample", "randint", "choice", "rbinom", "bernoulli_rng", "dropout"],
        Say("a draw has a line of its own, such as `b ~ Bernoulli(0.5)`"),
    ),
    (Function, &["mse_loss", "mse", "l2_loss"], Say("write `mean((x - y)^2)`")),
    (
        Function,
        &["cross_entropy", "nll_loss", "softmax_cross_entropy"],
        Say("write a line `observe y ~ Categorical(logits = ..)`"),
    ),
    (
        Function,
        &["binary_cross_entropy", "bce_loss", "binary_cross_entropy_with_logits", "bce"],
        Say("write a line `observe y ~ Bernoulli(logits = ..)`"),
    ),
    (Function, &["kl_divergence", "kl_div", "kldiv"], Word("kl")),
    (
        Function,
        &["logpdf", "logpmf", "log_pdf", "log_pmf", "lpdf", "lpmf", "dnorm", "normal_lpdf", "logprob"],
        Say("write `log_prob(Normal(0, 1), x)`"),
    ),
    (
        Function,
        &["expectation", "expect", "E"],
        Say("the objective is the expectation of the costs: write `cost f = ..`"),
    ),
    (
        Function,
        &["grad", "gradient", "backward"],
        Say("gradients of the costs are computed without being written; name a `cost`"),
    ),
    (
        Function,
        &["print", "show"],
        Say("nothing is printed; give the value a name, or make it a `cost` to see its mean"),
    ),
    (Function, &["lambda"], Say("functions cannot be defined; write the expression where it is used")),
    // Values.
    (Value, &["e", "E"], Say("write `exp(1)`")),
    (Value, &["infinity", "Infinity", "INFINITY", "infty"], Word("inf")),
    (Value, &["PI", "Pi"], Word("pi")),
    (
        Value,
        &["nan", "NaN", "NA"],
        Say("there is no value for missing numbers; leave these rows out of the data"),
    ),
    (Value, &["None", "null", "NULL", "nil"], Say("there is no empty value; leave the argument out")),
    (Value, &["TRUE"], Word("true")),
    (Value, &["T"], Say("the transpose is written `transpose(x)`")),
    (Value, &["FALSE"], Word("false")),
    (
        Value,
        &["torch", "np", "numpy", "jnp", "jax", "math", "tf", "pyro", "numpyro", "tfp", "scipy", "F", "nn"],
        Say("names have no module in front: write `exp(x)`, and `z ~ Normal(0, 1)` to draw"),
    ),
    (Value, &["self", "this"], Say("there are no objects; names are used alone")),
    // Distributions.
    (Distribution, &["Bern", "Coin", "Flip", "dbern", "bernoulli_logit"], Word("Bernoulli")),
    (Distribution, &["Gaussian", "Gauss", "N", "Norm", "dnorm", "rnorm", "randn"], Word("Normal")),
    (
        Distribution,
        &["MVN", "MvNormal", "MultivariateGaussian", "multi_normal", "MultiNormal", "multi_normal_cholesky"],
        Word("MultivariateNormal"),
    ),
    (
        Distribution,
        &["Cat", "Discrete", "Multinoulli", "dcat", "categorical_logit", "Choice"],
        Word("Categorical"),
    ),
    (Distribution, &["OneHot", "OneHotCat"], Word("OneHotCategorical")),
    (Distribution, &["Exp", "Expon", "dexp", "rexp"], Word("Exponential")),
    (Distribution, &["Unif", "dunif", "runif", "rand"], Word("Uniform")),
    (Distribution, &["Pois", "dpois", "rpois", "poisson_log"], Word("Poisson")),
    (Distribution, &["Binom", "dbinom", "rbinom"], Word("Binomial")),
    (Distribution, &["Geom", "rgeom"], Word("Geometric")),
    (
        Distribution,
        &["NegBin", "NegBinomial", "neg_binomial", "NB", "neg_binomial_2"],
        Word("NegativeBinomial"),
    ),
    (Distribution, &["Lognorm", "dlnorm", "log_normal"], Word("LogNormal")),
    (Distribution, &["Dir", "ddirich"], Word("Dirichlet")),
    (Distribution, &["T", "Student", "student_t", "dt"], Word("StudentT")),
    (Distribution, &["DoubleExponential", "double_exponential", "Laplacian"], Word("Laplace")),
    (Distribution, &["dgamma", "rgamma"], Word("Gamma")),
    (Distribution, &["dbeta", "rbeta"], Word("Beta")),
    (Distribution, &["InvGamma", "inv_gamma"], Word("InverseGamma")),
    (Distribution, &["ChiSquared", "ChiSquare", "chi_square"], Word("Chi2")),
    (Distribution, &["half_normal"], Word("HalfNormal")),
    (Distribution, &["half_cauchy"], Word("HalfCauchy")),
    (Distribution, &["TruncNormal", "TruncNorm", "truncated_normal"], Word("TruncatedNormal")),
    (Distribution, &["BetaBinom", "beta_binomial"], Word("BetaBinomial")),
    (Distribution, &["Multi", "dmulti"], Word("Multinomial")),
    (
        Distribution,
        &["Delta", "Dirac", "Constant", "Deterministic"],
        Say("a value that is not random is written `z = ..`"),
    ),
    (Distribution, &["Rademacher"], Say("draw `b ~ Bernoulli(0.5)` and compute `z = 2 * b - 1`")),
    (
        Distribution,
        &["DiscreteUniform", "Randint", "UniformInt", "IntegerUniform"],
        Say("write `Categorical(ones([n]))`"),
    ),
    (
        Distribution,
        &["Concrete", "GumbelSoftmax", "RelaxedCategorical", "Gumbel_softmax"],
        Word("RelaxedOneHotCategorical"),
    ),
    (
        Distribution,
        &[
            "torch",
            "pyro",
            "numpyro",
            "dist",
            "distributions",
            "np",
            "numpy",
            "tfd",
            "tfp",
            "stats",
            "jax",
            "pm",
            "D",
        ],
        Say("names have no module in front: write `z ~ Normal(0, 1)`"),
    ),
    // Parameters of distributions.
    (Parameter, &["p", "prob", "probability", "theta", "pi"], Word("probs")),
    (Parameter, &["logit", "log_odds"], Word("logits")),
    (Parameter, &["mu", "mean", "location", "m"], Word("loc")),
    (Parameter, &["sigma", "std", "sd", "stddev", "s", "stdev", "scale_diag"], Word("scale")),
    (
        Parameter,
        &["var", "variance", "sigma2"],
        Say("the parameter is the standard deviation: `scale = sqrt(..)`"),
    ),
    (
        Parameter,
        &["precision", "prec"],
        Say("the parameter is the standard deviation: `scale = 1 / sqrt(..)`"),
    ),
    (
        Parameter,
        &["cov", "covariance", "covariance_matrix"],
        Say("the parameter is a Cholesky factor of the covariance: `scale_tril = ..`"),
    ),
    (Parameter, &["lam", "lambda", "mu", "mean", "beta"], Word("rate")),
    (Parameter, &["alpha", "a", "k", "shape"], Word("concentration")),
    (Parameter, &["alpha", "a"], Word("concentration1")),
    (Parameter, &["beta", "b"], Word("concentration0")),
    (Parameter, &["kappa", "alpha"], Word("concentration")),
    (Parameter, &["n", "trials", "N"], Word("total_count")),
    (Parameter, &["lower", "min", "a", "lo"], Word("low")),
    (Parameter, &["upper", "max", "b", "hi"], Word("high")),
    (Parameter, &["tau", "temp"], Word("temperature")),
    (Parameter, &["nu", "dof"], Word("df")),
    (
        Parameter,
        &["shape", "size", "sample_shape", "n", "num_samples", "N", "dim", "batch_shape"],
        Say("independent copies are written after the parentheses: `z ~ Normal(0, 1)[10]`"),
    ),
    (
        Parameter,
        &["obs", "observed"],
        Say("what is observed has a line of its own: `observe x ~ Normal(0, 1)`"),
    ),
    (Parameter, &["name"], Say("the name stands before `~`: `z ~ Normal(0, 1)`")),
    (
        Parameter,
        &["dtype", "device", "requires_grad", "key", "rng", "seed"],
        Say("leave it out; seeds and number formats are no part of a graph"),
    ),
    // Arguments of functions.
    (Argument, &["dim", "dims", "axes", "along", "reduction_indices"], Word("axis")),
    (
        Argument,
        &["keepdim", "keepdims", "keep_dims"],
        Say("reduced axes are removed; `reshape` adds one again"),
    ),
    (
        Argument,
        &["dtype", "device", "requires_grad", "out"],
        Say("leave it out; number formats are no part of a graph"),
    ),
    (Argument, &["min", "low", "lower", "a_min"], Word("lo")),
    (Argument, &["max", "high", "upper", "a_max"], Word("hi")),
    (Argument, &["num_classes", "depth", "num", "steps", "size"], Word("n")),
    (Argument, &["shape", "size", "newshape"], Word("shape")),
    (Argument, &["input", "value", "data"], Word("x")),
    // Estimators.
    (
        Estimator,
        &["pg", "policy_gradient", "likelihood_ratio", "log_derivative", "sf", "score", "reinforce_gradient"],
        Word("score_function"),
    ),
    (
        Estimator,
        &["reparam", "reparameterize", "reparam_trick", "rsample", "reparametrization"],
        Word("pathwise"),
    ),
    (Estimator, &["gumbel", "gs", "relaxation", "gumbel_max"], Word("gumbel_softmax")),
    (Estimator, &["st", "ste", "straightthrough"], Word("straight_through")),
    (
        Estimator,
        &["st_gumbel", "stgs", "gumbel_st", "st_gumbel_softmax"],
        Word("straight_through_gumbel_softmax"),
    ),
    (Estimator, &["loo", "vargrad", "leave_one_out"], Word("reinforce_loo")),
    (
        Estimator,
        &["exact", "enumerate", "marginalize", "marginalise", "sum_out", "marginal", "parallel_enumeration"],
        Word("enumeration"),
    ),
    (Estimator, &["iwae", "multi_sample"], Word("vimco")),
    (Estimator, &["baseline", "moving_average"], Say("write `score_function(baseline = moving_average)`")),
    // Options of estimators.
    (EstimatorOption, &["tau", "temp", "T", "t"], Word("temperature")),
    (EstimatorOption, &["eta", "coef", "coeff", "scale"], Word("coefficient")),
    (EstimatorOption, &["K", "k", "n", "n_samples", "samples", "num_particles"], Word("num_samples")),
    (EstimatorOption, &["control_variate", "cv", "b"], Word("baseline")),
    (EstimatorOption, &["momentum", "beta", "alpha"], Word("decay")),
    (EstimatorOption, &["hidden_size", "hidden_dim", "units", "width"], Word("hidden")),
    // The first word of a line.
    (Statement, &["maximize", "maximise", "utility", "return_"], Word("reward")),
    (Statement, &["minimize", "minimise", "loss", "objective"], Word("cost")),
    (Statement, &["parameter", "parameters", "variable", "Parameter", "trainable"], Word("param")),
    (Statement, &["constant", "static", "final"], Word("const")),
    (
        Statement,
        &["let", "var", "val", "auto", "set", "int", "float", "real", "double", "vector", "matrix", "array"],
        Say("to define a value, write `x = ..` without a word in front; a parameter is `param x = ..`"),
    ),
    (
        Statement,
        &["def", "function", "func", "fn", "lambda"],
        Say("functions cannot be defined; give values names and compute with them"),
    ),
    (Statement, &["class", "struct", "module"], Say("there are no classes; a file is one graph")),
    (
        Statement,
        &["if", "else", "elif", "switch", "match"],
        Say("to choose between values, write `x = where(cond, a, b)`"),
    ),
    (
        Statement,
        &["for", "while", "repeat", "plate"],
        Say(
            "there is no such loop; tensors do the work: `z ~ Normal(0, 1)[10]` draws 10 copies, and `sum(x)` adds them",
        ),
    ),
    (Statement, &["return"], Say("nothing is returned; what is minimised is `cost f = ..`")),
    (Statement, &["print", "show"], Say("nothing is printed; the means of the costs are reported")),
    (
        Statement,
        &["import", "from", "using", "library", "include", "require"],
        Say("nothing is imported; leave the line out"),
    ),
    (
        Statement,
        &["model", "transformed", "generated", "functions"],
        Say("there are no blocks; write the statements one after another"),
    ),
    (Statement, &["observed", "condition", "factor"], Word("observe")),
    (Statement, &["sample", "random", "draw", "rv"], Say("to draw, write `z ~ Normal(0, 1)`")),
    (
        Statement,
        &["target"],
        Say(
            "to add to the objective, write `cost f = ..`; a log density is added by `observe x ~ Normal(0, 1)`",
        ),
    ),
    (Statement, &["assert"], Say("there are no assertions; leave the line out")),
];
