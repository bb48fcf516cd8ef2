/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A table of facts and what one detector makes of them. */
#ifndef TESTS_UNIT_DIAGNOSE_CASES_H
#define TESTS_UNIT_DIAGNOSE_CASES_H

#include <stddef.h>

struct diagnose_case {
	const char *code; /* the detector that is asked */
	const char *name;
	const char *facts; /* words of transfer_text.h */
	const char *want; /* what transfer_text_finding() makes of it behind the code; "": nothing */
};

/*
 * Asks the detector about each side, with the client as first and as second half: it must find
 * want once and nothing else. Returns how many cases went wrong; says which.
 */
unsigned int diagnose_cases_run(const struct diagnose_case *cases, size_t n);

#endif
