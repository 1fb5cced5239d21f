//! The table of all estimators.

use std::sync::Arc;

use super::options::{OptionError, Options};
use super::{
    Enumeration, GeneralizedReparameterization, GumbelSoftmax, Lax, MuProp, Nvil, Pathwise, Rebar,
    ReinforceLoo, RejectionReparameterization, Relax, ScoreFunction, StraightThrough,
    StraightThroughGumbelSoftmax, Vimco, enumeration, generalized_reparameterization, gumbel_softmax, lax,
    muprop, nvil, pathwise, rebar, reinforce_loo, rejection_reparameterization, relax, score_function,
    straight_through, straight_through_gumbel_softmax, vimco,
};
use crate::rewrite::{Estimator, Properties};

type Build = fn(&mut Options) -> Result<Arc<dyn Estimator>, OptionError>;

/// The properties of an estimator, and a function that creates it.
pub struct Entry {
    /// The properties of the estimator.
    pub properties: &'static Properties,
    build: Build,
    options: &'static [&'static str],
}

impl Entry {
    /// Creates the estimator with the given options.
    ///
    /// # Errors
    /// Returns an error if an option is unknown or its value is not acceptable.
    pub fn build(&self, mut options: Options) -> Result<Arc<dyn Estimator>, OptionError> {
        let estimator = (self.build)(&mut options)?;
        options.finish(self.properties.name, self.options)?;
        Ok(estimator)
    }
}

/// All estimators, in the order in which they are shown.
pub fn all() -> &'static [Entry] {
    static ALL: &[Entry] = &[
        Entry { properties: &enumeration::PROPERTIES, build: |_| Ok(Arc::new(Enumeration)), options: &[] },
        Entry {
            properties: &score_function::PROPERTIES,
            build: |o| Ok(Arc::new(ScoreFunction::from_options(o)?)),
            options: &["baseline", "decay", "baseline_hidden"],
        },
        Entry { properties: &reinforce_loo::PROPERTIES, build: |_| Ok(Arc::new(ReinforceLoo)), options: &[] },
        Entry {
            properties: &nvil::PROPERTIES,
            build: |o| Ok(Arc::new(Nvil::from_options(o)?)),
            options: &["decay", "hidden"],
        },
        Entry {
            properties: &vimco::PROPERTIES,
            build: |o| Ok(Arc::new(Vimco::from_options(o)?)),
            options: &["mean"],
        },
        Entry {
            properties: &muprop::PROPERTIES,
            build: |o| Ok(Arc::new(MuProp::from_options(o)?)),
            options: &["linear", "baseline", "decay", "baseline_hidden"],
        },
        Entry {
            properties: &rebar::PROPERTIES,
            build: |o| Ok(Arc::new(Rebar::from_options(o)?)),
            options: rebar::OPTIONS,
        },
        Entry {
            properties: &relax::PROPERTIES,
            build: |o| Ok(Arc::new(Relax::from_options(o)?)),
            options: relax::OPTIONS,
        },
        Entry {
            properties: &lax::PROPERTIES,
            build: |o| Ok(Arc::new(Lax::from_options(o)?)),
            options: &["hidden"],
        },
        Entry { properties: &pathwise::PROPERTIES, build: |_| Ok(Arc::new(Pathwise)), options: &[] },
        Entry {
            properties: &generalized_reparameterization::PROPERTIES,
            build: |o| Ok(Arc::new(GeneralizedReparameterization::from_options(o)?)),
            options: &["transform"],
        },
        Entry {
            properties: &rejection_reparameterization::PROPERTIES,
            build: |o| Ok(Arc::new(RejectionReparameterization::from_options(o)?)),
            options: &["augmentation"],
        },
        Entry {
            properties: &gumbel_softmax::PROPERTIES,
            build: |o| Ok(Arc::new(GumbelSoftmax::from_options(o)?)),
            options: &["temperature"],
        },
        Entry {
            properties: &straight_through::PROPERTIES,
            build: |_| Ok(Arc::new(StraightThrough)),
            options: &[],
        },
        Entry {
            properties: &straight_through_gumbel_softmax::PROPERTIES,
            build: |o| Ok(Arc::new(StraightThroughGumbelSoftmax::from_options(o)?)),
            options: &["temperature"],
        },
    ];
    ALL
}

/// Finds an estimator by its name or an alias.
pub fn find(name: &str) -> Option<&'static Entry> {
    all().iter().find(|entry| entry.properties.is_called(name))
}
