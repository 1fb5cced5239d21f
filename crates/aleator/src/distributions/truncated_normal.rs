//! Truncated normal: z between a and b, a Normal given that it lies there.
//!
//! ```text
//! p(z) ∝ e^(−½ ((z − μ)/σ)²) for a ≤ z ≤ b
//! m = μ, or the end that is nearest to μ where μ lies outside           the mode
//! t = |m − μ|/σ,   y = (z − m)/σ,   w(y) = (m − μ)/σ y + ½ y²           so that ½ ((z − μ)/σ)² = ½ t² + w(y)
//! C = ∫ e^(−w(y)) dy                                                    from (a − m)/σ to (b − m)/σ, see `normal_tail`
//! log p(z) = −w(y) − log σ − log C
//! E z = m + σ E y,   Var z = σ² Var y,   entropy = log σ + log C + E w(y)      by the same rule
//! ```
//!
//! In an interval over which the density changes by a factor of less than 2, the law is nearly uniform. The parts of 1/σ in the derivatives of
//! log σ and of log C would then cancel, and with them the score: at σ = 1000 and [1, 2] it is 10⁻⁶ of either. There, with z = a + (b − a) x,
//!
//! ```text
//! log σ + log C = log(b − a) + log ∫₀¹ e^(−w(y(x))) dx,   E z = a + (b − a) E x,   Var z = (b − a)² Var x
//! ```
//!
//! Sampling inverts the distribution function. Where μ lies between the ends, or at most 3 standard deviations outside,
//! z = μ + σ Φ⁻¹(Φ(a') + u (Φ(b') − Φ(a'))), on the side of the smaller probabilities. Farther away, the distance s = |y| from the
//! end is found on the scale of logarithms, so that nothing underflows at any distance: with v the probability of [0, s],
//!
//! ```text
//! w(s) − log M(t + s)/M(t) = −log(1 − v (1 − r)),   r = e^(−w(h)) M(t + h)/M(t),   h = (b − a)/σ       M is Mills' ratio
//! ```
//!
//! by Newton's method, whose derivative is known: that of the left side is 1/M(t + s). It starts at s with λ s + s²/2 equal to the right side,
//! λ = 1/M(t), which is too small by at most 2% (t ≥ 3). In intervals over which the density changes by a factor of less than 2, where the
//! quantile would be rounded, the distance s from the lower end solves ∫₀ˢ p = u ∫₀ʰ p in the same way, from s = u h. Three steps reach the
//! last digit. They are held fixed, and two more steps give the derivatives up to the third order.
//!
//! Weak derivatives: ∂p/∂b = p(b) (δ_b − p), ∂p/∂a = p(a) (p − δ_a). Those by μ and σ are not known in this form.
//!
//! By hand: for a = μ and b far away it is half-normal with C = √(π/2). Parameters: μ (`loc`), σ (`scale`) > 0, a (`low`) and b (`high`)
//! with a < b, all finite: for a truncation at one side, choose the other end 40 standard deviations from μ or from this end.

use std::sync::Arc;

use aleator_engine::graph::Expr;

use super::argument::Argument;
use super::coordinates::standardized;
use super::family::{Constraint, Distribution, Family, Parameter, Support, unpack};
use super::noise::Noise;
use super::normal_tail::{Mills, Nodes, Unit, normal_cdf};
use super::special::place;
use super::weak_derivative::{Place, Triple, WeakDerivative};

/// The truncated normal family.
#[derive(Clone, Copy, Debug)]
pub struct TruncatedNormal;

impl TruncatedNormal {
    /// μ (`loc`), σ (`scale`) > 0, and the ends a (`low`) < b (`high`).
    pub fn new<'g>(
        loc: impl Into<Argument<'g>>,
        scale: impl Into<Argument<'g>>,
        low: impl Into<Argument<'g>>,
        high: impl Into<Argument<'g>>,
    ) -> Distribution<'g> {
        Distribution::of(Arc::new(TruncatedNormal), [loc.into(), scale.into(), low.into(), high.into()])
    }
}

/// The t beyond which samples are computed on the scale of logarithms.
const FAR: f64 = 3.0;

/// The h (t + h) below which an interval is narrow.
const NARROW: f64 = 0.5;

/// The interval as seen from the mode.
struct FromMode<'g> {
    /// a
    low: Expr<'g>,
    /// b − a
    length: Expr<'g>,
    /// σ
    scale: Expr<'g>,
    /// 1 where μ > b.
    is_above: Expr<'g>,
    /// m
    mode: Expr<'g>,
    /// t
    t: Expr<'g>,
    /// The length of the interval above the mode.
    up: Expr<'g>,
    /// The length below it.
    down: Expr<'g>,
}

impl<'g> FromMode<'g> {
    fn of(parameters: &[Expr<'g>]) -> Self {
        let [loc, scale, low, high] = unpack(parameters);
        let is_below = place(loc).less(place(low));
        let is_above = place(high).less(place(loc));
        let outside = |below: Expr<'g>, above: Expr<'g>, inside: Expr<'g>| {
            is_below.select(below, is_above.select(above, inside))
        };
        let length = high - low;
        let width = length / scale;
        let none = 0.0 * width;
        FromMode {
            low,
            length,
            scale,
            is_above,
            mode: outside(low, high, loc),
            t: outside(low - loc, loc - high, 0.0 * loc) / scale,
            up: outside(width, none, (high - loc) / scale),
            down: outside(none, width, (loc - low) / scale),
        }
    }

    /// (m − μ)/σ
    fn signed_t(&self) -> Expr<'g> {
        self.is_above.select(-self.t, self.t)
    }

    /// w(y)
    fn exponent(&self, y: Expr<'g>) -> Expr<'g> {
        y * (self.signed_t() + 0.5 * y)
    }

    /// Whether the density changes by a factor of less than 2.
    fn is_narrow(&self) -> Expr<'g> {
        let h = self.up + self.down;
        place(h * (self.t + h)).less(NARROW)
    }

    /// The law of x in a narrow interval; that of an empty interval elsewhere, so that it has derivatives.
    fn parts(&self) -> Unit<'g> {
        let narrow = self.is_narrow();
        let [up, down, t] =
            [self.up, self.down, self.signed_t()].map(|e| narrow.select(e, 0.0).unsqueeze(-1));
        Unit::of(t.graph(), |x| {
            let y = (up + down) * x - down;
            y * (t + 0.5 * y)
        })
    }

    /// log σ + log C
    fn log_total(&self) -> Expr<'g> {
        let in_narrow = self.length.log() + self.parts().log_mean();
        let in_wide = self.scale.log() + self.integrals().total.log();
        self.is_narrow().select(in_narrow, in_wide)
    }

    fn integrals(&self) -> Integrals<'g> {
        let [above, below] = [self.up, self.down].map(|h| Nodes::of(self.t, h));
        // Never 0 unless it underflows, so that its logarithm has no pole.
        let total = (above.total() + below.total()).maximum(f64::MIN_POSITIVE);
        Integrals { total, above, below }
    }
}

/// Integrals over both sides of the mode.
struct Integrals<'g> {
    above: Nodes<'g>,
    below: Nodes<'g>,
    /// C
    total: Expr<'g>,
}

impl<'g> Integrals<'g> {
    /// E f(y), with f on an additional last axis.
    fn expect(&self, f: impl Fn(Expr<'g>) -> Expr<'g>) -> Expr<'g> {
        (self.above.integral(&f) + self.below.integral(|s| f(-s))) / self.total
    }
}

/// −w(y) − log σ − log C
fn log_density<'g>(from: &FromMode<'g>, y: Expr<'g>) -> Expr<'g> {
    -from.exponent(y) - from.log_total()
}

/// s at the probability v of [0, s], for t > 3.
fn distance<'g>(t: Expr<'g>, h: Expr<'g>, v: Expr<'g>) -> Expr<'g> {
    let mills = Mills::of(t);
    let exponent = |s: Expr<'g>| s * (t + 0.5 * s);
    let e = -(v * (mills.log_quotient(h) - exponent(h)).expm1()).log1p();
    let start = 2.0 * e / (1.0 / mills.ratio + (1.0 / mills.ratio.square() + 2.0 * e).sqrt());
    let step = |s: Expr<'g>| {
        let log_quotient = mills.log_quotient(s);
        s - (exponent(s) - log_quotient - e) * mills.ratio * log_quotient.exp()
    };
    let root = (0..3).fold(start, |s, _| step(s)).stop_gradient();
    step(step(root))
}

/// s at the probability u of [0, s], where the density is proportional to e^(−(a s + s²/2)) on [0, h] and nearly constant.
fn distance_in_narrow<'g>(a: Expr<'g>, h: Expr<'g>, u: Expr<'g>) -> Expr<'g> {
    let part = u * Nodes::up_to(a, h).total();
    let step = |s: Expr<'g>| s - (Nodes::up_to(a, s).total() - part) * (s * (a + 0.5 * s)).exp();
    let root = (0..3).fold(u * h, |s, _| step(s)).stop_gradient();
    step(step(root))
}

/// y at the probability u of smaller values.
fn offset<'g>(from: &FromMode<'g>, u: Expr<'g>) -> Expr<'g> {
    let (h, m, narrow) = (from.up + from.down, from.signed_t(), from.is_narrow());
    let far = place(from.t).greater(FAR);
    let in_narrow = {
        let (a, h) = (narrow.select(m - from.down, 0.0), narrow.select(h, 1.0));
        distance_in_narrow(a, h, u) - from.down
    };
    let in_tail = {
        let s = distance(far.select(from.t, FAR), far.select(h, 1.0), from.is_above.select(1.0 - u, u));
        from.is_above.select(-s, s)
    };
    let near = {
        let [low, high] = [(m - from.down, -1.0), (m + from.up, 1.0)].map(|(x, safe)| far.select(safe, x));
        // Of the two directions the one in which the interval lies lower.
        let turned = place(low + high).greater(0.0);
        let p = normal_cdf(turned.select(-high, low));
        let mass = normal_cdf(turned.select(-low, high)) - p;
        let x = (p + turned.select(1.0 - u, u) * mass).normal_quantile();
        turned.select(-x, x) - far.select(0.0, m)
    };
    narrow.select(in_narrow, far.select(in_tail, near))
}

impl Family for TruncatedNormal {
    fn name(&self) -> &'static str {
        "TruncatedNormal"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "loc", constraint: Constraint::Real, event_rank: 0 },
            Parameter { name: "scale", constraint: Constraint::Positive, event_rank: 0 },
            Parameter { name: "low", constraint: Constraint::Real, event_rank: 0 },
            Parameter { name: "high", constraint: Constraint::Real, event_rank: 0 },
        ]
    }

    fn support(&self) -> Support {
        Support::Interval { low: 2, high: Some(3) }
    }

    fn jointly_violated<'g>(&self, parameters: &[Expr<'g>]) -> Option<(Expr<'g>, &'static str)> {
        Some((!parameters[2].less(parameters[3]), "`low` must be less than `high`"))
    }

    fn sample<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let [_, scale, low, high] = unpack(parameters);
        let from = FromMode::of(parameters);
        (from.mode + scale * offset(&from, noise.uniform(&[]))).maximum(low).minimum(high)
    }

    fn is_reparameterized(&self) -> bool {
        true
    }

    fn log_prob<'g>(&self, parameters: &[Expr<'g>], z: Expr<'g>) -> Expr<'g> {
        let [loc, scale, low, high] = unpack(parameters);
        let inside = low.less_equal(z) * z.less_equal(high);
        let from = FromMode::of(parameters);
        let z = inside.select(z, low);
        let density = log_density(&from, (z - from.mode) / scale);
        inside.select(density.is_continuous_in([loc, scale, low, high, z]), f64::NEG_INFINITY)
    }

    fn log_prob_of_draw<'g>(&self, parameters: &[Expr<'g>], noise: &mut Noise<'g>) -> Expr<'g> {
        let scale = parameters[1];
        let from = FromMode::of(parameters);
        let y = standardized(offset(&from, noise.uniform(&[])), from.mode, scale);
        log_density(&from, y)
    }

    fn mean<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let from = FromMode::of(parameters);
        let in_narrow = from.low + from.length * from.parts().expect(|x| x);
        Some(from.is_narrow().select(in_narrow, from.mode + from.scale * from.integrals().expect(|y| y)))
    }

    fn variance<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let from = FromMode::of(parameters);
        let (parts, integrals) = (from.parts(), from.integrals());
        let (mean_part, mean) = (parts.expect(|x| x).unsqueeze(-1), integrals.expect(|y| y).unsqueeze(-1));
        Some(from.is_narrow().select(
            from.length.square() * parts.expect(|x| (x - mean_part).square()),
            from.scale.square() * integrals.expect(|y| (y - mean).square()),
        ))
    }

    fn entropy<'g>(&self, parameters: &[Expr<'g>]) -> Option<Expr<'g>> {
        let from = FromMode::of(parameters);
        let t = from.signed_t().unsqueeze(-1);
        let mean_exponent = from.integrals().expect(|y| y * (t + 0.5 * y));
        Some(from.log_total() + mean_exponent)
    }

    fn weak_derivative(&self) -> Option<&dyn WeakDerivative> {
        Some(self)
    }
}

/// By the ends.
impl WeakDerivative for TruncatedNormal {
    fn values(&self, parameter: usize) -> Option<usize> {
        (parameter >= 2).then_some(1)
    }

    fn triples<'g>(&self, parameter: usize, parameters: &[Expr<'g>], _: &mut Noise<'g>) -> Vec<Triple<'g>> {
        let end = parameters[parameter];
        let constant = self.log_prob(parameters, end).exp();
        vec![if parameter == 2 {
            Triple { constant, positive: Place::Sample, negative: Place::At(end) }
        } else {
            Triple { constant, positive: Place::At(end), negative: Place::Sample }
        }]
    }
}
