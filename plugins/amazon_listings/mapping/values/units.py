"""Units as people write them (`kg`, `cm`, `Liter`), and the codes Amazon has for them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Amazon's unit code (or codes: definitions differ) for each way to write it, lower case.
#: Codes as they stand in the product type definitions; symbols after the SI brochure and
#: UN/CEFACT Recommendation 20, plus what English, Spanish, French, German and Italian shorten.
SYMBOLS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        symbol: tuple(codes.split())
        for codes, symbols in {
            "milligrams": "mg milligrammi",
            "grams": "g gr gramo gramos gramm gramme grammes gram grammo grammi",
            "kilograms": "kg kgs kilo kilos chilo chili chilogrammo chilogrammi",
            "tons": "t",
            "pounds": "lb lbs libra libras livre livres pfund libbra libbre",
            "ounces": "oz onza onzas once onces unze unzen oncia",
            "micrometer": "µm um",
            "millimeters": "mm milimetro milimetros millimetre millimetres millimetro millimetri",
            "centimeters": "cm centimetro centimetros centimetre centimetres zentimeter centimetri",
            "decimeters": "dm",
            "meters": "m metro metros metre metres metri",
            "kilometers": "km",
            "inches": 'in " \u2033 inch zoll pulgada pulgadas pouce pouces pollice pollici',
            "feet": "ft ' \u2032 foot fuss fuß pie pies pied pieds piede piedi",
            "yards": "yd yds",
            "milliliters": "ml millilitri",
            "centiliters": "cl centilitri",
            "deciliters": "dl",
            "liters": "l ltr litro litros litre litres liter litri",
            "cubic_centimeters": "cm3 cm³ cc",
            "cubic_meters": "m3 m³",
            "watts": "w watt vatios",
            "kilowatts": "kw",
            "milliwatts": "mw",
            "volts": "v volt voltios",
            "kilovolts": "kv",
            "millivolts": "mv",
            "amps amperes": "a amp",
            "milliamps milliamperes": "ma",
            "milliampere_hour milliamp_hours": "mah",
            "watt_hours": "wh",
            "kilowatt_hours": "kwh",
            "hertz": "hz",
            "seconds": "s sec sek secondi",
            "minutes": "min mn minuti",
            "hours": "h hr hrs std ore",
            "days": "d dia dias jour jours tag tage giorno giorni",
            "weeks": "semana semanas semaine semaines woche wochen settimana settimane",
            "months": "mes meses mois monat monate mese mesi",
            "years": "año años an ans jahr jahre anno anni",
            "degrees_celsius": "°c",
            "percent percentage": "%",
        }.items()
        for symbol in symbols.split()
    }
)


def unit_code(written: str, codes: Iterable[str]) -> str | None:
    """Return the code among `codes` for a unit as written (`kg`, `Kg.`), or None."""
    offered = set(codes)
    for candidate in (written, written.rstrip(".")):
        for code in SYMBOLS.get(candidate.strip().lower(), ()):
            if code in offered:
                return code
    return None
