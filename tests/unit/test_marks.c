/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/config_fixture.h"
#include "tests/unit/rows.h"

/* Fields that no mark may have, since those of the sender are deleted. */
static const char *const taken[] = {
    /* RFC 5322 */
    "Date", "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Message-ID",
    "In-Reply-To", "References", "Subject", "Comments", "Keywords",
    "Resent-Date", "Resent-From", "Resent-Sender", "Resent-To", "Resent-Cc",
    "Resent-Bcc", "Resent-Message-ID", "Return-Path", "Received",
    /* RFC 2045, RFC 2183 and others */
    "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-ID",
    "Content-Description", "Content-Disposition", "Content-Language",
    /* signatures and results */
    "DKIM-Signature", "DKIM-Filter", "DomainKey-Signature", "ARC-Seal",
    "ARC-Message-Signature", "ARC-Authentication-Results",
    "Authentication-Results", "Received-SPF", "BIMI-Selector",
    /* lists, loops, answers */
    "List-Id", "List-Post", "List-Unsubscribe", "List-Unsubscribe-Post",
    "Precedence", "Auto-Submitted", "Delivered-To", "X-Original-To",
    "Disposition-Notification-To", "TLS-Required", "Feedback-ID",
    /* in any case */
    "subject", "SUBJECT", "dkim-signature", "list-ID", "rECEIVED"};

static const char *const free_names[] = {"X-DMARC-Verdict", "X-Spam-Flag",
    "X-Junk", "X-Subject", "Subjects", "Spam-Subject", "Fromage", "Listed",
    "Dkim", "X-ARC-Result", "To-Do", "Receivedly"};

static void
test_names(void **state)
{
	char text[200], why[120];

	(void)state;
	FOR_ROWS(i, taken, taken[i]) {
		(void)snprintf(
		    text, sizeof(text), "\ntag-header = \"%s\"\n", taken[i]);
		(void)snprintf(why, sizeof(why),
		    "tag-header: %s is a field that mail itself uses",
		    taken[i]);
		config_must_fail(text, 2, why);
		(void)snprintf(text, sizeof(text),
		    "tag-also = {\"X-A: b\",\n\"%s: YES\"}\n", taken[i]);
		(void)snprintf(why, sizeof(why),
		    "tag-also: \"%s: YES\": %s is a field that mail itself uses",
		    taken[i], taken[i]);
		config_must_fail(text, 2, why);
		(void)snprintf(text, sizeof(text),
		    "listener \"/x\" {\ntag-header = \"%s\"\n}\n", taken[i]);
		config_must_fail(text, 2, "removed from all incoming mail");
	}
	FOR_ROWS(i, free_names, free_names[i]) {
		(void)snprintf(text, sizeof(text),
		    "tag-header = \"%s\"\ntag-also = {\"%s: x\"}\n",
		    free_names[i], free_names[i]);
		pst_config_unref(config_must_load(text));
	}
}

static void
test_bad_lists(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
	    {"tag-also = {\"X-Spam-Flag\"}\n", "such as \"X-Spam-Flag: YES\""},
	    {"tag-also = {\"X-Spam-Flag:\"}\n", "such as \"X-Spam-Flag: YES\""},
	    {"tag-also = {\"X-Spam-Flag:  \"}\n", "fields with their values"},
	    {"tag-also = {\": YES\"}\n", "fields with their values"},
	    {"tag-also = {\"X Spam: YES\"}\n", "fields with their values"},
	    {"tag-also = {\"X-Spam : YES\"}\n", "fields with their values"},
	    {"tag-also = {\"\"}\n", "fields with their values"},
	    {"tag-also = {\"X-A: b\tc\"}\n", "fields with their values"},
	    {"tag-also = {\"X-A: \xc3\xa4\"}\n", "fields with their values"},
	    {"tag-also = {\"X-A: 1\", \"x-a: 2\"}\n",
		"tag-also has two fields with the name x-a"},
	    {"tag-also += {\"X-SPAM-FLAG: yes\"}\n",
		"two fields with the name X-SPAM-FLAG"},
	    {"tag-also = {\"X-A: 1\", \"X-B: 1\", \"X-C: 1\", \"X-D: 1\", "
	     "\"X-E: 1\"}\n",
		"tag-also can have 4 fields at most"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].text)
		config_must_fail(rows[i].text, 1, rows[i].why);
	/* Only the listener shows that there are two. */
	config_must_fail(
	    "tag-header = X-A\ntag-also = {\"X-A: 1\", \"x-a: 2\"}\n"
	    "listener \"/x\" {\ntag-header = X-B\n}\n",
	    2, "two fields with the name x-a");
}

/* Returns "Name: value, Name: value". */
static const char *
shown(const struct pst_marks *marks)
{
	static char text[400];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < marks->count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%s%s:%s", i == 0 ? "" : ", ", marks->items[i].name,
		    marks->items[i].value);
	return text;
}

static void
test_made(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"", "X-DMARC-Verdict: quarantine, X-Spam-Flag: YES"},
	    {"tag-also = {}\n", "X-DMARC-Verdict: quarantine"},
	    {"tag-header = \"X-Spam-Flag\"\n", "X-Spam-Flag: quarantine"},
	    {"tag-header = \"x-SPAM-flag\"\ntag-value = \"yes\"\n",
		"x-SPAM-flag: yes"},
	    {"tag-also += {\"X-Junk:1\"}\n",
		"X-DMARC-Verdict: quarantine, X-Spam-Flag: YES, X-Junk: 1"},
	    {"tag-also = \"X-Junk: \t a: b \"\n",
		"X-DMARC-Verdict: quarantine, X-Junk: a: b"},
	    {"tag-also = {\"A:1\", \"B:2\", \"C:3\", \"D:4\"}\n",
		"X-DMARC-Verdict: quarantine, A: 1, B: 2, C: 3, D: 4"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].text) {
		struct pst_config *config = config_must_load(rows[i].text);

		assert_string_equal(shown(&config->marks), rows[i].want);
		pst_config_unref(config);
	}
}

static void
test_listener(void **state)
{
	struct pst_config *config =
	    config_must_load("listener \"/x\" {\ntag-header = \"X-Spam-Flag\"\n"
			     "tag-value = \"1\"\n}\n"
			     "listener \"/y\" {\ntag-header = \"X-Y\"\n}\n");

	(void)state;
	assert_string_equal(shown(&config->marks),
	    "X-DMARC-Verdict: quarantine, X-Spam-Flag: YES");
	assert_string_equal(
	    shown(&pst_config_at(config, 0)->marks), "X-Spam-Flag: 1");
	assert_string_equal(shown(&pst_config_at(config, 1)->marks),
	    "X-Y: quarantine, X-Spam-Flag: YES");
	pst_config_unref(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_bad_lists),
	    cmocka_unit_test(test_made),
	    cmocka_unit_test(test_listener),
	};

	return cmocka_run_group_tests(tests, config_begin, config_end);
}
