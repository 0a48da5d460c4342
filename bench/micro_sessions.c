/* SPDX-License-Identifier: BSD-2-Clause */

/* Whole messages through the engine, with a zone in memory. */

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/macros.h"
#include "bench/micro.h"
#include "core/recorded.h"
#include "tests/fuzz/rsa_record.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/dkim_sign.h"

#define MAX_TEXT ((size_t)1 << 26)
#define MAX_FILE ((size_t)1 << 25)
#define BODY_PIECE 65535 /* the most that libmilter gives at once */
#define LINE 76
#define GOOD_IP "192.0.2.10"
#define BAD_IP "203.0.113.66"

static const char zone[] =
    "$TTL 300\n"
    "shop.example. TXT \"v=spf1 ip4:198.51.100.0/24 include:_spf.esp.example "
    "-all\"\n"
    "_spf.esp.example. TXT \"v=spf1 ip4:203.0.113.0/28 ip4:192.0.2.0/28 ~all\"\n"
    "_dmarc.shop.example. TXT \"v=DMARC1; p=reject; "
    "rua=mailto:dmarc@shop.example\"\n"
    "plain.example. TXT \"v=spf1 a:mail.shop.example -all\"\n"
    "10.2.0.192.in-addr.arpa. PTR mail.shop.example.\n"
    "mail.shop.example. A 192.0.2.10\n"
    "forger.example. TXT \"v=spf1 ip4:203.0.113.66 -all\"\n"
    "key.shop.example. TXT " RSA_RECORD "\n"
    "*._domainkey.shop.example. CNAME key.shop.example.\n"
    "rsa._domainkey.signed.example. TXT " RSA_RECORD "\n"
    "rsa._domainkey.first.example. TXT " RSA_RECORD "\n"
    "rsa._domainkey.lists.example. TXT " RSA_RECORD "\n"
    "_dmarc.signed.example. TXT \"v=DMARC1; p=none\"\n";

/* The signed fields, and others. */
static const char signed_part[] =
    "From: Shop <orders@%s>\r\n"
    "To: You <you@gateway.example>\r\n"
    "Subject: Your order of this morning\r\n"
    "Date: Mon, 05 Jan 2026 10:00:00 +0000\r\n"
    "Message-ID: <20260105.4711@mail.shop.example>\r\n";
static const char other_part[] =
    "Received: from mail.shop.example (mail.shop.example [192.0.2.10])\r\n"
    "\tby mx.gateway.example (Postfix) with ESMTPS id 4FA43A8A3F9\r\n"
    "\tfor <you@gateway.example>; Mon,  5 Jan 2026 10:00:02 +0000 (UTC)\r\n"
    "Received: from app.shop.example (localhost [127.0.0.1])\r\n"
    "\tby mail.shop.example (Postfix) with ESMTP id 3D0A0A1A1\r\n"
    "\tfor <you@gateway.example>; Mon,  5 Jan 2026 10:00:01 +0000 (UTC)\r\n"
    "Authentication-Results: mx.gateway.example; dmarc=pass\r\n"
    "Reply-To: Shop <service@shop.example>\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "User-Agent: shop/4.2\r\n"
    "X-Entity-Ref: 1b2e0c55-0b0e-4a54-8d8b-2a39b0a8c0f4\r\n";

#define OWN_FIELDS 15 /* in both parts, and the signature */

struct shape {
	const char *domain; /* in From */
	const char *ip;
	const char *mail_from;
	const char *config; /* appended to LAB_TOP */
	size_t body;        /* octets */
	size_t signatures;
	size_t extra_fields;
	size_t rcpts;
	const char *file; /* instead: a message file, below $srcdir */
	bool any_result;  /* whatever the engine makes of it */
	enum pst_action action;
	enum pst_result dmarc;
};

/* A message in the form in which libmilter delivers it. */
struct play {
	struct lab lab;
	struct shape shape;
	struct pst_header_field *fields;
	size_t field_count;
	struct pst_str body;
};

/* Returns lines of pseudo-random words, from arena; size in octets. */
static struct pst_str
make_body(struct pst_arena *arena, size_t size)
{
	char *text = pst_arena_alloc(arena, size + 2);
	uint32_t random = 1;

	for (size_t i = 0; i < size; i++) {
		random = random * UINT32_C(1103515245) + 12345;
		text[i] =
		    random >> 29 == 0 ? ' ' : (char)('a' + (random >> 16) % 26);
		if (i % LINE >= LINE - 2 || i + 2 >= size)
			text[i] = (i + 2 >= size ? i + 1 == size :
						   i % LINE == LINE - 1) ?
			    '\n' :
			    '\r';
	}
	return (struct pst_str){text, size};
}

static void
add_signatures(struct pst_arena *arena, const struct shape *shape,
    const char *part, struct pst_str body, struct pst_buf *header)
{
	struct sign_key *key = sign_key_load("test-rsa.pem");

	for (size_t i = 0; i < shape->signatures; i++) {
		struct sign_options options = {
		    .tags = pst_arena_printf(arena,
			"a=rsa-sha256; d=shop.example; s=s%zu; t=1699990000; ",
			i),
		    .canon = "relaxed/relaxed",
		    .names = "from:to:subject:date:message-id",
		    .length = SIZE_MAX};
		pst_buf_add_text(
		    header, sign_message(arena, key, &options, part, body));
	}
	sign_key_free(key);
}

static struct pst_str
make_header(
    struct pst_arena *arena, const struct shape *shape, struct pst_str body)
{
	struct pst_buf part, header;

	pst_buf_init(&part, arena, MAX_TEXT);
	pst_buf_init(&header, arena, MAX_TEXT);
	pst_buf_printf(&part, signed_part, shape->domain);
	add_signatures(arena, shape, pst_buf_str(&part), body, &header);
	pst_buf_add_text(&header, other_part);
	for (size_t i = 0; i < shape->extra_fields; i++)
		pst_buf_printf(
		    &header, "X-Field-%zu: some value of a field\r\n", i);
	pst_buf_add_text(&header, pst_buf_str(&part));
	return pst_buf_slice(&header);
}

static struct pst_str
read_file(struct pst_arena *arena, const char *name)
{
	const char *root = getenv("srcdir");
	const char *path = name[0] == '/' ?
	    name :
	    pst_arena_printf(arena, "%s/%s", root == NULL ? "." : root, name);
	FILE *file = fopen(path, "r");
	char *text = pst_arena_alloc(arena, MAX_FILE);
	size_t len;

	MICRO_MUST(file != NULL);
	len = fread(text, 1, MAX_FILE, file);
	MICRO_MUST(len < MAX_FILE);
	(void)fclose(file);
	return (struct pst_str){text, len};
}

static struct pst_str
without_cr(struct pst_arena *arena, struct pst_str text)
{
	char *out = pst_arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '\r')
			out[len++] = text.ptr[i];
	return (struct pst_str){out, len};
}

static struct pst_str
with_cr(struct pst_arena *arena, struct pst_str text)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_TEXT);
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\n')
			pst_buf_add_char(&buf, '\r');
		pst_buf_add_char(&buf, text.ptr[i]);
	}
	return pst_buf_slice(&buf);
}

/* Splits a header with LF into fields; *header becomes the rest, if any. */
static void
split(struct pst_arena *arena, struct play *play, struct pst_str *header)
{
	size_t room = 1;

	for (size_t i = 0; i < header->len; i++)
		room += header->ptr[i] == '\n';
	play->fields = pst_arena_array(arena, room, sizeof(*play->fields));
	while (header->len > 0 && header->ptr[0] != '\n') {
		struct pst_header_field *field =
		    &play->fields[play->field_count++];
		size_t end = pst_str_find(*header, '\n');
		size_t colon = pst_str_find(*header, ':');

		while (
		    end + 1 < header->len && pst_is_wsp(header->ptr[end + 1]))
			end += 1 +
			    pst_str_find(pst_str_from(*header, end + 1), '\n');
		field->name = pst_str_first(*header, colon);
		field->value =
		    pst_str_from(pst_str_first(*header, end), colon + 1);
		*header = pst_str_from(*header, end + 1);
	}
}

static void *
make_play(struct pst_arena *arena, const struct shape *shape)
{
	struct play *play = pst_arena_alloc(arena, sizeof(*play));
	struct pst_str header;

	play->shape = *shape;
	if (shape->file != NULL) {
		header = read_file(arena, shape->file);
		split(arena, play, &header);
		play->body = with_cr(arena, pst_str_from(header, 1));
	} else {
		play->body = make_body(arena, shape->body);
		header =
		    without_cr(arena, make_header(arena, shape, play->body));
		split(arena, play, &header);
	}
	lab_open(&play->lab,
	    pst_arena_printf(arena, "%s%s", LAB_TOP, shape->config), zone);
	return play;
}

static size_t
passed(const struct pst_message *m)
{
	size_t count = 0;

	for (size_t i = 0; i < m->findings.dkim.count; i++)
		count += m->findings.dkim.sigs[i].result == PST_RESULT_PASS;
	return count;
}

static const struct pst_message *
play_in(const struct play *play, struct pst_session *session)
{
	const struct shape *shape = &play->shape;
	const struct pst_message *m;
	bool more = true;

	pst_session_helo(session, PST_STR("mail.shop.example"));
	pst_session_mail(
	    session, pst_str(shape->mail_from), PST_STR(""), false);
	for (size_t i = 0; i < shape->rcpts; i++) {
		char rcpt[64];
		(void)snprintf(
		    rcpt, sizeof(rcpt), "<user%zu@gateway.example>", i);
		pst_session_rcpt(session, pst_str(rcpt));
	}
	for (size_t i = 0; i < play->field_count; i++)
		pst_session_header(
		    session, play->fields[i].name, play->fields[i].value);
	pst_session_eoh(session);
	for (size_t at = 0; more && at < play->body.len; at += BODY_PIECE) {
		struct pst_str piece =
		    pst_str_first(pst_str_from(play->body, at), BODY_PIECE);
		more = pst_session_body(session, piece.ptr, piece.len);
	}
	m = pst_session_end(session, PST_STR("4FA43A8A3F9"), NULL);
	MICRO_MUST(m != NULL);
	if (!shape->any_result) {
		MICRO_MUST(m->decision.action == shape->action);
		MICRO_MUST(m->findings.dmarc.result == shape->dmarc);
	}
	MICRO_MUST(shape->file != NULL || passed(m) == shape->signatures);
	return m;
}

static void
play_one(struct pst_arena *arena, void *state)
{
	const struct play *play = state;
	struct pst_session *session = lab_connect(&play->lab, play->shape.ip);

	(void)arena;
	(void)play_in(play, session);
	pst_session_close(session);
}

static void
end_play(void *state)
{
	struct play *play = state;

	lab_close(&play->lab);
}

/* ---- the messages ---- */

#define NO_LIST "dmarc { " LAB_NO_LIST " }\n"

static const struct shape good = {.domain = "shop.example",
    .ip = GOOD_IP,
    .mail_from = "<bounce-4711@shop.example>",
    .config = NO_LIST,
    .body = 4000,
    .signatures = 1,
    .rcpts = 1,
    .dmarc = PST_RESULT_PASS};

static void *
make_pass(struct pst_arena *arena, size_t size)
{
	(void)size;
	return make_play(arena, &good);
}

static void *
make_40k(struct pst_arena *arena, size_t size)
{
	struct shape shape = good;

	(void)size;
	shape.body = 40000;
	return make_play(arena, &shape);
}

static void *
make_spoof(struct pst_arena *arena, size_t size)
{
	struct shape shape = good;

	(void)size;
	shape.ip = BAD_IP;
	shape.mail_from = "<x@forger.example>";
	shape.signatures = 0;
	shape.action = PST_ACTION_REJECT;
	shape.dmarc = PST_RESULT_FAIL;
	return make_play(arena, &shape);
}

static void *
make_plain(struct pst_arena *arena, size_t size)
{
	struct shape shape = good;

	(void)size;
	shape.domain = "plain.example";
	shape.mail_from = "<orders@plain.example>";
	shape.signatures = 0;
	shape.dmarc = PST_RESULT_NONE;
	return make_play(arena, &shape);
}

static void *
make_arc(struct pst_arena *arena, size_t size)
{
	struct shape shape = good;

	(void)size;
	shape.file = "tests/cases/messages/arc-two.eml";
	shape.config = NO_LIST "arc { verify = yes }\n";
	shape.dmarc = PST_RESULT_FAIL;
	return make_play(arena, &shape);
}

/*
 * Any message file, for bench/growth: the one that $MICRO_FILE names by its
 * whole path, to so many recipients.
 */
static void *
make_file(struct pst_arena *arena, size_t size)
{
	struct shape shape = good;

	shape.file = getenv("MICRO_FILE");
	MICRO_MUST(shape.file != NULL);
	shape.any_result = true;
	shape.rcpts = size;
	shape.config = NO_LIST "arc { verify = yes }\n";
	return make_play(arena, &shape);
}

/* ---- growth ---- */

static void *
make_by_size(struct pst_arena *arena, size_t size)
{
	struct shape shape = good;

	shape.body = size;
	return make_play(arena, &shape);
}

/* All signatures are verified, which is more than the default allows. */
static void *
make_by_signatures(struct pst_arena *arena, size_t size)
{
	struct shape shape = good;

	shape.signatures = size;
	shape.config = NO_LIST "dkim { max-verified = 50 }\n";
	return make_play(arena, &shape);
}

static void *
make_by_recipients(struct pst_arena *arena, size_t size)
{
	struct shape shape = good;

	shape.rcpts = size;
	return make_play(arena, &shape);
}

static void *
make_by_fields(struct pst_arena *arena, size_t size)
{
	struct shape shape = good;

	MICRO_MUST(size >= OWN_FIELDS);
	shape.extra_fields = size - OWN_FIELDS;
	shape.config = NO_LIST "header { max-fields = 2000 }\n";
	return make_play(arena, &shape);
}

/* No rule matches this message, so each of them is tried. */
static void *
make_by_rules(struct pst_arena *arena, size_t size)
{
	struct shape shape = good;
	struct pst_buf config;

	pst_buf_init(&config, arena, MAX_TEXT);
	for (size_t i = 0; i < size; i++)
		pst_buf_printf(&config,
		    "rule \"r%zu\" {\n"
		    "client = {\"10.0.0.0/8\", \"%s\"}\n"
		    "from-domain = {\"bank%zu.example\", \".bank%zu.example\"}\n"
		    "action = reject\n}\n",
		    i, GOOD_IP, i, i);
	pst_buf_add_text(&config, NO_LIST);
	shape.config = pst_buf_str(&config);
	return make_play(arena, &shape);
}

/* ---- what the journal keeps of a message ---- */

struct record {
	struct play *play;
	struct pst_session *session;
	const struct pst_message *message;
	struct pst_str octets;
};

static void *
make_record(struct pst_arena *arena, struct play *play)
{
	struct record *record = pst_arena_alloc(arena, sizeof(*record));

	record->play = play;
	record->session =
	    lab_connect(&record->play->lab, record->play->shape.ip);
	record->message = play_in(record->play, record->session);
	record->octets =
	    pst_recorded_write(arena, record->message, PST_RECORDED_RCPTS_FULL);
	return record;
}

static void *
make_accepted(struct pst_arena *arena, size_t size)
{
	return make_record(arena, make_pass(arena, size));
}

static void *
make_refused(struct pst_arena *arena, size_t size)
{
	return make_record(arena, make_spoof(arena, size));
}

static void
write_record(struct pst_arena *arena, void *state)
{
	const struct record *record = state;
	struct pst_str octets =
	    pst_recorded_write(arena, record->message, PST_RECORDED_RCPTS_FULL);

	MICRO_MUST(octets.len == record->octets.len);
}

static void
read_record(struct pst_arena *arena, void *state)
{
	const struct record *record = state;
	struct pst_recorded read;
	struct pst_err err;

	MICRO_MUST(pst_recorded_read(
	    arena, record->octets, record->message->config, &read, &err));
	MICRO_MUST(read.message.findings.dkim.count == 1);
}

static void
end_record(void *state)
{
	struct record *record = state;

	pst_session_close(record->session);
	lab_close(&record->play->lab);
}

const struct micro micro_sessions[] = {
    {"session_pass", 20, make_pass, play_one, end_play},
    {"session_40k", 10, make_40k, play_one, end_play},
    {"session_spoof", 20, make_spoof, play_one, end_play},
    {"session_plain", 20, make_plain, play_one, end_play},
    {"session_arc", 10, make_arc, play_one, end_play},
    {"recorded_write", 100, make_accepted, write_record, end_record},
    {"recorded_refused", 100, make_refused, write_record, end_record},
    {"recorded_read", 100, make_accepted, read_record, end_record},
    {"by_size", 2, make_by_size, play_one, end_play},
    {"by_signatures", 5, make_by_signatures, play_one, end_play},
    {"by_recipients", 5, make_by_recipients, play_one, end_play},
    {"by_fields", 5, make_by_fields, play_one, end_play},
    {"by_rules", 5, make_by_rules, play_one, end_play},
    {"by_file", 5, make_file, play_one, end_play},
};
const size_t micro_session_count = PST_COUNT(micro_sessions);
