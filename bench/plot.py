# SPDX-License-Identifier: BSD-2-Clause
"""Plots in SVG that can be read on white and on black."""

import math
from xml.sax.saxutils import escape

COLOURS = ("#2f7ed8", "#e08214", "#8a63b8", "#4d9221")
STYLE = """<style>
text { font: 12px sans-serif; fill: #333 }
.title { font-weight: bold; font-size: 14px }
.small { font-size: 11px }
.end { text-anchor: end }
.mid { text-anchor: middle }
.axis { stroke: #888; fill: none }
.grid { stroke: #888; stroke-opacity: .25; fill: none }
.guide { stroke: #888; stroke-dasharray: 5 4; fill: none }
@media (prefers-color-scheme: dark) { text { fill: #ddd } }
</style>"""


class Drawing:
    """SVG elements."""

    def __init__(self, width, height):
        self.parts = [
            '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
            'viewBox="0 0 %d %d">' % (width, height, width, height), STYLE]

    def text(self, x, y, words, kind=""):
        """Adds a text."""
        self.parts.append('<text x="%.1f" y="%.1f" class="%s">%s</text>' % (
            x, y, kind, escape(words)))

    def line(self, x1, y1, x2, y2, kind):
        """Adds a straight line."""
        self.parts.append('<path d="M%.1f %.1fL%.1f %.1f" class="%s"/>' % (
            x1, y1, x2, y2, kind))

    def bar(self, x, y, width, height, colour):
        """Adds a filled rectangle."""
        self.parts.append(
            '<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>' %
            (x, y, width, height, colour))

    def curve(self, points, colour):
        """Adds dots and the lines between them."""
        self.parts.append(
            '<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>'
            % (" ".join("%.1f,%.1f" % x for x in points), colour))
        for x, y in points:
            self.parts.append('<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"/>'
                              % (x, y, colour))

    def done(self):
        """Returns the file's text."""
        return "\n".join(self.parts + ["</svg>", ""])


def bars(title, groups, series, label):
    """Returns horizontal bars; series: {name: a value for each group}."""
    names = list(series)
    left, width, thick, gap = 90, 560, 16, 14
    height = 70 + len(groups) * (len(names) * thick + gap)
    drawing = Drawing(left + width + 70, height)
    drawing.text(10, 20, title, "title")
    x = left
    for name, colour in zip(names, COLOURS):
        drawing.bar(x, 32, 10, 10, colour)
        drawing.text(x + 15, 42, name)
        x += 35 + 7 * len(name)
    most = max(v for values in series.values() for v in values)
    y = 58
    for i, group in enumerate(groups):
        drawing.text(left - 8, y + len(names) * thick / 2 + 4, group, "end")
        for name, colour in zip(names, COLOURS):
            length = width * series[name][i] / most
            drawing.bar(left, y, length, thick - 3, colour)
            drawing.text(left + length + 5, y + 11, label(series[name][i]),
                         "small")
            y += thick
        y += gap
    drawing.line(left, 52, left, height - 12, "axis")
    return drawing.done()


def _decades(values):
    low = math.floor(math.log10(min(values)) + 1e-9)
    high = math.ceil(math.log10(max(values)) - 1e-9)
    return low, max(high, low + 1)


def _number(exponent):
    if -3 <= exponent < 3:
        return "%g" % 10 ** exponent
    for unit, power in (("G", 9), ("M", 6), ("k", 3)):
        if exponent >= power:
            return "%g %s" % (10 ** (exponent - power), unit)
    return "1e%d" % exponent


def growth(title, x_name, points):
    """Returns a log-log plot of the points, with lines of slope 1."""
    left, top, width, height = 70, 40, 420, 300
    x_low, x_high = _decades([x for x, _ in points])
    y_low, y_high = _decades([y for _, y in points])
    drawing = Drawing(left + width + 20, top + height + 50)

    def place(x, y):
        return (left + width * (x - x_low) / (x_high - x_low),
                top + height * (y_high - y) / (y_high - y_low))

    drawing.text(10, 20, title, "title")
    for x in range(x_low, x_high + 1):
        drawing.line(*place(x, y_low), *place(x, y_high), "grid")
        drawing.text(place(x, y_low)[0], top + height + 18, _number(x), "mid")
    for y in range(y_low, y_high + 1):
        drawing.line(*place(x_low, y), *place(x_high, y), "grid")
        drawing.text(left - 6, place(x_low, y)[1] + 4, _number(y), "end")
    # y = x + c, for every decade in which it is within the box
    for c in range(y_low - x_high + 1, y_high - x_low):
        x1, x2 = max(x_low, y_low - c), min(x_high, y_high - c)
        drawing.line(*place(x1, x1 + c), *place(x2, x2 + c), "guide")
    drawing.curve([place(math.log10(x), math.log10(y)) for x, y in points],
                  COLOURS[0])
    drawing.text(left + width / 2, top + height + 40, x_name, "mid")
    drawing.text(left, top - 6, "dashed: slope 1", "small")
    return drawing.done()
