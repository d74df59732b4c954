//! The tests that run the product from outside.

mod formats;
