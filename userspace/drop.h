/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Giving up what a reader does not need, once everything is open. */
#ifndef USERSPACE_DROP_H
#define USERSPACE_DROP_H

/*
 * For the rest of this process and all it starts: another user, if it is root (name; NULL: "wscope",
 * or "nobody" where there is none), no capability in any set, no way to get one (no_new_privs), and
 * the system calls only that reading, telling and serving take (seccomp; any other one fails with
 * EPERM). 0, or -errno after one line on stderr; what was given up by then stays so.
 */
int drop_privileges(const char *user);

#endif
