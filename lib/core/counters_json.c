/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/counters.h"

#include <stdio.h>
#include <string.h>

static const char *
kind_word(enum pst_counter_kind kind)
{
	switch (kind) {
	case PST_COUNTER_TOTAL:
		return "total";
	case PST_COUNTER_GAUGE:
		return "gauge";
	case PST_COUNTER_LARGEST:
		return "largest";
	case PST_COUNTER_SINCE:
		return "since";
	case PST_COUNTER_LAST:
		return "last";
	case PST_COUNTER_HISTOGRAM:
		return "histogram";
	}
	return "";
}

static void
add_histogram(struct pst_json *json, const uint64_t *of)
{
	pst_json_open_array(json, "bounds");
	for (size_t i = 0; i < PST_COUNTER_BUCKETS - 1; i++)
		pst_json_number(json, NULL, pst_counter_bounds_ms[i]);
	pst_json_close(json);
	pst_json_open_array(json, "values");
	for (size_t i = 0; i < PST_COUNTER_BUCKETS; i++)
		pst_json_number(json, NULL, of[i]);
	pst_json_close(json);
	pst_json_number(json, "sum", of[PST_COUNTER_SUM]);
}

static void
add_labelled(struct pst_json *json, const struct pst_counters_sum *sum,
    enum pst_counter counter)
{
	const struct pst_counter_info *info = pst_counter_info(counter);

	pst_json_text(json, "label", info->label);
	pst_json_open_object(json, "values");
	for (unsigned i = 0; i < info->places; i++) {
		const char *name = pst_counters_name(sum, counter, i);

		/* A rule's name is there as soon as it can occur. */
		if (name != NULL)
			pst_json_number(json, name, sum->of[counter][i]);
	}
	pst_json_close(json);
}

void
pst_counters_json(struct pst_json *json, const struct pst_counters_sum *sum)
{
	pst_json_open_object(json, "counters");
	for (unsigned i = 0; i < PST_COUNTERS; i++) {
		const struct pst_counter_info *info =
		    pst_counter_info((enum pst_counter)i);

		pst_json_open_object(json, info->name);
		pst_json_text(json, "kind", kind_word(info->kind));
		pst_json_text(json, "help", info->help);
		if (info->kind == PST_COUNTER_HISTOGRAM)
			add_histogram(json, sum->of[i]);
		else if (info->label != NULL)
			add_labelled(json, sum, (enum pst_counter)i);
		else
			pst_json_number(json, "value", sum->of[i][0]);
		pst_json_close(json);
	}
	pst_json_close(json);
}

/* ---- reading it again ---- */

static void
take_histogram(const struct pst_json_value *row, uint64_t *of)
{
	const struct pst_json_value *values = pst_json_member(row, "values");

	for (size_t i = 0; i < PST_COUNTER_BUCKETS; i++)
		(void)pst_json_as_number(pst_json_element(values, i), &of[i]);
	(void)pst_json_as_number(
	    pst_json_member(row, "sum"), &of[PST_COUNTER_SUM]);
}

static void
take_entered(const struct pst_json_value *values, uint64_t *of,
    char names[PST_COUNTER_PLACES][PST_COUNTER_NAME_SIZE])
{
	const unsigned last = PST_COUNTER_PLACES - 1;
	const char *name = NULL;
	const struct pst_json_value *value;
	unsigned place = 0;

	while ((value = pst_json_next(values, &name)) != NULL) {
		if (strcmp(name, "other") == 0) {
			(void)pst_json_as_number(value, &of[last]);
		} else if (place < last) {
			(void)snprintf(
			    names[place], PST_COUNTER_NAME_SIZE, "%s", name);
			(void)pst_json_as_number(value, &of[place++]);
		}
	}
}

static void
take_counter(const struct pst_json_value *row, enum pst_counter counter,
    struct pst_counters_sum *out)
{
	const struct pst_counter_info *info = pst_counter_info(counter);
	const struct pst_json_value *values = pst_json_member(row, "values");
	uint64_t *of = out->of[counter];

	if (info->kind == PST_COUNTER_HISTOGRAM) {
		take_histogram(row, of);
	} else if (info->label == NULL) {
		(void)pst_json_as_number(pst_json_member(row, "value"), of);
	} else if (info->word == NULL) {
		take_entered(values, of,
		    counter == PST_COUNTER_RULES ? out->rules :
						   out->operator_rules);
	} else {
		for (unsigned i = 0; i < info->places; i++)
			(void)pst_json_as_number(
			    pst_json_member(values, info->word(i)), &of[i]);
	}
}

bool
pst_counters_from_json(const struct pst_json_value *object,
    struct pst_counters_sum *out, struct pst_err *err)
{
	const struct pst_json_value *rows = pst_json_member(object, "counters");
	size_t known = 0;

	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < PST_COUNTERS; i++) {
		const struct pst_json_value *row = pst_json_member(
		    rows, pst_counter_info((enum pst_counter)i)->name);

		if (row == NULL)
			continue;
		take_counter(row, (enum pst_counter)i, out);
		known++;
	}
	return known > 0 ||
	    pst_err_set(err,
		"the answer contains no counters; is the daemon of another "
		"version?");
}
