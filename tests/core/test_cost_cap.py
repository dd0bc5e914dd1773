"""A4: nothing that is done goes over the cost cap, overlap, price changes, restarts and two advisors included."""

from __future__ import annotations

from capping import CappingMachine
from hypothesis import settings

TestCapping = CappingMachine.TestCase
TestCapping.settings = settings(max_examples=120, stateful_step_count=50, deadline=None)
