/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Windows over time: the window of who receives, what is in flight, the right edge; and, shaded,
 * when the sender had to wait. Drawn by uPlot on canvas, in the colours of the page.
 */

/* A colour of the style sheet as it is now: light, dark or on paper. */
function plotColor(name) {
	const probe = byId("theme");
	let found;

	probe.style.color = `var(${name})`;
	found = getComputedStyle(probe).color;
	probe.style.color = "";
	return found;
}

/*
 * The columns as they are drawn: from the connection's first packet, where nothing is known yet and
 * the wait for it was short, to its last one, with times that never go back. acked is the edge less the window, which is of the
 * same segment. lead: how many places the points come later in them.
 */
function plotColumns(direction, duration) {
	const lead = direction.time[0] > 0 && direction.time[0] < duration / 4 ? 1 : 0;
	const before = lead ? [null] : [];
	const effective = [...before, ...direction.effective], edge = [...before, ...direction.edge];
	const flight = [...before, ...direction.in_flight];
	const x = [...(lead ? [0] : []), ...direction.time];

	for (let i = 1; i < x.length; i++)
		x[i] = Math.max(x[i], x[i - 1]);
	if (x.length && duration > x[x.length - 1]) {
		x.push(duration);
		for (const column of [effective, flight, edge])
			column.push(column[column.length - 1]);
	}
	const acked = edge.map((value, i) => value === null || effective[i] === null ? null
		: value - effective[i]);

	return { x, effective, flight, edge, acked, lead };
}

/* Waits for a full window are the sender's only where the record says that it was limited. */
function plotWaits(direction, record) {
	return {
		closed: direction.closed.list,
		full: record.limited === "yes" ? direction.full.list : [],
	};
}

/* Behind the lines; a wait shorter than a pixel is as wide as one. */
function plotShade(u, waits) {
	const { left, top, width, height } = u.bbox;

	for (const kind of ["full", "closed"]) {
		u.ctx.fillStyle = plotColor(`--plot-${kind}`);
		for (const [from, to] of waits[kind]) {
			const a = Math.max(u.valToPos(from, "x", true), left);
			const b = Math.min(u.valToPos(to, "x", true), left + width);

			if (b >= left && a <= left + width)
				u.ctx.fillRect(a, top, Math.max(b - a, 1), height);
		}
	}
}

/* Bytes are counted in powers of two. */
const PLOT_BYTE_STEPS = Array.from({ length: 45 }, (_, i) => 2 ** i);

function plotAxes(label) {
	const axis = { stroke: () => plotColor("--dim"), font: "12px system-ui, sans-serif",
		grid: { stroke: () => plotColor("--plot-grid"), width: 1 },
		ticks: { stroke: () => plotColor("--plot-grid"), width: 1, size: 4 } };

	return [{ ...axis, size: 34, space: 90, values: plotTicks },
		{ ...axis, size: 74, incrs: PLOT_BYTE_STEPS, values: (u, ticks) => ticks.map((t) => bytes(t)), label,
			labelSize: 18, labelFont: "12px system-ui, sans-serif" }];
}

/* Times on the axis in one unit, by how much of them is shown. */
function plotTicks(u, ticks) {
	const shown = u.scales.x.max - u.scales.x.min;
	const [factor, unit] = shown > 0.5 ? [1, "s"] : shown > 5e-4 ? [1e3, "ms"] : [1e6, "µs"];

	return ticks.map((t) => `${Number((t * factor).toPrecision(9))} ${unit}`);
}

const plotSteps = uPlot.paths.stepped({ align: 1 });

function plotLine(label, color, extra) {
	return { label, stroke: () => plotColor(color), width: 1.6, paths: plotSteps,
		points: { show: false }, ...extra };
}

/* One chart; both of a plot share their time and their cursor. */
function plotChart({ box, label, height, columns, series, waits, key, top, moved, zoomed }) {
	const u = new uPlot({
		width: Math.max(box.clientWidth, 240),
		height,
		padding: [8, 10, 0, 0],
		legend: { show: false },
		cursor: { sync: { key }, drag: { x: true, y: false }, points: { size: 6 }, y: false },
		scales: { x: { time: false }, y: { range: (self, low, high) => [0, top(high)] } },
		axes: plotAxes(label),
		series: [{}, ...series],
		hooks: {
			drawClear: [(self) => plotShade(self, waits)],
			setCursor: [(self) => moved(self.cursor.idx)],
			setScale: [(self, scale) => scale === "x" && zoomed(self)],
		},
	}, columns, box);

	return u;
}

/* ---- words on a plot ---- */

function plotKey(color, text, area) {
	const mark = el("i", { class: area ? "area" : null, "aria-hidden": "true" });

	mark.style.background = `var(${color})`;
	return el("span", { class: "key" }, mark, text);
}

function plotTotal(waits) {
	return waits.reduce((sum, [from, to]) => sum + to - from, 0);
}

/* What was thinned out or is not there is said where it is drawn. */
function plotHints(direction, record, duration) {
	const hints = [];

	if (direction.interval_s) {
		hints.push(`Thinned out: of each ${seconds(direction.interval_s)} one point, the smallest ` +
			"window with the most bytes in flight. --series has every change.");
	}
	if (direction.late)
		hints.push("The beginning is not here: it came before the capture, or was not kept.");
	if (direction.effective.every((value) => value === null)) {
		hints.push("The window in bytes is not known, since it is not known whether it is scaled: " +
			"only what is in flight is drawn.");
	}
	if (direction.closed.shorter) {
		hints.push(`${counted(direction.closed.shorter, "more time")} the window was closed, for ` +
			`${seconds(direction.closed.shorter_s)} together, are too short to be shaded.`);
	}
	if (record.limited === "yes" && direction.full.shorter) {
		hints.push(`${counted(direction.full.shorter, "shorter wait")} for a full window, ` +
			`${seconds(direction.full.shorter_s)} together, are not shaded.`);
	}
	if (record.limited === "unknown" && plotTotal(direction.full.list) > duration / 10) {
		hints.push("Whether a full window held the sender up cannot be told from this capture: " +
			"it is short, or was made far from the sender.");
	}
	return hints.map((hint) => el("p", { class: "hint" }, hint));
}

/* The longest times that the window was closed, as a table: the same for those who do not see it. */
function plotWaitTable(waits) {
	const most = 8;
	const longest = waits.closed.slice().sort((a, b) => (b[1] - b[0]) - (a[1] - a[0]));

	if (!longest.length)
		return null;
	return el("div", null,
		el("h3", null, longest.length > most ? `The ${most} longest stalls` : "Stalls"),
		el("table", { class: "facts" },
			el("thead", null, el("tr", null, ["window closed at", "for"].map((head) =>
				el("th", { scope: "col" }, head)))),
			el("tbody", null, longest.slice(0, most).map(([from, to]) => el("tr", null,
				el("td", null, `${from.toFixed(6)} s`), el("td", null, seconds(to - from)))))));
}

function plotSay(columns, direction, waits, files, i) {
	const at = columns.x[i], point = i - columns.lead;
	const inside = (list) => list.some(([from, to]) => at >= from && at < to);
	const words = [`${at.toFixed(6)} s`];

	if (point >= 0 && point < direction.packet.length) {
		words.push(packetName({ packet: direction.packet[point],
			file: direction.file && direction.file[point] }, files));
	}
	words.push(`window ${columns.effective[i] === null ? "not known"
		: `${count(columns.effective[i])} B`}`,
	`in flight ${columns.flight[i] === null ? "not known" : `${count(columns.flight[i])} B`}`);
	if (columns.edge[i] !== null)
		words.push(`right edge ${count(columns.edge[i])}`);
	if (inside(waits.closed))
		words.push("window closed");
	else if (inside(waits.full))
		words.push("window full");
	return words.join(" · ");
}

/* ---- a plot ---- */

const plotsShown = new Set();

class FlowPlot {
	/* Draws one direction into a box that is in the document already. */
	constructor(box, direction, record, duration, files) {
		this.direction = direction;
		this.waits = plotWaits(direction, record);
		this.columns = plotColumns(direction, duration);
		this.files = files;
		this.near = false;
		this.flightMost = Math.max(1, ...this.columns.flight.map((value) => value || 0));
		this.make(box, record, duration);
		this.charts = [this.chartWindow(), this.chartEdge()].filter((u) => u);
		this.box.wscope = this;
		plotsShown.add(this);
	}

	make(box, record, duration) {
		const known = this.direction.effective.some((value) => value !== null);

		this.at = el("span", { class: "at", "aria-live": "polite" });
		this.upper = el("div");
		this.lower = el("div");
		this.fit = button("Fit what is in flight", () => this.toggleFit(), { "aria-pressed": "false" });
		this.box = el("div", { class: "plot", tabindex: 0, role: "group",
			"aria-label": "Plot of window and bytes in flight. Left and right go from point to " +
				"point, plus and minus zoom, 0 shows all." }, this.upper, this.lower);
		this.box.addEventListener("keydown", (event) => this.key(event));
		append(box, [
			el("div", { class: "legend" },
				known && plotKey("--plot-window", "window of the receiver"),
				plotKey("--plot-flight", "bytes in flight"),
				known && plotKey("--plot-acked", "acknowledged (below)"),
				this.waits.closed.length > 0 &&
					plotKey("--plot-closed", "stall: window closed", true),
				this.waits.full.length > 0 &&
					plotKey("--plot-full", "window full, sender waits", true)),
			el("div", { class: "plot-tools" },
				button("+", () => this.zoom(0.5), { "aria-label": "zoom in" }),
				button("−", () => this.zoom(2), { "aria-label": "zoom out" }),
				button("All", () => this.all()), this.fit, this.at),
			this.box, plotHints(this.direction, record, duration), plotWaitTable(this.waits)]);
	}

	common(box, label, height, columns, series, top) {
		return plotChart({ box, label, height, columns, series, top, waits: this.waits,
			key: "wscope", moved: (i) => this.moved(i), zoomed: (u) => this.zoomed(u) });
	}

	chartWindow() {
		const fill = () => plotColor("--plot-flight").replace(/^rgb\((.*)\)$/, "rgba($1, 0.16)");

		return this.common(this.upper, "window, in flight", 260,
			[this.columns.x, this.columns.flight, this.columns.effective],
			[plotLine("in flight", "--plot-flight", { fill }),
				plotLine("window", "--plot-window", { width: 2 })],
			(high) => (this.near ? this.flightMost * 1.5 : Math.max(high || 0, 1) * 1.06));
	}

	/* Nothing to draw where no edge is known. */
	chartEdge() {
		if (this.columns.edge.every((value) => value === null))
			return null;
		return this.common(this.lower, "right edge", 190,
			[this.columns.x, this.columns.acked, this.columns.edge],
			[plotLine("acknowledged", "--plot-acked"),
				plotLine("right edge", "--plot-window", { width: 2 })],
			(high) => Math.max(high || 0, 1) * 1.04);
	}

	/* Zoomed one, zoomed both. */
	zoomed(u) {
		const { min, max } = u.scales.x;

		for (const other of this.charts || []) {
			if (other !== u && (other.scales.x.min !== min || other.scales.x.max !== max))
				other.setScale("x", { min, max });
		}
	}

	moved(i) {
		this.at.textContent = i === null || i === undefined ? ""
			: plotSay(this.columns, this.direction, this.waits, this.files, i);
	}

	span(min, max) {
		this.charts[0].setScale("x", { min, max });
	}

	all() {
		const x = this.columns.x;

		this.span(x[0], x[x.length - 1] > x[0] ? x[x.length - 1] : x[0] + 1e-6);
	}

	zoom(factor) {
		const u = this.charts[0], x = this.columns.x;
		const { min, max } = u.scales.x;
		const i = u.cursor.idx;
		const middle = i === null || i === undefined ? (min + max) / 2 : x[i];
		const half = (max - min) * factor / 2;
		const low = Math.max(middle - half, x[0]), high = Math.min(middle + half, x[x.length - 1]);

		if (high > low)
			this.span(low, high);
	}

	/* Where windows are far larger than what is in flight, that is a line on the ground. */
	toggleFit() {
		this.near = !this.near;
		this.fit.setAttribute("aria-pressed", String(this.near));
		this.charts[0].setScale("x", { ...this.charts[0].scales.x });
		this.charts[0].redraw(true, true);
	}

	point(i) {
		const u = this.charts[0], x = this.columns.x[i];

		if (x < u.scales.x.min || x > u.scales.x.max) {
			const half = (u.scales.x.max - u.scales.x.min) / 2;

			this.span(x - half, x + half);
		}
		u.setCursor({ left: u.valToPos(x, "x"), top: 10 });
		this.moved(i);
	}

	key(event) {
		const i = this.charts[0].cursor.idx, n = this.columns.x.length;
		const to = { ArrowRight: (i ?? -1) + 1, ArrowLeft: (i ?? 1) - 1, Home: 0,
			End: n - 1 }[event.key];

		if (event.altKey || event.ctrlKey || event.metaKey)
			return;
		if (to !== undefined)
			this.point(Math.min(Math.max(to, 0), n - 1));
		else if (event.key === "+" || event.key === "=")
			this.zoom(0.5);
		else if (event.key === "-")
			this.zoom(2);
		else if (event.key === "0")
			this.all();
		else
			return;
		event.preventDefault();
	}

	redraw() {
		for (const u of this.charts)
			u.redraw(false, true);
	}

	resize() {
		for (const u of this.charts)
			u.setSize({ width: Math.max(u.root.parentNode.clientWidth, 240), height: u.height });
	}
}

/* Those that are still in the document. */
function plotsEach(action) {
	for (const plot of plotsShown) {
		if (plot.box.isConnected)
			action(plot);
		else
			plotsShown.delete(plot);
	}
}
