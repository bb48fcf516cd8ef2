// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/ondemand.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "userspace/complain.h"

int ondemand_load(const char *soname, void *calls, const char *const *names, size_t n)
{
	void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; library && i < n; i++) {
		void *at = dlsym(library, names[i]);

		if (!at)
			library = NULL;
		/* As POSIX has it, a function's address fits in a pointer to an object. */
		memcpy((char *)calls + i * sizeof(at), &at, sizeof(at));
	}
	if (library)
		return 0;
	complain("this needs %s, which cannot be loaded: %s", soname, dlerror());
	return -ENOENT;
}
