/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/import_page.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#define WIDTH 78

/* Where Debian's chrooted Postfix reaches the listener that signs. */
#define SOCKET "unix:/var/spool/postfix/postern/sign.sock"

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
print_head(
    const struct pst_import *import, const char *program, const char *file)
{
	struct pst_arena *arena = import->arena;

	comment(1,
	    pst_arena_printf(arena,
		"Made by \"postern import\" from %s, the configuration of %s.",
		pst_escaped(arena, pst_str(file)), program));
	puts("#");
	if (!pst_import_signs(import)) {
		comment(1,
		    "It names no domain whose mail would be signed, so there "
		    "is nothing here to add to postern.conf. The lists below "
		    "say why.");
		puts("");
		return;
	}
	comment(1,
	    "Read the two lists at the end first. Then add this to "
	    "/etc/postern/postern.conf, run \"postern config test\", restart "
	    "posternd, and put the new socket in the MTA where the other "
	    "filter is (\"postern config postfix\" or \"postern config "
	    "sendmail\").");
}

/* The commands after which posternd can read the keys. */
static void
print_commands(const struct pst_import *import)
{
	puts("#");
	comment(1,
	    "posternd runs as the user postern and has to read the key files; "
	    "others must not. These commands do that, and opendkim can still "
	    "read them as their owner:");
	puts("#");
	for (size_t i = 0; i < import->section_count; i++) {
		const struct pst_import_section *one = &import->sections[i];

		for (size_t k = 0; k < one->pair_count; k++) {
			bool before = false;

			for (size_t j = 0; j < i && !before && i < 100; j++)
				for (size_t m = 0;
				     m < import->sections[j].pair_count; m++)
					before |= strcmp(import->sections[j]
							     .pairs[m]
							     .file,
						      one->pairs[k].file) == 0;
			if (!before)
				printf("#     chgrp postern '%s'\n"
				       "#     chmod 0640 '%s'\n",
				    one->pairs[k].file, one->pairs[k].file);
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

/* A list of one or more texts. */
static void
print_values(const struct pst_import_section *section, const char *prefix,
    const char *option, bool selectors)
{
	bool several = section->pair_count > 1;

	printf("%s\t%s = %s", prefix, option, several ? "{" : "");
	for (size_t i = 0; i < section->pair_count; i++)
		printf("%s\"%s\"", i == 0 ? "" : ", ",
		    selectors ? section->pairs[i].selector :
				section->pairs[i].file);
	puts(several ? "}" : "");
}

static void
print_section(const struct pst_import_section *section)
{
	const char *prefix = section->suggested ? "#" : "";

	if (section->pair_count == 0)
		return;
	puts("");
	if (section->suggested)
		comment(1, "Not signed until now: see the lists below.");
	printf("%ssign \"%s\" {\n", prefix, section->domain);
	print_values(section, prefix, "selector", true);
	print_values(section, prefix, "key", false);
	if (section->subdomains)
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

	puts("#");
	comment(1,
	    pst_arena_printf(
		arena, "%s %s (%s)", line->option, line->value, place));
}

static void
print_list(const struct pst_import *import, enum pst_import_kind kind,
    const char *program, const char *title)
{
	puts("");
	printf("# ---- %s: %zu ----\n", title, pst_import_count(import, kind));
	for (const struct pst_import_line *line = import->lines; line != NULL;
	     line = line->next) {
		if (line->kind != kind)
			continue;
		print_place(import->arena, line);
		if (kind != PST_IMPORT_CHANGED) {
			comment(5, line->text);
			continue;
		}
		comment(5,
		    pst_arena_printf(
			import->arena, "%s: %s", program, line->text));
		comment(5,
		    pst_arena_printf(import->arena, "Postern: %s", line->now));
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
	puts("");
	printf("# ---- %s: %zu ----\n", title, pst_import_count(import, kind));
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
    const struct pst_import *import, const char *program, const char *file)
{
	print_head(import, program, file);
	if (pst_import_signs(import)) {
		print_commands(import);
		print_networks(import);
		print_listener(import);
	}
	for (size_t i = 0; i < import->section_count; i++)
		print_section(&import->sections[i]);
	print_list(import, PST_IMPORT_ANSWER, program, "Needs your answer");
	print_list(import, PST_IMPORT_CHANGED, program, "Changed on purpose");
	print_groups(import, PST_IMPORT_TAKEN, "Taken");
	print_groups(import, PST_IMPORT_UNNEEDED, "Not needed");
	if (import->too_many_lines)
		comment(1, "There were more remarks than can be shown.");
}
