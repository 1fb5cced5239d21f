//! [`Portable`] as JSON.
//!
//! A finite number is written with as many digits as give the same bits back, the others as the strings `inf`, `-inf`
//! and `nan`; a NaN with other bits than the usual ones as its bits, `0x7ff8000000000001`.

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::portable::{Number, Portable};
use crate::error::Error;

impl Portable {
    /// The graph as JSON on one line.
    pub fn to_json(&self) -> String {
        // Writing to a string fails for no value of these types: maps have strings as keys.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`Portable::to_json`] wrote; [`Portable::graph`] then checks what it says.
    ///
    /// # Errors
    /// [`Error::Import`] with line and column where the text is not of this form.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| Error::Import {
            place: format!("line {}, column {}", error.line(), error.column()),
            problem: error.to_string(),
        })
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let x = self.0;
        if x.is_finite() {
            serializer.serialize_f64(x)
        } else if x == f64::INFINITY {
            serializer.serialize_str("inf")
        } else if x == f64::NEG_INFINITY {
            serializer.serialize_str("-inf")
        } else if x.to_bits() == f64::NAN.to_bits() {
            serializer.serialize_str("nan")
        } else {
            serializer.serialize_str(&format!("{:#x}", x.to_bits()))
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a number, \"inf\", \"-inf\", \"nan\" or the bits of a number, \"0x…\"")
    }

    fn visit_f64<E>(self, x: f64) -> Result<Number, E> {
        Ok(Number(x))
    }

    fn visit_u64<E>(self, x: u64) -> Result<Number, E> {
        Ok(Number(x as f64))
    }

    fn visit_i64<E>(self, x: i64) -> Result<Number, E> {
        Ok(Number(x as f64))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
        let bits = || u64::from_str_radix(text.strip_prefix("0x")?, 16).ok();
        match text {
            "inf" => Ok(Number(f64::INFINITY)),
            "-inf" => Ok(Number(f64::NEG_INFINITY)),
            "nan" => Ok(Number(f64::NAN)),
            _ => match bits() {
                Some(bits) => Ok(Number(f64::from_bits(bits))),
                None => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
            },
        }
    }
}
