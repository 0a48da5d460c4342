/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A recorded message, as it comes from a file. What can be read can be printed,
 * decided and written again, and what was written reads the same.
 */

#include <assert.h>
#include <stdlib.h>

#include "core/explain.h"
#include "core/replay.h"
#include "tests/unit/core_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pst_config *
config(void)
{
	static struct pst_config *one;

	if (one == NULL)
		one = lab_config(
		    LAB_CONFIG "mode = enforce\n"
			       "rule \"list\" { list-id = {\".example\"}\n"
			       "action = tag }\n");
	return one;
}

static void
print_all(struct pst_arena *arena, const struct pst_message *message)
{
	assert(strlen(pst_explain_line(arena, message)) < 2048);
	(void)pst_explain_line_json(arena, message);
	(void)pst_explain_text(arena, message);
	(void)pst_explain_json(arena, message, NULL, NULL);
}

static void
decide_again(struct pst_arena *arena, const struct pst_message *message)
{
	struct pst_message again = *message;

	pst_policy_decide(arena, config(), &again.mta, again.authserv_id,
	    again.header, &again.findings, &again.decision);
	again.done = pst_done_as_decided(&again.decision);
	print_all(arena, &again);
}

static void
replay(struct pst_arena *arena, const struct pst_recorded *recorded)
{
	struct pst_message again = recorded->message;
	struct pst_replay replay;

	pst_replay_decide(arena, recorded, &replay);
	again.decision = replay.decision;
	again.done = pst_done_as_decided(&again.decision);
	print_all(arena, &again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pst_arena *arena = pst_arena_new();
	const void *octets = data;
	struct pst_recorded first, second;
	struct pst_str written;
	struct pst_err err;

	if (pst_recorded_read(arena, (struct pst_str){octets, size}, config(),
		&first, &err)) {
		print_all(arena, &first.message);
		decide_again(arena, &first.message);
		replay(arena, &first);
		written = pst_recorded_write_again(arena, &first);
		assert(written.len <= PST_RECORDED_MAX);
		if (!pst_recorded_read(arena, written, config(), &second, &err))
			abort();
		if (!first.cut && !second.cut && !second.dns_cut)
			assert(
			    strcmp(pst_explain_text(arena, &first.message),
				pst_explain_text(arena, &second.message)) == 0);
	}
	pst_arena_free(arena);
	return 0;
}
