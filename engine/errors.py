"""One tree of errors, each with a sentence that a person can act on.

    EngineError
    ├── AudioError
    │   ├── AudioUnreadable      a file that cannot be decoded, or is not there
    │   ├── AudioUnwritable      a place that cannot be written, or a format that cannot hold the sound
    │   └── AudioExists          the target exists and overwriting was not asked for
    ├── PatchError               a patch that names an unknown synth, parameter or value
    ├── ParamTextError           a typed value that cannot be read
    ├── ProjectError             a project file that cannot be read or written
    ├── SpeechError              a text that cannot be spoken, or what is needed to speak it is missing
    ├── WeightError              a trained net that is missing, damaged or of another kind
    └── BadUsage                 a command line or a call that makes no sense

The message is a whole sentence that names the thing, the limit and the way out. It is shown to people as it stands.
"""

from __future__ import annotations


class EngineError(Exception):
    """Anything that went wrong in a way the person can understand; ``str(error)`` is the sentence to show."""


class AudioError(EngineError):
    """A sound that could not be read or written."""


class AudioUnreadable(AudioError):
    """The file is missing, is no sound, is damaged, or may not be read."""


class AudioUnwritable(AudioError):
    """The sound cannot be written there, or not in that format."""


class AudioExists(AudioError):
    """The target is already there and nobody said that it may be replaced."""


class PatchError(EngineError):
    """A patch names a synth, a parameter or a value that does not exist."""


class ParamTextError(EngineError):
    """What was typed into a value field is no value of that parameter."""


class ProjectError(EngineError):
    """A project file cannot be read or written."""


class SpeechError(EngineError):
    """A text cannot be spoken: there is nothing to say in it, or a pronunciation in it is none."""


class WeightError(EngineError):
    """A trained net is missing, damaged, or not what it should be."""


class BadUsage(EngineError):
    """The request itself makes no sense: a negative length, a note that no key has."""
