/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/rows.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth/dkim_sign.h"
#include "replaced/pem_private_key.h"
#include "tests/unit/dkim_fixture.h"

#define DOMAIN "example.com"
#define FROM "From: Joe <joe@example.com>\r\n"
#define HEADER                                                                 \
	FROM "To: <a@rcpt.example>\r\nSubject: A report\r\n of a day\r\n"      \
	     "Date: Tue, 24 Nov 2026 00:15:00 +0000\r\n"                       \
	     "Message-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n"
#define BODY "  blank in front\r\n\r\n.\r\ntext \t end  \r\n\r\n"

/* The two keys, and a zone with both. */
struct keys {
	struct pst_arena *arena;
	struct pst_dkim_lib *lib;
	struct pst_signature_by by[2];
	const char *zone;
};

static struct pst_sign_key *
load(struct pst_arena *arena, const char *name)
{
	const char *root = getenv("srcdir");
	FILE *file = fopen(pst_arena_printf(arena, "%s/tests/keys/%s",
			       root == NULL ? "." : root, name),
	    "r");
	char text[4096];
	struct pst_err err = {""};
	struct pst_sign_key *key;

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	(void)fclose(file);
	key = pst_sign_key_parse(text, name, &err);
	assert_string_equal(err.text, "");
	return key;
}

static int
set_up(void **state)
{
	struct keys *keys = calloc(1, sizeof(*keys));
	struct pst_arena *arena = pst_arena_new();

	assert_non_null(keys);
	keys->arena = arena;
	keys->lib = trial_lib();
	keys->by[0] = (struct pst_signature_by){
	    load(arena, "test-rsa.pem"), DOMAIN, "s1"};
	keys->by[1] = (struct pst_signature_by){
	    load(arena, "test-ed25519.key"), DOMAIN, "e1"};
	keys->zone = pst_arena_printf(arena, "%s%s",
	    trial_txt(arena, "s1._domainkey." DOMAIN,
		pst_arena_printf(arena, "v=DKIM1; k=rsa; p=%s",
		    pst_sign_key_public(keys->by[0].key))),
	    trial_txt(arena, "e1._domainkey." DOMAIN,
		pst_arena_printf(arena, "v=DKIM1; k=ed25519; p=%s",
		    pst_sign_key_public(keys->by[1].key))));
	*state = keys;
	return 0;
}

static int
tear_down(void **state)
{
	struct keys *keys = *state;

	pst_sign_key_unref(keys->by[0].key);
	pst_sign_key_unref(keys->by[1].key);
	pst_dkim_lib_free(keys->lib);
	pst_arena_free(keys->arena);
	free(keys);
	return 0;
}

/* ---- signing and verifying ---- */

struct letter {
	struct pst_str header, body;
	size_t piece; /* octets; 0: all at once */
	size_t max_fields;
};

static const char *const *
sign(const struct keys *keys, struct pst_arena *arena,
    const struct letter *letter, struct pst_err *err)
{
	const struct pst_header_limits limits = {
	    letter->max_fields == 0 ? 1000 : letter->max_fields, 1048576,
	    8388608};
	struct pst_header *header = pst_arena_alloc(arena, sizeof(*header));
	struct pst_str body = letter->body;
	struct pst_signing *signing;

	pst_header_init(header, arena, limits);
	trial_read_header(arena, letter->header, header);
	signing = pst_sign_begin(arena, header, keys->by, 2, TRIAL_NOW - 5);
	while (body.len > 0) {
		struct pst_str piece = pst_str_first(
		    body, letter->piece == 0 ? body.len : letter->piece);

		pst_sign_body(signing, piece.ptr, piece.len);
		body = pst_str_from(body, piece.len);
	}
	return pst_sign_end(signing, err);
}

/* Returns the header with the two signatures on top. */
static struct pst_str
add_values(
    struct pst_arena *arena, const char *const *values, struct pst_str header)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, SIZE_MAX / 4);
	for (size_t i = 0; i < 2; i++) {
		pst_buf_add_text(&buf, "DKIM-Signature:");
		for (const char *at = values[i]; *at != '\0'; at++) {
			if (*at == '\n')
				pst_buf_add_char(&buf, '\r');
			pst_buf_add_char(&buf, *at);
		}
		pst_buf_add_text(&buf, "\r\n");
	}
	pst_buf_add(&buf, header);
	return pst_buf_slice(&buf);
}

static void
verify(const struct keys *keys, struct pst_arena *arena,
    const struct letter *letter, struct pst_dkim *out)
{
	const struct trial trial = {.header = letter->header,
	    .body = letter->body,
	    .zone = keys->zone,
	    .max_fields = letter->max_fields};

	trial_run(arena, keys->lib, &trial, out);
	assert_int_equal(out->count, 2);
}

/* Leading blank, LF and tab, lines of 78 octets, no last line end. */
static void
check_folds(const char *value)
{
	size_t column = strlen("DKIM-Signature:");

	assert_int_equal(value[0], ' ');
	assert_null(strchr(value, '\r'));
	for (const char *at = value; *at != '\0'; at++) {
		if (*at != '\n') {
			assert_in_range(++column, 1, 78);
			continue;
		}
		assert_int_equal(at[1], '\t');
		assert_true(at[2] > ' ');
		column = 0;
	}
}

/* What each signature must be. */
enum outcome {
	PASS,
	PROVEN, /* the octets are signed, but programs read them differently */
};

static void
check_letter(
    const struct keys *keys, const struct letter *letter, enum outcome want)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_err err = {""};
	const char *const *values = sign(keys, arena, letter, &err);
	struct letter sent = *letter;
	struct pst_dkim dkim;

	assert_string_equal(err.text, "");
	assert_non_null(values);
	sent.header = add_values(arena, values, letter->header);
	/* the MTA ends the last line */
	if (sent.body.len > 0 &&
	    !(sent.body.len > 1 &&
		memcmp(sent.body.ptr + sent.body.len - 2, "\r\n", 2) == 0)) {
		char *body = pst_arena_alloc(arena, sent.body.len + 2);

		memcpy(body, sent.body.ptr, sent.body.len);
		memcpy(body + sent.body.len, "\r\n", 2);
		sent.body = (struct pst_str){body, sent.body.len + 2};
	}
	sent.max_fields += 1002;
	verify(keys, arena, &sent, &dkim);
	for (size_t i = 0; i < 2; i++) {
		check_folds(values[i]);
		assert_non_null(strstr(values[i], " c=relaxed/relaxed; "));
		assert_non_null(strstr(values[i], "t=1117999995;"));
		assert_null(strstr(values[i], "l="));
		assert_null(strstr(values[i], "x="));
		if (want == PASS)
			assert_string_equal(dkim.sigs[i].reason == NULL ?
				"" :
				dkim.sigs[i].reason,
			    "");
		if (want == PASS)
			assert_int_equal(dkim.sigs[i].result, PST_RESULT_PASS);
		else
			assert_int_equal(dkim.sigs[i].gap, PST_DKIM_GAP_PROVEN);
	}
	pst_arena_free(arena);
}

static struct pst_str
repeat(struct pst_arena *arena, const char *text, size_t times)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, SIZE_MAX / 4);
	for (size_t i = 0; i < times; i++)
		pst_buf_add_text(&buf, text);
	return pst_buf_slice(&buf);
}

static const char *
times(struct pst_arena *arena, const char *text, size_t count)
{
	return repeat(arena, text, count).ptr;
}

static void
test_bodies(void **state)
{
	const struct keys *keys = *state;
	struct pst_arena *arena = pst_arena_new();
	const struct {
		const char *label;
		struct pst_str body;
		enum outcome want;
	} rows[] = {
	    {"none", PST_STR(""), PASS},
	    {"plain", PST_STR(BODY), PASS},
	    {"one empty line", PST_STR("\r\n"), PASS},
	    {"only empty lines", PST_STR("\r\n\r\n\r\n"), PASS},
	    {"empty lines at the end", PST_STR("a\r\n\r\n\r\n\r\n"), PASS},
	    {"no final line end", PST_STR("a\r\nb"), PASS},
	    {"only an octet", PST_STR("a"), PASS},
	    {"only a blank", PST_STR(" "), PASS},
	    {"blank lines at the end", PST_STR("a\r\n \t\r\n \r\n"), PASS},
	    {"a final CR", PST_STR("a\r"), PROVEN},
	    {"bare CR", PST_STR("a\rb\r\nc \r d\r\n"), PROVEN},
	    {"many bare CR", PST_STR("\r\r\r\n\r\r\n"), PROVEN},
	    {"bare LF", PST_STR("a\nb\r\n\nc\n\n"), PROVEN},
	    {"NUL", PST_STR("a\0b\r\n"), PASS},
	    {"8-bit", PST_STR("caf\xc3\xa9 \xff\xfe\xa0\r\n"), PASS},
	    {"controls", PST_STR("\v\f \v\x7f\x01 \f\r\n"), PASS},
	    {"white space", PST_STR("\t a \t b\t \r\n \t\r\nc\r\n"), PASS},
	    {"dots", PST_STR(".\r\n..\r\n.a\r\n"), PASS},
	    {"long lines",
		repeat(arena, pst_arena_printf(arena, "%5000d\r\n", 1), 5),
		PASS},
	    {"one long line", repeat(arena, "x y", 30000), PASS},
	    {"large", repeat(arena, "0123456789  a\t\r\n", 4000), PASS},
	};

	FOR_ROWS(i, rows, rows[i].label) {
		static const size_t pieces[] = {0, 1, 7, 4096};

		for (size_t j = 0; j < PST_COUNT(pieces); j++)
			check_letter(keys,
			    &(struct letter){.header = PST_STR(HEADER),
				.body = rows[i].body,
				.piece = pieces[j]},
			    rows[i].want);
	}
	pst_arena_free(arena);
}

static void
test_ten_megabytes(void **state)
{
	struct pst_arena *arena = pst_arena_new();

	check_letter(*state,
	    &(struct letter){.header = PST_STR(HEADER),
		.body = repeat(arena,
		    "The quick brown fox  jumps over the lazy dog. \r\n",
		    10485760 / 48),
		.piece = 65521},
	    PASS);
	pst_arena_free(arena);
}

static void
test_headers(void **state)
{
	const struct keys *keys = *state;
	struct pst_arena *arena = pst_arena_new();
	const struct {
		const char *label;
		struct pst_str header;
		enum outcome want;
	} rows[] = {
	    {"only From", PST_STR(FROM), PASS},
	    {"tabs and blanks",
		PST_STR("FROM :\t Joe\t \t<joe@example.com> \t\r\n"
			"subject: \t\r\nTo:x\r\n"),
		PASS},
	    {"deep folding",
		pst_str(pst_arena_printf(arena, FROM "To: a@b.example%s\r\n",
		    times(arena, ",\r\n \t c@d.example", 500))),
		PASS},
	    {"empty folds", PST_STR(FROM "Subject:\r\n \r\n\t\r\n x\r\n"),
		PASS},
	    {"field of 998 octets",
		pst_str(pst_arena_printf(arena, FROM "Subject: %.989d\r\n", 1)),
		PASS},
	    {"field of 60 kB",
		pst_str(pst_arena_printf(
		    arena, FROM "References: %060000d\r\n", 1)),
		PASS},
	    {"8-bit", PST_STR(FROM "Subject: \xff\xfe \xa0x\r\n"), PASS},
	    {"SMTPUTF8",
		PST_STR("From: J\xc3\xb6 <j\xc3\xb6@example.com>\r\n"
			"To: \xe7\x94\xb2@\xe4\xbe\x8b.example\r\n"
			"Subject: \xf0\x9f\x93\xac\r\n"),
		PASS},
	    {"duplicates",
		PST_STR(FROM "To: a\r\nSubject: 1\r\nTo: b\r\nsubject: 2\r\n"
			     "TO: c\r\nFrom: Ann <ann@example.com>\r\n"),
		PASS},
	    {"a From that nobody can read", PST_STR("From: ;\r\n"), PASS},
	    {"an empty From", PST_STR("From:\r\n"), PASS},
	    {"a vertical tab", PST_STR(FROM "Subject: a\v\vb \f\r\n"), PASS},
	    {"a bare CR", PST_STR(FROM "Subject: a\rb\r\n"), PROVEN},
	    {"a NUL", PST_STR(FROM "Subject: a\0b\r\n"), PROVEN},
	    {"the fields of a list",
		PST_STR(FROM "Sender: x\r\nList-Unsubscribe: <mailto:u@x>\r\n"
			     "List-Id: <x>\r\nResent-From: y\r\n"
			     "Resent-From: z\r\nReceived: from a\r\n"
			     "Authentication-Results: example.com; none\r\n"),
		PASS},
	    {"1000 fields",
		pst_str(pst_arena_printf(arena, FROM "%s",
		    times(arena, "X-Nothing: to see\r\n", 998))),
		PASS},
	    {"200 fields To",
		pst_str(pst_arena_printf(
		    arena, FROM "%s", times(arena, "To: a\r\n", 200))),
		PASS},
	};

	FOR_ROWS(i, rows, rows[i].label) {
		check_letter(keys,
		    &(struct letter){
			.header = rows[i].header, .body = PST_STR(BODY)},
		    rows[i].want);
	}
	pst_arena_free(arena);
}

/* ---- what is covered ---- */

/* Returns the names of h=, without folds. */
static const char *
names_of(struct pst_arena *arena, const char *value)
{
	const char *at = strstr(value, "h=from") == NULL ?
	    strstr(value, "\th=") :
	    strstr(value, "h=from");
	char *out = pst_arena_strdup(arena, at), *to = out;

	for (const char *c = strchr(at, '=') + 1; *c != ';' && *c != '\0'; c++)
		if (*c > ' ')
			*to++ = *c;
	*to = '\0';
	return out;
}

#define OVERSIGNED                                                             \
	"from:to:cc:subject:reply-to:in-reply-to:references:mime-version:"     \
	"content-type:content-transfer-encoding"

static void
test_names(void **state)
{
	static const struct {
		const char *header, *names;
	} rows[] = {
	    {FROM, "from:" OVERSIGNED},
	    {FROM "Date: x\r\n", "from:date:" OVERSIGNED ":date"},
	    {"FROM: a\r\nMessage-ID: x\r\nDate: y\r\n",
		"from:message-id:date:" OVERSIGNED ":date:message-id"},
	    {FROM "Sender: x\r\n", "from:sender:" OVERSIGNED ":sender"},
	    {FROM "List-Unsubscribe: x\r\nList-Id: y\r\n",
		"from:list-unsubscribe:list-id:" OVERSIGNED
		":list-unsubscribe:list-unsubscribe-post"},
	    {FROM "List-Id: y\r\nResent-To: x\r\n",
		"from:list-id:resent-to:" OVERSIGNED},
	    {FROM "Subject: a\r\nSubject: b\r\n",
		"from:subject:subject:" OVERSIGNED},
	    {"Received: a\r\nReturn-Path: <>\r\n" FROM
	     "Authentication-Results: a\r\nDKIM-Signature: a\r\nX-A: b\r\n"
	     "ARC-Seal: a\r\nDelivered-To: a\r\nBcc: x\r\n",
		"from:" OVERSIGNED},
	};
	const struct keys *keys = *state;
	struct pst_arena *arena = pst_arena_new();
	struct pst_err err;

	FOR_ROWS(i, rows, rows[i].header) {
		const char *const *values = sign(keys, arena,
		    &(struct letter){.header = pst_str(rows[i].header)}, &err);

		assert_non_null(values);
		for (size_t j = 0; j < 2; j++)
			assert_string_equal(
			    names_of(arena, values[j]), rows[i].names);
	}
	pst_arena_free(arena);
}

/* ---- what breaks a signature ---- */

static void
test_altered(void **state)
{
	static const struct {
		const char *label;
		const char *above;     /* a field that is added on top */
		const char *from, *to; /* in the header */
		const char *body;      /* NULL: the same */
		enum pst_result want;
	} rows[] = {
	    {"nothing", "", "", "", NULL, PST_RESULT_PASS},
	    {"Received", "Received: from x\r\n", "", "", NULL, PST_RESULT_PASS},
	    {"fields of a list",
		"List-Unsubscribe: <x>\r\nSender: x\r\nList-Id: x\r\n", "", "",
		NULL, PST_RESULT_PASS},
	    {"another folding", "", "A report\r\n of", "A  report\r\n\tof",
		NULL, PST_RESULT_PASS},
	    {"second From", "From: x@example.org\r\n", "", "", NULL,
		PST_RESULT_FAIL},
	    {"second Subject", "Subject: x\r\n", "", "", NULL, PST_RESULT_FAIL},
	    {"second Date", "Date: x\r\n", "", "", NULL, PST_RESULT_FAIL},
	    {"second Message-ID", "Message-ID: <x>\r\n", "", "", NULL,
		PST_RESULT_FAIL},
	    {"a Reply-To", "Reply-To: x@example.org\r\n", "", "", NULL,
		PST_RESULT_FAIL},
	    {"a Cc", "Cc: x@example.org\r\n", "", "", NULL, PST_RESULT_FAIL},
	    {"a Content-Type", "Content-Type: text/html\r\n", "", "", NULL,
		PST_RESULT_FAIL},
	    {"From", "", "Joe", "Jim", NULL, PST_RESULT_FAIL},
	    {"Subject", "", "A report", "B report", NULL, PST_RESULT_FAIL},
	    {"To", "", "a@rcpt", "b@rcpt", NULL, PST_RESULT_FAIL},
	    {"body", "", "", "", "  blank in front\r\n\r\n.\r\ntext \t enD\r\n",
		PST_RESULT_FAIL},
	    {"longer body", "", "", "", BODY "x\r\n", PST_RESULT_FAIL},
	    {"no body", "", "", "", "", PST_RESULT_FAIL},
	};
	const struct keys *keys = *state;
	struct pst_arena *arena = pst_arena_new();
	struct letter letter = {
	    .header = PST_STR(HEADER), .body = PST_STR(BODY)};
	struct pst_err err;
	const char *const *values = sign(keys, arena, &letter, &err);

	assert_non_null(values);
	FOR_ROWS(i, rows, rows[i].label) {
		const char *at = strstr(HEADER, rows[i].from);
		const char *header = pst_arena_printf(arena, "%s%.*s%s%s",
		    rows[i].above, (int)(at - HEADER), HEADER, rows[i].to,
		    at + strlen(rows[i].from));
		struct letter altered = {
		    .header = add_values(arena, values, pst_str(header)),
		    .body = rows[i].body == NULL ? letter.body :
						   pst_str(rows[i].body)};
		struct pst_dkim dkim;

		verify(keys, arena, &altered, &dkim);
		assert_int_equal(dkim.sigs[0].result, rows[i].want);
		assert_int_equal(dkim.sigs[1].result, rows[i].want);
	}
	pst_arena_free(arena);
}

/* ---- what cannot be signed ---- */

static void
test_errors(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	const struct {
		const char *label, *header, *why;
	} rows[] = {
	    {"no From", "To: x\r\n", "has no From field"},
	    {"no header", "", "has no From field"},
	    {"too many",
		pst_arena_printf(
		    arena, FROM "%s", times(arena, "Subject: x\r\n", 700)),
		"receivers do not accept that many"},
	    {"above the bound",
		pst_arena_printf(
		    arena, FROM "%s", times(arena, "X-A: x\r\n", 1000)),
		"raise header.max-fields"},
	    {"a large field",
		pst_arena_printf(arena, FROM "Subject: %1048580d\r\n", 1),
		"the field \"subject\" has more than"},
	};

	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_err err = {""};

		assert_null(sign(*state, arena,
		    &(struct letter){.header = pst_str(rows[i].header)}, &err));
		if (strstr(err.text, rows[i].why) == NULL)
			fail_msg("\"%s\" is not in: %s", rows[i].why, err.text);
	}
	pst_arena_free(arena);
}

/* A signing that does not come to its end leaves nothing behind. */
static void
test_abandoned(void **state)
{
	const struct keys *keys = *state;
	const struct pst_header_limits limits = {10, 1000, 1000};

	for (int i = 0; i < 3; i++) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_header header;
		struct pst_signing *signing;

		pst_header_init(&header, arena, limits);
		trial_read_header(arena, PST_STR(FROM), &header);
		signing =
		    pst_sign_begin(arena, &header, keys->by, 2, TRIAL_NOW);
		if (i > 0)
			pst_sign_body(signing, "abc\r\n", (size_t)i * 2);
		pst_arena_free(arena);
	}
}

/* ---- a whole message ---- */

static void
test_whole(void **state)
{
	const struct keys *keys = *state;
	struct pst_arena *arena = pst_arena_new();

	FOR_ROWS(i, keys->by, i == 0 ? "RSA" : "Ed25519") {
		struct pst_err err = {""};
		const char *field = pst_dkim_sign(arena, &keys->by[i],
		    PST_STR(HEADER "\r\n" BODY), TRIAL_NOW, &err);
		const struct trial trial = {.header = pst_str(pst_arena_printf(
						arena, "%s" HEADER, field)),
		    .body = PST_STR(BODY),
		    .zone = keys->zone};
		struct pst_dkim dkim;

		trial_run(arena, keys->lib, &trial, &dkim);
		assert_int_equal(dkim.count, 1);
		assert_int_equal(dkim.sigs[0].result, PST_RESULT_PASS);
		assert_string_equal(dkim.sigs[0].domain, DOMAIN);
		assert_null(pst_dkim_sign(arena, &keys->by[i],
		    PST_STR("Subject: x\r\n\r\nFrom: x\r\n"), TRIAL_NOW, &err));
	}
	pst_arena_free(arena);
}

/* ---- the key, and threads ---- */

/* libopendkim signs with our decoded key, one use for each message. */
static void
test_key_is_used(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct letter letter = {
	    .header = PST_STR(HEADER), .body = PST_STR(BODY)};
	uint64_t before = pst_private_key_uses();
	struct pst_err err;

	for (int i = 0; i < 5; i++)
		assert_non_null(sign(*state, arena, &letter, &err));
	assert_int_equal(pst_private_key_uses() - before, 5);
	/* odd fields are not for libopendkim */
	letter.header = PST_STR(FROM "Subject: \v\r\n");
	assert_non_null(sign(*state, arena, &letter, &err));
	assert_int_equal(pst_private_key_uses() - before, 5);
	pst_arena_free(arena);
}

static void *
work(void *arg)
{
	const struct keys *keys = arg;

	for (int i = 0; i < 20; i++) {
		struct pst_arena *arena = pst_arena_new();
		struct letter letter = {.header = PST_STR(HEADER),
		    .body = repeat(arena, BODY, (size_t)i),
		    .piece = 100};
		struct pst_dkim dkim;
		struct pst_err err;
		const char *const *values = sign(keys, arena, &letter, &err);

		if (values == NULL)
			abort();
		letter.header = add_values(arena, values, letter.header);
		verify(keys, arena, &letter, &dkim);
		if (dkim.sigs[0].result != PST_RESULT_PASS ||
		    dkim.sigs[1].result != PST_RESULT_PASS)
			abort();
		pst_sign_key_unref(pst_sign_key_ref(keys->by[i % 2].key));
		pst_arena_free(arena);
	}
	return NULL;
}

/* Many messages at once share the keys; mainly for ThreadSanitizer. */
static void
test_threads(void **state)
{
	pthread_t threads[8];

	for (size_t i = 0; i < PST_COUNT(threads); i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, work, *state), 0);
	for (size_t i = 0; i < PST_COUNT(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_threads),
	    cmocka_unit_test(test_bodies),
	    cmocka_unit_test(test_ten_megabytes),
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_altered),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_abandoned),
	    cmocka_unit_test(test_whole),
	    cmocka_unit_test(test_key_is_used),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
