/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/sign_mail.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/micro.h"

#define PIECE 65535
#define NOW 1767600000

static const char *const fields[][2] = {
    {"Received",
	" from app.shop.example (localhost [127.0.0.1])\n\tby "
	"mail.shop.example (Postfix) with ESMTPSA id 3D0A0A1A1\n\tfor "
	"<you@gateway.example>; Mon,  5 Jan 2026 10:00:01 +0000 (UTC)"},
    {"From", " Shop <orders@shop.example>"},
    {"To", " You <you@gateway.example>,\n Him <him@gateway.example>"},
    {"Subject", " Your order of this morning"},
    {"Date", " Mon, 05 Jan 2026 10:00:00 +0000"},
    {"Message-ID", " <20260105.4711@mail.shop.example>"},
    {"In-Reply-To", " <d41d8cd98f00b204e9800998ecf8427e@gateway.example>"},
    {"References", " <d41d8cd98f00b204e9800998ecf8427e@gateway.example>"},
    {"MIME-Version", " 1.0"},
    {"Content-Type", " text/plain; charset=utf-8"},
    {"Content-Transfer-Encoding", " quoted-printable"},
    {"User-Agent", " shop/4.2"},
};

static const char line[] =
    "The parcel is on its way, and  you will have it in two or three days.\r\n";

static const char *
read_key(struct pst_arena *arena, const char *name)
{
	const char *root = getenv("srcdir");
	FILE *file = fopen(pst_arena_printf(arena, "%s/tests/keys/%s",
			       root == NULL ? "." : root, name),
	    "r");
	char *text = pst_arena_alloc(arena, 4096);

	MICRO_MUST(file != NULL);
	MICRO_MUST(fread(text, 1, 4095, file) > 0);
	(void)fclose(file);
	return text;
}

const char *
sign_mail_pem(struct pst_arena *arena)
{
	return read_key(arena, "test-rsa.pem");
}

static struct pst_sign_key *
load(struct pst_arena *arena, const char *name)
{
	struct pst_err err;
	struct pst_sign_key *key =
	    pst_sign_key_parse(read_key(arena, name), name, &err);

	MICRO_MUST(key != NULL);
	return key;
}

void
sign_mail_make(struct sign_mail *mail, struct pst_arena *arena, size_t size)
{
	const struct pst_header_limits limits = {1000, 65536, 524288};
	struct pst_buf buf;
	size_t header_len;

	pst_header_init(&mail->header, arena, limits);
	pst_buf_init(&buf, arena, size + 4096);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		(void)pst_header_add(&mail->header, pst_str(fields[i][0]),
		    pst_str(fields[i][1]));
		pst_buf_printf(&buf, "%s:", fields[i][0]);
		for (const char *at = fields[i][1]; *at != '\0'; at++) {
			if (*at == '\n')
				pst_buf_add_char(&buf, '\r');
			pst_buf_add_char(&buf, *at);
		}
		pst_buf_add_text(&buf, "\r\n");
	}
	pst_buf_add_text(&buf, "\r\n");
	header_len = buf.len;
	do
		pst_buf_add_text(&buf, line);
	while (buf.len < size);
	mail->whole = pst_buf_slice(&buf);
	mail->body = pst_str_from(mail->whole, header_len);
	mail->by[0] = (struct pst_signature_by){
	    load(arena, "test-rsa.pem"), "shop.example", "s1"};
	mail->by[1] = (struct pst_signature_by){
	    load(arena, "test-ed25519.key"), "shop.example", "e1"};
}

void
sign_mail_end(struct sign_mail *mail)
{
	pst_sign_key_unref(mail->by[0].key);
	pst_sign_key_unref(mail->by[1].key);
}

void
sign_mail_sign(const struct sign_mail *mail, struct pst_arena *arena,
    size_t first, size_t count)
{
	struct pst_str body = mail->body;
	struct pst_signing *signing =
	    pst_sign_begin(arena, &mail->header, &mail->by[first], count, NOW);
	const char *const *values;
	struct pst_err err;

	while (body.len > 0) {
		struct pst_str piece = pst_str_first(body, PIECE);

		pst_sign_body(signing, piece.ptr, piece.len);
		body = pst_str_from(body, piece.len);
	}
	values = pst_sign_end(signing, &err);
	MICRO_MUST(values != NULL);
	for (size_t i = 0; i < count; i++)
		MICRO_MUST(strstr(values[i], "b=") != NULL);
}
