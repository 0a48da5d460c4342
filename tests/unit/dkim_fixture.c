/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/dkim_fixture.h"

#include <assert.h>

#include "base/buf.h"
#include "dns/zone.h"

const struct pst_dkim_config trial_config = {
    .max_verified = 10,
    .max_parsed = 50,
    .min_key_bits = 1024,
    .clock_skew_s = 300,
    .accept_test_keys = true,
};

struct pst_dkim_lib *
trial_lib(void)
{
	struct pst_err err;
	struct pst_dkim_lib *lib = pst_dkim_lib_new(&trial_config, &err);

	assert(lib != NULL);
	return lib;
}

const char *
trial_txt(struct pst_arena *arena, const char *name, const char *text)
{
	struct pst_buf buf;
	struct pst_str rest = pst_str(text);

	pst_buf_init(&buf, arena, 65536);
	pst_buf_printf(&buf, "%s. 60 IN TXT", name);
	do {
		struct pst_str piece = pst_str_first(rest, 255);

		pst_buf_add_text(&buf, " \"");
		pst_buf_add(&buf, piece);
		pst_buf_add_char(&buf, '"');
		rest = pst_str_from(rest, piece.len);
	} while (rest.len > 0);
	pst_buf_add_char(&buf, '\n');
	return pst_buf_str(&buf);
}

/* The CRLF of a fold becomes LF, as libmilter passes it. */
static void
add_field(
    struct pst_arena *arena, struct pst_header *header, struct pst_str field)
{
	size_t colon = pst_str_find(field, ':');
	struct pst_str value = pst_str_from(field, colon + 1);
	struct pst_buf buf;

	pst_buf_init(&buf, arena, field.len);
	for (size_t i = 0; i < value.len; i++) {
		bool fold = value.ptr[i] == '\r' && i + 1 < value.len &&
		    value.ptr[i + 1] == '\n';

		if (!fold)
			pst_buf_add_char(&buf, value.ptr[i]);
	}
	(void)pst_header_add(header, pst_str_trim(pst_str_first(field, colon)),
	    pst_buf_slice(&buf));
}

void
trial_read_header(
    struct pst_arena *arena, struct pst_str text, struct pst_header *header)
{
	while (text.len > 0) {
		size_t end = 0;

		do
			end += pst_str_find(pst_str_from(text, end), '\n') + 1;
		while (end < text.len && pst_is_wsp(text.ptr[end]));
		assert(end >= 2 && end <= text.len);
		add_field(arena, header, pst_str_first(text, end - 2));
		text = pst_str_from(text, end);
	}
}

static void
feed_body(struct pst_dkim_msg *msg, struct pst_str body, size_t chunk)
{
	bool more = true;

	while (body.len > 0 && more) {
		struct pst_str piece =
		    pst_str_first(body, chunk == 0 ? body.len : chunk);

		more = pst_dkim_body(msg, piece.ptr, piece.len);
		body = pst_str_from(body, piece.len);
	}
}

void
trial_run(struct pst_arena *arena, struct pst_dkim_lib *lib,
    const struct trial *trial, struct pst_dkim *out)
{
	struct pst_header_limits limits = {
	    trial->max_fields == 0 ? 1000 : trial->max_fields, 65536, 524288};
	struct pst_dns_limits dns_limits = {150, 5000, 16384, 0};
	struct pst_clock clock = pst_clock_manual(TRIAL_NOW);
	struct pst_err err;
	struct pst_resolver *zone =
	    pst_zone_parse(trial->zone, strlen(trial->zone), "zone", &err);
	struct pst_arena *own = pst_arena_new();
	struct pst_world world = {
	    .arena = own, .now_epoch = TRIAL_NOW, .guard = trial->guard};
	struct pst_header header;
	struct pst_dkim_msg *msg;
	struct pst_dkim result = {0};

	assert(zone != NULL);
	world.dns = pst_dns_open(own, zone, &clock, dns_limits);
	pst_header_init(&header, own, limits);
	trial_read_header(own, trial->header, &header);
	msg = pst_dkim_begin(&world, lib,
	    trial->config == NULL ? &trial_config : trial->config, &header,
	    trial->author_domain, trial->public_suffix, NULL);
	feed_body(msg, trial->body, trial->chunk);
	while (!pst_dkim_check(&world, msg, &result))
		if (!pst_dns_wait(world.dns, INT64_MAX))
			pst_dns_expire(world.dns, PST_DNS_TIMEOUT);

	*out = result;
	out->sigs = pst_arena_array(arena, result.count, sizeof(*out->sigs));
	for (size_t i = 0; i < result.count; i++) {
		struct pst_dkim_sig *sig = &out->sigs[i];

		*sig = result.sigs[i];
		sig->domain = sig->domain == NULL ?
		    NULL :
		    pst_arena_strdup(arena, sig->domain);
		sig->selector = sig->selector == NULL ?
		    NULL :
		    pst_arena_strdup(arena, sig->selector);
		sig->identity = sig->identity == NULL ?
		    NULL :
		    pst_arena_strdup(arena, sig->identity);
		sig->algorithm = sig->algorithm == NULL ?
		    NULL :
		    pst_arena_strdup(arena, sig->algorithm);
		sig->b = NULL;
	}
	pst_arena_free(own);
	pst_resolver_free(zone);
}
