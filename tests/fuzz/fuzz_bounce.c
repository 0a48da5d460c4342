/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Mail to reports.bounces, which anybody can send. The first line is the
 * address that it was delivered to; an empty one: the message tells.
 */

#include <assert.h>

#include "report/bounce.h"

#define BOUNCES "dmarc-bounces@gw.example"
#define MAX_WHY 800 /* 200 octets, escaped */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct pst_arena *arena, const char *recipient, struct pst_str message)
{
	struct pst_bounce bounce;
	const char *address;

	pst_bounce_read(arena, BOUNCES, recipient, message, &bounce);
	assert(
	    bounce.why[0] == '\0' || pst_str_is_printable(pst_str(bounce.why)));
	assert(strlen(bounce.why) <= MAX_WHY);
	if (bounce.token.len == 0)
		return;
	/* What is called a token is one in an address of ours; NUL cuts one. */
	address = pst_arena_printf(arena, "dmarc-bounces+%.*s@GW.example",
	    (int)bounce.token.len, bounce.token.ptr);
	if (pst_str_find(bounce.token, '\0') == bounce.token.len)
		assert(pst_str_eq(
		    pst_bounce_token(BOUNCES, pst_str(address)), bounce.token));
	if (recipient != NULL)
		assert(
		    pst_str_find(pst_str(recipient), '+') < strlen(recipient));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pst_arena *arena = pst_arena_new();
	const void *octets = data;
	struct pst_str rest = {octets, size}, to;
	bool more = true;

	if (size <= PST_BOUNCE_MAX_BYTES &&
	    pst_str_split(&rest, '\n', &to, &more))
		check(arena,
		    to.len == 0 ?
			NULL :
			pst_arena_printf(arena, "%.*s", (int)to.len, to.ptr),
		    rest);
	pst_arena_free(arena);
	return 0;
}
