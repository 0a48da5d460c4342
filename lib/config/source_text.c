/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/source_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define MAX_FILE_BYTES (4 * 1024 * 1024)
#define MAX_OPEN_BRACES 8 /* no valid file has more than two */

/* As some editors write it at the beginning of a file. */
#define BOM "\xef\xbb\xbf"

struct scan {
	struct pst_problems *problems;
	const char *file;
	char *at;
	unsigned line;
	bool in_word; /* "//" and "/" "*" begin a comment only outside a word */
	unsigned open[MAX_OPEN_BRACES]; /* lines of the open braces */
	size_t depth;
	const char *what; /* the construct that has no end; NULL: none */
	unsigned what_line;
};

static bool
is_utf16(const char *text)
{
	return memcmp(text, "\xff\xfe", 2) == 0 ||
	    memcmp(text, "\xfe\xff", 2) == 0 || text[0] == '\0' ||
	    text[1] == '\0';
}

static char *
read_file(struct pst_arena *arena, const char *name, struct pst_err *err)
{
	/* O_NONBLOCK, as opening a FIFO without a writer would wait. */
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	char *text = NULL;
	ssize_t len;

	if (fd == -1) {
		(void)pst_err_set(err,
		    "%s: %s; check the path and its permissions", name,
		    strerror(errno));
		return NULL;
	}
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		(void)pst_err_set(err, "%s: not a regular file", name);
	} else if (st.st_size > MAX_FILE_BYTES) {
		(void)pst_err_set(err,
		    "%s: a configuration file may have at most 4 MB", name);
	} else {
		text = pst_arena_alloc(arena, (size_t)st.st_size + 1);
		len = read(fd, text, (size_t)st.st_size);
		if (len == -1 || memchr(text, '\0', (size_t)len) != NULL) {
			(void)pst_err_set(err, "%s: not a text file%s", name,
			    len > 1 && is_utf16(text) ?
				"; it is in UTF-16, so save it as UTF-8" :
				"");
			text = NULL;
		}
	}
	(void)close(fd);
	return text;
}

static void
advance(struct scan *scan)
{
	if (*scan->at == '\n')
		scan->line++;
	scan->at++;
}

static void
blank(struct scan *scan)
{
	if (*scan->at != '\n')
		*scan->at = ' ';
	advance(scan);
}

static void
missing_end(struct scan *scan, const char *what, unsigned line)
{
	scan->what = what;
	scan->what_line = line;
}

/*
 * libconfuse takes "${NAME}" of a variable that is not set for an empty text,
 * which nobody means; "${NAME:-}" says so.
 */
static void
check_variable(struct scan *scan)
{
	struct pst_arena *arena = scan->problems->arena;
	const char *name = scan->at + 2;
	const char *end, *text;

	/* Two octets after the last one is outside of the text. */
	if (strncmp(scan->at, "${", 2) != 0)
		return;
	end = strchr(name, '}');
	if (end == NULL || memchr(name, '\n', (size_t)(end - name)) != NULL)
		return;
	text = pst_arena_memdup(arena, name, (size_t)(end - name));
	if (strstr(text, ":-") != NULL || getenv(text) != NULL)
		return;
	text = pst_escaped(arena, pst_str(text));
	(void)pst_problems_add(scan->problems, PST_PROBLEM_ERROR, scan->file,
	    scan->line,
	    "the environment variable %s is not set; set it for posternd and "
	    "for this command, or write ${%s:-TEXT} to use TEXT without it",
	    text, text);
}

static void
skip_quoted(struct scan *scan)
{
	char quote = *scan->at;
	unsigned line = scan->line;

	advance(scan);
	while (*scan->at != '\0' && *scan->at != quote) {
		if (quote == '"')
			check_variable(scan);
		if (*scan->at == '\\' && scan->at[1] != '\0')
			advance(scan);
		advance(scan);
	}
	if (*scan->at == '\0')
		missing_end(scan, "text in quotes", line);
	else
		advance(scan);
	scan->in_word = false;
}

static void
blank_line(struct scan *scan)
{
	while (*scan->at != '\0' && *scan->at != '\n')
		blank(scan);
}

static void
blank_block(struct scan *scan)
{
	unsigned line = scan->line;

	blank(scan);
	blank(scan);
	while (*scan->at != '\0' && strncmp(scan->at, "*/", 2) != 0)
		blank(scan);
	if (*scan->at == '\0') {
		missing_end(scan, "comment", line);
		return;
	}
	blank(scan);
	blank(scan);
}

static void
take_plain(struct scan *scan)
{
	char c = *scan->at;

	if (!scan->in_word)
		check_variable(scan);
	if (c == '{') {
		if (scan->depth < MAX_OPEN_BRACES)
			scan->open[scan->depth] = scan->line;
		scan->depth++;
	} else if (c == '}' && scan->depth > 0) {
		scan->depth--;
	}
	scan->in_word = strchr(" \t\r\n={}()+,", c) == NULL;
	advance(scan);
}

static void
take_next(struct scan *scan)
{
	if (*scan->at == '"' || *scan->at == '\'')
		skip_quoted(scan);
	else if (*scan->at == '#')
		blank_line(scan);
	else if (!scan->in_word && strncmp(scan->at, "//", 2) == 0)
		blank_line(scan);
	else if (!scan->in_word && strncmp(scan->at, "/*", 2) == 0)
		blank_block(scan);
	else
		take_plain(scan);
}

bool
pst_config_text_read(struct pst_problems *problems, const char *file,
    struct pst_config_text *out)
{
	struct pst_err err;
	char *text = read_file(problems->arena, file, &err);
	struct scan scan = {
	    .problems = problems, .file = file, .at = text, .line = 1};

	if (text == NULL)
		return pst_problems_add(
		    problems, PST_PROBLEM_ERROR, NULL, 0, "%s", err.text);
	if (strncmp(text, BOM, sizeof(BOM) - 1) == 0)
		memset(text, ' ', sizeof(BOM) - 1);
	while (*scan.at != '\0' && scan.what == NULL)
		take_next(&scan);
	if (scan.what == NULL && scan.depth > 0)
		missing_end(&scan, "brace",
		    scan.open[scan.depth < MAX_OPEN_BRACES ?
			    scan.depth - 1 :
			    MAX_OPEN_BRACES - 1]);
	if (scan.what != NULL)
		return pst_problems_add(problems, PST_PROBLEM_ERROR, file,
		    scan.what_line, "the %s that begins here has no end",
		    scan.what);
	out->text = text;
	out->last_line = scan.line;
	if (scan.at > text && scan.at[-1] == '\n')
		out->last_line--;
	return true;
}
