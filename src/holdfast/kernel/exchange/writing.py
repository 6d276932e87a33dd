"""A snapshot as one JSON or YAML document, in bounded memory; equal snapshots give equal bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from holdfast.domain.records import Record, split_key
from holdfast.kernel.canonical import Plain, plain
from holdfast.kernel.exchange.layout import DOCUMENT
from holdfast.kernel.exchange.outgoing import Outgoing

_encode = msgspec.json.Encoder(order="deterministic").encode


def json_document(snapshot: Outgoing) -> Iterator[bytes]:
    """One object; each record stands on a line of its own. Raises: NotExportable; VaultDamaged; StoreError."""
    yield b'{"format":' + _encode(DOCUMENT) + b',\n"metadata":' + _encode(snapshot.metadata)
    yield b',\n"sections":['
    for number, section in enumerate(snapshot.sections):
        yield (b",\n" if number else b"\n") + b'{"name":' + _encode(section.type) + b',"records":['
        between = b"\n"
        for record in section.records():
            yield between + _json_row(record)
            between = b",\n"
        yield b'\n],"summary":' + _encode(section.summary) + b"}"
    yield b'\n],\n"summary":' + _encode(snapshot.end()) + b"}\n"


def _json_row(record: Record) -> bytes:
    """Body and personal part are canonical JSON already."""
    row = b'{"body":' + record.body + b',"key":' + _encode(split_key(record.key))
    if record.personal:
        row += b',"personal":' + record.personal
    return row + b',"schema":%d}' % record.schema


def yaml_document(snapshot: Outgoing) -> Iterator[bytes]:
    """One YAML document of the same shape: block style, every text quoted. Raises: as `json_document`."""
    head: dict[str, Plain] = {"format": DOCUMENT, "metadata": msgspec.to_builtins(snapshot.metadata)}
    yield ("\n".join(_block(head, "")) + "\nsections:\n").encode()
    for section in snapshot.sections:
        yield f"- name: {_scalar(section.type)}\n  records:".encode()
        empty = True
        for record in section.records():
            lines = _block(_row(record), "    ")
            lines[0] = "  - " + lines[0][4:]
            yield ("\n" + "\n".join(lines)).encode()
            empty = False
        summary = "\n".join(_block({"summary": msgspec.to_builtins(section.summary)}, "  "))
        yield ((" []\n" if empty else "\n") + summary + "\n").encode()
    yield ("\n".join(_block({"summary": msgspec.to_builtins(snapshot.end())}, "")) + "\n").encode()


def _row(record: Record) -> dict[str, Plain]:
    row: dict[str, Plain] = {
        "key": split_key(record.key),
        "schema": record.schema,
        "body": plain(record.body),
    }
    if record.personal:
        row["personal"] = plain(record.personal)
    return row


DOCUMENTS: Mapping[str, Callable[[Outgoing], Iterator[bytes]]] = {
    "json": json_document,
    "yaml": yaml_document,
}


# JSON's quoted texts are YAML's, but YAML 1.1 ends lines at some of these and forbids the others unescaped.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""Names that readers of YAML 1.1 take for something else."""


def _text(text: str) -> str:
    return _UNSAFE.sub(lambda found: f"\\u{ord(found.group()):04x}", _encode(text).decode())


def _name(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) and name.lower() not in _WORDS else _text(name)


def _scalar(value: Plain) -> str:
    """A text, number, truth or null, or an empty list or object."""
    return _text(value) if isinstance(value, str) else _encode(value).decode()


def _block(value: Mapping[str, Plain] | Sequence[Plain], pad: str) -> list[str]:
    """The lines of a list or object that is not empty, each after `pad`."""
    lines: list[str] = []
    pairs = value.items() if isinstance(value, Mapping) else (("", item) for item in value)
    for name, item in pairs:
        head = f"{_name(name)}:" if isinstance(value, Mapping) else "-"
        if isinstance(item, str) or not isinstance(item, Mapping | Sequence) or not item:
            lines.append(f"{pad}{head} {_scalar(item)}")
        elif head == "-":
            inner = _block(item, pad + "  ")
            lines += [f"{pad}- {inner[0].lstrip()}", *inner[1:]]
        else:
            lines += [pad + head, *_block(item, pad + "  ")]
    return lines
