//! What a peer computed on the workloads of small size, stored for tests.
//!
//! ```text
//! {"peer": "jax 0.10.2", "workloads": {"tiny": {"loss": [..], "weight": [..]}, ..}}
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::peer::Peer;
use crate::rounds::agreement;
use crate::workloads::{NAMES, Size, build};

/// The outputs of each workload on the noise of step 0, by name.
#[derive(Debug, Serialize, Deserialize)]
pub struct Stored {
    /// Who computed them.
    pub peer: String,
    /// Values by workload and output.
    pub workloads: BTreeMap<String, BTreeMap<String, Vec<f32>>>,
}

/// Has the peer compute all of them: the document.
///
/// # Errors
/// If the peer fails, or does not agree with aleator.
pub fn make(peer: &mut Peer, folder: &Path) -> Result<String> {
    let mut workloads = BTreeMap::new();
    for name in NAMES {
        let Some(mut workload) = build(name, Size::Small)? else { continue };
        let folder = folder.join(name);
        fs::create_dir_all(&folder)?;
        let distance = agreement(&mut *workload, peer, &folder)?.map_err(Error)?.distance;
        if distance > workload.tolerance() {
            return Err(Error(format!("{name}: {} differs by {distance:.1e}", peer.name())));
        }
        let mut outputs = BTreeMap::new();
        for output in workload.outputs(0)? {
            outputs.insert(output.name.to_string(), output.load_like(&folder.join(peer.name()))?.values);
        }
        workloads.insert(name.to_string(), outputs);
    }
    let stored = Stored { peer: format!("{} {}", peer.name(), peer.version()), workloads };
    Ok(serde_json::to_string_pretty(&stored)? + "\n")
}
