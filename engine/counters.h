/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef ENGINE_COUNTERS_H
#define ENGINE_COUNTERS_H

enum counter {
#define COUNTER(id, name, what) COUNTER_##id,
#define SKIP(id, name, what)    SKIP_##id,
#include "engine/counters.def"
#undef COUNTER
#undef SKIP
	COUNTERS
};

#define COUNTER_FIRST_SKIP SKIP_NOT_IP

#endif
