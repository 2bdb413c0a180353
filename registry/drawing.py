"""A picture drawn on the server, as SVG: for the page without script, for download and for the PDF.

Only presentation attributes, so that it passes a strict content security policy and WeasyPrint alike. ``data`` gives
the same places and colours to the page's script: the picture is the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from typing import Any, Generic, NamedTuple, TypeVar

from foi_portal.ui.formats import plain
from registry import layout
from registry.graph import Severity
from registry.impact import WORDS
from registry.layout import Arc, Item, Layout, Point
from registry.picture import Box, Edge, Node, Picture

FONT = "IBM Plex Sans, Liberation Sans, Arial, Helvetica, sans-serif"
SIZE, SMALL, LINE, SMALL_LINE = 13, 11.5, 17, 15
WIDEST, WIDEST_WORD, MOST_LINES = 156, 220, 3
PAD_X, PAD_Y, EDGE = 12, 6, 10
FLAT = 1.5  # a line that rises less is drawn level
FRAME_X, FRAME_TOP, FRAME_BOTTOM, INNER_GAP = 12, 36, 12, 40

INK, SOFT, LINE_COLOUR, SUNKEN, ACCENT = "#1a1a1a", "#454545", "#8e8e8e", "#f5f5f5", "#12436d"
BAD, WARN, WHITE = "#cc0000", "#8a5200", "#ffffff"
# Border colour, width and dashes of a node by how hard it is hit: never colour alone.
BORDERS = {
    Severity.CRITICAL: (BAD, 2.5, ""),
    Severity.DEGRADED: (WARN, 2, "6 3"),
    Severity.MINOR: (SOFT, 1.5, "2 3"),
    None: (LINE_COLOUR, 1, ""),
}
LINES = {
    Severity.CRITICAL: (SOFT, 2.4, ""),
    Severity.DEGRADED: (LINE_COLOUR, 1.5, ""),
    Severity.MINOR: (LINE_COLOUR, 1.5, "5 4"),
}
PART = (LINE_COLOUR, 1.2, "1.5 3")
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# Widths in thousandths of the size, a little more than the font's own: other fonts may stand in for it.
_WIDTHS = {
    **dict.fromkeys("iljI.,:;'|!", 300),
    **dict.fromkeys("ftr()[]/- ", 390),
    **dict.fromkeys("mwMW@%æÆœ", 920),
    **dict.fromkeys("ABCDEFGHJKLNOPQRSTUVXYZÅØ&", 690),
}


T = TypeVar("T", Node, Box)


@dataclass(frozen=True)
class Shape(Generic[T]):
    """A node or frame with its place (the centre) and the lines of text in it."""

    of: T
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]
    caption: tuple[str, ...] = ()

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def top(self) -> float:
        return self.y - self.height / 2


@dataclass(frozen=True, slots=True)
class Line:
    """An edge with its first and last point, and the control points of the curve between them."""

    edge: Edge
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The whole drawing; frames lie under lines, lines under nodes."""

    width: float
    height: float
    frames: tuple[Shape[Box], ...]
    lines: tuple[Line, ...]
    nodes: tuple[Shape[Node], ...]


def text_width(text: str, size: float = SIZE) -> float:
    return sum(_WIDTHS.get(letter, 590) for letter in text) * size / 1000


def wrapped(text: str, widest: float = WIDEST, most: int = MOST_LINES, size: float = SIZE) -> tuple[str, ...]:
    """The text in lines no wider than ``widest``, or a long word; the last of ``most`` ends in an ellipsis if cut."""
    words = []
    for word in text.split():
        rest = word
        while text_width(rest, size) > max(widest, WIDEST_WORD):
            cut = next(n for n in range(len(rest), 0, -1) if n == 1 or text_width(rest[:n], size) <= widest)
            words.append(rest[:cut])
            rest = rest[cut:]
        words.append(rest)
    lines: list[str] = []
    for word in words:
        if lines and text_width(f"{lines[-1]} {word}", size) <= widest:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if len(lines) > most:
        lines = lines[:most]
        while lines[-1] and text_width(f"{lines[-1]}…", size) > widest:
            lines[-1] = lines[-1][:-1]
        lines[-1] = f"{lines[-1].rstrip()}…"
    return tuple(lines)


def drawn(picture: Picture) -> Drawn:
    """Every node, frame and line of the picture with its place.

    A frame is laid out by itself first, with a port on its border for each node in it that has lines to the outside;
    then it is one item among the others.
    """
    nodes = {node.id: node for node in picture.nodes}
    shapes = {node.id: _shape(node) for node in picture.nodes}
    inside: dict[str, list[Node]] = {box.id: [] for box in picture.boxes}
    for node in picture.nodes:
        if node.box:
            inside[node.box].append(node)
    top = {node.id: node.box or node.id for node in picture.nodes}  # what it is part of on the outside
    order = {node.id: node.order for node in picture.nodes if not node.box}
    order |= {box: min((node.order for node in members), key=abs) for box, members in inside.items()}
    arcs = {edge: _arc(edge, nodes) for edge in picture.edges}
    across = {edge: Arc(top[a], top[b], edge) for edge, (a, b) in arcs.items() if top[a] != top[b]}
    turned = layout.turned_arcs([Item(key, 0, 0, n) for key, n in order.items()], across.values())

    ports: dict[str, set[_Port]] = {box: set() for box in inside}
    for edge, arc in across.items():
        a, b = arcs[edge]
        out = -1 if turned[arc] else 1
        for key, side in ((a, out), (b, -out)):
            if nodes[key].box:
                ports[nodes[key].box].add(_Port(key, side))
    inner = {}
    for box, members in inside.items():
        own = [pair for edge, pair in arcs.items() if edge not in across and top[pair[0]] == box]
        inner[box] = _inside(members, shapes, own, ports[box])

    sizes = {key: (shapes[key].width, shapes[key].height) for key in order if key in shapes}
    frames = {box.id: _frame(box, inner[box.id]) for box in picture.boxes}
    sizes |= {box: (frame.width, frame.height) for box, frame in frames.items()}
    items = [Item(key, *sizes[key], order[key]) for key in sorted(order, key=lambda k: (abs(order[k]), k))]

    def port(node: str, side: int) -> float | None:
        box = nodes[node].box
        if not box:
            return None
        return _head(frames[box].lines) + inner[box].places[_Port(node, side)][1] - frames[box].height / 2

    placed: dict[Edge, Arc] = {}
    for edge, arc in across.items():
        a, b = arcs[edge]
        out = -1 if turned[arc] else 1
        placed[edge] = arc._replace(leaves=port(a, out), meets=port(b, -out))
    outer = layout.layered(items, placed.values())
    return _assembled(picture, shapes, frames, inner, outer, arcs, placed)


class _Port(NamedTuple):
    """The place on a frame's border where a node's lines go out: at the left (-1) or the right (1)."""

    node: str
    side: int


def _arc(edge: Edge, nodes: Mapping[str, Node]) -> tuple[str, str]:
    """Left and right end of an edge: user and used; for parts what fails first is to the right."""
    source, target = nodes[edge.source], nodes[edge.target]
    if edge.part and source.order > target.order:
        return target.id, source.id
    return source.id, target.id


def _inside(
    members: Sequence[Node],
    shapes: Mapping[str, Shape[Node]],
    arcs: Iterable[tuple[str, str]],
    ports: Iterable[_Port],
) -> Layout:
    items = [Item(n.id, shapes[n.id].width, shapes[n.id].height, n.order) for n in members]
    items += [Item(port, 0, 0, edge=port.side) for port in sorted(ports)]
    inner = [Arc(a, b) for a, b in arcs]
    inner += [Arc(port, port.node) if port.side < 0 else Arc(port.node, port) for port in sorted(ports)]
    return layout.layered(items, inner, INNER_GAP)


def _frame(box: Box, inside: Layout) -> Shape[Box]:
    lines = wrapped(box.label, max(WIDEST, inside.width - 24), 2)
    width = max(inside.width, max(map(text_width, lines)) + 32) + 2 * FRAME_X
    return Shape(box, 0, 0, width, inside.height + _head(lines) + FRAME_BOTTOM, lines)


def _head(lines: Sequence[str]) -> float:
    """Height of a frame's head."""
    return FRAME_TOP + (len(lines) - 1) * LINE


def _shape(node: Node) -> Shape[Node]:
    lines = wrapped(node.label)
    caption = tuple(line for part in node.caption for line in wrapped(part, WIDEST_WORD, size=SMALL))
    widths = [text_width(line) for line in lines] + [text_width(line, SMALL) for line in caption]
    height = len(lines) * LINE + len(caption) * SMALL_LINE + 2 * PAD_Y
    return Shape(node, 0, 0, max(widths) + 2 * PAD_X, height, lines, caption)


def _assembled(
    picture: Picture,
    shapes: Mapping[str, Shape[Node]],
    frames: Mapping[str, Shape[Box]],
    inner: Mapping[str, Layout],
    outer: Layout,
    arcs: Mapping[Edge, tuple[str, str]],
    placed: Mapping[Edge, Arc],
) -> Drawn:
    """Everything where it belongs, seen from the drawing's top left corner."""
    corner: dict[str, Point] = {"": (EDGE, EDGE)}
    put_frames = {}
    for box, frame in frames.items():
        x, y = outer.places[box]
        put_frames[box] = replace(frame, x=x + EDGE, y=y + EDGE)
        slack = (frame.width - inner[box].width) / 2
        corner[box] = (EDGE + x - frame.width / 2 + slack, EDGE + y - frame.height / 2 + _head(frame.lines))

    def moved(points: Iterable[Point], box: str) -> list[Point]:
        left, top = corner[box]
        return [(x + left, y + top) for x, y in points]

    put = {}
    for node in picture.nodes:
        place = (inner[node.box] if node.box else outer).places[node.id]
        [(x, y)] = moved([place], node.box)
        put[node.id] = replace(shapes[node.id], x=x, y=y)
    box_of = {node.id: node.box for node in picture.nodes}
    lines = []
    for edge, (a, b) in arcs.items():
        if edge in placed:
            points = moved(outer.routes[placed[edge]], "")
            out = 1 if points[0][0] < points[-1][0] else -1
            if box_of[a]:
                points = moved(_way_out(inner[box_of[a]], _Port(a, out)), box_of[a]) + points
            if box_of[b]:
                points += reversed(moved(_way_out(inner[box_of[b]], _Port(b, -out)), box_of[b]))
        else:
            points = moved(inner[box_of[a]].routes[Arc(a, b)], box_of[a])
        if (a, b) != (edge.source, edge.target):
            points.reverse()
        lines.append(Line(edge, tuple(_curve(points))))
    return Drawn(
        outer.width + 2 * EDGE,
        outer.height + 2 * EDGE,
        tuple(put_frames.values()),
        tuple(lines),
        tuple(put.values()),
    )


def _way_out(inside: Layout, port: _Port) -> list[Point]:
    """From a node in a frame to its port."""
    if port.side > 0:
        return inside.routes[Arc(port.node, port)]
    return inside.routes[Arc(port, port.node)][::-1]


def _curve(points: Sequence[Point]) -> list[Point]:
    """First point, control points and last point of a curve along the route: level in the columns, bent between them.

    The curve runs through the middles of the lines between control points. One as far inside a level stretch as the
    middle of the gap is outside it makes the bend begin where the column ends.
    """
    corners = [points[0]]
    for point, following in pairwise(points[1:]):
        if max(abs(corners[-1][1] - point[1]), abs(point[1] - following[1])) > FLAT:
            corners.append(point)
    corners.append(points[-1])
    controls: list[Point] = []
    bend = 0.0
    for (x, y), (next_x, next_y) in pairwise(corners):
        middle, reach = (x + next_x) / 2, (next_x - x) / 2
        if abs(y - next_y) > FLAT:
            came_x = controls[-1][0] if controls else corners[0][0]
            if abs(x - came_x) > abs(reach) + 1:
                controls.append((_towards(x, came_x, abs(reach)), y))
            controls += [(middle, y), (middle, next_y)]
            bend = abs(reach)
        elif controls and abs(reach) > bend:
            controls.append((_towards(x, next_x, bend), y))
        elif controls and abs(reach) > 1:
            controls.append((middle, y))
    if not controls:
        controls = [((corners[0][0] + corners[-1][0]) / 2, corners[0][1])]
    return [corners[0], *controls, corners[-1]]


def _towards(start: float, goal: float, most: float) -> float:
    """From ``start`` on the way to ``goal``, but no longer than ``most``."""
    return start + max(-most, min(most, goal - start))


# --- SVG ----------------------------------------------------------------------------------------------------


def svg(
    picture: Picture,
    toggle: Callable[[tuple[str, ...]], str] | None = None,
    base: str = "",
    legend: bool = True,
    plan: Drawn | None = None,
) -> str:
    """The picture as an SVG element. Empty text when there is nothing to draw.

    ``toggle`` makes the address where other boxes are open; without it boxes do not open. ``base`` is put before the
    addresses of assets, for a file that lives outside the portal. ``plan`` is the picture ``drawn`` already.
    """
    if not picture.nodes:
        return ""
    plan = plan or drawn(picture)
    rows = _legend(picture, plan) if legend else []
    width = max(plan.width, 340 if legend else 0)
    height = plan.height + len(rows) * 22 + (12 if rows else 0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}"'
        f' height="{_n(height)}" role="group" aria-labelledby="picture-title" aria-describedby="picture-desc"'
        f' font-family="{FONT}" font-size="{SIZE}" fill="{INK}">',
        f'<title id="picture-title">{_escaped(picture.title)}</title>',
        f'<desc id="picture-desc">{_escaped(describe(picture))}</desc>',
        _markers(),
        *(_frame_svg(frame, toggle, base) for frame in plan.frames),
        *(_line_svg(line, picture) for line in sorted(plan.lines, key=lambda line: line.edge.importance)),
        *(_node_svg(node, toggle, base) for node in plan.nodes),
    ]
    for at, row in enumerate(rows):
        parts.append(f'<g transform="translate(0 {_n(plan.height + 14 + at * 22)})">{row}</g>')
    return "\n".join([*parts, "</svg>"])


def _escaped(text: str) -> str:
    """Text that is safe between tags and in an attribute. What may not stand in XML becomes a replacement sign."""
    return escape(NOT_IN_XML.sub("\ufffd", text))


def describe(picture: Picture) -> str:
    """What the picture shows, in a sentence or two for those who cannot see it."""
    assets = sum(node.count for node in picture.nodes)
    boxes, lines = plain(len(picture.nodes)), plain(len(picture.edges))
    text = f"{boxes} bokse for {plain(assets)} komponenter og fagsystemer og {lines} streger imellem dem."
    return f"{text} {DIRECTION} {picture.note}".strip()


DIRECTION = "Pilen går fra den, der bruger, til det, der bruges: A → B betyder, at A bruger B."


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _markers() -> str:
    heads = [
        f'<marker id="arrow-{name}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8"'
        f' markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.5 8 4 0 7.5z" fill="{colour}"/></marker>'
        for name, colour in (("critical", SOFT), ("other", LINE_COLOUR))
    ]
    return f"<defs>{''.join(heads)}</defs>"


def _stroke(style: tuple[str, float, str]) -> str:
    colour, width, dashes = style
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'stroke="{colour}" stroke-width="{width}"{dashed}'


def _path(points: Sequence[Point]) -> str:
    """A curve through the middles of the lines between the control points, as Cytoscape draws it too."""
    (x, y), *controls, (last_x, last_y) = points
    text = f"M{_n(x)} {_n(y)}"
    for (x1, y1), (x2, y2) in pairwise(controls):
        text += f"Q{_n(x1)} {_n(y1)} {_n((x1 + x2) / 2)} {_n((y1 + y2) / 2)}"
    x, y = controls[-1]
    return f"{text}Q{_n(x)} {_n(y)} {_n(last_x)} {_n(last_y)}"


def _line_svg(line: Line, picture: Picture) -> str:
    edge = line.edge
    style = PART if edge.part else LINES[edge.importance]
    arrow = "" if edge.part else f' marker-end="url(#arrow-{"critical" if style[0] == SOFT else "other"})"'
    title = _escaped(edge_text(edge, {node.id: node for node in picture.nodes}))
    return f'<path d="{_path(line.points)}" fill="none" {_stroke(style)}{arrow}><title>{title}</title></path>'


def edge_text(edge: Edge, nodes: Mapping[str, Node]) -> str:
    """«KY bruger SP: stopper, 3 afhængigheder»."""
    source, target = nodes[edge.source].label, nodes[edge.target].label
    if edge.part:
        return f"{source} er en del af {target}"
    count = f", {edge.count} afhængigheder" if edge.count > 1 else ""
    return f"{source} bruger {target}: {WORDS[edge.importance].lower()}{count}"


def _texts(shape: Shape[Node], colour: str) -> str:
    y = shape.y - (len(shape.lines) * LINE + len(shape.caption) * SMALL_LINE) / 2
    found = []
    for line in shape.lines:
        y += LINE
        found.append(
            f'<text x="{_n(shape.x)}" y="{_n(y - 4)}" text-anchor="middle" font-weight="600">{_escaped(line)}</text>'
        )
    for line in shape.caption:
        y += SMALL_LINE
        found.append(
            f'<text x="{_n(shape.x)}" y="{_n(y - 3)}" text-anchor="middle" font-size="{SMALL}">{_escaped(line)}</text>'
        )
    text = "\n".join(found)  # parted, so that words of different lines are not read as one
    return f'<g fill="{colour}">{text}</g>'


def _node_svg(shape: Shape[Node], toggle: Callable[[tuple[str, ...]], str] | None, base: str) -> str:
    node = shape.of
    fill, colour, style = colours(node)
    left, top = shape.left, shape.top
    box = f'x="{_n(left)}" y="{_n(top)}" width="{_n(shape.width)}" height="{_n(shape.height)}" rx="6"'
    behind = ""
    if node.is_box:  # looks like a pile
        behind = (
            f'<rect x="{_n(left + 4)}" y="{_n(top + 4)}" width="{_n(shape.width)}" height="{_n(shape.height)}" rx="6"'
            f' fill="{WHITE}" stroke="{LINE_COLOUR}" stroke-width="1"/>'
        )
    shown = f'{behind}<rect {box} fill="{fill}" {_stroke(style)}/>{_texts(shape, colour)}'
    if toggle is not None and node.toggled is not None:
        return _link(toggle(node.toggled), f"Åbn {node.text}", shown)
    if node.href:
        return _link(base + node.href, node.text, shown)
    return f"<g><title>{_escaped(node.text)}</title>{shown}</g>"


def _link(href: str, name: str, shown: str) -> str:
    """A link in the drawing; its title is its name to those who listen."""
    return f'<a href="{_escaped(href)}"><title>{_escaped(name)}</title>{shown}</a>'


def colours(node: Node) -> tuple[str, str, tuple[str, float, str]]:
    """Background, text and border of a node."""
    if node.role in ("focus", "failed", "asked"):
        return ACCENT, WHITE, (ACCENT, 1, "")
    if node.role == "down":
        return SOFT, WHITE, (SOFT, 1, "")
    return SUNKEN if node.kind in ("system", "department") else WHITE, INK, BORDERS[node.severity]


def _frame_svg(shape: Shape[Box], toggle: Callable[[tuple[str, ...]], str] | None, base: str) -> str:
    box = shape.of
    left, top = shape.left, shape.top
    rect = (
        f'<rect x="{_n(left)}" y="{_n(top)}" width="{_n(shape.width)}" height="{_n(shape.height)}" rx="8"'
        f' fill="#fafafa" stroke="{LINE_COLOUR}" stroke-width="1"/>'
    )
    text = "".join(
        f'<text x="{_n(left + 12)}" y="{_n(top + 22 + at * LINE)}" font-weight="600" fill="{SOFT}">'
        f"{_escaped(line)}</text>"
        for at, line in enumerate(shape.lines)
    )
    if box.href:
        text = _link(base + box.href, box.label, text)
    close = ""
    if toggle is not None:
        x, y = left + shape.width - 22, top + 18
        button = (
            f'<rect x="{_n(x - 12)}" y="{_n(y - 12)}" width="24" height="24" rx="4" fill="{WHITE}"'
            f' stroke="{LINE_COLOUR}"/>'
            f'<path d="M{_n(x - 5)} {_n(y)}h10" stroke="{INK}" stroke-width="2" fill="none"/>'
        )
        close = _link(toggle(box.toggled), f"Luk {box.label}", button)
    return f"<g>{rect}{text}{close}</g>"


def legend_items(picture: Picture) -> list[tuple[str, tuple[str, float, str], str]]:
    """What the legend explains, of what is in the picture: shape (node, line or part), style, text."""
    found: list[tuple[str, tuple[str, float, str], str]] = []
    present = {node.severity for node in picture.nodes}
    for severity, text in WORDS.items():
        if severity in present:
            found.append(("node", BORDERS[severity], f"{text}"))
    carried = {edge.importance for edge in picture.edges if not edge.part}
    for severity, text in WORDS.items():
        if severity in carried:
            found.append(("line", LINES[severity], f"{text}, hvis det brugte svigter"))
    if any(edge.part for edge in picture.edges):
        found.append(("part", PART, "Er en del af"))
    return found


def _legend(picture: Picture, plan: Drawn) -> list[str]:
    """Rows of the legend, no wider than the drawing."""
    keys = []
    for kind, style, text in legend_items(picture):
        if kind == "node":
            key = f'<rect x="1" y="-10" width="22" height="13" rx="3" fill="{WHITE}" {_stroke(style)}/>'
        else:
            arrow = (
                f' marker-end="url(#arrow-{"critical" if style[0] == SOFT else "other"})"'
                if kind == "line"
                else ""
            )
            key = f'<path d="M0 -4H24" fill="none" {_stroke(style)}{arrow}/>'
        keys.append((key, text))
    texts = [*((key, text) for key, text in keys), ("", DIRECTION), ("", SIDES[picture.view])]
    if any(n.kind in ("system", "department") for n in picture.nodes):
        texts.append(("", "Grå bund: fagsystemer."))
    if picture.note:
        texts.append(("", picture.note))
    rows, x, row = [], 0.0, ""
    widest = max(plan.width, 340)
    for key, text in texts:
        for at, line in enumerate(wrapped(text, widest - 50, 9, SMALL)):
            shown = key if at == 0 else ""
            indent = 30 if key else 0
            wide = indent + text_width(line, SMALL) + 20
            if row and (x + wide > widest or at):
                rows.append(row)
                x, row = 0.0, ""
            row += (
                f'<g transform="translate({_n(x + EDGE)} 0)">{shown}'
                f'<text x="{indent}" y="0" font-size="{SMALL}" fill="{SOFT}">{_escaped(line)}</text></g>'
            )
            x += wide
    return [*rows, row] if row else rows


SIDES = {
    "down": "Fejlen går mod pilene, fra højre mod venstre.",
    "up": "Til højre for det valgte står det, som det læner sig på.",
    "near": "Til venstre står de, der bruger det valgte. Til højre står det, som det bruger.",
}


# --- For the page's script ----------------------------------------------------------------------------------


def data(picture: Picture, plan: Drawn, toggle: Callable[[tuple[str, ...]], str]) -> dict[str, Any]:
    """The drawing for the page's script, ready for JSON: the same places, colours and words as in the SVG."""
    nodes = {node.id: node for node in picture.nodes}
    return {
        "width": plan.width,
        "height": plan.height,
        "frames": [
            {
                **_place(frame),
                "lines": frame.lines,
                "href": frame.of.href,
                "text": frame.of.label,
                "close": toggle(frame.of.toggled),
            }
            for frame in plan.frames
        ],
        "nodes": [_node_data(shape, toggle) for shape in plan.nodes],
        "lines": [
            {
                "source": line.edge.source,
                "target": line.edge.target,
                "points": [[round(x, 1), round(y, 1)] for x, y in line.points],
                "style": PART if line.edge.part else LINES[line.edge.importance],
                "arrow": not line.edge.part,
                "text": edge_text(line.edge, nodes),
            }
            for line in sorted(plan.lines, key=lambda line: line.edge.importance)
        ],
    }


def _place(shape: Shape[Any]) -> dict[str, Any]:
    return {
        "id": shape.of.id,
        "x": round(shape.x, 1),
        "y": round(shape.y, 1),
        "w": round(shape.width, 1),
        "h": round(shape.height, 1),
    }


def _node_data(shape: Shape[Node], toggle: Callable[[tuple[str, ...]], str]) -> dict[str, Any]:
    node = shape.of
    fill, ink, style = colours(node)
    opens = node.toggled is not None
    return {
        **_place(shape),
        "lines": shape.lines,
        "caption": shape.caption,
        "fill": fill,
        "ink": ink,
        "style": style,
        "pile": node.is_box,
        "middle": bool(node.role),
        "href": toggle(node.toggled) if node.toggled is not None else node.href,
        "text": f"Åbn {node.text}" if opens else node.text,
    }
