//! The tests that run the product from outside.

mod run;
mod faults;
mod cli;
mod build;
mod formats;
