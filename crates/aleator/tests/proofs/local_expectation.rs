//! Local expectation: never more variance than the score function, outcomes of probability 0, and what it costs.

use aleator::diagnostics::blind_spots;
use aleator::distributions::Support;
use aleator::estimators::{Estimator, GradientTerm, Properties, SiteInfo};
use aleator::graph::Graph;
use aleator::plan::Plan;
use aleator::prelude::{Bernoulli, Binomial, Categorical, OneHotCategorical};
use aleator::rewrite::{Cone, Site};
use aleator::{Options, Program};

use crate::common::problems::discrete;
use crate::common::*;

fn finite(g: &Graph) -> bool {
    let finite = [Support::Boolean, Support::OneHot, Support::Indices];
    g.sites().iter().all(|site| finite.contains(&site.family.support()))
}

#[test]
fn the_variance_is_never_above_that_of_the_score_function() {
    let mut compared = 0;
    // One site; where a cost depends on the parameters directly, that derivative may be correlated with either estimate.
    let fits = |(name, g): &&(&str, Graph)| {
        finite(g) && g.sites().len() == 1 && !name.contains("directly") && !name.contains("a map of")
    };
    for (name, g) in discrete().iter().filter(fits) {
        let sites = g.sites().len();
        if settings(g, 1, &How::default()) > 3000.0 {
            continue;
        }
        let of = |e: Shared| exactly(g, &vec![e; sites], 1);
        let (local, plain) = (of(named("local_expectation")), of(score()));
        close(name, &local.mean, &Brute::new(g).answer().1, 1e-10);
        let (local, plain): (f64, f64) = (local.variance.iter().sum(), plain.variance.iter().sum());
        assert!(local <= plain + 1e-12, "{name}: {local}, score function {plain}");
        compared += 1;
    }
    assert!(compared >= 6, "{compared}");
}

#[test]
fn one_draw_is_enumerated() {
    let g = Graph::new();
    let phi = g.param_tensor("phi", [2, 3], vec![0.5, -1.0, 0.2, 0.0, 0.4, -0.3]);
    let z = g.sample("z", OneHotCategorical::from_logits(phi));
    let k = g.sample("k", Categorical::from_logits(g.param_tensor("psi", [4], vec![0.3, -0.2, 0.9, 0.0])));
    let n = g.sample("n", Binomial::from_probs(3.0, g.param("p", 0.3)));
    g.cost("rows", (z * g.data("v", [3], vec![1.0, -0.5, 2.0])).sum_axes(-1).exp());
    g.cost("index", 1e4 + (k - 1.3).square());
    g.cost("count", (n - 0.4).square());
    let plan = vec![named("local_expectation"); 3];
    let (_, gradients) = replicates(&g, &plan, 1, 50, 3);
    let exact = gradient_of(&g);
    gradients.iter().for_each(|gradient| close("enumerated", gradient, &exact, 1e-10));
    let program = Program::<f64>::compile(&g, &plan, &Options::new()).unwrap();
    assert_eq!(program.evaluations(), 1 + 2 + 3 + 3);
}

#[test]
fn outcomes_of_probability_zero_are_visited_where_it_moves() {
    // p = 0 moves; the masked category and the certain logit do not, and their costs are infinite there.
    let g = Graph::new();
    let p = g.param_tensor("p", [3], vec![0.0, 1.0, 0.3]);
    let b = g.sample("b", Bernoulli::from_probs(p));
    g.cost("coins", (b.sum() - 0.7).square());
    let phi = g.param_tensor("phi", [3], vec![0.2, f64::NEG_INFINITY, -0.4]);
    let k = g.sample("k", OneHotCategorical::from_logits(phi));
    g.cost("masked", (1.0 - k.dot(g.data("v", [3], vec![0.1, 1.0, 0.6]))).log());
    let plan = [named("local_expectation"), named("local_expectation")];
    let got = exactly(&g, &plan, 1);
    // E (s − 0.7)² with s = Σ b: ∂pᵢ = E[(s₋ᵢ + 0.3)² − (s₋ᵢ − 0.7)²] = 2 E s₋ᵢ − 0.4.
    close("p", &got.mean[..3], &[2.0 * 1.3 - 0.4, 2.0 * 0.3 - 0.4, 2.0 - 0.4], 1e-12);
    let (q, f0, f2) = (1.0 / (1.0 + 0.6f64.exp()), 0.9f64.ln(), 0.4f64.ln());
    close("phi", &got.mean[3..], &[q * (1.0 - q) * (f0 - f2), 0.0, q * (1.0 - q) * (f2 - f0)], 1e-12);
    let plan = Plan::choose(&g, &plan.map(Some), None).unwrap();
    assert_eq!(blind_spots(&g, &plan).len(), 0);
    let plain = Plan::choose(&g, &[Some(score()), Some(score())], None).unwrap();
    assert_eq!(blind_spots(&g, &plain).len(), 1);
}

#[test]
fn too_many_evaluations_are_refused_with_a_remedy() {
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param_tensor("phi", [5000], vec![0.0])));
    g.cost("f", b.sum().square());
    let error = Program::<f64>::compile(&g, &[named("local_expectation")], &Options::new())
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("5000 draws") && error.contains("4096") && error.contains("disarm"), "{error}");
    // The same number of draws apart takes two evaluations.
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param_tensor("phi", [5000], vec![0.0])));
    g.cost("f", b.square());
    let program = Program::<f64>::compile(&g, &[named("local_expectation")], &Options::new()).unwrap();
    assert_eq!(program.evaluations(), 2);
    let certain = Graph::new();
    let k = certain.sample("k", Categorical::from_logits(certain.param_tensor("phi", [1], vec![0.4])));
    certain.cost("f", k + 1.0);
    assert_eq!(replicates(&certain, &[named("local_expectation")], 1, 2, 0).1.concat(), [0.0, 0.0]);
}

/// Local expectation as it must not be: every draw takes all others along, as if one number changed them all.
#[derive(Debug)]
struct Together;

impl Estimator for Together {
    fn properties(&self) -> &'static Properties {
        named("local_expectation").properties()
    }

    fn supports(&self, _: &SiteInfo<'_, '_>) -> Result<(), String> {
        Ok(())
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> aleator::Result<Vec<GradientTerm<'g>>> {
        let (outcomes, p) = site.other_outcomes(cone.value())?;
        let costs = cone.costs_at(outcomes, aleator::rewrite::DownstreamSites::AsPlanned)?;
        Ok(vec![GradientTerm { expr: p, weight: costs - cone.cost(), event_rank: 0 }])
    }
}

#[test]
fn replacing_all_draws_at_once_is_seen() {
    let g = Graph::new();
    let b = g.sample("b", Bernoulli::from_logits(g.param_tensor("phi", [2], vec![0.4, -1.0])));
    g.cost("f", (b.sum() - 0.7).square());
    let gradient = Brute::new(&g).answer().1;
    close("right", &exactly(&g, &[named("local_expectation")], 1).mean, &gradient, 1e-12);
    let mean = exactly(&g, &[shared(Together)], 1).mean;
    assert!(mean.iter().zip(&gradient).any(|(m, g)| (m - g).abs() > 1e-2), "{mean:?}");
}
