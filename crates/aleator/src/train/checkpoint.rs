//! Checkpoints: safetensors files that contain everything that a run needs to resume with the same bits.
//!
//! | tensors | what |
//! |---|---|
//! | `parameters/NAME` | the model's parameters, `f32` |
//! | `best/NAME` | those of the best evaluation, if they are kept, `f32` |
//! | `optimizer/NAME/SLOT` | what the optimiser and the running means keep for each element, `f32` |
//! | `estimators/NAME` | the estimators' own parameters and the moments of their tuning, `f64` |
//!
//! The metadata contain one JSON document, `aleator`, with step, configuration, history and running statistics. Noise is a pure
//! function of (seed, stream, step), so no other random state is needed. `crc32c` is a checksum of the contents; a truncated or
//! modified file is an error.
//!
//! A file is written under a temporary name in the same directory, flushed to disk, and renamed. At every moment, either the old
//! or the new file exists.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use super::measured::EstimatorChoice;
use super::moments;
use super::places::{newest, steps_in};
use super::recipe::Recipe;
use super::report::{HistoryPoint, Starts, numbers};
use crate::error::{Error, Result};
use crate::files::write_atomically;
use crate::nn::Tensor;

/// Files larger than this are not read.
const LARGEST: u64 = 8 << 30;
/// The version of the format.
const VERSION: u32 = 3;

/// Everything except tensors.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Header {
    /// The version of the format.
    pub version: u32,
    /// The number of gradient steps taken.
    pub step: usize,
    /// Everything on which the numbers depend: names of settings, and their values as text.
    pub fingerprint: Vec<(String, String)>,
    /// The settings of the run, as they were passed.
    pub settings: String,
    /// The evaluations on held-out data.
    pub history: Vec<HistoryPoint>,
    /// The count and the sum of the training objective since the last evaluation.
    #[serde(with = "numbers")]
    pub since_last: (u64, f64),
    /// The running mean of the training objective.
    #[serde(with = "numbers")]
    pub running: Option<f64>,
    /// The weights of the running means of gradients.
    pub weights: [f64; 2],
    /// The time of training, in seconds.
    pub seconds: f64,
    /// The step and the value of the best evaluation, if the best parameters are kept.
    #[serde(default, with = "numbers")]
    pub best: Option<(u64, f64)>,
    /// The starts that were tried.
    #[serde(default)]
    pub starts: Option<Starts>,
    /// The estimators that were chosen by measurement, if they are; the last entry has those of the next step.
    #[serde(default)]
    pub choices: Vec<EstimatorChoice>,
    /// What the model is built from.
    #[serde(default)]
    pub recipe: Recipe,
}

/// A checkpoint in memory.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Everything except tensors.
    pub header: Header,
    /// Shapes and values.
    singles: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    doubles: BTreeMap<String, Vec<f64>>,
}

impl Checkpoint {
    /// Creates a checkpoint without tensors.
    pub fn new(header: Header) -> Self {
        let header = Header { version: VERSION, ..header };
        Checkpoint { header, singles: BTreeMap::new(), doubles: BTreeMap::new() }
    }

    /// Adds a tensor of the model, row-major.
    pub fn add(&mut self, name: String, shape: Vec<usize>, values: Vec<f32>) {
        self.singles.insert(name, (shape, values));
    }

    /// Adds a tensor of an estimator.
    pub fn add_double(&mut self, name: String, values: Vec<f64>) {
        self.doubles.insert(name, values);
    }

    /// The tensor of that name.
    pub fn get(&self, name: &str) -> Option<&Vec<f32>> {
        self.singles.get(name).map(|(_, values)| values)
    }

    /// The learned parameters of the model, by name: those of the best evaluation if they are kept, else the last ones.
    pub fn parameters(&self) -> Vec<Tensor> {
        match self.header.best {
            Some(_) => self.tensors("best/"),
            None => self.last_parameters(),
        }
    }

    /// The learned parameters after the last step, by name.
    pub fn last_parameters(&self) -> Vec<Tensor> {
        self.tensors("parameters/")
    }

    /// The mean and the scale of each column, `data.mean` and `data.scale`, if columns were standardised: parameters are those of a
    /// model of (x − mean) / scale.
    pub fn units(&self) -> Vec<Tensor> {
        let units = self.header.recipe.data.iter().filter_map(|data| data.standardization.as_ref());
        let tensor = |name: &str, values: &Vec<f64>| Tensor {
            name: name.into(),
            shape: [values.len()].into(),
            values: values.clone(),
            learned: false,
        };
        units
            .flat_map(|units| [tensor("data.mean", &units.mean), tensor("data.scale", &units.scale)])
            .collect()
    }

    /// The names of the classes, if the labels of the data were words.
    pub fn labels(&self) -> &[String] {
        self.header.recipe.data.as_ref().map_or(&[], |data| &data.labels)
    }

    fn tensors(&self, prefix: &str) -> Vec<Tensor> {
        let of = |(name, (shape, values)): (&String, &(Vec<usize>, Vec<f32>))| {
            Some(Tensor {
                name: name.strip_prefix(prefix)?.into(),
                shape: shape.as_slice().into(),
                values: values.iter().map(|&v| f64::from(v)).collect(),
                learned: true,
            })
        };
        self.singles.iter().filter_map(of).collect()
    }

    /// The tensor of that name.
    pub fn get_double(&self, name: &str) -> Option<&Vec<f64>> {
        self.doubles.get(name)
    }

    /// Writes the checkpoint. If the process crashes, either the old file or this one exists.
    ///
    /// # Errors
    /// Returns an error of the operating system.
    pub fn write(&self, path: &Path) -> Result<()> {
        let failed =
            |what: String| Error::Invalid(format!("cannot write the checkpoint {}: {what}", path.display()));
        let bytes = self.encode().map_err(&failed)?;
        write_atomically(path, &bytes).map_err(|e| failed(e.to_string()))
    }

    fn encode(&self) -> Result<Vec<u8>, String> {
        let header = serde_json::to_string(&self.header).map_err(|e| e.to_string())?;
        let singles = self.singles.iter().map(|(name, (shape, v))| {
            (name, Dtype::F32, shape.clone(), v.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())
        });
        let doubles = self.doubles.iter().map(|(name, v)| {
            (name, Dtype::F64, vec![v.len()], v.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())
        });
        let all: Vec<_> = singles.chain(doubles).collect();
        let sum = checksum(&header, all.iter().map(|(name, _, _, bytes)| (name.as_str(), &bytes[..])));
        let views = all
            .iter()
            .map(|(name, dtype, shape, bytes)| {
                let view = TensorView::new(*dtype, shape.clone(), bytes).map_err(|e| e.to_string())?;
                Ok((name.as_str(), view))
            })
            .collect::<Result<Vec<_>, String>>()?;
        let metadata = HashMap::from([("aleator".into(), header), ("crc32c".into(), format!("{sum:08x}"))]);
        safetensors::serialize(views, Some(metadata)).map_err(|e| e.to_string())
    }

    /// Checks that all numbers that training uses are finite. Running means of gradients are only diagnostics and may be
    /// infinite.
    ///
    /// # Errors
    /// Returns [`Error::NotFinite`], which names a number that is not finite.
    pub fn check(&self) -> Result<()> {
        let measured = |name: &str| {
            let (kind, slot) = (name.starts_with("optimizer/"), name.rsplit('/').next());
            kind && slot.is_some_and(|slot| moments::NAMES.contains(&slot))
        };
        let mut singles = self.singles.iter().filter(|(name, _)| !measured(name));
        let bad = singles
            .find_map(|(name, (_, values))| not_finite(name, values.iter().map(|&x| x.into())))
            .or_else(|| {
                self.doubles.iter().find_map(|(name, values)| not_finite(name, values.iter().copied()))
            });
        bad.map_or(Ok(()), |what| Err(Error::NotFinite(what)))
    }

    /// Reads a checkpoint. For a directory, reads the newest one in it.
    ///
    /// # Errors
    /// Returns an error if the file is missing, truncated, modified, or in another format. For a directory, the message also
    /// names the newest checkpoint that can be read.
    pub fn read(path: &Path) -> Result<Self> {
        let newest = newest(path)?;
        Self::load(&newest).map_err(|why| {
            let mut message = format!("cannot use the checkpoint {}: {why}", newest.display());
            if newest != path {
                let others = steps_in(path).into_iter().rev().filter(|other| *other != newest);
                message.push_str(&match others.into_iter().find(|other| Self::load(other).is_ok()) {
                    Some(good) => format!("; the newest that can be read is {}", good.display()),
                    None => "; no other checkpoint can be read".into(),
                });
            }
            Error::Invalid(message)
        })
    }

    /// Reads a file. Messages do not contain its name.
    pub(super) fn load(path: &Path) -> Result<Self, String> {
        let metadata = fs::metadata(path).map_err(|e| e.to_string())?;
        if !metadata.is_file() {
            return Err("it is not a regular file".into());
        }
        if metadata.len() > LARGEST {
            return Err(format!("it is larger than {} GiB", LARGEST >> 30));
        }
        Self::decode(&fs::read(path).map_err(|e| e.to_string())?)
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        let broken =
            |e: safetensors::SafeTensorError| format!("it is truncated or not a safetensors file ({e})");
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(broken)?;
        let text = |name: &str| metadata.metadata().as_ref().and_then(|m| m.get(name));
        let (Some(header), Some(sum)) = (text("aleator"), text("crc32c")) else {
            return Err("it was not made by aleator".into());
        };
        let mut all: Vec<_> = tensors.tensors();
        // The order in which they were written: singles, then doubles, each by name.
        all.sort_by(|(a, x), (b, y)| (x.dtype() == Dtype::F64, a).cmp(&(y.dtype() == Dtype::F64, b)));
        let found = checksum(header, all.iter().map(|(name, view)| (name.as_str(), view.data())));
        if *sum != format!("{found:08x}") {
            return Err("its checksum is wrong: it has been changed or damaged".into());
        }
        let header: Header =
            serde_json::from_str(header).map_err(|e| format!("its header is invalid: {e}"))?;
        if header.version != VERSION {
            return Err(format!(
                "it has version {}, but this program reads version {VERSION}",
                header.version
            ));
        }
        let mut checkpoint = Checkpoint::new(header);
        for (name, view) in all {
            match view.dtype() {
                Dtype::F32 => {
                    checkpoint.add(name, view.shape().to_vec(), numbers_of(view.data(), f32::from_le_bytes))
                }
                Dtype::F64 => checkpoint.add_double(name, numbers_of(view.data(), f64::from_le_bytes)),
                other => return Err(format!("`{name}` has elements of type {other:?}")),
            }
        }
        Ok(checkpoint)
    }
}

/// The bytes of a safetensors file with these tensors as numbers of 32 bits, and the names of classes as metadata `labels`, a JSON
/// list, if there are any.
///
/// # Errors
/// Returns an error if two tensors have the same name.
pub fn safetensors_bytes(tensors: &[Tensor], labels: &[String]) -> Result<Vec<u8>> {
    let invalid = |e: safetensors::SafeTensorError| Error::Invalid(e.to_string());
    let all: Vec<(&str, Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|t| {
            let bytes = t.values.iter().flat_map(|&v| (v as f32).to_le_bytes()).collect();
            (t.name.as_str(), t.shape.to_vec(), bytes)
        })
        .collect();
    let views = all
        .iter()
        .map(|(name, shape, bytes)| {
            Ok((*name, TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(invalid)?))
        })
        .collect::<Result<Vec<_>>>()?;
    let list = serde_json::to_string(labels).map_err(|e| Error::Invalid(e.to_string()))?;
    let metadata = (!labels.is_empty()).then(|| HashMap::from([("labels".to_string(), list)]));
    safetensors::serialize(views, metadata).map_err(invalid)
}

/// Returns an error if one of the numbers is not finite.
fn not_finite(name: &str, values: impl Iterator<Item = f64>) -> Option<String> {
    let (i, x) = values.enumerate().find(|(_, x)| !x.is_finite())?;
    Some(format!("element {i} of `{name}` is {x}"))
}

fn numbers_of<T, const N: usize>(bytes: &[u8], from: fn([u8; N]) -> T) -> Vec<T> {
    bytes.chunks_exact(N).filter_map(|c| Some(from(c.try_into().ok()?))).collect()
}

fn checksum<'a>(header: &str, tensors: impl Iterator<Item = (&'a str, &'a [u8])>) -> u32 {
    tensors.fold(crc32c::crc32c(header.as_bytes()), |sum, (name, bytes)| {
        crc32c::crc32c_append(crc32c::crc32c_append(sum, name.as_bytes()), bytes)
    })
}
