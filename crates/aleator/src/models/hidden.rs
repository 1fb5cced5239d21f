//! Hidden layers of a perceptron in descriptions and in the `Debug` output of models. What is newer than saved runs appears only if it
//! is used, so that such runs can be resumed: one hidden layer of tanh units looks as it did when there was no choice.

use std::fmt::DebugStruct;

use crate::nn::Activation;

/// Numbers in a sentence: `200, 100 and 50`.
pub fn listed(numbers: &[usize]) -> String {
    let texts: Vec<_> = numbers.iter().map(usize::to_string).collect();
    match &texts[..] {
        [] => "none".into(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// An addition to the description of a model; empty for one hidden layer of tanh units.
pub fn describe_hidden(hidden: &[usize], activation: Activation) -> String {
    let layers = match hidden {
        [] => return ", no hidden layers".into(),
        [_] => String::new(),
        several => format!(", hidden layers of {}", listed(several)),
    };
    layers + &describe_activation(activation)
}

/// An addition to the description of a model; empty for tanh.
pub fn describe_activation(activation: Activation) -> String {
    match activation {
        Activation::Tanh => String::new(),
        other => format!(", {}", other.name()),
    }
}

/// Adds the fields `hidden` and `activation`.
pub fn debug_hidden(to: &mut DebugStruct<'_, '_>, hidden: &[usize], activation: Activation) {
    match hidden {
        [one] => to.field("hidden", one),
        several => to.field("hidden", &several),
    };
    debug_activation(to, activation);
}

/// Adds the field `activation`.
pub fn debug_activation(to: &mut DebugStruct<'_, '_>, activation: Activation) {
    if activation != Activation::Tanh {
        to.field("activation", &activation);
    }
}
