// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The page that mk/html-page made. */
#include "userspace/output/html.h"

#include "userspace/html_page.inc"

const char *html_page_before(void)
{
	return html_before;
}

const char *html_page_behind(void)
{
	return html_behind;
}
