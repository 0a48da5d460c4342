/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dkim_tags.h"

#include "auth/dkim_value.h"
#include "base/domain.h"
#include "base/macros.h"

/* Octets of h= that libopendkim can read; it gives up at 4096. */
#define LIBRARY_MAX_NAMES_LEN 4000

/* The state while one field is read. */
struct reading {
	struct pst_arena *arena;
	struct pst_str value;
	uint64_t now;
	uint64_t skew;
	struct pst_tag_list list;
	struct pst_dkim_tags *out;
};

static const struct {
	const char *word;
	const char *key_type;
	enum pst_dkim_algorithm algorithm;
} algorithms[] = {
    {"rsa-sha256", "rsa", PST_DKIM_RSA_SHA256},
    {"ed25519-sha256", "ed25519", PST_DKIM_ED25519_SHA256},
};

const char *
pst_dkim_key_type(enum pst_dkim_algorithm algorithm)
{
	return algorithms[algorithm].key_type;
}

/* Returns the tag's value; empty if the tag is absent. */
static struct pst_str
value_of(const struct reading *reading, const char *name)
{
	const struct pst_tag *tag = pst_tag_find(&reading->list, name);

	return tag == NULL ? PST_STR("") : tag->value;
}

static bool
has(const struct reading *reading, const char *name)
{
	return pst_tag_find(&reading->list, name) != NULL;
}

static bool
read_version(struct reading *reading)
{
	return pst_str_eq(value_of(reading, "v"), PST_STR("1"));
}

static bool
read_weak_hash(struct reading *reading)
{
	struct pst_str a = value_of(reading, "a");

	reading->out->algorithm_text = pst_dkim_value_token(reading->arena, a);
	return !pst_str_eq(a, PST_STR("rsa-sha1"));
}

static bool
read_algorithm(struct reading *reading)
{
	struct pst_str a = value_of(reading, "a");

	for (size_t i = 0; i < PST_COUNT(algorithms); i++) {
		if (!pst_str_eq(a, pst_str(algorithms[i].word)))
			continue;
		reading->out->algorithm = algorithms[i].algorithm;
		return true;
	}
	return false;
}

static bool
read_required(struct reading *reading)
{
	static const char *const required[] = {
	    "v", "a", "b", "bh", "d", "h", "s"};

	for (size_t i = 0; i < PST_COUNT(required); i++)
		if (!has(reading, required[i]))
			return false;
	return true;
}

static bool
read_domain(struct reading *reading)
{
	const char *name =
	    pst_dkim_value_domain(reading->arena, value_of(reading, "d"));

	reading->out->domain = name;
	return name != NULL;
}

static bool
read_two_labels(struct reading *reading)
{
	const char *name = reading->out->domain;

	return name != NULL && pst_domain_labels(name) >= 2;
}

static bool
read_selector(struct reading *reading)
{
	const char *name =
	    pst_dkim_value_selector(reading->arena, value_of(reading, "s"));

	reading->out->selector = name;
	return name != NULL;
}

static bool
read_query(struct reading *reading)
{
	struct pst_str rest = value_of(reading, "q"), method;
	bool more = has(reading, "q"), found = !more;

	while (pst_str_split(&rest, ':', &method, &more))
		if (pst_str_eq(pst_str_trim(method), PST_STR("dns/txt")))
			found = true;
	return found;
}

static bool
read_canon(struct reading *reading)
{
	static const struct {
		const char *word;
		bool relaxed_header;
		bool relaxed_body;
	} forms[] = {
	    {"simple", false, false},
	    {"relaxed", true, false},
	    {"simple/simple", false, false},
	    {"simple/relaxed", false, true},
	    {"relaxed/simple", true, false},
	    {"relaxed/relaxed", true, true},
	};
	struct pst_str c = value_of(reading, "c");

	for (size_t i = 0; i < PST_COUNT(forms); i++) {
		if (!pst_str_eq(c, pst_str(forms[i].word)))
			continue;
		reading->out->relaxed_header = forms[i].relaxed_header;
		reading->out->relaxed_body = forms[i].relaxed_body;
		return true;
	}
	return !has(reading, "c");
}

static size_t
count_names(struct pst_str h)
{
	size_t count = 1;

	for (size_t i = 0; i < h.len; i++)
		count += h.ptr[i] == ':';
	return count;
}

static bool
read_names_bound(struct reading *reading)
{
	return count_names(value_of(reading, "h")) <= PST_DKIM_MAX_NAMES;
}

static bool
is_field_name(struct pst_str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] <= ' ' || name.ptr[i] > '~')
			return false;
	return name.len > 0;
}

static bool
read_names(struct reading *reading)
{
	struct pst_str h = value_of(reading, "h");
	struct pst_str rest, name;
	bool more = true;

	if (count_names(h) > PST_DKIM_MAX_NAMES)
		return false;
	h = (struct pst_str){
	    pst_arena_memdup(reading->arena, h.ptr, h.len), h.len};
	reading->out->names = pst_arena_array(
	    reading->arena, count_names(h), sizeof(struct pst_str));
	rest = h;
	while (pst_str_split(&rest, ':', &name, &more)) {
		name = pst_str_trim(name);
		if (!is_field_name(name))
			return false;
		reading->out->names[reading->out->name_count++] = name;
	}
	return true;
}

static bool
read_from_signed(struct reading *reading)
{
	return pst_dkim_tags_mentions(reading->out, PST_STR("From")) > 0;
}

static bool
read_hashes(struct reading *reading)
{
	struct pst_str b =
	    pst_tag_squeeze(reading->arena, value_of(reading, "b"));
	struct pst_str bh =
	    pst_tag_squeeze(reading->arena, value_of(reading, "bh"));

	if (pst_dkim_value_is_base64(b))
		reading->out->b =
		    pst_arena_memdup(reading->arena, b.ptr, b.len);
	reading->out->body_hash = bh;
	if (has(reading, "b"))
		reading->out->b_tag = *pst_tag_find(&reading->list, "b");
	return reading->out->b != NULL && pst_dkim_value_is_base64(bh);
}

static bool
read_identity(struct reading *reading)
{
	struct pst_dkim_tags *out = reading->out;
	struct pst_str text;
	size_t at;

	out->identity_domain = out->domain;
	if (!has(reading, "i"))
		return true;
	text = pst_tag_squeeze(reading->arena, value_of(reading, "i"));
	if (!pst_dkim_value_unquote(reading->arena, text, &text))
		return false;
	at = pst_str_rfind(text, '@');
	if (at == text.len)
		return false;
	out->identity_domain =
	    pst_dkim_value_domain(reading->arena, pst_str_from(text, at + 1));
	if (out->identity_domain != NULL)
		out->identity = text.ptr;
	return out->identity != NULL;
}

static bool
read_identity_below(struct reading *reading)
{
	struct pst_dkim_tags *out = reading->out;

	if (out->domain == NULL || out->identity_domain == NULL ||
	    pst_domain_is_below(out->identity_domain, out->domain))
		return true;
	out->identity = NULL;
	return false;
}

static bool
read_length(struct reading *reading)
{
	reading->out->has_length = has(reading, "l");
	return !reading->out->has_length ||
	    pst_dkim_value_length(
		value_of(reading, "l"), &reading->out->length);
}

/* No body is that long, and libopendkim cannot represent such a length. */
static bool
read_length_bound(struct reading *reading)
{
	return reading->out->length <= INT64_MAX;
}

static bool
read_time(const struct reading *reading, const char *name, uint64_t *out)
{
	return !has(reading, name) ||
	    pst_dkim_value_time(value_of(reading, name), out);
}

static bool
read_times(struct reading *reading)
{
	struct pst_dkim_tags *out = reading->out;

	out->expires_at = PST_DKIM_NEVER;
	if (!read_time(reading, "t", &out->signed_at) ||
	    !read_time(reading, "x", &out->expires_at))
		return false;
	return !has(reading, "t") || !has(reading, "x") ||
	    out->expires_at == PST_DKIM_NEVER ||
	    out->expires_at > out->signed_at;
}

static bool
read_not_expired(struct reading *reading)
{
	uint64_t x = reading->out->expires_at;

	return x == PST_DKIM_NEVER || reading->now < x + reading->skew;
}

static bool
read_not_future(struct reading *reading)
{
	return reading->out->signed_at <= reading->now + reading->skew;
}

/*
 * To find the b= that it must empty, libopendkim looks only at the octet before
 * the equals sign. So it takes "xb=" for b= and does not recognise "b =".
 */
static bool
has_plain_b(const struct reading *reading)
{
	for (size_t i = 0; i < reading->list.count; i++) {
		struct pst_str name = reading->list.tags[i].name;
		const char *end = name.ptr + name.len;

		if (end[-1] == 'b' && (name.len > 1 || *end != '='))
			return false;
	}
	return true;
}

/* libopendkim refuses 8-bit octets, which RFC 8616 allows. */
static bool
is_own(const struct reading *reading)
{
	return !has_plain_b(reading) || !pst_str_is_ascii(reading->value) ||
	    value_of(reading, "h").len > LIBRARY_MAX_NAMES_LEN;
}

/*
 * All rules are run, so that as much as possible of a bad signature can be
 * reported. The first rule that fails decides the result.
 */
static const struct {
	bool (*read)(struct reading *reading);
	enum pst_result result;
	enum pst_dkim_why why;
} rules[] = {
    {read_required, PST_RESULT_NEUTRAL, PST_DKIM_WHY_TAG_MISSING},
    {read_version, PST_RESULT_NEUTRAL, PST_DKIM_WHY_VERSION},
    {read_domain, PST_RESULT_NEUTRAL, PST_DKIM_WHY_DOMAIN},
    {read_two_labels, PST_RESULT_NEUTRAL, PST_DKIM_WHY_TOP_LEVEL},
    {read_selector, PST_RESULT_NEUTRAL, PST_DKIM_WHY_SELECTOR},
    {read_weak_hash, PST_RESULT_POLICY, PST_DKIM_WHY_SHA1},
    {read_algorithm, PST_RESULT_NEUTRAL, PST_DKIM_WHY_ALGORITHM},
    {read_canon, PST_RESULT_NEUTRAL, PST_DKIM_WHY_CANON},
    {read_query, PST_RESULT_NEUTRAL, PST_DKIM_WHY_QUERY},
    {read_hashes, PST_RESULT_NEUTRAL, PST_DKIM_WHY_BASE64},
    {read_length, PST_RESULT_NEUTRAL, PST_DKIM_WHY_LENGTH},
    {read_length_bound, PST_RESULT_PERMERROR, PST_DKIM_WHY_LENGTH_LARGE},
    {read_names_bound, PST_RESULT_POLICY, PST_DKIM_WHY_NAMES_LONG},
    {read_names, PST_RESULT_NEUTRAL, PST_DKIM_WHY_NAMES},
    {read_from_signed, PST_RESULT_PERMERROR, PST_DKIM_WHY_FROM_UNSIGNED},
    {read_identity, PST_RESULT_NEUTRAL, PST_DKIM_WHY_IDENTITY},
    {read_identity_below, PST_RESULT_PERMERROR, PST_DKIM_WHY_IDENTITY_ABOVE},
    {read_times, PST_RESULT_NEUTRAL, PST_DKIM_WHY_TIMES},
    {read_not_expired, PST_RESULT_FAIL, PST_DKIM_WHY_EXPIRED},
    {read_not_future, PST_RESULT_POLICY, PST_DKIM_WHY_FUTURE},
};

static void
decide(struct pst_dkim_tags *out, enum pst_result result, enum pst_dkim_why why)
{
	out->result = result;
	out->why = why;
}

static bool
split_tags(struct reading *reading)
{
	struct pst_dkim_tags *out = reading->out;
	enum pst_tag_status status = pst_tag_list_parse(reading->arena,
	    reading->value, PST_DKIM_MAX_TAGS, true, &reading->list);

	switch (status) {
	case PST_TAGS_OK:
		return true;
	case PST_TAGS_SYNTAX:
		decide(out, PST_RESULT_NEUTRAL, PST_DKIM_WHY_TAG_LIST);
		return false;
	case PST_TAGS_DUPLICATE:
		decide(out, PST_RESULT_NEUTRAL, PST_DKIM_WHY_TAG_TWICE);
		return false;
	case PST_TAGS_TOO_MANY:
		decide(out, PST_RESULT_POLICY, PST_DKIM_WHY_MANY_TAGS);
		return false;
	}
	return false;
}

void
pst_dkim_tags_parse(struct pst_arena *arena, struct pst_str value, int64_t now,
    unsigned skew_s, struct pst_dkim_tags *out)
{
	struct reading reading = {.arena = arena,
	    .value = value,
	    .now = now < 0 ? 0 : (uint64_t)now,
	    .skew = skew_s,
	    .out = out};

	*out = (struct pst_dkim_tags){.result = PST_RESULT_NONE};
	if (value.len > PST_DKIM_MAX_FIELD) {
		decide(out, PST_RESULT_POLICY, PST_DKIM_WHY_FIELD_LONG);
		return;
	}
	if (!split_tags(&reading))
		return;
	out->own = is_own(&reading);
	for (size_t i = 0; i < PST_COUNT(rules); i++)
		if (!rules[i].read(&reading) && out->why == PST_DKIM_WHY_NONE)
			decide(out, rules[i].result, rules[i].why);
	out->limited = out->why == PST_DKIM_WHY_NAMES_LONG;
}

size_t
pst_dkim_tags_mentions(const struct pst_dkim_tags *tags, struct pst_str name)
{
	size_t count = 0;

	for (size_t i = 0; i < tags->name_count; i++)
		count += pst_str_ieq(tags->names[i], name);
	return count;
}
