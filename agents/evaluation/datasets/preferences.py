"""Preference pairs: what a person put in the place of a proposed call, and answers to one question that were liked and disliked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sayso.tools.canonical import JsonObject, canonical_json

from ...messages import Message, UserMessage, to_openai
from ..values import RunRecord
from .example import Example, LeftOut, Messages
from .run_examples import DecidedCall, apply_edits, find_decided, find_obstacle, is_native, make_example, make_origin


def find_pairs(record: RunRecord, *, conversation: str = "", private: bool = False) -> list[Example | LeftOut]:
    """Return what a person's decisions on a run's calls teach.

    An edit is a pair: the call as it was proposed is rejected, the call with the person's arguments is chosen. So is a rejection after
    which the person approved another call of that tool, before the user said anything more. A rejection with nothing in its place, and an
    approval as it was proposed, are no pairs: they are examples that are `liked` or not, for trainers that take those (KTO).
    """
    if problem := find_obstacle(record, private=private):
        return [LeftOut(record.run_id, problem)]
    decided = find_decided(record)
    instead = {each.place: other for each in decided if (other := _find_replacement(record.messages, each, decided))}
    replacements = {other.place for other in instead.values()}
    found: list[Example | LeftOut] = []
    for each in decided:
        said = f": {each.reason}" if each.reason else ""
        if each.place in instead:
            why = f"a person rejected the call{said}, and approved another in its place"
            found.append(_make_pair(record, each, instead[each.place], why, conversation))
        elif each.decision == "rejected":
            found.append(_make_unpaired(record, each, False, f"a person rejected the call{said}", conversation))
        elif each.place in replacements:
            continue
        elif each.decision == "edited":
            found.append(_make_pair(record, each, each, "the person who was asked changed the call", conversation))
        else:
            found.append(_make_unpaired(record, each, True, "a person approved the call", conversation))
    return found


def pair_liked(records: Iterable[tuple[RunRecord, bool, str]], *, private: bool = False) -> list[Example | LeftOut]:
    """Return pairs of the answers that were liked and disliked after the same prompt: each disliked one beside a liked one.

    The records come with the verdict (thumbs up is True) and its note. What has no counterpart is an example of its own, `liked` or not.
    """
    found: list[Example | LeftOut] = []
    by_prompt = defaultdict[str, list[tuple[Example, bool]]](list)
    for record, liked, note in records:
        why = f"thumbs {'up' if liked else 'down'}{f': {note}' if note else ''}"
        made = make_example(record, why, private=private)
        if isinstance(made, LeftOut):
            found.append(made)
        else:
            by_prompt[canonical_json([made.prompt, made.tools])].append((made, liked))
    for alike in by_prompt.values():
        good, bad = [each for each, liked in alike if liked], [each for each, liked in alike if not liked]
        for chosen, rejected in zip(good, bad, strict=False):
            why = f"{chosen.origin.why}; run {rejected.origin.source} got {rejected.origin.why}"
            found.append(replace(chosen, rejected=rejected.answer, origin=chosen.origin._replace(why=why)))
        found += [replace(each, liked=True) for each in good[len(bad) :]]
        found += [replace(each, liked=False) for each in bad[len(good) :]]
    return found


def _find_replacement(messages: Sequence[Message], rejected: DecidedCall, decided: Sequence[DecidedCall]) -> DecidedCall | None:
    """Return the call of the same tool that a person approved next after a rejected one, before the user spoke again."""
    if rejected.decision != "rejected":
        return None
    later = [other for other in decided if other.message > rejected.message and other.tool == rejected.tool]
    if not later or later[0].decision == "rejected":
        return None
    spoke = any(isinstance(message, UserMessage) for message in messages[rejected.message : later[0].message])
    return None if spoke else later[0]


def _make_pair(record: RunRecord, place: DecidedCall, chosen: DecidedCall, why: str, conversation: str) -> Example | LeftOut:
    """Return the pair of a call as it was proposed and the one that a person put in its place, after what came before the first."""
    if chosen.decision == "edited" and not is_native(record.messages, chosen):
        return LeftOut(record.run_id, "the model wrote its call as text, so what the person made of it has no form")
    decided = apply_edits(record)
    prompt, better = _convert(decided[: place.message], decided[chosen.message])
    _, worse = _convert(decided[: place.message], record.messages[place.message])
    if not better or not worse:
        return LeftOut(record.run_id, "the call that was decided on is not a message of its own")
    origin = make_origin(record, why, conversation, place.message, chosen.message)
    return Example(prompt=prompt, answer=better, rejected=worse, tools=_tools_of(record), origin=origin)


def _make_unpaired(record: RunRecord, place: DecidedCall, liked: bool, why: str, conversation: str) -> Example | LeftOut:
    decided = apply_edits(record)
    prompt, answer = _convert(decided[: place.message], decided[place.message])
    if not answer:
        return LeftOut(record.run_id, "the call that was decided on is not a message of its own")
    origin = make_origin(record, why, conversation, place.message, place.message)
    return Example(prompt=prompt, answer=answer, liked=liked, tools=_tools_of(record), origin=origin)


def _convert(before: Sequence[Message], message: Message) -> tuple[Messages, Messages]:
    """Return what came before a message of the model, and the message, as OpenAI's messages."""
    prompt = to_openai(before)
    wired = to_openai((*before, message))[len(prompt) :]
    return tuple(prompt), tuple(wired[:1] if wired and wired[0]["role"] == "assistant" else ())


def _tools_of(record: RunRecord) -> tuple[JsonObject, ...]:
    return tuple(dict(tool) for tool in record.tools)
