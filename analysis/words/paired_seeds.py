"""What tables of numbers over paired seeds say alike: what their intervals are, and of how many seeds."""

from analysis.stats import Interval
from tuning.sheets.written import Written

EACH_ALONE = (
    "Mean ± half-width of the 95% t-interval over paired seeds, each interval by itself: where there are many, one in "
    "twenty misses by chance."
)


def seeds_counted(interval: Interval, begun: int) -> str:
    """Write how many seeds count, and of how many where some did not complete.

    Args:
        interval: over the seeds that completed.
        begun: runs that were begun, one a seed.

    Example:
        >>> seeds_counted(Interval(mean=0.9, low=0.8, high=1.0, n=2), 3)
        '2 of 3'
    """
    return str(interval.n) if interval.n == begun else Written(f"{interval.n} of {begun}", interval.n)
