/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/writer_item.h"

#include <stdlib.h>
#include <string.h>

/* Where the texts of an item are referenced. */
struct texts {
	const char **at[32];
	size_t count;
};

static void
add_text(struct texts *texts, const char **at)
{
	texts->at[texts->count++] = at;
}

static void
find_record_texts(struct pst_report_row *record, struct texts *out)
{
	struct pst_report_policy *policy = &record->policy;

	out->count = 0;
	add_text(out, &policy->domain);
	add_text(out, &policy->adkim);
	add_text(out, &policy->aspf);
	add_text(out, &policy->p);
	add_text(out, &policy->sp);
	add_text(out, &policy->np);
	add_text(out, &policy->testing);
	add_text(out, &policy->fo);
	add_text(out, &policy->discovery);
	add_text(out, &policy->rua);
	add_text(out, &policy->fault);
	add_text(out, &record->source_ip);
	add_text(out, &record->disposition);
	add_text(out, &record->dkim);
	add_text(out, &record->spf);
	add_text(out, &record->reason);
	add_text(out, &record->comment);
	add_text(out, &record->header_from);
	add_text(out, &record->envelope_from);
	add_text(out, &record->envelope_to);
	add_text(out, &record->auth);
	add_text(out, &record->auth_short);
}

static void
find_incident_texts(struct pst_incident *incident, struct texts *out)
{
	out->count = 0;
	add_text(out, &incident->id);
	add_text(out, &incident->domain);
	add_text(out, &incident->ruf);
	add_text(out, &incident->fields);
	add_text(out, &incident->header);
	add_text(out, &incident->subject);
}

static void
find_texts(struct pst_writer_item *item, struct texts *out)
{
	if (item->is_incident)
		find_incident_texts(&item->incident, out);
	else
		find_record_texts(&item->record, out);
}

struct pst_writer_item *
pst_writer_item(
    const struct pst_report_row *record, const struct pst_incident *incident)
{
	struct pst_writer_item pattern = {.is_incident = incident != NULL};
	struct texts texts;
	struct pst_writer_item *item;
	size_t i, size = 0;
	char *to;

	if (record != NULL)
		pattern.record = *record;
	else
		pattern.incident = *incident;
	find_texts(&pattern, &texts);
	for (i = 0; i < texts.count; i++) {
		if (*texts.at[i] != NULL)
			size += strlen(*texts.at[i]) + 1;
	}
	item = malloc(sizeof(*item) + size);
	if (item == NULL)
		abort();
	*item = pattern;
	find_texts(item, &texts);
	to = item->texts;
	for (i = 0; i < texts.count; i++) {
		if (*texts.at[i] == NULL)
			continue;
		size = strlen(*texts.at[i]) + 1;
		memcpy(to, *texts.at[i], size);
		*texts.at[i] = to;
		to += size;
	}
	return item;
}

void
pst_writer_items_free(struct pst_writer_item *items)
{
	struct pst_writer_item *next;

	for (; items != NULL; items = next) {
		next = items->next;
		free(items);
	}
}
