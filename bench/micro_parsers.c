/* SPDX-License-Identifier: BSD-2-Clause */

/* Parsers of what peers send: header fields, records, packets. */

#include "auth/dkim_key.h"
#include "auth/dmarc_record.h"
#include "auth/spf_record.h"
#include "base/macros.h"
#include "bench/micro.h"
#include "dns/wire.h"
#include "mail/address.h"
#include "mail/authres.h"
#include "tests/fuzz/rsa_record.h"

#define NOW 1700000000
#define SKEW_S 300
static void *
no_set_up(struct pst_arena *arena, size_t size)
{
	(void)arena;
	(void)size;
	return NULL;
}

/* ---- header fields ---- */

static void
read_from(struct pst_arena *arena, void *state)
{
	static const struct pst_str values[] = {
	    PST_STR_INIT(" Ann Author <ann@shop.example>"),
	    PST_STR_INIT(" \"Author, Ann (sales)\" <ann.author@news.shop."
			 "example>\n (by way of the list)"),
	    PST_STR_INIT(" =?utf-8?q?J=C3=B6rg?= <j@b\xc3\xbc"
			 "cher.example>, Bob <b@xn--bcher-kva.example>"),
	};
	struct pst_from from;

	(void)state;
	for (size_t i = 0; i < PST_COUNT(values); i++) {
		pst_from_parse(arena, &values[i], 1, &from);
		MICRO_MUST(from.verdict == PST_FROM_SINGLE);
	}
}

static void
read_path(struct pst_arena *arena, void *state)
{
	struct pst_path path;

	(void)state;
	pst_reverse_path_parse(arena,
	    PST_STR("<bounces+you=gateway.example@mail.shop.example>"), &path);
	MICRO_MUST(path.valid && path.domain != NULL);
}

static void
read_authres(struct pst_arena *arena, void *state)
{
	const char *id;

	(void)state;
	MICRO_MUST(pst_authres_read_id(arena,
		       PST_STR(" mx.gateway.example (a comment) 1;\n"
			       "\tspf=pass smtp.mailfrom=shop.example;\n"
			       "\tdkim=pass header.d=shop.example"),
		       &id) == PST_AUTHRES_ID_OK);
}

static void
write_authres(struct pst_arena *arena, void *state)
{
	struct pst_authres ar;

	(void)state;
	pst_authres_begin(&ar, arena, PST_STR("mx.gateway.example"));
	pst_authres_method(&ar, "spf", "pass", NULL, NULL);
	pst_authres_prop(&ar, "smtp", "mailfrom", PST_STR("shop.example"));
	pst_authres_method(&ar, "dkim", "pass", NULL, "2048-bit key");
	pst_authres_prop(&ar, "header", "d", PST_STR("shop.example"));
	pst_authres_prop(&ar, "header", "s", PST_STR("rsa"));
	pst_authres_prop(&ar, "header", "a", PST_STR("rsa-sha256"));
	pst_authres_prop(&ar, "header", "b", PST_STR("mijAwRpi"));
	pst_authres_method(&ar, "dmarc", "pass", NULL, NULL);
	pst_authres_prop(&ar, "header", "from", PST_STR("shop.example"));
	pst_authres_prop(&ar, "policy", "text", PST_STR("a value, quoted"));
	MICRO_MUST(pst_authres_end(&ar) != NULL);
}

#define DKIM_FIELD                                                             \
	" v=1; a=rsa-sha256; c=relaxed/relaxed; d=shop.example;\n"             \
	" i=@shop.example; q=dns/txt; s=rsa; t=1700000000; h=from : to :"      \
	" subject\n : date : message-id; bh=rTH2L5Q2P+h+S5vqxzwRTsaV9v0pOtk72" \
	"Z/ejV8Boos=;\n b=mijAwRpihogSPVJYdw8sNiCWvTOBWoZP7U7bdBavY/mMOuD9aH"  \
	"toZDmaYE3AGrPaU4HTf\n ibUrZSJnIz9jR5NgYF4GdUMtsbjkgFGNbvv0mg2rdXC+zU" \
	"DclDmVsgliEVlTLbBVvhhhKwG\n 7I0EKhkfDSEK+WpUaPCjzPGsoVrT6FZ79T/wxKCD" \
	"IqhMT2Dmix+9KDnx9gOhW2ChZQPPxqe\n 6cex/d3jggC6xOQwbo4j9drQR9R5cmp3jQ" \
	"V79yy2V5JKNnBsFkwDtYI2qurzLYC+n7SpojQ\n cLBBFjl5cszPEClAfjX0Tfad80oO" \
	"agSgLOt/r5oeARI6DDe2XhpUrcabCS2g=="

static void
read_dkim_tags(struct pst_arena *arena, void *state)
{
	struct pst_dkim_tags tags;

	(void)state;
	pst_dkim_tags_parse(arena, PST_STR(DKIM_FIELD), NOW, SKEW_S, &tags);
	MICRO_MUST(tags.result == PST_RESULT_NONE && tags.name_count == 5);
}

/* ---- records ---- */

static void
read_dmarc_record(struct pst_arena *arena, void *state)
{
	struct pst_dmarc_record record;

	(void)state;
	MICRO_MUST(pst_dmarc_record_parse(arena,
		       PST_STR("v=DMARC1; p=reject; sp=quarantine; adkim=r; "
			       "aspf=r; fo=1:d:s; rua=mailto:dmarc@shop."
			       "example,mailto:x@reports.example!10m; "
			       "ruf=mailto:f@shop.example; t=n"),
		       &record) &&
	    record.rua_count == 2);
}

static void
read_spf_record(struct pst_arena *arena, void *state)
{
	struct pst_spf_record record;
	const char *why;

	(void)state;
	MICRO_MUST(pst_spf_record_parse(arena,
		       PST_STR("v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 a "
			       "mx:mail.shop.example include:_spf.provider."
			       "example exists:%{ir}.%{v}._spf.%{d2} "
			       "include:spf.news.example ~all"),
		       &record, &why) &&
	    record.term_count == 8);
}

/* Returns the record as it comes from the DNS: with its strings joined. */
static void *
make_key_record(struct pst_arena *arena, size_t size)
{
	struct pst_str rest = PST_STR(RSA_RECORD);
	char *text = pst_arena_alloc(arena, rest.len + 1);
	size_t used = 0;

	(void)size;
	for (size_t i = 0; i < rest.len; i++) {
		if (rest.ptr[i] == '"' && i + 2 < rest.len &&
		    rest.ptr[i + 1] == ' ')
			i += 2;
		else if (rest.ptr[i] != '"')
			text[used++] = rest.ptr[i];
	}
	return text;
}

static void
read_dkim_key(struct pst_arena *arena, void *state)
{
	struct pst_dkim_key key;

	MICRO_MUST(pst_dkim_key_read(arena, pst_str(state), PST_DKIM_RSA_SHA256,
		       1024, &key) &&
	    key.result == PST_RESULT_NONE && key.bits == 2048);
}

/* ---- packets ---- */

struct packet {
	uint8_t octets[1024];
	size_t len;
};

static void
put(struct packet *packet, const void *octets, size_t len)
{
	MICRO_MUST(packet->len + len <= sizeof(packet->octets));
	memcpy(packet->octets + packet->len, octets, len);
	packet->len += len;
}

static void
put_strings(struct packet *packet, struct pst_str text)
{
	while (text.len > 0) {
		struct pst_str part = pst_str_first(text, 250);
		uint8_t len = (uint8_t)part.len;

		put(packet, &len, 1);
		put(packet, part.ptr, part.len);
		text = pst_str_from(text, part.len);
	}
}

#define KEY_NAME "rsa._domainkey.shop.example"

/* A key behind a CNAME, as mail providers publish it; compressed names. */
static void *
make_packet(struct pst_arena *arena, size_t size)
{
	static const char head[] =
	    "\x12\x34\x81\x80\0\1\0\2\0\0\0\0"
	    "\3rsa\12_domainkey\4shop\7example\0\0\20\0\1";
	static const char cname[] =
	    "\xc0\x0c\0\5\0\1\0\0\1\x2c\0\x17\4shop\12_domainkey\3esp\xc0\x20";
	static const char txt[] = "\xc0\x39\0\20\0\1\0\0\1\x2c";
	struct packet *packet = pst_arena_alloc(arena, sizeof(*packet));
	struct packet *data = pst_arena_alloc(arena, sizeof(*data));
	uint8_t len[2];

	put_strings(data, pst_str(make_key_record(arena, size)));
	len[0] = (uint8_t)(data->len >> 8);
	len[1] = (uint8_t)data->len;
	put(packet, head, sizeof(head) - 1);
	put(packet, cname, sizeof(cname) - 1);
	put(packet, txt, sizeof(txt) - 1);
	put(packet, len, sizeof(len));
	put(packet, data->octets, data->len);
	return packet;
}

static void
decode_packet(struct pst_arena *arena, void *state)
{
	const struct packet *packet = state;
	const struct pst_dns_answer *answer = pst_wire_decode(
	    packet->octets, packet->len, PST_STR(KEY_NAME), PST_DNS_TXT, 16384);

	(void)arena;
	MICRO_MUST(answer->status == PST_DNS_OK && answer->count == 1);
	pst_dns_answer_unref(answer);
}

const struct micro micro_parsers[] = {
    {"from", 300, no_set_up, read_from, NULL},
    {"reverse_path", 1000, no_set_up, read_path, NULL},
    {"authres_read", 1000, no_set_up, read_authres, NULL},
    {"authres_write", 500, no_set_up, write_authres, NULL},
    {"dkim_tags", 200, no_set_up, read_dkim_tags, NULL},
    {"dkim_key", 100, make_key_record, read_dkim_key, NULL},
    {"dmarc_record", 300, no_set_up, read_dmarc_record, NULL},
    {"spf_record", 300, no_set_up, read_spf_record, NULL},
    {"dns_decode", 200, make_packet, decode_packet, NULL},
};
const size_t micro_parser_count = PST_COUNT(micro_parsers);
