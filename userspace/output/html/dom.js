"use strict";
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Elements and words. What comes from a capture goes into the page as text nodes and attribute
 * values, never as markup: there is no other way here to make an element.
 */

function byId(id) {
	return document.getElementById(id);
}

function append(parent, children) {
	for (const child of children.flat()) {
		if (child !== null && child !== undefined && child !== false)
			parent.append(child);
	}
	return parent;
}

/* An element: attributes by name, "class" too; children are nodes or text. */
function el(tag, attributes, ...children) {
	const made = document.createElement(tag);

	for (const [name, value] of Object.entries(attributes || {})) {
		if (value !== null && value !== undefined && value !== false)
			made.setAttribute(name, value === true ? "" : String(value));
	}
	return append(made, children);
}

function svg(tag, attributes, ...children) {
	const made = document.createElementNS("http://www.w3.org/2000/svg", tag);

	for (const [name, value] of Object.entries(attributes || {}))
		made.setAttribute(name, String(value));
	return append(made, children);
}

function button(text, action, attributes) {
	const made = el("button", { type: "button", ...attributes }, text);

	made.addEventListener("click", action);
	return made;
}

/* ---- words ---- */

const grouped = new Intl.NumberFormat("en-US");

/* "65,535"; what is not known: "?" */
function count(n) {
	return n === null || n === undefined ? "?" : grouped.format(n);
}

function counted(n, what) {
	return `${count(n)} ${what}${n === 1 ? "" : "s"}`;
}

/* "64 KiB", "2.5 MiB" */
function bytes(n) {
	const units = ["KiB", "MiB", "GiB", "TiB"];
	let unit = -1;

	if (n === null || n === undefined)
		return "?";
	if (n < 1024)
		return `${n} B`;
	for (; n >= 1000 && unit + 1 < units.length; unit++)
		n /= 1024;
	return `${n < 10 && n % 1 ? n.toFixed(1) : n.toFixed(0)} ${units[unit]}`;
}

/* "1.25 s", "12 ms", "35 us" */
function seconds(s) {
	if (s === null || s === undefined)
		return "?";
	if (s === 0)
		return "0 s";
	if (s >= 100)
		return `${count(Math.round(s))} s`;
	if (s >= 1)
		return `${s.toFixed(2)} s`;
	if (s >= 0.01)
		return `${(s * 1e3).toFixed(0)} ms`;
	if (s >= 0.001)
		return `${(s * 1e3).toFixed(1)} ms`;
	return `${(s * 1e6).toFixed(0)} µs`;
}

/* Bits a second. */
function rate(bps) {
	const units = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"];
	let unit = 0;

	if (bps === null || bps === undefined)
		return "?";
	for (; bps >= 1000 && unit + 1 < units.length; unit++)
		bps /= 1000;
	return `${bps < 10 ? bps.toFixed(1) : bps.toFixed(0)} ${units[unit]}`;
}

/* "2026-01-02 03:04:05.678" of seconds since the epoch, in UTC */
function time(s) {
	const date = s === null ? null : new Date(s * 1000);

	if (!date || Number.isNaN(date.getTime()))
		return "–";
	return date.toISOString().replace("T", " ").replace("Z", "");
}

/* "192.0.2.1:443", "[2001:db8::1]:443"; port 0: the address alone */
function endpoint(address, port) {
	if (!port)
		return address;
	return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/* The last part of a path. */
function baseName(path) {
	return path === "-" ? "standard input" : path.replace(/\/+$/, "").split("/").pop();
}

/* "packet 7", with its file where there are several */
function packetName(at, files) {
	if (!at || at.packet === null)
		return "packet not known";
	return at.file === undefined ? `packet ${count(at.packet)}`
		: `packet ${count(at.packet)} of ${baseName(files[at.file])}`;
}

const SEVERITIES = ["info", "notice", "warning", "critical"];

/* The class is not the severity's own word where a notice of the page has that. */
function severityClass(severity) {
	return severity === "notice" ? "notice-level" : SEVERITIES.includes(severity) ? severity : "";
}

function badge(text, severity) {
	return el("span", { class: `badge ${severityClass(severity)}` }, text);
}
