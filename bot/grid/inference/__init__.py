"""Inference: requests, answers and streams in both forms that the exchange speaks."""
