"""From a question to stored results: study, trial, store and engine, and the command line."""
