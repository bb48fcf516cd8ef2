#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 420
"""replay --html: one page that needs nothing else, in a browser.

What is in it is what --json says; what comes from packets and file names is text wherever it is
shown; ten thousand connections open at once; plots show the stalls that the records have; search,
filters and keys work; light, dark, narrow and on paper.
"""

import json
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "cli")]
import browser  # noqa: E402
import cli  # noqa: E402
from cli import ACK, INCOMPLETE, INPUT, NOTHING, PSH, USAGE, WSCALE, wrong, wscope  # noqa: E402

report = cli.Report()
T = 1_700_000_000 * 10**9
MS = 10**6
SERVER = cli.Side("198.51.100.1", 443)
NO_WSCALE = b"\2\4\5\xb4"  # an MSS, so that the option is proven absent
LOAD_S = 3
FLOWS = 10000
CONTRAST = 4.5  # of text, WCAG 2.2, 1.4.3


def make_page(folder, capture, *argv, status=NOTHING, name="page.html"):
    """The page of a capture, and what else was printed."""
    path = os.path.join(folder, name)
    result = wscope("replay", "--json", "--html", path, *argv, capture)
    if result.status != status:
        raise ValueError(f"{capture}: status {result.status}: {result.err}")
    return path, result


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def raw_data(path):
    """What stands between the page before its data and the page behind them."""
    after = text_of(path).split('<script type="application/json" id="data">\n', 1)[1]
    return after.rsplit("</script>\n<script>", 2)[0]


# -- without a browser -----------------------------------------------------------------------------


def refusals(folder):
    capture = cli.lab_path("stop-reading")
    target = os.path.join(folder, "x.html")
    refuse = (
        ("standard output", (capture, "--html", "-"), USAGE,
         "--html cannot be '-': standard output has the report"),
        ("no name", (capture, "--html", ""), USAGE, "--html needs the name of a file"),
        ("several streams", (capture, "--html", target, "--separate"), USAGE,
         "--html is of one stream, --separate has several"),
        ("a capture", (capture, "--html", os.path.join(folder, "copy.pcap")), USAGE,
         f"--html cannot be '{folder}/copy.pcap': it is a capture"),
        ("the file of --series", (capture, "--series", target, "--html", target), USAGE,
         f"--series cannot be '{target}': it is another result's file"),
        ("no such folder", (capture, "--html", folder + "/none/x.html"), INCOMPLETE,
         f"cannot open '{folder}/none/x.html': No such file or directory"),
    )
    shutil.copy(capture, os.path.join(folder, "copy.pcap"))
    for name, argv, status, complaint in refuse:
        report.check(f"refused: {name}", wrong(wscope("replay", *argv), status, complaint,
                                               silent=True))
    with open(capture, "rb") as a, open(os.path.join(folder, "copy.pcap"), "rb") as b:
        report.true("the capture is as it was", a.read() == b.read())


def fetch(folder, *argv, path=None):
    """mk/uplot: its status, what it said, and whether the library is there."""
    target = os.path.join(folder, "uplot")
    shutil.rmtree(target, ignore_errors=True)
    done = subprocess.run(["bash", os.path.join(cli.ROOT, "mk", "uplot"), target, *argv],
                          env=dict(os.environ, **({"PATH": path} if path else {})),
                          capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stderr, os.path.exists(os.path.join(target, "uPlot.iife.min.js"))


def library(folder):
    """Its digest is checked; without npm the build goes on."""
    tools = os.path.join(folder, "tools")
    os.makedirs(tools)
    for tool in ("grep", "mkdir", "cut", "sed", "sha512sum", "base64", "tar", "mv", "bash", "gzip"):
        os.symlink(shutil.which(tool), os.path.join(tools, tool))
    status, said, there = fetch(folder, path=tools)
    report.true("the build goes on without npm, and says so",
                (status, there) == (0, False) and "there is no npm" in said, (status, said))
    with open(os.path.join(cli.ROOT, "mk", "uplot.txt"), encoding="utf-8") as file:
        name, version, _ = [line for line in file if not line.startswith("#")][0].split()
    archive = os.path.join(cli.ROOT, "build", "uplot", f"{name}-{version}.tgz")
    status, said, there = fetch(folder, archive, path=tools)
    report.true("it takes the archive from a file", (status, there) == (0, True), (status, said))
    other = os.path.join(folder, "other.tgz")
    with open(archive, "rb") as file, open(other, "wb") as to:
        to.write(file.read() + b"x")
    status, said, there = fetch(folder, other)
    report.true("one with another digest is refused", (status, there) == (1, False)
                and "is not uplot" in said, (status, said))


def writing(folder):
    capture = cli.lab_path("stop-reading")
    plain = wscope("replay", capture)
    path = os.path.join(folder, "x.html")
    beside = wscope("replay", "--html", path, capture)
    report.check("the report on standard output is as without a page", wrong(beside, NOTHING),
                 [] if beside.out == plain.out else ["it is not"])
    first = text_of(path)
    wscope("replay", "--html", path, capture)
    report.true("the same capture makes the same page", text_of(path) == first)
    report.check("a full disk", wrong(wscope("replay", "--html", "/dev/full", capture), INCOMPLETE,
                                      "cannot write '/dev/full': No space left on device"))
    program = os.path.join(cli.BUILD, "tests", "wscope-no-plot")
    report.check("a build without the plot library says so", wrong(
        wscope("replay", "--html", path, capture, program=program), USAGE,
        "this build has no plot library, and so no --html; build it where npm reaches its registry, "
        "or with UPLOT=ARCHIVE", silent=True))
    report.check("and does all else", wrong(wscope("replay", capture, program=program), NOTHING))


def same_records(folder, capture):
    path, result = make_page(folder, capture)
    data = json.loads(raw_data(path))
    for kind, of_page in (("flow", data["flows"]), ("endpoint", data["endpoints"]),
                          ("summary", [data["summary"]])):
        due = sorted(json.dumps(one) for one in cli.records(result, kind))
        if due != sorted(json.dumps(one) for one in of_page):
            yield f"{capture}: {kind} records differ"
    text = wscope("replay", "-v", capture).out
    heads = [line for line in text.splitlines() if re.match(r"(CRITICAL|WARNING|NOTICE)  ", line)]
    page = [f"{one['severity'].upper()}  {one['who']}: {one['title']}" for one in data["culprits"]
            if one["severity"] != "info"]
    if page != heads:
        yield f"{capture}: culprits are {page}, {heads} are due"


def names_with_markup(folder):
    """A path that ends every element it could be in, if it were markup."""
    inner = os.path.join(folder, 'a"><img src=x onerror="window.pwned=1"><script>window.pwned=1<')
    os.makedirs(inner, exist_ok=True)
    return os.path.join(inner.encode(), "script>&lt;\u2028\u2029]]>".encode() + b"\xff.pcap").decode(
        "utf-8", "surrogateescape")


def attack_packets():
    payload = b"</script><script>window.pwned=1</script><img src=x onerror=window.pwned=1>"
    client = cli.Side("192.0.2.66", 31337)
    packets = cli.handshake(T, client, SERVER, answer=NO_WSCALE)
    for i in range(4):
        packets.append(cli.segment(T + (3 + i) * MS, client, SERVER, ACK | PSH,
                                   101 + i * len(payload), 501, payload=payload, ident=3 + i))
    return packets


# -- in a browser ----------------------------------------------------------------------------------


def quiet(page, path):
    """Lines on what the console got, and what was asked of a network."""
    yield from page.errors()
    rest = [url for url in page.requests() if not url.startswith(("file://", "data:"))]
    yield from (f"asked for {url}" for url in rest)
    files = [url for url in page.requests() if url.startswith("file://")]
    if len(files) != 1:
        yield f"{path}: files asked for: {files}"
    if not page.run("document.getElementById('cut').hidden"):
        yield f"{path}: the script did not get to its end"


def lab_pages(page, folder):
    problems, shown = [], 0
    for scenario in sorted(os.listdir(cli.CAPTURES)):
        path, _ = make_page(folder, cli.lab_path(scenario))
        page.go(path)
        page.settle()
        problems += [f"{scenario}: {line}" for line in quiet(page, path)]
        if not page.run("document.querySelectorAll('#flow-table tr.row').length"):
            problems.append(f"{scenario}: no row")
        if not page.run("document.querySelectorAll('tr.detail').length"):
            page.run("connections.querySelector('tr.row').click()")
            page.settle()
            problems += [f"{scenario}, opened: {line}" for line in quiet(page, path)]
        if "The beginning is not here" in page.run("document.body.innerText"):
            problems.append(f"{scenario}: a plot that says its beginning is missing")
        shown += page.run("document.querySelectorAll('.plot canvas, .handshake svg').length > 0")
    report.check("every capture of the lab: no word on the console, no request", problems)
    report.true("and something is drawn of each", shown == len(os.listdir(cli.CAPTURES)), shown)


PIXEL = """(plot, time, above) => {
	const u = plot.charts[0], dpr = devicePixelRatio;
	const x = Math.round(u.valToPos(time, "x", true));
	const y = Math.round(u.bbox.top + u.bbox.height * above);
	return [...u.ctx.getImageData(x, y, 1, 1).data];
}"""


def stall(page, folder):
    path, result = make_page(folder, cli.lab_path("stop-reading"))
    flow = cli.records(result, "flow")[0]
    page.go(path)
    page.settle()
    closed = page.run("document.querySelector('.plot').wscope.waits.closed")
    whole = sum(end - begin for begin, end in closed)
    report.true("the stall of the plot is that of the record",
                closed and abs(whole - flow["s2c"]["zero_window_s"]) < 1e-6, (closed, flow["s2c"]))
    data = page.run("document.querySelector('.plot').wscope.charts[0].data")
    begin, end = closed[0]
    inside = [w for t, w in zip(data[0], data[2]) if begin <= t < end]
    report.true("and its line lies on the ground there", inside and set(inside) == {0}, inside)
    middle, before = (begin + end) / 2, begin / 2
    colors = [page.run(f"({PIXEL})(document.querySelector('.plot').wscope, {at}, 0.03)")
              for at in (middle, before)]
    red = [color for color in colors if color[3] and color[0] > color[1] + 20]
    report.true("the stall is shaded, and nothing else", red == colors[:1], colors)
    report.true("it is in words, too", page.run(
        "[...document.querySelectorAll('h3')].some((one) => one.textContent === 'Stalls')"))
    report.true("every change of --series is in a plot that is not thinned out",
                plot_is_series(page, folder), "")


def plot_is_series(page, folder):
    series = os.path.join(folder, "series.json")
    wscope("replay", "--series", series, cli.lab_path("stop-reading"))
    with open(series, encoding="utf-8") as file:
        samples = [one for one in map(json.loads, file) if one["direction"] == "c2s"]
    direction = page.run("document.querySelector('.plot').wscope.direction")
    return all([one[key] for one in samples] == direction[key]
               for key in ("effective", "in_flight", "edge", "packet"))


def long_transfer():
    """A window that is small once, and a flight that is large once, among twenty thousand segments."""
    client = cli.Side("192.0.2.7", 7777)
    packets = cli.handshake(T, client, SERVER)
    seq = 501
    for i in range(10000):
        ns = T + (10 + 2 * i) * MS
        size = 1400 if i == 7001 else 1000
        packets.append(cli.segment(ns, SERVER, client, ACK, seq, 101, payload=bytes(size),
                                   ident=3 + i))
        seq = (seq + size) % 2**32
        packets.append(cli.segment(ns + MS, client, SERVER, ACK, 101, seq, ident=3 + i,
                                   window=7 if i == 4321 else 900))
    return packets


def thinned(page, folder):
    cli.write(folder, **{"long.pcap": cli.pcap(long_transfer())})
    path, _ = make_page(folder, os.path.join(folder, "long.pcap"))
    plot = json.loads(raw_data(path))["plots"][0]["s2c"]
    report.true("a long transfer is thinned out", 400 <= len(plot["time"]) <= 1024
                and plot["interval_s"] > 0, (len(plot["time"]), plot["interval_s"]))
    known = [value for value in plot["effective"] if value is not None]
    report.true("the smallest window stays", min(known) == 7 << 7, min(known))
    report.true("with the packet that has it", 2 * 4321 + 3 + 2 in
                [number for number, value in zip(plot["packet"], plot["effective"])
                 if value == 7 << 7], "")
    report.true("the largest flight stays", max(plot["in_flight"]) == 1400, max(plot["in_flight"]))
    page.go(path)
    page.settle()
    page.run("document.querySelector('tr.row').click()")
    page.settle()
    report.true("the page says so", "Thinned out" in page.run(
        "document.querySelector('tr.detail').textContent"))


def many_packets():
    packets = []
    for i in range(FLOWS):
        client = cli.Side(f"10.{i >> 14}.{i >> 7 & 127}.{i & 127}", 1024 + i)
        at = T + i * MS
        packets += cli.handshake(at, client, SERVER, answer=NO_WSCALE if i % 2 else WSCALE)
        packets += [cli.segment(at + 3 * MS, client, SERVER, ACK | PSH, 101, 501,
                                payload=b"x" * 200, ident=3),
                    cli.segment(at + 4 * MS, SERVER, client, ACK | PSH, 501, 301,
                                payload=b"y" * 1000, ident=3)]
        if not i % 100:
            packets += [cli.segment(at + 5 * MS, client, SERVER, ACK, 301, 1501, window=0, ident=4),
                        cli.segment(at + 1305 * MS, client, SERVER, ACK, 301, 1501, ident=5)]
    return sorted(packets, key=lambda one: one.ns)


ROWS = "document.querySelectorAll('#flow-table tr.row').length"
COUNT = "document.getElementById('flow-count').textContent"


def enter(page, control, value):
    page.run(f"""(() => {{
	const control = document.getElementById({json.dumps(control)});
	if (control.type === "checkbox")
		control.checked = {json.dumps(value)};
	else
		control.value = {json.dumps(value)};
	control.dispatchEvent(new Event("input", {{ bubbles: true }}));
}})()""")


def many(page, folder):
    cli.write(folder, **{"many.pcap": cli.pcap(many_packets())})
    path, result = make_page(folder, os.path.join(folder, "many.pcap"))
    flows = cli.records(result, "flow")
    seconds = []
    for _ in range(3):
        seconds.append(page.go(path))
        page.settle()
        if min(seconds) < LOAD_S:
            break
    report.true(f"{FLOWS} connections open in less than {LOAD_S} s", min(seconds) < LOAD_S, seconds)
    report.check("without a word on the console or a request", quiet(page, path))
    report.true("few rows are in the document", 0 < page.run(ROWS) <= 15, page.run(ROWS))
    report.true("all are counted", page.run(COUNT) == f"{FLOWS:,} connections", page.run(COUNT))
    report.true("50 have a plot, and the page says so", page.run(
        "document.getElementById('flow-limits').textContent").startswith(
            f"50 of {FLOWS:,} connections have a plot"))
    report.true("the worst one is open, with its stall",
                page.run("document.querySelector('.plot').wscope.waits.closed.length") == 1)
    filters(page, flows)


def filters(page, flows):
    off = [one for one in flows if one["scaling"] == "off"]
    stalled = [one for one in flows if any(f["code"] == "zero-window-stall" for f in one["findings"])]
    tens = [one for one in flows if f"10.0.7.{1}" in f"{one['client']}:{one['client_port']}"]
    cases = (("flow-scaling", "off", off), ("flow-code", "zero-window-stall", stalled),
             ("flow-search", "10.0.7.1", tens), ("flow-search", "no such thing", []),
             ("flow-plotted", True, flows[:50]),
             ("flow-flagged", True, [one for one in flows if any(
                 f["severity"] in ("notice", "warning", "critical") for f in one["findings"])]))
    for control, value, due in cases:
        page.run("document.getElementById('flow-reset').click()")
        enter(page, control, value)
        report.true(f"{control} {value}", page.run(COUNT).split()[0] == f"{len(due):,}",
                    f"{page.run(COUNT)}, {len(due)} are due")
    page.run("document.getElementById('flow-reset').click()")
    enter(page, "flow-search", "198.51.100.1:443 10.0.7.1")
    enter(page, "flow-scaling", "on")
    both = [one for one in tens if one["scaling"] == "on"]
    report.true("filters and several words together", page.run(COUNT).split()[0] == str(len(both)))
    page.run("document.getElementById('flow-reset').click()")
    page.run("[...document.querySelectorAll('#flow-table th button')]"
             ".find((one) => one.textContent === 'Client').click()")
    first = page.run("document.querySelector('#flow-table td').textContent")
    names = sorted(f"{one['client']}:{one['client_port']}" for one in flows)
    report.true("a click on a head sorts all of them", first == names[0], (first, names[0]))
    page.run("document.querySelector('.culprit .body button').click()")
    page.settle()
    shown = page.run(COUNT).split()[0]
    report.true("a culprit shows its connections", shown == f"{len(off):,}", shown)


FOCUS = "document.activeElement"


def keys(page, folder):
    path, _ = make_page(folder, cli.lab_path("server-flip"))
    page.go(path)
    page.settle()
    reached = []
    for _ in range(40):
        page.press("Tab")
        reached.append(page.run(f"{FOCUS}.id || {FOCUS}.className || {FOCUS}.tagName"))
        if reached[-1].startswith("row"):
            break
    report.true("Tab gets to the rows, by the skip link, the switch, and the filters",
                reached[0] == "skip" and "theme" in reached and "flow-search" in reached
                and reached.index("endpoint-search") < reached.index("flow-search")
                and reached[-1].startswith("row"), reached)
    ring = page.run(f"getComputedStyle({FOCUS}).outlineStyle + getComputedStyle({FOCUS}).outlineWidth")
    report.true("where the focus is can be seen", ring == "solid2px", ring)
    page.run("document.querySelector('#flow-table tr.row').focus()")
    page.press("ArrowDown")
    report.true("down goes to the next row", page.run(
        f"[...document.querySelectorAll('#flow-table tr.row')].indexOf({FOCUS})") == 1)
    page.press("Enter")
    report.true("Enter opens it, alone", page.run(
        f"{FOCUS}.getAttribute('aria-expanded') === 'true' && "
        f"{FOCUS}.nextSibling.className === 'detail' && "
        "document.querySelectorAll('tr.detail').length === 1"))
    page.press("Escape")
    report.true("Escape closes it, and the focus stays", page.run(
        "document.querySelectorAll('tr.detail').length === 0 && "
        f"[...document.querySelectorAll('#flow-table tr.row')].indexOf({FOCUS}) === 1"))
    page.press("End")
    page.press("ArrowDown")
    report.true("beyond the last row lies the next page", page.run(
        f"{FOCUS}.matches('#flow-table tr.row') && "
        "document.querySelector('#flow-pager .count').textContent.startsWith('16 to')"))
    page.press("ArrowUp")
    page.press("Home")
    page.press("Enter")
    plot_keys(page)
    page.run("document.getElementById('flow-search').focus()")
    page.type("nothing")
    report.true("what is typed is searched for", page.run(COUNT).startswith("0 of"), page.run(COUNT))
    report.check("all that without a word on the console", quiet(page, path))


def plot_keys(page):
    page.run("document.querySelector('.plot').focus()")
    page.press("ArrowRight")
    page.press("ArrowRight")
    said = page.run("document.querySelector('.plot-tools .at').textContent")
    report.true("right goes from point to point, in words", re.match(
        r"\d+\.\d{6} s · .*window .* in flight ", said), said)
    span = "(() => { const x = document.querySelector('.plot').wscope.charts[{}].scales.x; " \
           "return x.max - x.min; })()"
    whole = page.run(span.replace("{}", "0"))
    page.press("+")
    zoomed = [page.run(span.replace("{}", chart)) for chart in "01"]
    report.true("plus zooms both charts", zoomed[0] < whole and zoomed[0] == zoomed[1],
                (whole, zoomed))
    page.press("0")
    report.true("0 shows all again", page.run(span.replace("{}", "0")) == whole)


CONTRASTS = """(() => {
	const parts = (color) => color.match(/[\\d.]+/g).map(Number);
	const light = (color) => parts(color).slice(0, 3).map((v) => v / 255)
		.map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const behind = (at) => {
		for (; at; at = at.parentElement) {
			const color = parts(getComputedStyle(at).backgroundColor);
			if (color.length < 4 || color[3])
				return getComputedStyle(at).backgroundColor;
		}
		return "rgb(255, 255, 255)";
	};
	const bad = [];
	for (const at of document.querySelectorAll("main *, header *, footer summary")) {
		const own = [...at.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
		if (!own || at.closest("svg, .uplot") || !at.checkVisibility() || at.disabled)
			continue;
		const a = light(getComputedStyle(at).color), b = light(behind(at));
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < LIMIT)
			bad.push(`${at.tagName}.${at.className} ${ratio.toFixed(2)} ${at.textContent.slice(0, 30)}`);
	}
	return bad;
})()""".replace("LIMIT", str(CONTRAST))
LIGHTNESS = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0]"


def looks(page, folder):
    for scenario in ("server-flip", "stop-reading", "strip-synack"):
        path, _ = make_page(folder, cli.lab_path(scenario))
        for scheme in ("light", "dark"):
            page.media(scheme)
            page.go(path)
            page.settle()
            report.check(f"{scenario}, {scheme}: text can be read", page.run(CONTRASTS))
    canvas = "(() => { const u = document.querySelector('.plot').wscope.charts[0]; " \
             "return u.ctx.canvas.toDataURL(); })()"
    dark, drawn = page.run(LIGHTNESS), page.run(canvas)
    page.run("document.getElementById('theme').click()")
    page.settle()
    report.true("dark by what the system wants, light by the switch",
                dark < 60 and page.run(LIGHTNESS) > 200, (dark, page.run(LIGHTNESS)))
    report.true("plots change with it", page.run(canvas) != drawn)
    page.run("document.getElementById('theme').click()")
    page.media("dark", "print")
    report.true("paper is light, and has nothing to press", page.run(LIGHTNESS) > 200 and page.run(
        "[...document.querySelectorAll('button, input, select')].every((one) => "
        "one.closest('thead') || !one.checkVisibility())"))
    report.true("plots and culprits are on it", page.run(
        "document.querySelector('.culprit').checkVisibility() && "
        "document.querySelector('.plot canvas').checkVisibility()"))
    report.true("it can be printed", page.paper().startswith(b"%PDF"))
    page.media("light")
    page.size(375, 700)
    for scenario in ("server-flip", "slow-limited", "both-on-v6"):
        path, _ = make_page(folder, cli.lab_path(scenario))
        page.go(path)
        page.settle()
        width = page.run("document.documentElement.scrollWidth")
        report.true(f"{scenario}: fits a narrow screen", width <= 375, width)
    page.size(1280, 900)


def attack(page, folder):
    capture = names_with_markup(folder)
    with open(capture.encode("utf-8", "surrogateescape"), "wb") as file:
        file.write(cli.pcap(attack_packets()))
    path, _ = make_page(folder, capture)
    data = raw_data(path)
    report.true("data has no character that begins markup", not re.search("[<>&\u2028\u2029]", data))
    name = json.loads(data)["files"][0]
    report.true("and is the name all the same", name == capture.replace("\udcff", "\ufffd"), name)
    page.go(path)
    page.settle()
    report.check("no word on the console, no request", quiet(page, path))
    report.true("nothing of it ran, and nothing became an element", page.run(
        "window.pwned === undefined && !document.querySelector('img') && "
        "document.querySelectorAll('script').length === 3"))
    shown = page.run("document.body.innerText")
    for part in ('<img src=x onerror="window.pwned=1">', "<script>window.pwned=1<", "&lt;"):
        report.true(f"shown as it is: {part}", part in shown)
    page.run("""(() => {
	const script = document.createElement("script");
	script.textContent = "window.pwned = 1";
	document.body.append(script);
	const button = document.createElement("button");
	button.setAttribute("onclick", "window.pwned = 2");
	document.body.append(button);
	button.click();
	const image = document.createElement("img");
	image.src = "https://192.0.2.1/x.png";
	document.body.append(image);
})()""")
    page.settle()
    report.true("what is not the page's own does not run, and fetches nothing", page.run(
        "window.pwned === undefined") and len([line for line in page.errors()
                                               if "Content Security Policy" in line]) == 3,
                page.errors())


def not_whole(page, folder):
    capture = os.path.join(folder, "cut.pcap")
    with open(cli.lab_path("stop-reading"), "rb") as file:
        whole = file.read()
    cli.write(folder, **{"cut.pcap": whole[:-7]})
    path, result = make_page(folder, capture, status=INPUT)
    page.go(path)
    page.settle()
    said = page.run("document.getElementById('incomplete').innerText")
    report.true("a damaged capture: the page says what the program says",
                result.err.removeprefix("wscope: ").strip() in said, (said, result.err))
    path, _ = make_page(folder, cli.lab_path("stop-reading"))
    page.go(path)
    report.true("a whole one: it does not", page.run(
        "document.getElementById('incomplete').hidden && document.getElementById('cut').hidden"))
    page_text = text_of(path)
    for part in (0.2, 0.5, 0.99):
        with open(path, "w", encoding="utf-8") as file:
            file.write(page_text[:int(len(page_text) * part)])
        page.go(path)
        page.settle()
        if not page.run("document.getElementById('cut')?.checkVisibility() ?? false") and part > 0.2:
            report.true(f"a page cut at {part:.0%} says so", False)
            return
    report.true("a page whose file was cut says so", True)


def several_files(page, folder):
    files = [cli.lab_path("server-off"), cli.lab_path("stop-reading")]
    path = os.path.join(folder, "two.html")
    wscope("replay", "--html", path, *files)
    page.go(path)
    page.settle()
    report.check("two files: no word on the console, no request", quiet(page, path))
    proof = page.run("document.querySelector('tr.detail').innerText")
    report.true("packets have their file beside them", " of client.pcap" in proof, proof)
    path, _ = make_page(folder, cli.lab_path("server-off"), "-c", "20")
    page.go(path)
    report.true("a limit is named", "at most 20 packets" in page.run(
        "document.getElementById('overview').innerText"))


def main():
    with cli.scratch() as folder:
        library(folder)
        refusals(folder)
        writing(folder)
        report.check("records and culprits are those of --json and of the text", *(
            same_records(folder, cli.lab_path(scenario)) for scenario in sorted(
                os.listdir(cli.CAPTURES))))
        if not browser.program():
            report.true("there is a Chromium", False, "package chromium")
            return report.end()
        with browser.Browser() as page:
            for part in (lab_pages, stall, thinned, many, keys, looks, attack, not_whole,
                         several_files):
                try:
                    part(page, folder)
                except (browser.Refused, TimeoutError, ValueError, TypeError) as error:
                    report.true(f"{part.__name__} gets to its end", False, repr(error))
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
