// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Load each program of BPF object files, one at a time, and print what the verifier of the running
 * kernel made of it. Nothing is attached. Runs on the host and inside the test VM, so it needs libbpf
 * only and is linked statically where possible.
 *
 * Output, one line each, NAME is the program's name:
 *	program NAME insns COUNT	accepted; COUNT instructions were walked (verified_insns)
 *	program NAME refused ERROR	refused, followed by the end of the verifier's log:
 *	log TEXT
 *	done COUNT			last line: all COUNT programs were tried
 *
 * Exit status: 0 all accepted, 1 at least one refused, 2 usage, 3 the object could not be read.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#define MAX_SETTINGS 32
#define MAX_OBJECTS  8
#define MAX_ENTRIES  1024 /* enough to load; the verifier does not look at the size of a hash */
#define LOG_SIZE     (64U << 20) /* virtual: kernels before 6.4 keep the beginning of a log too long */
#define LOG_TAIL     40          /* lines */
#define NOTES_SIZE   4096

struct setting {
	const char *var; /* VAR or VAR.FIELD */
	uint64_t value;
};

struct options {
	struct setting settings[MAX_SETTINGS];
	unsigned int n_settings;
	const char *objects[MAX_OBJECTS];
	unsigned int n_objects;
	bool list;
};

static char notes[NOTES_SIZE]; /* libbpf's own warnings about the program at hand */
static size_t notes_len;

static int notes_add(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	size_t room = sizeof(notes) - notes_len;
	int n;

	if (level != LIBBPF_WARN)
		return 0;
	n = vsnprintf(notes + notes_len, room, fmt, ap);
	if (n > 0)
		notes_len += (size_t)n < room ? (size_t)n : room - 1;
	return n;
}

static void print_tail(const char *text)
{
	const char *start = text + strlen(text);
	unsigned int lines = 0;

	while (start > text && !(start[-1] == '\n' && lines++ == LOG_TAIL))
		start--;
	while (*start) {
		size_t len = strcspn(start, "\n");

		if (len)
			printf("log %.*s\n", (int)len, start);
		start += len + (start[len] == '\n');
	}
}

/* The member of a struct by name; NULL if there is none or it is a bitfield. */
static const struct btf_member *find_member(const struct btf *btf, const struct btf_type *type,
					    const char *name)
{
	const struct btf_member *member = btf_members(type);
	unsigned int i;

	for (i = 0; i < btf_vlen(type); i++, member++) {
		if (strcmp(btf__name_by_offset(btf, member->name_off), name))
			continue;
		return btf_member_bitfield_size(type, i) ? NULL : member;
	}
	return NULL;
}

/*
 * Where the setting's variable lies in .rodata. Returns its size in bytes and sets *offset, or
 * returns -ENOENT.
 */
static int find_variable(const struct btf *btf, const char *name, size_t *offset)
{
	int section = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
	size_t base_len = strcspn(name, ".");
	const struct btf_type *type, *var;
	const struct btf_var_secinfo *info;
	const struct btf_member *member;
	const char *var_name;
	unsigned int i;
	int id;

	if (section < 0)
		return -ENOENT;
	type = btf__type_by_id(btf, (uint32_t)section);
	info = btf_var_secinfos(type);
	for (i = 0; i < btf_vlen(type); i++, info++) {
		var = btf__type_by_id(btf, info->type);
		var_name = btf__name_by_offset(btf, var->name_off);
		if (strlen(var_name) != base_len || strncmp(var_name, name, base_len))
			continue;
		*offset = info->offset;
		if (!name[base_len])
			return (int)info->size;
		id = btf__resolve_type(btf, var->type);
		type = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);
		if (!type || !btf_is_struct(type))
			return -ENOENT;
		member = find_member(btf, type, name + base_len + 1);
		if (!member)
			return -ENOENT;
		*offset += member->offset / 8;
		return (int)btf__resolve_size(btf, member->type);
	}
	return -ENOENT;
}

/* Write one setting into the object's .rodata (little endian hosts). Returns 0 or -errno. */
static int apply_setting(struct bpf_object *obj, const struct setting *setting)
{
	size_t offset = 0, size;
	struct bpf_map *map;
	const void *old;
	char *data;
	int width, err;

	width = find_variable(bpf_object__btf(obj), setting->var, &offset);
	if (width < 0)
		return width;
	map = bpf_object__find_map_by_name(obj, ".rodata");
	old = map ? bpf_map__initial_value(map, &size) : NULL;
	if (!old)
		return -ENOENT;
	if (width > 8 || offset + (size_t)width > size)
		return -ERANGE;
	data = malloc(size);
	if (!data)
		return -ENOMEM;
	memcpy(data, old, size);
	memcpy(data + offset, &setting->value, (size_t)width);
	err = bpf_map__set_initial_value(map, data, size);
	free(data);
	return err;
}

/* Arrays keep their size, because the verifier checks indexes against it. */
static int shrink_maps(struct bpf_object *obj)
{
	struct bpf_map *map;
	int err;

	bpf_object__for_each_map(map, obj) {
		switch (bpf_map__type(map)) {
		case BPF_MAP_TYPE_HASH:
		case BPF_MAP_TYPE_PERCPU_HASH:
		case BPF_MAP_TYPE_LRU_HASH:
		case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		case BPF_MAP_TYPE_LPM_TRIE:
			if (bpf_map__max_entries(map) <= MAX_ENTRIES)
				break;
			err = bpf_map__set_max_entries(map, MAX_ENTRIES);
			if (err)
				return err;
			break;
		default:
			break;
		}
	}
	return 0;
}

static int prepare(struct bpf_object *obj, const struct options *opts, const char *only)
{
	struct bpf_program *prog;
	unsigned int i;
	int err;

	for (i = 0; i < opts->n_settings; i++) {
		err = apply_setting(obj, &opts->settings[i]);
		if (err) {
			fprintf(stderr, "cannot set '%s': %s\n", opts->settings[i].var,
				strerror(-err));
			return err;
		}
	}
	bpf_object__for_each_program(prog, obj)
		bpf_program__set_autoload(prog, !strcmp(bpf_program__name(prog), only));
	return shrink_maps(obj);
}

/*
 * Load the program called name out of path. Returns 0 and prints its figure, 1 and prints why it was
 * refused, or -errno if the object could not be prepared.
 */
static int verify_program(const struct options *opts, const char *path, const char *name, char *log)
{
	LIBBPF_OPTS(bpf_object_open_opts, open_opts, .kernel_log_buf = log,
		    .kernel_log_size = LOG_SIZE);
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info);
	struct bpf_object *obj;
	int err;

	log[0] = '\0';
	notes[0] = '\0';
	notes_len = 0;
	obj = bpf_object__open_file(path, &open_opts);
	if (!obj) {
		err = -errno;
		fprintf(stderr, "cannot open '%s': %s\n", path, strerror(-err));
		return err;
	}
	err = prepare(obj, opts, name);
	if (err)
		goto out;
	err = bpf_object__load(obj);
	if (!err)
		err = bpf_obj_get_info_by_fd(
			bpf_program__fd(bpf_object__find_program_by_name(obj, name)), &info, &len);
	if (err) {
		printf("program %s refused %s\n", name, strerror(err < 0 ? -err : err));
		print_tail(log);
		print_tail(notes);
		err = 1;
	} else {
		printf("program %s insns %u\n", name, info.verified_insns);
	}
	fflush(stdout);
out:
	bpf_object__close(obj);
	return err;
}

/* All programs of one object; *count grows by their number. Returns as verify_program() does. */
static int verify_object(const struct options *opts, const char *path, char *log,
			 unsigned int *count)
{
	struct bpf_object *obj = bpf_object__open_file(path, NULL);
	struct bpf_program *prog;
	int err = 0, ret;

	if (!obj) {
		err = -errno;
		fprintf(stderr, "cannot open '%s': %s\n", path, strerror(-err));
		return err;
	}
	bpf_object__for_each_program(prog, obj) {
		(*count)++;
		if (opts->list) {
			printf("%s\n", bpf_program__name(prog));
			continue;
		}
		ret = verify_program(opts, path, bpf_program__name(prog), log);
		if (ret < 0) {
			err = ret;
			break;
		}
		if (ret)
			err = 1;
	}
	bpf_object__close(obj);
	return err;
}

/* VAR[.FIELD]=VALUE; the text is cut at the '='. Returns 0 or -EINVAL. */
static int parse_setting(struct options *opts, char *text)
{
	char *equals = strchr(text, '=');
	struct setting *setting;
	char *end;

	if (!equals || equals == text || opts->n_settings == MAX_SETTINGS)
		return -EINVAL;
	*equals = '\0';
	setting = &opts->settings[opts->n_settings++];
	setting->var = text;
	errno = 0;
	setting->value = strtoull(equals + 1, &end, 0);
	return errno || end == equals + 1 || *end ? -EINVAL : 0;
}

static int parse_options(struct options *opts, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--list")) {
			opts->list = true;
		} else if (!strcmp(argv[i], "--set") && i + 1 < argc) {
			if (parse_setting(opts, argv[++i]))
				return -EINVAL;
		} else if (argv[i][0] == '-' || opts->n_objects == MAX_OBJECTS) {
			return -EINVAL;
		} else {
			opts->objects[opts->n_objects++] = argv[i];
		}
	}
	return opts->n_objects ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	struct options opts = {};
	unsigned int count = 0, i;
	int status = 0, err;
	char *log;

	if (parse_options(&opts, argc, argv)) {
		fprintf(stderr, "usage: %s [--list] [--set VAR[.FIELD]=VALUE]... OBJECT...\n",
			argv[0]);
		return 2;
	}
	log = mmap(NULL, LOG_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (log == MAP_FAILED) {
		perror("cannot allocate the log");
		return 3;
	}
	libbpf_set_print(notes_add);
	for (i = 0; i < opts.n_objects; i++) {
		err = verify_object(&opts, opts.objects[i], log, &count);
		if (err < 0) {
			status = 3;
			break;
		}
		if (err)
			status = 1;
	}
	if (status != 3 && !opts.list)
		printf("done %u\n", count);
	munmap(log, LOG_SIZE);
	return status;
}
