//! The gallery: small problems to start from, whose answers are known.

/// A problem.
#[derive(Clone, Copy, Debug)]
pub struct Problem {
    /// Its name.
    pub name: &'static str,
    /// The graph, as a `.scg` file.
    pub source: &'static str,
    /// The files that it reads or starts: their paths beside it, and their contents.
    pub files: &'static [(&'static str, &'static str)],
}

impl Problem {
    /// What it is, in one line: the first line of the comment at the top of the file.
    pub fn summary(&self) -> &'static str {
        self.source.lines().next().unwrap_or("").trim_start_matches(['#', ' '])
    }
}

/// The files of the folder `examples` with these names, with the files that they need.
macro_rules! files {
    ($($name:literal $(with $($file:literal)+)?),+ $(,)?) => {
        &[$(Problem {
            name: $name,
            source: include_str!(concat!("../assets/examples/", $name, ".scg")),
            files: &[$($(($file, include_str!(concat!("../assets/examples/", $file)))),+)?],
        }),+]
    };
}

/// All problems.
pub fn all() -> &'static [Problem] {
    files![
        "toy",
        "gaussian_quadratic",
        "two_layers",
        "activity_network",
        "architecture_choice",
        "barrier_option",
        "bayesian_logistic_regression" with "data/breast_cancer.csv",
        "belief_network_vimco",
        "bernoulli_mixture",
        "capture_recapture",
        "contextual_bandit",
        "digital_option",
        "digital_option_smoothed",
        "discrete_vae" with "data/digits.csv",
        "dual_sourcing" with "programs/dual_sourcing.py",
        "earthquakes",
        "epidemic",
        "european_option",
        "evolution_strategies",
        "facility_sizing",
        "feature_selection",
        "game_of_life",
        "grpo_bias",
        "hard_attention" with "data/digits.csv",
        "hidden_markov_model",
        "inventory",
        "ising_mean_field",
        "kelly_betting",
        "max_cut",
        "mm1_queue",
        "newsvendor",
        "one_coin",
        "poisson_fit",
        "random_walk",
        "relax_toy",
        "revenue_management",
        "temperature",
        "word_sequence",
    ]
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
            // What the text names in quotes is a file beside it, or a program.
            let named = problem.source.split('"').skip(1).step_by(2).filter(|word| word.contains('/'));
            let beside: Vec<&str> = problem.files.iter().map(|(path, _)| *path).collect();
            assert_eq!(named.collect::<Vec<_>>(), beside, "{}", problem.name);
        }
    }
}
