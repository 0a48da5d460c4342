/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "report/submit.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"
#include "tests/unit/smtp_fixture.h"

#define TEXT                                                                   \
	"From: <dmarc@gateway.example>\r\nSubject: x\r\n\r\n"                  \
	".hidden\r\n.\r\nend\r\n"

/* Large; static so that its members begin as zero. */
static struct smtp_server server;

struct hook {
	unsigned calls;
	bool stops;
};

static bool
count_call(void *arg)
{
	struct hook *hook = arg;

	hook->calls++;
	return !hook->stops;
}

static struct pst_config *
relay_config(unsigned port, const char *more)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
	    "%sreports { relay = \"smtp://127.0.0.1:%u\" %s }\n", LAB_CONFIG,
	    port, more);
	return lab_config(text);
}

static enum pst_submit_verdict
submit(struct pst_submitter *submitter, const char *to, struct hook *hook,
    struct pst_submit_result *out)
{
	struct pst_submit_mail mail = {
	    .from = "dmarc+3f2a@gateway.example",
	    .to = to,
	    .pieces = {PST_STR("X-Signature: a\r\n"), PST_STR(TEXT)},
	    .hook = count_call,
	    .arg = hook,
	};

	hook->calls = 0;
	pst_submit(submitter, &mail, out);
	return out->verdict;
}

/* Submits one message to a server with the replies in `server`. */
static enum pst_submit_verdict
once(struct hook *hook, struct pst_submit_result *out)
{
	struct pst_submitter *submitter;
	struct pst_config *config;
	struct pst_err err;
	enum pst_submit_verdict verdict;

	smtp_start(&server);
	config = relay_config(server.port, "");
	submitter = pst_submitter_new(config, &err);
	assert_non_null(submitter);
	verdict = submit(submitter, "a@rcpt.example", hook, out);
	pst_submitter_free(submitter);
	smtp_stop(&server);
	pst_config_unref(config);
	return verdict;
}

static void
test_accepted(void **state)
{
	struct pst_submit_result result;
	struct hook hook = {0};
	struct pst_config *config;
	struct pst_submitter *submitter;
	struct pst_err err;

	(void)state;
	memset(&server, 0, sizeof(server));
	smtp_start(&server);
	config = relay_config(server.port, "");
	submitter = pst_submitter_new(config, &err);
	assert_non_null(submitter);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
		    submit(submitter, "\"a,b\"@rcpt.example", &hook, &result),
		    PST_SUBMIT_ACCEPTED);
		assert_int_equal(hook.calls, 1);
		assert_string_equal(result.reply, "250 2.0.0 kept");
	}
	pst_submitter_free(submitter);
	smtp_stop(&server);
	assert_int_equal(server.connections, 1);
	assert_int_equal(server.count, 3);
	assert_string_equal(
	    server.mails[2].from, "<dmarc+3f2a@gateway.example>");
	assert_string_equal(server.mails[2].to, "<\"a,b\"@rcpt.example>");
	assert_string_equal(server.mails[2].text, "X-Signature: a\r\n" TEXT);
	smtp_clear(&server);
	pst_config_unref(config);
}

static void
test_verdicts(void **state)
{
	static const struct {
		const char *greeting, *mail, *rcpt, *data, *end;
		enum pst_submit_verdict wanted;
		unsigned calls;
	} rows[] = {
	    {"554 5.7.1 go away", NULL, NULL, NULL, NULL, PST_SUBMIT_NO_RELAY,
		0},
	    {"421 4.3.2 busy", NULL, NULL, NULL, NULL, PST_SUBMIT_NO_RELAY, 0},
	    {"", NULL, NULL, NULL, NULL, PST_SUBMIT_NO_RELAY, 0},
	    {NULL, "550 5.7.1 not you", NULL, NULL, NULL, PST_SUBMIT_NO_RELAY,
		0},
	    {NULL, "552 5.3.4 too big", NULL, NULL, NULL, PST_SUBMIT_PERMANENT,
		0},
	    {NULL, "452 4.3.1 full", NULL, NULL, NULL, PST_SUBMIT_TEMPORARY, 0},
	    {NULL, NULL, "450 4.2.1 later", NULL, NULL, PST_SUBMIT_TEMPORARY,
		0},
	    {NULL, NULL, "550 5.1.1 nobody", NULL, NULL, PST_SUBMIT_PERMANENT,
		0},
	    {NULL, NULL, "", NULL, NULL, PST_SUBMIT_TEMPORARY, 0},
	    {NULL, NULL, NULL, "451 4.3.0 no", NULL, PST_SUBMIT_TEMPORARY, 0},
	    {NULL, NULL, NULL, NULL, "451 4.7.1 later", PST_SUBMIT_TEMPORARY,
		1},
	    {NULL, NULL, NULL, NULL, "554 5.6.0 bad", PST_SUBMIT_PERMANENT, 1},
	    {NULL, NULL, NULL, NULL, "", PST_SUBMIT_UNCERTAIN, 1},
	};
	struct pst_submit_result result;
	struct hook hook = {0};

	(void)state;
	FOR_ROWS(i, rows, rows[i].greeting) {
		memset(&server, 0, sizeof(server));
		server.greeting = rows[i].greeting;
		server.mail = rows[i].mail;
		server.rcpt = rows[i].rcpt;
		server.data = rows[i].data;
		server.end = rows[i].end;
		if (once(&hook, &result) != rows[i].wanted)
			fail_msg("row %zu: %d, %s", i, (int)result.verdict,
			    result.reply);
		assert_int_equal(hook.calls, rows[i].calls);
		assert_string_not_equal(result.reply, "");
		smtp_clear(&server);
	}
}

/* The reply goes to logs and to the store, so it is escaped. */
static void
test_reply_is_escaped(void **state)
{
	struct pst_submit_result result;
	struct hook hook = {0};

	(void)state;
	memset(&server, 0, sizeof(server));
	server.rcpt = "550 5.1.1 \x1b[31m\xff no \\ such";
	assert_int_equal(once(&hook, &result), PST_SUBMIT_PERMANENT);
	assert_string_equal(
	    result.reply, "550 5.1.1 \\x1B[31m\\xFF no \\\\ such");
}

/* If the hook says no, nothing is sent. */
static void
test_stopped(void **state)
{
	struct pst_submit_result result;
	struct hook hook = {.stops = true};

	(void)state;
	memset(&server, 0, sizeof(server));
	assert_int_equal(once(&hook, &result), PST_SUBMIT_STOPPED);
	assert_int_equal(hook.calls, 1);
	assert_int_equal(server.count, 0);
}

/* A server may close the connection after each message. */
static void
test_stale_connection(void **state)
{
	struct pst_submit_result result;
	struct hook hook = {0};
	struct pst_config *config;
	struct pst_submitter *submitter;
	struct pst_err err;

	(void)state;
	memset(&server, 0, sizeof(server));
	server.per_connection = 1;
	smtp_start(&server);
	config = relay_config(server.port, "");
	submitter = pst_submitter_new(config, &err);
	for (unsigned i = 0; i < 5; i++) {
		(void)usleep(i * 2000);
		assert_int_equal(
		    submit(submitter, "a@rcpt.example", &hook, &result),
		    PST_SUBMIT_ACCEPTED);
	}
	pst_submitter_free(submitter);
	smtp_stop(&server);
	assert_int_equal(server.count, 5);
	smtp_clear(&server);
	pst_config_unref(config);
}

static void
test_login(void **state)
{
	char path[] = "/tmp/postern-test.XXXXXX", more[256];
	struct pst_submit_result result;
	struct hook hook = {0};
	struct pst_config *config;
	struct pst_submitter *submitter;
	struct pst_err err;
	int fd = mkstemp(path);

	(void)state;
	memset(&server, 0, sizeof(server));
	assert_int_equal(write(fd, "secret\nmore\n", 12), 12);
	assert_int_equal(close(fd), 0);
	smtp_start(&server);
	(void)snprintf(more, sizeof(more),
	    "relay-user = \"me\" relay-password-file = \"%s\"", path);
	config = relay_config(server.port, more);
	submitter = pst_submitter_new(config, &err);
	assert_non_null(submitter);
	assert_int_equal(submit(submitter, "a@rcpt.example", &hook, &result),
	    PST_SUBMIT_ACCEPTED);
	pst_submitter_free(submitter);
	smtp_stop(&server);
	/* NUL "me" NUL "secret" */
	assert_memory_equal(server.login, "AG1lAHNlY3JldA==", 16);
	smtp_clear(&server);
	assert_int_equal(chmod(path, 0644), 0);
	assert_null(pst_submitter_new(config, &err));
	assert_non_null(strstr(err.text, "chmod"));
	assert_int_equal(unlink(path), 0);
	assert_null(pst_submitter_new(config, &err));
	assert_non_null(strstr(err.text, "password"));
	pst_config_unref(config);
}

static void
test_relay(void **state)
{
	struct pst_config *config;
	struct pst_submit_result result;
	struct hook hook = {0};
	struct pst_submitter *submitter;
	struct pst_err err;

	(void)state;
	/* STARTTLS is required, but not offered. */
	memset(&server, 0, sizeof(server));
	smtp_start(&server);
	config = relay_config(server.port, "relay-tls = \"required\"");
	submitter = pst_submitter_new(config, &err);
	assert_int_equal(submit(submitter, "a@rcpt.example", &hook, &result),
	    PST_SUBMIT_NO_RELAY);
	smtp_stop(&server);
	/* No server is there. */
	assert_int_equal(submit(submitter, "a@rcpt.example", &hook, &result),
	    PST_SUBMIT_NO_RELAY);
	assert_int_equal(hook.calls, 0);
	pst_submitter_free(submitter);
	pst_submitter_free(NULL);
	pst_config_unref(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_accepted),
	    cmocka_unit_test(test_verdicts),
	    cmocka_unit_test(test_reply_is_escaped),
	    cmocka_unit_test(test_stopped),
	    cmocka_unit_test(test_stale_connection),
	    cmocka_unit_test(test_login),
	    cmocka_unit_test(test_relay),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
