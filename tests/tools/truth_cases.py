"""Passages of many trades, each with sentences that it states and sentences that it does not. Written for the gate, not out of its rows."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """A passage, whose page it is, and what may and may not be said of it."""

    subject: str
    passage: str
    stated: tuple[str, ...]
    refused: tuple[str, ...]


CASES = {
    "laundry": Case(
        "Blue Kettle Laundry",
        "We wash, dry and fold. A 6 kg load costs $14; each extra kilo is $2.\nOrders dropped off before 10 am are ready the same day.\n"
        "Pickup is free for orders over $40.\nWe opened our second branch on Mill Road in May 2023.\nDuvets are not accepted on Saturdays.",
        (
            "A load of 6 kg costs 14 dollars.",
            "Every additional kilo costs $2.",
            "Blue Kettle Laundry picks up for free if the order is over $40.",
            "What is dropped off before 10 am is ready on the same day.",
            "The second branch, on Mill Road, was opened in May 2023.",
            "On Saturdays Blue Kettle does not accept duvets.",
        ),
        (
            "A 6 kg load costs $2.",
            "A 6 kg load costs $41.",
            "A 6 lb load costs $14.",
            "Pickup is free.",
            "Pickup is free for orders over $14.",
            "Orders are ready the same day.",
            "Blue Kettle Laundry opened its third branch on Mill Road in May 2023.",
            "Blue Kettle Laundry opened its second branch on Mill Road in May 2022.",
            "Duvets are accepted on Saturdays.",
            "Duvets are not accepted.",
            "Duvets are not accepted on Sundays.",
        ),
    ),
    "help desk": Case(
        "Deskling",
        "Plan | Price | Agents | Support\nSeed | $0 | 1 | Forum\nSprout | $15 per agent per month | up to 10 | E-mail\n"
        "Oak | $39 per agent per month | unlimited | Phone and e-mail\nAnnual billing saves 20 %. Prices exclude VAT.\n"
        "Deskling was founded in 2015 in Tallinn and has 120 employees.\nIn 2022 Deskling acquired Chatterbox, a maker of chat widgets.\nA mobile app is planned for 2027.",
        (
            "The Sprout plan is $15 per agent per month.",
            "Oak costs 39 dollars a month for each agent.",
            "The Oak plan has phone and e-mail support.",
            "With Sprout, up to 10 agents can be used.",
            "There are 120 employees at Deskling.",
            "Chatterbox was bought by Deskling in 2022.",
            "Deskling plans to bring out a mobile app in 2027.",
            "Tallinn is where Deskling was founded in 2015.",
            "The number of agents is unlimited on the Oak plan.",
        ),
        (
            "The Oak plan is $15 per agent per month.",
            "The Sprout plan is $15 per month.",
            "The Sprout plan is €15 per agent per month.",
            "The Sprout plan is $15 per agent per year.",
            "The Seed plan has phone support.",
            "Deskling has a mobile app.",
            "Deskling was acquired by Chatterbox in 2022.",
            "Chatterbox acquired Deskling in 2022.",
            "Chatterbox was founded in 2015 in Tallinn.",
            "Deskling has 102 employees.",
            "Deskling has more than 120 employees.",
            "Prices include VAT.",
            "Sprout has 10 agents.",
            "The number of agents is unlimited on the Sprout plan.",
            "Annual billing saves 25 %.",
        ),
    ),
    "hostel": Case(
        "Fjordview Hostel",
        "Beds in a dormitory start at NOK 390 per night; private rooms cost NOK 1,150.\nBreakfast is included in private rooms only.\n"
        "Check-in is from 15:00, check-out until 11:00.\nGuests under 18 may stay only with an adult.\nWe are the only hostel in Flåm with a sauna.\n"
        "Until 2021 we rented kayaks.\nTripBird readers voted us the friendliest hostel in Norway.",
        (
            "A dormitory bed is available from NOK 390 a night.",
            "You pay NOK 1,150 for a private room.",
            "Private rooms come with breakfast.",
            "Guests can check in from 15:00.",
            "No other hostel in Flåm has a sauna.",
            "Fjordview rented out kayaks until 2021.",
            "Readers of TripBird voted Fjordview Hostel the friendliest hostel in Norway.",
        ),
        (
            "A dormitory bed costs NOK 390 per night.",
            "Beds in a dormitory start at NOK 1,150 per night.",
            "Beds in a dormitory start at 390 euros per night.",
            "Breakfast is included.",
            "Breakfast is included in dormitories.",
            "Guests can check in until 15:00.",
            "Guests under 18 may stay.",
            "We are the only hostel in Norway with a sauna.",
            "Fjordview rents kayaks.",
            "Fjordview is the friendliest hostel in Norway.",
            "All hostels in Flåm have a sauna.",
        ),
    ),
    "solar": Case(
        "Heliora",
        "Heliora installs solar panels on about 900 roofs a year.\nOur panels keep at least 85 % of their output after 25 years.\n"
        "A typical system pays for itself in eight to ten years.\nMost installations are done in two days.\n"
        "The company was started by Jana Novak and her brother Petr; Jana Novak is chief executive.\nHeliora does not sell batteries.\n"
        "By 2030 it wants to equip 10,000 roofs.",
        (
            "Around 900 roofs a year get panels from Heliora.",
            "After 25 years the panels still have at least 85 percent of their output.",
            "Most systems are installed within two days.",
            "Jana Novak is the CEO.",
            "Heliora was founded by Jana Novak and her brother Petr.",
            "You cannot buy batteries from Heliora.",
            "Heliora aims to equip 10,000 roofs by 2030.",
            "It takes a typical system eight to ten years to pay for itself.",
        ),
        (
            "Heliora has installed about 9,000 roofs a year.",
            "The panels keep 85 % of their output after 25 years.",
            "The panels keep at least 85 % of their output after 35 years.",
            "A system pays for itself in eight years.",
            "All installations are done in two days.",
            "Installations are done in two days.",
            "Petr is chief executive.",
            "Heliora sells batteries.",
            "Heliora has equipped 10,000 roofs.",
            "Heliora will equip 10,000 roofs by 2028.",
            "Jana Novak was started by Heliora.",
        ),
    ),
    "leave policy": Case(
        "",
        "# Annual leave\nEmployees get 28 days of paid leave a year. Part-time staff get leave in proportion to their hours.\n"
        "Up to five days can be carried over; they expire on 31 March.\nLeave of more than two weeks must be approved by the head of department.\n"
        "Trainees are not entitled to unpaid leave.\nSick notes are needed from the third day.",
        (
            "Staff have 28 days of paid leave each year.",
            "At most five days may be carried over.",
            "The head of department has to approve leave of more than two weeks.",
            "Unpaid leave is not open to trainees.",
            "From the third day a sick note is needed.",
        ),
        (
            "Employees get 18 days of paid leave a year.",
            "Employees get 28 days of unpaid leave a year.",
            "Employees get 28 days of paid leave a month.",
            "Five days can be carried over.",
            "Up to five days can be carried over; they expire on 31 May.",
            "Leave must be approved by the head of department.",
            "The head of department must be approved.",
            "Trainees are entitled to unpaid leave.",
            "Trainees are not entitled to leave.",
            "Sick notes are needed from the first day.",
            "Sick notes are not needed from the third day.",
        ),
    ),
    "brewery": Case(
        "Old Quarry Brewery",
        "Our stout has won three gold medals. The lager is 4.8 % ABV, the stout 6.2 %.\nA half litre of lager is £5.20 in the taproom and £3.10 to take away.\n"
        "Tours run every Saturday at 2 pm and last 90 minutes; children under 14 are not admitted.\nWe supply 40 pubs in Devon, more than any other small brewery in the county.\n"
        "Tastings cost £12 per person, or £10 each for groups of six or more.\nNorthgate Beers, our neighbour, closed in 2019.",
        (
            "The stout was awarded three gold medals.",
            "Lager has 4.8 % alcohol by volume.",
            "In the taproom half a litre of lager costs £5.20.",
            "Old Quarry Brewery delivers to 40 pubs in Devon.",
            "Every Saturday at 2 pm there is a tour of 90 minutes.",
            "Children younger than 14 are not admitted to tours.",
            "For groups of at least six people, tastings cost £10 each.",
            "Northgate Beers closed in 2019.",
        ),
        (
            "The lager has won three gold medals.",
            "The lager is 6.2 % ABV.",
            "A half litre of lager is £3.10 in the taproom.",
            "A half litre of stout is £5.20 in the taproom.",
            "Tours run every Sunday at 2 pm.",
            "Tours last 60 minutes.",
            "Children under 14 are admitted.",
            "Old Quarry Brewery closed in 2019.",
            "Old Quarry Brewery supplies more than 40 pubs in Devon.",
            "Old Quarry Brewery supplies 40 pubs in Dorset.",
            "Tastings cost £10 each.",
            "Tastings cost £10 per person.",
            "Northgate Beers supplies 40 pubs in Devon.",
        ),
    ),
    "bank": Case(
        "Linden Bank",
        "The current account is free for customers under 27; everyone else pays €4.90 a month.\nOverdrafts are charged at 11.4 % a year.\n"
        "Withdrawals are free at all 9,000 machines of the Cashnet group.\nNew customers may receive a bonus of €75.\n"
        "According to the magazine Geldtest, Linden has the best app of any regional bank.\nLinden took over Bank Ostwald in 2018 and closed eleven of its branches.",
        (
            "Under 27, the current account costs nothing.",
            "Overdraft interest is 11.4 % per year.",
            "You can withdraw money free of charge at the 9,000 Cashnet machines.",
            "Linden closed eleven branches of Bank Ostwald.",
            "Bank Ostwald was acquired by Linden in 2018.",
            "Geldtest magazine says that Linden has the best app of any regional bank.",
        ),
        (
            "The current account is free.",
            "The current account is free for customers over 27.",
            "The current account costs €4.90 a year.",
            "Overdrafts are charged at 11.4 % a month.",
            "Overdrafts are charged at 14.1 % a year.",
            "Withdrawals are not free at Cashnet machines.",
            "New customers receive a bonus of €75.",
            "Linden has the best app of any regional bank.",
            "Bank Ostwald took over Linden in 2018.",
            "Linden opened eleven branches.",
            "Linden has eleven branches.",
            "Bank Ostwald closed eleven branches of Linden.",
        ),
    ),
    "clinic": Case(
        "Harrow Vets",
        "An examination for dogs and cats is 48 EUR; rabbits are 31 EUR.\nVaccination is recommended once a year, but it is not required.\n"
        "We treat emergencies around the clock. Appointments can be booked online, except for operations.\n"
        "Dr. Lena Aalto joined from the Animal Hospital Turku in 2020. Before that, the practice had no surgeon.\nPuppies get 10 % off their first visit.",
        (
            "Having a dog examined costs 48 euros.",
            "Rabbits are examined for 31 EUR.",
            "A yearly vaccination is recommended but not compulsory.",
            "Emergencies are treated 24 hours a day.",
            "Except for operations, you can book appointments online.",
            "Lena Aalto joined Harrow Vets in 2020.",
            "The first visit of a puppy is 10 % cheaper.",
        ),
        (
            "An examination for dogs and cats is 31 EUR.",
            "An examination for rabbits is 48 EUR.",
            "Vaccination is required once a year.",
            "Vaccination is not recommended.",
            "Operations can be booked online.",
            "All appointments can be booked online.",
            "Dr. Lena Aalto joined the Animal Hospital Turku in 2020.",
            "Dr. Lena Aalto left in 2020.",
            "Kittens get 10 % off their first visit.",
            "Puppies get 10 % off every visit.",
            "The practice has no surgeon.",
        ),
    ),
    "car sharing": Case(
        "Rollo",
        "# Prices\n- Joining: 9 € once\n- Small car: 2.50 € per hour plus 0.29 € per km\n- Van: 4.90 € per hour plus 0.39 € per km\n\n"
        "# Fleet\nOur 310 cars stand in Ghent and Bruges. A third of them are electric.\nFuel is included; parking fines are not.\nBruges has 90 of the cars.\n"
        "Members who drive fewer than 500 km a year save money compared with owning a car, says the city of Ghent.",
        (
            "Joining costs a one-off 9 €.",
            "A small car costs 2.50 € an hour and 0.29 € per km.",
            "Vans are 4.90 € an hour plus 0.39 € for each kilometre.",
            "Rollo has 310 cars in Ghent and Bruges.",
            "A third of the cars are electric.",
            "The price includes fuel.",
            "90 of the cars are in Bruges.",
        ),
        (
            "Joining costs 9 € per month.",
            "A small car costs 4.90 € per hour.",
            "A van costs 4.90 € per hour plus 0.29 € per km.",
            "A van costs 4.90 € per day.",
            "Rollo has 310 cars in Bruges.",
            "Half of the cars are electric.",
            "All of the cars are electric.",
            "Parking fines are included.",
            "Fuel is not included.",
            "Members save money compared with owning a car.",
            "Ghent has 90 of the cars.",
        ),
    ),
    "publisher": Case(
        "Marram Press",
        "Marram Press publishes poetry and translated fiction.\nIts most successful title, Salt Roads by Ida Kerr, sold 42,000 copies.\n"
        "Manuscripts are read from March to May. Authors receive 12 % of the net price of paperbacks and 25 % for e-books.\n"
        "The press has never taken public money.\nIn 2019 it was sold by its founder, Colm Daly, to the Harbour Trust.\nThe Harbour Trust may open an office in Leith.",
        (
            "Poetry and translated fiction are published by Marram Press.",
            "42,000 copies of Salt Roads were sold.",
            "For e-books authors get 25 % of the net price.",
            "Marram Press has never accepted public money.",
            "Colm Daly sold the press to the Harbour Trust in 2019.",
            "Colm Daly founded the press.",
            "Perhaps the Harbour Trust will open an office in Leith.",
        ),
        (
            "Marram Press publishes poetry and crime fiction.",
            "Salt Roads sold 24,000 copies.",
            "Salt Roads sold more than 42,000 copies.",
            "Authors receive 25 % of the net price of paperbacks.",
            "Authors receive 12 % of the net price.",
            "The press has taken public money.",
            "The Harbour Trust sold the press to Colm Daly in 2019.",
            "The Harbour Trust founded the press.",
            "The Harbour Trust has opened an office in Leith.",
            "Ida Kerr sold the press to the Harbour Trust in 2019.",
            "Manuscripts are read from May to March.",
        ),
    ),
    "two shops": Case(
        "Pallet & Co",
        "The Leeds shop opens at 9, the York shop at 10.\nThe Leeds shop has a café; the York shop does not.\nYork stocks 4,000 tools, Leeds 2,500.\n"
        "Both shops close at 6 pm.\nUnlike Hammerworld, we sharpen saws. Hammerworld is cheaper for screws.\nA drill costs ~~£80~~ £65.\nThe old price list (£12 for a hammer) was valid until 2022.",
        (
            "The shop in York opens at 10.",
            "The Leeds shop has a café.",
            "In York there is no café.",
            "There are 4,000 tools in stock in York.",
            "The shops both close at 6 pm.",
            "Pallet & Co sharpens saws.",
            "A drill is £65.",
        ),
        (
            "The York shop opens at 9.",
            "The York shop has a café.",
            "The Leeds shop has no café.",
            "Leeds stocks 4,000 tools.",
            "Hammerworld sharpens saws.",
            "Pallet & Co is cheaper for screws.",
            "A drill costs £80.",
            "A hammer costs £12.",
            "Both shops open at 6 pm.",
        ),
    ),
    "news": Case(
        "Corvid Foods",
        "Corvid Foods said on Monday that it will close its plant in Lund in June, with the loss of 140 jobs.\n"
        "The company denied reports that it is in talks with Nestor Group.\nAnalysts at Bly expect sales to fall by 3 % this year.\n"
        "Sales rose from $210 million in 2022 to $260 million in 2023.\nThe union called the decision a disgrace.\n"
        "Corvid, which is owned by the Ahlgren family, bought the plant from Dagens AB in 2009.\nIf the sale goes through, Corvid will repay its debt.",
        (
            "Corvid Foods announced that it will close its Lund plant in June.",
            "Sales increased from $210 million in 2022 to $260 million in 2023.",
            "The union called the decision a disgrace.",
            "The Ahlgren family owns Corvid.",
            "In 2009 Dagens AB sold the plant to Corvid.",
            "Analysts at Bly expect a fall in sales of 3 % this year.",
        ),
        (
            "Corvid Foods closed its plant in Lund in June.",
            "Corvid Foods will close its plant in Lund in July.",
            "Corvid Foods is in talks with Nestor Group.",
            "Sales fell by 3 % this year.",
            "Sales rose from $260 million in 2022 to $210 million in 2023.",
            "Sales rose from $210 million in 2023.",
            "The decision is a disgrace.",
            "Corvid owns the Ahlgren family.",
            "Dagens AB bought the plant from Corvid in 2009.",
            "Corvid will repay its debt.",
            "Corvid Foods will close its plant in Lund with the loss of 410 jobs.",
        ),
    ),
    "features": Case(
        "Notemill",
        "Feature | Free | Team\nOffline mode | no | yes\nExport to PDF | yes | yes\nHistory | 30 days | 1 year\nGuests | - | 20\n\n"
        "Notes can only be shared with people in the same workspace.\nThe editor works in Firefox and Safari; Chrome is not supported.\n"
        "We store data in the EU, never in the US.\nFAQ\nDoes Notemill read my notes? No.\nIs there a student discount? Yes, students get 50 % off.\n"
        "Some templates require the Team plan.",
        (
            "The Team plan has an offline mode.",
            "History goes back 30 days on the Free plan.",
            "With Team, the history is kept for 1 year.",
            "Chrome is not supported by the editor.",
            "Data is stored in the EU.",
            "Students get a discount of 50 %.",
            "Some of the templates need the Team plan.",
        ),
        (
            "The Free plan has an offline mode.",
            "The Team plan has no offline mode.",
            "The Free plan keeps the history for 1 year.",
            "The editor works in Chrome.",
            "The editor does not work in Firefox.",
            "Data is stored in the US.",
            "Notemill reads my notes.",
            "All templates require the Team plan.",
            "Templates require the Team plan.",
            "Notes can be shared with people.",
            "The Free plan has 20 guests.",
        ),
    ),
    "school": Case(
        "Ridgeway Music School",
        "Piano lessons cost 34 francs for 30 minutes and 62 francs for an hour.\nThe first lesson is free if you sign up for a term.\n"
        "We teach children from the age of five.\nOur twelve teachers all have a degree; two of them play in the city orchestra.\n"
        "No lessons are held during the school holidays.\nThe choir is open to everybody, including beginners.\nLessons cancelled less than 24 hours ahead must be paid.",
        (
            "An hour of piano costs 62 francs.",
            "The first lesson costs nothing for those who sign up for a term.",
            "All twelve teachers have a degree.",
            "Two of the teachers play in the city orchestra.",
            "During the school holidays there are no lessons.",
            "Beginners can join the choir, too.",
            "Children are taught from the age of five.",
        ),
        (
            "Piano lessons cost 34 francs for an hour.",
            "Piano lessons cost 62 francs for 30 minutes.",
            "The first lesson is free.",
            "We teach children from the age of six.",
            "We teach children up to the age of five.",
            "All the teachers play in the city orchestra.",
            "Lessons are held during the school holidays.",
            "No lessons are held.",
            "The choir is open only to beginners.",
            "Lessons cancelled must be paid.",
            "Violin lessons cost 34 francs for 30 minutes.",
        ),
    ),
}
