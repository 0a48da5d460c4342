/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/wire.h"

#include <ldns/ldns.h>

#include "base/buf.h"
#include "dns/zonefile.h"

#define MAX_WIRE_NAME PST_WIRE_NAME_OCTETS
/* The most CNAMEs that are followed in one packet. */
#define MAX_CHAIN 20
#define DEFAULT_TTL 3600

/* A name as in pst_dns_ask(): dots between labels, all else literal. */
struct plain_name {
	char text[MAX_WIRE_NAME + 1];
	size_t len;
};

bool
pst_wire_name_octets(
    struct pst_str name, uint8_t wire[MAX_WIRE_NAME], size_t *len)
{
	size_t length_at = 0;
	size_t used = 1;

	if (name.len == 0 || name.len > MAX_WIRE_NAME - 2)
		return false;
	for (size_t i = 0; i <= name.len; i++) {
		if (i < name.len && name.ptr[i] != '.') {
			wire[used++] = (uint8_t)name.ptr[i];
			continue;
		}
		if (used - length_at < 2 || used - length_at > 64)
			return false;
		wire[length_at] = (uint8_t)(used - length_at - 1);
		length_at = used++;
	}
	wire[length_at] = 0;
	*len = used;
	return true;
}

/* False when a label holds a dot, which the plain form cannot show. */
static bool
name_from_rdf(const ldns_rdf *rdf, struct plain_name *name)
{
	const uint8_t *wire = ldns_rdf_data(rdf);
	size_t size = ldns_rdf_size(rdf);
	size_t at = 0;

	name->len = 0;
	while (at < size && wire[at] != 0) {
		size_t end = at + 1 + wire[at];

		if (end >= size || end > MAX_WIRE_NAME)
			return false;
		if (name->len > 0)
			name->text[name->len++] = '.';
		for (at++; at < end; at++) {
			if (wire[at] == '.')
				return false;
			name->text[name->len++] = pst_lower((char)wire[at]);
		}
	}
	name->text[name->len] = '\0';
	return true;
}

bool
pst_wire_name_text(struct pst_str name, char text[PST_WIRE_NAME_SIZE])
{
	uint8_t wire[MAX_WIRE_NAME];
	size_t wire_len;
	size_t used = 0;

	if (!pst_wire_name_octets(name, wire, &wire_len))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		unsigned octet = (unsigned char)name.ptr[i];

		if (pst_is_alnum(name.ptr[i]) || octet == '-' || octet == '_' ||
		    octet == '.') {
			text[used++] = name.ptr[i];
			continue;
		}
		text[used++] = '\\';
		text[used++] = (char)('0' + octet / 100);
		text[used++] = (char)('0' + octet / 10 % 10);
		text[used++] = (char)('0' + octet % 10);
	}
	text[used] = '\0';
	return true;
}

/* ---- records ---- */

static bool
is_rdf(const ldns_rr *rr, size_t i, ldns_rdf_type type, size_t min_size)
{
	const ldns_rdf *rdf = ldns_rr_rdf(rr, i);

	return rdf != NULL && ldns_rdf_get_type(rdf) == type &&
	    ldns_rdf_size(rdf) >= min_size;
}

static bool
read_address(const ldns_rr *rr, struct pst_dns_record *out)
{
	bool v4 = ldns_rr_get_type(rr) == LDNS_RR_TYPE_A;
	size_t size = v4 ? 4 : 16;

	if (!is_rdf(rr, 0, v4 ? LDNS_RDF_TYPE_A : LDNS_RDF_TYPE_AAAA, size))
		return false;
	/* pst_ip_v6() would make a mapped address in an AAAA record IPv4. */
	out->ip.family = v4 ? PST_IP_V4 : PST_IP_V6;
	memcpy(out->ip.octets, ldns_rdf_data(ldns_rr_rdf(rr, 0)), size);
	return true;
}

static bool
read_name(const ldns_rr *rr, size_t i, struct pst_arena *arena,
    struct pst_dns_record *out)
{
	struct plain_name name;

	if (!is_rdf(rr, i, LDNS_RDF_TYPE_DNAME, 1) ||
	    !name_from_rdf(ldns_rr_rdf(rr, i), &name))
		return false;
	out->data.ptr = pst_arena_memdup(arena, name.text, name.len);
	out->data.len = name.len;
	return true;
}

static bool
read_txt(const ldns_rr *rr, struct pst_arena *arena, struct pst_dns_record *out)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, LDNS_MAX_PACKETLEN);
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const uint8_t *string;

		if (!is_rdf(rr, i, LDNS_RDF_TYPE_STR, 1))
			return false;
		string = ldns_rdf_data(ldns_rr_rdf(rr, i));
		if ((size_t)string[0] + 1 > ldns_rdf_size(ldns_rr_rdf(rr, i)))
			return false;
		pst_buf_add(&buf,
		    (struct pst_str){(const char *)string + 1, string[0]});
	}
	out->data = pst_buf_slice(&buf);
	return !pst_buf_overflowed(&buf);
}

/*
 * Reads the record's data into the arena. False when it cannot be represented:
 * in a packet the record is then treated as if it were not there.
 */
static bool
read_record(
    const ldns_rr *rr, struct pst_arena *arena, struct pst_dns_record *out)
{
	*out = (struct pst_dns_record){.data = {"", 0}};
	switch ((unsigned)ldns_rr_get_type(rr)) {
	case LDNS_RR_TYPE_A:
	case LDNS_RR_TYPE_AAAA:
		return read_address(rr, out);
	case LDNS_RR_TYPE_CNAME:
	case LDNS_RR_TYPE_PTR:
		return read_name(rr, 0, arena, out);
	case LDNS_RR_TYPE_MX:
		if (!is_rdf(rr, 0, LDNS_RDF_TYPE_INT16, 2))
			return false;
		out->preference = ldns_rdf2native_int16(ldns_rr_rdf(rr, 0));
		return read_name(rr, 1, arena, out);
	case LDNS_RR_TYPE_TXT:
		return read_txt(rr, arena, out);
	default:
		return true;
	}
}

/* ---- packets ---- */

static bool
is_named(const ldns_rdf *rdf, const uint8_t *wire, size_t len)
{
	const uint8_t *other;

	if (rdf == NULL || ldns_rdf_size(rdf) != len)
		return false;
	other = ldns_rdf_data(rdf);
	/* Length octets are below 64 and have no letter case. */
	for (size_t i = 0; i < len; i++) {
		if (pst_lower((char)other[i]) != pst_lower((char)wire[i]))
			return false;
	}
	return true;
}

static bool
is_reply_to(const ldns_pkt *packet, const uint8_t *wire, size_t len,
    enum pst_dns_type type)
{
	const ldns_rr_list *questions = ldns_pkt_question(packet);
	const ldns_rr *question;

	if (!ldns_pkt_qr(packet) || ldns_pkt_tc(packet) ||
	    ldns_rr_list_rr_count(questions) != 1)
		return false;
	question = ldns_rr_list_rr(questions, 0);
	return (unsigned)ldns_rr_get_type(question) == (unsigned)type &&
	    ldns_rr_get_class(question) == LDNS_RR_CLASS_IN &&
	    is_named(ldns_rr_owner(question), wire, len);
}

struct chain {
	const ldns_rr_list *answers;
	const uint8_t *owner; /* the name that the chain has reached */
	size_t owner_len;
	unsigned type;
	uint32_t ttl; /* the smallest one found */
};

static bool
is_at_end(const struct chain *chain, const ldns_rr *rr, unsigned type)
{
	return (unsigned)ldns_rr_get_type(rr) == type &&
	    ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
	    is_named(ldns_rr_owner(rr), chain->owner, chain->owner_len);
}

static const ldns_rr *
find_first(const struct chain *chain, unsigned type)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(chain->answers); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(chain->answers, i);

		if (is_at_end(chain, rr, type))
			return rr;
	}
	return NULL;
}

static void
lower_ttl(uint32_t *ttl, uint32_t other)
{
	if (other < *ttl)
		*ttl = other;
}

/* Follows the chain to its end; false if it loops or a target is broken. */
static bool
follow(struct chain *chain)
{
	for (unsigned hops = 0; hops <= MAX_CHAIN; hops++) {
		const ldns_rr *cname;

		if (find_first(chain, chain->type) != NULL)
			return true;
		cname = find_first(chain, LDNS_RR_TYPE_CNAME);
		if (cname == NULL)
			return true;
		if (!is_rdf(cname, 0, LDNS_RDF_TYPE_DNAME, 1))
			return false;
		lower_ttl(&chain->ttl, ldns_rr_ttl(cname));
		chain->owner = ldns_rdf_data(ldns_rr_rdf(cname, 0));
		chain->owner_len = ldns_rdf_size(ldns_rr_rdf(cname, 0));
	}
	return false;
}

/* The SOA record that makes an answer a negative one; NULL if there is none. */
static const ldns_rr *
find_soa(const ldns_pkt *packet)
{
	const ldns_rr_list *authority = ldns_pkt_authority(packet);

	for (size_t i = 0; i < ldns_rr_list_rr_count(authority); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(authority, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA &&
		    is_rdf(rr, 6, LDNS_RDF_TYPE_PERIOD, 4))
			return rr;
	}
	return NULL;
}

/*
 * A negative answer, with the TTL of RFC 2308 s. 5. Without an SOA record it is
 * not cached.
 */
static const struct pst_dns_answer *
negative_answer(
    enum pst_dns_status status, const ldns_pkt *packet, uint32_t ttl)
{
	const ldns_rr *soa = find_soa(packet);

	if (soa == NULL)
		return pst_dns_answer_new(status, 0, 0, 0);
	lower_ttl(&ttl, ldns_rr_ttl(soa));
	lower_ttl(&ttl, ldns_rdf2native_int32(ldns_rr_rdf(soa, 6)));
	return pst_dns_answer_new(status, ttl, 0, 0);
}

static const struct pst_dns_answer *
collect(const ldns_pkt *packet, struct chain *chain, unsigned max_txt_bytes,
    struct pst_arena *arena)
{
	size_t max_count = ldns_rr_list_rr_count(chain->answers);
	struct pst_dns_record *records;
	struct pst_dns_answer *answer;
	size_t count = 0;
	size_t data_bytes = 0;

	records = pst_arena_array(arena, max_count, sizeof(*records));
	for (size_t i = 0; i < max_count; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(chain->answers, i);

		if (!is_at_end(chain, rr, chain->type) ||
		    !read_record(rr, arena, &records[count]))
			continue;
		if (chain->type == PST_DNS_TXT &&
		    records[count].data.len > max_txt_bytes)
			return pst_dns_answer_new(PST_DNS_SERVFAIL, 0, 0, 0);
		lower_ttl(&chain->ttl, ldns_rr_ttl(rr));
		data_bytes += records[count++].data.len;
	}
	if (count == 0)
		return negative_answer(PST_DNS_NODATA, packet, chain->ttl);
	answer = pst_dns_answer_new(PST_DNS_OK, chain->ttl, count, data_bytes);
	for (size_t i = 0; i < count; i++)
		pst_dns_answer_add(answer, &records[i]);
	return answer;
}

static const struct pst_dns_answer *
decode(const ldns_pkt *packet, struct pst_str name, enum pst_dns_type type,
    unsigned max_txt_bytes, struct pst_arena *arena)
{
	uint8_t wire[MAX_WIRE_NAME];
	struct chain chain = {
	    .answers = ldns_pkt_answer(packet),
	    .owner = wire,
	    .type = (unsigned)type,
	    .ttl = UINT32_MAX,
	};

	if (pst_wire_name_octets(name, wire, &chain.owner_len) &&
	    is_reply_to(packet, wire, chain.owner_len, type) &&
	    follow(&chain)) {
		if (ldns_pkt_get_rcode(packet) == LDNS_RCODE_NXDOMAIN)
			return negative_answer(
			    PST_DNS_NXDOMAIN, packet, chain.ttl);
		if (ldns_pkt_get_rcode(packet) == LDNS_RCODE_NOERROR)
			return collect(packet, &chain, max_txt_bytes, arena);
	}
	return pst_dns_answer_new(PST_DNS_SERVFAIL, 0, 0, 0);
}

const struct pst_dns_answer *
pst_wire_decode(const uint8_t *packet, size_t len, struct pst_str name,
    enum pst_dns_type type, unsigned max_txt_bytes)
{
	const struct pst_dns_answer *answer;
	struct pst_arena *arena;
	ldns_pkt *parsed;

	if (len > LDNS_MAX_PACKETLEN ||
	    ldns_wire2pkt(&parsed, packet, len) != LDNS_STATUS_OK)
		return pst_dns_answer_new(PST_DNS_SERVFAIL, 0, 0, 0);
	arena = pst_arena_new();
	answer = decode(parsed, name, type, max_txt_bytes, arena);
	pst_arena_free(arena);
	ldns_pkt_free(parsed);
	return answer;
}

bool
pst_wire_target(struct pst_str packet, struct pst_str name,
    enum pst_dns_type type, char target[PST_WIRE_TARGET_SIZE])
{
	uint8_t wire[MAX_WIRE_NAME];
	struct chain chain = {
	    .owner = wire, .type = (unsigned)type, .ttl = UINT32_MAX};
	struct plain_name plain;
	bool found = false;
	ldns_rdf *end;
	ldns_pkt *parsed;

	/* Most negative answers hold no record at all: nothing to parse. */
	if (packet.len < LDNS_HEADER_SIZE ||
	    LDNS_ANCOUNT((const uint8_t *)packet.ptr) == 0 ||
	    ldns_wire2pkt(&parsed, (const uint8_t *)packet.ptr, packet.len) !=
		LDNS_STATUS_OK)
		return false;
	chain.answers = ldns_pkt_answer(parsed);
	if (find_soa(parsed) == NULL &&
	    pst_wire_name_octets(name, wire, &chain.owner_len) &&
	    follow(&chain) && chain.owner != wire &&
	    find_first(&chain, chain.type) == NULL) {
		end = ldns_dname_new_frm_data(
		    (uint16_t)chain.owner_len, chain.owner);
		found =
		    end != NULL && name_from_rdf(end, &plain) && plain.len > 0;
		ldns_rdf_deep_free(end);
	}
	if (found)
		memcpy(target, plain.text, plain.len + 1);
	ldns_pkt_free(parsed);
	return found;
}

/* ---- zone files ---- */

struct zone_reader {
	struct pst_zonefile file;
	struct pst_zonefile_line line;
	struct pst_arena *arena;
	ldns_rdf *origin;
	ldns_rdf *owner; /* of the latest record; NULL before the first */
	uint32_t default_ttl;
	struct pst_err *err;
};

static bool
refuse(const struct zone_reader *reader, const char *what)
{
	return pst_err_set_at(reader->err, reader->file.file_name,
	    reader->line.number, "%s", what);
}

/* Replaces *name by the one in text; a relative name ends in the origin. */
static bool
set_name(struct zone_reader *reader, const char *text, ldns_rdf **name)
{
	size_t len = strlen(text);
	ldns_rdf *parsed;

	if (strcmp(text, "@") == 0) {
		parsed = ldns_rdf_clone(reader->origin);
	} else if (strchr(text, '"') != NULL ||
	    ldns_str2rdf_dname(&parsed, text) != LDNS_STATUS_OK) {
		return refuse(reader, "the entry begins with a bad name");
	} else if (len > 0 && text[len - 1] != '.' &&
	    ldns_dname_cat(parsed, reader->origin) != LDNS_STATUS_OK) {
		ldns_rdf_deep_free(parsed);
		return refuse(
		    reader, "the name is too long with $ORIGIN added");
	}
	if (parsed == NULL || ldns_rdf_size(parsed) > MAX_WIRE_NAME) {
		ldns_rdf_deep_free(parsed);
		return refuse(reader, "the name is too long");
	}
	ldns_rdf_deep_free(*name);
	*name = parsed;
	return true;
}

static bool
set_default_ttl(struct zone_reader *reader, const char *text)
{
	const char *end = text;
	uint32_t ttl = ldns_str2period(text, &end);

	if (!pst_is_digit(text[0]) || *end != '\0')
		return refuse(reader, "$TTL requires a number of seconds");
	reader->default_ttl = ttl;
	return true;
}

/* Reads $ORIGIN or $TTL, with its one value. */
static bool
read_setting(
    struct zone_reader *reader, struct pst_str word, struct pst_str value)
{
	const char *text =
	    pst_arena_memdup(reader->arena, value.ptr, value.len);

	if (value.len == 0 || pst_str_find(value, ' ') < value.len)
		return refuse(reader, "one value must follow $ORIGIN or $TTL");
	if (pst_str_ieq(word, PST_STR("$ORIGIN")))
		return set_name(reader, text, &reader->origin);
	if (pst_str_ieq(word, PST_STR("$TTL")))
		return set_default_ttl(reader, text);
	return refuse(reader, "only $ORIGIN and $TTL are supported");
}

static bool
pass_rr(struct zone_reader *reader, const ldns_rr *rr,
    bool (*take)(
	void *arg, const struct pst_wire_rr *record, struct pst_err *err),
    void *arg)
{
	struct plain_name owner;
	struct pst_wire_rr record = {
	    .type = (unsigned)ldns_rr_get_type(rr),
	    .ttl = ldns_rr_ttl(rr),
	};
	struct pst_err why;

	if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN)
		return refuse(reader, "the record's class is not IN");
	if (!name_from_rdf(reader->owner, &owner) ||
	    !read_record(rr, reader->arena, &record.data))
		return refuse(reader,
		    "the record has a dot inside a label, or its data are "
		    "incomplete");
	record.owner = (struct pst_str){owner.text, owner.len};
	return take(arg, &record, &why) || refuse(reader, why.text);
}

static bool
read_entry(struct zone_reader *reader,
    bool (*take)(
	void *arg, const struct pst_wire_rr *record, struct pst_err *err),
    void *arg)
{
	struct pst_str text = reader->line.text;
	size_t word_len = pst_str_find(text, ' ');
	struct pst_str word = pst_str_first(text, word_len);
	struct pst_str rest = pst_str_trim(pst_str_from(text, word_len));
	const char *record;
	ldns_status status;
	ldns_rr *rr;
	bool ok;

	if (word_len > 0 && word.ptr[0] == '$')
		return read_setting(reader, word, rest);
	if (word_len > 0 &&
	    !set_name(reader,
		pst_arena_memdup(reader->arena, word.ptr, word.len),
		&reader->owner))
		return false;
	if (reader->owner == NULL)
		return refuse(reader, "the first record has no owner name");
	/* The owner was read above: ldns would cut it at 255 octets of text. */
	record = pst_arena_printf(reader->arena, ". %.*s", PST_STR_ARG(rest));
	status = ldns_rr_new_frm_str(
	    &rr, record, reader->default_ttl, reader->origin, NULL);
	if (status != LDNS_STATUS_OK)
		return refuse(reader, ldns_get_errorstr_by_id(status));
	ok = pass_rr(reader, rr, take, arg);
	ldns_rr_free(rr);
	return ok;
}

static bool
read_lines(struct zone_reader *reader,
    bool (*rr)(
	void *arg, const struct pst_wire_rr *record, struct pst_err *err),
    bool (*directive)(
	void *arg, struct pst_str text, unsigned line, struct pst_err *err),
    void *arg)
{
	struct pst_zonefile_line *line = &reader->line;
	struct pst_err why;

	while (pst_zonefile_next(&reader->file, line, reader->err)) {
		struct pst_arena_mark mark = pst_arena_mark(reader->arena);

		if (line->kind == PST_ZONEFILE_END)
			return true;
		if (line->kind == PST_ZONEFILE_DIRECTIVE) {
			if (!directive(arg, line->text, line->number, &why))
				return refuse(reader, why.text);
		} else if (!read_entry(reader, rr, arg)) {
			return false;
		}
		pst_arena_rewind(reader->arena, mark);
	}
	return false;
}

bool
pst_wire_read_zone(FILE *file, const char *file_name,
    struct pst_wire_visitor visitor, struct pst_err *err)
{
	struct zone_reader reader = {
	    .arena = pst_arena_new(),
	    .default_ttl = DEFAULT_TTL,
	    .err = err,
	};
	bool ok;

	reader.origin = ldns_dname_new_frm_str(".");
	ok = reader.origin != NULL &&
	    pst_zonefile_open(
		&reader.file, file, file_name, reader.arena, err) &&
	    read_lines(&reader, visitor.rr, visitor.directive, visitor.arg);
	ldns_rdf_deep_free(reader.origin);
	ldns_rdf_deep_free(reader.owner);
	pst_arena_free(reader.arena);
	return ok;
}
