// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The contract of publishing, without a server: what becomes of names and URLs (a token of a subject
 * has no dot, blank or wildcard; a URL that is shown has no secret), and the queue: first in, first
 * out, bounded, what is looked at stays until it is dropped, and who waits is woken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "userspace/publish.h"
#include "userspace/publish_queue.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define ROOM          3
#define LONG_MS       20000U

static void nodes(void **state)
{
	static const struct {
		const char *name, *token;
	} cases[] = {
		{ "lb1", "lb1" },
		{ "Lb-1_x", "Lb-1_x" },
		{ "lb1.example.net", "lb1_example_net" },
		{ "a b\tc", "a_b_c" },
		{ "*", "_" },
		{ ">", "_" },
		{ "..", "__" },
		{ "caf\xc3\xa9", "caf__" },
		{ "", "" },
	};
	char out[PUBLISH_NODE_ROOM], name[2 * PUBLISH_NODE_ROOM];

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		publish_node(out, cases[i].name);
		assert_string_equal(out, cases[i].token);
	}
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	publish_node(out, name);
	assert_int_equal(strlen(out), PUBLISH_NODE_ROOM - 1);
}

static void urls(void **state)
{
	static const struct {
		const char *urls, *shown; /* shown 0: it is none */
	} cases[] = {
		{ "nats://h", "nats://h" },
		{ "tls://h:4222", "tls://h:4222" },
		{ "nats://user:pass@h:1", "nats://h:1" },
		{ "nats://token@h", "nats://h" },
		{ "nats://u:p@ss@h", "nats://h" },
		{ "nats://[2001:db8::1]:4222", "nats://[2001:db8::1]:4222" },
		{ "nats://a:b@h,tls://c@i:2,nats://j", "nats://h,tls://i:2,nats://j" },
		{ "", NULL },
		{ "h", NULL },
		{ "h:4222", NULL },
		{ "http://h", NULL },
		{ "NATS://h", NULL },
		{ "nats://", NULL },
		{ "nats://u:p@", NULL },
		{ "nats://:4222", NULL },
		{ "nats:///h", NULL },
		{ "nats://h,", NULL },
		{ ",nats://h", NULL },
		{ "nats://h,i", NULL },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		if (publish_is_urls(cases[i].urls) != !!cases[i].shown)
			fail_msg("%s", cases[i].urls);
		if (!cases[i].shown)
			continue;
		publish_shown(out, cases[i].urls);
		assert_string_equal(out, cases[i].shown);
	}
}

static bool put(struct publish_queue *q, const char *line)
{
	const struct publish_message m = { strdup(line), strlen(line), 0 };

	return publish_queue_put(q, &m);
}

/* What is in it, as one text. */
static const char *look(struct publish_queue *q, size_t room)
{
	static char text[64];
	struct publish_message out[ROOM];
	size_t n = publish_queue_look(q, out, room, 0);

	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		strncat(text, out[i].line, out[i].len);
	return text;
}

static void queue(void **state)
{
	struct publish_queue *q;

	(void)state;
	assert_int_equal(publish_queue_open(&q, ROOM), 0);
	for (int turn = 0; turn < 4; turn++) { /* round the ring */
		assert_string_equal(look(q, ROOM), "");
		assert_true(put(q, "a") && put(q, "b"));
		assert_string_equal(look(q, ROOM), "ab");
		assert_true(put(q, "c"));
		assert_false(put(q, "d"));
		assert_string_equal(look(q, 2), "ab");
		assert_string_equal(look(q, ROOM), "abc");
		publish_queue_drop(q, 1);
		assert_int_equal(publish_queue_length(q), 2);
		assert_true(put(q, "e"));
		assert_string_equal(look(q, ROOM), "bce");
		publish_queue_drop(q, turn < 3 ? 3 : 1); /* the last time close() has the rest */
	}
	publish_queue_close(q);
	publish_queue_close(NULL);
}

static __u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * 1000 + (__u64)now.tv_nsec / 1000000;
}

static void *waits(void *arg)
{
	struct publish_message out[ROOM];

	return (void *)(uintptr_t)(publish_queue_look(arg, out, ROOM, LONG_MS) + 1);
}

static void *pauses(void *arg)
{
	publish_queue_pause(arg, LONG_MS);
	return NULL;
}

static void waking(void **state)
{
	struct publish_queue *q;
	pthread_t thread, other;
	__u64 began = now_ms();
	void *got;

	(void)state;
	assert_int_equal(publish_queue_open(&q, ROOM), 0);
	assert_int_equal(pthread_create(&thread, NULL, waits, q), 0);
	assert_true(put(q, "a"));
	assert_int_equal(pthread_join(thread, &got), 0);
	assert_int_equal((uintptr_t)got, 2);
	publish_queue_drop(q, 1);
	publish_queue_pause(q, 50);
	assert_true(now_ms() - began >= 50);
	assert_int_equal(pthread_create(&thread, NULL, waits, q), 0);
	assert_int_equal(pthread_create(&other, NULL, pauses, q), 0);
	assert_false(publish_queue_ended(q));
	publish_queue_end(q);
	assert_true(publish_queue_ended(q));
	assert_int_equal(pthread_join(thread, &got), 0);
	assert_int_equal((uintptr_t)got, 1);
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_true(now_ms() - began < LONG_MS);
	publish_queue_close(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes),
		cmocka_unit_test(urls),
		cmocka_unit_test(queue),
		cmocka_unit_test(waking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
