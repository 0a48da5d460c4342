/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Received fields. What is read from one is safe to display, and if the result
 * is sure, nothing after "by HOST" can change it. The input is then also used
 * as the HELO name of a client at 192.0.2.1, in the forms of the MTAs that we
 * trust: whatever the name is, the client's address must stay the same.
 */

#include <assert.h>

#include "base/buf.h"
#include "base/domain.h"
#include "base/macros.h"
#include "mail/received.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CLIENT "192.0.2.1"
#define MAX_HELO 512 /* octets of a command (RFC 5321 s. 4.5.3.1.4) */
#define MAX_FIELD (4 * 1024 * 1024)

static void
check_word(const char *word)
{
	assert(strlen(word) <= 1024);
	for (; *word != '\0'; word++)
		assert((unsigned char)*word >= ' ' && *word != 0x7f);
}

static void
check_fields(struct pst_arena *arena, const struct pst_received *got)
{
	char ip[PST_IP_TEXT_SIZE];
	struct pst_ip again;

	check_word(got->name);
	check_word(got->helo);
	check_word(got->by);
	if (got->by[0] != '\0' && got->by[0] != '[') {
		const char *normal =
		    pst_domain_normalize(arena, pst_str(got->by));

		assert(normal != NULL && strcmp(normal, got->by) == 0);
	}
	(void)pst_ip_text(&got->ip, ip);
	assert(pst_ip_parse(pst_str(ip), &again) ==
	    (got->ip.family != PST_IP_NONE));
	assert(!got->sure || ip[0] != '\0');
	assert(!got->sure || got->by[0] != '\0');
}

/* Everything after "by HOST" may contain text that the sender chose. */
static void
check_tail(struct pst_arena *arena, struct pst_str value,
    const struct pst_received *got)
{
	struct pst_received longer;
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_FIELD);
	pst_buf_add(&buf, value);
	pst_buf_add_text(&buf, " from x (y [198.51.100.9]) by z.example");
	pst_received_parse(arena, pst_buf_slice(&buf), &longer);
	assert(longer.sure && pst_ip_eq(&longer.ip, &got->ip));
	assert(strcmp(longer.name, got->name) == 0);
	assert(strcmp(longer.helo, got->helo) == 0);
	assert(strcmp(longer.by, got->by) == 0);
}

/* Returns the input as MTAs would write it as a HELO name in their fields. */
static const char *
as_helo(struct pst_arena *arena, struct pst_str input)
{
	char *helo = pst_arena_alloc(arena, MAX_HELO + 1);
	size_t len = 0;

	for (size_t i = 0; i < input.len && len < MAX_HELO; i++) {
		char c = input.ptr[i];

		if (c > ' ' && c <= '~' && strchr("()<>@,;\\\"", c) == NULL)
			helo[len++] = c;
	}
	helo[len] = '\0';
	return len == 0 ? "x" : helo;
}

static void
check_helo(struct pst_arena *arena, const char *helo)
{
	static const char *const forms[] = {
	    " from %s (mail.example [" CLIENT "])\n\tby mx.example (Postfix)",
	    " from %s (unknown [" CLIENT "])\n\tby mx.example (Postfix)",
	    " from %s (mail.example [" CLIENT "] (may be forged))\n"
	    "\tby mx.example (8.18.1/8.18.1)",
	    " from mail.example ([" CLIENT "]:25 helo=%s)\n\tby mx.example",
	    " from [" CLIENT "] (port=25 helo=%s)\n\tby mx.example with",
	};
	struct pst_ip client;

	assert(pst_ip_parse(PST_STR(CLIENT), &client));
	for (size_t i = 0; i < PST_COUNT(forms); i++) {
		struct pst_str form = pst_str(forms[i]);
		size_t at = pst_str_find(form, '%');
		struct pst_received got;
		struct pst_buf buf;

		pst_buf_init(&buf, arena, MAX_FIELD);
		pst_buf_add(&buf, pst_str_first(form, at));
		pst_buf_add_text(&buf, helo);
		pst_buf_add(&buf, pst_str_from(form, at + 2));
		pst_received_parse(arena, pst_buf_slice(&buf), &got);
		assert(got.sure && pst_ip_eq(&got.ip, &client));
		assert(strcmp(got.helo, helo) == 0);
		assert(strcmp(got.by, "mx.example") == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pst_arena *arena = pst_arena_new();
	const void *octets = data;
	struct pst_str input = {octets, size};
	struct pst_received got;

	pst_received_parse(arena, input, &got);
	check_fields(arena, &got);
	if (got.sure)
		check_tail(arena, input, &got);
	check_helo(arena, as_helo(arena, input));
	pst_arena_free(arena);
	return 0;
}
