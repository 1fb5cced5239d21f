//! Tests of the language as a whole; those of one file stand in it.

mod hostile_loading;
mod hostile_texts;
mod loading;
mod newcomers;
mod own_problems;
mod values_of_functions;
