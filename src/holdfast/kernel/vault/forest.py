"""Which rows surviving snapshots can see: their layers form trees, and each snapshot is a path from a root.

A layer that no surviving snapshot ends with, and that one layer alone builds on, becomes one with that layer.
In what is then left, a row is dropped when every path over it has a newer row of the same key, and a removal
when there is nothing below it to hide.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import TypeAlias

from holdfast.kernel.vault.errors import damaged
from holdfast.kernel.vault.rows import Row

LayerId: TypeAlias = tuple[str, int]
"""A layer: its index's name and its position there."""

Chain: TypeAlias = tuple[LayerId, ...]
"""The layers of a section, oldest first."""


@dataclass(slots=True, eq=False)
class Node:
    """Layers that are or become one: `run` lists them, oldest first. `top`: some snapshot ends with it."""

    run: list[LayerId]
    parent: Node | None
    children: list[Node] = field(default_factory=list)
    top: bool = False

    @property
    def id(self) -> LayerId:
        """The newest of its layers, which stands for all of them."""
        return self.run[-1]


@dataclass(frozen=True, slots=True)
class Tree:
    """One root and all that builds on it, parents before their children."""

    nodes: tuple[Node, ...]

    @property
    def layers(self) -> tuple[LayerId, ...]:
        """All layers; of two in one path the lower one comes first."""
        return tuple(layer for node in self.nodes for layer in node.run)

    @property
    def may_drop(self) -> bool:
        """Whether there can be rows that no snapshot sees: not where each layer is the end of one."""
        return any(len(node.run) > 1 or not node.top for node in self.nodes)

    @property
    def must_merge(self) -> bool:
        """Whether layers are to become one."""
        return any(len(node.run) > 1 for node in self.nodes)


def trees_of(chains: Iterable[Chain]) -> list[Tree]:
    """The trees that paths make up, layers merged as far as may be. Raises: VaultDamaged."""
    nodes: dict[LayerId, Node] = {}
    roots: list[Node] = []
    for chain in dict.fromkeys(chains):
        parent: Node | None = None
        for layer in chain:
            node = nodes.get(layer)
            if node is None:
                node = nodes[layer] = Node([layer], parent)
                (parent.children if parent else roots).append(node)
            elif node.parent is not parent:
                raise damaged(f"{layer[0]} layer {layer[1]}", "it lies on two different layers")
            parent = node
        if parent:
            parent.top = True
    return [Tree(tuple(_merged(root, None))) for root in roots]


def _merged(node: Node, parent: Node | None) -> Iterator[Node]:
    """A node with those above it that become one with it, and all that builds on it, parents first."""
    run = list(node.run)
    while not node.top and len(node.children) == 1:
        node = node.children[0]
        run += node.run
    node.run, node.parent = run, parent
    children, node.children = node.children, []
    if parent:
        parent.children.append(node)
    yield node
    for child in children:
        yield from _merged(child, node)


def rows_by_key(layers: Sequence[Iterator[Row]]) -> Iterator[list[tuple[int, Row]]]:
    """For each key, in order, its rows with the numbers of their layers, the numbers rising."""
    merged = heapq.merge(*(_numbered(number, rows) for number, rows in enumerate(layers)))
    for _, found in groupby(merged, key=itemgetter(0)):
        yield [(number, row) for _, number, row in found]


def _numbered(number: int, rows: Iterator[Row]) -> Iterator[tuple[str, int, Row]]:
    for row in rows:
        yield row[0], number, row


class Settling:
    """Decides, key by key, which rows of a tree stay, and notes which nodes are not as they were."""

    def __init__(self, tree: Tree) -> None:
        self._owners = [node for node in tree.nodes for _ in node.run]
        self.altered = {node.id for node in tree.nodes if len(node.run) > 1}

    def settle(self, found: Sequence[tuple[int, Row]]) -> dict[LayerId, Row]:
        """The rows of one key that stay, by node, each node after its parent."""
        rows: dict[LayerId, Row] = {}
        nodes: dict[LayerId, Node] = {}
        for number, row in found:
            node = self._owners[number]
            rows[node.id] = row  # of a run's layers the newest comes last
            nodes[node.id] = node
        kept: dict[LayerId, Row] = {}
        for id_, node in nodes.items():
            if _is_seen(node, rows) and (rows[id_][2] is not None or _hides(node, kept)):
                kept[id_] = rows[id_]
            else:
                self.altered.add(id_)
        return kept


def _is_seen(node: Node, rows: dict[LayerId, Row]) -> bool:
    """Whether some snapshot over this node has no newer row of the key."""
    return node.top or any(child.id not in rows and _is_seen(child, rows) for child in node.children)


def _hides(node: Node, kept: dict[LayerId, Row]) -> bool:
    """Whether a removal in this node takes away a record below it."""
    below = node.parent
    while below is not None:
        if below.id in kept:
            return kept[below.id][2] is not None
        below = below.parent
    return False
