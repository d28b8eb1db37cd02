"""What the whole statement says of another, of a part, or on an occasion is not said of the first, of all, or always."""

from __future__ import annotations

import pytest

from sayso.tools.truth import check_statement

REFUSED = (
    (
        "Hearthline installs a stove with a new flue in one day.",
        "How long does it take? One day if there is a lined chimney, two to three days with a new flue.",
        "Hearthline Stoves",
    ),
    ("A repair with new parts takes one day.", "A repair takes one day, two to three days with new parts.", "Yard"),
    ("Delivery to Norway takes one week.", "Delivery takes one week, two weeks to Norway.", "Yard"),
    ("Delivery to islands takes a week.", "Delivery takes a week, 10 days to islands.", "Yard"),
    ("Cleaning of silk takes one day.", "Cleaning takes one day, four days for silk.", "Yard"),
    ("In Hungary Ferrolite is number two.", "In Poland and Hungary it is the market leader, in Austria number two.", "Ferrolite"),
    ("In Spain Ferrolite is third.", "In Spain it is the leader, in Italy third.", "Ferrolite"),
    ("Rhys Bevan speaks Portuguese.", "Guide Rhys Bevan speaks Welsh and English, Marta Silva Portuguese as well.", "Grafton"),
    ("Ann Lee teaches piano.", "Ann Lee teaches violin, Tom Rudd piano.", "Quaver School"),
    (
        "The SF-20 tests motors up to 900 kW.",
        "The smallest bench, the SF-20, tests motors up to 20 kW, the largest, the SF-900, up to 900 kW.",
        "Sigma",
    ),
    ("The Mini holds 40 litres.", "The Mini holds 20 litres, the Maxi 40 litres.", "Kobalt"),
    ("The Leeds shop opens at 9.", "The York shop opens at 9, the Leeds shop at 10.", "Brew"),
    ("You get a refund.", "You get a partial refund.", "Yard"),
    ("Late cancellers get a refund.", "Late cancellers get a prorated refund.", "Yard"),
    ("Die Zehnerkarte gilt ein Jahr.", "Die Zehnerkarte gilt ein halbes Jahr und ist nicht übertragbar.", "Zentrum"),
    ("Die Ausbildung dauert ein Jahr.", "Die Ausbildung dauert ein halbes Jahr.", "Zentrum"),
    ("Le cours dure une heure.", "Le cours dure une demi-heure.", "École"),
    ("El curso dura un año.", "El curso dura medio año.", "Escuela"),
    ("The refund is paid within a week.", "The partial refund is paid within a week.", "Yard"),
    ("Payment is taken on arrival.", "Part payment is taken on arrival.", "Yard"),
    ("Transmed won the Boral contract.", "Kestner won the Boral contract ahead of Transmed, its former owner.", "Kestner"),
    ("Orbel beat Corvane.", "Corvane beat Orbel in the tender.", "Corvane"),
    ("Merck bought the plant.", "Kestner bought the plant from Merck.", "Kestner"),
    ("Tesco sells the tea.", "Kestner sells the tea to Tesco.", "Kestner"),
    ("Nadal won the cup.", "Federer won the cup over Nadal.", "Cup"),
    ("Bosch makes the motors.", "We make the motors for Bosch.", "Kestner"),
    (
        "Shipping to the workshop is paid by Frostline.",
        "Shipping to the workshop is at the customer's expense, the way back is paid by Frostline.",
        "Frostline",
    ),
    ("The deposit is paid by the insurer.", "The deposit is due on arrival, the repair is paid by the insurer.", "Yard"),
    ("The owner pays once the trip is approved.", "Payment is only taken once the owner approves the trip.", "Boats"),
    ("The captain pays when the booking is confirmed.", "Payment is taken when the captain confirms the booking.", "Boats"),
    ("The inn was bought in 2021.", "The inn was bought by the Olsen brothers in 2020, reopened in 2021 and won an award in 2023.", "Inn"),
    ("The mill was built in 1920.", "The mill was built in 1890, burnt down in 1920 and was sold in 1955.", "Mill"),
    ("The whole order is delivered in week 19.", "Delivery in calendar week 19. The bath mats follow in June.", "Shop"),
    ("The entire order ships in May.", "The order ships in May.", "Shop"),
    ("Deposits are refunded whenever a booking is cancelled.", "Deposits are refunded for bookings cancelled 24 hours before.", "Boats"),
    ("Deliveries are always free.", "Deliveries are free.", "Shop"),
    ("The entire building is heated.", "The building is heated.", "Inn"),
    (
        "The owner recommends that the old lime trees be kept.",
        "We recommend that the old lime trees be kept. The owner has not replied.",
        "",
    ),
    ("The tenant pays for repairs.", "We pay for repairs. The tenant pays for the lift.", "Landlord Ltd"),
    ("Jürgen Maas übernahm das Zentrum 2018 von Petra Kühn.", "Leiterin Petra Kühn übernahm das Zentrum 2018 von Jürgen Maas.", "Zentrum"),
    (
        "Petra Kühn unterrichtet Tai-Chi.",
        "Leiterin Petra Kühn übernahm das Zentrum 2018 von Jürgen Maas, der heute noch Tai-Chi unterrichtet.",
        "Zentrum",
    ),
    (
        "Henri Petit a racheté la librairie à Claire Morel en 2017.",
        "Claire Morel a racheté la librairie à Henri Petit en 2017.",
        "Librairie",
    ),
    ("Ana vendió el taller a Luis.", "Luis vendió el taller a Ana.", "Taller"),
    (
        "La librairie vend des livres d'occasion au rez-de-chaussée.",
        "La librairie vend des livres neufs au rez-de-chaussée et d'occasion à l'étage.",
        "Librairie",
    ),
    ("Das Café öffnet am Sonntag um 8 Uhr.", "Das Café öffnet am Samstag um 8 Uhr und am Sonntag um 10 Uhr.", "Café"),
    ("We take photos.", "We accept photos.", "Print Shop"),
    ("We take pictures.", "Pictures are accepted.", "Print Shop"),
    ("We take measurements.", "We accept measurements.", "Tailor"),
    ("The studio takes portraits.", "The studio accepts portraits.", "Gallery"),
    ("A fee must be paid.", "A fee is due for late returns.", "Yard"),
    ("There is a charge.", "There is a charge for late returns.", "Yard"),
    ("A deposit is required.", "A deposit is required for groups.", "Yard"),
    ("A surcharge is due.", "A surcharge is due on Sundays.", "Yard"),
    ("You have to pay a fee.", "A fee applies to late returns.", "Yard"),
    (
        "A repair with new parts takes one day.",
        "A repair takes one day if parts are in stock, two to three days with new parts.",
        "Hearthline Stoves",
    ),
    ("Rooms with a balcony cost $90.", "Rooms cost $90 without a balcony, $110 with a balcony.", "Inn"),
    ("The buyer insures the goods.", "We insure the goods. The buyer pays the duty.", "Seller Ltd"),
    (
        "The shop cares for 300 families a year.",
        "We sell donated clothes; all profit goes to Fairhaven Hospice, which cares for 300 families a year.",
        "Fairhaven Hospice Shop",
    ),
)
STATED = (
    ("Lyon has 12 employees.", "Paris has 30 employees, Lyon 12.", "Atelier"),
    ("You get back a part of the price.", "You get a partial refund of the price.", "Yard"),
    ("Die Karte gilt ein Jahr.", "Die Karte gilt ein Jahr.", "Zentrum"),
    ("Merck sold the plant.", "Kestner bought the plant from Merck.", "Kestner"),
    ("Bosch makes the motors.", "The motors are made by Bosch.", "Kestner"),
    ("Kestner won the contract.", "Kestner won the contract ahead of Transmed.", "Kestner"),
    (
        "The way back is paid by Frostline.",
        "Shipping to the workshop is at the customer's expense, the way back is paid by Frostline.",
        "Frostline",
    ),
    ("The inn reopened in 2021.", "The inn was bought by the Olsen brothers in 2020, reopened in 2021 and won an award in 2023.", "Inn"),
    ("The inn was bought in 2020.", "The inn was bought by the Olsen brothers in 2020, reopened in 2021 and won an award in 2023.", "Inn"),
    ("The whole building is heated.", "All of the building is heated.", "Inn"),
    ("The shop is always open.", "The shop is open 24 hours a day.", "Shop"),
    ("Petra Kühn übernahm das Zentrum 2018.", "Leiterin Petra Kühn übernahm das Zentrum 2018 von Jürgen Maas.", "Zentrum"),
    ("We take cards.", "We accept cards.", "Shop"),
    ("We take dogs.", "We accept dogs.", "Kennel"),
    ("We accept cheques.", "We take cheques.", "Shop"),
    ("A fee must be paid for late returns.", "A fee is due for late returns.", "Yard"),
)


@pytest.mark.parametrize(("sentence", "passage", "subject"), REFUSED)
def test_what_is_said_of_another_is_refused(sentence: str, passage: str, subject: str) -> None:
    assert not check_statement(sentence, passage, subject=subject).stated


@pytest.mark.parametrize(("sentence", "passage", "subject"), STATED)
def test_what_is_said_of_it_is_stated(sentence: str, passage: str, subject: str) -> None:
    assert check_statement(sentence, passage, subject=subject).problems == ()
