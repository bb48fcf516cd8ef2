/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A table of many rows, of which one page is in the document at a time: sorted by a click on a
 * head, filtered by whoever owns it, with rows that open when they are asked to.
 */

class PagedTable {
	/*
	 * table, pager, counter: elements. columns: {label, number, value(row), cell(row), class};
	 * value is what is sorted by. rows: all of them, in the order that is shown at first.
	 * what: what a row is. detail(row): what an opened row shows, or none.
	 */
	constructor({ table, pager, counter, columns, rows, what, detail, rowClass, label }) {
		Object.assign(this, { table, pager, counter, columns, rows, what, detail, rowClass });
		this.size = 15;
		this.page = 0;
		this.sorted = null;
		this.descending = false;
		this.open = null;
		this.shown = rows;
		this.accepts = () => true;
		this.body = el("tbody");
		table.classList.add("stacked");
		table.setAttribute("aria-label", label);
		if (detail)
			table.setAttribute("role", "treegrid");
		table.replaceChildren(this.head(), this.body);
		if (detail) {
			this.body.addEventListener("keydown", (event) => this.key(event));
			this.body.addEventListener("click", (event) => this.click(event));
		}
		this.makePager();
	}

	/* ---- head ---- */

	head() {
		this.heads = this.columns.map((column) => {
			const press = button(column.label, () => this.sort(column));

			return el("th", { scope: "col", class: column.number ? "number" : null,
				"aria-sort": "none", title: column.title }, press);
		});
		return el("thead", null, el("tr", null, this.heads));
	}

	/* A first click sorts numbers largest first, a third one goes back to the first order. */
	sort(column) {
		const first = Boolean(column.number);

		if (this.sorted !== column) {
			this.sorted = column;
			this.descending = first;
		} else if (this.descending === first) {
			this.descending = !first;
		} else {
			this.sorted = null;
		}
		this.columns.forEach((one, i) => {
			const on = this.sorted === one;

			this.heads[i].setAttribute("aria-sort",
				!on ? "none" : this.descending ? "descending" : "ascending");
			this.heads[i].firstChild.textContent =
				one.label + (!on ? "" : this.descending ? " ▼" : " ▲");
		});
		this.update();
	}

	/* ---- rows ---- */

	filter(accepts) {
		this.accepts = accepts;
		this.open = null;
		this.update();
	}

	update() {
		const by = this.sorted;

		this.shown = this.rows.filter(this.accepts);
		if (by) {
			const sign = this.descending ? -1 : 1;
			const value = new Map(this.shown.map((row) => [row, by.value(row)]));

			/* What is not known comes last in both orders. */
			this.shown.sort((a, b) => {
				const x = value.get(a), y = value.get(b);

				if (x === null || y === null)
					return (x === null) - (y === null);
				return x < y ? -sign : x > y ? sign : 0;
			});
		}
		this.page = 0;
		this.draw();
	}

	pages() {
		return Math.max(1, Math.ceil(this.shown.length / this.size));
	}

	draw() {
		const from = this.page * this.size;
		const rows = this.shown.slice(from, from + this.size);

		this.elements = rows.map((row, i) => this.drawRow(row, i));
		this.body.replaceChildren(...this.elements);
		if (!rows.length) {
			this.body.append(el("tr", null, el("td",
				{ class: "empty", colspan: this.columns.length }, `No ${this.what} fits.`)));
		}
		if (this.open && rows.includes(this.open))
			this.showDetail(rows.indexOf(this.open));
		this.drawPager(from, rows.length);
	}

	drawRow(row, i) {
		const cells = this.columns.map((column) => el("td",
			{ class: [column.number ? "number" : "", column.class || ""].join(" ").trim() || null,
				"data-label": column.label }, column.cell(row)));
		const made = el("tr", { class: `row ${this.rowClass ? this.rowClass(row) : ""}`.trim(),
			tabindex: !this.detail ? null : i ? -1 : 0 }, cells);

		if (this.detail)
			made.setAttribute("aria-expanded", "false");
		made.row = row;
		return made;
	}

	/* ---- an opened row ---- */

	showDetail(i) {
		const at = this.elements[i];
		const cell = el("td", { colspan: this.columns.length });
		const id = `${this.table.id}-detail`;

		at.setAttribute("aria-expanded", "true");
		at.setAttribute("aria-controls", id);
		at.after(el("tr", { class: "detail", id }, cell));
		/* In the document already, so that what it draws knows how wide it is. */
		this.detail(at.row, cell);
	}

	toggle(at) {
		const was = this.open;

		for (const one of this.body.querySelectorAll("tr.detail"))
			one.remove();
		for (const one of this.elements) {
			one.setAttribute("aria-expanded", "false");
			one.removeAttribute("aria-controls");
		}
		this.open = was === at.row ? null : at.row;
		if (this.open)
			this.showDetail(this.elements.indexOf(at));
		this.focus(this.elements.indexOf(at));
	}

	/* Opens the row that stands first. */
	openFirst() {
		if (this.elements.length && this.detail) {
			this.open = this.elements[0].row;
			this.showDetail(0);
		}
	}

	focus(i) {
		this.elements.forEach((one, k) => { one.tabIndex = k === i ? 0 : -1; });
		if (this.elements[i])
			this.elements[i].focus();
	}

	click(event) {
		const at = event.target.closest("tr.row");

		if (at && !window.getSelection().toString())
			this.toggle(at);
	}

	key(event) {
		const at = event.target.closest("tr.row, tr.detail");
		const detail = at && at.classList.contains("detail");
		const i = this.elements.indexOf(detail ? at.previousSibling : at);
		const to = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0,
			End: this.elements.length - 1 }[event.key];

		if (event.key === "Escape" && this.open) {
			this.toggle(this.elements.find((one) => one.row === this.open));
		} else if (event.target !== at || detail || event.altKey || event.ctrlKey || event.metaKey) {
			return;
		} else if (event.key === "Enter" || event.key === " ") {
			this.toggle(at);
		} else if (event.key === "PageDown" || event.key === "PageUp") {
			this.turn(event.key === "PageDown" ? 1 : -1);
			this.focus(0);
		} else if (to === this.elements.length && this.page + 1 < this.pages()) {
			this.turn(1);
			this.focus(0);
		} else if (to === -1 && this.page) {
			this.turn(-1);
			this.focus(this.elements.length - 1);
		} else if (to !== undefined) {
			this.focus(Math.min(Math.max(to, 0), this.elements.length - 1));
		} else {
			return;
		}
		event.preventDefault();
	}

	/* ---- pages ---- */

	turn(by) {
		this.page = Math.min(Math.max(this.page + by, 0), this.pages() - 1);
		this.draw();
	}

	makePager() {
		this.back = button("Previous", () => this.turn(-1));
		this.on = button("Next", () => this.turn(1));
		this.where = el("span", { class: "count", "aria-live": "polite" });
		this.sizes = el("select", { "aria-label": `rows a page, ${this.what}s` },
			[15, 50, 200].map((n) => el("option", { value: n }, `${n} rows`)));
		this.sizes.addEventListener("change", () => {
			this.size = Number(this.sizes.value);
			this.page = 0;
			this.draw();
		});
		this.pager.replaceChildren(this.back, this.on, this.where, this.sizes);
	}

	drawPager(from, n) {
		const all = this.shown.length;

		this.back.disabled = !this.page;
		this.on.disabled = this.page + 1 >= this.pages();
		this.pager.hidden = this.rows.length <= 15;
		this.where.textContent = n ? `${count(from + 1)} to ${count(from + n)} of ${count(all)}` : "";
		this.counter.textContent = all === this.rows.length ? counted(all, this.what)
			: `${count(all)} of ${counted(this.rows.length, this.what)}`;
	}
}
