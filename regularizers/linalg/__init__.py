"""Weights as linear maps, and the linear algebra of batches of matrices."""
