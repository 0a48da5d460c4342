/* SPDX-License-Identifier: BSD-2-Clause */

/* One message from the journal, as a page for a person. */

#include "tools/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "tools/ui.h"

#define MAX_PAGE ((size_t)1024 * 1024)
#define MAX_WIDTH 80
#define INDENT 2
#define LABEL (INDENT + PST_EXPLAINED_LABEL)
#define RULE_INDENT "    "

/* ---- printing ---- */

static unsigned
page_width(void)
{
	unsigned width = pst_ui_width(STDOUT_FILENO);

	return isatty(STDOUT_FILENO) != 1 || width > MAX_WIDTH ? MAX_WIDTH :
								 width;
}

/* Prints wrapped text in that tone. */
static void
print(enum pst_ui_tone tone, const char *text, unsigned indent)
{
	char *wrapped = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&wrapped, &len);

	if (out == NULL)
		abort();
	pst_ui_wrap(out, text, page_width(), indent);
	if (fclose(out) != 0)
		abort();
	pst_ui_print(tone, wrapped);
	free(wrapped);
}

/* Adds a line; a word that is longer than a line of the page is broken. */
static void
add_words(struct pst_buf *buf, struct pst_str line, int indent)
{
	size_t room = page_width() - (size_t)indent;

	while (line.len > 0) {
		size_t blank = pst_str_find(line, ' ');
		size_t len = blank < line.len ? blank + 1 : line.len;

		if (blank > room && buf->len > 0 &&
		    buf->ptr[buf->len - 1] == ' ')
			pst_buf_cut(buf, buf->len - 1);
		if (blank > room)
			pst_buf_printf(buf, "\n%*s", indent, "");
		for (; blank > room; blank -= room, len -= room) {
			pst_buf_add(buf, pst_str_first(line, room));
			pst_buf_printf(buf, "\n%*s", indent, "");
			line = pst_str_from(line, room);
		}
		pst_buf_add(buf, pst_str_first(line, len));
		line = pst_str_from(line, len);
	}
	pst_buf_add_char(buf, '\n');
}

/*
 * Adds lines with an indent. A line that continues one begins with a tab: it is
 * indented as far as values are.
 */
static void
add_indented(struct pst_buf *buf, const char *lines)
{
	struct pst_str rest = pst_str(lines), line;
	bool more = true;

	while (pst_str_split(&rest, '\n', &line, &more)) {
		bool goes_on = line.len > 0 && line.ptr[0] == '\t';

		if (line.len == 0)
			continue;
		pst_buf_printf(buf, "%*s", goes_on ? LABEL : INDENT, "");
		add_words(buf, pst_str_from(line, goes_on ? 1 : 0), LABEL);
	}
}

static void
print_section(
    struct pst_arena *arena, const struct pst_explained_section *section)
{
	struct pst_buf buf;

	printf("\n%s\n", section->title);
	pst_buf_init(&buf, arena, MAX_PAGE);
	add_indented(&buf, section->lines);
	print(section->minor ? PST_UI_DIM : PST_UI_PLAIN, pst_buf_str(&buf),
	    LABEL);
	if (section->note != NULL)
		printf("%*s(%s)\n", INDENT, "", section->note);
}

/* Prints a paragraph below the title of a section. */
static void
print_text(struct pst_arena *arena, const char *text)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_PAGE);
	pst_buf_printf(&buf, "%*s", INDENT, "");
	add_words(&buf, pst_str(text), INDENT);
	print(PST_UI_PLAIN, pst_buf_str(&buf), INDENT);
}

static void
print_rule(struct pst_arena *arena, const struct pst_explained_page *page)
{
	struct pst_str rest = pst_str(page->remedy.rule);

	print_text(arena, page->remedy.basis);
	puts("");
	while (rest.len > 0) {
		size_t end = pst_str_find(rest, '\n');

		printf(RULE_INDENT "%.*s\n", (int)end, rest.ptr);
		rest = pst_str_from(rest, end + 1);
	}
	puts("");
	print_text(arena, page->where);
}

static void
print_remedy(struct pst_arena *arena, const struct pst_explained_page *page)
{
	const struct pst_remedy *remedy = &page->remedy;

	if (remedy->sender == NULL)
		return;
	puts("\nWhat the sender has to change");
	print_text(arena, remedy->sender);
	puts("\nTo let it in meanwhile");
	if (remedy->rule == NULL)
		print_text(arena, remedy->instead);
	else
		print_rule(arena, page);
}

void
pst_explained_print(struct pst_arena *arena, const struct pst_explained *one,
    const struct pst_config *config)
{
	static const enum pst_ui_tone tones[] = {
	    [PST_EXPLAINED_GOOD] = PST_UI_GOOD,
	    [PST_EXPLAINED_WARN] = PST_UI_WARN,
	    [PST_EXPLAINED_BAD] = PST_UI_BAD,
	};
	struct pst_explained_page page;

	pst_explained_page(arena, one, config, &page);
	print(tones[page.tone], page.sentence, 0);
	for (size_t i = 0; i < page.count; i++)
		print_section(arena, &page.sections[i]);
	print_remedy(arena, &page);
}
