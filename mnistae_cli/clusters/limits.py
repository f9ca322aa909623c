"""How many threads may add numbers, if the same seed has to give the same bytes, and how many rows a core can hold."""

# Threads add their partial sums in the order in which they end. The sum of two is the same in either order. The sum of
# three is not, because of rounding.
REPRODUCIBLE_THREADS = 2

ROWS_IN_CACHE = 512  # 1 MiB of 512 float32 features, which stay in the cache of a core
