"""A Serve application that does nothing: what a replica costs before there is anything in it."""

from ray import serve


@serve.deployment(ray_actor_options={"num_cpus": 0.1})
class Bare:
    async def __call__(self) -> str:
        return "bare"


app = Bare.bind()
