"""Abbreviations, units, currencies and signs, with the words that are said for them."""

from __future__ import annotations

from typing import Final


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


TITLES: Final = {
    "mr": "mister", "mrs": "missus", "ms": "miz", "messrs": "messers", "prof": "professor", "rev": "reverend",
    "hon": "honorable", "gen": "general", "col": "colonel", "maj": "major", "capt": "captain", "cpt": "captain",
    "lt": "lieutenant", "sgt": "sergeant", "cpl": "corporal", "pvt": "private", "adm": "admiral", "cmdr": "commander",
    "gov": "governor", "sen": "senator", "rep": "representative", "pres": "president", "supt": "superintendent",
    "mme": "madame", "mlle": "mademoiselle", "fr": "father", "insp": "inspector",
}  # fmt: skip
"""Said in front of a name; a dot behind them never ends a sentence."""

PLACES: Final = {
    "ave": "avenue", "blvd": "boulevard", "rd": "road", "ln": "lane", "hwy": "highway", "pkwy": "parkway",
    "ct": "court",
    "pl": "place", "sq": "square", "apt": "apartment", "ste": "suite", "mt": "mount", "ft": "fort",
}  # fmt: skip

SHORT: Final = {
    "etc": "et cetera", "vs": "versus", "approx": "approximately", "dept": "department", "est": "established",
    "inc": "incorporated", "ltd": "limited", "co": "company", "corp": "corporation", "bros": "brothers",
    "jr": "junior", "sr": "senior", "esq": "esquire", "vol": "volume", "vols": "volumes", "ch": "chapter",
    "ed": "edition", "fig": "figure", "figs": "figures", "pp": "pages", "sec": "second", "min": "minute",
    "max": "maximum", "avg": "average", "temp": "temperature", "misc": "miscellaneous", "ext": "extension",
    "tel": "telephone",
    "dist": "district", "univ": "university", "assn": "association", "assoc": "association", "govt": "government",
    "intl": "international", "natl": "national", "ref": "reference", "cf": "compare", "ca": "circa", "al": "al",
    "eq": "equation", "para": "paragraph", "incl": "including", "excl": "excluding", "tbsp": "tablespoon",
    "tsp": "teaspoon", "oz": "ounce", "lb": "pound", "lbs": "pounds", "yrs": "years", "hrs": "hours",
    "mins": "minutes",
    "secs": "seconds",
}  # fmt: skip
"""Read in full only with their dot, and then a sentence may end with it."""

BARE: Final = {"mr", "mrs", "ms", "dr", "vs", "etc", "jr", "sr", "prof", "blvd", "dept", "approx", "ltd", "tbsp", "tsp"}
"""Read in full without a dot, too."""

MONTHS: Final = {
    "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9,
    "october": 10, "november": 11, "december": 12,
}  # fmt: skip
MONTH_NAMES: Final = ("", *MONTHS)
MONTH_SHORT: Final = {
    "jan": "january", "feb": "february", "mar": "march", "apr": "april", "jun": "june", "jul": "july",
    "aug": "august",
    "sep": "september", "sept": "september", "oct": "october", "nov": "november", "dec": "december",
}  # fmt: skip
DAY_SHORT: Final = {
    "mon": "monday", "tue": "tuesday", "tues": "tuesday", "wed": "wednesday", "thu": "thursday", "thur": "thursday",
    "thurs": "thursday", "fri": "friday", "sat": "saturday", "sun": "sunday",
}  # fmt: skip

CURRENCIES: Final = {
    "$": ("dollar", "dollars", "cent", "cents"), "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"), "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"), "₽": ("ruble", "rubles", "kopeck", "kopecks"),
    "₿": ("bitcoin", "bitcoins", "", ""), "¢": ("cent", "cents", "", ""),
}  # fmt: skip
CODES: Final = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "BTC": "₿"}
SCALES: Final = {
    "k": "thousand", "K": "thousand", "M": "million", "m": "million", "mn": "million", "B": "billion", "b": "billion",
    "bn": "billion", "T": "trillion", "tn": "trillion", "thousand": "thousand", "million": "million",
    "billion": "billion", "trillion": "trillion",
}  # fmt: skip

UNITS: Final = {
    "km": "kilometer", "m": "meter", "cm": "centimeter", "mm": "millimeter", "nm": "nanometer", "µm": "micrometer",
    "mi": "mile", "yd": "yard", "ft": "foot/feet", "kg": "kilogram", "g": "gram", "mg": "milligram",
    "µg": "microgram",
    "lb": "pound", "lbs": "pound", "oz": "ounce", "l": "liter", "L": "liter", "ml": "milliliter", "mL": "milliliter",
    "dl": "deciliter", "cl": "centiliter", "gal": "gallon", "mph": "mile/miles per hour",
    "km/h": "kilometer/kilometers per hour", "kph": "kilometer/kilometers per hour", "m/s": "meter/meters per second",
    "s": "second", "sec": "second", "secs": "second", "ms": "millisecond", "µs": "microsecond", "ns": "nanosecond",
    "min": "minute", "mins": "minute", "h": "hour", "hr": "hour", "hrs": "hour", "yr": "year", "yrs": "year",
    "Hz": "hertz/hertz", "kHz": "kilohertz/kilohertz", "MHz": "megahertz/megahertz", "GHz": "gigahertz/gigahertz",
    "dB": "decibel", "dBFS": "decibel/decibels full scale", "LUFS": "luffs/luffs", "kB": "kilobyte",
    "KB": "kilobyte", "MB": "megabyte", "GB": "gigabyte", "TB": "terabyte", "MiB": "mebibyte", "GiB": "gibibyte",
    "kbps": "kilobit/kilobits per second", "Mbps": "megabit/megabits per second",
    "Gbps": "gigabit/gigabits per second",
    "bit": "bit", "bits": "bit", "W": "watt", "kW": "kilowatt", "MW": "megawatt", "kWh": "kilowatt hour", "V": "volt",
    "mV": "millivolt", "kV": "kilovolt", "mA": "milliamp", "Ω": "ohm", "kΩ": "kiloohm", "J": "joule",
    "kJ": "kilojoule",
    "N": "newton", "Pa": "pascal", "kPa": "kilopascal", "hPa": "hectopascal", "psi": "p s i/p s i", "cal": "calorie",
    "kcal": "kilocalorie", "fps": "frame/frames per second", "rpm": "revolution/revolutions per minute",
    "bpm": "beat/beats per minute", "BPM": "beat/beats per minute", "FPS": "frame/frames per second",
    "RPM": "revolution/revolutions per minute", "MPH": "mile/miles per hour", "px": "pixel",
    "ha": "hectare", "°C": "degree/degrees celsius",
    "°F": "degree/degrees fahrenheit", "°": "degree", "°K": "degree/degrees kelvin", "%": "percent/percent",
    "‰": "per mille/per mille",
}  # fmt: skip
"""What one is called, and, behind a slash, what many are where that is not the same with an s."""
AFTER_A_SPACE: Final = frozenset(UNITS) - {"N", "J", "Pa", "ha", "mi", "bit", "bits", "gal", "cal", "m", "g", "l"}
"""Units that may stand apart from their number; the others could be words or letters of their own."""
SOMETIMES: Final = frozenset({"m", "g", "l"})
"""These may stand apart, too, where no word follows."""

SIGNS: Final = {
    "&": "and", "+": "plus", "=": "equals", "%": "percent", "@": "at", "#": "number", "<": "less than",
    "\\": "backslash",
    ">": "greater than", "°": "degrees", "©": "copyright", "§": "section", "×": "times", "÷": "divided by",
    "±": "plus or minus", "≈": "about", "≤": "at most", "≥": "at least", "≠": "is not", "√": "root", "∞": "infinity",
    "µ": "micro", "$": "dollars", "€": "euros", "£": "pounds", "¥": "yen", "¢": "cents", "^": "to the power of",
    "→": "to", "←": "from", "/": "slash", "‰": "per mille", "Ω": "ohm", "π": "pi", "∆": "delta",
}  # fmt: skip
SILENT: Final = frozenset("*_~|`†‡¶^{}<>[]\\★☆✓✔■□▪▫●○◆◇►▶→←↑↓")
"""Signs that are only looked at, wherever they have no number beside them."""
IN_ADDRESSES: Final = {
    ".": "dot", "/": "slash", "-": "dash", "_": "underscore", "@": "at", ":": "colon", "?": "question mark",
    "=": "equals",
    "&": "and", "#": "hash", "%": "percent", "+": "plus", "~": "tilde",
}  # fmt: skip

SPELLED: Final = _set(
    "us it id ai ml pr hr pm am tv pc cd dj eu uk un ip os ui ux er iq ac dc dna rna fm mc mp ny nj ad bc ce bce "
    "cv gi gp md ra rv sa ta va wc wi dm gm cs ap ps pe"
)
"""In capitals these are letters, though the lexicon has a word that is written the same."""

NUMBERED: Final = _set(
    "chapter part act scene volume book section figure table phase level stage type class category appendix "
    "article war bowl episode round game grade step unit title tier mark vol ch no number page line room"
)
"""A Roman numeral behind one of these counts: "World War two"."""
RULERS: Final = _set(
    "henry louis george charles james edward william elizabeth richard paul john benedict francis philip "
    "catherine mary napoleon frederick nicholas alexander leo pius gregory clement innocent urban boniface peter "
    "ivan anne robert david haakon harald olav carl gustav christian wilhelm otto leopold alfonso ferdinand pope "
    "king queen emperor tsar ramses ptolemy thutmose amenhotep xerxes darius stephen malcolm alexios constantine "
    "baldwin"
)
"""Behind one of these a Roman numeral says which one: "Henry the eighth"."""
