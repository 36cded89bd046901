"""The Yamaha DX7: its files, its voices, and the way between them and patches of the FM instrument."""

from engine.project.dx7.from_patch import from_patch
from engine.project.dx7.sysex import Dump, Dx7File, bank_bytes, parse_syx, read_syx, voice_bytes, write_syx
from engine.project.dx7.to_patch import to_patch
from engine.project.dx7.voice import Dx7Operator, Dx7Voice

__all__ = [
    "Dump",
    "Dx7File",
    "Dx7Operator",
    "Dx7Voice",
    "bank_bytes",
    "from_patch",
    "parse_syx",
    "read_syx",
    "to_patch",
    "voice_bytes",
    "write_syx",
]
