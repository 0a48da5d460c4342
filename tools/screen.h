/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_SCREEN_H
#define PST_TOOLS_SCREEN_H

/*
 * The whole terminal, for a page that changes. NO_COLOR is obeyed: tones are
 * then shown by bold and dim letters only. One at a time, in one thread.
 */

#include "base/err.h"
#include "base/macros.h"
#include "tools/grid.h"

enum pst_screen_event {
	PST_SCREEN_TIME,    /* the time is over */
	PST_SCREEN_QUIT,    /* "q" */
	PST_SCREEN_PAUSE,   /* "p" */
	PST_SCREEN_RESIZED, /* draw again */
	PST_SCREEN_SIGNAL,  /* a signal has asked this process to end */
};

/*
 * Takes the terminal over. From then on the signals that end a process are
 * noted instead. False with a sentence in err if it is not a terminal that can
 * show a page.
 */
bool pst_screen_open(struct pst_err *err) PST_MUST_CHECK;

/*
 * Gives the terminal back as it was. If a signal was noted, it then ends this
 * process.
 */
void pst_screen_close(void);

unsigned pst_screen_columns(void);
unsigned pst_screen_rows(void);

/* Shows the page; only what has changed is written to the terminal. */
void pst_screen_draw(const struct pst_grid *grid);

/* Waits for up to ms milliseconds. Other keys are ignored. */
enum pst_screen_event pst_screen_wait(unsigned ms);

#endif
