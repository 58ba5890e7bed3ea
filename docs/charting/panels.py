"""The panels that charts are made of, one under the other, with the time in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib import dates
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from bot.domain.fill import Fill
from bot.domain.order import Side

Times: TypeAlias = npt.NDArray[np.datetime64]
Values: TypeAlias = npt.NDArray[Any]

BLUE, ORANGE, GREEN, PURPLE, SKY, GREY = "#0072B2", "#D55E00", "#009E73", "#AA4499", "#56B4E9", "#666666"
"""Colours that the colour-blind tell apart, most of them Okabe and Ito's."""

MOST_POINTS = 250
"""Points of a line; of more, only the lowest and the highest of each stretch are drawn."""

STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "gridbot",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.2,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "figure.facecolor": "white",
}


class Chart:
    """Panels over one span of time.

    Args:
        title: what is shown: the strategy, its parameters, the data and the span; of several lines, maybe.
        heights: of the panels, from above, in proportion.

    Attributes:
        figures: what the run comes to, in a line of text.
    """

    def __init__(self, title: str, heights: Iterable[float]) -> None:
        mpl.use("Agg")
        mpl.rcParams.update(STYLE)
        heights = list(heights)
        self._figure, panels = plt.subplots(
            len(heights), sharex=True, figsize=(9, 1.2 + 0.95 * sum(heights)), height_ratios=heights, squeeze=False
        )
        self._panels: list[Axes] = list(panels[:, 0])
        self._title = title
        self.figures = ""

    def panel(self, number: int, label: str) -> Axes:
        """A panel, counted from above from 0, with what its values are."""
        axes = self._panels[number]
        axes.set_ylabel(label)
        return axes

    def save(self, path: Path) -> None:
        """Write it, as SVG or what else the path's suffix says; the same chart gives the same file."""
        last = self._panels[-1]
        locator = dates.AutoDateLocator(minticks=5, maxticks=10)  # type: ignore[no-untyped-call]
        last.xaxis.set_major_locator(locator)
        formatter = dates.ConciseDateFormatter(locator, show_offset=False)  # type: ignore[no-untyped-call]
        last.xaxis.set_major_formatter(formatter)
        last.set_xlabel("time, UTC")
        last.margins(x=0.01)
        for axes in self._panels:
            if axes.get_legend_handles_labels()[1]:
                axes.legend(loc="lower left", bbox_to_anchor=(0, 0.99), ncols=5, borderaxespad=0.1, handlelength=1.5)
        self._figure.align_ylabels()
        self._figure.suptitle(self._title, x=0.01, ha="left", fontsize=10)
        self._figure.tight_layout(h_pad=0.6)
        metadata = {"Date": None, "Creator": None} if path.suffix == ".svg" else None
        self._figure.savefig(path, metadata=metadata)
        plt.close(self._figure)


def line(axes: Axes, times: Times, values: Values, label: str, colour: str, **how: Any) -> None:
    """A line through values, thinned out but for its extremes."""
    shown = thinned(values)
    axes.plot(times[shown], values[shown], color=colour, label=label, **how)


def area(axes: Axes, times: Times, values: Values, label: str, colour: str) -> None:
    """Values that hold until the next, filled down to zero."""
    changes = np.flatnonzero(np.diff(values, prepend=np.nan, append=np.nan)[: len(values)] != 0)
    shown = np.union1d(changes, [len(values) - 1])
    if len(shown) > MOST_POINTS:
        shown = thinned(values)
    axes.fill_between(times[shown], values[shown], step="post", color=colour, alpha=0.55, lw=0, label=label)
    axes.set_ylim(bottom=min(0, np.nanmin(values)))


def level(axes: Axes, value: float, label: str, ls: str = "--") -> None:
    """A bound, or what to compare with."""
    axes.axhline(value, color=GREY, lw=1, ls=ls, label=label)


def fills(axes: Axes, done: Iterable[Fill]) -> None:
    """Buys as triangles that point up, sells as ones that point down, where and at what price they filled."""
    done = list(done)
    looks = ((Side.BUY, "^", BLUE, "buys"), (Side.SELL, "v", ORANGE, "sells"))
    for side, marker, colour, name in looks:
        found = [fill for fill in done if fill.side is side]
        marks(axes, found, marker, colour, f"{len(found)} {name}, {sum(fill.quantity for fill in found)} units")


def marks(axes: Axes, done: Sequence[Fill], marker: str, colour: str, label: str) -> None:
    """A marker for each fill; nothing, and no label, where there is none."""
    if done:
        at, prices = [moment_of(fill.executed_at) for fill in done], [float(fill.price) for fill in done]
        axes.plot(
            np.array(at), prices, marker, color=colour, ms=5.5, mec="white", mew=0.4, ls="", label=label, zorder=3
        )


def spans(axes: Axes, times: Times, where: npt.NDArray[np.bool_], label: str) -> None:
    """Shade the times at which something is so."""
    edges = np.flatnonzero(np.diff(where, prepend=False, append=False))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        until = times[min(end, len(times) - 1)]
        axes.axvspan(times[begin], until, color=PURPLE, lw=1, label=label)
        label = "_"  # named once


def moment_of(at: datetime) -> np.datetime64:
    """A moment, as numpy has it: UTC, without saying so."""
    return np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "ns")


def runway(stock: Values, asked: Values) -> Values:
    """Hours that a stock lasts at the use of the last hour, at most 12; both in units, minute by minute."""
    minutes = np.minimum(np.arange(1, len(asked) + 1), 60)
    lately = np.convolve(asked, np.ones(60))[: len(asked)] / minutes * 60
    hours = np.divide(stock, lately, out=np.full(len(asked), np.nan), where=lately > 0)
    shown: Values = np.minimum(hours, 12)
    return shown


def thinned(values: Values) -> npt.NDArray[np.int64]:
    """The numbers of the values to draw: the lowest and the highest of each stretch."""
    if len(values) <= MOST_POINTS:
        return np.arange(len(values))
    kept = [0, len(values) - 1]
    for stretch in np.array_split(np.arange(len(values)), MOST_POINTS // 2):
        known = stretch[~np.isnan(values[stretch])]
        if len(known):
            kept += [known[np.argmin(values[known])], known[np.argmax(values[known])]]
    return np.unique(np.array(kept, dtype=np.int64))
