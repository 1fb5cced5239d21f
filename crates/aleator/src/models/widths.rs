//! Sizes of several layers, as an option of a model: one number or a list of them.

use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The sizes of layers, from the data on. In TOML it is a whole number or a list of them: `200` or `[200, 100]`. `[]` and
/// `"none"` mean no layer.
///
/// ```
/// use aleator::models::Widths;
///
/// assert_eq!(Widths::from(200), Widths(vec![200]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Widths(pub Vec<usize>);

impl From<usize> for Widths {
    fn from(width: usize) -> Self {
        Widths(vec![width])
    }
}

impl Serialize for Widths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0[..] {
            [one] => one.serialize(serializer),
            _ => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Widths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMany)
    }
}

/// The longest list that is read; models take fewer.
const LONGEST: usize = 1000;

struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = Widths;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, a list of them such as [200, 100], or \"none\"")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Widths, E> {
        match text {
            "none" => Ok(Widths::default()),
            _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Widths, E> {
        usize::try_from(number).map(Widths::from).map_err(|_| E::custom(format!("{number} is too large")))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Widths, E> {
        let unexpected = serde::de::Unexpected::Signed(number);
        usize::try_from(number).map(Widths::from).map_err(|_| E::invalid_value(unexpected, &self))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Widths, A::Error> {
        let mut widths = Vec::new();
        while let Some(width) = list.next_element()? {
            if widths.len() == LONGEST {
                return Err(A::Error::custom(format!("the list has more than {LONGEST} sizes")));
            }
            widths.push(width);
        }
        Ok(Widths(widths))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    struct Table {
        hidden: Widths,
    }

    #[test]
    fn one_number_is_a_list_of_one_and_is_written_as_before() {
        let read = |text: &str| toml::from_str::<Table>(text);
        for (text, widths) in [
            ("hidden = 7\n", vec![7]),
            ("hidden = [7, 3]\n", vec![7, 3]),
            ("hidden = []\n", vec![]),
            ("hidden = 0\n", vec![0]),
        ] {
            let table = read(text).unwrap();
            assert_eq!(table.hidden.0, widths);
            assert_eq!(toml::to_string(&table).unwrap(), text);
        }
        assert_eq!(read("hidden = \"none\"").unwrap(), read("hidden = []").unwrap());
        assert_eq!(read("hidden = [7]").unwrap(), read("hidden = 7").unwrap());
        for (text, expected) in [
            ("hidden = -3", "integer `-3`, expected a whole number"),
            ("hidden = [4, -3]", "`-3`"),
            ("hidden = 2.5", "expected a whole number"),
            (
                "hidden = \"many\"",
                "string \"many\", expected a whole number, a list of them such as [200, 100]",
            ),
            ("hidden = [[1]]", "invalid type"),
        ] {
            let refused = read(text).unwrap_err().to_string();
            assert!(refused.contains(expected), "{text}: {refused}");
        }
        let long = format!("hidden = {:?}", vec![1; 1001]);
        assert!(read(&long).unwrap_err().to_string().contains("more than 1000"));
    }
}
