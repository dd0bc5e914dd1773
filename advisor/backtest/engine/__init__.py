"""The compiled half of the simulator: what every replica of a fleet does between two looks of the policy.

A step decodes one token for each sequence that has its first one, and prefills waiting prompts, first come first served,
with the tokens that are left of its budget; a prompt enters when its whole answer fits into the KV cache. Time is counted in
whole picoseconds (64 bits hold 106 days), so a jump over steps equals them exactly, and a run is the same on every machine.

Nothing here allocates: requests are links in arrays (`state`), sequences that decode lie in a heap by the step that ends
them, and two tournament trees (`trees`) give the next event of the fleet and the least loaded replica. The steps of one
replica are `batching`, who gets a request is `routing`, from launch to bill is `lives`, and `clock` lets all of it happen in
turn. What a look reads off is `measures`.
"""
