"""A wall with status 200 is an error; a page that speaks of such walls, or has a login box or a captcha of its own, is a page."""

from __future__ import annotations

import pytest

from sayso.tools.web.parse import parse_html

HUMAN, LOGIN, CONSENT = "show that they are human", "log in", "accept cookies"
CLOUDFLARE = "<script>window._cf_chl_opt={cvId:'3'}</script><script src='/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1'></script>"
SURVEY = "".join(
    f"<p>{sentence}</p>"
    for sentence in (
        "Retailers spent more on bot defence last year than on advertising, a survey says.",
        "Akamai and DataDome both report that login pages are attacked most.",
        "Engineers warn that a captcha slows down buyers as well.",
        "One shop lost four percent of its orders after it asked everybody to verify that they are human.",
        "The survey covered 300 shops in Europe and was paid for by a maker of such checks.",
    )
)
WALLS = {
    # name: the page, and what it asks for
    "Cloudflare's check": (
        "<title>Just a moment...</title><body><div class='main-wrapper'><h1>shop.example</h1>"
        "<p>Checking if the site connection is secure</p>"
        "<p>shop.example needs to review the security of your connection before proceeding.</p><p>Ray ID: 7d2</p>"
        f"</div>{CLOUDFLARE}",
        HUMAN,
    ),
    "Cloudflare's refusal": (
        "<title>Attention Required! | Cloudflare</title><body><div id='cf-error-details'>"
        "<h1>Sorry, you have been blocked</h1><h2>You are unable to access shop.example</h2>"
        "<p>Why have I been blocked?</p>"
        "<p>This website is using a security service to protect itself from online attacks.</p>"
        "<p>Cloudflare Ray ID: 8a1</p></div>",
        HUMAN,
    ),
    "DataDome": (
        "<html><head><title>shop.com</title></head><body>"
        "<p id='cmsg'>Please enable JS and disable any ad blocker</p>"
        "<script>var dd={'rt':'c','host':'geo.captcha-delivery.com'}</script>"
        "<script src='https://ct.captcha-delivery.com/c.js'></script>",
        HUMAN,
    ),
    "PerimeterX in words": (
        "<title>Access to this page has been denied</title><body><div>Please verify you are a human</div>"
        "<p>Access to this page has been denied because we believe you are using automation tools to browse the "
        "website.</p>"
        "<p>This may happen as a result of the following: Javascript is disabled or blocked by an extension. "
        "Your browser does not support cookies.</p><p>Reference ID: #1a2b</p>",
        HUMAN,
    ),
    "PerimeterX, press and hold": (
        "<title>Access to this page has been denied</title><body>"
        "<h1>Press &amp; Hold to confirm you are a human (and not a bot).</h1><div id='px-captcha'></div>",
        HUMAN,
    ),
    "Akamai's refusal": (
        "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY>"
        '<H1>Access Denied</H1>You don\'t have permission to access "http&#58;&#47;&#47;www&#46;shop&#46;com" on '
        "this server.<P>Reference&#32;&#35;18&#46;2d2d&#46;1690&#46;3e5</P></BODY>",
        HUMAN,
    ),
    "Akamai's check": (
        "<html><body><div id='sec-if-cpt-container'>Powered and protected by Akamai</div></body>",
        HUMAN,
    ),
    "Incapsula": (
        "<html><head><META NAME='robots' CONTENT='noindex,nofollow'></head><body>"
        "<iframe id='main-iframe' src='/_Incapsula_Resource?CWUDNSAI=9&incident_id=1'>Request unsuccessful. "
        "Incapsula incident ID: 1-2</iframe></body>",
        HUMAN,
    ),
    "Imperva": (
        "<title>Pardon Our Interruption</title><body><h1>Pardon Our Interruption...</h1>"
        "<p>As you were browsing something about your browser made us think you were a bot. "
        "There are a few reasons this might happen:</p><ul>"
        "<li>You're a power user moving through this website with super-human speed.</li>"
        "<li>You've disabled cookies in your web browser.</li>"
        "<li>A third-party browser plugin, such as Ghostery or NoScript, is preventing JavaScript from running.</li>"
        "</ul>"
        "<p>To regain access, please make sure that cookies and JavaScript are enabled before reloading the page.</p>",
        HUMAN,
    ),
    "F5": (
        "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. "
        "Please consult with your administrator.<br><br>Your support ID is: 123456789<br><br>"
        "<a href='javascript:history.back();'>[Go Back]</a></body>",
        HUMAN,
    ),
    "hcaptcha": (
        "<title>Security check</title><body><h2>One more step</h2>"
        "<p>Please complete the security check to access shop.example</p><form>"
        "<div class='h-captcha' data-sitekey=x></div><button>Submit</button></form>"
        "<script src='https://hcaptcha.com/1/api.js'></script>",
        HUMAN,
    ),
    "a captcha in German": (
        "<title>Sicherheitsprüfung</title><body><h1>Sind Sie ein Mensch?</h1>"
        "<p>Bitte bestätigen Sie, dass Sie kein Roboter sind, um fortzufahren.</p><form><div class='g-recaptcha'>"
        "</div></form>",
        HUMAN,
    ),
    "a shop's own captcha": (
        "<title dir=ltr>Amazon.com</title><body><h4>Enter the characters you see below</h4>"
        "<p>Sorry, we just need to make sure you're not a robot. "
        "For best results, please make sure your browser is accepting cookies.</p>"
        "<form method=get action='/errors/validateCaptcha'><img src='https://x/captcha/a.jpg'>"
        "<input name=field-keywords></form>",
        HUMAN,
    ),
    "unusual traffic": (
        "<title>https://www.google.com/search</title><body><form id='captcha-form' action=index method=post>"
        "<div class=g-recaptcha></div></form>"
        "<div>About this page<br>Our systems have detected unusual traffic from your computer network. "
        "This page checks to see if it's really you sending the requests, and not a robot.</div>",
        HUMAN,
    ),
    "a check drawn by a script": (
        "<!DOCTYPE html><html><head><title></title></head><body>"
        "<script>window.awsWafCookieDomainList=[];window.gokuProps={};</script>"
        "<script src='https://a.token.awswaf.com/a/b/challenge.js'></script><div id=challenge-container></div>"
        "<noscript>"
        "<h1>JavaScript is disabled</h1>In order to continue, we need to verify that you're not a robot.</noscript>"
        "</body>",
        HUMAN,
    ),
    "anubis": (
        "<title>Making sure you're not a bot!</title><body>"
        "<script id='anubis_challenge' type='application/json'>{}</script><h1>Making sure you're not a bot!</h1>"
        "<p>Loading...</p>"
        "<p>You are seeing this because the administrator of this website has set up Anubis to protect the server "
        "against the scourge of AI companies aggressively scraping websites.</p>",
        HUMAN,
    ),
    "vercel": (
        "<title>Vercel Security Checkpoint</title><body><p>We're verifying your browser</p>"
        "<p>Enable JavaScript to continue</p>"
        "<script src='/.well-known/vercel/security/static/challenge.v2.min.js'></script>",
        HUMAN,
    ),
    "human, in Japanese": (
        "<title>確認</title><body><h1>人間であることを確認してください</h1><p>続行するには、ロボットではないことを確認してください。</p>",
        HUMAN,
    ),
    "denied, in Japanese": (
        "<title>アクセスが拒否されました</title><body><h1>アクセスが拒否されました</h1><p>お使いのIPアドレスからのアクセスは制限されています。</p>"
        "<p>エラーコード: 1020</p>",
        HUMAN,
    ),
    "denied, in German": (
        "<title>Zugriff verweigert</title><body><h1>Zugriff verweigert</h1>"
        "<p>Ihre IP-Adresse wurde von unserer Firewall blockiert. Fehler-ID: 4711</p>",
        HUMAN,
    ),
    "cookies and scripts": (
        "<title>shop</title><body><h1>Please enable cookies</h1><p>Please enable JavaScript and cookies in your browser to continue.</p>",
        HUMAN,
    ),
    "cookies and scripts, in German": (
        "<title>shop</title><body><p>Bitte aktivieren Sie JavaScript und Cookies, um fortzufahren.</p><p>Wir prüfen Ihren Browser.</p>",
        HUMAN,
    ),
    "login": (
        "<title>Log in - Acme</title><body><h1>Log in</h1><form action=/login method=post><label>Email</label>"
        "<input type=email name=e><label>Password</label><input type=password><button>Log in</button></form>"
        "<p>No account yet? <a href=/signup>Sign up</a></p>",
        LOGIN,
    ),
    "a login in German, with navigation": (
        "<title>Anmelden | Forum</title><body><nav><a href=/>Start</a><a href=/hilfe>Hilfe</a></nav><main>"
        "<h1>Anmelden</h1><p>Bitte melden Sie sich an, um diese Seite zu sehen.</p><form>"
        "<input type=text name=user><input type=password name=pw><button>Anmelden</button></form></main><footer>"
        "<a href=/impressum>Impressum</a></footer>",
        LOGIN,
    ),
    "members only": (
        "<title>Prices</title><body><h1>Members only</h1><p>Please log in to view this page.</p><p><a href=/login>Log in</a></p>",
        LOGIN,
    ),
    "a login in Japanese": (
        "<title>ログイン</title><body><h1>ログイン</h1><p>このページを見るにはログインしてください。</p><form><input type=text>"
        "<input type=password></form>",
        LOGIN,
    ),
    "a login over nothing": (
        "<title>Plans</title><body><p>You need to sign in to see this page.</p><form><input name=email>"
        "<input type=password><button>Sign in</button></form>",
        LOGIN,
    ),
    "a login that begins with the address": (
        "<title>Sign in to continue</title><body><h1>Sign in</h1><form><input type=email name=email><button>Next</button></form>",
        LOGIN,
    ),
    "consent before a search": (
        "<title>Before you continue to Google Search</title><body><h1>Before you continue to Google</h1>"
        "<p>We use cookies and data to deliver and maintain Google services. "
        "Track outages and protect against spam, fraud and abuse with cookies. "
        "If you choose to accept all, we will also use cookies and data to develop new services and personalize "
        "content.</p><form action='https://consent.google.com/save'><button>Reject all</button>"
        "<button>Accept all</button></form>",
        CONSENT,
    ),
    "consent in German": (
        "<title>Zustimmung</title><body><div class='consent'><h1>Mit Werbung weiterlesen</h1>"
        "<p>Besuchen Sie uns wie gewohnt mit Werbung und Tracking. Zustimmung ist jederzeit widerrufbar. "
        "Details in der Datenschutzerklärung.</p><button>Akzeptieren und weiter</button></div>",
        CONSENT,
    ),
    "a banner and scripts": (
        "<title>Shop</title><body><div id='cookie-banner'><p>We use cookies to improve your experience.</p>"
        "<button>Accept all</button></div><div id=root></div><script src=app.js></script>",
        CONSENT,
    ),
    "consent in Japanese": (
        "<title>同意</title><body><p>当サイトではクッキーを使用しています。個人情報の取扱いに同意してください。</p><button>同意する</button>",
        CONSENT,
    ),
    "wordfence": (
        "<title>Your access to this site has been limited</title><body>"
        "<h1>Your access to this site has been limited by the site owner</h1>"
        "<p>Your access to this service has been limited. (HTTP response code 503)</p>"
        "<p>If you think you have been blocked in error, contact the owner of this site for assistance.</p>"
        "<p>Generated by Wordfence at Mon, 1 Jan</p>",
        HUMAN,
    ),
    "a check in French": (
        "<title>Un instant…</title><body><h1>boutique.example</h1>"
        "<p>Vérifiez que vous êtes humain en effectuant l'action ci-dessous.</p><div class='cf-turnstile'></div>",
        HUMAN,
    ),
}
PAGES = {
    "an article about checks": (f"<title>Bots</title><body><article><h1>Bots</h1>{SURVEY}</article>"),
    "a short article about captchas": (
        "<title>Bots</title><body><article><h1>Bots</h1>" + "<p>Cloudflare says that a captcha stops fewer bots than it did.</p>" * 8
    ),
    "a contact form with a captcha": (
        "<title>Contact us</title><body><h1>Contact us</h1><p>Call 555-1234 or write to us.</p><form>"
        "<input name=name><input name=email type=email><textarea name=message></textarea><div class='g-recaptcha'>"
        "</div><button>Confirm you are a human</button></form>"
        "<script src='https://www.google.com/recaptcha/api.js'></script>"
    ),
    "newsletter form": (
        "<title>Stackhouse</title><body><h1>Stackhouse</h1>"
        "<p>Smashed burgers, open daily 11-22 at 12 Main Street.</p><form><input type=email>"
        "<div class='h-captcha'></div><button>Subscribe</button></form>"
    ),
    "a page that such services watch": (
        "<title>Menu</title><body><h1>Menu</h1><p>Burger $9. Fries $4. Open daily from eleven.</p>"
        "<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>"
        "<script src='/_Incapsula_Resource?SWJIYLWA=719d&ns=10'></script>"
        "<script src='https://js.datadome.co/tags.js'></script>"
        "<script src='https://client.px-cloud.net/PX1/main.min.js'></script>"
    ),
    "shop login box": (
        "<title>Bike shop</title><body><h1>Bike shop</h1><form><input name=u><input type=password>"
        "<button>Log in</button></form><p>City bikes from $420, tandems from $900. "
        "We are open Monday to Friday from 9 to 18, at 4 Harbour Road. Call 555-0199.</p>"
    ),
    "pricing signin": (
        "<title>Pricing</title><body><h1>Pricing</h1><p>Free plan: 3 users. Pro plan: $12 per user and month.</p><a href=/login>Log in</a>"
    ),
    "a record of that name": (
        "<title>Access Denied - The Band</title><body><h1>Access Denied</h1>"
        "<p>The third record of The Band, out on 4 May. Twelve songs about doors that stay shut.</p>"
    ),
    "a shirt of that name": (
        "<title>Are you a robot? T-shirts</title><body><h1>Are you a robot?</h1>"
        "<p>The shirt for people who pass every test. Cotton, in four sizes, $19.</p><p>Printed in Leeds.</p>"
    ),
    "privacy": (
        "<title>Privacy policy</title><body><h1>Privacy policy</h1>"
        + "<p>We use cookies to count visits. Personal data is deleted after 30 days. Our partners receive none.</p>" * 3
    ),
    "faq captcha": (
        "<title>FAQ</title><body><h1>FAQ</h1><h2>Why do I have to solve a captcha?</h2>"
        "<p>Our ticket shop asks for one when demand is high.</p><h2>How do I log in?</h2>"
        "<p>Use the link in the mail that we sent to you.</p>"
    ),
    "banner + page": (
        "<title>Shop</title><body><div class='cookie-banner'>We use cookies <button>Accept</button></div>"
        "<h1>Coffee</h1><p>Espresso beans, 250 g for $12.50. Roasted on Mondays, shipped on Tuesdays.</p>"
    ),
    "a page of one word": ("<title>Hi</title><body><p>Hello.</p>"),
    "paywall teaser": (
        "<title>News</title><body><article><h1>Fish prices rise</h1>"
        + "<p>The harbour sold less fish than in any year since 1990, and prices rose by a fifth.</p>" * 4
        + "<p>Log in to read on.</p></article>"
    ),
    "a maker of captchas": (
        "<title>Acme Captcha</title><body><h1>Acme Captcha</h1>"
        "<p>Acme checks that your visitors are human without puzzles. Plans start at $10 a month. "
        "4,000 sites use it.</p><div class='captcha'></div>"
    ),
    "a guest house in German": (
        "<title>Gasthaus</title><body><h1>Gasthaus zum Hirschen</h1><p>Einen Moment Ruhe finden Sie bei uns. "
        "Schnitzel 14,90 €. Dienstags geschlossen.</p>"
    ),
}


@pytest.mark.parametrize(("html", "asked"), WALLS.values(), ids=WALLS)
def test_a_wall_says_what_it_asks_for(html: str, asked: str) -> None:
    assert asked in parse_html(f"<html>{html}", "http://a.example/x")["wall"]


@pytest.mark.parametrize("html", PAGES.values(), ids=PAGES)
def test_a_page_is_no_wall(html: str) -> None:
    page = parse_html(f"<html>{html}", "http://a.example/x")
    assert (page["wall"], page["scripted"]) == ("", False)


SCRIPTED = {
    "an empty root": ("<div id='root'></div><script src='app.js'></script>", True),
    "a word to those without scripts": (
        "<noscript>You need to enable JavaScript to run this app.</noscript><script src='a.js'></script>",
        True,
    ),
    "loading": ("<div id='app'>Loading...</div><script src='a.js'></script>", True),
    "data of its own": (
        "<div id='__next'></div><script id='__NEXT_DATA__' type='application/json'>"
        '{"props": {"pageProps": {"product": {"name": "City bike", "price": "420.00", "currency": "EUR"}}}}</script>',
        False,
    ),
    "text in the root": (
        "<div id='root'><h1>Menu</h1><p>" + "Burgers and fries all day. " * 12 + "</p></div><script src='a.js'></script>",
        False,
    ),
    "nothing at all": ("<p></p>", False),
}


@pytest.mark.parametrize(("html", "scripted"), SCRIPTED.values(), ids=SCRIPTED)
def test_a_page_that_scripts_draw_says_so(html: str, scripted: bool) -> None:
    page = parse_html(f"<html><body>{html}</body></html>", "http://a.example/")
    assert page["scripted"] is scripted
    assert not (scripted and page["text"])


def test_the_data_of_a_page_without_text_is_its_text() -> None:
    page = parse_html(f"<html><body>{SCRIPTED['data of its own'][0]}</body></html>", "http://a.example/")
    assert "City bike" in page["text"]
    assert "420.00" in page["evidence"]
