"""Resources that refer to each other, in an order in which the hub can store them."""

from collections.abc import Iterable, Iterator, Sequence

from profiles import Resource, references


def in_order(resources: Sequence[Resource], urls: Sequence[str], base: str) -> list[list[int]]:
    """Indexes of ``resources``: what is referred to stands before what refers to it.

    Resources that refer to each other in a ring (an Encounter and its Condition) are one list, to be
    stored together.  ``urls`` are the resources' full URLs below ``base``.
    """
    index = {url: at for at, url in enumerate(urls)}
    edges = [list(dict.fromkeys(_targets(resource, index, base))) for resource in resources]
    return _components(edges)


def chunks(groups: Iterable[list[int]], size: int) -> Iterator[list[int]]:
    """The groups joined to lists of at most ``size``; a group is cut only when it is larger than that."""
    chunk: list[int] = []
    for group in groups:
        if chunk and len(chunk) + len(group) > size:
            yield chunk
            chunk = []
        chunk = [*chunk, *group]
        while len(chunk) > size:
            yield chunk[:size]
            chunk = chunk[size:]
    if chunk:
        yield chunk


def _targets(resource: Resource, index: dict[str, int], base: str) -> Iterator[int]:
    for _, holder in references(resource):
        written = str(holder["reference"]).partition("/_history/")[0]
        at = index.get(written, index.get(f"{base}/{written}"))
        if at is not None:
            yield at


def _components(edges: list[list[int]]) -> list[list[int]]:
    """Strongly connected components, targets before sources (Tarjan 1972, with its own stack: chains are long)."""
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    open_nodes: list[int] = []
    is_open: set[int] = set()
    found: list[list[int]] = []
    for root in range(len(edges)):
        path = [(root, iter(edges[root]))] if root not in order else []
        while path:
            node, targets = path[-1]
            if node not in order:
                order[node] = low[node] = len(order)
                open_nodes.append(node)
                is_open.add(node)
            target = next(targets, None)
            if target is None:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == order[node]:
                    found.append(sorted(_cut(open_nodes, node)))
                    is_open.difference_update(found[-1])
            elif target not in order:
                path.append((target, iter(edges[target])))
            elif target in is_open:
                low[node] = min(low[node], order[target])
    return found


def _cut(stack: list[int], node: int) -> list[int]:
    """Take ``node`` and all above it off the stack."""
    taken = [stack.pop()]
    while taken[-1] != node:
        taken.append(stack.pop())
    return taken
