/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/arc_tags.h"

#include "auth/dkim_value.h"
#include "base/domain.h"
#include "base/macros.h"

/* The state while one field is read. */
struct reading {
	struct pst_arena *arena;
	uint64_t now;
	uint64_t skew;
	struct pst_arc_sig *out;
};

/* Returns the tag's value; empty if the tag is absent. */
static struct pst_str
value_of(const struct reading *reading, const char *name)
{
	const struct pst_tag *tag = pst_tag_find(&reading->out->tags, name);

	return tag == NULL ? PST_STR("") : tag->value;
}

static bool
has(const struct reading *reading, const char *name)
{
	return pst_tag_find(&reading->out->tags, name) != NULL;
}

unsigned
pst_arc_tags_instance(struct pst_str text)
{
	uint64_t number = 0;

	if (text.len > 2 || !pst_str_to_u64(text, PST_ARC_MAX_SETS, &number))
		return 0;
	return (unsigned)number;
}

static bool
read_required(struct reading *reading)
{
	static const char *const required[] = {"a", "b", "d", "s"};

	for (size_t i = 0; i < PST_COUNT(required); i++)
		if (!has(reading, required[i]))
			return false;
	return true;
}

static bool
read_required_ams(struct reading *reading)
{
	return has(reading, "bh") && has(reading, "h");
}

static bool
read_no_names(struct reading *reading)
{
	return !has(reading, "h");
}

static bool
read_domain(struct reading *reading)
{
	const char *name =
	    pst_dkim_value_domain(reading->arena, value_of(reading, "d"));

	reading->out->domain = name;
	return name != NULL && pst_domain_labels(name) >= 2;
}

static bool
read_selector(struct reading *reading)
{
	reading->out->selector =
	    pst_dkim_value_selector(reading->arena, value_of(reading, "s"));
	return reading->out->selector != NULL;
}

static bool
read_weak_hash(struct reading *reading)
{
	return !pst_str_eq(value_of(reading, "a"), PST_STR("rsa-sha1"));
}

static bool
read_algorithm(struct reading *reading)
{
	static const struct {
		const char *word;
		enum pst_dkim_algorithm algorithm;
	} algorithms[] = {
	    {"rsa-sha256", PST_DKIM_RSA_SHA256},
	    {"ed25519-sha256", PST_DKIM_ED25519_SHA256},
	};
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
read_base64(
    const struct reading *reading, const char *name, struct pst_str *out)
{
	*out = pst_tag_squeeze(reading->arena, value_of(reading, name));
	return pst_dkim_value_is_base64(*out);
}

static bool
read_b(struct reading *reading)
{
	return read_base64(reading, "b", &reading->out->b);
}

static bool
read_bh(struct reading *reading)
{
	return read_base64(reading, "bh", &reading->out->bh);
}

static bool
read_canon(struct reading *reading)
{
	static const struct {
		const char *word;
		enum pst_canon header, body;
	} forms[] = {
	    {"simple", PST_CANON_SIMPLE, PST_CANON_SIMPLE},
	    {"relaxed", PST_CANON_RELAXED, PST_CANON_SIMPLE},
	    {"simple/simple", PST_CANON_SIMPLE, PST_CANON_SIMPLE},
	    {"simple/relaxed", PST_CANON_SIMPLE, PST_CANON_RELAXED},
	    {"relaxed/simple", PST_CANON_RELAXED, PST_CANON_SIMPLE},
	    {"relaxed/relaxed", PST_CANON_RELAXED, PST_CANON_RELAXED},
	};
	struct pst_str c = value_of(reading, "c");

	for (size_t i = 0; i < PST_COUNT(forms); i++) {
		if (!pst_str_eq(c, pst_str(forms[i].word)))
			continue;
		reading->out->header_canon = forms[i].header;
		reading->out->body_canon = forms[i].body;
		return true;
	}
	return !has(reading, "c");
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
read_names(struct reading *reading)
{
	struct pst_str rest = value_of(reading, "h"), name;
	bool more = true;

	reading->out->names = pst_arena_array(
	    reading->arena, PST_ARC_MAX_NAMES, sizeof(struct pst_str));
	while (pst_str_split(&rest, ':', &name, &more)) {
		name = pst_str_trim(name);
		/* Empty names are skipped: the public test suite has them. */
		if (name.len == 0)
			continue;
		if (reading->out->name_count == PST_ARC_MAX_NAMES)
			return false;
		reading->out->names[reading->out->name_count++] = name;
	}
	return true;
}

/*
 * RFC 8617 s. 4.1.2: the seal is added after the message signature, so h= must
 * not name it.
 */
static bool
read_no_seal_signed(struct reading *reading)
{
	for (size_t i = 0; i < reading->out->name_count; i++)
		if (pst_str_ieq(reading->out->names[i], PST_STR("ARC-Seal")))
			return false;
	return true;
}

static bool
read_length(struct reading *reading)
{
	reading->out->length = PST_MSGSIG_WHOLE;
	reading->out->has_length = has(reading, "l");
	return !reading->out->has_length ||
	    pst_dkim_value_length(
		value_of(reading, "l"), &reading->out->length);
}

static bool
read_time(const struct reading *reading, const char *name, uint64_t *out)
{
	return !has(reading, name) ||
	    pst_dkim_value_time(value_of(reading, name), out);
}

static bool
read_signed_at(struct reading *reading)
{
	uint64_t at = 0;

	return read_time(reading, "t", &at) &&
	    at <= reading->now + reading->skew;
}

static bool
read_expiry(struct reading *reading)
{
	uint64_t at = 0, end = PST_DKIM_NEVER;

	if (!read_time(reading, "t", &at) || !read_time(reading, "x", &end))
		return false;
	return end == PST_DKIM_NEVER ||
	    (end > at && reading->now < end + reading->skew);
}

struct rule {
	bool (*read)(struct reading *reading);
	const char *reason;
};

/* The first rule that fails gives the reason. */
static const struct rule common_rules[] = {
    {read_required, "required tag missing"},
    {read_domain, "d= is not a domain name"},
    {read_selector, "s= is not a selector"},
    {read_weak_hash, "rsa-sha1 is not accepted"},
    {read_algorithm, "unknown algorithm"},
    {read_b, "b= is not base64"},
    {read_signed_at, "t= is invalid or in the future"},
};

static const struct rule ams_rules[] = {
    {read_required_ams, "required tag missing"},
    {read_canon, "unknown canonicalization"},
    {read_query, "unknown query method"},
    {read_bh, "bh= is not base64"},
    {read_names, "h= has too many names"},
    {read_no_seal_signed, "signs an ARC-Seal"},
    {read_length, "l= is not a number"},
    {read_expiry, "x= is invalid or in the past"},
};

static const struct rule seal_rules[] = {
    {read_no_names, "a seal may not have h="},
};

static void
run(struct reading *reading, const struct rule *rules, size_t count)
{
	for (size_t i = 0; i < count && reading->out->reason == NULL; i++)
		if (!rules[i].read(reading))
			reading->out->reason = rules[i].reason;
}

static struct reading
begin(struct pst_arena *arena, int64_t now, unsigned skew_s,
    struct pst_arc_sig *sig)
{
	return (struct reading){.arena = arena,
	    .now = now < 0 ? 0 : (uint64_t)now,
	    .skew = skew_s,
	    .out = sig};
}

void
pst_arc_tags_read_ams(struct pst_arena *arena, int64_t now, unsigned skew_s,
    struct pst_arc_sig *sig)
{
	struct reading reading = begin(arena, now, skew_s, sig);

	run(&reading, common_rules, PST_COUNT(common_rules));
	run(&reading, ams_rules, PST_COUNT(ams_rules));
}

void
pst_arc_tags_read_seal(struct pst_arena *arena, int64_t now, unsigned skew_s,
    struct pst_arc_sig *sig)
{
	struct reading reading = begin(arena, now, skew_s, sig);

	run(&reading, common_rules, PST_COUNT(common_rules));
	run(&reading, seal_rules, PST_COUNT(seal_rules));
}
