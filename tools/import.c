/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "import/opendkim.h"
#include "tools/argument.h"
#include "tools/command.h"
#include "tools/import_page.h"
#include "tools/ui.h"

static const char command[] = "import";

/* Files on the command line. */
#define MAX_FILES 64

/* The programs whose configuration can be imported. */
static const struct reader {
	const char *program;
	bool (*is_conf)(const char *name, struct pst_str text);
	void (*read)(
	    struct pst_import *import, const char *file, struct pst_str text);
} readers[] = {
    {"opendkim", pst_opendkim_is_conf, pst_opendkim_import},
};

struct given {
	const char *name;
	struct pst_str text;
	const struct reader *reader; /* NULL: not a configuration */
	bool used;
};

struct input {
	const char *root; /* NULL: this host */
	const char *keys; /* where copies of keys are to be; NULL: no copies */
	struct given files[MAX_FILES];
	size_t count;
};

enum option_id {
	OPT_ROOT = 1,
	OPT_KEYS,
	OPT_KEEP_KEYS,
};

static const char *
last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static bool
read_all(int fd, struct pst_arena *arena, struct pst_str *text)
{
	char *room = pst_arena_room(arena, PST_IMPORT_MAX_BYTES + 1);
	size_t len = 0;

	while (len <= PST_IMPORT_MAX_BYTES) {
		ssize_t got =
		    read(fd, room + len, PST_IMPORT_MAX_BYTES + 1 - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	if (len > PST_IMPORT_MAX_BYTES) {
		errno = EFBIG;
		return false;
	}
	*text = (struct pst_str){room, len};
	return true;
}

/* Reads a regular file. False with errno set. */
static bool
read_path(const char *path, struct pst_arena *arena, struct pst_str *text)
{
	/* A pipe must not make us wait. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), saved;
	struct stat status;
	bool done = false;

	if (fd == -1)
		return false;
	if (fstat(fd, &status) == 0) {
		if (S_ISREG(status.st_mode))
			done = read_all(fd, arena, text);
		else
			errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
	}
	saved = errno;
	(void)close(fd);
	errno = saved;
	return done;
}

/* A file that a configuration names. */
static bool
read_named(void *arg, struct pst_arena *arena, const char *path,
    struct pst_str *text, struct pst_err *err)
{
	struct input *input = arg;
	const char *tried = path;

	for (size_t i = 0; i < input->count; i++)
		if (input->files[i].reader == NULL &&
		    strcmp(last_name(input->files[i].name), last_name(path)) ==
			0) {
			input->files[i].used = true;
			*text = input->files[i].text;
			return true;
		}
	if (input->root != NULL) {
		tried = pst_arena_printf(
		    arena, "%s/%s", input->root, last_name(path));
		if (read_path(tried, arena, text))
			return true;
		tried = pst_arena_printf(arena, "%s/%s", input->root, path);
	}
	if (read_path(tried, arena, text))
		return true;
	return pst_err_set(err, "%s: %s",
	    pst_escaped(arena, pst_str_first(pst_str(path), 200)),
	    errno == EFBIG ? "the file is too large" : strerror(errno));
}

static bool
read_given(
    struct input *input, struct pst_arena *arena, int count, char **names)
{
	for (int i = 0; i < count; i++) {
		struct given *given = &input->files[input->count];

		if (input->count == MAX_FILES) {
			pst_ui_fail(command, "more than %d files", MAX_FILES);
			return false;
		}
		given->name = names[i];
		if (!read_path(names[i], arena, &given->text)) {
			pst_ui_fail(command, "%s: %s",
			    pst_escaped(arena, pst_str(names[i])),
			    errno == EFBIG ? "the file is too large" :
					     strerror(errno));
			return false;
		}
		for (size_t k = 0; k < PST_COUNT(readers); k++)
			if (readers[k].is_conf(names[i], given->text))
				given->reader = &readers[k];
		input->count++;
	}
	return true;
}

/* Finds the one configuration among the files. */
static struct given *
find_conf(struct input *input)
{
	struct given *found = NULL;

	for (size_t i = 0; i < input->count; i++) {
		if (input->files[i].reader == NULL)
			continue;
		if (found != NULL) {
			pst_ui_fail(command,
			    "two files are configurations of %s; import them "
			    "one after the other",
			    found->reader->program);
			return NULL;
		}
		found = &input->files[i];
	}
	if (found == NULL)
		pst_ui_fail(command,
		    "none of the files is an opendkim.conf; name it, and the "
		    "tables that it names are found from there");
	return found;
}

static int
run(struct input *input, struct pst_arena *arena)
{
	struct given *conf = find_conf(input);
	struct pst_import import;
	size_t answers;

	if (conf == NULL)
		return PST_EXIT_USAGE;
	pst_import_init(
	    &import, arena, (struct pst_import_files){read_named, input});
	conf->reader->read(&import, conf->name, conf->text);
	pst_import_print(&import,
	    &(struct pst_import_source){
		conf->reader->program, conf->name, input->keys});
	for (size_t i = 0; i < input->count; i++)
		if (&input->files[i] != conf && !input->files[i].used)
			pst_ui_note(command,
			    "%s is not used: %s does not name a file of this "
			    "name",
			    pst_escaped(arena, pst_str(input->files[i].name)),
			    pst_escaped(arena, pst_str(conf->name)));
	answers = pst_import_count(&import, PST_IMPORT_ANSWER);
	if (answers > 0)
		pst_ui_note(command,
		    "%zu point%s your answer; they are listed in the output",
		    answers, answers == 1 ? " needs" : "s need");
	return answers == 0 ? PST_EXIT_OK : PST_EXIT_OTHER;
}

static bool
take_option(struct input *input, int key)
{
	switch (key) {
	case OPT_ROOT:
		input->root = optarg;
		return true;
	case OPT_KEYS:
		input->keys = optarg;
		if (pst_import_is_path(pst_str(optarg)))
			return true;
		pst_ui_fail(command,
		    "--keys expects an absolute path without quotes, braces, "
		    "dollar signs and backslashes");
		return false;
	case OPT_KEEP_KEYS:
		input->keys = NULL;
		return true;
	}
	return false;
}

int
pst_cmd_import(int argc, char **argv)
{
	static const struct option options[] = {
	    {"root", required_argument, NULL, OPT_ROOT},
	    {"keys", required_argument, NULL, OPT_KEYS},
	    {"keep-keys", no_argument, NULL, OPT_KEEP_KEYS},
	    {NULL, 0, NULL, 0},
	};
	struct input input = {.keys = "/etc/postern/keys"};
	struct pst_arena *arena;
	int key, status = PST_EXIT_USAGE;

	while ((key = pst_argument_next(command, argc, argv, options)) != -1) {
		if (!take_option(&input, key))
			return PST_EXIT_USAGE;
	}
	if (optind == argc)
		return pst_ui_fail(command,
		    "the file to import is missing, such as "
		    "/etc/opendkim.conf");
	arena = pst_arena_new();
	if (read_given(&input, arena, argc - optind, argv + optind))
		status = run(&input, arena);
	pst_arena_free(arena);
	return pst_ui_finish(command, status);
}
