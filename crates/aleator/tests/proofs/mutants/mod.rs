//! Mutants: estimators with a planted mistake, each of which `certify` must refute.
//!
//! A mutant takes the place of an estimator of the table: it has another draw or other terms, and the rest is that of the original. All
//! mistakes are taken from the history of the field or are one slip away from the formula. The originals are not refuted on the same
//! graphs. The table of all mutants is part of the book, and a test compares it.

mod bounds;
mod coins;
mod identities;
mod relaxations;
mod scores;
mod straight_through;
mod sums;
mod transforms;

use std::sync::Arc;

use aleator::Result;
use aleator::certify::{Certify, PlanCertificate, Standing, certify};
use aleator::estimators::{Estimator, GradientTerm, Properties, SiteInfo};
use aleator::graph::Graph;
use aleator::rewrite::{Cone, OptionValue, Site, SiteValue, Smoothness};

type Draw = for<'g> fn(&Site<'g>) -> Result<SiteValue<'g>>;
type Terms = for<'g> fn(&Site<'g>, &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>>;

/// A mistake.
struct Mutant {
    /// The name of the original, as the language writes it.
    of: &'static str,
    /// The mistake, in words.
    mistake: &'static str,
    /// The graph on which it is refuted.
    graph: fn(&Graph),
    samples: usize,
    /// The largest number of operations of an integral, before it is sampled.
    operations: usize,
    /// What takes the place of the original's draw.
    draw: Option<Draw>,
    /// What takes the place of the original's terms.
    terms: Option<Terms>,
    /// Whether the mutant accepts every site.
    any_site: bool,
    /// Whether the mistake changes the variance only.
    variance_only: bool,
    /// The identity that refutes it, if the mean is right on this graph.
    identity: Option<&'static str>,
    /// Whether the original declares itself biased. Its mean is the gradient on this graph all the same, and that of the mutant is not.
    biased: bool,
}

/// No mistake yet.
const NONE: Mutant = Mutant {
    of: "",
    mistake: "",
    graph: |_| {},
    samples: 1,
    operations: 1 << 26,
    draw: None,
    terms: None,
    any_site: false,
    variance_only: false,
    identity: None,
    biased: false,
};

/// The mutant as an estimator.
#[derive(Debug)]
struct Mutated {
    original: Arc<dyn Estimator>,
    draw: Option<Draw>,
    terms: Option<Terms>,
    any_site: bool,
}

impl Estimator for Mutated {
    fn properties(&self) -> &'static Properties {
        self.original.properties()
    }

    fn smoothness(&self) -> Smoothness {
        self.original.smoothness()
    }

    fn options(&self) -> Vec<(&'static str, OptionValue)> {
        self.original.options()
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        if self.any_site { Ok(()) } else { self.original.supports(site) }
    }

    fn min_samples(&self) -> usize {
        self.original.min_samples()
    }

    fn visits_every_outcome(&self) -> bool {
        self.original.visits_every_outcome()
    }

    fn alternatives(&self, site: &SiteInfo<'_, '_>) -> Result<Option<usize>, String> {
        self.original.alternatives(site)
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        self.draw.map_or_else(|| self.original.draw(site), |draw| draw(site))
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        self.terms.map_or_else(|| self.original.terms(site, cone), |terms| terms(site, cone))
    }
}

impl Mutant {
    /// What refutes it.
    fn shown_by(&self) -> &'static str {
        match self.identity {
            Some(identity) => identity,
            None if self.variance_only => "variance",
            None => "mean",
        }
    }

    fn original(&self) -> Arc<dyn Estimator> {
        super::common::named(self.of)
    }

    fn estimator(&self) -> Arc<dyn Estimator> {
        let Mutant { draw, terms, any_site, .. } = *self;
        Arc::new(Mutated { original: self.original(), draw, terms, any_site })
    }

    /// The certificate of an estimator on the graph of the mutant; nothing of it depends on time.
    fn certified(&self, estimator: Arc<dyn Estimator>) -> Result<PlanCertificate> {
        let graph = Graph::new();
        (self.graph)(&graph);
        let mut how = Certify::new()
            .only(vec![estimator])
            .samples(self.samples)
            .most_replicates(1 << 15)
            .most_operations(self.operations)
            .budget(std::time::Duration::from_secs(600));
        if self.identity.is_none() {
            how = how.means_alone();
        }
        if self.variance_only {
            how = how.no_more_variance_than(self.original());
        }
        Ok(certify(&graph, &how)?.plans.remove(0))
    }
}

fn all() -> Vec<Mutant> {
    [
        scores::mutants(),
        sums::mutants(),
        coins::mutants(),
        relaxations::mutants(),
        straight_through::mutants(),
        transforms::mutants(),
        bounds::mutants(),
        identities::mutants(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether the mean itself is refuted, whatever the plan declares.
fn has_wrong_mean(plan: &PlanCertificate) -> bool {
    plan.gradient.values().flatten().any(|c| c.verdict == Standing::Refuted)
}

/// Every mutant is refuted, and its original is not.
#[track_caller]
fn are_refuted(mutants: Vec<Mutant>) {
    for mutant in mutants {
        let name = format!("{}: {}", mutant.of, mutant.mistake);
        let wrong = mutant.certified(mutant.estimator()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(wrong.verdict, Standing::Refuted, "{name}: {wrong:?}");
        assert_ne!(wrong.declared_unbiased, mutant.biased, "{name}: it declares something else");
        assert_eq!(has_wrong_mean(&wrong), mutant.shown_by() == "mean", "{name}: {wrong:?}");
        let fails = wrong.identities.iter().filter(|i| i.verdict == Standing::Refuted);
        assert!(fails.map(|i| i.identity).eq(mutant.identity), "{name}: {:?}", wrong.identities);
        let of_variance = wrong.variance.is_some_and(|variance| variance.verdict == Standing::Refuted);
        assert_eq!(of_variance, mutant.variance_only, "{name}");
        // An original that refuses the graph is not refuted either.
        match mutant.certified(mutant.original()) {
            Ok(right) if mutant.biased => {
                let proved = |c: &aleator::certify::CoordinateCertificate| c.verdict == Standing::Proved;
                assert!(right.gradient.values().flatten().all(proved), "{name}: {right:?}");
            }
            Ok(right) => assert_ne!(right.verdict, Standing::Refuted, "{name}: {right:?}"),
            Err(error) => assert!(!mutant.biased, "{name}: {error}"),
        }
    }
}

#[test]
fn mistakes_in_scores_are_refuted() {
    are_refuted(scores::mutants());
}

#[test]
fn mistakes_in_sums_are_refuted() {
    are_refuted(sums::mutants());
}

#[test]
fn mistakes_in_coupled_coins_are_refuted() {
    are_refuted(coins::mutants());
}

#[test]
fn mistakes_in_relaxations_are_refuted() {
    are_refuted(relaxations::mutants());
}

#[test]
fn mistakes_in_straight_through_estimators_are_refuted() {
    are_refuted(straight_through::mutants());
}

#[test]
fn mistakes_in_transforms_are_refuted() {
    are_refuted(transforms::mutants());
}

#[test]
fn mistakes_in_bounds_are_refuted() {
    are_refuted(bounds::mutants());
}

#[test]
fn mistakes_that_only_identities_show_are_refuted() {
    are_refuted(identities::mutants());
}

/// The table in the book is that of these mutants.
#[test]
fn the_book_has_the_table_of_mutants() {
    let rows = |mutant: &Mutant| {
        let name = mutant.of.split('(').next().unwrap_or_default();
        let shown = mutant.shown_by();
        format!("| `{name}` | {} | {shown} |\n", mutant.mistake)
    };
    let table: String = all().iter().map(rows).collect();
    let page = include_str!("../../../../../docs/src/certificates.md");
    assert!(all().len() >= 60);
    assert!(page.contains(&table), "docs/src/certificates.md must contain this table:\n{table}");
}
