/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

/* mfapi.h defines a bool of its own unless <stdbool.h> comes first. */
#include <libmilter/mfapi.h>

#include "base/log.h"
#include "base/macros.h"
#include "milter/milter.h"
#include "milter/recorder.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/store_fixture.h"

/*
 * A libmilter of our own. Its functions take the place of the library's in this
 * program; each of them fails if a row says so.
 */
struct smfi_str {
	void *private;
};

enum call {
	CALL_NONE,
	CALL_DELETE,
	CALL_INSERT,
	CALL_REPLY,
	CALL_QUARANTINE,
};

static struct smfiDesc callbacks;
static enum call failing;
static char socket_path[108];
static int socket_fd = -1;

static int
outcome_of(enum call call)
{
	return call == failing ? MI_FAILURE : MI_SUCCESS;
}

int
smfi_register(struct smfiDesc given)
{
	callbacks = given;
	return MI_SUCCESS;
}

int
smfi_setconn(char *text)
{
	const char *path = strchr(text, ':');

	assert_non_null(path);
	(void)snprintf(socket_path, sizeof(socket_path), "%s", path + 1);
	return MI_SUCCESS;
}

int
smfi_setbacklog(int length)
{
	(void)length;
	return MI_SUCCESS;
}

int
smfi_opensocket(bool remove_old)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)remove_old;
	(void)snprintf(
	    address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	socket_fd = socket(AF_UNIX, SOCK_STREAM, 0);
	return bind(socket_fd, (const struct sockaddr *)&address,
		   sizeof(address)) == 0 &&
		listen(socket_fd, 1) == 0 ?
	    MI_SUCCESS :
	    MI_FAILURE;
}

int
smfi_main(void)
{
	return MI_SUCCESS;
}

int
smfi_setpriv(SMFICTX *ctx, void *private)
{
	ctx->private = private;
	return MI_SUCCESS;
}

void *
smfi_getpriv(SMFICTX *ctx)
{
	return ctx->private;
}

char *
smfi_getsymval(SMFICTX *ctx, char *name)
{
	static char id[] = "4FA43A8A3F9";

	(void)ctx;
	return strcmp(name, "i") == 0 ? id : NULL;
}

int
smfi_setsymlist(SMFICTX *ctx, int stage, char *names)
{
	(void)ctx;
	(void)stage;
	(void)names;
	return MI_SUCCESS;
}

int
smfi_chgheader(SMFICTX *ctx, char *name, int index, char *value)
{
	(void)ctx;
	(void)name;
	(void)index;
	(void)value;
	return outcome_of(CALL_DELETE);
}

int
smfi_insheader(SMFICTX *ctx, int index, char *name, char *value)
{
	(void)ctx;
	(void)name;
	(void)index;
	(void)value;
	return outcome_of(CALL_INSERT);
}

int
smfi_setreply(SMFICTX *ctx, char *code, char *xcode, char *text)
{
	(void)ctx;
	(void)code;
	(void)xcode;
	(void)text;
	return outcome_of(CALL_REPLY);
}

int
smfi_quarantine(SMFICTX *ctx, char *reason)
{
	(void)ctx;
	(void)reason;
	return outcome_of(CALL_QUARANTINE);
}

int
smfi_progress(SMFICTX *ctx)
{
	(void)ctx;
	return MI_SUCCESS;
}

/* ---- the gateway ---- */

#define IP "192.0.2.66"
#define FORGED "From: Ann <ann@bank.example>\nSubject: x\n"
#define SOFT "From: Ann <ann@soft.example>\nSubject: x\n"
#define LAX "From: Ann <ann@lax.example>\nSubject: x\n"
#define STALE "Authentication-Results: " LAB_ID "; spf=pass\n"

static const char zone[] =
    "bank.example. 60 IN TXT \"v=spf1 -all\"\n"
    "_dmarc.bank.example. 60 IN TXT \"v=DMARC1; p=reject; "
    "rua=mailto:a@bank.example\"\n"
    "_dmarc.soft.example. 60 IN TXT \"v=DMARC1; p=quarantine; "
    "rua=mailto:a@bank.example\"\n"
    "_dmarc.lax.example. 60 IN TXT \"v=DMARC1; p=none; "
    "rua=mailto:a@bank.example\"\n";

static struct pst_service *service;
static struct pst_clock the_clock;
static struct pst_arena *arena;
static struct pst_db *db;

static struct pst_config *
make_config(const char *reports, const char *more)
{
	return lab_config(pst_arena_printf(arena,
	    LAB_CONFIG "store { path = \"%s\" wait = 5s }\n"
		       "on-quarantine = quarantine\n%s\n%s\n",
	    store_path("db"), reports, more));
}

#define WITH_REPORTS "reports { from = \"dmarc@gateway.example\" }"

static int
set_up(void **state)
{
	struct pst_endpoint endpoint;
	struct pst_config *config;
	struct pst_err err;
	char text[160];

	arena = pst_arena_new();
	if (store_set_up(state) != 0)
		return -1;
	db = store_open("db");
	(void)snprintf(text, sizeof(text), "unix:%s", store_path("s"));
	the_clock = pst_clock_system;
	config = make_config(WITH_REPORTS, "");
	service = pst_service_start_with(
	    pst_config_ref(config), lab_zone(zone), &the_clock);
	pst_recorder_start(config);
	pst_config_unref(config);
	if (!pst_endpoint_parse(pst_str(text), &endpoint, &err) ||
	    !pst_milter_open(&endpoint, -1, &err) || !pst_milter_serve(service))
		return -1;
	return 0;
}

static int
tear_down(void **state)
{
	pst_recorder_stop();
	pst_service_stop(service);
	(void)close(socket_fd);
	pst_db_close(db);
	pst_arena_free(arena);
	return store_tear_down(state);
}

/* Standard error goes to a file from here to end_capture(). */
static FILE *capture;
static int real_stderr;

static void
begin_capture(void)
{
	capture = tmpfile();
	assert_non_null(capture);
	real_stderr = dup(STDERR_FILENO);
	assert_true(dup2(fileno(capture), STDERR_FILENO) >= 0);
}

/* Returns what was written; it is in the arena. */
static const char *
end_capture(void)
{
	char text[16384];
	size_t len;

	assert_true(dup2(real_stderr, STDERR_FILENO) >= 0);
	(void)close(real_stderr);
	rewind(capture);
	len = fread(text, 1, sizeof(text), capture);
	(void)fclose(capture);
	return pst_arena_memdup(arena, text, len);
}

static void
give_fields(SMFICTX *ctx, const char *header)
{
	struct pst_str rest = pst_str(header), line;
	bool more = true;

	while (pst_str_split(&rest, '\n', &line, &more)) {
		size_t colon = pst_str_find(line, ':');

		if (line.len == 0)
			continue;
		(void)callbacks.xxfi_header(ctx,
		    pst_arena_memdup(arena, line.ptr, colon),
		    pst_arena_memdup(
			arena, line.ptr + colon + 1, line.len - colon - 1));
	}
}

/* Opens a connection and begins a message, as the MTA would. */
static void
begin_message(SMFICTX *ctx)
{
	static char helo[] = "mx.bulk.example", from[] = "<a@bank.example>",
		    to[] = "<you@gateway.example>", host[] = "client.example";
	char *mail_args[] = {from, NULL}, *rcpt_args[] = {to, NULL};
	struct sockaddr_in address = {.sin_family = AF_INET};
	unsigned long actions =
	    SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | SMFIF_SETSYMLIST;
	unsigned long out[4];

	assert_int_equal(inet_pton(AF_INET, IP, &address.sin_addr), 1);
	assert_int_equal(
	    callbacks.xxfi_negotiate(ctx, actions, SMFIP_HDR_LEADSPC, 0, 0,
		&out[0], &out[1], &out[2], &out[3]),
	    SMFIS_CONTINUE);
	(void)callbacks.xxfi_connect(ctx, host, (_SOCK_ADDR *)&address);
	(void)callbacks.xxfi_helo(ctx, helo);
	(void)callbacks.xxfi_envfrom(ctx, mail_args);
	(void)callbacks.xxfi_envrcpt(ctx, rcpt_args);
}

/* Ends the message and the connection; returns the reply. */
static sfsistat
end_message(SMFICTX *ctx, const char *header)
{
	static unsigned char body[] = "Hello.\r\n";
	sfsistat status;

	give_fields(ctx, header);
	(void)callbacks.xxfi_eoh(ctx);
	(void)callbacks.xxfi_body(ctx, body, sizeof(body) - 1);
	status = callbacks.xxfi_eom(ctx);
	(void)callbacks.xxfi_close(ctx);
	return status;
}

/* Returns the number of messages in the store with that disposition. */
static int64_t
stored(const char *disposition)
{
	return store_number(db,
	    pst_arena_printf(arena,
		"SELECT COALESCE(SUM(n), 0) FROM record WHERE disposition ="
		" '%s'",
		disposition));
}

static int64_t
stored_in_all(void)
{
	return store_number(db, "SELECT COALESCE(SUM(n), 0) FROM record");
}

/*
 * What is logged and reported is what was done, whichever call of libmilter
 * fails (R-MTA-15).
 */
static void
test_failing_calls(void **state)
{
	static const char accept[] = "on-internal-error = accept";
	static const struct {
		const char *label, *config, *header;
		enum call fails;
		sfsistat reply;
		const char *line;   /* part of the message's log line */
		const char *stored; /* disposition of the row; NULL: no row */
	} rows[] = {
	    {"nothing, reject", "", FORGED, CALL_NONE, SMFIS_REJECT,
		" action=reject rule=dmarc-reject ", "reject"},
	    {"nothing, quarantine", "", SOFT, CALL_NONE, SMFIS_ACCEPT,
		" action=quarantine rule=dmarc-quarantine ", "quarantine"},
	    {"nothing, accept", "", LAX, CALL_NONE, SMFIS_ACCEPT,
		" action=accept rule=dmarc-none ", "none"},
	    {"the reply", "", FORGED, CALL_REPLY, SMFIS_TEMPFAIL,
		" action=tempfail rule=on-internal-error decided=reject ",
		NULL},
	    {"the reply, accepted", accept, FORGED, CALL_REPLY, SMFIS_ACCEPT,
		" action=accept rule=on-internal-error decided=reject ",
		"none"},
	    {"the quarantine", "", SOFT, CALL_QUARANTINE, SMFIS_TEMPFAIL,
		" action=tempfail rule=on-internal-error decided=quarantine ",
		NULL},
	    {"the quarantine, accepted", accept, SOFT, CALL_QUARANTINE,
		SMFIS_ACCEPT,
		" action=accept rule=on-internal-error decided=quarantine ",
		"none"},
	    {"an insertion", "", LAX, CALL_INSERT, SMFIS_TEMPFAIL,
		" action=tempfail rule=on-internal-error decided=accept ",
		NULL},
	    {"an insertion, accepted", accept, LAX, CALL_INSERT, SMFIS_ACCEPT,
		" action=accept rule=on-internal-error decided=accept ",
		"none"},
	    {"a deletion", "", LAX STALE, CALL_DELETE, SMFIS_TEMPFAIL,
		" action=tempfail rule=on-internal-error decided=accept ",
		NULL},
	};

	(void)state;
	for (size_t i = 0; i < PST_COUNT(rows); i++) {
		struct smfi_str ctx = {NULL};
		int64_t all = stored_in_all(), like = 0;
		const char *said;
		sfsistat reply;

		if (rows[i].stored != NULL)
			like = stored(rows[i].stored);
		pst_service_replace(
		    service, make_config(WITH_REPORTS, rows[i].config));
		failing = rows[i].fails;
		begin_capture();
		begin_message(&ctx);
		reply = end_message(&ctx, rows[i].header);
		said = end_capture();
		if (reply != rows[i].reply)
			fail_msg("%s: reply %d", rows[i].label, (int)reply);
		if (strstr(said, rows[i].line) == NULL)
			fail_msg("%s: %s", rows[i].label, said);
		if ((strstr(said, "; the message is ") != NULL) !=
		    (failing != CALL_NONE))
			fail_msg("%s: %s", rows[i].label, said);
		if (stored_in_all() != all + (rows[i].stored != NULL))
			fail_msg("%s: rows in the store", rows[i].label);
		if (rows[i].stored != NULL &&
		    stored(rows[i].stored) != like + 1)
			fail_msg("%s: another row", rows[i].label);
	}
	failing = CALL_NONE;
}

/* A message that is accepted although its policy says reject has a reason. */
static void
test_reason(void **state)
{
	(void)state;
	assert_int_equal(
	    store_number(db,
		"SELECT SUM(n) FROM record WHERE domain = 'bank.example' AND"
		" disposition = 'none' AND reason = 'local_policy' AND"
		" comment = 'on-internal-error'"),
	    1);
}

/* Whatever a reload brings, a message ends with what it began with. */
static void
test_reload(void **state)
{
	static const struct {
		const char *label, *before, *config, *after, *more;
		enum call fails;
		sfsistat reply;
		int64_t rows;
	} rows[] = {
	    {"reports end", WITH_REPORTS, "", "", "", CALL_NONE, SMFIS_REJECT,
		1},
	    {"reports begin", "", "", WITH_REPORTS, "", CALL_NONE, SMFIS_REJECT,
		0},
	    {"failures are accepted", WITH_REPORTS, "", WITH_REPORTS,
		"on-internal-error = accept", CALL_REPLY, SMFIS_TEMPFAIL, 0},
	    {"failures are deferred", WITH_REPORTS,
		"on-internal-error = accept", WITH_REPORTS, "", CALL_REPLY,
		SMFIS_ACCEPT, 1},
	};

	(void)state;
	for (size_t i = 0; i < PST_COUNT(rows); i++) {
		struct smfi_str ctx = {NULL};
		int64_t all = stored_in_all();
		sfsistat reply;

		failing = rows[i].fails;
		pst_service_replace(
		    service, make_config(rows[i].before, rows[i].config));
		begin_capture();
		begin_message(&ctx);
		pst_service_replace(
		    service, make_config(rows[i].after, rows[i].more));
		reply = end_message(&ctx, FORGED);
		(void)end_capture();
		if (reply != rows[i].reply)
			fail_msg("%s: reply %d", rows[i].label, (int)reply);
		if (stored_in_all() != all + rows[i].rows)
			fail_msg("%s: rows in the store", rows[i].label);
	}
	failing = CALL_NONE;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_failing_calls),
	    cmocka_unit_test(test_reason),
	    cmocka_unit_test(test_reload),
	};

	pst_log_open(PST_LOG_STDERR, "test", LOG_MAIL, PST_LOG_INFO);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
