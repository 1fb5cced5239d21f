//! Files of parameters: safetensors (float64, readable as float32 and float64), or JSON.
//!
//! ```text
//! { "theta": { "shape": [], "values": [0.3] }, "W": { "shape": [2, 3], "values": [..] } }
//! ```
//!
//! JSON is also read if this object is the member `parameters` of a document, as in the output of `optimize --json`.

use std::collections::BTreeMap;
use std::path::Path;

use aleator::diagnostics::{Number, Tensor};
use aleator::graph::Graph;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde_json::Value;

/// The longest file that is read.
const LONGEST: u64 = 1 << 32;

/// Whether a file is one of safetensors.
fn is_safetensors(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("safetensors"))
}

/// The bytes of a file of this name that holds these parameters.
///
/// # Errors
/// Says why they cannot be represented.
pub fn encode(path: &Path, parameters: &BTreeMap<String, Tensor>) -> Result<Vec<u8>, String> {
    if !is_safetensors(path) {
        let mut bytes = serde_json::to_vec_pretty(parameters).map_err(|e| e.to_string())?;
        bytes.push(b'\n');
        return Ok(bytes);
    }
    let bytes = |t: &Tensor| t.values.iter().flat_map(|x| x.0.to_le_bytes()).collect::<Vec<u8>>();
    let data: Vec<(&String, &Tensor, Vec<u8>)> = parameters.iter().map(|(n, t)| (n, t, bytes(t))).collect();
    let views = data
        .iter()
        .map(|(name, t, bytes)| Ok((*name, TensorView::new(Dtype::F64, t.shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
        .map_err(|e| e.to_string())?;
    safetensors::serialize(views, None).map_err(|e| e.to_string())
}

/// Reads parameters from a file and makes them the initial values of a graph.
///
/// # Errors
/// Says what is wrong: the file, a name that the graph or the file lacks, a shape, or a number that is not finite.
pub fn adopt(path: &Path, graph: &Graph) -> Result<(), String> {
    let size = std::fs::metadata(path).map_err(|e| e.to_string())?;
    if !size.is_file() {
        return Err("it is not a file".into());
    }
    if size.len() > LONGEST {
        return Err(format!("it is larger than {} GiB", LONGEST >> 30));
    }
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let read = if is_safetensors(path) { from_safetensors(&bytes)? } else { from_json(&bytes)? };
    let params = graph.params();
    let names = || params.iter().map(|p| format!("`{}`", p.name)).collect::<Vec<_>>().join(", ");
    if let Some(name) = read.keys().find(|name| params.iter().all(|p| p.name != **name)) {
        return Err(format!(
            "it has `{name}`, but the graph has no parameter of that name; its parameters are {}",
            names()
        ));
    }
    for param in &params {
        let name = &param.name;
        let there = read.keys().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
        let tensor = read.get(name).ok_or_else(|| {
            format!("it has no `{name}`; it has {}", if there.is_empty() { "nothing" } else { &there })
        })?;
        if tensor.shape != param.shape.to_vec() {
            return Err(format!(
                "`{name}` has the shape {:?} there and {:?} in the graph; change the shape in the graph, or choose another file",
                tensor.shape,
                param.shape.to_vec()
            ));
        }
        if let Some(i) = tensor.values.iter().position(|x| !x.0.is_finite()) {
            return Err(format!("`{name}` (element {i}) is {}, which is not finite", tensor.values[i].0));
        }
        graph.set_param(name, tensor.values.iter().map(|x| x.0).collect()).map_err(|e| e.to_string())?;
    }
    Ok(())
}

fn from_safetensors(bytes: &[u8]) -> Result<BTreeMap<String, Tensor>, String> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|e| format!("it is truncated or not a safetensors file ({e})"))?;
    if file.names().iter().any(|name| name.starts_with("parameters/")) {
        return Err(
            "it is a checkpoint; write its parameters to a file with `aleator train export CHECKPOINT -o \
                    parameters.safetensors`, and use that file"
                .into(),
        );
    }
    let tensor = |(name, view): (String, TensorView<'_>)| {
        let values = match view.dtype() {
            Dtype::F64 => view.data().as_chunks().0.iter().map(|b| Number(f64::from_le_bytes(*b))).collect(),
            Dtype::F32 => {
                view.data().as_chunks().0.iter().map(|b| Number(f32::from_le_bytes(*b).into())).collect()
            }
            other => {
                return Err(format!("`{name}` has numbers of the type {other:?}; F64 and F32 can be read"));
            }
        };
        Ok((name, Tensor { shape: view.shape().to_vec(), values }))
    };
    file.tensors().into_iter().map(tensor).collect()
}

fn from_json(bytes: &[u8]) -> Result<BTreeMap<String, Tensor>, String> {
    let form = "{\"NAME\": {\"shape\": [..], \"values\": [..]}, ..}";
    let document: Value = serde_json::from_slice(bytes).map_err(|e| format!("it is not JSON ({e})"))?;
    let tensors = match document.get("history").and(document.get("parameters")) {
        Some(parameters) => parameters,
        None => &document,
    };
    let tensors = tensors.as_object().ok_or_else(|| format!("it should have the form {form}"))?;
    let tensor = |(name, value): (&String, &Value)| {
        let wrong = || format!("`{name}` should have the form {form}");
        let list = |key: &str| value.get(key).and_then(Value::as_array).ok_or_else(wrong);
        let size = |n: &Value| n.as_u64().and_then(|n| usize::try_from(n).ok()).ok_or_else(wrong);
        let number = |x: &Value| x.as_f64().map(Number).ok_or_else(wrong);
        let shape: Vec<usize> = list("shape")?.iter().map(size).collect::<Result<_, String>>()?;
        let values: Vec<Number> = list("values")?.iter().map(number).collect::<Result<_, String>>()?;
        let elements = shape.iter().try_fold(1usize, |n, &length| n.checked_mul(length));
        if elements != Some(values.len()) {
            return Err(format!(
                "`{name}` has {} values, which do not fill the shape {shape:?}",
                values.len()
            ));
        }
        Ok((name.clone(), Tensor { shape, values }))
    };
    tensors.iter().map(tensor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph() -> Graph {
        let graph = Graph::new();
        let w = graph.param_tensor("W", [2, 3], vec![0.0; 6]);
        let theta = graph.param("theta", 0.5);
        graph.cost("f", (w.sum() + theta).square());
        graph
    }

    fn there(name: &str, bytes: &[u8]) -> std::path::PathBuf {
        let directory = std::env::temp_dir().join(format!("aleator-parameters-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    #[test]
    fn what_is_written_can_be_read() {
        let values = [1.5, -0.1, 1e-300, 1e300, 0.0, 3.25];
        let tensor = |shape: &[usize], values: &[f64]| Tensor {
            shape: shape.to_vec(),
            values: values.iter().map(|&x| Number(x)).collect(),
        };
        let parameters = BTreeMap::from([
            ("W".to_string(), tensor(&[2, 3], &values)),
            ("theta".into(), tensor(&[], &[0.1])),
        ]);
        for name in ["a.json", "a.safetensors"] {
            let path = there(name, &encode(Path::new(name), &parameters).unwrap());
            let graph = graph();
            adopt(&path, &graph).unwrap();
            assert_eq!(graph.params()[0].initial, values, "{name}");
            assert_eq!(graph.params()[1].initial, [0.1], "{name}");
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        for (text, said) in [
            ("", "not JSON"),
            ("[1]", "form"),
            ("{}", "no `W`; it has nothing"),
            (
                r#"{"V": {"shape": [], "values": [1]}}"#,
                "no parameter of that name; its parameters are `W`, `theta`",
            ),
            (r#"{"W": {"shape": [3, 2], "values": [1,2,3,4,5,6]}}"#, "[3, 2] there and [2, 3] in the graph"),
            (r#"{"W": {"shape": [2, 3], "values": [1,2]}}"#, "do not fill"),
            (r#"{"W": {"shape": [2, 3], "values": [1,2,3,4,5,"inf"]}}"#, "form"),
            (r#"{"W": {"shape": [18446744073709551615, 9], "values": []}}"#, "do not fill"),
            (r#"{"W": 3}"#, "form"),
        ] {
            let error = adopt(&there("wrong.json", text.as_bytes()), &graph()).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
        let tensor = Tensor { shape: vec![], values: vec![Number(0.0)] };
        let saved = BTreeMap::from([("parameters/theta".to_string(), tensor)]);
        let saved = encode(Path::new("run.safetensors"), &saved).unwrap();
        let error = adopt(&there("run.safetensors", &saved), &graph()).unwrap_err();
        assert!(error.contains("it is a checkpoint") && error.contains("aleator train export"), "{error}");
        let error = adopt(&there("wrong.safetensors", b"no"), &graph()).unwrap_err();
        assert!(error.contains("not a safetensors file"), "{error}");
        assert!(adopt(Path::new("/no/such.json"), &graph()).is_err());
    }
}
