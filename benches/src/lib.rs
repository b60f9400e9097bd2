//! Criterion benchmarks of protector. Reserved: nothing is measured yet.
