"""A card that is none: tensors that say they are on a GPU, refuse to mix with the CPU's and are computed by the CPU.

It shows constants made on the wrong device and numbers read where they are not, not what a real card computes.
"""

from contextlib import contextmanager

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

CARD = torch.device("meta")
"""The one device beside the CPU that torch takes without a driver; these tensors have numbers all the same."""
_INDEXING = (torch.ops.aten.index.Tensor, torch.ops.aten.index_put.default, torch.ops.aten._index_put_impl_.default)
_COPIES = (torch.ops.aten.copy_.default, torch.ops.aten._to_copy.default)


class OnCard(torch.Tensor):
    """A tensor on the card; ``held`` is where its numbers really are."""

    @staticmethod
    def __new__(cls, held):
        return torch.Tensor._make_wrapper_subclass(
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=CARD,
            requires_grad=held.requires_grad,
        )

    def __init__(self, held):
        self.held = held

    def __repr__(self):
        return f"OnCard({self.held!r})"

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return compute(func, args, kwargs or {})


def compute(func, args, kwargs):
    """Do what ``func`` does, with what is on the card staying there."""
    tensors = [t for t in tree_flatten((args, kwargs))[0] if isinstance(t, torch.Tensor)]
    on_card = [isinstance(t, OnCard) for t in tensors]
    if func not in _COPIES and any(on_card):
        for tensor, is_there in zip(tensors, on_card, strict=True):
            # Single numbers may come from the CPU, and so may places in a tensor on the card.
            may_come = tensor.ndim == 0 or (func in _INDEXING and on_card[0] and not tensor.is_floating_point())
            if not is_there and not may_come:
                raise AssertionError(f"{func} mixes the card with a tensor {list(tensor.shape)} of the CPU.")
    asked = kwargs.get("device")
    to_card = any(on_card) if asked is None else torch.device(asked) == CARD
    if func is torch.ops.aten.copy_.default:
        to_card = on_card[0]
    plain = tree_map(lambda t: t.held if isinstance(t, OnCard) else t, (args, kwargs))
    if asked is not None:
        plain[1]["device"] = torch.device("cpu")
    found = func(*plain[0], **plain[1])
    if not to_card:
        return found
    own = {id(t.held): t for t in tensors if isinstance(t, OnCard)}
    return tree_map(lambda t: _known(own, t) if isinstance(t, torch.Tensor) else t, found)


def _known(own, tensor):
    """What is changed in place stays the tensor that it was."""
    return own[id(tensor)] if id(tensor) in own else OnCard(tensor)


class _Copies(TorchDispatchMode):
    """Tensors that are made on the card, or brought there, are such ones."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return compute(func, args, kwargs or {})


class _Lists(TorchFunctionMode):
    """So are those made of plain numbers, which no dispatch sees."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func in (torch.tensor, torch.as_tensor) and kwargs.get("device") == CARD:
            made = func(*args, **{**kwargs, "device": None})
            return made if isinstance(made, OnCard) else OnCard(made)
        if func is torch.Tensor.tolist and isinstance(args[0], OnCard):
            return args[0].held.tolist()
        if func is torch.Tensor.__getitem__ and isinstance(args[1], tuple):
            args = (args[0], tuple(torch.tensor(i) if isinstance(i, list) else i for i in args[1]))
        return func(*args, **kwargs)


@contextmanager
def card():
    """While it holds, tensors can be made on the card."""
    with _Lists(), _Copies():
        yield
