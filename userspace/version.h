/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this build calls itself; mk/config.mk has the number. */
#ifndef USERSPACE_VERSION_H
#define USERSPACE_VERSION_H

#ifndef WSCOPE_VERSION
#define WSCOPE_VERSION "0.1.0"
#endif

#endif
