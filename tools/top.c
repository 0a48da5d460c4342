/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/ask.h"
#include "store/journal_config.h"
#include "store/tallies.h"
#include "tools/argument.h"
#include "tools/command.h"
#include "tools/screen.h"
#include "tools/settings.h"
#include "tools/top_domains.h"
#include "tools/ui.h"

static const char command[] = "top";

#define USUAL_INTERVAL_S 2
#define MAX_INTERVAL_S 3600
/* The screen does not move meanwhile. */
#define PATIENCE_S 2
#define DOMAINS_MS 10000
/* Lines of the page that is printed once, at most. */
#define PRINTED_ROWS 60

static const struct option options[] = {
    {"control", required_argument, NULL, 'c'},
    {"config", required_argument, NULL, 'f'},
    {"interval", required_argument, NULL, 'i'},
    {"once", no_argument, NULL, 'o'},
    {NULL, 0, NULL, 0},
};

struct top {
	struct pst_ask_where where;
	uint64_t interval_s;
	bool once;
	/* What the page is made of */
	struct pst_arena *said;  /* of the last answer */
	struct pst_arena *arena; /* of the page and the last failure */
	struct pst_top_history *history;
	struct pst_top_domains domains;
	const char *tallies_path; /* NULL: not known */
	int64_t answer_ms, domains_ms;
	struct pst_top_view view;
};

/* ---- asking ---- */

/* Sets view.status if there is an answer, or else view.trouble. */
static void
ask(struct top *top)
{
	struct pst_arena *fresh = pst_arena_new();
	const struct pst_status *status = NULL;
	const char *text;
	struct pst_err err;

	top->view.trouble = NULL;
	if (pst_ask(fresh, &top->where, "counters", PATIENCE_S, &text) !=
	    PST_ASK_DONE)
		top->view.trouble = pst_arena_strdup(top->arena, text);
	else if ((status = pst_status_read(fresh, text, &err)) == NULL)
		top->view.trouble = pst_arena_strdup(top->arena, err.text);
	if (status == NULL) {
		pst_arena_free(fresh);
		return;
	}
	pst_arena_free(top->said);
	top->said = fresh;
	top->view.status = status;
	top->answer_ms = pst_clock_ms(&pst_clock_system);
	pst_top_history_add(top->history, status, top->answer_ms);
}

static void
read_domains(struct top *top)
{
	int64_t now_ms = pst_clock_ms(&pst_clock_system);

	if (top->tallies_path == NULL ||
	    (top->domains_ms != 0 && now_ms < top->domains_ms + DOMAINS_MS))
		return;
	pst_top_domains_read(&top->domains, top->tallies_path);
	top->domains_ms = now_ms;
	top->view.domains = top->domains.items;
	top->view.domain_count = top->domains.count;
	top->view.domain_note = top->domains.note;
}

/* Makes the page of what is known now. */
static struct pst_grid *
make_page(struct top *top, unsigned columns, unsigned rows)
{
	struct pst_top_view *view = &top->view;

	view->now = pst_top_history_span(top->arena, top->history, 0);
	view->minute = pst_top_history_span(top->arena, top->history, 60);
	view->five = pst_top_history_span(top->arena, top->history, 300);
	view->silent_s =
	    (uint64_t)(pst_clock_ms(&pst_clock_system) - top->answer_ms) / 1000;
	return pst_top_page(top->arena, view, columns, rows);
}

/* ---- one page on standard output ---- */

static void
print_line(struct top *top, const struct pst_grid *grid, unsigned row)
{
	const unsigned char *tones = grid->tones + (size_t)row * grid->columns;
	const char *line = pst_grid_line(top->arena, grid, row);
	size_t begin = 0;

	for (size_t i = 0; line[begin] != '\0'; i++) {
		if (line[i] != '\0' && tones[i] == tones[begin])
			continue;
		pst_ui_print((enum pst_ui_tone)tones[begin],
		    pst_arena_memdup(top->arena, line + begin, i - begin));
		begin = i;
	}
	putchar('\n');
}

static int
print_once(struct top *top)
{
	const struct pst_grid *grid;

	ask(top);
	if (top->view.trouble != NULL)
		return pst_ui_fail(command, "%s", top->view.trouble);
	(void)sleep((unsigned)top->interval_s);
	ask(top);
	if (top->view.trouble != NULL)
		return pst_ui_fail(command, "%s", top->view.trouble);
	read_domains(top);
	grid = make_page(top, pst_ui_width(STDOUT_FILENO), PRINTED_ROWS);
	for (unsigned row = 0; row < pst_grid_used_rows(grid); row++)
		print_line(top, grid, row);
	return PST_EXIT_OK;
}

/* ---- the screen ---- */

/* Waits until it is time to ask again; returns false at the end. */
static bool
wait_for_turn(struct top *top, int64_t turn_ms)
{
	for (;;) {
		int64_t left_ms = turn_ms - pst_clock_ms(&pst_clock_system);

		/* While paused, only keys count. */
		if (top->view.paused)
			left_ms = 1000;
		else if (left_ms <= 0)
			return true;
		switch (pst_screen_wait((unsigned)left_ms)) {
		case PST_SCREEN_TIME:
			break;
		case PST_SCREEN_QUIT:
		case PST_SCREEN_SIGNAL:
			return false;
		case PST_SCREEN_PAUSE:
			top->view.paused = !top->view.paused;
			pst_screen_draw(make_page(
			    top, pst_screen_columns(), pst_screen_rows()));
			break;
		case PST_SCREEN_RESIZED:
			pst_screen_draw(make_page(
			    top, pst_screen_columns(), pst_screen_rows()));
			break;
		}
	}
}

static int
show(struct top *top)
{
	int64_t step_ms = (int64_t)top->interval_s * 1000;
	struct pst_err err;
	bool more = true;

	if (!pst_screen_open(&err))
		return pst_ui_fail(command, "%s", err.text);
	top->view.keys = true;
	while (more) {
		int64_t begun_ms = pst_clock_ms(&pst_clock_system);

		pst_arena_free(top->arena);
		top->arena = pst_arena_new();
		ask(top);
		read_domains(top);
		pst_screen_draw(
		    make_page(top, pst_screen_columns(), pst_screen_rows()));
		/* The first rates are there after a second. */
		if (top->view.now.seconds <= 0 && top->view.trouble == NULL)
			more = wait_for_turn(top, begun_ms + 1000);
		else
			more = wait_for_turn(top, begun_ms + step_ms);
	}
	pst_screen_close();
	return PST_EXIT_OK;
}

/* ---- the command ---- */

static bool
take_option(struct top *top, int option)
{
	const struct pst_argument_range range = {
	    "--interval", 1, MAX_INTERVAL_S};

	switch (option) {
	case 'c':
		top->where.control = optarg;
		return true;
	case 'f':
		top->where.config = optarg;
		return true;
	case 'i':
		return pst_argument_number(
		    command, range, optarg, &top->interval_s);
	case 'o':
		top->once = true;
		return true;
	default:
		return false;
	}
}

/* Returns false after a sentence. */
static bool
parse(int argc, char **argv, struct top *top)
{
	int c;

	while ((c = pst_argument_next(command, argc, argv, options)) != -1)
		if (!take_option(top, c))
			return false;
	if (optind < argc)
		pst_ui_fail(command,
		    "unexpected argument \"%s\"; see \"postern help top\"",
		    argv[optind]);
	else if (top->where.control != NULL && top->where.config != NULL)
		pst_ui_fail(
		    command, "--control and --config cannot be used together");
	else
		return true;
	return false;
}

static int
run(struct top *top)
{
	struct pst_arena *paths = pst_arena_new();
	struct pst_config *config;
	const char *origin;
	int status = PST_EXIT_USAGE;

	if (top->where.control != NULL) {
		top->view.domain_note =
		    "with --control it is not known where the tallies are; use "
		    "--config";
	} else {
		config = pst_settings_load(command, top->where.config, &origin);
		if (config == NULL) {
			pst_arena_free(paths);
			return PST_EXIT_USAGE;
		}
		top->tallies_path =
		    pst_tallies_path(paths, pst_journal_path(paths, config));
		pst_config_unref(config);
	}
	status = top->once || isatty(STDOUT_FILENO) == 0 ? print_once(top) :
							   show(top);
	pst_arena_free(paths);
	return status;
}

int
pst_cmd_top(int argc, char **argv)
{
	struct top top = {.interval_s = USUAL_INTERVAL_S};
	int status;

	if (!parse(argc, argv, &top))
		return PST_EXIT_USAGE;
	top.said = pst_arena_new();
	top.arena = pst_arena_new();
	top.history = pst_top_history_new();
	top.view.interval_s = (unsigned)top.interval_s;
	status = run(&top);
	pst_top_domains_free(&top.domains);
	pst_top_history_free(top.history);
	pst_arena_free(top.said);
	pst_arena_free(top.arena);
	return pst_ui_finish(command, status);
}
