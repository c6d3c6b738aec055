"""Which row goes with which column at the least total cost.

Flow: cost matrix -> pairs

Where nobody has a rival, as on nearly every frame of a counter where things lie still, the answer
is read off; otherwise shortest augmenting paths find it. Knows no boxes.
"""

import numpy as np
from numpy.typing import NDArray

FloatMatrix = NDArray[np.float64]


def assign(cost: FloatMatrix, limit: float) -> list[tuple[int, int]]:
    """Pairs (row, column) of least total cost, none above `limit`.

    Leaving a row alone costs `limit`, so a pair is made only where it is worth it.

    Args:
        cost: float64 (N, M), finite and at least 0.
        limit: largest cost of a pair.

    Source: shortest augmenting paths with potentials, Jonker and Volgenant 1987.
    """
    if cost.size == 0:
        return []
    rows, columns = cost.shape
    allowed = cost <= limit
    if allowed.sum(axis=0).max() <= 1 and allowed.sum(axis=1).max() <= 1:
        return [(int(r), int(c)) for r, c in np.argwhere(allowed)]  # nobody has a rival
    padded = np.full((rows, columns + rows), limit, dtype=np.float64)
    padded[:, :columns] = np.minimum(cost, 2.0 * limit + 1.0)
    pairs = enumerate(_augmenting_paths(padded))
    return [(r, c) for r, c in pairs if c < columns and cost[r, c] <= limit]


def _augmenting_paths(cost: FloatMatrix) -> list[int]:
    """Column of each row, N <= M, every row assigned."""
    num_rows, num_columns = cost.shape
    row_potential = np.zeros(num_rows + 1)
    column_potential = np.zeros(num_columns + 1)
    row_of = np.zeros(num_columns + 1, dtype=np.int64)  # 0 is nobody; rows count from 1
    for row in range(1, num_rows + 1):
        row_of[0] = row
        column = 0
        least = np.full(num_columns + 1, np.inf)
        came_from = np.zeros(num_columns + 1, dtype=np.int64)
        is_used = np.zeros(num_columns + 1, dtype=bool)
        while row_of[column] != 0:
            is_used[column] = True
            here = int(row_of[column])
            reduced = cost[here - 1] - row_potential[here] - column_potential[1:]
            better = ~is_used[1:] & (reduced < least[1:])
            least[1:][better] = reduced[better]
            came_from[1:][better] = column
            open_least = np.where(is_used, np.inf, least)
            open_least[0] = np.inf
            following = int(np.argmin(open_least))
            delta = open_least[following]
            row_potential[row_of[is_used]] += delta
            column_potential[is_used] -= delta
            least[~is_used] -= delta
            column = following
        while column != 0:
            previous = int(came_from[column])
            row_of[column] = row_of[previous]
            column = previous
    columns = [0] * num_rows
    for column in range(1, num_columns + 1):
        if row_of[column]:
            columns[int(row_of[column]) - 1] = column - 1
    return columns
