/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/screen.h"

#include <curses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

/* A signal is noticed within this time. */
#define SLICE_MS 100

static const int endings[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static volatile sig_atomic_t noted;
static struct sigaction old[PST_COUNT(endings)];
static SCREEN *screen;
static bool coloured;

static void
note(int number)
{
	noted = number;
}

static void
catch_signals(void)
{
	struct sigaction action = {.sa_handler = note};

	noted = 0;
	(void)sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < PST_COUNT(endings); i++)
		(void)sigaction(endings[i], &action, &old[i]);
}

static bool
has_no_color(void)
{
	const char *text = getenv("NO_COLOR");

	return text != NULL && text[0] != '\0';
}

/* The terminal's own background stays. */
static void
set_colours(void)
{
	coloured = !has_no_color() && has_colors() && start_color() == OK &&
	    use_default_colors() == OK;
	if (!coloured)
		return;
	(void)init_pair(PST_UI_GOOD, COLOR_GREEN, -1);
	(void)init_pair(PST_UI_WARN, COLOR_YELLOW, -1);
	(void)init_pair(PST_UI_BAD, COLOR_RED, -1);
}

static void
restore_signals(void)
{
	for (size_t i = 0; i < PST_COUNT(endings); i++)
		(void)sigaction(endings[i], &old[i], NULL);
	if (noted != 0)
		(void)raise(noted);
}

bool
pst_screen_open(struct pst_err *err)
{
	const char *kind = getenv("TERM");

	/* Before ncurses: it would handle those that nobody else does. */
	catch_signals();
	screen = newterm(NULL, stdout, stdin);
	if (screen == NULL) {
		restore_signals();
		return pst_err_set(err,
		    "the terminal \"%.40s\" is not known here; set TERM, or use "
		    "--once",
		    kind == NULL ? "" : kind);
	}
	set_colours();
	(void)cbreak();
	(void)noecho();
	(void)nonl();
	(void)keypad(stdscr, TRUE);
	(void)curs_set(0);
	return true;
}

void
pst_screen_close(void)
{
	if (screen == NULL)
		return;
	(void)endwin();
	delscreen(screen);
	screen = NULL;
	restore_signals();
}

unsigned
pst_screen_columns(void)
{
	return (unsigned)COLS;
}

unsigned
pst_screen_rows(void)
{
	return (unsigned)LINES;
}

static attr_t
look_of(enum pst_ui_tone tone)
{
	switch (tone) {
	case PST_UI_PLAIN:
		return A_NORMAL;
	case PST_UI_DIM:
		return A_DIM;
	case PST_UI_GOOD:
		return coloured ? COLOR_PAIR(PST_UI_GOOD) : A_NORMAL;
	case PST_UI_WARN:
		return coloured ? COLOR_PAIR(PST_UI_WARN) : A_BOLD;
	case PST_UI_BAD:
		return coloured ? COLOR_PAIR(PST_UI_BAD) | A_BOLD : A_BOLD;
	}
	return A_NORMAL;
}

/* Writes the cells of one line that have the same tone; returns their number. */
static unsigned
draw_run(const struct pst_grid *grid, unsigned row, unsigned column)
{
	size_t at = (size_t)row * grid->columns + column;
	unsigned len = 1;

	while (column + len < grid->columns &&
	    grid->tones[at + len] == grid->tones[at])
		len++;
	(void)attrset((int)look_of((enum pst_ui_tone)grid->tones[at]));
	(void)mvaddnstr((int)row, (int)column, grid->text + at, (int)len);
	return len;
}

void
pst_screen_draw(const struct pst_grid *grid)
{
	(void)erase();
	for (unsigned row = 0; row < grid->rows; row++)
		for (unsigned column = 0; column < grid->columns;)
			column += draw_run(grid, row, column);
	(void)refresh();
}

enum pst_screen_event
pst_screen_wait(unsigned ms)
{
	int64_t until_ms = pst_clock_ms(&pst_clock_system) + ms;

	for (;;) {
		int64_t left_ms = until_ms - pst_clock_ms(&pst_clock_system);

		if (noted != 0)
			return PST_SCREEN_SIGNAL;
		if (left_ms <= 0)
			return PST_SCREEN_TIME;
		timeout(left_ms < SLICE_MS ? (int)left_ms : SLICE_MS);
		switch (getch()) {
		case 'q':
		case 'Q':
			return PST_SCREEN_QUIT;
		case 'p':
		case 'P':
			return PST_SCREEN_PAUSE;
		case KEY_RESIZE:
			return PST_SCREEN_RESIZED;
		default:
			break;
		}
	}
}
