/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/zone_data.h"

#include <stdlib.h>

#include "dns/wire.h"

#define MAX_DELAY_MS 600000
#define MAX_SET 65535 /* records of one owner and type */

struct listed_rr {
	struct pst_wire_rr rr;
	struct listed_rr *next;
	size_t place; /* in the file, to keep the order of records */
};

struct listed_fault {
	struct pst_zone_fault fault;
	struct listed_fault *next;
};

/* The file's contents before they are sorted. */
struct loader {
	struct pst_arena *arena;
	struct listed_rr *rrs;
	size_t rr_count;
	struct listed_fault *faults;
	size_t fault_count;
};

int
pst_zone_compare(const void *left, const void *right)
{
	const struct pst_str *a = left;
	const struct pst_str *b = right;
	size_t len = a->len < b->len ? a->len : b->len;
	int order = len == 0 ? 0 : memcmp(a->ptr, b->ptr, len);

	if (order != 0)
		return order;
	return (a->len > b->len) - (a->len < b->len);
}

size_t
pst_zone_type_index(unsigned type)
{
	static const enum pst_dns_type types[PST_ZONE_TYPES] = {
	    PST_DNS_A, PST_DNS_PTR, PST_DNS_MX, PST_DNS_TXT, PST_DNS_AAAA};
	size_t i = 0;

	while (i < PST_ZONE_TYPES && (unsigned)types[i] != type)
		i++;
	return i;
}

struct pst_str
pst_zone_parent(struct pst_str name)
{
	return pst_str_from(name, pst_str_find(name, '.') + 1);
}

void
pst_zone_release(struct pst_zone_data *data)
{
	for (size_t i = 0; i < data->node_count; i++) {
		for (size_t t = 0; t < PST_ZONE_TYPES; t++)
			pst_dns_answer_unref(data->nodes[i].answers[t]);
	}
	pst_arena_free(data->arena);
}

static struct pst_str
keep(struct loader *loader, struct pst_str s)
{
	return (struct pst_str){
	    pst_arena_memdup(loader->arena, s.ptr, s.len), s.len};
}

static bool
list_rr(void *arg, const struct pst_wire_rr *rr, struct pst_err *err)
{
	struct loader *loader = arg;
	struct listed_rr *listed;

	(void)err;
	listed = pst_arena_alloc(loader->arena, sizeof(*listed));
	listed->rr = *rr;
	listed->rr.owner = keep(loader, rr->owner);
	listed->rr.data.data = keep(loader, rr->data.data);
	listed->place = loader->rr_count++;
	listed->next = loader->rrs;
	loader->rrs = listed;
	return true;
}

/*
 * Takes one octet of a name off *text: a plain one, or the one that \DDD or \X
 * means. False for a broken escape and for an escaped dot.
 */
static bool
take_octet(struct pst_str *text, char *octet)
{
	struct pst_str digits = pst_str_first(pst_str_from(*text, 1), 3);
	uint64_t value;
	size_t len = 1;

	*octet = text->ptr[0];
	if (*octet == '\\') {
		if (text->len < 2)
			return false;
		*octet = text->ptr[1];
		len = 2;
		if (pst_is_digit(*octet)) {
			if (digits.len < 3 ||
			    !pst_str_to_u64(digits, 255, &value))
				return false;
			*octet = (char)value;
			len = 4;
		}
		if (*octet == '.')
			return false;
	}
	*text = pst_str_from(*text, len);
	return true;
}

static bool
read_fault_name(
    struct loader *loader, struct pst_str text, struct pst_str *name)
{
	char plain[PST_WIRE_NAME_SIZE];
	char escaped[PST_WIRE_NAME_SIZE];
	size_t len = 0;

	while (text.len > 0) {
		if (len == sizeof(plain) || !take_octet(&text, &plain[len]))
			return false;
		plain[len] = pst_lower(plain[len]);
		len++;
	}
	if (len > 0 && plain[len - 1] == '.')
		len--;
	if (!pst_wire_name_text((struct pst_str){plain, len}, escaped))
		return false;
	*name = keep(loader, (struct pst_str){plain, len});
	return true;
}

static bool
read_delay(struct pst_str text, unsigned *ms)
{
	uint64_t value;

	if (!pst_str_iends(text, PST_STR("ms")) ||
	    !pst_str_to_u64(
		pst_str_first(text, text.len - 2), MAX_DELAY_MS, &value))
		return false;
	*ms = (unsigned)value;
	return true;
}

/* Takes the next word off *text; empty if there is none. */
static struct pst_str
take_word(struct pst_str *text)
{
	struct pst_str word = pst_str_trim(*text);
	size_t len = 0;

	while (len < word.len && !pst_is_wsp(word.ptr[len]))
		len++;
	*text = pst_str_from(word, len);
	return pst_str_first(word, len);
}

static bool
list_directive(
    void *arg, struct pst_str text, unsigned line, struct pst_err *err)
{
	struct loader *loader = arg;
	struct listed_fault *listed;
	struct pst_zone_fault fault = {.kind = PST_ZONE_DELAY};
	struct pst_str verb = take_word(&text);
	struct pst_str name = take_word(&text);

	(void)line; /* the caller puts it in front of the sentence in err */
	if (pst_str_eq(verb, PST_STR("timeout")))
		fault.kind = PST_ZONE_TIMEOUT;
	else if (pst_str_eq(verb, PST_STR("servfail")))
		fault.kind = PST_ZONE_SERVFAIL;
	else if (pst_str_eq(verb, PST_STR("bogus")))
		fault.kind = PST_ZONE_BOGUS;
	else if (pst_str_eq(verb, PST_STR("secure")))
		fault.kind = PST_ZONE_SECURE;
	else if (!pst_str_eq(verb, PST_STR("delay")))
		return pst_err_set(err,
		    "after ;! there must be timeout, servfail, bogus, "
		    "delay or secure");
	if (!read_fault_name(loader, name, &fault.name))
		return pst_err_set(err, "the ;! line has no legal name");
	if (fault.kind == PST_ZONE_DELAY &&
	    !read_delay(take_word(&text), &fault.delay_ms))
		return pst_err_set(err,
		    ";! delay requires a name and a time like 20ms, at most "
		    "%dms",
		    MAX_DELAY_MS);
	if (take_word(&text).len > 0)
		return pst_err_set(err, "the ;! line has too many words");
	listed = pst_arena_alloc(loader->arena, sizeof(*listed));
	listed->fault = fault;
	listed->next = loader->faults;
	loader->faults = listed;
	loader->fault_count++;
	return true;
}

/* Refuses name, shown in presentation form, whatever octets it holds. */
static bool
refuse_name(struct pst_err *err, const char *file_name, struct pst_str name,
    const char *what)
{
	char text[PST_WIRE_NAME_SIZE];

	if (!pst_wire_name_text(name, text))
		memcpy(text, ".", 2);
	return pst_err_set_at(err, file_name, 0, "%s %s", text, what);
}

static bool
build_faults(struct pst_zone_data *data, const struct loader *loader,
    const char *file_name, struct pst_err *err)
{
	struct pst_zone_fault *faults;
	size_t count = 0;

	faults =
	    pst_arena_array(data->arena, loader->fault_count, sizeof(*faults));
	for (const struct listed_fault *listed = loader->faults; listed != NULL;
	     listed = listed->next) {
		faults[count++] = listed->fault;
		data->has_secure |= listed->fault.kind == PST_ZONE_SECURE;
	}
	if (count > 0)
		qsort(faults, count, sizeof(*faults), pst_zone_compare);
	data->faults = faults;
	data->fault_count = count;
	for (size_t i = 1; i < count; i++) {
		if (pst_str_eq(faults[i - 1].name, faults[i].name))
			return refuse_name(err, file_name, faults[i].name,
			    "appears in two ;! lines");
	}
	return true;
}

/* Makes a node for every owner and every name above one. */
static void
build_nodes(struct pst_zone_data *data, const struct loader *loader)
{
	struct pst_zone_node *nodes;
	struct pst_str name;
	size_t room = loader->rr_count;
	size_t used = 0;

	for (const struct listed_rr *l = loader->rrs; l != NULL; l = l->next) {
		for (name = l->rr.owner; name.len > 0;
		     name = pst_zone_parent(name))
			room++;
	}
	nodes = pst_arena_array(data->arena, room, sizeof(*nodes));
	for (const struct listed_rr *l = loader->rrs; l != NULL; l = l->next) {
		for (name = l->rr.owner; name.len > 0;
		     name = pst_zone_parent(name))
			nodes[used++].name = name;
		nodes[used++].name = PST_STR("");
	}
	if (used > 0)
		qsort(nodes, used, sizeof(*nodes), pst_zone_compare);
	data->nodes = nodes;
	for (size_t i = 0; i < used; i++) {
		if (i > 0 &&
		    pst_str_eq(nodes[i].name, nodes[data->node_count - 1].name))
			continue;
		nodes[data->node_count++] = nodes[i];
	}
}

static int
compare_rrs(const void *left, const void *right)
{
	const struct listed_rr *a = *(const struct listed_rr *const *)left;
	const struct listed_rr *b = *(const struct listed_rr *const *)right;
	int order = pst_zone_compare(&a->rr.owner, &b->rr.owner);

	if (order != 0)
		return order;
	if (a->rr.type != b->rr.type)
		return a->rr.type < b->rr.type ? -1 : 1;
	return (a->place > b->place) - (a->place < b->place);
}

/*
 * Makes the records of one owner and type the node's answer. False when they
 * are more than one CNAME.
 */
static bool
build_answer(
    struct pst_zone_node *node, struct listed_rr *const *rrs, size_t count)
{
	const struct pst_wire_rr *first = &rrs[0]->rr;
	size_t index = pst_zone_type_index(first->type);
	struct pst_dns_answer *answer;
	uint32_t ttl = UINT32_MAX;
	size_t data_bytes = 0;

	if (first->type == PST_DNS_CNAME) {
		node->has_cname = true;
		node->cname = first->data.data;
		node->cname_ttl = first->ttl;
		return count == 1;
	}
	if (index == PST_ZONE_TYPES)
		return true;
	for (size_t i = 0; i < count; i++) {
		ttl = rrs[i]->rr.ttl < ttl ? rrs[i]->rr.ttl : ttl;
		data_bytes += rrs[i]->rr.data.data.len;
	}
	answer = pst_dns_answer_new(PST_DNS_OK, ttl, count, data_bytes);
	for (size_t i = 0; i < count; i++)
		pst_dns_answer_add(answer, &rrs[i]->rr.data);
	node->answers[index] = answer;
	return true;
}

static bool
has_answers(const struct pst_zone_node *node)
{
	for (size_t i = 0; i < PST_ZONE_TYPES; i++) {
		if (node->answers[i] != NULL)
			return true;
	}
	return false;
}

static bool
build_answers(struct pst_zone_data *data, const struct loader *loader,
    const char *file_name, struct pst_err *err)
{
	size_t count = 0;
	size_t run;
	struct listed_rr **rrs;

	rrs = pst_arena_array(
	    data->arena, loader->rr_count, sizeof(struct listed_rr *));
	for (struct listed_rr *l = loader->rrs; l != NULL; l = l->next)
		rrs[count++] = l;
	if (count > 0)
		qsort(rrs, count, sizeof(struct listed_rr *), compare_rrs);
	for (size_t i = 0; i < count; i += run) {
		const struct pst_wire_rr *rr = &rrs[i]->rr;
		struct pst_zone_node *node;

		for (run = 1; i + run < count; run++) {
			if (rrs[i + run]->rr.type != rr->type ||
			    !pst_str_eq(rrs[i + run]->rr.owner, rr->owner))
				break;
		}
		if (run > MAX_SET)
			return refuse_name(err, file_name, rr->owner,
			    "has too many records of one type");
		node = bsearch(&rr->owner, data->nodes, data->node_count,
		    sizeof(*node), pst_zone_compare);
		if (!build_answer(node, rrs + i, run) ||
		    (node->has_cname && has_answers(node)))
			return refuse_name(err, file_name, rr->owner,
			    "has a CNAME and other records");
	}
	return true;
}

bool
pst_zone_fill(struct pst_zone_data *data, FILE *file, const char *file_name,
    struct pst_err *err)
{
	struct loader loader = {.arena = data->arena};
	const struct pst_wire_visitor visitor = {
	    list_rr, list_directive, &loader};

	if (!pst_wire_read_zone(file, file_name, visitor, err) ||
	    !build_faults(data, &loader, file_name, err))
		return false;
	build_nodes(data, &loader);
	return build_answers(data, &loader, file_name, err);
}
