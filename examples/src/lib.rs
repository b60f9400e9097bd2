//! Runnable programs on protector; each `*.rs` beside this folder says how to run it.
