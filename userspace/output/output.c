// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/output/output.h"

const struct output *output_choose(const struct options *o)
{
#define FORMAT(name, wanted) \
	if (wanted)          \
		return &output_##name;
#include "userspace/output/formats.def"
#undef FORMAT
	return NULL;
}
