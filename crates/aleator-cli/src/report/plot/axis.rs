//! Axes with round ticks, linear or logarithmic.

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, ValueFormatter};
use plotters::prelude::*;

use crate::report::numbers::significant;

/// Ranges wider than this get a logarithmic axis.
const LOG_RANGE: f64 = 50.0;

/// A range with ticks; on a logarithmic axis all of these are exponents.
#[derive(Clone)]
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<f64>,
    pub(super) log: bool,
}

impl Axis {
    /// Positive values on a logarithmic axis, whose ticks are powers of ten or, over a narrow range, multiples of these.
    pub(super) fn for_dots(values: impl Iterator<Item = f64>) -> Axis {
        let (mut low, mut high) = bounds(values.filter(|x| drawable(*x) && *x > 0.0).map(f64::log10));
        if low > high {
            (low, high) = (-1.0, 1.0);
        }
        let pad = f64::max(0.05 * (high - low), 0.12);
        (low, high) = (low - pad, high + pad);
        if high - low >= 2.0 {
            return Axis::logarithmic(low, high);
        }
        let decades = low.floor() as i32..=high.floor() as i32;
        let digits: &[f64] =
            if high - low < 0.8 { &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0] } else { &[1.0, 2.0, 5.0] };
        let ticks = decades.flat_map(|e| digits.iter().map(move |digit| f64::from(e) + digit.log10()));
        Axis { low, high, ticks: ticks.filter(|t| (low..=high).contains(t)).collect(), log: true }
    }

    /// Values of lines.
    pub(super) fn for_lines(values: impl Iterator<Item = f64> + Clone) -> Axis {
        let (low, high) = bounds(values.clone().filter(|x| drawable(*x)));
        if low > 0.0 && high / low > 20.0 * LOG_RANGE {
            return Axis::logarithmic(low.log10(), high.log10());
        }
        Axis::linear(values, 5)
    }

    pub(super) fn linear(values: impl Iterator<Item = f64>, count: usize) -> Axis {
        let (mut low, mut high) = bounds(values.filter(|x| drawable(*x)));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        let least = low.abs().max(high.abs()) * 1e-9;
        if high - low <= least {
            let pad = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
            (low, high) = (low - pad, high + pad);
        }
        let rough = (high - low) / count as f64;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|m| m * power)
            .find(|s| *s >= rough * 0.999)
            .unwrap_or(rough);
        if step <= 0.0 || !step.is_finite() {
            return Axis { low: 0.0, high: 1.0, ticks: vec![0.0, 1.0], log: false };
        }
        // The last tick may lie a little inside: whole steps only where they do not waste much room.
        let pad = (high - low) * 0.03;
        let first = (low / step).floor();
        let last = (high / step).ceil();
        let fit = |tick: f64, end: f64| {
            if (tick - end).abs() < step * 0.35 { tick } else { end }
        };
        let low = if low == 0.0 { 0.0 } else { fit(first * step, low - pad) };
        let high = if high == 0.0 { 0.0 } else { fit(last * step, high + pad) };
        let inside = |t: &f64| *t >= low - step * 1e-6 && *t <= high + step * 1e-6;
        let ticks = (0..=(last - first) as usize).map(|i| (first + i as f64) * step).filter(inside).collect();
        Axis { low, high, ticks, log: false }
    }

    fn logarithmic(low: f64, high: f64) -> Axis {
        let stride = ((high - low) / 6.0).ceil().max(1.0);
        let first = (low / stride).ceil() as i64;
        let last = (high / stride).floor() as i64;
        let ticks = (first..=last).map(|i| i as f64 * stride).collect();
        Axis { low, high, ticks, log: true }
    }

    /// Where a value lies between `low` and `high`.
    pub(super) fn position(&self, value: f64) -> f64 {
        if self.log { value.log10() } else { value }
    }

    pub(super) fn label(&self, tick: f64) -> String {
        if self.log {
            return power_label(tick);
        }
        let largest = self.low.abs().max(self.high.abs());
        let step = if self.ticks.len() > 1 { self.ticks[1] - self.ticks[0] } else { largest };
        if tick.abs() < step * 1e-6 {
            return "0".into();
        }
        if !(1e-4..1e6).contains(&largest) {
            let text = significant(tick, 3);
            return match text.split_once('e') {
                Some((digits, exponent)) if digits.contains('.') => {
                    format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'))
                }
                _ => text,
            };
        }
        let decimals = (-(step * 1.000_001).log10().floor()).clamp(0.0, 9.0) as usize;
        format!("{tick:.decimals$}")
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(-1.0, 2.0);
        limit.0 + (share * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format(tick: &f64) -> String {
        tick.to_string()
    }

    fn format_ext(&self, tick: &f64) -> String {
        self.label(*tick)
    }
}

/// `10⁻³`, `2·10⁻³`, or a plain number from 1 to 50.
fn power_label(tick: f64) -> String {
    let exponent = (tick + 1e-9).floor();
    let digit = 10f64.powf(tick - exponent).round();
    if (0.0..2.0).contains(&exponent) {
        return significant(digit * 10f64.powf(exponent), 1);
    }
    let power: String = format!("{exponent}").chars().map(superscript).collect();
    if digit == 1.0 { format!("10{power}") } else { format!("{digit}·10{power}") }
}

fn superscript(c: char) -> char {
    match c {
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        '-' => '⁻',
        other => other,
    }
}

fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
        if x.is_finite() { (low.min(x), high.max(x)) } else { (low, high) }
    })
}

/// Numbers beyond would overflow differences.
pub(super) fn drawable(x: f64) -> bool {
    x.abs() < 1e300
}
