"""The page in a real browser: what a person sees, reads and decides on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import Served, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

QUICK_MS = 60_000


class Seen:
    """What a browser complained about, and whom it asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.complaints: list[str] = []
        self.strangers: list[str] = []

    def watch(self, page: Page) -> Page:
        """Take note of what a page does."""
        page.on("console", lambda message: self.complaints.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith(f"{self.url}/") else self.strangers.append(request.url))
        page.set_default_timeout(QUICK_MS)
        return page


@pytest.fixture
def open_page(browser: Browser, served: Served) -> Iterator[Callable[..., Page]]:
    """Return what opens a page for somebody; afterwards nothing may have been complained about, and no other host asked."""
    seen = Seen(served.url)
    contexts: list[Any] = []

    def open_page(name: str = "ada", place: str = "inbox", *, beside: Page | None = None, **options: Any) -> Page:
        context = beside.context if beside is not None else browser.new_context(**options)
        page = seen.watch(context.new_page())
        if beside is None:
            contexts.append(context)
            page.goto(served.links[name])
            page.wait_for_selector("nav.places")
        page.goto(f"{served.url}/#/{place}")
        page.wait_for_selector("nav.places")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert (seen.complaints, seen.strangers) == ([], [])


def find_violations(page: Page) -> list[str]:
    """Return what axe finds."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}" for each in found for node in each["nodes"]]


def say(page: Page, text: str) -> None:
    page.fill(".composer textarea", text)
    page.keyboard.press("Enter")


def test_order_by_chat_edit_the_card_approve_and_read_the_receipt_while_a_second_tab_watches(
    open_page: Callable[..., Page], served: Served
) -> None:
    page = open_page("bob", "chat", viewport={"width": 1280, "height": 860})
    inbox = open_page(place="inbox", beside=page)
    say(page, "I order a burger without pickles")
    card = page.locator(".turn .card").first
    card.wait_for()
    assert "2 burgers without pickles" in (card.locator(".sentence").text_content() or "")
    assert card.locator(".value.you .source").first.text_content() == "you wrote this"
    inbox.wait_for_selector(".pane .card")
    assert (inbox.title(), inbox.text_content("#count")) == ("(1) Inbox · Sayso", "1")
    assert find_violations(page) + find_violations(inbox) == []
    page.wait_for_timeout(600)  # a card that has just appeared takes no answer
    card.get_by_role("button", name="Edit").click()
    assert find_violations(page) == []
    card.get_by_label("quantity").fill("3")
    card.get_by_role("button", name="Ask with these values").click()
    new = page.locator(".turn .card").nth(1)
    new.wait_for()
    assert served.orders() == []
    inbox.wait_for_selector(".pane .outcome")
    inbox.get_by_role("link", name="To the new card").click()
    inbox.wait_for_selector(".pane .sentence:has-text('3 burgers')")
    page.wait_for_timeout(600)
    new.get_by_role("button", name="Approve").dblclick()
    new.locator(".outcome:has-text('Order 1 is placed: 3 burgers without pickles')").wait_for()
    inbox.wait_for_selector(".pane .outcome:has-text('Order 1 is placed')")
    page.wait_for_selector('.turn .prose:has-text("it\'s on the way")')
    assert served.orders() == [(3, "burger without pickles")]
    assert "412 tokens in" in (page.text_content(".turn .used") or "")
    inbox.wait_for_function("!document.querySelector('#count').textContent")
    assert find_violations(page) + find_violations(inbox) == []


def test_what_is_typed_ahead_or_clicked_at_once_decides_nothing(open_page: Callable[..., Page], served: Served) -> None:
    ada = served.sign_in("ada")
    digest = ada.wait_for_card(ada.say("chat-00000011", "I order a burger"))
    page = open_page("ada", "runs")
    page.goto(f"{served.url}/#/inbox/{digest}")
    page.wait_for_selector(".card button.primary")
    page.evaluate("document.querySelector('.card button.primary').click()")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.wait_for_timeout(100)
    assert ada.get(f"cards/{digest}")["state"] == "proposed"
    page.wait_for_timeout(600)
    page.keyboard.press("r")  # the keyboard alone is enough
    page.keyboard.type("too many burgers")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".outcome:has-text('Rejected by you')")
    assert ada.get(f"cards/{digest}")["state"] == "rejected"


def test_what_a_hostile_model_writes_stays_text(open_page: Callable[..., Page]) -> None:
    page = open_page("bob", "chat", viewport={"width": 1280, "height": 860})
    say(page, "show me something hostile")
    page.wait_for_selector(".turn .used a")
    answer = page.locator(".turn .answer")
    text = answer.text_content() or ""
    assert "<script>window.hacked = 1</script>" in text
    assert "[picture: pixel, not loaded]" in text
    assert page.evaluate("window.hacked") is None
    links = answer.locator("a").evaluate_all("all => all.map(each => each.href)")
    assert [link for link in links if not link.startswith("http")] == []
    assert "https://example.org/menu" in links
    assert page.locator(".turn img, .turn script, .turn iframe").count() == 0
    assert find_violations(page) == []


def test_line_breaks_break_and_what_cannot_be_seen_is_marked_on_a_card(open_page: Callable[..., Page], served: Served) -> None:
    ada = served.sign_in("ada")
    page = open_page("ada", f"inbox/{ada.wait_for_card(ada.say('chat-000000c1', 'marks'))}")
    page.wait_for_selector(".card .odd")
    marks = page.locator(".card .sentence .odd").all_text_contents()
    assert marks == ["↵ × 3", r"\u{202e}", r"\u{202c}"]
    assert page.locator(".card .sentence .odd").nth(1).get_attribute("title") == "right-to-left override"
    assert [name.strip() for name in page.locator(".card dt").all_text_contents()][:3] == ["amount_eur", "to", "iban"], (
        "as the sentence says them"
    )
    assert find_violations(page) == []


def test_the_policy_stops_a_script_that_gets_into_the_page_all_the_same(browser: Browser, served: Served) -> None:
    page = browser.new_page()
    page.goto(served.links["bob"])
    page.wait_for_selector("nav.places")
    blocked: list[str] = []
    page.on("requestfailed", lambda request: blocked.append(f"{request.url} {request.failure}"))
    page.evaluate("""() => {
        for (const html of ['<img src=x onerror="window.hacked=1">', '<script>window.hacked=2</script>']) {
            try { document.body.insertAdjacentHTML('beforeend', html) } catch {}
            const node = document.createElement('div'); try { node.innerHTML = html } catch {} document.body.append(node);
        }
        const script = document.createElement('script'); try { script.textContent = 'window.hacked=3' } catch {}
        document.body.append(script);
        const picture = document.createElement('img'); picture.src = 'http://127.0.0.1:9/track.gif'; document.body.append(picture);
        const link = document.createElement('a'); link.href = 'javascript:window.hacked=4'; document.body.append(link); link.click();
    }""")
    sent = page.evaluate("fetch('http://127.0.0.1:9/steal').then(() => 'sent', () => 'stopped')")
    assert (page.evaluate("window.hacked"), sent) == (None, "stopped")
    assert blocked[0] == "http://127.0.0.1:9/track.gif csp"
    page.context.close()


def test_questions_have_buttons_an_edit_sends_what_was_touched_and_what_waits_can_be_stopped(open_page: Callable[..., Page]) -> None:
    page = open_page("bob", "chat")
    say(page, "which size?")
    card = page.locator(".turn .card").first
    card.wait_for()
    assert find_violations(page) == []
    page.wait_for_timeout(600)
    card.get_by_role("button", name="large").click()
    page.wait_for_selector(".turn .prose:has-text('Noted: large')")
    beside = open_page(place=page.url.partition("#/")[2], beside=page)
    say(page, "settle it")
    last = page.locator(".turn").last.locator(".card")
    last.wait_for()
    page.wait_for_timeout(600)
    last.get_by_role("button", name="Edit").click()
    assert last.get_by_label("amount_eur").input_value() == "12345678901234567890"
    last.get_by_label("iban").fill("DE03")
    with page.expect_request(lambda request: request.url.endswith("/edit")) as sent:
        last.get_by_role("button", name="Ask with these values").click()
    assert sent.value.post_data == '{"written":{"iban":"\\"DE03\\""}}'
    page.locator(".turn").last.locator(".card").nth(1).wait_for()
    beside.locator(".turn").nth(1).locator(".card").nth(1).wait_for()  # another tab has the turn, too
    page.get_by_role("button", name="Stop, without deciding").click()
    page.locator(".turn").last.locator(".note:has-text('Stopped.')").wait_for()


PLACES = {
    "desktop": {"viewport": {"width": 1280, "height": 860}},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}},
}


@pytest.mark.parametrize("options", PLACES.values(), ids=PLACES)
def test_every_place_can_be_used_by_everybody(open_page: Callable[..., Page], served: Served, options: dict[str, Any]) -> None:
    ada = served.sign_in("ada")
    run = ada.say("chat-00000012", "wire the rent to Ada Lovelace") if not ada.get("chats/chat-00000012")["turns"] else "chat-00000012.1"
    digest = ada.wait_for_card(run)
    page = open_page("ada", f"inbox/{digest}", **options)
    page.wait_for_selector(".card .cost")
    assert find_violations(page) == []
    for place, ready in (("runs", ".run"), (f"runs/{run}", ".event"), ("chat/chat-00000012", ".turn .card"), ("chat", ".welcome")):
        page.goto(f"{served.url}/#/{place}")
        page.wait_for_selector(ready)
        assert find_violations(page) == [], place
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place


def test_a_page_that_is_signed_out_says_what_to_do(browser: Browser, served: Served) -> None:
    page = browser.new_page()
    page.goto(served.url)
    page.wait_for_selector("main.centred:has-text('You are not signed in')")
    page.goto(f"{served.url}/?again#token=Ym9i.AAAA")
    page.wait_for_selector("main.centred:has-text('This link signs nobody in')")
    assert find_violations(page) == []
    page.context.close()


def test_the_page_says_that_the_server_is_gone_and_goes_on_when_it_is_back(browser: Browser, serve: Callable[..., Served]) -> None:
    served = serve()
    page = browser.new_page()
    page.goto(served.links["ada"])
    page.wait_for_selector(".empty")
    served.stop()
    page.wait_for_selector("#trouble:has-text('The connection to the server was lost')", timeout=QUICK_MS)
    served.start()
    ada = served.sign_in("ada")
    ada.say("chat-00000001", "I order a burger")
    page.wait_for_selector(".line:has-text('You are about to order')", timeout=QUICK_MS)
    wait_until(lambda: page.locator("#trouble").is_hidden())
    page.context.close()
