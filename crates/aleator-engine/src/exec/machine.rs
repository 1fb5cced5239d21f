//! The amount of memory that is still available to this process.
//!
//! | limit | source | usage that is subtracted |
//! |---|---|---|
//! | `ulimit -v` | `/proc/self/limits`, "Max address space" | the process' pages, `/proc/self/statm` |
//! | that of the container: of each cgroup above the process | `memory.max` (version 2), `memory.limit_in_bytes` (version 1) | that of all its processes, without reclaimable file pages |
//! | that of the machine | `/proc/meminfo`, "MemAvailable" | everything |
//!
//! If a file does not exist, as on systems other than Linux, its limit is unknown and ignored.

use std::fs;
use std::path::{Path, PathBuf};

/// The number of available bytes, by the tightest limit; `None` if no limit is known.
pub fn memory_left() -> Option<u128> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let of_process = address_space(&read("/proc/self/limits"), &read("/proc/self/statm"));
    let of_machine = available(&read("/proc/meminfo"));
    let groups = control_groups(&read("/proc/self/cgroup"));
    let of_groups = groups.iter().filter_map(|group| group.left());
    of_process.into_iter().chain(of_machine).chain(of_groups).min()
}

/// The number of bytes within `ulimit -v`.
fn address_space(limits: &str, statm: &str) -> Option<u128> {
    const PAGE: u128 = 4096;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    let limit: u128 = line.split_whitespace().next()?.parse().ok()?;
    let pages: u128 = statm.split_whitespace().next()?.parse().ok()?;
    Some(limit.saturating_sub(pages * PAGE))
}

/// The number of bytes that the machine can provide without swapping.
fn available(meminfo: &str) -> Option<u128> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u128 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes << 10)
}

/// A control group: its folder, and the names of its limit, its usage, and the reclaimable part of the usage.
struct ControlGroup {
    folder: PathBuf,
    limit: &'static str,
    used: &'static str,
    reclaimable: &'static str,
}

impl ControlGroup {
    fn left(&self) -> Option<u128> {
        let read = |name: &str| fs::read_to_string(self.folder.join(name)).ok();
        // The word `max`, or a number next to 2⁶³ in version 1, is no limit.
        let limit: u128 = read(self.limit)?.trim().parse().ok().filter(|&limit| limit < 1 << 60)?;
        let used: u128 = read(self.used)?.trim().parse().ok()?;
        let statistics = read("memory.stat").unwrap_or_default();
        let back =
            statistics.lines().find_map(|line| line.strip_prefix(self.reclaimable)?.trim().parse().ok());
        Some(limit.saturating_sub(used.saturating_sub(back.unwrap_or(0))))
    }
}

/// The control groups of the process, from its own to the outermost visible one.
fn control_groups(cgroup: &str) -> Vec<ControlGroup> {
    let mut all = Vec::new();
    for line in cgroup.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (root, [limit, used, reclaimable]) = match controllers {
            "" => ("/sys/fs/cgroup", ["memory.max", "memory.current", "inactive_file "]),
            many if many.split(',').any(|one| one == "memory") => (
                "/sys/fs/cgroup/memory",
                ["memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "],
            ),
            _ => continue,
        };
        for inner in Path::new(path.trim_start_matches('/')).ancestors() {
            all.push(ControlGroup { folder: Path::new(root).join(inner), limit, used, reclaimable });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_as_the_system_writes_them() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max address space         1000000              unlimited            bytes     \n";
        assert_eq!(address_space(limits, "100 7 3 1 0 9 0"), Some(1_000_000 - 409_600));
        assert_eq!(address_space(limits, "1000 7 3 1 0 9 0"), Some(0));
        assert_eq!(address_space(&limits.replace("1000000  ", "unlimited"), "100 7"), None);
        assert_eq!(available("MemTotal: 9 kB\nMemAvailable:     2048 kB\n"), Some(2 << 20));
        assert_eq!((available(""), address_space("", "")), (None, None));
    }

    #[test]
    fn what_a_group_leaves_of_its_limit() {
        let folder = std::env::temp_dir().join(format!("aleator-cgroup-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        let group = ControlGroup {
            folder: folder.clone(),
            limit: "memory.max",
            used: "memory.current",
            reclaimable: "inactive_file ",
        };
        assert_eq!(group.left(), None);
        write("memory.max", "1000\n");
        write("memory.current", "700\n");
        assert_eq!(group.left(), Some(300));
        write("memory.stat", "anon 600\ninactive_file 100\nactive_file 0\n");
        assert_eq!(group.left(), Some(400));
        write("memory.max", "max\n");
        assert_eq!(group.left(), None);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn groups_from_the_own_to_the_outermost() {
        let folders = |text: &str| -> Vec<String> {
            control_groups(text).iter().map(|group| group.folder.display().to_string()).collect()
        };
        assert_eq!(folders("0::/a/b\n"), ["/sys/fs/cgroup/a/b", "/sys/fs/cgroup/a", "/sys/fs/cgroup/"]);
        let first = "12:cpu,cpuacct:/x\n4:memory:/x\n";
        assert_eq!(folders(first), ["/sys/fs/cgroup/memory/x", "/sys/fs/cgroup/memory/"]);
        assert!(folders("nonsense").is_empty());
    }
}
