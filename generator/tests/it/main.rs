//! The tests that run the product from outside.

mod run;
mod cli;
mod build;
