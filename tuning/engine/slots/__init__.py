"""How many trials may run at a time, and which part of a shared cluster is whose."""
