//! Where, when and with what was measured.

use std::process::Command;

use serde::Serialize;

/// The machine, the versions and the date.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// Logical processors that this process may use.
    pub processors: usize,
    /// The operating system and architecture.
    pub system: String,
    /// Day of the measurement, UTC.
    pub date: String,
    /// Aleator's version.
    pub aleator: &'static str,
    /// The commit it was built from.
    pub commit: String,
    /// The compiler.
    pub rustc: String,
}

impl Machine {
    /// This machine, now.
    pub fn here() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let said = |program: &str, arguments: &[&str]| {
            let output = Command::new(program).args(arguments).output().ok().filter(|o| o.status.success());
            output.map_or("unknown".to_string(), |o| String::from_utf8_lossy(&o.stdout).trim().to_string())
        };
        Machine {
            processor: processor().unwrap_or_else(|| "unknown".into()),
            processors,
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            date: said("date", &["-u", "+%Y-%m-%d"]),
            aleator: env!("CARGO_PKG_VERSION"),
            commit: said("git", &["describe", "--always", "--dirty"]),
            rustc: said("rustc", &["--version"]),
        }
    }
}

/// The processor's name where the system tells.
fn processor() -> Option<String> {
    let info = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_string())
}
