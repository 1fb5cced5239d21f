//! Sweeps: a grid of settings in TOML, with one run for each of its points.
//!
//! ```toml
//! lr = [1e-3, 3e-3]
//! estimator = ["rebar", "nvil"]
//!
//! [model-options]
//! latents = [10, 50]
//! ```

use super::setting::{Part, SETTINGS, Setting, Value};
use super::settings::Settings;
use crate::error::{Error, Result};
use crate::language::nearest;

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
    axes.iter().try_for_each(|(setting, values)| check(setting, values))?;
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

/// Settings that are none of a grid: all its runs are kept in one place, by their names.
const SHARED: [&str; 3] = ["checkpoint", "metrics", "tensorboard"];

fn known(name: &str, of_model: bool) -> Result<&'static Setting> {
    let place = if of_model { " of a model" } else { "" };
    let remedy = match Setting::find(name).map(|setting| setting.part == Part::Model) {
        Some(right) if right == of_model => None,
        Some(true) => Some("it belongs under the line `[model-options]`".to_string()),
        Some(false) => Some("it belongs above the line `[model-options]`".into()),
        None => {
            let names = SETTINGS.iter().filter(|s| (s.part == Part::Model) == of_model).map(|s| s.name);
            Some(match nearest(name, names.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", names.collect::<Vec<_>>().join(", ")),
            })
        }
    };
    match (Setting::find(name), remedy) {
        (Some(setting), None) => Ok(setting),
        (_, remedy) => Err(Error::Invalid(format!(
            "there is no setting `{name}`{place} to sweep over; {}",
            remedy.unwrap_or_default()
        ))),
    }
}

/// Checks the values of a setting over which a grid goes.
fn check(setting: &Setting, values: &[toml::Value]) -> Result<()> {
    let name = setting.name;
    if SHARED.contains(&name) {
        return Err(Error::Invalid(format!(
            "`{name}` cannot be in a grid, because all its runs are kept in one place, by their names; remove it there, and use the \
             setting `{name}`"
        )));
    }
    if let Some(value) = values.iter().find(|value| value.as_float().is_some_and(|x| !x.is_finite())) {
        return Err(Error::Invalid(format!("`{name}` is {value}, which is not a finite number; remove it")));
    }
    match values.iter().enumerate().find(|(i, value)| values[..*i].iter().any(|other| same(other, value))) {
        Some((_, value)) => Err(Error::Invalid(format!(
            "the list of `{name}` has {} twice: two runs would be the same; remove one, or vary the seed",
            written(value)
        ))),
        None => Ok(()),
    }
}

/// Whether two values are the same, such as 1 and 1.0.
fn same(a: &toml::Value, b: &toml::Value) -> bool {
    let number = |value: &toml::Value| value.as_float().or(value.as_integer().map(|n| n as f64));
    a == b || number(a).is_some_and(|x| number(b) == Some(x))
}

/// Whether a value of a setting is a list of texts, as for `set`.
fn takes_texts(name: &str) -> bool {
    Setting::find(name).is_some_and(|setting| matches!(setting.value, Value::Texts(_)))
}

/// The values of a setting.
fn listed(name: &str, value: &toml::Value) -> Result<Vec<toml::Value>> {
    match value {
        toml::Value::Array(values) if values.is_empty() => {
            Err(Error::Invalid(format!("the list of `{name}` is empty: there would be no run")))
        }
        // A setting that is a list itself.
        toml::Value::Array(values) if takes_texts(name) => match values.iter().all(toml::Value::is_array) {
            true => Ok(values.clone()),
            false => Ok(vec![value.clone()]),
        },
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
    fn a_list_of_texts_is_one_value() {
        let base = Settings::default();
        let points = sweep("set = [\"a=1\", \"b=2\"]", &base).unwrap();
        assert_eq!((points.len(), &points[0].settings.set[..]), (1, &["a=1".to_string(), "b=2".into()][..]));
        let points = sweep("set = [[\"a=1\"], [\"a=2\"]]", &base).unwrap();
        assert_eq!((points.len(), points[1].settings.set[0].as_str()), (2, "a=2"));
    }

    #[test]
    fn what_is_no_grid_is_refused() {
        let refused = |text: &str| sweep(text, &Settings::default()).unwrap_err().to_string();
        assert!(refused("lr = [").contains("line 1"), "{}", refused("lr = ["));
        assert!(refused("learning = [1]").contains("no setting `learning`"));
        assert!(refused("latents = [1]").contains("no setting `latents`"));
        assert!(refused("[model-options]\nlr = [1]").contains("no setting `lr` of a model"));
        for (text, remedy) in [
            ("hidden = [[5], [6]]", "under the line `[model-options]`"),
            ("[model-options]\nlr = [1]", "above the line `[model-options]`"),
            ("stps = [1]", "did you mean `steps`?"),
            ("lr = [0.1, nan]", "`lr` is nan, which is not a finite number"),
            ("lr = inf", "`lr` is inf"),
            ("lr = [1, 0.5, 1.0]", "the list of `lr` has 1.0 twice"),
            ("estimator = [\"nvil\", \"nvil\"]", "has nvil twice"),
            ("checkpoint = [\"a\"]", "use the setting `checkpoint`"),
        ] {
            assert!(refused(text).contains(remedy), "{text}: {}", refused(text));
        }
        assert!(refused("lr = []").contains("the list of `lr` is empty"));
        assert!(refused("steps = [\"many\"]").contains("invalid type"));
        let many = format!(
            "lr = {0:?}\nseed = {1:?}",
            (1..=200).map(f64::from).collect::<Vec<_>>(),
            (1..=200).collect::<Vec<_>>()
        );
        assert!(refused(&many).contains("more than 10000"));
    }
}
