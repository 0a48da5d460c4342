/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/advise_page.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/day.h"
#include "tools/ui.h"

#define WIDTH 80
#define INDENT 4
#define MAX_FORGED 10 /* forged sources on the page */
#define MAX_ROWS 60   /* others that are not in the way */

/* ---- the page ---- */

static enum pst_ui_tone
tone_of(const struct pst_advise_row *row)
{
	switch (row->kind) {
	case PST_ADVISE_ALIGNED:
		return PST_UI_GOOD;
	case PST_ADVISE_BROKEN:
		return PST_UI_BAD;
	case PST_ADVISE_UNCLEAR:
		return row->in_the_way ? PST_UI_WARN : PST_UI_PLAIN;
	case PST_ADVISE_FORWARDER:
	case PST_ADVISE_FORGERY:
		return PST_UI_DIM;
	}
	return PST_UI_PLAIN;
}

static void
put(const char *label, const char *text)
{
	struct pst_arena *arena = pst_arena_new();

	pst_ui_wrap(stdout,
	    pst_arena_printf(arena, "%*s%s%s\n", INDENT, "", label, text),
	    WIDTH, INDENT + 2);
	pst_arena_free(arena);
}

static void
print_row(struct pst_arena *arena, const struct pst_advise_row *row)
{
	char first[PST_DAY_TEXT_SIZE], last[PST_DAY_TEXT_SIZE];
	unsigned passed = row->messages == 0 ?
	    0 :
	    (unsigned)((double)row->passed * 100 / (double)row->messages);

	printf("\n  %s", row->source);
	if (row->addresses > 1)
		printf(" (%zu addresses)", row->addresses);
	fputs("  ", stdout);
	pst_ui_print(tone_of(row), pst_advise_word(row->kind));
	puts(row->in_the_way ? "  IN THE WAY" : "");
	if (row->name != NULL)
		put("name: ", row->name);
	printf("%*s%" PRId64 " messages (%.1f %%, %s), %u %% pass, %s to %s\n",
	    INDENT, "", row->messages, row->share * 100, row->trend, passed,
	    pst_day_text(row->first_day, first),
	    pst_day_text(row->last_day, last));
	put("", row->why);
	if (row->authenticated[0] != '\0')
		put("passes as: ", row->authenticated);
	put("reported by: ",
	    row->receiver_count > 5 ?
		pst_arena_printf(arena, "%s and %zu more", row->receivers,
		    row->receiver_count - 5) :
		row->receivers);
	if (row->note[0] != '\0')
		put("note: ", row->note);
	if (row->fix != NULL)
		put("-> ", row->fix);
}

static void
print_rows(struct pst_arena *arena, const struct pst_advice *advice)
{
	size_t shown[PST_ADVISE_KINDS] = {0}, hidden = 0;
	int64_t messages = 0;

	for (size_t i = 0; i < advice->count; i++) {
		const struct pst_advise_row *row = &advice->rows[i];
		size_t most =
		    row->kind == PST_ADVISE_FORGERY ? MAX_FORGED : MAX_ROWS;

		if (!row->in_the_way && shown[row->kind]++ >= most) {
			hidden += row->addresses;
			messages += row->messages;
			continue;
		}
		print_row(arena, row);
	}
	if (hidden > 0)
		printf("\n  and %zu more source%s with %" PRId64
		       " messages; --json has all\n",
		    hidden, hidden == 1 ? "" : "s", messages);
}

void
pst_advise_page(struct pst_arena *arena, const struct pst_advice *advice)
{
	printf("%s\n", advice->domain);
	if (advice->current != NULL)
		printf("  published policy: %s\n", advice->current);
	printf("  %" PRId64 " messages reported, %" PRId64 " of them pass\n",
	    advice->messages, advice->passed);
	printf("  %u days with reports of %zu known receiver%s\n", advice->days,
	    advice->receivers, advice->receivers == 1 ? "" : "s");
	if (advice->strangers > 0)
		printf("  %zu other receiver%s reported none of your sources, "
		       "or too seldom\n",
		    advice->strangers, advice->strangers == 1 ? "" : "s");
	if (advice->seen_here > 0)
		printf("  this gateway saw %" PRIu64
		       " messages itself, %" PRIu64 " aligned\n",
		    advice->seen_here, advice->seen_aligned);
	print_rows(arena, advice);
	if (advice->messages_by_kind[PST_ADVISE_FORWARDER] > 0)
		pst_ui_wrap(stdout,
		    "\nMail that forwarders change fails with any policy; "
		    "receivers decide about it by what they know.\n",
		    WIDTH, 0);
	putchar('\n');
	pst_ui_wrap(stdout, pst_arena_printf(arena, "%s\n", advice->sentence),
	    WIDTH, 0);
	if (advice->zone == NULL)
		return;
	if (advice->step != NULL)
		pst_ui_wrap(stdout,
		    pst_arena_printf(arena, "%s\n", advice->step), WIDTH, 0);
	printf("\n%s", advice->zone);
	if (advice->zone[0] != '\0' &&
	    advice->zone[strlen(advice->zone) - 1] != '\n')
		putchar('\n');
}

/* ---- lines ---- */

void
pst_advise_lines(const char *domain, const struct pst_anomalies *anomalies)
{
	for (size_t i = 0; i < anomalies->count; i++)
		printf("%s: %s\n", domain, anomalies->items[i].text);
	if (anomalies->more > 0)
		printf("%s: and %zu more\n", domain, anomalies->more);
}
