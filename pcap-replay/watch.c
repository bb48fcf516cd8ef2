// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/watch.h"

void watch_segment(void *arg, const struct native_segment *segment)
{
	const struct watch *watch = arg;
	struct series_point points[2];
	unsigned int n = series_points(points, segment);

	if (watch->series)
		series_add(watch->series, points, n);
	if (watch->plots)
		plots_add(watch->plots, segment, points, n);
}
