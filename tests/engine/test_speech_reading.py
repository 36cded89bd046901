"""A text is read as a person reads it, and every word knows where in the text it stands."""

from __future__ import annotations

import random

import pytest

from engine.errors import SpeechError
from engine.speech.lexicon import shipped_lexicon
from engine.speech.reading import read_aloud
from engine.speech.spoken import Mark, Reading, Silence

CASES = r"""
# numbers
It holds 1,234,567 things.
    it holds one million two hundred thirty four thousand five hundred sixty seven things.
The 1st, the 22nd and the 30th
    the first, the twenty second and the thirtieth
3.14, .5 and -0.25
    three point one four, point five and minus zero point two five
1/2 cup, 3½ cups, 3/4 full, 2/3rds
    one half cup, three and a half cups, three quarters full, two thirds
24/7 on 9/11
    twenty four seven on nine eleven
agent 007
    agent zero zero seven
10-20 people, 1990–1995
    ten to twenty people, nineteen ninety to nineteen ninety five
5 + 3 = 8; 3 * 4; x < 5; 10^6
    five plus three equals eight; three times four; x less than five; ten to the power of six
World War II, Chapter IV, Henry VIII, and I went.
    world war two, chapter four, henry the eighth, and i went.
# dates and times
On Nov. 22, 2026 it rained.
    on november twenty second, twenty twenty six it rained.
the 22nd of November 2026
    the twenty second of november, twenty twenty six
2026-11-22 and 3/4/1999
    november twenty second, twenty twenty six and march fourth, nineteen ninety nine
In 1984, 2007 and the 1990s, '80s too.
    in nineteen eighty four, two thousand seven and the nineteen nineties, eighties too.
at 10:30, 10:05 a.m., 9pm, 10:00 and 22:15
    at ten thirty, ten oh five a m, nine p m, ten o'clock and twenty two fifteen
It is 5 p.m. Now go. At 5 p.m. he left.
    it is five p m. now go. at five p m he left.
RSVP by 12/24; since '09; the 30s; a 30s clip; Mon-Fri 9-5
    rsvp by december twenty fourth; since oh nine; the thirties; a thirty seconds clip; monday to friday nine to five
# money, measures, telephones
Dr. Smith paid $4.50 at 10:30.
    doctor smith paid four dollars and fifty cents at ten thirty.
$1, £0.99, €30, 50¢, 20 USD
    one dollar, ninety nine pence, thirty euros, fifty cents, twenty dollars
$20-$30, $20-30, $.50
    twenty dollars to thirty dollars, twenty to thirty dollars, fifty cents
2:1, 3 x 5 = 15, 7 - 2 = 5, x^2, in 4/4 time, 1,000s of 808s and 909's
    two to one, three times five equals fifteen, seven minus two equals five, x squared, in four four time,
    thousands of eight oh eights and nine oh nine's
48kHz/24-bit at 120 BPM in F#, ZIP 90210-1234, call 911, Ph.D.
    forty eight kilohertz slash twenty four bit at one hundred twenty beats per minute in f sharp,
    zip nine oh two one oh, one two three four, call nine one one, p h d.
$5M and $3.5 billion
    five million dollars and three point five billion dollars
44.1 kHz at -3 dB, 100 km/h, 3 m², -5°C
    forty four point one kilohertz at minus three decibels, one hundred kilometers per hour, three square
    meters, minus five degrees celsius
1 kg, 5.5%, 10k, 6 ft 2 in, 5'11"
    one kilogram, five point five percent, ten k, six foot two, five foot eleven
Call (555) 123-4567.
    call five five five, one two three, four five six seven.
# abbreviations and acronyms
12 Main St. in St. Louis, near Mulholland Dr. and Dr. Who.
    twelve main street in saint louis, near mulholland drive and doctor who.
Mr. and Mrs. Jones vs. Acme Inc. on Sat. morning. He sat.
    mister and missus jones versus acme incorporated on saturday morning. he sat.
The U.S. Army. I live in the U.S. He left.
    the u s army. i live in the u s. he left.
NASA, the FBI, MP3s, H2O, R&D, AC/DC, US law, tell us
    nasa, the fbi, m p threes, h two o, r and d, a c d c, u s law, tell us
No. 5, e.g. this, i.e. that, etc.
    number five, for example this, that is that, et cetera.
THE END IS NEAR
    the end is near
# addresses
See https://www.example.com/a-b now
    see w w w dot example dot com slash a dash b now
mail bob.smith@gmail.com!
    mail bob dot smith at gmail dot com!
v1.2.3 and 4.5.6
    version one point two point three and four point five point six
take.wav #Winning and @john
    take dot w a v hashtag winning and at john
End.Next one
    end. next one
# marks
“Wait — what?!” she said…
    wait - what? she said...
nothing (really) there
    nothing, really, there
a well-known twenty-one-year-old
    a well known twenty one year old
rock 'n' roll, the dogs' tails, it's John's
    rock 'n roll, the dogs' tails, it's john's
Title\nFirst line\n\nNew paragraph
    title. first line. new paragraph
Naïve Zoë in a café
    naive zoe in a cafe
# pauses and phonemes
Wait [0.5s] here [250ms] now
    wait [0.5s] here [0.25s] now
say [[HH AH0 L OW1]] twice
    say [[HH AH0 L OW1]] twice
"""
"""What is written, and under it what is said, on as many lines as it needs."""


def _cases() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in CASES.splitlines():
        if line.startswith("    "):
            text, said = found.pop()
            found.append((text, f"{said} {line.strip()}".strip()))
        elif line and not line.startswith("# "):
            found.append((line.replace("\\n", "\n"), ""))
    return found


def read(text: str) -> Reading:
    return read_aloud(text, shipped_lexicon().__contains__)


@pytest.mark.parametrize(("text", "said"), _cases())
def test_a_text_is_read_as_a_person_reads_it(text: str, said: str) -> None:
    assert str(read(text)) == said


def test_every_word_knows_the_characters_that_it_was_read_from() -> None:
    text = "“Café” costs $4.50 — on Nov. 22, 2026, Dr. O’Neil’s MP3 (½ off) 😀 at x.com."
    spoken = [(word.text, text[word.start : word.end]) for word in read(text).words]
    assert ("cafe", "Café") in spoken
    assert [source for word, source in spoken if word in ("four", "dollars", "fifty", "cents")] == ["$4.50"] * 4
    assert ("november", "Nov. 22, 2026") in spoken
    assert ("doctor", "Dr.") in spoken
    assert ("o'neil's", "O’Neil’s") in spoken
    assert ("half", "½") in spoken
    assert spoken[-1] == ("com", "x.com")


def test_no_text_breaks_the_reader_or_loses_a_place() -> None:
    rng = random.Random(5)
    signs = "aZ09 .,;:!?'\"()[]{}-–—/\\&%$€@#*+=<>^~_|°½²…\n\t😀йß"
    pieces = [
        *signs,
        "Dr.",
        "St.",
        "10:30",
        "$4.50",
        "1/2",
        "p.m.",
        "www.",
        ".com",
        "[0.5s]",
        "II",
        "N.",
        "5km",
        "1990s",
    ]
    for _ in range(300):
        text = "".join(rng.choices(pieces, k=rng.randrange(1, 25)))
        try:
            items = read(text).items
        except SpeechError:
            continue
        place = 0
        for item in items:
            assert place <= item.start <= item.end <= len(text), text
            place = item.start
        assert all(word.text and (text[word.start : word.end].strip()) for word in read(text).words), text


def test_what_cannot_be_said_is_left_out_and_named() -> None:
    reading = read("I love it 😀👍! Привет, world。 ¿Qué?")
    assert str(reading) == "i love it! world. que?"
    assert reading.left_out == ("😀👍", "Привет")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "no text"),
        (" \n\t ", "no text"),
        ("?!… —", "only punctuation"),
        ("😀 🎉", "only pictures"),
        ("Привет, мир!", "Latin letters"),
        ("你好", "Latin letters"),
        ("[[HH QQ1]]", "“QQ1” is no phoneme"),
        ("so [[ ]] it", "no phonemes between"),
        ("wait [90s] here", "too long"),
        ("[2s]", "only punctuation"),
    ],
)
def test_a_text_without_words_has_one_clear_sentence(text: str, part: str) -> None:
    with pytest.raises(SpeechError, match=part) as caught:
        read(text)
    assert str(caught.value).count("\n") == 0


def test_a_pause_and_a_paragraph_are_silences() -> None:
    items = read("One [1.5s] two.\n\nThree.").items
    silences = [item for item in items if isinstance(item, Silence)]
    assert [(item.seconds, item.asked) for item in silences] == [(1.5, True), (0.6, False)]
    assert [item.symbol for item in items if isinstance(item, Mark)] == [".", "."]
