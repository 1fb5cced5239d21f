//! What is written outside the crate with its public traits alone agrees with the crate's own, to the bit: the estimators NVIL, the
//! score function with an optimal baseline, and enumeration; and a backend.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aleator::control_variates::{Trained, learned};
use aleator::estimators::{
    Bias, Enumeration, Estimator, GradientTerm, Nvil, Properties, ScoreFunction, SiteInfo, Smoothness,
};
use aleator::graph::Graph;
use aleator::prelude::{Bernoulli, Normal, Options, Program};
use aleator::rewrite::{Cone, MOST_ALTERNATIVES, Site, SiteValue, Tuning};
use aleator::{Result, control_variates::Baseline};
use aleator_engine::Error as EngineError;
use aleator_engine::backend::{Backend, Cpu, Executable};
use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::InputAndOutput;
use aleator_engine::exec::philox::NoiseAt;
use aleator_engine::graph::{Graph as EngineGraph, NodeId, Shape};

static PROPERTIES: Properties = Properties {
    name: "outside",
    aliases: &[],
    bias: Bias::Unbiased,
    summary: "",
    formula: "",
    distributions: "",
    requires: "",
    evaluations: "K",
    smoothness: Smoothness::NotNeeded,
    advice: "",
    options: &[],
    reference: "",
};

#[derive(Debug)]
struct OwnNvil;

impl Estimator for OwnNvil {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        if site.support_moves { Err("the support moves".into()) } else { Ok(()) }
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        Ok(SiteValue::value(site.sample()))
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let signal = cone.cost() - learned(site, 10, Trained::ByLoss);
        let centre = site.training_average("centre", 0.0, 0.9, signal);
        let centred = signal - centre;
        let variance = site.training_average("variance", 1.0, 0.9, centred.square());
        site.rescales();
        site.own_loss(centred.square().mean());
        let normalised = centred / variance.sqrt().maximum(1);
        Ok(vec![GradientTerm::score(site.log_prob(cone.value()), normalised)])
    }
}

/// The score function with the constant of smallest variance, or one for each coordinate of the gradient.
#[derive(Debug)]
struct OwnOptimal {
    coordinates: bool,
}

impl Estimator for OwnOptimal {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, _: &SiteInfo<'_, '_>) -> Result<(), String> {
        Ok(())
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        Ok(SiteValue::value(site.sample()))
    }

    fn terms<'g>(&self, site: &Site<'g>, cone: &Cone<'_, 'g>) -> Result<Vec<GradientTerm<'g>>> {
        let log_prob = site.log_prob(cone.value());
        let baseline = site.optimal_baseline(log_prob, cone.cost(), self.coordinates);
        Ok(vec![GradientTerm::score(log_prob, cone.cost() - baseline)])
    }
}

#[derive(Debug)]
struct OwnEnumeration;

impl Estimator for OwnEnumeration {
    fn properties(&self) -> &'static Properties {
        &PROPERTIES
    }

    fn supports(&self, site: &SiteInfo<'_, '_>) -> Result<(), String> {
        self.alternatives(site).map(|_| ())
    }

    fn alternatives(&self, site: &SiteInfo<'_, '_>) -> Result<Option<usize>, String> {
        let outcomes = site.distribution.family().outcome_count(site.distribution.parameters());
        let outcomes = outcomes.ok_or("its support is not finite")?;
        let all = outcomes.checked_pow(site.coupled_draws as u32).filter(|&n| n <= MOST_ALTERNATIVES);
        all.map(Some).ok_or_else(|| "it has too many outcomes".into())
    }

    fn draw<'g>(&self, site: &Site<'g>) -> Result<SiteValue<'g>> {
        site.outcomes()
    }
}

/// Coins behind data and behind a normal draw; their costs mix.
fn graph() -> Graph {
    let g = Graph::new();
    let theta = g.param_tensor("theta", [3], vec![0.3, -0.7, 1.1]);
    let x = g.data("x", [3], vec![0.5, -1.0, 2.0]);
    let z = g.sample("z", Normal::new(theta.sum(), 1.0).via_named("pathwise").unwrap());
    let b = g.sample("b", Bernoulli::from_logits(theta * x + 0.1 * z));
    g.cost("loss", 3.0 * (b.sum() - 0.45).square() + b.sum() * z + theta.square().sum());
    g
}

/// All numbers of some runs: objectives, gradients, and what the estimator keeps.
fn runs(own: Arc<dyn Estimator>, tuning: Tuning) -> Vec<f64> {
    let g = graph();
    let pathwise = g.sites()[0].estimator().unwrap().clone();
    let options = Options::new().samples(4).replicates(2).seed(5).tuning(tuning);
    let mut program = Program::<f64>::compile(&g, &[pathwise, own], &options).unwrap();
    let mut numbers = Vec::new();
    for _ in 0..5 {
        let estimate = program.run().unwrap();
        numbers.extend_from_slice(estimate.objectives());
        numbers.extend_from_slice(estimate.gradient("theta").unwrap());
    }
    numbers.extend(program.own_state().into_iter().flat_map(|(_, values)| values));
    numbers.push(f64::from(u8::from(program.is_rescaled())));
    numbers
}

fn agree(own: impl Estimator + 'static, theirs: impl Estimator + 'static) {
    let (own, theirs): (Arc<dyn Estimator>, Arc<dyn Estimator>) = (Arc::new(own), Arc::new(theirs));
    for tuning in [Tuning::Held, Tuning::Pilot, Tuning::Tuned, Tuning::Training] {
        let (a, b) = (runs(own.clone(), tuning), runs(theirs.clone(), tuning));
        assert!(a.iter().all(|x| x.is_finite()), "{own:?} {tuning:?}");
        assert_eq!(a, b, "{own:?} {tuning:?}");
    }
}

#[test]
fn nvil() {
    agree(OwnNvil, Nvil::default());
}

#[test]
fn optimal_baselines() {
    agree(OwnOptimal { coordinates: false }, ScoreFunction { baseline: Baseline::Optimal });
    agree(OwnOptimal { coordinates: true }, ScoreFunction { baseline: Baseline::OptimalPerCoordinate });
}

#[test]
fn enumeration() {
    agree(OwnEnumeration, Enumeration);
}

/// The CPU, with a count of its runs.
struct Counting(Arc<AtomicUsize>);

struct Counted(Box<dyn Executable<f64>>, Arc<AtomicUsize>);

impl Backend<f64> for Counting {
    fn compile(
        &self,
        graph: &EngineGraph,
        outputs: &[NodeId],
        options: &CompileOptions,
    ) -> Result<Box<dyn Executable<f64>>, EngineError> {
        Ok(Box::new(Counted(Cpu.compile(graph, outputs, options)?, self.0.clone())))
    }
}

impl Executable<f64> for Counted {
    fn set_input(&mut self, slot: usize, values: &[f64]) -> Result<(), EngineError> {
        self.0.set_input(slot, values)
    }

    fn input(&self, slot: usize) -> Option<&[f64]> {
        self.0.input(slot)
    }

    fn input_mut(&mut self, slot: usize) -> Option<&mut [f64]> {
        self.0.input_mut(slot)
    }

    fn inputs_and_outputs(&mut self, pairs: &[(usize, usize)]) -> Vec<Option<InputAndOutput<'_, f64>>> {
        self.0.inputs_and_outputs(pairs)
    }

    fn run(&mut self, noise: NoiseAt) -> Result<(), EngineError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.run(noise)
    }

    fn output(&self, i: usize) -> &[f64] {
        self.0.output(i)
    }

    fn output_shape(&self, i: usize) -> &Shape {
        self.0.output_shape(i)
    }
}

#[test]
fn a_backend_runs_programs_whose_parameters_are_tuned() {
    let (g, options) = (graph(), Options::new().samples(4).seed(5));
    let pathwise = g.sites()[0].estimator().unwrap().clone();
    let plan: [Arc<dyn Estimator>; 2] = [pathwise, Arc::new(Nvil::default())];
    let count = Arc::new(AtomicUsize::new(0));
    let mut ours = Program::compile_on(&Counting(count.clone()), &g, &plan, &options).unwrap();
    let mut theirs = Program::<f64>::compile(&g, &plan, &options).unwrap();
    for _ in 0..3 {
        let (a, b) = (ours.run().unwrap(), theirs.run().unwrap());
        assert_eq!((a.objectives(), a.gradient_at(0)), (b.objectives(), b.gradient_at(0)));
    }
    assert_eq!(ours.own_state(), theirs.own_state());
    assert!(ours.is_tuned() && ours.own_params().next().is_some());
    assert_eq!(count.load(Ordering::Relaxed), 3);
    assert!(ours.parts().is_empty());
}
