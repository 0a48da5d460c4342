/* SPDX-License-Identifier: BSD-2-Clause */

/* RFC 7208 s. 12: the grammar of a record. */

#include "auth/spf_record.h"
#include "base/macros.h"

/* Why a record is rejected. */
static const char why_long[] = "record is too long";
static const char why_many[] = "record has too many terms";
static const char why_version[] = "not an SPF record";
static const char why_term[] = "unknown mechanism or bad syntax in a term";
static const char why_domain[] = "bad domain name in a term";
static const char why_address[] = "bad address in a term";
static const char why_prefix[] = "bad prefix length in a term";
static const char why_repeated[] = "redirect= or exp= appears twice";

enum domain_need { DOMAIN_NEVER, DOMAIN_MAY, DOMAIN_MUST };

/* What may follow a mechanism's name. read_network() reads ip4 and ip6. */
static const struct shape {
	struct pst_str name;
	enum pst_spf_kind kind;
	enum domain_need domain;
	bool prefix;
} shapes[] = {
    {{"all", 3}, PST_SPF_ALL, DOMAIN_NEVER, false},
    {{"include", 7}, PST_SPF_INCLUDE, DOMAIN_MUST, false},
    {{"a", 1}, PST_SPF_A, DOMAIN_MAY, true},
    {{"mx", 2}, PST_SPF_MX, DOMAIN_MAY, true},
    {{"ptr", 3}, PST_SPF_PTR, DOMAIN_MAY, false},
    {{"ip4", 3}, PST_SPF_IP4, DOMAIN_MUST, false},
    {{"ip6", 3}, PST_SPF_IP6, DOMAIN_MUST, false},
    {{"exists", 6}, PST_SPF_EXISTS, DOMAIN_MUST, false},
};

bool
pst_spf_is_record(struct pst_str text)
{
	return pst_str_istarts(text, PST_STR("v=spf1")) &&
	    (text.len == 6 || text.ptr[6] == ' ');
}

/* toplabel: letters, digits and inner hyphens, but not digits alone. */
static bool
is_toplabel(struct pst_str label)
{
	bool only_digits = true;

	if (label.len == 0 || label.ptr[0] == '-' ||
	    label.ptr[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		if (!pst_is_alnum(label.ptr[i]) && label.ptr[i] != '-')
			return false;
		if (!pst_is_digit(label.ptr[i]))
			only_digits = false;
	}
	return !only_digits;
}

/* domain-spec: a macro-string that ends in a macro or in a top label. */
static bool
is_domain_spec(struct pst_str spec)
{
	struct pst_str end;
	size_t tail;
	size_t dot;

	if (spec.len == 0 || !pst_spf_macro_check(spec, false, &tail))
		return false;
	if (tail == spec.len)
		return true;
	end = pst_str_from(spec, tail);
	if (end.ptr[end.len - 1] == '.')
		end.len--;
	dot = pst_str_rfind(end, '.');
	return dot < end.len && is_toplabel(pst_str_from(end, dot + 1));
}

/* Takes "/" and digits off the end of *text. *digits is empty without them. */
static void
take_digits(struct pst_str *text, struct pst_str *digits)
{
	size_t start = text->len;

	*digits = PST_STR("");
	while (start > 0 && pst_is_digit(text->ptr[start - 1]))
		start--;
	if (start == text->len || start == 0 || text->ptr[start - 1] != '/')
		return;
	*digits = pst_str_from(*text, start);
	text->len = start - 1;
}

/* Leading zeros are an error, so that all readers see the same value. */
static bool
read_bits(struct pst_str digits, unsigned max, unsigned *bits)
{
	uint64_t value;

	if (digits.len > 1 && digits.ptr[0] == '0')
		return false;
	if (!pst_str_to_u64(digits, max, &value))
		return false;
	*bits = (unsigned)value;
	return true;
}

/*
 * Takes a dual-cidr-length, if any, off *text. Returns false if it is invalid.
 */
static bool
take_dual_prefix(struct pst_str *text, struct pst_spf_term *term)
{
	struct pst_str digits;

	take_digits(text, &digits);
	if (digits.len > 0 && text->len > 0 &&
	    text->ptr[text->len - 1] == '/') {
		text->len--;
		if (!read_bits(digits, 128, &term->ip6_bits))
			return false;
		take_digits(text, &digits);
	}
	return digits.len == 0 || read_bits(digits, 32, &term->ip4_bits);
}

/* Undoes what pst_ip_parse() does to a mapped address: ip6: means IPv6. */
static struct pst_ip
as_mapped(const struct pst_ip *v4)
{
	struct pst_ip v6 = {.family = PST_IP_V6};

	memset(v6.octets + 10, 0xff, 2);
	memcpy(v6.octets + 12, v4->octets, 4);
	return v6;
}

/* Reads the network of ip4: or ip6:. */
static bool
read_network(struct pst_str text, struct pst_spf_term *term, const char **why)
{
	bool v4 = term->kind == PST_SPF_IP4;
	unsigned *bits = v4 ? &term->ip4_bits : &term->ip6_bits;
	size_t slash = pst_str_find(text, '/');
	struct pst_str digits = pst_str_from(text, slash + 1);
	struct pst_str address = pst_str_first(text, slash);

	*why = why_prefix;
	if (slash < text.len && !read_bits(digits, v4 ? 32 : 128, bits))
		return false;

	*why = why_address;
	if (address.len == 0 ||
	    (pst_str_find(address, ':') == address.len) != v4 ||
	    pst_str_istarts(address, PST_STR("IPv6:")))
		return false;
	if (!pst_ip_parse(address, &term->ip))
		return false;
	if (!v4 && term->ip.family == PST_IP_V4)
		term->ip = as_mapped(&term->ip);
	return true;
}

static const struct shape *
find_shape(struct pst_str name)
{
	for (size_t i = 0; i < PST_COUNT(shapes); i++)
		if (pst_str_ieq(name, shapes[i].name))
			return &shapes[i];
	return NULL;
}

static bool
read_mechanism(struct pst_str text, struct pst_spf_term *term, const char **why)
{
	const struct shape *shape;
	struct pst_str rest;
	size_t name_len = 0;

	*term = (struct pst_spf_term){
	    .qualifier = '+', .ip4_bits = 32, .ip6_bits = 128, .text = text};
	*why = why_term;
	if (pst_str_find(PST_STR("+-~?"), text.ptr[0]) < 4) {
		term->qualifier = text.ptr[0];
		text = pst_str_from(text, 1);
	}
	while (name_len < text.len && pst_is_alnum(text.ptr[name_len]))
		name_len++;
	shape = find_shape(pst_str_first(text, name_len));
	if (shape == NULL)
		return false;
	term->kind = shape->kind;
	rest = pst_str_from(text, name_len);

	if (shape->prefix && !take_dual_prefix(&rest, term)) {
		*why = why_prefix;
		return false;
	}
	if (rest.len == 0)
		return shape->domain != DOMAIN_MUST;
	if (rest.ptr[0] != ':' || shape->domain == DOMAIN_NEVER)
		return false;
	rest = pst_str_from(rest, 1);
	if (term->kind == PST_SPF_IP4 || term->kind == PST_SPF_IP6)
		return read_network(rest, term, why);
	*why = why_domain;
	term->domain = rest;
	return is_domain_spec(rest);
}

/* Returns the length of a modifier's name; 0 if the term is not a modifier. */
static size_t
modifier_name_len(struct pst_str text)
{
	size_t len = 0;

	if (!pst_is_alpha(text.ptr[0]))
		return 0;
	while (len < text.len &&
	    (pst_is_alnum(text.ptr[len]) || text.ptr[len] == '-' ||
		text.ptr[len] == '_' || text.ptr[len] == '.'))
		len++;
	return len < text.len && text.ptr[len] == '=' ? len : 0;
}

static bool
read_modifier(struct pst_str text, size_t name_len,
    struct pst_spf_record *record, const char **why)
{
	struct pst_str name = pst_str_first(text, name_len);
	struct pst_str value = pst_str_from(text, name_len + 1);
	bool redirect = pst_str_ieq(name, PST_STR("redirect"));
	size_t tail;

	*why = why_domain;
	if (!redirect && !pst_str_ieq(name, PST_STR("exp"))) {
		*why = why_term;
		return pst_spf_macro_check(value, false, &tail);
	}
	if (!is_domain_spec(value))
		return false;
	*why = why_repeated;
	if (redirect ? record->has_redirect : record->has_exp)
		return false;
	if (redirect) {
		record->has_redirect = true;
		record->redirect = (struct pst_spf_term){
		    .kind = PST_SPF_REDIRECT, .domain = value, .text = text};
	} else {
		record->has_exp = true;
		record->exp = value;
	}
	return true;
}

static size_t
count_terms(struct pst_str text)
{
	size_t count = 0;

	for (size_t i = 1; i < text.len; i++)
		count += text.ptr[i] != ' ' && text.ptr[i - 1] == ' ';
	return count;
}

bool
pst_spf_record_parse(struct pst_arena *arena, struct pst_str text,
    struct pst_spf_record *out, const char **why)
{
	struct pst_spf_record record = {0};
	struct pst_str rest = pst_str_from(text, 6);
	struct pst_str part;
	bool more = true;
	bool valid;

	*out = (struct pst_spf_record){0};
	*why = why_long;
	if (text.len > PST_SPF_MAX_RECORD)
		return false;
	*why = why_version;
	if (!pst_spf_is_record(text))
		return false;

	record.terms =
	    pst_arena_array(arena, count_terms(text), sizeof(record.terms[0]));
	while (pst_str_split(&rest, ' ', &part, &more)) {
		size_t name_len;

		if (part.len == 0)
			continue;
		name_len = modifier_name_len(part);
		if (name_len > 0)
			valid = read_modifier(part, name_len, &record, why);
		else
			valid = read_mechanism(
			    part, &record.terms[record.term_count++], why);
		if (!valid) {
			out->wrong = part;
			return false;
		}
	}
	*why = why_many;
	if (record.term_count > PST_SPF_MAX_TERMS)
		return false;
	*why = NULL;
	*out = record;
	return true;
}
