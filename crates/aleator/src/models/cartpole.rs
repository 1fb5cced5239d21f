//! Balancing a pole on a cart: policy gradients with rewards from a black box.
//!
//! ```text
//! a_t ~ Bernoulli(logits = P(s_t)),   s_{t+1} = step(s_t, a_t),   reward = Σ_t [the pole still stands after step t]
//! ```
//!
//! P is a perceptron, and `step` is a black box without a derivative, so only estimators that do not differentiate the cost can
//! be used. A score is weighted by the rewards after the action, because earlier rewards do not depend on it in the graph. A row
//! of data is an initial state: position, velocity, angle, angular velocity.
//!
//! The dynamics are those of a uniform pole on a cart without friction, with Euler steps of 0.02 s. The cart has a mass of 1 kg,
//! the pole has a mass of 0.1 kg and a length of 1 m, and the force is ±10 N. An episode ends when the cart is 2.4 m from the
//! centre or the pole is 12° from upright. Reference: `barto1983neuronlike`.

use std::fmt;
use std::sync::Arc;

use aleator_engine::graph::{Expr, External, ExternalFn, Shape};

use super::hidden::{debug_hidden, describe_hidden};
use super::{Build, Model, Score};
use crate::distributions::Bernoulli;
use crate::nn::{Activation, Mlp, Spec};
use crate::objectives::Terms;

/// The size of the policy and the length of an episode.
#[derive(Clone)]
pub struct Cartpole {
    /// The largest number of steps of an episode.
    pub steps: usize,
    /// The number of units in each hidden layer of the policy.
    pub hidden: Vec<usize>,
    /// The activation of hidden layers.
    pub activation: Activation,
}

/// Position, velocity, angle, angular velocity, and 1 while the pole stands.
const STATE: usize = 5;

impl Cartpole {
    fn policy(&self) -> Mlp {
        Mlp::new("policy", 4, &self.hidden, 1, self.activation)
    }
}

/// One step of 0.02 s under a force to the left (`action` 0) or right (1).
pub fn step(state: &[f64; STATE], action: f64) -> [f64; STATE] {
    let &[place, speed, angle, spin, standing] = state;
    if standing == 0.0 {
        return *state;
    }
    let (gravity, cart, pole, half_length, dt) = (9.8, 1.0, 0.1, 0.5, 0.02);
    let force = if action > 0.5 { 10.0 } else { -10.0 };
    let (sin, cos) = angle.sin_cos();
    let total = cart + pole;
    let push = (force + pole * half_length * spin * spin * sin) / total;
    let spin_rate = (gravity * sin - cos * push) / (half_length * (4.0 / 3.0 - pole * cos * cos / total));
    let speed_rate = push - pole * half_length * spin_rate * cos / total;
    let (place, angle) = (place + dt * speed, angle + dt * spin);
    let stands = place.abs() <= 2.4 && angle.abs() <= 12.0_f64.to_radians();
    [place, speed + dt * speed_rate, angle, spin + dt * spin_rate, f64::from(stands)]
}

/// Everything on which training depends; what is newer than saved runs only where it is used, so that these can be resumed.
impl fmt::Debug for Cartpole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cartpole { steps, hidden, activation } = self;
        let mut all = f.debug_struct("Cartpole");
        all.field("steps", steps);
        debug_hidden(&mut all, hidden, *activation);
        all.finish()
    }
}

impl Model for Cartpole {
    fn name(&self) -> &'static str {
        "cartpole"
    }

    fn describe(&self) -> String {
        let network = match self.hidden[..] {
            [units] => format!(", {units} hidden units{}", describe_hidden(&self.hidden, self.activation)),
            _ => describe_hidden(&self.hidden, self.activation),
        };
        format!("episodes of {} steps{network}", self.steps)
    }

    fn width(&self) -> usize {
        4
    }

    fn specs(&self) -> Vec<Spec> {
        self.policy().specs()
    }

    fn terms<'g>(&self, build: &Build<'g>, x: Expr<'g>) -> Terms<'g> {
        // Angles and angular speeds are small: a policy that sees them larger learns faster.
        let scale = build.tensor([4], vec![1.0, 1.0, 10.0, 3.0]);
        let rows = x.shape().from_end(1);
        let standing = build.tensor([rows, 1], vec![1.0; rows]);
        let dynamics: Arc<ExternalFn> = Arc::new(|inputs, out| {
            let (Some(state), Some(&action)) = (inputs[0].first_chunk(), inputs[1].first()) else {
                return Err("it needs a state of four numbers and an action".into());
            };
            out.copy_from_slice(&step(state, action));
            Ok(())
        });
        let environment = External::new("cartpole", [STATE], vec![1, 1], dynamics);
        let mut state = aleator_engine::graph::concat(&[x, standing], -1).unwrap_or(x);
        let mut reward: Option<Expr<'g>> = None;
        for t in 0..self.steps {
            let logits = build.mlp(&self.policy(), state.slice(-1, 0, 4) * scale);
            let action = build.sample(&format!("a{t}"), Bernoulli::from_logits(logits));
            let lead: Shape = action.shape().leading(action.rank() - 1);
            let state_now = state.broadcast_to(lead.join(&[STATE]));
            state = build.graph().engine().external(environment.clone(), &[state_now, action]);
            let stands = state.slice(-1, 4, 1).squeeze(-1);
            reward = Some(reward.map_or(stands, |sum| sum + stands));
        }
        Terms::likelihood(reward.unwrap_or(x))
    }

    fn score(&self) -> Score {
        Score::Reward
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_to_the_right_moves_the_cart_right_and_tips_the_pole_left() {
        let [place, speed, angle, spin, stands] = step(&[0.0, 0.0, 0.0, 0.0, 1.0], 1.0);
        // From rest: spin rate −F / (M l (4/3 − m/M)) = −14.634, cart 9.7561 (the known first step of the task).
        assert_eq!((place, angle, stands), (0.0, 0.0, 1.0));
        assert!((speed - 0.02 * 9.756_097_56).abs() < 1e-8, "{speed}");
        assert!((spin + 0.02 * 14.634_146_34).abs() < 1e-8, "{spin}");
    }

    #[test]
    fn what_has_fallen_stays() {
        let fallen = step(&[0.0, 0.0, 0.3, 1.0, 1.0], 1.0);
        assert_eq!(fallen[4], 0.0);
        assert_eq!(step(&fallen, 0.0), fallen);
    }
}
