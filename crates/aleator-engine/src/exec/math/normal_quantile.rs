//! The quantile function of the standard normal distribution, Φ⁻¹.
//!
//! ```text
//! q = p - ½
//! f64:   |q| ≤ 0.425:  Φ⁻¹(p) = q A(0.180625 - q²) / B(0.180625 - q²)
//!        otherwise:    Φ⁻¹(p) = ± A(t - c) / B(t - c),   t = √(-log min(p, 1 - p)),   c = 1.6 (t ≤ 5) or 5
//! f32:   Φ⁻¹(p) = q H(v - c),   w = -log(4 p (1 - p)),   v = w (w < 5) or √w (w < 16, w ≥ 16)
//! ```
//!
//! The rational functions are algorithm AS 241, PPND16 (`wichura1988algorithm`); the form q H(w) is Giles's
//! (`giles2012approximating`) with our own coefficients. Each interval has the same form, so that the coefficients
//! are selected, not the code: no branch. 0 and 1 give ∓∞, anything outside [0, 1] NaN.
//!
//! | largest error      | f32  | f64  |
//! |--------------------|------|------|
//! | `normal_quantile`  | NQ32 | NQ64 |

use super::format::Format;
use super::log::log;

/// The formula of a format, for 0 < p < 1.
pub trait Quantile: Format {
    /// Φ⁻¹(p) for 0 < p < 1.
    fn quantile(p: Self) -> Self;
}

#[inline(always)]
pub(super) fn normal_quantile<T: Quantile>(p: T) -> T {
    let (zero, one) = (T::default(), T::from_f64(1.0));
    let x = T::quantile(p);
    let x = if p == zero { -T::INFINITY } else { x };
    let x = if p == one { T::INFINITY } else { x };
    if p >= zero && p <= one { x } else { T::NAN }
}

/// A polynomial whose coefficients are `near`, `middle` or `far`, as the flags say.
#[inline(always)]
fn selected_polynomial<T: Format, const N: usize>(x: T, [near, middle, far]: &[[T; N]; 3], is_near: bool, is_far: bool) -> T {
    let mut sum = T::default();
    for i in (0..N).rev() {
        let c = if is_far { far[i] } else { middle[i] };
        let c = if is_near { near[i] } else { c };
        sum = if i == N - 1 { c } else { sum * x + c };
    }
    sum
}

impl Quantile for f32 {
    #[inline(always)]
    fn quantile(p: f32) -> f32 {
        let w = -log(4.0 * p * (1.0 - p));
        let root = w.sqrt();
        let (is_near, is_far) = (w < 5.0, w >= 16.0);
        let v = if is_far { root - 7.075 } else { root - 3.118 };
        let v = if is_near { w - 2.5 } else { v };
        (p - 0.5) * selected_polynomial(v, &H, is_near, is_far)
    }
}

/// H near, middle and far; constant terms first.
const H: [[f32; 10]; 3] = [
    [
        4.246627,
        0.69760408,
        -0.011815434,
        -0.0035432892,
        0.00061757134,
        -1.4038443e-05,
        -9.79401e-06,
        1.3185248e-06,
        6.571204e-08,
        -2.4864516e-08,
    ],
    [
        8.347521,
        2.8386639,
        0.020255735,
        -0.0152965565,
        0.0109485954,
        -0.0072874395,
        0.0037508034,
        -0.00088487553,
        -0.00051410862,
        0.00036476782,
    ],
    [
        19.64247,
        2.8525216,
        -0.0014460498,
        2.342653e-05,
        1.5998905e-05,
        -4.5345635e-06,
        6.624885e-07,
        -7.944038e-08,
        3.864494e-08,
        -7.534659e-09,
    ],
];

impl Quantile for f64 {
    #[inline(always)]
    fn quantile(p: f64) -> f64 {
        let q = p - 0.5;
        let tail = if q < 0.0 { p } else { 1.0 - p };
        let t = (-log(tail)).sqrt();
        let (is_near, is_far) = (q.abs() <= 0.425, t > 5.0);
        let v = if is_far { t - 5.0 } else { t - 1.6 };
        let v = if is_near { 0.180625 - q * q } else { v };
        let factor = if is_near { q } else { f64::copysign(1.0, q) };
        factor * selected_polynomial(v, &A, is_near, is_far) / selected_polynomial(v, &B, is_near, is_far)
    }
}

/// Numerators near, middle and far; constant terms first.
const A: [[f64; 8]; 3] = [
    [
        3.3871328727963665,
        133.14166789178438,
        1971.5909503065513,
        13731.69376550946,
        45921.95393154987,
        67265.7709270087,
        33430.57558358813,
        2509.0809287301227,
    ],
    [
        1.4234371107496835,
        4.630337846156546,
        5.769497221460691,
        3.6478483247632045,
        1.2704582524523684,
        0.2417807251774506,
        0.022723844989269184,
        0.0007745450142783414,
    ],
    [
        6.657904643501103,
        5.463784911164114,
        1.7848265399172913,
        0.29656057182850487,
        0.026532189526576124,
        0.0012426609473880784,
        2.7115555687434876e-05,
        2.0103343992922881e-07,
    ],
];

/// Denominators near, middle and far; constant terms first.
const B: [[f64; 8]; 3] = [
    [
        1.0,
        42.31333070160091,
        687.1870074920579,
        5394.196021424751,
        21213.794301586597,
        39307.89580009271,
        28729.085735721943,
        5226.495278852854,
    ],
    [
        1.0,
        2.053191626637759,
        1.6763848301838038,
        0.6897673349851,
        0.14810397642748008,
        0.015198666563616457,
        0.0005475938084995345,
        1.0507500716444169e-09,
    ],
    [
        1.0,
        0.599832206555888,
        0.1369298809227358,
        0.014875361290850615,
        0.0007868691311456133,
        1.8463183175100548e-05,
        1.421511758316446e-07,
        2.0442631033899397e-15,
    ],
];
