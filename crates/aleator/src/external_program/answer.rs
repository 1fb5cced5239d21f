//! One question and one answer as JSON.

use std::io::Write;

use serde_json::Value;

/// Appends the line of a question.
pub(super) fn write_question<'a>(
    line: &mut Vec<u8>,
    names: &[(String, Vec<usize>)],
    arguments: impl Iterator<Item = &'a [f64]>,
) {
    line.push(b'{');
    for (i, ((name, shape), numbers)) in names.iter().zip(arguments).enumerate() {
        // A graph in Rust may have any name: it is written as a string of JSON.
        let separator = if i == 0 { "" } else { ", " };
        let name = Value::from(name.as_str());
        let _ = write!(line, "{separator}{name}: ");
        write_array(line, shape, numbers);
    }
    line.extend(b"}\n");
}

fn write_array(line: &mut Vec<u8>, shape: &[usize], numbers: &[f64]) {
    let Some((&size, rest)) = shape.split_first() else {
        let _ = match numbers[0] {
            x if x.is_nan() => write!(line, "\"nan\""),
            f64::INFINITY => write!(line, "\"inf\""),
            f64::NEG_INFINITY => write!(line, "\"-inf\""),
            x => write!(line, "{x:?}"),
        };
        return;
    };
    let own: usize = rest.iter().product();
    line.push(b'[');
    for i in 0..size {
        line.extend(if i == 0 { &b""[..] } else { &b", "[..] });
        write_array(line, rest, &numbers[i * own..][..own]);
    }
    line.push(b']');
}

/// Reads the line of an answer.
pub(super) fn read_answer(line: &str, shape: &[usize], numbers: &mut [f64]) -> Result<(), String> {
    let wrong = |what: &str| {
        format!(
            "answered {}, which is not {what}; it writes one line for each question, and messages belong to standard error",
            excerpt(line)
        )
    };
    let expected = match shape {
        [] => "a number".to_owned(),
        _ => format!("a nested list of numbers of shape {shape:?}"),
    };
    let value: Value =
        serde_json::from_str(&quoted_words(line)).map_err(|_| wrong("JSON of numbers and lists"))?;
    let mut next = numbers.iter_mut();
    let complete = read_array(&value, shape, &mut next);
    if complete.is_some() { Ok(()) } else { Err(wrong(&expected)) }
}

fn read_array<'a>(
    value: &Value,
    shape: &[usize],
    numbers: &mut impl Iterator<Item = &'a mut f64>,
) -> Option<()> {
    match (value, shape.split_first()) {
        (Value::Array(parts), Some((&size, rest))) if parts.len() == size => {
            parts.iter().try_for_each(|part| read_array(part, rest, numbers))
        }
        (_, None) => {
            *numbers.next()? = match value {
                Value::Number(number) => number.as_f64()?,
                Value::Bool(truth) => f64::from(u8::from(*truth)),
                Value::String(word) => match word.as_str() {
                    "nan" | "NaN" => f64::NAN,
                    "inf" | "Infinity" => f64::INFINITY,
                    "-inf" | "-Infinity" => f64::NEG_INFINITY,
                    _ => return None,
                },
                Value::Null | Value::Array(_) | Value::Object(_) => return None,
            };
            Some(())
        }
        _ => None,
    }
}

/// Puts quotes around the words for numbers that are not finite, where there are none.
fn quoted_words(line: &str) -> std::borrow::Cow<'_, str> {
    if line.contains('"') || !(line.contains("NaN") || line.contains("Infinity")) {
        return line.into();
    }
    let words =
        line.replace("NaN", "\"NaN\"").replace("-Infinity", "\"-inf\"").replace("Infinity", "\"inf\"");
    words.into()
}

/// The beginning of a line, for messages.
fn excerpt(line: &str) -> String {
    let shown: String = line.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.chars().count() {
        0 => "with an empty line".to_owned(),
        1..=60 => format!("`{shown}`"),
        _ => format!("`{shown}…`"),
    }
}
