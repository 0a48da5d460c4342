/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include <jansson.h>

#include "base/macros.h"
#include "core/check.h"
#include "core/explain.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

static const char zone[] =
    "bank.example. 60 IN TXT \"v=spf1 mx ip4:192.0.2.66 -all\"\n"
    "bank.example. 60 IN MX 10 mail.bank.example.\n"
    "mail.bank.example. 60 IN A 192.0.2.1\n"
    "_dmarc.bank.example. 60 IN TXT \"v=DMARC1; p=reject; adkim=s; "
    "rua=mailto:r@bank.example; x=\\195\\188\\000\"\n"
    "list.example. 60 IN TXT \"v=spf1 ip4:192.0.2.66 -all\"\n"
    "_dmarc.odd.example. 60 IN TXT \"v=DMARC1; p=maybe\"\n"
    ";! timeout 66.2.0.192.in-addr.arpa\n";

#define SIGNATURE                                                              \
	"DKIM-Signature: v=1; a=rsa-sha256; d=bank.example; s=k; h=from;"      \
	" bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\n"

static struct lab lab;
static struct pst_session *session;
static struct pst_arena *arena;

static int
open_lab(void **state)
{
	(void)state;
	arena = pst_arena_new();
	lab_open(&lab, LAB_CONFIG, zone);
	session = lab_connect(&lab, "192.0.2.66");
	return 0;
}

static int
close_lab(void **state)
{
	(void)state;
	pst_session_close(session);
	lab_close(&lab);
	pst_arena_free(arena);
	return 0;
}

static json_t *
explain(const struct letter *letter)
{
	json_error_t err;
	const char *text = pst_explain_json(
	    arena, lab_send(session, letter), "a\xff.eml", "flags");
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &err);

	if (json == NULL)
		fail_msg("%s: %s", err.text, text);
	assert_null(strchr(text, '\n'));
	return json;
}

/* Returns the value at a path like "dns.0.name"; NULL if there is none. */
static const json_t *
at(const json_t *json, const char *path)
{
	struct pst_str rest = pst_str(path);
	struct pst_str part;
	bool more = true;
	uint64_t index;

	while (json != NULL && pst_str_split(&rest, '.', &part, &more)) {
		if (pst_str_to_u64(part, 1000, &index))
			json = json_array_get(json, (size_t)index);
		else
			json = json_object_get(
			    json, pst_arena_memdup(arena, part.ptr, part.len));
	}
	return json;
}

/* Returns the value at path: a string as it is, anything else as JSON. */
static const char *
text_at(const json_t *json, const char *path)
{
	const json_t *value = at(json, path);
	const char *text;
	char *dump;

	if (value == NULL)
		return "(absent)";
	if (json_is_string(value))
		return json_string_value(value);
	dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	assert_non_null(dump);
	text = pst_arena_strdup(arena, dump);
	free(dump);
	return text;
}

struct expected {
	const char *path, *want;
};

static void
assert_all(
    const struct letter *letter, const struct expected *rows, size_t count)
{
	json_t *json = explain(letter);

	for (size_t i = 0; i < count; i++) {
		const char *got = text_at(json, rows[i].path);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].path, got);
	}
	json_decref(json);
}

static void
test_all_fields(void **state)
{
	static const struct letter letter = {"mx\n.example", "<a@bank.example>",
	    false, SIGNATURE "From: a@bank.example\n", "x\r\n"};
	static const struct expected rows[] = {
	    {"file", "a\\xFF.eml"},
	    {"client.ip", "192.0.2.66"},
	    {"client.name", "client.example"},
	    {"helo", "mx\\x0A.example"},
	    {"mail_from", "<a@bank.example>"},
	    {"envelope_source", "flags"},
	    {"from.verdict", "single"},
	    {"from.domains", "[\"bank.example\"]"},
	    {"iprev.result", "temperror"},
	    {"spf.result", "pass"},
	    {"spf.domain", "bank.example"},
	    {"spf.identity", "mailfrom"},
	    {"spf.lookups", "1"},
	    {"spf.voids", "0"},
	    {"spf.explanation", "(absent)"},
	    {"dkim.0.result", "fail"},
	    {"dkim.0.domain", "bank.example"},
	    {"dkim.0.selector", "k"},
	    {"dkim.0.algorithm", "rsa-sha256"},
	    {"dkim.0.bits", "0"},
	    {"dkim.0.aligned", "true"},
	    {"dkim.1", "(absent)"},
	    {"dmarc.result", "pass"},
	    {"dmarc.policy_domain", "bank.example"},
	    {"dmarc.published.p", "reject"},
	    {"dmarc.published.sp", "reject"},
	    {"dmarc.published.np", "reject"},
	    {"dmarc.published.adkim", "s"},
	    {"dmarc.published.aspf", "r"},
	    {"dmarc.published.psd", "u"},
	    {"dmarc.published.t", "n"},
	    {"dmarc.published.fo", "0"},
	    {"dmarc.published.rua", "[\"mailto:r@bank.example\"]"},
	    {"dmarc.published.ruf", "[]"},
	    {"dmarc.published.record",
		"v=DMARC1; p=reject; adkim=s; rua=mailto:r@bank.example; "
		"x=\\xC3\\xBC\\x00"},
	    {"dmarc.tag", "p"},
	    {"dmarc.effective", "reject"},
	    {"dmarc.aligned_by", "[\"spf\"]"},
	    {"dmarc.discovery", "treewalk"},
	    {"indirect", "null"},
	    {"unverified", "null"},
	    {"claims", "null"},
	    {"action", "accept"},
	    {"would", "accept"},
	    {"rule", "default"},
	    {"reply", "null"},
	    {"quarantine", "null"},
	    {"headers.0.op", "insert"},
	    {"headers.0.index", "0"},
	    {"headers.0.name", "Authentication-Results"},
	    {"headers.1", "(absent)"},
	};

	(void)state;
	assert_all(&letter, rows, PST_COUNT(rows));
}

static void
test_refused(void **state)
{
	static const struct letter letter = {
	    "h", "<>", false, "From: ceo@bank.example\n", NULL};
	static const struct expected rows[] = {
	    {"spf.identity", "helo"},
	    {"spf.domain", "null"},
	    {"dkim", "[]"},
	    {"dmarc.result", "fail"},
	    {"dmarc.aligned_by", "[]"},
	    {"action", "reject"},
	    {"rule", "dmarc-reject"},
	    {"reply",
		"550 5.7.26 Message refused by DMARC policy of bank.example"},
	    {"headers", "[]"},
	};

	(void)state;
	assert_all(&letter, rows, PST_COUNT(rows));
}

static void
test_tagged(void **state)
{
	static const struct letter letter = {"h", "<a@list.example>", false,
	    "Authentication-Results: " LAB_ID "; x=y\nList-Id: x\n"
	    "List-Post: <mailto:a@b.example>\n"
	    "From: ceo@bank.example\n",
	    NULL};
	static const struct expected rows[] = {
	    {"indirect", "List-Id:list.example(spf)"},
	    {"claims", "List-Post:b.example(not-authenticated)"},
	    {"action", "tag"},
	    {"headers.0.op", "delete"},
	    {"headers.0.index", "1"},
	    {"headers.0.name", "Authentication-Results"},
	    {"headers.0.value", "null"},
	    {"headers.1.op", "insert"},
	    {"headers.1.name", "X-DMARC-Verdict"},
	    {"headers.1.value", " quarantine"},
	    {"headers.2.name", "X-Spam-Flag"},
	    {"headers.2.value", " YES"},
	    {"headers.3.value",
		" " LAB_ID ";\n\tspf=pass smtp.mailfrom=list.example;"
		"\n\tdkim=none;\n\tdmarc=fail (reject lowered: sent by "
		"list.example)\n\theader.from=bank.example policy.dmarc=reject;\n\t"
		"iprev=temperror policy.iprev=192.0.2.66"},
	};

	(void)state;
	assert_all(&letter, rows, PST_COUNT(rows));
}

static void
test_no_policy(void **state)
{
	static const struct letter letter = {
	    "h", "<>", false, "From: a@other.example, b@c.example\n", NULL};
	static const struct expected rows[] = {
	    {"from.verdict", "multi"},
	    {"from.domains", "[\"other.example\",\"c.example\"]"},
	    {"dmarc.result", "permerror"},
	    {"dmarc.policy_domain", "null"},
	    {"dmarc.org_domain", "null"},
	    {"dmarc.published", "{}"},
	    {"dmarc.tag", "null"},
	    {"dmarc.effective", "none"},
	};
	static const struct letter odd = {
	    "h", "<>", false, "From: a@odd.example\n", NULL};
	static const struct expected odd_rows[] = {
	    {"dmarc.result", "permerror"},
	    {"dmarc.policy_domain", "odd.example"},
	    {"dmarc.tag", "null"},
	    {"dmarc.effective", "none"},
	};
	static const struct letter malformed = {"h", "<>", false, "", NULL};
	static const struct expected malformed_rows[] = {
	    {"from.verdict", "malformed"},
	    {"from.domains", "[]"},
	    {"from.why", "no From field"},
	    {"reply",
		"550 5.6.0 Message refused: exactly one From header field with "
		"exactly one domain is required"},
	};

	(void)state;
	assert_all(&letter, rows, PST_COUNT(rows));
	assert_all(&odd, odd_rows, PST_COUNT(odd_rows));
	assert_all(&malformed, malformed_rows, PST_COUNT(malformed_rows));
}

static void
test_exempt(void **state)
{
	static const struct letter letter = {
	    "h", "<a@bank.example>", true, "From: a@bank.example\n", NULL};
	static const struct expected rows[] = {
	    {"from.verdict", "single"},
	    {"iprev", "null"},
	    {"spf", "null"},
	    {"dkim", "[]"},
	    {"dmarc", "null"},
	    {"dns", "[]"},
	    {"rule", "authenticated"},
	};

	(void)state;
	assert_all(&letter, rows, PST_COUNT(rows));
}

/* Every check has its member, whether or not the message was checked. */
static void
test_every_check(void **state)
{
	static const struct letter letters[] = {
	    {"h", "<a@bank.example>", false, "From: a@bank.example\n", NULL},
	    {"h", "<a@bank.example>", true, "From: a@bank.example\n", NULL},
	};

	(void)state;
	assert_true(pst_check_count > 0);
	FOR_ROWS(i, letters, NULL) {
		json_t *json = explain(&letters[i]);

		for (size_t n = 0; n < pst_check_count; n++) {
			if (json_object_get(json, pst_checks[n]->name) == NULL)
				fail_msg("letter %zu has no %s", i,
				    pst_checks[n]->name);
		}
		json_decref(json);
	}
}

/* The transcript, by name and type. */
static void
test_dns(void **state)
{
	static const struct letter letter = {
	    "h", "<a@bank.example>", false, "From: a@bank.example\n", NULL};
	static const struct {
		const char *name, *type, *status, *ttl, *records;
	} rows[] = {
	    {"66.2.0.192.in-addr.arpa", "PTR", "TIMEOUT", "0", "[]"},
	    {"bank.example", "TXT", "NOERROR", "60",
		"[\"v=spf1 mx ip4:192.0.2.66 -all\"]"},
	    {"bank.example", "MX", "NOERROR", "60",
		"[\"10 mail.bank.example\"]"},
	    {"mail.bank.example", "A", "NOERROR", "60", "[\"192.0.2.1\"]"},
	};
	json_t *json = explain(&letter);

	(void)state;
	FOR_ROWS(i, rows, rows[i].name) {
		const json_t *dns = at(json, "dns");
		const json_t *entry = NULL;
		size_t n = 0;

		while (n < json_array_size(dns)) {
			entry = json_array_get(dns, n++);
			if (strcmp(text_at(entry, "name"), rows[i].name) == 0 &&
			    strcmp(text_at(entry, "type"), rows[i].type) == 0)
				break;
			entry = NULL;
		}
		if (entry == NULL ||
		    strcmp(text_at(entry, "status"), rows[i].status) != 0 ||
		    strcmp(text_at(entry, "ttl"), rows[i].ttl) != 0 ||
		    strcmp(text_at(entry, "records"), rows[i].records) != 0)
			fail_msg("%s %s", rows[i].name, rows[i].type);
	}
	json_decref(json);
}

static void
test_client_without_address(void **state)
{
	struct pst_session *local = lab_connect(&lab, NULL);
	const struct pst_message *m =
	    lab_send(local, &(struct letter){.mail_from = "<>", .header = ""});
	json_t *json =
	    json_loads(pst_explain_json(arena, m, NULL, NULL), 0, NULL);

	(void)state;
	assert_non_null(json);
	assert_string_equal(text_at(json, "client.ip"), "null");
	assert_string_equal(text_at(json, "rule"), "no-address");
	assert_string_equal(text_at(json, "file"), "(absent)");
	assert_string_equal(text_at(json, "envelope_source"), "(absent)");
	json_decref(json);
	pst_session_close(local);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_fields),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_tagged),
	    cmocka_unit_test(test_no_policy),
	    cmocka_unit_test(test_exempt),
	    cmocka_unit_test(test_every_check),
	    cmocka_unit_test(test_dns),
	    cmocka_unit_test(test_client_without_address),
	};

	return cmocka_run_group_tests(tests, open_lab, close_lab);
}
