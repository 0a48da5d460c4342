/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Configuration files. The error for a refused file names the file. A file
 * that is accepted can be printed, and what is printed is accepted again, with
 * the same values.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "config/reader.h"
#include "config/option.h"
#include "config/listeners.h"
#include "config/option_value.h"

#define MAX_TEXT (4 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[] = "fuzz-config-XXXXXX";

static void
remove_file(void)
{
	(void)unlink(path);
}

static void
write_file(const void *data, size_t size)
{
	static int fd = -1;

	if (fd == -1) {
		fd = mkstemp(path);
		if (fd == -1 || atexit(remove_file) != 0)
			abort();
	}
	if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
}

/* Returns NULL if the text was refused. */
static struct pst_config *
read_text(struct pst_arena *arena, const void *data, size_t size)
{
	struct pst_config *config = pst_arena_alloc(arena, sizeof(*config));
	struct pst_assignment *settings =
	    pst_arena_array(arena, pst_option_count, sizeof(*settings));
	struct pst_listener_sections sections = {.file = path};
	struct pst_listeners listeners = {0};
	struct pst_problems problems = {.arena = arena};
	struct pst_err err = {0};

	for (size_t i = 0; i < pst_option_count; i++)
		pst_option_set_default(config, arena, &pst_options[i]);
	write_file(data, size);
	if (pst_config_read(config, arena, path,
		&(struct pst_config_notes){settings, &sections, true},
		&problems) &&
	    pst_listeners_make(
		&listeners, arena, &config->listen, &sections, &err))
		return config;
	pst_problems_first(&problems, &err);
	if (strstr(err.text, path) != err.text)
		abort();
	return NULL;
}

static const char *
print(struct pst_arena *arena, const struct pst_config *config)
{
	const char *section = NULL;
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_TEXT);
	for (size_t i = 0; i < pst_option_count; i++) {
		const struct pst_option *option = &pst_options[i];

		if (option->section != section && section != NULL)
			pst_buf_add_text(&buf, "}\n");
		if (option->section != section && option->section != NULL)
			pst_buf_printf(&buf, "%s {\n", option->section);
		section = option->section;
		pst_buf_printf(&buf, "%s = %s\n", option->name,
		    pst_option_text(config, option, arena));
	}
	if (section != NULL)
		pst_buf_add_text(&buf, "}\n");
	return pst_buf_str(&buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_config *config = read_text(arena, data, size);
	const char *text;

	if (config != NULL) {
		text = print(arena, config);
		if (text == NULL)
			abort();
		config = read_text(arena, text, strlen(text));
		if (config == NULL || strcmp(text, print(arena, config)) != 0)
			abort();
	}
	pst_arena_free(arena);
	return 0;
}
