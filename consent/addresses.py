"""What an email address may look like, and when two are the same mailbox.

Django's validator accepts what a mail system should not be handed: address literals, quoted local
parts, a leading dash, letters that change when their case is folded. This is a stricter rule
on top of it: an ASCII local part of common signs and a domain that has an IDNA form.
"""

import re
import unicodedata

from django.utils.translation import gettext as _

from consent.errors import InputRefused

# RFC 5321 atoms without the signs a shell reads (backtick, dollar with bracket); no leading dash.
_SIGN = r"A-Za-z0-9!#%&'*+/=?^_{|}~$"
_LOCAL = re.compile(rf"[{_SIGN}][{_SIGN}-]*(\.[{_SIGN}-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# Typed or pasted around an address without meaning.
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))


def clean_email(typed: str) -> str:
    """The address as it will be stored and written to: no outer blanks, domain ASCII, lower case.

    Raises InputRefused with a sentence for the person.
    """
    address = typed.translate(_INVISIBLE).strip(" \t\u00a0")
    local, at, domain = address.rpartition("@")
    if not (at and len(local) <= 64 and len(address) <= 254 and _LOCAL.fullmatch(local)):
        raise _refused()
    return f"{local}@{_ascii_domain(domain)}"


def email_key(address: str) -> str:
    """What two spellings of one mailbox have in common: the whole address in lower case.

    Local parts are compared without case, as mail providers in practice do. Dots and plus
    signs stay: whether they matter is the provider's business, and a guess could give one
    person's data to another.
    """
    return address.lower()


def _ascii_domain(domain: str) -> str:
    if unicodedata.normalize("NFKC", domain) != domain:
        raise _refused()
    try:
        ascii_domain = domain.lower().encode("idna").decode("ascii")
    except UnicodeError as error:
        raise _refused() from error
    labels = ascii_domain.split(".")
    if len(labels) < 2 or len(ascii_domain) > 253 or labels[-1].isdigit():
        raise _refused()
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused()
    return ascii_domain


def _refused() -> InputRefused:
    return InputRefused(_("Enter an email address like name@example.com"))
