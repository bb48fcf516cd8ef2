/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Exit statuses; where several apply: 2, 4, 3, 5, 1, 0. */
#ifndef USERSPACE_EXIT_STATUS_H
#define USERSPACE_EXIT_STATUS_H

enum exit_status {
	EXIT_NOTHING = 0,
	EXIT_FINDINGS = 1,
	EXIT_USAGE = 2,
	EXIT_INPUT = 3,
	EXIT_PRIVILEGE = 4,
	EXIT_INCOMPLETE = 5,
};

#endif
