// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The contract of what is loaded on demand: it is not there before it is asked for, then its
 * functions can be called; a library or a function that is missing is an error, never a call to
 * nowhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include <microhttpd.h>

#include "userspace/ondemand.h"

#define CALLS(X)           \
	X(MHD_get_version) \
	X(MHD_is_feature_supported)

struct calls {
	CALLS(ONDEMAND_MEMBER)
};

static const char *const names[] = { CALLS(ONDEMAND_NAME) };

static void loaded_when_asked_for(void **state)
{
	struct calls calls = { 0 };

	(void)state;
	assert_null(dlopen(WSCOPE_MICROHTTPD, RTLD_NOW | RTLD_NOLOAD));
	for (int i = 0; i < 2; i++)
		assert_int_equal(ondemand_load(WSCOPE_MICROHTTPD, &calls, names, 2), 0);
	assert_non_null(strchr(calls.MHD_get_version(), '.'));
	assert_int_equal(calls.MHD_is_feature_supported(MHD_FEATURE_EPOLL), MHD_YES);
}

static void missing(void **state)
{
	static const char *const no_such[] = { "MHD_get_version", "MHD_no_such_function" };
	struct calls calls = { 0 };

	(void)state;
	assert_int_equal(ondemand_load("libwscope-no-such.so.0", &calls, names, 2), -ENOENT);
	assert_null(calls.MHD_get_version);
	assert_int_equal(ondemand_load(WSCOPE_MICROHTTPD, &calls, no_such, 2), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loaded_when_asked_for),
		cmocka_unit_test(missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
