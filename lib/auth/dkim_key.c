/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dkim_key.h"

#include <assert.h>

#include "base/buf.h"
#include "mail/token.h"

#define ED25519_BYTES 32
#define MAX_EXPONENT_BYTES 4

struct octets {
	const uint8_t *ptr;
	size_t len;
};

/* The modulus and exponent, without leading zeros. */
struct rsa {
	struct octets n;
	struct octets e;
};

/* ---- base64 ---- */

/* Decodes text without white space; the padding may be missing. */
static bool
decode_base64(struct pst_arena *arena, struct pst_str text, struct octets *out)
{
	uint8_t *to = pst_arena_alloc(arena, text.len + 1);
	unsigned pool = 0, bits = 0;
	size_t len = text.len, filled = 0;

	while (len > 0 && text.len - len < 2 && text.ptr[len - 1] == '=')
		len--;
	if (len % 4 == 1)
		return false;
	for (size_t i = 0; i < len; i++) {
		int value = pst_base64_value(text.ptr[i]);

		if (value < 0)
			return false;
		pool = (pool << 6 | (unsigned)value) & 0xfff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			to[filled++] = (uint8_t)(pool >> bits & 0xff);
		}
	}
	*out = (struct octets){to, filled};
	return true;
}

static void
add_base64(struct pst_buf *buf, struct octets in)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";

	for (size_t i = 0; i < in.len; i += 3) {
		size_t left = in.len - i;
		unsigned group = (unsigned)in.ptr[i] << 16;

		if (left > 1)
			group |= (unsigned)in.ptr[i + 1] << 8;
		if (left > 2)
			group |= in.ptr[i + 2];
		pst_buf_add_char(buf, digits[group >> 18]);
		pst_buf_add_char(buf, digits[group >> 12 & 63]);
		pst_buf_add_char(buf, left > 1 ? digits[group >> 6 & 63] : '=');
		pst_buf_add_char(buf, left > 2 ? digits[group & 63] : '=');
	}
}

/* ---- the DER of RSA keys (RFC 8017 A.1.1, RFC 5280 s. 4.1.2.7) ---- */

enum { DER_INTEGER = 0x02, DER_BITS = 0x03, DER_SEQUENCE = 0x30 };

static const uint8_t rsa_algorithm[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
    0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
static const size_t rsa_oid_len = 11; /* without the NULL parameters */

/* Takes one element with that tag off the front of *in. */
static bool
take_der(struct octets *in, uint8_t tag, struct octets *content)
{
	size_t head = 2, len;

	if (in->len < 2 || in->ptr[0] != tag)
		return false;
	len = in->ptr[1];
	if (len >= 0x80) {
		size_t count = len & 0x7f;

		/* no record that is accepted can hold 64 KiB or more */
		if (count == 0 || count > 2 || in->len < 2 + count)
			return false;
		len = 0;
		for (size_t i = 0; i < count; i++)
			len = len << 8 | in->ptr[head++];
	}
	if (len > in->len - head)
		return false;
	*content = (struct octets){in->ptr + head, len};
	*in = (struct octets){in->ptr + head + len, in->len - head - len};
	return true;
}

/* Takes a positive INTEGER, without its leading zeros. */
static bool
take_number(struct octets *in, struct octets *number)
{
	if (!take_der(in, DER_INTEGER, number) || number->len == 0 ||
	    (number->ptr[0] & 0x80) != 0)
		return false;
	while (number->len > 0 && number->ptr[0] == 0) {
		number->ptr++;
		number->len--;
	}
	return number->len > 0;
}

static bool
take_rsa(struct octets in, struct rsa *out)
{
	struct octets pair;

	return take_der(&in, DER_SEQUENCE, &pair) && in.len == 0 &&
	    take_number(&pair, &out->n) && take_number(&pair, &out->e) &&
	    pair.len == 0;
}

/*
 * Accepts SubjectPublicKeyInfo, which everybody uses, and RSAPublicKey, which
 * the RFC specifies.
 */
static bool
parse_rsa(struct octets der, struct rsa *out)
{
	struct octets in = der, outer, algorithm, bits;

	if (take_rsa(der, out))
		return true;
	if (!take_der(&in, DER_SEQUENCE, &outer) || in.len != 0 ||
	    !take_der(&outer, DER_SEQUENCE, &algorithm) ||
	    !take_der(&outer, DER_BITS, &bits) || outer.len != 0)
		return false;
	if (algorithm.len != sizeof(rsa_algorithm) &&
	    algorithm.len != rsa_oid_len)
		return false;
	if (memcmp(algorithm.ptr, rsa_algorithm, algorithm.len) != 0)
		return false;
	if (bits.len == 0 || bits.ptr[0] != 0)
		return false;
	return take_rsa((struct octets){bits.ptr + 1, bits.len - 1}, out);
}

static unsigned
count_bits(struct octets number)
{
	unsigned top = 0;

	while (top < 8 && number.ptr[0] >> top != 0)
		top++;
	return (unsigned)(number.len - 1) * 8 + top;
}

static bool
is_sane_exponent(struct octets e)
{
	bool odd = (e.ptr[e.len - 1] & 1) != 0;

	return odd && e.len <= MAX_EXPONENT_BYTES &&
	    (e.len > 1 || e.ptr[0] > 1);
}

/* Writes an element to `to`, which has room for it; returns its length. */
static size_t
put_der(uint8_t *to, uint8_t tag, struct octets content)
{
	bool pad = tag == DER_BITS ||
	    (tag == DER_INTEGER && (content.ptr[0] & 0x80) != 0);
	size_t len = content.len + pad, head = 0;

	assert(len <= 0xffff);
	to[head++] = tag;
	if (len > 0xff) {
		to[head++] = 0x82;
		to[head++] = (uint8_t)(len >> 8);
	} else if (len > 0x7f) {
		to[head++] = 0x81;
	}
	to[head++] = (uint8_t)(len & 0xff);
	if (pad)
		to[head++] = 0;
	memcpy(to + head, content.ptr, content.len);
	return head + content.len;
}

/*
 * Builds the key's SubjectPublicKeyInfo, so that only what was checked is used.
 */
static struct octets
build_spki(struct pst_arena *arena, const struct rsa *rsa)
{
	size_t room = rsa->n.len + rsa->e.len + 64;
	uint8_t *inner = pst_arena_alloc(arena, room);
	uint8_t *outer = pst_arena_alloc(arena, room);
	size_t len;

	len = put_der(inner, DER_INTEGER, rsa->n);
	len += put_der(inner + len, DER_INTEGER, rsa->e);
	len = put_der(outer, DER_SEQUENCE, (struct octets){inner, len});
	memcpy(inner, outer, len);

	size_t head = put_der(outer, DER_SEQUENCE,
	    (struct octets){rsa_algorithm, sizeof(rsa_algorithm)});
	len =
	    head + put_der(outer + head, DER_BITS, (struct octets){inner, len});
	len = put_der(inner, DER_SEQUENCE, (struct octets){outer, len});
	return (struct octets){inner, len};
}

/* ---- key records ---- */

static void
decide(struct pst_dkim_key *out, enum pst_result result, enum pst_dkim_why why)
{
	out->result = result;
	out->why = why;
}

/* Returns true if the colon-separated list contains that word. */
static bool
lists(struct pst_str list, const char *word)
{
	struct pst_str part;
	bool more = true;

	while (pst_str_split(&list, ':', &part, &more))
		if (pst_str_eq(pst_str_trim(part), pst_str(word)))
			return true;
	return false;
}

/* Returns true if the tag is absent or lists one of the two words. */
static bool
allows(const struct pst_tag_list *tags, const char *name, const char *word,
    const char *other)
{
	const struct pst_tag *tag = pst_tag_find(tags, name);

	return tag == NULL || lists(tag->value, word) ||
	    lists(tag->value, other);
}

static void
set_record(struct pst_arena *arena, enum pst_dkim_algorithm algorithm,
    struct octets key, struct pst_dkim_key *out)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, PST_DKIM_MAX_KEY_RECORD - 1);
	pst_buf_printf(&buf, "v=DKIM1; k=%s; p=", pst_dkim_key_type(algorithm));
	add_base64(&buf, key);
	out->record = pst_buf_str(&buf);
	assert(out->record != NULL);
}

static void
read_rsa(struct pst_arena *arena, struct octets der, unsigned min_bits,
    struct pst_dkim_key *out)
{
	struct rsa rsa;

	if (!parse_rsa(der, &rsa)) {
		decide(out, PST_RESULT_PERMERROR, PST_DKIM_WHY_KEY_MALFORMED);
		return;
	}
	out->bits = count_bits(rsa.n);
	out->limited = out->bits > PST_DKIM_MAX_KEY_BITS;
	if (out->bits < min_bits)
		decide(out, PST_RESULT_POLICY, PST_DKIM_WHY_KEY_SHORT);
	else if (out->bits > PST_DKIM_MAX_KEY_BITS)
		decide(out, PST_RESULT_POLICY, PST_DKIM_WHY_KEY_LONG);
	else if (!is_sane_exponent(rsa.e))
		decide(out, PST_RESULT_POLICY, PST_DKIM_WHY_KEY_EXPONENT);
	else
		set_record(
		    arena, PST_DKIM_RSA_SHA256, build_spki(arena, &rsa), out);
}

static void
read_ed25519(
    struct pst_arena *arena, struct octets key, struct pst_dkim_key *out)
{
	if (key.len != ED25519_BYTES) {
		decide(out, PST_RESULT_PERMERROR, PST_DKIM_WHY_KEY_MALFORMED);
		return;
	}
	out->bits = ED25519_BYTES * 8;
	set_record(arena, PST_DKIM_ED25519_SHA256, key, out);
}

/*
 * Returns true for a record with p= in which v=, if present, is v=DKIM1 and
 * comes first (s. 3.6.1).
 */
static bool
is_key_record(const struct pst_tag_list *tags)
{
	const struct pst_tag *v = pst_tag_find(tags, "v");

	if (v != NULL &&
	    (v != tags->tags || !pst_str_eq(v->value, PST_STR("DKIM1"))))
		return false;
	return pst_tag_find(tags, "p") != NULL;
}

static void
read_flags(const struct pst_tag_list *tags, struct pst_dkim_key *out)
{
	const struct pst_tag *t = pst_tag_find(tags, "t");

	if (t == NULL)
		return;
	out->test = lists(t->value, "y");
	out->strict = lists(t->value, "s");
}

/* Checks what the other tags say about the use of the key. */
static bool
may_be_used(const struct pst_tag_list *tags, enum pst_dkim_algorithm algorithm,
    struct pst_dkim_key *out)
{
	const struct pst_tag *k = pst_tag_find(tags, "k");
	struct pst_str type = k == NULL ? PST_STR("rsa") : k->value;

	if (!pst_str_eq(type, pst_str(pst_dkim_key_type(algorithm)))) {
		decide(out, PST_RESULT_PERMERROR, PST_DKIM_WHY_KEY_TYPE);
		return false;
	}
	if (!allows(tags, "h", "sha256", "sha256")) {
		decide(out, PST_RESULT_PERMERROR, PST_DKIM_WHY_KEY_HASH);
		return false;
	}
	if (!allows(tags, "s", "email", "*")) {
		decide(out, PST_RESULT_PERMERROR, PST_DKIM_WHY_KEY_SERVICE);
		return false;
	}
	return true;
}

/*
 * A record that was pasted with a line end in it is meant without. As a fold it
 * would need a blank after it (s. 3.2), but other verifiers skip any line end.
 */
static struct pst_str
without_line_ends(struct pst_arena *arena, struct pst_str text)
{
	char *copy = pst_arena_memdup(arena, text.ptr, text.len);

	for (size_t i = 0; i < text.len; i++) {
		if (copy[i] != '\n')
			continue;
		copy[i] = ' ';
		if (i > 0 && copy[i - 1] == '\r')
			copy[i - 1] = ' ';
	}
	return (struct pst_str){copy, text.len};
}

bool
pst_dkim_key_read(struct pst_arena *arena, struct pst_str text,
    enum pst_dkim_algorithm algorithm, unsigned min_bits,
    struct pst_dkim_key *out)
{
	struct pst_tag_list tags;
	struct pst_str p;
	struct octets key;

	*out = (struct pst_dkim_key){.result = PST_RESULT_NONE};
	/* 8-bit octets are allowed: n= notes in UTF-8 are common */
	if (pst_tag_list_parse(arena, without_line_ends(arena, text),
		PST_DKIM_MAX_TAGS, true, &tags) != PST_TAGS_OK ||
	    !is_key_record(&tags))
		return false;
	read_flags(&tags, out);
	p = pst_tag_squeeze(arena, pst_tag_find(&tags, "p")->value);
	if (p.len == 0)
		decide(out, PST_RESULT_PERMERROR, PST_DKIM_WHY_KEY_REVOKED);
	if (p.len == 0 || !may_be_used(&tags, algorithm, out))
		return true;
	if (!decode_base64(arena, p, &key)) {
		decide(out, PST_RESULT_PERMERROR, PST_DKIM_WHY_KEY_MALFORMED);
		return true;
	}
	switch (algorithm) {
	case PST_DKIM_RSA_SHA256:
		read_rsa(arena, key, min_bits, out);
		return true;
	case PST_DKIM_ED25519_SHA256:
		read_ed25519(arena, key, out);
		return true;
	}
	return true;
}

void
pst_dkim_key_choose(struct pst_arena *arena,
    const struct pst_dns_answer *answer, enum pst_dkim_algorithm algorithm,
    unsigned min_bits, struct pst_dkim_key *out)
{
	size_t found = 0;

	*out = (struct pst_dkim_key){.result = PST_RESULT_NONE};
	if (pst_dns_is_temporary(answer->status)) {
		decide(out, PST_RESULT_TEMPERROR, PST_DKIM_WHY_KEY_TEMPERROR);
		return;
	}
	if (answer->status != PST_DNS_OK) {
		decide(out, PST_RESULT_PERMERROR, PST_DKIM_WHY_NO_KEY);
		return;
	}
	for (size_t i = 0; i < answer->count; i++) {
		struct pst_dkim_key key;

		if (!pst_dkim_key_read(arena, answer->records[i].data,
			algorithm, min_bits, &key))
			continue;
		if (found++ == 0 || key.record != NULL)
			*out = key;
		if (key.record != NULL || found == PST_DKIM_MAX_KEYS)
			return;
	}
	if (found == 0)
		decide(out, PST_RESULT_PERMERROR, PST_DKIM_WHY_KEY_RECORD);
}

/* The cost of RSA grows with the square of the length. */
unsigned
pst_dkim_key_cost(
    const struct pst_dkim_key *key, enum pst_dkim_algorithm algorithm)
{
	unsigned k = (key->bits + 1023) / 1024;

	switch (algorithm) {
	case PST_DKIM_ED25519_SHA256:
		return 5;
	case PST_DKIM_RSA_SHA256:
		return k <= 2 ? 1 : k * k / 4;
	}
	return 0;
}
