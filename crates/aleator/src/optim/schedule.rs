//! Learning rates that change as training goes on.
//!
//! ```text
//! α(t) = α · w(t) · s(t)                                       t: steps taken, T: steps to take
//! w(t) = min(1, (t + 1) / warm-up)                             linear warm-up
//! s(t) = 1                                                     constant
//!        max(0, 1 − t/T)                                       linear
//!        ½ (1 + cos(π min(1, t/T)))                            cosine
//!        factor^⌊t / every⌋                                    step
//! ```
//!
//! Reference: `loshchilov2017sgdr` (cosine).

use std::f64::consts::PI;

/// The shape of the decay.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Decay {
    /// None.
    #[default]
    Constant,
    /// Down to 0 on a straight line.
    Linear,
    /// Down to 0 on half a cosine.
    Cosine,
    /// Multiplied by `factor` after every so many steps.
    Step {
        /// The number of steps, at least 1.
        every: u64,
        /// What the rate is multiplied by.
        factor: f64,
    },
}

/// A learning rate as a function of the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// α
    pub rate: f64,
    /// Steps of linear warm-up; 0 for none.
    pub warm_up: u64,
    /// What comes after.
    pub decay: Decay,
}

impl Schedule {
    /// The same rate always.
    pub fn constant(rate: f64) -> Self {
        Schedule { rate, warm_up: 0, decay: Decay::Constant }
    }

    /// The rate of the step with this number (from 0), of so many.
    pub fn at(&self, step: u64, steps: u64) -> f64 {
        let done = (step as f64 / steps.max(1) as f64).min(1.0);
        let decay = match self.decay {
            Decay::Constant => 1.0,
            Decay::Linear => 1.0 - done,
            Decay::Cosine => 0.5 * (1.0 + (PI * done).cos()),
            Decay::Step { every, factor } => factor.powf((step / every.max(1)) as f64),
        };
        let warm = if step < self.warm_up { (step + 1) as f64 / self.warm_up as f64 } else { 1.0 };
        self.rate * warm * decay
    }

    /// Whether the rate depends on the number of steps to take.
    pub fn depends_on_the_end(&self) -> bool {
        matches!(self.decay, Decay::Linear | Decay::Cosine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let with = |warm_up, decay| Schedule { rate: 2.0, warm_up, decay };
        assert_eq!(Schedule::constant(2.0).at(7, 10), 2.0);
        assert_eq!([0, 1, 3, 9].map(|t| with(4, Decay::Constant).at(t, 10)), [0.5, 1.0, 2.0, 2.0]);
        assert_eq!([0, 5, 10].map(|t| with(0, Decay::Linear).at(t, 10)), [2.0, 1.0, 0.0]);
        let cosine = [0, 5, 10].map(|t| with(0, Decay::Cosine).at(t, 10));
        assert!((cosine[0] - 2.0).abs() + (cosine[1] - 1.0).abs() + cosine[2].abs() < 1e-15);
        let step = with(0, Decay::Step { every: 3, factor: 0.5 });
        assert_eq!([0, 2, 3, 8, 9].map(|t| step.at(t, 10)), [2.0, 2.0, 1.0, 0.5, 0.25]);
        assert_eq!(with(0, Decay::Step { every: 0, factor: 0.5 }).at(1, 0), 1.0);
    }
}
