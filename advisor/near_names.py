"""Names near a mistyped one, for messages: by their letters, and what people call the clouds."""

from __future__ import annotations

import difflib
from collections.abc import Collection

# their own names and products, by the name that price lists have
CLOUDS = {
    "amazon": "aws", "ec2": "aws", "sagemaker": "aws", "google": "gcp", "gce": "gcp", "microsoft": "azure",
    "alphabet": "gcp", "datacrunch": "verda", "paperspace": "digitalocean", "lambdalabs": "lambda",
}  # fmt: skip


def near(name: str, known: Collection[str], *, count: int = 4, cutoff: float = 0.4) -> list[str]:
    """The known names that may be meant, the likeliest first; none where nothing is near."""
    by_lower = {each.lower(): each for each in known}
    asked = name.lower()
    plain = "".join(letter for letter in asked if letter.isalnum())
    meant = [cloud for word, cloud in CLOUDS.items() if word in plain and cloud in by_lower]
    close = difflib.get_close_matches(asked, by_lower, n=count, cutoff=cutoff)
    return [by_lower[each] for each in dict.fromkeys(meant or close)]
