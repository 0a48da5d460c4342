/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/courier.h"

#include <stdio.h>
#include <stdlib.h>

#include "auth/dkim_sign.h"
#include "report/compose.h"
#include "base/day.h"
#include "report/failure_send.h"
#include "report/report_mail.h"
#include "report/submit.h"

/* A report may come out a little larger than it was when it was measured. */
#define MAX_PACKED(config) ((config)->reports.max_bytes * 2 + 65536)
/* RFC 5321 s. 4.5.3.1.1, including "+" and the token. */
#define MAX_LOCAL 64

struct pst_courier {
	const struct pst_store *store;
	const struct pst_config *config; /* that of the store */
	struct pst_lease *lease;
	struct pst_submitter *submitter;
	struct pst_signature_by by; /* by.key is NULL: reports are not signed */
	struct pst_pack *pack;
	const char *from_domain, *org_name;
	struct pst_arena *arena; /* for the life of the courier */
	char why[300];
};

/* One delivery that is under way. */
struct trip {
	struct pst_courier *courier;
	const struct pst_delivery *delivery;
	struct pst_arena *arena;
	struct pst_str signature, message;
	struct pst_err hook_err;
	bool gone; /* the delivery may not be handed over any more */
};

/* ---- set-up ---- */

static const char *
lower(struct pst_arena *arena, const char *text)
{
	char *copy = pst_arena_strdup(arena, text);

	for (char *at = copy; *at != '\0'; at++)
		*at = pst_lower(*at);
	return copy;
}

static const char *
domain_of(struct pst_arena *arena, const char *address)
{
	const char *at = strrchr(address, '@');

	return lower(arena, at == NULL ? address : at + 1);
}

static bool
check_settings(const struct pst_config *config, struct pst_err *err)
{
	const char *bounces = config->reports.bounces;
	size_t local = pst_str_rfind(pst_str(bounces), '@');

	if (config->reports.from[0] == '\0')
		return pst_err_set(err,
		    "reports.from is not set, so no reports are sent; set it "
		    "to an address of yours");
	if (bounces[0] != '\0' && local + PST_OUTBOX_TOKEN_SIZE > MAX_LOCAL)
		return pst_err_set(err,
		    "the local part of reports.bounces has no room for a mark "
		    "of %d octets; shorten it",
		    PST_OUTBOX_TOKEN_SIZE);
	return true;
}

static bool
open_key(struct pst_courier *courier, struct pst_err *err)
{
	const struct pst_config *config = courier->config;

	courier->by.domain = config->reports.dkim_domain[0] != '\0' ?
	    lower(courier->arena, config->reports.dkim_domain) :
	    courier->from_domain;
	if (config->reports.dkim_key[0] == '\0')
		return true;
	if (config->reports.dkim_selector[0] == '\0')
		return pst_err_set(err,
		    "reports.dkim-key needs reports.dkim-selector: the name "
		    "of its public key in the DNS");
	courier->by.selector =
	    lower(courier->arena, config->reports.dkim_selector);
	courier->by.key = pst_sign_key_read(config->reports.dkim_key, err);
	return courier->by.key != NULL;
}

struct pst_courier *
pst_courier_new(
    const struct pst_store *store, struct pst_lease *lease, struct pst_err *err)
{
	const struct pst_config *config = store->config;
	struct pst_courier *courier;

	if (!check_settings(config, err))
		return NULL;
	courier = calloc(1, sizeof(*courier));
	if (courier == NULL)
		abort();
	courier->store = store;
	courier->config = config;
	courier->lease = lease;
	courier->arena = pst_arena_new();
	courier->from_domain = domain_of(courier->arena, config->reports.from);
	courier->org_name = config->reports.org_name[0] != '\0' ?
	    config->reports.org_name :
	    courier->from_domain;
	courier->pack = pst_pack_new(
	    config->reports.format == PST_REPORT_GZIP, MAX_PACKED(config));
	courier->submitter = pst_submitter_new(config, err);
	if (courier->submitter != NULL && open_key(courier, err))
		return courier;
	pst_courier_free(courier);
	return NULL;
}

void
pst_courier_free(struct pst_courier *courier)
{
	if (courier == NULL)
		return;
	pst_submitter_free(courier->submitter);
	pst_sign_key_unref(courier->by.key);
	pst_pack_free(courier->pack);
	pst_arena_free(courier->arena);
	free(courier);
}

/* ---- the message ---- */

static bool
pack(void *arg, const void *ptr, size_t len)
{
	return pst_pack_add(arg, ptr, len);
}

static bool
write_aggregate(struct trip *trip, const char *target, struct pst_err *err)
{
	struct pst_courier *courier = trip->courier;
	const struct pst_delivery *delivery = trip->delivery;
	const struct pst_compose what = {.day = delivery->day,
	    .domain = delivery->domain,
	    .owner = delivery->report,
	    .id = delivery->report};
	struct pst_composed size;
	struct pst_buf buf;

	pst_pack_reset(courier->pack);
	if (!pst_compose_write(courier->store, &what,
		(struct pst_aggregate_sink){pack, courier->pack}, &size, err))
		return false;
	if (!pst_pack_end(courier->pack))
		return pst_err_set(err,
		    "the report for %s has become larger than "
		    "reports.max-size allows; raise it",
		    delivery->domain);

	const struct pst_aggregate_mail mail = {
	    .envelope = {.from = courier->config->reports.from,
		.to = target,
		.domain = courier->from_domain,
		.id = delivery->report,
		.date_s = pst_store_now(courier->store)},
	    .policy_domain = delivery->domain,
	    .org_name = courier->org_name,
	    .contact = courier->config->reports.contact,
	    .begin_s = pst_day_begin(delivery->day),
	    .end_s = pst_day_end(delivery->day),
	    .gzip = courier->config->reports.format == PST_REPORT_GZIP,
	    .report = pst_pack_octets(courier->pack),
	};

	pst_buf_init(&buf, trip->arena, pst_aggregate_mail_size(&mail));
	pst_aggregate_mail_write(&buf, &mail);
	trip->message = pst_buf_slice(&buf);
	return true;
}

static bool
write_failure(struct trip *trip, const char *target, struct pst_err *err)
{
	const struct pst_failure_compose what = {
	    .report = trip->delivery->report,
	    .domain = trip->delivery->domain,
	    .id = trip->delivery->report,
	    .to = target,
	};

	return pst_failure_write(
	    trip->courier->store, trip->arena, &what, &trip->message, err);
}

static bool
write_message(struct trip *trip, const char *target, struct pst_err *err)
{
	struct pst_courier *courier = trip->courier;
	bool ok = trip->delivery->kind == PST_OUTBOX_AGGREGATE ?
	    write_aggregate(trip, target, err) :
	    write_failure(trip, target, err);

	if (!ok || courier->by.key == NULL)
		return ok;
	trip->signature = pst_str(pst_dkim_sign(trip->arena, &courier->by,
	    trip->message, pst_store_now(courier->store), err));
	return trip->signature.len > 0;
}

/*
 * Returns "dmarc-bounces+3f2a...@example.net", or the address that reports come
 * from.
 */
static const char *
envelope_sender(const struct trip *trip)
{
	const struct pst_config *config = trip->courier->config;
	struct pst_str bounces = pst_str(config->reports.bounces);
	size_t at = pst_str_rfind(bounces, '@');

	if (bounces.len == 0)
		return config->reports.from;
	return pst_arena_printf(trip->arena, "%.*s+%s%s", (int)at, bounces.ptr,
	    trip->delivery->token, bounces.ptr + at);
}

/* ---- recording the outcome ---- */

bool
pst_courier_book(struct pst_courier *courier,
    const struct pst_delivery *delivery, const struct pst_judgement *judgement,
    struct pst_courier_outcome *out, struct pst_err *err)
{
	const struct pst_outbox_entry entry =
	    pst_judge_entry(courier->store, delivery, judgement);

	(void)snprintf(courier->why, sizeof(courier->why), "%s", entry.why);
	*out = (struct pst_courier_outcome){
	    .state = entry.state, .why = courier->why};
	return pst_outbox_book(courier->store, delivery, &entry, err);
}

/* ---- handing over ---- */

static bool
note_handing(void *arg)
{
	struct trip *trip = arg;
	struct pst_courier *courier = trip->courier;
	bool ok = pst_outbox_hand_over(courier->store, trip->delivery,
	    courier->lease->holder, &trip->hook_err);

	trip->gone = !ok && trip->hook_err.text[0] == '\0';
	return ok;
}

static bool
book_result(struct trip *trip, const struct pst_submit_result *result,
    struct pst_courier_outcome *out, struct pst_err *err)
{
	struct pst_courier *courier = trip->courier;
	struct pst_judgement judgement = {
	    .state = PST_OUTBOX_SENT, .why = result->reply};
	bool ok;

	switch (result->verdict) {
	case PST_SUBMIT_ACCEPTED:
	case PST_SUBMIT_UNCERTAIN:
		break;
	case PST_SUBMIT_TEMPORARY:
		judgement.state = PST_OUTBOX_RETRY;
		break;
	case PST_SUBMIT_PERMANENT:
		judgement.state = PST_OUTBOX_DROPPED;
		break;
	case PST_SUBMIT_STOPPED:
		return pst_err_set(err, "%s",
		    trip->gone ? "another process is sending the same "
				 "reports; this one has stopped" :
				 trip->hook_err.text);
	case PST_SUBMIT_NO_RELAY:
		return pst_err_set(err,
		    "the relay %s cannot be used: %s; reports wait for the "
		    "next run",
		    courier->config->reports.relay, result->reply);
	}
	ok = pst_courier_book(courier, trip->delivery, &judgement, out, err);
	out->uncertain = result->verdict == PST_SUBMIT_UNCERTAIN;
	return ok;
}

static bool
travel(struct trip *trip, const char *target, struct pst_courier_outcome *out,
    struct pst_err *err)
{
	struct pst_courier *courier = trip->courier;
	struct pst_submit_result result;
	struct pst_submit_mail mail = {
	    .from = envelope_sender(trip), .to = target};

	if (!write_message(trip, target, err))
		return false;
	mail.pieces[0] = trip->signature;
	mail.pieces[1] = trip->message;
	mail.hook = note_handing;
	mail.arg = trip;
	pst_submit(courier->submitter, &mail, &result);
	return book_result(trip, &result, out, err);
}

bool
pst_courier_deliver(struct pst_courier *courier,
    const struct pst_delivery *delivery, const char *target,
    struct pst_courier_outcome *out, struct pst_err *err)
{
	struct trip trip = {.courier = courier, .delivery = delivery};
	bool ok;

	if (!pst_lease_renew(courier->store->db, courier->lease,
		pst_lease_now(courier->lease), err))
		return false;
	trip.arena = pst_arena_new();
	ok = travel(&trip, target, out, err);
	pst_arena_free(trip.arena);
	return ok;
}
