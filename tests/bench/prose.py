"""Invented text for generated dumps: words of a list in a row, and Markdown in about the mix that Reddit has."""

from __future__ import annotations

from itertools import accumulate
from random import Random

WORDS = """
the a to and of it i is that in you for this on with be not have but they are was as if my so just do at what like can
or one would all your from get people an about there more when think some up out no time them know how then really
much we who good even make because want has which than only been other could now way need too use their him very also
had still see say never work should those things something any thing most same better where go back he her right well
over many did into after money point before last year years day first lot got being his long being two part why enough
while mean around always off both actually going new find old great here through little bad keep give less maybe made
take every probably feel look hard pretty start sure end anyone said different far else care come place put real best
someone tell house may nothing try own left until car doing life next again help change world seems problem since
person once kind read makes big might least side between today sort without question week pay agree thanks wrong whole
high called works game another each during few reason job free week money wood wheel garden paper letter bread kettle
winter summer river stone ladder hammer needle thread wool cotton silver copper candle window corner market station
journey morning evening neighbour village harbour orchard pepper onion carrot barley kitchen cupboard drawer lantern
blanket jacket pocket button ribbon basket bottle barrel bucket shovel mountain valley meadow forest island bridge
tunnel engine boiler piston valve circuit battery charger socket cable antenna radio signal printer camera shutter
pencil notebook library museum theatre concert trumpet violin piano guitar drummer
""".split()  # noqa: SIM905  a list of these would be five times as long
_COMMON_FIRST = list(accumulate(1 / (rank + 4) for rank in range(len(WORDS))))
"""As in language, the word of rank n is about 1/n as common as the first."""

SITES = ("example.org", "example.com/articles", "www.example.net/watch?v=d4f&t=42", "news.example.com/2022/03")
QUOTES = ("’", "“", "”", "–", "é", "ü", "…", "🙂")
PLAIN = 0.7
"""Share of bodies without any Markdown."""


def words(random: Random, count: int) -> list[str]:
    """Some words, common ones more often."""
    return random.choices(WORDS, cum_weights=_COMMON_FIRST, k=count)


def body(random: Random) -> str:
    """What somebody may have written: about 240 characters on average, half below 130, a few in the thousands."""
    count = min(1500, max(1, int(random.lognormvariate(3.39, 1.04))))
    text = _paragraphs(random, count)
    return text if random.random() < PLAIN else _with_markdown(random, text)


def title(random: Random) -> str:
    """One line, as over a post."""
    return _sentence(random, random.randint(3, 14))[:-1]


def _sentence(random: Random, count: int) -> str:
    found = words(random, count)
    if count > 6:
        found[count // 2] += ","
    if random.random() < 0.15:
        found[-1] += random.choice(("'s", "n't", " (or not)", random.choice(QUOTES)))
    text = " ".join(found)
    return text[0].upper() + text[1:] + random.choice("...!?")


def _paragraphs(random: Random, count: int) -> str:
    pieces = []
    while count > 0:
        size = min(count, random.randint(4, 22))
        pieces.append(_sentence(random, size))
        count -= size
        if count > 0:
            pieces.append("\n\n" if random.random() < 0.2 else " ")
    return "".join(pieces)


def _with_markdown(random: Random, text: str) -> str:
    """The text with one or two marks in it or beside it."""
    for _ in range(random.choice((1, 1, 2))):
        text = random.choice(_MARKS)(random, text)
    return text


def _link(random: Random, text: str) -> str:
    return f"{text} [{' '.join(words(random, 3))}](https://{random.choice(SITES)})"


def _bare_link(random: Random, text: str) -> str:
    return f"{text} https://{random.choice(SITES)}"


def _emphasis(random: Random, text: str) -> str:
    mark = random.choice(("*", "**", "_", "~~"))
    return f"{text} {mark}{' '.join(words(random, 2))}{mark} {_sentence(random, 4)}"


def _quote(random: Random, text: str) -> str:
    return f"> {_sentence(random, random.randint(4, 20))}\n\n{text}"


def _list(random: Random, text: str) -> str:
    numbered = random.random() < 0.4
    items = (f"{f'{n}.' if numbered else '*'} {_sentence(random, 5)}" for n in range(1, random.randint(3, 7)))
    return f"{text}\n\n" + "\n".join(items)


def _code(random: Random, text: str) -> str:
    if random.random() < 0.6:
        return f"{text} `{'_'.join(words(random, 2))}()`"
    return (
        f"{text}\n\n    if {random.choice(WORDS)} < 3 && {random.choice(WORDS)}:\n        return {random.choice(WORDS)}"
    )


def _mention(random: Random, text: str) -> str:
    return f"{text} {random.choice(('u/', '/u/', 'r/', '/r/'))}{random.choice(WORDS)}_{random.choice(WORDS)}"


def _sign(random: Random, text: str) -> str:
    return f"{text} {random.choice(WORDS)} & {random.choice(WORDS)} {random.choice(('<3', '>', '^^', '&amp;'))}"


_MARKS = (_link, _link, _bare_link, _bare_link, _emphasis, _emphasis, _quote, _quote, _list, _code, _mention, _sign)
