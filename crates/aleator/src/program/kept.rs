//! The tensors that a program keeps from run to run: the estimators' own parameters and the states of the graph.
//!
//! A run reads them as inputs. After the run, each is updated from outputs of that run. They are computed in `f64`, whatever the
//! type of the program.

use aleator_engine::backend::Executable;
use aleator_engine::exec::math::Real;
use aleator_engine::graph::{NodeId, Shape};

use super::update::Update;
use crate::error::{Error, Result};
use crate::optim::Adam;
use crate::rewrite::{EstimatorParam, Owner};

/// The learning rate of the parameters that are optimised, if the options do not set one.
const DEFAULT_RATE: f64 = 0.01;

/// All tensors that a program keeps.
pub(super) struct Kept<T> {
    tensors: Vec<KeptTensor<T>>,
}

/// One of them.
struct KeptTensor<T> {
    name: String,
    shape: Shape,
    /// The index of the input that holds it.
    slot: usize,
    values: Vec<f64>,
    /// The same values in the type of the program.
    typed: Vec<T>,
    update: Update,
    owner: Owner,
}

impl<T: Real> Kept<T> {
    /// `slot_of` returns the index of an input; `add_output` makes a node an output and returns its index.
    pub fn new(
        params: Vec<EstimatorParam>,
        rule: &Adam,
        rate: Option<f64>,
        slot_of: impl Fn(NodeId) -> usize,
        mut add_output: impl FnMut(NodeId) -> usize,
    ) -> Self {
        let rate = rate.unwrap_or(DEFAULT_RATE);
        let mut tensor = |param: EstimatorParam| KeptTensor {
            slot: slot_of(param.node),
            update: Update::new(param.update, param.initial.len(), rule, rate, &mut add_output),
            name: param.name,
            shape: param.shape,
            typed: vec![T::from_f64(0.0); param.initial.len()],
            values: param.initial,
            owner: param.owner,
        };
        Kept { tensors: params.into_iter().map(&mut tensor).collect() }
    }

    /// Sets the inputs to the present values.
    pub fn write(&mut self, executable: &mut dyn Executable<T>) -> Result<()> {
        self.tensors.iter_mut().try_for_each(|tensor| tensor.write(executable))
    }

    /// Updates the tensors from the outputs of the last run.
    pub fn update(&mut self, executable: &mut dyn Executable<T>) -> Result<()> {
        for tensor in self.tensors.iter_mut().filter(|tensor| tensor.update.changes()) {
            tensor.update.apply(&mut tensor.values, executable)?;
            if let Some(i) = tensor.values.iter().position(|v| !v.is_finite()) {
                return Err(Error::NotFinite(format!(
                    "the estimator's own parameter `{}` (element {i}) becomes {}",
                    tensor.name, tensor.values[i]
                )));
            }
            tensor.write(executable)?;
        }
        Ok(())
    }

    /// The estimators' own parameters: names, shapes and present values.
    pub fn of_estimators(&self) -> impl Iterator<Item = (&str, &Shape, &[f64])> {
        self.owned_by(Owner::Estimator).map(|t| (t.name.as_str(), &t.shape, &t.values[..]))
    }

    /// The present values of a state of the graph.
    pub fn of_graph(&self, name: &str) -> Option<&[f64]> {
        self.owned_by(Owner::Graph).find(|t| t.name == name).map(|t| &t.values[..])
    }

    /// Whether an estimator's own parameter changes after a run.
    pub fn is_tuned(&self) -> bool {
        self.owned_by(Owner::Estimator).any(|t| t.update.changes())
    }

    /// All values and accumulated numbers, by name.
    pub fn save(&self) -> Vec<(String, Vec<f64>)> {
        let mut all = Vec::new();
        for tensor in &self.tensors {
            all.push((tensor.name.clone(), tensor.values.clone()));
            let parts = tensor.update.accumulated();
            all.extend(parts.into_iter().map(|(part, numbers)| (format!("{}/{part}", tensor.name), numbers)));
        }
        all
    }

    /// Restores what [`Kept::save`] returned, by name.
    pub fn restore(
        &mut self,
        saved: &dyn Fn(&str) -> Option<Vec<f64>>,
        executable: &mut dyn Executable<T>,
    ) -> Result<()> {
        let find = |name: String, len: usize| match saved(&name) {
            Some(values) if values.len() == len => Ok(values),
            Some(values) => Err(Error::Invalid(format!(
                "the estimator's own `{name}` has {len} numbers here, but {} were saved",
                values.len()
            ))),
            None => Err(Error::Invalid(format!("the estimator's own `{name}` was not saved"))),
        };
        for tensor in &mut self.tensors {
            let parts = tensor.update.accumulated();
            let parts = parts
                .iter()
                .map(|(part, now)| find(format!("{}/{part}", tensor.name), now.len()))
                .collect::<Result<Vec<_>>>()?;
            tensor.values = find(tensor.name.clone(), tensor.values.len())?;
            tensor.update.restore(&parts);
            tensor.write(executable)?;
        }
        Ok(())
    }

    /// Takes the values of tensors of the same names in another program.
    pub fn adopt<U: Real>(&mut self, other: &Kept<U>, executable: &mut dyn Executable<T>) -> Result<()> {
        for tensor in &mut self.tensors {
            let Some(theirs) = other.tensors.iter().find(|t| t.name == tensor.name) else { continue };
            if theirs.shape != tensor.shape {
                return Err(Error::Invalid(format!(
                    "the estimator's own `{}` has shape {} here, but {} there",
                    tensor.name, tensor.shape, theirs.shape
                )));
            }
            tensor.values.clone_from(&theirs.values);
            tensor.write(executable)?;
        }
        Ok(())
    }

    fn owned_by(&self, owner: Owner) -> impl Iterator<Item = &KeptTensor<T>> {
        self.tensors.iter().filter(move |tensor| tensor.owner == owner)
    }
}

impl<T: Real> KeptTensor<T> {
    fn write(&mut self, executable: &mut dyn Executable<T>) -> Result<()> {
        self.typed.iter_mut().zip(&self.values).for_each(|(t, &v)| *t = T::from_f64(v));
        Ok(executable.set_input(self.slot, &self.typed)?)
    }
}
