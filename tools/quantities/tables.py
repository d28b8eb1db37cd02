"""Tables of currencies, units, periods and months: each canonical name with the ways in which texts write it.

A table of our own, since a library of units brings a parser that reads one amount, not a text. Words are in lower case and in English,
German, French, Spanish, Italian, Dutch, Portuguese, the Scandinavian languages, Polish, Russian, Japanese and Chinese; months after CLDR.
"""

from __future__ import annotations

import re
from collections.abc import Mapping


def read_table(table: str) -> Mapping[str, str]:
    """Return each written form of a table with its canonical name. A row is `canonical: form, form`; a line without a colon goes on."""
    rows = (row.partition(": ") for row in re.sub(r"\n *(?![^\n]*: )", " ", table.strip()).split("\n"))
    return {form.strip(): name.strip() for name, _, forms in rows for form in forms.split(", ")}


CURRENCY_SIGNS = read_table(
    """
    USD: US$, $US, U$S, U.S.$, US $
    EUR: €
    GBP: £, ₤
    JPY: ¥, 円, 日元, 日圆
    CNY: 元, 人民币, 人民幣, CN¥, 块
    TWD: NT$, 新台幣, 台幣
    HKD: HK$, 港元, 港幣, 港币
    AUD: A$, AU$, $AU
    CAD: C$, CA$, $CA, Can$
    NZD: NZ$, nzd
    SGD: S$, SG$
    BRL: R$
    MXN: MX$, Mex$
    ARS: AR$
    CLP: CLP$
    COP: COL$
    INR: ₹, Rs., Rs, ₨
    KRW: ₩, 원, 韩元
    RUB: ₽, руб., руб, р., Р
    UAH: ₴, грн., грн
    PLN: zł, zl
    CZK: Kč, Kc
    HUF: Ft
    RON: lei, Lei, LEI
    BGN: лв., лв
    TRY: ₺, TL
    ILS: ₪, NIS
    THB: ฿
    VND: ₫, đ, VNĐ
    PHP: ₱
    NGN: ₦
    GHS: ₵
    CRC: ₡
    PYG: ₲
    KZT: ₸
    GEL: ₾
    AZN: ₼
    MYR: RM
    IDR: Rp., Rp
    CHF: SFr., SFr, Fr., sFr.
    DKK: Dkr
    NOK: Nkr, nkr
    SEK: Skr
    JMD: J$
    TTD: TT$
    GYD: GY$
    KES: KSh, Ksh
    TZS: TSh
    ETB: Br
    AED: Dhs, DHS, د.إ
    SAR: ر.س
    QAR: ر.ق
    EGP: ج.م, جنيه
    KWD: KD, د.ك
    XOF: FCFA, CFA
    IRR: تومان, ریال, ﷼
    HRK: kn
    XBT: ₿
    AMD: ֏
    AFN: ؋
    KHR: ៛
    LAK: ₭
    MNT: ₮
    BDT: ৳
    kr: kr., kr, Kr., Kr
    $: $
    """
)
CURRENCY_CODES = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP
    CRC CUP CVE CZK DEM DJF DKK DOP DZD EGP ERN ESP ETB EUR FJD FKP FRF GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR
    ILS INR IQD IRR ISK ITL JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP
    MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NLG NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PTE PYG QAR RMB RON RSD RUB RWF SAR SBD
    SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST
    XAF XCD XOF XPF YER ZAR ZMW ZWL
    """.split()
)
CURRENCY_WORDS = read_table(
    """
    EUR: euro, euros, evro, евро, eur, ευρώ
    $: dollar, dollars, dólar, dólares, dollari, bucks, buck, доллар, доллара, долларов, ドル
    USD: usd, 美元, 美金, 米ドル
    EUR: ユーロ, 欧元, 歐元
    GBP: quid, sterling, gbp, livre sterling, pfund sterling, ポンド, 英镑
    pound: pound, pounds
    JPY: yen, jpy
    CNY: yuan, renminbi, rmb, cny
    KRW: won, krw
    INR: rupee, rupees, inr
    CHF: chf, franken, franc, francs, francs suisses, swiss francs, franchi
    SEK: sek, kronor
    kr: krona, kroner, krone, crowns
    PLN: zloty, złoty, złote, złotych, pln
    CZK: korun, koruny, czk
    HUF: forint, huf
    RUB: rubel, ruble, rubles, roubles, рублей, рубля, рубль, rub
    UAH: гривень, гривні, uah
    BRL: real, reais, brl
    MXN: mxn
    TRY: lira, lirası, try
    ZAR: rand, zar
    THB: baht, thb
    VND: dong, đồng, vnd
    MYR: ringgit, ringgits, myr
    IDR: rupiah, idr
    ILS: shekel, shekels, ils
    AED: dirham, dirhams, aed
    PHP: pesos filipinos, php
    AUD: aud, australian dollars
    CAD: cad, canadian dollars
    """
)
CENT_WORDS = read_table(
    """
    $: cent, cents, ¢, ct, cts, centavos
    EUR: centimes, céntimos, centesimi, centimos
    GBP: pence, p
    SEK: öre
    $: pennies, penny, c
    CHF: rappen, rp
    PLN: groszy
    """
)

UNIT_SIGNS = read_table(
    """
    km: km
    m: m
    cm: cm
    mm: mm
    mi: mi
    ft: ft, ft.
    yd: yd
    nm: nm
    m²: m², m2, qm, sqm, ㎡, m^2, 平米
    km²: km², km2
    ft²: ft², ft2, sqft, sq ft, sq. ft.
    m³: m³, m3
    ha: ha
    kg: kg, kgs, Kg, KG
    g: g, gr, gr.
    mg: mg
    t: t
    oz: oz, oz., OZ
    fl oz: fl oz, fl. oz., fl.oz.
    lb: lb, lbs, lb., lbs., LB, LBS
    l: l, L, ltr, Ltr
    ml: ml, mL, ML
    cl: cl, cL
    dl: dl, dL
    gal: gal, gal.
    hour: h, hr, hrs, Std., Std, hr., hrs., 時間, 小时, 小時, 시간
    minute: min, min., mins, Min., 分, 分鐘, 分钟, 분
    second: s, sec, secs, sec., Sek., 秒
    ms: ms
    day: d, 日間, 天, 일
    week: wk, wks, 週間, 周
    month: mo, mos, mth, mths, Mon., ヶ月, か月, カ月, ヵ月, ケ月, 箇月, 个月, 個月, 개월
    year: yr, yrs, yr., yrs., J., 年間
    W: W
    kW: kW, KW
    MW: MW
    GW: GW
    kWh: kWh, KWh, kwh
    Wh: Wh
    MWh: MWh
    V: V
    Ah: Ah
    mAh: mAh
    Nm: Nm
    hp: hp, HP, PS, bhp
    kcal: kcal
    kJ: kJ
    Hz: Hz
    kHz: kHz
    MHz: MHz
    GHz: GHz
    kB: kB, KB
    MB: MB
    GB: GB, Gb, gb, Go
    TB: TB, Tb, tb, To
    PB: PB
    GiB: GiB
    MiB: MiB
    Mbps: Mbps, Mbit/s, mbps, Mb/s
    Gbps: Gbps, Gbit/s, gbps
    dB: dB
    bar: bar
    psi: psi
    MP: MP
    °C: °C, ° C, ℃
    °F: °F, ° F
    °: °
    px: px
    inch: ″, "
    """
)
UNIT_WORDS = read_table(
    """
    km: kilometer, kilometers, kilometre, kilometres, kilometern, kilomètre, kilomètres, kilómetro, kilómetros, chilometri,
    quilômetros, км, キロ, 公里
    m: meter, meters, metre, metres, metern, mètre, mètres, metro, metros, metri, метров, メートル, 米
    cm: centimeter, centimeters, centimetre, centimetres, zentimeter, centimètres, centímetros, センチ, 厘米
    mm: millimeter, millimeters, millimetre, millimetres, ミリ
    mi: mile, miles, meile, meilen, millas, マイル
    ft: foot, feet
    inch: inch, inches, zoll, pouces, pulgadas, インチ, 英寸
    yd: yard, yards
    m²: square metres, square meters, quadratmeter, quadratmetern, mètres carrés, metros cuadrados, metri quadrati, 平方メートル, 平方米
    ft²: square feet, square foot
    km²: square kilometres, square kilometers, quadratkilometer
    m³: cubic metres, cubic meters, kubikmeter
    ha: hectare, hectares, hektar
    acre: acre, acres
    kg: kilo, kilos, kilogram, kilograms, kilogramm, kilogramme, kilogrammes, kilogramo, kilogramos, chili, кг, キログラム, 公斤, 千克
    g: gram, grams, gramm, gramme, grammes, gramo, gramos, grammi, гр, г, グラム, 克
    mg: milligram, milligrams, milligramm
    t: tonne, tonnes, ton, tons, tonnen, toneladas, トン, 吨
    oz: ounce, ounces
    lb: pound weight
    l: liter, liters, litre, litres, litern, litro, litros, litri, литр, литра, литров, リットル, 升
    ml: milliliter, milliliters, millilitre, millilitres, мл
    gal: gallon, gallons
    pint: pint, pints
    hour: hour, hours, stunde, stunden, heure, heures, hora, horas, ora, ore, uur, timme, timmar, timer, godzin, часов, часа, час
    minute: minute, minutes, minuten, minuto, minutos, minuti, minuter, minutter, minut, минут
    second: second, seconds, sekunde, sekunden, seconde, secondes, segundos, secondi
    day: day, days, tag, tage, tagen, jour, jours, día, días, giorno, giorni, dag, dagen, dagar, dage, dager, dia, dias, dni, дней,
    дня, день
    week: week, weeks, woche, wochen, semaine, semaines, semana, semanas, settimana, settimane, weken, vecka, veckor, uger, uker,
    tygodni, недель, недели
    month: month, months, monat, monate, monaten, mois, mes, meses, mese, mesi, maand, maanden, månad, månader, måned, måneder, mês,
    miesięcy, miesiąc, месяц, месяца, месяцев
    quarter: quarters, quartale, trimestre, trimestres
    year: year, years, jahr, jahre, jahren, an, ans, année, années, año, años, anno, anni, jaar, år, ano, anos, lat, lata, год, года, лет
    W: watt, watts
    kW: kilowatt
    kWh: kilowattstunden, kilowatt-hours
    V: volt, volts
    hp: horsepower
    kcal: calories, kilokalorien
    GB: gigabyte, gigabytes
    MB: megabyte, megabytes
    TB: terabyte, terabytes
    °: degrees, degree, grad
    °C: degrees celsius, grad celsius
    °F: degrees fahrenheit
    %: percent, per cent, prozent, pour cent, por ciento, procent, prosent, per cento, por cento, pct, pct., процентов, パーセント
    """
)
ADVERBS = read_table(
    """
    month: monthly, monatlich, mensuel, mensuels, mensuelle, mensuelles, mensual, mensuales, mensile, mensili, maandelijks, mensal,
    mensais, månedligt, månedlig, miesięcznie, 月額, 毎月, 每月, pcm, p.m, p/m
    year: yearly, annually, annual, per annum, p.a., jährlich, annuel, annuels, annuelle, annuelles, anual, anuales, annuale, annui,
    jaarlijks, anuais, årligt, årlig, rocznie, 年額, 毎年, 每年
    week: weekly, wöchentlich, hebdomadaire, semanal, settimanale, wekelijks, 毎週, 每周
    day: daily, täglich, quotidien, diario, giornaliero, dagelijks, 日額, 毎日, 每天
    hour: hourly, stündlich, 時給
    night: nightly
    quarter: quarterly, vierteljährlich, trimestriel
    person: each person, p.p., pp, p. p., p.P., p. P., p/p, pro kopf
    """
)
PER_NOUNS = read_table(
    """
    person: people, persons, personen, personne, persona, persoon, pessoa, pers, pers., 人, 名, 名様, 1人, お一人様, 一人
    night: nacht, nuit, noche, notte, noite, natt, nat, 泊, 晚, 1泊
    piece: pc, pcs, pc., ea, stück, stk, stk., st, pièce, pieza, pezzo, stuk, peça, st., 個, 枚, 本, 个
    user: benutzer, nutzer, utilisateur, usuario, utente, gebruiker, users, ユーザー, 用户
    month: 月, ヶ月, か月, 1ヶ月, 個月
    year: 年, 1年
    day: 日, 天, 1日
    hour: 時間, 小时, 1時間
    week: 週, 周
    time: 回, 次
    """
)
MONTHS: Mapping[str, int] = {
    form: int(number)
    for form, number in read_table(
        """
    1: january, jan, januar, januari, janvier, janv, enero, ene, gennaio, gen, janeiro, stycznia, styczeń, января, январь, ledna,
    leden, jänner
    2: february, feb, februar, februari, février, févr, fevrier, febrero, febbraio, fevereiro, fev, lutego, luty, февраля, февраль,
    února, únor
    3: march, mar, märz, mrz, maart, mrt, mars, marzo, março, marts, marca, marzec, марта, март, března, březen
    4: april, apr, avril, avr, abril, abr, aprile, kwietnia, kwiecień, апреля, апрель, dubna, duben
    5: may, mai, mei, mayo, maggio, mag, maio, maj, maja, мая, май, května, květen
    6: june, jun, juni, juin, junio, giugno, giu, junho, czerwca, czerwiec, июня, июнь, června, červen
    7: july, jul, juli, juillet, juil, julio, luglio, lug, julho, lipca, lipiec, июля, июль, července, červenec
    8: august, aug, août, aout, agosto, ago, augustus, augusti, sierpnia, sierpień, августа, август, srpna, srpen
    9: september, sep, sept, septembre, septiembre, settembre, setembro, set, września, wrzesień, сентября, сентябрь, září
    10: october, oct, oktober, okt, octobre, octubre, ottobre, ott, outubro, out, października, październik, октября, октябрь, října,
    říjen
    11: november, nov, novembre, noviembre, novembro, listopada, listopad, ноября, ноябрь
    12: december, dec, dezember, dez, décembre, déc, decembre, diciembre, dic, dicembre, dezembro, desember, des, grudnia, grudzień,
    декабря, декабрь, prosince, prosinec
    """
    ).items()
}
LIGHT_WORDS = frozenset(
    """
    a an the of and or in on at to for from with by as is are was were be been it its this that these those we you they he she i
    our your their not no but if than then so do does did has have had will would can could may might must should per each every
    all any more less most least about over der die das den dem des ein eine einen einem einer und oder in im am an auf aus bei
    bis für mit nach seit von vom zu zum zur ist sind war waren wird werden hat haben als auch nur pro je ab sie wir er es le la
    les l un une des du de et ou à au aux en dans pour par sur avec est sont était plus que qui ne pas se ce ces el los las y o
    del al con por para es son era que se su sus lo una unos unas il lo gli e ed di da per con è sono del della dei delle nel
    nella che non het en of van op te bij voor met zijn was dat dit os as um uma do dos da das no na com não och att är på som av
    för med till och den det
    """.split()
)
