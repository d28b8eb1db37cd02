"""What a model call costs in US dollars, from the price list carried in genai-prices; the network is never asked."""

from __future__ import annotations

from urllib.parse import urlsplit


def price(
    model_name: str,
    input_tokens: int,
    output_tokens: int,
    *,
    cached_tokens: int = 0,
    cache_write_tokens: int = 0,
    base_url: str | None = None,
) -> float | None:
    """Return US dollars for that many tokens, or None where no price is known.

    `cached_tokens` are those of the input that were read from a cache, `cache_write_tokens` those that were written to it, which some
    providers charge for.
    With `base_url` only the provider at that address counts: a model on your own machine costs nothing, whatever its name.
    """
    if base_url is not None and urlsplit(base_url).hostname in ("localhost", "127.0.0.1", "::1"):
        return None
    from genai_prices import Usage, calc_price  # late, for load time: its list is long

    cached = min(cached_tokens, input_tokens)
    written = min(cache_write_tokens, input_tokens - cached)
    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens, cache_read_tokens=cached, cache_write_tokens=written or None)
    try:
        if base_url is None:
            return float(calc_price(usage, model_name).total_price)
        return float(calc_price(usage, model_name, provider_api_url=base_url).total_price)
    except LookupError:
        return None
