//! The gallery: small problems to start from, whose answers are known.

/// A problem.
#[derive(Clone, Copy, Debug)]
pub struct Problem {
    /// Its name.
    pub name: &'static str,
    /// The graph, as a `.scg` file.
    pub source: &'static str,
}

impl Problem {
    /// What it is, in one line: the first line of the comment at the top of the file.
    pub fn summary(&self) -> &'static str {
        self.source.lines().next().unwrap_or("").trim_start_matches(['#', ' '])
    }
}

/// The files of the folder `examples` with these names.
macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(Problem { name: $name, source: include_str!(concat!("../assets/examples/", $name, ".scg")) }),+]
    };
}

/// All problems.
pub fn all() -> &'static [Problem] {
    files!["toy", "gaussian_quadratic", "two_layers"]
}

/// The problem of that name.
pub fn find(name: &str) -> Option<&'static Problem> {
    all().iter().find(|problem| problem.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that is added to the folder is added to the table.
    #[test]
    fn the_table_has_every_file_of_the_folder() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/examples");
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut files: Vec<String> =
            names.filter_map(|n| Some(n.to_str()?.strip_suffix(".scg")?.to_owned())).collect();
        let mut table: Vec<&str> = all().iter().map(|problem| problem.name).collect();
        files.sort_unstable();
        table.sort_unstable();
        assert_eq!(table, files);
        for problem in all() {
            assert!(problem.source.starts_with("# "), "{}: the first line says what it is", problem.name);
        }
    }
}
