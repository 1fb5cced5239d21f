//! Checkpoints: safetensors files that hold everything a run needs to go on as if it had never stopped.
//!
//! | tensors | what |
//! |---|---|
//! | `parameters/NAME` | the model's parameters, `f32` |
//! | `optimizer/NAME/SLOT` | what the optimiser and the running means keep for each element, `f32` |
//! | `estimators/NAME` | the estimators' own parameters and the moments of their tuning, `f64` |
//!
//! The metadata hold one JSON document, `aleator`: step, configuration, history, running statistics. Noise is a pure
//! function of (seed, stream, step), so the step is the random position. `crc32c` is the checksum of all that: a file
//! that was cut short or changed is refused.
//!
//! A file is written beside its place, brought to the disk, and renamed into it: at every moment there is either the old file or
//! the new one.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use super::report::HistoryPoint;
use crate::error::{Error, Result};

/// Files larger than this are not read.
const LARGEST: u64 = 8 << 30;
/// The format's version.
const VERSION: u32 = 1;

/// What is not a tensor.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Header {
    /// Of the format.
    pub version: u32,
    /// Gradient steps taken: where noise and minibatches go on.
    pub step: usize,
    /// Everything that the numbers depend on, by name.
    pub fingerprint: Vec<(String, String)>,
    /// The settings of the run, as its maker wrote them down.
    pub settings: String,
    /// Looks at the held-out data so far.
    pub history: Vec<HistoryPoint>,
    /// Count and sum of the training objective since the last look.
    pub since_last: (u64, f64),
    /// The running training objective.
    pub running: Option<f64>,
    /// Weights of the gradients' running means.
    pub weights: [f64; 2],
    /// Seconds of training.
    pub seconds: f64,
}

/// A checkpoint in memory.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// What is not a tensor.
    pub header: Header,
    singles: BTreeMap<String, Vec<f32>>,
    doubles: BTreeMap<String, Vec<f64>>,
}

impl Checkpoint {
    /// Without tensors yet.
    pub fn new(header: Header) -> Self {
        let header = Header { version: VERSION, ..header };
        Checkpoint { header, singles: BTreeMap::new(), doubles: BTreeMap::new() }
    }

    /// Adds a tensor of the model.
    pub fn add(&mut self, name: String, values: Vec<f32>) {
        self.singles.insert(name, values);
    }

    /// Adds a tensor of an estimator.
    pub fn add_double(&mut self, name: String, values: Vec<f64>) {
        self.doubles.insert(name, values);
    }

    /// The tensor of that name.
    pub fn get(&self, name: &str) -> Option<&Vec<f32>> {
        self.singles.get(name)
    }

    /// The tensor of that name.
    pub fn get_double(&self, name: &str) -> Option<&Vec<f64>> {
        self.doubles.get(name)
    }

    /// Writes it so that a crash at any moment leaves either the old file or this one.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn write(&self, path: &Path) -> Result<()> {
        let failed =
            |what: String| Error::Invalid(format!("cannot write the checkpoint {}: {what}", path.display()));
        let bytes = self.encode().map_err(&failed)?;
        atomically(path, &bytes).map_err(|e| failed(e.to_string()))
    }

    fn encode(&self) -> Result<Vec<u8>, String> {
        let header = serde_json::to_string(&self.header).map_err(|e| e.to_string())?;
        let singles = self.singles.iter().map(|(name, v)| {
            (name, Dtype::F32, v.len(), v.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())
        });
        let doubles = self.doubles.iter().map(|(name, v)| {
            (name, Dtype::F64, v.len(), v.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())
        });
        let all: Vec<_> = singles.chain(doubles).collect();
        let sum = checksum(&header, all.iter().map(|(name, _, _, bytes)| (name.as_str(), &bytes[..])));
        let views = all
            .iter()
            .map(|(name, dtype, len, bytes)| {
                let view = TensorView::new(*dtype, vec![*len], bytes).map_err(|e| e.to_string())?;
                Ok((name.as_str(), view))
            })
            .collect::<Result<Vec<_>, String>>()?;
        let metadata = HashMap::from([("aleator".into(), header), ("crc32c".into(), format!("{sum:08x}"))]);
        safetensors::serialize(views, Some(metadata)).map_err(|e| e.to_string())
    }

    /// Reads one; a directory stands for the newest in it.
    ///
    /// # Errors
    /// If it is missing, cut short, changed, or of another make: the message says which, and names an older one beside it.
    pub fn read(path: &Path) -> Result<Self> {
        if path.is_dir() {
            let mut all = steps_in(path);
            let Some(newest) = all.pop() else {
                return Err(Error::Invalid(format!("there is no checkpoint in {}", path.display())));
            };
            return Self::read(&newest).map_err(|error| match all.pop() {
                Some(older) => Error::Invalid(format!("{error}; the one before it is {}", older.display())),
                None => error,
            });
        }
        let refused =
            |why: String| Error::Invalid(format!("cannot use the checkpoint {}: {why}", path.display()));
        let metadata = fs::metadata(path).map_err(|e| refused(e.to_string()))?;
        if !metadata.is_file() {
            return Err(refused("it is not a regular file".into()));
        }
        if metadata.len() > LARGEST {
            return Err(refused(format!("it is larger than {} GiB", LARGEST >> 30)));
        }
        let bytes = fs::read(path).map_err(|e| refused(e.to_string()))?;
        Self::decode(&bytes).map_err(refused)
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        let broken =
            |e: safetensors::SafeTensorError| format!("it is cut short or no safetensors file ({e})");
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
            serde_json::from_str(header).map_err(|e| format!("its header makes no sense: {e}"))?;
        if header.version != VERSION {
            return Err(format!("it is of version {}, this program reads {VERSION}", header.version));
        }
        let mut checkpoint = Checkpoint::new(header);
        for (name, view) in all {
            match view.dtype() {
                Dtype::F32 => checkpoint.add(name, numbers(view.data(), f32::from_le_bytes)),
                Dtype::F64 => checkpoint.add_double(name, numbers(view.data(), f64::from_le_bytes)),
                other => return Err(format!("`{name}` has elements of type {other:?}")),
            }
        }
        Ok(checkpoint)
    }
}

fn numbers<T, const N: usize>(bytes: &[u8], from: fn([u8; N]) -> T) -> Vec<T> {
    bytes.chunks_exact(N).filter_map(|c| Some(from(c.try_into().ok()?))).collect()
}

fn checksum<'a>(header: &str, tensors: impl Iterator<Item = (&'a str, &'a [u8])>) -> u32 {
    tensors.fold(crc32c::crc32c(header.as_bytes()), |sum, (name, bytes)| {
        crc32c::crc32c_append(crc32c::crc32c_append(sum, name.as_bytes()), bytes)
    })
}

/// Whether a path names a checkpoint, not a directory of some.
pub fn is_file_name(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "safetensors")
}

/// Replaces a file at once: after a crash at any moment there is either the old one or the new one.
pub fn atomically(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".tmp");
    let beside = parent.join(name);
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&beside, path)?;
    // The name is on the disk once the directory is; some systems cannot open one.
    if let Ok(directory) = File::open(parent) {
        let _ = directory.sync_all();
    }
    Ok(())
}

/// The checkpoint of a step in a directory.
pub fn path_in(directory: &Path, step: usize) -> PathBuf {
    directory.join(format!("step-{step:010}.safetensors"))
}

/// The checkpoints in a directory, oldest first.
pub fn steps_in(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_step = |path: &PathBuf| {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let digits = name.strip_prefix("step-").and_then(|n| n.strip_suffix(".safetensors"));
        digits.is_some_and(|d| d.len() == 10 && d.bytes().all(|b| b.is_ascii_digit()))
    };
    let mut all: Vec<PathBuf> = entries.filter(is_step).collect();
    all.sort();
    all
}
