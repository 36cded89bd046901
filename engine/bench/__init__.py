"""The benchmark: what the program promises, measured, as a table with machine, median, p95 and the mark.

To add an area, write a module here with one generator function and name it in :data:`engine.bench.areas.AREAS`:

    from engine.bench.frame import Mark, Row, Rows, timed_ms

    RENDER = Mark(p95=20.0)                                # at most 20 of the row's unit; stated once, as data

    def rows() -> Rows:
        yield Row.of("fm", "render of 2 s", timed_ms(lambda: render(patch), n=50), "ms", RENDER, detail="6 operators")
        if data_folder() is None:
            yield Row.skipped("audio", "an hour of FLAC", "no recordings: set TONEWRIGHT_DATA")

``Mark(median=33.0, p95=60.0)`` limits both; ``Mark(median=6.0, direction="at least")`` turns it round; a row without a
mark only informs. Areas of the window and of the player live in ``app/bench.py`` as ``AREAS`` of the same kind: the
command joins both, because the engine knows no window.
"""
