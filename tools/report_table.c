/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report_table.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/day.h"
#include "tools/report_input.h"
#include "tools/ui.h"

/* Octets of a reporter's name that fit. */
#define REPORTER_WIDTH 20
/* Notes of a report that are printed below its line. */
#define MAX_NOTES 3

static const char *
safe(struct pst_arena *arena, const char *text)
{
	return pst_escaped(arena, pst_str(text));
}

/* What one report says, or all of them. */
struct sums {
	int64_t messages, passed, quarantined, rejected;
};

static struct sums
sum_of(const struct pst_feedback *feedback)
{
	struct sums sums = {.messages = feedback->messages};
	const struct pst_feedback_row *row;

	for (row = feedback->rows; row != NULL; row = row->next) {
		if (strcmp(row->dkim, "pass") == 0 ||
		    strcmp(row->spf, "pass") == 0)
			sums.passed += row->count;
		if (strcmp(row->disposition, "quarantine") == 0)
			sums.quarantined += row->count;
		else if (strcmp(row->disposition, "reject") == 0)
			sums.rejected += row->count;
	}
	return sums;
}

/* Prints the columns of numbers. */
static void
print_sums(struct pst_arena *arena, const struct sums *sums)
{
	enum pst_ui_tone tone = PST_UI_WARN;
	const char *share = "-";

	if (sums->messages > 0)
		/* Rounded down, so that 99.6 % does not look like all. */
		share = pst_arena_printf(arena, "%d%%",
		    (int)((double)sums->passed * 100 / (double)sums->messages));
	if (sums->passed == sums->messages)
		tone = sums->messages == 0 ? PST_UI_PLAIN : PST_UI_GOOD;
	else if (sums->passed == 0)
		tone = PST_UI_BAD;
	printf("%8" PRId64 "  ", sums->messages);
	pst_ui_print(tone, pst_arena_printf(arena, "%5s", share));
	printf("  %5" PRId64 "  %5" PRId64 "  ", sums->quarantined,
	    sums->rejected);
}

static const char *
day_of(struct pst_arena *arena, const struct pst_feedback *feedback)
{
	char day[PST_DAY_TEXT_SIZE];

	if (feedback->begin_s == 0)
		return "unknown";
	return pst_arena_strdup(
	    arena, pst_day_text(pst_day_of(feedback->begin_s), day));
}

static void
print_notes(struct pst_arena *arena, const char *label,
    const struct pst_feedback *feedback)
{
	const struct pst_feedback_note *note = feedback->notes;
	size_t more = feedback->note_count;

	for (size_t i = 0; i < MAX_NOTES && note != NULL; i++) {
		pst_ui_print(PST_UI_DIM,
		    pst_arena_printf(arena, "    %s: %s\n", safe(arena, label),
			safe(arena, note->text)));
		note = note->next;
		more--;
	}
	if (more > 0)
		pst_ui_print(PST_UI_DIM,
		    pst_arena_printf(arena,
			"    and more; %zu record%s left out in all\n",
			feedback->left_out,
			feedback->left_out == 1 ? " is" : "s are"));
}

void
pst_report_table_add(struct pst_report_table *table, struct pst_arena *arena,
    const char *label, const struct pst_feedback *feedback)
{
	bool is_first = table->reports + table->invalid + table->others == 0;
	const char *reporter =
	    feedback->org[0] != '\0' ? feedback->org : feedback->email;
	struct sums sums = sum_of(feedback);

	if (is_first)
		pst_ui_print(PST_UI_DIM,
		    "day         messages  dmarc   quar    rej  reporter       "
		    "       domain\n");
	printf("%-10s  ", day_of(arena, feedback));
	if (feedback->fault[0] != '\0') {
		table->invalid++;
		pst_ui_print(PST_UI_WARN, "invalid");
		printf(" %s report: %s: %s\n",
		    pst_feedback_kind_word(feedback->kind), safe(arena, label),
		    safe(arena, feedback->fault));
		return;
	}
	if (feedback->kind == PST_FEEDBACK_AGGREGATE) {
		table->reports++;
		table->left_out += feedback->left_out;
		table->messages += sums.messages;
		table->passed += sums.passed;
		table->quarantined += sums.quarantined;
		table->rejected += sums.rejected;
		print_sums(arena, &sums);
	} else {
		table->others++;
		printf("%8" PRId64 "  %-19s  ", sums.messages,
		    feedback->kind == PST_FEEDBACK_FAILURE ? "failure report" :
							     "abuse report");
	}
	printf("%-*.*s  %s\n", REPORTER_WIDTH, REPORTER_WIDTH,
	    safe(arena, reporter), safe(arena, feedback->domain));
	print_notes(arena, label, feedback);
}

static const char *
plural(size_t count)
{
	return count == 1 ? "" : "s";
}

void
pst_report_table_end(
    const struct pst_report_table *table, struct pst_arena *arena)
{
	struct sums sums = {table->messages, table->passed, table->quarantined,
	    table->rejected};

	if (table->reports + table->invalid + table->others == 0)
		return;
	printf("%-10s  ", "total");
	print_sums(arena, &sums);
	printf(
	    "%zu aggregate report%s", table->reports, plural(table->reports));
	if (table->others > 0)
		printf(", %zu other%s", table->others, plural(table->others));
	if (table->invalid > 0)
		printf(", %zu invalid", table->invalid);
	if (table->left_out > 0)
		printf(", %zu record%s left out", table->left_out,
		    plural(table->left_out));
	putchar('\n');
}
