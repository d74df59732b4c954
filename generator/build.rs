//! Rebuilds the crate when an embedded folder gains or loses a file, which `include_dir!` cannot see by itself.

fn main() {
    for folder in ["../templates", "../handler"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
