"""A random 2-layer Llama with a byte tokenizer, made on the spot: a real engine's model in 0.5 MB, for tests and benchmarks.

head_dim is 32: with 16, vLLM on CPU starts and dies at the first request.
"""

from __future__ import annotations

import sys
from pathlib import Path

CHAT_TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


def make(directory: Path) -> Path:
    """Write the model into `directory`; text becomes one token per byte, so lengths can be asked for exactly."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    if (directory / "model.safetensors").is_file():
        return directory
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {
        "<s>": 0,
        "</s>": 1,
        **{letter: index + 2 for index, letter in enumerate(alphabet)},
    }
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", chat_template=CHAT_TEMPLATE
    )
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=2048,
        bos_token_id=0,
        eos_token_id=1,
        tie_word_embeddings=True,
    )
    directory.mkdir(parents=True, exist_ok=True)
    wrapped.save_pretrained(directory)
    LlamaForCausalLM(config).save_pretrained(directory)
    return directory


if __name__ == "__main__":
    print(make(Path(sys.argv[1])))
