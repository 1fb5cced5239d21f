"""The cost of twenty weeks with a fast and a slow supplier, for the example dual_sourcing.scg.

Each line of standard input is an object with the two levels; each line of standard output is one cost.
"""

import json
import sys

DEMAND = [3, 5, 2, 6, 4, 7, 1, 4, 5, 3, 8, 2, 4, 6, 3, 5, 2, 7, 4, 3]


def simulate(fast_level, slow_level):
    stock, on_the_way, cost = 5.0, 0.0, 0.0
    for demand in DEMAND:
        stock += on_the_way
        # The fast supplier delivers at once, up to its level; the slow one next week, up to the sum of both.
        fast = max(fast_level - stock, 0)
        stock += fast
        on_the_way = max(fast_level + slow_level - stock, 0)
        stock -= demand
        cost += 2 * fast + on_the_way + 0.3 * max(stock, 0) + 4 * max(-stock, 0)
    return cost


if __name__ == "__main__":
    for line in sys.stdin:
        print(simulate(**json.loads(line)), flush=True)
