"""Order in plain arrays: a tournament tree for the next event of many replicas, a heap for the sequence that ends first."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from advisor.backtest.engine.compiled import lean
from advisor.backtest.engine.state import Ints


@lean
def set_leaf(tree: Ints, slot: int, value: int) -> None:
    """A tournament tree: each node is the least of its two children, node 1 of all."""
    node = tree.size // 2 + slot
    tree[node] = value
    node >>= 1
    while node >= 1:
        least = min(tree[2 * node], tree[2 * node + 1])
        if tree[node] == least:
            break
        tree[node] = least
        node >>= 1


@lean
def first_least(tree: Ints) -> int:
    """The lowest slot whose value is the least."""
    node = 1
    half = tree.size // 2
    while node < half:
        node *= 2
        if tree[node] > tree[node + 1]:
            node += 1
    return int(node - half)


@lean
def push(heap: NDArray[Any], size: int, key: int) -> None:
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if heap[above] <= key:
            break
        heap[at] = heap[above]
        at = above
    heap[at] = key


@lean
def pop(heap: NDArray[Any], size: int) -> int:
    """The least key of a heap that holds `size` of them; one fewer afterwards."""
    least = heap[0]
    size -= 1
    key = heap[size]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and heap[below + 1] < heap[below]:
            below += 1
        if heap[below] >= key:
            break
        heap[at] = heap[below]
        at = below
    heap[at] = key
    return int(least)
