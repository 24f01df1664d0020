"""How a name is looked for: without case, without marks, so that "kerkese" finds "Kërkesë"."""

import unicodedata

# Letters whose mark is part of the letter, so that taking it apart leaves them whole.
_WHOLE = str.maketrans({"đ": "d", "ð": "d", "ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "ı": "i"})


def name_key(*names: str) -> str:
    """The names as the search compares them, blanks joined. It is for finding, not for showing."""
    folded = unicodedata.normalize("NFKD", " ".join(names)).casefold()
    apart = unicodedata.normalize("NFKD", folded)
    plain = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return " ".join(plain.translate(_WHOLE).split())
