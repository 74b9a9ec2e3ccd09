"""What tables say: every difference, curve, order and interval of the report, computed and not yet drawn or told."""
