/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/import_page.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#define WIDTH 78

/* Where Debian's chrooted Postfix reaches the listener that signs. */
#define SOCKET "unix:/var/spool/postfix/postern/sign.sock"

struct page {
	const struct pst_import *import;
	const struct pst_import_source *source;
};

/* Prints words as comment lines, indented by indent after the number sign. */
static void
comment(unsigned indent, const char *text)
{
	struct pst_str rest = pst_str(text), word;
	bool more = true;
	unsigned column = 0;

	while (pst_str_split(&rest, ' ', &word, &more)) {
		if (column > 0 && column + 1 + word.len > WIDTH) {
			putchar('\n');
			column = 0;
		}
		if (column == 0) {
			printf("#%*s", (int)indent, "");
			column = 1 + indent;
		} else {
			putchar(' ');
			column++;
		}
		printf("%.*s", PST_STR_ARG(word));
		column += (unsigned)word.len;
	}
	putchar('\n');
}

/* ---- the configuration ---- */

static void
print_head(const struct page *page)
{
	const struct pst_import *import = page->import;
	struct pst_arena *arena = import->arena;

	comment(1,
	    pst_arena_printf(arena,
		"Made by \"postern import\" from %s, the configuration of %s.",
		pst_escaped(arena, pst_str(page->source->file)),
		page->source->program));
	puts("#");
	if (!pst_import_signs(import)) {
		comment(1,
		    "It names no domain whose mail would be signed, so there "
		    "is nothing here to add to postern.conf. The lists below "
		    "say why.");
		return;
	}
	comment(1,
	    "Read the two lists at the end first. Then add this to "
	    "/etc/postern/postern.conf, run \"postern config test\", restart "
	    "posternd, and put the new socket in the MTA where the other "
	    "filter is (\"postern config postfix\" or \"postern config "
	    "sendmail\").");
}

/*
 * Where posternd reads that key: a copy with a name that tells what it is for.
 * Sections that share a file share its copy.
 */
static const char *
key_path(const struct page *page, size_t section, size_t pair, bool *is_first)
{
	const struct pst_import *import = page->import;
	const char *file = import->sections[section].pairs[pair].file;

	*is_first = false;
	for (size_t i = 0; i <= section; i++) {
		const struct pst_import_section *one = &import->sections[i];

		for (size_t k = 0; k < one->pair_count; k++) {
			if (strcmp(one->pairs[k].file, file) != 0)
				continue;
			*is_first = i == section && k == pair;
			if (page->source->keys == NULL)
				return file;
			return pst_arena_printf(import->arena, "%s/%s-%s.pem",
			    page->source->keys, one->domain,
			    one->pairs[k].selector);
		}
	}
	return file;
}

/* The commands after which posternd can read the keys. */
static void
print_commands(const struct page *page)
{
	const struct pst_import *import = page->import;
	const char *copy;
	bool is_first;

	puts("#");
	comment(1,
	    page->source->keys == NULL ?
		"posternd runs as the user postern and has to read the key "
		"files and to reach their directories; others must not. "
		"opendkim refuses a key file that another group can read "
		"(RequireSafeKeys)." :
		"posternd runs as the user postern, which cannot read the "
		"key files of the other filter. It reads copies, so that the "
		"other filter can go on and can come back:");
	puts("#");
	for (size_t i = 0; i < import->section_count; i++) {
		const struct pst_import_section *one = &import->sections[i];

		for (size_t k = 0; k < one->pair_count; k++) {
			copy = key_path(page, i, k, &is_first);
			if (!is_first)
				continue;
			if (page->source->keys == NULL)
				printf("#     chgrp postern '%s' && "
				       "chmod 0640 '%s'\n",
				    copy, copy);
			else
				printf(
				    "#     install -D -g postern -m 0640 "
				    "\\\n#         '%s' \\\n#         '%s'\n",
				    one->pairs[k].file, copy);
		}
	}
}

static void
print_networks(const struct pst_import *import)
{
	if (!import->has_networks)
		return;
	puts("");
	comment(
	    1, "Clients whose mail is signed without a login (InternalHosts).");
	printf("sign-networks = {");
	for (size_t i = 0; i < import->network_count; i++)
		printf("%s\"%s\"", i == 0 ? "" : ", ", import->networks[i]);
	puts("}");
}

static void
print_listener(const struct pst_import *import)
{
	puts("");
	comment(1,
	    "This listener signs and never verifies. It is for the services "
	    "where your own users send mail (submission, submissions, "
	    "non_smtpd_milters). A login may use each of the domains; "
	    "login-domains in postern.conf(5) narrows that.");
	printf("listener \"%s\" {\n\tsign = yes\n", SOCKET);
	if (import->on_sign_error == PST_IMPORT_ON_ERROR_ACCEPT)
		puts("\ton-sign-error = accept");
	puts("}");
}

/* The values of selector or key: one text, or a list. */
static void
print_values(const struct page *page, size_t section, bool keys)
{
	const struct pst_import_section *one = &page->import->sections[section];
	bool several = one->pair_count > 1, is_first;

	printf("%s\t%s = %s", one->suggested ? "#" : "",
	    keys ? "key" : "selector", several ? "{" : "");
	for (size_t i = 0; i < one->pair_count; i++)
		printf("%s\"%s\"", i == 0 ? "" : ", ",
		    keys ? key_path(page, section, i, &is_first) :
			   one->pairs[i].selector);
	puts(several ? "}" : "");
}

static void
print_section(const struct page *page, size_t section)
{
	const struct pst_import_section *one = &page->import->sections[section];
	const char *prefix = one->suggested ? "#" : "";

	if (one->pair_count == 0)
		return;
	puts("");
	if (one->suggested)
		comment(1, "Not signed until now: see the lists below.");
	printf("%ssign \"%s\" {\n", prefix, one->domain);
	print_values(page, section, false);
	print_values(page, section, true);
	if (one->subdomains)
		printf("%s\tsubdomains = yes\n", prefix);
	printf("%s}\n", prefix);
}

/* ---- the lists ---- */

static void
print_place(struct pst_arena *arena, const struct pst_import_line *line)
{
	const char *place = line->line == 0 ?
	    line->file :
	    pst_arena_printf(arena, "%s:%u", line->file, line->line);

	comment(1,
	    pst_arena_printf(
		arena, "%s %s (%s)", line->option, line->value, place));
}

static const struct pst_import_line *
next_of(const struct pst_import_line *line, enum pst_import_kind kind)
{
	while (line != NULL && line->kind != kind)
		line = line->next;
	return line;
}

static void
print_list(
    const struct page *page, enum pst_import_kind kind, const char *title)
{
	const struct pst_import *import = page->import;
	const struct pst_import_line *line = next_of(import->lines, kind),
				     *next;

	printf("\n# ---- %s: %zu ----\n#\n", title,
	    pst_import_count(import, kind));
	for (; line != NULL; line = next) {
		print_place(import->arena, line);
		next = next_of(line->next, kind);
		if (next != NULL && strcmp(next->text, line->text) == 0 &&
		    strcmp(next->now, line->now) == 0)
			continue;
		if (kind == PST_IMPORT_CHANGED) {
			comment(5,
			    pst_arena_printf(import->arena, "%s: %s",
				page->source->program, line->text));
			comment(5,
			    pst_arena_printf(
				import->arena, "Postern: %s", line->now));
		} else {
			comment(5, line->text);
		}
		if (next != NULL)
			puts("#");
	}
}

/* Options with the same text, as one paragraph. */
static void
print_group(const struct pst_import *import, const struct pst_import_line *head)
{
	struct pst_buf buf;

	pst_buf_init(&buf, import->arena, 64 * PST_IMPORT_MAX_LINES);
	for (const struct pst_import_line *line = head; line != NULL;
	     line = line->next) {
		if (line->kind != head->kind ||
		    strcmp(line->text, head->text) != 0)
			continue;
		pst_buf_printf(
		    &buf, "%s%s", buf.len == 0 ? "" : ", ", line->option);
		/* A line of a table is named by its first word. */
		if (strcmp(line->option, "SigningTable") == 0 ||
		    strcmp(line->option, "KeyTable") == 0 ||
		    strcmp(line->option, "InternalHosts") == 0)
			pst_buf_printf(&buf, " %s", line->value);
	}
	puts("#");
	if (!pst_buf_overflowed(&buf))
		comment(1, pst_buf_str(&buf));
	comment(5, head->text);
}

static void
print_groups(const struct pst_import *import, enum pst_import_kind kind,
    const char *title)
{
	printf(
	    "\n# ---- %s: %zu ----\n", title, pst_import_count(import, kind));
	for (const struct pst_import_line *line = import->lines; line != NULL;
	     line = line->next) {
		bool first = line->kind == kind;

		for (const struct pst_import_line *one = import->lines;
		     first && one != line; one = one->next)
			if (one->kind == kind &&
			    strcmp(one->text, line->text) == 0)
				first = false;
		if (first)
			print_group(import, line);
	}
}

void
pst_import_print(
    const struct pst_import *import, const struct pst_import_source *source)
{
	struct page page = {import, source};

	print_head(&page);
	if (pst_import_signs(import)) {
		print_commands(&page);
		print_networks(import);
		print_listener(import);
	}
	for (size_t i = 0; i < import->section_count; i++)
		print_section(&page, i);
	print_list(&page, PST_IMPORT_ANSWER, "Needs your answer");
	print_list(&page, PST_IMPORT_CHANGED, "Changed on purpose");
	print_groups(import, PST_IMPORT_TAKEN, "Taken");
	print_groups(import, PST_IMPORT_UNNEEDED, "Not needed");
	if (import->too_many_lines)
		comment(1, "There were more remarks than can be shown.");
}
