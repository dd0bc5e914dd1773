"""Everything that a run changes, as arrays of whole numbers: replicas, what they share, requests, and the queues between.

Columns and fields are named by constants, since compiled code knows rows and no objects.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

PS_PER_S = 10**12
NEVER = 2**62
NOBODY = -1
REJECTED = -2  # can never fit into the KV cache
LOST = -3  # its replica was taken while it answered

FREE, STARTING, RUNNING, DRAINING = range(4)
IDLE, DECODE, MIXED = range(3)

# Columns of `slots`: one row a replica.
(STATUS, KIND, STEPS, SINCE, END, INTERRUPT, DECODED, NUM_DECODING, CONTEXT, RESERVED, WAIT_HEAD, WAIT_TAIL,
 NUM_WAITING, PRE_HEAD, PRE_TAIL, PRE_DONE, NUM_PRE, PRE_TOKENS, PARTIAL, PARTIAL_DONE, OUTSTANDING, LAUNCHED,
 READY, FAILS, NOTIFIED) = range(25)  # fmt: skip
NUM_COLUMNS = 25

# Fields of `fleet`: what the replicas share.
(NEXT_ARRIVAL, HELD_HEAD, HELD_TAIL, NUM_HELD, RANDOM, NUM_RUNNING, NUM_FIRST, NUM_FINISHED, GENERATED, NUM_REJECTED,
 NUM_LOST, NUM_LIVES, NUM_FAILED, NUM_INTERRUPTED, PREFILLED, NUM_READY, EVENTS, TOTAL_BUSY) = range(18)  # fmt: skip
NUM_FIELDS = 18

# Fields of `params`: the replica's model in picoseconds, and the router's.
(BASE, PER_SEQ, PER_KV, PER_PREFILL, KV_CAPACITY, MAX_TOKENS, MAX_SEQS, TWO_CHOICES, ROUTER_LIMIT,
 NOTICE) = range(10)  # fmt: skip
NUM_PARAMS = 10

# Columns of `lives`, one row a replica that is gone or was cancelled.
LIFE_LAUNCHED, LIFE_READY, LIFE_ENDED, LIFE_OUTCOME = range(4)
ENDED, CANCELLED, FAILED, INTERRUPTED = range(4)

# A key of a heap: the step that ends a sequence, and below these bits its request.
REQUEST_BITS = 28
REQUEST_MASK = (1 << REQUEST_BITS) - 1


class State(NamedTuple):
    """Everything that a run changes, and the requests it serves; arrays only, as compiled code wants it."""

    params: Ints
    fleet: Ints
    slots: NDArray[Any]  # (replica, column)
    heap: NDArray[Any]  # (replica, sequence): the step that ends it, shifted, and the request
    events: Ints  # tournament tree over the slots: the next event
    loads: Ints  # tournament tree over the slots: outstanding requests of those that run
    running: Ints  # slots that run, the first fleet[NUM_RUNNING]
    lives: NDArray[Any]
    ready_s: Ints  # cold starts of the replicas that became ready, in order
    arrival: Ints
    input_tokens: Ints
    output_tokens: Ints
    first: Ints  # when its first token came
    finish: Ints  # when its last one came; NOBODY, REJECTED or LOST
    link: Ints  # the request behind it in its queue
    firsts: Ints  # requests in the order of their first token
    finishes: Ints  # requests in the order of their last one
