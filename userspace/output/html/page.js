/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The page from top to bottom: culprits, what was seen, endpoints, connections. */

/* ---- light and dark ---- */

function isDark() {
	const asked = document.documentElement.dataset.theme;

	return asked ? asked === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function showTheme() {
	byId("theme").textContent = isDark() ? "Light" : "Dark";
	byId("theme").setAttribute("aria-pressed", String(isDark()));
	byId("theme").setAttribute("aria-label", "dark colours");
	plotsEach((plot) => plot.redraw());
}

function startTheme() {
	byId("theme").addEventListener("click", () => {
		document.documentElement.dataset.theme = isDark() ? "light" : "dark";
		showTheme();
	});
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showTheme);
	/* Paper is light: canvases are drawn anew for it, and back. */
	matchMedia("print").addEventListener("change", () => plotsEach((plot) => {
		plot.resize();
		plot.redraw();
	}));
	showTheme();
}

/* ---- culprits ---- */

function drawFields(list, into) {
	let last = null;

	for (const [label, words] of list) {
		/* A line without a label goes on with the one before. */
		if (!label && last) {
			append(last, [el("br"), words]);
			continue;
		}
		last = el("dd", { class: label === "advice" ? "advice" : null }, words);
		append(into, [el("dt", null, label), last]);
	}
	return into;
}

function drawCulprit(one, open, show) {
	const made = el("details", { class: `culprit ${severityClass(one.severity)}`, open },
		el("summary", null, badge(one.severity, one.severity), el("span", { class: "who mono" }, one.who),
			el("span", { class: "title" }, one.title),
			el("span", { class: "times" }, one.endpoint ? counted(one.count, "refusal")
				: counted(one.count, "connection"))),
		el("div", { class: "body" }, drawFields(one.fields, el("dl", { class: "fields" })),
			button("Show its connections", () => show(one))));

	return made;
}

const CULPRITS_OPEN = 3, CULPRITS_SHOWN = 8;

/* The first few as they are, the others folded away. */
function appendCulprits(into, culprits, open, what, show) {
	const drawn = culprits.map((one, i) => drawCulprit(one, i < open, show));
	const rest = drawn.splice(CULPRITS_SHOWN);

	append(into, [drawn]);
	if (rest.length) {
		append(into, [el("details", { class: "more" },
			el("summary", null, counted(rest.length, `more ${what}`)), rest)]);
	}
}

function drawCulprits(data, show) {
	const faults = data.culprits.filter((one) => one.severity !== "info");
	const rest = data.culprits.filter((one) => one.severity === "info");
	const list = byId("culprit-list");

	byId("culprits-title").textContent = !faults.length
		? data.verdict.map((part) => part[1]).join(" ")
		: faults.length === 1 ? "One culprit"
			: `${data.culprits_more ? "More than " : ""}${count(faults.length)} culprits, the worst first`;
	appendCulprits(list, faults, CULPRITS_OPEN, "culprit", show);
	if (rest.length) {
		list.append(el("h2", null, faults.length ? "Also seen" : "Worth knowing"));
		appendCulprits(list, rest, 0, "observation", show);
	}
	if (data.culprits_more) {
		list.append(el("p", { class: "hint" },
			`And ${counted(data.culprits_more, "more group")} of findings, which only --json has.`));
	}
}

/* ---- what was seen, and what was not ---- */

function notices(data) {
	const { summary } = data;
	const list = [...data.notices];

	if (summary.lost.packets)
		list.push(`${counted(summary.lost.packets, "packet")} were lost before they were seen`);
	if (summary.lost.events)
		list.push(`${counted(summary.lost.events, "event")} were lost`);
	if (summary.evictions)
		list.push(`${counted(summary.evictions, "record")} fell out of full tables`);
	return list;
}

function drawNotices(data) {
	const list = notices(data);

	byId("incomplete").hidden = !list.length;
	append(byId("incomplete"), [el("strong", null, "This report is not complete."),
		el("ul", null, list.map((line) => el("li", null, line)))]);
}

/* ---- endpoints ---- */

const ENDPOINT_COLUMNS = [
	{ label: "Address", class: "mono", value: (e) => e.name, cell: (e) => e.name },
	{ label: "Role", value: (e) => e.record.role, cell: (e) => e.record.role },
	{ label: "Handshakes", number: true, value: (e) => e.record.opportunities,
		cell: (e) => count(e.record.opportunities) },
	{ label: "Offered", number: true, value: (e) => e.record.offers,
		cell: (e) => count(e.record.offers) },
	{ label: "Refused", number: true, class: "offer", value: (e) => e.record.refusals,
		cell: (e) => count(e.record.refusals) },
	{ label: "First refusal (UTC)", value: (e) => e.record.first_refusal,
		cell: (e) => time(e.record.first_refusal) },
	{ label: "Last refusal (UTC)", value: (e) => e.record.last_refusal,
		cell: (e) => time(e.record.last_refusal) },
	{ label: "Findings", class: "codes", value: (e) => -e.record.findings.length,
		cell: (e) => e.record.findings.length
			? e.record.findings.map((one) => badge(one.code, one.severity)) : "–" },
];

function startEndpoints(data) {
	const rows = data.endpoints.map((record) => ({ record,
		name: endpoint(record.address, record.port) }));
	const search = byId("endpoint-search"), refused = byId("endpoint-refused");
	const table = new PagedTable({ table: byId("endpoint-table"), pager: byId("endpoint-pager"),
		counter: byId("endpoint-count"), columns: ENDPOINT_COLUMNS, rows, what: "endpoint",
		label: "Endpoints", rowClass: (e) => e.record.refusals ? "refused" : "" });
	const filter = () => table.filter((e) => (!refused.checked || e.record.refusals) &&
		`${e.name} ${e.record.role}`.toLowerCase().includes(search.value.trim().toLowerCase()));

	/* The worst first, as the report as text has them. */
	rows.sort((a, b) => b.record.refusals - a.record.refusals ||
		b.record.opportunities - a.record.opportunities);
	search.addEventListener("input", filter);
	refused.addEventListener("change", filter);
	filter();
	byId("endpoints").hidden = !rows.length;
	if (data.endpoints_all > rows.length) {
		byId("endpoints").append(el("p", { class: "hint" }, `The page has ${count(rows.length)} of ` +
			`${counted(data.endpoints_all, "endpoint")}; --json has all.`));
	}
}

/* ---- connections ---- */

function fillSelect(select, options) {
	select.replaceChildren(...options.map(([value, text]) => el("option", { value }, text)));
}

function flowLimits(data) {
	const parts = [];

	if (data.flows_all > data.flows.length) {
		parts.push(`The page has ${count(data.flows.length)} of ${counted(data.flows_all,
			"connection")}, the worst first (${count(data.flows_flagged)} have a finding of ` +
			"severity notice or above); --json has all.");
	}
	if (data.plots.length && data.plots.length < data.flows_all) {
		parts.push(`${count(data.plots.length)} of ${counted(data.flows_all,
			"connection")} have a plot: the worst ones of which there is anything to draw.`);
	}
	if (data.plots_missing)
		parts.push(data.plots_missing);
	return parts.join(" ");
}

class Connections {
	constructor(data) {
		const flows = makeFlows(data);
		const codes = [...new Set(flows.flatMap((flow) => flow.codes))].sort();

		this.controls = {};
		for (const name of ["search", "code", "scaling", "flagged", "plotted"])
			this.controls[name] = byId(`flow-${name}`);
		fillSelect(this.controls.code, [["", "any"], ...codes.map((code) => [code, code])]);
		fillSelect(this.controls.scaling, ["", "on", "off", "unknown"].map((one) =>
			[one, one || "any"]));
		this.table = new PagedTable({ table: byId("flow-table"), pager: byId("flow-pager"),
			counter: byId("flow-count"), columns: FLOW_COLUMNS, rows: flows, what: "connection",
			label: "Connections", detail: (flow, box) => drawFlow(flow, box, data) });
		for (const control of Object.values(this.controls))
			control.addEventListener("input", () => this.filter());
		byId("flow-reset").addEventListener("click", () => this.reset());
		byId("flow-limits").textContent = flowLimits(data);
		byId("connections").hidden = !flows.length;
		this.filter();
	}

	filter() {
		const { search, code, scaling, flagged, plotted } = this.controls;
		const words = search.value.toLowerCase().split(/\s+/).filter((word) => word);
		const notice = SEVERITIES.indexOf("notice");

		this.table.filter((flow) => words.every((word) => flow.text.includes(word)) &&
			(!code.value || flow.codes.includes(code.value)) &&
			(!scaling.value || flow.record.scaling === scaling.value) &&
			(!flagged.checked || flow.worst >= notice) && (!plotted.checked || flow.plot));
	}

	reset() {
		const { search, code, scaling, flagged, plotted } = this.controls;

		search.value = code.value = scaling.value = "";
		flagged.checked = plotted.checked = false;
		this.filter();
	}

	/* What a culprit is about: by its code where its connections have it, and by its address. */
	show(culprit) {
		this.reset();
		if ([...this.controls.code.options].some((option) => option.value === culprit.code))
			this.controls.code.value = culprit.code;
		this.controls.search.value = culprit.address || "";
		this.filter();
		byId("connections").scrollIntoView();
		this.table.focus(0);
	}
}

/* ---- the whole ---- */

function start() {
	const data = JSON.parse(byId("data").textContent);
	const names = data.files.map((file) => baseName(file));
	const title = names.length > 3 ? `${names[0]} and ${names.length - 1} more` : names.join(", ");

	document.title = `wscope: ${title}`;
	byId("captures").textContent = title;
	byId("version").textContent = data.version;
	const connections = new Connections(data);

	drawNotices(data);
	drawCulprits(data, (culprit) => connections.show(culprit));
	drawFields(data.overview, byId("overview"));
	startEndpoints(data);
	byId("culprits").hidden = byId("seen").hidden = false;
	/* Last: what is drawn has to know how wide it may be. */
	if (data.culprits.some((one) => one.severity !== "info"))
		connections.table.openFirst();
	startTheme();
	addEventListener("resize", () => plotsEach((plot) => plot.resize()));
	byId("cut").hidden = true;
}

document.addEventListener("DOMContentLoaded", start);
