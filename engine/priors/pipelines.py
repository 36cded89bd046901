"""The door to diffusers: public models as folders in its format become its pipelines, quietly, or a sentence.

diffusers is loaded here and nowhere else, when the first such model is; nothing is ever downloaded by it.
"""

from __future__ import annotations

import importlib.util
import json
import struct
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from engine.errors import WeightError

INDEX = "model_index.json"
NEEDED = ("diffusers", "accelerate", "torchsde")
_HOW_TO_INSTALL = "pip install 'tonewright[priors]'"


def class_of(folder: Path) -> str:
    """Which pipeline the folder holds; raises :class:`WeightError` when it holds none."""
    try:
        return str(json.loads((folder / INDEX).read_text("utf-8"))["_class_name"])
    except FileNotFoundError:
        raise WeightError(
            f"{folder} holds no model that diffusers could read (it has no {INDEX}); name the folder that has one."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightError(f"{folder / INDEX} cannot be read ({error}); fetch the model again.") from error


def open_pipeline(folder: Path, class_name: str, dtype: torch.dtype) -> Any:
    """The pipeline in ``folder``, on the CPU, its nets frozen; raises :class:`WeightError`."""
    check_installed()
    found = class_of(folder)
    if found != class_name:
        raise WeightError(f"{folder} holds a {found} and not a {class_name}; name another folder.")
    with quiet(), saying(folder):
        import diffusers

        pipeline = getattr(diffusers, class_name).from_pretrained(folder, local_files_only=True, dtype=dtype)
    pipeline.set_progress_bar_config(disable=True)
    for part in pipeline.components.values():
        if isinstance(part, torch.nn.Module):
            part.requires_grad_(False).eval()
    return pipeline


def check_installed() -> None:
    """Raise :class:`WeightError` where what public models need is not there."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise WeightError(f"Public models need {' and '.join(missing)}; install them with `{_HOW_TO_INSTALL}`.")


@contextmanager
def saying(folder: Path) -> Iterator[None]:
    """Whatever does not fit in a model's folder becomes a :class:`WeightError`."""
    try:
        yield
    except WeightError:
        raise
    except Exception as error:
        wrong = (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError, IndexError, EOFError)
        # safetensors raises an error of its own that is none of these.
        if not isinstance(error, wrong) and type(error).__name__ != "SafetensorError":
            raise
        first = (str(error).strip().splitlines() or [repr(error)])[0]
        raise WeightError(f"The model in {folder} cannot be loaded ({first}); fetch the model again.") from error


@contextmanager
def quiet() -> Iterator[None]:
    """While it loads, the libraries neither warn of each other nor draw progress bars."""
    from diffusers.utils import logging as diffusers_says
    from tqdm import tqdm
    from transformers.utils import logging as transformers_says

    # Even a progress bar that is not drawn starts a thread that watches over it, for ever.
    tqdm.monitor_interval = 0
    says: tuple[Any, Any] = (diffusers_says, transformers_says)
    before = [logging.get_verbosity() for logging in says]
    for logging in says:
        logging.set_verbosity_error()
        logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logging, level in zip(says, before, strict=True):
            logging.set_verbosity(level)


def numbers_in(folder: Path) -> Mapping[str, int]:
    """How many numbers each part of the model has, read from the heads of its files: nothing is loaded."""
    try:
        parts = sorted(part for part in folder.iterdir() if part.is_dir())
    except OSError as error:
        raise WeightError(f"{folder} cannot be read ({error}); fetch the model again.") from error
    return {part.name: _numbers_of(part) for part in parts}


def config_of(folder: Path, part: str) -> Mapping[str, Any]:
    """The settings of a part of the model; raises :class:`WeightError`."""
    return read_settings(folder / part / "config.json")


def read_settings(path: Path) -> Mapping[str, Any]:
    """A JSON file; raises :class:`WeightError`."""
    try:
        found: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise WeightError(f"{path} cannot be read ({error}); fetch the model again.") from error
    return found


def _numbers_of(part: Path) -> int:
    # Beside the usual files there may lie the same ones with narrower numbers: `NAME.fp16.safetensors`.
    files = [file for file in part.glob("*.safetensors") if not file.name.endswith(".fp16.safetensors")]
    if not files:
        return sum(file.stat().st_size // 4 for file in part.glob("*.bin") if not file.name.endswith(".fp16.bin"))
    return sum(sum(numbers_by_name(file).values()) for file in files)


def numbers_by_name(file: Path) -> Mapping[str, int]:
    """How many numbers each tensor of a safetensors file has, from its head; raises :class:`WeightError`."""
    try:
        with file.open("rb") as data:
            (length,) = struct.unpack("<Q", data.read(8))
            head = json.loads(data.read(min(length, 100_000_000)))
        return {name: torch.Size(tensor["shape"]).numel() for name, tensor in head.items() if name != "__metadata__"}
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        raise WeightError(f"{file} is damaged ({error}); fetch the model again.") from error
