//! The tests that run the product from outside.

mod run;
mod prepared;
mod python;
mod node;
mod emulator;
mod faults;
mod cli;
mod build;
mod formats;
mod golden;
mod foreign;
mod end_to_end;
mod cases;
mod scenarios;
mod simulate;
mod graph;
mod worked_example;
mod peers;
mod conformance;
mod aborts;
mod architecture;
mod readme;
mod papers;
mod words;
mod library;
mod local;
