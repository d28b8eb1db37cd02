"""Who is near a trade and sells something else, or nothing: told by two signs of a kind, in many trades. Businesses have none or one."""

from __future__ import annotations

import pytest

from sayso.agents.research.body_kinds import find_body_kinds

BODIES = {
    "association": """
        Guild of Piano Technicians | The guild unites 300 tuners and sets their examinations. Members may use our badge.
        National Society of Allotment Gardeners | The society has 100,000 members and speaks for plot holders.
        Federation of Craft Bakers | We lobby for 500 bakers. Membership costs £120.
        Bundesverband Carsharing | Der Verband vertritt 190 Anbieter.
        Fédération des coiffeurs | La fédération représente 8 000 salons. Adhésion en ligne.
        Asociación de hosteleros de Cádiz | La asociación representa a 400 bares. Hazte socio.
        Dental Laboratories Association | The voice of 900 laboratories. Membership from £310 a year.
        Riders United | A union of couriers. Members pay £10 a month.
        Branchenforeningen Cykler | Foreningen har 220 medlemmer.
        日本写真館協会 | 会員は全国に1200社あります。入会のご案内。
        Register of Tattooists | The register is kept by the council; it inspects and licenses studios.
        Chamber of Translators | The chamber accredits translators and hears complaints.""",
    "charity": """
        Sheds Together | A registered charity. Every shed is run by volunteers.
        Tongues Without Borders | A non-profit network of volunteer translators.
        Bread for All | We collect bread and give it away. Donate, or volunteer on a Saturday.
        Zweite Chance | Wir sind gemeinnützig und leben von Spenden.
        Roues Libres | Atelier à but non lucratif tenu par des bénévoles.
        Paws & Hope | Fundraising for dogs without a home. Make a donation.
        Cuentos para todos | Leemos en hospitales, sin ánimo de lucro, gracias a voluntarios.
        Repair Café Leiden | Vrijwilligers helpen je; een donatie is welkom.
        Books Abroad | Trustees: A. Bell, C. Dunn. We are a charity that ships books.
        ひだまり | ボランティアが運営しています。寄付を受け付けています。""",
    "school for the trade": """
        Ink Academy | Learn to tattoo in ten weeks. Course fee £2,950.
        Newark College of Piano Technology | Our two-year course trains piano tuners. Students from 12 countries.
        Diploma in Translation | Become a translator in a year. Applications close in May.
        BSc Dental Technology | Study dental technology in Leeds. Three years.
        Barista School Turin | Qualify as a barista in five days and start a career in coffee.
        Friseurakademie Nord | Ausbildung zur Friseurin in drei Jahren.
        École de boulangerie | Formation de boulanger en six mois. Devenez artisan.
        Shedcraft Academy | Our course teaches joiners to build sheds. Graduates get our mark.
        College of Embalming | We train funeral directors. The diploma takes a year.
        理容専門学校みどり | 受講生募集。二年で資格が取れます。""",
    "school for beginners of the trade": """
        ADI Training Hub | Become a driving instructor. We prepare you for the three qualifying tests. Start your own driving school.
        Groomer Start | Become a dog groomer. Earn up to £30,000 a year with your own salon.
        Yoga Teacher Path | How to become a yoga teacher: accredited diploma in six months.
        Fahrlehrer-Akademie | Ausbildung zum Fahrlehrer. Verdienen Sie ab 3.500 Euro.
        École des fleuristes | Devenez fleuriste : un métier, des débouchés.
        Become a piano tuner | A career with your hands. Diploma after a year.""",
    "museum": """
        The Keyboard Museum | 90 pianos from 1720 on. Admission £8.
        Fahrradmuseum Linz | Museum mit 200 Rädern. Eintritt 7 Euro.
        Musée du pain | Le musée ouvre de mai à septembre. Entrée 6 €.
        Museum of Garden Buildings | Sixty sheds from 1740 to 1960. Adults £9.
        Museo del Café | Exposición sobre el café. Entrada 5 €.
        Museum of Tattooing | Exhibits from 30 countries. Tickets online.
        Dental Museum York | The collection has 3,000 tools. Visitors are welcome on Fridays.
        時計博物館 | 入館料は500円。展示は三百点。
        Brewery Museum | A century of brewing. Tickets £6 with a tasting.
        Coach Museum | The museum is open from April. Adults €8.""",
    "magazine": """
        Keys Quarterly | The magazine for pianists. Four issues £28.
        Garden Building News | The monthly magazine for makers of sheds. Subscribe for £48.
        People & Pay Magazine | Interviews and articles for payroll managers.
        Zeitschrift Der Friseur | Jetzt abonnieren: elf Ausgaben im Jahr.
        Revue du Café | Abonnez-vous. Chaque numéro a 90 pages.
        The Source Text | A quarterly magazine of translation: poems and essays.
        Oven & Peel Journal | Articles and recipes for bakers. Advertise with us.
        Revista Tatuaje | Suscríbete. Entrevistas con artistas. Más de 40.000 lectores.
        月刊カフェ 雑誌 | 購読のお申し込み。特集は焙煎。
        Bike Trade Weekly | News for dealers. The weekly has 9,000 readers.""",
    "contest": """
        Shed of the Year | Enter your shed. Public voting opens in June.
        The Hair Awards | We judge the best salons in Wales. Entry £90.
        Brighton Tattoo Convention | 350 artists under one roof. Weekend ticket £45.
        European Messenger Championships | A race in Vienna. Register until May.
        World Bread Competition | The jury tastes 400 loaves. Winners are named in May.
        Kaffeemesse Berlin | 200 Aussteller, 12.000 Besucher.
        Concours du meilleur fromage | Le jury et les lauréats de 2026.
        焼き菓子コンテスト | 応募は三月まで。
        Escape Game Prize | Vote for the best room. 90 entries.
        Home Show Expo | 300 exhibitors. Tickets from £12.""",
    "marketplace": """
        Quotebarn | Fill in one form and up to three local builders send you prices. Builders pay us for each introduction.
        Wordhaggle – the marketplace for translators | Freelance translators bid for your job.
        Lessonly Market | The marketplace where sellers of lessons meet pupils.
        TaskTrade | Post a job and get three quotes. We keep 12% of each payment.
        DevisTout | Recevez trois devis. Place de marché des artisans.
        Petly | Freelance groomers bid. Post a request today.
        Handverk | Drei Angebote in zwei Tagen. Der Marktplatz für Handwerker.
        CakeBid | Post a request; bakers bid. We take 10% of the price.
        一括くん | 一括見積もりのマーケットプレイス。
        DriveSearch | We connect learners with 1,800 independent instructors, who keep 82% of each lesson.
        Petstay | We match you with 900 verified sitters. Become a host today.
        RoomSwap | Sellers list rooms on our marketplace; we keep 8% of each booking.""",
    "directory": """
        TunerList | Search 1,900 piano tuners by postcode. Are you a tuner? Add your business free.
        LinguaFinder – find a translator near you | Search 22,000 translators by language and town. Create a free profile.
        ShedFinder | Browse by county: Devon (41), Kent (38), Norfolk (27). Claim your listing.
        Dentists near me | Find a dentist in your town. 14,000 entries, updated weekly.
        HR Compass | Compare 240 HR systems. Vendors: list your product.
        Friseure in Ihrer Nähe | 12.000 Einträge. Firma eintragen.
        GymSpy – gyms near you | Compare 800 gyms by city and price.
        BarberBook | Find a barber near you. Are you a barber? Claim your page.
        KennelMap | Explore 3,400 kennels by region. 3,400 profiles.
        PubList | Search 9,000 pubs by town. Add your pub.""",
    "franchisor": """
        Own a Barnwright franchise | Join 60 franchisees. Investment from £28,000.
        FluentSign Franchise | Become a franchisee. Royalties 8%.
        Brew & Co partners | Open a café under our brand. Territory included, franchise fee £12,000.
        Werde Franchisenehmer | Franchise mit 40 Standorten. Franchisenehmer gesucht.
        Franchise Boulange | Devenez franchisé. Droit d'entrée 20 000 €.
        CleanTeam franchising | A territory of your own. Our prospectus is free.
        Kids Swim Franchise | Royalties of 6%, no entry fee.
        カレー屋 | 加盟店募集。フランチャイズ説明会。
        Franquicias Tapa | Franquicia rentable. Únete a 30 franquiciados.
        FitBox | A franchise with 200 gyms; download the prospectus.""",
    "jobs": """
        Joinery and shed building jobs | 180 jobs for joiners. Post a vacancy for £95.
        Translator jobs | 312 jobs for translators. Apply today.
        Bakery Jobs UK | 620 vacancies for bakers.
        Stellenangebote für Friseure | 300 offene Stellen.
        PeopleJobs – HR vacancies | 1,400 jobs in human resources.
        Careers in dentistry | 90 jobs. Salary from £31,000.
        Chef jobs | Apply for 2,300 chef jobs.
        Diving careers | We are hiring on behalf of 40 centres. Apply.
        保育士の求人 | 全国の求人に応募できます。
        Vacatures voor kappers | Solliciteren kan direct.""",
    "consultant": """
        Langconsult – consultants | We advise owners of translation agencies on sales. A valuation is £4,500.
        Rise Advisers | We advise bakery owners on costs. Grow your bakery business.
        Plot & Permit consultants | We are planning consultants for sheds.
        Salon Consulting | Grow your salon business with us.
        GymGrowth consultancy | Sell your gym? We advise owners.
        Praxisberatung Nord | Wir beraten Zahnärzte.
        Conseil Boulange | Nous conseillons les boulangers. Mergers and valuations.
        Café advisors | Start your own café business with our advisers. Owners of 90 cafés trust us.
        Barker Consulting | Buy your first kennel business. Valuations from £900.
        Studio consultants | Run your studio better. We advise founders.""",
}
ROWS = [(kind, *row.strip().split(" | ")) for kind, rows in BODIES.items() for row in rows.strip().splitlines()]
BUSINESSES = """
    Iron Hall gym | Memberships from £29 a month. Members train in 3 halls.
    Driveshare car club | Join our car club and book a car by the hour. £5.50 an hour.
    Ledbury Bakery | We have baked since 1921 and train two apprentices a year. A loaf costs £3.40.
    Tangora – dance school | Learn to dance salsa. A course of ten evenings is €145.
    Smile House | Dentists for the whole family. Find us near the station.
    Spokehaven | Award-winning bike shop. Winner of the 2025 local shop prize.
    Kesselbrau brewery | Visitors are welcome. Tour with tasting £18.
    Hoxton Coworking | 240 members, day passes £22. A community of freelancers.
    Pension Pfotenhof | Hundepension mit 18 Zimmern. Tagesbetreuung 25 €.
    Oak & Peg | Garden sheds and log cabins since 2003. We ask for 25% with the order.
    Quillbridge translation agency | Our translators are members of the institute. Certified translation £38.
    Payfern | HR software. Free trial of 14 days. £4 per employee.
    Bramblecup coffee roasters | Subscribe and save 10%. 250 g £9.20.
    Hollowtree escape rooms | A game of an hour costs €25 a person. Tickets online.
    Camden Gallery Framing | We frame pictures from £40. Visitors welcome.
    Fern Farm Shop | Our own cheese, eggs and bread. Open daily.
    Ana's Salon | Book online. Students pay 10% less.
    Keepwell | Self storage by the month. Locker £19.50.
    Redstone Plumbing | Boilers, bathrooms, leaks. We cover all of Leeds. No call-out fee.
    Marina Yacht Charter | Weekly charter from €1,900 with skipper.
    The Book Corner | 8,000 second-hand books. We buy collections.
    Studio Lichtfang | Hochzeitsfotografie in Graz. Ganzer Tag 1.800 Euro.
    Boulangerie Petit | Pains au levain, ouvert du mardi au dimanche.
    Old Orchard glamping | Winner, Marches Campsite of the Year 2024. Bell tents from £95 a night.
    Clutchwise driving school | Learn to drive with six independent instructors. A course of ten lessons is £350.
    Lumenline | Confidential reporting for schools & charities. You get posters, and a yearly report to your trustees.
    Hotel Seeblick | 40 Zimmer am See. Doppelzimmer ab 110 Euro mit Frühstück.
"""


@pytest.mark.parametrize(("kind", "title", "text"), ROWS, ids=[row[1] for row in ROWS])
def test_a_body_beside_a_trade_is_told_by_its_signs(kind: str, title: str, text: str) -> None:
    assert kind in find_body_kinds(title, text)


@pytest.mark.parametrize("row", BUSINESSES.strip().splitlines(), ids=lambda row: row.strip().partition(" | ")[0])
def test_a_business_with_one_such_sign_is_none(row: str) -> None:
    title, text = row.strip().split(" | ")
    assert set(find_body_kinds(title, text)) - {"school for the trade" if "school" in title else ""} == set()
