//! Derivatives, graph to graph.
