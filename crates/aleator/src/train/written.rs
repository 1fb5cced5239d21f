//! The documents of a graph's run. Within the library, larger numbers are better; the objective of a graph is minimised, and documents
//! have it by its name and with its own sign.

use serde_json::{Map, Value};

/// The names within the library and in documents, and whether the sign changes.
const NAMES: [(&str, &str, bool); 3] = [
    ("elbo", "objective", true),
    ("elbo_std_error", "objective_std_error", false),
    ("train_elbo", "train_objective", true),
];

/// A number, or the word of one that is not finite, with the opposite sign.
fn negative(value: &Value) -> Value {
    match value {
        // The negative of 0 has no sign.
        Value::Number(number) => number.as_f64().map_or(Value::Null, |x| (0.0 - x).into()),
        Value::String(word) => match word.as_str() {
            "inf" => "-inf".into(),
            "-inf" => "inf".into(),
            other => other.into(),
        },
        other => other.clone(),
    }
}

/// Renames what was measured, from the names at the left to those at the right.
fn rename(object: &mut Map<String, Value>, names: impl Iterator<Item = (&'static str, &'static str, bool)>) {
    for (from, to, turned) in names {
        if let Some(value) = object.remove(from) {
            object.insert(to.into(), if turned { negative(&value) } else { value });
        }
    }
}

fn objects(value: Option<&mut Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    let all: Vec<&mut Value> = match value {
        Some(Value::Array(values)) => values.iter_mut().collect(),
        one => one.into_iter().collect(),
    };
    all.into_iter().filter_map(Value::as_object_mut)
}

/// A point of a history, or an evaluation, as it is in documents of a graph.
pub(super) fn with_objective(object: &mut Map<String, Value>) {
    rename(object, NAMES.into_iter());
    objects(object.get_mut("held_out")).for_each(|rows| rename(rows, NAMES.into_iter()));
}

/// The inverse of [`with_objective`].
pub(super) fn with_score(object: &mut Map<String, Value>) {
    let back = || NAMES.into_iter().map(|(ours, written, turned)| (written, ours, turned));
    rename(object, back());
    objects(object.get_mut("held_out")).for_each(|rows| rename(rows, back()));
}

/// The document of a run of a graph.
pub(super) fn run_with_objective(document: &mut Value) {
    let Some(report) = document.as_object_mut() else { return };
    objects(report.get_mut("history")).for_each(with_objective);
    objects(report.get_mut("held_out")).for_each(with_objective);
    objects(report.get_mut("best")).for_each(|best| rename(best, [("value", "value", true)].into_iter()));
    for starts in objects(report.get_mut("starts")) {
        let values = starts.get_mut("values").and_then(Value::as_array_mut);
        values.into_iter().flatten().for_each(|value| *value = negative(value));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_and_signs_change_and_come_back() {
        let point = json!({"step": 3, "elbo": -0.25, "elbo_std_error": 0.5, "train_elbo": "-inf", "bound": null,
                           "gradients": {"elbo": 1.0}, "held_out": {"elbo": 2.0, "elbo_std_error": 0.0}});
        let mut written = point.clone();
        with_objective(written.as_object_mut().unwrap());
        let expected = json!({"step": 3, "objective": 0.25, "objective_std_error": 0.5, "train_objective": "inf", "bound": null,
                              "gradients": {"elbo": 1.0}, "held_out": {"objective": -2.0, "objective_std_error": 0.0}});
        assert_eq!(written, expected);
        with_score(written.as_object_mut().unwrap());
        assert_eq!(written, point);
        let mut run = json!({"objective": "the objective of the graph", "history": [point], "best": {"step": 3, "value": -1.0}});
        run_with_objective(&mut run);
        assert_eq!(run["history"][0], expected);
        assert_eq!(
            (&run["best"]["value"], &run["objective"]),
            (&json!(1.0), &json!("the objective of the graph"))
        );
    }
}
