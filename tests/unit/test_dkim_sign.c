/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/dkim_sign.h"
#include "base/macros.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/dkim_sign.h"

static char dir[] = "/tmp/postern-test.XXXXXX";

/* Copies a test key to a file with this mode, and returns its path. */
static const char *
key_file(struct pst_arena *arena, const char *name, mode_t mode)
{
	const char *root = getenv("srcdir");
	const char *to = pst_arena_printf(arena, "%s/%s", dir, name);
	FILE *in = fopen(pst_arena_printf(arena, "%s/tests/keys/%s",
			     root == NULL ? "." : root, name),
	    "r");
	FILE *out = fopen(to, "w");
	char text[4096];
	size_t len;

	assert_non_null(in);
	assert_non_null(out);
	while ((len = fread(text, 1, sizeof(text), in)) > 0)
		assert_int_equal(fwrite(text, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
	(void)fclose(in);
	assert_int_equal(chmod(to, mode), 0);
	return to;
}

#define HEADER                                                                 \
	"From: <dmarc@gateway.example>\r\nTo: <a@rcpt.example>\r\n"            \
	"Subject: Report Domain: x.example\r\n Submitter: gateway.example\r\n" \
	"Date: Tue, 24 Nov 2026 00:15:00 +0000\r\n"                            \
	"Message-ID: <1@gateway.example>\r\nMIME-Version: 1.0\r\n"
#define BODY "  blank in front\r\n\r\n.\r\ntext \t end  \r\n\r\n"

static const char *
without_cr(struct pst_arena *arena, const char *text)
{
	char *copy = pst_arena_strdup(arena, text), *to = copy;

	for (const char *at = text; *at != '\0'; at++)
		if (*at != '\r')
			*to++ = *at;
	*to = '\0';
	return copy;
}

/* The verifier accepts the signature, and rejects it after any change. */
static void
test_verifies(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_err err = {""};
	struct sign_key *key = sign_key_load("test-rsa.pem");
	struct pst_dkim_signer *signer =
	    pst_dkim_signer_new(key_file(arena, "test-rsa.pem", 0640),
		"gateway.example", "s1", &err);
	struct letter letter = {.mail_from = "<dmarc@gateway.example>"};
	const struct pst_message *message;
	struct pst_session *session;
	struct lab lab;
	const char *field;

	(void)state;
	assert_non_null(signer);
	field = pst_dkim_sign(
	    signer, arena, PST_STR(HEADER "\r\n" BODY), LAB_NOW - 5, &err);
	assert_non_null(field);
	assert_non_null(strstr(field, "t=1699999995"));
	lab_open(&lab, LAB_CONFIG,
	    pst_arena_printf(arena,
		"s1._domainkey.gateway.example. TXT "
		"\"v=DKIM1; k=rsa; \" \"p=%.200s\" \"%s\"\n",
		sign_key_public(arena, key, SIGN_SPKI),
		sign_key_public(arena, key, SIGN_SPKI) + 200));
	session = lab_connect(&lab, "192.0.2.1");
	letter.header =
	    without_cr(arena, pst_arena_printf(arena, "%s%s", field, HEADER));
	letter.body = BODY;
	message = lab_send(session, &letter);
	assert_int_equal(message->findings.dkim.result, PST_RESULT_PASS);
	assert_string_equal(
	    message->findings.dkim.sigs[0].domain, "gateway.example");
	letter.body = BODY "more\r\n";
	message = lab_send(session, &letter);
	assert_int_equal(message->findings.dkim.result, PST_RESULT_FAIL);
	pst_session_close(session);
	lab_close(&lab);
	pst_dkim_signer_free(signer);
	sign_key_free(key);
	pst_arena_free(arena);
}

static void
refused(const char *file, const char *why)
{
	struct pst_err err = {""};

	assert_null(pst_dkim_signer_new(file, "gateway.example", "s1", &err));
	if (strstr(err.text, why) == NULL)
		fail_msg("\"%s\" is not in: %s", why, err.text);
}

static void
test_bad_keys(void **state)
{
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	refused("/nonexistent/key", "correct the path");
	refused(dir, "not a regular file");
	refused(key_file(arena, "test-rsa.pem", 0644), "chmod g-w,o=");
	refused(key_file(arena, "test-rsa.pem", 0660), "other users may");
	refused(key_file(arena, "test-rsa.txt", 0600), "not an RSA key");
	refused(key_file(arena, "test-ed25519.key", 0600), "not an RSA key");
	refused(key_file(arena, "test-small.pem", 0600), "not an RSA key");
	pst_dkim_signer_free(NULL);
	pst_arena_free(arena);
}

static int
set_up(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = {"test-rsa.pem", "test-rsa.txt",
	    "test-ed25519.key", "test-small.pem"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < PST_COUNT(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_verifies),
	    cmocka_unit_test(test_bad_keys),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
