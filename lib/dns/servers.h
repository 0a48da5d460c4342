/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_SERVERS_H
#define PST_DNS_SERVERS_H

/* The addresses of the DNS servers: from the configuration or the system. */

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"

struct pst_servers {
	const char *list; /* "192.0.2.53:53,[2001:db8::53]:5353" */
	size_t count;
	bool all_local; /* all are on this host: 127.0.0.0/8 or ::1 */
};

/*
 * Reads addresses as "192.0.2.53" or "192.0.2.53@5353". If there are none, it
 * reads /etc/resolv.conf, where link-local addresses with a scope are skipped.
 * Returns false with a sentence in err if an address is wrong, or if there is
 * no server. The list is in the arena.
 */
bool pst_servers_read(struct pst_arena *arena, const char *const *addresses,
    size_t count, struct pst_servers *out, struct pst_err *err) PST_MUST_CHECK;

#endif
