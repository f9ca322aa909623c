"""How many threads may add numbers, if the same seed has to give the same bytes."""

# Threads add their partial sums in the order in which they end. The sum of two is the same in either order. The sum of
# three is not, because of rounding.
REPRODUCIBLE_THREADS = 2
