/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Libraries of single options, loaded when the option is used: the start of every other command is
 * not to wait for them (libmicrohttpd alone brings GnuTLS, 1.9 of 4.6 ms).
 *
 * Their functions stand in a struct of pointers, one member each and named like them, which is made
 * with the library's own header:
 *
 *	#define CALLS(X) X(MHD_run) X(MHD_stop_daemon)
 *	static struct { CALLS(ONDEMAND_MEMBER) } mhd;
 *	static const char *const names[] = { CALLS(ONDEMAND_NAME) };
 */
#ifndef USERSPACE_ONDEMAND_H
#define USERSPACE_ONDEMAND_H

#include <stddef.h>

#define ONDEMAND_MEMBER(function) __typeof__(&(function)) function;
#define ONDEMAND_NAME(function)   #function,

/* Loads the library of that soname, for good, and fills n function pointers at calls in the order of
 * names. Again is no harm. 0, or -ENOENT after one line on stderr that says what is missing. */
int ondemand_load(const char *soname, void *calls, const char *const *names, size_t n);

#endif
