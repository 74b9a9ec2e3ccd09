"""Each claim of speed and of accuracy, measured against its rival in the same run."""
