"""What neighbours say: a number at one point from the numbers at others, by how alike the points are.

Regression by a Gaussian process, which geologists call kriging (Krige 1951; Rasmussen and Williams, Gaussian Processes for
Machine Learning, 2006, chapter 2). Where k says how much two points have in common, f(x) = sum of w_i k(x, x_i) with
w = (K + noise)^-1 y: near a known point its number, between points a mean, far from all of them nothing, so f goes to 0.

A point is a few numbers and a few labels, in parts (`Part`). The distance in a part is a weighted sum of differences, and
what two points have in common there is exp(-distance): nothing is smooth, as nothing in an engine is. A kernel is a sum of
terms, each with a variance and the parts that it looks at, like an analysis of variance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.str_]
AT_ONCE = 512  # points asked together, to bound memory
# A number that lies so many standard deviations from what all others say of it says less: its noise grows by the excess.
ODD = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Numbers and labels, a row for each point."""

    numbers: Array
    labels: Labels

    def __len__(self) -> int:
        return len(self.numbers)

    def at(self, rows: slice | npt.NDArray[np.int_]) -> Points:
        return Points(numbers=self.numbers[rows], labels=self.labels[rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a distance is made of: a weight for each column of numbers and of labels."""

    numbers: Mapping[int, float]
    labels: Mapping[int, float]

    def distance(self, left: Points, right: Points) -> Array:
        found = np.zeros((len(left), len(right)))
        for column, weight in self.numbers.items():
            here, there = left.numbers[:, column], right.numbers[:, column]
            found += weight * np.abs(here[:, None] - there[None, :])
        for column, weight in self.labels.items():
            codes = np.unique(
                np.concatenate([left.labels[:, column], right.labels[:, column]]),
                return_inverse=True,
            )[1]
            found += weight * (codes[: len(left), None] != codes[None, len(left) :])
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A share of what is common: its variance, and how fast it fades with the distance in each part."""

    variance: float
    fades: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    parts: Mapping[str, Part]
    terms: Sequence[Term]
    noise: float  # standard deviation of one number, measured twice

    def between(self, left: Points, right: Points) -> Array:
        distances = {name: part.distance(left, right) for name, part in self.parts.items()}
        found = np.zeros((len(left), len(right)))
        for term in self.terms:
            far = sum(fade * distances[name] for name, fade in term.fades.items())
            found += term.variance * np.exp(-np.asarray(far))
        return found

    @property
    def variance(self) -> float:
        return sum(term.variance for term in self.terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Known points, each with its weight."""

    points: Points
    weights: Array

    def at(self, asked: Points, kernel: Kernel) -> tuple[Array, Array]:
        """The field at each point asked, and how much the nearest known point has in common with it, 0 to 1."""
        values, nearest = np.zeros(len(asked)), np.zeros(len(asked))
        for start in range(0, len(asked), AT_ONCE):
            some = slice(start, start + AT_ONCE)
            common = kernel.between(asked.at(some), self.points)
            values[some] = common @ self.weights
            nearest[some] = common.max(axis=1) / kernel.variance
        return values, nearest


def field_through(points: Points, values: Array, kernel: Kernel) -> Field:
    """The field that passes near the values; what the others contradict is passed at a distance."""
    common = kernel.between(points, points)
    noise = np.full(len(points), kernel.noise**2)
    inverse = np.linalg.inv(common + np.diag(noise))
    # Each number left out in turn, from one inverse (Rasmussen and Williams, equations 5.10-5.12).
    spread = 1.0 / np.diag(inverse)
    oddness = np.abs(inverse @ values) * np.sqrt(spread) / ODD
    louder = noise + spread * np.maximum(oddness**2 - 1.0, 0.0)
    weights = np.linalg.solve(common + np.diag(louder), values)
    return Field(points=points, weights=np.asarray(weights, dtype=np.float64))
