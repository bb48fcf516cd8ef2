/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Connections: what the table says of each, and what an opened one shows. */

/* The severity of the worst finding as a number; -1: none. */
function flowWorst(record) {
	return record.findings.reduce((worst, one) => Math.max(worst, SEVERITIES.indexOf(one.severity)),
		-1);
}

/* Seconds that either side waited for the other's window. */
function flowWaited(record) {
	return [record.c2s, record.s2c].reduce((sum, one) => sum + one.zero_window_s + one.limited_s, 0);
}

/* Everything the page knows of a connection, in one object. */
function makeFlows(data) {
	const flows = data.flows.map((record, i) => ({
		record,
		handshake: data.handshakes[i],
		plot: null,
		worst: flowWorst(record),
		waited: flowWaited(record),
		client: endpoint(record.client, record.client_port),
		server: endpoint(record.server, record.server_port),
		codes: [...new Set(record.findings.map((one) => one.code))],
		bytes: record.c2s.bytes + record.s2c.bytes,
	}));

	for (const plot of data.plots)
		flows[plot.flow].plot = plot;
	for (const flow of flows) {
		flow.text = [flow.client, flow.server, flow.record.file || "", ...flow.codes].join(" ")
			.toLowerCase();
	}
	return flows;
}

/* ---- the table ---- */

function flowShift(direction) {
	return direction.wscale_state === "present" ? String(direction.wscale)
		: direction.wscale_state === "absent" ? "none" : "?";
}

function flowScaling(record) {
	return record.scaling === "unknown" && record.scaling_inferred
		? `${record.scaling_inferred}, inferred` : record.scaling;
}

function flowWindow(record) {
	const most = [record.c2s, record.s2c].map((one) => one.effective_max);

	return most.includes(null) ? null : Math.max(...most);
}

function scalingBadge(record) {
	const kind = record.scaling === "on" ? "good" : record.scaling === "off" ? "critical" : "";

	return el("span", { class: `badge ${kind}` }, flowScaling(record));
}

function flowCodes(flow) {
	const seen = new Map();

	for (const one of flow.record.findings) {
		const worst = seen.get(one.code);

		if (!worst || SEVERITIES.indexOf(one.severity) > SEVERITIES.indexOf(worst))
			seen.set(one.code, one.severity);
	}
	return seen.size ? [...seen].map(([code, severity]) => badge(code, severity)) : "–";
}

const FLOW_COLUMNS = [
	{ label: "Client", class: "mono", value: (f) => f.client, cell: (f) => f.client },
	{ label: "Server", class: "mono", value: (f) => f.server, cell: (f) => f.server },
	{ label: "Scaling", value: (f) => flowScaling(f.record), cell: (f) => scalingBadge(f.record) },
	{ label: "Shifts", title: "of the client's SYN and of the server's SYN-ACK",
		value: (f) => flowShift(f.record.c2s) + flowShift(f.record.s2c),
		cell: (f) => `${flowShift(f.record.c2s)} / ${flowShift(f.record.s2c)}` },
	{ label: "Window", number: true, title: "largest window of the client and of the server",
		value: (f) => flowWindow(f.record),
		cell: (f) => `${bytes(f.record.c2s.effective_max)} / ${bytes(f.record.s2c.effective_max)}` },
	{ label: "Data", number: true, title: "payload of both directions", value: (f) => f.bytes,
		cell: (f) => bytes(f.bytes) },
	{ label: "Duration", number: true, value: (f) => f.record.duration_s,
		cell: (f) => seconds(f.record.duration_s) },
	{ label: "Waited", number: true, title: "for a window that was closed or full",
		value: (f) => f.waited, cell: (f) => f.waited ? seconds(f.waited) : "–" },
	{ label: "Findings", class: "codes", value: (f) => -f.worst, cell: flowCodes },
];

/* ---- an opened connection ---- */

function packetList(packets, files) {
	if (!packets.length)
		return null;
	return `Proof: ${packets.map((one) => files.length > 1
		? `packet ${count(one.number)} of ${baseName(one.file)}`
		: `packet ${count(one.number)}`).join(", ")}.`;
}

function drawFinding(one, files) {
	return el("div", { class: `flow-finding ${severityClass(one.severity)}` },
		badge(one.severity, one.severity), " ", el("strong", null, one.code),
		el("p", null, one.text),
		el("p", null, el("strong", null, "Advice: "), one.advice),
		el("p", { class: "hint" }, [`Blame: ${one.blame}, ${one.confidence}.`,
			packetList(one.packets, files),
			one.settled_by && `Settled by ${one.settled_by}.`].filter((part) => part).join(" ")));
}

const DIRECTION_FACTS = [
	["window scale offered", (d) => d.wscale_state === "present" ? String(d.wscale)
		: d.wscale_state],
	["window of the SYN", (d) => count(d.syn_window)],
	["smallest window", (d) => d.effective_min === null ? `${count(d.window_min)} (raw)`
		: `${count(d.effective_min)} B`],
	["largest window", (d) => d.effective_max === null ? `${count(d.window_max)} (raw)`
		: `${count(d.effective_max)} B`],
	["window closed", (d) => d.zero_window_spells
		? `${counted(d.zero_window_spells, "time")}, ${seconds(d.zero_window_s)}` +
			`${d.zero_window_open ? ", and at the end" : ""}` : "never"],
	["sent", (d) => `${counted(d.packets, "segment")}, ${bytes(d.bytes)}`],
	["sent again", (d) => counted(d.retransmits, "segment")],
	["most in flight", (d) => d.flight_max === null ? "not measured" : `${count(d.flight_max)} B`],
	["limited by the peer's window", (d) => d.limited === "yes"
		? `yes, ${seconds(d.limited_s)}${d.ceiling_bps === null ? ""
			: `, at most ${rate(d.ceiling_bps)}`}` : d.limited],
];

function drawFacts(record) {
	return el("table", { class: "facts" },
		el("thead", null, el("tr", null, ["", "client", "server"].map((head) =>
			el("th", { scope: "col" }, head)))),
		el("tbody", null, DIRECTION_FACTS.map(([label, of]) => el("tr", null,
			el("th", { scope: "row" }, label), el("td", null, of(record.c2s)),
			el("td", null, of(record.s2c))))));
}

/* One plot at a time: the direction that carried more is the first. */
function drawPlots(box, flow, data) {
	const names = { c2s: "client to server", s2c: "server to client" };
	const there = Object.keys(names).filter((name) => flow.plot && flow.plot[name])
		.sort((a, b) => flow.record[b].bytes - flow.record[a].bytes);
	const place = el("div");
	const presses = there.map((name) => button(`Data from ${names[name]}`, () => show(name)));

	function show(name) {
		presses.forEach((press, i) => press.setAttribute("aria-pressed", String(there[i] === name)));
		place.replaceChildren();
		new FlowPlot(place, flow.plot[name], flow.record[name], flow.record.duration_s, data.files);
	}

	append(box, [el("h3", null, "Windows over time")]);
	if (!there.length) {
		append(box, [el("p", { class: "hint" }, data.plots_missing || (data.plots.length
			? `No plot: the page has those of ${counted(data.plots.length, "connection")}, the worst.`
			: "No plot: no window was seen."))]);
		return;
	}
	append(box, [el("div", { class: "plot-tools", role: "group", "aria-label": "direction" },
		presses), place]);
	show(there[0]);
}

function drawFlow(flow, box, data) {
	const { record } = flow;
	const plots = el("div");

	append(box, [
		record.findings.map((one) => drawFinding(one, data.files)),
		plots,
		el("div", { class: "pair" },
			el("div", null, el("h3", null, "Handshake"),
				drawHandshake(record, flow.handshake, data.files)),
			el("div", null, el("h3", null, "Numbers"), drawFacts(record))),
		el("p", { class: "hint" }, [`From ${time(record.first)} to ${time(record.last)} UTC.`,
			record.rtt_us === null ? "Round trip of the handshake not known."
				: `Round trip of the handshake ${seconds(record.rtt_us / 1e6)}.`,
			`Seen: ${record.visibility}.`,
			record.encap ? `Behind ${counted(record.encap, "tunnel header")}.` : "",
			record.domain ? `Network ${record.domain}.` : "",
			record.file ? `First packet in ${record.file}.` : ""].filter((part) => part).join(" "))]);
	drawPlots(plots, flow, data);
}
