//! The array format of NumPy.
//!
//! `npyz` reads headers and elements but trusts them: it allocates the memory that the header states, multiplies sizes without a
//! check, and parses nested brackets recursively. Therefore, the header is first compared with the form that `numpy.save` writes
//! for an array of numbers,
//!
//! ```text
//! {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
//! ```
//!
//! with one pair of parentheses around integers, and its size is compared with the limit and the length of the file.

use std::io::{BufRead, Read};
use std::path::Path;

use npyz::{DType, Deserialize, NpyFile, Order, TypeChar, TypeStr};

use super::error::{DataError, excerpt};

const MAGIC: &[u8] = b"\x93NUMPY";
/// The largest header that NumPy accepts by default.
const MAX_HEADER: usize = 10_000;
/// The largest number of axes. The limit of NumPy is 64.
const MAX_AXES: usize = 64;

/// Reads an array: shape, row-major values, and whether the elements are bytes without a sign, as pixels often are. `length` is
/// the size of the file in bytes.
pub(super) fn read(
    reader: &mut dyn BufRead,
    length: u64,
    path: &Path,
    limit: u64,
) -> Result<(Vec<usize>, Vec<f64>, bool), DataError> {
    let preamble = read_preamble(reader, path)?;
    let shape = read_shape(&preamble, path)?;
    // Axes of size 0 count as 1, so that no product of some of the sizes can overflow either.
    let cells = shape.iter().try_fold(1_u64, |product, &size| product.checked_mul(size.max(1) as u64));
    if cells.is_none_or(|cells| cells > limit / 8) {
        return Err(DataError::TooLarge {
            path: path.to_owned(),
            claim: format!("its header claims an array of shape {shape:?}"),
            limit,
        });
    }
    let data_length = length.saturating_sub(preamble.len() as u64);
    let npy = NpyFile::new((&preamble[..]).chain(reader))
        .map_err(|error| DataError::header(path, excerpt(&error.to_string())))?;
    let unsupported =
        |found: String| DataError::ElementType { path: path.to_owned(), found: excerpt(&found) };
    let element = match npy.dtype() {
        DType::Plain(element) if is_real(&element) => element,
        other => return Err(unsupported(other.descr())),
    };
    let expected = npy.len() * element.size_field();
    if data_length < expected {
        return Err(DataError::Truncated { path: path.to_owned(), expected, found: data_length });
    }
    if data_length > expected {
        return Err(DataError::TrailingBytes { path: path.to_owned(), expected });
    }
    let order = npy.order();
    let values = match (element.type_char(), element.size_field()) {
        (TypeChar::Float, 8) => elements(npy, path, |x: f64| x),
        (TypeChar::Float, 2) => elements(npy, path, |x: npyz::half::f16| x.to_f64()),
        (TypeChar::Float, 4) => elements(npy, path, |x: f32| f64::from(x)),
        (TypeChar::Int, 1) => elements(npy, path, |x: i8| f64::from(x)),
        (TypeChar::Int, 2) => elements(npy, path, |x: i16| f64::from(x)),
        (TypeChar::Int, 4) => elements(npy, path, |x: i32| f64::from(x)),
        (TypeChar::Int, 8) => elements(npy, path, |x: i64| x as f64),
        (TypeChar::Uint, 1) => elements(npy, path, |x: u8| f64::from(x)),
        (TypeChar::Uint, 2) => elements(npy, path, |x: u16| f64::from(x)),
        (TypeChar::Uint, 4) => elements(npy, path, |x: u32| f64::from(x)),
        (TypeChar::Uint, 8) => elements(npy, path, |x: u64| x as f64),
        (TypeChar::Bool, 1) => elements(npy, path, |x: bool| f64::from(u8::from(x))),
        _ => Err(unsupported(element.to_string())),
    }?;
    let bytes = (element.type_char(), element.size_field()) == (TypeChar::Uint, 1);
    Ok(match order {
        Order::C => (shape, values, bytes),
        Order::Fortran => {
            let values = row_major(&shape, &values);
            (shape, values, bytes)
        }
    })
}

/// Everything before the data: magic, version, header length and header.
fn read_preamble(reader: &mut dyn BufRead, path: &Path) -> Result<Vec<u8>, DataError> {
    let mut preamble = Vec::new();
    let mut extend = |preamble: &mut Vec<u8>, count: usize| -> Result<bool, DataError> {
        let read = (&mut *reader).take(count as u64).read_to_end(preamble).map_err(DataError::read(path))?;
        Ok(read == count)
    };
    if !extend(&mut preamble, 8)? || !preamble.starts_with(MAGIC) {
        preamble.truncate(MAGIC.len());
        return Err(DataError::Magic {
            path: path.to_owned(),
            format: "a NumPy array",
            expected: MAGIC.to_vec(),
            found: preamble,
        });
    }
    let cut_short = || DataError::header(path, "it is truncated");
    let size_bytes = if preamble[6] == 1 { 2 } else { 4 };
    if !extend(&mut preamble, size_bytes)? {
        return Err(cut_short());
    }
    let header_length = preamble[8..].iter().rev().fold(0, |size, &byte| size << 8 | usize::from(byte));
    if header_length > MAX_HEADER {
        return Err(DataError::header(path, format!("it claims to be {header_length} bytes long")));
    }
    if !extend(&mut preamble, header_length)? {
        return Err(cut_short());
    }
    Ok(preamble)
}

/// The sizes between the only parentheses of the header.
fn read_shape(preamble: &[u8], path: &Path) -> Result<Vec<usize>, DataError> {
    let header = String::from_utf8_lossy(preamble);
    if header.contains('[') {
        return Err(DataError::ElementType { path: path.to_owned(), found: "structured".to_owned() });
    }
    let strange = || DataError::header(path, "it has no shape in the form (3, 4)");
    if ["{", "}", "(", ")"].iter().any(|bracket| header.matches(bracket).count() != 1) {
        return Err(strange());
    }
    let inside = header.split_once('(').and_then(|(_, rest)| rest.split_once(')')).ok_or_else(strange)?.0;
    let sizes: Vec<&str> = inside.trim().split_terminator(',').map(str::trim).collect();
    if sizes.len() > MAX_AXES {
        return Err(DataError::header(path, format!("it claims {} axes", sizes.len())));
    }
    sizes
        .into_iter()
        .map(|size| {
            let digits = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
            size.parse().ok().filter(|_| digits).ok_or_else(strange)
        })
        .collect()
}

/// Whether elements of this type are real numbers of a supported size.
fn is_real(element: &TypeStr) -> bool {
    match element.type_char() {
        TypeChar::Float => matches!(element.size_field(), 2 | 4 | 8),
        TypeChar::Int | TypeChar::Uint | TypeChar::Bool => true,
        _ => false,
    }
}

fn elements<T: Deserialize, R: Read>(
    npy: NpyFile<R>,
    path: &Path,
    to_f64: impl Fn(T) -> f64,
) -> Result<Vec<f64>, DataError> {
    let data = npy.data::<T>().map_err(|error| DataError::header(path, error.to_string()))?;
    data.map(|element| element.map(&to_f64)).collect::<Result<_, _>>().map_err(DataError::read(path))
}

/// Converts values from Fortran order (first axis fastest) to C order (last axis fastest).
fn row_major(shape: &[usize], values: &[f64]) -> Vec<f64> {
    let mut index = vec![0; shape.len()];
    (0..values.len())
        .map(|_| {
            let position = index.iter().zip(shape).rev().fold(0, |position, (&i, &size)| position * size + i);
            for axis in (0..shape.len()).rev() {
                index[axis] += 1;
                if index[axis] < shape[axis] {
                    break;
                }
                index[axis] = 0;
            }
            values[position]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use npyz::WriterBuilder;
    use proptest::prelude::*;

    use super::*;

    fn parse(bytes: &[u8]) -> Result<(Vec<usize>, Vec<f64>), DataError> {
        let found = read(&mut &bytes[..], bytes.len() as u64, Path::new("x.npy"), 1 << 20)?;
        Ok((found.0, found.1))
    }

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        [MAGIC, &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes(), data].concat()
    }

    fn saved<T: npyz::Serialize>(descr: &str, shape: &[u64], order: Order, values: &[T]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let dtype = DType::Plain(descr.parse().unwrap());
        let options = npyz::WriteOptions::new().dtype(dtype).shape(shape).order(order);
        let mut writer = options.writer(&mut bytes).begin_nd().unwrap();
        values.iter().for_each(|value| writer.push(value).unwrap());
        writer.finish().unwrap();
        bytes
    }

    #[test]
    fn every_type_and_byte_order() {
        for order in ["<", ">"] {
            let as_descr = |kind: &str| format!("{order}{kind}");
            let expected = (vec![3], vec![0.0, 1.0, 100.0]);
            assert_eq!(parse(&saved(&as_descr("f8"), &[3], Order::C, &[0_f64, 1., 100.])).unwrap(), expected);
            assert_eq!(parse(&saved(&as_descr("f4"), &[3], Order::C, &[0_f32, 1., 100.])).unwrap(), expected);
            assert_eq!(parse(&saved(&as_descr("i8"), &[3], Order::C, &[0_i64, 1, 100])).unwrap(), expected);
            assert_eq!(parse(&saved(&as_descr("i4"), &[3], Order::C, &[0_i32, 1, 100])).unwrap(), expected);
            assert_eq!(parse(&saved(&as_descr("i2"), &[3], Order::C, &[0_i16, 1, 100])).unwrap(), expected);
            assert_eq!(parse(&saved(&as_descr("u8"), &[3], Order::C, &[0_u64, 1, 100])).unwrap(), expected);
            assert_eq!(parse(&saved(&as_descr("u4"), &[3], Order::C, &[0_u32, 1, 100])).unwrap(), expected);
            assert_eq!(parse(&saved(&as_descr("u2"), &[3], Order::C, &[0_u16, 1, 100])).unwrap(), expected);
        }
        let halves = saved("<f2", &[2], Order::C, &[0.5, -2.0].map(npyz::half::f16::from_f64));
        assert_eq!(parse(&halves).unwrap(), (vec![2], vec![0.5, -2.0]));
        assert_eq!(parse(&saved("|i1", &[2], Order::C, &[-1_i8, 1])).unwrap().1, [-1.0, 1.0]);
        assert_eq!(parse(&saved("|u1", &[2], Order::C, &[255_u8, 1])).unwrap().1, [255.0, 1.0]);
        assert_eq!(parse(&saved("|b1", &[2], Order::C, &[true, false])).unwrap().1, [1.0, 0.0]);
    }

    #[test]
    fn fortran_order_becomes_row_major() {
        // [[[0, 1], [2, 3], [4, 5]], [[6, 7], [8, 9], [10, 11]]] with the first axis fastest
        let columns = [0_f64, 6., 2., 8., 4., 10., 1., 7., 3., 9., 5., 11.];
        let (shape, values) = parse(&saved("<f8", &[2, 3, 2], Order::Fortran, &columns)).unwrap();
        assert_eq!(shape, [2, 3, 2]);
        assert!(values.into_iter().eq((0..12).map(f64::from)));
    }

    #[test]
    fn numpy_itself_wrote_this() {
        let header = "{'descr': '>f4', 'fortran_order': False, 'shape': (2, 1), }                 \n";
        let data = [1.5_f32.to_be_bytes(), (-2.0_f32).to_be_bytes()].concat();
        assert_eq!(parse(&file(header, &data)).unwrap(), (vec![2, 1], vec![1.5, -2.0]));
        let scalar = "{'descr': '<f8', 'fortran_order': False, 'shape': (), }\n";
        assert_eq!(parse(&file(scalar, &7_f64.to_le_bytes())).unwrap(), (vec![], vec![7.0]));
        let empty = "{'descr': '<f8', 'fortran_order': True, 'shape': (0, 3), }\n";
        assert_eq!(parse(&file(empty, &[])).unwrap(), (vec![0, 3], vec![]));
    }

    #[test]
    fn a_hostile_header_is_an_error() {
        let header = |descr: &str, shape: &str| {
            format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n")
        };
        for (shape, reason) in [
            ("(4294967296, 4294967296, 4294967296)", "too large"),
            ("(0, 18446744073709551615, 18446744073709551615)", "too large"),
            ("(1000000,)", "too large"),
            ("(18446744073709551616,)", "shape"),
            ("(-1,)", "shape"),
            ("(1+1,)", "shape"),
            ("(2, , 2)", "shape"),
            ("((2,),)", "shape"),
            ("2", "shape"),
            ("(3,)", "truncated"),
            ("(1,)", "more than"),
            (
                "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2)",
                "axes",
            ),
        ] {
            let message = parse(&file(&header("'<f8'", shape), &[0; 16])).unwrap_err().to_string();
            assert!(message.contains("x.npy") && message.contains(reason), "{shape}: {message}");
        }
        for descr in ["'<f16'", "'<c8'", "'|O'", "'<U8'", "'|S8'", "'<M8[s]'", "[('a', '<f8')]"] {
            let error = parse(&file(&header(descr, "(2,)"), &[0; 16])).unwrap_err();
            assert!(matches!(error, DataError::ElementType { .. }), "{descr}: {error:?}");
        }
        let nested = format!("{{'descr': '<f8', 'shape': {}", "(".repeat(9000));
        assert!(matches!(parse(&file(&nested, &[])), Err(DataError::Header { .. })));
        let endless = [MAGIC, &[2, 0], &u32::MAX.to_le_bytes(), b"{"].concat();
        assert!(matches!(parse(&endless), Err(DataError::Header { .. })));
    }

    #[test]
    fn every_prefix_is_an_error() {
        let whole = saved("<f8", &[2, 2], Order::C, &[1_f64, 2., 3., 4.]);
        assert!(parse(&whole).is_ok());
        for length in 0..whole.len() {
            assert!(parse(&whole[..length]).is_err(), "{length}");
        }
    }

    proptest! {
        #[test]
        fn no_change_of_a_byte_can_make_it_panic(at in 0_usize..160, byte: u8) {
            let mut bytes = saved("<f8", &[2, 2], Order::C, &[1_f64, 2., 3., 4.]);
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok((shape, values)) = parse(&bytes) {
                prop_assert_eq!(shape.iter().product::<usize>(), values.len());
            }
        }
    }
}
