"""Playing sound: voices, the mixer that the device's callback runs, the output device and its silent stand-in.

Who runs on which thread:

- the device's callback (or, without a device, the clock thread) runs :meth:`Mixer.fill` and nothing else;
- the feeder thread reads and resamples ahead for voices that stream from files;
- the device thread makes every call into PortAudio, because any of them may block;
- the clock thread watches the device, opens and closes it, and keeps the transport moving while there is none;
- :class:`app.player.Player` is the face on the window's thread.

They meet in immutable values that are swapped whole (:class:`Plan` one way, :class:`Snapshot` the other), so the
callback never waits for a lock.
"""
