"""Request numbers that people can read aloud: PR-7K4M-29Q6.

29 signs: digits and consonants, nothing that looks like another sign and no vowel that could
spell a word. Seven are drawn at random, the eighth makes the weighted sum divisible by 29. As 29
is prime, one mistyped sign and any two swapped signs are always noticed.
"""

import secrets

ALPHABET = "023456789BCDFGHJKMNPQRSTVWXYZ"
PREFIX = "PR"


def new_reference() -> str:
    """A number that tells nobody how many requests there are and cannot be guessed."""
    signs = [secrets.randbelow(29) for _ in range(7)]
    partial = sum(weight * sign for weight, sign in enumerate(signs, 1))
    signs.append(-partial * pow(8, -1, 29) % 29)
    body = "".join(ALPHABET[sign] for sign in signs)
    return f"{PREFIX}-{body[:4]}-{body[4:]}"


def parse_reference(typed: str) -> str | None:
    """The reference a person meant, or None where no request number can be read from it.

    Case, spaces and hyphens do not matter, nor does the prefix; O is read as 0.

    >>> parse_reference("pr7k4m 29q6")
    'PR-7K4M-29Q6'
    """
    body = "".join(typed.upper().replace("O", "0").split()).replace("-", "")
    if len(body) == 10 and body.startswith(PREFIX):
        body = body[2:]
    if len(body) != 8 or any(sign not in ALPHABET for sign in body):
        return None
    if sum(weight * ALPHABET.index(sign) for weight, sign in enumerate(body, 1)) % 29:
        return None
    return f"{PREFIX}-{body[:4]}-{body[4:]}"
