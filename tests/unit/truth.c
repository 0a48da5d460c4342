/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/truth.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/day.h"
#include "tests/unit/dkim_sign.h"

#define BODY "Hello.\r\n"
#define NOON 43200
#define MAX_HEADER 8192

unsigned
truth_draw(struct truth *truth, unsigned limit)
{
	/* xorshift64* */
	truth->random ^= truth->random >> 12;
	truth->random ^= truth->random << 25;
	truth->random ^= truth->random >> 27;
	return (unsigned)((truth->random * UINT64_C(2685821657736338717)) >>
		   33) %
	    limit;
}

void
truth_begin(struct truth *truth, uint64_t seed, unsigned many)
{
	const char *zone;

	*truth = (struct truth){.arena = pst_arena_new(),
	    .random = seed,
	    .key = sign_key_load("test-ed25519.key")};
	zone = truth_world(truth, many);
	truth->lab.clock =
	    pst_clock_manual(pst_day_begin(TRUTH_FIRST_DAY) + NOON);
	truth->lab.service =
	    pst_service_start_with(lab_config(LAB_CONFIG "mode = monitor\n"),
		lab_zone(zone), &truth->lab.clock);
}

void
truth_end(struct truth *truth)
{
	lab_close(&truth->lab);
	sign_key_free(truth->key);
	pst_arena_free(truth->arena);
}

void
truth_configure(struct truth *truth, const char *text)
{
	pst_service_replace(truth->lab.service,
	    lab_config(
		pst_arena_printf(truth->arena, "%s%s", LAB_CONFIG, text)));
}

/* Returns the header with CRLF, signed if the flow is. */
static const char *
make_header(struct truth *truth, struct pst_arena *arena,
    const struct truth_flow *flow, const char *from)
{
	const char *header = pst_arena_printf(arena,
	    "From: Ann <ann@%s>\r\nSubject: %u\r\n"
	    "Message-ID: <%u@%s>\r\n%s%s%s",
	    from, truth->messages, truth->messages, from,
	    flow->list_id == NULL ? "" : "List-Id: <",
	    flow->list_id == NULL ? "" : flow->list_id,
	    flow->list_id == NULL ? "" : ">\r\n");
	struct sign_options options = {.canon = "relaxed/relaxed",
	    .names = "from:subject",
	    .length = SIZE_MAX};

	if (flow->signer == NULL)
		return header;
	options.tags = pst_arena_printf(arena, "a=ed25519-sha256; d=%s; s=%s; ",
	    flow->signer[0] == '\0' ? from : flow->signer,
	    flow->selector == NULL ? "s" : flow->selector);
	return pst_arena_printf(arena, "%s%s",
	    sign_message(arena, truth->key, &options, header, PST_STR(BODY)),
	    header);
}

/* lab_header() takes lines with LF. */
static const char *
without_cr(struct pst_arena *arena, const char *text)
{
	char *out = pst_arena_strdup(arena, text);
	char *to = out;

	for (const char *c = text; *c != '\0'; c++) {
		if (*c != '\r')
			*to++ = *c;
	}
	*to = '\0';
	return out;
}

static void
play_message(struct truth *truth, const struct truth_flow *flow,
    struct truth_visitor visitor)
{
	struct pst_arena *arena = pst_arena_new();
	const unsigned network =
	    flow->network + truth_draw(truth, flow->networks);
	const unsigned host = 1 + truth_draw(truth, 3);
	const char *from = flow->domain == TRUTH_DOMAINS ?
	    pst_arena_printf(
		arena, "r%x.example", truth_draw(truth, 0x7fffffff)) :
	    truth_domain(
		truth, flow->domain + truth_draw(truth, flow->domains));
	const char *path = flow->return_path == NULL ? from : flow->return_path;
	struct pst_session *session = lab_connect(&truth->lab,
	    pst_arena_printf(
		arena, "10.%u.%u.%u", network / 256, network % 256, host));
	const struct letter letter = {.helo = "mail.client.example",
	    .mail_from = flow->srs ?
		pst_arena_printf(arena, "<SRS0=x=y=%s=ann@%s>", from, path) :
		pst_arena_printf(arena, "<ann@%s>", path),
	    .header = without_cr(arena, make_header(truth, arena, flow, from)),
	    .body = BODY};

	truth->messages++;
	visitor.call(visitor.arg, flow, lab_send(session, &letter));
	pst_session_close(session);
	pst_arena_free(arena);
}

void
truth_play(struct truth *truth, unsigned day, struct truth_visitor visitor)
{
	const int64_t noon = pst_day_begin(TRUTH_FIRST_DAY + day) + NOON;

	pst_clock_advance(&truth->lab.clock,
	    (noon - pst_clock_epoch(&truth->lab.clock)) * 1000);
	for (const struct truth_flow *flow = truth->flows; flow != NULL;
	     flow = flow->next) {
		if (day < flow->first || day >= flow->until ||
		    (day - flow->first) % flow->every != 0)
			continue;
		for (unsigned i = 0; i < flow->count; i++)
			play_message(truth, flow, visitor);
	}
}
