// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Attaches TC programs the way kernels before 6.6 need it, whatever this kernel has.
 *   attach IF HOOK...      HOOK: tc-ingress, tc-egress
 * Says how each is attached, waits for the end of standard input, detaches, newest first.
 */
#include <stdio.h>
#include <string.h>

#include <net/if.h>

#include "userspace/attach.h"
#include "userspace/loader.h"
#include "userspace/names.h"

static int attach_hooks(struct attach *list, int n, char **names, const struct loader *l,
			int ifindex)
{
	for (int i = 0; i < n; i++) {
		int hook = names_find(NAMES_HOOK, names[i]), err;

		if (hook < 0 || hook == HOOK_XDP)
			return -1;
		err = attach_tc(&list[i], ifindex, l->programs[hook], (enum hook)hook, false);
		printf("%s: %s, how %d, %s clsact, handle %u priority %u\n", names[i],
		       err ? strerror(-err) : "ok", (int)list[i].how,
		       list[i].own_clsact ? "own" : "foreign", list[i].handle, list[i].priority);
		if (err)
			return err;
	}
	return fflush(stdout);
}

int main(int argc, char **argv)
{
	struct options o = { .hooks = 1U << HOOK_TC_INGRESS | 1U << HOOK_TC_EGRESS };
	struct attach list[HOOKS] = { { .how = ATTACH_NONE },
				      { .how = ATTACH_NONE },
				      { .how = ATTACH_NONE } };
	struct loader *l;
	int n = argc - 2, err = -1;

	if (n < 1 || n > HOOKS)
		return 2;
	if (!loader_open(&l, &o))
		err = attach_hooks(list, n, argv + 2, l, (int)if_nametoindex(argv[1]));
	while (!err && getchar() != EOF)
		;
	while (n--) {
		int undone = attach_detach(&list[n]);

		if (undone)
			printf("detach: %s\n", strerror(-undone));
		err = err ? err : undone;
	}
	loader_close(l);
	return err ? 1 : 0;
}
