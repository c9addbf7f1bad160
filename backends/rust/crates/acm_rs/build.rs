//! Tells the extension how it is compiled, for `acm-dispatch doctor`: a slow build gives the same results.

use std::env;
use std::process::Command;

/// Settings of a profile that the environment may change, and by which kernels get several times slower.
const OVERRIDES: [&str; 5] = [
    "CARGO_PROFILE_RELEASE_LTO",
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS",
    "CARGO_PROFILE_RELEASE_OPT_LEVEL",
    "CARGO_INCREMENTAL",
    "RUSTFLAGS",
];

fn main() {
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let asked = Command::new(variable("RUSTC")).arg("--version").output();
    let answer = asked.map(|output| output.stdout).unwrap_or_default();
    let compiler = String::from_utf8_lossy(&answer);
    let mut build = format!("{}, {}, opt-level {}", compiler.trim(), variable("PROFILE"), variable("OPT_LEVEL"));
    for name in OVERRIDES {
        println!("cargo::rerun-if-env-changed={name}");
        if let Ok(value) = env::var(name) {
            build += &format!(", {name}={value}");
        }
    }
    println!("cargo::rustc-env=ACM_RS_BUILD={build}");
    println!("cargo::rerun-if-changed=build.rs");
}
