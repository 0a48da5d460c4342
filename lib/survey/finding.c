/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/finding.h"

#include <assert.h>

#include "base/buf.h"
#include "base/domain.h"

/* A term as long as a whole record is cut where it is printed. */
#define MAX_TERM 300

const char *
pst_severity_word(enum pst_severity severity)
{
	switch (severity) {
	case PST_SEVERITY_GOOD:
		return "good";
	case PST_SEVERITY_NOTE:
		return "note";
	case PST_SEVERITY_UNKNOWN:
		return "unknown";
	case PST_SEVERITY_WARNING:
		return "warning";
	case PST_SEVERITY_ERROR:
		return "error";
	}
	return "";
}

const char *
pst_topic_word(enum pst_finding_topic topic)
{
	switch (topic) {
	case PST_TOPIC_SPF:
		return "spf";
	case PST_TOPIC_DKIM:
		return "dkim";
	case PST_TOPIC_DMARC:
		return "dmarc";
	case PST_TOPIC_MAIL:
		return "mail";
	case PST_TOPIC_DNS:
		return "dns";
	}
	return "";
}

const struct pst_finding_info *
pst_finding_info(const char *name)
{
	const struct pst_finding_info *table;
	size_t count;

	table = pst_finding_table(&count);
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

/* Makes room for one more item; false: the list is full. */
static bool
make_room(struct pst_findings_list *list)
{
	struct pst_finding *bigger;

	if (list->count < list->capacity)
		return true;
	if (list->count == PST_FINDINGS_MAX) {
		list->cut = true;
		return false;
	}
	list->capacity = list->capacity == 0 ? 32 : 2 * list->capacity;
	if (list->capacity > PST_FINDINGS_MAX)
		list->capacity = PST_FINDINGS_MAX;
	bigger = pst_arena_array(list->arena, list->capacity, sizeof(*bigger));
	if (list->count > 0)
		memcpy(bigger, list->items, list->count * sizeof(*bigger));
	list->items = bigger;
	return true;
}

/* Returns where term is in record, from 1; 0 if it is not a part of it. */
static size_t
position_in(struct pst_str record, struct pst_str term)
{
	uintptr_t start = (uintptr_t)record.ptr;
	uintptr_t at = (uintptr_t)term.ptr;

	if (record.ptr == NULL || term.ptr == NULL || at < start ||
	    at - start > record.len || term.len > record.len - (at - start))
		return 0;
	return at - start + 1;
}

void
pst_finding_add(struct pst_findings_list *list, const char *name,
    const struct pst_finding_place *place, const char *text,
    const char *instead)
{
	const struct pst_finding_info *info = pst_finding_info(name);
	struct pst_finding finding = {
	    .info = info, .at = place->at, .text = text, .instead = instead};

	assert(info != NULL);
	if (!make_room(list))
		return;
	if (place->term.ptr != NULL) {
		finding.term = pst_escaped(
		    list->arena, pst_str_first(place->term, MAX_TERM));
		finding.position = position_in(place->record, place->term);
	}
	list->items[list->count++] = finding;
}

bool
pst_finding_has(const struct pst_findings_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].info->name, name) == 0)
			return true;
	return false;
}

bool
pst_finding_has_fault(const struct pst_findings_list *list,
    enum pst_finding_topic topic, enum pst_severity least, const char *at)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct pst_finding *finding = &list->items[i];

		if (finding->info->topic == topic &&
		    finding->info->severity >= least &&
		    (at == NULL || pst_domain_eq(finding->at, at)))
			return true;
	}
	return false;
}

void
pst_findings_count(
    const struct pst_findings_list *list, size_t counts[PST_SEVERITIES])
{
	for (size_t i = 0; i < list->count; i++)
		counts[list->items[i].info->severity]++;
}
