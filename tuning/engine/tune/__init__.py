"""What Ray Tune is handed: the searcher, the scheduler, the callbacks, and the function that a worker runs."""
