//! Logarithms of Poisson and binomial probabilities by Loader's saddle-point expansion (`loader2000fast`), in which no
//! large terms cancel.
//!
//! ```text
//! δ(k) = log k! − (k + ½) log k + k − ½ log 2π  =  1/(12k) − 1/(360k³) + 1/(1260k⁵) − 1/(1680k⁷) + …
//! D(x, m) = x log(x/m) − x + m  =  x (t − log(1 + t)),   t = (m − x)/x
//! log Poisson(k; λ)     = −δ(k) − D(k, λ) − ½ log 2πk
//! log Binomial(k; n, p) = δ(n) − δ(k) − δ(n − k) − D(k, n p) − D(n − k, n q) − ½ log(2π k (n − k)/n)
//! ```

use std::f64::consts::TAU;

use crate::exec::math::Real;

/// δ(k), k ≥ 1
fn stirling_error(k: f64) -> f64 {
    if k < 16.0 {
        return Real::lgamma(k + 1.0) - (k + 0.5) * Real::log(k) + k - 0.5 * Real::log(TAU);
    }
    let r = 1.0 / k;
    let s = r * r;
    r * (1.0 / 12.0 + s * (-1.0 / 360.0 + s * (1.0 / 1260.0 + s * (-1.0 / 1680.0 + s / 1188.0))))
}

/// D(x, m), x > 0
fn deviance(x: f64, m: f64) -> f64 {
    let t = (m - x) / x;
    x * (t - Real::log1p(t))
}

/// log Poisson(k; λ), λ > 0
pub(super) fn log_poisson(k: f64, rate: f64) -> f64 {
    if k == 0.0 {
        return -rate;
    }
    -stirling_error(k) - deviance(k, rate) - 0.5 * Real::log(TAU * k)
}

/// log Binomial(k; n, p), 0 < p < 1
pub(super) fn log_binomial(k: f64, n: f64, p: f64, q: f64) -> f64 {
    if k == 0.0 {
        return n * Real::log1p(-p);
    }
    if k == n {
        return n * Real::log(p);
    }
    let rest = n - k;
    let errors = stirling_error(n) - stirling_error(k) - stirling_error(rest);
    errors - deviance(k, n * p) - deviance(rest, n * q) - 0.5 * Real::log(TAU * k * (rest / n))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against log-factorials, which are exact enough for small numbers.
    #[test]
    fn agree_with_factorials() {
        let factorial = |k: f64| Real::lgamma(k + 1.0);
        for (k, rate) in [(0.0, 3.0), (1.0, 0.1), (5.0, 12.0), (15.0, 15.0), (16.0, 15.0), (40.0, 22.5)] {
            let want = k * Real::log(rate) - rate - factorial(k);
            assert!((log_poisson(k, rate) - want).abs() < 1e-13, "{k} {rate}");
        }
        for (k, n, p) in [(0.0, 4.0, 0.3), (4.0, 4.0, 0.3), (1.0, 2.0, 0.5), (20.0, 60.0, 0.4)] {
            let choose = factorial(n) - factorial(k) - factorial(n - k);
            let want = choose + k * Real::log(p) + (n - k) * Real::log1p(-p);
            assert!((log_binomial(k, n, p, 1.0 - p) - want).abs() < 1e-13, "{k} {n} {p}");
        }
    }
}
