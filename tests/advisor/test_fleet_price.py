"""What runs is priced as it runs, replicas on spot at spot's price: a change saves nothing that is saved already."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig import Rig

from advisor import data
from advisor.core.fleets import OfferIndex
from advisor.core.objective import CapacityType
from advisor.core.pricing import OfferFilter
from advisor.core.recommendation import Fleet
from advisor.judge import usd_per_hour_now

GCP = OfferIndex(data.offers(), OfferFilter(providers=("gcp",)))
GCP_SPOT = OfferIndex(
    data.offers(), OfferFilter(providers=("gcp",), capacity_types=(CapacityType.SPOT,))
)
L4 = "L4-24GB"


def fleet(running: int, spot: int | None, tp_degree: int = 1) -> Fleet:
    return Fleet(
        application="llm",
        deployment="LLMServer:m",
        status="RUNNING",
        target_replicas=running,
        running_replicas=running,
        accelerators=(L4,),
        devices_per_replica=tp_degree,
        spot_replicas=spot,
    )


def price(running: int, spot: int | None) -> float:
    found = usd_per_hour_now(fleet(running, spot), GCP, GCP_SPOT)
    assert found is not None
    return found


@given(running=st.integers(1, 40), data_=st.data())
def test_every_replica_on_spot_is_a_saving_that_is_had_already(
    running: int, data_: st.DataObject
) -> None:
    spot = data_.draw(st.integers(0, running))
    more = data_.draw(st.integers(spot, running))
    plain = usd_per_hour_now(fleet(running, None), GCP)
    assert price(running, None) == price(running, 0) == plain
    assert price(running, more) <= price(running, spot) <= price(running, 0)
    assert price(running, running) == pytest.approx(running * price(1, 1))


def test_without_a_spot_offer_what_runs_on_spot_is_priced_on_demand() -> None:
    nowhere = OfferIndex([])
    assert usd_per_hour_now(fleet(4, 2), GCP, nowhere) == price(4, 0)


def test_a_fleet_that_runs_as_recommended_saves_nothing_by_being_recommended() -> None:
    """Interruptions and who stands in are in the recommended price: what is billed now is never more."""
    asked = {"interruptions_per_hour": 0.05, "available_share": 0.95}
    one = Rig(30.0, spot=asked, providers=["gcp"], accelerators=[L4])
    one.metrics.device = "gpu0 NVIDIA L4"
    first = one.tick().recommendation
    assert first is not None
    best = first.best
    assert best is not None
    assert best.spot is not None
    runs = fleet(best.replicas, best.spot.replicas, best.tp_degree)
    one.serve.fleet = runs
    present = usd_per_hour_now(one.tick().fleet, GCP, GCP_SPOT)
    plain = usd_per_hour_now(replace(runs, spot_replicas=None), GCP, GCP_SPOT)
    assert present is not None
    assert plain is not None
    assert present <= best.spot.billed_usd_per_hour <= best.usd_per_hour < plain
