/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A handshake as a sequence diagram: what each segment carried, what is missing, what is open. */

const HANDSHAKE = { width: 640, client: 70, server: 570, chip: 22, gap: 6, letter: 7.1 };

/* What is drawn of the options: {text, kind}; kind "" is one that is of no matter here. */
function handshakeChips(syn) {
	const chips = [];

	for (const option of syn.options) {
		if (option === "mss" && syn.mss !== null)
			chips.push({ text: `MSS ${count(syn.mss)}`, kind: "" });
		else if (option === "sack-permitted")
			chips.push({ text: "SACK", kind: "" });
		else if (option === "timestamps")
			chips.push({ text: "timestamps", kind: "" });
		else if (option === "other")
			chips.push({ text: "other", kind: "" });
	}
	if (syn.wscale_state === "present")
		chips.push({ text: `window scale ${syn.wscale}`, kind: "good" });
	else if (syn.wscale_state === "absent")
		chips.push({ text: "no window scale", kind: "missing" });
	else
		chips.push({ text: "window scale not known", kind: "open" });
	return chips;
}

/* Lines of small print below a segment. */
function handshakeNotes(syn, files) {
	const notes = [...syn.notes];
	const other = syn.other;

	if (syn.copies > 1)
		notes.push(`sent ${count(syn.copies)} times`);
	if (syn.payload)
		notes.push(`${counted(syn.payload, "byte")} of data`);
	if (other) {
		const had = other.wscale_state === "present" ? `window scale ${other.wscale}`
			: other.wscale_state === "absent" ? "no window scale" : "options that are not known";

		notes.push(other.same_packet
			? `the same packet at another point (${packetName(other, files)}): ${had}`
			: `an earlier copy (${packetName(other, files)}, ${seconds(other.gap_s)} before): ${had}`);
	}
	return notes;
}

/* An arrow from one lifeline to the other, at a height, slanting as time goes. */
function handshakeArrow(y, right, absent) {
	const { client, server } = HANDSHAKE;
	const from = right ? client : server, to = right ? server : client;
	const back = right ? -9 : 9;

	return [svg("line", { class: `arrow ${absent ? "absent" : ""}`, x1: from, y1: y, x2: to,
		y2: y + 12 }),
	svg("polygon", { class: "head",
		points: `${to},${y + 12} ${to + back},${y + 7} ${to + back},${y + 17}` })];
}

/* Chips in rows between the lifelines, centred; returns [elements, height]. */
function handshakeChipRows(chips, y) {
	const { client, server, chip, gap, letter } = HANDSHAKE;
	const room = server - client - 20, rows = [[]];
	const made = [];
	let used = 0;

	for (const one of chips) {
		const width = one.text.length * letter * (one.kind === "missing" ? 1.08 : 1) + 16;

		if (used && used + width > room) {
			rows.push([]);
			used = 0;
		}
		rows[rows.length - 1].push({ ...one, width });
		used += width + gap;
	}
	rows.forEach((row, i) => {
		const whole = row.reduce((sum, one) => sum + one.width + gap, -gap);
		let x = (client + server - whole) / 2;

		for (const one of row) {
			made.push(svg("rect", { class: `chip ${one.kind}`, x, y: y + i * (chip + gap),
				width: one.width, height: chip, rx: 4 }),
			svg("text", { class: one.kind, x: x + one.width / 2, y: y + i * (chip + gap) + 15,
				"text-anchor": "middle" }, one.text));
			x += one.width + gap;
		}
	});
	return [made, rows.length * (chip + gap)];
}

/* One segment: a line on it, its arrow, its options. Returns [elements, y below, words]. */
function handshakeStep(y, right, step, files) {
	const middle = (HANDSHAKE.client + HANDSHAKE.server) / 2;
	const made = [svg("text", { class: step.absent ? "dim" : "", x: middle, y: y + 12,
		"text-anchor": "middle" }, step.title),
	...handshakeArrow(y + 20, right, step.absent)];
	let at = y + 42, words = step.title;

	if (step.syn) {
		const chips = handshakeChips(step.syn);
		const [drawn, height] = handshakeChipRows(chips, at);

		made.push(...drawn);
		at += height;
		words += `: ${chips.map((chip) => chip.text).join(", ")}`;
		for (const note of handshakeNotes(step.syn, files)) {
			made.push(svg("text", { class: "dim", x: middle, y: at + 13,
				"text-anchor": "middle" }, note));
			at += 18;
			words += `, ${note}`;
		}
	}
	return [made, at + 12, words];
}

function handshakeSteps(handshake, files) {
	const { syn, answer } = handshake;
	const name = (one, plain) => `${one.ack ? "SYN-ACK" : plain} · ${packetName(one, files)} · ` +
		`+${seconds(one.at_s)} · window ${count(one.window)}`;
	const steps = [
		syn ? { right: true, syn, title: name(syn, "SYN") }
			: { right: true, absent: true, title: "SYN: not in this capture" },
		answer ? { right: false, syn: answer, title: name(answer, "SYN") }
			: { right: false, absent: true, title: "SYN-ACK: not in this capture" },
	];

	if (handshake.ack_s !== null)
		steps.push({ right: true, title: `ACK · +${seconds(handshake.ack_s)}` });
	else if (handshake.confirmed)
		steps.push({ right: true, title: "ACK" });
	else
		steps.push({ right: true, absent: true, title: "no ACK that confirms it" });
	return steps;
}

/* The diagram of a flow, or words where there is nothing to draw. */
function drawHandshake(flow, handshake, files) {
	const { width, client, server } = HANDSHAKE;
	const drawn = [], said = [];
	let y = 34;

	if (!handshake.syn && !handshake.answer)
		return el("p", null, "Neither SYN nor SYN-ACK was seen: it began before the capture.");
	for (const step of handshakeSteps(handshake, files)) {
		const [made, below, words] = handshakeStep(y, step.right, step, files);

		drawn.push(...made);
		said.push(words);
		y = below;
	}
	const lines = [client, server].map((x) => svg("line", { class: "life", x1: x, x2: x, y1: 28,
		y2: y }));
	const names = [svg("text", { x: client - 60, y: 16 }, `client ${flow.client}`),
		svg("text", { x: server + 60, y: 16, "text-anchor": "end" }, `server ${flow.server}`)];

	return el("div", { class: "handshake" }, svg("svg", { viewBox: `0 0 ${width} ${y + 6}`,
		role: "img", "aria-label": `Handshake. ${said.join(". ")}.` }, lines, names, drawn));
}
