/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dmarc_record.h"

#include "base/domain.h"
#include "base/macros.h"

/* RFC 5321 s. 4.5.3.1: a path of 256 octets without its angle brackets. */
#define MAX_ADDRESS 254

struct tag {
	struct pst_str name;
	struct pst_str value;
};

struct tag_list {
	struct tag tags[PST_DMARC_MAX_TAGS];
	size_t count;
	bool repeated;
	bool limited;
};

static const char *const policy_words[] = {
    [PST_DMARC_NONE] = "none",
    [PST_DMARC_QUARANTINE] = "quarantine",
    [PST_DMARC_REJECT] = "reject",
};

static const char *const psd_words[] = {
    [PST_DMARC_PSD_U] = "u",
    [PST_DMARC_PSD_Y] = "y",
    [PST_DMARC_PSD_N] = "n",
};

const char *
pst_dmarc_policy_word(enum pst_dmarc_policy policy)
{
	return policy_words[policy];
}

const char *
pst_dmarc_psd_word(enum pst_dmarc_psd psd)
{
	return psd_words[psd];
}

/* pst_str_trim() also removes CR and LF, which the grammar does not allow. */
static struct pst_str
trim_wsp(struct pst_str s)
{
	while (s.len > 0 && pst_is_wsp(s.ptr[0]))
		s = pst_str_from(s, 1);
	while (s.len > 0 && pst_is_wsp(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

static bool
is_tag_name(struct pst_str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!pst_is_alpha(name.ptr[i]))
			return false;
	return name.len > 0;
}

static const struct tag *
find_tag(const struct tag_list *list, struct pst_str name)
{
	for (size_t i = 0; i < list->count; i++)
		if (pst_str_ieq(list->tags[i].name, name))
			return &list->tags[i];
	return NULL;
}

/* A part that is not "name = value" is skipped; the others still count. */
static void
add_tag(struct tag_list *list, struct pst_str part)
{
	size_t equals = pst_str_find(part, '=');
	struct pst_str name = trim_wsp(pst_str_first(part, equals));

	if (equals == part.len || !is_tag_name(name))
		return;
	if (list->count == PST_DMARC_MAX_TAGS) {
		list->limited = true;
		return;
	}
	if (find_tag(list, name) != NULL)
		list->repeated = true;

	struct tag *tag = &list->tags[list->count++];

	tag->name = name;
	tag->value = trim_wsp(pst_str_from(part, equals + 1));
}

/*
 * Returns true if part is the tag that makes a text a DMARC record, whatever
 * the other tags are (RFC 9989 s. 4.7, R-DMARC-11).
 */
static bool
is_version(struct pst_str part)
{
	size_t equals = pst_str_find(part, '=');

	if (part.len == 0 || pst_is_wsp(part.ptr[0]) || equals == part.len)
		return false;
	return pst_str_ieq(
		   trim_wsp(pst_str_first(part, equals)), PST_STR("v")) &&
	    pst_str_eq(
		trim_wsp(pst_str_from(part, equals + 1)), PST_STR("DMARC1"));
}

/*
 * Cuts an over-long record at a separator, so that a word that was cut in two
 * is never taken for a shorter one.
 */
static struct pst_str
cut_long(struct pst_str text)
{
	size_t end = PST_DMARC_MAX_RECORD;

	while (end > 0 && text.ptr[end] != ';' && text.ptr[end] != ',')
		end--;
	return pst_str_first(text, end);
}

static bool
split_tags(struct pst_str text, struct tag_list *list)
{
	struct pst_str part;
	bool more = true;

	*list = (struct tag_list){.count = 0};
	if (!pst_str_split(&text, ';', &part, &more) || !is_version(part))
		return false;
	add_tag(list, part);
	while (pst_str_split(&text, ';', &part, &more))
		add_tag(list, part);
	return true;
}

/*
 * Finds the tag's value among words[0..count), of any case. Returns false if
 * the tag is absent or its value is not among them.
 */
static bool
find_word(const struct tag *tag, const char *const *words, size_t count,
    unsigned *index)
{
	if (tag == NULL)
		return false;
	for (*index = 0; *index < count; (*index)++)
		if (pst_str_ieq(tag->value, pst_str(words[*index])))
			return true;
	return false;
}

static bool
is_word(const struct tag_list *list, struct pst_str name, const char *word)
{
	unsigned index;

	return find_word(find_tag(list, name), &word, 1, &index);
}

/*
 * Stores the policy if the tag has a valid one. Returns false if the tag is
 * present and invalid.
 */
static bool
read_policy(const struct tag *tag, enum pst_dmarc_policy *policy, bool *has)
{
	unsigned index;

	*has = find_word(tag, policy_words, PST_COUNT(policy_words), &index);
	if (*has)
		*policy = index;
	return tag == NULL || *has;
}

/*
 * Reads p, sp and np. If one of them cannot be used, all three become none if
 * there is a valid report address; without one DMARC does not apply (RFC 9989
 * s. 4.10.1, R-DMARC-16).
 */
static void
read_policies(const struct tag_list *list, bool report_wanted,
    struct pst_dmarc_record *out)
{
	bool ok =
	    read_policy(find_tag(list, PST_STR("p")), &out->p, &out->has_p) &&
	    out->has_p;

	out->sp = out->p;
	ok = read_policy(
		 find_tag(list, PST_STR("sp")), &out->sp, &out->has_sp) &&
	    ok;
	out->np = out->sp;
	ok = read_policy(
		 find_tag(list, PST_STR("np")), &out->np, &out->has_np) &&
	    ok;
	out->usable_policy = ok || report_wanted;
	if (ok)
		return;
	out->has_p = out->has_sp = out->has_np = false;
	out->p = out->sp = out->np = PST_DMARC_NONE;
	out->fault = report_wanted ?
	    "no valid policy in the DMARC record, read as p=none" :
	    "no valid policy in the DMARC record";
}

/*
 * Reads fo=: "0" or "1", "d" and "s", each at most once, and not both "0" and
 * "1". Anything else is read as "0".
 */
static const char *
read_fo(struct pst_arena *arena, const struct tag *tag)
{
	static const char letters[] = "01ds";
	char text[sizeof("0:d:s")];
	size_t len = 0;
	bool seen[sizeof(letters) - 1] = {false};
	struct pst_str rest = {NULL, 0};
	struct pst_str part;
	bool more = tag != NULL;

	if (tag != NULL)
		rest = tag->value;
	while (pst_str_split(&rest, ':', &part, &more)) {
		part = trim_wsp(part);
		if (part.len != 1 || part.ptr[0] == '\0')
			return "0";

		const char *at = strchr(letters, pst_lower(part.ptr[0]));

		if (at == NULL || seen[at - letters])
			return "0";
		seen[at - letters] = true;
		if (seen[0] && seen[1])
			return "0";
		if (len > 0)
			text[len++] = ':';
		text[len++] = *at;
	}
	return len == 0 ? "0" : pst_arena_memdup(arena, text, len);
}

/*
 * Decodes %XX (RFC 3986 s. 2.1). Returns false if it is malformed or the result
 * does not fit.
 */
static bool
percent_decode(struct pst_str raw, char out[MAX_ADDRESS], size_t *len)
{
	*len = 0;
	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.ptr[i];

		if (c == '%') {
			if (raw.len - i < 3)
				return false;

			int high = pst_hex_value(raw.ptr[i + 1]);
			int low = pst_hex_value(raw.ptr[i + 2]);

			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (*len == MAX_ADDRESS)
			return false;
		out[(*len)++] = c;
	}
	return true;
}

/*
 * Returns true for the characters that are accepted in a local part: atext, the
 * dot, and the comma, which must be written as %2C. A character that could end
 * or extend an address in a command or a header field is not accepted.
 */
static bool
is_local_char(char c)
{
	return pst_is_alnum(c) ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.,", c) != NULL);
}

static bool
is_address(struct pst_str address)
{
	size_t at = pst_str_rfind(address, '@');

	if (at == 0 || at >= address.len)
		return false;
	for (size_t i = 0; i < at; i++)
		if (!is_local_char(address.ptr[i]))
			return false;
	return pst_domain_is_ldh(pst_str_from(address, at + 1));
}

/* Drops an RFC 7489 size limit ("!10m"), which no longer has a meaning. */
static struct pst_str
drop_size(struct pst_str uri)
{
	size_t mark = pst_str_rfind(uri, '!');
	struct pst_str size = pst_str_from(uri, mark + 1);
	uint64_t number;

	if (mark >= uri.len || size.len == 0)
		return uri;
	if (strchr("kmgt", pst_lower(size.ptr[size.len - 1])) != NULL)
		size.len--;
	if (!pst_str_to_u64(size, UINT64_MAX, &number))
		return uri;
	return pst_str_first(uri, mark);
}

/*
 * Returns true if uri has a scheme (RFC 3986 s. 3.1) and no character that a
 * URI must not contain unencoded.
 */
static bool
has_scheme(struct pst_str uri, size_t colon)
{
	if (colon == 0 || colon + 1 >= uri.len || !pst_is_alpha(uri.ptr[0]))
		return false;
	for (size_t i = 0; i < colon; i++)
		if (!pst_is_alnum(uri.ptr[i]) &&
		    strchr("+-.", uri.ptr[i]) == NULL)
			return false;
	for (size_t i = colon; i < uri.len; i++)
		if (strchr(" !\"<>\\^`{|}", uri.ptr[i]) != NULL)
			return false;
	return true;
}

/*
 * Returns true if uri is valid. If it is a mailto URI (RFC 6068 s. 2), *usable
 * is set to the URI without its header fields: the domain owner does not get to
 * choose header fields of a report that we send.
 */
static bool
read_uri(struct pst_arena *arena, struct pst_str uri, const char **usable)
{
	char address[MAX_ADDRESS];
	size_t len;

	if (!pst_str_is_printable(uri))
		return false;
	uri = drop_size(uri);

	size_t colon = pst_str_find(uri, ':');

	if (!has_scheme(uri, colon))
		return false;
	if (!pst_str_ieq(pst_str_first(uri, colon), PST_STR("mailto")))
		return true;

	struct pst_str path = pst_str_from(uri, colon + 1);

	path = pst_str_first(path, pst_str_find(path, '?'));
	if (!percent_decode(path, address, &len) ||
	    !is_address((struct pst_str){address, len}))
		return false;
	*usable = pst_arena_printf(arena, "mailto:%.*s", PST_STR_ARG(path));
	return true;
}

/*
 * Collects the usable URIs. Returns true if at least one URI is valid, whatever
 * its scheme.
 */
static bool
read_uris(struct pst_arena *arena, const struct tag *tag, const char ***uris,
    size_t *count, bool *limited)
{
	struct pst_str rest;
	struct pst_str part;
	bool more = tag != NULL;
	bool any_valid = false;

	*count = 0;
	*uris = NULL;
	if (!more)
		return false;
	*uris = pst_arena_array(arena, PST_DMARC_MAX_URIS, sizeof(**uris));
	rest = tag->value;
	while (pst_str_split(&rest, ',', &part, &more)) {
		const char *uri = NULL;

		if (*count == PST_DMARC_MAX_URIS) {
			*limited = true;
			break;
		}
		any_valid = read_uri(arena, trim_wsp(part), &uri) || any_valid;
		if (uri != NULL)
			(*uris)[(*count)++] = uri;
	}
	return any_valid;
}

bool
pst_dmarc_record_parse(
    struct pst_arena *arena, struct pst_str text, struct pst_dmarc_record *out)
{
	struct tag_list list;
	bool limited = text.len > PST_DMARC_MAX_RECORD;

	if (limited)
		text = cut_long(text);
	if (!split_tags(text, &list))
		return false;
	*out = (struct pst_dmarc_record){
	    .repeated_tag = list.repeated,
	    .limited = limited || list.limited,
	    .fo = "0",
	};
	out->text.ptr = pst_arena_memdup(arena, text.ptr, text.len);
	out->text.len = text.len;
	if (list.repeated) {
		out->fault = "a tag is repeated in the DMARC record";
		return true;
	}

	bool report_wanted = read_uris(arena, find_tag(&list, PST_STR("rua")),
	    &out->rua, &out->rua_count, &out->limited);

	(void)read_uris(arena, find_tag(&list, PST_STR("ruf")), &out->ruf,
	    &out->ruf_count, &out->limited);
	read_policies(&list, report_wanted, out);
	out->adkim_strict = is_word(&list, PST_STR("adkim"), "s");
	out->aspf_strict = is_word(&list, PST_STR("aspf"), "s");
	out->test = is_word(&list, PST_STR("t"), "y");
	out->fo = read_fo(arena, find_tag(&list, PST_STR("fo")));

	unsigned psd;
	bool has_psd = find_word(find_tag(&list, PST_STR("psd")), psd_words,
	    PST_COUNT(psd_words), &psd);

	out->psd = has_psd ? psd : PST_DMARC_PSD_U;
	return true;
}
