//! Peak memory beside what the plan asked for.

use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::workloads::Size;
use crate::workloads::sbn_step::network;

/// What a process that does nothing but `sbn-step` occupies.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Memory {
    /// Peak resident size after running a network of a few units, with the inputs of the workload in memory.
    pub resident_before: u64,
    /// Peak resident size after building, compiling and some steps.
    pub peak_resident: u64,
    /// The program's buffers, by its own account: they hold parameters and data too.
    pub buffers: u64,
    /// The parameters as the author's graph holds them.
    pub parameters: u64,
}

impl Memory {
    /// What the workload added to the process, relative to buffers and parameters.
    pub fn ratio(&self) -> f64 {
        let added = self.peak_resident.saturating_sub(self.resident_before);
        added as f64 / (self.buffers + self.parameters) as f64
    }
}

/// Measures a fresh process of this program; `None` where the system does not tell.
///
/// # Errors
/// If that process fails.
pub fn measure() -> Result<Option<Memory>> {
    let program = std::env::current_exe()?;
    let output = Command::new(program).arg("--memory-of-this-process").output()?;
    if !output.status.success() {
        return Err(Error(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Runs `sbn-step` in this process and looks at it.
///
/// # Errors
/// If the workload fails.
pub fn of_this_process() -> Result<Option<Memory>> {
    // A small network first: code that has been loaded and the threads' own memory do not grow with the workload.
    network(Size::Small).compile()?.run()?;
    let network = network(Size::Full);
    let Some(resident_before) = peak_resident() else { return Ok(None) };
    let mut program = network.compile()?;
    for _ in 0..20 {
        program.run()?;
    }
    let parameters: usize = program.params().map(|(_, shape)| shape.numel() * size_of::<f64>()).sum();
    let buffers = program.buffer_bytes() as u64;
    let Some(peak_resident) = peak_resident() else { return Ok(None) };
    Ok(Some(Memory { resident_before, peak_resident, buffers, parameters: parameters as u64 }))
}

/// The most memory that this process has occupied, in bytes.
fn peak_resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(1024 * kilobytes)
}
