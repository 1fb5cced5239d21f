//! Derivatives of every operation: against central differences to second order, at the edges, and with further leading
//! axes.

mod calculus;

use calculus::{check, for_all_choices, table::OPERATIONS};

#[test]
fn first_and_second_derivatives_are_those_of_differences() {
    for (name, build) in OPERATIONS {
        for_all_choices(name, 24, |choices| check::derivatives(choices, *build));
    }
}

#[test]
fn further_leading_axes_are_as_good_as_a_loop() {
    for (name, build) in OPERATIONS {
        for_all_choices(name, 32, |choices| check::leading_axes(choices, *build));
    }
}
