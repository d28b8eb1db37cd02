"""A more general word in place of a special one: said of some, never of all."""

from __future__ import annotations

import pytest

from sayso.tools.truth import check_statement


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("The shop sells fruit.", "The shop sells apples."),
        ("The mill repairs vehicles.", "The mill repairs vans."),
        ("The deposit is €800.", "Die Kaution beträgt 800 €."),
        ("The firm has 23 employees.", "Das Unternehmen hat 23 Mitarbeiter."),
    ],
)
def test_what_is_said_in_a_more_general_word_or_another_language_is_stated(sentence: str, passage: str) -> None:
    assert check_statement(sentence, passage).stated


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("Pets are welcome.", "Dogs are welcome."),
        ("Fruit costs £2 a kilo.", "Apples cost £2 a kilo."),
        ("The shop sells apples.", "The shop sells fruit."),
        ("Tickets cost £5.", "Books cost £5."),
        ("Rooms are not heated.", "Rooms are heated; lockers are not."),
        ("Rooms are cold.", "Lockers are cold."),
        ("The family owns the hotel.", "The family runs the hotel."),
        ("The shop makes chairs.", "The shop sells chairs."),
        ("The workshop is open on Mondays.", "Montags ist die Werkstatt geschlossen."),
        ("Entry is free for adults.", "L'entrée est gratuite pour les enfants."),
        ("Dogs are allowed.", "Los perros no están permitidos."),
        ("The deposit is €900.", "Die Kaution beträgt 800 €."),
    ],
)
def test_what_is_said_of_others_or_of_all_is_refused(sentence: str, passage: str) -> None:
    assert not check_statement(sentence, passage).stated
