"""Sums as people, models and LaTeX write them: each has one meaning, or is refused with its readings."""

from __future__ import annotations

import json
import time
from fractions import Fraction
from pathlib import Path

import pytest

from sayso.tools.calculation import CalculationError, calculate

VALUES = {
    "x for times": ("3 x 4", "12"),
    "x without spaces": ("3x4x5", "60"),
    "x before brackets": ("(5+3)X(2)", "16"),
    "x before a root": ("3 x sqrt(16)", "12"),
    "long dash": ("10 – 4", "6"),
    "roots as characters": ("√16 + ∛27 + 2√9", "13"),
    "a root of brackets": ("√(16+9)", "5"),
    "fractions as characters": ("½ + ¼", "3/4"),
    "mixed numbers": ("1½ + 2 1/4", "15/4"),
    "a mixed number is one factor": ("2 1/2 * 2", "5"),
    "bars": ("|2-5| * |-3| + ||-3|-1|", "11"),
    "mod and div": ("10 mod 3 + 7 div 2 + -7 mod 3", "6"),
    "thousands and millions": ("5k * 12 + 3.5M + 200K + 2bn + 1 million", "2004760000"),
    "words for large numbers": ("2 hundred thousand", "200000"),
    "hexadecimal and binary": ("0x1F + 0b101 + 0o17", "51"),
    "underscores": ("1_000_000", "1000000"),
    "spaces that print": ("1\u202f000\u00a0000 + 1", "1000001"),
    "words for signs": ("2 plus 3 times 4 minus 10 divided by 5", "12"),
    "words for powers": ("2 to the power of 3 + 5 squared + 2 cubed", "41"),
    "a root in words": ("the square root of 144", "12"),
    "a function without brackets": ("sqrt 16", "4"),
    "choose": ("10 choose 3 + 10C3 + C(10,3) + 5 nCr 2", "370"),
    "permutations": ("P(5,2) + 5 nPr 2", "40"),
    "log of a base": ("log_2(8) + log_10(100)", "5"),
    "roots of any degree": ("∜16 + ₃√8 + 2∜81", "10"),
    "roots of any degree in words": ("the fourth root of 81", "3"),
    "a root by its number": ("5th root of 32", "2"),
    "a subscript as base": ("log₂(8) + log₁₀ 1000", "6"),
    "the square of a function": ("sin²(30°) + cos^2(60°)", "1/2"),
    "the square of a function in LaTeX": (r"\cos^{2} 60^\circ", "1/4"),
    "a sign by its short name": ("sgn(-3) + cosine(0)", "0"),
    "a mixed number divided": ("3 1/2 / 2 + 1/4 / 3 1/2", "51/28"),
    "a fraction divided by a fraction": ("3/4 ÷ 1/2 + 3 1/2 ÷ 1/4", "31/2"),
    "less than": ("5 less than 20", "15"),
    "more than a product": ("5 more than 3 times 4", "17"),
    "a percentage more than": ("20% more than 50", "60"),
    "quadrillions": ("two quadrillion - 2 quadrillion", "0"),
    "apostrophes between digits": ("1'000 * 3 + 1’234’567.5", "1237567.5"),
    "a task": ("Simplify: 3(2+5)-4", "17"),
    "as a number": ("20% as number", "1/5"),
    "an equation and what is asked for": ("2x = 10, x = ?", "5"),
    "an equation and a question": ("x + 5 = 12. What is x?", "7"),
    "hundred alone": ("hundred and fifteen plus thousand two hundred", "1315"),
    "hundred twice": ("hundred times hundred", "10000"),
    "equals in words": ("solve 2x plus 3 equals 7", "2"),
    "is equal to": ("3 times x is equal to 12", "4"),
    "an order with a list": ("Subtract 10 from the product of 5 and 6.", "20"),
    "an order with a list before it": ("Multiply the sum of 3 and 4 by 2", "14"),
    "what number": ("12 is 30% of what number?", "40"),
    "a decimal that is asked for": ("What is 5/8 as a decimal?", "5/8"),
    "a negative number behind a sign": ("∛-27 + 10 - ₃√−8", "9"),
    "a negative number behind a name": ("sgn −3", "-1"),
    "a percentage before plus": ("10*50%+1", "6"),
    "square brackets behind a number": ("2[3 + 1] + (1+2)[3]", "17"),
    "the root of LaTeX takes one digit": (r"\sqrt4(1 + 2)", "6"),
    "a fraction of a unit": ("3/4 cup in tbsp", "12"),
    "half of a fraction of a unit": ("half of 3/4 cup in tablespoons", "6"),
    "a fraction of a unit times": ("1/3 cup x 6", "2"),
    "how many of a unit": ("how many tablespoons in 3/4 cup", "12"),
    "a unit without a number": ("three quarters of a cup in teaspoons", "36"),
    "double a mixed number": ("double 1 1/2 cups", "3"),
    "double a fraction": ("double 3/4", "3/2"),
    "a fraction below zero": ("-1/2 km in m", "-500"),
    "a sheet's names": ("=POWER(2,3) + 0*PI()", "8"),
    "the number that is asked about": ("The number 25 is what percentage of 80?", "5/16"),
    "what number a share is of": ("The number 32 is 8% of what number?", "400"),
    "an increase with its article": ("What is the percentage increase from 20 to 90?", "7/2"),
    "a change with its article": ("What is the % change from 80 to 100?", "1/4"),
    "a leading equals sign": ("=2+2", "4"),
    "a trailing one": ("2 + 2 = ?", "4"),
    "a question": ("What is 17 % of 340?", "289/5"),
    "another": ("how much is 3 times 4", "12"),
    "in backticks": ("`2+2`", "4"),
    "percent in words": ("5 percent of 200 + 10 per cent of 50", "15"),
    "a percentage of a percentage": ("20% of 50% of 200", "20"),
    "half of, a third of": ("half of 10 + a third of 12 + ½ of 10 + 3/4 of 100", "89"),
    "a tip": ("20% tip on 45.50", "91/10"),
    "a tax": ("8.5% sales tax on 120", "51/5"),
    "a discount": ("30% off 80", "56"),
    "a share added": ("45.50 + 20%", "273/5"),
    "a share of the sum before it": ("100 + 50 - 20%", "120"),
    "shares of shares": ("100 + 10% + 10%", "121"),
    "percentages alone": ("50% + 20% - 10%", "3/5"),
    "one plus a percentage": ("1000 * (1 + 5%)^2", "2205/2"),
    "a percentage that is a factor": ("200 + 5% * 2", "2001/10"),
    "degrees": ("sin(30°) + cos(60 deg) + tan(45 degrees)", "2"),
    "an equation": ("2x + 3 = 7", "2"),
    "an equation in words": ("solve for y: 3y = 12", "4"),
    "frac": (r"\frac{1}{2} + \dfrac34", "5/4"),
    "a mixed number in LaTeX": (r"2\frac{1}{2}", "5/2"),
    "times, cdot, div": (r"2 \times 3 \cdot 4 \div 6", "4"),
    "roots in LaTeX": (r"\sqrt{16} + \sqrt[3]{27} + 2\sqrt 9", "13"),
    "left and right": (r"\left(\frac{3}{2}\right)^{2}", "9/4"),
    "dollars around it": (r"$2+2$", "4"),
    "parentheses around it": (r"\(2^{10}\)", "1024"),
    "percent in LaTeX": (r"15\% \cdot 200 + 50\% of 80", "70"),
    "groups in LaTeX": (r"1{,}234 + 1\,000", "2234"),
    "angles in LaTeX": (r"\sin(30^\circ) + \sin 30^{\circ}", "1"),
    "logarithms in LaTeX": (r"\log_{2} 8 + \log_2(4) + \ln e", "6"),
    "brackets in LaTeX": (r"\lfloor 3.7 \rfloor + \lceil 0.2 \rceil + \left| -5 \right|", "9"),
    "numbers in words": ("four hundred and fifty divided by nine", "50"),
    "larger ones": ("five hundred and twenty one thousand minus one", "520999"),
    "a dash within a number": ("twenty-five + twenty - five", "40"),
    "decimals in words": ("zero point two five times four", "1"),
    "fractions in words": ("three quarters of 80 + two thirds of 90 + one half", "241/2"),
    "a number and a half": ("six and a half times two + 2 and a half", "31/2"),
    "dozens": ("a dozen times 4 + 3 dozen", "84"),
    "negative numbers": ("negative 3 times negative four", "12"),
    "twice, double": ("twice 17 + double 45", "124"),
    "ordinal powers": ("2 to the 8th power + ten to the third", "1256"),
    "factorial behind": ("12 factorial / 11 factorial", "12"),
    "less": ("80 less 30%", "56"),
    "a tax named": ("200 + 19% VAT", "238"),
    "a discount named": ("150 - 20% member discount", "120"),
    "increased by": ("100 increased by 20% decreased by 10%", "108"),
    "add": ("add 3, 4 and 5", "12"),
    "add to": ("add 5 to 10", "15"),
    "a fraction with a hyphen": ("one-half of 12 + two-thirds", "20/3"),
    "a product of signs and one number": ("multiply 3 plus 2 by -7", "-35"),
    "a number in words in a list": ("average of two hundred and five and ten", "215/2"),
    "days between, the later one first": ("days between 2024-12-25 and 2024-1-1", "359"),
    "a large scale after a whole number": ("one thousand two hundred million", "1200000000"),
    "subtract from": ("subtract 5 from 20", "15"),
    "multiply by": ("multiply 2.5 by four", "10"),
    "divide by": ("divide 7 by 2", "7/2"),
    "increase by a percentage": ("increase 100 by 20%", "120"),
    "a mean of a list": ("the average of 3, 5 and 10", "6"),
    "thousands in a list": ("sum of 1,200 and 300", "1500"),
    "a divisor": ("greatest common divisor of 48 and 36", "12"),
    "a call within a sum": ("2 * (the product of 3 and 4)", "24"),
    "a square": ("square of 12", "144"),
    "a logarithm to a base": ("log base 2 of 64", "6"),
    "a difference": ("difference between 20 and 5", "15"),
    "rounded": ("2/3 rounded to 3 decimal places", "667/1000"),
    "to the nearest": ("7.6 to the nearest whole number", "8"),
    "three groups of digits": ("1 000 000 / 4", "250000"),
    "a whole from its share": ("25% of what is 50", "200"),
    "a whole from its share, turned": ("20 is 50% of what", "40"),
    "out of": ("45 out of 60", "3/4"),
    "other signs": ("6 ✕ 7 — 2", "40"),
    "functions of a module": ("math.sqrt(16) + np.mean([1,2,3]) + Math.pow(2,3) + int(7/2)", "17"),
    "a name for the sum": ("total = 5 * 3", "15"),
    "printed": ("print(2 + 2)", "4"),
    "in quotes, with a semicolon": ("'(5+3)*2;'", "16"),
    "square brackets": ("[2+3]*4", "20"),
    "factorials side by side": (r"\frac{5!}{3!2!}", "10"),
    "a share in LaTeX": (r"\frac{3}{4} \text{ of } 80", "60"),
    "a series": (r"\sum_{k=0}^{100}k", "5050"),
    "a series within": (r"1 + 2\sum_{i=1}^{3} i^{2}", "29"),
    "brackets in a series": (r"\sum_{i=1}^{3} \left(i + \frac12\right)", "15/2"),
    "a series of series": (r"\sum_{i=1}^{2}\sum_{j=1}^{3} i \cdot j", "18"),
    "half of each": (r"\prod_{i=1}^{3} (i / 2)", "3/4"),
    "a product of a series": (r"\prod^{5}_{i=1} i", "120"),
    "a series of nothing": (r"3 - \sum_{i=5}^{1} i", "3"),
    "over and choose": (r"{1 \over 2} + {5 \choose 2}", "21/2"),
    "a base of one digit": (r"\log_28", "3"),
    "an arrow": ("3 km → m", "3000"),
    "zero width around": ("\u200b1 +\u200b 2\ufeff", "3"),
    "a bullet and a question": ("• 16 ÷ 4 + 13 − 8 = ?", "9"),
    "typographic quotes": ("“14 ÷ 2 - 1 x 4”", "3"),
    "a point behind a percentage": ("15% of 200.", "30"),
    "an arrow behind": ("30% of 500 =>", "150"),
    "a percentage that is spaced": ("22573.8 * 8% - 1614.86", "191044/1000"),
    "with a tax": ("50 with 10% sales tax", "55"),
    "with a discount": ("80 with a 30% discount", "56"),
    "at less": ("200 at 15% off", "170"),
    "a price before a discount": ("45 is 50% off what?", "90"),
    "a remainder in words": ("remainder of 21 divided by 5", "1"),
    "a remainder when": ("the remainder when 100 is divided by 7", "2"),
    "a power of a decimal": ("4 raised to the 0.5 power", "2"),
    "round off": ("Round off 29077.7 to the nearest integer", "29078"),
    "lakh and crore": ("30 crore / 2 lakh", "1500"),
    "a denominator": ("least common denominator of 4 and 6", "12"),
    "to decimal": ("0x9F31 to decimal", "40753"),
    "hyphens of a number": ("two-hundred-and-fifty plus one-hundred", "350"),
    "half a dozen": ("half a dozen plus one and a half million", "1500006"),
    "a unit asked for": ("minutes in 4 days", "5760"),
    "inches in feet": ("96 in to ft", "8"),
    "inches": ("5 in + 3 in", "8"),
    "how many": ("How many feet are there in a mile?", "5280"),
    "an unknown less a share of it": ("x - 20% = 8", "10"),
    "bytes": ("1 GiB in MiB", "1024"),
    "binom, boxed, text": (r"\boxed{\binom{5}{2}} + \text{half of 4}", "12"),
}


@pytest.mark.parametrize(("text", "value"), VALUES.values(), ids=VALUES)
def test_a_sum_as_it_is_written_has_its_value(text: str, value: str) -> None:
    assert calculate(text).exact == Fraction(value)


UNITS = {
    "what percentage": ("what percentage of 80 is 20", "25%"),
    "is what percent": ("$20 is what percent of $80", "25%"),
    "a number as a percentage": ("2/5 as percent", "40%"),
    "as a percentage": ("20 as a percentage of 80", "25%"),
    "out of, in percent": ("45 out of 60 as a percent", "75%"),
    "a change in percent": ("percent change from 80 to 60", "-25%"),
    "what percentage was taken off": ("180 is what % off 200", "10%"),
    "an amount and a tax": ("$100 + 8.25% tax", "$108.25"),
    "feet and inches by signs": ("5'10\" in cm", "177.8 cm"),
    "hours and minutes glued": ("2h30m + 45 min", "3.25 h"),
    "Fahrenheit in Celsius": ("98.6°F in °C", "37 °C"),
    "Celsius in Fahrenheit": ("-40 C to fahrenheit", "-40 °F"),
    "kelvins": ("300 K to C", "26.85 °C"),
    "wages": ("$12 per hour * 40 hours", "$480"),
    "days between": ("days between 2024-12-25 and 2024-01-01", "359 days"),
    "a mean of amounts": ("average of $5 and $7", "$6"),
    "money keeps its sign": ("$1,200 + 8.5%", "$1,302"),
    "thousands of dollars": ("$5k * 12", "$60,000"),
    "convert": ("convert 10 inches into cm", "25.4 cm"),
    "square feet": ("200 square feet in square meters", "18.580608 m^2"),
    "square feet by feet": ("600 sq. ft / 20 ft", "30 ft"),
    "acres": ("1 square mile in acres", "640 acres"),
    "how many of an area": ("how many square feet are in an acre", "43560 ft^2"),
    "an area in hectares": ("200 m * 100 m in hectares", "2 ha"),
    "cubic metres": ("2 cubic meters in liters", "2000 l"),
    "a price for each square foot": ("$5 / square foot * 100 sqft", "$500"),
    "an acceleration": ("10 m/s^2 to km/h^2", "129600 km/h^2"),
    "an acceleration for a time": ("9.8 m/s² * 10 s", "98 m/s"),
    "small letters of kibibytes": ("400MiB in kib", "409600 KiB"),
    "a currency's code before the amount": ("USD 5 * 3", "$15"),
    "a height": ("5 ft 10 in in cm", "177.8 cm"),
    "a discount in dollars": ("25% off $1,200", "$900"),
    "hours and minutes": ("3 h + 25 min", "3.41666666666667 h"),
    "side by side": ("1 h 30 min", "1.5 h"),
    "kilograms and grams": ("3 kg + 200 g", "3.2 kg"),
    "the first unit is kept": ("200 g + 3 kg", "3200 g"),
    "kilometres in miles": ("5 km in miles", "3.10685596118667 mi"),
    "feet and inches": ("5 ft 3 inches to cm", "160.02 cm"),
    "pounds": ("1 lb in kg", "0.45359237 kg"),
    "square metres": ("50 m2 in ft2", "538.195520835486 ft^2"),
    "cubic decimetres": ("5 dm3 to L", "5 l"),
    "stones": ("11 stone 4 lb in kg", "71.66759446 kg"),
    "speeds": ("60 mph in km/h", "96.56064 km/h"),
    "a quotient of one kind": ("1 km / 500 m", "2"),
    "speed by time": ("60 km/h * 30 min", "30 km"),
    "weeks": ("2 weeks in days", "14 days"),
    "years and months": ("1 year + 3 months", "1.25 years"),
    "days between dates": ("2024-03-01 - 2024-02-01", "29 days"),
}


@pytest.mark.parametrize(("text", "told"), UNITS.values(), ids=UNITS)
def test_units_of_one_kind_are_converted_exactly(text: str, told: str) -> None:
    assert calculate(text).text == told


# text: (where it is refused, a part of what is said)
REFUSED = {
    "a percentage or a remainder": ("17 % 340", 3, "17% of 340 or the remainder of 17 / 340; write 17% * 340 or 17 mod 340"),
    "without a sign": ("17% 340", 2, "17% of 340"),
    "a percentage or a negative divisor": ("10%-3", 2, "percentage or a remainder"),
    "a number after a percentage": ("100 + 10% + 5", 10, "only percentages can be added"),
    "two signs before a percentage": ("100 + -10%", 6, "Two signs"),
    "the day first or the month": ("1/2/2024", 0, "1 / 2 / 2024"),
    "a date of another order": ("12-25-2024", 0, "write a date as 2024-03-01"),
    "a date alone": ("2024-03-01", 0, "days between two"),
    "a day that is not there": ("2024-02-30 - 2024-02-01", 0, "There is no day 2024-02-30"),
    "today": ("today + 30 days", 0, "no clock"),
    "a percentage of a name": ("80% pi", 2, "80% of pi or a remainder"),
    "a spaced remainder": ("340% 17", 3, "340% of 17 or a remainder"),
    "a time of day": ("10:31 + 8:30", 2, "10 h 31 min or 10 min 31 s"),
    "on": ("10% on 200", 4, "10% of 200, or 200 and 10% more"),
    "a share with a name": ("10 - x% = 8", 5, "a share of the sum s before it, s * (1 - x%), or a number, - (x%)"),
    "a share in brackets": ("100 + (5+5)%", 6, "a share of the sum s"),
    "a percentage or more": ("50 with 10% x", 3, "'with' is not known"),
    "a series that goes on": (r"\sum_{i=1}^{3} i + 1", 17, "How far does"),
    "a series without a bound": (r"\sum_{i=1} i", 0, "needs both bounds"),
    "a bound that is not whole": (r"\sum_{i=1}^{2.5} i", 17, "a whole number"),
    "a long series": (r"\sum_{i=1}^{100000} i", 0, "at most 1,000 terms"),
    "a long series of series": (r"\sum_{i=1}^{99}\sum_{j=1}^{99} i", 0, "at most 2,000"),
    "a series or its remainder": (r"\sum_{i=1}^{10} i \bmod 3", 25, "How far does"),
    "half a product or halves": (r"\prod_{i=1}^{3} i / 2", 21, "How far does"),
    "series in bounds of bounds": (
        r"\sum_{i=1}^{90} \sum_{j=1}^{(\sum_{k=1}^{90} \sum_{l=1}^{(\sum_{m=1}^{90} 1) - 90} l)} j",
        0,
        "more than 20,000 parts",
    ),
    "a tax and a tip": ("$100 with 7% tax and 10% tip", 5, "How far does 'with'"),
    "a tax that is in it": ("100 with 7% tax included", 4, "How far does 'with'"),
    "a tax, and more": ("50 with 7% tax plus 10", 3, "How far does 'with'"),
    "interest for years": ("100 at 7% interest for 3 years", 4, "How far does 'at'"),
    "the square of a negative, or of a number": ("negative five squared", 0, "-(5^2) or (-5)^2"),
    "a year of two digits": ("24-01-01 + 1 day", 0, "write a date as 2024-03-01; a calculation needs spaces: 24 - 01 - 01"),
    "a day of another name": ("Tuesday, 4 March 2024 + 1 day", 0, "2024-03-04 is a Monday"),
    "another base": ("52 to hex", 6, "not written"),
    "a part of one": ("twenty-one-half", 0, "20 and 1/2, or 21/2"),
    "a group in a list": ("sum of 1, 000 and 2", 8, "thousands mark"),
    "a date without its year": ("12 March + 1 week", 0, "In which year"),
    "a date with two readings": ("3/4/2024 + 1 day", 0, "2024-03-04 or 2024-04-03"),
    "a short month": ("2024-01-31 + 1 month", 0, "Write 2024-02-29 for its last day, or 2024-03-01"),
    "a part of a day": ("2024-03-01 + 12.5 days", 0, "whole days"),
    "an age": ("3 days ago", 7, "no clock"),
    "months that are not whole": ("months between 2024-01-15 and 2024-04-16", 30, "no whole number of months"),
    "a date after the last": ("9999-12-31 + 1 day", 0, "years 1 to 9999"),
    "a date times two": ("2024-03-01 * 2", 0, "days between two"),
    "a decimal comma": ("1.234,50", 5, "1.234,50 can have a decimal comma (1234.50)"),
    "a short decimal comma": ("1,5 + 2", 1, "(1.5)"),
    "an improper mixed number": ("1 3/2", 2, "operator is missing"),
    "a mixed number that goes on": ("1 1/2/2", 2, "operator is missing"),
    "a LaTeX mixed number or product": (r"2\frac{3}{2}", 1, "product or a mixed number"),
    "a root in words that may go on": ("square root of 16 + 9", 0, "How far"),
    "a root and a power": ("√16^2", 0, "How far"),
    "a root after a division": (r"1/2\sqrt{9}", 3, "two ways"),
    "degrees alone": ("30°", 2, "sin(30°)"),
    "temperatures": ("25°C + 5", 2, "not converted"),
    "x alone": ("2x", 1, "For times write *"),
    "x before a name": ("3 x y", 2, "'x' is not known"),
    "an equation without an unknown": ("2 + 2 = 4", 6, "two sums are equal"),
    "two unknowns": ("2x + y = 7", 7, "for which unknown"),
    "two kinds of unit": ("5 kg + 3 m", 5, "kg and m"),
    "exchange rates": ("$5 in euros", 3, "exchange rates"),
    "months have no days": ("1 year in days", 7, "no fixed number of days"),
    "no unit to convert": ("12 in km", 3, "no unit"),
    "an unknown unit": ("5 km in furlongs", 8, "no unit 'furlongs'"),
    "a discount of a number": ("20 off 80", 3, "'off' is not known"),
    "LaTeX that is no sum": (r"\int_0^1 x", 0, r"\int is not read here"),
    "a name of a function": ("avreage(1, 2)", 0, "Did you mean 'average'?"),
    "a unit with a slip": ("5 kilometrs", 2, "Did you mean 'kilometres'?"),
    "no number in words": ("twenty-twenty", 0, "'twenty' is not known"),
    "numbers that do not go together": ("one two", 4, "operator is missing"),
    "a percentage in a list of numbers": ("sum of 50 and 10%", 14, "of which number"),
    "a percentage that is added to a list": ("add fifty and fifty percent", 14, "of which number"),
    "a list that goes on": ("sum of 3 and 4 times 2", 4, "how far 'of' reaches"),
    "a list with decimal commas": ("average of 1,5 and 2", 12, "decimal comma"),
    "a list with groups or commas": ("sum of 1,234,5", 8, "thousands mark"),
    "a difference in either order": ("difference between 5 and 20", 0, "taken from the other"),
    "a discount that is added": ("50 + 20% discount", 9, "taken off: write - 20%"),
    "a member of what is not known": ("x.sqrt(4)", 1, "'.' is not part"),
    "a name behind a percentage": ("100 + 5% x", 9, "'x' is not known"),
    "two groups of digits": ("123 456", 4, "if they are one, write 123456"),
    "temperatures in a sum": ("20 C + 5 C to F", 3, "'C' is not known"),
    "more than two orders": ("divide 100 by 4 and add 5", 0, "'divide' is not known"),
    "a list or a number with and": ("average of two hundred and five", 11, "one number here, or two"),
    "a number after a number": ("one hundred and two hundred", 0, "'one' is not known"),
    "how far by reaches": ("multiply 6 by 7 plus 2", 16, "How far does 'by' reach"),
    "how far from reaches": ("subtract 5 from 20 times 3", 19, "How far does 'from' reach"),
    "how far double reaches": ("double 5 + 3", 9, "How far does 'double' reach"),
    "how far halve reaches": ("halve 10 + 4", 9, "How far does 'halve' reach"),
    "how far to reaches": ("percent change from 50 to 75 + 5", 29, "How far does 'to' reach"),
    "a fraction in words after a number": ("3 two thirds", 2, "a product or a mixed number"),
    "how far out of reaches": ("20 out of 80 plus 5", 13, "How far does 'out of' reach"),
    "a superscript for a number": ("difference between ² and 3", 0, "taken from the other"),
    "a constant in a fraction after a number": ("2\\frac5pi", 1, "a product or a mixed number"),
    "a superscript in LaTeX": ("\\frac²3", 5, "'²' is not part"),
    "an open bar": ("|3 + 4", 0, "never closed"),
    "how far a root reaches before a factorial": ("√4!", 0, "reach? Write sqrt(...)"),
    "how far a root of a degree reaches": ("5th root of 32 + 1", 0, "Write root(..., 5)"),
    "an inverse or a power": ("sin⁻¹(0.5)", 0, "also asin"),
    "an inverse or a power in LaTeX": (r"\sin^{-1}(0.5)", 0, "also asin"),
    "a list in a list": ("Add 5 and the product of 2 and 3", 6, "Which numbers belong together?"),
    "a square of an amount": ("12 m^2 / 3", 4, "(12 m)^2 or 12 square m"),
    "a sign said twice": ("What is 1 plus plus 2?", 15, "Two signs in words"),
    "plus minus": ("5 plus minus 2", 7, "Two signs in words"),
    "bytes or bits": ("5 mb + 3 mb", 2, "MB or Mbit"),
    "a fraction behind a division sign": ("9-3÷1/3+1", 5, "by the fraction 1/3, or by 1 and then by 3"),
    "a fraction behind a division": ("6 / 2/3", 5, "by the fraction 2/3, or by 2 and then by 3"),
    "how far than reaches": ("5 less than 20 divided by 5", 15, "How far does 'than' reach"),
    "an order with a list and more": ("subtract 10 from 5 and 6", 0, "not known"),
}


@pytest.mark.parametrize(("text", "position", "told"), REFUSED.values(), ids=REFUSED)
def test_what_has_two_readings_is_refused_and_both_are_offered(text: str, position: int, told: str) -> None:
    with pytest.raises(CalculationError) as caught:
        calculate(text)
    assert told in caught.value.reason
    assert caught.value.position == position


@pytest.mark.parametrize("text", ["√", "round ", "\\sqrt", "half of ", "sin ", "-", "(", "twice "])
def test_a_long_row_of_signs_is_refused_as_too_deep(text: str) -> None:
    with pytest.raises(CalculationError, match=r"levels deep|bracket|expected|not known|missing"):
        calculate(text * (9_000 // len(text)) + "5")


@pytest.mark.parametrize(
    "text", ["\n", "\u00a0", "= ", "? ", "$", ";", "sum of ", "1", ": ", "5% 3", "x%+", "5%+", "1 day 2024-01-01 ", "with 5% tax ", "5 in "]
)
def test_ten_thousand_characters_are_read_at_once(text: str) -> None:
    begun = time.process_time()
    with pytest.raises(CalculationError):
        calculate(text * (9_990 // len(text)) + ",")
    assert time.process_time() - begun < 1.0


DATES = {
    "days": ("2024-03-01 + 45 days", "2024-04-15"),
    "less": ("2024-03-01 - 45 days", "2024-01-16"),
    "weeks after": ("3 weeks after 1 March 2024", "2024-03-22"),
    "a month first": ("3 weeks after March 14, 2019", "2019-04-04"),
    "before": ("two weeks before Dec 25, 2024", "2024-12-11"),
    "from": ("4 weeks from 2021-06-12", "2021-07-10"),
    "weeks and days": ("March 1st, 2024 plus 2 weeks and 3 days", "2024-03-18"),
    "months, then days": ("April 1, 2019 − 3 months 5 days", "2018-12-27"),
    "a leap day": ("2024-02-29 + 4 years", "2028-02-29"),
    "asked": ("What date is 90 days after January 15, 2024?", "2024-04-14"),
    "orders": ("subtract 3 weeks from the 5th of May 2024", "2024-04-14"),
    "slashes": ("2024/03/01 + 2 weeks", "2024-03-15"),
    "the only reading": ("4/13/2023 + 12 weeks", "2023-07-06"),
    "brackets": ("(March 2 2020) + 2 weeks", "2020-03-16"),
    "a weekday": ("Friday, March 1, 2024 + 7 days", "2024-03-08"),
    "days between": ("how many days are there between January 1, 2024 and March 1, 2024?", "60 days"),
    "weeks": ("how many weeks from 2024-01-01 to 2024-01-29", "4 weeks"),
    "whole months": ("months between 2024-01-15 and 2024-04-15", "3 months"),
    "whole years": ("years between 2000-05-05 and 2024-05-05", "24 years"),
    "to, in days": ("2024-01-01 to 2024-03-01 in days", "60 days"),
    "a later date first": ("days from 2024-03-01 to 2024-02-01", "-29 days"),
    "no date": ("2000/10/5", "40"),
    "no date either": ("2024 - 3 - 1", "2020"),
}


@pytest.mark.parametrize(("text", "told"), DATES.values(), ids=DATES)
def test_a_date_is_moved_and_days_are_counted(text: str, told: str) -> None:
    assert calculate(text).text == told


def test_a_date_is_no_number() -> None:
    day = calculate("2024-03-01 + 45 days")
    assert (day.exact, day.steps, day.label) == ("2024-04-15", (), "")
    for use in (lambda: float(day), lambda: calculate("d + 1", d=day), lambda: calculate("$5 + d", d=day)):
        with pytest.raises(CalculationError, match=r"not one number|no number"):
            use()


def test_a_variable_keeps_its_meaning() -> None:
    assert calculate("100 + r", r="5%").exact == Fraction(2001, 20)  # a number, not a share of 100
    assert calculate("2x + 1", x=4).exact == 9
    assert calculate("3 k", k=4).exact == 12


def test_the_steps_show_of_what_a_percentage_was_taken() -> None:
    assert calculate("45.50 + 20%").steps == ("20% = 0.2", "1 + 0.2 = 1.2", "45.5 * 1.2 = 54.6")
    assert calculate("3 h + 25 min").steps == ("25 / 60 = 0.416666666666667", "3 + 0.416666666666667 = 3.41666666666667")


def test_a_result_with_a_unit_is_converted_where_it_is_used() -> None:
    way = calculate("3 km + 500 m")
    assert (way.text, calculate("w + 500 m", w=way).text, calculate("w in m", w=way).text) == ("3.5 km", "4 km", "3500 m")


def test_what_people_type_is_right_or_refused() -> None:
    wrong = []
    for line in (Path(__file__).parents[1] / "data" / "calculator_people.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        try:
            found = calculate(row["text"])
        except CalculationError:
            found = None
        if row["expect"] == "value":
            right = found is not None and row.get("value", row.get("text_value")) in (str(found.exact), found.text)
        else:
            right = found is None or (row["expect"] != "refuse" and found.text != row["never"])
        if not right:
            wrong.append((row["text"], found))
    assert wrong == []


def test_a_percentage_that_was_asked_for_is_a_share_in_a_sum() -> None:
    share = calculate("20 is what percent of 80")
    assert (share.text, share.exact, share.label) == ("25%", Fraction(1, 4), "%")
    assert calculate("60 * share", share=share).text == "15"
