//! Adaptive integration over a cube, and sums over counts, with errors that hold relative to the integral of the absolute
//! value.
//!
//! ```text
//! ∫ f(u) du = ∫ f(u(t)) u'(t) dt,    u(t) = 1/(1 + e^(−π sinh t)),  |t| < 3.1:  1 − u is as small as rounding lets it be
//! on a cell:  K = Kronrod's 15 nodes,  G = Gauss' 7 of them;   error |K − G|, in each coordinate apart
//! ```
//!
//! (Takahasi and Mori's double exponential map; Kronrod's and Gauss' rules as in QUADPACK.) Cells with a large error are halved
//! until the sum of all errors is small.
//!
//! Neither rule detects a kink or a step between the end of a cell and its first node. Therefore, the integral is computed again
//! with other ends of the first cells, until two integrals agree: an undetected feature changes each of them by a different
//! amount.
//!
//! Counts are summed from 0 to n − 1, as the mean of p(k)/q(k) F(k) under q(k) ∝ e^(−64 k/n). The upper half of the counts has a
//! weight of 10⁻¹⁴ in parts that do not depend on the count. The terms of the upper half bound the omitted terms if they
//! decrease; they must be negligible, otherwise n is increased.

use std::f64::consts::PI;

use super::unknown::{Deadline, Unknown};
use super::{Integrand, Size};
use crate::error::Result;
use crate::rewrite::MOST_ALTERNATIVES;

/// The end of the t axis. Weights beyond it are below the rounding error of 1 − u.
const END: f64 = 3.1;
/// Agreement relative to ∫ |f|.
const AGREEMENT: f64 = 1e-10;
/// The same between two partitions.
pub(crate) const CONFIRMED: f64 = 1e-9;
/// The largest difference between a sum of weights and 1.
const MASS_TOLERANCE: f64 = 1e-9;
/// The largest share of the upper half of the counts.
const NEGLIGIBLE: f64 = 1e-13;
/// The intervals at the ends in which an integrand must decay.
const STRETCH: f64 = 0.1;
/// By how much of a cell the partitions are shifted: the multiples of the golden section, and the ends as they are.
const SHIFTS: [f64; 5] = [0.0, 0.381_966_0, 0.763_932_0, 0.145_898_0, 0.527_864_0];
/// The largest number of points of the first partition, and of numbers computed for them.
const FIRST_POINTS: usize = 1 << 19;
const FIRST_NUMBERS: usize = 1 << 27;
/// The largest total number of numbers computed.
const MOST_NUMBERS: usize = 1 << 29;
/// The largest number of stored numbers, over all cells.
const MOST_KEPT: usize = 1 << 22;
/// The largest number of first cells of a coordinate, by the number of coordinates.
const FIRST_CELLS: [usize; 3] = [2048, 48, 8];

/// Kronrod's nodes from the end to the middle, with their weights. Every second node is one of Gauss.
const NODES: [f64; 8] = [
    0.991_455_371_120_812_6,
    0.949_107_912_342_758_5,
    0.864_864_423_359_769_1,
    0.741_531_185_599_394_4,
    0.586_087_235_467_691_1,
    0.405_845_151_377_397_2,
    0.207_784_955_007_898_47,
    0.0,
];
const KRONROD: [f64; 8] = [
    0.022_935_322_010_529_224,
    0.063_092_092_629_978_56,
    0.104_790_010_322_250_19,
    0.140_653_259_715_525_92,
    0.169_004_726_639_267_9,
    0.190_350_578_064_785_4,
    0.204_432_940_075_298_89,
    0.209_482_141_084_727_82,
];
const GAUSS: [f64; 4] =
    [0.129_484_966_168_869_7, 0.279_705_391_489_276_64, 0.381_830_050_505_118_9, 0.417_959_183_673_469_4];
const N: usize = 15;

/// Node `i` of 15 in (−1, 1), with Kronrod's and Gauss' weight.
fn node(i: usize) -> (f64, f64, f64) {
    let (place, sign) = if i < 8 { (i, -1.0) } else { (N - 1 - i, 1.0) };
    let gauss = if place % 2 == 1 { GAUSS[place / 2] } else { 0.0 };
    (sign * NODES[place], KRONROD[place], gauss)
}

/// A box of the t axes, with the integral over it.
struct Cell {
    low: Vec<f64>,
    width: Vec<f64>,
    /// ∫ f
    value: Vec<f64>,
    /// ∫ |f|
    size: Vec<f64>,
    /// The difference of the rules, all coordinates together.
    error: Vec<f64>,
    /// The coordinate in which it is largest.
    worst: usize,
}

/// Sums over all points: the parts of ∫ |f| near the ends.
struct Ends {
    /// For each end of each coordinate: within the last stretch, and within the one before.
    parts: Vec<[Vec<f64>; 2]>,
}

/// ∫ f and ∫ |f| for each number.
type Integrals = (Vec<f64>, Vec<f64>);

/// Numbers with their error bounds.
type Bounded = (Vec<f64>, Vec<f64>);

/// The integral of each number of the integrand but its weights, with error bounds. `counts` holds for each coordinate, if it is a
/// count, the number of counts to try first.
///
/// # Errors
/// As [`Integrand::evaluate`].
pub(crate) fn integrate(
    integrand: &mut dyn Integrand,
    mut counts: Vec<Option<usize>>,
    deadline: Deadline,
) -> Result<Result<Bounded, Unknown>> {
    let size = integrand.size();
    let mut sum = Sum { integrand, size, work: 0, deadline };
    loop {
        let total = counts.iter().flatten().fold(1usize, |n, &c| n.saturating_mul(c));
        if total > MOST_ALTERNATIVES {
            return Ok(Err("too many counts contribute, or the sum over them diverges".into()));
        }
        match sum.over(&counts)? {
            Ok(Some(values)) => return Ok(Ok(values)),
            Ok(None) => counts.iter_mut().flatten().for_each(|n| *n *= 4),
            Err(unknown) => return Ok(Err(unknown)),
        }
    }
}

struct Sum<'a> {
    integrand: &'a mut dyn Integrand,
    size: Size,
    /// Numbers computed so far.
    work: usize,
    deadline: Deadline,
}

/// Returns from the function if the answer is unknown.
macro_rules! known {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(unknown) => return Ok(Err(unknown)),
        }
    };
}

impl Sum<'_> {
    /// The integral with that number of counts; `None` if more counts are needed.
    fn over(&mut self, counts: &[Option<usize>]) -> Result<Result<Option<Bounded>, Unknown>> {
        let wanted = self.size.numbers - self.size.weights;
        let bounded = |values: &[f64], size: &[f64]| {
            let errors = size[..wanted].iter().map(|s| CONFIRMED * s).collect();
            Ok(Ok(Some((values[..wanted].to_vec(), errors))))
        };
        let mut found: Vec<Vec<f64>> = Vec::new();
        for shift in SHIFTS {
            let Some((values, size)) = known!(self.partition(counts, shift)?) else { return Ok(Ok(None)) };
            if size[0] == 0.0 {
                return Ok(Err("its cost is 0 at all evaluated points".into()));
            }
            let close = |((a, b), s): ((&f64, &f64), &f64)| (a - b).abs() <= CONFIRMED * s;
            let agrees = |other: &Vec<f64>| values.iter().zip(other).zip(&size).all(close);
            if counts.iter().all(Option::is_some) || found.iter().any(agrees) {
                return bounded(&values, &size);
            }
            found.push(values);
        }
        Ok(Err("its features are too narrow for quadrature".into()))
    }

    /// The integral and that of the absolute value, over cells whose ends are shifted; `None` if more counts are needed.
    fn partition(
        &mut self,
        counts: &[Option<usize>],
        shift: f64,
    ) -> Result<Result<Option<Integrals>, Unknown>> {
        let continuous = counts.iter().filter(|n| n.is_none()).count();
        let tuples = counts.iter().flatten().product::<usize>();
        let each = N.pow(continuous as u32) * tuples;
        let numbers = self.size.numbers;
        let mut ends =
            Ends { parts: counts.iter().map(|_| [vec![0.0; numbers], vec![0.0; numbers]]).collect() };
        ends.parts.extend(counts.iter().map(|_| [vec![0.0; numbers], vec![0.0; numbers]]));
        let most = [FIRST_POINTS / each, FIRST_NUMBERS / (each * self.size.work), MOST_KEPT / (16 * numbers)];
        let most = most.into_iter().min().unwrap_or(1).max(1);
        let side = match continuous {
            0 => 1,
            d => ((most as f64).powf(1.0 / d as f64).floor() as usize).clamp(4, FIRST_CELLS[d - 1]),
        };
        let width = 2.0 * END / side as f64;
        // The ends of the cells along an axis: a shifted partition has one cell more, whose rest is in front.
        let inner = (0..side).map(|i| -END + width * (i as f64 + shift)).filter(|&x| x > -END);
        let cuts: Vec<f64> = std::iter::once(-END).chain(inner).chain([END]).collect();
        let sides = cuts.len() - 1;
        let first = (0..sides.pow(continuous as u32)).map(|i| {
            let place = |axis: usize| (i / sides.pow(axis as u32)) % sides;
            let low = (0..continuous).map(|axis| cuts[place(axis)]).collect();
            let width = (0..continuous).map(|axis| cuts[place(axis) + 1] - cuts[place(axis)]).collect();
            (low, width)
        });
        let mut cells = known!(self.cells(first.collect(), counts, Some(&mut ends))?);
        match ends.die_out(counts, &total(&cells, |c| &c.size)) {
            Some(true) => {}
            Some(false) => return Ok(Ok(None)),
            None => {
                return Ok(Err("it does not decay in the tails: the expectation may be infinite".into()));
            }
        }
        loop {
            let (size, error) = (total(&cells, |c| &c.size), total(&cells, |c| &c.error));
            let worst = |cell: &Cell| {
                let shares = cell.error.iter().zip(&size).map(|(e, s)| if *e > 0.0 { e / s } else { 0.0 });
                shares.fold(0.0, f64::max)
            };
            if error.iter().zip(&size).all(|(e, s)| *e <= AGREEMENT * s) {
                break;
            }
            // Halve what holds more than its share of the error.
            let share = 0.5 * AGREEMENT / cells.len() as f64;
            let (bad, good): (Vec<Cell>, Vec<Cell>) = cells.into_iter().partition(|c| worst(c) > share);
            let halves = bad.iter().flat_map(|cell| cell.halves()).collect();
            cells = good;
            cells.extend(known!(self.cells(halves, counts, None)?));
            if cells.len() * numbers > MOST_KEPT {
                return Ok(Err("its features are too narrow for quadrature".into()));
            }
        }
        let (values, size) = (total(&cells, |c| &c.value), total(&cells, |c| &c.size));
        let masses = &values[numbers - self.size.weights..];
        if masses.iter().any(|mass| (mass - 1.0).abs() > MASS_TOLERANCE) {
            let grows = counts.iter().any(Option::is_some);
            return Ok(if grows {
                Ok(None)
            } else {
                Err("its density has parts that quadrature does not reach".into())
            });
        }
        Ok(Ok(Some((values, size))))
    }

    /// The integrals over boxes.
    fn cells(
        &mut self,
        boxes: Vec<(Vec<f64>, Vec<f64>)>,
        counts: &[Option<usize>],
        mut ends: Option<&mut Ends>,
    ) -> Result<Result<Vec<Cell>, Unknown>> {
        let continuous = counts.iter().filter(|n| n.is_none()).count();
        let tuples = counts.iter().flatten().product::<usize>();
        let nodes = N.pow(continuous as u32);
        let each = nodes * tuples;
        self.work = self.work.saturating_add((boxes.len() * each).saturating_mul(self.size.work));
        if self.work > self.deadline.operations(MOST_NUMBERS) {
            return Ok(Err("quadrature would need too many points".into()));
        }
        let numbers = self.size.numbers;
        let mut cells = Vec::with_capacity(boxes.len());
        // So many boxes at a time that their points are a modest table.
        let at_once = (FIRST_POINTS / 8 / each).max(1);
        for part in boxes.chunks(at_once) {
            known!(self.deadline.check());
            let mut coordinates: Vec<Vec<f64>> =
                counts.iter().map(|_| Vec::with_capacity(part.len() * each)).collect();
            for (low, width) in part {
                for point in 0..each {
                    let (mut axis, mut rest) = (0, point);
                    for (coordinate, count) in coordinates.iter_mut().zip(counts) {
                        coordinate.push(match count {
                            Some(n) => {
                                let k = rest % n;
                                rest /= n;
                                k as f64
                            }
                            None => {
                                let (x, ..) = node(rest % N);
                                rest /= N;
                                axis += 1;
                                low[axis - 1] + 0.5 * width[axis - 1] * (1.0 + x)
                            }
                        });
                    }
                }
            }
            let placed = coordinates.iter().zip(counts).zip(&self.size.logits);
            let mut placed: Vec<Vec<f64>> = placed
                .map(|((column, count), logits)| match count {
                    Some(_) => column.clone(),
                    None => {
                        column.iter().map(|&t| if *logits { PI * t.sinh() } else { uniform(t) }).collect()
                    }
                })
                .collect();
            placed.extend(coordinates.iter().zip(counts).map(|(column, count)| match count {
                Some(n) => column.iter().map(|&k| 1.0 / share(k, *n)).collect(),
                None => vec![1.0; column.len()],
            }));
            let mut sums: Vec<Cell> = part
                .iter()
                .map(|(low, width)| Cell {
                    low: low.clone(),
                    width: width.clone(),
                    value: vec![0.0; numbers],
                    size: vec![0.0; numbers],
                    error: vec![0.0; numbers],
                    worst: 0,
                })
                .collect();
            let mut gauss = vec![vec![vec![0.0; numbers]; continuous]; part.len()];
            let mut finite = true;
            known!(self.integrand.evaluate(&placed, &mut |place, here| {
                let cell = place / each;
                let (mut rest, mut axis) = (place % each, 0);
                let (mut kronrod, mut ratios) = (1.0, [0.0; 3]);
                for (coordinate, count) in coordinates.iter().zip(counts) {
                    match count {
                        Some(n) => {
                            rest /= n;
                            kronrod *= share(coordinate[place], *n);
                        }
                        None => {
                            let (_, k, g) = node(rest % N);
                            rest /= N;
                            kronrod *= 0.5 * sums[cell].width[axis] * k * slope(coordinate[place]);
                            ratios[axis] = g / k;
                            axis += 1;
                        }
                    }
                }
                let sum = &mut sums[cell];
                for (i, &f) in here.iter().enumerate() {
                    let part = kronrod * f;
                    finite &= part.is_finite();
                    sum.value[i] += part;
                    sum.size[i] += part.abs();
                    for axis in 0..continuous {
                        gauss[cell][axis][i] += ratios[axis] * part;
                    }
                }
                if let Some(ends) = ends.as_deref_mut() {
                    ends.note(counts, coordinates.iter().map(|c| c[place]), here, kronrod);
                }
            })?);
            if !finite {
                return Ok(Err("a cost or a derivative is not finite somewhere".into()));
            }
            for (cell, by_axis) in sums.iter_mut().zip(&gauss) {
                let mut largest = 0.0;
                for (axis, rule) in by_axis.iter().enumerate() {
                    for (i, gauss) in rule.iter().enumerate() {
                        let error = (gauss - cell.value[i]).abs();
                        cell.error[i] += error;
                        let share = if error > 0.0 { error / cell.size[i] } else { 0.0 };
                        if share > largest {
                            (largest, cell.worst) = (share, axis);
                        }
                    }
                }
            }
            cells.extend(sums);
        }
        Ok(Ok(cells))
    }
}

/// q(k)
fn share(k: f64, n: usize) -> f64 {
    let rate = 64.0 / n as f64;
    (-rate * k).exp() * -(-rate).exp_m1() / -(-rate * n as f64).exp_m1()
}

/// u(t)
fn uniform(t: f64) -> f64 {
    (1.0 / (1.0 + (-PI * t.sinh()).exp())).clamp(f64::MIN_POSITIVE, 1.0 - f64::EPSILON / 2.0)
}

/// u'(t) = π cosh t u (1 − u)
fn slope(t: f64) -> f64 {
    let x = PI * t.sinh();
    PI * t.cosh() / ((1.0 + (-x).exp()) * (1.0 + x.exp()))
}

fn total(cells: &[Cell], part: impl Fn(&Cell) -> &Vec<f64>) -> Vec<f64> {
    let mut sum = vec![0.0; cells.first().map_or(0, |c| c.value.len())];
    for cell in cells {
        sum.iter_mut().zip(part(cell)).for_each(|(sum, x)| *sum += x);
    }
    sum
}

impl Cell {
    /// Splits the box into two, along the coordinate with the largest error.
    fn halves(&self) -> [(Vec<f64>, Vec<f64>); 2] {
        let mut parts = [(self.low.clone(), self.width.clone()), (self.low.clone(), self.width.clone())];
        let half = 0.5 * self.width[self.worst];
        parts[0].1[self.worst] = half;
        parts[1].1[self.worst] = half;
        parts[1].0[self.worst] += half;
        parts
    }
}

impl Ends {
    fn note(&mut self, counts: &[Option<usize>], at: impl Iterator<Item = f64>, f: &[f64], weight: f64) {
        let axes = counts.len();
        for (axis, (count, x)) in counts.iter().zip(at).enumerate() {
            let (end, before) = match count {
                Some(n) => (x >= (n / 2) as f64, x >= (n / 4) as f64),
                None => (x.abs() > END - STRETCH, x.abs() > END - 2.0 * STRETCH),
            };
            if before {
                let side = if x > 0.0 { axis } else { axes + axis };
                let part = &mut self.parts[side][usize::from(!end)];
                part.iter_mut().zip(f).for_each(|(part, f)| *part += (weight * f).abs());
            }
        }
    }

    /// Whether the integral beyond the ends is negligible: `Some(true)` if it is, `Some(false)` if more counts may make it
    /// negligible, `None` otherwise.
    fn die_out(&self, counts: &[Option<usize>], size: &[f64]) -> Option<bool> {
        let axes = counts.len();
        let mut enough = true;
        for (side, [end, before]) in self.parts.iter().enumerate() {
            for ((&end, &before), &size) in end.iter().zip(before).zip(size) {
                match counts[side % axes] {
                    Some(_) => enough &= end <= NEGLIGIBLE * size,
                    None => {
                        // What is beyond falls at least as fast.
                        let ratio = end / before;
                        let beyond = if end == 0.0 { 0.0 } else { end * ratio / (1.0 - ratio) };
                        if end != 0.0 && (ratio >= 0.7 || beyond > AGREEMENT * size) {
                            return None;
                        }
                    }
                }
            }
        }
        Some(enough)
    }
}
