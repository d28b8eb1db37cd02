"""Colours of style sheets, and whether two of them can be told apart."""

from __future__ import annotations

import re
from colorsys import hls_to_rgb
from dataclasses import dataclass
from functools import lru_cache

LEAST_CONTRAST = 1.2
"""Below this ratio (WCAG 2: 1 is the same, 21 is black on white) nobody reads a text. Grey small print has 2 and more."""
CLEAR = 0.1
"""Up to this alpha a colour is as good as none."""
_NAMES = {
    name: f"#{code}"
    for name, _, code in (
        pair.partition("=")
        for pair in """white=fff black=000 red=f00 lime=0f0 green=008000 blue=00f yellow=ff0 aqua=0ff cyan=0ff magenta=f0f fuchsia=f0f
        gray=808080 grey=808080 silver=c0c0c0 maroon=800000 olive=808000 purple=800080 teal=008080 navy=000080 orange=ffa500 snow=fffafa
        ivory=fffff0 whitesmoke=f5f5f5 ghostwhite=f8f8ff floralwhite=fffaf0 azure=f0ffff mintcream=f5fffa honeydew=f0fff0 aliceblue=f0f8ff
        seashell=fff5ee beige=f5f5dc linen=faf0e6 oldlace=fdf5e6 cornsilk=fff8dc lightyellow=ffffe0 lavenderblush=fff0f5 lavender=e6e6fa
        gainsboro=dcdcdc lightgray=d3d3d3 lightgrey=d3d3d3 darkgray=a9a9a9 darkgrey=a9a9a9 dimgray=696969 dimgrey=696969 lightcyan=e0ffff
        antiquewhite=faebd7 papayawhip=ffefd5 blanchedalmond=ffebcd bisque=ffe4c4 mistyrose=ffe4e1 pink=ffc0cb tomato=ff6347 gold=ffd700
        brown=a52a2a crimson=dc143c darkblue=00008b darkgreen=006400 darkred=8b0000 indigo=4b0082 midnightblue=191970 canvas=fff
        canvastext=000""".split()
    )
}
_HEX = re.compile(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
_FUNCTION = re.compile(r"(rgb|hsl)a?\(([^()]*)\)", re.IGNORECASE)
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(%|deg)?")
_TOKEN = re.compile(r"(?:rgb|hsl)a?\([^()]*\)|#[0-9a-fA-F]{3,8}\b|[a-zA-Z]+")


@dataclass(frozen=True, slots=True)
class Colour:
    """Red, green, blue and alpha, each from 0 to 1."""

    red: float
    green: float
    blue: float
    alpha: float = 1.0

    def over(self, ground: Colour) -> Colour:
        """Return what is seen where this colour is painted on an opaque one."""
        rest = 1 - self.alpha
        return Colour(
            self.red * self.alpha + ground.red * rest,
            self.green * self.alpha + ground.green * rest,
            self.blue * self.alpha + ground.blue * rest,
        )

    def luminance(self) -> float:
        """Return the relative luminance as WCAG 2 defines it."""
        red, green, blue = (
            each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in (self.red, self.green, self.blue)
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue


WHITE, BLACK = Colour(1, 1, 1), Colour(0, 0, 0)


def is_readable(text: Colour, ground: Colour) -> bool:
    """Return whether a text of one colour can be read on a ground of another. Reds on greens of one brightness can be told apart."""
    seen = text.over(ground)
    light, dark = sorted((seen.luminance(), ground.luminance()), reverse=True)
    if (light + 0.05) / (dark + 0.05) >= LEAST_CONTRAST:
        return True
    return max(abs(seen.red - ground.red), abs(seen.green - ground.green), abs(seen.blue - ground.blue)) > 0.25


@lru_cache(2_000)
def read_colour(value: str) -> Colour | None:
    """Return the colour that a value of CSS names, None for one that is not understood."""
    value = value.strip().lower()
    if value == "transparent":
        return Colour(0, 0, 0, 0)
    if found := _HEX.fullmatch(_NAMES.get(value, value)):
        return _read_hex(found[1])
    return _read_function(value)


@lru_cache(2_000)
def find_colour(value: str) -> Colour | None:
    """Return the colour that stands somewhere in a value: of `background: #fff no-repeat`."""
    return next((colour for token in _TOKEN.findall(value) if (colour := read_colour(token))), None)


def _read_hex(digits: str) -> Colour:
    wide = "".join(digit * 2 for digit in digits) if len(digits) < 5 else digits
    parts = [int(wide[at : at + 2], 16) / 255 for at in range(0, len(wide), 2)]
    return Colour(*parts)


def _read_function(value: str) -> Colour | None:
    called = _FUNCTION.fullmatch(value)
    numbers = _NUMBER.findall(called[2])[:4] if called else []
    if called is None or len(numbers) < 3:
        return None
    shares = [float(number) / 100 if unit == "%" else float(number) for number, unit in numbers]
    alpha = min(1.0, max(0.0, shares[3])) if len(shares) > 3 else 1.0
    if called[1].lower() == "hsl":
        return Colour(*hls_to_rgb(shares[0] / 360 % 1, shares[2], shares[1]), alpha)
    red, green, blue = (
        min(1.0, max(0.0, share if unit == "%" else share / 255)) for share, (_, unit) in zip(shares[:3], numbers, strict=False)
    )
    return Colour(red, green, blue, alpha)
