//! Sweeps: a grid of settings in TOML, with one run for each of its points.
//!
//! ```toml
//! lr = [1e-3, 3e-3]
//! estimator = ["rebar", "nvil"]
//!
//! [model-options]
//! latents = [10, 50]
//! ```

use super::setting::{Part, Setting};
use super::settings::Settings;
use crate::error::{Error, Result};

/// The largest number of runs.
pub(super) const MOST_RUNS: usize = 10_000;

/// A point of a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The names of the settings that are varied, and their values as text.
    pub values: Vec<(String, String)>,
    /// The settings of the run.
    pub settings: Settings,
}

impl Point {
    /// The values, such as `lr=0.001,estimator=rebar`.
    pub fn name(&self) -> String {
        let each = self.values.iter().map(|(name, value)| format!("{name}={value}"));
        each.collect::<Vec<_>>().join(",")
    }
}

/// The points of a grid: all combinations of the values, the last setting varying fastest. A value that is not a list is that of all
/// runs. `base` has the other settings.
///
/// # Errors
/// Returns an error if the text is not TOML, if a name is not that of a setting, if a value is of the wrong kind, or if there are no
/// or too many runs.
///
/// ```
/// use aleator::train::{Settings, sweep};
///
/// let points = sweep("lr = [1e-3, 1e-2]\n[model-options]\nlatents = [5, 10]", &Settings::default())?;
/// assert_eq!(points.len(), 4);
/// assert_eq!(points[1].name(), "lr=0.001,latents=10");
/// assert_eq!(points[1].settings.model_options.latents, Some(10.into()));
/// # Ok::<(), aleator::Error>(())
/// ```
pub fn sweep(text: &str, base: &Settings) -> Result<Vec<Point>> {
    let table: toml::Table =
        text.parse().map_err(|e: toml::de::Error| Error::Invalid(e.to_string().trim_end().to_string()))?;
    let mut axes: Vec<(&'static Setting, Vec<toml::Value>)> = Vec::new();
    for (name, value) in &table {
        match value {
            toml::Value::Table(options) if name == "model-options" => {
                for (name, value) in options {
                    axes.push((known(name, true)?, listed(name, value)?));
                }
            }
            value => axes.push((known(name, false)?, listed(name, value)?)),
        }
    }
    let runs = axes.iter().try_fold(1_usize, |runs, (_, values)| runs.checked_mul(values.len()));
    let runs = runs.filter(|&runs| runs <= MOST_RUNS).ok_or_else(|| {
        Error::Invalid(format!("the grid has more than {MOST_RUNS} points; use fewer values"))
    })?;
    (0..runs).map(|run| point(run, &axes, base)).collect()
}

fn point(mut run: usize, axes: &[(&'static Setting, Vec<toml::Value>)], base: &Settings) -> Result<Point> {
    let mut chosen = Vec::new();
    for (setting, values) in axes.iter().rev() {
        chosen.push((*setting, &values[run % values.len()], values.len() > 1));
        run /= values.len();
    }
    chosen.reverse();
    let (mut table, mut of_model) = (toml::Table::new(), toml::Table::new());
    for (setting, value, _) in &chosen {
        let table = if setting.part == Part::Model { &mut of_model } else { &mut table };
        table.insert(setting.name.into(), (*value).clone());
    }
    table.insert("model-options".into(), of_model.into());
    let varied = chosen.iter().filter(|(_, _, varies)| *varies);
    let values: Vec<_> =
        varied.map(|(setting, value, _)| (setting.name.to_string(), written(value))).collect();
    let own: Settings = table.try_into().map_err(|e: toml::de::Error| Error::Invalid(e.to_string()))?;
    Ok(Point { values, settings: own.over(base)? })
}

fn known(name: &str, of_model: bool) -> Result<&'static Setting> {
    let place = if of_model { " of a model" } else { "" };
    Setting::find(name)
        .filter(|setting| (setting.part == Part::Model) == of_model)
        .ok_or_else(|| Error::Invalid(format!("there is no setting `{name}`{place} to sweep over")))
}

/// The values of a setting.
fn listed(name: &str, value: &toml::Value) -> Result<Vec<toml::Value>> {
    match value {
        toml::Value::Array(values) if values.is_empty() => {
            Err(Error::Invalid(format!("the list of `{name}` is empty: there would be no run")))
        }
        toml::Value::Array(values) => Ok(values.clone()),
        one => Ok(vec![one.clone()]),
    }
}

fn written(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_combinations_once_over_what_is_the_same() {
        let base = Settings { batch: Some(7), lr: Some(9.0), ..Settings::default() };
        let text = "lr = [1e-3, 1e-2]\nsteps = 5\nestimator = [\"rebar\", \"nvil\", \"reinforce_loo\"]";
        let points = sweep(text, &base).unwrap();
        let names: Vec<_> = points.iter().map(Point::name).collect();
        assert_eq!(names.len(), 6);
        assert!(names.iter().all(|name| names.iter().filter(|other| *other == name).count() == 1));
        assert!(points.iter().all(|p| p.settings.batch == Some(7) && p.settings.steps == Some(5)));
        assert!(points.iter().all(|p| p.settings.lr != Some(9.0)));
        // Of lists of equal length, too.
        let square = sweep("lr = [1, 2]\nseed = [3, 4]", &base).unwrap();
        let names: Vec<_> = square.iter().map(Point::name).collect();
        assert_eq!(names, ["lr=1,seed=3", "lr=1,seed=4", "lr=2,seed=3", "lr=2,seed=4"]);
        assert!(square.iter().map(|p| (p.settings.lr, p.settings.seed)).eq([
            (Some(1.0), Some(3)),
            (Some(1.0), Some(4)),
            (Some(2.0), Some(3)),
            (Some(2.0), Some(4))
        ]));
        assert_eq!(sweep("", &base).unwrap()[0].settings, base);
    }

    #[test]
    fn what_is_no_grid_is_refused() {
        let refused = |text: &str| sweep(text, &Settings::default()).unwrap_err().to_string();
        assert!(refused("lr = [").contains("line 1"), "{}", refused("lr = ["));
        assert!(refused("learning = [1]").contains("no setting `learning`"));
        assert!(refused("latents = [1]").contains("no setting `latents`"));
        assert!(refused("[model-options]\nlr = [1]").contains("no setting `lr` of a model"));
        assert!(refused("lr = []").contains("the list of `lr` is empty"));
        assert!(refused("steps = [\"many\"]").contains("invalid type"));
        let many = format!("lr = {0:?}\nseed = {1:?}", vec![1.0; 200], vec![1; 200]);
        assert!(refused(&many).contains("more than 10000"));
    }
}
