/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/send_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "dns/zone.h"

struct smtp_server bench_server;

void
send_open(struct send_bench *bench, const char *zone)
{
	struct pst_resolver *resolver;
	struct pst_err err;

	(void)signal(SIGPIPE, SIG_IGN);
	memset(bench, 0, sizeof(*bench));
	bench->server = &bench_server;
	smtp_start(bench->server);
	(void)snprintf(bench->relay, sizeof(bench->relay),
	    "smtp://127.0.0.1:%u", bench->server->port);
	bench->config = store_config("");
	bench->config->reports.relay = bench->relay;
	bench->config->reports.pause_ms = 0;
	resolver = pst_zone_parse(zone, strlen(zone), "zone", &err);
	if (resolver == NULL)
		fail_msg("%s", err.text);
	bench->clock = pst_clock_manual(SEND_NOW);
	bench->service = pst_service_start_with(
	    pst_config_ref(bench->config), resolver, &bench->clock);
	bench->store.config = bench->config;
	bench->store.clock = &bench->clock;
	if (!pst_store_open(&bench->store, PST_STORE_REPORTS, &err))
		fail_msg("%s", err.text);
	bench->db = bench->store.db;
}

void
send_close(struct send_bench *bench)
{
	static const char *const names[] = {
	    "db", "db-wal", "db-shm", "db-journal"};

	pst_store_close(&bench->store);
	pst_service_stop(bench->service);
	pst_config_unref(bench->config);
	smtp_stop(bench->server);
	smtp_clear(bench->server);
	memset(bench->server, 0, sizeof(*bench->server));
	for (size_t i = 0; i < PST_COUNT(names); i++)
		(void)remove(store_path(names[i]));
}

void
send_row(struct send_bench *bench, struct send_row row)
{
	struct pst_report_row record = store_record(row.number);
	struct pst_err err;

	record.day = row.day;
	record.policy.domain = row.domain;
	record.policy.rua = row.rua;
	record.header_from = row.domain;
	if (!pst_db_begin(bench->db, &err) ||
	    !pst_store_add(bench->db, &record, row.n, 50000, &err) ||
	    !pst_db_commit(bench->db, &err))
		fail_msg("%s", err.text);
}

static void
note(void *arg, const struct pst_delivery *delivery,
    enum pst_outbox_state state, const char *why)
{
	struct send_bench *bench = arg;
	size_t len = strlen(bench->notes);

	assert_string_not_equal(why, "");
	(void)snprintf(bench->notes + len, sizeof(bench->notes) - len, "%s %s;",
	    delivery->address, pst_outbox_state_word(state));
}

static void
remark(void *arg, const char *sentence)
{
	struct send_bench *bench = arg;
	size_t len = strlen(bench->remarks);

	(void)snprintf(bench->remarks + len, sizeof(bench->remarks) - len,
	    "%s\n", sentence);
}

bool
send_run_with(
    struct send_bench *bench, int64_t day, const char *domain, bool resend)
{
	struct pst_send send = {
	    .service = bench->service,
	    .store = &bench->store,
	    .filter = {.day = day, .domain = domain, .resend = resend},
	    .note = note,
	    .remark = remark,
	    .arg = bench,
	};

	bench->notes[0] = bench->remarks[0] = '\0';
	bench->err.text[0] = '\0';
	return pst_send_run(&send, &bench->counts, &bench->err);
}

bool
send_run(struct send_bench *bench)
{
	return send_run_with(bench, -1, "", false);
}

const char *
send_sum(const struct send_bench *bench)
{
	static char text[200];
	const struct pst_send_counts *counts = &bench->counts;

	(void)snprintf(text, sizeof(text),
	    "made %u+%u sent %u again %u dropped %u refused %u suppressed %u "
	    "uncertain %u",
	    (unsigned)counts->made, (unsigned)counts->failures_made,
	    (unsigned)counts->sent, (unsigned)counts->again,
	    (unsigned)counts->dropped, (unsigned)counts->refused,
	    (unsigned)counts->suppressed, (unsigned)counts->uncertain);
	return text;
}

unsigned
send_got(const struct send_bench *bench, const char *to)
{
	unsigned count = 0;
	char wanted[400];

	(void)snprintf(wanted, sizeof(wanted), "<%s>", to);
	for (unsigned i = 0; i < bench->server->count; i++)
		count += strcmp(bench->server->mails[i].to, wanted) == 0;
	return count;
}
