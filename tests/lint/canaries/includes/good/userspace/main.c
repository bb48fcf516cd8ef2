// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>
#include "engine/a.h"
#include "platform/native.h"
#include "pcap-replay/replay.h"
#include "wscope.skel.h"
