//! Proofs that estimates mean what they say: exact expectations first, sampling with stated critical values second.

mod common;

mod antithetic;
mod automatic_choice;
mod certified_identities;
mod certify;
mod closed_forms;
mod coupled_categories;
mod coupled_coins;
mod edges;
mod evidence_bounds;
mod exact_answers;
mod extremes;
mod gamma_families;
mod grpo;
mod identities;
mod implicit;
mod influence;
mod lints;
mod local_expectation;
mod measure_valued;
mod mixed_plans;
mod moving_average;
mod mutants;
mod perturbation_analysis;
mod precision;
mod quasi_monte_carlo;
mod rejection;
mod second_order;
mod sets;
mod straight_through;
mod tuning;
mod unbiased;
