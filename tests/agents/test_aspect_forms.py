"""A statement stands under the aspect that its form shows: an address is no offer, and how many use a thing is no price."""

from __future__ import annotations

import pytest

from sayso.agents.research.aspect_forms import settle_aspect
from sayso.agents.research.aspects import COMPANY, CUSTOMERS, GENERIC, HOURS, LOCATIONS, MARKET, OFFER, ORDERING, PRICES, SERVICES, Aspect
from sayso.agents.research.fitting import fit, is_specific, states_a_term
from sayso.tools.quantities import find_amounts
from sayso.tools.web.data.postal_lines import find_postal_line

FORMS = {
    # what a page says, the aspect that its words were found to be about, and the one under which it stands
    "an address": ("12 Kirkgate, Leeds LS1 6BY.", OFFER, LOCATIONS),
    "an address behind a name": ("Bright Bikes Ltd, 300 Pecan Hollow, Austin, Texas.", OFFER, LOCATIONS),
    "hours": ("Monday to Friday 8am–6pm.", OFFER, HOURS),
    "hours in a sentence": ("Walk in, Monday to Friday, 9.30 to 17.00, at our shop.", LOCATIONS, HOURS),
    "users by name": ("More than 9,000 repair shops use Bright lamps.", LOCATIONS, CUSTOMERS),
    "users of it": ("Over 150,000 people clock in with it every morning.", COMPANY, CUSTOMERS),
    "members": ("Bright has 1,750 member organisations.", OFFER, CUSTOMERS),
    "a team": ("We are a team of 19, fully remote.", OFFER, COMPANY),
    "a team in Japanese": ("スタッフは9名です。", OFFER, COMPANY),
    "years of doing it": ("Bright has made lamps in Gloucester for 31 years.", OFFER, COMPANY),
    "a founder and a place": ("Dana Whitlock and Priya Raman started Bright from a trailer in Kansas City in 2016.", LOCATIONS, COMPANY),
    "a share that is kept": ("We keep 4% of membership revenue.", COMPANY, PRICES),
    "payment": ("We accept cards and bank transfer, no cheques.", OFFER, ORDERING),
    "terms of the prices": ("Prices include service.", OFFER, PRICES),
    "delivery to places": ("We have no drivers of our own; delivery is done by couriers in every city.", LOCATIONS, ORDERING),
    "places": ("Bright has climbing gyms in Raleigh and Durham.", OFFER, LOCATIONS),
    "users by what they do": ("61,000 small businesses print with Bright.", OFFER, CUSTOMERS),
    "users who run something of theirs": ("1,900 firms in 31 countries run their repair desk on Bright.", OFFER, CUSTOMERS),
    "what a guest spends": ("Our typical guest is under 30 and spends $11.", PRICES, CUSTOMERS),
    "who owns it": ("We are a co-operative: the 190 people who cook and serve own the company.", OFFER, COMPANY),
    "who owns the places": ("The ranch owns every restaurant.", LOCATIONS, COMPANY),
    "training of the staff": ("Our cooks are trained on the ranch for a week.", OFFER, COMPANY),
    "staff that stays": ("Many carhops come back for a second year.", OFFER, COMPANY),
    "who opened the first": ("Ines Marlowe and Tom Ashdown opened the first café in Bristol in 2011.", LOCATIONS, COMPANY),
    "less at certain hours": ("All drinks are half price from 2 p.m. to 4 p.m., every day.", PRICES, PRICES),
    "less at certain hours, by its words about hours": ("All drinks are half price from 2 p.m. to 4 p.m., every day.", HOURS, PRICES),
    "a service charge": ("An optional service charge of 10% is added for tables of six.", OFFER, PRICES),
    "an offer to staff": ("Our trained cooks bake bread and cakes.", OFFER, OFFER),
    "an offer": ("Bright repairs lamps of every make.", OFFER, OFFER),
    "an offer with a count": ("The menu has 12 burgers and three plates.", OFFER, OFFER),
    "a price on certain days": ("On Mondays a lamp from 9 to 12 costs £5.", PRICES, PRICES),
    "an insurer who pays": ("We accept Blue Cross, Aetna and Medicare.", OFFER, ORDERING),
    "what is paid with": ("How can I pay? By bank transfer, card or cash.", OFFER, ORDERING),
    "when it is paid": ("By card or bank transfer within 30 days of the invoice.", OFFER, ORDERING),
    "what is not taken": ("Les chèques ne sont pas acceptés.", OFFER, ORDERING),
    "instalments": ("Ratenzahlung ist nach Absprache möglich.", OFFER, ORDERING),
    "notice": ("We need 48 hours notice, otherwise the full lesson fee is charged.", OFFER, ORDERING),
    "notice in hours": ("Please give 24 hours’ notice.", HOURS, ORDERING),
    "how soon they come": ("A surveyor is with you within 24 hours anywhere in the South West.", HOURS, ORDERING),
    "by when it is ready": ("Files sent before 11am are ready by 5pm the same day.", HOURS, ORDERING),
    "how long one may complain": ("Reklamationen nehmen wir innerhalb von 10 Tagen an.", OFFER, ORDERING),
    "how long one may return": ("返品は商品到着後8日以内にお願いします。", OFFER, ORDERING),
    "a waiting list": ("Waiting list: currently about 6 weeks.", OFFER, ORDERING),
    "patients": ("Patients treated: 12,000+.", OFFER, CUSTOMERS),
    "jobs": ("Jobs finished: 1,800.", OFFER, CUSTOMERS),
    "used by many": ("Lamp hosting used by 9,000 shows.", OFFER, CUSTOMERS),
    "for so many": ("Bright Bikes makes invoices and reminders for 90,000 freelancers.", OFFER, CUSTOMERS),
    "with us": ("Schon über 6.500 Podcasts senden mit uns.", OFFER, CUSTOMERS),
    "technicians": ("Technicians: 14.", OFFER, COMPANY),
    "who runs it": ("Bright Bikes is run by Hetty and Bram Coles from Truro.", OFFER, COMPANY),
    "what it is, and who runs it": ("Bright Bikes is a print studio run by Imogen Vale and Tomasz Rek.", OFFER, OFFER),
    "what a place has": ("The espresso bar in the yard has 30 seats under a fig tree.", OFFER, LOCATIONS),
    "what each place has": ("Each restaurant has 50 to 80 seats and a pick-up shelf by the door.", ORDERING, LOCATIONS),
    "when places opened": ("Our three cafés opened in 2015, 2018 and 2024.", COMPANY, LOCATIONS),
    "places to come": ("Next come three restaurants in Indiana, which will open in 2027.", COMPANY, LOCATIONS),
    "the first place": ("The first fixed restaurant followed in 2017 on Anvil Street.", LOCATIONS, COMPANY),
    "what it does for you": ("Bright Bikes writes your invoices and sends up to five reminders.", ORDERING, OFFER),
    "what it does about orders": ("Bright Bikes delivers your order within 3 miles.", ORDERING, ORDERING),
    "what it checks": ("Bright Bikes checks your websites and APIs every 30 seconds.", ORDERING, OFFER),
    "hours near a station": ("Open within 5 minutes of the station, Monday to Friday 9 to 5.", HOURS, HOURS),
    "all hours": ("We are open 24 hours.", HOURS, HOURS),
    "what a machine has": ("The machine has 3 motors.", OFFER, OFFER),
    "how long a lesson is": ("Lessons last two hours.", OFFER, OFFER),
    "cards that are sold": ("Gift cards with your name are printed here.", OFFER, OFFER),
    "a place": ("We are in Leeds and York.", LOCATIONS, LOCATIONS),
}


@pytest.mark.parametrize(("text", "found", "about"), FORMS.values(), ids=FORMS)
def test_a_statement_stands_under_what_its_form_shows(text: str, found: Aspect, about: Aspect) -> None:
    settled = settle_aspect(text, find_amounts(text), found, GENERIC, "Bright Bikes")
    assert settled is not None
    assert settled.name == about.name


@pytest.mark.parametrize(
    "text", ["Cancel with 30 days' notice.", "Prices per month, billed yearly, plus VAT.", "You can cancel at any time."]
)
def test_how_it_is_billed_and_ended_is_a_term(text: str) -> None:
    assert states_a_term(text, "Bright Bikes")


def test_an_accredited_business_is_qualified() -> None:
    text = "We are an RCVS accredited practice."
    settled = settle_aspect(text, (), OFFER, SERVICES, "Bright Vets")
    assert settled is not None
    assert settled.name == "qualifications"


def test_where_no_places_are_asked_for_an_address_is_of_the_company_and_hours_are_left_out() -> None:
    address, hours = "12 Kirkgate, Leeds LS1 6BY.", "Open Monday to Friday 9:00-17:30."
    assert settle_aspect(address, find_amounts(address), OFFER, MARKET) == COMPANY
    assert settle_aspect(hours, find_amounts(hours), OFFER, MARKET) is None


ADDRESSES = {
    "hours before": ("Open Monday to Friday 9:00-17:30. 12 Kirkgate, Leeds LS1 6BY.", "12 Kirkgate, Leeds LS1 6BY"),
    "hours behind": ("12 Kirkgate, Leeds LS1 6BY. Open Monday to Friday 9:00-17:30.", "12 Kirkgate, Leeds LS1 6BY"),
    "hours by a comma": ("Montag bis Freitag 9–17 Uhr, Carl-Zeiss-Straße 18, 07743 Jena", "Carl-Zeiss-Straße 18, 07743 Jena"),
    "hours and a label": ("Büro: Venloer Straße 310, 50823 Köln. Mo–Do 9–16 Uhr erreichbar.", "Venloer Straße 310, 50823 Köln"),
    "hours in French": (
        "Ouvert du mardi au samedi de 9h30 à 18h, 27 rue des Filatiers, 31000 Toulouse",
        "27 rue des Filatiers, 31000 Toulouse",
    ),
    "hours without a clock": ("Open daily, 10 to 5, at 8 Wapping Wharf, Bristol BS1 4RW", "8 Wapping Wharf, Bristol BS1 4RW"),
    "a telephone": ("Tel. 0551 55501-0, Lindenplatz 7, 37073 Göttingen", "Lindenplatz 7, 37073 Göttingen"),
    "an invitation": ("Visit us at 12 St. Mary's Road, Leeds LS1 6BY, Tel 0113 555 1", "12 St. Mary's Road, Leeds LS1 6BY"),
    "a house in a yard": ("Sat 9am-1pm, Sun closed. Unit 4, Old Mill, Stroud GL5 1AA", "Unit 4, Old Mill, Stroud GL5 1AA"),
    "marks": ("Mon–Fri 8am–6pm · 01793 555 010 · 40 Manchester Road, Swindon SN1 2AF", "40 Manchester Road, Swindon SN1 2AF"),
    "a price": ("Full service from £79, Leeds LS1 6BY", ""),
    "a story": ("In 2019 we moved to 12 Kirkgate, Leeds LS1 6BY.", ""),
}


@pytest.mark.parametrize(("line", "address"), ADDRESSES.values(), ids=ADDRESSES)
def test_of_a_line_only_the_address_is_one(line: str, address: str) -> None:
    assert find_postal_line(line) == address


NO_CUES = {
    "about before a number": "Every burger is ready in about nine minutes.",
    "about before a thing": "Calories are averages; ask us about allergens.",
    "people for whom it is": "A smaller Hoof Burger for smaller people.",
}


@pytest.mark.parametrize("text", NO_CUES.values(), ids=NO_CUES)
def test_small_words_are_no_words_of_the_company(text: str) -> None:
    assert fit(text, (), (PRICES, COMPANY), find_amounts(text)) == (None, 0.0)


@pytest.mark.parametrize(
    ("text", "says"), [("Smashwick Eat Find us Who? EAT.", False), ("Do you deliver? Yes, we deliver to Leeds.", True)]
)
def test_a_list_of_links_with_a_question_says_nothing(text: str, *, says: bool) -> None:
    assert is_specific(text, find_amounts(text), "Smashwick", 3.0) is says
