"""What stands in the slots of the second corpus: values put together from small parts of speech."""

import random
from collections.abc import Callable

Make = Callable[[random.Random], str]

ADJECTIVES = (
    "red", "tiny", "hand-made", "broken", "glossy", "ancient", "striped", "pale", "heavy", "folding",
    "wooden", "frosted", "rusty", "quiet", "round", "half-open", "moss-green", "velvet", "tall", "worn",
)  # fmt: skip
NOUNS = (
    "teapot", "bicycle", "owl", "suitcase", "violin", "cactus", "robot", "lantern", "umbrella", "dragon",
    "typewriter", "pear", "sailor", "greenhouse", "tram", "compass", "beehive", "piano", "kettle",
    "astronaut", "fox", "chair", "table", "candle", "mirror", "ladder", "barrel", "scarf",
)  # fmt: skip
PLACES = (
    "a windy pier", "the night market", "an empty subway car", "Lisbon", "the edge of a lake",
    "my grandmother's kitchen", "a rooftop in São Paulo", "outer space", "a flooded library", "Kyoto",
    "the old harbour", "a corn field", "Reykjavík", "a school bus", "the back of a truck",
)  # fmt: skip
MOODS = ("calm", "eerie", "joyful", "melancholy", "tense", "dreamy", "festive", "lonely", "proud")
PEOPLE = (
    "Ana O'Brien", "J. R. Smith", "Zoë Kravitz-Müller", "Nguyễn Văn A", "Dr. Who", "Mary-Jane", "Björk",
    "Jean d'Arc", "Li Wei", "Old Tom", "Saint-Exupéry", "Mr. Fox",
)  # fmt: skip
SLOGANS = (
    "Open late", "Sale: 50% off, today only", "Don't panic!", "Mind the gap", "Yes, we can",
    "Fresh bread (every day)", "No. 5", "Rock & Roll", "Made in Italy", "Go slow; stay longer", "404",
)  # fmt: skip
CHINESE = (
    "红色的杯子",
    "两只猫",
    "古老的灯塔",
    "一把木椅",
    "春天的花园",
    "蓝色玻璃瓶",
    "小机器人",
    "湿石板",
)
ARABIC = (
    "كوب أحمر",
    "قطة صغيرة",
    "منارة قديمة",
    "كرسي من خشب",
    "حديقة",
    "زجاجة زرقاء",
    "سوق الليل",
)
RUSSIAN = (
    "красная чашка",
    "старый маяк",
    "два кота",
    "тихий сад",
    "синяя бутылка",
    "мокрый сланец",
)
EMOJI = ("👩‍🚀", "🦊🦊", "🏳️‍🌈 flag", "🍎 and 🍐", "👍🏽", "a 🐙", "🎻")
KANA = ("赤いカップ", "古い時計", "小さな猫", "ガラスの瓶", "静かな庭", "木の椅子", "濡れた石")


def one_of(*values: str) -> Make:
    return lambda chance: chance.choice(values)


def thing(chance: random.Random) -> str:
    """One to five words."""
    words = [chance.choice(NOUNS)]
    for _ in range(chance.choice((0, 1, 1, 2))):
        words.insert(0, chance.choice(ADJECTIVES))
    if chance.random() < 0.3:
        words.insert(0, chance.choice(("a", "the", "two", "some")))
    if chance.random() < 0.2:
        words += [chance.choice(("with", "beside", "full of")), chance.choice(NOUNS)]
    return " ".join(words)


def sentence(chance: random.Random) -> str:
    """A long value with its own commas."""
    counts = ("one", "three", "no", "many", "half a dozen")
    parts = [f"{chance.choice(counts)} {thing(chance)}" for _ in range(chance.randint(1, 4))]
    return chance.choice((", ", " and ", "; ")).join(parts)


def whole(chance: random.Random) -> str:
    return str(
        chance.choice((chance.randint(1, 9), chance.randint(10, 99), chance.randint(100, 4000)))
    )


def decimal(chance: random.Random) -> str:
    return f"{chance.randint(0, 9)}.{chance.randint(1, 9)}"


def ratio(chance: random.Random) -> str:
    return chance.choice(("16:9", "4:3", "1:1", "21:9", "3:2", "9:16"))


def size(chance: random.Random) -> str:
    return f"{chance.randint(2, 40) * 64}x{chance.randint(2, 40) * 64}"


def lens(chance: random.Random) -> str:
    return f"{chance.choice((24, 35, 50, 85, 100, 135))}mm"


def any_case(chance: random.Random) -> str:
    word = f"{chance.choice(ADJECTIVES)} {chance.choice(NOUNS)}"
    return chance.choice((str.upper, str.lower, str.title, str.capitalize))(word)


PLACE, MOOD, PERSON = one_of(*PLACES), one_of(*MOODS), one_of(*PEOPLE)
SLOGAN, COLOUR = (
    one_of(*SLOGANS),
    one_of("teal", "burnt orange", "#ff8800", "off-white", "navy", "gold"),
)
