//! The table of all estimators.

use std::sync::Arc;

use super::{
    Antithetic, Arm, Arms, DecoupledStraightThrough, Disarm, DisarmCategorical, DoublyReparameterized,
    Enumeration, Fini, GappedStraightThrough, GeneralizedReparameterization, Grpo, GumbelRao, GumbelSoftmax,
    ImplicitReparameterization, Lax, LocalExpectation, MeasureValued, MuProp, Nvil, Pathwise,
    PerturbationAnalysis, QuasiMonteCarlo, Rebar, ReinMax, ReinforceLoo, RejectionReparameterization, Relax,
    ScoreFunction, StickingTheLanding, StraightThrough, StraightThroughGumbelSoftmax, SumAndSample,
    UnorderedSet, Vimco, WithoutReplacement, antithetic, arm, arms, decoupled_straight_through, disarm,
    disarm_categorical, doubly_reparameterized, enumeration, fini, gapped_straight_through,
    generalized_reparameterization, grpo, gumbel_rao, gumbel_softmax, implicit_reparameterization, lax,
    local_expectation, measure_valued, muprop, nvil, pathwise, perturbation_analysis, quasi_monte_carlo,
    rebar, reinforce_loo, reinmax, rejection_reparameterization, relax, score_function, sticking_the_landing,
    straight_through, straight_through_gumbel_softmax, sum_and_sample, unordered_set, vimco,
    without_replacement,
};
use crate::rewrite::{CheckedOptions, Estimator, EstimatorOptions, OptionError, Properties};

type Build = fn(&CheckedOptions) -> Result<Arc<dyn Estimator>, OptionError>;

/// The properties of an estimator, and a function that creates it.
pub struct Entry {
    /// The properties of the estimator.
    pub properties: &'static Properties,
    build: Build,
}

impl Entry {
    /// Creates the estimator with the given options.
    ///
    /// # Errors
    /// If an option is unknown or its value is not acceptable.
    pub fn build(&self, options: EstimatorOptions) -> Result<Arc<dyn Estimator>, OptionError> {
        let Properties { name, options: specs, .. } = self.properties;
        (self.build)(&options.checked(name, specs)?)
    }
}

/// All estimators, in the order in which they are shown.
pub fn all() -> &'static [Entry] {
    static ALL: &[Entry] = &[
        Entry { properties: &enumeration::PROPERTIES, build: |_| Ok(Arc::new(Enumeration)) },
        Entry {
            properties: &score_function::PROPERTIES,
            build: |o| Ok(Arc::new(ScoreFunction::from_options(o)?)),
        },
        Entry { properties: &reinforce_loo::PROPERTIES, build: |_| Ok(Arc::new(ReinforceLoo)) },
        Entry { properties: &arm::PROPERTIES, build: |_| Ok(Arc::new(Arm)) },
        Entry { properties: &disarm::PROPERTIES, build: |_| Ok(Arc::new(Disarm)) },
        Entry { properties: &arms::PROPERTIES, build: |_| Ok(Arc::new(Arms)) },
        Entry {
            properties: &disarm_categorical::PROPERTIES,
            build: |o| Ok(Arc::new(DisarmCategorical::from_options(o))),
        },
        Entry { properties: &local_expectation::PROPERTIES, build: |_| Ok(Arc::new(LocalExpectation)) },
        Entry {
            properties: &measure_valued::PROPERTIES,
            build: |o| Ok(Arc::new(MeasureValued::from_options(o))),
        },
        Entry {
            properties: &perturbation_analysis::PROPERTIES,
            build: |o| Ok(Arc::new(PerturbationAnalysis::from_options(o))),
        },
        Entry {
            properties: &unordered_set::PROPERTIES,
            build: |o| Ok(Arc::new(UnorderedSet::from_options(o))),
        },
        Entry {
            properties: &sum_and_sample::PROPERTIES,
            build: |o| Ok(Arc::new(SumAndSample::from_options(o))),
        },
        Entry {
            properties: &without_replacement::PROPERTIES,
            build: |o| Ok(Arc::new(WithoutReplacement::from_options(o))),
        },
        Entry { properties: &nvil::PROPERTIES, build: |o| Ok(Arc::new(Nvil::from_options(o))) },
        Entry { properties: &vimco::PROPERTIES, build: |o| Ok(Arc::new(Vimco::from_options(o))) },
        Entry { properties: &muprop::PROPERTIES, build: |o| Ok(Arc::new(MuProp::from_options(o)?)) },
        Entry { properties: &rebar::PROPERTIES, build: |o| Ok(Arc::new(Rebar::from_options(o)?)) },
        Entry { properties: &relax::PROPERTIES, build: |o| Ok(Arc::new(Relax::from_options(o)?)) },
        Entry { properties: &lax::PROPERTIES, build: |o| Ok(Arc::new(Lax::from_options(o))) },
        Entry { properties: &pathwise::PROPERTIES, build: |_| Ok(Arc::new(Pathwise)) },
        Entry { properties: &sticking_the_landing::PROPERTIES, build: |_| Ok(Arc::new(StickingTheLanding)) },
        Entry {
            properties: &doubly_reparameterized::PROPERTIES,
            build: |_| Ok(Arc::new(DoublyReparameterized)),
        },
        Entry { properties: &antithetic::PROPERTIES, build: |o| Ok(Arc::new(Antithetic::from_options(o))) },
        Entry {
            properties: &quasi_monte_carlo::PROPERTIES,
            build: |o| Ok(Arc::new(QuasiMonteCarlo::from_options(o))),
        },
        Entry {
            properties: &implicit_reparameterization::PROPERTIES,
            build: |_| Ok(Arc::new(ImplicitReparameterization)),
        },
        Entry {
            properties: &generalized_reparameterization::PROPERTIES,
            build: |o| Ok(Arc::new(GeneralizedReparameterization::from_options(o))),
        },
        Entry {
            properties: &rejection_reparameterization::PROPERTIES,
            build: |o| Ok(Arc::new(RejectionReparameterization::from_options(o))),
        },
        Entry {
            properties: &gumbel_softmax::PROPERTIES,
            build: |o| Ok(Arc::new(GumbelSoftmax::from_options(o))),
        },
        Entry { properties: &straight_through::PROPERTIES, build: |_| Ok(Arc::new(StraightThrough)) },
        Entry {
            properties: &straight_through_gumbel_softmax::PROPERTIES,
            build: |o| Ok(Arc::new(StraightThroughGumbelSoftmax::from_options(o))),
        },
        Entry { properties: &gumbel_rao::PROPERTIES, build: |o| Ok(Arc::new(GumbelRao::from_options(o))) },
        Entry {
            properties: &gapped_straight_through::PROPERTIES,
            build: |o| Ok(Arc::new(GappedStraightThrough::from_options(o))),
        },
        Entry {
            properties: &decoupled_straight_through::PROPERTIES,
            build: |o| Ok(Arc::new(DecoupledStraightThrough::from_options(o))),
        },
        Entry { properties: &fini::PROPERTIES, build: |_| Ok(Arc::new(Fini)) },
        Entry { properties: &grpo::PROPERTIES, build: |o| Ok(Arc::new(Grpo::from_options(o))) },
        Entry { properties: &reinmax::PROPERTIES, build: |o| Ok(Arc::new(ReinMax::from_options(o))) },
    ];
    ALL
}

/// Finds an estimator by its name or an alias.
pub fn find(name: &str) -> Option<&'static Entry> {
    all().iter().find(|entry| entry.properties.is_called(name))
}
