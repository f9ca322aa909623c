"""The number of threads with which the same seed gives the same bytes, and the number of rows in a core's cache."""

# Threads add their partial sums in the order in which they end. The sum of two is the same in either order. The sum of
# three is not, because of rounding.
REPRODUCIBLE_THREADS = 2

ROWS_IN_CACHE = 512  # 1 MiB with 512 float32 features each
