/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/writer_item.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "store/fields.h"

/* Where the texts of an item are referenced. */
struct texts {
	const char **at[32];
	size_t count;
};

static void
add_text(struct texts *texts, const char **at)
{
	assert(texts->count < PST_COUNT(texts->at));
	texts->at[texts->count++] = at;
}

static void
find_record_texts(struct pst_report_row *record, struct texts *out)
{
	const struct pst_field *field = NULL;

	out->count = 0;
	while ((field = pst_field_any(field)) != NULL) {
		if (field->kind == PST_FIELD_TEXT)
			add_text(out, pst_field_text(field, record));
	}
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
