/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_WEB_DAEMON_H
#define PST_WEB_DAEMON_H

/*
 * What the daemon says, asked at most once a second, however many pages ask for
 * it: pages cannot make the daemon busy.
 */

#include "core/ask.h"
#include "core/status.h"

struct pst_web_daemon;

/* where must outlive it. pst_web_daemon_free() accepts NULL. */
struct pst_web_daemon *pst_web_daemon_new(const struct pst_ask_where *where);
void pst_web_daemon_free(struct pst_web_daemon *daemon);

/* Returns the answer, copied into the arena; NULL with a sentence in *why (in
 * the arena) if no daemon answers. Any thread. */
const struct pst_status *pst_web_daemon_status(
    struct pst_web_daemon *daemon, struct pst_arena *arena, const char **why);

#endif
