"""Secrets out of everything that leaves: the value goes, the code around it stays recognisable.

Three ways find one: the shape of a known kind of token, a value given to a secret-like name, and, under
a rule that looks for secrets, every literal and every random-looking word. A value found in one place
of a scan is then masked in all its texts, because a neighbouring finding quotes the same line.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MASK = "***"
SHORTEST_SPREAD = 6
"""A value of fewer letters is masked where it was found, not searched for elsewhere."""

_STRONG = (
    r"(?:passw(?:or)?d|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|encryption[_-]?key|signing[_-]?key|account[_-]?key|credential|salt|bearer|auth[_-]?key|client[_-]?key"
    r"|connection[_-]?string)"
)
_WEAK = r"(?:(?<![a-z])(?:pass|key|auth)(?![a-z]))"
_NAME = (
    rf"(?P<name>{_STRONG}|{_WEAK})[\w.-]{{0,64}}"  # bounded, as every repeat here: code can be one long line
)
SECRET_NAME = re.compile(_STRONG, re.IGNORECASE)
SECRET_RULE = re.compile(
    r"^B10[567]$|secret|passw|credential|token|hard-?_?coded|api[_-]?key|private[_-]?key|access[_-]?key"
    r"|entropy|gitleaks|jwt|salt|connection[_-]?string",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(r"[cx]srf[_-]?token", re.IGNORECASE)  # a form that lacks one shows no secret
SECRET_SCANNERS = frozenset({"detect-secrets", "gitleaks", "trufflehog", "git-secrets"})

_SHAPES = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|\Z)"
    r"|\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bglptt-[\w-]{16,}"
    r"|\bxox[a-z]-[\w-]{8,}|\b[spr]k_(?:live|test)_\w{8,}|\bsk-[\w-]{16,}|\bwhsec_\w{16,}"
    r"|\bnpm_\w{20,}|\bpypi-[\w-]{16,}|\bhf_\w{20,}|\bdop_v1_\w{20,}|\bhvs\.[\w-]{16,}|\bSG\.[\w-]{8,}\.[\w-]{8,}"
    r"|\bAIza[\w-]{30,}|\bya29\.[\w-]{16,}|\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"
    r"|(?<=://)[^\s/:@\"']*:[^\s/@\"']+(?=@)"
    r"|(?<=hooks\.slack\.com/services/)[\w/]+",
    re.DOTALL,
)
_NO_APOSTROPHE = r"(?:(?<!\w\w)|(?<=\b[rbfuRBFU][rbfRBF]))"  # the one in `don't` opens no literal
_LITERAL_BODY = (
    r"(?:\"\"\"(?P<d3>(?:\\.|(?!\"\"\").)*)(?:\"\"\"|\Z)|'''(?P<s3>(?:\\.|(?!''').)*)(?:'''|\Z)"
    r"|\"(?P<d>(?:\\.|[^\"\\\n])*)(?:\"|$)|"
    + _NO_APOSTROPHE
    + r"'(?P<s>(?:\\.|[^'\\\n])*)(?:'|$)|`(?P<b>(?:\\.|[^`\\])*)(?:`|\Z))"
)
_LITERAL = re.compile(_LITERAL_BODY, re.DOTALL | re.MULTILINE)
_GIVEN = re.compile(  # name = "value", name: str = b'value', "name": "value", name => "value", name == "value"
    _NAME
    + r"[\\\"'\]]{0,4}\s{0,40}(?::\s{0,9}[\w\[\]|. ]{1,40}?)?\s{0,9}(?::=|=>|[=!]==?|=|:|,)\s{0,40}\(?\s{0,40}[a-z]{0,2}\\?"
    + _LITERAL_BODY,
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
_BARE = re.compile(  # PASSWORD=value, password: value, <password>value, --password value, ENV PASSWORD value
    rf"(?:{_NAME}\s{{0,9}}(?:=|:(?!:)|>)\s{{0,9}}(?:[|>][+-]?\s{{1,40}})?"
    r"|--?(?:password|token|secret|api-?key)[ =]{1,9}"
    rf"|\bENV\s{{1,9}}\w{{0,40}}?{_STRONG}\w{{0,40}}\s{{1,9}})"
    r"(?P<value>[^\s\"'`(){}\[\],;<>]{4,})",
    re.IGNORECASE,
)
_HEADER = re.compile(r"\b(?:Bearer|Basic|Token)\s+(?P<value>[\w+/=.~-]{8,})")
_WORD = re.compile(r"[A-Za-z0-9+/=_\-.~!@#$%^&*]{8,}")
_RANDOM = re.compile(r"[A-Za-z0-9+/=_\-]{20,}")
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z_-]*")
_FUNCTION = re.compile(r"__\w+__")
_FROM_ASH = re.compile(r"Secret of type '?[\w /()-]+'? detected(?: in file '[^']+' at line \d+)?")
"""What ASH itself writes for a finding of detect-secrets: it names the kind and quotes nothing."""

_PLACEHOLDERS = frozenset({"", "none", "null", "true", "false", "string", "str", "required", MASK})


def looks_for_secrets(rule_id: str, scanner: str) -> bool:
    """Whether what the rule points at is to be taken for a secret."""
    return scanner in SECRET_SCANNERS or SECRET_RULE.search(_NO_SECRET.sub("", rule_id)) is not None


@dataclass(slots=True)
class Redactor:
    """Masks texts of one scan; `learn` all of them first, so that what one shows is masked in every other."""

    _known: dict[str, set[str]] = field(default_factory=dict, repr=False)
    _own: dict[tuple[str, bool], str] = field(default_factory=dict, repr=False)
    _masked: dict[tuple[str, bool], str] = field(default_factory=dict, repr=False)

    def learn(self, text: str, *, secret_rule: bool) -> None:
        """Remember the secrets of a text that are long and odd enough to be searched for elsewhere."""
        for value, named in _secrets(text, secret_rule=secret_rule):
            if _spreads(value, named=named):
                self._known.setdefault(value[:SHORTEST_SPREAD], set()).add(value)

    def learn_all(self, texts: Iterable[tuple[str, bool]]) -> None:
        """`learn` for each (text, secret rule), every different one once."""
        for text, secret_rule in set(texts):
            self.learn(text, secret_rule=secret_rule)

    def mask(self, text: str, *, secret_rule: bool = False) -> str:
        """The text with `***` for every secret, its own and those of the scan's other texts."""
        found = self._masked.get((text, secret_rule))
        if found is None:
            own = self.mask_own(text, secret_rule=secret_rule)
            found = self._masked[text, secret_rule] = self._mask_known(own)
        return found

    def mask_own(self, text: str, *, secret_rule: bool = False) -> str:
        """The text with `***` for the secrets it shows by itself: the same in every scan, so good to compare."""
        found = self._own.get((text, secret_rule))
        if found is None:
            found = self._own[text, secret_rule] = _mask_own(text, secret_rule=secret_rule)
        return found

    def mask_json(self, value: object, name: str = "") -> object:
        """A JSON value with every text in it masked, and whole where its name says that it is a secret."""
        if isinstance(value, str):
            return MASK if value and SECRET_NAME.search(name) else self.mask(value)
        if isinstance(value, Mapping):
            return {self.mask(key): self.mask_json(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self.mask_json(item, name) for item in value]
        return value

    def _mask_known(self, text: str) -> str:
        known, size = self._known, SHORTEST_SPREAD
        if not known:
            return text
        found = {start for at in range(len(text) - size + 1) if (start := text[at : at + size]) in known}
        values = sorted((value for start in found for value in known[start]), key=len, reverse=True)
        for value in values:
            text = text.replace(value, MASK)
        return text


def _secrets(text: str, *, secret_rule: bool) -> Iterable[tuple[str, bool]]:
    """(value, whether a name or its shape says that it is one) of every secret in the text."""
    for found in _SHAPES.finditer(text):
        yield found[0], True
    for found in _GIVEN.finditer(text):
        named = SECRET_NAME.fullmatch(found["name"]) is not None
        yield _body(found), named
        yield (
            _body(found).partition('\\"')[0],
            named,
        )  # in quoted JSON the literal ends before the escaped quote
    for pattern in (_BARE, _HEADER):
        for found in pattern.finditer(text):
            if secret_rule or _odd(found["value"]):
                yield found["value"], _odd(found["value"])
    if secret_rule:
        for found in _LITERAL.finditer(text):
            yield _body(found), False
        for found in _RANDOM.finditer(text):
            if _random(found[0]):
                yield found[0], True


def _mask_own(text: str, *, secret_rule: bool) -> str:
    if _FROM_ASH.fullmatch(text):
        return text
    text = _SHAPES.sub(MASK, text)
    text = _GIVEN.sub(_without_body, text)
    if secret_rule:
        text = _LITERAL.sub(lambda found: found[0] if _is_key(found) else _without_body(found), text)
    else:
        text = _LITERAL.sub(lambda found: _without_body(found) if _random(_body(found)) else found[0], text)
    for pattern in (_BARE, _HEADER):
        text = pattern.sub(lambda found: _without_value(found, always=secret_rule), text)
    if secret_rule:
        text = _WORD.sub(lambda found: MASK if _random(found[0]) else found[0], text)
    return text


def _body(found: re.Match[str]) -> str:
    """What stands between the quotes."""
    return next((part for part in found.group("d3", "s3", "d", "s", "b") if part is not None), "")


def _without_body(found: re.Match[str]) -> str:
    if _body(found).lower() in _PLACEHOLDERS:
        return found[0]
    name = next(name for name in ("d3", "s3", "d", "s", "b") if found.group(name) is not None)
    start, end = found.start(name) - found.start(), found.end(name) - found.start()
    return found[0][:start] + MASK + found[0][end:]


def _without_value(found: re.Match[str], *, always: bool) -> str:
    value = found["value"]
    if value.lower() in _PLACEHOLDERS or not (always or _odd(value)):
        return found[0]
    return found[0][: found.start("value") - found.start()] + MASK


def _is_key(found: re.Match[str]) -> bool:
    """Whether a literal is a plain name, as in `settings["password"]`, `{"password": ...}` or `'__init__'`."""
    before, after = found.string[: found.start()].rstrip(), found.string[found.end() :].lstrip()
    if _FUNCTION.fullmatch(_body(found)):
        return True
    if not _PLAIN_NAME.fullmatch(_body(found)) or not SECRET_NAME.search(_body(found)):
        return False
    indexed = before.endswith("[") and after.startswith("]") and before[-2:-1].isalnum()
    return indexed or (after.startswith(":") and before[-1:] in ("", "{", ","))


def _odd(value: str) -> bool:
    """Whether a bare word is more than a name: it has a digit or a sign that names do not have."""
    return any(letter.isdigit() or letter in "!@#$%^&*+/=~" for letter in value)


def _spreads(value: str, *, named: bool) -> bool:
    if len(value) < SHORTEST_SPREAD or value.lower() in _PLACEHOLDERS or "\n" in value.strip():
        return named and "PRIVATE KEY" in value
    letters = any(letter.isalpha() for letter in value)
    if any(letter.isdigit() for letter in value):
        return letters and (named or len(value) >= 8)
    return named and len(value) > 8 and " " not in value


def _random(word: str) -> bool:
    """Whether a word of 20 letters or more looks drawn by lot: mixed signs, over 3.5 bits a letter, or long hex."""
    if not _RANDOM.fullmatch(word) or not any(letter.isdigit() for letter in word):
        return False
    if re.fullmatch(r"[0-9a-fA-F]{32,}", word):
        return True
    mixed = any(letter.islower() for letter in word) and any(letter.isupper() for letter in word)
    counts = Counter(word).values()
    return mixed and -sum(n / len(word) * math.log2(n / len(word)) for n in counts) > 3.5
