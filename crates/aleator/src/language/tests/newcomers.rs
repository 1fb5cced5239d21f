//! Mistakes that people make who come from other languages and libraries: each has a place, a cause and a remedy.
use crate::language::{Loading, diagnose};

/// Where it comes from, a line with a mistake, its place, and parts of the message and of the remedy. The names that stand in
/// `PRELUDE` are defined above it.
const MISTAKES: &[(&str, &str, &str, &str, &str)] = &[
    // Names of distributions.
    ("Pyro", "b ~ Bern(0.5)", "1:5", "no distribution `Bern`", "did you mean `Bernoulli`?"),
    ("Julia", "z ~ Gaussian(0, 1)", "1:5", "no distribution `Gaussian`", "did you mean `Normal`?"),
    ("papers", "z ~ N(0, 1)", "1:5", "no distribution `N`", "did you mean `Normal`?"),
    ("Stan", "z ~ normal(0, 1)", "1:5", "no distribution `normal`", "did you mean `Normal`?"),
    ("Stan", "z ~ bernoulli_logit(t)", "1:5", "no distribution", "did you mean `Bernoulli`?"),
    ("Stan", "z ~ multi_normal(v, M)", "1:5", "no distribution", "did you mean `MultivariateNormal`?"),
    ("Stan", "z ~ double_exponential(0, 1)", "1:5", "no distribution", "did you mean `Laplace`?"),
    ("R", "z ~ rnorm(0, 1)", "1:5", "no distribution", "did you mean `Normal`?"),
    ("Pyro", "k ~ Cat([0.5, 0.5])", "1:5", "no distribution", "did you mean `Categorical`?"),
    ("Pyro", "z ~ dist.Normal(0, 1)", "1:9", "expected `(`", "write `z ~ Normal(..)`"),
    ("TFP", "z ~ tfd.MultivariateNormalDiag(0, 1)", "1:8", "expected `(`", "no module in front"),
    ("Stan", "z ~ chi_square(3)", "1:5", "no distribution", "did you mean `Chi2`?"),
    ("Stan", "z ~ inv_gamma(1, 1)", "1:5", "no distribution", "did you mean `InverseGamma`?"),
    ("JAGS", "k ~ dmulti(v, 3)", "1:5", "no distribution", "did you mean `Multinomial`?"),
    ("Pyro", "z ~ Delta(3)", "1:5", "no distribution", "`z = ..`"),
    // Parameters of distributions.
    ("NumPy", "z ~ Normal(mu = 0, sigma = 1)", "1:12", "no parameter `mu`", "`loc`"),
    ("R", "z ~ Normal(0, sd = 1)", "1:15", "no parameter `sd`", "`scale`"),
    ("papers", "z ~ Normal(0, variance = 4)", "1:15", "no parameter `variance`", "sqrt"),
    ("PyTorch", "b ~ Bernoulli(p = 0.5)", "1:15", "no parameter `p`", "`probs`"),
    ("PyTorch", "z ~ Poisson(lambda = 3)", "1:13", "no parameter `lambda`", "`rate`"),
    ("Stan", "z ~ Gamma(alpha = 1, beta = 2)", "1:11", "no parameter `alpha`", "`concentration`"),
    ("Stan", "z ~ Beta(alpha = 1, beta = 2)", "1:10", "no parameter `alpha`", "`concentration1`"),
    ("NumPy", "z ~ Uniform(min = 0, max = 1)", "1:13", "no parameter `min`", "`low`"),
    ("R", "z ~ Binomial(n = 3, probs = 0.5)", "1:14", "no parameter `n`", "`total_count`"),
    ("NumPyro", "z ~ Normal(0, 1, shape = 3)", "1:18", "no parameter `shape`", "`z ~ Normal(0, 1)[10]`"),
    ("NumPy", "z ~ Normal(0, 1, size = 3)", "1:18", "no parameter `size`", "`z ~ Normal(0, 1)[10]`"),
    ("Pyro", "z ~ Normal(0, 1, obs = x)", "1:18", "no parameter `obs`", "`observe x ~ Normal(0, 1)`"),
    ("PyTorch", "z ~ MultivariateNormal(v, covariance_matrix = M)", "1:27", "no parameter", "Cholesky"),
    ("PyTorch", "z ~ Normal(0, 1, 5)", "1:18", "takes 2 arguments by position, got 3", "Normal(loc, scale)"),
    // Parameters outside of their domains.
    ("any", "z ~ Normal(0, -1)", "1:15", "scale of `z` (Normal) must be positive, got -1", "exp(x)"),
    ("any", "z ~ Normal(0, 0)", "1:15", "must be positive, got 0", "standard deviation"),
    ("any", "b ~ Bernoulli(1.5)", "1:15", "must be between 0 and 1, got 1.5", "logits = .."),
    ("any", "b ~ Bernoulli([0.5, -0.1])", "1:15", "got -0.1 (element 1)", "logits = .."),
    (
        "any",
        "k ~ Categorical([0.5, -0.5])",
        "1:17",
        "must be non-negative with a positive sum",
        "logits = ..",
    ),
    ("any", "z ~ Gamma(0, 1)", "1:11", "must be positive, got 0", "softplus"),
    ("any", "z ~ Binomial(2.5, 0.5)", "1:14", "must be a non-negative integer, got 2.5", "whole number"),
    (
        "any",
        "z ~ Uniform(2, 1)",
        "1:13",
        "the parameters of `z` (Uniform) must be so that",
        "change these numbers",
    ),
    ("any", "cost e = kl(Normal(0, 1), Normal(0, -2))", "1:37", "must be positive, got -2", "exp(x)"),
    // Functions.
    ("Python", "y = pow(x, 2)", "1:5", "no function `pow`", "`x^y`"),
    ("R", "y = ln(x)", "1:5", "no function `ln`", "did you mean `log`?"),
    ("NumPy", "y = log10(x)", "1:5", "no function `log10`", "log(x) / log(10)"),
    ("Stan", "y = inv_logit(x)", "1:5", "no function", "did you mean `sigmoid`?"),
    ("SciPy", "y = expit(x)", "1:5", "no function", "did you mean `sigmoid`?"),
    ("SciPy", "y = gammaln(x)", "1:5", "no function", "did you mean `lgamma`?"),
    ("Stan", "y = log_sum_exp(v)", "1:5", "no function", "did you mean `logsumexp`?"),
    ("NumPy", "y = clip(x, 0, 1)", "1:5", "no function", "did you mean `clamp`?"),
    ("PyTorch", "y = matmul(M, v)", "1:5", "no function", "`a @ b`"),
    ("PyTorch", "y = einsum(M, v)", "1:5", "no function", "`a @ b`"),
    ("PyTorch", "y = cat([v, v])", "1:5", "no function", "did you mean `concat`?"),
    ("R", "y = c(1, 2)", "1:5", "no function", "`[1, 2, 3]`"),
    ("NumPy", "y = array([1, 2])", "1:5", "no function", "`[1, 2, 3]`"),
    ("PyTorch", "y = randn(3)", "1:5", "no function", "`z ~ Normal(0, 1)`"),
    ("PyTorch", "y = detach(x)", "1:5", "no function", "did you mean `stop_gradient`?"),
    ("PyTorch", "y = mse_loss(x, 1)", "1:5", "no function", "mean((x - y)^2)"),
    ("PyTorch", "y = cross_entropy(v, x)", "1:5", "no function", "observe y ~ Categorical"),
    ("PyTorch", "y = kl_divergence(Normal(0, 1), Normal(0, 1))", "1:5", "no function", "did you mean `kl`?"),
    ("R", "y = ifelse(x > 0, 1, 2)", "1:5", "no function", "where(cond, a, b)"),
    ("Stan", "y = if_else(x > 0, 1, 2)", "1:5", "no function", "where(cond, a, b)"),
    ("NumPy", "y = size(v)", "1:5", "no function", "len(x)"),
    ("PyTorch", "y = sum(M, dim = 0)", "1:12", "no argument `dim`", "`axis`"),
    ("PyTorch", "y = sum(M, axis = 0, keepdim = true)", "1:22", "no argument `keepdim`", "reshape"),
    ("NumPy", "y = zeros(2, 3)", "1:14", "takes 1 argument by position, got 2", "zeros([2, 3])"),
    ("NumPy", "y = np.exp(x)", "1:7", "found `.`", "write `exp(..)`"),
    ("PyTorch", "y = torch.matmul(M, v)", "1:10", "found `.`", "`a @ b`"),
    ("PyTorch", "y = torch.sigmoid(x)", "1:10", "found `.`", "write `sigmoid(..)`"),
    ("PyTorch", "y = F.relu(x)", "1:6", "found `.`", "write `relu(..)`"),
    ("JAX", "y = jnp.where(x > 0, 1, 2)", "1:8", "found `.`", "write `where(..)`"),
    ("NumPy", "y = M.T", "1:6", "found `.`", "write `transpose(M)`"),
    ("NumPy", "y = M.T @ v", "1:6", "found `.`", "write `transpose(M)`"),
    ("R", "y = M'", "1:6", "unexpected character `'`", "transpose(x)"),
    ("Stan", "y = M' * v", "1:6", "unexpected character `'`", "transpose(x)"),
    ("NumPy", "y = M^T", "1:7", "`T` is not defined", "transpose(x)"),
    ("PyTorch", "y = v.sum()", "1:6", "found `.`", "sum(x)"),
    ("PyTorch", "y = M.shape[0]", "1:6", "found `.`", "len(M)"),
    ("PyTorch", "y = x.detach()", "1:6", "found `.`", "stop_gradient(x)"),
    // Operators and forms.
    ("Python", "y = x ** 2", "1:7", "found `**`", "`^`"),
    ("Python", "y = x // 2", "1:8", "found `/`", "floor(a / b)"),
    ("Python", "y = x % 2", "1:7", "unexpected character `%`", "floor(x / y)"),
    ("C", "y = x > 0 ? 1 : 2", "1:11", "unexpected character `?`", "where(cond, a, b)"),
    ("Python", "y = 1 if x > 0 else 2", "1:7", "found `if`", "where(cond, a, b)"),
    ("Python", "y = [i for i in v]", "1:8", "found `for`", "whole tensors"),
    ("Python", "y = lambda a: a", "1:12", "found `a`", "functions cannot be defined"),
    ("C", "y = x && t", "1:7", "`&`", "write `and`"),
    ("C", "y = !x", "1:5", "`!`", "`not x`"),
    ("C", "y = x;", "1:6", "`;`", "one statement a line"),
    ("C", "// a comment", "1:1", "found `/`", "`#`"),
    ("C", "y = x // a comment", "1:8", "found `/`", "`#`"),
    ("C", "y = x /* a comment */", "1:8", "found `*`", "`#`"),
    ("Python", "y = True", "1:5", "`True` is not defined", "did you mean `true`?"),
    ("Python", "y = None", "1:5", "`None` is not defined", "leave the argument out"),
    ("NumPy", "y = M[..., 0]", "1:7", "found `.", "`x[:, 0]`"),
    ("NumPy", "y = v[::2]", "1:8", "", "no step"),
    ("Python", "y = (1, 2)", "1:7", "expected `)`", "`[` and `]`"),
    ("Python", "y = 0 < x < 1", "1:11", "cannot be chained", "and"),
    ("Python", "y = 1_000", "1:5", "`1_000` is not a number", "without `_`"),
    ("papers", "y = 2x", "1:5", "`2x` is not a number", "`2 * x`"),
    ("papers", "y = e^x", "1:5", "`e` is not defined", "exp(1)"),
    // Lines.
    ("Python", "x += 1", "1:3", "found `+`", "`x_2 = x + ..`"),
    ("Stan", "target += x", "1:8", "found `+`", "cost"),
    ("R", "y <- 3", "1:3", "found `<`", "`y = ..`"),
    ("Python", "if x > 0:", "1:1", "`if` begins no statement", "where(cond, a, b)"),
    ("Python", "def f(x):", "1:1", "`def` begins no statement", "functions cannot be defined"),
    ("Python", "for i in range(3):", "1:1", "`for` begins no statement", "[10]"),
    ("Python", "import torch", "1:1", "`import` begins no statement", "leave the line out"),
    ("Python", "return x", "1:1", "`return` begins no statement", "`cost f = ..`"),
    ("Python", "print(x)", "1:1", "`print` begins no statement", "means of the costs"),
    ("JavaScript", "let y = 3", "1:1", "`let` begins no statement", "without a word in front"),
    ("Stan", "real y = 3", "1:1", "`real` begins no statement", "without a word in front"),
    ("Stan", "vector[3] y", "1:7", "found `[`", ""),
    ("Stan", "parameters {", "1:12", "unexpected character `{`", ""),
    ("PyTorch", "torch.manual_seed(0)", "1:6", "found `.`", "no module in front"),
    ("Pyro", "pyro.sample(\"z\", Normal(0, 1))", "1:5", "found `.`", "own"),
    ("solvers", "maximize y = x", "1:1", "`maximize` begins no statement", "did you mean `reward`?"),
    ("solvers", "minimize y = x", "1:1", "`minimize` begins no statement", "did you mean `cost`?"),
    ("Keras", "loss y = x", "1:1", "`loss` begins no statement", "did you mean `cost`?"),
    ("Julia", "y := 3", "1:3", "found `:`", "`y = ..`"),
    ("PyMC", "z = Normal(0, 1)", "1:5", "`=` computes and does not draw", "`z ~ Normal(..)`"),
    ("Stan", "z ~ Normal(0, 1) for i in 1:3", "1:18", "found `for`", "[10]"),
    ("any", "y = sum(x", "1:8", "never closed", "add the missing `)`"),
    ("any", "x = 3", "1:1", "defined a second time", "another name"),
    ("any", "param q : 3 = 0", "1:11", "a shape in brackets", "`: [3]`"),
    // Estimators.
    ("papers", "z ~ Normal(0, 1) via reparam", "1:22", "no estimator", "did you mean `pathwise`?"),
    (
        "papers",
        "b ~ Bernoulli(0.5) via policy_gradient",
        "1:24",
        "no estimator",
        "did you mean `score_function`?",
    ),
    ("papers", "b ~ Bernoulli(0.5) via ste", "1:24", "no estimator", "did you mean `straight_through`?"),
    ("Storchastic", "b ~ Bernoulli(0.5) via exact", "1:24", "no estimator", "did you mean `enumeration`?"),
    (
        "papers",
        "b ~ Bernoulli(0.5) via rebar(tau = 1)",
        "1:30",
        "no option `tau`",
        "did you mean `temperature`?",
    ),
    (
        "papers",
        "b ~ Bernoulli(0.5) via rebar(eta = 1)",
        "1:30",
        "no option `eta`",
        "did you mean `coefficient`?",
    ),
    // Shapes and files.
    ("any", "y = ones([4]) @ ones([3, 2])", "1:5", "shapes [4] and [3, 2]", "transpose"),
    ("any", "y = ones([3, 2]) @ ones([4])", "1:5", "shapes [3, 2] and [4]", "transpose"),
    ("any", "y = v + [1, 2, 3]", "1:5", "shapes [2] and [3] do not broadcast", "axes"),
    ("any", "data d : [3] = file(\"no such.npy\")", "1:21", "no such.npy", "folder"),
    ("any", "data d : [3] = \"x.npy\"", "1:16", "expected an expression", "file("),
];

/// What the lines may use.
const PRELUDE: &str = "param t = 0.5\nx = t + 1\nv = [t, 1]\nM = eye(2)\n";

#[test]
fn every_mistake_of_a_newcomer_has_a_place_a_cause_and_a_remedy() {
    let mut wrong = Vec::new();
    for &(from, line, place, message, remedy) in MISTAKES {
        let source = format!("{PRELUDE}{line}\ncost f = t");
        let loading = Loading { folder: Some(std::path::Path::new("/nowhere")), ..Loading::default() };
        let found = diagnose(&source, &loading);
        let Some(first) = found.first() else {
            wrong.push(format!("{from}: {line}\n  loads"));
            continue;
        };
        let at = first
            .place(&source)
            .map(|place| format!("{}:{}", place.line - PRELUDE.lines().count(), place.column));
        let help = first.help.clone().unwrap_or_default();
        if at.as_deref() != Some(place)
            || !first.message.contains(message)
            || !help.contains(remedy)
            || help.is_empty()
        {
            wrong.push(format!("{from}: {line}\n  {at:?}: {}\n  {help}\n", first.message));
        }
        // A suggested replacement removes the mistake that it was suggested for.
        for suggestion in &first.suggestions {
            let mut mended = source.clone();
            mended.replace_range(suggestion.span.start..suggestion.span.end, &suggestion.text);
            assert_ne!(diagnose(&mended, &loading).first(), Some(first), "{line}: {suggestion:?}");
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), MISTAKES.len(), wrong.join("\n"));
}

#[test]
fn independent_mistakes_are_found_together_and_consequences_are_not() {
    let source = "param a = nothing\nb = a + 1\nz ~ Normall(b, 1)\ny = [1, 2] + [1, 2, 3]\nw = y + 1\nq = = 3\n\
                  cost f = z + q\ncost g = nothing + other\nx ~ Normal(0, -1)";
    let places: Vec<String> = diagnose(source, &Loading::default())
        .iter()
        .map(|mistake| format!("{} {}", mistake.place(source).unwrap(), mistake.message))
        .collect();
    let expected = [
        "1:11 `nothing`",
        "3:5 there is no distribution `Normall`",
        "4:5 +: shapes [2] and [3]",
        "6:5 expected an expression",
        "8:20 `other`",
        "9:15 scale of `x`",
    ];
    assert_eq!(places.len(), expected.len(), "{places:#?}");
    for (place, expected) in places.iter().zip(expected) {
        assert!(place.starts_with(expected), "{place}, not {expected}");
    }
    let many = "y1 = zz1\n".repeat(3) + &(0..50).map(|i| format!("a{i} = q{i}\n")).collect::<String>();
    assert_eq!(diagnose(&many, &Loading::default()).len(), 10);
}
