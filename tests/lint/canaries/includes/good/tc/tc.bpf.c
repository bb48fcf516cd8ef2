// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/pkt_cls.h>
#include "platform/bpf.bpf.h"
