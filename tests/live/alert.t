#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 180
"""The outage, and a real Prometheus with the rules of contrib: how soon it fires, and that it
stays silent before."""

import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from live import Live, lab, talk  # noqa: E402
from prometheus import PORT, Server, until  # noqa: E402

SETTING = "net.ipv4.tcp_window_scaling"
RULES = os.path.join(live.ROOT, "contrib", "prometheus", "wscope.rules.yml")
INTERVAL = 2


def outage(run, net):
    """a server's scaling is switched off: the alert fires within two scrape intervals"""
    one = Live(run, net.server, "-i", "eth0", "--json", "--metrics", str(PORT))
    talk(net, 10)
    server = Server(run, net.server, [f"127.0.0.1:{PORT}"], f"{INTERVAL}s", RULES)
    live.await_true("a scrape", lambda: server.query("wscope_handshakes_total{family='4'} == 10"))
    time.sleep(2 * INTERVAL)
    assert not server.ask("alerts")["alerts"], server.ask("alerts")
    net.server.sysctl(SETTING, 0)
    talk(net, 45)
    live.await_true("the event", lambda: [event for event in one.events() if event["endpoint"]])
    said = [event for event in one.events() if event["endpoint"]]
    alerts, _ = until(lambda: server.alerts("WscopeEndpointRefuses"), 4 * INTERVAL)
    took = time.time() - said[0]["time"]
    print(f"# scrapes every {INTERVAL} s; fired {took:.1f} s after the finding "
          f"({said[0]['finding']['code']} of {lab.ADDRESS[4]['server']})")
    assert took <= 2 * INTERVAL + 0.5, took
    assert {alert["labels"]["code"] for alert in alerts} == {said[0]["finding"]["code"]}, alerts
    assert one.stop() == 0
    alerts, took = until(lambda: server.query("up == 0"), 4 * INTERVAL)
    assert alerts, took


if __name__ == "__main__":
    sys.exit(live.main("alert", [outage]))
