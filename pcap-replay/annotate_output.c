// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/annotate_output.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/utsname.h>

#include "pcap-replay/result_file.h"
#include "platform/grow.h"
#include "userspace/version.h"

struct output_key {
	__u64 key;
	size_t place;
};

static void output_section(struct annotate_output *out)
{
	struct utsname host;
	char os[sizeof(host.sysname) + sizeof(host.release) + 1];
	struct pcapng_section section = { .application = "wscope " WSCOPE_VERSION };

	if (!uname(&host)) {
		snprintf(os, sizeof(os), "%s %s", host.sysname, host.release);
		section.os = os;
		section.hardware = host.machine;
	}
	pcapng_section(&out->writer, &section);
}

int annotate_output_open(struct annotate_output *out, const struct options *o, char *err,
			 size_t err_len)
{
	bool to_stdout = !strcmp(o->write, "-");
	int error = 0, fd;

	memset(out, 0, sizeof(*out));
	if (!to_stdout) {
		error = result_file_open(&out->to, "write", o->write, false, o, err, err_len);
	} else if ((fd = dup(STDOUT_FILENO)) < 0 || !(out->to = fdopen(fd, "wb"))) {
		error = -errno;
		snprintf(err, err_len, "cannot write to standard output: %s", strerror(-error));
	}
	if (!error && table_init(&out->keys, sizeof(struct output_key), sizeof(__u64), false)) {
		error = -ENOMEM;
		snprintf(err, err_len, "out of memory");
	}
	if (error) {
		if (out->to)
			fclose(out->to);
		return error;
	}
	pcapng_start(&out->writer, out->to);
	output_section(out);
	return 0;
}

static struct annotate_source *source_new(struct annotate_output *out)
{
	struct annotate_source *s;

	if (GROW(out->sources, out->sources_n, &out->sources_room))
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	memset(&s->statistics, 0xff, sizeof(s->statistics));
	out->sources[out->sources_n++] = s;
	return s;
}

struct annotate_source *annotate_output_source(struct annotate_output *out, __u64 key, bool *fresh)
{
	__u32 hash = (__u32)table_mix(0, key);
	struct output_key *k;
	struct annotate_source *s;

	*fresh = false;
	if (out->last && out->last_key == key)
		return out->last;
	k = table_find(&out->keys, &key, sizeof(key), hash);
	if (k) {
		s = out->sources[k->place];
	} else {
		k = table_insert(&out->keys, &key, hash);
		s = k ? source_new(out) : NULL;
		if (!s) {
			out->writer.err = out->writer.err ? out->writer.err : -ENOMEM;
			return NULL;
		}
		k->place = out->sources_n - 1;
		*fresh = true;
	}
	out->last = s;
	out->last_key = key;
	return s;
}

static void source_describe(struct annotate_output *out, struct annotate_source *s)
{
	struct pcapng_interface interface = {
		.name = s->name,
		.description = s->description,
		.filter = s->filter,
		.snaplen = s->snaplen,
		.linktype = s->linktype > 0xffff ? 0xffff : (__u16)s->linktype,
	};

	if (s->described)
		return;
	s->described = true;
	s->statistics.interface = out->described++;
	pcapng_interface(&out->writer, &interface);
}

void annotate_output_packet(struct annotate_output *out, struct annotate_source *s,
			    const struct pcapng_packet *packet)
{
	struct pcapng_packet p = *packet;

	source_describe(out, s);
	p.interface = s->statistics.interface;
	pcapng_packet(&out->writer, &p);
}

int annotate_output_flush(struct annotate_output *out)
{
	return pcapng_flush(&out->writer);
}

/* What its own capture counted; if that counted nothing, what was met of it here. */
static void source_finish(struct annotate_output *out, struct annotate_source *s)
{
	struct pcapng_statistics *c = &s->statistics;

	source_describe(out, s);
	if (c->received == PCAPNG_UNKNOWN && c->delivered == PCAPNG_UNKNOWN)
		c->delivered = s->packets;
	if (s->packets && c->start_ns == PCAPNG_UNKNOWN && c->end_ns == PCAPNG_UNKNOWN) {
		c->start_ns = s->first_ns;
		c->end_ns = s->last_ns;
	}
	if (c->ns == PCAPNG_UNKNOWN)
		c->ns = s->last_ns;
	pcapng_statistics(&out->writer, c);
}

int annotate_output_close(struct annotate_output *out)
{
	int err;

	for (size_t i = 0; i < out->sources_n; i++) {
		struct annotate_source *s = out->sources[i];

		source_finish(out, s);
		free(s->name);
		free(s->description);
		free(s->filter);
		free(s);
	}
	err = pcapng_flush(&out->writer);
	if (fclose(out->to) && !err)
		err = errno ? -errno : -EIO;
	pcapng_free(&out->writer);
	table_free(&out->keys);
	free(out->sources);
	memset(out, 0, sizeof(*out));
	return err;
}
