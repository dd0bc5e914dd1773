"""`python -m dashboards` writes the boards' JSON, which is committed, from the Python beside it."""

from __future__ import annotations

from pathlib import Path

from dashboards.advisor_board import board_json

FOLDER = Path(__file__).parent / "json"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / "advisor.json"
    path.write_text(board_json())
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
