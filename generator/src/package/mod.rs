//! The handler's sources to a byte-identical Lambda zip, built once per set of inputs.
