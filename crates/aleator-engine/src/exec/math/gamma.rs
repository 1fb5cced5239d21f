//! log |Γ|, and the derivatives of log Γ.
//!
//! ```text
//! ψ⁽ⁿ⁾(x) = dⁿ⁺¹/dxⁿ⁺¹ log Γ(x);   ψ⁽⁰⁾ is called digamma, ψ⁽¹⁾ trigamma
//!
//! n = 0:   ψ(x) = ψ(x + 1) - 1/x until x ≥ 8, then log x - 1/(2x) - Σₖ B₂ₖ / (2k x²ᵏ);
//!          ψ(x) = ψ(1 - x) - π cot πx for x < 0;   Taylor's series about the zero x₀ = 1.4616...
//! n ≥ 1:   ψ⁽ⁿ⁾(x) = (-1)ⁿ⁺¹ n! ζ(n + 1, x),   ζ(s, x) = Σₖ (x + k)⁻ˢ, its tail by Euler and Maclaurin's formula;
//!          for x < 0 the negative terms of that sum are ζ(s, y) - ζ(s, 1 - x) but for the sign, y = -x - ⌊-x⌋
//! ```
//!
//! Poles: `lgamma` is +∞ there. ψ⁽ⁿ⁾ with odd n is +∞, with even n it is NaN, but for ψ⁽ⁿ⁾(±0) = ∓∞. `lgamma` is that of the
//! crate `libm`, which is the same on every machine; ψ⁽ⁿ⁾ is computed in double precision for both formats. Neither is
//! vectorised. Near the zeros of ψ⁽ⁿ⁾ and of log |Γ| at negative x, only the absolute error is small.
//!
//! | largest error, ulp (x > 0) | f32  | f64  |
//! |----------------------------|------|------|
//! | `lgamma`                   | 1.81 | 2.11 |
//! | `polygamma`, n ≤ 3         | 0.51 | 6.89 |

/// log |Γ(x)|, by format.
pub trait LogGamma {
    /// log |Γ(x)|
    fn lgamma(x: Self) -> Self;
}

impl LogGamma for f32 {
    fn lgamma(x: f32) -> f32 {
        libm::lgammaf(x)
    }
}

impl LogGamma for f64 {
    fn lgamma(x: f64) -> f64 {
        libm::lgamma(x)
    }
}

/// ψ⁽ⁿ⁾(x)
pub(super) fn polygamma(n: u32, x: f64) -> f64 {
    let odd = n % 2 == 1;
    if x.is_nan() || x == f64::NEG_INFINITY {
        return f64::NAN;
    }
    if x == 0.0 {
        return if odd { f64::INFINITY } else { (-f64::INFINITY).copysign(-x) };
    }
    if x < 0.0 && x == x.floor() {
        return if odd { f64::INFINITY } else { f64::NAN };
    }
    if n == 0 {
        return digamma(x);
    }
    let magnitude = if x > 0.0 {
        scaled_zeta(n, x)
    } else {
        let above = -x - (-x).floor();
        let reflected = scaled_zeta(n, above) - scaled_zeta(n, 1.0 - x);
        scaled_zeta(n, 1.0 - above) + if odd { reflected } else { -reflected }
    };
    if odd { magnitude } else { -magnitude }
}

/// The zero of digamma, as a double and a correction.
const ROOT: f64 = 1.4616321449683622;
const ROOT_LOW: f64 = 9.549995429965697e-17;

/// ψ⁽ᵏ⁾(x₀) / k! for k = 1, 2, ...
const TAYLOR: [f64; 28] = [
    0.9676722454476212,
    -0.4427631689835921,
    0.258499760955651,
    -0.16394270544240652,
    0.10782405069126237,
    -0.07219956125645471,
    0.04880428816414311,
    -0.03316112647484736,
    0.022597648232218104,
    -0.01542476590494896,
    0.010538791616612175,
    -0.007204534386356869,
    0.004926781395729853,
    -0.003369801655439328,
    0.002305126326734928,
    -0.0015769367714301972,
    0.0010788252019162967,
    -0.0007380709389960052,
    0.000504953265834602,
    -0.0003454680251063077,
    0.00023635601564027053,
    -0.00016170622091974803,
    0.0001106337276874741,
    -7.569179582195066e-05,
    5.178575795222081e-05,
    -3.5430070947659604e-05,
    2.424006611860132e-05,
    -1.6584242271854135e-05,
];

/// B₂ₖ / (2k) for k = 1, 2, ...
const BERNOULLI_OVER_2K: [f64; 10] = [
    1.0 / 12.0,
    -1.0 / 120.0,
    1.0 / 252.0,
    -1.0 / 240.0,
    1.0 / 132.0,
    -691.0 / 32760.0,
    1.0 / 12.0,
    -3617.0 / 8160.0,
    43867.0 / 14364.0,
    -174611.0 / 6600.0,
];

/// B₂ₖ / (2k)! for k = 1, 2, ...
const BERNOULLI_OVER_FACTORIAL: [f64; 10] = [
    0.08333333333333333,
    -0.001388888888888889,
    3.306878306878307e-05,
    -8.267195767195768e-07,
    2.08767569878681e-08,
    -5.284190138687493e-10,
    1.3382536530684679e-11,
    -3.3896802963225827e-13,
    8.586062056277845e-15,
    -2.174868698558062e-16,
];

fn digamma(x: f64) -> f64 {
    if x < 0.0 {
        let from_pole = x - libm::rint(x);
        return digamma(1.0 - x) - std::f64::consts::PI / libm::tan(std::f64::consts::PI * from_pole);
    }
    let from_root = (x - ROOT) - ROOT_LOW;
    if from_root.abs() < 0.4 {
        return from_root * TAYLOR.iter().rev().fold(0.0, |sum, c| sum * from_root + c);
    }
    let (mut a, mut below, mut steps) = (x, DecreasingSum::default(), 0.0);
    while a < 8.0 {
        below.add(1.0 / a);
        steps += 1.0;
        a = x + steps;
    }
    let z = 1.0 / (a * a);
    let series = BERNOULLI_OVER_2K.iter().rev().fold(0.0, |sum, c| sum * z + c) * z;
    (libm::log(a) - below.sum) - (0.5 / a + series + below.lost)
}

/// A sum of positive terms, each at most the previous sum, with a compensation for rounding (Dekker's fast two-sum).
#[derive(Default)]
struct DecreasingSum {
    sum: f64,
    lost: f64,
}

impl DecreasingSum {
    fn add(&mut self, term: f64) {
        let sum = self.sum + term;
        self.lost += (self.sum - sum) + term;
        self.sum = sum;
    }
}

/// n! ζ(n + 1, x) for n ≥ 1, x > 0.
fn scaled_zeta(n: u32, x: f64) -> f64 {
    if x == f64::INFINITY {
        return 0.0;
    }
    let s = f64::from(n) + 1.0;
    // ζ(s, x) = x⁻ˢ times the sum of f(x + k) = (x / (x + k))ˢ.
    let (mut a, mut power, mut head, mut steps) = (x, 1.0, DecreasingSum::default(), 0.0);
    let rest_matters = |a: f64, power: f64, sum: f64| power * (1.0 + a / f64::from(n)) > 1e-18 * sum;
    while a < 12.0 + s && rest_matters(a, power, head.sum) {
        head.add(power);
        steps += 1.0;
        a = x + steps;
        power = libm::pow(x / a, s);
    }
    let mut relative_zeta = head.sum + head.lost;
    if rest_matters(a, power, head.sum) {
        // The sum of f(a + k) is ∫ f + f(a)/2 - Σₖ B₂ₖ/(2k)! f⁽²ᵏ⁻¹⁾(a).
        let mut derivative = s / a; // -f⁽²ᵏ⁻¹⁾(a) / f(a)
        let mut tail = a / f64::from(n) + 0.5;
        for (k, c) in BERNOULLI_OVER_FACTORIAL.iter().enumerate() {
            tail += c * derivative;
            let j = s + 2.0 * k as f64;
            derivative *= (j + 1.0) / a * ((j + 2.0) / a);
        }
        relative_zeta = head.sum + (head.lost + power * tail);
    }
    let leading_power = libm::pow(x, -s);
    if n <= 18 && leading_power.is_normal() {
        let factorial: u64 = (1..=u64::from(n)).product();
        return relative_zeta * leading_power * factorial as f64;
    }
    // Factor by factor, so that a large factorial and a small power meet before either leaves the range.
    let mut scaled = relative_zeta / x;
    for j in 1..=n {
        scaled *= f64::from(j) / x;
        if scaled == 0.0 || scaled == f64::INFINITY {
            break;
        }
    }
    scaled
}
