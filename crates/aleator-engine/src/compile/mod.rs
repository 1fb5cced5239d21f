//! Compilation of graphs to fused kernels.
